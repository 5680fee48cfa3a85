"""What is to be done with every file: the part of the command line that travels to the workers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolsafe.frontend.baseline import Baseline

REPORT = "report"
DIFF = "diff"
APPLY = "apply"
ADD_NOQA = "add-noqa"


class Task:
    """`mode` is one of REPORT, DIFF, APPLY and ADD_NOQA.

    `frames` asks for source lines beside the findings, `notes` for the engines that are left alone. `piped` says that
    the one file is standard input: nothing is written, the fixed text is handed back. `baseline` holds the findings
    that are not to be reported, `reason` what to write behind a new `# noqa`.
    """

    __slots__ = ("baseline", "frames", "ignore_noqa", "mode", "notes", "piped", "reason")

    def __init__(
        self,
        mode: str = REPORT,
        *,
        frames: bool = True,
        notes: bool = False,
        ignore_noqa: bool = False,
        piped: bool = False,
        baseline: Baseline | None = None,
        reason: str = "",
    ) -> None:
        self.mode = mode
        self.frames = frames
        self.notes = notes
        self.ignore_noqa = ignore_noqa
        self.piped = piped
        self.baseline = baseline
        self.reason = reason
