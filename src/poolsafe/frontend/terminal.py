"""Speaking to the user: streams that never fail on a character, colour, and progress that erases itself."""

from __future__ import annotations

import os
import sys
import time

from poolsafe.config.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO, TypeVar

    from poolsafe.reports.style import Style

    _T = TypeVar("_T")

# A run that is over before this many seconds shows no progress.
PATIENCE = 1.0
INTERVAL = 0.1
_SECRET_HINTS = ("pass", "pw", "secret", "token", "cred", "key")


def prepare_streams() -> None:
    """Let both streams print any text, whatever the locale: what cannot be encoded becomes an escape."""
    for stream in (sys.stdout, sys.stderr):
        # Not every stand-in for a stream can be reconfigured.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def wants_colour(choice: str, stream: TextIO) -> bool:
    """Decide on colour: `choice` is always, never or auto; FORCE_COLOR and NO_COLOR count where they are not empty."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def style_for(stream: TextIO, choice: str) -> Style:
    """Return how to dress what is printed to `stream`."""
    from poolsafe.reports.style import Style

    return Style(colour=wants_colour(choice, stream), width=columns() if stream.isatty() else None)


def columns() -> int:
    """Return the terminal's width: COLUMNS, else what the terminal says, else 80. shutil's takes longer to import."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(1).columns or 80
    except (ValueError, OSError):
        return 80


def printable(text: str) -> str:
    """Return `text` on one line, without passwords and without anything that could steer a terminal or a CI job."""
    # Hardly anything that is said could hold one, and the patterns take time to make.
    if any(hint in text for hint in ("://", "=", "@")) or any(hint in text.lower() for hint in _SECRET_HINTS):
        from poolsafe.reports.masking import masked

        text = masked(text)
    # Most of what is said is plain, and then the tables of Unicode stay unread.
    if text.isascii() and text.isprintable() and "##" not in text and "section_" not in text:
        return text
    from poolsafe.reports.style import clean

    return clean(text)


class Messages:
    """What is said on stderr. `quiet` keeps warnings back, never errors."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    def error(self, text: str) -> None:
        """Say one line that explains exit code 2 or 3."""
        self._say(f"error: {text}")

    def warning(self, text: str) -> None:
        """Say one line that does not change the exit code."""
        if not self.quiet:
            self._say(f"warning: {text}")

    def note(self, text: str) -> None:
        """Say one line without a heading."""
        if not self.quiet:
            self._say(text)

    def _say(self, text: str) -> None:
        sys.stdout.flush()
        print(f"{'' if text[:1] == ' ' else 'poolsafe: '}{printable(text)}", file=sys.stderr)


class Progress:
    """A counter on stderr for long runs on a terminal; a context manager that leaves nothing behind."""

    def __init__(self, *, enabled: bool) -> None:
        self._done = 0
        # A terminal that cannot erase would be filled with numbers.
        self._enabled = enabled and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._next = time.monotonic() + PATIENCE
        self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def passing(self, result: _T) -> _T:
        """Count one file as done, and return `result`."""
        self._done += 1
        now = time.monotonic()
        if self._enabled and now >= self._next:
            self._next = now + INTERVAL
            self._shown = True
            sys.stderr.write(f"\r\x1b[Kpoolsafe: {self._done} files examined")
            sys.stderr.flush()
        return result


def open_report(path: str) -> TextIO:
    """Open the file of `--output-file` for writing, with its directory. Raises UsageError."""
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        return open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise UsageError(f"--output-file: {path}: {error.strerror or error}") from None
