"""What to do with each file: the part of the command line that is sent to the workers."""

from __future__ import annotations

from poolsafe.config.errors import place
from poolsafe.reading import checkout_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolsafe.cli.baseline import Baseline
    from poolsafe.cli.questions import Questions
    from poolsafe.config.settings import Settings

REPORT = "report"
DIFF = "diff"
APPLY = "apply"
ADD_NOQA = "add-noqa"


class Shelf:
    """The baselines of one run, each read once. Every configuration may have its own."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, Baseline] = {}

    def of(self, settings: Settings) -> Baseline | None:
        """Returns the baseline that the settings name, or None without one. Raises UsageError."""
        path = settings.baseline
        if path is None:
            return None
        if path not in self._known:
            from poolsafe.cli.baseline import read

            said = settings.origins("baseline")[-1]
            named = place(said.source, "baseline") + (f": {said.value}" if said.quotable else "")
            # A flag may name any file; a project may only name its own files.
            root = None if said.source.startswith("--") else checkout_of(said.base)
            self._known[path] = read(path, named, root)
        return self._known[path]


class Task:
    """`mode` is one of REPORT, DIFF, APPLY and ADD_NOQA.

    `frames` requests source lines with the findings, `notes` the engines without findings, and `notifications` the
    places of calls that could not be checked. With `piped`, the file is standard input: nothing is written, and the
    fixed code is returned. `baselines` contain the known findings, None if all are; `reason` is the text after a new
    `# noqa`. `questions` asks for each fix whether to apply it, and is None without `--interactive`.
    """

    __slots__ = ("baselines", "frames", "ignore_noqa", "mode", "notes", "notifications", "piped", "questions", "reason")

    def __init__(
        self,
        mode: str = REPORT,
        *,
        frames: bool = True,
        notes: bool = False,
        notifications: bool = False,
        ignore_noqa: bool = False,
        piped: bool = False,
        baselines: Shelf | None = None,
        reason: str = "",
        questions: Questions | None = None,
    ) -> None:
        self.mode = mode
        self.frames = frames
        self.notes = notes
        self.notifications = notifications
        self.ignore_noqa = ignore_noqa
        self.piped = piped
        self.baselines = baselines
        self.reason = reason
        self.questions = questions
