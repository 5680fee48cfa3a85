"""Stand-ins for SQLAlchemy that write down what a program gives them, and what of it reaches asyncpg."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

QUEUE_ONLY = ("pool_size", "max_overflow", "pool_timeout", "pool_use_lifo")
SIZES = ("statement_cache_size", "prepared_statement_cache_size")


@dataclass
class Url:
    """What `make_url()` and `URL.create()` give."""

    base: str
    query: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Url:
        base, _, query = text.partition("?")
        return cls(base, dict(parse_qsl(query)))

    @classmethod
    def create(cls, drivername: str, *, host: str = "", query: dict[str, Any] | None = None) -> Url:
        return cls(f"{drivername}://{host}", dict(query or {}))


@dataclass
class Call:
    """One call of an engine function."""

    function: str
    url: Url
    options: dict[str, Any]

    @property
    def is_asyncpg(self) -> bool:
        return self.url.base.startswith("postgresql+asyncpg:")

    @property
    def connect_args(self) -> dict[str, Any]:
        return dict(self.options.get("connect_args") or {})

    @property
    def to_asyncpg(self) -> dict[str, Any]:
        """The keywords of asyncpg's `connect()`: connect_args win over the URL's query."""
        return {**self.url.query, **self.connect_args}

    @property
    def to_engine(self) -> dict[str, Any]:
        return {name: value for name, value in self.options.items() if name != "connect_args"}

    @property
    def keeps_connections(self) -> bool:
        return self.options.get("poolclass") not in ("NullPool", "StaticPool")


def run(raw: bytes) -> list[Call]:
    """The engines that a program makes, in the order in which it makes them."""
    calls: list[Call] = []

    def engine_function(name: str) -> Any:
        def record(url: Any, **options: Any) -> Any:
            calls.append(Call(name, url if isinstance(url, Url) else Url.parse(url), options))
            return SimpleNamespace(sync_engine=calls[-1])

        return record

    def from_config(section: dict[str, Any], prefix: str = "sqlalchemy.", **options: Any) -> Any:
        given = {key.removeprefix(prefix): value for key, value in section.items() if key.startswith(prefix)}
        return engine_function("async_engine_from_config")(**given | options)

    asyncio = SimpleNamespace(
        create_async_engine=engine_function("create_async_engine"), async_engine_from_config=from_config
    )
    pool = SimpleNamespace(NullPool="NullPool", StaticPool="StaticPool", AsyncAdaptedQueuePool="AsyncAdaptedQueuePool")
    sqlalchemy = SimpleNamespace(
        ext=SimpleNamespace(asyncio=asyncio), pool=pool, URL=Url, make_url=Url.parse, **vars(pool)
    )
    modules = {"sqlalchemy": sqlalchemy, "sqlalchemy.ext": sqlalchemy.ext, "sqlalchemy.ext.asyncio": asyncio}

    def import_(name: str, *rest: Any) -> Any:
        if name not in modules:
            return __import__(name, *rest)
        return modules[name] if len(rest) > 2 and rest[2] else sqlalchemy

    names = {"__builtins__": {**vars(builtins), "__import__": import_}, "__name__": "app"}
    exec(compile(raw, "app.py", "exec"), names)
    return calls
