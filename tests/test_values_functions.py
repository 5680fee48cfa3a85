"""Functions of the project: what they return, what they see, what they change."""

from __future__ import annotations

from typing import Any

import pytest
from programs import OneOf, value_of

RETURNED = [
    ("def f():\n    return 'a'\nx = f()", "a"),
    ("def f():\n    pass\nx = f()", None),
    ("def f():\n    return\nx = f()", None),
    ("def f():\n    return 'a', 'b'\ny, x = f()", "b"),
    ("def f():\n    return {'a': 1}\nx = f()", {"a": 1}),
    ("def f():\n    return {'a': 1}\nx = f()\nf()['a'] = 2", {"a": 1}),
    ("def f():\n    if unknown:\n        return 'a'\n    return 'b'\nx = f()", OneOf("a", "b")),
    ("def f(e):\n    if e == 'p':\n        return 'a'\n    return 'b'\nx = f('p')", "a"),
    ("def f(e):\n    if e == 'p':\n        return 'a'\n    return 'b'\nx = f('q')", "b"),
    ("def f():\n    if not unknown:\n        raise ValueError\n    return 'a'\nx = f()", "a"),
    ("def f():\n    raise ValueError\nx = f()", ...),
    ("async def f():\n    return 'a'\nasync def g():\n    return await f()\nx = g()", "a"),
    ("def f():\n    yield 'a'\nx = f()", ...),
    ("def f(): return 'a'\nx = f()", "a"),
    ("x = f()\ndef f():\n    return 'a'", ...),
    ("def f():\n    return 'a'\ndef f():\n    return 'b'\nx = f()", "b"),
    (
        "if unknown:\n    def f():\n        return 'a'\nelse:\n    def f():\n        return 'b'\nx = f()",
        OneOf("a", "b"),
    ),
    ("def f():\n    yield from unknown\nx = next(f())", ...),
    ("def f():\n    yield\nx = next(f())", None),
    ("def f():\n    yield 'a'\nx = f().__next__()", "a"),
    ("async def f():\n    yield 'a'\nx = anext(f())", "a"),
    ("def f():\n    y = yield 'a'\n    return y\nx = next(f())", "a"),
    ("x = super()", ...),
    ("x = super().m()", ...),
    ("x = (yield)", ...),
    ("x = print", "library builtins.print"),
    ("def f():\n    return 'a'\nx = f.attribute", ...),
]

PARAMETERS = [
    ("def f(a='p'):\n    return a\nx = f()", "p"),
    ("def f(a='p'):\n    return a\nx = f('q')", "q"),
    ("def f(a='p'):\n    return a\nx = f(a='q')", "q"),
    ("def f(a, /, b, *, c):\n    return a + b + c\nx = f('1', '2', c='3')", "123"),
    ("def f(*, c='p'):\n    return c\nx = f()", "p"),
    ("def f(*args):\n    return args\nx = f(1, 2)", (1, 2)),
    ("def f(a, *args):\n    return args\nx = f(1, *[2, 3])", (2, 3)),
    ("def f(a, *args):\n    return a\nx = f(*unknown)", ...),
    ("def f(**kw):\n    return kw\nx = f(a=1, **{'b': 2})", {"a": 1, "b": 2}),
    ("def f(a, **kw):\n    return kw\nx = f(a=1, b=2)", {"b": 2}),
    ("def f(**kw):\n    return kw\nx = f(**unknown)", {"…": ...}),
    ("def f(**kw):\n    kw.setdefault('a', 1)\n    return kw\nx = f(a=2)", {"a": 2}),
    ("def g(a):\n    return a\ndef f(*args, **kw):\n    return g(*args, **kw)\nx = f(a=1)", 1),
    ("def f(a='p'):\n    return a\nx = f(**unknown)", "p"),
    ("def f(a='p'):\n    return a\nx = f(**({'a': 'q'} if unknown else {}))", OneOf("p", "q")),
    ("def f(a):\n    return a\nx = f()", ...),
    ("d = 'p'\ndef f(a=d):\n    return a\nd = 'q'\nx = f()", "p"),
    ("def f(a={}):\n    a['k'] = 1\n    return a\nf()\nx = f()", {"k": 1}),
    ("def f(a=None):\n    a = a or 'p'\n    return a\nx = f()", "p"),
    ("def f(a=None):\n    if a is None:\n        a = 'p'\n    return a\nx = f()", "p"),
    ("def f(a=None):\n    if a is None:\n        a = 'p'\n    return a\nx = f('q')", "q"),
    ("from fastapi import Depends\ndef g():\n    return 'a'\ndef f(a=Depends(g)):\n    return a\nx = f()", "a"),
    ("from fastapi import Depends\ndef g():\n    yield 'a'\ndef f(a=Depends(g)):\n    return a\nx = f()", "a"),
    ("from fastapi import Depends\nclass C:\n    a = 'b'\ndef f(c: C = Depends()):\n    return c.a\nx = f()", "b"),
    (
        "from typing import Annotated\nfrom fastapi import Depends\ndef g():\n"
        "    return 'a'\ndef f(a: Annotated[str, Depends(g)]):\n    return a\nx = f()",
        "a",
    ),
    (
        "from typing import Annotated\nfrom fastapi import Depends\ndef g():\n"
        "    return 'a'\nA = Annotated[str, Depends(g)]\ndef f(a: A):\n    return a\n"
        "x = f()",
        "a",
    ),
    (
        "from typing import Annotated\nclass C:\n    a = 'b'\ndef f(c: Annotated[C, 'doc']):\n    return c.a\nx = f()",
        "b",
    ),
    (
        "from typing import Annotated\nclass C:\n    a = 'b'\n"
        "A = Annotated[C, unknown()]\ndef f(c: A):\n    return c.a\nx = f()",
        "b",
    ),
    ("class C:\n    a = 'b'\ndef f(c: 'C'):\n    return c.a\nx = f()", "b"),
    ("class C:\n    a = 'b'\ndef f(c: '(' * 3):\n    return c\nx = f()", ...),
    ("def f(c: 'a b'):\n    return c\nx = f()", ...),
    ("class C:\n    a = 'b'\ndef f(c: 'C" + " " * 300 + "'):\n    return c.a\nx = f()", ...),
    (
        "import app\nclass C:\n    a = 'b'\n"
        "def f(c: list[C], d: app.D, e: dict['k', C], g: str):\n    return c\nx = f()",
        ...,
    ),
    ("def f(a, b):\n    return b\nx = f(1, *unknown)", ...),
    ("def f(a=None, *, b=None):\n    return b or a\nx = f(**({'b': 'q'} if unknown else {'a': 'p'}))", OneOf("p", "q")),
    ("def f(a='p', b='q'):\n    return b\nx = f(*unknown)", ...),
    ("class C:\n    a = 'b'\ndef f(c: C | None):\n    return c.a\nx = f()", "b"),
    ("class C:\n    a = 'b'\ndef f(c: None | C):\n    return c.a\nx = f()", "b"),
    ("from app import make\nx = make()", ...),
    ("from app import make\nx = make()\nx = str(x) + 'a'", "{…}a"),
]

SEEN = [
    ("y = 'a'\ndef f():\n    return y\nx = f()", "a"),
    ("def f():\n    return y\ny = 'a'\nx = f()", "a"),
    ("y = 'a'\ndef f():\n    y = 'b'\n    return y\nx = f() + y", "ba"),
    ("x = 'a'\ndef f():\n    global x\n    x = 'b'\nf()", "b"),
    ("x = 'a'\ndef f():\n    x = 'b'\nf()", "a"),
    ("def f():\n    y = 'a'\n    def g():\n        return y\n    return g()\nx = f()", "a"),
    ("def f():\n    y = 'a'\n    def g():\n        return y\n    return g\nx = f()()", "a"),
    ("def f(y):\n    def g():\n        return y\n    return g\nx = f('a')() + f('b')()", "ab"),
    ("def f():\n    y = 'a'\n    def g():\n        nonlocal y\n        y = 'b'\n    g()\n    return y\nx = f()", "b"),
    ("x = (lambda a: a + 'b')('a')", "ab"),
    ("f = lambda a='p': a\nx = f()", "p"),
    ("f = lambda *, k: {'k': k}\nx = f(k=1)", {"k": 1}),
    ("def f():\n    return 'a'\ng = f\nx = g()", "a"),
    ("def f():\n    return 'a'\nx = {'k': f}['k']()", "a"),
    ("def f(g):\n    return g()\nx = f(lambda: 'a')", "a"),
    ("f = (lambda: 'a') if unknown else (lambda: 'b')\nx = f()", OneOf("a", "b")),
    (
        "from functools import partial\ndef f(a, b, c='c'):\n    return a + b + c\nx = partial(f, 'a', c='d')('b')",
        "abd",
    ),
    ("import functools\nx = functools.partial(dict, a=1)(b=2)", {"a": 1, "b": 2}),
    ("from functools import partial\nx = partial()", ...),
]

DECORATED = [
    ("from functools import lru_cache\n@lru_cache\ndef f():\n    return 'a'\nx = f()", "a"),
    ("from functools import lru_cache\n@lru_cache(maxsize=None)\ndef f():\n    return 'a'\nx = f()", "a"),
    ("import functools\n@functools.cache\ndef f():\n    return 'a'\nx = f()", "a"),
    ("@unknown\ndef f():\n    return 'a'\nx = f()", "a"),
    ("from contextlib import contextmanager\n@contextmanager\ndef f():\n    yield 'a'\nwith f() as x:\n    pass", "a"),
    ("def f():\n    yield 'a'\nx = next(f())", "a"),
    ("from functools import lru_cache\ndef f():\n    return 'a'\nx = lru_cache(f)()", "a"),
    ("from functools import cache\ndef f():\n    return 'a'\ng = cache(f)\nx = g()", "a"),
    ("def d(f):\n    def w(*a):\n        return f(*a)\n    return w\n@d\ndef f(a):\n    return a\nx = f('b')", "b"),
    (
        "from contextlib import contextmanager\ndef f():\n    yield 'a'\nwith contextmanager(f)() as x:\n    pass",
        "a",
    ),
    (
        "from contextlib import asynccontextmanager\nasync def f():\n    yield 'a'\ng = asynccontextmanager(f)\n"
        "async def h():\n    async with g() as y:\n        return y\nx = h()",
        "a",
    ),
    ("import asyncio\nasync def f():\n    return 'a'\nx = asyncio.run(f())", "a"),
    ("import anyio\nasync def f(a):\n    return a\nx = anyio.run(f, 'a')", "a"),
    ("import asyncio\nasync def f():\n    return 'a'\nx = asyncio.shield(f()) + asyncio.wait_for(f(), 5)", "aa"),
    ("import asyncio\nasync def f():\n    return 'a'\nx = asyncio.get_event_loop().run_until_complete(f())", "a"),
    ("async def f():\n    return 'a'\nx = unknown.run_until_complete(f())", "a"),
    ("x = unknown.run_until_complete()", ...),
]

RECURSIVE = [
    ("def f(n):\n    return f(n)\nx = f(1)", ...),
    ("def f(n):\n    if n == 0:\n        return 'a'\n    return f(n - 1)\nx = f(2)", ...),
    ("def f():\n    return g()\ndef g():\n    return f()\nx = f()", ...),
    ("x = {}\nx['a'] = x\nx = 1", 1),
]


@pytest.mark.parametrize(("code", "expected"), RETURNED + PARAMETERS + SEEN + DECORATED + RECURSIVE)
def test_a_call_gives(code: str, expected: Any) -> None:
    assert value_of(code) == expected
