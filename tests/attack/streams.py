"""Hostile names and links, with closed or full standard streams, few descriptors and little disk space.

Every combination must end with a documented exit code and without a traceback, leave files outside the project alone,
and leave each output either unchanged or complete.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import swaps

NAMES = [
    b"plain.py",
    b"two\nlines.py",
    b"not\xffutf8.py",
    b"a b.py",
    b'"quoted".py',
    b"-o.py",
    b"--apply.py",
    b"\x1b[2J.py",
    b"\xe2\x80\xae.py",
    b"::error ::.py",
    b"##vso[x].py",
    b"n" * 252 + b".py",
    b"a:1:2: PGB101.py",
    b"*.py",
]
LINKS = {
    b"loop.py": b"loop.py",
    b"nothing.py": b"nowhere",
    b"outside.py": b"../out/victim.py",
    b"here": b".",
    b"ring": b"ring",
    b"zero.py": b"/dev/zero",
    b"poolsafe.toml": b"../out/victim.py",
    b".gitignore": b"/dev/zero",
    b"requirements.txt": b"requirements.txt",
    b"uv.lock": b"../out",
}
OUTPUTS = [
    "",
    "new.json",
    "old.json",
    "linked.json",
    "leads.json",
    "dangling.json",
    "ring",
    "gone/new.json",
    "/dev/full",
]
STREAMS = ["kept", "closed", "full"]
MODES = [
    [],
    ["--diff"],
    ["--apply"],
    ["--show-files"],
    ["--show-settings"],
    ["--add-noqa"],
    ["--statistics"],
    ["--help"],
]
LIMITS = ["", "(resource.RLIMIT_NOFILE, ({0}, {0}))", "(resource.RLIMIT_FSIZE, ({0}, {0}))"]
CODES = {0, 1, 2, 3}
PATIENCE = 300  # seconds on the clock, for machines that are busy
MOST = 15  # seconds of the processor
SOURCE = swaps.OLD.format(number=0).encode()
STALE = b'"stale"\n'


@dataclass(frozen=True)
class Case:
    """One run of the command."""

    names: tuple[bytes, ...]
    links: tuple[bytes, ...]
    streams: tuple[str, str, str]
    arguments: tuple[str, ...]
    output: str
    limit: str
    vanished: bool

    def __str__(self) -> str:
        where = "in a deleted directory" if self.vanished else ""
        return f"{self.arguments} over {self.names} and {self.links}, streams {self.streams}, {self.limit} {where}"


def run(seed: int, seconds: float) -> list[str]:
    """Tries random cases for this many seconds, and returns the failures."""
    chance = random.Random(seed)
    problems: list[str] = []
    ends = time.monotonic() + seconds
    while True:
        case = chosen(chance)
        with tempfile.TemporaryDirectory() as folder:
            problems += [f"{each}: {case}" for each in tried(Path(folder), case)]
        if time.monotonic() >= ends:
            return problems


def chosen(chance: random.Random) -> Case:
    output = chance.choice(OUTPUTS)
    arguments = [*chance.choice(MODES), "--isolated"] if chance.random() < 0.3 else [*chance.choice(MODES)]
    if output:
        flag = chance.choice(["--output-file", "--write-baseline"])
        arguments = ["--output-format=json", f"{flag}={output}", *([] if flag == "--write-baseline" else arguments)]
    limit = chance.choice(LIMITS).format(chance.choice([8, 9, 10, 12, 16, 20, 64]))
    names = chance.sample(NAMES, chance.randint(0, 4))
    return Case(
        names=tuple(names),
        links=tuple(chance.sample(sorted(LINKS), chance.randint(0, 3))),
        streams=(chance.choice(["kept", "closed"]), chance.choice(STREAMS), chance.choice(STREAMS)),
        arguments=(*arguments, chance.choice([".", "-", "loop.py", "n" * 5000, ""])),
        output=output,
        limit=limit,
        vanished=chance.random() < 0.05,
    )


def tried(place: Path, case: Case) -> Iterator[str]:
    """Writes a project, runs the command on it, and yields the failures."""
    project = place / "in"
    lay(place, case)
    began = _seconds()
    try:
        code, said = command(project, case)
    except subprocess.TimeoutExpired:
        yield "does not end"
        return
    if _seconds() - began > MOST:
        yield "takes too long"
    if code not in CODES:
        yield f"exit code {code}: {said[-300:]!r}"
    for word in (b"Traceback", b"internal error", b"Exception ignored"):
        if word in said:
            yield f"{word.decode()}: {said[-400:]!r}"
    if code == 2 and case.streams[2] == "kept" and b"poolsafe: error: " not in said:
        yield f"exit code 2 without a word: {said[-300:]!r}"
    if (place / "out/victim.py").read_bytes() != SOURCE or os.listdir(place / "out") != ["victim.py"]:
        yield "a file outside was touched"
    for name in ("new.json", "old.json", "inner.json", "gone/new.json"):
        with suppress(FileNotFoundError):
            if not complete((project / name).read_bytes()):
                yield f"{name} is half written"
    if any(name.startswith(".poolsafe-") for name in os.listdir(project)):
        yield "a temporary file was left"


def _seconds() -> float:
    """The time that all processes which have ended took of the processor."""
    spent = os.times()
    return spent.children_user + spent.children_system


def complete(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def lay(place: Path, case: Case) -> None:
    (place / "out").mkdir()
    (place / "out/victim.py").write_bytes(SOURCE)
    project = place / "in"
    project.mkdir()
    (project / ".git").mkdir()
    (project / "a.py").write_bytes(SOURCE)
    for name in case.names:
        with open(os.fsencode(project) + b"/" + name, "wb") as file:
            file.write(SOURCE)
    for name in case.links:
        os.symlink(LINKS[name], os.fsencode(project) + b"/" + name)
    for output in ("old.json", "inner.json"):
        (project / output).write_bytes(STALE)
    (project / "linked.json").symlink_to("inner.json")
    (project / "leads.json").symlink_to("../out/victim.py")
    (project / "dangling.json").symlink_to("../out/new.json")
    if not (project / "ring").is_symlink():
        (project / "ring").symlink_to("ring")


def command(project: Path, case: Case) -> tuple[int, bytes]:
    """Run it in a process whose streams and limits are as the case says; return its exit code and what it said."""
    program = ["import os, resource, sys"]
    if case.vanished:
        program.append("os.mkdir('gone-soon'); os.chdir('gone-soon'); os.rmdir('../gone-soon')")
    for number, state in enumerate(case.streams):
        if state == "closed":
            program.append(f"os.close({number})")
        elif state == "full":
            program.append(f"os.dup2(os.open('/dev/full', os.O_WRONLY), {number})")
    if case.limit:
        program.append(f"resource.setrlimit{case.limit}")
    # The interpreter starts anew, as only then it sees that a stream is closed.
    arguments = [sys.executable, "-m", "poolsafe", *case.arguments]
    program.append(f"os.execv({sys.executable!r}, {arguments!r})")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(program)],
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        # A limit on the size of files would cut off the bytecode of a module, for every later run.
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    return done.returncode, done.stderr + done.stdout
