"""`--apply --interactive`: on a terminal, each fix is shown, and the user is asked."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from in_process import run
from samples import LONG, one_in
from timing import PATIENCE

from poolsafe.edits.application import repair_chosen
from poolsafe.findings import Applicability, Edit, Finding, Fix, Severity
from poolsafe.source import Source

ENGINE = 'create_async_engine("postgresql+asyncpg://app@db/{}")'
FILE = f"from sqlalchemy.ext.asyncio import create_async_engine\n\na = {ENGINE.format('a')}\nb = {ENGINE.format('b')}\n"
SIZES = 'connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0}'
PROMPT = "[y,n,a,q,?]? "
END = "\x04"
INTERRUPT = "\x03"
LATIN = "\udce9"

on_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


# Colours and hyperlinks.
_STYLED = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\")


@dataclass(frozen=True)
class Talk:
    """The result of a dialogue: the exit code, the output, and the number of questions."""

    code: int
    text: str
    questions: int


def talk(folder: Path, answers: list[str], *flags: str) -> Talk:
    """Runs `poolsafe --apply --interactive FLAGS .` on a pseudo-terminal, and types an answer after each question."""
    import fcntl
    import pty
    import termios

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        # A shell ignores it for commands in the background, and Ctrl-C would then have no effect.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    terminal, ours = pty.openpty()
    command = [sys.executable, "-m", "poolsafe", "--apply", "--interactive", "--select", "PGB101", *flags, "."]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=ours,
        stdout=ours,
        stderr=ours,
        start_new_session=True,
        preexec_fn=take_terminal,
        env=_environment(),
    )
    os.close(ours)
    text, asked, left = "", 0, list(answers)
    for piece in _printed(terminal):
        text += piece
        while asked < text.count(PROMPT):
            asked += 1
            answer = left.pop(0)
            os.write(terminal, _typed(answer))
    os.close(terminal)
    assert not left
    return Talk(process.wait(PATIENCE), text, asked)


def _environment() -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    # As in most locales: a byte that cannot be decoded raises UnicodeDecodeError.
    return {**given, "TERM": "xterm", "PYTHONIOENCODING": "utf-8:strict"}


def _typed(answer: str) -> bytes:
    return (answer if answer in (END, INTERRUPT) else f"{answer}\n").encode("utf-8", "surrogateescape")


def _printed(terminal: int) -> Iterator[str]:
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says so at the end.
            return
        if not piece:
            return
        yield piece.decode(errors="replace")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(FILE)
    return tmp_path


def written(project: Path) -> str:
    """Returns the engines with sizes: `a` and `b` in the first file, `c` and `d` in the second."""
    lines = [line for name in ("one.py", "two.py") for line in _statements((project / name).read_text())]
    assert len(lines) == 4
    return "".join(letter for letter, line in zip("abcd", lines, strict=True) if "statement_cache_size" in line)


def _statements(text: str) -> list[str]:
    return text.partition("\n\n")[2].replace("\nb = ", "\0b = ").split("\0")


ANSWERS = {
    "all of them": (["y", "y", "y", "y"], "abcd"),
    "none of them": (["n", "n", "n", "n"], ""),
    "some of them": (["n", "y", "y", "n"], "bc"),
    "in words": (["YES", "no", " n ", "y"], "ad"),
    "in words for all that follow": (["no", "All"], "bcd"),
    "in words for none that follow": (["yes", "quit"], "a"),
    "all that follow": (["n", "a"], "bcd"),
    "none that follow": (["y", "y", "q"], "ab"),
    "what was applied before q in the same file": (["y", "q"], "a"),
    "the end of input": (["y", END], "a"),
    "after the help": (["?", "", "nonsense", "y", "q"], "a"),
    "after a key of another encoding": ([LATIN, "y", "q"], "a"),
}


@on_a_terminal
@pytest.mark.parametrize("name", one_in(3, ANSWERS, LONG))
def test_what_is_accepted_is_written(project: Path, name: str) -> None:
    answers, expected = ANSWERS[name]
    result = talk(project, answers)
    assert written(project) == expected
    fixed = len(expected)
    assert result.code == (0 if fixed == 4 else 1)
    assert (f"({fixed} fixed, {4 - fixed} remaining)" if fixed else "Found 4 problems.") in result.text


@on_a_terminal
def test_a_question_shows_the_problem_and_the_diff_in_colour(project: Path) -> None:
    result = talk(project, ["q"])
    before = result.text.partition(PROMPT)[0]
    assert _STYLED.sub("", before).startswith("one.py:3:5: PGB101 [*] warning: neither")
    assert "Add `statement_cache_size=0` and `prepared_statement_cache_size=0` to `connect_args`" in before
    assert "\x1b[31m-a = create_async_engine(" in before
    assert '\x1b[32m+    connect_args={"statement_cache_size": 0' in before
    assert "two.py" not in before


@on_a_terminal
def test_the_help_explains_each_answer(project: Path) -> None:
    text = talk(project, ["?", "q"]).text
    assert all(f"{letter} - " in text for letter in "ynaq?")


@on_a_terminal
def test_an_interruption_leaves_the_file_as_it_was(project: Path) -> None:
    """As with `git add -p`: earlier files are written, but not the current one, not even in part."""
    result = talk(project, ["y", "n", "y", INTERRUPT])
    assert result.code == 130
    assert result.text.endswith("Interrupted: two.py is unchanged.\r\n")
    assert written(project) == "a"
    assert (project / "two.py").read_text() == FILE
    assert sorted(path.name for path in project.iterdir()) == ["one.py", "two.py"]


@on_a_terminal
def test_nothing_is_asked_where_nothing_is_fixed(tmp_path: Path) -> None:
    (tmp_path / "clean.py").write_text("x = 1\n")
    result = talk(tmp_path, [])
    assert (result.code, result.questions) == (0, 0)
    assert "All checks passed!" in result.text


REFUSED = {
    "no terminal": (["--apply", "--interactive"], "standard input is not a terminal"),
    "nothing to write": (["--interactive"], "requires `--apply`"),
    "a diff": (["--apply", "--interactive", "--diff"], "cannot be combined with `--diff`"),
    "standard input": (["--apply", "--interactive", "-"], "so it cannot be combined with `-`"),
}


@pytest.mark.parametrize(("flags", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_asked_is_an_error(project: Path, flags: list[str], reason: str) -> None:
    ran = run(project, *flags)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("poolsafe: error: `--interactive`")
    assert reason in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert written(project) == ""


# --- the choice itself ---


def digits(source: Source) -> list[Finding]:
    """A finding for each digit, with a fix that makes it a letter of three."""
    return [
        Finding("PGB101", "", "", Severity.ERROR, place, place + 1, Fix(digit, edits, Applicability.SAFE))
        for place, digit in enumerate(source.text)
        if digit.isdigit()
        for edits in [(Edit(place, place + 1, "xyz"),)]
    ]


def test_each_fix_is_asked_about_once_though_the_text_moves() -> None:
    asked: list[str] = []

    def chooses(before: Source, after: Source, finding: Finding) -> bool:
        assert finding.fix is not None
        asked.append(finding.fix.message)
        return finding.fix.message in "24"

    result = repair_chosen(Source.from_text("a.py", "a1 = a2 = a3 = a4\n"), digits, lambda fix: True, chooses)
    assert result.source.text == "a1 = axyz = a3 = axyz\n"
    assert asked == ["1", "2", "3", "4"]
    assert result.gone == {"PGB101": 2}


def test_a_fix_that_would_break_the_file_is_not_asked_about() -> None:
    wrong = Finding("PGB101", "", "", Severity.ERROR, 0, 1, Fix("", (Edit(0, 0, "("),), Applicability.SAFE))
    result = repair_chosen(Source.from_text("a.py", "a\n"), lambda source: [wrong], lambda fix: True, _never)
    assert (result.source.text, result.refused) == ("a\n", (wrong,))


def _never(before: Source, after: Source, finding: Finding) -> bool:
    raise AssertionError("it was asked about")
