"""Alembic's env.py: options set, sections read, engines made from them."""

from __future__ import annotations

import pytest
from blocks import cases
from programs import PG, driver_of, engine_of, silence_of, sizes_of

HEAD = f"""from alembic import context
from sqlalchemy import pool, engine_from_config
from sqlalchemy.ext.asyncio import AsyncEngine, async_engine_from_config, create_async_engine
config = context.config
URL = {PG!r}
"""

DRIVERS = """
    config.get_alembic_option('x')
    create_async_engine(URL)  # asyncpg

    config.set_main_option(unknown, URL)
    create_async_engine(config.get_main_option('sqlalchemy.url'))  # unknown

    config.set_main_option('sqlalchemy.url', URL)
    async_engine_from_config(config.get_section(config.config_ini_section))  # asyncpg

    config.set_main_option('sqlalchemy.url', 'postgresql+asyncpg://u:p%%40@h')
    async_engine_from_config(config.get_section(config.config_ini_section, {}))  # asyncpg

    config.set_main_option('sqlalchemy.url', URL.replace('%', '%%'))
    async_engine_from_config(config.get_section('alembic'), prefix='sqlalchemy.')  # asyncpg

    config.set_main_option('sqlalchemy.url', 'postgresql://h')
    async_engine_from_config(config.get_section('alembic'))  # other

    config.set_main_option('other.url', URL)
    async_engine_from_config(config.get_section('alembic'))  # unknown

    async_engine_from_config(config.get_section('alembic'))  # unknown

    section = config.get_section('alembic')
    section['sqlalchemy.url'] = URL
    async_engine_from_config(section)  # asyncpg

    section = config.get_section('alembic') or {}
    section['sqlalchemy.url'] = URL
    async_engine_from_config(section)  # asyncpg

    section = dict(config.get_section('alembic'))
    section.update({'sqlalchemy.url': URL})
    async_engine_from_config(section)  # asyncpg

    async_engine_from_config({**config.get_section('alembic'), 'sqlalchemy.url': URL})  # asyncpg
    async_engine_from_config({'sqlalchemy.url': URL})  # asyncpg
    async_engine_from_config({'url': URL}, prefix='')  # asyncpg
    async_engine_from_config({'db.url': URL}, prefix='db.')  # asyncpg
    async_engine_from_config({'db.url': URL}, 'db.')  # asyncpg
    async_engine_from_config({'db.url': URL})  # unknown
    async_engine_from_config({'sqlalchemy.url': URL}, prefix=unknown)  # unknown
    async_engine_from_config(configuration={'sqlalchemy.url': URL}, prefix='sqlalchemy.')  # asyncpg
    async_engine_from_config({}, url=URL)  # asyncpg
    async_engine_from_config(unknown)  # unknown
    async_engine_from_config('alembic')  # unknown

    section = {'sqlalchemy.url': URL}
    AsyncEngine(engine_from_config(section, prefix='sqlalchemy.', poolclass=pool.NullPool, future=True))  # asyncpg

    engine_from_config(config.get_section('alembic'), url=URL)  # asyncpg

    url = config.get_main_option('sqlalchemy.url')
    create_async_engine(url)  # unknown

    config.set_main_option('sqlalchemy.url', URL)
    url = config.get_main_option('sqlalchemy.url')
    create_async_engine(url)  # asyncpg

    config.set_section_option('alembic', 'sqlalchemy.url', URL)
    create_async_engine(config.get_section_option('alembic', 'sqlalchemy.url'))  # asyncpg

    config.set_main_option('sqlalchemy.url', unknown)
    create_async_engine(config.get_main_option('sqlalchemy.url'))  # unknown

    def url():
        return URL
    config.set_main_option('sqlalchemy.url', url())
    create_async_engine(config.get_main_option('sqlalchemy.url'))  # asyncpg

    def run():
        config.set_main_option('sqlalchemy.url', URL)
        return async_engine_from_config(config.get_section('alembic'))
    run()  # asyncpg

    def run():
        return async_engine_from_config(config.get_section('alembic'))
    config.set_main_option('sqlalchemy.url', URL)
    run()  # asyncpg

    def run():
        return async_engine_from_config(config.get_section('alembic'))
    config.set_main_option('sqlalchemy.url', URL)  # asyncpg

    if not config.get_main_option('sqlalchemy.url'):
        config.set_main_option('sqlalchemy.url', URL)
    async_engine_from_config(config.get_section('alembic'))  # asyncpg?

    import alembic.context
    alembic.context.config.set_main_option('sqlalchemy.url', URL)
    async_engine_from_config(alembic.context.config.get_section('alembic'))  # asyncpg

    connectable = config.attributes.get('connection', None)
    if connectable is None:
        async_engine_from_config({'sqlalchemy.url': URL})  # asyncpg

    connectable = config.attributes['connection']
    create_async_engine(connectable)  # unknown
"""


@pytest.mark.parametrize(("code", "driver"), cases(DRIVERS))
def test_the_driver_is(code: str, driver: str) -> None:
    assert driver_of(HEAD + code) == driver


SIZES = """
    async_engine_from_config({'sqlalchemy.url': URL}, connect_args={'statement_cache_size': 0})  # zero absent

    section = {'sqlalchemy.url': URL, 'sqlalchemy.connect_args': {'statement_cache_size': 0}}
    async_engine_from_config(section)  # zero absent

    async_engine_from_config({'url': URL, 'connect_args': {'statement_cache_size': 0}}, prefix='')  # zero absent
    async_engine_from_config({'sqlalchemy.url': URL, 'connect_args': {'statement_cache_size': 0}})  # absent absent
    async_engine_from_config({'sqlalchemy.url': URL}, **{'connect_args': {'statement_cache_size': 0}})  # zero absent
    async_engine_from_config({'sqlalchemy.url': URL}, **unknown)  # unknown unknown

    # Other keys may stand in a dict of somebody else's, but not in a section of alembic.ini.
    async_engine_from_config({**unknown, 'sqlalchemy.url': URL})  # unknown unknown

    async_engine_from_config({**config.get_section('alembic'), 'sqlalchemy.url': URL})  # absent absent
    AsyncEngine(engine_from_config({'sqlalchemy.url': URL}, connect_args={'statement_cache_size': 0}))  # zero absent
"""


@pytest.mark.parametrize(("code", "states"), cases(SIZES))
def test_the_sizes_are(code: str, states: str) -> None:
    assert sizes_of(HEAD + code) == states


def test_pool_options_stand_in_the_section_too() -> None:
    code = "async_engine_from_config({'sqlalchemy.url': URL, 'sqlalchemy.pool_pre_ping': 'true'})"
    assert engine_of(HEAD + code).pooling.pre_ping.value == "true"
    code = "async_engine_from_config({'sqlalchemy.url': URL, 'sqlalchemy.pool_pre_ping': 'no'})"
    assert engine_of(HEAD + code).pooling.pre_ping.value == "false"


def test_a_size_as_a_key_of_the_section_is_misplaced() -> None:
    code = "async_engine_from_config({'sqlalchemy.url': URL, 'sqlalchemy.statement_cache_size': '0'})"
    assert [one.where.name for one in engine_of(HEAD + code).sizes.misplaced] == ["ALEMBIC_KEY"]
    code = "async_engine_from_config({'sqlalchemy.url': URL, 'statement_cache_size': '0'})"
    assert engine_of(HEAD + code).sizes.misplaced == ()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "async_engine_from_config(config.get_section('alembic'))",
            "`sqlalchemy.url` comes from a section of alembic.ini",
        ),
        (
            "async_engine_from_config({'sqlalchemy.url': URL}, prefix=unknown)",
            "the prefix of the configuration is unknown",
        ),
        ("async_engine_from_config()", "no configuration is given"),
        ("create_async_engine()", "no URL is given"),
    ],
)
def test_an_unknown_driver_says_why(code: str, reason: str) -> None:
    assert silence_of(HEAD + code) == [f"the driver is unknown ({reason})"]
