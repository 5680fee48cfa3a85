"""The line length from the configuration of black, flake8 or pycodestyle, if poolsafe and ruff set none."""

from __future__ import annotations

import functools
import os

from poolsafe.config.errors import UsageError
from poolsafe.config.layers import load_toml
from poolsafe.config.presence import PYPROJECT
from poolsafe.reading import read_below
from poolsafe.source import LINE_LENGTH

# flake8's files in the order in which it searches them, and pycodestyle's. Both tools use the same key.
_INI_FILES = ("setup.cfg", "tox.ini", ".flake8")
_INI_SECTIONS = ("flake8", "pycodestyle")
_LARGEST = 1_000_000  # bytes of an INI file


@functools.cache
def of_other_tools(directory: str, root: str) -> int:
    """Returns the line length of the nearest configuration from a directory up to a root, or the default of 88."""
    found = _black(directory) or _flake8(directory)
    if found is not None:
        return found
    above = os.path.dirname(directory)
    if directory == root or above == directory or not directory.startswith(root.rstrip(os.sep) + os.sep):
        return LINE_LENGTH
    return of_other_tools(above, root)


def _black(directory: str) -> int | None:
    path = os.path.join(directory, PYPROJECT)
    if not os.path.isfile(path):
        return None
    try:
        content = load_toml(path)
    except UsageError:
        return None  # reported when the file is read as a configuration file
    tool = content.get("tool")
    black = tool.get("black") if isinstance(tool, dict) else None
    width = black.get("line-length") if isinstance(black, dict) else None
    return width if isinstance(width, int) and not isinstance(width, bool) and width > 0 else None


def _flake8(directory: str) -> int | None:
    for name in _INI_FILES:
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            found = _width_in(directory, path)
            if found is not None:
                return found
    return None


def _width_in(directory: str, path: str) -> int | None:
    import configparser

    from poolsafe import ini

    try:
        parser = ini.read(read_below(directory, path, _LARGEST).decode("utf-8", "replace"))
    except (OSError, configparser.Error):
        return None
    for section in _INI_SECTIONS:
        width = parser.get(section, "max-line-length", fallback="") or parser.get(
            section, "max_line_length", fallback=""
        )
        if width.isdecimal() and 0 < len(width) < 4 and int(width):
            return int(width)
    return None
