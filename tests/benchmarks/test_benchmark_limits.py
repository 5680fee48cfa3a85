"""How the benchmark counts the findings of other programs in the fixtures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from timing import PATIENCE

from benchmarks import limits, trees
from benchmarks.measure import Run, Series

MARKED = {("a.py", 3): {"PGB101"}, ("a.py", 9): {"PGB101", "PGB201"}, ("b.py", 2): {"PGB301"}}


def test_reports_are_counted_against_the_marks() -> None:
    reported = {("a.py", 3), ("b.py", 2), ("b.py", 5), ("b.py", 6)}
    assert limits.summary(reported, MARKED) == (
        "1 of 2 lines of PGB101, 1 of 1 other marked lines, 2 lines where nothing is wrong"
    )


def test_every_fixture_with_a_mark_is_known() -> None:
    marks = limits.marked(limits.FIXTURES)
    assert {"PGB101"} in marks.values()
    assert {code for codes in marks.values() for code in codes} >= {"PGB101", "PGB205", "PGB302"}


@pytest.mark.parametrize(
    ("peer", "said"),
    [
        (0, [{"file": "a.py", "range": {"start": {"line": 2}}}]),
        (1, {"results": [{"path": "a.py", "start": {"line": 3}}]}),
    ],
)
def test_what_a_program_reports(tmp_path: Path, peer: int, said: object) -> None:
    script = tmp_path / "program"
    script.write_text(f"#!{sys.executable}\nprint({json.dumps(said)!r})\n")
    script.chmod(0o755)
    assert limits.PEERS[peer].found(script, tmp_path) == {("a.py", 3)}


def test_a_program_that_cannot_be_installed_is_skipped_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "program", lambda *_: None)
    (tmp_path / "a.py").write_text("import os\n")
    lines = dict(limits.beside_peers(tmp_path, 1, limits.ours(tmp_path)))
    assert lines["ast-grep: skipped"].startswith("`pip install ast-grep-cli==")
    assert "semgrep scan " in lines["semgrep: skipped"]
    assert list(limits.in_the_fixtures(tmp_path)) == []


def test_the_limit_parses_what_names_an_engine(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("create_engine(")
    (tmp_path / "b.py").write_bytes(b"\xff")
    subprocess.run(limits.limit(tmp_path).argv, cwd=tmp_path, check=True, timeout=PATIENCE)


def test_sums_are_those_of_the_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("import os\n")
    monkeypatch.setattr(trees, "with_engines", lambda *_: tmp_path)
    monkeypatch.setattr(trees, "WITH_ENGINES", {"one": ("", ""), "two": ("", "")})
    *each, (name, one, least) = limits.against_the_limit(tmp_path, 1)
    assert name == "all 2 together"
    assert one.runs[0].cpu == pytest.approx(sum(series.runs[0].cpu for _, series, _ in each))
    assert least.runs[0] == Run(*(sum(pair) for pair in zip(*((r.wall, r.cpu) for r in _runs(each)), strict=True)))


def _runs(each: list[tuple[str, Series, Series]]) -> list[Run]:
    return [least.runs[0] for _, _, least in each]
