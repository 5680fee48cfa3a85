"""Objects that have several names."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

SHARED = """
    x = {}
    y = x
    y['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    y = {'k': x}
    x['a'] = 1
    reveal(y)  # {'k': {'a': 1}}

    x = {}
    y = {'k': x}
    y['k']['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    y = dict(x)
    y['a'] = 1
    reveal(x)  # {}

    x = {}
    y = x.copy()
    y['a'] = 1
    reveal(x)  # {}

    x = {}
    y = {**x}
    y['a'] = 1
    reveal(x)  # {}

    x = {'a': 1}
    y = x | {}
    y['a'] = 2
    reveal(x)  # {'a': 1}

    x = y = {}
    y['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    class C:
        args = x
    C.args['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    class C:
        def get(self):
            return x
    C().get()['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    class C:
        args = [x]
    class D(C):
        pass
    D().args[0]['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    class C:
        def __init__(self):
            x['a'] = 1
    C()
    reveal(x)  # {'a': 1}

    class Holder:
        pass
    holder = Holder()
    x = {}
    setattr(holder, 'args', x)
    holder.args['a'] = 1
    reveal(x)  # {'a': 1}

    def link(a, b):
        a['x'] = b
    x = {}
    box = {}
    link(box, x)
    box['x']['a'] = 1
    reveal(x)  # {'a': 1}

    class Holder:
        def put(self, args):
            self.args = args
    holder = Holder()
    x = {}
    holder.put(x)
    holder.args['a'] = 1
    reveal(x)  # {'a': 1}

    HELD = []
    def keep(d):
        HELD.append(d)
    def fill():
        for one in HELD:
            one['a'] = 1
    x = {}
    keep(x)
    fill()
    reveal(x)  # {'a': 1}

    CURRENT = None
    def keep(d):
        global CURRENT
        CURRENT = d
    x = {}
    keep(x)
    CURRENT['a'] = 1
    reveal(x)  # {'a': 1}

    x = {'a': 0}
    x['b'] = 0
    y = {}
    y.update(x)
    reveal(y)  # {'a': 0, 'b': 0}

    def f():
        x = {'a': 0}
        put = x.update
        put(b=0)
        y = {}
        y.setdefault('c', {}).update(x)
        return y
    reveal(f())  # {'c': {'a': 0, 'b': 0}}
"""


@pytest.mark.parametrize(("code", "expected"), cases(SHARED))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
