"""Mail: listen, read, write, send."""
