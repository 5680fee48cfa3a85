"""Enumerations: their members by attribute, name and value."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from heads import URLS_HEAD
from programs import driver_of, engine_of, engines_of

MEMBERS = """
    from enum import StrEnum
    class E(StrEnum):
        A = 'a'
    reveal(f'{E.A}b')  # 'ab'

    from enum import Enum
    class E(Enum):
        A = 'a'
    reveal(E.A.value)  # 'a'

    from enum import Enum
    class E(str, Enum):
        A = 'a'
    reveal(f'{E.A.value}b')  # 'ab'

    from enum import StrEnum
    class E(StrEnum):
        A = 'a'
    reveal(E.A + 'b')  # 'ab'

    from enum import Enum
    class E(Enum):
        A = 'a'
    reveal(E['A'].value)  # 'a'

    from enum import Enum
    class E(Enum):
        A = 'a'
    reveal(E('a').value)  # 'a'

    from enum import Enum
    class E(Enum):
        A = 'a'
        B = 'b'
    reveal(E(unknown).value)  # 'a' | 'b'

    import os
    from enum import Enum
    class E(Enum):
        A = 'a'
        B = 'b'
    reveal(E(os.environ.get('E', 'a')).value)  # 'a' | 'b'

    from enum import Enum
    class E(Enum):
        A = 'a'
    reveal(E.A.name)  # 'A'

    from enum import Enum
    class E(Enum):
        A = 'a'
        B = 'b'
    reveal(1 if E.A == E.B else 2)  # 2

    from enum import Enum
    class E(Enum):
        A = 'a'
        B = 'b'
    reveal({E.A: 1, E.B: 2}[E.B])  # 2

    from enum import Enum
    class E(Enum):
        A = 'a'
        @property
        def up(self):
            return self.value + 'b'
    reveal(E.A.up)  # 'ab'

    from enum import Enum
    class E(Enum):
        A = 'a'
    reveal(E(E.A).value)  # 'a'

    from enum import Enum
    class E(Enum):
        A = 'a'
    reveal(E['B'])  # ...

    from enum import Enum
    class E(Enum):
        A = 'a'
    reveal(E[unknown])  # ...

    from enum import Enum
    class E(Enum):
        pass
    reveal(E(unknown))  # ...

    from enum import StrEnum
    class E(StrEnum):
        A = 'a'
    reveal({E.A: 1}['a'])  # 1

    from enum import Enum
    class E(Enum):
        A = 'a'
    reveal(E.A.missing)  # ...
"""

OBJECTS = """
    from enum import StrEnum
    class U(StrEnum):
        A = 'postgresql+asyncpg://h'
    create_async_engine(U.A)  # asyncpg
"""

MEMBER_OF_A_VALUE = """
from enum import Enum
from sqlalchemy.ext.asyncio import create_async_engine
class Backend(Enum):
{}
one, two = unknown
if one == "pg":
    arguments = {{"statement_cache_size": 0, "prepared_statement_cache_size": 0}}
else:
    arguments = {{}}
if Backend({}) is Backend.PG:
    create_async_engine("postgresql+asyncpg://db/a", connect_args=arguments)
"""


@pytest.mark.parametrize(("code", "expected"), cases(MEMBERS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


@pytest.mark.parametrize(("code", "driver"), cases(OBJECTS))
def test_the_driver_of_the_engine(code: str, driver: str) -> None:
    assert driver_of(URLS_HEAD + code) == driver


@pytest.mark.parametrize(
    ("members", "value", "state"),
    [
        (["PG = 'pg'", "SQLITE = 'sqlite'"], "one", "zero"),
        (["SQLITE = 'sqlite'", "PG = 'pg'"], "one", "zero"),
        (["SQLITE = 'sqlite'", "PG = 'pg'", "POSTGRES = 'pg'"], "one", "zero"),
        (["PG = 'pg'", "SQLITE = 'sqlite'"], "two", "conditional"),
        (["PG = 'pg'", "SQLITE = 'sqlite'"], "f'{one!r}'", "conditional"),
        (["PG = 'pg'", "SQLITE = 'sqlite'", "@classmethod", "def _missing_(cls, value): return cls.PG"], "one",
         "conditional"),
    ],
)  # fmt: skip
def test_a_member_made_of_a_value_says_what_the_value_is(members: list[str], value: str, state: str) -> None:
    body = "\n".join(f"    {line}" for line in members)
    assert engine_of(MEMBER_OF_A_VALUE.format(body, value)).sizes.statement.state.value == state


def test_a_member_made_of_the_backend_is_the_backend() -> None:
    code = """
import os
from enum import Enum
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

class Backend(Enum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"

def asynchronous(url):
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite+aiosqlite")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+asyncpg")
    raise ValueError(url)

url = make_url(os.environ["URL"])
if Backend(url.get_backend_name()) is Backend.SQLITE:
    create_async_engine(asynchronous(url))
else:
    create_async_engine(asynchronous(make_url(url.render_as_string())))
"""
    assert [engine.url.driver.value for engine in engines_of(code)] == ["other", "asyncpg"]
