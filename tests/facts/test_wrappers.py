"""Libraries that create asyncpg's connections: programs with their codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import cases, files, judged
from programs import codes_of

HEAD = """
import os
from databases import Database
from gino import Gino
from ormar import DatabaseConnection
from piccolo.engine.postgres import PostgresEngine
from tortoise import Tortoise
from tortoise.contrib.fastapi import register_tortoise
db = Gino()
"""

WRAPPED = """
    Database("postgresql://app@db/app")  # PGB512
    Database("postgres://app@db/app", min_size=1)  # PGB512
    Database("postgresql+asyncpg://app@db/app")  # PGB512
    Database("postgresql+aiopg://app@db/app")  # silent
    Database("sqlite:///app.db")  # silent
    Database("postgresql://app@db/app", statement_cache_size=0)  # silent
    Database("postgresql://app@db/app?statement_cache_size=0")  # PGB512
    Database("postgresql://app@db/app", statement_cache_size=10)  # PGB103
    Database("postgresql://app@db/app", **unknown())  # silent
    Database(os.environ["DATABASE_URL"])  # silent
    Database(os.environ.get("DATABASE_URL", "postgresql://app@db/app"))  # PGB512
    PostgresEngine(config={"host": "db"})  # PGB512
    PostgresEngine({"dsn": "postgresql://app@db/app"})  # PGB512
    PostgresEngine(config={"host": "db", "statement_cache_size": 0})  # silent
    PostgresEngine(config=unknown())  # silent
    db.set_bind("postgresql://app@db/app")  # PGB512
    db.set_bind("postgresql://app@db/app", statement_cache_size=0)  # silent
    other.set_bind("postgresql://app@db/app")  # silent
    Tortoise.init(db_url="postgres://app@db/app")  # PGB512
    Tortoise.init(db_url="asyncpg://app@db/app?statement_cache_size=0")  # silent
    Tortoise.init(db_url="asyncpg://app@db/app?statement_cache_size=10")  # PGB103
    Tortoise.init(db_url="psycopg://app@db/app")  # silent
    Tortoise.init(db_url="sqlite://:memory:")  # silent
    Tortoise.init(db_url=os.environ["DATABASE_URL"])  # silent
    Tortoise.init(db_url="asyncpg://app@db/app?schema=app&statement_cache_size=0")  # PGB204
    Tortoise.init({"connections": {"default": "postgres://app@db/app"}})  # PGB512
    Tortoise.init(config={"connections": unknown()})  # silent
    register_tortoise(app, db_url="postgres://app@db/app")  # PGB512
    register_tortoise(app, {"connections": {"default": "sqlite://:memory:"}})  # silent
    {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "db"}}  # PGB512
    {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "db", "statement_cache_size": 0}}  # silent
    {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "db", "statement_cache_size": 9}}  # PGB103
    {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "db", "statement_cache_size": "0"}}  # PGB104
    {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "db", "statement_cache_size": None}}  # PGB104
    {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "db", "statement_cache_size": size}}  # silent
    {"engine": "tortoise.backends.asyncpg", "credentials": {"schema": "app", "statement_cache_size": 0}}  # PGB204
    {"engine": "tortoise.backends.asyncpg", "credentials": {"schema": None, "statement_cache_size": 0}}  # silent
    {"engine": "tortoise.backends.asyncpg", "credentials": {**credentials}}  # silent
    {"engine": "tortoise.backends.asyncpg", "credentials": credentials}  # silent
    {"engine": "tortoise.backends.sqlite", "credentials": {"file_path": "tortoise.backends.asyncpg"}}  # silent
    DatabaseConnection("postgresql+asyncpg://app@db/app", pool_pre_ping=True)  # PGB101
    DatabaseConnection("sqlite+aiosqlite:///app.db")  # silent
"""


@pytest.mark.parametrize(("program", "expected"), cases(WRAPPED))
def test_what_a_wrapper_is_given(program: str, expected: str) -> None:
    assert (codes_of(f"{HEAD}{program}\n") or "silent") == (expected or "silent")


PROJECT = """
    # file: pyproject.toml
    [project]
    name = "app"
    dependencies = ["databases", "asyncpg"]

    # file: app/db.py
    import os
    from databases import Database
    database = Database(os.environ["DATABASE_URL"])  # PGB512
"""


@pytest.mark.parametrize("others", ["", ', "aiosqlite"', ', "psycopg2"'])
def test_an_unknown_url_is_asyncpgs_where_the_project_has_no_other_driver(tmp_path: Path, others: str) -> None:
    project = PROJECT.replace('"asyncpg"', f'"asyncpg"{others}')
    if others:
        project = project.replace("  # PGB512", "")
    assert judged(tmp_path, project) == files(project)


@pytest.mark.parametrize(("condition", "codes"), [("True", ""), ("unknown", "PGB512")])
def test_a_dict_in_a_call_that_nothing_reaches_is_silent(condition: str, codes: str) -> None:
    settings = '{"engine": "tortoise.backends.asyncpg", "credentials": {"host": "db"}}'
    code = f"""{HEAD}
if {condition}:
    pass
else:
    Tortoise.init(config={{"connections": {{"default": {settings}}}}})
"""
    assert codes_of(code) == codes
