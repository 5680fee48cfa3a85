"""Output for the user: streams that can print any character, colour, and a progress line that erases itself."""

from __future__ import annotations

import os
import sys
import time

from poolsafe.config.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO, TextIO, TypeVar

    from poolsafe.reports.style import Style

    _T = TypeVar("_T")

# A run that takes fewer seconds shows no progress.
PATIENCE = 1.0
INTERVAL = 0.1
# More digits make no sense, and Python raises ValueError for thousands of them.
_WIDTH_DIGITS = 6


def prepare_streams() -> None:
    """Makes both streams print any text, whatever the locale: characters that cannot be encoded are escaped.

    A stream that the parent process has closed exists afterwards, and fails when it is used.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _stand_in_for_closed()
    for stream in (sys.stdout, sys.stderr):
        # Not every replacement for a stream can be reconfigured.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _stand_in_for_closed() -> None:
    """Opens those of the descriptors 0 to 2 that are closed, because a file opened later would get their number.

    Standard input is opened for writing and output for reading, so that using them is an error; messages are dropped.
    """
    for name, mode, flags in (("stdin", "r", os.O_WRONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))


def emit(lines: Iterable[str], stream: IO[str] | None = None) -> None:
    """Writes to a stream, by default standard output. Raises UsageError if it cannot be written, or BrokenPipeError."""
    stream = stream or sys.stdout
    try:
        stream.writelines(lines)
        stream.flush()
    except OSError as error:
        raise _failed(stream, error) from error


def emit_bytes(content: bytes) -> None:
    """Writes bytes to standard output. Raises the same exceptions as `emit`."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise _failed(sys.stdout, error) from error


def take_in(largest: int) -> bytes:
    """Returns all of standard input. Raises UsageError if it cannot be read or has more than `largest` bytes."""
    try:
        raw = sys.stdin.buffer.read(largest + 1)
    except OSError as error:
        raise UsageError(f"standard input: {error.strerror or error}") from None
    if len(raw) > largest:
        raise UsageError(f"standard input: larger than {largest // 1_000_000} MB")
    return raw


def drop_output(stream: IO[str]) -> None:
    """Discards unwritten output, because Python flushes it again at exit, which must not fail again."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    except (OSError, ValueError):
        # No descriptor is available, or the stream has none.
        pass


def _failed(stream: IO[str], error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return error
    drop_output(stream)
    name = "standard error" if stream is sys.stderr else "standard output"
    return UsageError(f"{name}: {error.strerror or error}")


def wants_colour(choice: str, stream: TextIO | None) -> bool:
    """Returns whether to use colour: `choice` is always, never or auto; non-empty FORCE_COLOR and NO_COLOR count."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def style_for(stream: TextIO | None, choice: str) -> Style:
    """Returns the style of output to `stream`, which is None for a file."""
    from poolsafe.reports.style import Style

    to_terminal = stream is not None and stream.isatty()
    return Style(colour=wants_colour(choice, stream), width=columns() if to_terminal else None)


def known_width(stream: TextIO) -> int | None:
    """Returns the width for prose: COLUMNS, or the terminal's, or None if neither is known."""
    return columns() if os.environ.get("COLUMNS") or stream.isatty() else None


def columns() -> int:
    """Returns the terminal's width: COLUMNS, else the width that the terminal reports, else 80.

    Importing shutil would take longer.
    """
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and len(said) <= _WIDTH_DIGITS and int(said):
        return int(said)
    try:
        return os.get_terminal_size(1).columns or 80
    except (ValueError, OSError):
        return 80


def printable(text: str) -> str:
    """Returns `text` on one line, without passwords, and without anything that could control a terminal or a CI job."""
    from poolsafe.reports.secrets import HINTS

    # Few messages could contain a secret, and compiling the patterns takes time.
    if any(hint in text.lower() for hint in ("/", "=", "@", *HINTS)):
        from poolsafe.reports.masking import masked

        text = masked(text)
    # Most messages are ASCII, and do not need the Unicode tables.
    if text.isascii() and text.isprintable() and "##" not in text and "section_" not in text:
        return text
    from poolsafe.reports.style import clean

    return clean(text)


class Messages:
    """Messages on stderr. `quiet` suppresses warnings, but not errors."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    def error(self, text: str) -> None:
        """Prints a line that explains exit code 2 or 3."""
        self._say(f"error: {text}")

    def warning(self, text: str) -> None:
        """Prints a warning, which does not change the exit code."""
        if not self.quiet:
            self._say(f"warning: {text}")

    def note(self, text: str) -> None:
        """Prints a line without a prefix."""
        if not self.quiet:
            self._say(text)

    def _say(self, text: str) -> None:
        line = f"{'' if text[:1] == ' ' else 'poolsafe: '}{printable(text)}\n"
        for step in (sys.stdout.flush, lambda: sys.stderr.write(line), sys.stderr.flush):
            try:
                step()
            except OSError:
                # This cannot be reported. Errors of standard output are reported when it is written to.
                continue


class Progress:
    """A counter on stderr for long runs on a terminal. As a context manager, it erases itself."""

    def __init__(self, *, enabled: bool) -> None:
        self._done = 0
        # On a terminal that cannot erase lines, the numbers would fill the screen.
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
        """Counts one file as done, and returns `result`."""
        self._done += 1
        now = time.monotonic()
        if self._enabled and now >= self._next:
            from poolsafe.cli.summary import counted

            self._next = now + INTERVAL
            self._shown = True
            sys.stderr.write(f"\r\x1b[Kpoolsafe: {counted(self._done, 'file')} checked")
            sys.stderr.flush()
        return result
