"""Methods of strings, dicts and lists."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from heads import URLS_HEAD
from programs import driver_of

FORMATTED = """
    reveal('{}://{}'.format('a', 'b'))  # 'a://b'
    reveal('{1}{0}'.format('a', 'b'))  # 'ba'
    reveal('{a}{b}'.format(a='1', **{'b': 2}))  # '12'
    reveal('{a}'.format(b=1))  # '{…}'
    reveal('{}'.format())  # '{…}'
    reveal('{{}}{}'.format('a'))  # '{}a'
    reveal('{:>5}'.format('a'))  # '{…}'
    reveal('{!r}'.format('a'))  # '{…}'
    reveal('{'.format('a'))  # '{…}'
    reveal('{0[k]}'.format({'k': 'v'}))  # 'v'

    class C:
        a = 'b'
    reveal('{0.a}'.format(C))  # 'b'

    reveal('{a}'.format_map({'a': 'b'}))  # 'b'
    reveal('-'.join(['a', 'b']))  # 'a-b'
    reveal('-'.join(('a', unknown)))  # 'a-{…}'
    reveal('-'.join(unknown))  # '{…}'
    reveal(''.join([]))  # ''
    reveal('-'.join(str(n) for n in [1, 2]))  # '1-2'
    reveal((unknown + '{}').format('a'))  # '{…}'
"""

TEXTS = """
    reveal('postgres://h'.replace('postgres://', 'pg://'))  # 'pg://h'
    reveal('aaa'.replace('a', 'b', 1))  # 'baa'
    reveal(('a' + unknown).replace('a', 'b'))  # 'b{…}'
    reveal('a-c'.replace('-', unknown))  # 'a{…}c'
    reveal('a-b-c'.replace('-', unknown, 1))  # 'a{…}b-c'
    reveal('a'.replace(unknown, 'b'))  # '{…}'
    reveal(unknown.replace('postgres://', 'pg://'))  # 'pg://{…}'
    reveal(unknown.replace('-', '_'))  # '{…}'
    reveal('abc'.removeprefix('a'))  # 'bc'
    reveal('abc'.removeprefix('z'))  # 'abc'
    reveal(('ab' + unknown).removeprefix('a'))  # 'b{…}'
    reveal(unknown.removeprefix('a'))  # '{…}'
    reveal('abc'.removesuffix('c'))  # 'ab'
    reveal((unknown + 'bc').removesuffix('c'))  # '{…}b'
    reveal('abc'.removesuffix('z'))  # 'abc'
    reveal(' a '.strip())  # 'a'
    reveal('/a/'.lstrip('/'))  # 'a/'
    reveal('/a/'.rstrip('/'))  # '/a'
    reveal((' a' + unknown + ' ').strip())  # 'a{…}'
    reveal('/a'.strip(unknown))  # '/a'
    reveal('Ab'.lower() + 'Ab'.upper())  # 'abAB'
    reveal(('A' + unknown).lower())  # 'a{…}'
    reveal('ab'.title())  # 'Ab'
    reveal(('ab' + unknown).title())  # '{…}'
    reveal('abc'.startswith('a'))  # True
    reveal('abc'.startswith(('x', 'a')))  # True
    reveal('abc'.startswith('x'))  # False
    reveal('abc'.endswith('c'))  # True
    reveal((unknown + 'bc').endswith('c'))  # True
    reveal((unknown + 'bc').endswith('x'))  # False
    reveal(('ab' + unknown).startswith('abc'))  # ...
    reveal(unknown.startswith('a'))  # ...
    reveal('ab'.encode())  # 'ab'
    reveal('ab'.zfill(5))  # ...
    reveal('abc'.removeprefix(unknown))  # '{…}'
    reveal(('ab' + unknown).endswith('b'))  # ...
    reveal('ab'.endswith('c'))  # False
    reveal('a'.startswith(unknown))  # ...
    reveal((unknown + 'a-b').replace('-', other))  # '{…}a{…}b'
    reveal('aB'.swapcase())  # 'Ab'
    reveal('5'.isdigit())  # True
    reveal('abc'.find('c'))  # 2
    reveal('abc'.find('z'))  # -1
    reveal('abc'.index('b'))  # 1
    reveal('aba'.count('a'))  # 2
    reveal(('ab' + unknown).find('z'))  # ...
    reveal('abc'.find(unknown))  # ...
    reveal(f'postgresql://{unknown}'.find('sqlite'))  # -1

    try:
        x = 'ab'.index('z')
    except ValueError:
        x = 'none'
    reveal(x)  # 'none'

    try:
        x = ('a' + unknown).index('z')
    except ValueError:
        x = 'none'
    reveal(x)  # ... | 'none'

    u = f'a{unknown}'
    reveal('both' if u.ljust(1) == 'a' and u.ljust(9) == 'b' else 'not')  # 'both' | 'not'
"""

DIVIDED = r"""
    reveal('a://b'.partition('://')[2])  # 'b'
    reveal(('a://' + unknown).partition('://'))  # ('a', '://', '{…}')
    reveal('ab'.partition('-'))  # ('ab', '', '')
    reveal(''.partition('-'))  # ('', '', '')
    reveal(unknown.partition('-')[0])  # ...
    reveal('a,b'.split(','))  # ['a', 'b']
    reveal('a b'.split())  # ['a', 'b']
    reveal('a:b:c'.split(':', 1)[1])  # 'b:c'
    reveal('a:b:c'.rsplit(':', 1)[0])  # 'a:b'
    reveal('a\nb'.splitlines())  # ['a', 'b']
    reveal(('a://' + unknown).split('://'))  # ['a', '{…}', ...]
    reveal(unknown.split(','))  # ...
    reveal('abc'.split(unknown))  # [...]
    reveal('a,b,c'.split(',', 1))  # ['a', 'b,c']
    reveal('a,b,c'.split(sep=',', maxsplit=1))  # ['a', 'b,c']
    reveal('a b'.split(unknown))  # [...]
    reveal('a b c'.split(' ', unknown))  # [...]
    reveal('a/b/c'.rsplit('/', maxsplit=1))  # ['a/b', 'c']
    reveal('a,b'.rpartition(','))  # ('a', ',', 'b')
    reveal('ab'.rpartition(','))  # ('', '', 'ab')
    reveal(('pg://h/' + unknown + '?a=b').split('?'))  # ['pg://h/{…}', 'a=b', ...]
    reveal(('pg://h/' + unknown + '?a=b').split('?', 1))  # ['pg://h/{…}', 'a=b']
    reveal(('pg://h/' + unknown).rsplit('/', 1))  # ['pg://h', '{…}']
    reveal(('pg://' + unknown).rsplit('/', 1))  # ['pg://{…}', '{…}']
    reveal(('pg://' + unknown).split('://', 1)[1])  # '{…}'
    reveal(('pg://' + unknown).rsplit('://', 1))  # ['pg', '{…}']
    reveal(('pg://' + unknown).rsplit('\0', 1))  # [...]
    reveal(('pg://' + unknown + '@h/d').rpartition('@'))  # ('pg://{…}', '@', 'h/d')
    reveal(('pg://' + unknown).partition('@'))  # (..., ..., ...)
    reveal((unknown + '/a').rsplit('/', 1))  # [...]
    reveal(('a\0' + unknown).split('a'))  # [...]
"""

MAPPINGS = """
    reveal({'a': unknown}.get('a', 1))  # ...
    reveal({'a': unknown}.get('b', 1))  # 1

    x = {}
    x.update({'a': 1})
    reveal(x)  # {'a': 1}

    x = {}
    x.update(a=1)
    reveal(x)  # {'a': 1}

    x = {}
    x.update([('a', 1)])
    reveal(x)  # {'a': 1}

    x = {'a': 1}
    x.update(unknown)
    reveal(x)  # {'a': ..., **...}

    x = {'a': 1}
    x.update({'a': 2} if unknown else {})
    reveal(x)  # {'a': 1 | 2}

    x = {'a': 1}
    x.setdefault('a', 2)
    x.setdefault('b', 3)
    reveal(x)  # {'a': 1, 'b': 3}

    x = {}
    x.setdefault('a', {})['b'] = 1
    reveal(x)  # {'a': {'b': 1}}

    x = {}
    x.setdefault('a', {}).update(b=1)
    reveal(x)  # {'a': {'b': 1}}

    x = {'a': 1, 'b': 2}
    x.pop('a')
    reveal(x)  # {'b': 2}

    reveal({'a': 1}.pop('a'))  # 1
    reveal({'a': 1}.pop('b', 2))  # 2

    x = {'a': 1}
    x.pop(unknown)
    reveal(x)  # {'a': ..., **...}

    x = {'a': 1}
    x.clear()
    reveal(x)  # {}

    x = {'a': 1}
    x.popitem()
    reveal(x)  # {'a': ..., **...}

    x = {'a': {'k': 1}}
    x['a'].clear()
    reveal(x)  # {'a': {}}

    x = {}
    x.update(None if unknown else {'a': 1})
    reveal(x)  # {'a': 1 | ABSENT}

    reveal({'a': 1}.get('a'))  # 1
    reveal({'a': 1}.get('b'))  # None
    reveal({'a': 1}.get('b', 2))  # 2
    reveal({'a': 1, 'b': 2}.get(unknown, 3))  # 1 | 2 | 3
    reveal(unknown.get('a', 'b'))  # ...
    reveal({**unknown, 'a': 1}.get('b'))  # ...
    reveal({**unknown}.get('b', 'c'))  # 'c'
    reveal({'a': 1}.get(unknown, 2))  # 1 | 2
    reveal({**unknown}.get(other, 2))  # ...
"""

SEQUENCES = """
    x = [1]
    x.append(2)
    reveal(x)  # [1, 2]

    x = []
    if unknown:
        x.append(1)
    reveal(x)  # [] | [1]

    def f(more):
        x = [1]
        if more:
            x.append(2)
        return {'a': x}
    reveal(f(unknown))  # {'a': [1] | [1, 2]}

    x = [1]
    x.extend([2])
    reveal(x)  # [1, 2]

    x = [1]
    x.extend(unknown)
    reveal(x)  # [1, ...]

    x = [1]
    x.insert(0, 2)
    reveal(x)  # [2, 1]

    reveal([1, 2].pop())  # 2
    reveal([1, 2].pop(0))  # 1
    reveal([1, 2].copy())  # [1, 2]
    reveal([1].index(1))  # ...
"""

URLS = """
    from elsewhere import URL
    create_async_engine(URL.replace('postgresql://', 'postgresql+asyncpg://', 1))  # asyncpg

    import elsewhere
    create_async_engine(elsewhere.settings.url.replace('postgresql://', 'postgresql+asyncpg://'))  # asyncpg

    from elsewhere import load
    create_async_engine(load().url.replace('postgresql://', 'postgresql+asyncpg://'))  # asyncpg

    from elsewhere import URL
    create_async_engine('postgresql+asyncpg://' + URL.removeprefix('postgresql://'))  # asyncpg

    import dataclasses
    create_async_engine(dataclasses.replace(unknown, 'postgresql://', 'postgresql+asyncpg://'))  # unknown

    create_async_engine('postgres://h'.replace('postgres://', 'postgresql+asyncpg://', 1))  # asyncpg
    create_async_engine('postgresql+asyncpg://h'.replace('postgresql+asyncpg', 'postgresql'))  # other
    create_async_engine('postgresql+asyncpg://h'.replace('+asyncpg', ''))  # other
    create_async_engine('postgresql+asyncpg://h'.replace('+asyncpg', '+psycopg'))  # other
    create_async_engine(unknown.replace('postgresql://', 'postgresql+asyncpg://'))  # asyncpg
    create_async_engine(unknown.replace('postgresql+asyncpg://', 'postgresql://'))  # other
    create_async_engine(unknown.replace('+asyncpg', ''))  # other
    create_async_engine(unknown.replace('psycopg2', 'asyncpg'))  # asyncpg
    create_async_engine(unknown.replace('+psycopg', '+asyncpg'))  # asyncpg
    create_async_engine(unknown.replace('asyncpg', 'psycopg2'))  # other
    create_async_engine(unknown.replace('psycopg2', ''))  # unknown
    create_async_engine(unknown.replace('localhost', 'asyncpg'))  # unknown

    url = unknown.replace('postgres://', 'postgresql://')
    create_async_engine(url.replace('postgresql://', 'postgresql+asyncpg://'))  # asyncpg

    create_async_engine(str(unknown.dsn).replace('postgresql://', 'postgresql+asyncpg://'))  # asyncpg

    p = 'postgres://'
    url = 'postgres://h'
    create_async_engine('postgresql+asyncpg://' + url[len(p):])  # asyncpg

    scheme, _, rest = 'postgres://h'.partition('://')
    create_async_engine(f'postgresql+asyncpg://{rest}')  # asyncpg

    scheme, rest = unknown.split('://', 1)
    create_async_engine(f'postgresql+asyncpg://{rest}')  # asyncpg

    create_async_engine('://'.join(['postgresql+asyncpg', unknown]))  # asyncpg
"""


@pytest.mark.parametrize(("code", "expected"), cases(FORMATTED, TEXTS, DIVIDED, MAPPINGS, SEQUENCES))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


@pytest.mark.parametrize(("code", "driver"), cases(URLS))
def test_the_driver_of_the_engine(code: str, driver: str) -> None:
    assert driver_of(URLS_HEAD + code) == driver
