"""Generates programs with SQLite in development and PostgreSQL in production, in the forms that people use.

A program gets its URL from somewhere, tests it, and chooses the engine's arguments by the result. Each step is written
in one of several ways, and the engine is created by the module, a function, a class or one function for each database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import urls
from .dicts import PREPARED, STATEMENT
from .draft import ASYNC_ENGINES, Draft, Lines, block

POSTGRES = "postgres://app@db/app"
PSYCOPG = "postgresql+psycopg://app@db/app"


@dataclass
class Site:
    """Where engines are made: an expression for the URL, and one that asks whether it is SQLite's.

    `lines` bind what the expressions read.
    """

    draft: Draft
    url: str
    is_sqlite: str
    lines: Lines


# --- where the URL comes from ---


def site(draft: Draft) -> Site:
    url, lines = draft.choices.weighted(_URLS)(draft)
    return _asked(draft, url, lines)


def _from_environment(draft: Draft) -> tuple[str, Lines]:
    return _named(draft, _read(draft, draft.choices.weighted(((9, urls.ASYNCPG), (1, urls.SQLITE)))))


def _read(draft: Draft, default: str) -> str:
    """The URL that the environment brings."""
    other = urls.SQLITE if default != urls.SQLITE else urls.ASYNCPG
    if not draft.override(urls.VARIABLE, "postgresql+asyncpg://app@replica/app", other):
        return f'"{default}"'
    return draft.choices.one(
        (
            f'os.environ.get("{urls.VARIABLE}", "{default}")',
            f'os.getenv("{urls.VARIABLE}", "{default}")',
            f'os.getenv("{urls.VARIABLE}") or "{default}"',
        )
    )


def _named(draft: Draft, value: str) -> tuple[str, Lines]:
    name = draft.fresh("DATABASE_URL", "DB_URL", "SQLALCHEMY_DATABASE_URL", "DSN")
    return name, [f"{name} = {value}"]


def _by_stage(draft: Draft) -> tuple[str, Lines]:
    """One of two URLs, by the stage of the program."""
    asked = _stage(draft)
    name, lines = _named(draft, f'"{urls.SQLITE}" if {asked} else "{urls.ASYNCPG}"')
    if draft.choices.chance(50):
        lines = [
            *block(f"if {asked}:", [f'{name} = "{urls.SQLITE}"']),
            *block("else:", [f'{name} = "{urls.ASYNCPG}"']),
        ]
    return name, lines


def _stage(draft: Draft) -> str:
    """Whether the program runs at home."""
    form, name, *values = draft.choices.one(
        (
            ('os.environ.get("APP_ENV") == "test"', "APP_ENV", "test", "production"),
            ('os.getenv("APP_ENV", "production") in ("test", "local")', "APP_ENV", "test", "local", "production"),
            ('os.getenv("TESTING") == "1"', "TESTING", "1"),
            ('"PGHOST" not in os.environ', "PGHOST", "db"),
            ('bool(os.environ.get("USE_SQLITE"))', "USE_SQLITE", "1"),
        )
    )
    return form if draft.variable(name, *values) else "False"


def _by_table(draft: Draft) -> tuple[str, Lines]:
    table = draft.fresh("DATABASES", "URLS")
    if not draft.variable("APP_ENV", "test", "production"):
        return _from_environment(draft)
    name, lines = _named(draft, f'{table}[os.getenv("APP_ENV", "production")]')
    return name, [f"{table} = {{", f'    "test": "{urls.SQLITE}",', f'    "production": "{urls.ASYNCPG}",', "}", *lines]


def _by_parts(draft: Draft) -> tuple[str, Lines]:
    """PostgreSQL's URL out of its parts where the environment names a server."""
    if not draft.variable("PGHOST", "db"):
        return _from_environment(draft)
    function = draft.fresh("database_url", "get_url", "build_url")
    body = draft.choices.one(
        (
            [
                'host = os.getenv("PGHOST")',
                "if host:",
                '    return f"postgresql+asyncpg://app@{host}/app"',
                f'return "{urls.SQLITE}"',
            ],
            [
                'if "PGHOST" not in os.environ:',
                f'    return "{urls.SQLITE}"',
                'return "postgresql+asyncpg://{}@{}/app".format("app", os.environ[\'PGHOST\'])'.replace("'", '"'),
            ],
        )
    )
    name, lines = _named(draft, f"{function}()")
    return name, [*block(f"def {function}() -> str:", body), "", *lines]


def _renamed(draft: Draft) -> tuple[str, Lines]:
    """A URL as a provider gives it, turned into an asynchronous driver's."""
    name = draft.fresh("RAW_URL", "database_url")
    default = draft.choices.one((POSTGRES, "sqlite:///app.db"))
    if not draft.override(urls.VARIABLE, POSTGRES.replace("db", "replica"), "sqlite:///app.db"):
        return _from_environment(draft)
    lines = [f'{name} = os.environ.get("{urls.VARIABLE}", "{default}")']
    form = draft.choices.one(("chain", "branches", "new name"))
    if form == "branches":
        lines += [
            f'if {name}.startswith("postgres://"):',
            f'    {name} = {name}.replace("postgres://", "postgresql+asyncpg://", 1)',
            f'elif {name}.startswith("sqlite://"):',
            f'    {name} = {name}.replace("sqlite://", "sqlite+aiosqlite://", 1)',
        ]
        return name, lines
    chain = f'{name}.replace("postgres://", "postgresql+asyncpg://").replace("sqlite://", "sqlite+aiosqlite://")'
    if form == "chain":
        return name, [*lines, f"{name} = {chain}"]
    url = draft.fresh("ASYNC_URL", "async_url")
    return url, [*lines, f"{url} = {chain}"]


def _of_settings(draft: Draft) -> tuple[str, Lines]:
    settings = draft.fresh("settings", "config")
    name = settings.title()
    value = _read(draft, urls.ASYNCPG)
    form = draft.choices.one(("class", "init", "dataclass", "property"))
    if form == "init":
        lines = block(f"class {name}:", block("def __init__(self) -> None:", [f"self.database_url: str = {value}"]))
    elif form == "property":
        body = ["@property", "def database_url(self) -> str:", f"    return {value}"]
        lines = block(f"class {name}:", body)
    else:
        lines = block(f"class {name}:", [f"database_url: str = {value}"])
        if form == "dataclass":
            lines = [f"@{draft.use('dataclasses', 'dataclass')}(frozen=True)", *lines]
    return f"{settings}.database_url", [*lines, "", "", f"{settings} = {name}()"]


_URLS: tuple[tuple[int, Callable[[Draft], tuple[str, Lines]]], ...] = (
    (6, _from_environment),
    (4, _by_stage),
    (2, _by_table),
    (3, _by_parts),
    (3, _renamed),
    (4, _of_settings),
)


# --- what is asked about it ---


def _asked(draft: Draft, url: str, lines: Lines) -> Site:
    """A question about the URL, written out or kept under a name, in a function or as a property."""
    choices = draft.choices
    asked = choices.one(
        (
            '{}.startswith("sqlite")',
            '{}.startswith("sqlite")',
            '"sqlite" in {}',
            '{}.startswith("sqlite+aiosqlite")',
            'make_url({}).get_backend_name() == "sqlite"',
            'make_url({}).drivername.startswith("sqlite")',
            '{}.split(":")[0].startswith("sqlite")',
            'urlsplit({}).scheme == "sqlite+aiosqlite"',
            'not {}.startswith("postgresql")',
            '"postgresql" not in {}',
            '"asyncpg" not in {}',
        )
    )
    if "make_url" in asked:
        draft.use("sqlalchemy", "make_url")
    if "urlsplit" in asked:
        draft.use("urllib.parse", "urlsplit")
    form = choices.weighted(((5, "written"), (4, "name"), (2, "function")))
    if form == "name":
        name = draft.fresh("IS_SQLITE", "is_sqlite", "uses_sqlite")
        return Site(draft, url, name, [*lines, f"{name} = {asked.format(url)}"])
    if form == "function":
        name = draft.fresh("is_sqlite", "is_local")
        function = block(f"def {name}(url: str) -> bool:", [f"return {asked.format('url')}"])
        return Site(draft, url, f"{name}({url})", [*lines, "", *function, ""])
    return Site(draft, url, asked.format(url), lines)


# --- what an engine is given by the answer ---


def _of_sqlite(draft: Draft) -> str:
    """SQLite's `connect_args`."""
    return draft.choices.one(
        (
            '{"check_same_thread": False}',
            '{"check_same_thread": False}',
            '{"check_same_thread": False, "timeout": 30}',
            '{"timeout": 15}',
            "dict(check_same_thread=False)",
            '{"uri": True}',
        )
    )


def _of_postgres(draft: Draft) -> str:
    """asyncpg's `connect_args`."""
    return draft.choices.weighted(
        (
            (4, "{}"),
            (3, '{"timeout": 10}'),
            (2, '{"command_timeout": 60}'),
            (2, '{"server_settings": {"application_name": "app"}}'),
            (2, f'{{"{STATEMENT}": 0}}'),
            (1, f'{{"{PREPARED}": 0}}'),
            (2, f'{{"{STATEMENT}": 0, "{PREPARED}": 0}}'),
            (1, f"dict({STATEMENT}=100)"),
        )
    )


def _queue(draft: Draft) -> list[tuple[str, str]]:
    """Keywords that only PostgreSQL's pool takes, or none."""
    return draft.choices.one(([], [("pool_size", "5")], [("pool_size", "10"), ("max_overflow", "20")]))


def _call(draft: Draft, url: str, *arguments: str) -> str:
    given = ", ".join([url, *(["pool_pre_ping=True"] if draft.choices.chance(80) else []), *filter(None, arguments)])
    return f"{draft.use(ASYNC_ENGINES, 'create_async_engine')}({given})"


def _chosen(at: Site) -> tuple[Lines, str]:
    """`connect_args` by a conditional expression, or by a table."""
    draft = at.draft
    args = draft.fresh("connect_args", "args")
    ours, theirs = _of_sqlite(draft), _of_postgres(draft)
    form = draft.choices.one(("name", "inline", "turned", "constants", "table", "and", "spread", "unpacked"))
    if form == "inline":
        return [], _call(draft, at.url, f"connect_args={ours} if {at.is_sqlite} else {theirs}")
    if form == "turned":
        return [f"{args} = {theirs} if not ({at.is_sqlite}) else {ours}"], _call(draft, at.url, f"connect_args={args}")
    if form == "constants":
        names = [draft.fresh("SQLITE_ARGS"), draft.fresh("POSTGRES_ARGS")]
        lines = [f"{name} = {value}" for name, value in zip(names, (ours, theirs), strict=True)]
        return lines, _call(draft, at.url, f"connect_args={names[0]} if {at.is_sqlite} else {names[1]}")
    if form == "table":
        table, draft_name = draft.fresh("ARGS", "DRIVER_ARGS"), draft.use("sqlalchemy", "make_url")
        looked_up = draft.choices.one(("{}[{}({}).get_backend_name()]", "{}.get({}({}).get_backend_name(), {{}})"))
        lines = [f"{table} = {{", f'    "sqlite": {ours},', f'    "postgresql": {theirs},', "}"]
        return lines, _call(draft, at.url, f"connect_args={looked_up.format(table, draft_name, at.url)}")
    if form == "and":
        return [], _call(draft, at.url, f"connect_args=({at.is_sqlite} and {ours}) or {theirs}")
    if form == "spread":
        lines = [f"{args} = {{**({ours} if {at.is_sqlite} else {theirs})}}"]
        return lines, _call(draft, at.url, f'connect_args={{**{args}, "timeout": 10}}')
    if form == "unpacked":
        keywords = ", ".join(f'"{name}": {value}' for name, value in _queue(draft))
        return [], _call(draft, at.url, f'**({{"connect_args": {ours}}} if {at.is_sqlite} else {{{keywords}}})')
    return [f"{args} = {ours} if {at.is_sqlite} else {theirs}"], _call(draft, at.url, f"connect_args={args}")


def _added(at: Site) -> tuple[Lines, str]:
    """`connect_args` that a branch fills."""
    draft = at.draft
    args = draft.fresh("connect_args", "args")
    ours, theirs = _of_sqlite(draft), _of_postgres(draft)
    asked = f"if {at.is_sqlite}:"
    lines = draft.choices.made(
        lambda: [f"{args} = {{}}", *block(asked, [f'{args}["check_same_thread"] = False'])],
        lambda: [f"{args} = {{}}", *block(asked, [f"{args} = {ours}"])],
        lambda: [f"{args}: dict = {{}}", *block(asked, [f"{args}.update({ours})"])],
        lambda: [*block(asked, [f"{args} = {ours}"]), *block("else:", [f"{args} = {theirs}"])],
        lambda: [
            f"{args} = {{}}",
            *block(asked, [f'{args}["check_same_thread"] = False']),
            *block("else:", [f'{args}["command_timeout"] = 60']),
        ],
        lambda: [f"{args} = {theirs}", *block(asked, [f"{args} = {ours}"])],
        lambda: [
            f"{args} = {{}}",
            *block(f"if not ({at.is_sqlite}):", [f"{args}.update({theirs}, command_timeout=30)"]),
        ],
    )
    form = draft.choices.one(("{}", "{}", '{{**{}, "timeout": 10}}', "dict({})", "{} or {{}}"))
    return lines, _call(draft, at.url, f"connect_args={form.format(args)}")


def _keywords(at: Site) -> tuple[Lines, str]:
    """Keywords for the engine that branches build."""
    draft = at.draft
    name = draft.fresh("engine_kwargs", "kwargs", "options", "engine_options")
    ours, theirs = _of_sqlite(draft), _of_postgres(draft)
    start = draft.choices.one(('{"echo": False}', "{}", "dict(echo=False)", '{"pool_pre_ping": True}'))
    local = [f'{name}["connect_args"] = {ours}']
    if draft.choices.chance(40):
        local.append(f'{name}["poolclass"] = {draft.use("sqlalchemy.pool", "StaticPool")}')
    if draft.choices.chance(15):
        local = [f"{name}.update(connect_args={ours}, poolclass={draft.use('sqlalchemy.pool', 'NullPool')})"]
    if draft.choices.chance(10):
        local = [f'{name}.setdefault("connect_args", {{}})["check_same_thread"] = False']
    remote = [f'{name}["{key}"] = {value}' for key, value in _queue(draft)]
    if draft.choices.chance(30):
        remote.append(f'{name}["connect_args"] = {theirs}')
    elif draft.choices.chance(30):
        remote = [f"{name}.update(pool_size=5, max_overflow=10, pool_pre_ping=True)"]
    lines = [f"{name} = {start}"]
    form = draft.choices.one(("if", "if else", "if else", "match", "popped", "two questions"))
    if form == "if":
        lines += block(f"if {at.is_sqlite}:", local)
    elif form == "match":
        subject = f"{draft.use('sqlalchemy', 'make_url')}({at.url}).get_backend_name()"
        cases = [*block('case "sqlite":', local), *block('case "postgresql":', remote)]
        lines += block(f"match {subject}:", cases)
    elif form == "popped":
        lines = [f'{name} = {{"pool_size": 5, "connect_args": {theirs}}}']
        lines += block(f"if {at.is_sqlite}:", [f'{name}.pop("pool_size")', *local])
    elif form == "two questions":
        lines += [*block(f"if {at.is_sqlite}:", local), *block(f"if not ({at.is_sqlite}):", remote)]
    else:
        lines += [*block(f"if {at.is_sqlite}:", local), *block("else:", remote)]
    more = draft.choices.one(([], [], ["echo=False"] if "echo" not in start else []))
    ping = "" if "pre_ping" in "".join(lines) else "pool_pre_ping=True"
    given = ", ".join(filter(None, (at.url, ping, *more, f"**{name}")))
    return lines, f"{draft.use(ASYNC_ENGINES, 'create_async_engine')}({given})"


def _helped(at: Site) -> tuple[Lines, str]:
    """A function that returns what the database of a URL takes."""
    draft = at.draft
    ours, theirs = _of_sqlite(draft), _of_postgres(draft)
    name = draft.fresh("get_connect_args", "connect_args_for", "driver_options")
    asked = draft.choices.one(('url.startswith("sqlite")', '"sqlite" in url'))
    form = draft.choices.one(("args", "args", "args of settings", "keywords", "changed"))
    if form == "args of settings":
        body = [*block(f"if {at.is_sqlite}:", [f"return {ours}"]), f"return {theirs}"]
        return ["", *block(f"def {name}() -> dict:", body), ""], _call(draft, at.url, f"connect_args={name}()")
    if form == "keywords":
        pooled = "".join(f', "{key}": {value}' for key, value in _queue(draft))
        body = [
            *block(f"if {asked}:", [f'return {{"connect_args": {ours}}}']),
            f'return {{"connect_args": {theirs}{pooled}}}',
        ]
        return ["", *block(f"def {name}(url: str) -> dict:", body), ""], _call(draft, at.url, f"**{name}({at.url})")
    if form == "changed":
        body = [*block(f"if {asked}:", [f"args.update({ours})"]), "return args"]
        lines = ["", *block(f"def {name}(url: str, args: dict) -> dict:", body), ""]
        return lines, _call(draft, at.url, f"connect_args={name}({at.url}, {theirs})")
    body = [*block(f"if {asked}:", [f"return {ours}"]), f"return {theirs}"]
    if draft.choices.chance(30):
        body = [f"return {ours} if {asked} else {theirs}"]
    lines = ["", *block(f"def {name}(url: str) -> dict:", body), ""]
    return lines, _call(draft, at.url, f"connect_args={name}({at.url})")


def _one_for_each(at: Site) -> tuple[Lines, str]:
    """A function for each database, chosen by a branch or a table."""
    draft = at.draft
    names = [draft.fresh("sqlite_engine"), draft.fresh("postgres_engine")]
    lines: Lines = []
    for name, args in zip(names, (_of_sqlite(draft), _of_postgres(draft)), strict=True):
        lines += ["", *block(f"def {name}(url: str):", [f"return {_call(draft, 'url', f'connect_args={args}')}"]), ""]
    if draft.choices.chance(40):
        table = draft.fresh("BUILDERS", "FACTORIES")
        lines += [f'{table} = {{"sqlite": {names[0]}, "postgresql": {names[1]}}}']
        return lines, f"{table}[{draft.use('sqlalchemy', 'make_url')}({at.url}).get_backend_name()]({at.url})"
    return lines, f"({names[0]} if {at.is_sqlite} else {names[1]})({at.url})"


_GIVEN: tuple[tuple[int, Callable[[Site], tuple[Lines, str]]], ...] = (
    (5, _chosen),
    (5, _added),
    (6, _keywords),
    (4, _helped),
    (2, _one_for_each),
)


# --- where the engine is made ---


def scenario(draft: Draft) -> Lines:
    at = site(draft)
    return [*at.lines, *draft.choices.weighted(_PLACES)(at)]


def _engine(draft: Draft) -> str:
    return draft.fresh("engine", "async_engine", "database")


def _in_module(at: Site) -> Lines:
    lines, call = at.draft.choices.weighted(_GIVEN)(at)
    return [*lines, f"{_engine(at.draft)} = {call}"]


def _in_function(at: Site) -> Lines:
    """A function that is given the URL, or reads it, and may be asked for the tests' database as well."""
    draft, choices = at.draft, at.draft.choices
    name = draft.fresh("create_engine_for", "get_engine", "init_db", "make_engine")
    reads = choices.chance(40)
    inner = at if reads else Site(draft, "url", choices.one(('url.startswith("sqlite")', '"sqlite" in url')), [])
    lines, call = choices.weighted(_GIVEN)(inner)
    parameter = "" if reads else choices.one(("url: str", "url: str", f"url: str = {at.url}"))
    made = block(f"def {name}({parameter}):", [*lines, f"return {call}"])
    given = "" if reads else at.url
    uses = [f"{_engine(draft)} = {name}({given})"]
    if not reads and choices.chance(50):
        uses.append(f'{draft.fresh("test_engine", "local")} = {name}("sqlite+aiosqlite:///:memory:")')
    return ["", *made, "", "", *uses]


def _in_branches(at: Site) -> Lines:
    """A call for each database, in two branches or behind an early return."""
    draft = at.draft
    ours = _call(draft, at.url, f"connect_args={_of_sqlite(draft)}")
    theirs = _of_postgres(draft)
    theirs = _call(draft, at.url, "" if theirs == "{}" else f"connect_args={theirs}")
    if draft.choices.chance(50):
        engine = _engine(draft)
        lines = block(f"if {at.is_sqlite}:", [f"{engine} = {ours}"])
        return [*lines, *block("else:", [f"{engine} = {theirs}"])]
    name = draft.fresh("get_engine", "open_database")
    body = [*block(f"if {at.is_sqlite}:", [f"return {ours}"]), f"return {theirs}"]
    return ["", *block(f"def {name}():", body), "", f"{_engine(draft)} = {name}()"]


def _in_class(at: Site) -> Lines:
    draft = at.draft
    name = draft.fresh("Database", "SessionManager", "Storage")
    inner = Site(draft, "self.url", draft.choices.one(('self.url.startswith("sqlite")', '"sqlite" in self.url')), [])
    body = block("def __init__(self, url: str) -> None:", ["self.url = url"])
    if draft.choices.chance(50):
        returned = [*block(f"if {inner.is_sqlite}:", [f"return {_of_sqlite(draft)}"]), f"return {_of_postgres(draft)}"]
        body += ["", "@property", *block("def connect_args(self) -> dict:", returned)]
        body += [
            "",
            *block("def engine(self):", [f"return {_call(draft, 'self.url', 'connect_args=self.connect_args')}"]),
        ]
    else:
        lines, call = draft.choices.weighted(_GIVEN)(inner)
        body += ["", *block("def engine(self):", [*lines, f"return {call}"])]
    return ["", *block(f"class {name}:", body), "", "", f"{_engine(draft)} = {name}({at.url}).engine()"]


def _with_psycopg(at: Site) -> Lines:
    """An engine of psycopg's, for migrations, beside the asynchronous one."""
    draft = at.draft
    lines, call = draft.choices.weighted(_GIVEN)(at)
    url = f'{at.url}.replace("+asyncpg", "+psycopg").replace("+aiosqlite", "")'
    args = next((name for name in ("connect_args", "args") if f"{name} = " in "\n".join(lines)), "{}")
    function = draft.use("sqlalchemy", "create_engine")
    sync = f"{draft.fresh('sync_engine', 'migrations')} = {function}({url}, connect_args={args})"
    return [*lines, *draft.choices.one(([sync, f"{_engine(draft)} = {call}"], [f"{_engine(draft)} = {call}", sync]))]


_PLACES: tuple[tuple[int, Callable[[Site], Lines]], ...] = (
    (6, _in_module),
    (6, _in_function),
    (3, _in_branches),
    (3, _in_class),
    (2, _with_psycopg),
)
