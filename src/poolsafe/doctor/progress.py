"""What is being done, on one line of a terminal that erases itself."""

from __future__ import annotations

import os
import sys
from types import TracebackType


class Progress:
    """A context manager that leaves nothing behind. It is silent unless standard error is a terminal."""

    def __init__(self, *, enabled: bool) -> None:
        # A terminal that cannot erase would be filled with lines.
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
        """Shows what is being done in place of what was."""
        if self._enabled:
            self._shown = True
            self._write(f"\r\x1b[Kpoolsafe --doctor: {text}")

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            self._enabled = self._shown = False
