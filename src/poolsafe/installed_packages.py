"""Which folders hold other people's code: installed packages are not the project's to repair."""

from __future__ import annotations

import os

# The place in a virtual environment where packages are installed, and the file that marks such an environment.
PACKAGES = frozenset({"site-packages", "dist-packages"})
ENVIRONMENT = "pyvenv.cfg"


def among_installed(path: str) -> bool:
    """Returns whether a file lies among installed packages, as seen from the current directory.

    Only the names below that directory count, so that whoever works on an installed package is heard. A `pyvenv.cfg`
    further up says nothing: people make environments in the folder of their project itself.
    """
    try:
        path = os.path.relpath(path)
    except ValueError:  # another drive of Windows
        path = os.path.abspath(path)
    return not PACKAGES.isdisjoint(os.path.normpath(path).split(os.sep))
