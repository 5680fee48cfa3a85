"""Configuration: its keys, where they come from, and the resulting settings.

Nothing here imports dataclasses, pathlib, typing or LibCST, because the configuration is read before the first file,
and a project without a needle should need no more than argparse and tomli.
"""
