"""`python -m fixer`: the command `poolsafe`, under the name that is easy to remember."""

import sys


def leave_current_directory() -> None:
    """Takes the current directory off the module search path: a linter never executes what it looks at.

    `poolsafe.__main__` has the same function; it cannot be imported from there before the path is clean.
    """
    import os  # In sys.modules since start-up, so this does not search the path.

    try:
        here = os.path.realpath(os.getcwd())
    except OSError:  # The directory was deleted.
        here = ""
    home = os.path.realpath(os.path.dirname(os.path.dirname(__file__)))
    sys.path[:] = [
        entry for entry in sys.path if entry and (here == home or not here or os.path.realpath(entry) != here)
    ]


leave_current_directory()

from poolsafe.__main__ import main  # noqa: E402  # Only now is the path clean.

if __name__ == "__main__":
    sys.exit(main())
