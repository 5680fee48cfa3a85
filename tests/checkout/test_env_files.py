"""Files next to the code: env files, compose files and alembic.ini."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import files, judged, related

PROJECTS = {
    "an env file documents the URL": """
        # file: .env.example
        # the database
        export DATABASE_URL='postgresql+asyncpg://db/a' # local

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ['DATABASE_URL'], pool_pre_ping=True)  # PGB101
    """,
    "an env file of another name": """
        # file: config.env
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)  # PGB101
    """,
    "a usual name of an env file comes first": """
        # file: a.env
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: .env.test
        DATABASE_URL=sqlite+aiosqlite://

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)
    """,
    "a program is no env file": """
        # file: app.env.py
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)
    """,
    "an env file beside an empty default": """
        # file: .env.example
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.getenv('DATABASE_URL', ''), pool_pre_ping=True)  # PGB101
    """,
    "an env file beside a settings field that is empty": """
        # file: .env.example
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            database_url: str = ''

        engine = create_async_engine(Settings().database_url, pool_pre_ping=True)  # PGB101
    """,
    "an env file beside a settings field that may be None": """
        # file: .env.example
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            database_url: str | None = None

        engine = create_async_engine(Settings().database_url, pool_pre_ping=True)  # PGB101
    """,
    "a compose file gives a list": """
        # file: docker-compose.yml
        services:
          web:
            environment:
              - DEBUG=1
              - DATABASE_URL=postgresql+asyncpg://u:p@db/a # local

        # file: app/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)  # PGB101
    """,
    "a compose file gives a mapping": """
        # file: compose.dev.yaml
        services:
          web:
            environment:
              DATABASE_URL: "postgresql+asyncpg://u:${PASSWORD:-p}@db/a"

        # file: app/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)  # PGB101
    """,
    "a compose file gives another driver": """
        # file: compose.yaml
        services:
          web:
            environment:
              DATABASE_URL: sqlite+aiosqlite:///a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)
    """,
    "a compose file has a default": """
        # file: docker-compose.yml
        x-common: &common
          DATABASE_URL: ${DATABASE_URL:-postgresql+asyncpg://u:p@db/a}

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)  # PGB101
    """,
    "a compose file names an env file": """
        # file: docker-compose.yml
        services:
          web:
            env_file:
              - ./config/web.env

        # file: config/web.env
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)  # PGB101
    """,
    "a compose file comes before an env file of any name": """
        # file: compose.yaml
        services:
          web:
            environment:
              DATABASE_URL: postgresql+asyncpg://db/a

        # file: web.env
        DATABASE_URL=sqlite+aiosqlite:///a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)  # PGB101
    """,
    "an env file for tests comes last": """
        # file: ci.env
        DATABASE_URL=sqlite+aiosqlite:///a

        # file: prod.env
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)  # PGB101
    """,
    "what only looks like an env file": """
        # file: .env.bak
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: env.py
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: env.md
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: x.env.swp
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: .env.enc
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)
    """,
    "a field with an ellipsis for a default": """
        # file: .env.example
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        from pydantic import Field

        class Settings(BaseSettings):
            database_url: str = Field(...)

        engine = create_async_engine(Settings().database_url, pool_pre_ping=True)  # PGB101
    """,
    "a field with another name in the environment: str = Field(alias='DB_URL')": """
        # file: .env.example
        DB_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        from typing import Annotated
        from pydantic import AliasChoices, Field

        class Settings(BaseSettings):
            url: str = Field(alias='DB_URL')

        engine = create_async_engine(Settings().url, pool_pre_ping=True)  # PGB101
    """,
    "a field with another name in the environment: str = Field(validation_alias='db_url')": """
        # file: .env.example
        DB_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        from typing import Annotated
        from pydantic import AliasChoices, Field

        class Settings(BaseSettings):
            url: str = Field(validation_alias='db_url')

        engine = create_async_engine(Settings().url, pool_pre_ping=True)  # PGB101
    """,
    "a field with another name in the environment: str = Field(validation_alias=AliasChoices('URL', 'DB_URL'))": """
        # file: .env.example
        DB_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        from typing import Annotated
        from pydantic import AliasChoices, Field

        class Settings(BaseSettings):
            url: str = Field(validation_alias=AliasChoices('URL', 'DB_URL'))

        engine = create_async_engine(Settings().url, pool_pre_ping=True)  # PGB101
    """,
    "a field with another name in the environment: str = Field(..., env=['URL', 'DB_URL'])": """
        # file: .env.example
        DB_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        from typing import Annotated
        from pydantic import AliasChoices, Field

        class Settings(BaseSettings):
            url: str = Field(..., env=['URL', 'DB_URL'])

        engine = create_async_engine(Settings().url, pool_pre_ping=True)  # PGB101
    """,
    "a field with another name in the environment: Annotated[str, Field(alias='DB_URL')]": """
        # file: .env.example
        DB_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        from typing import Annotated
        from pydantic import AliasChoices, Field

        class Settings(BaseSettings):
            url: Annotated[str, Field(alias='DB_URL')]

        engine = create_async_engine(Settings().url, pool_pre_ping=True)  # PGB101
    """,
    "a field with another name in the environment: str = Field(alias='OTHER')": """
        # file: .env.example
        DB_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        from typing import Annotated
        from pydantic import AliasChoices, Field

        class Settings(BaseSettings):
            url: str = Field(alias='OTHER')

        engine = create_async_engine(Settings().url, pool_pre_ping=True)
    """,
    "a field with another name in the environment: str": """
        # file: .env.example
        DB_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        from typing import Annotated
        from pydantic import AliasChoices, Field

        class Settings(BaseSettings):
            url: str

        engine = create_async_engine(Settings().url, pool_pre_ping=True)
    """,
    "an env file has the driver alone": """
        # file: .env.example
        DIALECT=postgresql
        DRIVER=asyncpg

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            dialect: str
            driver: str

        s = Settings()
        engine = create_async_engine(f'{s.dialect}+{s.driver}://db/a', pool_pre_ping=True)  # PGB101
    """,
    "an env file has the scheme alone": """
        # file: .env.example
        SCHEME=sqlite+aiosqlite
        URL=what one machine has

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(f"{os.environ['SCHEME']}://{os.environ['URL']}")
    """,
    "an env file knows better than a default": """
        # file: .env.example
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        url = os.getenv('DATABASE_URL', 'sqlite+aiosqlite:///a')
        engine = create_async_engine(url, pool_pre_ping=True)  # PGB101
    """,
    "an env file does not know better than a default": """
        # file: .env.example
        DATABASE_URL=sqlite+aiosqlite:///a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        url = os.getenv('DATABASE_URL', 'mysql+aiomysql://db/a')
        engine = create_async_engine(url)
    """,
    "an env file knows better than a field's default": """
        # file: .env.example
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            database_url: str = 'sqlite+aiosqlite:///a'

        engine = create_async_engine(Settings().database_url, pool_pre_ping=True)  # PGB101
    """,
    "a compose file names an env file outside its folder": """
        # file: a/docker-compose.yml
        services:
          web:
            env_file: ../web.environment

        # file: web.environment
        DATABASE_URL=postgresql+asyncpg://db/a

        # file: a/db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)
    """,
    "a compose file leaves it to the shell": """
        # file: docker-compose.yml
        services:
          web:
            environment:
              # - DATABASE_URL=postgresql+asyncpg://db/a
              - DATABASE_URL=${DATABASE_URL}

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)
    """,
    "an empty line of the env file, and a compose file": """
        # file: .env.example
        DATABASE_URL=

        # file: docker-compose.yml
        services:
          web:
            environment:
              DATABASE_URL: postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        import os
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)  # PGB101
    """,
    "a settings field without a default": """
        # file: .env
        APP_DATABASE_URL=postgresql+asyncpg://db/a

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        from pydantic_settings import BaseSettings
        from pydantic_settings import SettingsConfigDict

        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_prefix='APP_')
            database_url: str

        engine = create_async_engine(Settings().database_url, pool_pre_ping=True)  # PGB101
    """,
    "alembic.ini has the URL": """
        # file: alembic.ini
        [alembic]
        script_location = migrations
        sqlalchemy.url = postgresql+asyncpg://u:p%%40@db/a

        # file: migrations/env.py
        from alembic import context
        from sqlalchemy import pool
        from sqlalchemy.ext.asyncio import async_engine_from_config
        config = context.config
        engine = async_engine_from_config(  # PGB101
            config.get_section(config.config_ini_section, {}), prefix='sqlalchemy.', poolclass=pool.NullPool)
    """,
    "alembic.ini has the template's URL": """
        # file: alembic.ini
        [alembic]
        sqlalchemy.url = driver://user:pass@localhost/dbname

        # file: migrations/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config(context.config.get_section('alembic'))
    """,
}


@pytest.mark.parametrize("name", PROJECTS)
def test_what_stands_beside_the_code_is_read(name: str, tmp_path: Path) -> None:
    assert judged(tmp_path, PROJECTS[name]) == files(PROJECTS[name])


def test_an_env_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("\ufeffDATABASE_URL=postgresql+asyncpg://db/a\n", encoding="utf-8")
    project = """
        # file: db.py
        import os
        from sqlalchemy.ext.asyncio import create_async_engine
        engine = create_async_engine(os.environ.get('DATABASE_URL'), pool_pre_ping=True)  # PGB101
    """
    assert judged(tmp_path, project) == files(project)


BESIDE = {
    ".env.example": """
        # file: .env.example
        # how to begin
        DEBUG=1
        DATABASE_URL=postgresql+asyncpg://db/a
    """,
    "docker-compose.yml": """
        # file: docker-compose.yml
        services:
          app:
            environment:
              DATABASE_URL: postgresql+asyncpg://db/a
    """,
}
ENGINE = """
    # file: db.py
    import os
    from sqlalchemy.ext.asyncio import create_async_engine
    engine = create_async_engine(os.environ['DATABASE_URL'], pool_pre_ping=True)
"""


@pytest.mark.parametrize(("name", "row"), [(".env.example", 3), ("docker-compose.yml", 4)])
def test_a_finding_says_which_file_beside_the_code_gives_the_url(tmp_path: Path, name: str, row: int) -> None:
    assert related(tmp_path, files(BESIDE[name]) | files(ENGINE)) == [(name, row, "the URL is defined here")]


def test_a_finding_says_which_line_of_alembic_ini_gives_the_url(tmp_path: Path) -> None:
    project = """
        # file: alembic.ini
        # sqlalchemy.url = x
        [other]
        SQLAlchemy.url = y
        [alembic]
        script_location = m

        sqlalchemy.url = postgresql+asyncpg://db/a

        # file: env.py
        from alembic import context
        from sqlalchemy import pool
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config(context.config.get_section('alembic'), poolclass=pool.NullPool)
    """
    assert related(tmp_path, files(project)) == [("alembic.ini", 7, "the URL is defined here")]
