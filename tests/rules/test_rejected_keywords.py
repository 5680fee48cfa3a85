"""The messages of PGB205 about keys that asyncpg, the engine function or another driver does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from blocks import cases, programs

from poolsafe import needles
from poolsafe.checker import check
from poolsafe.facts.deployment import Deployment, PoolMode, Versions
from poolsafe.libraries import ASYNCPG_KEYS
from poolsafe.rules.accepted_keywords import CONNECT, ENGINE, nearest
from poolsafe.source import Source

HEAD = """
from sqlalchemy import create_engine, engine_from_config
from sqlalchemy.ext.asyncio import AsyncEngine, async_engine_from_config, create_async_engine
PG = "postgresql+asyncpg://app@db/app"
ZERO = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
"""


def said(code: str, **deployment: Any) -> list[str]:
    """Returns the messages of PGB205 for a program."""
    report = check(Source.from_text("db.py", HEAD + code), Deployment(**deployment))
    return [finding.message for finding in report.findings if finding.code == "PGB205"]


# Beside each program: a part of the one message.
REFUSED = """
    create_async_engine(PG, connect_args={"statment_cache_size": 0})  # ; use `statement_cache_size`
    create_async_engine(PG, connect_args={"statementCacheSize": 0})  # ; use `statement_cache_size`
    create_async_engine(PG, connect_args={"statement_cache": 0})  # ; use `statement_cache_size`
    create_async_engine(PG, connect_args={"prepared_statement_cache": 0})  # ; use `prepared_statement_cache_size`
    create_async_engine(PG, connect_args={"foo": 0})  # got an unexpected keyword argument 'foo'`; remove it
    create_async_engine(PG + "?foo=1")  # `foo` in the URL: asyncpg raises
    create_async_engine(PG + "?pooled=true")  # `pooled` in the URL
    create_async_engine(PG + "?pgbouncer=true")  # Prisma's `pgbouncer` in the URL
    create_async_engine(PG + "?supa=base-pooler.x")  # Supabase's `supa` in the URL
    create_async_engine(PG + "?connection_limit=1&pool_timeout=0&schema=public")  # `pool_timeout` and `schema` in
    create_async_engine(PG + "?pgbouncer=true&supa=x")  # ; remove them
    create_async_engine(PG + "?sslmode=require&jit=off")  # `ssl`, and use `ALTER ROLE ... SET` instead of `jit`
    create_async_engine(PG + "?application_name=a&timeout=5")  # and pass `timeout` as a number in `connect_args`
    create_async_engine(PG + "?timeout=5&max_cacheable_statement_size=9")  # and pass `max_cacheable_statement_size` as
    create_async_engine(PG + "?timeout=5&ssl=yes")  # in `connect_args`, and set `ssl` to 'require'
    create_async_engine(PG + "?sslmode=require&statement_timeout=5")  # `, or `command_timeout`, instead of `statement_t
    create_async_engine(PG + "?timeout=5&sslrootcert=x")  # and see the rule's page for `sslrootcert`
    create_async_engine(PG + "?pgbouncer=true&jit=off&sslmode=require")  # see the rule's page for the other parameters
    create_async_engine(PG + "?timeout=5&jit=off&pgbouncer=true")  # and see the rule's page for the others
    create_async_engine(PG, connect_args={"sslmode": "require", "a\\\\d": 1})  # `ssl`, and remove `a\\d`
    create_async_engine(PG + "?channel_binding=require")  # libpq's `channel_binding`
    create_async_engine(PG, connect_args={**ZERO, **({"foo": 1} if unknown else {})})  # on some code paths
    create_async_engine(PG, connect_args={"foo": 1} if "sqlite" not in unknown else {})  # `foo` in `connect_args`: asy
    create_async_engine(PG, server_settings={"jit": "off"})  # passing asyncpg's `server_settings` to SQLAlchemy raises
    create_async_engine(PG, ssl=True, command_timeout=5)  # `ssl` and `command_timeout` to SQLAlchemy raises
    create_async_engine(PG, ssl=True, command_timeout=5)  # ; pass them in `connect_args`
    create_async_engine(PG, sslmode="require")  # passing libpq's `sslmode` to SQLAlchemy
    create_async_engine(PG, poolsize=5)  # sent to create_engine()`; use `pool_size`
    create_async_engine(PG, connect_arg=ZERO)  # ; use `connect_args`
    create_async_engine(PG, server_setting={})  # ; use `server_settings` in `connect_args`
    create_async_engine(PG, nonsense=1)  # ; remove it
    create_async_engine(PG, **({"nonsense": 1} if unknown else {}))  # SQLAlchemy on some code paths
    create_async_engine(PG, async_creator=make, nonsense=1)  # passing `nonsense` to SQLAlchemy
    async_engine_from_config({"sqlalchemy.url": PG, "sqlalchemy.ssl": "1"})  # passing asyncpg's `ssl` to SQLAlchemy
    async_engine_from_config({"url": PG, "ssl": "1"}, prefix="")  # passing asyncpg's `ssl` to SQLAlchemy
    AsyncEngine(create_engine(PG, connect_args={"foo": 1}))  # got an unexpected keyword argument 'foo'
    create_engine("postgresql+psycopg://db/a", connect_args=ZERO)  # and `prepared_statement_cache_size` in
    create_engine("postgresql+psycopg://db/a", connect_args=ZERO)  # `ProgrammingError: invalid connection option "st
    create_engine("postgresql://db/a", connect_args={"server_settings": {}})  # invalid dsn: invalid connection option
    create_engine("postgresql+psycopg2://db/a?prepared_statement_cache_size=0")  # SQLAlchemy's `prepared_statement
    create_engine("sqlite://", connect_args={"command_timeout": 5})  # raises `TypeError`; use it only with asyncpg
    create_async_engine("sqlite+aiosqlite://", connect_args=ZERO)  # of an engine that uses SQLite
    create_async_engine("mysql+asyncmy://db/a", connect_args=ZERO)  # asyncmy: connecting raises `TypeError: connect()
    create_engine("mysql://db/a", connect_args=ZERO)  # of an engine that uses mysql
    engine_from_config({"sqlalchemy.url": "postgresql+psycopg://db/a"}, connect_args=ZERO)  # engine that uses psycopg
"""
SILENT = """
    create_async_engine(PG, connect_args=ZERO)
    create_async_engine(PG, connect_args={"foo": unknown} if unknown is None else None, async_creator=make)
    create_async_engine(PG + "?host=a&port=5&passfile=x&user=u&password=p&database=d")
    create_async_engine(PG + "?plugin=audit", audit_topic="x")
    create_async_engine(PG, plugins=["audit"], audit_topic="x")
    create_async_engine(PG, connect_args={"async_creator_fn": make, "sslmode": "require", "foo": 1})
    create_async_engine(PG, connect_args={"target_session_attrs": "any", "krbsrvname": "x", "service": "y"})
    create_async_engine(PG, connect_args={"async_fallback": True})
    create_async_engine(PG, echo=True, future=True, pool_size=5, max_overflow=1, pool_use_lifo=True, encoding="x")
    create_async_engine(PG, skip_autocommit_rollback=True, native_inet_types=False, case_sensitive=True)
    create_async_engine(PG, _initialize=False)
    create_async_engine(url=PG, connect_args=ZERO)
    async_engine_from_config(configuration={"sqlalchemy.url": PG, "other.ssl": 1}, prefix="sqlalchemy.")
    create_async_engine(unknown, connect_args={"foo": 1}, nonsense=1)
    create_async_engine(PG if unknown else "sqlite+aiosqlite://", connect_args=ZERO if unknown else {})
    create_async_engine(PG, connect_args={"check_same_thread": False} if "sqlite" in unknown else {})
    create_async_engine(PG, connect_args={"isolation_level": None} if unknown.startswith("sqlite") and a != b else {})
    create_async_engine(PG, connect_args={"check_same_thread": False} if not (a or "sqlite" not in unknown) else {})
    create_engine("sqlite://?statement_cache_size=0")
    create_engine("postgresql+psycopg://db/a", connect_args={"timeout": 5, "foo": 1})
    create_engine("postgresql+psycopg://db/a", connect_args=unknown)
    create_engine("postgresql+psycopg://db/a", connect_args={**({"statement_cache_size": 0} if unknown else {})})
    create_engine("postgresql+psycopg://db/a", creator=make, connect_args=ZERO)
    create_engine(os.environ.get("URL", "sqlite://"), connect_args=ZERO)
    create_engine(unknown, connect_args=ZERO)
"""


@pytest.mark.parametrize(("code", "expected"), cases(REFUSED))
def test_refused(code: str, expected: str) -> None:
    (message,) = said(code)
    assert expected in message


@pytest.mark.parametrize("code", [line.strip() for line in SILENT.strip().splitlines()])
def test_silent(code: str) -> None:
    assert said(code) == []


# A caller's dict may have the key that the function removes, and no other part of the program gives it.
REMOVED = """
    def make(args=None):
        args = dict(args or {})
        with suppress(KeyError):
            del args["echo"]
        return create_async_engine(PG, connect_args={**args, **ZERO})

    def make(args):
        settings = dict(args["server_settings"])
        with suppress(KeyError):
            del settings["jit"]
        return create_async_engine(PG, connect_args={"server_settings": settings, **ZERO})
"""


@pytest.mark.parametrize("code", programs(REMOVED))
def test_a_key_that_is_removed_from_a_caller_s_dict(code: str) -> None:
    code = f"{HEAD}from contextlib import suppress\n{code}"
    found = check(Source.from_text("db.py", code), Deployment(pooler=PoolMode.TRANSACTION)).findings
    assert {finding.code for finding in found} <= {"PGB201"}


VERSIONS: list[tuple[str, dict[str, Any], str]] = [
    (
        'connect_args={"krbsrvname": "x"}',
        {"asyncpg": (0, 28)},
        "; remove it, or upgrade asyncpg from 0.28 to 0.30 or newer",
    ),
    ('connect_args={"krbsrvname": "x"}', {"asyncpg": Versions((0, 28))}, ""),
    ('connect_args={"krbsrvname": "x"}', {"asyncpg": (0, 30)}, ""),
    ('connect_args={"service": "x"}', {"asyncpg": (0, 30)}, "asyncpg's `service` in"),
    (
        'connect_args={"async_fallback": True}',
        {"sqlalchemy": (2, 1)},
        "; remove it, because SQLAlchemy 2.1 no longer accepts it",
    ),
    ('connect_args={"async_fallback": True}', {"sqlalchemy": (2, 0, 40)}, ""),
    ('encoding="utf-8"', {"sqlalchemy": (2, 0, 40)}, "remove it, because SQLAlchemy 2.0 no longer accepts it"),
    ('encoding="utf-8"', {"sqlalchemy": (1, 4, 54)}, ""),
    ("use_insertmanyvalues=True", {"sqlalchemy": (1, 4, 54)}, "or upgrade SQLAlchemy from 1.4.54 to 2.0 or newer"),
    ("skip_autocommit_rollback=True", {"sqlalchemy": (2, 0, 40)}, "upgrade SQLAlchemy from 2.0.40 to 2.0.43 or newer"),
]


@pytest.mark.parametrize(("argument", "versions", "expected"), VERSIONS)
def test_versions(argument: str, versions: dict[str, Any], expected: str) -> None:
    messages = said(f"create_async_engine(PG, {argument})", **versions)
    assert (len(messages), all(expected in one for one in messages)) == (1 if expected else 0, True)


def test_an_assumed_driver_is_only_told_of_slips() -> None:
    code = 'create_async_engine(unknown, connect_args={{"{}": 0}})'
    assert said(code.format("statment_cache_size"), assume_asyncpg=True)
    assert said(code.format("foo"), assume_asyncpg=True) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pool_sise", "pool_size"),
        ("POOL-SIZE", "pool_size"),
        ("server_settings", None),
        ("", None),
        ("connectargs", "connect_args"),
    ],
)
def test_nearest(name: str, expected: str | None) -> None:
    assert nearest(name, ENGINE) == expected
    assert nearest("hosts", CONNECT) == "host"


@pytest.mark.parametrize("key", ASYNCPG_KEYS)
def test_a_synchronous_file_with_a_key_of_asyncpg_is_read(key: str) -> None:
    program = "from sqlalchemy import create_engine\ncreate_engine('sqlite://', connect_args={{'{}': 0}})\n"
    assert needles.wanted(program.format(key).encode()) & needles.ENGINE
    assert not needles.wanted(program.format("check_same_thread").encode()) & needles.ENGINE
    report = check(Source.from_text(str(Path("db.py")), program.format(key)), Deployment())
    assert [finding.code for finding in report.findings if finding.code != "PGB010"] == ["PGB205"]
