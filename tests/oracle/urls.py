"""Generates URLs in the forms that people use, and tests of them."""

from __future__ import annotations

from collections.abc import Callable

from .draft import Draft, Lines

ASYNCPG = "postgresql+asyncpg://app@db/app"
SQLITE = "sqlite+aiosqlite:///app.db"
OTHERS = (SQLITE, "postgresql+psycopg://app@db/app", "mysql+aiomysql://app@db/app")
VARIABLE = "DATABASE_URL"


def url(draft: Draft) -> tuple[str, bool]:
    """An expression for a URL on asyncpg, for the most part, and whether it is a URL object."""
    return draft.choices.weighted(draft.url_forms or _FORMS)(draft)


def bound_url(draft: Draft) -> tuple[str, bool]:
    """The same as a global name of the program."""
    expression, is_object = url(draft)
    if expression.isidentifier():
        return expression, is_object
    name = draft.fresh("DB_URL", "DATABASE", "DSN", "MAIN_URL")
    draft.top += [f"{name} = {expression}"]
    return name, is_object


def other_literal(draft: Draft) -> str:
    return f'"{draft.choices.one(OTHERS)}"'


def _plain(draft: Draft) -> tuple[str, bool]:
    return f'"{ASYNCPG}"', False


def _with_query(draft: Draft) -> tuple[str, bool]:
    query = draft.choices.weighted(
        (
            (4, "prepared_statement_cache_size=0"),
            (2, "prepared_statement_cache_size=50"),
            (1, "statement_cache_size=0"),
            (1, "ssl=require"),
        )
    )
    return f'"{ASYNCPG}?{query}"', False


def _interpolated(draft: Draft) -> tuple[str, bool]:
    return interpolated(draft, "postgresql+asyncpg"), False


def interpolated(draft: Draft, scheme: str) -> str:
    """An f-string for a URL of this scheme, whose host is a global name that the environment may replace."""
    host = draft.fresh("HOST", "SERVER")
    value = '"db"'
    if draft.choices.chance(50) and draft.override("PGHOST", "replica"):
        value = 'os.environ.get("PGHOST", "db")'
    draft.top += [f"{host} = {value}"]
    return f'f"{scheme}://app@{{{host}}}/app"'


def _password(draft: Draft) -> tuple[str, bool]:
    if not draft.variable("PGPASSWORD", "secret"):
        return _plain(draft)
    return "f\"postgresql+asyncpg://app:{os.environ['PGPASSWORD']}@db/app\"", False


def _concatenated(draft: Draft) -> tuple[str, bool]:
    return draft.choices.one(
        (
            '"postgresql+asyncpg" + "://app@db/app"',
            '"://".join(["postgresql+asyncpg", "app@db/app"])',
            '"{}://app@{}/app".format("postgresql+asyncpg", "db")',
            '"%s://app@db/%s" % ("postgresql+asyncpg", "app")',
            '"postgresql" + ("+asyncpg" if True else "") + "://app@db/app"',
        )
    ), False


def _replaced(draft: Draft) -> tuple[str, bool]:
    return draft.choices.one(
        (
            '"postgresql://app@db/app".replace("postgresql://", "postgresql+asyncpg://", 1)',
            '"postgres://app@db/app".replace("postgres://", "postgresql+asyncpg://")',
            '"postgresql+psycopg://app@db/app".replace("psycopg", "asyncpg")',
        )
    ), False


def _created(draft: Draft) -> tuple[str, bool]:
    function = draft.use("sqlalchemy", "URL") + ".create"
    query = ', query={"prepared_statement_cache_size": "0"}' if draft.choices.chance(20) else ""
    return f'{function}("postgresql+asyncpg", username="app", host="db", database="app"{query})', True


def _made(draft: Draft) -> tuple[str, bool]:
    draft.use("sqlalchemy", "make_url")
    return draft.choices.one(
        (
            f'make_url("{ASYNCPG}")',
            'make_url("postgresql://app@db/app").set(drivername="postgresql+asyncpg")',
            f'make_url("{ASYNCPG}").set(host="replica")',
            f'make_url("{ASYNCPG}").update_query_dict({{"prepared_statement_cache_size": "0"}})',
        )
    ), True


def _from_environment(draft: Draft) -> tuple[str, bool]:
    return from_environment(draft), False


def from_environment(draft: Draft) -> str:
    """An expression for the URL that the environment brings, with a default on asyncpg."""
    if not draft.override(VARIABLE, "postgresql+asyncpg://app@replica/app"):
        return f'"{ASYNCPG}"'
    return draft.choices.one(
        (
            f'os.environ.get("{VARIABLE}", "{ASYNCPG}")',
            f'os.getenv("{VARIABLE}", "{ASYNCPG}")',
            f'os.environ.get("{VARIABLE}") or "{ASYNCPG}"',
        )
    )


def _by_name(draft: Draft) -> tuple[str, bool]:
    def lines(name: str) -> Lines:
        return [f"{name} = {{", f'    "main": "{ASYNCPG}",', f'    "test": {other_literal(draft)},', "}"]

    table = draft.helper("urls", "URLS", "DATABASES", lines=lines)
    return f'{table}["main"]', False


def _by_function(draft: Draft) -> tuple[str, bool]:
    def lines(name: str) -> Lines:
        return draft.choices.one(
            (
                [
                    f'def {name}(database: str = "app", driver: str = "asyncpg") -> str:',
                    '    return f"postgresql+{driver}://app@db/{database}"',
                ],
                [
                    f'def {name}(database: str = "app", driver: str | None = None) -> str:',
                    "    if driver is None:",
                    '        driver = "asyncpg"',
                    '    return f"postgresql+{driver}://app@db/{database}"',
                ],
            )
        )

    function = draft.helper("url_of", "url_for", "database_url", lines=lines)
    return draft.choices.one((f'{function}("shop")', f'{function}(database="shop")', f"{function}()")), False


def _by_class(draft: Draft) -> tuple[str, bool]:
    def lines(name: str) -> Lines:
        return draft.choices.one(
            (
                [f"class {name}:", f'    url: str = "{ASYNCPG}"'],
                [
                    f"class {name}:",
                    '    scheme = "postgresql+asyncpg"',
                    "",
                    "    @property",
                    "    def url(self) -> str:",
                    '        return f"{self.scheme}://app@db/app"',
                ],
                [
                    f"class {name}:",
                    '    def __init__(self, host: str = "db") -> None:',
                    '        self.url = f"postgresql+asyncpg://app@{host}/app"',
                ],
            )
        )

    return f"{draft.helper('url_class', 'Settings', 'Config', lines=lines)}().url", False


def _other(draft: Draft) -> tuple[str, bool]:
    return other_literal(draft), False


Form = Callable[[Draft], tuple[str, bool]]
_FORMS: tuple[tuple[int, Form], ...] = (
    (20, _plain),
    (3, _with_query),
    (5, _interpolated),
    (2, _password),
    (4, _concatenated),
    (4, _replaced),
    (3, _created),
    (4, _made),
    (8, _from_environment),
    (4, _by_name),
    (4, _by_function),
    (4, _by_class),
    (4, _other),
)
