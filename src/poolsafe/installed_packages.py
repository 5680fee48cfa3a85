"""Recognises installed packages, which should not be fixed because they are other people's code."""

from __future__ import annotations

import os

# The place in a virtual environment where packages are installed, and the file that marks such an environment.
PACKAGES = frozenset({"site-packages", "dist-packages"})
ENVIRONMENT = "pyvenv.cfg"


def among_installed(path: str) -> bool:
    """Returns whether a file lies among installed packages, as seen from the current directory.

    Only names below that directory count, so that an installed package can be checked from inside. A `pyvenv.cfg`
    further up does not count, because the project's own directory may be an environment.
    """
    try:
        path = os.path.relpath(path)
    except ValueError:  # another drive of Windows
        path = os.path.abspath(path)
    return not PACKAGES.isdisjoint(os.path.normpath(path).split(os.sep))
