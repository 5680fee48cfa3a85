"""Runs in the environment of a version pair: `python -m evidence.client`, with one JSON object per line in and out."""
