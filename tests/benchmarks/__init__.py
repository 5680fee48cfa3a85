"""Compares poolsafe's speed with that of other tools on the same files: `python -m tests.benchmarks`."""
