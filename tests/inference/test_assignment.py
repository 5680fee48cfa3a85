"""Assignment to items and to several targets."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

ITEMS = """
    x = {}
    x['a'] = 1
    reveal(x)  # {'a': 1}

    x = {'a': {}}
    x['a']['b'] = 1
    reveal(x)  # {'a': {'b': 1}}

    x = {}
    x['a'] = {}
    x['a']['b'] = 1
    reveal(x)  # {'a': {'b': 1}}

    x = {'a': 1}
    x[unknown] = 2
    reveal(x)  # {'a': ..., **...}

    x = {'a': 1, 'b': 2}
    del x['a']
    reveal(x)  # {'b': 2}

    x = {'a': 1, 'b': 2}
    del x['a'], x['b']
    reveal(x)  # {}

    x = {'a': {'b': 1}}
    del x['a']['b']
    reveal(x)  # {'a': {}}

    x = {}
    for k in ('a', 'b'):
        x[k] = 1
    reveal(x)  # {'a': 1, 'b': 1}

    x = {}
    x['a'], x['b'] = 1, 2
    reveal(x)  # {'a': 1, 'b': 2}

    x = {}
    x['a'] = x['b'] = 1
    reveal(x)  # {'a': 1, 'b': 1}

    x = {'a': 1}
    x['a'] += 1
    reveal(x)  # {'a': 2}

    unknown['a'] = 1
    reveal(1)  # 1

    x = {}
    x['a', 'b'] = 1
    reveal(x)  # {}

    x = {}
    x['a':'b'] = 1
    reveal(x)  # {}

    x = {'a': 1}
    y, x['b'] = 1, 2
    reveal(x)  # {'a': 1, 'b': 2}

    x = 1
    x **= 2
    reveal(x)  # ...
"""

CHOICES = """
    import os
    one, two = {}, {}
    chosen = one if os.environ.get('E') == 'a' else two
    chosen['k'] = 1
    reveal(one if os.environ.get('E') == 'a' else None)  # {'k': 1} | None

    import os
    one, two = {}, {}
    chosen = one if os.environ.get('E') == 'a' else two
    chosen['k'] = 1
    reveal(chosen['k'])  # 1

    one = {}
    chosen = one if unknown else one
    chosen['k'] = 1
    reveal(one)  # {'k': 1}

    class C:
        pass
    one, two = C(), C()
    one.k, two.k = 1, 2
    chosen = one if unknown else two
    chosen.k = 3
    reveal(chosen.k)  # 3
"""

UNPACKED = """
    a, x = 1, 2
    reveal(x)  # 2

    (a, x), b = (1, 2), 3
    reveal(x)  # 2

    [a, x] = [1, 2]
    reveal(x)  # 2

    a, *x = 1, 2, 3
    reveal(x)  # [2, 3]

    *a, x = 1, 2, 3
    reveal(x)  # 3

    a, x = unknown
    reveal(x)  # ...

    a, x = 1, 2, 3
    reveal(x)  # ...
"""


SETTERS = """
    class C:
        def __init__(self):
            self.a = {'x': 1}
        @property
        def a(self):
            return self._a
        @a.setter
        def a(self, value):
            self._a = {**value, 'y': 2}
    reveal(C().a)  # {'x': 1, 'y': 2}

    class C:
        def __init__(self):
            self._a = {}
        @property
        def a(self):
            return self._a
        @a.setter
        def a(self, value):
            self._a.update(value)
    c = C()
    c.a = {'x': 1}
    c.a = {'y': 1}
    reveal(c.a)  # {'x': 1, 'y': 1}
"""


@pytest.mark.parametrize(("code", "expected"), cases(SETTERS, ITEMS, CHOICES, UNPACKED))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
