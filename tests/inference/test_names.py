"""Names: scopes and closures."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import cases, revealed, value
from programs import codes_in

from poolsafe.inference import namespaces
from poolsafe.inference.answers import Namespace
from poolsafe.inference.context import Frame

SCOPES = """
    y = 'a'
    def f():
        return y
    reveal(f())  # 'a'

    def f():
        return y
    y = 'a'
    reveal(f())  # 'a'

    y = 'a'
    def f():
        y = 'b'
        return y
    reveal(f() + y)  # 'ba'

    x = 'a'
    def f():
        global x
        x = 'b'
    f()
    reveal(x)  # 'b'

    x = 'a'
    def f():
        x = 'b'
    f()
    reveal(x)  # 'a'

    def f():
        y = 'a'
        def g():
            return y
        return g()
    reveal(f())  # 'a'

    def f():
        y = 'a'
        def g():
            return y
        return g
    reveal(f()())  # 'a'

    def f(y):
        def g():
            return y
        return g
    reveal(f('a')() + f('b')())  # 'ab'

    def f():
        y = 'a'
        def g():
            nonlocal y
            y = 'b'
        g()
        return y
    reveal(f())  # 'b'

    x = 'a'
    def f():
        global x
        if unknown:
            x = 'b'
        return x
    reveal(f())  # 'a' | 'b'

    x = 'a'
    def f():
        global x
        if unknown:
            x = 'b'
    f()
    reveal(x)  # 'a' | 'b'

    def f():
        y = 'a'
        def g():
            nonlocal y
            if unknown:
                y = 'b'
        g()
        return y
    reveal(f())  # 'a' | 'b'

    y = 'a'
    class A:
        if unknown:
            y = 'b'
        z = y
    reveal(A.z)  # 'a' | 'b'

    class A:
        y = 'a'
    def f():
        if unknown:
            A.y = 'b'
        return A.y
    reveal(f())  # 'a' | 'b'
"""


@pytest.mark.parametrize(("code", "expected"), cases(SCOPES))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


# A function that `load()` calls while the module is imported rebinds a constant.
SETTINGS = """
def load():
    global URL
    URL = f"postgresql+asyncpg://{HOST}/app"
    return {"statement_cache_size": 0}

HOST = "localhost"
URL = "sqlite+aiosqlite://"
OPTIONS = load()
"""
APP = """
from sqlalchemy.ext.asyncio import create_async_engine
import settings

engine = create_async_engine(settings.URL, connect_args=settings.OPTIONS)
"""


def test_a_function_may_rebind_a_constant_of_an_imported_module(tmp_path: Path) -> None:
    assert codes_in(tmp_path, {"settings.py": SETTINGS, "app.py": APP}, "app.py") == ["PGB102", "PGB201"]


def test_names_with_the_same_slice_are_answered_by_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[frozenset[object]] = []

    def recording(frame: Frame, namespace: Namespace) -> None:
        if namespace.module.path.endswith("settings.py") and frame.slice is not None:
            run.append(frame.slice.statements)
        run_body(frame, namespace)

    run_body = namespaces._run_body
    monkeypatch.setattr(namespaces, "_run_body", recording)
    assert codes_in(tmp_path, {"settings.py": SETTINGS, "app.py": APP}, "app.py") == ["PGB102", "PGB201"]
    assert run
    assert len(run) == len(set(run))
