"""Attributes of classes, instances and everything else."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

ATTRIBUTES = """
    class C:
        def __init__(self):
            self.pool = None
        def start(self):
            self.pool.close()
            self.size = self.pool.size
            return 'started'
    reveal(C().start())  # 'started'

    class C:
        def __init__(self):
            self.pool = None
        def start(self):
            return 'none' if self.pool is None else 'some'
    reveal(C().start())  # 'none'

    class C:
        def __init__(self):
            self.a = 'b'
    reveal(C().a)  # 'b'

    class C:
        def m(self):
            self.a = 'b'
    c = C()
    c.m()
    reveal(c.a)  # 'b'

    class C:
        a = 'b'
    c = C()
    c.a = 'd'
    reveal(c.a + C.a)  # 'db'

    class C:
        a = 'b'
    C.a = 'd'
    reveal(C().a)  # 'd'

    class C:
        a = 'b'
    c = C()
    if unknown:
        c.a = 'd'
    reveal(c.a)  # 'b' | 'd'

    class C:
        @property
        def a(self):
            return 'b'
    reveal(C().a)  # 'b'

    import functools
    class C:
        @functools.cached_property
        def a(self):
            return 'b'
    reveal(C().a)  # 'b'

    class C:
        @property
        def a(self):
            return self._a
        @a.setter
        def a(self, v):
            self._a = v
        def __init__(self):
            self._a = 'b'
    reveal(C().a)  # 'b'

    class B:
        def __init__(self):
            self.a = 'b'
    class C(B):
        def __init__(self):
            super().__init__()
            self.c = 'd'
    reveal(C().a + C().c)  # 'bd'

    class C:
        pass
    reveal(C().missing)  # ...

    class C:
        pass
    reveal(C.missing)  # ...

    class C:
        def __getattr__(self, name):
            return name + 'b'
    reveal(C().a)  # 'ab'

    class C:
        pass
    reveal(C.__name__)  # 'C'

    class C:
        a = 'b'
    class D:
        a = 'd'
    c = C() if unknown else D()
    c.a = 'e'
    reveal(c.a)  # 'e'

    class C:
        a = 'b'
    class D:
        a = 'd'
    c = C() if unknown else D()
    c.a += 'e'
    reveal([c.a])  # ['be' | 'de']

    class C:
        a = 'b'
    c = C()
    d = C()
    e = c if unknown else d
    e.a = 'z'
    reveal(c.a)  # 'b' | 'z'

    unknown.a = 1
    reveal(1)  # 1

    class C:
        def m(self):
            return super().missing()
    reveal(C().m())  # ...

    class C:
        a = 'b'
        class D:
            pass
        def m(self):
            return self.D
    reveal(C().m().__name__)  # 'D'

    class C:
        def __init__(self, name):
            object.__setattr__(self, 'a', 'b')
            super().__setattr__(name, 'c')
    c = C('d')
    reveal([c.a, c.d])  # ['b', 'c']

    class C:
        def __init__(self, getter):
            object.__setattr__(self, 'getter', getter)
        def __getattr__(self, name):
            return getattr(self.getter(), name)
    class D:
        a = 'b'
    reveal(C(D).a)  # 'b'

    class C:
        def __init__(self, **values):
            self.__dict__.update(values, d='e')
            self.__dict__['f'] = 'g'
            vars(self).update({'h': 'i'})
    c = C(a='b')
    reveal([c.a, c.d, c.f, c.h])  # ['b', 'e', 'g', 'i']

    class C:
        def __init__(self, values):
            self.a = 'b'
            self.__dict__.update(values)
    values = {}
    if unknown:
        values['a'] = 'c'
    reveal(C(values).a)  # 'b' | 'c'

    class C:
        def __init__(self, values):
            self.a = 'b'
            self.__dict__.update(values)
    reveal(C({'a': 'c'} if unknown else [('a', 'd')]).a)  # 'c' | 'd'

    class C:
        pass
    reveal([C().__dict__, vars(unknown), C().__dict__.copy()])  # [{}, ..., {}]

    class C(dict):
        a = 'b'
    reveal(C.missing)  # ...

    reveal(None.a)  # ...
    reveal('a'.b)  # ...
    reveal({}.b)  # ...

    class C:
        pass
    reveal(C().missing())  # ...
"""


DESCRIPTORS = """
    class D:
        def __init__(self, value):
            self.value = value
        def __get__(self, instance, owner):
            return self.value if instance is None else instance.b
    class C:
        a = D(1)
        def __init__(self):
            self.b = 2
    reveal([C.a, C().a])  # [1, 2]

    class D:
        pass
    class C:
        a = D()
    C.a.b = 1
    reveal(C().a.b)  # 1

    class D:
        def __get__(self, instance, owner=None):
            return instance.b
        def __set__(self, instance, value):
            instance.b = value + 1
    class C:
        a = D()
        def __init__(self, a):
            self.a = a
    reveal([C(1).a, vars(C(2))])  # [2, {'b': 3}]
"""

AS_DICTS = """
    class C:
        def __init__(self):
            self.a = 1
    c = C()
    setattr(c, 'd', 3)
    reveal(vars(c))  # {'a': 1, 'd': 3}

    class C:
        def __init__(self):
            self.a = 1
            if unknown:
                self.b = 2
    reveal({**C().__dict__})  # {'a': 1, 'b': 2 | ABSENT}

    class C:
        def __init__(self):
            self.a = 1
    reveal([C().__dict__['a'], C().__dict__.get('b', 0), 'a' in vars(C()), [*vars(C())]])  # [1, 0, True, ['a']]

    class C:
        def __init__(self):
            self.a = 1
            self._b = 2
    reveal({k: v for k, v in vars(C()).items() if not k.startswith('_')})  # {'a': 1}

    class C:
        a = 1
        def __init__(self):
            self.b = 2
    reveal([vars(C)['a'], C.__dict__.get('a'), vars(C())])  # [1, 1, {'b': 2}]

    class C:
        a = 1
    C.b = 2
    reveal(vars(C))  # {'a': 1, 'b': 2}

    class C:
        def __init__(self):
            self.a = 1
            self.b = 2
    c = C()
    d = vars(c)
    d.update(e=3)
    d['f'] = d.setdefault('g', 4)
    d.pop('a')
    reveal([vars(c), c.e, hasattr(c, 'b')])  # [{'b': 2, 'e': 3, 'g': 4, 'f': 4}, 3, True]

    class C:
        pass
    reveal('full' if vars(C()) else 'empty')  # 'empty'

    class C:
        a: int
    def f(c: C):
        return vars(c)
    reveal(f(unknown))  # ...

    from dataclasses import dataclass
    from typing import ClassVar
    @dataclass
    class C:
        a: int = 1
        b: int = 2
        c: ClassVar[int] = 3
    c = C(b=4)
    d = vars(c)
    d.pop('a')
    reveal([C().__dict__, vars(C(5)), d])  # [{'b': 2, 'a': 1}, {'a': 5, 'b': 2}, {'b': 4}]

    from pydantic import BaseModel
    class M(BaseModel):
        a: int = 1
    reveal(dict(vars(M())))  # {'a': 1}

    class C:
        def __init__(self):
            self.a = 1
            self.b = 2
    c, d = C(), C()
    del c.a
    delattr(d, 'b')
    reveal([vars(c), vars(d)])  # [{'b': 2}, {'a': 1}]

    class C:
        def __init__(self, **values):
            self.a = 1
            self.__dict__.update(values)
    reveal(vars(C(**unknown)))  # {'a': 1, **...}

    class C:
        def __init__(self, values):
            self.a = 1
            for key, value in values.items():
                setattr(self, key, value)
    reveal(vars(C(unknown)))  # {'a': 1, **...}

    class C:
        pass
    c, d, e = C(), C(), C()
    vars(c)[unknown] = 1
    d.__dict__ |= unknown
    unknown(e)
    reveal([vars(c), vars(d), vars(e)])  # [{**...}, {**...}, {**...}]

    class C(unknown):
        def __init__(self):
            super().__init__()
            self.a = 1
    reveal(vars(C()))  # {'a': 1, **...}
"""


@pytest.mark.parametrize(("code", "expected"), cases(ATTRIBUTES, DESCRIPTORS, AS_DICTS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
