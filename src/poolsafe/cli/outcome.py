"""The outcome for one file, which workers send to the command."""

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolsafe.reports.diagnostic import Diagnostic, Note


@dataclass(slots=True)
class Outcome:
    """The outcome for one file.

    `diagnostics` are the findings to report, less those in `fixed` (code -> number). `errors` are lines, without the
    path, that make the exit code 2; `warnings` and `notes` begin with a row. `diff` is a unified diff in the file's
    encoding, `output` is the fixed code of standard input. `engines`, `connections` and `unjudged` are the numbers of
    engines, of connections and pools without SQLAlchemy, and of calls that could not be checked; `notifications` give
    the reason for each of these. `silenced` is the number of lines that got a `# noqa`; `lists_codes` is True if one of
    them lists poolsafe's codes. `unread` are files of the project, such as lock files, that could not be read, each
    with the reason.
    """

    path: str
    diagnostics: tuple[Diagnostic, ...] = ()
    fixed: dict[str, int] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    diff: bytes = b""
    output: bytes | None = None
    engines: int = 0
    connections: int = 0
    unjudged: int = 0
    notifications: tuple[Note, ...] = ()
    silenced: int = 0
    lists_codes: bool = False
    unread: tuple[tuple[str, str], ...] = ()
