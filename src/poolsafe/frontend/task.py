"""What is to be done with every file: the part of the command line that travels to the workers."""

from __future__ import annotations

REPORT = "report"
DIFF = "diff"
APPLY = "apply"


class Task:
    """`mode` is one of REPORT, DIFF and APPLY.

    `frames` asks for source lines beside the findings, `notes` for the engines that are left alone. `piped` says that
    the one file is standard input: nothing is written, the fixed text is handed back.
    """

    __slots__ = ("frames", "ignore_noqa", "mode", "notes", "piped")

    def __init__(
        self,
        mode: str = REPORT,
        *,
        frames: bool = True,
        notes: bool = False,
        ignore_noqa: bool = False,
        piped: bool = False,
    ) -> None:
        self.mode = mode
        self.frames = frames
        self.notes = notes
        self.ignore_noqa = ignore_noqa
        self.piped = piped
