"""Programs with safe fixes of connections are executed: the arguments of each library before and after are compared."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest
from blocks import changes

from fixes.test_connection_fixes import HEAD, SAFE, repaired

SIZE, THRESHOLD = "statement_cache_size", "prepare_threshold"
# Taken away or replaced by a repair: where it was, every connect failed.
REFUSED = ("prepared_statement_cache_size",)


class Recorder:
    """Stand-ins for the libraries, which record their arguments."""

    def __init__(self) -> None:
        self.given: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def stands_for(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> object:
            self.given.append((name, args, kwargs))
            return object()

        return call

    def modules(self) -> dict[str, types.ModuleType]:
        found: dict[str, types.ModuleType] = {}
        for name, members in (
            ("asyncpg", ("connect", "create_pool")),
            ("psycopg", ("connect",)),
            ("psycopg_pool", ("ConnectionPool",)),
            ("databases", ("Database",)),
            ("piccolo", ()),
            ("piccolo.engine", ()),
            ("piccolo.engine.postgres", ("PostgresEngine",)),
            ("sqlalchemy", ("create_engine",)),
        ):
            module = found[name] = types.ModuleType(name)
            for member in members:
                setattr(module, member, self.stands_for(member))
        return found


def executed(code: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    recorder = Recorder()
    with monkeypatch.context() as patched:
        for name, module in recorder.modules().items():
            patched.setitem(sys.modules, name, module)
        exec(compile(HEAD + code, "app.py", "exec"), {"dsn": "postgresql://db/app", "uri": "postgresql://db/app"})
    return recorder.given


def without(value: Any) -> Any:
    """Returns the arguments without the keys that a fix sets or removes, and without dicts that had no others."""
    if isinstance(value, dict):
        kept = {key: without(item) for key, item in value.items() if key not in (SIZE, THRESHOLD, *REFUSED)}
        return {key: item for key, item in kept.items() if item != {}}
    if isinstance(value, str):
        return value.replace("?statement_cache_size=0&", "?")
    return tuple(map(without, value)) if isinstance(value, tuple) else value


def sizes(value: Any) -> list[Any]:
    """Returns the values under the keys that a fix sets, at any depth."""
    if isinstance(value, dict):
        here = [value[key] for key in (SIZE, THRESHOLD) if key in value]
        return here + [one for item in value.values() for one in sizes(item)]
    return [one for item in value for one in sizes(item)] if isinstance(value, tuple) else []


@pytest.mark.parametrize(("before", "_after"), changes(SAFE))
def test_a_safe_repair_gives_the_size_and_changes_nothing_else(
    before: str, _after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = executed(before, monkeypatch)
    second = executed(repaired(before, unsafe=False), monkeypatch)
    assert [without(call) for call in second] == [without(call) for call in first]
    # The last program only writes a dict.
    assert all(sizes(call) in ([0], [None]) for call in second)
