"""The command `poolsafe`, also as `python -m poolsafe`."""

import sys


def leave_current_directory() -> None:
    """Take the current directory off the module search path: a linter never executes what it looks at.

    Under -P and PYTHONSAFEPATH it is not there, so nothing is removed by position. A directory that this very
    package was loaded from stays.
    """
    import os  # In sys.modules since start-up, so this is no search.

    try:
        here = os.path.realpath(os.getcwd())
    except OSError:  # The directory was deleted.
        here = ""
    home = os.path.realpath(os.path.dirname(os.path.dirname(__file__)))
    sys.path[:] = [
        entry for entry in sys.path if entry and (here == home or not here or os.path.realpath(entry) != here)
    ]


leave_current_directory()


def main() -> int:
    """Run the command with the arguments of the process and return its exit code."""
    from poolsafe.command import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
