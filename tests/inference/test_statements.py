"""Loops, `with`, `assert`, and the order of statements."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from programs import value_of

LOOPS = """
    x = ''
    for c in ('a', 'b'):
        x += c
    reveal(x)  # 'ab'

    for x in ['a', 'b']:
        pass
    reveal(x)  # 'b'

    layers = [{'a': 1}]
    if unknown:
        layers.append({'b': 2})
    x = {}
    for layer in layers:
        x.update(layer)
    reveal([x['a'], x.get('b')])  # [1, None | 2]

    for x in ['a', 'b'] if unknown else []:
        if x == 'a':
            break
    else:
        x = 'c'
    reveal(x)  # 'a' | 'c'

    x = 0
    for c in unknown:
        x = 1
    reveal(x)  # 0 | 1

    x = 0
    for c in ():
        x = 1
    reveal(x)  # 0

    x = 0
    for c in []:
        x = 1
    else:
        x = 2
    reveal(x)  # 2

    x = 0
    for c in ('a', 'b'):
        if c == 'a':
            continue
        x = c
    reveal(x)  # 'b'

    x = ''
    for c in ('a', 'b', 'c'):
        if c == 'b':
            break
        x += c
    reveal(x)  # 'a'

    x = 'z'
    for c in ('a', 'b'):
        if unknown:
            x = c
            break
    reveal(x)  # 'a' | 'z'

    x = 'z'
    for c in ('a', 'b'):
        if unknown(c):
            x = c
            break
    reveal(x)  # 'a' | 'b' | 'z'

    x = 0
    while unknown:
        x = 1
    reveal(x)  # 0 | 1

    x = 0
    while False:
        x = 1
    reveal(x)  # 0

    x = 0
    while False:
        x = 1
    else:
        x = 2
    reveal(x)  # 2

    while True:
        x = 1
        break
    reveal(x)  # 1

    x = ''
    for k, v in {'a': '1'}.items():
        x += k + v
    reveal(x)  # 'a1'

    x = ''
    for p, q in (('a', 'b'), ('c', 'd')):
        x += p + q
    reveal(x)  # 'abcd'

    x = ''
    for p in ('a', 'b'):
        for q in ('c', 'd'):
            x += p + q
    reveal(x)  # 'acadbcbd'

    def f():
        for p in ('a', 'b'):
            if p == 'b':
                return p
    reveal(f())  # 'b'

    x = [0]
    while unknown:
        x = x + [1]
    reveal(x)  # [0, 1] | [0]

    def f():
        for p in unknown:
            return p
        else:
            return 'a'
    reveal(f())  # 'a' | ...

    def f():
        while True:
            return 'a'
    reveal(f())  # 'a'

    x = 0
    for c in ('a', 'b'):
        if c == 'b':
            break
    else:
        x = 1
    reveal(x)  # 0

    x = ''
    for c in {'a': 1}:
        x += c
    reveal(x)  # 'a'

    def f():
        for p in ('a',):
            if unknown:
                continue
            return p
        return 'b'
    reveal(f())  # 'a' | 'b'

    def f():
        for p in ('a', 'b'):
            continue
        return p
    reveal(f())  # 'b'
"""

WITH = """
    with unknown:
        x = 1
    reveal(x)  # 1

    with open('f') as file:
        x = file
    reveal(x)  # ...

    with unknown as y, other as x:
        pass
    reveal(x)  # ...

    with unknown as (y, x):
        pass
    reveal(x)  # ...

    import threading
    with threading.lock as x:
        pass
    reveal(x)  # ...

    class C:
        pass
    with C() as y:
        x = 1
    reveal(x)  # 1

    def f():
        with unknown:
            raise ValueError
    reveal(f())  # ...

    class C:
        def __enter__(self):
            return self
        a = 'b'
    with C() as c:
        x = c.a
    reveal(x)  # 'b'

    class C:
        def __enter__(self):
            return 'b'
    with C() as x:
        pass
    reveal(x)  # 'b'

    class Change:
        def __init__(self, d):
            self.d = d
        def __enter__(self):
            self.d['a'] = 1
        def __exit__(self, *args):
            self.d['b'] = 1
    x = {}
    with Change(x):
        y = dict(x)
    reveal((x, y))  # ({'a': 1, 'b': 1}, {'a': 1})
"""

MANAGERS = """
    from contextlib import contextmanager
    @contextmanager
    def tuned(d):
        d['a'] = 1
        try:
            yield d
        finally:
            d.pop('a')
    x = {}
    with tuned(x) as y:
        z = dict(y)
    reveal((x, z))  # ({}, {'a': 1})

    from contextlib import contextmanager
    @contextmanager
    def tuned(d):
        d['a'] = 1
        yield d
        d['a'] = 3
    def f():
        x = {}
        with tuned(x) as y:
            return dict(x)
    reveal(f())  # {'a': 1}

    from contextlib import contextmanager
    @contextmanager
    def tuned(d):
        try:
            yield d
        except KeyError:
            d['a'] = 3
    x = {}
    with tuned(x) as y:
        x['b'] = {}['c']
    reveal(x)  # {'a': 3}

    from contextlib import contextmanager
    @contextmanager
    def either(d):
        if unknown:
            yield 1
        else:
            yield 2
    x = {}
    with either(x) as y:
        x['a'] = y
    reveal(x)  # {'a': 1 | 2}

    from contextlib import contextmanager
    @contextmanager
    def outer(n):
        yield n
    with outer(1) as x, outer(x + 1) as y:
        z = x + y
    reveal((x, y, z))  # (1, 2, 3)
"""

ASSERTED = """
    assert unknown
    reveal(1)  # 1

    def f(a):
        assert a == 'b'
        return a
    reveal(f('b' if unknown else 'c'))  # 'b'
"""

ORDER = """
    x = 'a'
    reveal('b')  # 'b'

    y = 'a'
    x = y
    y = 'b'
    reveal(x)  # 'a'

    x = y
    y = 'a'
    reveal(x)  # ...

    x = 'a'
    del x
    reveal('b')  # 'b'

    x: str = 'a'
    reveal(x)  # 'a'

    x: str
    reveal(x)  # ...

    x = 'a'; y = 'b'; x = y
    reveal(x)  # 'b'

    type x = int
    reveal(x)  # ...

    if __name__ == '__main__':
        x = 1
    reveal(x)  # 1
"""


@pytest.mark.parametrize(("code", "expected"), cases(LOOPS, WITH, MANAGERS, ASSERTED, ORDER))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


def test_nothing_is_bound_after_an_assertion_that_fails() -> None:
    code = """
x = 1
assert False
x = 2
"""
    assert value_of(code) == 1
