"""Files in which only another driver is possible."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from blocks import files, lay
from in_process import run

from poolsafe.reading import read_below

SHARED = """
    # file: app/config.py
    URL = "mysql://db/a"

    # file: app/first.py
    from sqlalchemy import create_engine, text
    from app.config import URL
    engine = create_engine(URL, connect_args={})
    CLEAN = text("DELETE FROM a; DELETE FROM b")

    # file: app/second.py
    from sqlalchemy import create_engine, text
    from app.config import URL
    engine = create_engine(URL, connect_args={})
    CLEAN = text("DELETE FROM a; DELETE FROM b")
"""


def test_a_module_that_two_files_import_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: Counter[str] = Counter()

    def counted(root: str, path: str, limit: int) -> bytes:
        reads[Path(path).name] += 1
        return read_below(root, path, limit)

    monkeypatch.setattr("poolsafe.checkout.second_look.read_below", counted)
    lay(tmp_path, files(SHARED))
    assert run(tmp_path, ".", "--jobs", "1").returncode == 0
    assert reads["config.py"] == 1
