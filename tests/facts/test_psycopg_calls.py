"""SQL that psycopg sends with the protocol for a single command: programs with their codes."""

from __future__ import annotations

import pytest
from blocks import cases
from programs import codes_of

OWN = """
    connection.execute("DELETE FROM a; DELETE FROM b")  # silent
    connection.execute("DELETE FROM a WHERE x = %s; DELETE FROM b", (1,))  # PGB302
    connection.execute("DELETE FROM a; DELETE FROM b", ())  # silent
    connection.execute("DELETE FROM a; DELETE FROM b", None)  # silent
    connection.execute("DELETE FROM a; DELETE FROM b", unknown())  # silent
    connection.execute("DELETE FROM a WHERE x = 1;", (1,))  # silent
    connection.execute("DELETE FROM a WHERE x = %s; DELETE FROM b", unknown() or (1,))  # PGB302
    connection.execute("DELETE FROM a WHERE x = %s; DELETE FROM b", unknown() or ())  # silent
    connection.execute("DELETE FROM a WHERE x = %s; DELETE FROM b", (1,) if unknown() else [2])  # PGB302
    connection.execute("DELETE FROM a WHERE x = %s; DELETE FROM b", (1,) if unknown() else ())  # silent
    connection.execute("DELETE FROM a WHERE x = %s; DELETE FROM b", unknown() and (1,))  # silent
    connection.execute("DELETE FROM a; DELETE FROM b", prepare=True)  # PGB302
    never.execute("DELETE FROM a; DELETE FROM b", prepare=True)  # silent
    unknown().execute("DELETE FROM a WHERE x = %s; DELETE FROM b", (1,))  # silent
    psycopg.ClientCursor(connection).execute("DELETE FROM a WHERE x = %s; DELETE FROM b", (1,))  # silent

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM a WHERE x = %(x)s; DELETE FROM b", {"x": 1})  # PGB302

    import psycopg_pool
    with psycopg_pool.ConnectionPool("postgresql://db/app") as pool:
        with pool.connection() as held:
            held.execute("DELETE FROM a WHERE x = %s; DELETE FROM b", [1])  # PGB302

    connection.execute("DELETE FROM a; DELETE FROM b", binary=True)  # PGB302

    connection.cursor().executemany("DELETE FROM a WHERE x = %s; DELETE FROM b", [(1,)])  # PGB302

    psycopg.connect("postgresql://db/app", prepare_threshold=False).execute("DELETE FROM a; DELETE FROM b")  # PGB302

    psycopg.connect("postgresql://db/app", prepare_threshold=-1).execute("DELETE FROM a; DELETE FROM b")  # PGB302

    at_once.execute("DELETE FROM a; DELETE FROM b")  # PGB302

    at_once.execute("DELETE FROM a; DELETE FROM b", ())  # PGB302

    at_once.execute("DELETE FROM a; DELETE FROM b", prepare=False)  # silent

    at_once.execute("DELETE FROM a;")  # silent

    at_once.cursor().execute("DELETE FROM a; DELETE FROM b")  # PGB302

    with at_once.cursor() as cursor:
        cursor.execute("DELETE FROM a; DELETE FROM b")  # PGB302

    at_once.prepare_threshold = None
    at_once.execute("DELETE FROM a; DELETE FROM b")  # silent

    import psycopg_pool
    with psycopg_pool.ConnectionPool("postgresql://db/app", kwargs={"prepare_threshold": 0}) as pool:
        with pool.connection() as held:
            held.execute("DELETE FROM a; DELETE FROM b")  # PGB302

    import psycopg_pool
    with psycopg_pool.ConnectionPool("postgresql://db/app", kwargs={"prepare_threshold": 0}, configure=print) as pool:
        with pool.connection() as held:
            held.execute("DELETE FROM a; DELETE FROM b")  # silent

    import psycopg_pool
    with psycopg_pool.ConnectionPool("postgresql://db/app", kwargs={"prepare_threshold": 5}) as pool:
        with pool.connection() as held:
            held.execute("DELETE FROM a; DELETE FROM b", prepare=True)  # PGB302

    import psycopg_pool
    with psycopg_pool.ConnectionPool("postgresql://db/app", kwargs={"prepare_threshold": None}) as pool:
        with pool.connection() as held:
            held.execute("DELETE FROM a; DELETE FROM b", prepare=True)  # silent
"""

OWN_HEAD = """
import psycopg
connection = psycopg.connect("postgresql://db/app", prepare_threshold=5)
never = psycopg.connect("postgresql://db/app", prepare_threshold=None)
at_once = psycopg.connect("postgresql://db/app", prepare_threshold=0)
"""


@pytest.mark.parametrize(("program", "expected"), cases(OWN))
def test_psycopg_takes_one_command_with_parameters(program: str, expected: str) -> None:
    found = codes_of(f"{OWN_HEAD}{program}\n").split()
    assert [code for code in found if code == "PGB302"] == [code for code in expected.split() if code != "silent"]


ENGINES = """
    with at_once.connect() as connection:
        connection.execute(text("DELETE FROM a; DELETE FROM b"))  # PGB301

    with at_once.connect() as connection:
        connection.exec_driver_sql("DELETE FROM a; DELETE FROM b")  # PGB302

    with never.connect() as connection:
        connection.execute(text("DELETE FROM a; DELETE FROM b"))  # silent

    with never.connect() as connection:
        connection.execute(text("DELETE FROM a WHERE x = :x; DELETE FROM b"), {"x": 1})  # PGB301

    # SQLAlchemy passes no parameter that the text does not name.
    with never.connect() as connection:
        connection.execute(text("DELETE FROM a; DELETE FROM b"), {"x": 1})  # silent

    with psycopg2.connect() as connection:
        connection.execute(text("DELETE FROM a WHERE x = :x; DELETE FROM b"), {"x": 1})  # silent

    with either.connect() as connection:
        connection.execute(text("DELETE FROM a; DELETE FROM b"))  # silent

    with Session(at_once) as session:
        session.execute(text("DELETE FROM a; DELETE FROM b"))  # PGB301

    with sessionmaker(at_once)() as session:
        session.execute(text("DELETE FROM a; DELETE FROM b"))  # PGB301

    async def run():
        async with asynchronous.begin() as connection:
            await connection.execute(text("DELETE FROM a; DELETE FROM b"))  # PGB301
"""

ENGINES_HEAD = """
import os
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session, sessionmaker
URL = "postgresql+psycopg://db/app"
at_once = create_engine(URL, connect_args={"prepare_threshold": 0})
never = create_engine(URL, connect_args={"prepare_threshold": None})
psycopg2 = create_engine("postgresql+psycopg2://db/app")
either = create_engine(URL, connect_args={"prepare_threshold": 0 if os.environ["A"] == "b" else None})
asynchronous = create_async_engine(URL, connect_args={"prepare_threshold": 0})
"""


@pytest.mark.parametrize(("program", "expected"), cases(ENGINES))
def test_an_engine_on_psycopg_takes_one_command(program: str, expected: str) -> None:
    found = codes_of(f"{ENGINES_HEAD}{program}\n").split()
    assert [code for code in found if code.startswith("PGB3")] == [one for one in expected.split() if one != "silent"]


# Nothing is known about the session.
PASSED_IN = """
    engine = create_async_engine("postgresql+psycopg://db/app")
    async def step(session):
        await session.execute(text("DELETE FROM a WHERE b = :c; DELETE FROM d"), {"c": 1})  # PGB301

    engine = create_engine("postgresql+psycopg://db/app")
    def step(session: Session):
        session.execute(text("DELETE FROM a WHERE b = :c; DELETE FROM d"), {"c": 1})  # PGB301

    engine = create_engine("postgresql+psycopg://db/app")
    def step(session: Session):
        session.execute(text("DELETE FROM a; DELETE FROM d"))  # silent

    engine = create_engine("postgresql+psycopg://db/app")
    other = create_engine("postgresql+psycopg2://db/app")
    def step(session: Session):
        session.execute(text("DELETE FROM a WHERE b = :c; DELETE FROM d"), {"c": 1})  # silent

    engine = create_engine(os.environ["DATABASE_URL"])
    def step(session: Session):
        session.execute(text("DELETE FROM a WHERE b = :c; DELETE FROM d"), {"c": 1})  # silent

    def step(session: Session):
        session.execute(text("DELETE FROM a WHERE b = :c; DELETE FROM d"), {"c": 1})  # silent
"""


@pytest.mark.parametrize(("program", "expected"), cases(PASSED_IN))
def test_a_session_from_elsewhere_is_on_psycopg_if_all_engines_of_the_file_are(program: str, expected: str) -> None:
    head = ENGINES_HEAD.partition("URL =")[0]
    found = codes_of(f"{head}{program}\n").split()
    assert [code for code in found if code.startswith("PGB3")] == [one for one in expected.split() if one != "silent"]
