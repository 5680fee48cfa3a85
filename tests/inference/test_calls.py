"""Calls: the callee, and calls that never end."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from programs import analyse

CALLEES = """
    reveal((lambda a: a + 'b')('a'))  # 'ab'

    f = lambda a='p': a
    reveal(f())  # 'p'

    f = lambda *, k: {'k': k}
    reveal(f(k=1))  # {'k': 1}

    def f():
        return 'a'
    g = f
    reveal(g())  # 'a'

    def f():
        return 'a'
    reveal({'k': f}['k']())  # 'a'

    def f(g):
        return g()
    reveal(f(lambda: 'a'))  # 'a'

    f = (lambda: 'a') if unknown else (lambda: 'b')
    reveal(f())  # 'a' | 'b'

    # Each function is called on its own paths.
    import os
    def put(made, value):
        made['k'] = value
    def leave(made, value):
        pass
    made = {}
    f = put if os.getenv('A') else leave
    f(made, 1 if os.getenv('A') else 2)
    reveal(made)  # {'k': ABSENT | 1}

    x = {}
    list(map(x.setdefault, ('a', 'b'), (1, 2)))
    reveal(x)  # {'a': 1, 'b': 2}

    x = {}
    dict.update(x, {'a': 1}, b=2)
    reveal(x)  # {'a': 1, 'b': 2}

    from functools import partial
    x = {}
    partial(dict.update, x)({'a': 1})
    reveal(x)  # {'a': 1}
"""

KEYWORDS = """
    def f(**k):
        return k
    more = {'a': 1}
    try:
        x = f(**more, a=2)
    except TypeError:
        x = 'twice'
    reveal(x)  # 'twice'

    from functools import partial
    def f(**k):
        return k
    more = {}
    if unknown:
        more['a'] = 2
    g = partial(f, a=1)
    reveal(g(**more)['a'])  # 1 | 2
"""

RECURSIVE = """
    def fill(target, keys):
        if not keys:
            return target
        target[keys[0]] = 1
        return fill(target, keys[1:])
    x = {}
    fill(x, ('a', 'b'))
    reveal(x)  # {'a': 1, 'b': 1}

    def merge(a, b):
        for key, value in b.items():
            if isinstance(value, dict):
                merge(a.setdefault(key, {}), value)
            else:
                a[key] = value
    x = {'a': {'b': 1}}
    merge(x, {'a': {'c': 2}})
    reveal(x)  # {'a': {'b': 1, 'c': 2}}

    def fill(target, n):
        if unknown(n):
            target['a'] = 1
            fill(target, n)
    x = {}
    fill(x, 1)
    reveal(x)  # {'a': ABSENT | ..., **...}

    def f(n):
        return f(n)
    reveal(f(1))  # ...

    def f(n):
        if n == 0:
            return 'a'
        return f(n - 1)
    reveal(f(2))  # 'a'

    def f():
        return g()
    def g():
        return f()
    reveal(f())  # ...

    x = {}
    x['a'] = x
    reveal(1)  # 1
"""


@pytest.mark.parametrize(("code", "expected"), cases(CALLEES, KEYWORDS, RECURSIVE))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


ONE_RECEIVER = """
    from sqlalchemy.ext.asyncio import create_async_engine
    class Database:
        def engine(self):
            return create_async_engine('postgresql+asyncpg://db/a')
    main, other = Database(), Database()
    def pick(first, second):
        if first:
            return main
        if second:
            return other
        return main
    engine = pick(unknown(1), unknown(2)).engine()
"""


def test_a_method_is_run_once_for_an_instance_on_several_paths() -> None:
    seen = analyse(ONE_RECEIVER).calls
    assert len([one for one in seen if one.function.endswith("create_async_engine")]) == 2
