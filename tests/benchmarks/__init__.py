"""How fast poolsafe is, beside tools that read the same files: `python -m tests.benchmarks`."""
