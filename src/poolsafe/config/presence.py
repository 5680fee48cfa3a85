"""Finds out whether a configuration file may apply to a directory. This is cheap enough for every directory."""

from __future__ import annotations

import os

OWN_FILES = (".poolsafe.toml", "poolsafe.toml")
PYPROJECT = "pyproject.toml"
LARGEST = 2_000_000  # bytes
_NAME = b"poolsafe"


class Presence:
    """Remembers which directories may have a configuration file above them.

    It does not parse TOML. So it may return True without a configuration, but never False with one.
    """

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def for_directory(self, directory: str) -> bool:
        """Returns whether a file in or above an absolute directory, or the user's own file, may configure it."""
        without = []
        while directory not in self._known and not _holds(directory):
            without.append(directory)
            above = os.path.dirname(directory)
            if above == directory:
                self._known[directory] = _holds(user_directory())
                break
            directory = above
        found = self._known.setdefault(directory, True)
        self._known.update(dict.fromkeys(without, found))
        return found


def user_directory() -> str:
    """Returns the directory of the user's own configuration, which may not exist."""
    if os.name == "nt":
        base = os.environ.get("APPDATA") or os.path.expanduser("~\\AppData\\Roaming")
    else:
        base = os.environ.get("XDG_CONFIG_HOME", "")
        # By the XDG specification, relative paths are ignored.
        base = base if os.path.isabs(base) else os.path.expanduser("~/.config")
    return os.path.join(base, "poolsafe")


def _holds(directory: str) -> bool:
    # A broken link or a pipe is an error too, because it was meant as a configuration.
    if any(os.path.lexists(os.path.join(directory, name)) for name in OWN_FILES):
        return True
    path = os.path.join(directory, PYPROJECT)
    if not os.path.isfile(path):
        return False
    from poolsafe.reading import checkout_of, read_below

    try:
        return _NAME in read_below(checkout_of(directory), path, LARGEST)
    except OSError:
        # The error is reported when the file is loaded.
        return True
