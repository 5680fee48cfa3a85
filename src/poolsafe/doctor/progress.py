"""A progress line on the terminal, which erases itself."""

from __future__ import annotations

import os
import sys
from types import TracebackType


class Progress:
    """A context manager that erases its line at the end. Prints nothing unless standard error is a terminal."""

    def __init__(self, *, enabled: bool) -> None:
        # On a terminal that cannot erase lines, the lines would fill the screen.
        self._enabled = enabled and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._shown:
            self._write("\r\x1b[K")

    def say(self, text: str) -> None:
        """Replaces the text of the line."""
        if self._enabled:
            self._shown = True
            self._write(f"\r\x1b[Kpoolsafe --doctor: {text}")

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            self._enabled = self._shown = False
