"""Generates programs that create connections and pools with asyncpg, psycopg, and libraries on asyncpg.

The dicts, their aliases and the functions around them are those of the engines' programs; what is called with them is
chosen here. In a program for psycopg the threshold stands where the others have asyncpg's cache size.
"""

from __future__ import annotations

from collections.abc import Callable

from . import dicts, engines, urls
from .draft import Draft, Lines, Scope, block

ASYNCPG, PSYCOPG, WRAPPED, ORMAR = "asyncpg", "psycopg", "wrapped", "ormar"
WORLDS = ((6, ASYNCPG), (4, PSYCOPG), (4, WRAPPED), (2, ORMAR))
# asyncpg refuses SQLAlchemy's size, and psycopg both: a program gives it now and then, and else what is accepted.
_RENAMED = {
    ASYNCPG: {dicts.PREPARED: "max_cached_statement_lifetime"},
    WRAPPED: {dicts.PREPARED: "max_cached_statement_lifetime", "check_same_thread": "direct_tls"},
    PSYCOPG: {
        dicts.PREPARED: "autocommit",
        dicts.STATEMENT: "prepare_threshold",
        "command_timeout": "keepalives_idle",
        "check_same_thread": "keepalives",
        "timeout": "connect_timeout",
    },
}
# A URL without SQLAlchemy is asked for its database, and not for a driver.
_PLAIN = {"postgresql+asyncpg": "postgresql", '"asyncpg"': '"postgresql"'}
URL = "postgresql://app@db/app"
SQLITE = "sqlite:///app.db"
FROM_ENVIRONMENT = f'os.environ.get("{urls.VARIABLE}", "{URL}")'


def scenario(draft: Draft) -> Lines:
    """One piece of the program that makes a connection or a pool, mostly one."""
    return draft.choices.weighted(_SCENARIOS)(draft)


def renamed(draft: Draft, text: str) -> str:
    """The text with the keys of the program's own library in place of those of an engine."""
    keys = _RENAMED[draft.world]
    if draft.world == ASYNCPG and draft.choices.chance(15):
        keys = {}
    for old, new in {**keys, **_PLAIN}.items():
        text = text.replace(old, new)
    return text


# --- URLs ---


def _plain(draft: Draft) -> tuple[str, bool]:
    return f'"{URL}"', False


def _with_query(draft: Draft) -> tuple[str, bool]:
    query = draft.choices.one(
        ("statement_cache_size=0", "application_name=app", "sslmode=require", "search_path=app", "prepare_threshold=0")
    )
    return f'"{URL}?{query}"', False


def _interpolated(draft: Draft) -> tuple[str, bool]:
    return urls.interpolated(draft, "postgresql"), False


def _replaced(draft: Draft) -> tuple[str, bool]:
    return draft.choices.one(
        (
            '"postgresql+psycopg2://app@db/app".replace("+psycopg2", "")',
            '"postgresql" + "://app@db/app"',
            '"postgres://app@db/app".replace("postgres://", "postgresql://", 1)',
        )
    ), False


def _from_environment(draft: Draft) -> tuple[str, bool]:
    if not draft.override(urls.VARIABLE, "postgresql://app@replica/app"):
        return _plain(draft)
    return FROM_ENVIRONMENT, False


def _of_another_database(draft: Draft) -> tuple[str, bool]:
    return (f'"{SQLITE}"' if draft.world == WRAPPED else f'"{URL}"'), False


def url_forms(draft: Draft) -> tuple[tuple[int, urls.Form], ...]:
    """The forms of the program's URLs. ormar's engine is SQLAlchemy's: its URLs and keys are those of engines."""
    return () if draft.world == ORMAR else _URL_FORMS


_URL_FORMS = (
    (14, _plain),
    (2, _with_query),
    (4, _interpolated),
    (3, _replaced),
    (5, _from_environment),
    (2, _of_another_database),
)


# --- calls ---


def call(scope: Scope) -> str:
    """An expression that makes a connection or a pool out of what is in reach."""
    return {ASYNCPG: _of_asyncpg, PSYCOPG: _of_psycopg, WRAPPED: _of_wrapper, ORMAR: _of_ormar}[scope.draft.world](
        scope
    )


def _mapping(scope: Scope) -> str:
    """An expression for a dict of the driver's keywords."""
    choices = scope.choices
    known = [*scope.args, *(f'{name}["connect_args"]' for name, has in scope.options.items() if has)]
    known += [f'{name}.get("connect_args", {{}})' for name in scope.options]
    if not known or choices.chance(8):
        return dicts.args(scope)
    name = choices.one(known)
    return choices.weighted(
        ((10, name), (2, f"dict({name})"), (2, f"{{**{name}}}"), (1, f'{{**{name}, "timeout": 5}}'))
    )


def _keywords(scope: Scope) -> list[str]:
    """The driver's keywords, as arguments of a call."""
    choices = scope.choices
    form = choices.weighted(((10, "spread"), (4, "literal"), (2, "none"), (2, "both")))
    literal = f"{dicts.STATEMENT}={dicts.size(scope.draft)}"
    if form == "literal":
        return [literal]
    if form == "none":
        return []
    spread = f"**{_mapping(scope)}"
    # Both may give one key, which is a TypeError.
    return [literal, spread] if form == "both" and choices.chance(40) else [spread]


def _of_asyncpg(scope: Scope) -> str:
    draft, choices = scope.draft, scope.choices
    function = choices.weighted(((8, _asyncpg_function), (3, _opener), (2, _partial)))(draft)
    url = scope.url if choices.chance(70) or function.startswith("open") else f"dsn={scope.url}"
    more = [choices.one(('server_settings={"jit": "off"}', "pool_size=3", "timeout=5"))] if choices.chance(8) else []
    return engines.written_call(draft, function, [url, *more, *_keywords(scope)])


def _asyncpg_function(draft: Draft) -> str:
    form = draft.choices.weighted(((12, "module"), (4, "name"), (2, "renamed"), (1, "inner")))
    name = draft.choices.one(("connect", "create_pool"))
    if form == "module":
        return f"{draft.use_module('asyncpg')}.{draft.choices.weighted(((9, name), (1, 'Pool')))}"
    if form == "name":
        return draft.use("asyncpg", name)
    if form == "renamed":
        draft.use("asyncpg", f"{name} as make_{name}")
        return f"make_{name}"
    return draft.use("asyncpg.pool", "create_pool")


def _opener(draft: Draft) -> str:
    """A function of the program that makes the connection."""

    def lines(name: str) -> Lines:
        function = _asyncpg_function(draft)
        return draft.choices.made(
            lambda: block(f"def {name}(url, **options):", [f"return {function}(url, **options)"]),
            lambda: block(f"def {name}(*positional, **options):", [f"return {function}(*positional, **options)"]),
            lambda: block(
                f"def {name}(url, **options):",
                [f'options.setdefault("{dicts.STATEMENT}", 0)', f"return {function}(url, **options)"],
            ),
            lambda: block(
                f"def {name}(url, {dicts.STATEMENT}=0, **options):",
                [f"return {function}(url, {dicts.STATEMENT}={dicts.STATEMENT}, **options)"],
            ),
        )

    return draft.helper("opener", "open_connection", "open_pool", lines=lines)


def _partial(draft: Draft) -> str:
    def lines(name: str) -> Lines:
        items = draft.choices.one(("", ", timeout=5", f", {dicts.STATEMENT}=0", f", **{dicts.off(draft)}"))
        return [f"{name} = {draft.use('functools', 'partial')}({_asyncpg_function(draft)}{items})"]

    return draft.helper("partial", "connected", "default_connection", lines=lines)


def _of_psycopg(scope: Scope) -> str:
    draft, choices = scope.draft, scope.choices
    form = choices.weighted(((5, "connect"), (4, "pool"), (3, "engine")))
    if form == "connect":
        module = draft.use_module("psycopg")
        function = choices.one(
            (f"{module}.connect", f"{module}.Connection.connect", f"{module}.AsyncConnection.connect")
        )
        return engines.written_call(draft, function, [scope.url, *_keywords(scope)])
    if form == "pool":
        pool = draft.use("psycopg_pool", choices.one(("ConnectionPool", "AsyncConnectionPool", "NullConnectionPool")))
        given = [f"kwargs={_mapping(scope)}"] if choices.chance(80) else []
        given += [f"{dicts.STATEMENT}=0"] if choices.chance(5) else []
        return engines.written_call(draft, pool, [scope.url, *given])
    function = choices.one(
        (draft.use("sqlalchemy", "create_engine"), draft.use("sqlalchemy.ext.asyncio", "create_async_engine"))
    )
    given = [f"connect_args={_mapping(scope)}"] if choices.chance(80) else []
    url = f'{scope.url}.replace("postgresql://", "postgresql+psycopg://", 1)'
    return engines.written_call(draft, function, [url, *given])


def _of_wrapper(scope: Scope) -> str:
    draft, choices = scope.draft, scope.choices
    form = choices.weighted(((6, "databases"), (4, "piccolo"), (3, "tortoise"), (2, "gino"), (3, "asyncpg")))
    if form == "databases":
        return engines.written_call(draft, draft.use("databases", "Database"), [scope.url, *_keywords(scope)])
    if form == "piccolo":
        engine = draft.use("piccolo.engine.postgres", "PostgresEngine")
        return engines.written_call(draft, engine, [choices.one(("config={}", "{}")).format(_mapping(scope))])
    if form == "gino":
        return engines.written_call(draft, f"{draft.use('gino', 'Gino')}().set_bind", [scope.url, *_keywords(scope)])
    if form == "tortoise":
        init = f"{draft.use('tortoise', 'Tortoise')}.init"
        query = choices.one(("", "?statement_cache_size=0", "?statement_cache_size=50", "?schema=app"))
        if choices.chance(50):
            return f'{init}(db_url="{URL}{query}")'
        credentials = dicts.display([("host", '"db"'), *([(dicts.STATEMENT, "0")] if choices.chance(50) else [])])
        backend = choices.one(("asyncpg", "asyncpg", "sqlite"))
        connection = dicts.display([("engine", f'"tortoise.backends.{backend}"'), ("credentials", credentials)])
        return f'{init}(config={{"connections": {{"default": {connection}}}}})'
    return _of_asyncpg(scope)


def _of_ormar(scope: Scope) -> str:
    draft, choices = scope.draft, scope.choices
    given = choices.weighted(((6, ["pool_pre_ping=True"]), (1, []), (1, ["force_rollback=True"])))
    given = [*given, *([f"connect_args={_mapping(scope)}"] if choices.chance(80) else [])]
    return engines.written_call(draft, draft.use("ormar", "DatabaseConnection"), [scope.url, *given])


Scenario = Callable[[Draft], Lines]
_SCENARIOS: tuple[tuple[int, Scenario], ...] = (
    (8, engines.at_module_level),
    (3, engines.in_sequence),
    (2, engines.in_branches),
    (10, engines.in_function),
    (4, engines.in_class),
)
