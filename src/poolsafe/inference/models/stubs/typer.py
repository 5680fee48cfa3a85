"""typer: options and arguments of the command line, with their defaults as values."""

from poolsafe.primitives import unknown


def Option(default=..., *param_decls, **options):  # noqa: N802
    if default is ... or default is None:
        return unknown("a command-line option")
    return default


Argument = Option
