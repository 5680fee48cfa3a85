"""Conditions: their values on each path, how they depend on each other, and what a branch may assume."""

from __future__ import annotations

import textwrap

import pytest
from blocks import cases, revealed, value
from heads import URLS_HEAD
from programs import driver_of, engine_of, engines_of

CONTAINED = """
    reveal('b' in 'abc')  # True
    reveal('z' in 'abc')  # False
    reveal('z' not in 'abc')  # True
    reveal('z' in ('abc' + unknown))  # ...

    x = {'a': 1}
    reveal('a' in x)  # True

    reveal('b' in {'a': 1})  # False
    reveal('b' in {**unknown})  # ...
    reveal(unknown in {'a': 1})  # ...
    reveal(1 in [1, 2])  # True
    reveal(3 in [1, 2])  # False
    reveal(3 in [1, *unknown])  # ...
"""

SENTINELS = """
    UNSET = object()
    def given(x=UNSET):
        return 'no' if x is UNSET else 'yes'
    reveal([given(), given(None), given({})])  # ['no', 'yes', 'yes']

    UNSET = object()
    def given(x=UNSET):
        return 'yes' if x != UNSET else 'no'
    reveal([given(), given(1)])  # ['no', 'yes']

    ONE, TWO = object(), object()
    reveal([ONE is ONE, ONE is TWO, ONE == TWO])  # [True, False, False]

    class Unset: ...
    UNSET = Unset()
    def given(x=UNSET):
        return 'no' if x == UNSET else 'yes'
    reveal([given(), given('a')])  # ['no', 'yes']

    class Unset: ...
    ONE, TWO = Unset(), Unset()
    reveal(ONE is TWO)  # ...

    class Odd:
        def __eq__(self, other):
            return unknown
    ODD = Odd()
    reveal(ODD == ODD)  # ...
"""

HELD = """
    import os
    x = {}
    if os.environ.get('E') == 'a':
        x['k'] = 1
    there = x.get('k') if 'k' in x else 2
    reveal(there)  # 1 | 2

    import os
    x = {}
    if os.environ.get('E') == 'a':
        x['k'] = 1
    reveal(len(x))  # 0 | 1

    import os
    one = {}
    x = one if os.environ.get('E') == 'a' else {'a': 1}
    if os.environ.get('E') == 'a':
        one['k'] = 1
    reveal(x or None)  # {'k': 1} | {'a': 1}

    one, two = {}, {'k': 1}
    x = one if unknown else two
    x['a'] = 1
    reveal('a' in x)  # True
"""

SHORT_CIRCUIT = """
    import os
    x = {}
    if os.environ.get('E') == 'a':
        x = {'k': 1}
    y = 'yes' if 'k' in x and x['k'] == 1 else 'no'
    reveal((y, 'k' in x))  # ('yes' | 'no', True | False)

    import os
    x = {}
    if os.environ.get('E') == 'a':
        x = {'k': 1}
    y = 'k' not in x or x['k']
    reveal((y, 'k' in x))  # (True | 1, True | False)

    import os
    x = 1
    try:
        if 'E' in os.environ and os.environ['E'] == 'a':
            x = 3
    except KeyError:
        x = 2
    reveal(x)  # 1 | 3

    x = 1
    if unknown and {}['k']:
        x = 2
    reveal(x)  # 1

    y = True and {}['k']
    x = 1
    reveal(x)  # 1

    x = 1
    y = unknown and (x := 2)
    reveal(x)  # 1 | 2
"""

CONDITIONS = """
    reveal('a' if unknown else 'b')  # 'a' | 'b'
    reveal('a' if True else 'b')  # 'a'
    reveal('a' if 1 > 2 else 'b')  # 'b'
    reveal('a' if unknown else 'a')  # 'a'

    if unknown:
        x = 1
    else:
        x = 2
    reveal(x)  # 1 | 2

    if unknown: x = 1
    else: x = 2
    reveal(x)  # 1 | 2

    if a:
        x = 1
    elif b:
        x = 2
    else:
        x = 3
    reveal(x)  # 1 | 2 | 3

    x = 1
    if unknown:
        x = 2
    reveal(x)  # 1 | 2

    x = 1
    if True:
        x = 2
    reveal(x)  # 2

    x = 1
    if False:
        x = 2
    reveal(x)  # 1

    x = 1
    if 'a' == 'b':
        x = 2
    reveal(x)  # 1

    x = 1
    if 'a' != 'b':
        x = 2
    reveal(x)  # 2

    x = 1
    if None is None and 'a':
        x = 2
    reveal(x)  # 2

    x = 1
    if not None:
        x = 2
    reveal(x)  # 2

    x = 1
    if 1 <= 2 < 3:
        x = 2
    reveal(x)  # 2

    x = 1
    if 'a' < 3:
        x = 2
    reveal(x)  # 1 | 2

    x = 1
    if unknown:
        raise SystemExit
    else:
        x = 2
    reveal(x)  # 2

    if unknown:
        x = 1
    reveal(x)  # 1

    reveal(None or 'a')  # 'a'
    reveal('' or 'a')  # 'a'
    reveal('a' or 'b')  # 'a'
    reveal('a' and 'b')  # 'b'
    reveal(None and 'b')  # None
    reveal(unknown or 'a')  # 'a'
    reveal(unknown and 'a')  # 'a' | ...
    reveal({} or {'a': 1})  # {'a': 1}
    reveal((y := 'a') + y)  # 'aa'

    if (x := 'a'):
        x += 'b'
    reveal(x)  # 'ab'

    if not (x := unknown):
        x = 'a'
    reveal(x)  # 'a' | ...

    reveal(1 if f'a{unknown}' else 2)  # 1
    reveal(1 if f'{unknown}' else 2)  # 1 | 2
    reveal(1 if (1,) else 2)  # 1
    reveal(1 if [] else 2)  # 2
    reveal(1 if [*unknown] else 2)  # 1 | 2
    reveal(1 if (lambda: 0) else 2)  # 1

    class C:
        pass
    reveal(1 if C and C() else 2)  # 1

    reveal(1 if dict else 2)  # 1

    # A variable of the environment that is set is set to something: it is true where it is not None.
    import os
    u = os.getenv('A')
    reveal(1 if u else 2 if u is None else 3)  # 1 | 2

    import os
    u = os.getenv('A') or os.getenv('B')
    reveal(1 if u else 2 if u is None else 3)  # 1 | 2

    import os
    reveal(os.getenv('A') or 'b')  # 'b'

    # What a library's call gives, and what it has, may be false.
    import game
    reveal(1 if game.play() else 2)  # 1 | 2

    from pydantic import SecretStr
    reveal(1 if SecretStr('') else 2)  # 1 | 2

    from sqlalchemy import create_engine
    reveal(1 if create_engine('a://').echo else 2)  # 1 | 2

    import os
    reveal(1 if os.sep else 2)  # 1 | 2

    from sqlalchemy import make_url
    reveal(1 if make_url('a://b') else 2)  # 1

    from sqlalchemy import make_url
    reveal(1 if str(make_url('a://b')).startswith('a') else 2)  # 1

    reveal(1 if None < 3 else 2)  # 1 | 2
    reveal(1 if f'a{unknown}' == 'b' else 2)  # 2
    reveal(1 if f'a{unknown}' == 'ab' else 2)  # 1 | 2
    reveal(1 if 'a' == 5 else 2)  # 2
    reveal(1 if dict is dict else 2)  # 1
    reveal(1 if dict is list else 2)  # 1 | 2
    reveal(1 if {} is None else 2)  # 2
    reveal(1 if unknown() is None else 2)  # 1 | 2
    reveal(1 if (unknown() or {}) is None else 2)  # 2
    reveal(1 if (unknown() or {'k': 1}) else 2)  # 1
    reveal(1 if 1 in unknown else 2)  # 1 | 2
    reveal(1 if 'a' in dict(a=1) and 'b' not in dict(a=1) else 2)  # 1
    reveal(1 if a < b < c else 2)  # 1 | 2

    if True:
        pass
    reveal(1 if not (unknown and False) else 2)  # 1

    def f(u):
        if u.startswith('a') and len(u) > 1:
            return u
        return 'b'
    reveal(f(unknown))  # 'a{…}' | 'b'

    def f(u):
        if not u.startswith(('a', 'b')):
            return 'c'
        return u
    reveal(f(unknown))  # 'c' | ...

    def f(u):
        if u.startswith('a'):
            return u
        return 'b'
    reveal(f(f'{unknown}z'))  # 'a{…}' | 'b'

    x = None
    y = x.upper() if unknown else 'a'
    reveal(y)  # 'a'

    y = None if unknown else 'a'
    reveal(y + 'b')  # 'ab'

    y = None if unknown else {'k': 'a'}
    reveal(y['k'])  # 'a'

    y = {'k': 'a'} if unknown else {}
    reveal(y['k'])  # 'a'

    from sqlalchemy import make_url
    u = make_url('a://b?c=d')
    reveal(1 if u.query else 2)  # 1

    from sqlalchemy import make_url
    u = make_url('a://b')
    reveal(1 if u.query else 2)  # 2

    from sqlalchemy import make_url
    reveal(1 if make_url('a://b') == 'b' else 2)  # 2

    reveal((5 if unknown else '%s') % 'a')  # 'a' | ...
    reveal(isinstance(1, lambda: 0))  # ...

    y = ''
    reveal(1 if y is None else 2)  # 2
"""

TOGETHER = """
    # The same condition tested twice gives the same answer.
    if a:
        u = 1
    else:
        u = 2
    if a:
        v = 1
    else:
        v = 2
    reveal([u, v])  # [1 | 2, 1 | 2]

    u = 1 if a else 2
    reveal(u if a else 1)  # 1

    u = 1 if a else 2
    reveal(2 if not a else u - 1)  # 0 | 2

    u = 1 if a == 'p' else 2
    reveal(u if a == 'p' else 3)  # 1 | 3

    u = 1 if a.b else 2
    reveal(u if a.b else 3)  # 1 | 3

    u = 1 if a.b() else 2
    reveal(u if a.b() else 3)  # 1 | 3

    u = 1 if a else 2
    reveal(u if b else 3)  # 1 | 2 | 3

    u = 's' if a else 'p'
    reveal(1 if u == 's' else 2)  # 1 | 2

    u = 's' if a else 'p'
    reveal(u if u == 's' else 'q')  # 'q' | 's'

    u = 's' if a else 'p'
    reveal(u if u.startswith('s') else 'q')  # 'q' | 's'

    if a and b:
        u = 1
    else:
        u = 2
    reveal(u if a and b else 2)  # 1 | 2

    if a or b:
        u = 1
    else:
        u = 2
    reveal(u if not a and not b else 2)  # 2

    a = unknown
    u = 1 if a else 2
    a = other
    reveal(u if a else 3)  # 1 | 2 | 3
"""

URLS = """
    url = unknown
    if url.startswith('postgresql://'):
        url = url.replace('postgresql://', 'postgresql+asyncpg://', 1)
    create_async_engine(url)  # asyncpg?

    url = unknown
    if url.startswith('postgresql://'):
        url = 'postgresql+asyncpg://' + url[len('postgresql://'):]
    create_async_engine(url)  # asyncpg?

    url = unknown
    if url.startswith('postgresql://'):
        url = 'postgresql+asyncpg://' + url.removeprefix('postgresql://')
    create_async_engine(url)  # asyncpg?

    url = 'sqlite://h'
    if url.startswith('postgresql://'):
        url = url.replace('postgresql://', 'postgresql+asyncpg://', 1)
    create_async_engine(url)  # other

    url = unknown
    if url.startswith('sqlite'):
        raise ValueError
    if not url.startswith('postgresql+asyncpg://'):
        raise ValueError
    create_async_engine(url)  # asyncpg

    url = unknown
    assert url.startswith('postgresql+asyncpg')
    create_async_engine(url)  # asyncpg

    url = unknown
    assert url.startswith('postgresql+asyncpg://')
    create_async_engine(url)  # asyncpg

    url = unknown
    for old in ('postgres://', 'postgresql://'):
        if url.startswith(old):
            url = 'postgresql+asyncpg://' + url[len(old):]
    create_async_engine(url)  # asyncpg?
"""

# Eight ways lead past these lines, and none of them is forgotten.
WAYS = """
    def f():
        if a0:
            if b0:
                return 0
        if a1:
            if b1:
                return 0
        if a2:
            if b2:
                return 0
"""

# Branches are told apart by their own conditions, not by all the ways that lead to them.
AFTER_MANY_WAYS = """
    if c:
        x = 1
    elif d:
        x = 2
    elif e:
        x = 3
    else:
        x = 4
    return x  # 0 | 1 | 2 | 3 | 4

    u = 1 if c else 2
    return u if c else 3  # 0 | 1 | 3

    k = {}
    if c:
        k['k'] = 1
    elif d:
        k['k'] = 2
    elif e:
        k['k'] = 3
    return k.get('k', 4)  # 0 | 1 | 2 | 3 | 4

    if a0:
        return 1 if b0 else 2
    return 3  # 0 | 2 | 3
"""

# A string with sixteen possibilities, half of which are numbers.
SIXTEEN = "if c:\n    u = 'a'\n" + "".join(
    f"elif c{n}:\n    u = {('b' if n % 2 else '') + str(n)!r}\n" for n in range(14)
) + "else:\n    u = 'z'\n"  # fmt: skip

# A test with too many ways to its answers still tells which value gives which answer.
MANY_ANSWERS = """
    reveal(u if u == 'a' or u == 'z' else 'no')  # 'a' | 'z' | 'no'
    reveal(u if u in ('a', 'b1', 'z') else 'no')  # 'a' | 'b1' | 'z' | 'no'

    test = u == 'a'
    v = u + '!'
    reveal(v if test else 'no')  # 'a!' | 'no'

    test = u in ('a', 'z') and d
    if not test:
        u = 'no'
    reveal(u)  # 'a' | 'z' | 'no'

    one = 1 if u == 'a' else 2
    reveal(3 if u != 'a' else one)  # 1 | 3
"""

ENVIRONMENT = """
import os
from sqlalchemy.ext.asyncio import create_async_engine

class Settings:
    url: str = os.environ["URL"]
    backend = os.environ["BACKEND"]
    default = os.environ.get("URL", "sqlite+aiosqlite:///a")

settings = Settings()
url = os.environ["URL"]
default = os.environ.get("URL", "postgresql+psycopg://db/a")
"""

# What a branch knows of a string because its condition asked for it.
BRANCHES = """
    if url.startswith("postgresql+asyncpg"):
        create_async_engine(url)  # asyncpg

    if url.startswith("postgresql+asyncpg://"):
        create_async_engine(url)  # asyncpg

    if "asyncpg" in url:
        create_async_engine(url)  # asyncpg

    if "+asyncpg" in url and url:
        create_async_engine(url)  # asyncpg

    if not ("asyncpg" not in url):
        create_async_engine(url)  # unknown

    if settings.url.startswith("postgresql+asyncpg"):
        create_async_engine(settings.url)  # asyncpg

    if "asyncpg" in settings.url:
        create_async_engine(settings.url)  # asyncpg

    if settings.backend == "postgresql+asyncpg":
        create_async_engine(f"{settings.backend}://db/a")  # asyncpg

    if settings.backend == "postgresql+psycopg":
        create_async_engine(f"{settings.backend}://db/a")  # other

    # The default is another driver's: only the environment leads here.
    if default.startswith("postgresql+asyncpg"):
        create_async_engine(default)  # asyncpg

    if "asyncpg" in settings.default:
        create_async_engine(settings.default)  # asyncpg

    # What was asked of something else, or does not tell the driver.
    if url.startswith("postgresql"):
        create_async_engine(url)  # unknown

    if "postgres" in url:
        create_async_engine(url)  # unknown

    if not url.startswith("postgresql+asyncpg"):
        create_async_engine(url)  # unknown

    if "asyncpg" not in url:
        create_async_engine(url)  # unknown

    if "asyncpg" in url or other:
        create_async_engine(url)  # unknown

    URL = os.getenv('U', 'postgresql+asyncpg://h')
    def make():
        arguments = {}
        if URL.startswith('sqlite'):
            arguments['echo'] = True
        return create_async_engine(URL, **arguments)  # asyncpg?

    from elsewhere import URL
    if "+asyncpg" in URL:
        create_async_engine(URL)  # asyncpg

    from elsewhere import URL
    if not URL.startswith("postgresql+asyncpg"):
        raise ValueError
    create_async_engine(URL)  # asyncpg

    from elsewhere import URL
    if URL.startswith("sqlite"):
        create_async_engine(URL)  # other

    if url.startswith("sqlite+aiosqlite"):
        create_async_engine(url)  # other

    if "asyncpg" in settings.url:
        create_async_engine(url)  # unknown

    # What a test says of another driver does not count beside the default.
    URL = os.getenv('U', 'postgresql+asyncpg://h').replace('sqlite://', 'sqlite+aiosqlite://')
    def make():
        arguments = {}
        if URL.startswith('sqlite'):
            arguments['echo'] = True
        return create_async_engine(URL, **arguments)  # asyncpg?
"""


COMPARED = """
    import os
    x = 1
    if (os.environ.get('E') == 'a') is True:
        x = 2
    reveal(x if os.environ.get('E') != 'a' else 3)  # 1 | 3

    import os
    x = 1
    if (os.environ.get('E') == 'a') == False:
        x = 2
    reveal(x if os.environ.get('E') != 'a' else 3)  # 2 | 3

    import os
    match (os.environ.get('E', 'a'), os.environ.get('E') == 'b'):
        case ('a', True):
            x = 1
        case _:
            x = 2
    reveal(x)  # 2
"""


FOR_TYPE_CHECKERS = """
    from typing import TYPE_CHECKING
    x = 1
    if TYPE_CHECKING:
        x = 2
    reveal(x)  # 1

    import typing
    if typing.TYPE_CHECKING:
        from collections.abc import Mapping
    else:
        Mapping = dict
    x = 1 if typing.TYPE_CHECKING else 2
    reveal(x)  # 2

    from __future__ import annotations
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        from collections.abc import Mapping
    else:
        Mapping = dict
    reveal(Mapping(a=1))  # {'a': 1}

    from typing import TYPE_CHECKING
    if not TYPE_CHECKING:
        x = 1
    else:
        x = 2
    reveal(x)  # 1
"""


@pytest.mark.parametrize(
    ("code", "expected"),
    cases(FOR_TYPE_CHECKERS, COMPARED, CONTAINED, SENTINELS, CONDITIONS, SHORT_CIRCUIT, TOGETHER, HELD),
)
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


@pytest.mark.parametrize(("code", "driver"), cases(URLS))
def test_the_driver_of_the_engine(code: str, driver: str) -> None:
    assert driver_of(URLS_HEAD + code) == driver


@pytest.mark.parametrize(("body", "expected"), cases(AFTER_MANY_WAYS))
def test_what_is_returned_after_many_ways(body: str, expected: str) -> None:
    assert revealed(textwrap.dedent(WAYS) + textwrap.indent(body, "    ") + "\nreveal(f())") == value(expected)


@pytest.mark.parametrize(("code", "expected"), cases(MANY_ANSWERS))
def test_what_is_revealed_with_many_answers(code: str, expected: str) -> None:
    assert revealed(SIXTEEN + code) == value(expected)


@pytest.mark.parametrize(("code", "driver"), cases(BRANCHES))
def test_a_branch_knows_what_its_condition_says(code: str, driver: str) -> None:
    assert driver_of(ENVIRONMENT + code) == driver


@pytest.mark.parametrize(("code", "driver"), cases(BRANCHES))
def test_a_branch_of_a_function_knows_what_its_condition_says(code: str, driver: str) -> None:
    assert driver_of(f"{ENVIRONMENT}def make():\n{textwrap.indent(code, '    ')}") == driver


def test_behind_the_branch_nothing_is_known_again() -> None:
    code = """
if url.startswith("postgresql+asyncpg"):
    pass
engine = create_async_engine(url)
"""
    assert not engine_of(ENVIRONMENT + code).url.driver_everywhere


def test_what_no_run_reaches_is_not_judged() -> None:
    code = """
if unset:
    pass
FLAG = False
if FLAG:
    create_async_engine("postgresql+asyncpg://db/a")
"""
    assert engines_of(ENVIRONMENT + code) == []


@pytest.mark.parametrize(
    "test", ['"+async" not in make_url(url).drivername', 'url.startswith("sqlite")', "'asyncpg' != driver"]
)
def test_a_test_for_the_driver_is_believed_even_where_nothing_else_reaches_the_branch(test: str) -> None:
    code = f"""
from sqlalchemy import create_engine, make_url
from sqlalchemy.ext.asyncio import create_async_engine
driver = "asyncpg"
url = "postgresql+asyncpg://db/a"
if {test}:
    create_engine(url)
else:
    create_async_engine(url)
"""
    assert [engine.function for engine in engines_of(code) if engine.url.driver.value == "asyncpg"] == [
        "sqlalchemy.ext.asyncio.create_async_engine"
    ]


@pytest.mark.parametrize(
    ("one", "two"), [("f'{a!r}'", "f'{b!r}'"), ("f'{a:>3}'", "f'{b:>3}'"), ("a.lower()", "b.lower()")]
)
def test_two_texts_of_which_nothing_is_known_are_two(one: str, two: str) -> None:
    code = f"""
a, b = unknown
arguments = {{"statement_cache_size": 0}} if {one} == "on" else {{}}
if {two} == "on":
    create_async_engine("postgresql+asyncpg://db/a", connect_args=arguments)
"""
    assert engine_of(ENVIRONMENT + code).sizes.statement.state.value == "conditional"


@pytest.mark.parametrize("tested", ["url", "settings.url", "default"])
def test_paths_outside_two_nested_conditions_are_kept(tested: str) -> None:
    code = f"""
def make():
    arguments = {{}}
    if unknown:
        if "asyncpg" in {tested}:
            arguments = {{"statement_cache_size": 0}}
    if "asyncpg" in {tested}:
        create_async_engine({tested}, connect_args=arguments)
"""
    assert engine_of(ENVIRONMENT + code).sizes.statement.state.value == "conditional"


def test_a_function_that_leads_to_a_target_changes_a_global_name_on_some_paths() -> None:
    code = """
arguments = {}
def make():
    global arguments
    if unknown:
        arguments = {"statement_cache_size": 0}
    create_async_engine("postgresql+asyncpg://db/a", connect_args=arguments)
"""
    assert engine_of(ENVIRONMENT + code).sizes.statement.state.value == "conditional"


def test_an_assertion_under_a_global_constant_ends_a_path() -> None:
    code = """
LOCAL = True
def change(arguments):
    if os.environ.get("E") == "a":
        del arguments["statement_cache_size"]
def make():
    arguments = {"statement_cache_size": 0}
    if LOCAL:
        assert os.environ.get("E") != "a"
    change(arguments)
    create_async_engine("postgresql+asyncpg://db/a", connect_args=arguments)
"""
    assert engine_of(ENVIRONMENT + code).sizes.statement.state.value == "zero"
