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
    """Run the command with the arguments of the process, and end the process with its exit code.

    What Python does at its end is done, but for taking every module and tree to pieces, which takes longer than to
    check a file. The garbage collector waits until everything is imported: nothing of that is garbage.
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
        # The command has said what its streams did not take; Python would say it again, and change the exit code.
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
