"""Every measured exception is on the page of symptoms, and on the pages of its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolsafe.rules.registry import rules

PAGE = (Path(__file__).parents[2] / "docs" / "symptoms.md").read_text(encoding="utf-8")
PAGES = {rule.code: " ".join(rule.page.split()) for rule in rules()}

MISSING, PARTIAL, NONZERO, INVALID, MISPLACED = "PGB101", "PGB102", "PGB103", "PGB104", "PGB105"
CLOSED = "connection was closed in the middle of operation"

# Texts that users search for, and the rules whose pages must contain them; none if there is no rule yet.
EXCEPTIONS: list[tuple[str, list[str]]] = [
    # prepared statements behind a pooler
    (
        'prepared statement "__asyncpg_stmt_1__" already exists',
        [MISSING, PARTIAL, NONZERO, MISPLACED, "PGB106", "PGB108"],
    ),
    ('prepared statement "__asyncpg_stmt_1__" does not exist', [MISSING, PARTIAL, NONZERO, MISPLACED, "PGB108"]),
    ('prepared statement "__asyncpg_<uuid>__" does not exist', ["PGB107"]),
    ("unnamed prepared statement does not exist", [PARTIAL, "PGB107", "PGB206"]),
    ("bind message supplies 1 parameters, but prepared statement", [MISSING]),
    ('bind message supplies 0 parameters, but prepared statement "" requires 1', ["PGB206"]),
    ("unexpected trailing 119 bytes in buffer", [MISSING]),
    ("the number of columns in the result row", [MISSING]),
    ("cached statement plan is invalid due to a database schema or configuration change", [MISSING]),
    ('pgbouncer with pool_mode set to "transaction" or "statement" does not support prepared statements', [MISSING]),
    # connections that were closed
    (CLOSED, ["PGB109", "PGB201", "PGB202"]),
    (f"{CLOSED}: client_idle_timeout", ["PGB201"]),
    (f"{CLOSED}: database removed", ["PGB201"]),
    (f"{CLOSED}: server conn crashed?", ["PGB201"]),
    ("InterfaceError: connection is closed", ["PGB201", "PGB202"]),
    (f"{CLOSED}: transaction blocks not allowed in statement pooling mode", ["PGB109"]),
    # refused on connect
    ("unsupported startup parameter: jit", ["PGB204"]),
    ("unsupported startup parameter in options: jit", ["PGB204"]),
    # refused on any server
    ("cannot insert multiple commands into a prepared statement", ["PGB301", "PGB302"]),
    ("Invalid argument(s) 'statement_cache_size' sent to create_engine()", [MISPLACED]),
    ("Invalid argument(s) 'pool_size' sent to create_engine()", ["PGB203"]),
    ("'<' not supported between instances of 'str' and 'int'", [INVALID, MISPLACED]),
    ("statement_cache_size is expected to be greater or equal to 0, got None", [INVALID]),
    ("can't multiply sequence by non-int of type 'float'", [INVALID]),
    ("connect() got an unexpected keyword argument 'prepared_statement_cache_size'", [MISPLACED]),
    ("connect() got an unexpected keyword argument 'prepared_statement_name_func'", ["PGB107"]),
    ("connect() got an unexpected keyword argument 'sslmode'", ["PGB205"]),
    ("parameter must be one of: disable, allow, prefer, require, verify-ca, verify-full", ["PGB205"]),
    ('syntax error at or near "$1"', ["PGB405"]),
    # session state
    ("InsufficientPrivilegeError: permission denied", ["PGB402"]),
    ("you don't own a lock of type ExclusiveLock", ["PGB403"]),
    ('relation "tt" already exists', ["PGB406"]),
    ('relation "tt" does not exist', ["PGB404", "PGB406"]),
    ('prepared statement "p1" does not exist', ["PGB409"]),
    ('prepared statement "p1" already exists', ["PGB409"]),
    ('cursor "c1" does not exist', ["PGB409"]),
    ("lastval is not yet defined in this session", ["PGB409"]),
    ("DISCARD ALL cannot run inside a transaction block", ["PGB409"]),
    ("Pool class QueuePool cannot be used with asyncio engine", ["PGB207"]),
    ("Invalid argument(s) 'server_settings' sent to create_engine()", ["PGB205"]),
    ('invalid connection option "statement_cache_size"', ["PGB205"]),
    # without a rule
    ('unrecognized configuration parameter "statement_cache_size"', [MISPLACED]),
    ("dictionary update sequence element #0 has length 1; 2 is required", []),
    ("expected string or bytes-like object, got 'NoneType'", []),
    # rarely caused by the engine's settings
    ("cannot switch to state 11; another operation (2) is in progress", []),
    ("MissingGreenlet: greenlet_spawn has not been called", []),
    ('prepared statement "_pg3_0" already exists', ["PGB511"]),
    ("Max client connections reached", []),
    ("QueuePool limit of size 5 overflow 10 reached", []),
    ("attached to a different loop", []),
    ("unsupported startup parameter in options: search_path", ["PGB204"]),
    ('unrecognized configuration parameter "pgbouncer"', ["PGB205"]),
]
EACH = pytest.mark.parametrize(("text", "codes"), EXCEPTIONS, ids=[text for text, _ in EXCEPTIONS])


def rows() -> list[list[str]]:
    """Returns the cells of every row of the page's tables: symptom, rule, fix."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("| symptom")]


@EACH
def test_the_page_of_symptoms_leads_to_the_rules(text: str, codes: list[str]) -> None:
    found = [row for row in rows() if text in row[0]]
    assert found
    named = {code for row in found for code in codes if code in row[1]}
    assert named == set(codes)
    assert all(len(row) == 3 and row[2] for row in found)
    if not codes:
        assert [row[1] for row in found] == ["-"]


@EACH
def test_the_pages_of_the_rules_hold_it(text: str, codes: list[str]) -> None:
    assert [code for code in codes if text not in PAGES[code]] == []


def test_every_row_names_rules_that_exist() -> None:
    codes = {f"[{rule.code}](rules/{rule.name}.md)": rule.code for rule in rules()}
    cells = {cell for row in rows() for cell in row[1].split(", ")} - {"-"}
    assert cells <= codes.keys()
    named = {codes[cell] for cell in cells}
    # Every rule that speaks of servers is reached from some exception.
    rules_about_servers = {code for code in PAGES if not code.startswith("PGB0")}
    assert rules_about_servers == named, "add a row with the rule to docs/symptoms.md"
