"""Runs `--doctor`, from its arguments to an exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from poolsafe.cli.options import overrides
from poolsafe.cli.terminal import emit, style_for
from poolsafe.config.errors import UsageError, shown
from poolsafe.doctor import config_file, driver, reporting
from poolsafe.doctor.examination import Examination, NoConnection, examine
from poolsafe.doctor.progress import Progress
from poolsafe.doctor.target import Target, read, shows_password

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from poolsafe.cli.terminal import Messages

WORKS = 0
NOTHING_WORKS = 1
NO_VERDICT = 2
INTERRUPTED = 130
# Seconds.
TIMEOUT, TIMEOUT_WITH_STATE = 30.0, 120.0
_LONGEST = 3600.0
_FORMATS = (None, "full", "json")


def visit(options: argparse.Namespace, messages: Messages) -> int:
    """Examines the server that `--doctor` names, prints the report, and returns the exit code. Raises UsageError."""
    if options.output_format not in _FORMATS:
        raise UsageError(
            f"--output-format: with --doctor, must be `full` or `json`, not {shown(options.output_format)}"
        )
    timeout = _timeout(options.timeout, state=options.probe_state)
    target = read(options.doctor)
    driver.require()
    path = None
    if options.write_config:
        config_file.require()
        path = config_file.find(overrides(options)[1])
    if shows_password(options.doctor):
        messages.warning(
            "the password is visible in the process list; `--doctor env:NAME` reads the URL from a variable instead"
        )
    if options.probe_state:
        _warn(messages)
    try:
        with Progress(enabled=not (options.quiet or options.silent)) as progress:
            found = asyncio.run(_interruptible(target, timeout, options.probe_state, progress))
    except NoConnection as error:
        _Visit(options, messages, error.found).fail()
        raise UsageError(f"--doctor: {error}") from None
    return _Visit(options, messages, found).finish(path)


class _Visit:
    def __init__(self, options: argparse.Namespace, messages: Messages, found: Examination) -> None:
        self._options = options
        self._messages = messages
        self._found = found

    def finish(self, path: str | None) -> int:
        """Prints the report and writes the configuration; returns the exit code."""
        code = exit_code(self._found)
        if not self._options.silent:
            self._print(code)
        if path is not None and self._found.between is not None and code != INTERRUPTED:
            done = config_file.write(path, self._found.settings)
            name = os.path.relpath(path)
            self._messages.note(f"wrote the verdict to {name}" if done else f"{name} already contains this verdict")
        return code

    def fail(self) -> None:
        """Prints the JSON report of an examination without a verdict; otherwise, only the reason, as an error."""
        if self._as_json and not self._options.silent:
            self._emit([reporting.as_json(self._found, NO_VERDICT)])

    @property
    def _as_json(self) -> bool:
        return bool(self._options.output_format == "json")

    def _print(self, code: int) -> None:
        if self._as_json:
            self._emit([reporting.as_json(self._found, code)])
            return
        stream = None if self._options.output_file is not None else sys.stdout
        self._emit(reporting.for_people(self._found, style_for(stream, self._options.color)))

    def _emit(self, lines: Iterable[str]) -> None:
        file = self._options.output_file
        if file is None:
            emit(lines)
            return
        from poolsafe.cli import output

        output.write(file, "".join(lines).encode("utf-8", "backslashreplace"), "--output-file", make_folder=True)


def exit_code(found: Examination) -> int:
    """Returns 0 if the recommended options worked, 1 if nothing that was tried worked, 2 without a verdict."""
    if found.stopped == "interrupted":
        return INTERRUPTED
    if found.between is None:
        return NO_VERDICT
    return WORKS if found.works else NOTHING_WORKS


async def _interruptible(target: Target, timeout: float, state: bool, progress: Progress) -> Examination:
    """Examines the server. Ctrl-C and SIGTERM end it after cleaning up; a second signal also ends the clean-up."""
    task = asyncio.ensure_future(examine(target, timeout=timeout, state=state, say=progress.say))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no such handlers; there Ctrl-C cancels the main task.
        with suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _warn(messages: Messages) -> None:
    kinds = "prepared statements, a setting (`geqo_seed`), an advisory lock, a temporary table, a LISTEN channel"
    messages.warning(
        f"--probe-state creates the following on shared server connections, and removes it at the end: {kinds}"
    )
    messages.warning(
        "if the doctor is killed, they remain, with random names, until the pooler closes those server connections"
    )


def _timeout(said: str | None, *, state: bool) -> float:
    if said is None:
        return TIMEOUT_WITH_STATE if state else TIMEOUT
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"--timeout: must be a number of seconds above 0 and at most {_LONGEST:g}, not {shown(said)}")
    return seconds
