"""Slack: listen, read, write, send."""
