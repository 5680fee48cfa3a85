"""Runs the command in the process of the tests: with the same output, but without starting an interpreter."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from poolsafe import command
from poolsafe.config.layers import load_toml


@dataclass(frozen=True, slots=True)
class Ran:
    """The result of a run, with the names of `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


def run(folder: Path, *arguments: str, stdin: str = "") -> Ran:
    """`poolsafe ARGUMENTS` in `folder`, with `stdin` as its standard input."""
    texts = (stdin.encode(), b"", b"")
    streams = [io.TextIOWrapper(io.BytesIO(text), "utf-8", "surrogateescape", newline="") for text in texts]
    given, stdout, stderr = streams
    load_toml.cache_clear()
    with (
        _current_directory(folder),
        mock.patch.multiple(sys, stdin=given, stdout=stdout, stderr=stderr),
        mock.patch.dict(os.environ, {"NO_COLOR": "1"}),
    ):
        try:
            code = command.main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Ran(code, _written(stdout), _written(stderr))


@contextlib.contextmanager
def _current_directory(folder: Path) -> Iterator[None]:
    """`contextlib.chdir`, which Python 3.10 does not have."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8", "surrogateescape")
