"""The effects of calls."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

CLOSURES = """
    x = {}
    kept = (x, 1)
    def f(d):
        d['a'] = 1
    f(**{'d': kept[0]})
    reveal(x)  # {'a': 1}

    x = {}
    def f(d):
        put = lambda: d.update(a=1)
        put()
    f(x)
    reveal(x)  # {'a': 1}

    x = {}
    def f(d):
        def put():
            d['a'] = 1
        put()
    f(x)
    reveal(x)  # {'a': 1}

    x = {}
    def f(d):
        def put():
            d['a'] = dict()
        put()
        other = dict()
    f(x)
    reveal(x)  # {'a': {}}

    x = {}
    def f(d):
        put = d.__setitem__
        for key in ('a', 'b'):
            put(key, 1)
    f(x)
    reveal(x)  # {'a': 1, 'b': 1}

    from functools import partial
    x = {}
    def f(d=x):
        put = partial(d.update, a=1)
        put(b=2)
    f()
    reveal(x)  # {'a': 1, 'b': 2}

    x = {}
    def g():
        x['a'] = 1
    def f():
        g()
    f()
    reveal(x)  # {'a': 1}

    x = {}
    class C:
        def put(self):
            set_it = self.d.update
            set_it(a=1)
        def __init__(self, d):
            self.d = d
            self.put()
    C(x)
    reveal(x)  # {'a': 1}

    def made(d={}):
        d['a'] = 1
        return d
    class C:
        args = dict(inner=made())
    reveal(C.args)  # {'inner': {'a': 1}}

    x = {}
    def get():
        return {'b': x}
    def f(d):
        d['b']['a'] = 1
    f(get())
    reveal(x)  # {'a': 1}

    x = {}
    get = lambda: x
    def f(d):
        d['a'] = 1
    f(d=get())
    reveal(x)  # {'a': 1}

    x = {}
    def each():
        yield x
    def f(items):
        for item in items:
            item['a'] = 1
    made = each()
    f(made)
    reveal(x)  # {'a': 1}

    class C:
        args = {}
    def f(c):
        c.args['a'] = 1
        c.more = 2
    f(C)
    reveal((C.args, C.more))  # ({'a': 1}, 2)
"""

CALLS = """
    x = {}
    def f(d):
        d['a'] = 1
    f(x)
    reveal(x)  # {'a': 1}

    x = {}
    def f():
        x['a'] = 1
    f()
    reveal(x)  # {'a': 1}

    x = {}
    def f():
        x['a'] = 1
    reveal(x)  # {}

    from types import SimpleNamespace
    x = {}
    def put(items):
        items['k'] = 1
    put(SimpleNamespace(items=x).items)
    reveal(x)  # {'k': 1}

    from types import SimpleNamespace
    x = {}
    state = SimpleNamespace(items=x)
    def put(state):
        state.items['k'] = 1
    put(state)
    reveal(x)  # {'k': 1}

    x = {}
    unknown(x)
    reveal(x)  # {**...}

    x = {'a': 1}
    unknown(x)
    reveal(x)  # {'a': ..., **...}

    x = {'a': 1}
    unknown.method(k=x)
    reveal(x)  # {'a': ..., **...}

    x = {'a': 1}
    print(x)
    reveal(x)  # {'a': 1}

    import logging
    x = {'a': 1}
    logging.getLogger(__name__).info('%s', x)
    reveal(x)  # {'a': 1}
"""


@pytest.mark.parametrize(("code", "expected"), cases(CALLS, CLOSURES))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
