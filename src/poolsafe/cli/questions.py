"""Asks on the terminal whether to apply a fix, as `git add -p` asks about a hunk."""

from __future__ import annotations

import sys

from poolsafe.cli.terminal import emit
from poolsafe.reports.concise import wrapped
from poolsafe.reports.style import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.reports.style import Style

_PROMPT = "Apply this fix [y,n,a,q,?]? "
_HELP = (
    "y - apply this fix",
    "n - skip this fix",
    "a - apply this fix and all that follow, in every file",
    "q - skip this fix and all that follow; accepted fixes are written",
    "? - print this help",
    "Ctrl-C - stop, and leave this file unchanged",
)
_WORDS = {"yes": "y", "no": "n", "all": "a", "quit": "q", "": "?"}
_END_OF_INPUT = "q"


class Questions:
    """The questions of one run, and the answers that apply to the rest of it."""

    __slots__ = ("_rest", "_style")

    def __init__(self, style: Style) -> None:
        self._style = style
        self._rest: bool | None = None  # the answer to give without asking

    def ask(self, diagnostic: Diagnostic, diff: bytes) -> bool:
        """Returns whether to apply a fix, after showing the finding and the diff. The end of input means `q`.

        Raises KeyboardInterrupt if the user interrupts the question.
        """
        if self._rest is not None:
            return self._rest
        title = "" if diagnostic.fix is None else clean(diagnostic.fix.message)
        emit(f"{line}\n" for line in (*wrapped(diagnostic, self._style), self._style.paint(title, "fix")))
        emit(self._style.diff(diff.decode("utf-8", "replace")))
        try:
            answer = self._answer()
        except KeyboardInterrupt:
            emit([f"\nInterrupted: {self._style.name(diagnostic.span.path)} is unchanged.\n"])
            raise
        # Separates this question from the next one, or from the report.
        emit(["\n"])
        if answer in ("a", "q"):
            self._rest = answer == "a"
        return answer in ("a", "y")

    def _answer(self) -> str:
        """Returns one of y, n, a and q; any other line prints the help and asks again."""
        while True:
            emit([self._style.paint(_PROMPT, "help")])
            # Keys of another encoding must not end the run.
            line = sys.stdin.buffer.readline().decode("utf-8", "replace")
            if not line:
                emit(["\n"])
                return _END_OF_INPUT
            word = line.strip().lower()
            answer = _WORDS.get(word, word)
            if answer in ("y", "n", "a", "q"):
                return answer
            emit(f"{line}\n" for line in _HELP)
