"""The command of the long run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from timing import PATIENCE

from .__main__ import stages

ROOT = Path(__file__).parent.parent.parent
STAGES = ["logs", "project_files", "regexes", "secrets", "streams", "swaps"]


def test_the_long_run_starts_from_the_root() -> None:
    """pytest finds the modules of this package under other names, so only the command itself shows that it starts."""
    command = [sys.executable, "-m", "tests.attack", "--minutes", "0", "--stage", "secrets", "--stage", "logs"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "2 passed, 0 failed"


def test_every_stage_is_found() -> None:
    assert sorted(stages()) == STAGES
