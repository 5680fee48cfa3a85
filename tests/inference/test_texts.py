"""Strings with unknown pieces: joined, formatted, and as the URLs of engines."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from heads import URLS_HEAD
from programs import driver_of

JOINED = """
    reveal('a' + 'b')  # 'ab'
    reveal('a' + unknown + 'b')  # 'a{…}b'
    reveal('a' + 1)  # ...

    x = 'a'
    x += 'b'
    reveal(x)  # 'ab'

    x = unknown
    x += 'b'
    reveal(x)  # '{…}b'

    reveal('a' * 3)  # ...

    import app
    reveal(str(app.thing()))  # ...

    import app
    reveal(f'{app.thing}a')  # '{…}a'
"""

PERCENT = """
    reveal('%s://%s' % ('a', 'b'))  # 'a://b'
    reveal('%s' % 'a')  # 'a'
    reveal('%d%%' % 5)  # '5%'
    reveal('%(a)s-%(b)s' % {'a': 1, 'b': 'c'})  # '1-c'
    reveal('%(a)s' % dict(a='b'))  # 'b'
    reveal('%(a)s' % {'b': 1})  # '{…}'
    reveal('%s+%s' % ('a', unknown))  # 'a+{…}'
    reveal('%5.1f' % 2)  # '{…}'
    reveal('%r' % 'a')  # '{…}'
    reveal('%s %s' % ('a',))  # 'a {…}'

    x = '%s'
    x %= 'a'
    reveal(x)  # 'a'

    reveal('%s' % ('a' if unknown else 'b'))  # 'a' | 'b'
    reveal(f'%s{unknown}%s' % ('a', 'b'))  # 'a{…}b'
    reveal('%(a)s' % 'b')  # '{…}'
    reveal((unknown + '%s') % 'a')  # '{…}a'
    reveal(unknown % 'a')  # ...
"""

F_STRINGS = r"""
    reveal(f'a{1}b')  # 'a1b'
    reveal(f'{"a"}')  # 'a'

    a = 'b'
    reveal(f'{a}://{unknown}')  # 'b://{…}'

    reveal(f'{{a}}')  # '{a}'
    reveal(f'a\n{1}')  # 'a\n1'
    reveal(rf'a\n{1}')  # 'a\\n1'
    reveal(f'{1:>3}')  # '{…}'
    reveal(f'{1!r}')  # '{…}'
    reveal(f'{1!s}')  # '1'
    reveal(f'{1=}')  # '{…}'
    reveal(f'a' 'b' f'{1}')  # 'ab1'
    reveal(f'''a"{1}"''')  # 'a"1"'
    reveal(f'{None}{True}')  # 'NoneTrue'
    reveal(f'{"a" if unknown else "b"}c')  # 'ac' | 'bc'
    reveal(f'\"{1}')  # '"1'

    x = f'\xZZ{1}'
    reveal(x)  # '\\xZZ1'
"""

URLS = """
    create_async_engine('postgresql+asyncpg://h/d')  # asyncpg
    create_async_engine('postgresql+asyncpg:' + '//h/d')  # asyncpg
    create_async_engine(f'postgresql+asyncpg://{unknown}@h')  # asyncpg

    driver = 'asyncpg'
    create_async_engine(f'postgresql+{driver}://h')  # asyncpg

    driver = 'psycopg'
    create_async_engine(f'postgresql+{driver}://h')  # other

    create_async_engine('{}://{}'.format('postgresql+asyncpg', unknown))  # asyncpg
    create_async_engine('postgresql+asyncpg://%s' % unknown)  # asyncpg
    create_async_engine('%s+%s://h' % ('postgresql', 'asyncpg'))  # asyncpg
    create_async_engine({'pg': 'postgresql+asyncpg', 'lite': 'sqlite+aiosqlite'}['pg'] + '://h')  # asyncpg
    create_async_engine({'pg': 'postgresql+asyncpg', 'lite': 'sqlite+aiosqlite'}['lite'] + '://h')  # other
    create_async_engine({'pg': 'postgresql+asyncpg', 'lite': 'sqlite+aiosqlite'}[unknown] + '://h')  # asyncpg?

    url = 'postgresql+asyncpg://h'
    url += '?ssl=require'
    create_async_engine(url)  # asyncpg

    create_async_engine('postgresql://h')  # other
    create_async_engine('sqlite+aiosqlite://')  # other
    create_async_engine('postgresql+asyncpgnoi://h')  # other
    create_async_engine('cockroachdb+asyncpg://h')  # other
    create_async_engine('postgresql+psycopg://h/asyncpg')  # other
    create_async_engine(unknown)  # unknown
    create_async_engine(unknown + '?driver=postgresql+asyncpg')  # unknown
    create_async_engine(f'{unknown}://h')  # unknown
    create_async_engine(f'{unknown}postgresql+asyncpg://h')  # unknown
    create_async_engine(5)  # unknown
"""


@pytest.mark.parametrize(("code", "expected"), cases(JOINED, PERCENT, F_STRINGS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


@pytest.mark.parametrize(("code", "driver"), cases(URLS))
def test_the_driver_of_the_engine(code: str, driver: str) -> None:
    assert driver_of(URLS_HEAD + code) == driver
