"""The rooms of the command: its arguments, finding the files, running over them, and speaking to the user."""
