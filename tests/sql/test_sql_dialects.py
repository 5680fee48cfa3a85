"""Commands that PostgreSQL does not accept, and similar ones that it does."""

from __future__ import annotations

import pytest
from timing import is_linear

from poolsafe.sql.dialects import is_of_another_database
from poolsafe.sql.scanner import PLACEHOLDER, split

FOREIGN = [
    "PRAGMA foreign_keys = ON",
    "pragma journal_mode(WAL)",
    "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END",
    "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END",
    "CREATE TRIGGER t ON a AFTER INSERT AS UPDATE a SET x = 1; SELECT 1",
    "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1; SELECT 1",
    "CREATE DEFINER=root@localhost PROCEDURE p() BEGIN SELECT 1; END",
    "CREATE OR REPLACE PROCEDURE p(x IN NUMBER) IS y NUMBER; BEGIN y := 1; END;",
    "CREATE OR REPLACE FUNCTION f RETURN NUMBER AS BEGIN RETURN 1; END;",
    "BEGIN foo(:x, :y); END;",
    "BEGIN IMMEDIATE; DELETE FROM a; COMMIT",
    "-- of Oracle\nBEGIN\n  foo; END;",
    "DECLARE x NUMBER; BEGIN x := 1; END;",
    "DECLARE @x INT; SET @x = 1",
    "USE shop; SELECT 1",
    "EXEC sp_who; SELECT 1",
    "DROP TABLE a; PRAGMA foreign_keys = ON",
]
OURS = [
    "BEGIN; DELETE FROM a; COMMIT",
    "begin",
    "BEGIN -- now\n; DELETE FROM a",
    "BEGIN TRANSACTION; DELETE FROM a",
    "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1",
    "BEGIN WORK; SELECT 1",
    "BEGIN DEFERRABLE; SELECT 1",
    f"BEGIN {PLACEHOLDER}; SELECT 1",
    "DECLARE c CURSOR FOR SELECT 1; FETCH c",
    "DECLARE c NO SCROLL CURSOR WITH HOLD FOR SELECT 1; FETCH c",
    "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f(); SELECT 1",
    "CREATE OR REPLACE TRIGGER t BEFORE INSERT ON a EXECUTE PROCEDURE f(); SELECT 1",
    "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f(); SELECT 1",
    f"CREATE TRIGGER t BEFORE INSERT ON a {PLACEHOLDER}; SELECT 1",
    "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql; SELECT 1",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; SELECT 1",
    "CREATE FUNCTION f(begin int) RETURNS int RETURN begin + 1; SELECT 1",
    "CREATE FUNCTION f(begin numeric(1, 2)) RETURNS int RETURN 1; SELECT 1",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT 1",
    "DO $$ DECLARE x int; BEGIN x := 1; END $$; SELECT 1",
    "SELECT 1 AS use; SELECT 2",
    "UPDATE pragma SET x = 1; SELECT 1",
    "EXECUTE plan; SELECT 1",
    "DELETE FROM a; DELETE FROM b",
    "",
]


def _any(sql: str) -> bool:
    return any(is_of_another_database(sql[start:end]) for start, end in split(sql) or [])


@pytest.mark.parametrize("sql", FOREIGN)
def test_this_is_of_another_database(sql: str) -> None:
    assert _any(sql)


@pytest.mark.parametrize("sql", OURS)
def test_this_may_be_postgresql(sql: str) -> None:
    assert not _any(sql)


@pytest.mark.parametrize(
    ("start", "piece", "end"),
    [
        ("DECLARE ", "a ", ""),
        ("CREATE FUNCTION f", "(", ""),
        ("CREATE FUNCTION f", "()", ""),
        ("CREATE FUNCTION ", "(a(b)", ""),
        ("CREATE TRIGGER ", "x ", "EXECUTE"),
        ("", "/*", ""),
    ],
)
def test_time_is_linear(start: str, piece: str, end: str) -> None:
    assert is_linear(lambda count: is_of_another_database(start + piece * count + end), 10_000)
