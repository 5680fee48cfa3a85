"""Calls of Python's built-in functions and types."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

TYPES = """
    reveal(str(5) + str('a') + str())  # '5a'
    reveal(str(unknown))  # ...
    reveal(len('abc'))  # 3
    reveal(int('5') + int(5.5))  # 10
    reveal(int('a'))  # ...
    reveal(int())  # 0
    reveal(float('0.5'))  # 0.5
    reveal(bool(''))  # False
    reveal(bool())  # False
    reveal(bool(unknown))  # ...
    reveal(bool({}))  # False
    reveal(bool({'a': 1}))  # True
    reveal(bool({**unknown}))  # ...
    reveal(isinstance(unknown))  # ...
    reveal(isinstance(1, unknown))  # ...
    reveal(isinstance({}, unknown.T))  # ...
    reveal(isinstance(None, str))  # False
    reveal(int({}))  # ...
    reveal(float(unknown))  # ...

    class C:
        pass
    reveal(isinstance(C(), C))  # True

    class C:
        pass
    reveal(isinstance('a', C))  # False

    class C:
        pass
    reveal(isinstance({}, C))  # False

    class C:
        pass
    reveal(isinstance(unknown, C))  # ...

    class C:
        pass
    reveal(isinstance(f'{unknown}', C))  # ...

    class C:
        pass
    reveal(isinstance('a', str))  # True

    reveal(isinstance(1, str))  # False
    reveal(isinstance('a', (int, str)))  # True
    reveal(isinstance({}, dict))  # True
    reveal(isinstance(unknown, str))  # ...

    from sqlalchemy import URL
    reveal(isinstance(str(URL.create('a')), str))  # ...

    from sqlalchemy import URL
    reveal(isinstance(URL.create('a'), URL))  # True

    reveal(callable(len))  # True
    reveal(callable({}.get))  # True
    reveal(callable(lambda: 1))  # True
    reveal(callable('a'))  # False
    reveal(callable(unknown))  # ...
"""

DICTS = """
    reveal(dict(a=1))  # {'a': 1}
    reveal(dict({'a': 1}, b=2))  # {'a': 1, 'b': 2}
    reveal(dict([('a', 1), ('b', 2)]))  # {'a': 1, 'b': 2}
    reveal(dict([('a', 1), unknown]))  # {'a': 1, **...}
    reveal(dict(unknown, b=2))  # {'b': 2, **...}

    import os
    reveal(dict(os.environ))  # {**...}

    reveal(dict(**{'a': 1}))  # {'a': 1}
    reveal(dict(**unknown))  # {**...}
    reveal(dict.fromkeys(['a', 'b'], 0))  # {'a': 0, 'b': 0}
    reveal(dict.fromkeys(unknown))  # {**...}
"""

SEQUENCES = """
    reveal(list({'a': 1}))  # ['a']
    reveal(list({'a': 1}.values()))  # [1]
    reveal(tuple({'a': 1}.items()))  # (('a', 1),)
    reveal(set({'a': 1}))  # {'a'}
    reveal(list(n for n in [1]))  # [1]
    reveal(list())  # []
    reveal(list(unknown))  # [...]
    reveal(set((1,)))  # {1}
    reveal(frozenset((1,)))  # {1}
    reveal(list(iter([1])))  # [1]
"""

ATTRIBUTES = """
    class C:
        a = 'b'
    reveal(getattr(C, 'a'))  # 'b'

    class C:
        a = 'b'
    reveal(getattr(C(), 'z', 'c'))  # 'c'

    class C:
        pass
    c = C()
    setattr(c, 'a', 'b')
    reveal(c.a)  # 'b'

    reveal(getattr(unknown, 'a', 'c'))  # 'c'

    from elsewhere import settings
    reveal(getattr(settings, 'a', 'c'))  # 'c'

    from elsewhere import load
    reveal(getattr(load(), 'a', 'c'))  # 'c'

    import sqlalchemy
    reveal(getattr(sqlalchemy, 'text', None))  # 'library sqlalchemy.text'

    reveal(getattr(unknown, other))  # ...

    class C:
        pass
    setattr(C(), unknown, 1)
    setattr(unknown, 'a', 1)
    reveal(1)  # 1

    from app import NAME
    class C:
        a = 'b'
    reveal(getattr(C, NAME))  # ...

    NAME = 'a'
    class C:
        a = 'b'
    reveal(getattr(C, NAME))  # 'b'
"""


SET_ATTRIBUTES = """
    class C:
        a = 1
    setattr(C, 'a', 2)
    reveal(C.a)  # 2

    class C:
        a = 1
    setattr(C, 'a', 2)
    reveal(C().a)  # 2

    class C:
        a = 1
    reveal(hasattr(C(), 'a'))  # True

    class C:
        pass
    reveal(hasattr(C, 'a'))  # ...
"""


@pytest.mark.parametrize(("code", "expected"), cases(SET_ATTRIBUTES, TYPES, DICTS, SEQUENCES, ATTRIBUTES))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
