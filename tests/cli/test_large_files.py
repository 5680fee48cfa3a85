"""Files that are too large to be checked: they are searched piece by piece, and refused if they create an engine."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Ran, run

from poolsafe import needles, reading
from poolsafe.cli import sieve

ENGINE = """from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://db/app")
"""
FILLING = "x = 1\n" * 2_000_000
REFUSED = (
    "data.py:1:1: PGB009 `data.py` could not be parsed (a file of more than 8 MB), so its engines were not checked; "
    "fix or exclude it\n"
)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each read asked for."""
    asked: list[int] = []
    real = os.read

    def counted(descriptor: int, number: int) -> bytes:
        asked.append(number)
        return real(descriptor, number)

    monkeypatch.setattr(os, "read", counted)
    return asked


def judged(folder: Path, text: str | bytes, *flags: str) -> Ran:
    (folder / "data.py").write_bytes(text.encode() if isinstance(text, str) else text)
    return run(folder, "-q", "--output-format=concise", *flags)


@pytest.mark.parametrize("text", [ENGINE + FILLING, FILLING + ENGINE], ids=["at the top", "at the end"])
def test_an_engine_in_a_file_of_12_mb_is_refused_without_the_file_in_memory(
    tmp_path: Path, reads: list[int], text: str
) -> None:
    ran = judged(tmp_path, text)
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, REFUSED, "")
    assert max(reads) <= reading.CHUNK


@pytest.mark.parametrize(
    "text",
    [
        FILLING,
        "# create_async_engine()\n" + FILLING,
        'names = "create_async_engine"\n' + FILLING,
        "from sqlalchemy.ext.asyncio import create_async_engine\n" + FILLING,
        "from sqlalchemy import create_engine\nengine = create_engine(url)\n" + FILLING,
        'op.execute("DELETE FROM a; DELETE FROM b")\n' + FILLING,
        "rows = [" + "1, " * 4_000_000 + "]\n",
    ],
    ids=["numbers", "comment", "string", "import", "no asyncio", "statements", "one line"],
)
def test_generated_data_without_an_engine_is_no_error(tmp_path: Path, reads: list[int], text: str) -> None:
    ran = judged(tmp_path, text)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert max(reads) <= reading.CHUNK


def test_the_word_async_may_stand_far_from_the_engine(tmp_path: Path) -> None:
    assert judged(tmp_path, "engine = create_engine(url)\n" + FILLING + "AsyncEngine(engine)\n").stdout == REFUSED


def test_a_file_just_below_is_read(tmp_path: Path) -> None:
    text = ENGINE + "# " + "x" * (reading.LARGEST_SOURCE - len(ENGINE) - 3) + "\n"
    assert "more than 4000000 characters" in judged(tmp_path, text).stdout
    assert "more than 8 MB" in judged(tmp_path, text + "\n").stdout


@pytest.mark.parametrize("flags", [["--apply"], ["--diff"], ["--apply", "--unsafe-fixes", "--fix-only"]])
def test_nothing_is_written_into_it(tmp_path: Path, flags: list[str]) -> None:
    judged(tmp_path, ENGINE + FILLING, *flags)
    assert (tmp_path / "data.py").read_text() == ENGINE + FILLING


def test_no_comment_is_written_into_it(tmp_path: Path) -> None:
    assert judged(tmp_path, ENGINE + FILLING, "--add-noqa").returncode == 0
    assert (tmp_path / "data.py").read_text() == ENGINE + FILLING


def test_selection_leaves_it_out(tmp_path: Path) -> None:
    ran = judged(tmp_path, ENGINE + FILLING, "--ignore=PGB009")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_templates_stay_silent(tmp_path: Path) -> None:
    assert judged(tmp_path, "{% if async %}\n" + ENGINE + FILLING).stdout == ""


@pytest.mark.parametrize("first", [b"\xff\n", b"a = '\0'\n", b"# coding: nonsense\n", b"x" * 100_000 + b"\n"])
def test_whatever_it_begins_with(tmp_path: Path, first: bytes) -> None:
    assert judged(tmp_path, first + (ENGINE + FILLING).encode()).stdout == REFUSED


def test_a_mistake_of_ours_is_one_line(tmp_path: Path) -> None:
    with mock.patch("poolsafe.cli.examine.check_head", side_effect=ZeroDivisionError("oh")):
        ran = judged(tmp_path, ENGINE + FILLING)
    assert ran.returncode == 2
    assert "ZeroDivisionError: oh; please report it" in ran.stderr


@pytest.mark.parametrize(("text", "code"), [(ENGINE, 1), ('op.execute("A; DELETE FROM b")\n', 0)])
def test_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], text: str, code: int
) -> None:
    from poolsafe import command

    monkeypatch.chdir(tmp_path)
    given = (text + FILLING).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    assert command.main(["-q", "--apply", "-"]) == code
    out, err = capsysbinary.readouterr()
    assert out == given
    assert (b"a file of more than 8 MB" in err) is bool(code)


def test_a_file_beyond_all_bounds_is_an_error_as_before(tmp_path: Path) -> None:
    with (tmp_path / "data.py").open("wb") as file:
        file.truncate(reading.LARGEST + 1)
    ran = run(tmp_path)
    assert (ran.returncode, ran.stderr) == (2, "poolsafe: error: data.py: larger than 100 MB\n")


def test_a_file_that_grows_after_the_search_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sieve.sift

    def growing(paths: list[str], *options: Any) -> list[sieve.Hit]:
        found = real(paths, *options)
        (tmp_path / "data.py").write_text(ENGINE + FILLING)
        return found

    monkeypatch.setattr("poolsafe.cli.run.sift", growing)
    assert judged(tmp_path, ENGINE).stdout == REFUSED


# --- pieces


@given(st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r", b"create_async_engine", b"#"]), max_size=40), st.data())
def test_pieces_hold_all_lines(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], data: st.DataObject
) -> None:
    content = b"".join(parts)
    path = tmp_path_factory.mktemp("pieces") / "a.py"
    path.write_bytes(content)
    chunk = data.draw(st.integers(1, 30))
    with mock.patch.object(reading, "CHUNK", chunk), mock.patch.object(reading, "OVERLAP", len(content)):
        found = list(reading.pieces(str(path)))
    for line in content.splitlines():
        assert any(line in piece for piece in found)
    assert max(map(len, found), default=0) <= len(content)
    uses = needles.pieces_use_engine(found)
    assert uses or not needles.uses_engine(content)


def test_a_name_is_not_cut_in_a_line_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    for before in range(30):
        path.write_bytes(b"x = " + b"1" * (reading.CHUNK - before) + b";create_async_engine();" + b"2" * reading.CHUNK)
        assert needles.pieces_use_engine(reading.pieces(str(path)))
    assert max(map(len, reading.pieces(str(path)))) <= reading.CHUNK + reading.OVERLAP


@pytest.mark.skipif(os.name == "nt", reason="no named pipes")
def test_no_pipe_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")
    with pytest.raises(OSError, match="not a regular file"):
        list(reading.pieces(str(tmp_path / "a.py")))
    with pytest.raises(OSError, match="not a regular file"):
        reading.head(str(tmp_path / "a.py"))
