"""Configuration: its keys, where it is found, and what follows from it.

Nothing here imports dataclasses, pathlib, typing or LibCST: the configuration is read before the first file is looked
at, and a project without a needle should cost no more than argparse and tomli.
"""
