"""Replaces folders and files with links that lead outside while `--apply` runs. No file outside may change."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path

OLD = (
    "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
    'engine = create_async_engine("postgresql+asyncpg://db{number}/app")\n'
)
NEW = OLD.replace(
    '("postgresql+asyncpg://db{number}/app")\n',
    '(\n    "postgresql+asyncpg://db{number}/app",\n'
    '    connect_args={{"statement_cache_size": 0, "prepared_statement_cache_size": 0}},\n'
    "    pool_pre_ping=True,\n)\n",
)
# The command, which says by a file that it has found what was named. Where a name leads is settled then: the user may
# well name a link.
PROGRAM = """
import sys
from poolsafe import command
from poolsafe.cli import discovery
find = discovery.find
def telling(*arguments):
    found = find(*arguments)
    open("../found", "w").close()
    return found
discovery.find = telling
sys.exit(command.main(["--apply", "--quiet", "--isolated", *sys.argv[1:]]))
"""
FOLDERS = 5
FILES = 10  # in each folder
PATIENCE = 300  # seconds on the clock, for machines that are busy

Attack = Callable[[Path, int], None]


def run(seed: int, seconds: float) -> list[str]:
    """Attacks for this many seconds, at least once in every way, and returns the failures."""
    chance = random.Random(seed)
    problems: list[str] = []
    ends = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        # The first run is not attacked: it says how long one takes.
        lay(place)
        began = time.monotonic()
        apply(place, ["."])
        span = time.monotonic() - began
        turn = 0
        while turn < len(ATTACKS) or time.monotonic() < ends:
            attack = ATTACKS[turn % len(ATTACKS)]
            lay(place)
            # Some name the folder, some each file, as pre-commit does.
            named = ["."] if chance.random() < 0.5 else [str(path.relative_to(place / "in")) for path in files(place)]
            delay = chance.uniform(0.0 if named != ["."] else 0.2, 1.0) * span
            found = attacked(place, named, attack, delay)
            problems += [f"{attack.__name__}, seed {seed}, turn {turn}: {each}" for each in found]
            turn += 1
    return problems


def lay(place: Path) -> None:
    """Writes a project in `in`, and a folder `out` with identical files, which an attacker knows."""
    (place / "found").unlink(missing_ok=True)
    shutil.rmtree(place / "away", ignore_errors=True)
    for top in ("in", "out"):
        if (place / top).is_symlink():
            (place / top).unlink()
        shutil.rmtree(place / top, ignore_errors=True)
        for number in range(FOLDERS * FILES):
            path = place / top / f"package{number % FOLDERS}" / f"module{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(OLD.format(number=number), encoding="utf-8")


def files(place: Path) -> list[Path]:
    return sorted((place / "in").glob("package*/module*.py"))


def attacked(place: Path, named: list[str], attack: Attack, delay: float) -> Iterator[str]:
    """Run the command and attack it, `delay` seconds after its start or after it found the files that are named.

    Yields what is wrong afterwards.
    """
    stop = threading.Event()

    def strike() -> None:
        while named != ["."] and not (place / "found").exists() and not stop.wait(0.001):
            pass
        stop.wait(delay)
        for number in cycle(range(FOLDERS * FILES)) if attack in AGAIN else range(FOLDERS * FILES):
            # What is swapped may be gone for a moment.
            with suppress(OSError):
                attack(place, number)
            if stop.is_set():
                break

    thread = threading.Thread(target=strike)
    thread.start()
    code, said = apply(place, named)
    stop.set()
    thread.join()
    if code not in (0, 1, 2, 3):
        yield f"exit code {code}"
    if "Traceback" in said or "internal error" in said:
        yield said[-300:]
    yield from judged(place)


def apply(place: Path, named: list[str]) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *named],
        cwd=place / "in",
        capture_output=True,
        timeout=PATIENCE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def judged(place: Path) -> Iterator[str]:
    """Yields what is wrong outside, where nothing may change, and inside, where each file must be old or new."""
    expected = {f"module{number}.py": OLD.format(number=number) for number in range(FOLDERS * FILES)}
    for path in sorted((place / "out").rglob("*")):
        if not path.is_dir() and (path.name not in expected or path.read_text(encoding="utf-8") != expected[path.name]):
            yield f"outside: {path.name} was written"
    for path in sorted((place / "in").rglob("*.py")):
        number = path.stem.removeprefix("module")
        states = OLD.format(number=number), NEW.format(number=number)
        if path.is_file() and path.read_text(encoding="utf-8") not in states:
            yield f"inside: {path.name} is neither old nor new"


def swap_folder(place: Path, number: int) -> None:
    """Replaces a folder with a link to its copy outside."""
    folder = place / "in" / f"package{number % FOLDERS}"
    if not folder.is_symlink():
        folder.rename(place / "in" / f"away{number}")
        folder.symlink_to(place / "out" / folder.name)


def flicker_folder(place: Path, number: int) -> None:
    """Replaces a folder with a link to its copy outside, and restores it, again and again."""
    folder = place / "in" / f"package{number % FOLDERS}"
    away = place / "in" / f"away{number}"
    folder.rename(away)
    folder.symlink_to(place / "out" / folder.name)
    time.sleep(0.002)
    folder.unlink()
    away.rename(folder)


def swap_top(place: Path, number: int) -> None:
    """Replaces the named folder with a link to its copy outside."""
    if number == 0:
        (place / "in").rename(place / "away")
        (place / "in").symlink_to(place / "out")


def swap_file(place: Path, number: int) -> None:
    """Replaces a file with a symbolic link to its copy outside."""
    path = place / "in" / f"package{number % FOLDERS}" / f"module{number}.py"
    replaced(path, lambda temporary: temporary.symlink_to(place / "out" / path.parent.name / path.name))


def link_file(place: Path, number: int) -> None:
    """Replaces a file with a hard link to its copy outside."""
    path = place / "in" / f"package{number % FOLDERS}" / f"module{number}.py"
    replaced(path, lambda temporary: os.link(place / "out" / path.parent.name / path.name, temporary))


def pipe_file(place: Path, number: int) -> None:
    """Replaces a file with a pipe, which must not block the command."""
    replaced(place / "in" / f"package{number % FOLDERS}" / f"module{number}.py", os.mkfifo)


def replaced(path: Path, make: Callable[[Path], object]) -> None:
    temporary = path.with_name("swap")
    make(temporary)
    temporary.replace(path)


# What goes on for as long as the command runs.
AGAIN: list[Attack] = [flicker_folder]
ATTACKS: list[Attack] = [swap_folder, flicker_folder, swap_file, link_file, pipe_file, swap_top]
