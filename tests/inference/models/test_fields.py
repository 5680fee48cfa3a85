"""Declarations of defaults: fields, dependencies, secrets."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from heads import SETTINGS_HEAD

DEPENDENCIES = """
    from fastapi import Depends
    def g():
        return 'a'
    def f(a=Depends(g)):
        return a
    reveal(f())  # 'a'

    from fastapi import Depends
    def g():
        yield 'a'
    def f(a=Depends(g)):
        return a
    reveal(f())  # 'a'

    from fastapi import Depends
    class C:
        a = 'b'
    def f(c: C = Depends()):
        return c.a
    reveal(f())  # 'b'

    from typing import Annotated
    from fastapi import Depends
    def g():
        return 'a'
    def f(a: Annotated[str, Depends(g)]):
        return a
    reveal(f())  # 'a'

    from typing import Annotated
    from fastapi import Depends
    def g():
        return 'a'
    A = Annotated[str, Depends(g)]
    def f(a: A):
        return a
    reveal(f())  # 'a'
"""

FIELDS = """
    class S(BaseSettings):
        a: str = Field('b')
    reveal(S().a)  # 'b'

    class S(BaseSettings):
        a: str = Field(default='b', alias='A')
    reveal(S().a)  # 'b'

    class S(BaseSettings):
        a: str = Field(default_factory=lambda: 'b')
    reveal(S().a)  # 'b'

    class S(BaseSettings):
        a: str = Field(...)
    reveal(S().a)  # ...

    class S(sqlmodel.SQLModel):
        a: str = sqlmodel.Field('b')
    reveal(S().a)  # 'b'

    class S(BaseModel):
        _a: str | None = PrivateAttr(default=None)
        def m(self):
            return self._a or 'b'
    reveal(S().m())  # 'b'

    class S(BaseModel):
        _a: str = PrivateAttr(default_factory=lambda: 'b')
    reveal(S()._a)  # 'b'

    class D(BaseModel):
        a: str = 'b'
    class S(BaseSettings):
        db: D = Field(default_factory=D)
    reveal(S().db.a)  # 'b'

    class S(BaseSettings):
        a: SecretStr = SecretStr('b')
    reveal(S().a.get_secret_value())  # 'b'

    class S(BaseSettings):
        a: str = Field(repr=False)
    reveal(S().a)  # ...

    class S(BaseSettings):
        a: SecretStr = 'b'
    reveal(S().a.get_secret_value())  # 'b'

    reveal(SecretStr().get_secret_value())  # ...

    reveal(pydantic.Secret('b').get_secret_value())  # 'b'

    def made(value):
        return lambda: value
    class S(BaseSettings):
        a: str = Field(default_factory=made('b'))
    reveal(S().a)  # 'b'
"""


@pytest.mark.parametrize(("code", "expected"), cases(DEPENDENCIES))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


@pytest.mark.parametrize(("code", "expected"), cases(FIELDS))
def test_what_is_revealed_of_settings(code: str, expected: str) -> None:
    assert revealed(SETTINGS_HEAD + code) == value(expected)
