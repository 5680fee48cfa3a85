"""Providers of dependency-injector."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from programs import PG, codes_of

PROVIDERS = """
    def make(a, b=0):
        return [a, b]
    reveal(providers.Singleton(make, 1, b=2)())  # [1, 2]

    def make(a, b=0):
        return [a, b]
    given = providers.Factory(lambda: 1)
    reveal(providers.Callable(make, given, b=given)())  # [1, 1]

    class Database:
        def __init__(self, url):
            self.url = url
    class Container:
        database = providers.ThreadSafeSingleton(Database, 'a')
    reveal(Container.database().url)  # 'a'

    class Database:
        def __init__(self, url):
            self.url = url
    class Container:
        database = providers.Singleton(Database, unseen)
    reveal(Container.database().url)  # ...

    def make():
        return 1
    reveal(providers.Unheard(make)())  # ...

    class Settings:
        urls = {'db': 'a'}
        def url(self, name):
            return self.urls[name]
    settings = providers.Singleton(Settings)
    one = providers.Callable(lambda given: given, settings.provided.urls['db'])
    two = providers.Callable(lambda given: given, settings.provided.url.call('db'))
    reveal([one(), two()])  # ['a', 'a']

    reveal(providers.Callable(lambda given: given, providers.Object(1))())  # 1
"""
CONFIGURATION = """
    config = providers.Configuration()
    config.from_dict({'db': {'url': 'a'}})
    reveal([config.db.url(), config['db'].url()])  # ['a', 'a']

    class Database:
        url = 'a'
    class Settings:
        db = Database()
    config = providers.Configuration()
    config.from_pydantic(Settings())
    reveal(providers.Callable(lambda given: given, config.db.url)())  # 'a'

    class Settings:
        url = 'a'
    reveal(providers.Configuration(pydantic_settings=[Settings()]).url())  # 'a'

    config = providers.Configuration()
    config.from_yaml('config.yml')
    reveal(config.db.url())  # ...
"""


@pytest.mark.parametrize(("code", "expected"), cases(PROVIDERS, CONFIGURATION))
def test_a_provider_calls_what_it_is_given(code: str, expected: str) -> None:
    assert revealed("from dependency_injector import providers\n" + code) == value(expected)


HEAD = f"""
from dependency_injector import containers, providers
from sqlalchemy.ext.asyncio import create_async_engine
URL = '{PG}'
"""
ENGINES = """
    providers.Singleton(create_async_engine, URL)  # PGB101 PGB201
    providers.Singleton(create_async_engine, URL, pool_pre_ping=True)  # PGB101

    class Database:
        def __init__(self, url, **options):
            self.engine = create_async_engine(url, **options)
    providers.Singleton(Database, URL, pool_pre_ping=True)  # PGB101

    options = {'pool_pre_ping': True}
    if unseen:
        options['connect_args'] = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
    providers.Singleton(create_async_engine, URL, **options)  # PGB108
"""
SILENT = """
    providers.Singleton(create_async_engine, URL, **unseen)

    providers.Singleton(create_async_engine, *unseen)

    providers.Singleton(create_async_engine, 'sqlite+aiosqlite://')

    providers.Singleton(unseen, URL)
"""


@pytest.mark.parametrize(("code", "codes"), cases(ENGINES, SILENT))
def test_the_engine_of_a_provider_is_judged(code: str, codes: str) -> None:
    assert codes_of(HEAD + code) == codes
