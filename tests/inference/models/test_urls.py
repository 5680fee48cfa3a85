"""URL objects of SQLAlchemy, pydantic, yarl and `urllib`."""

from __future__ import annotations

import pytest
from blocks import cases
from heads import URLS_HEAD
from programs import driver_of, engine_of, silence_of

OBJECTS = """
    create_async_engine(URL.create('postgresql+asyncpg', host='h'))  # asyncpg
    create_async_engine(URL.create(drivername='postgresql+asyncpg'))  # asyncpg
    create_async_engine(URL.create(**{'drivername': 'postgresql+asyncpg', 'host': 'h'}))  # asyncpg
    create_async_engine(URL.create('postgresql'))  # other
    create_async_engine(URL.create(unknown))  # unknown
    create_async_engine(URL.create(**unknown))  # unknown
    create_async_engine(URL.create(f"postgresql+{os.getenv('D', 'asyncpg')}"))  # asyncpg
    create_async_engine(str(URL.create('postgresql+asyncpg')))  # asyncpg
    create_async_engine(URL.create('postgresql+asyncpg').render_as_string(hide_password=False))  # asyncpg
    create_async_engine(URL.create('postgresql+asyncpg' if unknown else 'sqlite'))  # asyncpg?

    from sqlalchemy.engine import URL as U
    create_async_engine(U.create('postgresql+asyncpg'))  # asyncpg

    from sqlalchemy.engine.url import URL as U
    create_async_engine(U(drivername='postgresql+asyncpg'))  # asyncpg

    create_async_engine(make_url('postgresql+asyncpg://h'))  # asyncpg
    create_async_engine(make_url('postgresql://h'))  # other
    create_async_engine(make_url(unknown))  # unknown
    create_async_engine(make_url(make_url('postgresql+asyncpg://h')))  # asyncpg
    create_async_engine(make_url('postgresql://h').set(drivername='postgresql+asyncpg'))  # asyncpg
    create_async_engine(make_url(unknown).set(drivername='postgresql+asyncpg'))  # asyncpg
    create_async_engine(make_url('postgresql+asyncpg://h').set(drivername='postgresql'))  # other
    create_async_engine(make_url('postgresql+asyncpg://h').set(database='d'))  # asyncpg
    create_async_engine(make_url('postgresql+asyncpg://h')._replace(database='d'))  # asyncpg

    url = make_url(unknown)
    if url.drivername == 'postgresql':
        url = url.set(drivername='postgresql+asyncpg')
    create_async_engine(url)  # asyncpg?

    url = make_url('postgresql://h')
    if url.drivername == 'postgresql':
        url = url.set(drivername='postgresql+asyncpg')
    create_async_engine(url)  # asyncpg

    url = make_url('sqlite://h')
    if url.get_backend_name() == 'postgresql':
        url = url.set(drivername='postgresql+asyncpg')
    create_async_engine(url)  # other

    url = make_url('postgresql+psycopg://h')
    if url.get_driver_name() == 'psycopg':
        url = url.set(drivername='postgresql+asyncpg')
    create_async_engine(url)  # asyncpg

    create_async_engine(urlparse('postgresql://h')._replace(scheme='postgresql+asyncpg').geturl())  # asyncpg
    create_async_engine(urlparse(unknown)._replace(scheme='postgresql+asyncpg').geturl())  # asyncpg
    create_async_engine(urlunparse(urlsplit(unknown)._replace(scheme='postgresql+asyncpg')))  # asyncpg
    create_async_engine(urlparse('postgresql+asyncpg://h')._replace(query='').geturl())  # asyncpg
    create_async_engine(urlparse('postgresql+asyncpg://h')._replace(scheme='postgresql').geturl())  # other

    parts = urlparse(unknown)
    create_async_engine(f'postgresql+asyncpg://{parts.netloc}{parts.path}')  # asyncpg

    create_async_engine(PostgresDsn.build(scheme='postgresql+asyncpg', host='h'))  # asyncpg
    create_async_engine(str(PostgresDsn.build(scheme='postgresql+asyncpg', host='h')))  # asyncpg
    create_async_engine(PostgresDsn.build(**{'scheme': 'postgresql+asyncpg', 'host': 'h'}))  # asyncpg
    create_async_engine(PostgresDsn.build(scheme='postgresql', host='h'))  # other
    create_async_engine(PostgresDsn.build(**unknown))  # unknown
    create_async_engine(MultiHostUrl.build(scheme='postgresql+asyncpg', host='h').unicode_string())  # asyncpg
    create_async_engine(PostgresDsn('postgresql+asyncpg://h'))  # asyncpg

    url = PostgresDsn('postgresql+asyncpg://h').unicode_string()
    create_async_engine(url.replace('postgresql+asyncpg', 'postgresql+psycopg'))  # other


    from yarl import URL as Y
    create_async_engine(str(Y.build(scheme='postgresql+asyncpg', host='h')))  # asyncpg

    create_async_engine(URL.create('postgresql+asyncpg').update_query_dict({'a': 'b'}))  # asyncpg
    create_async_engine(URL.create('postgresql+asyncpg').difference_update_query(['a']))  # asyncpg
    create_async_engine(URL.create('postgresql+asyncpg').host)  # unknown

    parts = urlparse('postgresql+asyncpg://h')
    create_async_engine(parts[0] + '://h')  # unknown

    parts = urlparse(unknown)
    create_async_engine('postgresql+asyncpg://' + parts.query + str(parts.port))  # asyncpg

    create_async_engine(f"{URL.create('postgresql+asyncpg')}")  # asyncpg
    create_async_engine(PostgresDsn.build(scheme='postgresql+asyncpg').unicode_string().lower())  # asyncpg

    from urllib.parse import urlunsplit
    create_async_engine(urlunsplit(urlsplit('postgresql+asyncpg://h')))  # asyncpg

    from pydantic import AnyUrl
    create_async_engine(AnyUrl.build(scheme='postgresql+asyncpg', host='h'))  # asyncpg

    from pydantic import AnyUrl
    create_async_engine(str(AnyUrl('postgresql+asyncpg://h')))  # asyncpg

    create_async_engine(str(MultiHostUrl('postgresql+asyncpg://h')))  # asyncpg

    from yarl import URL as Y
    create_async_engine(str(Y('postgresql+asyncpg://h')))  # asyncpg

    from yarl import URL as Y
    url = Y('postgresql+asyncpg://h').with_host('i').with_port(5433).with_user('u').with_password('p')
    create_async_engine(str(url.with_path('/a').with_query(a='b').update_query({'c': 'd'})))  # asyncpg

    from yarl import URL as Y
    create_async_engine(str(Y('postgresql://h').with_scheme('postgresql+asyncpg')))  # asyncpg

    from yarl import URL as Y
    create_async_engine(str(Y('postgresql+asyncpg://h').with_scheme('postgresql')))  # other

    from yarl import URL as Y
    create_async_engine(str(Y('postgresql+asyncpg://h').with_query(None)))  # asyncpg
"""

# The query of a URL that yarl changes, and the state of the size in it.
QUERIES = """
    Y(ON).with_query(prepared_statement_cache_size='0')  # zero
    Y(ON).update_query({'prepared_statement_cache_size': '0'})  # zero
    Y(ON).extend_query(a='b')  # positive
    Y(ON).with_query({'a': 'b'})  # absent
    Y(ON).with_query(None)  # absent
    Y(ON).with_query(unknown)  # absent
    Y(ON).with_port(5433)  # positive
"""

# Each engine, and why its driver is unknown.
REASONS = """
    create_async_engine(os.environ['DB'])  # it comes from the environment variable `DB`
    create_async_engine(os.getenv(unknown))  # it comes from the environment
    create_async_engine(missing)  # the name `missing` is not defined
    create_async_engine(5)  # the URL is not a string that poolsafe can follow
    create_async_engine(f'{missing}://h')  # the name `missing` is not defined

    def f(a):
        return a
    create_async_engine(f())  # poolsafe found no call that passes the parameter `a`

    from app.config import url
    create_async_engine(url)  # `app.config.url` is outside the project
"""


# What the environment may bring in place of a default is followed as well.
OVERRIDDEN = """
    url = os.getenv('U', 'sqlite+aiosqlite://')
    if make_url(url).get_backend_name() == 'sqlite':
        raise SystemExit
    create_async_engine(url)  # the driver is unknown (it may come from the environment variable `U`)
"""


@pytest.mark.parametrize(("code", "reason"), cases(OVERRIDDEN))
def test_a_url_that_overrides_a_default(code: str, reason: str) -> None:
    assert silence_of(URLS_HEAD + code) == [reason]


@pytest.mark.parametrize(("code", "driver"), cases(OBJECTS))
def test_the_driver_of_the_engine(code: str, driver: str) -> None:
    assert driver_of(URLS_HEAD + code) == driver


@pytest.mark.parametrize(("url", "state"), cases(QUERIES))
def test_the_query_that_yarl_changes(url: str, state: str) -> None:
    head = "from yarl import URL as Y\nON = 'postgresql+asyncpg://h/d?prepared_statement_cache_size=9'\n"
    assert engine_of(f"{URLS_HEAD}{head}create_async_engine(str({url}))").sizes.prepared.state.value == state


BUILT = """
    PostgresDsn.build(scheme=S, host='h', path='d?prepared_statement_cache_size=0')  # zero
    PostgresDsn.build(scheme=S, host='h', path=f'{unknown}?prepared_statement_cache_size=0')  # zero
    PostgresDsn.build(scheme=S, host='h', path='d', query='prepared_statement_cache_size=0')  # zero
    MultiHostUrl.build(scheme=S, host='h', query='ssl=require&prepared_statement_cache_size=9')  # positive
    PostgresDsn.build(scheme=S, host='h', path='d')  # absent
"""


@pytest.mark.parametrize(("url", "state"), cases(BUILT))
def test_the_query_that_pydantic_parses(url: str, state: str) -> None:
    head = "S = 'postgresql+asyncpg'\n"
    assert engine_of(f"{URLS_HEAD}{head}create_async_engine(str({url}))").sizes.prepared.state.value == state


@pytest.mark.parametrize(("code", "reason"), cases(REASONS))
def test_an_unknown_driver_says_why(code: str, reason: str) -> None:
    assert silence_of(URLS_HEAD + code) == [f"the driver is unknown ({reason})"]


def test_where_the_url_was_written_is_told() -> None:
    code = """
from sqlalchemy.ext.asyncio import create_async_engine
base = 'postgresql+asyncpg://h'
url = base
engine = create_async_engine(url)
"""
    assert [(place.row, place.message) for place in engine_of(code).url.origin] == [(3, "the URL is defined here")]


def test_what_stands_in_the_call_is_not_told_twice() -> None:
    assert engine_of(URLS_HEAD + "create_async_engine('postgresql+asyncpg://h')").url.origin == ()
