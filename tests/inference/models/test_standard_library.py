"""Calls of the standard library."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from heads import URLS_HEAD
from programs import driver_of

TEXTS = r"""
    import pathlib
    reveal(pathlib.Path('a') / 'b')  # ...

    import textwrap
    reveal(textwrap.dedent('''
      a
      b'''))  # '\na\nb'

    from textwrap import dedent
    reveal(dedent(f'''  a
      {unknown}'''))  # 'a\n{…}'

    import inspect
    reveal(inspect.cleandoc('''
      a
      b'''))  # 'a\nb'

    import textwrap
    reveal(textwrap.dedent(unknown))  # ...

    from urllib.parse import quote_plus
    reveal(quote_plus('app_user'))  # 'app_user'

    from urllib.parse import quote_plus
    reveal(quote_plus('a@b'))  # '{…}'

    import os
    reveal(os.path.join('a', 'b'))  # 'a/b'

    import os
    reveal(os.path.join('a', unknown))  # ...

    from typing import cast
    reveal(cast(str, 'a'))  # 'a'

    from typing import cast
    reveal(cast(str))  # ...

    from urllib.parse import quote
    reveal(quote('app'))  # 'app'

    import re
    reveal(re.sub('a+', 'b', 'aa'))  # '{…}'

    import re
    reveal(re.sub('(', 'b', 'aa'))  # '{…}'

    import re
    reveal(re.sub('a', r'\\1', 'aa'))  # '{…}'

    import re
    reveal([re.sub('a', 'b', 'aa', 1), re.sub('a', 'b', 'aa', count=0)])  # ['ba', 'bb']

    import re
    reveal(re.sub('A', 'b', 'aa', flags=re.I))  # '{…}'

    import re
    reveal(re.sub('a', 'b', 'a' * 3000))  # '{…}'

    import re
    reveal(re.sub('a', 'b', unknown))  # '{…}'

    import re
    reveal(re.sub(unknown, 'b', 'a'))  # '{…}'
"""

COPIES = """
    import copy
    a = {'a': {'b': 1}}
    x = copy.deepcopy(a)
    x['a']['b'] = 2
    reveal(x)  # {'a': {'b': 2}}

    import copy
    x = {'a': {'b': 1}}
    y = copy.deepcopy(x)
    y['a']['b'] = 2
    reveal(x)  # {'a': {'b': 1}}

    import copy
    x = {'a': {'b': 1}}
    y = copy.copy(x)
    y['a']['b'] = 2
    reveal(x)  # {'a': {'b': 2}}

    import copy
    x = [{}]
    y = copy.deepcopy(x)
    y[0]['a'] = 1
    reveal(x)  # [{}]

    import copy
    x = [{}]
    y = copy.copy(x)
    y[0]['a'] = 1
    y.append(1)
    reveal(x)  # [{'a': 1}]

    reveal(copy(unknown))  # ...
"""

FUNCTIONS = """
    from functools import lru_cache
    class C:
        a = 'b'
    reveal(lru_cache()(C)().a + lru_cache(maxsize=1)(C)().a + lru_cache(8)(C)().a + lru_cache(C)().a)  # 'bbbb'

    import functools
    @functools.lru_cache(maxsize=None)
    def f():
        return 'a'
    reveal(f() + functools.cache(f)())  # 'aa'

    from functools import partial
    def f(a, b, c='c'):
        return a + b + c
    reveal(partial(f, 'a', c='d')('b'))  # 'abd'

    import functools
    reveal(functools.partial(dict, a=1)(b=2))  # {'a': 1, 'b': 2}

    from functools import partial
    reveal(partial())  # ...
"""

COROUTINES = """
    import asyncio
    async def f():
        return 'a'
    reveal(asyncio.run(f()))  # 'a'

    import anyio
    async def f(a):
        return a
    reveal(anyio.run(f, 'a'))  # 'a'

    import asyncio
    async def f():
        return 'a'
    reveal(asyncio.shield(f()) + asyncio.wait_for(f(), 5))  # 'aa'

    import asyncio
    async def f():
        return 'a'
    reveal(asyncio.get_event_loop().run_until_complete(f()))  # 'a'

    async def f():
        return 'a'
    reveal(unknown.run_until_complete(f()))  # 'a'

    reveal(unknown.run_until_complete())  # ...
"""

URLS = r"""
    import re
    create_async_engine(re.sub(r'^postgres(ql)?://', 'postgresql+asyncpg://', unknown))  # asyncpg

    import re
    create_async_engine(re.sub(r'^postgres(ql)?://', 'postgresql+asyncpg://', 'sqlite://'))  # other

    import re
    create_async_engine(re.sub(r'\+asyncpg', '', 'postgresql+asyncpg://h'))  # other
"""


PATTERNS = r"""
    import re
    reveal('y' if re.match('postgres', 'postgresql://h') else 'n')  # 'y'

    import re
    reveal('y' if re.match('sqlite', 'postgresql://h') else 'n')  # 'n'

    import re
    reveal('y' if re.search('asyncpg', 'postgresql+asyncpg://h') is not None else 'n')  # 'y'

    import re
    reveal('y' if re.fullmatch('a', 'ab') else 'n')  # 'n'

    import re
    reveal('y' if re.search('b', 'a' * 3000 + 'b') else 'n')  # 'y'

    import re
    reveal('y' if re.search('a$', 'a' * 3000 + 'b') else 'n')  # 'y' | 'n'

    import re
    reveal('y' if re.match('postgresql', 'postgresql://' + unknown) else 'n')  # 'y'

    import re
    reveal('y' if re.search(r'\+asyncpg', 'postgresql+asyncpg://' + unknown) else 'n')  # 'y'

    import re
    reveal('y' if re.match('a.c', 'abc' + unknown) else 'n')  # 'y' | 'n'

    import re
    reveal('y' if re.match('a', unknown) else 'n')  # 'y' | 'n'

    import re
    P = re.compile('^postgres')
    reveal('y' if P.match('postgresql://') else 'n')  # 'y'

    import re
    P = re.compile('^postgresql:')
    reveal(P.sub('postgresql+asyncpg:', 'postgresql://h'))  # 'postgresql+asyncpg://h'

    import re
    x = 'both' if re.match('a', unknown) and not unknown.startswith('a') else 'not'
    reveal(x)  # 'not'

    import re
    reveal('y' if re.match('a', 'ab', unknown) else 'n')  # 'y' | 'n'

    import re
    reveal('y' if re.match('(a+)+', 'ab') else 'n')  # 'y' | 'n'

    import re
    reveal('y' if re.match(unknown, 'ab') else 'n')  # 'y' | 'n'

    import re
    reveal('y' if re.compile('A', re.IGNORECASE).match('ab') else 'n')  # 'y' | 'n'
"""


@pytest.mark.parametrize(("code", "expected"), cases(TEXTS, PATTERNS, COPIES, FUNCTIONS, COROUTINES))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


@pytest.mark.parametrize(("code", "driver"), cases(URLS))
def test_the_driver_of_the_engine(code: str, driver: str) -> None:
    assert driver_of(URLS_HEAD + code) == driver
