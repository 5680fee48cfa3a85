"""Exceptions: what is known after a `try`."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from programs import analyse, frame_at_end

from poolsafe.inference.names import lookup
from poolsafe.inference.values import Const

NARROWED = """
    import os
    x = 1
    if os.environ.get('E') == 'a':
        x = 2
    assert os.environ.get('E') == 'a'
    reveal(x)  # 2

    other = {}
    x = 1
    try:
        other['k'] = 1
    except KeyError:
        pass
    else:
        x = 2
    reveal(x)  # 2

    def f(a):
        return a
    try:
        x = f({}['k'])
    except KeyError:
        x = 'lacks'
    reveal(x)  # 'lacks'

    import os
    options = {'key': 1}
    if os.environ.get('E'):
        options = {}
    found = options['key'] if unknown else 2
    reveal(options)  # {'key': 1} | {}

    import os
    options = {'key': 1}
    if os.environ.get('E'):
        options = {}
    found = options['key'] if options is not None else 2
    reveal(options)  # {'key': 1}

    import os
    options = {'key': 1}
    if os.environ.get('E'):
        options = {}
    for one in (print,):
        one(options['key'])
    reveal(options)  # {'key': 1}

    import os
    options = {'key': 1}
    if os.environ.get('E'):
        options = {}
    class A:
        def read(self):
            return options['key']
    class B:
        def read(self):
            return options['key'], 1
    found = (A() if unknown else B()).read()
    reveal(options)  # {'key': 1}
"""

UNPACKING = """
    x = 1
    try:
        a, b = 'a'.split('.', 1)
        x = 2
    except ValueError:
        x = 3
    reveal(x)  # 3

    def first(text):
        head, tail = text.split('.', 1)
        return head
    try:
        x = first('a')
    except ValueError:
        x = 'short'
    reveal(x)  # 'short'

    x = 1
    try:
        for a, b in [(1, 2), (3,)]:
            x = b
    except ValueError:
        x = (x, 'short')
    reveal(x)  # (2, 'short')

    x = 1
    try:
        a, *b, c = (1,)
    except ValueError:
        x = 2
    reveal(x)  # 2

    x = 1
    try:
        y = {key: value for key, value in [(1, 2, 3)]}
    except ValueError:
        x = 2
    reveal(x)  # 2
"""

LOOPS = """
    held = {'a': 1}
    x = 1
    try:
        if 'a' in held:
            del held['a']
    except KeyError:
        x = 2
    reveal(x)  # 1

    args = {}
    x = 1
    try:
        for key in ('a', 'b'):
            args.setdefault(key, 0)
    except KeyError:
        x = 2
    reveal(x)  # 1

    import os
    x = 1
    url = os.environ.get('E', 'a:b')
    try:
        x = url.split(':', 1)[0]
    except ValueError:
        pass
    reveal(x if 'E' not in os.environ else 3)  # 'a' | 3
"""

ASIDE = """
    def made():
        pass
    held = {}
    x = 1
    try:
        held['a'] = made()
    except Exception:
        x = 2
    reveal(x)  # 1

    def fill(target, size=0):
        target['size'] = size
        return target
    x = {'a': 1}
    try:
        y = fill({})
        z = {'y': y}
    except Exception:
        x['a'] = 2
    reveal(x)  # {'a': 1}

    def first(items):
        return items[0]
    x = 1
    try:
        y = first([])
    except IndexError:
        x = 2
    reveal(x)  # 2

    # Only a handler that names the exception shows that an index may be out of range.
    x = 1
    try:
        y = [0][5]
    except Exception:
        x = 2
    reveal(x)  # 1 | 2

    from contextlib import suppress
    def number():
        return int('5')
    x = 1
    with suppress(ValueError):
        y = number()
        x = 2
    reveal(x)  # 2

    KNOWN = {}
    x = []
    def get(key):
        try:
            return KNOWN[key]
        except KeyError:
            x.append(key)
    get('a')
    reveal(x)  # ['a']

    import unknown
    x = 1
    try:
        y = unknown.load()
    except Exception:
        x = 2
    reveal(x)  # 1 | 2
"""

MANY_RETURNS = """
    import os
    def check():
        assert os.environ.get('E') != 'test'
        if os.environ.get('F') == 'a':
            if os.environ.get('G') == 'a':
                assert os.environ.get('H') != 'a'
            elif os.environ.get('G') == 'b':
                assert os.environ.get('I') != 'a'
    check()
    reveal('both' if os.environ.get('E') == 'test' else 'not')  # 'not'
"""

STOPPING = """
    import os
    def check(url):
        if url.startswith('sqlite'):
            pass
        elif os.environ.get('E') == 'test':
            raise RuntimeError
    check('postgresql')
    reveal('both' if os.environ.get('E') == 'test' else 'not')  # 'not'

    import os
    def check(url):
        if url.startswith('sqlite'):
            pass
        elif os.environ.get('E') == 'test':
            raise RuntimeError
    check('sqlite')
    reveal('both' if os.environ.get('E') == 'test' else 'not')  # 'both' | 'not'

    import os
    def start():
        assert os.environ.get('E') != 'a'
    start()
    x = 1
    if os.environ.get('E') == 'a':
        x = 2
    reveal(x)  # 1

    from os import getenv
    class Settings:
        def __init__(self):
            if getenv('F'):
                raise RuntimeError('no')
    def settings():
        return Settings()
    def check(strict=True):
        try:
            pass
        finally:
            settings()
    check()
    x = 1
    if getenv('F'):
        x = 2
    reveal(x)  # 1

    from os import getenv
    def careful():
        try:
            assert getenv('G') != 'a'
        except AssertionError:
            pass
    careful()
    x = 1
    if getenv('G') == 'a':
        x = 2
    reveal(x)  # 1 | 2

    from os import getenv
    def first():
        if getenv('H') == 'a':
            second()
    def second():
        first()
        assert not getenv('H')
    second()
    x = 1
    if getenv('H') == 'b':
        x = 2
    reveal(x)  # 1
"""

HANDLERS = """
    import os
    x = {}
    try:
        x['a'] = int(os.environ['E'])
    except ValueError:
        x['b'] = 1
    reveal(x)  # {'a': ...}

    import os
    try:
        x = int(os.environ.get('E'))
    except (TypeError, ValueError):
        x = 1
    reveal(x)  # 1 | ...

    import copy
    x = {'a': 1}
    y = {}
    try:
        y['b'] = copy.copy(x)
    except KeyError:
        x['a'] = 2
    reveal(x)  # {'a': 1}

    x = {'a': 1}
    y = {'b': 1}
    z = {}
    try:
        z['b'] = {key: value for key, value in y.items()}
    except KeyError:
        x['a'] = 2
    reveal(x)  # {'a': 1}

    try:
        x = 1
    except ValueError:
        x = 2
    reveal(x)  # 1

    try:
        x = unknown()
    except ValueError:
        x = 2
    reveal(x)  # 2 | ...

    d = {'a': 1}
    try:
        x = d['b']
    except KeyError:
        x = 2
    reveal(x)  # 2

    d = {}
    try:
        d['a'] = 1
        unknown()
    except ValueError:
        pass
    reveal(d['a'])  # 1

    try:
        x = int('1')
    finally:
        x = 3
    reveal(x)  # 3

    try:
        import y
    except ImportError:
        y = None
    reveal(1)  # 1

    x = 0
    try:
        x = unknown['a']
    except KeyError as error:
        x = 1
    reveal(x)  # 1 | ...

    x = 0
    try:
        pass
    except ValueError:
        x = 1
    else:
        x = 2
    reveal(x)  # 2

    try:
        x = unknown()
    except A:
        raise
    except B:
        x = 2
    except C:
        x = 3
    reveal(x)  # 2 | 3 | ...

    try:
        x = 1
    except* ValueError:
        x = 2
    reveal(x)  # 1

    def f():
        try:
            return 1
        except ValueError:
            return 2
    reveal(f())  # 1

    def f():
        try:
            raise ValueError
        except ValueError:
            return 2
    reveal(f())  # 2

    def f():
        try:
            return 1
        finally:
            print()
    reveal(f())  # 1

    def f():
        try:
            g()
        except ValueError:
            raise
        finally:
            return 2
    reveal(f())  # 2
"""


@pytest.mark.parametrize(
    ("code", "expected"), cases(ASIDE, HANDLERS, NARROWED, UNPACKING, LOOPS, MANY_RETURNS, STOPPING)
)
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


def test_a_try_that_changes_nothing_leaves_one_way() -> None:
    code = """
try:
    x = 1
except OSError:
    x = 1
"""
    assert isinstance(lookup(frame_at_end(analyse(code)), "x"), Const)
