"""Pydantic's validators."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from blocks import cases, files, revealed, value
from heads import SETTINGS_HEAD
from programs import codes_in

from poolsafe.inference.context import Frame
from poolsafe.inference.functions import call_function
from poolsafe.inference.models import pydantic
from poolsafe.inference.values import Function, Value

VALIDATORS = """
    class S(BaseSettings):
        a: str = 'b'
        @field_validator('a')
        @classmethod
        def v(cls, value):
            return value + 'c'
    reveal(S().a)  # 'bc'

    class S(BaseSettings):
        a: str = 'b'
        @validator('a', pre=True)
        def v(cls, value):
            return value + 'c'
    reveal(S().a)  # 'bc'

    class S(BaseSettings):
        a: str = 'b'
        z: str = 'd'
        @validator('z')
        def v(cls, value, values):
            return values['a'] + value
    reveal(S().z)  # 'bd'

    class S(BaseSettings):
        a: str = 'b'
        z: str = 'd'
        @validator('z')
        def v(cls, value, values, **kwargs):
            return values.get('a') + value
    reveal(S().z)  # 'bd'

    class S(BaseSettings):
        a: str = 'b'
        z: str | None = None
        @field_validator('z', mode='after')
        def v(cls, value, info: ValidationInfo):
            if isinstance(value, str):
                return value
            return info.data['a'] + 'z'
    reveal(S().z)  # 'bz' | ...

    class S(BaseSettings):
        a: str = 'b'
        @field_validator('other')
        def v(cls, value):
            return value + 'c'
    reveal(S().a)  # 'b'

    class S(BaseSettings):
        a: str = 'b'
        u: str = ''
        @model_validator(mode='after')
        def v(self):
            self.u = self.a + 'c'
            return self
    reveal(S().u)  # 'bc'

    class S(BaseSettings):
        a: str = 'b'
        u: str = ''
        @model_validator(mode='after')
        def v(self):
            same = self
            if unknown:
                same.u = self.a + 'c'
            return same
    reveal(S().u)  # '' | 'bc'

    class Inner(BaseModel):
        a: str = 'b'
        u: str = ''
    class S(BaseSettings):
        inner: Inner = Inner()
        @model_validator(mode='after')
        def v(self):
            self.inner.u = self.inner.a + 'c'
            return self
    s = S()
    reveal((s.inner.a, s.inner.u))  # ('b', 'bc')

    class Inner(BaseModel):
        u: str = ''
    class Middle(BaseModel):
        inner: Inner = Inner()
    class S(BaseSettings):
        middle: Middle = Middle()
        @model_validator(mode='after')
        def v(self):
            for one in [self.middle]:
                found = one.inner
                found.u = 'c'
            return self
    reveal(S().middle.inner.u)  # 'c'

    class Inner(BaseModel):
        u: str = ''
    class S(BaseSettings):
        inner: Inner = Inner()
        @model_validator(mode='after')
        def v(self):
            self.inner = Inner(u='c')
            return self
    reveal(S().inner.u)  # 'c'

    class S(BaseSettings):
        options: dict = {}
        @model_validator(mode='after')
        def v(self):
            self.options.setdefault('a', 'c')
            return self
    reveal(S().options)  # {'a': 'c'}

    class S(BaseSettings):
        a: str = 'b'
        u: str = ''
        def model_post_init(self, context):
            self.u = self.a + 'c'
    reveal(S().u)  # 'bc'

    class S(BaseSettings):
        a: str = 'b'
        @field_validator('a')
        @staticmethod
        def v(value):
            return value + 'c'
    reveal(S().a)  # 'bc'

    class S(BaseSettings):
        a: str = 'b'
        z: str = 'd'
        @field_validator('z')
        def v(cls, value, info):
            return info.data['a'] + value
    reveal(S().z)  # 'bd'

    class S(BaseSettings):
        a: str = 'b'
        @field_validator('a')
        def v(cls, value):
            return cls().a
    reveal(S().a)  # 'b'

    class S(BaseSettings):
        a: str = 'b'
        @unknown('a')
        def v(cls, value):
            return 'c'
    reveal(S().a)  # 'b'

    class S(BaseSettings):
        a: str = 'b'
        @model_validator(mode='before')
        def v(cls, data):
            data['a'] = 'c'
            return data
    reveal(S().a)  # 'b'

    class S(BaseSettings):
        a: str = 'b'
        @unknown
        def v(self):
            self.a = 'c'
    reveal(S().a)  # 'b'

    class S(BaseSettings):
        a: str = 'b'
        @model_validator(mode='after')
        def v(self):
            setattr(self, 'a', 'c')
            return self
    reveal(S().a)  # 'c'

    class S(BaseSettings):
        a: str = 'b'
        @field_validator('a')
        def v():
            return 'c'
    reveal(S().a)  # 'c'
"""


@pytest.mark.parametrize(("code", "expected"), cases(VALIDATORS))
def test_what_is_revealed_of_settings(code: str, expected: str) -> None:
    assert revealed(SETTINGS_HEAD + code) == value(expected)


VALIDATED_ELSEWHERE = """
    # file: config.py
    from pydantic import model_validator
    from pydantic_settings import BaseSettings
    class Settings(BaseSettings):
        driver: str = 'asyncpg'
        url: str = ''
        @model_validator(mode='after')
        def complete(self):
            self.url = f'postgresql+{self.driver}://db/a'
            return self
    settings = Settings()

    # file: db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    from config import settings
    def one(test):
        if test:
            url = settings.url
        else:
            url = settings.url + '_b'
        return create_async_engine(url, pool_pre_ping=True)
    def two(test):
        if test:
            url = settings.url
        else:
            url = settings.url + '_b'
        return create_async_engine(url, pool_pre_ping=True)
"""


def test_the_settings_of_a_module_are_validated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[object] = []

    def recording(frame: Frame, function: Function, *given: Any) -> Value:
        runs.append(function)
        return call_function(frame, function, *given)

    monkeypatch.setattr(pydantic, "call_function", recording)
    assert codes_in(tmp_path, files(VALIDATED_ELSEWHERE), "db.py") == ["PGB101"] * 2
    assert len(runs) == 1


def test_fields_in_a_cycle_of_imports_take_polynomial_time(tmp_path: Path) -> None:
    """Each level would take twice the time of the next one if it were computed in vain first."""
    last = 20
    classes = [
        f"def make{number}():\n    return {'top()' if number == last else f'settings{number + 1}.url'}\n"
        f"class Settings{number}(BaseSettings):\n    url: str = Field(default_factory=make{number})\n"
        f"settings{number} = Settings{number}()\n"
        for number in range(last + 1)
    ]
    project = {
        "config.py": "from pydantic import Field\nfrom pydantic_settings import BaseSettings\n"
        + "".join(classes)
        + "def top():\n    from urls import URL\n    return URL\n",
        "urls.py": "from config import settings0\nURL = settings0.url\n",
        "app.py": "from sqlalchemy.ext.asyncio import create_async_engine\nfrom urls import URL\n"
        'create_async_engine("postgresql+asyncpg://db/a", pool_pre_ping=True, connect_args=URL)\n',
    }
    began = time.process_time()
    assert codes_in(tmp_path, project, "app.py") == []
    assert time.process_time() - began < 10
