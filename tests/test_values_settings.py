"""Settings classes: fields, computed ones, validators, what is nested, what stands for a default."""

from __future__ import annotations

from typing import Any

import pytest
from programs import OneOf, value_of

SETTINGS = """import sqlmodel
from pydantic import BaseModel, ConfigDict, Field, PostgresDsn, PrivateAttr, SecretStr, ValidationInfo, computed_field
from pydantic import field_validator, model_validator, validator
from pydantic_settings import BaseSettings
import pydantic
"""
PYDANTIC = [
    ("class S(BaseSettings):\n    a: str = 'b'\nx = S().a", "b"),
    ("class S(BaseSettings):\n    a: str\nx = S().a", ...),
    ("class S(BaseSettings):\n    a: str = 'b'\ns = S()\nx = f'{s.a}c'", "bc"),
    ("class S(BaseSettings):\n    a: str = Field('b')\nx = S().a", "b"),
    ("class S(BaseSettings):\n    a: str = Field(default='b', alias='A')\nx = S().a", "b"),
    ("class S(BaseSettings):\n    a: str = Field(default_factory=lambda: 'b')\nx = S().a", "b"),
    ("class S(BaseSettings):\n    a: str = Field(...)\nx = S().a", ...),
    ("class S(sqlmodel.SQLModel):\n    a: str = sqlmodel.Field('b')\nx = S().a", "b"),
    (
        "class S(BaseModel):\n    _a: str | None = PrivateAttr(default=None)\n    def m(self):\n"
        "        return self._a or 'b'\nx = S().m()",
        "b",
    ),
    ("class S(BaseModel):\n    _a: str = PrivateAttr(default_factory=lambda: 'b')\nx = S()._a", "b"),
    ("class S(BaseSettings):\n    a: str = ...\nx = S().a", ...),
    ("class S(BaseSettings):\n    a: str | None = None\nx = S().a", OneOf(..., None)),
    ("class S(BaseSettings):\n    a: str = 'b'\nx = S(a='c').a", "c"),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @property\n    def u(self):\n"
        "        return f'{self.a}c'\nx = S().u",
        "bc",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @computed_field\n    @property\n"
        "    def u(self) -> str:\n        return f'{self.a}c'\nx = S().u",
        "bc",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @computed_field  # type: ignore\n"
        "    @property\n    def u(self) -> PostgresDsn:\n"
        "        return PostgresDsn.build(scheme='pg', host=self.a)\nx = S().u",
        "url pg",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @field_validator('a')\n"
        "    @classmethod\n    def v(cls, value):\n        return value + 'c'\nx = S().a",
        "bc",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @validator('a', pre=True)\n"
        "    def v(cls, value):\n        return value + 'c'\nx = S().a",
        "bc",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    z: str = 'd'\n"
        "    @validator('z')\n    def v(cls, value, values):\n"
        "        return values['a'] + value\nx = S().z",
        "bd",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    z: str = 'd'\n"
        "    @validator('z')\n    def v(cls, value, values, **kwargs):\n"
        "        return values.get('a') + value\nx = S().z",
        "bd",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    z: str | None = None\n"
        "    @field_validator('z', mode='after')\n"
        "    def v(cls, value, info: ValidationInfo):\n"
        "        if isinstance(value, str):\n            return value\n"
        "        return info.data['a'] + 'z'\nx = S().z",
        OneOf("bz", ...),
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @field_validator('other')\n"
        "    def v(cls, value):\n        return value + 'c'\nx = S().a",
        "b",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    u: str = ''\n"
        "    @model_validator(mode='after')\n    def v(self):\n"
        "        self.u = self.a + 'c'\n        return self\nx = S().u",
        "bc",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    u: str = ''\n"
        "    def model_post_init(self, context):\n        self.u = self.a + 'c'\n"
        "x = S().u",
        "bc",
    ),
    ("class D(BaseSettings):\n    a: str = 'b'\nclass S(BaseSettings):\n    db: D = D()\nx = S().db.a", "b"),
    ("class D(BaseModel):\n    a: str = 'b'\nclass S(BaseSettings):\n    db: D\nx = S().db.a", "b"),
    ("class D(BaseSettings):\n    a: str = 'b'\nclass S(BaseSettings):\n    db: D = D()\nx = 1 if S().db else 2", 1),
    (
        "class D(BaseModel):\n    a: str = 'b'\nclass S(BaseSettings):\n"
        "    db: D = Field(default_factory=D)\nx = S().db.a",
        "b",
    ),
    ("class B(BaseSettings):\n    a: str = 'b'\nclass S(B):\n    pass\nx = S().a", "b"),
    ("class B(BaseSettings):\n    a: str = 'b'\nclass S(B):\n    a: str = 'c'\nx = S().a", "c"),
    (
        "from functools import lru_cache\nclass S(BaseSettings):\n    a: str = 'b'\n"
        "@lru_cache\ndef get():\n    return S()\nx = get().a",
        "b",
    ),
    ("class S(BaseSettings):\n    a: SecretStr = SecretStr('b')\nx = S().a.get_secret_value()", "b"),
    ("class S(BaseSettings):\n    a: PostgresDsn = 'pg://h'\nx = str(S().a)", "pg://h"),
    ("class S(BaseSettings):\n    a: str = 'b'\n    def m(self):\n        return self.a\nx = S().m()", "b"),
    ("class S(BaseSettings):\n    a: str = 'b'\nx = S().model_dump()", {"a": "b"}),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    c: str = 'd'\nx = S().model_dump(exclude={'c'})",
        {"a": "b", "c": "d", "…": ...},
    ),
    *(
        (f"class S(BaseModel):\n    a: str = 'b'\n    {extra}\nx = S().model_dump()", {"a": "b", **rest})
        for extra, rest in [
            ("model_config = ConfigDict(extra='allow')", {"…": ...}),
            ("model_config = {'extra': 'allow'}", {"…": ...}),
            ("class Config:\n        extra = 'allow'", {"…": ...}),
            ("class Config:\n        extra = pydantic.Extra.allow", {"…": ...}),
            ("model_config = ConfigDict(extra='ignore')", {}),
            ("model_config = {'frozen': True}", {}),
            ("class Config:\n        frozen = True", {}),
            ("model_config = unseen", {"…": ...}),
            ("model_config = ConfigDict(**unseen)", {"…": ...}),
            ("model_config = ConfigDict(extra='allow' if unseen else 'forbid')", {"…": ...}),
        ]
    ),
    ("class S(BaseModel, extra='allow'):\n    a: str = 'b'\nx = S().model_dump()", {"a": "b", "…": ...}),
    *(
        (
            f"class B(BaseModel):\n    {base}\nclass S(B):\n    a: str = 'b'\n    {own}\nx = S().model_dump()",
            {"a": "b", **rest},
        )
        for base, own, rest in [
            ("model_config = ConfigDict(extra='allow')", "model_config = ConfigDict(frozen=True)", {"…": ...}),
            ("class Config:\n        extra = 'allow'", "class Config:\n        frozen = True", {"…": ...}),
            ("model_config = ConfigDict(extra='allow')", "model_config = ConfigDict(extra='forbid')", {}),
        ]
    ),
    ("class S(BaseSettings):\n    a: dict = {'k': 0}\nx = S().a", {"k": 0}),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    def __init__(self, **kw):\n"
        "        super().__init__(**kw)\nx = S(a='c').a",
        "c",
    ),
    ("class S(BaseSettings):\n    a: str = 'b'\nclass T:\n    s = S()\nx = T.s.a", "b"),
    ("class S(BaseSettings):\n    a: str = 'b'\ndef f(s: S):\n    return s.a\nx = f()", "b"),
    (
        "class S(BaseSettings):\n    a: str = 'b'\ndef f(s: 'S | None' = None):\n"
        "    s = s or S()\n    return s.a\nx = f()",
        "b",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @field_validator('a')\n    @staticmethod\n"
        "    def v(value):\n        return value + 'c'\nx = S().a",
        "bc",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    z: str = 'd'\n    @validator('z')\n"
        "    def v(cls, value, values):\n        return values['a'] + value\nx = S().z",
        "bd",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    z: str = 'd'\n    @field_validator('z')\n"
        "    def v(cls, value, info):\n        return info.data['a'] + value\nx = S().z",
        "bd",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @field_validator('a')\n"
        "    def v(cls, value):\n        return cls().a\nx = S().a",
        "b",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @unknown('a')\n"
        "    def v(cls, value):\n        return 'c'\nx = S().a",
        "b",
    ),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @model_validator(mode='before')\n"
        "    def v(cls, data):\n        data['a'] = 'c'\n        return data\nx = S().a",
        "b",
    ),
    ("class S(BaseSettings):\n    a: str = 'b'\n    @unknown\n    def v(self):\n        self.a = 'c'\nx = S().a", "b"),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @model_validator(mode='after')\n"
        "    def v(self):\n        setattr(self, 'a', 'c')\n        return self\nx = S().a",
        "c",
    ),
    ("class S(BaseSettings):\n    a: str = Field(repr=False)\nx = S().a", ...),
    ("class S(BaseSettings):\n    a: 'unknown'\nx = S().a", ...),
    ("class S(BaseSettings):\n    a: SecretStr = 'b'\nx = S().a.get_secret_value()", "b"),
    ("x = SecretStr().get_secret_value()", ...),
    ("class S(BaseSettings):\n    b = 'c'\n    a: str = b\nx = S().a + S().b", "cc"),
    ("class S(BaseSettings):\n    a: str = 'b'\nx = getattr(S(), 'a', 'c')", "b"),
    (
        "class S(BaseSettings):\n    a: str = 'b'\n    @field_validator('a')\n"
        "    def v():\n        return 'c'\nx = S().a",
        "c",
    ),
    ("class S(BaseSettings):\n    a: str = 'b'\nx = S.model_validate({}).a", "b"),
    ("class S(BaseSettings):\n    a: str = 'b'\nx = S.model_validate({'a': 'c'}).a", "c"),
    ("class S(BaseModel):\n    a: str\nx = S.parse_obj({'a': 'c'}).a", "c"),
    ("class S(BaseModel):\n    a: str\nx = S.model_validate(unknown()).a", ...),
    (
        "class S(BaseModel):\n    a: str\n    @classmethod\n    def parse_obj(cls, obj):\n        return cls(a='d')\n"
        "x = S.parse_obj({'a': 'c'}).a",
        "d",
    ),
]


@pytest.mark.parametrize(("code", "expected"), PYDANTIC)
def test_settings_give(code: str, expected: Any) -> None:
    assert value_of(SETTINGS + code) == expected
