"""The completion script for a shell, written by shtab, which is imported only for this."""

from __future__ import annotations

from poolsafe.cli.options import COLOURS, build_parser
from poolsafe.config.errors import UsageError, hint, one_of, shown
from poolsafe.config.keys import SEVERITIES
from poolsafe.config.kinds import POOL_MODES
from poolsafe.deployment.providers.catalogue import names
from poolsafe.reports import FORMATS
from poolsafe.rules import registry

# Destinations whose value is a file or a folder.
_FILES = frozenset({"paths", "config", "baseline", "write_baseline", "output_file", "stdin_filename"})
# Destinations whose value is a code of a rule.
_CODES = frozenset({"select", "extend_select", "ignore", "fixable", "extend_fixable", "unfixable", "explain"})


def script(shell: str) -> str:
    """Returns the script for a shell. Raises UsageError if the shell is unknown or shtab is missing."""
    try:
        import shtab
    except ImportError:
        raise UsageError(
            "--print-completion: shtab is missing; install it with `pip install 'poolsafe[completion]'`"
        ) from None
    shells = shtab.SUPPORTED_SHELLS
    if shell not in shells:
        raise UsageError(f"--print-completion: must be {one_of(shells)}, not {shown(shell)}{hint(shell, shells)}")
    parser = build_parser()
    choices = {
        "output_format": FORMATS,
        "min_severity": SEVERITIES,
        "color": COLOURS,
        "pooler": (*POOL_MODES, *names()),
        "print_completion": shells,
    }
    for action in parser._actions:
        if action.dest in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest in _CODES:
            action.choices = [*registry.names()]
        elif action.dest in choices:
            action.choices = [*choices[action.dest]]
    return shtab.complete(parser, shell)
