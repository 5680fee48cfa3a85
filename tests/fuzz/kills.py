"""Kills `--apply` at random moments: each file is either old or new, and the next run leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
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
COMMAND = [sys.executable, "-m", "poolsafe", "--apply", "--quiet", "--isolated", "."]
PATIENCE = 300  # seconds


@dataclass
class Figures:
    """What came of the kills. `early` and `late` are those before the first and after the last write."""

    files: int = 0
    kills: int = 0
    early: int = 0
    midway: int = 0
    late: int = 0
    temporaries: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills over {self.files} files: {self.early} before the first write, {self.midway} midway, "
            f"{self.late} after the last; {self.temporaries} temporary files found and removed by the next run; "
            f"{len(self.problems)} problems"
        )


def kill_often(folder: Path, files: int, kills: int, seed: int) -> Figures:
    """Lay out `files` files below `folder`, and kill as many runs over them, each from the beginning."""
    figures = Figures(files)
    chance = random.Random(seed)
    lay(folder, files)
    started = time.monotonic()
    finish(folder, figures)
    span = time.monotonic() - started
    for number in range(kills):
        lay(folder, files)
        # The first fifth is start-up; half of the kills spare the workers, which must end by themselves.
        kill(folder, chance.uniform(0.1, 1.1) * span, group=number % 2 == 0)
        figures.kills += 1
        new = judge(folder, files, figures)
        figures.early += new == 0
        figures.late += new == files
        figures.midway += 0 < new < files
        figures.temporaries += len(leftovers(folder))
        # Every fifth is finished by a run of its own, the others by the next one that is killed.
        if leftovers(folder) or number % 5 == 0:
            finish(folder, figures)
            if judge(folder, files, figures) != files:
                figures.problems.append("the next run did not finish the work")
            figures.problems += [f"left behind: {name}" for name in leftovers(folder)]
    return figures


def lay(folder: Path, files: int) -> None:
    for number in range(files):
        path = folder / f"package{number % 10}" / f"module{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(OLD.format(number=number), encoding="utf-8")


def kill(folder: Path, after: float, *, group: bool) -> None:
    process = subprocess.Popen(
        COMMAND, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    # Only what was started here: the process, or the session that it leads.
    with contextlib.suppress(ProcessLookupError):
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    wait_for_workers(process.pid)


def wait_for_workers(group: int) -> None:
    """Wait until nobody is left of a process group; whoever stays after ten seconds is a fault."""
    for _ in range(1_000):
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(0.01)
    os.killpg(group, signal.SIGKILL)
    raise AssertionError("workers outlived their command")


def finish(folder: Path, figures: Figures) -> None:
    done = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode not in (0, 1) or done.stderr:
        figures.problems.append(f"exit {done.returncode}: {done.stderr[-300:]}")


def judge(folder: Path, files: int, figures: Figures) -> int:
    """How many files are new; any that is neither old nor new is a problem."""
    new = 0
    for number in range(files):
        text = (folder / f"package{number % 10}" / f"module{number}.py").read_text(encoding="utf-8")
        new += text == NEW.format(number=number)
        if text not in (OLD.format(number=number), NEW.format(number=number)):
            figures.problems.append(f"module{number}.py is neither old nor new")
    return new


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in all_files(folder) if not path.name.startswith("module"))


def all_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
