"""Functions of the project: their results and their parameters."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

RETURNED = """
    def f():
        return 'a'
    reveal(f())  # 'a'

    def f():
        pass
    reveal(f())  # None

    def f():
        return
    reveal(f())  # None

    def f():
        return 'a', 'b'
    y, x = f()
    reveal(x)  # 'b'

    def f():
        return {'a': 1}
    reveal(f())  # {'a': 1}

    # What is returned may change something, although the result is not used.
    def f(d):
        return d.update(a=1)
    def g(d):
        return f(d)
    x = {}
    g(x)
    reveal(x)  # {'a': 1}

    def f():
        return {'a': 1}
    x = f()
    f()['a'] = 2
    reveal(x)  # {'a': 1}

    def f():
        if unknown:
            return 'a'
        return 'b'
    reveal(f())  # 'a' | 'b'

    def f(e):
        if e == 'p':
            return 'a'
        return 'b'
    reveal(f('p'))  # 'a'

    def f(e):
        if e == 'p':
            return 'a'
        return 'b'
    reveal(f('q'))  # 'b'

    def f():
        if not unknown:
            raise ValueError
        return 'a'
    reveal(f())  # 'a'

    def f():
        raise ValueError
    reveal(f())  # ...

    async def f():
        return 'a'
    async def g():
        return await f()
    reveal(g())  # 'a'

    def f():
        yield 'a'
    reveal(f())  # ...

    def f(): return 'a'
    reveal(f())  # 'a'

    x = f()
    def f():
        return 'a'
    reveal(x)  # ...

    def f():
        return 'a'
    def f():
        return 'b'
    reveal(f())  # 'b'

    if unknown:
        def f():
            return 'a'
    else:
        def f():
            return 'b'
    reveal(f())  # 'a' | 'b'

    def f():
        yield from unknown
    reveal(next(f()))  # ...

    def f():
        yield
    reveal(next(f()))  # None

    def f():
        yield 'a'
    reveal(f().__next__())  # 'a'

    async def f():
        yield 'a'
    reveal(anext(f()))  # 'a'

    def f():
        y = yield 'a'
        return y
    reveal(next(f()))  # 'a'

    reveal(super())  # ...
    reveal(super().m())  # ...
    reveal((yield))  # ...
    reveal(print)  # 'library builtins.print'

    def f():
        return 'a'
    reveal(f.attribute)  # ...

    def f():
        yield 'a'
    reveal(next(f()))  # 'a'
"""

GENERATORS = """
    def each(*items):
        for item in items:
            yield item
    x = {}
    for one in each(x):
        one['a'] = 1
    reveal(x)  # {'a': 1}

    def each(*items):
        yield from items
    reveal(list(each(1, 2)))  # [1, 2]

    def f():
        yield 1
        yield 2
    reveal(next(f()))  # 1

    def f():
        yield from unknown
    reveal(len(list(f())))  # ...

    def f():
        if unknown:
            yield 1
        yield 2
    reveal(len(list(f())))  # 1 | 2

    def f(flag):
        if flag:
            yield 'a', 1
        else:
            yield 'b', 2
            yield 'c', 3
    x = dict(f(unknown))
    y = dict(f(False))
    reveal([x.get('a'), x.get('c'), y])  # [None | 1, None | 3, {'b': 2, 'c': 3}]

    def f():
        for one in unknown:
            yield 1
    reveal(next(f()))  # 1

    def f():
        yield from ()
    reveal(next(f()))  # ...

    def f():
        yield 'a', 0
        for name in ('p', 'q', 'r', 's', 't', 'u'):
            if unknown(name):
                yield name, 1
    reveal(dict(f()).get('a', 2))  # 0 | ...
"""

PARAMETERS = """
    def f(a='p'):
        return a
    reveal(f())  # 'p'

    def f(a='p'):
        return a
    reveal(f('q'))  # 'q'

    def f(a='p'):
        return a
    reveal(f(a='q'))  # 'q'

    def f(a, /, b, *, c):
        return a + b + c
    reveal(f('1', '2', c='3'))  # '123'

    def f(*, c='p'):
        return c
    reveal(f())  # 'p'

    def f(*args):
        return args
    reveal(f(1, 2))  # (1, 2)

    def f(a, *args):
        return args
    reveal(f(1, *[2, 3]))  # (2, 3)

    def f(a, *args):
        return a
    reveal(f(*unknown))  # ...

    def f(**kw):
        return kw
    reveal(f(a=1, **{'b': 2}))  # {'a': 1, 'b': 2}

    def f(a, **kw):
        return kw
    reveal(f(a=1, b=2))  # {'b': 2}

    def f(**kw):
        return kw
    reveal(f(**unknown))  # {**...}

    def f(**kw):
        kw.setdefault('a', 1)
        return kw
    reveal(f(a=2))  # {'a': 2}

    def g(a):
        return a
    def f(*args, **kw):
        return g(*args, **kw)
    reveal(f(a=1))  # 1

    def f(a='p'):
        return a
    reveal(f(**unknown))  # 'p'

    def f(a='p'):
        return a
    reveal(f(**({'a': 'q'} if unknown else {})))  # 'p' | 'q'

    def f(a):
        return a
    reveal(f())  # ...

    d = 'p'
    def f(a=d):
        return a
    d = 'q'
    reveal(f())  # 'p'

    def f(a={}):
        a['k'] = 1
        return a
    f()
    reveal(f())  # {'k': 1}

    def f(a=None):
        a = a or 'p'
        return a
    reveal(f())  # 'p'

    def f(a=None):
        if a is None:
            a = 'p'
        return a
    reveal(f())  # 'p'

    def f(a=None):
        if a is None:
            a = 'p'
        return a
    reveal(f('q'))  # 'q'

    def f(a, b):
        return b
    reveal(f(1, *unknown))  # ...

    def f(a=None, *, b=None):
        return b or a
    reveal(f(**({'b': 'q'} if unknown else {'a': 'p'})))  # 'p' | 'q'

    def f(a='p', b='q'):
        return b
    reveal(f(*unknown))  # ...

    from app import make
    reveal(make())  # ...

    from app import make
    x = make()
    reveal(str(x) + 'a')  # '{…}a'
"""


DEFAULTS = """
    def f(extra=None, base={'a': 1}):
        base.update(extra or {})
        return base
    f({'b': 2})
    reveal(f())  # {'a': 1, 'b': 2}

    def f(extra=None, base=dict(a=1)):
        if extra:
            base['b'] = extra
        return base
    y = f(2)
    x = f()
    reveal(x)  # {'a': 1, 'b': 2}

    def f(extra, base={'a': 1} | {}):
        base['b'] = extra
        return base
    def g():
        return f(2)
    y = g()
    f(3)
    reveal(y)  # {'a': 1, 'b': 3}

    def f(extra, base={'a': 1}):
        return {**base, **extra}
    f({'b': 2})
    reveal(f({}))  # {'a': 1}
"""


@pytest.mark.parametrize(("code", "expected"), cases(DEFAULTS, RETURNED, GENERATORS, PARAMETERS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
