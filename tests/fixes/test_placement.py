"""Where the keys are written: next to the other size, in the branch only for asyncpg's engine, in the creator."""

from __future__ import annotations

import pytest
from blocks import changes, programs

from poolsafe.checker import check
from poolsafe.edits.application import repair
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability, Finding
from poolsafe.source import Source

# ruff: noqa: E501 - a repaired line may be long

IMPORTS = """
import os
from functools import partial
import asyncpg
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
URL = "postgresql+asyncpg://app@db/app"
LITE = "sqlite+aiosqlite:///app.db"
url = os.environ.get("DATABASE_URL", URL)
"""
UNKNOWN = Deployment(PoolMode.TRANSACTION)


def findings(source: Source, deployment: Deployment = UNKNOWN) -> list[Finding]:
    # Some programs hand asyncpg's sizes to SQLite as well, which is a fault of its own.
    return [one for one in check(source, deployment).findings if one.code not in ("PGB201", "PGB205")]


def source_of(code: str) -> Source:
    source = Source.from_text("app.py", f"{IMPORTS}{code}\n")
    source.line_length = 300
    return source


def repaired(code: str, *, unsafe: bool = False) -> str:
    """Returns the fixed program without the imports; no finding about sizes is left."""
    accepted = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    source = source_of(code)
    result = repair(source, findings, lambda fix: fix.applicability in accepted)
    if result.source.text != source.text:
        assert findings(result.source) == []
        assert result.gone.total() == len(findings(source))
    return result.source.text[len(IMPORTS) :].rstrip("\n")


BESIDE = """
    args = {}
    if "pooler" in url:
        args["statement_cache_size"] = 0  # Supabase
    create_async_engine(URL, connect_args=args)
    # becomes
    args = {}
    if "pooler" in url:
        args["statement_cache_size"] = 0  # Supabase
        args["prepared_statement_cache_size"] = 0
    create_async_engine(URL, connect_args=args)

    args = {}
    if "pooler" in url: args['statement_cache_size'] = 0
    create_async_engine(URL, connect_args=args)
    # becomes
    args = {}
    if "pooler" in url: args['statement_cache_size'] = 0; args['prepared_statement_cache_size'] = 0
    create_async_engine(URL, connect_args=args)

    found = os.environ.get("DATABASE_URL", "postgresql://app@db/app")
    if found.startswith("postgresql://"):
        found = found.replace("postgresql://", "postgresql+asyncpg://", 1)
    args = {}
    if "supabase.com" in found or "pooler" in found:
        args["statement_cache_size"] = 0
    create_async_engine(found, connect_args=args)
    # becomes
    found = os.environ.get("DATABASE_URL", "postgresql://app@db/app")
    if found.startswith("postgresql://"):
        found = found.replace("postgresql://", "postgresql+asyncpg://", 1)
    args = {}
    if "supabase.com" in found or "pooler" in found:
        args["statement_cache_size"] = 0
        args["prepared_statement_cache_size"] = 0
    create_async_engine(found, connect_args=args)

    name = os.environ.get("DRIVER")
    args = {}
    if name == "asyncpg":
        args["statement_cache_size"] = 0
    create_async_engine(LITE if os.getenv("CI") else URL, connect_args=args)
    # becomes
    name = os.environ.get("DRIVER")
    args = {}
    if name == "asyncpg":
        args["statement_cache_size"] = 0
        args["prepared_statement_cache_size"] = 0
    create_async_engine(LITE if os.getenv("CI") else URL, connect_args=args)

    def args():
        return {"prepared_statement_cache_size": 0, "timeout": 5}
    create_async_engine(URL, **{"connect_args": args()})
    # becomes
    def args():
        return {"prepared_statement_cache_size": 0, "statement_cache_size": 0, "timeout": 5}
    create_async_engine(URL, **{"connect_args": args()})

    options = dict(connect_args=dict(statement_cache_size=0))
    create_async_engine(URL, **options)
    # becomes
    options = dict(connect_args=dict(statement_cache_size=0, prepared_statement_cache_size=0))
    create_async_engine(URL, **options)

    options = {"connect_args": {}}
    options["connect_args"]["statement_cache_size"] = 0
    create_async_engine(URL, **options)
    # becomes
    options = {"connect_args": {}}
    options["connect_args"]["statement_cache_size"] = 0
    options["connect_args"]["prepared_statement_cache_size"] = 0
    create_async_engine(URL, **options)

    args = {"timeout": 5}
    args.update(statement_cache_size=0)
    create_async_engine(URL, connect_args=args)
    # becomes
    args = {"timeout": 5}
    args.update(statement_cache_size=0, prepared_statement_cache_size=0)
    create_async_engine(URL, connect_args=args)

    create_async_engine(URL, connect_args={"statement_cache_size": 0, "timeout": 5})
    # becomes
    create_async_engine(URL, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0, "timeout": 5})

    create_async_engine(URL, connect_args={"prepared_statement_cache_size": 0, **{"ssl": False}})
    # becomes
    create_async_engine(URL, connect_args={"prepared_statement_cache_size": 0, **{"ssl": False}, "statement_cache_size": 0})

    args = {
        # Behind PgBouncer.
        "statement_cache_size": 0,
        "timeout": 5,
    }
    create_async_engine(URL, connect_args=args)
    # becomes
    args = {
        # Behind PgBouncer.
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "timeout": 5,
    }
    create_async_engine(URL, connect_args=args)

    args = {"timeout": 5}
    args |= {"statement_cache_size": 0}
    create_async_engine(URL, connect_args=args)
    # becomes
    args = {"timeout": 5}
    args |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    create_async_engine(URL, connect_args=args)

    args = {"timeout": 5}
    args.setdefault("statement_cache_size", 0)
    create_async_engine(URL, connect_args=args)
    # becomes
    args = {"timeout": 5}
    args.setdefault("statement_cache_size", 0)
    args.setdefault("prepared_statement_cache_size", 0)
    create_async_engine(URL, connect_args=args)

    def args(url):
        found = {}
        if url.startswith("postgresql+asyncpg"):
            found["statement_cache_size"] = 0
        return found
    for each in (URL, LITE):
        create_async_engine(each, connect_args=args(each))
    # becomes
    def args(url):
        found = {}
        if url.startswith("postgresql+asyncpg"):
            found["statement_cache_size"] = 0
            found["prepared_statement_cache_size"] = 0
        return found
    for each in (URL, LITE):
        create_async_engine(each, connect_args=args(each))
"""


@pytest.mark.parametrize(("before", "wanted"), changes(BESIDE))
def test_the_missing_key_is_written_beside_the_other(before: str, wanted: str) -> None:
    assert repaired(before) == wanted.rstrip()


AT_THE_CALL = """
    args = {"statement_cache_size": 0}
    print(args)
    create_async_engine(URL, connect_args=args)

    args = {"statement_cache_size": 0}
    async def probe():
        await asyncpg.connect(**args)
    create_async_engine(URL, connect_args=args)

    args = {"statement_cache_size": 0}
    if "prepared_statement_cache_size" in args:
        raise SystemExit
    create_async_engine(URL, connect_args=args)

    args = {"statement_cache_size": 0}
    if "prepared_statement_cache_size" in str(args):
        raise SystemExit
    create_async_engine(URL, connect_args=args)

    args = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    del args["prepared_statement_cache_size"]
    create_async_engine(URL, connect_args=args)

    args = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    args.pop("prepared_statement_cache_size")
    create_async_engine(URL, connect_args=args)

    args = {"statement_cache_size": 0}
    create_engine("sqlite:///app.db", connect_args=args)
    create_async_engine(URL, connect_args=args)

    args = {}
    if os.getenv("A"):
        args["statement_cache_size"] = 0
    else:
        args["statement_cache_size"] = 0
    create_async_engine(URL, connect_args=args)

    class Driver:
        @property
        def args(self):
            return {"statement_cache_size": 0}
    args = Driver().args
    if args:
        print("quiet")
    create_async_engine(URL, connect_args=args)

    def quiet(given):
        given["statement_cache_size"] = 0
    args = {key: 0 for key in ["statement_cache_size"]}
    if os.getenv("A"):
        quiet(args)
    create_async_engine(URL, connect_args=args)

    def quiet(given):
        given["statement_cache_size"] = 0
    args = {"statement_cache_size": 0}
    if os.getenv("A"):
        quiet(args)
    create_async_engine(URL, connect_args=args)
"""


@pytest.mark.parametrize("code", programs(AT_THE_CALL))
def test_a_dict_that_others_read_is_extended_at_the_call(code: str) -> None:
    assert repaired(code) == code.replace("connect_args=args)", "\0").replace(
        "create_async_engine(URL, \0",
        'create_async_engine(URL, connect_args={**args, "prepared_statement_cache_size": 0})',
    ).replace("\0", "connect_args=args)")


FOR_ASYNCPG_ALONE = """
    options = {"connect_args": {"timeout": 5}}
    create_async_engine(URL, **options)
    # becomes
    options = {"connect_args": {"timeout": 5, SIZES}}
    create_async_engine(URL, **options)

    options = {"pool_pre_ping": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    else:
        options["pool_size"] = 5
    create_async_engine(url, **options)
    # becomes
    options = {"pool_pre_ping": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    else:
        options["pool_size"] = 5
        options["connect_args"] = {SIZES}
    create_async_engine(url, **options)

    create_async_engine(url, connect_args={"check_same_thread": False} if "sqlite" in url else {})
    # becomes
    create_async_engine(url, connect_args={"check_same_thread": False} if "sqlite" in url else {SIZES})

    args = {"check_same_thread": False} if "sqlite" in url else {"timeout": 5}
    create_async_engine(url, connect_args=args)
    # becomes
    args = {"check_same_thread": False} if "sqlite" in url else {"timeout": 5, SIZES}
    create_async_engine(url, connect_args=args)

    def options(url):
        if url.startswith("sqlite"):
            return {"connect_args": {"check_same_thread": False}}
        return dict(pool_size=5)
    for each in (URL, LITE):
        create_async_engine(each, **options(each))
    # becomes
    def options(url):
        if url.startswith("sqlite"):
            return {"connect_args": {"check_same_thread": False}}
        return dict(pool_size=5, connect_args={SIZES})
    for each in (URL, LITE):
        create_async_engine(each, **options(each))

    options = {}
    if "sqlite" not in url:
        options.update(pool_size=5)
    create_async_engine(url, **options)
    # becomes
    options = {}
    if "sqlite" not in url:
        options.update(pool_size=5, connect_args={SIZES})
    create_async_engine(url, **options)

    options = {}
    if "sqlite" not in url:
        options |= {"pool_size": 5}
    create_async_engine(url, **options)
    # becomes
    options = {}
    if "sqlite" not in url:
        options |= {"pool_size": 5, "connect_args": {SIZES}}
    create_async_engine(url, **options)

    options = {}
    if "sqlite" not in url:
        options.setdefault("pool_size", 5)
    create_async_engine(url, **options)
    # becomes
    options = {}
    if "sqlite" not in url:
        options.setdefault("pool_size", 5)
        options.setdefault("connect_args", {SIZES})
    create_async_engine(url, **options)

    def make(provider):
        args = {}
        if provider == "postgres":
            args["server_settings"] = {"application_name": "a"}
        return create_async_engine(URL if provider == "postgres" else LITE, connect_args=args)
    # becomes
    def make(provider):
        args = {}
        if provider == "postgres":
            args["server_settings"] = {"application_name": "a"}
            args["statement_cache_size"] = 0
            args["prepared_statement_cache_size"] = 0
        return create_async_engine(URL if provider == "postgres" else LITE, connect_args=args)

    args = {"server_settings": {"application_name": "a"}}
    create_async_engine(url, connect_args=args)
    # becomes
    args = {"server_settings": {"application_name": "a"}, SIZES}
    create_async_engine(url, connect_args=args)
"""
SIZES = '"statement_cache_size": 0, "prepared_statement_cache_size": 0'


@pytest.mark.parametrize(("before", "wanted"), changes(FOR_ASYNCPG_ALONE.replace("SIZES", SIZES)))
def test_the_keys_are_written_where_asyncpg_alone_gets_them(before: str, wanted: str) -> None:
    assert repaired(before) == wanted.rstrip()


HELD = """
    def database_url():
        found = os.getenv("DATABASE_URL")
        if found:
            return found
        return f"sqlite+aiosqlite:///{os.getenv('FILE')}" if os.getenv("LITE") else URL
    def is_lite(url):
        return url.startswith("sqlite") or ":memory:" in url
    found = database_url()
    lite = is_lite(found)
    ours = {"server_settings": {"application_name": "app"}, "timeout": 10}
    others = {"timeout": 60}
    create_async_engine(found, connect_args=ours if not lite else others)
    # becomes
    def database_url():
        found = os.getenv("DATABASE_URL")
        if found:
            return found
        return f"sqlite+aiosqlite:///{os.getenv('FILE')}" if os.getenv("LITE") else URL
    def is_lite(url):
        return url.startswith("sqlite") or ":memory:" in url
    found = database_url()
    lite = is_lite(found)
    ours = {"server_settings": {"application_name": "app"}, "timeout": 10, SIZES}
    others = {"timeout": 60}
    create_async_engine(found, connect_args=ours if not lite else others)
"""


@pytest.mark.parametrize(("before", "wanted"), changes(HELD.replace("SIZES", SIZES)))
def test_a_dict_that_only_asyncpg_can_get_is_extended_where_it_stands(before: str, wanted: str) -> None:
    assert repaired(before) == wanted.rstrip()


REFUSED = """
    for each in (URL, LITE):
        create_async_engine(each, connect_args={"command_timeout": 300})
    # becomes
    for each in (URL, LITE):
        create_async_engine(each, connect_args={"command_timeout": 300, SIZES})
"""


@pytest.mark.parametrize(("before", "wanted"), changes(REFUSED.replace("SIZES", SIZES)))
def test_a_dict_that_another_driver_refuses_already_is_extended_unsafely(before: str, wanted: str) -> None:
    assert repaired(before) == before.rstrip()
    assert repaired(before, unsafe=True) == wanted.rstrip()


LEFT = """
    for each in (URL, LITE):
        create_async_engine(each, connect_args={"command_timeout": 300})

    # A limit that is not set leaves asyncpg without the key.
    args = {}
    limit = os.getenv("LIMIT")
    if limit and "asyncpg" in url:
        args["server_settings"] = {"idle_in_transaction_session_timeout": limit}
    create_async_engine(url, connect_args=args)

    options = {}
    if "sqlite" not in url:
        options["pool_size"] = 5
    print(options)
    create_async_engine(url, **options)

    options = {}
    if "sqlite" not in url:
        options["pool_size"] = 5
    options.pop("connect_args", None)
    create_async_engine(url, **options)

    options = {}
    if "sqlite" not in url:
        options["pool_size"] = 5
    create_engine("sqlite:///app.db", **options)
    create_async_engine(url, **options)

    sizes = {"pool_size": 5}
    options = {}
    if "sqlite" not in url:
        options["pool_size"] = sizes["pool_size"]
    create_async_engine(url, **options)

    def connect(url):
        options = {"pool_size": 5}
        if url.startswith("sqlite"):
            options.pop("pool_size")
        return create_async_engine(url, **options)
    connect(URL)
    connect(LITE)

    def connect(url):
        options = dict(pool_size=5)
        if url.startswith("sqlite"):
            del options["pool_size"]
        return create_async_engine(url, **options)
    connect(URL)
    connect(LITE)

    def connect(url):
        options = {"pool_size": 5, "echo": True}
        if url.startswith("sqlite"):
            options = {key: options[key] for key in options if not key.startswith("pool")}
        return create_async_engine(url, **options)
    connect(URL)
    connect(LITE)
"""


REPLACED = """
    options = {}
    if os.getenv("A"):
        options["connect_args"] = {"command_timeout": 30}
    options["echo"] = True
    create_async_engine(URL, **options)

    options = {"echo": True}
    if os.getenv("A"):
        options["connect_args"] = {"command_timeout": 30}
    create_async_engine(URL, **{**options, "pool_size": 5})

    options = {"echo": True}
    more = {"pool_size": 5}
    if os.getenv("A"):
        options["connect_args"] = {"command_timeout": 30}
    create_async_engine(URL, **{**options, **more})
"""


@pytest.mark.parametrize("code", programs(REPLACED))
def test_no_safe_fix_replaces_the_connect_args_of_another_path(code: str) -> None:
    assert repaired(code) == code


BEFORE_OTHERS = """
    options = {"echo": True}
    if os.getenv("A"):
        options["connect_args"] = {"command_timeout": 30}
    options["pool_size"] = 5
    create_async_engine(URL, **options)
    # becomes
    options = {"echo": True, "connect_args": {"statement_cache_size": 0, "prepared_statement_cache_size": 0}}
    if os.getenv("A"):
        options["connect_args"] = {"command_timeout": 30, "statement_cache_size": 0, "prepared_statement_cache_size": 0}
    options["pool_size"] = 5
    create_async_engine(URL, **options)
"""


@pytest.mark.parametrize(("before", "wanted"), changes(BEFORE_OTHERS))
def test_connect_args_are_added_where_those_of_other_paths_replace_them(before: str, wanted: str) -> None:
    assert f"{repaired(before)}\n" == wanted


@pytest.mark.parametrize("code", programs(LEFT))
def test_nothing_is_safe_where_another_driver_or_other_code_may_get_it(code: str) -> None:
    assert repaired(code) == code


FOR_THE_DRIVER_OF_ANOTHER_URL = """
    args = {"ssl": None} if "mysql" in url else {"statement_cache_size": 0}
    create_async_engine(URL, **{"connect_args": args})

    args = {}
    if "mysql" not in url:
        args["statement_cache_size"] = 0
    create_async_engine(os.environ.get("REPLICA", URL), **{"connect_args": args})

    create_async_engine(url, connect_args={} if "mysql" in url else {"statement_cache_size": 0, "prepared_statement_cache_size": 0})
    args = {"statement_cache_size": 0} if "/app" in url else {"ssl": False}
    create_async_engine(URL, **{"connect_args": args})
"""


@pytest.mark.parametrize("code", programs(FOR_THE_DRIVER_OF_ANOTHER_URL))
def test_no_safe_fix_leaves_out_the_paths_where_another_url_has_another_driver(code: str) -> None:
    assert repaired(code) == code
    assert "prepared_statement_cache_size" in repaired(code, unsafe=True)


IN_A_NEW_BRANCH = """
    options = {"echo": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    create_async_engine(url, **options)
    # becomes
    options = {"echo": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    else:
        options["connect_args"] = {SIZES}
    create_async_engine(url, **options)

    args = {}
    if "sqlite" in url:
        args["check_same_thread"] = False  # a comment
    create_async_engine(url, connect_args=args)
    # becomes
    args = {}
    if "sqlite" in url:
        args["check_same_thread"] = False  # a comment
    else:
        args["statement_cache_size"] = 0
        args["prepared_statement_cache_size"] = 0
    create_async_engine(url, connect_args=args)

    for each in (URL, LITE):
        args = dict(timeout=5)
        if each.startswith("sqlite"):
          args["check_same_thread"] = False
        create_async_engine(each, connect_args=args)
    # becomes
    for each in (URL, LITE):
        args = dict(timeout=5)
        if each.startswith("sqlite"):
          args["check_same_thread"] = False
        else:
          args["statement_cache_size"] = 0
          args["prepared_statement_cache_size"] = 0
        create_async_engine(each, connect_args=args)
"""


@pytest.mark.parametrize(("before", "wanted"), changes(IN_A_NEW_BRANCH.replace("SIZES", SIZES)))
def test_the_driver_that_the_code_tells_gets_a_branch_of_its_own(before: str, wanted: str) -> None:
    assert repaired(before) == wanted.rstrip()


IN_AN_UNSAFE_BRANCH = """
    # The URL may also be MySQL's.
    options = {"echo": url.startswith("mysql")}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    create_async_engine(url, **options)

    # The second engine would keep what the first one got.
    args = {}
    for each in (URL, LITE):
        if "sqlite" in each:
            args["check_same_thread"] = False
        create_async_engine(each, connect_args=args)

    args = {}
    def make(url):
        if "sqlite" in url:
            args["check_same_thread"] = False
        return create_async_engine(url, connect_args=args)
    make(URL)
    make(LITE)

    shared = {}
    def make(url):
        args = shared
        if "sqlite" in url:
            args["check_same_thread"] = False
        return create_async_engine(url, connect_args=args)
    make(URL)
    make(LITE)

    # SQLite's engine may miss the body.
    args = {}
    if "sqlite" in url and os.getenv("THREADS"):
        args["check_same_thread"] = False
    create_async_engine(url, connect_args=args)

    # Other code reads the dict.
    args = {}
    if "sqlite" in url:
        args["check_same_thread"] = False
    print(args)
    create_async_engine(url, connect_args=args)

    options = {"echo": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    create_engine(url.replace("+asyncpg", "+psycopg").replace("+aiosqlite", ""), **options)
    create_async_engine(url, **options)
"""


@pytest.mark.parametrize("code", programs(IN_AN_UNSAFE_BRANCH))
def test_a_new_branch_is_unsafe_if_another_engine_may_get_what_is_written_there(code: str) -> None:
    assert repaired(code) == code
    assert "else:" in repaired(code, unsafe=True)


NO_BRANCH = """
    # The other branch is there.
    options = {}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    elif url.startswith("mysql"):
        options["connect_args"] = {"charset": "utf8"}
    create_async_engine(url, **options)

    # The `if` is not always passed.
    args = {}
    if os.getenv("LOCAL"):
        if "sqlite" in url:
            args["check_same_thread"] = False
    create_async_engine(url, connect_args=args)

    # The condition is not one of the call's function.
    options = {}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    def make():
        return create_async_engine(url, **options)
    make()

    # Both get the same dict.
    args = {}
    if os.getenv("DEBUG"):
        args["timeout"] = 5
    for each in (URL, LITE):
        create_async_engine(each, connect_args=args)

    # What is set is nothing of this engine's.
    other = {}
    if url.startswith("sqlite"):
        other["connect_args"] = {"check_same_thread": False}
    create_async_engine("sqlite+aiosqlite://", **other)
    for each in (URL, LITE):
        create_async_engine(each)
"""


@pytest.mark.parametrize("code", programs(NO_BRANCH))
def test_no_branch_is_added(code: str) -> None:
    assert "else:" not in repaired(code, unsafe=True)


UNDER_THE_CONDITION = """
    pool_size = 1 if url.startswith("sqlite") else 5
    create_async_engine(url, pool_size=pool_size)
    # becomes
    pool_size = 1 if url.startswith("sqlite") else 5
    create_async_engine(url, pool_size=pool_size, connect_args={} if url.startswith("sqlite") else {SIZES})

    is_sqlite = "sqlite" in url
    create_async_engine(url, pool_size=1 if is_sqlite else 5, connect_args={"timeout": 5})
    # becomes
    is_sqlite = "sqlite" in url
    create_async_engine(url, pool_size=1 if is_sqlite else 5, connect_args={"timeout": 5, **({} if is_sqlite else {SIZES})})

    # The name means another test at the call.
    is_sqlite = "sqlite" in url
    if os.getenv("OTHER"):
        is_sqlite = False
    create_async_engine(url)
    # becomes
    is_sqlite = "sqlite" in url
    if os.getenv("OTHER"):
        is_sqlite = False
    create_async_engine(url, connect_args={} if "sqlite" in url else {SIZES})

    for each in (URL, LITE):
        if "asyncpg" in each:
            print("PostgreSQL")
        create_async_engine(each)
    # becomes
    for each in (URL, LITE):
        if "asyncpg" in each:
            print("PostgreSQL")
        create_async_engine(each, connect_args={SIZES} if "asyncpg" in each else {})

    args = {}
    for each in (URL, LITE):
        print(args, each.startswith("sqlite"))
        create_async_engine(each, connect_args=args)
    # becomes
    args = {}
    for each in (URL, LITE):
        print(args, each.startswith("sqlite"))
        create_async_engine(each, connect_args={**args, **({} if each.startswith("sqlite") else {SIZES})})

    testing = os.getenv("TESTING")
    create_async_engine(LITE if testing else URL)
    # becomes
    testing = os.getenv("TESTING")
    create_async_engine(LITE if testing else URL, connect_args={} if testing else {SIZES})

    def make(kind):
        if kind == "server":
            found = URL
        else:
            found = LITE
        return create_async_engine(found)
    # becomes
    def make(kind):
        if kind == "server":
            found = URL
        else:
            found = LITE
        return create_async_engine(found, connect_args={SIZES} if kind == "server" else {})

    def other(settings):
        settings = None
    def make(settings):
        if settings.sqlite:
            found = f"sqlite+aiosqlite:///{settings.sqlite}"
        else:
            found = f"postgresql+asyncpg://app@{settings.host}/app"
        return create_async_engine(found)
    make(unknown)
    # becomes
    def other(settings):
        settings = None
    def make(settings):
        if settings.sqlite:
            found = f"sqlite+aiosqlite:///{settings.sqlite}"
        else:
            found = f"postgresql+asyncpg://app@{settings.host}/app"
        return create_async_engine(found, connect_args={} if settings.sqlite else {SIZES})
    make(unknown)

    def make(server):
        return create_async_engine(LITE if not server else URL)
    # becomes
    def make(server):
        return create_async_engine(LITE if not server else URL, connect_args={SIZES} if server else {})

    class Database:
        def __init__(self, kind, host):
            self.kind = kind
            if self.kind == "server" and host:
                found = f"postgresql+asyncpg://app@{host}/app"
            elif self.kind == "mysql":
                found = "mysql://db/app".replace("mysql://", "mysql+asyncmy://")
            else:
                found = f"sqlite+aiosqlite:///{kind}.db"
            self.engine = create_async_engine(found)
    # becomes
    class Database:
        def __init__(self, kind, host):
            self.kind = kind
            if self.kind == "server" and host:
                found = f"postgresql+asyncpg://app@{host}/app"
            elif self.kind == "mysql":
                found = "mysql://db/app".replace("mysql://", "mysql+asyncmy://")
            else:
                found = f"sqlite+aiosqlite:///{kind}.db"
            self.engine = create_async_engine(found, connect_args={SIZES} if self.kind == "server" and host else {})

    from settings import KIND
    def choose():
        return LITE if KIND == "file" else URL
    def make(found):
        return create_async_engine(found)
    make(choose())
    # becomes
    from settings import KIND
    def choose():
        return LITE if KIND == "file" else URL
    def make(found):
        return create_async_engine(found, connect_args={} if KIND == "file" else {SIZES})
    make(choose())
"""


@pytest.mark.parametrize(("before", "wanted"), changes(UNDER_THE_CONDITION.replace("SIZES", SIZES)))
def test_what_tells_the_driver_is_asked_at_the_call_unsafely(before: str, wanted: str) -> None:
    assert repaired(before) == before.rstrip()
    assert repaired(before, unsafe=True) == wanted.rstrip()


NO_CONDITION = """
    # It is true for another driver as well.
    for each in (URL, "postgresql+psycopg://db/app"):
        print("postgres" in each)
        create_async_engine(each)

    # It is false for another one.
    for each in (URL, LITE, "mysql+asyncmy://db/app"):
        print("sqlite" in each)
        create_async_engine(each)

    # It is asked of another URL.
    for each in (URL, LITE):
        print("sqlite" in url)
        create_async_engine(each)

    # It has an effect, or may have changed.
    create_async_engine(LITE if next(flags) else URL)

    testing = os.getenv("TESTING")
    found = LITE if testing else URL
    testing = None
    create_async_engine(found)

    # The setting changes before the call.
    def make(settings):
        if settings.sqlite:
            found = f"sqlite+aiosqlite:///{settings.sqlite}"
        else:
            found = f"postgresql+asyncpg://app@{settings.host}/app"
        settings.sqlite = None
        return create_async_engine(found)
    make(unknown)

    # It is not known at the call.
    def choose(testing):
        return LITE if testing else URL
    create_async_engine(choose(unknown))

    def choose():
        from settings import KIND
        return LITE if KIND == "file" else URL
    create_async_engine(choose())

    # Other tests have failed before it.
    def make(kind):
        if kind == "file":
            found = "sqlite+aiosqlite:///app.db"
        elif kind == "server":
            found = "postgresql+asyncpg://app@db/app"
        else:
            found = "mysql+asyncmy://db/app"
        return create_async_engine(found)

    # The attribute changes before the call.
    class Database:
        def __init__(self, kind):
            self.kind = kind
            if self.kind == "server":
                found = "postgresql+asyncpg://app@db/app"
            else:
                found = "sqlite+aiosqlite:///app.db"
            self.kind = "made"
            self.engine = create_async_engine(found)
"""


@pytest.mark.parametrize("code", programs(NO_CONDITION))
def test_nothing_is_asked_that_does_not_tell_the_driver_at_the_call(code: str) -> None:
    assert repaired(code, unsafe=True) == code


CREATORS = """
    create_async_engine(URL, async_creator=partial(asyncpg.connect, "postgresql://db", timeout=5))
    # becomes
    create_async_engine(URL, async_creator=partial(asyncpg.connect, "postgresql://db", timeout=5, statement_cache_size=0))

    connect = partial(asyncpg.connect, "postgresql://db", statement_cache_size=9)
    create_async_engine(URL, async_creator=connect)
    # becomes
    connect = partial(asyncpg.connect, "postgresql://db", statement_cache_size=0)
    create_async_engine(URL, async_creator=connect)

    from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
    from sqlalchemy.util import await_only
    def connect():
        made = await_only(connector.connect_async("p:r:i", "asyncpg", user="u"))
        return AsyncAdapt_asyncpg_connection(dbapi, made, prepared_statement_cache_size=100)
    create_async_engine(URL, creator=connect)
    # becomes
    from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
    from sqlalchemy.util import await_only
    def connect():
        made = await_only(connector.connect_async("p:r:i", "asyncpg", user="u", statement_cache_size=0))
        return AsyncAdapt_asyncpg_connection(dbapi, made, prepared_statement_cache_size=0)
    create_async_engine(URL, creator=connect)

    create_async_engine(URL, async_creator=lambda: connector.connect_async("p:r:i", driver="asyncpg"))
    # becomes
    create_async_engine(URL, async_creator=lambda: connector.connect_async("p:r:i", driver="asyncpg", statement_cache_size=0))
"""


@pytest.mark.parametrize(("before", "wanted"), changes(CREATORS))
def test_the_size_of_a_creator_is_written_into_the_call_that_connects(before: str, wanted: str) -> None:
    assert repaired(before) == wanted.rstrip()


def test_a_fix_in_a_branch_keeps_the_line_length() -> None:
    source = source_of(
        "options = {}\nif 'sqlite' not in url:\n    options['pool_size'] = 5\ncreate_async_engine(url, **options)"
    )
    source.line_length = 60
    text = repair(source, findings, lambda fix: True).source.text
    assert (
        """    options['connect_args'] = {
        'statement_cache_size': 0,
        'prepared_statement_cache_size': 0,
    }
"""
        in text
    )


def test_two_dicts_on_one_line_are_laid_out_together() -> None:
    source = source_of('options = {"connect_args": {} if os.getenv("A") else {}}\ncreate_async_engine(URL, **options)')
    source.line_length = 88
    text = repair(source, findings, lambda fix: True).source.text
    assert (
        """options = {
    "connect_args": (
        {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
        if os.getenv("A")
        else {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    ),
}
"""
        in text
    )


OLD = Deployment(PoolMode.TRANSACTION, asyncpg=(0, 30, 0), sqlalchemy=(2, 0, 40))
NAME = '"prepared_statement_name_func": lambda: ""'
NAMED = [
    ("create_async_engine(URL)", f"create_async_engine(URL, connect_args={{{SIZES}, {NAME}}})"),
    (
        'create_async_engine(URL, connect_args={"statement_cache_size": 0})',
        f"create_async_engine(URL, connect_args={{{SIZES}, {NAME}}})",
    ),
    (
        'create_async_engine(URL, connect_args={"statement_cache_size": 9})',
        f"create_async_engine(URL, connect_args={{{SIZES}, {NAME}}})",
    ),
    (
        'create_async_engine(URL, connect_args={"statement_cache_size": 9, "prepared_statement_cache_size": 9})',
        f"create_async_engine(URL, connect_args={{{SIZES}, {NAME}}})",
    ),
    ("create_async_engine(URL, statement_cache_size=0)", f"create_async_engine(URL, connect_args={{{SIZES}, {NAME}}})"),
    (
        f"create_async_engine(URL, connect_args={{{SIZES}}})",
        f"create_async_engine(URL, connect_args={{{SIZES}, {NAME}}})",
    ),
]


def in_order(text: str) -> list[str]:
    return sorted(text.replace("{", ", ").replace("}", ", ").split(", "))


@pytest.mark.parametrize(("before", "wanted"), NAMED)
def test_an_old_asyncpg_gets_the_empty_name_with_the_zeros(before: str, wanted: str) -> None:
    source = source_of(before)
    first, *others = findings(source, OLD)
    assert not others
    assert first.fix is not None
    assert '`prepared_statement_name_func=lambda: ""`' in first.message
    assert "an empty `prepared_statement_name_func`" in first.fix.message
    result = repair(source, lambda one: findings(one, OLD), lambda fix: fix.applicability is Applicability.SAFE)
    assert in_order(result.source.text[len(IMPORTS) :].strip()) == in_order(wanted)
    assert result.rounds == 1
    assert findings(result.source, OLD) == []


def test_without_an_empty_name_what_is_left_is_found_beforehand() -> None:
    deployment = Deployment(PoolMode.TRANSACTION, asyncpg=(0, 30, 0))
    for code in ("create_async_engine(URL)", 'create_async_engine(URL, connect_args={"statement_cache_size": 0})'):
        sizes, names = findings(source_of(code), deployment)
        assert not sizes.message.endswith("asyncpg >= 0.31")
        assert sizes.fix is not None
        assert "name_func" not in sizes.fix.message
        assert names.code == "PGB106"
        assert names.message.endswith("; use asyncpg >= 0.31")
        assert names.fix is None
