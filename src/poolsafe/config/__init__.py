"""Configuration: its keys, where they come from, and the resulting settings.

Nothing here imports dataclasses, pathlib, typing or LibCST. The configuration is read before the first file, and a
project without a needle should only import argparse and tomli.
"""
