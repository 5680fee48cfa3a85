"""The formats of the report, rendered from made-up diagnostics."""

from __future__ import annotations

import json
import os
import re
import unicodedata

import pytest

from poolsafe import website
from poolsafe.cli.summary import Tally, statistics
from poolsafe.findings import Applicability, Severity
from poolsafe.reports import FORMATS, load
from poolsafe.reports.coverage import Coverage
from poolsafe.reports.diagnostic import Diagnostic, Note, Position, Remedy, Replacement, Span, frame
from poolsafe.reports.style import Line, Style, clean
from poolsafe.source import Source

ROOT = os.path.abspath(os.sep + "project")
SOURCE = """\
URL = "postgresql+asyncpg://db/app"


engine = create_async_engine(
    URL,
)
"""


def span(path: str, text: str, start: tuple[int, int], end: tuple[int, int]) -> Span:
    source = Source.from_text(path, text)
    return Span(os.path.join(ROOT, path), Position(*start), Position(*end), frame(source, start[0], end[0]))


def remedy(applicability: Applicability = Applicability.SAFE, *, offered: bool = True, doubt: str = "") -> Remedy:
    edit = Replacement(Position(5, 9), Position(5, 9), ", pool_pre_ping=True")
    return Remedy("Add `pool_pre_ping=True`", applicability, (edit,), offered, doubt)


def diagnostic(text: str = SOURCE, **changes: object) -> Diagnostic:
    values: dict[str, object] = {
        "code": "PGB201",
        "name": "missing-pre-ping",
        "message": "a lost connection is only noticed by a query; add `pool_pre_ping=True`",
        "severity": Severity.ERROR,
        "span": span("app/db.py", text, (4, 10), (6, 2)),
        "noqa_row": 4,
        "fix": remedy(),
    }
    return Diagnostic(**{**values, **changes})  # type: ignore[arg-type]


def render(name: str, *diagnostics: Diagnostic, **style: object) -> str:
    return "".join(load(name).render(diagnostics, Style(root=ROOT, **style)))  # type: ignore[arg-type]


def shown(path: str) -> str:
    return path.replace("/", os.sep)


def test_full() -> None:
    note = Note(span("app/db.py", SOURCE, (1, 7), (1, 36)), "the URL")
    assert render("full", diagnostic(notes=(note,))) == shown(
        """\
app/db.py:4:10: PGB201 [*] a lost connection is only noticed by a query; add `pool_pre_ping=True`
  |
4 | engine = create_async_engine(
  |          ^^^^^^^^^^^^^^^^^^^^
5 |     URL,
6 | )
  |
  ::: app/db.py:1:7: the URL
  |
1 | URL = "postgresql+asyncpg://db/app"
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: Add `pool_pre_ping=True`
  = see: poolsafe --explain PGB201

"""
    ).replace(f"asyncpg:{os.sep}{os.sep}db{os.sep}app", "asyncpg://db/app")


def test_full_without_lines_or_fix() -> None:
    bare = Span(os.path.join(ROOT, "a.py"), Position(1, 1), Position(1, 1))
    one = diagnostic(span=bare, fix=None, notes=(Note(bare, "here"),), severity=Severity.WARNING)
    text = "a.py:1:1: PGB201 warning: a lost connection is only noticed by a query; add `pool_pre_ping=True`\n"
    assert render("full", one) == text + "  ::: a.py:1:1: here\n  = see: poolsafe --explain PGB201\n\n"


def test_full_says_once_where_to_read_about_a_rule() -> None:
    other = diagnostic(code="PGB101", name="missing-cache-size")
    blocks = render("full", diagnostic(), diagnostic(), other, other, diagnostic()).split("\n\n")[:-1]
    said = [[line for line in block.splitlines() if "= see:" in line] for block in blocks]
    assert said == [["  = see: poolsafe --explain PGB201"], [], ["  = see: poolsafe --explain PGB101"], [], []]


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "full"])
def test_other_formats_leave_it_out(name: str) -> None:
    assert "--explain" not in render(name, diagnostic()).replace(diagnostic().message, "")


def test_a_site_takes_the_place_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(website, "SITE", "https://example.com/poolsafe/")
    address = "https://example.com/poolsafe/rules/missing-pre-ping/"
    assert diagnostic().url == address
    assert f"  = see: {address}\n" in render("full", diagnostic(), width=20)


@pytest.mark.parametrize(
    ("fix", "words"),
    [
        (remedy(), ""),
        (remedy(Applicability.UNSAFE, offered=False), " (unsafe: needs `--unsafe-fixes`)"),
        (
            remedy(Applicability.UNSAFE, offered=False, doubt="the driver is not known"),
            " (unsafe: the driver is not known; needs `--unsafe-fixes`)",
        ),
        (remedy(Applicability.UNSAFE), ""),
        (remedy(Applicability.DISPLAY_ONLY, offered=False), " (no option applies this fix; make the change by hand)"),
    ],
)
def test_the_help_says_whether_an_option_is_needed(fix: Remedy, words: str) -> None:
    assert f"  = help: Add `pool_pre_ping=True`{words}\n" in render("full", diagnostic(fix=fix))


@pytest.mark.parametrize(
    ("line", "column", "end"),
    [
        ('日本 = "é"; f()', 11, 14),
        ("\tx = f()", 6, 9),
        ("  \tx = f()", 8, 11),
        ("e\u0301 = f()", 6, 9),
        ("a\x1b[31m = f()", 10, 13),
        ("\u202eab = f()", 7, 10),
        ("f()", 1, 4),
        ("f()", 4, 4),
        ("f()", 99, 120),
    ],
)
def test_carets_stand_below_what_they_mean(line: str, column: int, end: int) -> None:
    one = diagnostic(span=span("a.py", line + "\n", (1, column), (1, end)), fix=None)
    lines = render("full", one).splitlines()
    source, carets = lines[2], lines[3]
    first, last = width(carets[: carets.index("^")]), width(carets.rstrip())
    marked = [char for index, char in enumerate(source) if first <= width(source[:index]) < last]
    assert "".join(marked) == (line[column - 1 : end - 1])
    assert "\x1b" not in source
    assert "\u202e" not in source


def width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


@pytest.mark.parametrize("columns", [20, 40, 60, 80])
@pytest.mark.parametrize("before", [0, 30, 100])
def test_a_narrow_terminal_still_sees_the_marked_part(columns: int, before: int) -> None:
    line = "x = " + "日" * before + "f(1)" + " + 2" * 60
    one = diagnostic(span=span("a.py", line + "\n", (1, 5 + before), (1, 9 + before)), fix=None, message="x")
    lines = render("full", one, width=columns).splitlines()
    source, carets = lines[2], lines[3]
    assert width(source) <= max(columns, 34)
    start = width(carets[: carets.index("^")])
    assert "f(1)" in source
    assert width(source[: source.index("f(1)")]) == start
    assert carets.count("^") == 4


def test_a_long_finding_is_marked_to_the_edge() -> None:
    wide = span("a.py", "x = f(" + "1, " * 100 + ")\n", (1, 5), (1, 300))
    one = diagnostic(span=wide, fix=None, message="x")
    source, carets = render("full", one, width=40).splitlines()[2:4]
    assert len(source) <= 40
    assert source.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert len(carets) <= 40


def test_a_page_of_minified_source_is_cut_even_in_a_log() -> None:
    one = diagnostic(span=span("a.py", "x = f(" + "1, " * 10000 + ")\n", (1, 5), (1, 30000)), fix=None)
    assert max(map(len, render("full", one).splitlines())) < 210


def test_messages_are_wrapped_for_terminals() -> None:
    lines = render("full", diagnostic(), width=40).splitlines()
    assert lines[:3] == [
        shown("app/db.py:4:10: PGB201 [*] a lost"),
        "  connection is only noticed by a query;",
        "  add `pool_pre_ping=True`",
    ]
    assert render("full", diagnostic(), width=30).splitlines()[-4:-1] == [
        "  = help: Add",
        "          `pool_pre_ping=True`",
        "  = see: poolsafe --explain PGB201",
    ]
    note = Note(Span(os.path.join(ROOT, "b.py"), Position(1, 2), Position(3, 4)), "the URL comes from a variable")
    noted = render("full", diagnostic(notes=(note,), fix=None), width=40).splitlines()
    assert noted[-4:-2] == ["  ::: b.py:1:2: the URL comes from a", "      variable"]
    assert render("grouped", diagnostic(), width=44).splitlines()[1:4] == [
        "  4:10 PGB201 [*] a lost connection is only",
        "       noticed by a query; add",
        "       `pool_pre_ping=True`",
    ]
    assert len(render("concise", diagnostic(), width=40).splitlines()) == 1
    word = diagnostic(message="x" * 50, fix=None)
    assert render("full", word, width=40).splitlines()[1] == "  " + "x" * 50
    assert re.sub(r"\x1b(\[[\d;]*m|\]8;;.*?\x1b\\)", "", render("full", diagnostic(), width=40, colour=True)) == render(
        "full", diagnostic(), width=40
    )


def test_colours_and_links_only_where_asked_for() -> None:
    plain = render("full", diagnostic())
    assert "\x1b" not in plain
    painted = render("full", diagnostic(severity=Severity.WARNING), colour=True)
    assert "\x1b[1;31mPGB201\x1b[0m" in painted
    assert "\x1b]8;;" not in painted
    linked = render("concise", diagnostic(), colour=True, width=80)
    assert f"\x1b]8;;{diagnostic().url}\x1b\\" in linked
    assert re.sub(r"\x1b\[[\d;]*m", "", render("full", diagnostic(), colour=True)) == plain


def test_names_cannot_steer_the_terminal() -> None:
    evil = Span(os.path.join(ROOT, "a\x1b[2J\n\u202e.py"), Position(1, 1), Position(1, 1))
    for name in ("full", "concise"):
        text = render(name, diagnostic(span=evil, fix=None, message="a\x1b]0;b\x07\nc"))
        assert not set(text) & set("\x1b\x07\u202e")
        assert len(text.splitlines()) == (3 if name == "full" else 1)


def test_concise() -> None:
    text = "app/db.py:4:10: PGB201 [*] a lost connection is only noticed by a query; add `pool_pre_ping=True`\n"
    assert render("concise", diagnostic()) == shown(text)
    assert render("concise", diagnostic(fix=remedy(offered=False))) == shown(text.replace(" [*]", ""))


def test_a_path_outside_of_the_root_stays_absolute() -> None:
    outside = os.path.abspath(os.sep + "projector" + os.sep + "a.py")
    one = diagnostic(span=Span(outside, Position(1, 1), Position(1, 1)))
    assert render("concise", one).startswith(outside)


def test_json() -> None:
    note = Note(Span(os.path.join(ROOT, "b.py"), Position(1, 2), Position(3, 4)), "the URL")
    text = render("json", diagnostic(notes=(note,)), diagnostic(fix=None, severity=Severity.WARNING))
    first, second = json.loads(text)
    assert first == {
        "cell": None,
        "code": "PGB201",
        "end_location": {"column": 2, "row": 6},
        "filename": os.path.join(ROOT, "app/db.py"),
        "fix": {
            "applicability": "safe",
            "doubt": None,
            "edits": [
                {
                    "content": ", pool_pre_ping=True",
                    "end_location": {"column": 9, "row": 5},
                    "location": {"column": 9, "row": 5},
                }
            ],
            "message": "Add `pool_pre_ping=True`",
        },
        "location": {"column": 10, "row": 4},
        "message": "a lost connection is only noticed by a query; add `pool_pre_ping=True`",
        "name": "missing-pre-ping",
        "noqa_row": 4,
        "related": [
            {
                "end_location": {"column": 4, "row": 3},
                "filename": os.path.join(ROOT, "b.py"),
                "location": {"column": 2, "row": 1},
                "message": "the URL",
            }
        ],
        "severity": "error",
        "url": "https://github.com/poolsafe/poolsafe/blob/main/docs/rules/missing-pre-ping.md",
    }
    assert (second["fix"], second["severity"], second["related"]) == (None, "warning", [])
    assert json.loads(render("json")) == []


def test_github() -> None:
    one = diagnostic(
        span=Span(os.path.join(ROOT, "a,b:c%.py"), Position(1, 2), Position(1, 5)),
        message="100 %\r\nnew",
        severity=Severity.WARNING,
    )
    path = os.path.join(ROOT, "a,b:c%.py").replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    assert render("github", one) == (
        f"::warning title=poolsafe (PGB201),file={path},line=1,col=2,endLine=1,endColumn=5"
        "::a,b:c%25.py:1:2: PGB201 100 %25%0D%0Anew%0A  help: Add `pool_pre_ping=True`\n"
    )
    several = render("github", diagnostic(fix=None))
    assert several.startswith("::error title=poolsafe (PGB201),file=")
    assert ",line=4,col=10,endLine=6::" in several


def test_every_format_renders_nothing() -> None:
    empty = {name: render(name) for name in FORMATS}
    assert {name for name, text in empty.items() if not text} == {
        *("full", "concise", "grouped", "json-lines", "github", "pylint", "azure")
    }
    assert empty["json"] == empty["gitlab"] == "[]\n"


@pytest.mark.parametrize(
    ("text", "shift", "columns", "cut"),
    [
        ("abcdef", 0, 99, "abcdef"),
        ("abcdef", 0, 6, "abcdef"),
        ("abcdef", 0, 4, "abc…"),
        ("abcdef", 2, 4, "…def"),
        ("abcdefgh", 2, 4, "…de…"),
        ("abc", 5, 4, ""),
        ("日本日本", 0, 5, "日本…"),
        ("日本日本", 1, 6, "…本日…"),
        ("日本日本", 2, 6, "… 日本"),
        ("\tx", 0, 9, "    x"),
        ("a\tx  ", 0, 9, "a   x"),
    ],
)
def test_lines_are_cut_by_columns(text: str, shift: int, columns: int, cut: str) -> None:
    assert Line(text).cut(shift, columns) == cut


def test_frames_leave_out_empty_edges() -> None:
    source = Source.from_text("a.py", "\n\nx = f(\n1,\n2,\n3,\n4,\n5)\n\n\ny")
    assert [row for row, _ in frame(source, 3, 8)] == [3, 4, 5, 6, 7]
    assert [row for row, _ in frame(source, 3, 3)] == [3, 4, 5]
    assert [row for row, _ in frame(source, 8, 8)] == [6, 7, 8]
    assert frame(Source.from_text("a.py", ""), 1, 1) == ((1, ""),)


def test_clean_keeps_the_number_of_characters() -> None:
    assert clean("a\tb\x00\x9b\u2028c") == "a b\ufffd\ufffd\ufffdc"


LOOKED = Coverage(3, 1)


@pytest.mark.parametrize(
    ("fixes", "fixed", "mention", "lines"),
    [
        ([], 0, True, ["All checks passed! (3 files, 1 engine)"]),
        ([None], 0, True, ["Found 1 problem."]),
        ([None, remedy()], 0, True, ["Found 2 problems.", "[*] 1 fixable with `--apply`."]),
        (
            [remedy(), remedy(Applicability.UNSAFE, offered=False)],
            0,
            True,
            [
                "Found 2 problems.",
                "[*] 1 fixable with `--apply` (1 unsafe fix available with `--apply --unsafe-fixes`).",
            ],
        ),
        (
            [remedy(Applicability.UNSAFE, offered=False)] * 2,
            3,
            True,
            ["Found 5 problems (3 fixed, 2 remaining).", "2 unsafe fixes available with `--apply --unsafe-fixes`."],
        ),
        ([remedy(Applicability.UNSAFE, offered=False)], 0, False, ["Found 1 problem."]),
        ([remedy(Applicability.DISPLAY_ONLY, offered=False)], 0, True, ["Found 1 problem."]),
        ([], 1, True, ["Found 1 problem (1 fixed, 0 remaining)."]),
    ],
)
def test_the_summary(fixes: list[Remedy | None], fixed: int, mention: bool, lines: list[str]) -> None:
    tally = Tally([diagnostic(fix=fix) for fix in fixes], fixed, LOOKED, mention_unsafe=mention)
    looked = ["Checked 3 files, 1 engine."] if lines[0].startswith("Found") else []
    assert list(tally.report_lines()) == lines + looked


@pytest.mark.parametrize(
    ("coverage", "line"),
    [
        (Coverage(0), "All checks passed! (0 files, 0 engines)"),
        (Coverage(1, 1), "All checks passed! (1 file, 1 engine)"),
        (Coverage(1, 1, connections=2), "All checks passed! (1 file, 1 engine, 2 connections)"),
        (
            Coverage(214, 5, 2),
            "All checks passed! (214 files, 5 engines; 2 calls could not be checked: run with --verbose to see why)",
        ),
        (
            Coverage(2, 1, 1),
            "All checks passed! (2 files, 1 engine; 1 call could not be checked: run with --verbose to see why)",
        ),
    ],
)
def test_the_last_line_says_what_was_looked_at(coverage: Coverage, line: str) -> None:
    hint = ": run with --verbose to see why"
    assert list(Tally([], 0, coverage, mention_unsafe=True, hint=hint).report_lines()) == [line]
    looked = line.removeprefix("All checks passed! (").removesuffix(")")
    for tally in (
        Tally([diagnostic()], 0, coverage, mention_unsafe=True, hint=hint),
        Tally([], 2, coverage, mention_unsafe=True, hint=hint),
        Tally([], 0, coverage, mention_unsafe=True, hint=hint, fix_only=True),
    ):
        assert list(tally.report_lines())[-1] == f"Checked {looked}."
    for fixed in (0, 2):
        tally = Tally([], fixed, coverage, mention_unsafe=True, hint=hint)
        assert list(tally.diff_lines())[-1] == f"Checked {looked}."


def test_what_could_not_be_looked_at_has_not_passed() -> None:
    part = Coverage(3, 1, complete=False)
    assert list(Tally([], 0, part, mention_unsafe=True).report_lines()) == []
    assert list(Tally([], 0, part, mention_unsafe=True).diff_lines()) == []
    assert list(Tally([], 1, part, mention_unsafe=True).report_lines())[-1] == "Checked 3 files, 1 engine."
    assert list(Tally([], 1, part, mention_unsafe=True).diff_lines())[-1] == "Checked 3 files, 1 engine."


def test_the_summary_of_a_diff() -> None:
    unsafe = diagnostic(fix=remedy(Applicability.UNSAFE, offered=False))
    looked = "Checked 3 files, 1 engine."
    assert list(Tally([], 1, LOOKED, mention_unsafe=True).diff_lines()) == ["Would fix 1 problem.", looked]
    assert list(Tally([], 0, LOOKED, mention_unsafe=True).diff_lines()) == ["Nothing to fix.", looked]
    more = "Would fix 2 problems (1 additional fix available with `--unsafe-fixes`)."
    assert list(Tally([unsafe], 2, LOOKED, mention_unsafe=True).diff_lines()) == [more, looked]


def test_statistics() -> None:
    found = [
        diagnostic(),
        diagnostic(fix=None),
        *[diagnostic(code="PGB101", name="missing-cache-size")] * 11,
        diagnostic(code="PGB009", name="unparsable-file", fix=None),
    ]
    assert list(statistics(found, 0, Style())) == [
        "11\tPGB101\t[*] missing-cache-size\n",
        " 2\tPGB201\t[-] missing-pre-ping\n",
        " 1\tPGB009\t[ ] unparsable-file\n",
    ]
    assert list(statistics([], 0, Style())) == []
    assert list(statistics([diagnostic()], 12, Style())) == [
        " 1\tPGB201\t[*] missing-pre-ping\n",
        "12\t-\t[ ] not checked\n",
    ]
    # Where the rule is selected, its own line says it.
    assert list(statistics([diagnostic(code="PGB010", name="unjudged-engine", fix=None)], 12, Style())) == [
        "1\tPGB010\t[ ] unjudged-engine\n"
    ]


def test_a_diff_is_painted_only_for_terminals() -> None:
    text = "--- a\n+++ b\n@@ -1 +1 @@\n-\x1b[2J\x0c\n+y\n z\n"
    assert "".join(Style().diff(text)) == text
    painted = "".join(Style(colour=True, width=80).diff(text))
    assert painted.endswith("\x1b[31m-[2J\x1b[0m\n\x1b[32m+y\x1b[0m\n z\n")
    assert "".join(Style(width=80).diff("")) == ""
