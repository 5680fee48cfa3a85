"""The command `poolsafe`, also as `python -m poolsafe`."""

import sys


def leave_current_directory() -> None:
    """Removes the current directory from the module search path, because a linter must never execute what it checks.

    With -P and PYTHONSAFEPATH it is not there, so nothing is removed by position. A directory that this package was
    loaded from stays.
    """
    import os  # In sys.modules since start-up, so this does not search the path.

    try:
        here = os.path.realpath(os.getcwd())
    except OSError:  # The current directory has been deleted.
        here = ""
    home = os.path.realpath(os.path.dirname(os.path.dirname(__file__)))
    sys.path[:] = [
        entry for entry in sys.path if entry and (here == home or not here or os.path.realpath(entry) != here)
    ]


leave_current_directory()


def main() -> int:
    """Runs the command with the arguments of the process, and ends the process with its exit code.

    It does what Python does at exit, except for destroying every module and tree, which takes longer than checking a
    file. The garbage collector starts after all imports, none of which is garbage.
    """
    import gc

    gc.disable()
    from poolsafe.command import main as run

    code = run(sys.argv[1:])
    _end(code)
    return code


def _end(code: int) -> None:
    import atexit
    import os

    try:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    finally:
        # The command has reported failed writes; Python would report them again, and change the exit code.
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
