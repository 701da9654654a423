"""The command line, a small file for each group of commands; what is heavy is imported when a command runs."""
