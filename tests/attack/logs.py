"""Inserts commands for CI runners wherever text is shown, and reads the output as each runner does."""

from __future__ import annotations

import os
import random
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from poolsafe.reports import FORMATS

from .secrets import output

ENGINE = 'engine = create_async_engine("postgresql+asyncpg://db:6432/app"{0})\n'
IMPORT = "from sqlalchemy.ext.asyncio import create_async_engine\n"
COMMANDS = [
    "::error file=a.py,line=1::forged",
    "::set-output name=a::b",
    "::add-mask::app",
    "::stop-commands::x",
    "##[error]forged",
    "##[set-env name=A;]b",
    "##[group]forged",
    "##vso[task.setvariable variable=a]b",
    "##vso[task.complete result=Succeeded;]",
    "##teamcity[buildStatus status='SUCCESS']",
    "section_start:1700000000:forged",
    "section_end:1700000000:forged",
    "--- forged",
    "+++ forged",
    "~~~ forged",
]
BEFORE = ["", " ", "   ", "\t", "x ", "x", "\n", "\r", "\x1b[0K", "\u2028"]
AFTER = ["", " ", "\n", "\r\x1b[0K", "]", "::"]
_GITHUB = re.compile(
    r"(?:^\s*::(?P<new>[\w\-]+)(?: [^\r\n]*?)?::)|(?:##\[(?P<old>[\w\-]+)(?: [^\]]*)?\])",
)
_AZURE = re.compile(r"##(?:vso)?\[(?P<name>[\w.]+)[^\]]*\]")
_TEAMCITY = re.compile(r"##teamcity\[")
_GITLAB = re.compile(r"section_(?:start|end):\d+:")
_BUILDKITE = re.compile(r"(?:---|\+\+\+|~~~)(?:\s|$)")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield the runner and the line of each command that one of them reads in a log."""
    for line in re.split(r"\r\n|\r|\n", text):
        for _ in _GITHUB.finditer(line):
            yield "github", line
        if _AZURE.search(line) is not None:
            yield "azure", line
        if _TEAMCITY.search(line) is not None:
            yield "teamcity", line
        if _GITLAB.search(line) is not None:
            yield "gitlab", line
        if _BUILDKITE.match(line) is not None:
            yield "buildkite", line


def own(runner: str, line: str, name: str) -> bool:
    """Whether a format's purpose is to write this command."""
    if name == "--output-format=github":
        return runner == "github" and len(list(_GITHUB.finditer(line))) == 1 and line.startswith(("::error ", "::warn"))
    if name == "--output-format=azure":
        return runner == "azure" and len(_AZURE.findall(line)) == 1 and line.startswith("##vso[task.logissue type=")
    return False


def draw(random_: random.Random) -> str:
    """Returns a command with random text before and after it."""
    return random_.choice(BEFORE) + random_.choice(COMMANDS) + random_.choice(AFTER)


def lay(folder: Path, text: str) -> None:
    """Writes a project that has `text` in a name, in lines, in an invalid comment and in text that messages quote."""
    line = re.sub(r"[\r\n\x1b\u2028\t]", " ", text)
    lines = [
        IMPORT + f'"""\n{line}\n{line}"""\n' + ENGINE.format(""),
        f"{IMPORT}# {line}\n{ENGINE.format('')}# {line}\n",
        f"{IMPORT}#{line}\n{ENGINE.format('')}(\n",
        IMPORT + ENGINE.format(f", connect_args={{{line!r}: 1, 'server_settings': {{{line!r}: 'off'}}}}"),
        IMPORT + ENGINE.format(f", connect_args={{'statement_cache_size': {line!r}, 'ssl': {line!r}}}"),
        f"{IMPORT}{ENGINE.format('')[:-1]}  # noqa: PGB101,{line}\nx = 1  # poolsafe: ignore[{line}]\n",
    ]
    for number, content in enumerate(lines):
        (folder / f"a{number}.py").write_text(content, encoding="utf-8")
    name = text.replace("/", "_")[:100]
    for each in (f"{name}.py", f"{name}-broken.py"):
        broken = "(\n" if "broken" in each else ""
        (folder / each).write_text(IMPORT + ENGINE.format("") + broken, encoding="utf-8")


def channels(folder: Path, text: str) -> dict[str, list[str]]:
    """Returns the command lines whose output is checked."""
    shared = ["--verbose", "--isolated", "--unsafe-fixes", "."]
    found = {f"--output-format={name}": [f"--output-format={name}", *shared] for name in FORMATS}
    found["names"] = ["--output-format=concise", "--isolated", *sorted(os.listdir(folder))]
    found["--statistics"] = ["--statistics", *shared]
    found["--show-files"] = ["--show-files", "."]
    found["--show-settings"] = ["--show-settings", "--config", f"exclude=[{text.strip()!r}]", "."]
    found["--apply"] = ["--apply", "--show-fixes", "--exit-zero", *shared]
    found["missing"] = [text or "x"]
    found["--select"] = ["--select", text, "."]
    found["--config"] = ["--config", text, "."]
    return found


def attack(folder: Path, text: str, names: set[str] | None = None) -> Iterator[str]:
    """Writes a project, and yields the commands that a runner would find in each channel, or in those in `names`."""
    lay(folder, text)
    for name, arguments in channels(folder, text).items():
        if names is not None and name not in names:
            continue
        for runner, line in commands(output(folder, arguments)):
            if not own(runner, line, name):
                yield f"{name}: {text!r}: {runner} reads {line[:160]!r}"


def run(seed: int, seconds: float) -> list[str]:
    """Draws texts until the time is up, and returns the commands that got through, one line for each."""
    random_ = random.Random(seed)
    end = time.monotonic() + seconds
    found: list[str] = []
    while time.monotonic() < end:
        text = draw(random_)
        with tempfile.TemporaryDirectory() as folder:
            found += attack(Path(folder), text)
    return found
