"""What pytest gives to the parameters of tests and fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import files, judged

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
