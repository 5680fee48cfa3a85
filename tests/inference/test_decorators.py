"""Decorators of libraries and of the project."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

DECORATED = """
    from functools import lru_cache
    @lru_cache
    def f():
        return 'a'
    reveal(f())  # 'a'

    from functools import lru_cache
    @lru_cache(maxsize=None)
    def f():
        return 'a'
    reveal(f())  # 'a'

    import functools
    @functools.cache
    def f():
        return 'a'
    reveal(f())  # 'a'

    @unknown
    def f():
        return 'a'
    reveal(f())  # 'a'

    from contextlib import contextmanager
    @contextmanager
    def f():
        yield 'a'
    with f() as x:
        pass
    reveal(x)  # 'a'

    from functools import lru_cache
    def f():
        return 'a'
    reveal(lru_cache(f)())  # 'a'

    from functools import cache
    def f():
        return 'a'
    g = cache(f)
    reveal(g())  # 'a'

    def d(f):
        def w(*a):
            return f(*a)
        return w
    @d
    def f(a):
        return a
    reveal(f('b'))  # 'b'

    from contextlib import contextmanager
    def f():
        yield 'a'
    with contextmanager(f)() as x:
        pass
    reveal(x)  # 'a'

    from contextlib import asynccontextmanager
    async def f():
        yield 'a'
    g = asynccontextmanager(f)
    async def h():
        async with g() as y:
            return y
    reveal(h())  # 'a'
"""


REGISTRIES = """
    REGISTRY = {}
    def register(name):
        def decorate(function):
            REGISTRY[name] = function
            return function
        return decorate
    @register('main')
    def f():
        return 1
    reveal(REGISTRY['main']())  # 1

    REGISTRY = {}
    def register(function):
        REGISTRY[function.__name__] = function
        return function
    @register
    def f():
        return 1
    reveal(REGISTRY['f']())  # 1

    ALL = []
    def register(function):
        ALL.append(function)
        return function
    @register
    def f():
        return 1
    @register
    def g():
        return 2
    reveal([one() for one in ALL])  # [1, 2]

    ALL = []
    def register(function):
        ALL.append(function)
        return function
    @register
    def f():
        return 1
    f()
    reveal(len(ALL))  # 1

    class Registry:
        def __init__(self):
            self.known = {}
        def add(self, name):
            def decorate(function):
                self.known[name] = function
                return function
            return decorate
    registry = Registry()
    @registry.add('a')
    def f():
        return 1
    reveal(registry.known['a']())  # 1

    ALL = []
    def register(function):
        ALL.append(function)
        def wrapper(*args):
            return function(*args)
        return wrapper
    class C:
        @property
        @register
        def x(self):
            return 1
    reveal(C().x)  # 1

    ALL = {}
    def register(cls):
        ALL[cls.__name__] = cls
        return cls
    @register
    class A:
        x = 1
    reveal(ALL['A'].x)  # 1
"""


@pytest.mark.parametrize(("code", "expected"), cases(REGISTRIES, DECORATED))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
