"""The values that pytest passes for parameters of tests and fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import files, judged

from poolsafe import ir
from poolsafe.inference.context import Frame
from poolsafe.inference.models import pytest as fixtures
from poolsafe.inference.values import Function, Value

PROJECTS = {
    "a fixture of the same file": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url():
            return 'postgresql+asyncpg://db/a'

        @pytest_asyncio.fixture(scope='session')
        async def engine(url):
            yield create_async_engine(url, pool_pre_ping=True)  # PGB101
    """,
    "a fixture that yields": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url():
            yield 'postgresql+asyncpg://db/a'

        @pytest_asyncio.fixture(scope='session')
        async def engine(url):
            yield create_async_engine(url, pool_pre_ping=True)  # PGB101
    """,
    "a fixture of another driver": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url():
            return 'sqlite+aiosqlite://db/a'

        @pytest_asyncio.fixture(scope='session')
        async def engine(url):
            yield create_async_engine(url, pool_pre_ping=True)
    """,
    "a fixture above": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url():
            return 'postgresql+asyncpg://db/a'

        # file: tests/unit/test_a.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        async def test_it(url):
            create_async_engine(url, pool_pre_ping=True)  # PGB101
    """,
    "the nearest of two fixtures": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url():
            return 'postgresql+asyncpg://db/a'

        # file: tests/conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url():
            return 'sqlite+aiosqlite://db/a'

        # file: tests/test_a.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        async def test_it(url):
            create_async_engine(url, pool_pre_ping=True)
    """,
    "a fixture that overrides one and asks for it": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url():
            return 'postgresql+asyncpg://db/a'

        # file: tests/conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url(url):
            return url + '?port=6432'

        @pytest_asyncio.fixture(scope='session')
        async def engine(url):
            yield create_async_engine(url, pool_pre_ping=True)  # PGB101
    """,
    "fixtures that ask for each other": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url(other):
            return other

        @pytest.fixture
        def other(url):
            return url

        @pytest_asyncio.fixture(scope='session')
        async def engine(url):
            yield create_async_engine(url, pool_pre_ping=True)
    """,
    "a fixture under another name": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture(scope='session', name='url')
        def make_url():
            return 'postgresql+asyncpg://db/a'

        @pytest_asyncio.fixture(scope='session')
        async def engine(url):
            yield create_async_engine(url, pool_pre_ping=True)  # PGB101
    """,
    "a fixture of an annotated parameter": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        class Settings:
            def __init__(self, url):
                self.url = url

        @pytest.fixture
        def settings():
            return Settings('postgresql+asyncpg://db/a')

        @pytest_asyncio.fixture
        async def engine(settings: Settings):
            yield create_async_engine(settings.url, pool_pre_ping=True)  # PGB101
    """,
    "an annotation beside a fixture that cannot be followed": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        class Settings:
            url = 'postgresql+asyncpg://db/a'

        @pytest.fixture
        def settings(request):
            return request.param

        @pytest_asyncio.fixture
        async def engine(settings: Settings):
            yield create_async_engine(settings.url, pool_pre_ping=True)  # PGB101
    """,
    "a switch that tests override": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy import create_engine
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def is_async():
            return False

        @pytest.fixture
        def url(is_async):
            return 'postgresql+asyncpg://db/a' if is_async else 'postgresql://db/a'

        @pytest_asyncio.fixture
        async def engine(url, is_async):
            if is_async:
                return create_async_engine(url, pool_pre_ping=True)  # PGB101
            return create_engine(url)
    """,
    "a parameter that two fixtures ask for": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy import create_engine
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture(params=[True, False])
        def is_async(request):
            return request.param

        @pytest.fixture
        def url(is_async):
            return 'postgresql+asyncpg://db/a' if is_async else 'postgresql://db/a'

        @pytest_asyncio.fixture
        async def engine(url, is_async):
            if is_async:
                return create_async_engine(url, pool_pre_ping=True)  # PGB101
            return create_engine(url)
    """,
    "a function that is no fixture": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        def url():
            return 'postgresql+asyncpg://db/a'

        @pytest_asyncio.fixture(scope='session')
        async def engine(url):
            yield create_async_engine(url, pool_pre_ping=True)
    """,
    "a function that asks for none": """
        # file: conftest.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url():
            return 'postgresql+asyncpg://db/a'

        async def engine(url):
            yield create_async_engine(url, pool_pre_ping=True)
    """,
    "no test's file": """
        # file: app.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url():
            return 'postgresql+asyncpg://db/a'

        async def test_it(url):
            create_async_engine(url, pool_pre_ping=True)
    """,
    "what a test changes of a fixture, no other test has": """
        # file: test_a.py
        import pytest
        from sqlalchemy.ext.asyncio import create_async_engine
        URL = 'postgresql+asyncpg://db/a'

        @pytest.fixture
        def options():
            return {'pool_pre_ping': True}

        @pytest.fixture
        def more(options):
            options['connect_args'] = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
            return options

        async def test_before(options):
            create_async_engine(URL, **options)  # PGB101

        async def test_changed(options):
            options['connect_args'] = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
            create_async_engine(URL, **options)

        async def test_more(more):
            create_async_engine(URL, **more)

        async def test_after(options):
            create_async_engine(URL, **options)  # PGB101
    """,
    "a method of a class of tests": """
        # file: test_a.py
        import pytest
        import pytest_asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        @pytest.fixture
        def url():
            return 'postgresql+asyncpg://db/a'

        class TestIt:
            async def test_it(self, url):
                create_async_engine(url, pool_pre_ping=True)  # PGB101
    """,
}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_parameter_is_the_fixture_of_its_name(name: str, tmp_path: Path) -> None:
    assert judged(tmp_path, PROJECTS[name]) == files(PROJECTS[name])


SHARED = """
    # file: test_a.py
    import pytest
    from sqlalchemy.ext.asyncio import create_async_engine

    @pytest.fixture
    def name():
        return 'a'

    @pytest.fixture
    def url(name):
        return f'postgresql+asyncpg://db/{name}'

    async def test_one(url):
        create_async_engine(url, pool_pre_ping=True)  # PGB101

    class TestIt:
        async def test_two(self, url):
            create_async_engine(url, pool_pre_ping=True)  # PGB101

    async def test_three(url):
        create_async_engine(url + '2', pool_pre_ping=True)  # PGB101
"""


def test_a_fixture_is_run_once_for_all_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    run = fixtures._run

    def counted(frame: Frame, found: Function) -> Value:
        assert isinstance(found.node, ir.FunctionDef)
        ran.append(found.node.name)
        return run(frame, found)

    monkeypatch.setattr(fixtures, "_run", counted)
    assert judged(tmp_path, SHARED) == files(SHARED)
    assert sorted(ran) == ["name", "url"]
