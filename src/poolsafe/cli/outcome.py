"""What came of one file; it travels from the workers to the command."""

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolsafe.reports.diagnostic import Diagnostic, Note


@dataclass(slots=True)
class Outcome:
    """What came of one file.

    `diagnostics` are the findings to report, less those in `fixed` (code -> number). `errors` are lines, without the
    path, that make the exit code 2; `warnings` and `notes` begin with a row. `diff` is a unified diff in the file's own
    bytes, `output` the fixed bytes of standard input. `engines` is how many engines the file makes, `connections` how
    many connections and pools of a driver, `unjudged` how many calls could not be judged; `notifications` say of each
    of these why. `silenced` is how many lines got a `# noqa`; `lists_codes` says that one of them lists codes of ours.
    `unread` are files of the project, lock files and the like, that could not be read, each with the reason.
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
