"""The worker processes of the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from timing import PATIENCE

ENGINE = """from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://db/app")
"""


def processes(group: int) -> int:
    """Returns the number of running processes in a process group, from Linux's `pid (name) state parent group …`."""
    found = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
        except OSError:
            continue
        found += int(of) == group and state != "Z"
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for its processes")
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_the_command(tmp_path: Path, sign: signal.Signals) -> None:
    for number in range(600):
        (tmp_path / f"db{number}.py").write_text(ENGINE * 20, encoding="utf-8")
    command = [sys.executable, "-m", "fixer", "--isolated", "--quiet", str(tmp_path)]
    ran = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    until = time.monotonic() + PATIENCE
    while processes(ran.pid) < 2 and time.monotonic() < until:
        assert ran.poll() is None, "it ended before it had a worker"
        time.sleep(0.01)
    os.kill(ran.pid, sign)
    ran.wait()
    until = time.monotonic() + PATIENCE
    while processes(ran.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert processes(ran.pid) == 0
