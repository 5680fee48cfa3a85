"""Classes of the project: attributes, methods, properties, bases, and the classes that generate their own `__init__`."""

from __future__ import annotations

from typing import Any

import pytest
from programs import OneOf, value_of

PLAIN = [
    ("class C:\n    a = 'b'\nx = C.a", "b"),
    ("class C:\n    a = 'b'\nx = C().a", "b"),
    ("class C:\n    a = 'b'\n    c = f'{a}d'\nx = C.c", "bd"),
    ("class C:\n    a: str = 'b'\nx = C.a", "b"),
    ("class C:\n    def __init__(self):\n        self.a = 'b'\nx = C().a", "b"),
    ("class C:\n    def __init__(self, a='b'):\n        self.a = a\nx = C().a + C('c').a", "bc"),
    ("class C:\n    def m(self):\n        return 'b'\nx = C().m()", "b"),
    ("class C:\n    def __init__(self, a):\n        self.a = a\n    def m(self, c):\n        return self.a + c\nx = C('b').m('c')", "bc"),
    ("class C:\n    def m(self):\n        self.a = 'b'\nc = C()\nc.m()\nx = c.a", "b"),
    ("class C:\n    a = 'b'\nc = C()\nc.a = 'd'\nx = c.a + C.a", "db"),
    ("class C:\n    a = 'b'\nC.a = 'd'\nx = C().a", "d"),
    ("class C:\n    a = 'b'\nc = C()\nif unknown:\n    c.a = 'd'\nx = c.a", OneOf("b", "d")),
    ("class C:\n    @property\n    def a(self):\n        return 'b'\nx = C().a", "b"),
    ("import functools\nclass C:\n    @functools.cached_property\n    def a(self):\n        return 'b'\nx = C().a", "b"),
    ("class C:\n    @property\n    def a(self):\n        return self._a\n    @a.setter\n    def a(self, v):\n        self._a = v\n    def __init__(self):\n        self._a = 'b'\nx = C().a", "b"),
    ("class C:\n    @staticmethod\n    def m(a):\n        return a\nx = C.m('b') + C().m('c')", "bc"),
    ("class C:\n    a = 'b'\n    @classmethod\n    def m(cls):\n        return cls.a\nx = C.m() + C().m()", "bb"),
    ("class C:\n    a = 'b'\n    @classmethod\n    def m(cls):\n        return cls()\nx = C.m().a", "b"),
    ("class B:\n    a = 'b'\nclass C(B):\n    pass\nx = C.a", "b"),
    ("class B:\n    a = 'b'\nclass C(B):\n    a = 'c'\nx = C().a", "c"),
    ("class B:\n    a = 'b'\n    def m(self):\n        return self.a\nclass C(B):\n    a = 'c'\nx = C().m()", "c"),
    ("class B:\n    def __init__(self):\n        self.a = 'b'\nclass C(B):\n    def __init__(self):\n        super().__init__()\n        self.c = 'd'\nx = C().a + C().c", "bd"),
    ("class B:\n    def m(self):\n        return 'b'\nclass C(B):\n    def m(self):\n        return super().m() + 'c'\nx = C().m()", "bc"),
    ("class A:\n    v = 'a'\nclass B(A):\n    pass\nclass C(A):\n    v = 'c'\nclass D(B, C):\n    pass\nx = D.v", "c"),
    ("class B(unknown):\n    pass\nx = B.a", ...),
    ("class C:\n    pass\nx = C().missing", ...),
    ("class C:\n    pass\nx = C.missing", ...),
    ("class C:\n    def __call__(self):\n        return 'b'\nx = C()()", "b"),
    ("class C:\n    def __getattr__(self, name):\n        return name + 'b'\nx = C().a", "ab"),
    ("class C:\n    def __init__(self):\n        self.d = {}\n        self.d['a'] = 1\nx = C().d", {"a": 1}),
    ("class C:\n    d = {}\nC.d['a'] = 1\nx = C().d", {"a": 1}),
    ("class C:\n    class D:\n        a = 'b'\nx = C.D.a", "b"),
    ("class C:\n    if unknown:\n        a = 'b'\n    else:\n        a = 'c'\nx = C.a", OneOf("b", "c")),
    ("def f():\n    class C:\n        a = 'b'\n    return C\nx = f().a", "b"),
    ("y = 'a'\nclass C:\n    y = 'b'\n    def m(self):\n        return y\nx = C().m()", "a"),
    ("class C:\n    a = 'b'\nx = getattr(C, 'a')", "b"),
    ("class C:\n    a = 'b'\nx = getattr(C(), 'z', 'c')", "c"),
    ("class C:\n    pass\nc = C()\nsetattr(c, 'a', 'b')\nx = c.a", "b"),
    ("x = getattr(unknown, 'a', 'c')", "c"),
    ("x = getattr(unknown, other)", ...),
    ("class C:\n    pass\nx = C.__name__", "C"),
    ("class C:\n    pass\nx = isinstance(C(), C)", True),
    ("class C:\n    pass\nx = isinstance('a', str)", True),
    ("x = isinstance(1, str)", False),
    ("x = isinstance('a', (int, str))", True),
    ("x = isinstance({}, dict)", True),
    ("x = isinstance(unknown, str)", ...),
    ("class C:\n    _instance = None\n    def __new__(cls):\n        return super().__new__(cls)\n    a = 'b'\nx = C().a", "b"),
    ("class C:\n    def __init__(self):\n        self._a = None\n    def get(self):\n        if self._a is None:\n            self._a = 'b'\n        return self._a\nx = C().get()", "b"),
    ("class C:\n    def __enter__(self):\n        return self\n    a = 'b'\nwith C() as c:\n    x = c.a", "b"),
    ("class C:\n    def __enter__(self):\n        return 'b'\nwith C() as x:\n    pass", "b"),
]

GENERATED = [
    ("from dataclasses import dataclass\n@dataclass\nclass C:\n    a: str\n    b: str = 'c'\nx = C('a').a + C('a').b", "ac"),
    ("from dataclasses import dataclass\n@dataclass(frozen=True)\nclass C:\n    a: str = 'b'\nx = C(a='d').a", "d"),
    ("from dataclasses import dataclass, field\n@dataclass\nclass C:\n    a: dict = field(default_factory=dict)\nx = C().a", {}),
    ("from dataclasses import dataclass, field\n@dataclass\nclass C:\n    a: str = field(default='b')\nx = C().a", "b"),
    ("from dataclasses import dataclass\n@dataclass\nclass C:\n    a: str = 'b'\n    def __post_init__(self):\n        self.a += 'c'\nx = C().a", "bc"),
    ("from dataclasses import dataclass\n@dataclass\nclass B:\n    a: str\n@dataclass\nclass C(B):\n    b: str\nx = C('1', '2').b", "2"),
    ("from dataclasses import dataclass\nfrom typing import ClassVar\n@dataclass\nclass C:\n    k: ClassVar[str] = 'k'\n    a: str = ''\nx = C('b').a + C.k", "bk"),
    ("from dataclasses import dataclass, asdict\n@dataclass\nclass C:\n    a: str = 'b'\nx = asdict(C())", {"a": "b"}),
    ("from dataclasses import dataclass, replace\n@dataclass\nclass C:\n    a: str = 'b'\n    c: str = 'd'\nx = replace(C(), a='z').a + replace(C(), a='z').c", "zd"),
    ("from typing import NamedTuple\nclass C(NamedTuple):\n    a: str\n    b: str = 'c'\nx = C('a').b", "c"),
    ("from typing import NamedTuple\nclass C(NamedTuple):\n    a: str\n    b: str\nx, y = C('a', 'b')", "a"),
    ("from typing import NamedTuple\nclass C(NamedTuple):\n    a: str\nx = C('a')[0]", "a"),
    ("from typing import NamedTuple\nclass C(NamedTuple):\n    a: str\nx = C('a')._replace(a='b').a", "b"),
    ("from typing import NamedTuple\nclass C(NamedTuple):\n    a: str\nx = C('a')._asdict()", {"a": "a"}),
    ("import attrs\n@attrs.define\nclass C:\n    a: str = 'b'\nx = C().a", "b"),
    ("import attr\n@attr.s(auto_attribs=True)\nclass C:\n    a: str = attr.ib(default='b')\nx = C().a", "b"),
    ("import attrs\n@attrs.define\nclass C:\n    a: dict = attrs.field(factory=dict)\nx = C().a", {}),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E.A.value", "a"),
    ("from enum import Enum\nclass E(str, Enum):\n    A = 'a'\nx = f'{E.A.value}b'", "ab"),
    ("from enum import StrEnum\nclass E(StrEnum):\n    A = 'a'\nx = E.A + 'b'", "ab"),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E['A'].value", "a"),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E('a').value", "a"),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\n    B = 'b'\nx = E(unknown).value", OneOf("a", "b")),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E.A.name", "A"),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\n    B = 'b'\nx = 1 if E.A == E.B else 2", 2),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\n    B = 'b'\nx = {E.A: 1, E.B: 2}[E.B]", 2),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\n    @property\n    def up(self):\n        return self.value + 'b'\nx = E.A.up", "ab"),
]

SETTINGS = "from pydantic_settings import BaseSettings\nfrom pydantic import BaseModel, Field, PostgresDsn, SecretStr, ValidationInfo, computed_field, field_validator, model_validator, validator\n"
PYDANTIC = [
    ("class S(BaseSettings):\n    a: str = 'b'\nx = S().a", "b"),
    ("class S(BaseSettings):\n    a: str\nx = S().a", ...),
    ("class S(BaseSettings):\n    a: str = 'b'\ns = S()\nx = f'{s.a}c'", "bc"),
    ("class S(BaseSettings):\n    a: str = Field('b')\nx = S().a", "b"),
    ("class S(BaseSettings):\n    a: str = Field(default='b', alias='A')\nx = S().a", "b"),
    ("class S(BaseSettings):\n    a: str = Field(default_factory=lambda: 'b')\nx = S().a", "b"),
    ("class S(BaseSettings):\n    a: str = Field(...)\nx = S().a", ...),
    ("class S(BaseSettings):\n    a: str = ...\nx = S().a", ...),
    ("class S(BaseSettings):\n    a: str | None = None\nx = S().a", OneOf(..., None)),
    ("class S(BaseSettings):\n    a: str = 'b'\nx = S(a='c').a", "c"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    @property\n    def u(self):\n        return f'{self.a}c'\nx = S().u", "bc"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    @computed_field\n    @property\n    def u(self) -> str:\n        return f'{self.a}c'\nx = S().u", "bc"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    @computed_field  # type: ignore\n    @property\n    def u(self) -> PostgresDsn:\n        return PostgresDsn.build(scheme='pg', host=self.a)\nx = S().u", "url pg"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    @field_validator('a')\n    @classmethod\n    def v(cls, value):\n        return value + 'c'\nx = S().a", "bc"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    @validator('a', pre=True)\n    def v(cls, value):\n        return value + 'c'\nx = S().a", "bc"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    z: str = 'd'\n    @validator('z')\n    def v(cls, value, values):\n        return values['a'] + value\nx = S().z", "bd"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    z: str = 'd'\n    @validator('z')\n    def v(cls, value, values, **kwargs):\n        return values.get('a') + value\nx = S().z", "bd"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    z: str | None = None\n    @field_validator('z', mode='after')\n    def v(cls, value, info: ValidationInfo):\n        if isinstance(value, str):\n            return value\n        return info.data['a'] + 'z'\nx = S().z", OneOf("bz", ...)),
    ("class S(BaseSettings):\n    a: str = 'b'\n    @field_validator('other')\n    def v(cls, value):\n        return value + 'c'\nx = S().a", "b"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    u: str = ''\n    @model_validator(mode='after')\n    def v(self):\n        self.u = self.a + 'c'\n        return self\nx = S().u", "bc"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    u: str = ''\n    def model_post_init(self, context):\n        self.u = self.a + 'c'\nx = S().u", "bc"),
    ("class D(BaseSettings):\n    a: str = 'b'\nclass S(BaseSettings):\n    db: D = D()\nx = S().db.a", "b"),
    ("class D(BaseModel):\n    a: str = 'b'\nclass S(BaseSettings):\n    db: D\nx = S().db.a", "b"),
    ("class D(BaseModel):\n    a: str = 'b'\nclass S(BaseSettings):\n    db: D = Field(default_factory=D)\nx = S().db.a", "b"),
    ("class B(BaseSettings):\n    a: str = 'b'\nclass S(B):\n    pass\nx = S().a", "b"),
    ("class B(BaseSettings):\n    a: str = 'b'\nclass S(B):\n    a: str = 'c'\nx = S().a", "c"),
    ("from functools import lru_cache\nclass S(BaseSettings):\n    a: str = 'b'\n@lru_cache\ndef get():\n    return S()\nx = get().a", "b"),
    ("class S(BaseSettings):\n    a: SecretStr = SecretStr('b')\nx = S().a.get_secret_value()", "b"),
    ("class S(BaseSettings):\n    a: PostgresDsn = 'pg://h'\nx = str(S().a)", "pg://h"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    def m(self):\n        return self.a\nx = S().m()", "b"),
    ("class S(BaseSettings):\n    a: str = 'b'\nx = S().model_dump()", {"a": "b"}),
    ("class S(BaseSettings):\n    a: str = 'b'\n    c: str = 'd'\nx = S().model_dump(exclude={'c'})", {"a": "b", "c": "d", "…": ...}),
    ("class S(BaseSettings):\n    a: dict = {'k': 0}\nx = S().a", {"k": 0}),
    ("class S(BaseSettings):\n    a: str = 'b'\n    def __init__(self, **kw):\n        super().__init__(**kw)\nx = S(a='c').a", "c"),
    ("class S(BaseSettings):\n    a: str = 'b'\nclass T:\n    s = S()\nx = T.s.a", "b"),
    ("class S(BaseSettings):\n    a: str = 'b'\ndef f(s: S):\n    return s.a\nx = f()", "b"),
    ("class S(BaseSettings):\n    a: str = 'b'\ndef f(s: 'S | None' = None):\n    s = s or S()\n    return s.a\nx = f()", "b"),
]


@pytest.mark.parametrize(("code", "expected"), PLAIN + GENERATED)
def test_a_class_gives(code: str, expected: Any) -> None:
    assert value_of(code) == expected


@pytest.mark.parametrize(("code", "expected"), PYDANTIC)
def test_settings_give(code: str, expected: Any) -> None:
    assert value_of(SETTINGS + code) == expected
