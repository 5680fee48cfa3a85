"""The scanner: compared with PostgreSQL's own counts, rule by rule, on hostile text, and with SQLAlchemy's binds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import TORTURE, one_in
from timing import is_linear

from poolsafe.sql.scanner import PLACEHOLDER, binds, comments, holds_token, several, split, stretches


class Case(TypedDict):
    """One line of `data/sql_cases.jsonl`: what PostgreSQL's raw parser says of `sql`.

    `spans` are its `stmt_location` and `stmt_len`, so each reaches from one semicolon to the next.
    """

    sql: str
    count: int
    category: str
    spans: list[list[int]]


def load_cases() -> dict[str, list[Case]]:
    cases: dict[str, list[Case]] = {}
    for line in (Path(__file__).parent / "data" / "sql_cases.jsonl").read_text("utf-8").splitlines():
        case: Case = json.loads(line)
        cases.setdefault(case["category"], []).append(case)
    return cases


CASES = load_cases()


@pytest.mark.parametrize("category", CASES)
def test_counts_as_the_server_does(category: str) -> None:
    wrong = [case["sql"] for case in CASES[category] if len(split(case["sql"]) or []) != case["count"]]
    assert wrong == []


@pytest.mark.parametrize("category", CASES)
def test_stretches_are_those_of_the_server(category: str) -> None:
    cases = [case for case in CASES[category] if "spans" in case]
    wrong = [case["sql"] for case in cases if [list(span) for span in stretches(case["sql"]) or []] != case["spans"]]
    assert wrong == []


NO_COMMAND = ["", " ", ";", ";;", "-- c", "-- a; b", "/* a; b */", " /* /* ; */ ; */ ", "-- a\r;\n;"]

ONE_COMMAND = [
    "a",
    "a;",
    "a;;",
    ";a",
    "a; -- c",
    "a; -- c; d",
    "-- a;\nb",
    "-- a;\rb",
    # strings, and what looks like an escape in them
    "select ';'",
    "select 'it''s; x'",
    r"select '\', ';'",
    "select 'a'\n'b;'",
    "select n'a;', b'0;', x'0;', u&'\\0061;'",
    r"select E'a\';'",
    r"select e'a\\', ';'",
    r"select E'a'';\''",
    'select "a;""b;"',
    r'select "a\", ";"',
    'select u&"a;"',
    # only E'…' goes on with its backslashes, over blanks with a line end and over line comments
    "select E'a'\n'b\\';'",
    "select E'a' -- c;\n  'b\\';'",
    "select E'a'\r-- it's;\r-- c\r\n'b\\';'",
    "select E'a' 'b\\', ';'",
    "select E'a' /* c\n */ 'b\\', ';'",
    "select ae'b\\', ';'",
    # dollar quotes, parameters, and dollars in names
    "do $$ a; b $$",
    "select $a$ $$ ; $b$ ; $A$ ; $a$",
    "select $é$;$é$, $_1$;$_1$",
    "select $1,$2, '$1;$2'",
    "select $1$$;$$",
    "select 1$$;$$, 0x1F$$;$$, 0b1$$;$$, 0o7$$;$$, 1_0$$;$$, 1e5$$;$$, 1.e5$$;$$, .5e-1$$;$$",
    "select a$b$ from c$b$",
    "select é$$ from é$$",
    # comments, nested or begun within an operator
    "select 1 /* a /* b; */ ; c */",
    "select 1 /* a '; \" $$ */",
    "select 1 /*/ ; */",
    "select 1 */ 2 -- ;",
    "select 1 +-- ;\n 2",
    "select 1 @/* ; */ 2",
    "select 1 --+ ; '\n",
    "select a # b ? c \\ d",
    # parentheses
    "create rule r as on delete to t do also (a; b)",
    "create rule r as on delete to t do also (a; b;);",
    "select ((1; 2))",
    # routines with a body
    "create function f() returns int begin atomic a; b; end",
    "create or replace procedure f() begin /* c */ atomic end;",
    "CREATE FUNCTION f() RETURNS INT BEGIN ATOMIC SELECT CASE WHEN a THEN b END; END",
    "create function f() begin atomic select 1 as end; select end; end",
    "create function f() begin atomic create function g() begin atomic a; end; b; end",
    "create function f() begin atomic create rule r as on delete to t do also (a; end); end",
    "create function begin(begin atomic) returns begin begin atomic a; b; end",
    "create function f() begin atomic ;; a; end",
    f"create {PLACEHOLDER} function {PLACEHOLDER}() begin atomic a; b; end",
    # binds and text that nobody knows
    "select :a::text, '\\:b;'",
    PLACEHOLDER,
    f"$${PLACEHOLDER};$$",
    f"select '{PLACEHOLDER};'",
    f"select {PLACEHOLDER};",
]

SEVERAL_COMMANDS = [
    ("a;b", ["a", "b"]),
    (" a ; ; b ;", ["a", "b"]),
    ("a;b;c", ["a", "b", "c"]),
    ("select 'a\\';b", ["select 'a\\'", "b"]),
    ("select 'a''';b", ["select 'a'''", "b"]),
    ("select E'a\\\\';b", ["select E'a\\\\'", "b"]),
    ("select E'a' 'b\\';c", ["select E'a' 'b\\'", "c"]),
    ("select ae'b\\';c", ["select ae'b\\'", "c"]),
    ("a -- c\n;b", ["a", "b"]),
    ("a; -- c\rb", ["a", "b"]),
    ("a /* /* */ */; /* c */ b /* d */", ["a", "b"]),
    ("a);b", ["a)", "b"]),
    ("a)));(b;c);d", ["a)))", "(b;c)", "d"]),
    ("select a$$;select b$$", ["select a$$", "select b$$"]),
    ("begin; a; end", ["begin", "a", "end"]),
    ("begin atomic; a; end", ["begin atomic", "a", "end"]),
    ("create table begin (atomic int); a", ["create table begin (atomic int)", "a"]),
    ('create function f() "begin" atomic; a', ['create function f() "begin" atomic', "a"]),
    ("create function f() begin, atomic; a", ["create function f() begin, atomic", "a"]),
    ("create function f(begin atomic) as 'a'; b", ["create function f(begin atomic) as 'a'", "b"]),
    ("create function f() begin atomic a; end; b", ["create function f() begin atomic a; end", "b"]),
    ("copy t from stdin; a", ["copy t from stdin", "a"]),
    ("select\v1\f;a", ["select\v1", "a"]),
    (f"a; {PLACEHOLDER}", ["a", PLACEHOLDER]),
]

INCOMPLETE = [
    *("select 'a;b", "select 'a''", 'select "a;b', "select E'a\\'", "select E'a'\n'b\\'", "select E'a\\"),
    *("select $$a;b", "select $a$ $$ ; $A$", "/* a; b", "a; /* /* */", "(a; b", "((a;b)", "a;("),
    *("create function f() begin atomic a; b;", "create function f() begin atomic", "'", '"', "$$", "/*", "E'"),
]


@pytest.mark.parametrize("sql", NO_COMMAND)
def test_finds_no_command(sql: str) -> None:
    assert split(sql) == []


@pytest.mark.parametrize("sql", ONE_COMMAND)
def test_finds_one_command(sql: str) -> None:
    assert len(split(sql) or []) == 1


@pytest.mark.parametrize(("sql", "commands"), SEVERAL_COMMANDS)
def test_finds_several_commands(sql: str, commands: list[str]) -> None:
    assert [sql[start:end] for start, end in split(sql) or []] == commands


@pytest.mark.parametrize("sql", INCOMPLETE)
def test_says_nothing_of_incomplete_text(sql: str) -> None:
    assert split(sql) is None
    assert stretches(sql) is None


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a", False),
        ("a;", False),
        ("'a; b", False),
        (f"{PLACEHOLDER};{PLACEHOLDER}", False),
        (f"a;{PLACEHOLDER}", False),
        (f"a; {PLACEHOLDER} /* c */ {PLACEHOLDER}", False),
        (f"{PLACEHOLDER} -- a; b\n; c", False),
        (f"a {PLACEHOLDER}; b", True),
        (f"a; {PLACEHOLDER}; b", True),
        (f"a; '{PLACEHOLDER}'", True),
    ],
)
def test_several_needs_two_commands_that_are_known(sql: str, expected: bool) -> None:
    assert several(sql) is expected


@pytest.mark.parametrize("command", ["", " -- c", PLACEHOLDER, f"{PLACEHOLDER} /* c */ {PLACEHOLDER}"])
def test_placeholders_and_comments_are_no_tokens(command: str) -> None:
    assert not holds_token(command)


@pytest.mark.parametrize("command", ["a", f"{PLACEHOLDER}()", f"'{PLACEHOLDER}'", "'", f"{PLACEHOLDER}$${PLACEHOLDER}"])
def test_anything_else_is_a_token(command: str) -> None:
    assert holds_token(command)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a; b", []),
        ("select '-- a', \"/* b */\", $$ -- c $$", []),
        ("; -- a\n /* b /* c */ */ ;", ["-- a", "/* b /* c */ */"]),
        ("-- a\r\n--b", ["-- a", "--b"]),
        ("/* a */ /* b", ["/* a */"]),
    ],
)
def test_comments(sql: str, expected: list[str]) -> None:
    assert [sql[start:end] for start, end in comments(sql)] == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", []),
        ("select 1", []),
        ("select a::text", []),
        ("select :a::text", []),
        (r"select '\:a', \:b", []),
        ("select a:b", []),
        ("select 12:30", []),
        ("select a := 1, b[1: 2]", []),
        (f"select :{PLACEHOLDER}", []),
        ("select :a", ["a"]),
        ("select :b, :a, :b", ["b", "a"]),
        ("select (:a)\\:\\:text", ["a"]),
        ("select ':a' -- :b", ["a", "b"]),
        ("select :a1, :_b, :é", ["a1", "_b", "é"]),
        ("select a[:b]", ["b"]),
    ],
)
def test_binds_are_those_of_text(sql: str, expected: list[str]) -> None:
    assert binds(sql) == expected


def test_each_command_has_its_own_binds() -> None:
    sql = "insert into t values (:a); -- :b\nupdate t set c = :c where a = :a; select 1"
    assert [binds(sql[start:end]) for start, end in split(sql) or []] == [["a"], ["c", "a"], []]


# Known to be one command each, whatever stands around them.
SINGLES = [
    case["sql"][start:end]
    for cases in CASES.values()
    for case in cases
    if case["count"] == 1
    for start, end in split(case["sql"]) or []
]
SEPARATORS = [";", " ; ", ";;", ";\n", "\n;\n-- c; d\n", " /* ; ' */ ; /* ( */", " -- '\r;", ";\t; \f"]


@given(st.lists(st.tuples(st.sampled_from(SINGLES), st.sampled_from(SEPARATORS)), min_size=1, max_size=5))
def test_joined_commands_are_found_again(pieces: list[tuple[str, str]]) -> None:
    sql = "".join(command + separator for command, separator in pieces)
    assert [sql[start:end] for start, end in split(sql) or []] == [command for command, _ in pieces]


FRAGMENTS = [
    *("'", '"', "E'", "\\", "$", "$$", "$a$", "--", "/*", "*/", "\n", "\r", " ", ";", "(", ")", "a", "é", "1", ":"),
    *("create function", "begin", "atomic", "end", PLACEHOLDER, "\ud800", "\0", "\u00a0", "\U0001f600"),
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS)).map("".join)))
def test_any_text_is_taken(sql: str) -> None:
    position = 0
    outer = stretches(sql)
    for (start, end), (outer_start, outer_end) in zip(split(sql) or [], outer or [], strict=True):
        assert position <= outer_start <= start < end <= outer_end <= len(sql)
        position = outer_end
    assert (split(sql) is None) == (outer is None)
    assert all(sql[start : start + 2] in ("--", "/*") for start, _ in comments(sql))
    assert several(sql) <= (len(split(sql) or []) > 1)


HOSTILE = [
    *("'", '"', "E'", "E'a", "E'a\\'", "E''", "''", "'a'\n", "E'a'\n", "E'a'\n-- c\n", "E'a' -- c", "E'a'\n\n\n\n\n"),
    *("/*", "/*/", "/**/", "*/", "--", "--\n", "-", "$", "$$", "$a$", "$a$b$c$d", "$1$2", "(", ")", "()", ";", "a;"),
    *("BEGIN BEGIN ", "begin atomic ", "create function f() begin atomic ", "end;", "1_", "1.", "1e", "0x", ".", " "),
    *("\n", "\\", "é", "a$b", PLACEHOLDER, ":a", ":", "\r"),
]


@pytest.mark.parametrize("start", ["", "create function f() begin atomic "])
@pytest.mark.parametrize("unit", one_in(8, HOSTILE, TORTURE))
def test_time_is_linear(unit: str, start: str) -> None:
    def scan(length: int) -> None:
        sql = start + unit * (length // len(unit))
        split(sql)
        binds(sql)

    assert is_linear(scan, 10_000)
