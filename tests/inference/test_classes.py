"""Classes of the project: attributes, methods, bases, generated constructors, settings."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from heads import SETTINGS_HEAD
from programs import codes_of

CLASSES = """
    class C:
        a = 'b'
    reveal(C.a)  # 'b'

    class C:
        a = 'b'
    reveal(C().a)  # 'b'

    class C:
        a = 'b'
        c = f'{a}d'
    reveal(C.c)  # 'bd'

    class C:
        a: str = 'b'
    reveal(C.a)  # 'b'

    class C:
        def __init__(self, a='b'):
            self.a = a
    reveal(C().a + C('c').a)  # 'bc'

    class C:
        def m(self):
            return 'b'
    reveal(C().m())  # 'b'

    class C:
        def __init__(self, a):
            self.a = a
        def m(self, c):
            return self.a + c
    reveal(C('b').m('c'))  # 'bc'

    class C:
        @staticmethod
        def m(a):
            return a
    reveal(C.m('b') + C().m('c'))  # 'bc'

    class C:
        a = 'b'
        @classmethod
        def m(cls):
            return cls.a
    reveal(C.m() + C().m())  # 'bb'

    class C:
        a = 'b'
        @classmethod
        def m(cls):
            return cls()
    reveal(C.m().a)  # 'b'

    class C:
        def __call__(self):
            return 'b'
    reveal(C()())  # 'b'

    class C:
        def __init__(self):
            self.d = {}
            self.d['a'] = 1
    reveal(C().d)  # {'a': 1}

    class C:
        d = {}
    C.d['a'] = 1
    reveal(C().d)  # {'a': 1}

    class C:
        class D:
            a = 'b'
    reveal(C.D.a)  # 'b'

    class C:
        if unknown:
            a = 'b'
        else:
            a = 'c'
    reveal(C.a)  # 'b' | 'c'

    def f():
        class C:
            a = 'b'
        return C
    reveal(f().a)  # 'b'

    y = 'a'
    class C:
        y = 'b'
        def m(self):
            return y
    reveal(C().m())  # 'a'

    class C:
        _instance = None
        def __new__(cls):
            return super().__new__(cls)
        a = 'b'
    reveal(C().a)  # 'b'

    class C:
        def __init__(self):
            self._a = None
        def get(self):
            if self._a is None:
                self._a = 'b'
            return self._a
    reveal(C().get())  # 'b'

    class C:
        b = 1
        if b:
            a = b
    reveal(C.a)  # 1

    class C: a = 'b'
    reveal(C.a)  # 'b'

    class C:
        pass
    reveal(C()())  # ...
"""

BASES = """
    class B:
        a = 'b'
    class C(B):
        pass
    reveal(C.a)  # 'b'

    class B:
        a = 'b'
    class C(B):
        a = 'c'
    reveal(C().a)  # 'c'

    class B:
        a = 'b'
        def m(self):
            return self.a
    class C(B):
        a = 'c'
    reveal(C().m())  # 'c'

    class B:
        def m(self):
            return 'b'
    class C(B):
        def m(self):
            return super().m() + 'c'
    reveal(C().m())  # 'bc'

    class A:
        v = 'a'
    class B(A):
        pass
    class C(A):
        v = 'c'
    class D(B, C):
        pass
    reveal(D.v)  # 'c'

    class B(unknown):
        pass
    reveal(B.a)  # ...

    class B:
        m = 1
    class C(B):
        def m(self):
            return super().m()
    reveal(C().m())  # ...
"""

FACTORIES = """
    from dataclasses import dataclass, field
    @dataclass
    class C:
        args: dict = field(default_factory=dict)
    one, two = C(), C()
    one.args['a'] = 1
    reveal(one.args)  # {'a': 1}

    from dataclasses import dataclass, field
    @dataclass
    class C:
        args: dict = field(default_factory=dict)
    one, two = C(), C()
    one.args['a'] = 1
    reveal(two.args)  # {}

    from pydantic import BaseModel, Field
    class C(BaseModel):
        args: dict = Field(default_factory=dict)
    reveal(C().args)  # {}
"""

GENERATED = """
    from dataclasses import dataclass
    @dataclass
    class C:
        a: str
        b: str = 'c'
    reveal(C('a').a + C('a').b)  # 'ac'

    from dataclasses import dataclass
    @dataclass(frozen=True)
    class C:
        a: str = 'b'
    reveal(C(a='d').a)  # 'd'

    from dataclasses import dataclass, field
    @dataclass
    class C:
        a: dict = field(default_factory=dict)
    reveal(C().a)  # {}

    from dataclasses import dataclass, field
    @dataclass
    class C:
        a: str = field(default='b')
    reveal(C().a)  # 'b'

    from dataclasses import dataclass
    @dataclass
    class C:
        a: str = 'b'
        def __post_init__(self):
            self.a += 'c'
    reveal(C().a)  # 'bc'

    from dataclasses import dataclass
    @dataclass
    class B:
        a: str
    @dataclass
    class C(B):
        b: str
    reveal(C('1', '2').b)  # '2'

    from dataclasses import dataclass
    from typing import ClassVar
    @dataclass
    class C:
        k: ClassVar[str] = 'k'
        a: str = ''
    reveal(C('b').a + C.k)  # 'bk'

    import attrs
    @attrs.define
    class C:
        a: str = 'b'
    reveal(C().a)  # 'b'

    import attr
    @attr.s(auto_attribs=True)
    class C:
        a: str = attr.ib(default='b')
    reveal(C().a)  # 'b'

    import attrs
    @attrs.define
    class C:
        a: dict = attrs.field(factory=dict)
    reveal(C().a)  # {}

    from dataclasses import dataclass, field
    @dataclass
    class C:
        a: str = field(repr=False)
    reveal(C().a)  # ...

    from dataclasses import dataclass
    @dataclass
    class D:
        b: str = 'c'
    @dataclass
    class C:
        a: D
    reveal(C().a.b)  # 'c'
"""

SETTINGS = """
    class S(BaseSettings):
        a: str = 'b'
    reveal(S().a)  # 'b'

    class S(BaseSettings):
        a: str
    reveal(S().a)  # ...

    class S(BaseSettings):
        a: str = 'b'
    s = S()
    reveal(f'{s.a}c')  # 'bc'

    class S(BaseSettings):
        a: str = ...
    reveal(S().a)  # ...

    class S(BaseSettings):
        a: str | None = None
    reveal(S().a)  # None | ...

    class S(BaseSettings):
        a: str = 'b'
    reveal(S(a='c').a)  # 'c'

    class S(BaseSettings):
        a: str = 'b'
        @property
        def u(self):
            return f'{self.a}c'
    reveal(S().u)  # 'bc'

    class S(BaseSettings):
        a: str = 'b'
        @computed_field
        @property
        def u(self) -> str:
            return f'{self.a}c'
    reveal(S().u)  # 'bc'

    class S(BaseSettings):
        a: str = 'b'
        @computed_field  # type: ignore
        @property
        def u(self) -> PostgresDsn:
            return PostgresDsn.build(scheme='pg', host=self.a)
    reveal(S().u)  # 'url pg'

    class D(BaseSettings):
        a: str = 'b'
    class S(BaseSettings):
        db: D = D()
    reveal(S().db.a)  # 'b'

    class D(BaseModel):
        a: str = 'b'
    class S(BaseSettings):
        db: D
    reveal(S().db.a)  # 'b'

    class D(BaseModel):
        a: str = 'b'
    class S(BaseSettings):
        db: D = Field(default_factory=D)
    s = S()
    s.db.a = 'c'
    reveal(s.db.a)  # 'c'

    class D(BaseModel):
        a: str = 'b'
    class S(BaseSettings):
        db: D = Field(default_factory=D)
    s = S()
    s.db.a = 'c'
    reveal(S().db.a)  # 'b'

    class D(BaseModel):
        a: str = 'b'
    class S(BaseSettings):
        db: D
    s = S()
    s.db.a = 'c'
    reveal(s.db.a)  # 'c'

    class D(BaseSettings):
        a: str = 'b'
    class S(BaseSettings):
        db: D = D()
    reveal(1 if S().db else 2)  # 1

    class B(BaseSettings):
        a: str = 'b'
    class S(B):
        pass
    reveal(S().a)  # 'b'

    class B(BaseSettings):
        a: str = 'b'
    class S(B):
        a: str = 'c'
    reveal(S().a)  # 'c'

    from functools import lru_cache
    class S(BaseSettings):
        a: str = 'b'
    @lru_cache
    def get():
        return S()
    reveal(get().a)  # 'b'

    class S(BaseSettings):
        a: PostgresDsn = 'pg://h'
    reveal(str(S().a))  # 'pg://h'

    class S(BaseSettings):
        a: str = 'b'
        def m(self):
            return self.a
    reveal(S().m())  # 'b'

    class S(BaseSettings):
        a: dict = {'k': 0}
    reveal(S().a)  # {'k': 0}

    class S(BaseSettings):
        a: str = 'b'
        def __init__(self, **kw):
            super().__init__(**kw)
    reveal(S(a='c').a)  # 'c'

    class S(BaseSettings):
        a: str = 'b'
    class T:
        s = S()
    reveal(T.s.a)  # 'b'

    class S(BaseSettings):
        a: 'unknown'
    reveal(S().a)  # ...

    class S(BaseSettings):
        b = 'c'
        a: str = b
    reveal(S().a + S().b)  # 'cc'

    class S(BaseSettings):
        a: str = 'b'
    reveal(getattr(S(), 'a', 'c'))  # 'b'
"""


SUBCLASSES = """
    class Base:
        known = {}
        def __init_subclass__(cls, **kwargs):
            super().__init_subclass__()
            Base.known[cls.__name__] = cls
            cls.args = kwargs or cls.args
    class A(Base, x=1):
        args = {}
    reveal(A.args)  # {'x': 1}

    class Base:
        known = {}
        def __init_subclass__(cls, **kwargs):
            Base.known[cls.__name__] = cls
    class A(Base):
        args = {'x': 1}
    class B(A):
        args = {'y': 1}
    reveal(Base.known['B'].args)  # {'y': 1}

    class Mixin:
        pass
    class Base:
        known = []
        def __init_subclass__(cls):
            Base.known.append(1)
    class A(Mixin, Base):
        pass
    reveal(Base.known)  # [1]

    class Base:
        def __init_subclass__(cls, /, args=None, **rest):
            cls.args = args or {}
    class A(Base, args={'x': 1}):
        pass
    reveal(A().args)  # {'x': 1}
"""


@pytest.mark.parametrize(("code", "expected"), cases(SUBCLASSES, CLASSES, BASES, GENERATED, FACTORIES))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


@pytest.mark.parametrize(("code", "expected"), cases(SETTINGS))
def test_what_is_revealed_of_settings(code: str, expected: str) -> None:
    assert revealed(SETTINGS_HEAD + code) == value(expected)


def test_what_an_instance_made_elsewhere_holds_is_open() -> None:
    code = """
    from dataclasses import dataclass, field
    from sqlalchemy.ext.asyncio import create_async_engine
    @dataclass
    class State:
        environment: dict[str, str] = field(default_factory=dict)
    def make(state: State):
        assert state.environment["HOST"]
        return create_async_engine(f"postgresql+asyncpg://{state.environment['HOST']}/a", pool_pre_ping=True)
    """
    assert codes_of(code) == "PGB101"


def test_a_method_that_only_raises_is_meant_to_be_overridden() -> None:
    code = """
    from typing import Protocol
    from sqlalchemy.ext.asyncio import create_async_engine
    class Config(Protocol):
        @property
        def host(self):
            raise NotImplementedError
    def make(config: Config):
        return create_async_engine(f"postgresql+asyncpg://{config.host}/a", pool_pre_ping=True)
    """
    assert codes_of(code) == "PGB101"
