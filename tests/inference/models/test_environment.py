"""Variables of the environment, and the libraries that read them."""

from __future__ import annotations

import pytest
from blocks import cases
from heads import URLS_HEAD
from programs import driver_of

VARIABLES = """
    create_async_engine(os.getenv('U', 'postgresql+asyncpg://h'))  # asyncpg
    create_async_engine(os.getenv('U', default='postgresql+asyncpg://h'))  # asyncpg
    create_async_engine(os.environ.get('U', 'postgresql+asyncpg://h'))  # asyncpg

    from os import getenv
    create_async_engine(getenv('U', 'postgresql+asyncpg://h'))  # asyncpg

    from os import environ
    create_async_engine(environ.get('U', 'postgresql+asyncpg://h'))  # asyncpg

    env = os.environ
    create_async_engine(env.get('U', 'postgresql+asyncpg://h'))  # asyncpg

    create_async_engine(os.getenv('U', 'postgresql://h'))  # unknown
    create_async_engine(os.getenv('U'))  # unknown
    create_async_engine(os.environ['U'])  # unknown
    create_async_engine(os.getenv('U') or 'postgresql+asyncpg://h')  # asyncpg
    create_async_engine(os.getenv('U') or 'sqlite://')  # other

    url = os.getenv('U')
    if not url:
        url = 'postgresql+asyncpg://h'
    create_async_engine(url)  # asyncpg

    url = os.getenv('U')
    if url is None:
        raise ValueError
    create_async_engine(url)  # unknown

    create_async_engine(f"postgresql+asyncpg://{os.environ['USER']}:{os.getenv('PW')}@h")  # asyncpg
    create_async_engine(f"{os.getenv('SCHEME', 'postgresql+asyncpg')}://h")  # asyncpg
    create_async_engine(f"postgresql+{os.getenv('DRIVER', 'asyncpg')}://h")  # asyncpg
    create_async_engine(os.getenv('U', 'postgresql://h').replace('postgresql://', 'postgresql+asyncpg://'))  # asyncpg
    create_async_engine('postgresql+asyncpg://' + os.environ['HOST'])  # asyncpg
    create_async_engine(os.getenv('A', os.getenv('B', 'postgresql+asyncpg://h')))  # asyncpg
    create_async_engine(os.environ.get('A') or os.environ.get('B') or 'postgresql+asyncpg://h')  # asyncpg

    try:
        url = os.environ['U']
    except KeyError:
        url = 'postgresql+asyncpg://h'
    create_async_engine(url)  # asyncpg

    create_async_engine(os.environ.setdefault('U', 'postgresql+asyncpg://h'))  # asyncpg

    os.environ.setdefault('U', 'postgresql+asyncpg://h')
    create_async_engine(os.environ['U'])  # asyncpg

    os.environ['U'] = 'postgresql+asyncpg://h'
    create_async_engine(os.environ['U'])  # asyncpg

    os.environ['U'] = 'postgresql+asyncpg://h'
    create_async_engine(os.getenv('U'))  # asyncpg

    os.environ['V'] = 'postgresql+asyncpg://h'
    create_async_engine(os.environ['U'])  # unknown

    from decouple import config
    create_async_engine(config('U', default='postgresql+asyncpg://h'))  # asyncpg

    from decouple import config
    create_async_engine(config('U', default='postgresql+asyncpg://h', cast=str))  # asyncpg

    from decouple import config
    create_async_engine(config('U'))  # unknown

    from starlette.config import Config
    config = Config('.env')
    create_async_engine(config('U', cast=str, default='postgresql+asyncpg://h'))  # asyncpg

    from starlette.config import Config
    from starlette.datastructures import Secret
    config = Config('.env')
    create_async_engine(str(config('U', cast=Secret, default='postgresql+asyncpg://h')))  # asyncpg

    from starlette.config import Config
    from starlette.datastructures import Secret
    config = Config('.env')
    create_async_engine(f"{config('U', Secret, 'sqlite://')}")  # other

    from starlette.config import Config
    from starlette.datastructures import URL
    config = Config('.env')
    create_async_engine(str(config('U', cast=URL)))  # unknown

    from starlette.config import Config
    config = Config()
    create_async_engine(config('U', str, 'postgresql+asyncpg://h'))  # asyncpg

    from environs import Env
    env = Env()
    create_async_engine(env.str('U', 'postgresql+asyncpg://h'))  # asyncpg

    from environs import Env
    env = Env()
    create_async_engine(env('U'))  # unknown

    import environ
    env = environ.Env()
    create_async_engine(env('U', default='postgresql+asyncpg://h'))  # asyncpg

    import environ
    env = environ.Env()
    create_async_engine(env.url(unknown))  # unknown

    from environs import Env
    env = Env()
    create_async_engine('postgresql+asyncpg://h/' + str(env.int('N', 5)))  # asyncpg

    from environs import Env
    env = Env()
    create_async_engine(env['U'])  # unknown

    os.environ.setdefault('U')
    create_async_engine(os.environ['U'])  # unknown

    os.environ[unknown] = 'postgresql+asyncpg://h'
    create_async_engine(os.environ['U'])  # unknown

    if unknown:
        os.environ['U'] = 'postgresql+asyncpg://h'
    create_async_engine(os.getenv('U', 'sqlite://'))  # asyncpg?
"""


@pytest.mark.parametrize(("code", "driver"), cases(VARIABLES))
def test_the_driver_of_the_engine(code: str, driver: str) -> None:
    assert driver_of(URLS_HEAD + code) == driver
