"""Asks on the terminal whether to apply a fix, as `git add -p` asks about a hunk."""

from __future__ import annotations

import sys

from poolsafe.cli.terminal import emit, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolsafe.reports.style import Style

_PROMPT = "Apply this fix [y,n,a,q,?]? "
_HELP = (
    "y - apply this fix",
    "n - skip this fix",
    "a - apply this fix and all that follow, in every file",
    "q - skip this fix and all that follow; accepted fixes are written",
    "? - print this help",
)


class Questions:
    """The questions of one run, and the answers that apply to the rest of it."""

    __slots__ = ("_rest", "_style")

    def __init__(self, style: Style) -> None:
        self._style = style
        self._rest: bool | None = None  # the answer to give without asking

    def ask(self, problem: str, title: str, diff: bytes) -> bool:
        """Returns whether to apply a fix, after showing the finding and the diff. The end of input means `q`.

        Raises KeyboardInterrupt if the user interrupts the question.
        """
        if self._rest is not None:
            return self._rest
        emit([f"{printable(problem)}\n", f"{self._style.paint(printable(title), 'fix')}\n"])
        emit(self._style.diff(diff.decode("utf-8", "replace")))
        while True:
            answer = self._answer()
            if answer in ("y", "yes"):
                return True
            if answer in ("n", "no"):
                return False
            if answer in ("a", "q", ""):
                self._rest = answer == "a"
                return self._rest
            emit(f"{line}\n" for line in _HELP)

    def _answer(self) -> str:
        """Returns the next line, in lower case without blanks; "" is the end of input, "?" an empty line."""
        emit([self._style.paint(_PROMPT, "help")])
        line = sys.stdin.readline()
        if not line:
            emit(["\n"])
            return ""
        return line.strip().lower() or "?"
