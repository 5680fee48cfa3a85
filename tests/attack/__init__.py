"""Attacks from outside that are generated, not listed: each stage has `run(seed, seconds)`, which returns failures."""
