"""What one module changes in another when it is imported: small projects, and what is said of their engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import files, judged, lay

from poolsafe.checker import check_bytes
from poolsafe.checkout.changing_files import ChangingFiles, How
from poolsafe.facts.deployment import Deployment
from poolsafe.inference import Project, project

PROJECTS = {
    "an item of a dict, before and after it is copied": """
        # file: config.py
        ARGS = {'statement_cache_size': 0}

        # file: quiet.py
        from config import ARGS
        ARGS['prepared_statement_cache_size'] = 0

        # file: copied.py
        from config import ARGS
        COPY = {**ARGS}

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS
        import quiet
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)
        def connect():
            return create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)

        # file: before.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from copied import COPY
        import quiet
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=COPY, pool_pre_ping=True)  # PGB102

        # file: after.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import quiet
        from copied import COPY
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=COPY, pool_pre_ping=True)
    """,
    "the body of a class calls a function that changes an object": """
        # file: config.py
        def driver_args(made={'statement_cache_size': 0}):
            made['prepared_statement_cache_size'] = 0
            return made

        # file: base.py
        from config import driver_args
        class Base:
            args = driver_args()

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from base import Base
        from config import driver_args
        class Database:
            args = driver_args()
            def __init__(self):
                self.engine = create_async_engine(
                    'postgresql+asyncpg://db/a', connect_args={**self.args, 'timeout': 5}, pool_pre_ping=True)
        Database()
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=Base.args, pool_pre_ping=True)
    """,
    "a module that only some programs import": """
        # file: config.py
        ARGS = {'statement_cache_size': 0}

        # file: quiet.py
        from config import ARGS
        ARGS['prepared_statement_cache_size'] = 0

        # file: main.py
        import quiet
        import db

        # file: worker.py
        import db

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)  # PGB108
    """,
    "a name of the module itself": """
        # file: config.py
        URL = 'sqlite+aiosqlite:///a'

        # file: production.py
        import config as settings
        settings.URL = 'postgresql+asyncpg://db/a'

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import config
        import production
        engine = create_async_engine(config.URL, pool_pre_ping=True)  # PGB101

        # file: own.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import config
        config.URL = 'postgresql+asyncpg://db/a'
        engine = create_async_engine(config.URL, pool_pre_ping=True)  # PGB101

        # file: local.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import config
        def connect():
            config.URL = 'postgresql+asyncpg://db/a'
            return create_async_engine(config.URL, pool_pre_ping=True)  # PGB101
    """,
    "a method of a list, called by a function of its module": """
        # file: config.py
        URLS = []
        def register(url):
            URLS.append(url)

        # file: production.py
        from config import register
        register('postgresql+asyncpg://db/a')

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import production
        from config import URLS
        engine = create_async_engine(URLS[0], pool_pre_ping=True)  # PGB101
    """,
    "names of a star import, and an operator": """
        # file: config.py
        ARGS = {}

        # file: quiet.py
        from config import *
        ARGS |= {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS
        import quiet
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)
    """,
    "a dict inside another one, by the name that a third module gives it": """
        # file: config.py
        OPTIONS = {'connect_args': {}}

        # file: parts.py
        from config import OPTIONS
        args = OPTIONS['connect_args']

        # file: quiet.py
        import parts
        parts.args.update(statement_cache_size=0, prepared_statement_cache_size=0)

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import OPTIONS
        import quiet
        engine = create_async_engine('postgresql+asyncpg://db/a', pool_pre_ping=True, **OPTIONS)
    """,
    "a package that imports what changes its own names": """
        # file: app/__init__.py
        from .config import ARGS
        from . import quiet

        # file: app/config.py
        ARGS = {}

        # file: app/quiet.py
        from . import ARGS as own
        own.update(statement_cache_size=0, prepared_statement_cache_size=0)

        # file: app/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from app.config import ARGS
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)
    """,
    "a module that changes a dict after it has imported the engine": """
        # file: config.py
        ARGS = {}

        # file: app.py
        import db
        from config import ARGS
        ARGS.update(statement_cache_size=0, prepared_statement_cache_size=0)

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS
        engine = create_async_engine("postgresql+asyncpg://db/a", connect_args=ARGS, pool_pre_ping=True)  # PGB101
        def connect():
            return create_async_engine("postgresql+asyncpg://db/a", connect_args=ARGS, pool_pre_ping=True)
    """,
    "an attribute of an instance": """
        # file: config.py
        class Settings:
            def __init__(self):
                self.url = 'sqlite+aiosqlite:///a'
        settings = Settings()

        # file: production.py
        from config import settings
        settings.url = 'postgresql+asyncpg://db/a'

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import production
        from config import settings
        engine = create_async_engine(settings.url, pool_pre_ping=True)  # PGB101
    """,
    "each change counts once": """
        # file: config.py
        SIZES = []

        # file: first.py
        from config import SIZES
        SIZES.append(5)
        count = len(SIZES)

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from first import count
        from config import SIZES
        ARGS = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
        if len(SIZES) == 1 and count == 1:
            engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS)  # PGB201
        else:
            engine = create_async_engine('postgresql+asyncpg://db/b')
    """,
    "a test changes only what tests use": """
        # file: config.py
        URL = 'sqlite+aiosqlite:///a'
        ARGS = {}

        # file: tests/conftest.py
        import config
        config.URL = 'postgresql+asyncpg://db/a'
        config.ARGS['command_timeout'] = 3

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import config
        engine = create_async_engine(config.URL)
    """,
    "what functions do, and what only a script does": """
        # file: config.py
        URL = 'postgresql+asyncpg://db/a'
        ARGS = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}

        # file: other.py
        import config
        from config import ARGS
        def loud():
            ARGS.clear()
            config.URL = 'sqlite+aiosqlite:///a'
        if __name__ == '__main__':
            ARGS.pop('statement_cache_size')

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import other
        from config import ARGS, URL
        engine = create_async_engine(URL, connect_args=ARGS)  # PGB201
    """,
    "items of a dict that a star import gives": """
        # file: config.py
        ARGS = {'x': 1}

        # file: quiet.py
        from config import *
        ARGS['statement_cache_size'] = ARGS['prepared_statement_cache_size'] = 0
        ARGS.pop('x')

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import quiet
        from config import ARGS
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)
    """,
    "a package that changes them before and after it imports the engine": """
        # file: shop/__init__.py
        from shop import config
        config.ARGS['statement_cache_size'] = 0
        from shop.db import engine

        # file: shop/config.py
        ARGS = {'prepared_statement_cache_size': 0}

        # file: shop/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from shop import config
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=config.ARGS, pool_pre_ping=True)

        # file: late/__init__.py
        from late import config
        from late.db import engine
        config.ARGS['statement_cache_size'] = 100

        # file: late/config.py
        ARGS = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}

        # file: late/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from late import config
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=config.ARGS, pool_pre_ping=True)
        URL = 'postgresql+asyncpg://db/a'
        def connect():
            return create_async_engine(URL, connect_args=config.ARGS, pool_pre_ping=True)  # PGB103
    """,
    "a package that imports one module before the engine and another one after it": """
        # file: shop/__init__.py
        from shop import quiet
        from shop.db import engine
        from shop import loud

        # file: shop/config.py
        ARGS = {'prepared_statement_cache_size': 0}

        # file: shop/quiet.py
        from shop.config import ARGS
        ARGS['statement_cache_size'] = 0

        # file: shop/loud.py
        from shop.config import ARGS
        ARGS.clear()

        # file: shop/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from shop import config
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=config.ARGS, pool_pre_ping=True)
    """,
    "a module that imports the engine for type checkers only": """
        # file: config.py
        ARGS = {}

        # file: quiet.py
        from typing import TYPE_CHECKING
        from config import ARGS
        if TYPE_CHECKING:
            from db import engine
        ARGS['statement_cache_size'] = ARGS['prepared_statement_cache_size'] = 0

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS
        import quiet
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)
    """,
    "a module that every program imports, and one that none imports together with the engine": """
        # file: config.py
        ARGS = {'statement_cache_size': 0}
        OTHERS = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}

        # file: quiet.py
        from config import ARGS
        ARGS['prepared_statement_cache_size'] = 0

        # file: loud.py
        from config import OTHERS
        OTHERS.clear()

        # file: main.py
        import quiet
        import db

        # file: worker.py
        import quiet
        def work():
            import db

        # file: other.py
        import loud

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS, OTHERS
        def connect():
            return create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)
        def reconnect():
            return create_async_engine('postgresql+asyncpg://db/a', connect_args=OTHERS, pool_pre_ping=True)
    """,
    "a module that one program imports before the engine, and another one after it": """
        # file: config.py
        ARGS = {'statement_cache_size': 0}

        # file: quiet.py
        from config import ARGS
        ARGS['prepared_statement_cache_size'] = 0

        # file: main.py
        import quiet
        import db
        db.connect()

        # file: worker.py
        from db import connect
        import quiet
        connect()

        # file: other.py
        import db

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS
        def connect():
            return create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)

        # file: loud.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)  # PGB108

        # file: first.py
        import quiet
        import loud

        # file: last.py
        import loud
        import quiet
    """,
    "a module that a library may import by its name": """
        # file: config.py
        ARGS = {'statement_cache_size': 0}

        # file: quiet.py
        from config import ARGS
        ARGS['prepared_statement_cache_size'] = 0

        # file: main.py
        import db
        PLUGINS = ['quiet']

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS
        def connect():
            return create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)  # PGB108
    """,
    "a module that the program imports after the engine": """
        # file: config.py
        ARGS = {}

        # file: quiet.py
        from config import ARGS
        ARGS['statement_cache_size'] = ARGS['prepared_statement_cache_size'] = 0

        # file: main.py
        import db
        import quiet

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import ARGS
        engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS, pool_pre_ping=True)  # PGB101
        URL = 'postgresql+asyncpg://db/a'
        def connect():
            return create_async_engine(URL, connect_args=ARGS, pool_pre_ping=True)
    """,
    "a global that a function sets": """
        # file: config.py
        url = None
        def init(value):
            global url
            url = value

        # file: main.py
        import config
        import db
        def main():
            config.init('postgresql+asyncpg://db/a')
            db.connect()
        main()

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import config
        def connect():
            return create_async_engine(config.url, pool_pre_ping=True)  # PGB101
    """,
    "a script that sets names of the module of the engine, and changes its dict": """
        # file: main.py
        import asyncio
        import db
        def quiet(options):
            return {**options, 'pool_pre_ping': True}
        async def main():
            db.URL = 'postgresql+asyncpg://db/a'
            db.ARGS.pop('statement_cache_size')
            db.tune = quiet
            db.connect()
        if __name__ == '__main__':
            asyncio.run(main())

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        URL = 'sqlite+aiosqlite:///a'
        ARGS = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
        def tune(options):
            return options
        def connect():
            return create_async_engine(URL, **tune({'connect_args': ARGS}))  # PGB102
    """,
    "a name that keeps the value that it was imported with": """
        # file: config.py
        URL = 'sqlite+aiosqlite:///a'

        # file: main.py
        import db
        import config
        config.URL = 'postgresql+asyncpg://db/a'

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import URL
        from config import *
        import config
        class Database:
            url = config.URL
            def connect(self):
                return create_async_engine(self.url)
        def connect():
            return create_async_engine(URL)
        def late():
            from config import URL
            return create_async_engine(URL, pool_pre_ping=True)  # PGB101
        def current():
            return create_async_engine(config.URL, pool_pre_ping=True)  # PGB101
    """,
    "a program that creates the engine of the module, which keeps it": """
        # file: main.py
        import db
        db.ARGS.pop('statement_cache_size')
        db.get_engine()

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        _engine = None
        ARGS = {'statement_cache_size': 0}
        def get_engine():
            global _engine
            if _engine is None:
                _engine = create_async_engine('postgresql+asyncpg://db/a', connect_args=ARGS)  # PGB101 PGB201
            return _engine
    """,
    "a decorator that fills a registry": """
        # file: registry.py
        PROVIDERS = {}
        def provides(name):
            def decorate(function):
                PROVIDERS[name] = function
                return function
            return decorate

        # file: plugins.py
        import registry
        @registry.provides('asyncpg')
        def options():
            return {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}

        # file: main.py
        import plugins
        import db

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from registry import PROVIDERS
        def connect():
            args = PROVIDERS.get('asyncpg', dict)()
            return create_async_engine('postgresql+asyncpg://db/a', connect_args=args, pool_pre_ping=True)
    """,
}


@pytest.mark.parametrize("title", PROJECTS)
def test_what_other_modules_change_is_known(title: str, tmp_path: Path) -> None:
    contents = files(PROJECTS[title])
    assert judged(tmp_path, PROJECTS[title]) == contents


@pytest.mark.parametrize("title", PROJECTS)
def test_the_order_of_the_files_does_not_matter(title: str, tmp_path: Path) -> None:
    contents = files(PROJECTS[title])
    assert judged(tmp_path, PROJECTS[title], order=list(reversed(contents))) == contents


UNREAD = """
    # file: config.py
    SETTINGS = {}
    ARGS = {}

    # file: other.py
    from config import ARGS
    ARGS['statement_cache_size'] = ARGS['prepared_statement_cache_size'] = 0

    # file: db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    import other
    from config import ARGS, SETTINGS
    URL = 'postgresql+asyncpg://db/a' if SETTINGS is not None else ''
    engine = create_async_engine(URL, connect_args=ARGS, pool_pre_ping=True)
"""


def test_only_changes_of_what_is_read_are_searched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    search = ChangingFiles.files

    def noted(self: ChangingFiles, home: str, name: str, how: How, without_tests: str | None = None) -> list[str]:
        if how is How.CHANGE:
            searched.append(name)
        return search(self, home, name, how, without_tests)

    monkeypatch.setattr(ChangingFiles, "files", noted)
    assert judged(tmp_path, UNREAD) == files(UNREAD)
    assert searched == ["ARGS"]


def test_modules_are_run_as_long_as_they_are_small_enough_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "MAX_CHANGING", 10)
    found = judged(tmp_path, UNREAD)["db.py"]
    assert "# PGB101" in found


ORDERED_IN_TESTS = """
    # file: config.py
    URL = 'postgresql+asyncpg://db/a'

    # file: plugins.py
    import config
    config.URL = 'sqlite+aiosqlite:///a'

    # file: main.py
    import db
    import plugins
    db.connect()

    # file: {test}
    import plugins
    import db

    # file: db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    from config import URL
    def connect():
        return create_async_engine(URL)
"""


@pytest.mark.parametrize(("test", "expected"), [("tests/conftest.py", "unsafe"), ("tests/notes.txt", "safe")])
def test_a_fix_is_unsafe_if_tests_import_a_change_earlier(test: str, expected: str, tmp_path: Path) -> None:
    target = lay(tmp_path, files(ORDERED_IN_TESTS.format(test=test)))[-1]
    _, report = check_bytes(str(target), target.read_bytes(), Deployment(), Project(str(tmp_path)))
    fixes = {finding.code: finding.fix.applicability.value for finding in report.findings if finding.fix is not None}
    assert fixes["PGB101"] == expected
