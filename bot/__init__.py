"""Wires and runs the bot: command line, configuration, composition, desk, courier."""
