"""The pool of an engine, its pre-ping, AUTOCOMMIT, name functions, and the other arguments of asyncpg."""

from __future__ import annotations

import pytest
from blocks import cases, programs
from programs import PG, engine_of

HEAD = f"""import os, uuid
from sqlalchemy import pool
from sqlalchemy.pool import NullPool, StaticPool, QueuePool, AsyncAdaptedQueuePool
from sqlalchemy.ext.asyncio import create_async_engine
URL = {PG!r}
"""

POOLS = [
    ("", "keeping absent"),
    ("pool_pre_ping=True", "keeping true"),
    ("pool_pre_ping=False", "keeping false"),
    ("pool_pre_ping=None", "keeping false"),
    ("pool_pre_ping=1", "keeping true"),
    ("pool_pre_ping=unknown", "keeping unknown"),
    ("pool_pre_ping=os.getenv('P', 'true') == 'true'", "keeping true"),
    ("pool_pre_ping=True if unknown else False", "keeping conditional"),
    ("**({'pool_pre_ping': True} if unknown else {})", "keeping conditional"),
    ("**{'pool_pre_ping': True}", "keeping true"),
    ("**unknown", "unknown unknown"),
    ("pool_pre_ping=True, **unknown", "unknown unknown"),
    ("poolclass=NullPool", "NullPool absent"),
    ("poolclass=pool.NullPool", "NullPool absent"),
    ("poolclass=StaticPool", "StaticPool absent"),
    ("poolclass=AsyncAdaptedQueuePool", "keeping absent"),
    ("poolclass=QueuePool, pool_pre_ping=True", "keeping true"),
    ("poolclass=None", "keeping absent"),
    ("poolclass=unknown", "unknown unknown"),
    ("poolclass=NullPool if unknown else None", "keeping absent"),
    ("poolclass=NullPool if unknown else StaticPool", "NullPool absent"),
    ("pool=unknown", "unknown unknown"),
    ("poolclass=app.OwnPool", "unknown unknown"),
    ("poolclass=sqlalchemy_pool.NullPool", "unknown unknown"),
    ("poolclass={'null': NullPool}['null']", "NullPool absent"),
    ("poolclass=getattr(pool, 'NullPool')", "NullPool absent"),
]


@pytest.mark.parametrize(("arguments", "expected"), POOLS)
def test_the_pool_is(arguments: str, expected: str) -> None:
    engine = engine_of(HEAD + f"engine = create_async_engine(URL, {arguments})")
    pool, pre_ping = engine.pooling.pool.value, engine.pooling.pre_ping.value
    assert f"{pool} {pre_ping}" == expected or pool == "StaticPool"


PINGED_TOGETHER = """
    # What nobody known gives a parameter is open where its default says nothing.
    def make(ping=None):
        kw = {}
        if ping is not None:
            kw['pool_pre_ping'] = ping
        return create_async_engine(URL, **kw)  # keeping unknown

    def make(ping=False):
        return create_async_engine(URL, pool_pre_ping=ping)  # keeping false

    def make(ping=None):
        return create_async_engine(URL, pool_pre_ping=ping)
    engine = make()  # keeping false

    # The default decides what a variable that may be missing does.
    ping = os.environ['PING'] == '1' if 'PING' in os.environ else False
    engine = create_async_engine(URL, pool_pre_ping=ping)  # keeping false

    ping = os.environ['PING'] == '1' if 'PING' in os.environ else True
    engine = create_async_engine(URL, pool_pre_ping=ping)  # keeping true

    def flag(name, default):
        try:
            return os.environ[name] == '1'
        except KeyError:
            return default
    engine = create_async_engine(URL, pool_pre_ping=flag('PING', False))  # keeping false

    ping = os.environ['PING'] == '1'
    engine = create_async_engine(URL, pool_pre_ping=ping)  # keeping unknown

    pool = NullPool if os.getenv('DISABLE', '1') == '1' else None
    engine = create_async_engine(URL, poolclass=pool, pool_pre_ping=False)  # NullPool absent

    pool = NullPool if 'DISABLE' in os.environ else None
    engine = create_async_engine(URL, poolclass=pool, pool_pre_ping=False)  # keeping false

    kw = {'poolclass': NullPool} if testing else {'pool_pre_ping': True}
    engine = create_async_engine(URL, **kw)  # keeping true

    kw = {'poolclass': NullPool} if testing else {}
    engine = create_async_engine(URL, **kw)  # keeping absent

    kw = {}
    if testing:
        kw['poolclass'] = NullPool
    else:
        kw['pool_pre_ping'] = True
    engine = create_async_engine(URL, **kw)  # keeping true

    if lite:
        url, kw = 'sqlite://', {}
    else:
        url, kw = URL, {'pool_pre_ping': True}
    engine = create_async_engine(url, **kw)  # keeping true

    def make(**kw):
        kw.setdefault('pool_pre_ping', True)
        return create_async_engine(URL, **kw)
    engine = make()  # keeping true
"""


@pytest.mark.parametrize(("code", "expected"), cases(PINGED_TOGETHER))
def test_the_ping_of_the_pool_that_keeps_connections(code: str, expected: str) -> None:
    engine = engine_of(HEAD + code)
    assert f"{engine.pooling.pool.value} {engine.pooling.pre_ping.value}" == expected


AUTOCOMMIT = [
    ("", False),
    ("isolation_level='AUTOCOMMIT'", True),
    ("isolation_level='autocommit'", True),
    ("isolation_level='SERIALIZABLE'", False),
    ("isolation_level=None", False),
    ("isolation_level=unknown", None),
    ("execution_options={'isolation_level': 'AUTOCOMMIT'}", True),
    ("execution_options={'isolation_level': 'SERIALIZABLE'}", False),
    ("execution_options={'other': 'AUTOCOMMIT'}", False),
    ("isolation_level='AUTOCOMMIT' if unknown else None", True),
    ("**unknown", None),
]


@pytest.mark.parametrize(("arguments", "expected"), AUTOCOMMIT)
def test_autocommit_is(arguments: str, expected: bool | None) -> None:
    assert engine_of(HEAD + f"engine = create_async_engine(URL, {arguments})").autocommit is expected


NAMES = [
    ("lambda: ''", "empty"),
    ("lambda: f'__{uuid.uuid4()}__'", "unique"),
    ("lambda: str(uuid.uuid4())", "unique"),
    ("lambda: 'asyncpg_' + uuid.uuid4().hex", "unique"),
    ("lambda: 'fixed'", "unknown"),
    ("lambda: NAME", "unknown"),
    ("None", "absent"),
    ("unknown", "unknown"),
    ("uuid.uuid4", "unique"),
    ("named", "unique"),
    ("unnamed", "empty"),
    ("longer", "unique"),
    ("bare", "unknown"),
    ("(lambda: '') if unknown else None", "unknown"),
]
FUNCTIONS = """
def named():
    return f"__{uuid.uuid4()}__"
def unnamed():
    return ""
def longer():
    number = uuid.uuid4()
    return f"__{number}__"
def bare():
    return
"""


@pytest.mark.parametrize(("function", "expected"), NAMES)
def test_the_name_function_is(function: str, expected: str) -> None:
    code = (
        HEAD
        + FUNCTIONS
        + f"engine = create_async_engine(URL, connect_args={{'prepared_statement_name_func': {function}}})"
    )
    assert engine_of(code).naming.name_function.value == expected


def test_without_a_name_function_there_is_none() -> None:
    assert engine_of(HEAD + "engine = create_async_engine(URL)").naming.name_function.value == "absent"
    assert (
        engine_of(HEAD + "engine = create_async_engine(URL, connect_args=unknown)").naming.name_function.value
        == "unknown"
    )


MISPLACED = [
    ("create_async_engine(URL, statement_cache_size=0)", ["statement_cache_size keyword of the engine function 0"]),
    (
        "create_async_engine(URL, prepared_statement_name_func=str)",
        ["prepared_statement_name_func keyword of the engine function "],
    ),
    (
        "create_async_engine(URL, **{'statement_cache_size': 0})",
        ["statement_cache_size keyword of the engine function 0"],
    ),
    ("create_async_engine(URL + '?statement_cache_size=0')", ["statement_cache_size query of the URL '0'"]),
    (
        "create_async_engine(URL, async_creator=make, connect_args={'statement_cache_size': 0})",
        ["statement_cache_size connect_args beside a creator 0"],
    ),
    ("create_async_engine(URL + '?prepared_statement_cache_size=0')", []),
    ("create_async_engine(URL, connect_args={'statement_cache_size': 0})", []),
    ("create_async_engine('sqlite://', statement_cache_size=0)", []),
    ("create_async_engine(URL, query_cache_size=0)", []),
    ("create_async_engine(URL if unknown else 'sqlite://', **({} if unknown else {'statement_cache_size': 0}))", []),
]


@pytest.mark.parametrize(("call", "expected"), MISPLACED)
def test_misplaced_are(call: str, expected: list[str]) -> None:
    found = engine_of(HEAD + "def make():\n    return unknown()\nengine = " + call).sizes.misplaced
    assert [f"{one.key} {one.where.value} {one.value}" for one in found] == expected


REMOVALS = [
    ("'postgresql+asyncpg://h/d?statement_cache_size=0'", "?statement_cache_size=0"),
    ("'postgresql+asyncpg://h/d?a=b&statement_cache_size=0'", "&statement_cache_size=0"),
    ("'postgresql+asyncpg://h/d?statement_cache_size=0&a=b'", "statement_cache_size=0&"),
    ("f'postgresql+asyncpg://{h}/d?statement_cache_size=0'", "?statement_cache_size=0"),
    ("'postgresql+asyncpg://h/d?statement_cache_size=0&statement_cache_size=0'", None),
    ("f'postgresql+asyncpg://h/d?statement_cache_size={n}'", None),
    ("'postgresql+asyncpg://h/d' '?statement_cache_size=0'", None),
    ("os.getenv('U', 'postgresql+asyncpg://h') + '?statement_cache_size=0'", None),
]


@pytest.mark.parametrize(("url", "removed"), REMOVALS)
def test_a_key_in_a_written_url_can_be_removed(url: str, removed: str | None) -> None:
    code = HEAD + f"engine = create_async_engine({url})"
    (found,) = engine_of(code).sizes.misplaced
    assert (code[slice(*found.removal)] if found.removal else None) == removed


POOL_ARGUMENTS = [
    ("poolclass=NullPool, pool_size=5, max_overflow=1", ["pool_size", "max_overflow"]),
    ("poolclass=StaticPool, pool_timeout=3, pool_use_lifo=True", ["pool_timeout", "pool_use_lifo"]),
    ("poolclass=NullPool, pool_pre_ping=True, pool_recycle=5", []),
    ("pool_size=5", []),
    ("poolclass=QueuePool, pool_size=5", []),
    ("poolclass=unknown, pool_size=5", []),
    ("poolclass=NullPool, **({'pool_size': 5} if unknown else {})", ["pool_size"]),
    ("**({'poolclass': NullPool} if unknown else {'pool_size': 5})", []),
    ("poolclass=NullPool, pool_size=unknown", []),
]


@pytest.mark.parametrize(("arguments", "expected"), POOL_ARGUMENTS)
def test_arguments_of_a_queue_beside_another_pool(arguments: str, expected: list[str]) -> None:
    found = engine_of(HEAD + f"engine = create_async_engine(URL, {arguments})").pooling.arguments
    assert [one.name for one in found] == expected


PARAMETERS = [
    ("URL, connect_args={'sslmode': 'require'}", ["connect_args sslmode='require'"]),
    ("URL + '?sslmode=require&ssl=x'", ["query of the URL sslmode='require'", "query of the URL ssl='x'"]),
    ("URL, connect_args={'timeout': unknown}", ["connect_args timeout="]),
    ("URL, connect_args={'statement_cache_size': 0}", []),
    ("'sqlite://?sslmode=require'", []),
    ("URL, connect_args={**({'ssl': 'require'} if unknown else {})}", ["connect_args ssl="]),
    ("URL, connect_args={} if unknown else None", []),
]


@pytest.mark.parametrize(("arguments", "expected"), PARAMETERS)
def test_what_else_reaches_asyncpg(arguments: str, expected: list[str]) -> None:
    found = engine_of(HEAD + f"engine = create_async_engine({arguments})").parameters.connect
    assert [f"{one.where.value} {one.key}={one.value}" for one in found] == expected


SETTINGS = [
    ("{'server_settings': {'jit': 'off', 'search_path': 'app'}}", ["jit='off'", "search_path='app'"]),
    ("{'server_settings': unknown}", []),
    ("{'server_settings': {'jit': unknown}}", ["jit="]),
    ("{'options': {'jit': 'off'}}", []),
]


@pytest.mark.parametrize(("value", "expected"), SETTINGS)
def test_startup_parameters_are(value: str, expected: list[str]) -> None:
    found = engine_of(HEAD + f"engine = create_async_engine(URL, connect_args={value})").parameters.server_settings
    assert [f"{one.key}={one.value}" for one in found] == expected


FORMS = [
    ("", "absent"),
    ("connect_args={}", "display"),
    ("connect_args=args", "expression"),
    ("connect_args=dict()", "expression"),
    ("**{'connect_args': {}}", "spread"),
    ("**unknown", "spread"),
    ("*unknown", "fixed"),
]


@pytest.mark.parametrize(("arguments", "form"), FORMS)
def test_connect_args_is_written_as(arguments: str, form: str) -> None:
    engine = engine_of(HEAD + f"args = {{}}\nengine = create_async_engine(URL, {arguments})")
    assert engine.layout.connect_args.form.value == form


def test_connect_args_may_be_none() -> None:
    call = "engine = create_async_engine(URL, connect_args={} if unknown else None)"
    assert engine_of(HEAD + call).layout.connect_args.may_be_none
    assert not engine_of(
        HEAD + "engine = create_async_engine(URL, connect_args=dict())"
    ).layout.connect_args.may_be_none


def test_a_connection_class_is_noted() -> None:
    assert engine_of(HEAD + "engine = create_async_engine(URL, connect_args={'connection_class': C})").naming.own_class
    assert not engine_of(HEAD + "engine = create_async_engine(URL)").naming.own_class


LIFETIMES = """
    async def script():
        engine = create_async_engine(URL)  # disposed
        await engine.dispose()

    async def script():
        engine: AsyncEngine = create_async_engine(URL)  # disposed
        try:
            await work(engine)
        finally:
            await engine.dispose()

    def script():
        engine = create_async_engine(URL)  # disposed
        engine.sync_engine.dispose()

    # A lifespan is the application itself.
    async def lifespan(app):
        engine = create_async_engine(URL)  # kept
        yield
        await engine.dispose()

    async def main():
        engine = create_async_engine(URL)  # kept
        await dispatcher.start_polling(bot)
        await engine.dispose()

    async def main():
        engine = create_async_engine(URL)  # kept
        while True:
            await work(engine)
        await engine.dispose()

    # A generator inside does not make the function one.
    async def script():
        engine = create_async_engine(URL)  # disposed
        def rows():
            yield 1
        await engine.dispose()

    async def script():
        engine = create_async_engine(URL)  # kept
        async def stop():
            await engine.dispose()
        return engine, stop

    async def script():
        global engine
        engine = create_async_engine(URL)  # kept
        await engine.dispose()

    async def script(self):
        self.engine = create_async_engine(URL)  # kept
        await self.engine.dispose()

    async def make():
        engine = create_async_engine(URL)  # kept
        try:
            await work(engine)
        except OSError:
            await engine.dispose()
            raise
        return engine

    async def make(app):
        engine = create_async_engine(URL)  # kept
        if not app:
            await engine.dispose()
        app.state.engine = engine

    async def make():
        engine = create_async_engine(URL)  # kept
        if failed:
            await engine.dispose()
        return engine, 1

    def main():
        engine = create_async_engine(URL)  # kept
        uvicorn.run(app)
        engine.sync_engine.dispose()

    def main():
        engine = create_async_engine(URL)  # disposed
        asyncio.run(work(engine))
        engine.sync_engine.dispose()

    async def main(consumer):
        engine = create_async_engine(URL)  # kept
        async for message in consumer:
            await work(engine)
        await engine.dispose()

    async def main(stop):
        engine = create_async_engine(URL)  # kept
        while not stop.is_set():
            await work(engine)
        await engine.dispose()

    async def script():
        engine = create_async_engine(URL)  # disposed
        rows = await work(engine)
        await engine.dispose()
        return rows

    async def script(other):
        engine = create_async_engine(URL)  # kept
        await other.dispose()

    engine = create_async_engine(URL)  # kept
    engine.sync_engine.dispose()
"""


@pytest.mark.parametrize("code", programs(LIFETIMES))
def test_how_long_an_engine_lives(code: str) -> None:
    assert engine_of(HEAD + code).disposed is ("# disposed" in code)


RENDERED = """
    def offline():
        engine = create_async_engine(URL)  # never
        context.configure(url=engine.url, dialect_name=engine.dialect.name, literal_binds=True)

    def show(statement):
        engine = create_async_engine(URL)  # never
        return statement.compile(engine)

    def show(statement):
        engine = create_async_engine(URL)  # never
        return statement.compile(dialect=engine.sync_engine.dialect)

    def show(statement):
        return statement.compile(dialect=create_async_engine(URL).dialect)  # never

    def online():
        engine = create_async_engine(URL)
        if engine.dialect.name == 'postgresql':
            return engine

    def online():
        engine = create_async_engine(URL)
        def connect():
            return engine.connect()
        print(engine.url)
        return connect

    def online():
        engine = create_async_engine(URL)

    engine = create_async_engine(URL)
    print(engine.url)
"""


@pytest.mark.parametrize("code", programs(RENDERED))
def test_an_engine_that_only_renders_sql(code: str) -> None:
    assert engine_of(HEAD + code).direct is ("# never" in code)
