"""Keys of connect_args that show the driver if the URL does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from blocks import programs
from programs import TRANSACTION, codes_of, silence_of

HEAD = """
import os
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from elsewhere import URL
OFF = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
"""

TOLD = """
    create_async_engine(URL, pool_pre_ping=True, connect_args={'command_timeout': 30})  # PGB101

    create_async_engine(URL, pool_pre_ping=True, connect_args={'server_settings': {'jit': 'off'}})  # PGB101 PGB204

    create_async_engine(URL, pool_pre_ping=False, connect_args=OFF)  # PGB202

    create_async_engine(URL, pool_pre_ping=True, connect_args={'statement_cache_size': 9})  # PGB103

    # Drivers have keys in common.
    create_async_engine(URL, connect_args={'timeout': 30, 'ssl': True})

    create_async_engine(URL)

    # It may be given to asyncpg alone.
    arguments = {'command_timeout': 30} if unknown else {}
    create_async_engine(URL, connect_args=arguments)

    create_async_engine('sqlite+aiosqlite://', connect_args={'command_timeout': 30})  # PGB205

    create_engine(URL, connect_args={'command_timeout': 30})

    # Beside a default, another URL may be any driver's.
    url = os.environ.get('DATABASE_URL') or 'postgresql+asyncpg://app@db/app'
    arguments = {'check_same_thread': False} if 'sqlite' in url else {}
    if url.startswith('postgresql'):
        arguments.update(OFF)
    create_async_engine(url, pool_pre_ping=True, connect_args=arguments)

    def build(url):
        return create_async_engine(url, connect_args={'statement_cache_size': 100})

    # Nobody says that a URL comes with the options.
    def build(**options):
        return create_async_engine(**options, connect_args={'statement_cache_size': 100})

    # What asyncpg refuses is another driver's.
    create_async_engine(URL, connect_args={'check_same_thread': False}, poolclass=None)

    create_async_engine(URL, connect_args={'prepare_threshold': None})

    create_async_engine(URL, pool_pre_ping=True, connect_args={'row_factory': 0, 'command_timeout': 3})  # PGB101 PGB205

    # A text from outside the project is a text.
    create_async_engine(URL.replace('postgresql://', 'postgresql+asyncpg://', 1), pool_pre_ping=True)  # PGB101

    # A default says less than a key that asyncpg does not take.
    url = os.environ.get('DATABASE_URL', 'postgresql+asyncpg://app@db/app')
    create_engine(url, connect_args={'check_same_thread': False})
"""


@pytest.mark.parametrize("code", programs(TOLD))
def test_keys_tell_the_driver(code: str) -> None:
    *_, last = code.splitlines()
    assert codes_of(HEAD + code) == last.partition("  # ")[2]


ASSUMED = """
    create_async_engine(URL, pool_pre_ping=True)  # PGB101

    create_async_engine(URL, poolclass=NullPool, max_overflow=3)  # PGB101 PGB203

    create_async_engine(URL, pool_pre_ping=True, connect_args={'sslmode': 'require'})  # PGB101 PGB205

    create_async_engine(URL, pool_pre_ping=True, connect_args={'server_settings': {'jit': 'off'}})  # PGB101 PGB204

    create_async_engine(URL, pool_pre_ping=True, connect_args={'check_same_thread': False})

    # What only some paths give may be meant for another driver.
    arguments = {'sslmode': 'require'} if unknown else {}
    create_async_engine(URL, pool_pre_ping=True, connect_args=arguments)  # PGB101

    arguments = {'check_same_thread': False} if 'sqlite' in URL else {}
    create_async_engine(URL, pool_pre_ping=True, connect_args=arguments)  # PGB101

    arguments = {'check_same_thread': False} if URL.startswith('sqlite') else {}
    create_async_engine(URL, pool_pre_ping=True, connect_args=arguments)  # PGB101

    # A default that has no asynchronous driver only holds the place of another URL.
    create_async_engine(os.getenv('U', 'postgresql://db/app'), pool_pre_ping=True)  # PGB101

    create_async_engine('postgresql://db/app', pool_pre_ping=True)

    create_async_engine(os.getenv('U', 'postgresql+psycopg://db/app'), pool_pre_ping=True)  # PGB511
"""


@pytest.mark.parametrize("code", programs(ASSUMED))
def test_what_is_said_of_an_assumed_driver(code: str) -> None:
    *_, last = code.splitlines()
    head = HEAD + "from sqlalchemy.pool import NullPool\n"
    assert codes_of(head + code, replace(TRANSACTION, assume_asyncpg=True)) == last.partition("  # ")[2]


def test_a_default_without_a_driver_is_named_as_the_reason() -> None:
    (reason,) = silence_of(HEAD + "create_async_engine(os.getenv('U', 'postgresql://db/app'))")
    assert "has no asynchronous driver" in reason
