"""A driver that `replace` inserts into a URL whose beginning is unknown."""

from __future__ import annotations

import pytest
from blocks import cases
from heads import URLS_HEAD
from programs import driver_of

URLS = """
    create_async_engine(unknown.replace('postgresql://', 'postgresql+asyncpg://'))  # asyncpg
    create_async_engine(unknown.replace('psycopg2', 'asyncpg'))  # asyncpg
    create_async_engine(unknown.replace('sqlite://', 'sqlite+aiosqlite://'))  # unknown

    if url.startswith('postgresql'):
        create_async_engine(url.replace('postgresql://', 'postgresql+asyncpg://'))  # asyncpg

    if url.startswith('postgres'):
        create_async_engine(url.replace('postgresql://', 'postgresql+asyncpg://', 1))  # asyncpg

    if url.startswith('postgresql'):
        create_async_engine(url.replace('postgres://', 'postgresql+asyncpg://'))  # unknown

    if url.startswith('postgresql+asyncpg'):
        create_async_engine(url.replace('postgresql://', 'postgresql+psycopg://'))  # asyncpg

    url = os.environ['URL']
    if url.startswith('postgresql'):
        create_async_engine(url.replace('postgresql:', 'postgresql+asyncpg:'))  # asyncpg

    create_async_engine('postgresql'.replace('postgresql://', 'postgresql+asyncpg://'))  # unknown

    # A test of the text before agrees with what was replaced.
    found = os.environ['URL']
    url = found.replace('postgres://', 'postgresql+asyncpg://')
    if found.startswith('sqlite'):
        create_async_engine(url)  # unknown

    found = os.environ['URL']
    url = found.replace('postgres://', 'postgresql+asyncpg://')
    if found.startswith('postgres://'):
        create_async_engine(url)  # asyncpg
"""


@pytest.mark.parametrize(("code", "driver"), cases(URLS))
def test_the_driver_of_the_engine(code: str, driver: str) -> None:
    assert driver_of(URLS_HEAD + code) == driver
