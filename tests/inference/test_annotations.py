"""Parameters of which only the annotation is known."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from heads import SETTINGS_HEAD

PARAMETERS = """
    from typing import Annotated
    class C:
        a = 'b'
    def f(c: Annotated[C, 'doc']):
        return c.a
    reveal(f())  # 'b'

    from typing import Annotated
    class C:
        a = 'b'
    A = Annotated[C, unknown()]
    def f(c: A):
        return c.a
    reveal(f())  # 'b'

    class C:
        a = 'b'
    def f(c: 'C'):
        return c.a
    reveal(f())  # 'b'

    class C:
        a = 'b'
    def f(c: '(' * 3):
        return c
    reveal(f())  # ...

    def f(c: 'a b'):
        return c
    reveal(f())  # ...

    import app
    class C:
        a = 'b'
    def f(c: list[C], d: app.D, e: dict['k', C], g: str):
        return c
    reveal(f())  # ...

    class C:
        a = 'b'
    def f(c: C | None):
        return c.a
    reveal(f())  # 'b'

    class C:
        a = 'b'
    def f(c: None | C):
        return c.a
    reveal(f())  # 'b'
"""

SETTINGS = """
    class S(BaseSettings):
        a: str = 'b'
    def f(s: S):
        return s.a
    reveal(f())  # 'b'

    class S(BaseSettings):
        a: str = 'b'
    def f(s: 'S | None' = None):
        s = s or S()
        return s.a
    reveal(f())  # 'b'

    class S(BaseSettings):
        a: str = 'b'
    def f() -> S:
        return unknown()
    reveal(f().a)  # 'b'

    import outside
    from typing import Optional
    class S(BaseSettings):
        a: str = 'b'
    def f() -> Optional[S]:
        return outside.build()
    reveal(f().a)  # 'b'

    class S(BaseSettings):
        a: str = 'b'
    def f() -> S | None:
        return unknown.build(S)
    reveal(f().a)  # 'b'

    class S(BaseSettings):
        a: str = 'b'
    def f() -> 'S | None':
        return unknown()
    reveal(f().a)  # 'b'

    class S(BaseSettings):
        a: str = 'b'
    def f() -> Annotated[S, 'shared']:
        return unknown()
    reveal(f().a)  # 'b'

    class S(BaseSettings):
        a: str = 'b'
    def f() -> list[S]:
        return unknown()
    reveal(f().a)  # ...

    class S:
        a: str = 'b'
    def f() -> S:
        return unknown()
    reveal(f().a)  # ...
"""


@pytest.mark.parametrize(("code", "expected"), cases(PARAMETERS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


@pytest.mark.parametrize(("code", "expected"), cases(SETTINGS))
def test_what_is_revealed_of_settings(code: str, expected: str) -> None:
    assert revealed(SETTINGS_HEAD + code) == value(expected)


def test_an_annotation_in_a_string_that_is_too_long_is_not_read() -> None:
    code = f"""
class C:
    a = 'b'
def f(c: 'C{" " * 300}'):
    return c.a
reveal(f())
"""
    assert revealed(code.strip()) is ...
