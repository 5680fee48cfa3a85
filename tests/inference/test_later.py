"""Names and attributes that are None at first: values that other code assigns are used if None leads nowhere."""

from __future__ import annotations

import pytest
from blocks import programs
from programs import engines_of, silence_of

HEAD = "from sqlalchemy.ext.asyncio import create_async_engine\n"

SET = """
    url = None
    def configure(host):
        global url
        url = f"postgresql+asyncpg://u@{host}/app"
    def connect():
        if url is None:
            raise RuntimeError("call configure() first")
        return create_async_engine(url)

    url = None
    def connect():
        assert url
        return create_async_engine(url)
    def configure(host):
        def set_it():
            global url
            url = f"postgresql+asyncpg://u@{host}/app"
        set_it()

    # None is no URL, so it does not count.
    url = None
    def configure(host):
        global url
        url = f"postgresql+asyncpg://u@{host}/app"
    def forget():
        global url
        url = None
    def connect():
        return create_async_engine(url)

    class Settings:
        url = "postgresql+asyncpg://u@h/app"
    settings = None
    def setup(given: Settings):
        global settings
        settings = given
    def get_settings():
        if settings is None:
            raise RuntimeError("call setup() first")
        return settings
    def connect():
        return create_async_engine(get_settings().url)

    class Store:
        url = None
        @classmethod
        def configure(cls, host):
            cls.url = f"postgresql+asyncpg://u@{host}/app"
        @classmethod
        def connect(cls):
            if cls.url is None:
                raise RuntimeError("call configure() first")
            return create_async_engine(cls.url)

    class Store:
        url = None
        def configure(self, host):
            self.url = f"postgresql+asyncpg://u@{host}/app"
        def connect(self):
            if self.url is None:
                raise RuntimeError("call configure() first")
            return create_async_engine(self.url)

    class Base:
        def __init__(self):
            self.url = None
        def configure(self, host):
            self.url = f"postgresql+asyncpg://u@{host}/app"
    class Store(Base):
        def connect(self):
            if not self.url:
                raise RuntimeError("call configure() first")
            return create_async_engine(self.url)
"""

NEVER_SET = """
    url = None
    def connect():
        if url is None:
            raise RuntimeError("there is no database")
        return create_async_engine(url)

    url = None
    def forget():
        global url
        url = None
    def connect():
        if url is None:
            raise RuntimeError("there is no database")
        return create_async_engine(url)

    class Store:
        def __init__(self):
            self.url = None
        def configure(self, url):
            url.host = "db"
        def connect(self):
            if self.url is None:
                raise RuntimeError("there is no database")
            return create_async_engine(self.url)
"""


@pytest.mark.parametrize("code", programs(SET))
def test_what_is_set_later_reaches_the_call(code: str) -> None:
    (engine,) = engines_of(HEAD + code)
    assert engine.url.driver.value == "asyncpg"
    assert silence_of(HEAD + code) == []


@pytest.mark.parametrize("code", programs(NEVER_SET))
def test_what_is_never_set_reaches_nothing(code: str) -> None:
    assert engines_of(HEAD + code) == []


def test_each_of_several_settings_counts() -> None:
    code = """
url = None
def local():
    global url
    url = "sqlite+aiosqlite:///app.db"
def remote(host):
    global url
    url = f"postgresql+asyncpg://u@{host}/app"
def connect():
    if url is None:
        raise RuntimeError("call local() or remote() first")
    return create_async_engine(url)
"""
    (engine,) = engines_of(HEAD + code)
    assert engine.url.driver.value == "asyncpg"
    assert not engine.url.driver_everywhere
