"""Values across the modules of a project: small projects, and the findings in one of their files."""

from __future__ import annotations

import gc
import itertools
import os
import weakref
from pathlib import Path

import pytest
from blocks import files, judged, lay, related
from programs import codes_in, record_loads

from poolsafe.checker import check_bytes
from poolsafe.facts.deployment import Deployment
from poolsafe.inference import project as project_room
from poolsafe.inference.modules import Module
from poolsafe.inference.observations import Observations, ObservedCall
from poolsafe.inference.project import Project
from poolsafe.source import Source
from poolsafe.syntax.tree import Tree

PROJECTS = {
    "what a module does as a script, no import of it does": """
        # file: config.py
        import helpers
        ARGS = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
        if __name__ == '__main__':
            ARGS.clear()
            helpers.run(ARGS)

        # file: helpers.py
        def run(args):
            args.clear()

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)
    """,
    "another module creates the subclass, which has other arguments": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        class Repository:
            args = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
            def __init__(self):
                self.engine = create_async_engine(  # PGB102
                    'postgresql+asyncpg://db/a', connect_args=self.args, pool_pre_ping=True)
        class Main(Repository):
            args = {'statement_cache_size': 0}

        # file: app.py
        from db import *
        engine = Main().engine
    """,
    "another module has and creates the subclass, which has other arguments": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        class Repository:
            args = {}
            def __init__(self):
                self.engine = create_async_engine(
                    'postgresql+asyncpg://db/a', connect_args=self.args, pool_pre_ping=True)

        # file: app.py
        from db import Repository
        class Main(Repository):
            args = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
        engine = Main().engine
    """,
    "a dict of another module that is changed under another name": """
        # file: config.py
        URL = 'postgresql+asyncpg://db/a'
        ARGS = {}
        SAME = ARGS
        def quiet(args):
            args['prepared_statement_cache_size'] = 0

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS, SAME, URL, quiet
        SAME.update(statement_cache_size=0)
        quiet(ARGS)
        engine = create_async_engine(URL, connect_args=ARGS, pool_pre_ping=True)
    """,
    "a function of another module that changes a dict there": """
        # file: config.py
        ARGS = {}
        def quiet():
            ARGS.update(statement_cache_size=0, prepared_statement_cache_size=0)

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS, quiet
        quiet()
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)

        # file: whole.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import config
        config.quiet()
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=config.ARGS, pool_pre_ping=True)

        # file: all.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import *
        quiet()
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)
    """,
    "a package that is still being imported": """
        # file: shop/__init__.py

        # file: shop/lib/__init__.py
        from shop.lib import db, settings

        # file: shop/lib/settings.py
        URL = 'postgresql+asyncpg://db/a'

        # file: shop/lib/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from shop.lib import settings
        from . import settings as same
        engine = create_async_engine(settings.URL, pool_pre_ping=True)  # PGB101
        engine = create_async_engine(same.URL, pool_pre_ping=True)  # PGB101
    """,
    "a package that imports itself for a name it never has": """
        # file: lib/__init__.py
        from lib import URL

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from lib import URL
        engine = create_async_engine(URL)
    """,
    "packages without an __init__.py": """
        # file: conf/urls.py
        URL = 'postgresql+asyncpg://db/a'

        # file: conf/inner/deep.py
        URL = 'postgresql+asyncpg://db/b'

        # file: app/__init__.py

        # file: app/inner/deep.py
        URL = 'sqlite+aiosqlite:///c'

        # file: app/parts/deep.py
        URL = 'postgresql+asyncpg://db/d'

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import app.inner.deep
        import app.parts.deep
        import conf.inner.deep
        import conf.urls
        from conf import urls
        from conf.inner import deep
        engine = create_async_engine(conf.urls.URL, pool_pre_ping=True)  # PGB101
        engine = create_async_engine(conf.inner.deep.URL, pool_pre_ping=True)  # PGB101
        engine = create_async_engine(urls.URL, pool_pre_ping=True)  # PGB101
        engine = create_async_engine(deep.URL, pool_pre_ping=True)  # PGB101
        engine = create_async_engine(app.parts.deep.URL, pool_pre_ping=True)  # PGB101
        engine = create_async_engine(app.inner.deep.URL)
        engine = create_async_engine(app.missing.URL)
        engine = create_async_engine(conf.missing.URL)
    """,
    "a wrapper whose callers are not all followed": """
        # file: db.py
        from elsewhere import unknown
        from sqlalchemy.ext.asyncio import create_async_engine
        def make(url):
            return create_async_engine(url, pool_pre_ping=True)  # PGB101
        engine = make(unknown())

        # file: main.py
        from db import make
        engine = make('postgresql+asyncpg://db/a')
    """,
    "a wrapper whose other callers bring another driver": """
        # file: db.py
        from elsewhere import unknown
        from sqlalchemy.ext.asyncio import create_async_engine
        def make(url):
            return create_async_engine(url)
        engine = make(unknown())

        # file: main.py
        from db import make
        engine = make('sqlite+aiosqlite:///a')
    """,
    "an alembic.ini of another name": """
        # file: configs/prod/prod.alembic.ini
        [alembic]
        script_location = app/migrations
        sqlalchemy.url = postgresql+asyncpg://db/a

        # file: app/migrations/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        section = context.config.get_section('alembic')
        engine = async_engine_from_config(section, pool_pre_ping=True)  # PGB101

        # file: app/others/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config(context.config.get_section('alembic'))
    """,
    "files like alembic.ini that disagree": """
        # file: one.alembic.ini
        [alembic]
        script_location = migrations
        sqlalchemy.url = postgresql+asyncpg://db/a

        # file: two.alembic.ini
        [alembic]
        script_location = migrations
        sqlalchemy.url = sqlite+aiosqlite:///a

        # file: migrations/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config(context.config.get_section('alembic'))
    """,
    "a synchronous env.py whose imported URL is asyncpg's": """
        # file: app/__init__.py
        from .settings import URL

        # file: app/settings.py
        URL = 'postgresql+asyncpg://db/a?async_fallback=True'

        # file: app/other.py
        SIGN = 'postgresql://db/a?async_fallback'

        # file: migrations/env.py
        from app import URL
        from sqlalchemy import create_engine
        engine = create_engine(URL, pool_pre_ping=True)  # PGB101

        # file: scripts/load.py
        import app.settings
        from sqlalchemy import create_engine
        engine = create_engine(app.settings.URL, pool_pre_ping=True)  # PGB101

        # file: scripts/other.py
        from app.other import SIGN
        from sqlalchemy import create_engine
        engine = create_engine(SIGN)
    """,
    "a synchronous engine whose imported URL is psycopg's": """
        # file: app/__init__.py

        # file: app/settings.py
        URL = 'postgresql+psycopg://a@pgbouncer:6432/a'
        OLD = 'postgresql+psycopg2://a@pgbouncer:6432/a'

        # file: app/db.py
        from sqlalchemy import create_engine
        from .settings import URL
        engine = create_engine(URL)  # PGB511

        # file: app/old.py
        from sqlalchemy import create_engine
        from .settings import OLD
        engine = create_engine(OLD)
    """,
    "an engine function under another name of its module, called as an attribute of the module": """
        # file: app/__init__.py

        # file: app/config.py
        from sqlalchemy.ext.asyncio import create_async_engine
        new_engine = create_async_engine

        # file: app/db.py
        from app import config
        engine = config.new_engine('postgresql+asyncpg://db/a', pool_pre_ping=True)  # PGB101
    """,
    "an asynchronous engine whose imported URL is psycopg's": """
        # file: app/__init__.py

        # file: app/settings.py
        URL = 'postgresql+psycopg://a@pgbouncer:6432/a'

        # file: app/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from .settings import URL
        engine = create_async_engine(URL)  # PGB511

        # file: app/both.py
        import asyncio
        from sqlalchemy import create_engine
        from .settings import URL
        engine = create_engine(URL)  # PGB511
    """,
    "a synchronous env.py whose alembic.ini is asyncpg's": """
        # file: alembic.ini
        [alembic]
        sqlalchemy.url = postgresql+asyncpg://db/a?async_fallback=True

        # file: migrations/env.py
        from alembic import context
        from sqlalchemy import engine_from_config
        engine = engine_from_config(context.config.get_section('alembic'), pool_pre_ping=True)  # PGB101
    """,
    "asyncpg's URL given to a function that another one of its module calls": """
        # file: shop/__init__.py
        from .database import URL, build

        # file: shop/db.py
        from . import URL, build
        engine = build(URL)

        # file: shop/database.py
        from sqlalchemy.ext.asyncio import create_async_engine
        URL = 'postgresql+asyncpg://db/a'
        def _make(url):
            return create_async_engine(url, pool_pre_ping=True)  # PGB101
        def build(url):
            return _make(url)
        def for_tests(url):
            return build(url)
        test_engine = for_tests('sqlite+aiosqlite:///test.db')
    """,
    "an engine function under another name": """
        # file: app/__init__.py

        # file: app/compat.py
        from sqlalchemy import create_engine as make_sync_engine
        from sqlalchemy.ext.asyncio import async_engine_from_config, create_async_engine as make_engine
        engine_of = async_engine_from_config
        unrelated_engine = make_engine

        # file: app/again.py
        from .compat import make_engine

        # file: app/settings.py
        URL = 'postgresql+asyncpg://db/a'

        # file: app/db.py
        from .compat import make_engine
        from .settings import URL
        engine = make_engine(URL, pool_pre_ping=True)  # PGB101

        # file: app/later.py
        from app.again import make_engine
        from app.settings import URL
        def connect():
            return make_engine(URL, pool_pre_ping=True)  # PGB101

        # file: app/configured.py
        from .compat import engine_of
        from .settings import URL
        engine = engine_of({'sqlalchemy.url': URL, 'sqlalchemy.pool_pre_ping': True})  # PGB101

        # file: app/sync.py
        from .compat import make_sync_engine
        engine = make_sync_engine('postgresql://db/a')

        # file: app/mine.py
        from .settings import URL
        def make_engine(url):
            return url
        engine = make_engine(URL)
    """,
    "the settings of an application that a dependency gives": """
        # file: app/__init__.py

        # file: app/config.py
        from fastapi import Request
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            url: str = 'postgresql+asyncpg://db/a'
        def get_settings(request: Request):
            return request.app.state.settings

        # file: app/db.py
        from typing import Annotated
        from fastapi import Depends
        from sqlalchemy.ext.asyncio import create_async_engine
        from app.config import Settings, get_settings
        async def one(settings: Settings = Depends(get_settings)):
            yield create_async_engine(settings.url, pool_pre_ping=True)  # PGB101
        async def two(settings: Annotated[Settings, Depends(get_settings)]):
            yield create_async_engine(settings.url, pool_pre_ping=True)  # PGB101
        async def three(settings = Depends(get_settings)):
            yield create_async_engine(settings.url)
        async def four(settings: Annotated[object, Depends(get_settings)]):
            yield create_async_engine(settings.url)
    """,
    "a default that its module changes after the function": """
        # file: config.py
        settings = {'echo': False}
        def adjust(current=settings):
            current['pool_pre_ping'] = True
        def only_read(current=settings):
            return current
        settings['connect_args'] = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import adjust, only_read, settings
        only_read()
        adjust()
        engine = create_async_engine('postgresql+asyncpg://db/a', **settings)
    """,
    "a dict of another module that its function is given": """
        # file: config.py
        ARGS = {}
        def quiet(args):
            args.update(statement_cache_size=0, prepared_statement_cache_size=0)

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import config
        config.quiet(config.ARGS)
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=config.ARGS, pool_pre_ping=True)
    """,
    "a caller by another name": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def start(**options):
            return create_async_engine('postgresql+asyncpg://db/a', **options)  # PGB101

        # file: app.py
        from db import start as begin
        engine = begin(pool_pre_ping=True)
    """,
    "another module brings asyncpg to a function that its own gives something else": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def start(url):
            return create_async_engine(url, pool_pre_ping=True)  # PGB101
        local = start('sqlite+aiosqlite:///a')

        # file: app.py
        from db import start
        engine = start('postgresql+asyncpg://db/a')
    """,
    "a constant of another module": """
        # file: app/__init__.py

        # file: app/config.py
        URL = 'postgresql+asyncpg://db/a'

        # file: app/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from app.config import URL
        engine = create_async_engine(URL)  # PGB101 PGB201
    """,
    "another driver's constant": """
        # file: app/__init__.py

        # file: app/config.py
        URL = 'sqlite+aiosqlite:///a'

        # file: app/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from app.config import URL
        engine = create_async_engine(URL)
    """,
    "a relative import that is exported again": """
        # file: app/__init__.py

        # file: app/core/__init__.py
        from .config import settings

        # file: app/core/config.py
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            host: str = 'db'

            @property
            def url(self):
                return f'postgresql+asyncpg://{self.host}/a'

        settings = Settings()

        # file: app/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from .core import settings
        engine = create_async_engine(settings.url, pool_pre_ping=True)  # PGB101
    """,
    "a module's attribute by its alias": """
        # file: config.py
        class Config:
            DSN = 'postgresql+asyncpg://db/a'

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import config as c
        engine = create_async_engine(c.Config.DSN, pool_pre_ping=True)  # PGB101
    """,
    "a star import": """
        # file: config.py
        URL = 'postgresql+asyncpg://db/a'

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import *
        engine = create_async_engine(URL, pool_pre_ping=True)  # PGB101
    """,
    "star imports that bind the same name": """
        # file: old.py
        URL = 'sqlite+aiosqlite:///a'

        # file: new.py
        URL = 'postgresql+asyncpg://db/a'

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from old import *
        from new import *
        engine = create_async_engine(URL, pool_pre_ping=True)  # PGB101

        # file: local.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from new import *
        from old import *
        engine = create_async_engine(URL, pool_pre_ping=True)
    """,
    "modules that import each other": """
        # file: a.py
        from b import URL

        # file: b.py
        from a import URL

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from a import URL
        engine = create_async_engine(URL)
    """,
    "a parameter that another module gives": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def make(url, **options):
            return create_async_engine(url, **options)  # PGB101

        # file: main.py
        from db import make
        engine = make('postgresql+asyncpg://db/a', pool_pre_ping=True)
    """,
    "a caller that gives all that is needed": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def make(url, **options):
            return create_async_engine(url, **options)

        # file: main.py
        from db import make
        ARGS = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
        def start():
            return make('postgresql+asyncpg://db/a', pool_pre_ping=True, connect_args=ARGS)
    """,
    "a caller that gives psycopg nothing about its threshold": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def make(**options):
            return create_async_engine('postgresql+psycopg://a@b.pooler.supabase.com:6543/c', **options)  # PGB511

        # file: main.py
        from db import make
        engine = make(pool_pre_ping=True)
    """,
    "a class that is made in another module": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        class Database:
            def __init__(self, url):
                self.url = url

            def connect(self):
                return create_async_engine(self.url, pool_pre_ping=True)  # PGB101

        # file: main.py
        from db import Database
        database = Database('postgresql+asyncpg://db/a')
    """,
    "an object that another module's call to a method completes": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        class Sessions:
            def __init__(self):
                self._engine = None

            def init(self, url):
                self._engine = create_async_engine(url, pool_pre_ping=True)  # PGB101

        sessions = Sessions()

        # file: main.py
        from db import sessions
        sessions.init('postgresql+asyncpg://db/a')
    """,
    "a class that a provider of another module makes": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        class Database:
            def __init__(self, url):
                self.engine = create_async_engine(url)  # PGB101 PGB201

        # file: main.py
        from dependency_injector import containers, providers
        import db
        class Container(containers.DeclarativeContainer):
            database = providers.Singleton(db.Database, url='postgresql+asyncpg://db/a')
    """,
    "callers in tests say nothing of the application": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def make(url):
            return create_async_engine(url)

        # file: tests/test_db.py
        from db import make
        engine = make('postgresql+asyncpg://db/a')
    """,
    "an object that a function of another module built": """
        # file: config.py
        from dataclasses import dataclass

        @dataclass
        class Config:
            url: str = 'postgresql+asyncpg://db/a'

        def load():
            return Config(url='postgresql+psycopg://db/a')

        config = load()

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import config
        engine = create_async_engine(config.url)
    """,
    "an object that a function of another module built, by the module's name": """
        # file: config.py
        class Config:
            def __init__(self, url):
                self.url = url

        def load():
            return Config('postgresql+asyncpg://db/a')

        config = load()

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import config
        engine = create_async_engine(config.config.url, pool_pre_ping=True)  # PGB101
    """,
    "a dict that a function of another module built": """
        # file: config.py
        def build():
            return {'pool_pre_ping': True, 'connect_args': {'statement_cache_size': 5}}

        OPTIONS = build()

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import OPTIONS
        engine = create_async_engine('postgresql+asyncpg://db/a', **OPTIONS)  # PGB103
    """,
    "a URL from the environment is given asyncpg's name, beside another default": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os

        def normal(url):
            if url.startswith('postgresql://'):
                return url.replace('postgresql://', 'postgresql+asyncpg://', 1)
            return url

        url = normal(os.getenv('DATABASE_URL', 'sqlite+aiosqlite:///a'))
        engine = create_async_engine(url, pool_pre_ping=True)  # PGB101
    """,
    "a URL from the environment that is on asyncpg has what it needs, beside another default": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        url = os.getenv('DATABASE_URL', 'sqlite+aiosqlite:///a')
        options = {}
        if url.startswith('postgresql+asyncpg'):
            options = {'connect_args': {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}}
        engine = create_async_engine(url, pool_pre_ping=True, **options)
    """,
    "a URL from the environment loses asyncpg's name, beside another default": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        from sqlalchemy import create_engine
        url = os.getenv('DATABASE_URL', 'sqlite:///a').replace('postgresql+asyncpg', 'postgresql')
        engine = create_engine(url)
    """,
    "an optional part of a configuration": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from dataclasses import dataclass
        from typing import Optional

        @dataclass
        class Database:
            host: str

            def url(self):
                return f'postgresql+asyncpg://{self.host}/a'

        @dataclass
        class Config:
            db: Optional[Database] = None

        def make(config: Config):
            return create_async_engine(config.db.url(), pool_pre_ping=True)  # PGB101
    """,
    "a module that importlib is asked for": """
        # file: config.py
        URL = 'postgresql+asyncpg://db/a'

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import importlib
        url = importlib.import_module('config').URL
        engine = create_async_engine(url, pool_pre_ping=True)  # PGB101
    """,
    "a module that importlib is asked for by a relative name": """
        # file: app/__init__.py

        # file: app/config.py
        URL = 'postgresql+asyncpg://db/a'

        # file: app/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from importlib import import_module
        url = import_module('.config', __package__).URL
        engine = create_async_engine(url, pool_pre_ping=True)  # PGB101
    """,
    "a module whose name importlib is given is not known": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import importlib, sys
        engine = create_async_engine(importlib.import_module(sys.argv[1]).URL)
    """,
    "callers in examples say nothing of a library": """
        # file: src/lib.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def make(options={}):
            return create_async_engine('postgresql+asyncpg://db/a', **options)

        # file: examples/one.py
        from lib import make
        engine = make()
    """,
    "examples that call each other": """
        # file: examples/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def make(url):
            return create_async_engine(url, pool_pre_ping=True)  # PGB101

        # file: examples/one.py
        from db import make
        engine = make('postgresql+asyncpg://db/a')
    """,
    "callers outside the project may fill a mapping": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def make(options={}):
            return create_async_engine('postgresql+asyncpg://db/a', **options)
    """,
    "the project's callers leave a mapping empty": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def make(options={}):
            return create_async_engine('postgresql+asyncpg://db/a', **options)  # PGB101 PGB201

        # file: main.py
        from db import make
        engine = make()
    """,
    "a migration that an asyncpg engine runs": """
        # file: migrations/env.py
        from sqlalchemy.ext.asyncio import create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201

        # file: migrations/versions/one.py
        from alembic import op
        def upgrade():
            op.execute('DELETE FROM a; DELETE FROM b')  # PGB302
    """,
    "a migration that a synchronous engine runs": """
        # file: migrations/env.py
        from sqlalchemy import create_engine
        engine = create_engine('postgresql+psycopg2://db/a')

        # file: migrations/versions/one.py
        from alembic import op
        def upgrade():
            op.execute('DELETE FROM a; DELETE FROM b')
    """,
    "the nearest of two settings modules": """
        # file: one/settings.py
        URL = 'postgresql+asyncpg://db/a'

        # file: two/settings.py
        URL = 'sqlite+aiosqlite:///a'

        # file: two/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from settings import URL
        engine = create_async_engine(URL)
    """,
    "another package of the checkout": """
        # file: packages/conf/src/conf/__init__.py
        URL = 'postgresql+asyncpg://db/a'

        # file: services/web/src/web/__init__.py

        # file: services/web/src/web/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from conf import URL
        engine = create_async_engine(URL, pool_pre_ping=True)  # PGB101
    """,
    "a function of another module changes the object that is the default of its parameter": """
        # file: backend/__init__.py
        from .database import prepare, settings

        # file: backend/database.py
        settings = {'pool_pre_ping': True, 'connect_args': {'prepared_statement_cache_size': 0}}
        def prepare(same=settings['connect_args']):
            same['statement_cache_size'] = 0

        # file: backend/app.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from backend import prepare, settings
        prepare()
        engine = create_async_engine('postgresql+asyncpg://db/a', **settings)
    """,
    "two functions, one called by the other and the default of its parameter": """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def start():
            fill()
        def fill(by=start):
            by.update(a=1)
        start()
        engine = create_async_engine('postgresql+asyncpg://db/a', pool_pre_ping=True)  # PGB101
    """,
    "a broken settings module": """
        # file: config.py
        URL = (

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import URL
        engine = create_async_engine(URL)
    """,
    "imported values that parameters collect": """
        # file: config.py
        DRIVER = 'postgresql+asyncpg'
        REST = '://db/a'

        # file: urls.py
        def joined(*parts):
            return ''.join(parts)
        def of_keywords(**parts):
            return ''.join(parts.values())
        def of_one(**parts):
            return ''.join([parts.pop('driver'), parts.get('rest')])

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import DRIVER, REST
        from urls import joined, of_keywords, of_one
        engine = create_async_engine(joined(DRIVER, REST), pool_pre_ping=True)  # PGB101
        engine = create_async_engine(of_keywords(driver=DRIVER, rest=REST), pool_pre_ping=True)  # PGB101
        engine = create_async_engine(of_one(driver=DRIVER, rest=REST), pool_pre_ping=True)  # PGB101
    """,
    "imported values in the fields of an instance": """
        # file: config.py
        DRIVER = 'postgresql+asyncpg'

        # file: db.py
        from dataclasses import asdict, dataclass
        from typing import NamedTuple
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import DRIVER
        @dataclass
        class Parts:
            driver: str
            rest: str = '://db/a'
        class Named(NamedTuple):
            driver: str
            rest: str = '://db/a'
        engine = create_async_engine(''.join(asdict(Parts(DRIVER)).values()), pool_pre_ping=True)  # PGB101
        engine = create_async_engine(''.join(Named(DRIVER)._asdict().values()), pool_pre_ping=True)  # PGB101
    """,
    "a class whose subclass in another module has options of its own": """
        # file: shop/__init__.py
        from .base import Repository

        # file: shop/base.py
        from sqlalchemy.ext.asyncio import create_async_engine
        URL = 'postgresql+asyncpg://db/a'
        class Repository:
            args = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
            @property
            def engine(self):
                return create_async_engine(URL, pool_pre_ping=True, connect_args=dict(self.args))  # PGB102
        class Alone(Repository):
            @property
            def other(self):
                return create_async_engine(URL, pool_pre_ping=True, connect_args=dict(self.args))

        # file: app.py
        from shop import Repository as Base
        class Replica(Base):
            args = {'prepared_statement_cache_size': 0}
        class Replicas(Replica):
            pass
        engine = Replicas().engine
    """,
    "a class that a second module extends under another name, and a third one instantiates": """
        # file: base.py
        from sqlalchemy.ext.asyncio import create_async_engine
        URL = 'postgresql+asyncpg://db/a'
        class Store:
            args = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
            def connect(self):
                return create_async_engine(URL, pool_pre_ping=True, connect_args=self.args)  # PGB101

        # file: db.py
        from base import Store as _Store
        class Database(_Store):
            args = {}

        # file: app.py
        import db
        db.Database().connect()
    """,
    "an instance whose attributes another module sets": """
        # file: base.py
        from sqlalchemy.ext.asyncio import create_async_engine
        class Store:
            def __init__(self):
                self.url = 'postgresql+asyncpg://db/a'
                self.args = {'statement_cache_size': 0}
            def connect(self):
                return create_async_engine(self.url, pool_pre_ping=True, connect_args=self.args)  # PGB103

        # file: app.py
        from base import Store
        store = Store()
        store.args['prepared_statement_cache_size'] = 100
        store.connect()
    """,
    "a class of which only a subclass is instantiated, by another module": """
        # file: base.py
        from sqlalchemy.ext.asyncio import create_async_engine
        URL = 'postgresql+asyncpg://db/a'
        class Store:
            args = {}
            @property
            def engine(self):
                return create_async_engine(URL, pool_pre_ping=True, connect_args=self.args)
        class Main(Store):
            args = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}

        # file: app.py
        from base import Main
        engine = Main().engine
    """,
    "a partial of an engine function in another module": """
        # file: shop/__init__.py
        from .engines import pinged

        # file: shop/engines.py
        from functools import partial
        from sqlalchemy.ext.asyncio import create_async_engine
        make = create_async_engine
        pinged = partial(make, pool_pre_ping=True)

        # file: app.py
        import shop.engines
        from shop import pinged as its_pinged
        URL = 'postgresql+asyncpg://db/a'
        main = its_pinged(URL)  # PGB101
        other = shop.engines.make('postgresql+psycopg://db/a', connect_args={'statement_cache_size': 0})  # PGB205
        new = shop.engines.make
        third = new(URL, pool_pre_ping=True)  # PGB101
    """,
    "what other modules give to a parameter that decides about the arguments": """
        # file: parts.py
        from sqlalchemy.ext.asyncio import create_async_engine
        URL = 'postgresql+asyncpg://db/a'
        SIZES = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
        def connect(pooled=False):
            args = {}
            if pooled:
                args.update(SIZES)
            return create_async_engine(URL, connect_args=args, pool_pre_ping=True)  # PGB101
        def reconnect(args=None):
            args = args or {}
            return create_async_engine(URL, connect_args={} if args else SIZES, pool_pre_ping=True)

        # file: app.py
        from parts import connect, reconnect
        connect()
        reconnect()
    """,
    "what other modules give to a parameter that collects": """
        # file: parts.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def connect(*parts):
            return create_async_engine(''.join(parts), pool_pre_ping=True)  # PGB101

        # file: app.py
        from parts import connect
        engine = connect('postgresql+asyncpg', '://db/a')
    """,
    "what other modules give in place of a default that is a part of the URL": """
        # file: parts.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def connect(driver='psycopg', host='db', name='a'):
            return create_async_engine(f'postgresql+{driver}://{host}/{name}', pool_pre_ping=True)  # PGB101
        def connect_to(*hosts, driver='psycopg'):
            return create_async_engine('://'.join([f'postgresql+{driver}', *hosts]), pool_pre_ping=True)  # PGB101
        def never(driver='psycopg', host='db'):
            return create_async_engine(f'postgresql+{driver}://{host}/a', pool_pre_ping=True)

        # file: app.py
        from parts import connect, connect_to, never
        engine = connect('asyncpg')
        other = connect_to('db', driver='asyncpg')
        nowhere = never(host='elsewhere')
    """,
}


@pytest.mark.parametrize("name", PROJECTS)
def test_values_are_followed_through_the_project(name: str, tmp_path: Path) -> None:
    assert judged(tmp_path, PROJECTS[name]) == files(PROJECTS[name])


def test_a_finding_says_where_the_url_comes_from(tmp_path: Path) -> None:
    project = """
        # file: config.py
        URL = 'postgresql+asyncpg://db/a'

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import URL
        engine = create_async_engine(URL, pool_pre_ping=True)
    """
    assert related(tmp_path, files(project))[:1] == [("config.py", 1, "the URL is defined here")]


def test_what_is_said_of_a_file_does_not_depend_on_those_before_it(tmp_path: Path) -> None:
    """Services of one layout: the class of one is also looked for by the callers of the other."""
    for service in ("a", "b"):
        services = f"""
            # file: {service}/database.py
            from sqlalchemy.ext.asyncio import create_async_engine
            class Database:
                def __init__(self, url):
                    self.engine = create_async_engine(url, pool_pre_ping=True)

            # file: {service}/main.py
            from {service}.database import Database
            database = Database('postgresql+asyncpg://db/{service}')
        """
        lay(tmp_path, files(services))
    project = Project(str(tmp_path))
    for service in ("a", "b", "a"):
        target = tmp_path / service / "database.py"
        _, report = check_bytes(str(target), target.read_bytes(), Deployment(), project)
        assert [finding.code for finding in report.findings] == ["PGB101"], service


# `b` alone is told what it is told after `a`, and the other way round.
TOGETHER = {
    "settings that a statement's file asks for first": """
        # file: helper.py
        class Settings:
            def __init__(self):
                self.url = scheme() + '://db/a'

        def scheme():
            return 'postgresql+asyncpg'

        def build():
            return Settings()

        # file: settings.py
        from helper import build
        settings = build()

        # file: a.py
        from sqlalchemy import text
        from settings import settings
        async def run(connection):
            await connection.execute(text('DELETE FROM a; DELETE FROM b' + settings.url))  # PGB301

        # file: b.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from settings import settings
        engine = create_async_engine(settings.url, pool_pre_ping=True)  # PGB101
    """,
    "a constant that one file does not believe": """
        # file: settings.py
        LIVE = False
        if LIVE:
            URL = 'postgresql+asyncpg://db/a'
        else:
            URL = 'sqlite+aiosqlite:///a'

        # file: a.py
        from sqlalchemy.ext.asyncio import create_async_engine
        DEBUG = False
        if DEBUG:
            from settings import URL
            engine = create_async_engine(URL)

        # file: b.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from settings import URL
        engine = create_async_engine(URL)
    """,
}


@pytest.mark.parametrize("name", TOGETHER)
def test_the_order_of_the_files_changes_nothing(name: str, tmp_path: Path) -> None:
    expected = files(TOGETHER[name])
    for order in itertools.permutations(expected):
        assert judged(tmp_path, TOGETHER[name], order=order) == expected, order


def test_modules_that_others_have_asked_for_count_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what one file is told would hang on what was parsed for others before."""
    monkeypatch.setattr(project_room, "MAX_LOADED", 1)
    project = """
        # file: one.py
        from two import URL

        # file: two.py
        URL = 'postgresql+asyncpg://db/a'

        # file: a.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from two import URL
        engine = create_async_engine(URL, pool_pre_ping=True)  # PGB101

        # file: b.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from one import URL
        engine = create_async_engine(URL, pool_pre_ping=True)
    """
    for order in itertools.permutations(files(project)):
        assert judged(tmp_path, project, order=order) == files(project), order


CALLED_BY_TWO_NAMES = """
    # file: db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    class Database:
        def __init__(self, url):
            self.url = url
        def engine(self):
            return create_async_engine(self.url, pool_pre_ping=True)

    # file: app.py
    from db import Database
    def main(name):
        database = Database('postgresql+asyncpg://db/' + name)
        return database.engine()
"""


def test_a_caller_is_run_once_for_all_that_it_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[ObservedCall] = []
    note = Observations.note

    def recording(observations: Observations, call: ObservedCall) -> None:
        seen.append(call)
        note(observations, call)

    monkeypatch.setattr(Observations, "note", recording)
    assert codes_in(tmp_path, files(CALLED_BY_TWO_NAMES), "db.py") == ["PGB101"]
    assert len(seen) == 2  # with an unknown URL, and with that of the caller


NOT_NEEDED = """
    # file: lib.py
    def url_of(name, count=0):
        return f'postgresql+asyncpg://{name}/a'

    # file: heavy.py
    number = 1

    # file: config.py
    from heavy import number
    from lib import url_of
    other = url_of('many' if number > 1 else 'one')

    # file: db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    from config import url_of
    engine = create_async_engine(url_of('db'), pool_pre_ping=True)
"""


def test_an_imported_function_is_known_without_the_calls_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = record_loads(monkeypatch)
    assert codes_in(tmp_path, files(NOT_NEEDED), "db.py") == ["PGB101"]
    assert sorted(loaded) == ["config.py", "db.py", "lib.py"]


ENTERED = """
    # file: tracing.py
    import heavy
    def span(name):
        return heavy.Span(name)

    # file: db.py
    from contextlib import suppress
    import asyncpg
    import tracing
    from tracing import span

    def quiet():
        return suppress(KeyError)

    async def connect(options):
        with span("connect"), tracing.span("again"):
            with quiet():
                del options["timeout"]
            return await asyncpg.connect("postgresql://pgbouncer/app", **options)  # PGB501

    connect({})
"""


def test_a_context_manager_from_elsewhere_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = record_loads(monkeypatch)
    assert codes_in(tmp_path, files(ENTERED), "db.py") == ["PGB501"]
    assert loaded == ["db.py"]


CALLED_WITHOUT_ARGUMENTS = """
    # file: main.py
    from db import connect
    engine = connect( )

    # file: jobs.py
    from db import connect
    engine = connect(statement_cache_size=0)

    # file: db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    def connect(**connect_args):
        return create_async_engine('postgresql+asyncpg://db/a', pool_pre_ping=True, connect_args=connect_args)
    engine = connect()
"""


def test_for_a_repair_only_callers_that_pass_arguments_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = record_loads(monkeypatch)
    assert codes_in(tmp_path, files(CALLED_WITHOUT_ARGUMENTS), "db.py") == ["PGB101"]
    assert sorted(loaded) == ["db.py", "jobs.py"]


CALLED_ON_AN_INSTANCE = """
    # file: main.py
    from db import Database
    MAKE

    # file: jobs.py
    import db
    def work(database: db.Database):
        database.connect()

    # file: db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    class Database:
        def __init__(self, url):
            self.url = url
        def connect(self):
            return create_async_engine(self.url, pool_pre_ping=True)
"""


@pytest.mark.parametrize(
    ("make", "others"),
    [
        ("database = Database('postgresql+asyncpg://db/a')", ["main.py"]),
        ("def make(url): return Database(url)", ["jobs.py", "main.py"]),
    ],
)
def test_callers_that_pass_an_instance_only_are_loaded_if_nothing_shows_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: str, others: list[str]
) -> None:
    loaded = record_loads(monkeypatch)
    codes_in(tmp_path, files(CALLED_ON_AN_INSTANCE.replace("MAKE", make)), "db.py")
    assert sorted(loaded) == ["db.py", *others]


INITIALISED = """
    # file: app/__init__.py
    from app import settings
    settings.initialize()

    # file: app/settings.py
    URL = 'postgresql+asyncpg://db/a'
    PLUGINS = None
    def initialize():
        global PLUGINS
        from app import plugins
        PLUGINS = plugins.start()

    # file: app/plugins.py
    def start(): ...

    # file: db.py
    from app import settings
    from sqlalchemy.ext.asyncio import create_async_engine
    engine = create_async_engine(settings.URL)
"""


def test_what_a_package_calls_of_its_module_is_not_run_for_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = record_loads(monkeypatch)
    assert codes_in(tmp_path, files(INITIALISED), "db.py") == ["PGB101", "PGB201"]
    assert "plugins.py" not in loaded


ONLY_ECHO = """
    # file: main.py
    from db import connect
    engine = connect(True)

    # file: db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    def connect(given):
        return create_async_engine('postgresql+asyncpg://db/a', echo=given, pool_pre_ping=True)
"""


@pytest.mark.parametrize(("name", "callers"), [("echo", []), ("pool_size", ["main.py"])])
def test_callers_are_not_asked_for_an_option_that_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, callers: list[str]
) -> None:
    loaded = record_loads(monkeypatch)
    assert codes_in(tmp_path, files(ONLY_ECHO.replace("echo", name)), "db.py") == ["PGB101"]
    assert loaded == ["db.py", *callers]


NAMESAKE = """
    # file: app/db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    def connect(url):
        return create_async_engine(url, pool_pre_ping=True)
    URL = 'postgresql+asyncpg://db/a'

    # file: app/other.py
    def connect(url): ...

    # file: app/main.py
    from app.db import URL
    from app.other import connect
    connect(URL)
"""
# What the module that calls another function of the same name contains instead, and whether it is a caller.
CALLERS = [
    ("    connect(URL)", "    connect(URL)", False),
    ("from app.other import connect", "from app.db import connect", True),
    ("from app.other import connect", "from app.other import connect\n    from app.db import connect as c", True),
    ("from app.other import connect", "from app.other import *", True),
    ("from app.other import connect", "from elsewhere import connect", True),
    ("connect(URL)", "from app import db\n    db . connect(URL)", True),
    ("def connect(url): ...", "from app.db import connect", True),
    ("def connect(url): ...", "from app import db\n    class connect(db.connect): ...", True),
    ("def connect(url): ...", "connect = None", True),
    ("def connect(url): ...", "class connect: ...", False),
]


@pytest.mark.parametrize(("old", "new", "calls"), CALLERS)
def test_a_call_of_another_function_of_the_same_name_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, calls: bool
) -> None:
    assert old in NAMESAKE
    loaded = record_loads(monkeypatch)
    codes_in(tmp_path, files(NAMESAKE.replace(old, new)), "app/db.py")
    assert ("main.py" in loaded) == calls


OWN = {
    "shop/__init__.py": "from .db import create_engine\n",
    "shop/db.py": "import sqlalchemy\ndef create_engine(url):\n    return sqlalchemy.create_engine(url)\n",
    "shop/renamed.py": "from sqlalchemy.ext.asyncio import create_async_engine as make\n",
    "shop/other.py": "def create_engine(url): ...\ncreate_engine = wrap(create_engine)\n",
    "shop/either.py": "if True:\n    from sqlalchemy import create_engine\nelse:\n    from .db import create_engine\n",
}
# The body of app.py, and whether it is parsed.
USES_OF_OWN = [
    ("from shop.db import create_engine\nmain = create_engine(URL)", False),
    ("from shop import create_engine\nmain = partial(create_engine, URL)", False),
    ("def run():\n    from shop.db import create_engine\n    return create_engine(URL)", False),
    ("from sqlalchemy import create_engine\nmain = create_engine(URL)", True),
    ("from shop.db import create_engine as make\nmain = create_engine(URL)", True),
    ("from shop.db import create_engine\nfrom sqlalchemy import create_engine\nmain = create_engine(URL)", True),
    ("from shop.db import create_engine\nimport sqlalchemy as sa\nmain = sa.create_engine(create_engine(URL))", True),
    ("from shop.db import create_engine\nfrom sqlalchemy import *\nmain = create_engine(URL)", True),
    ("from shop.db import create_engine\ncreate_engine = choose()\nmain = create_engine(URL)", True),
    ("from shop.db import create_engine\ndef create_engine(url): ...\nmain = create_engine(URL)", True),
    ("from shop.either import create_engine\nmain = create_engine(URL)", True),
    ("from shop.other import create_engine\nmain = create_engine(URL)", True),
    ("from shop.db import create_engine\nmain = create_engine(URL)  # noqa: PGB101", True),
    ("from shop.db import create_engine\nfrom shop.renamed import make\nmain = make(create_engine(URL))", True),
]


@pytest.mark.parametrize(("body", "parsed"), USES_OF_OWN)
def test_a_function_of_the_project_with_the_name_of_an_engine_function_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, parsed: bool
) -> None:
    loaded = record_loads(monkeypatch)
    codes_in(tmp_path, OWN | {"app.py": f"URL = 'postgresql+asyncpg://db/a'\n{body}\n"}, "app.py")
    assert ("app.py" in loaded) == parsed


SAME_NAME = """
    # file: a/__init__.py
    # file: a/database.py
    from sqlalchemy.ext.asyncio import create_async_engine
    def connect(url):
        return create_async_engine(url)

    # file: a/jobs.py
    from . import database
    database.connect('postgresql+asyncpg://db/a')

    # file: b/__init__.py
    # file: b/database.py
    def connect(url): ...

    # file: b/jobs.py
    from b.database import connect
    connect('sqlite+aiosqlite:///b')
"""


def test_a_caller_imports_the_module_and_not_one_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = record_loads(monkeypatch)
    assert codes_in(tmp_path, files(SAME_NAME), "a/database.py") == ["PGB101", "PGB201"]
    assert [name for name in loaded if name != "__init__.py"] == ["database.py", "jobs.py"]


def test_the_least_recently_used_modules_are_dropped_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.py").write_text(f"{name} = 1" + " " * 95, encoding="utf-8")
    loaded = record_loads(monkeypatch)
    monkeypatch.setattr(project_room, "MAX_WEIGHT", 120)
    project = Project(str(tmp_path))
    for asked in ("abc", "a", "b", "c", "b"):
        project.begin_file()
        for name in asked:
            assert project.at(str(tmp_path / f"{name}.py")) is not None
    # They weigh 50 each, so two are kept: `b` and `c` before the second file, `c` and `a` before the third.
    assert loaded == ["a.py", "b.py", "c.py", "a.py", "b.py", "c.py"]


DROPPED = """
    # file: settings.py
    from pydantic import field_validator, model_validator
    from pydantic_settings import BaseSettings
    class Base(BaseSettings):
        url: str = 'postgresql+asyncpg://db/a'
    class Settings(Base):
        size: int = 0
        nested: Base | None = None
        @field_validator('url')
        def plain(cls, value):
            return value.strip()
        @model_validator(mode='after')
        def whole(self):
            self.size = self.size + len(self.url)
            return self
    settings = Settings()
    def options():
        def sizes():
            return {'statement_cache_size': settings.size}
        return sizes()

    # file: db.py
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine
    from settings import options, settings
    def make():
        def inner():
            class Maker:
                def make(self):
                    return create_async_engine(settings.url, connect_args=options(), pool_pre_ping=True)
            return Maker().make()
        return inner()
    async def run():
        async with make().begin() as connection:
            await connection.execute(text('SET x = 1; SET y = 2'))

    # file: other.py
    from db import make
    from sqlalchemy.ext.asyncio import create_async_engine
    engine = make()
"""


def test_counting_references_frees_dropped_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = files(DROPPED)
    lay(tmp_path, contents)
    project = Project(str(tmp_path))
    known: weakref.WeakSet[Module] = weakref.WeakSet()
    initialise = Module.__init__

    def noted(self: Module, source: Source, tree: Tree | None = None) -> None:
        initialise(self, source, tree)
        if not self.is_stub:
            known.add(self)

    monkeypatch.setattr(Module, "__init__", noted)
    gc.disable()
    try:
        for path in contents:
            check_bytes(str(tmp_path / path), contents[path].encode(), Deployment(), project)
        assert {os.path.basename(one.path) for one in known} == set(contents)
        scopes = weakref.WeakSet(scope for one in known for scope in one.scopes.values())
        monkeypatch.setattr(project_room, "MAX_WEIGHT", 0)
        project.begin_file()
        assert [os.path.basename(one.path) for one in known] == ["other.py"]  # which the project remembers as checked
        assert {os.path.basename(scope.outside.path) for scope in scopes} <= {"other.py"}
    finally:
        gc.enable()


def test_a_file_that_has_changed_is_searched_again(tmp_path: Path) -> None:
    files_ = """
        # file: a.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncSession
        async def run(session: AsyncSession):
            await session.execute(text('DELETE FROM a; DELETE FROM b'))

        # file: b.py
    """
    changed = """
        # file: b.py
        from sqlalchemy.ext.asyncio import create_async_engine
        engine = create_async_engine('sqlite+aiosqlite:///a')
    """
    statement, engine = lay(tmp_path, files(files_))
    project = Project(str(tmp_path))
    check_bytes(str(engine), engine.read_bytes(), Deployment(), project)
    before = check_bytes(str(statement), statement.read_bytes(), Deployment(), project)[1]
    lay(tmp_path, files(changed))
    check_bytes(str(engine), engine.read_bytes(), Deployment(), project)
    after = check_bytes(str(statement), statement.read_bytes(), Deployment(), project)[1]
    assert [[finding.code for finding in report.findings] for report in (before, after)] == [["PGB301"], []]
