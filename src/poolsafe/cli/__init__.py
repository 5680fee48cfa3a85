"""The command line: its arguments, finding files, checking them, and output for the user."""
