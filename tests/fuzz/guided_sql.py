"""The SQL scanner compared with PostgreSQL's own parser, on SQL composed of pieces that are difficult for scanners."""

from __future__ import annotations

import pglast

from poolsafe.sql import scanner
from poolsafe.sql.python_strings import holds_several_commands

PIECES = [
    *("SELECT 1", "select a", "UPDATE t SET a = 1", "DROP TABLE t", "BEGIN", "COMMIT", "END", "VALUES (1)", "TABLE t"),
    *(
        ";",
        ";",
        ";",
        " ",
        "\n",
        "\t",
        "\f",
        "\r",
        ",",
        "(",
        ")",
        "[",
        "]",
        ".",
        ":",
        "::",
        "a",
        "b",
        "é",
        "_",
        "1",
        "0x1F",
    ),
    *("'", "'", "''", "\\'", "\\", "E'", "e'", "N'", "B'01'", "X'1F'", "U&'", 'U&"', '"', '""', "'a'", "' '", "'\n'"),
    *(
        "$$",
        "$$",
        "$a$",
        "$a$",
        "$",
        "$1",
        "a$b",
        "1$a$",
        "--",
        "--\n",
        "/*",
        "*/",
        "/*/",
        "-",
        "/",
        "*",
        "+",
        "||",
        "@",
    ),
    *("CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC ", "CASE WHEN true THEN 1 END", "CASE a WHEN 1 THEN "),
    *(
        "CREATE RULE r AS ON INSERT TO t DO ALSO (",
        "CREATE PROCEDURE p() BEGIN ATOMIC ",
        "atomic",
        "begin",
        "end",
        "case",
    ),
    *(
        "DO $$",
        "AS x",
        "FROM t",
        "WHERE a = ",
        "IN (1, 2)",
        "=",
        "<",
        "-- ;",
        "/* ; */",
        "';'",
        '";"',
        "$$;$$",
        "1e5",
        "1_0",
    ),
]


def take(data: bytes) -> None:
    """Raise AssertionError where the two disagree on how many commands there are."""
    sql = "".join(PIECES[byte % len(PIECES)] for byte in data)
    found = scanner.split(sql)
    for function in (scanner.stretches, scanner.several, scanner.comments, scanner.binds):
        function(sql)
    holds_several_commands(f"text({sql!r})".encode())
    holds_several_commands(sql.encode("utf-8"))
    if found is not None:
        assert all(0 <= start <= end <= len(sql) for start, end in found), (sql, found)
        assert found == sorted(found), (sql, found)
    try:
        # A placeholder of ours would be no text of theirs.
        expected = len(pglast.parse_sql(sql))
    except pglast.parser.ParseError:
        return
    assert found is not None, sql
    assert len(found) == expected, (sql, found, expected)
    assert scanner.several(sql) == (expected > 1), sql
