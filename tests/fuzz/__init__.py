"""Hostile input and faults, as a seeded sample in the test suite and as a long run: `python -m tests.fuzz --help`."""
