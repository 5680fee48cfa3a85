"""URLs: how real code comes to one, and the driver that an engine gets through it."""

from __future__ import annotations

import pytest
from programs import driver_of, engine_of, silence_of

HEAD = """
import os
from urllib.parse import urlparse, urlsplit, urlunparse
from pydantic import PostgresDsn, MultiHostUrl
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
"""
CALL = "\nengine = create_async_engine(url)\n"

WRITTEN = [
    ("url = 'postgresql+asyncpg://h/d'", "asyncpg"),
    ("url = 'postgresql+asyncpg:' + '//h/d'", "asyncpg"),
    ("url = f'postgresql+asyncpg://{unknown}@h'", "asyncpg"),
    ("driver = 'asyncpg'\nurl = f'postgresql+{driver}://h'", "asyncpg"),
    ("driver = 'psycopg'\nurl = f'postgresql+{driver}://h'", "other"),
    ("url = '{}://{}'.format('postgresql+asyncpg', unknown)", "asyncpg"),
    ("url = 'postgresql+asyncpg://%s' % unknown", "asyncpg"),
    ("url = '%s+%s://h' % ('postgresql', 'asyncpg')", "asyncpg"),
    ("url = {'pg': 'postgresql+asyncpg', 'lite': 'sqlite+aiosqlite'}['pg'] + '://h'", "asyncpg"),
    ("url = {'pg': 'postgresql+asyncpg', 'lite': 'sqlite+aiosqlite'}['lite'] + '://h'", "other"),
    ("url = {'pg': 'postgresql+asyncpg', 'lite': 'sqlite+aiosqlite'}[unknown] + '://h'", "asyncpg?"),
    ("url = 'postgresql+asyncpg://h'\nurl += '?ssl=require'", "asyncpg"),
    ("url = 'postgresql://h'", "other"),
    ("url = 'sqlite+aiosqlite://'", "other"),
    ("url = 'postgresql+asyncpgnoi://h'", "other"),
    ("url = 'cockroachdb+asyncpg://h'", "other"),
    ("url = 'postgresql+psycopg://h/asyncpg'", "other"),
    ("url = unknown", "unknown"),
    ("url = unknown + '?driver=postgresql+asyncpg'", "unknown"),
    ("url = f'{unknown}://h'", "unknown"),
    ("url = f'{unknown}postgresql+asyncpg://h'", "unknown"),
    ("url = 5", "unknown"),
]

ENVIRONMENT = [
    ("url = os.getenv('U', 'postgresql+asyncpg://h')", "asyncpg"),
    ("url = os.getenv('U', default='postgresql+asyncpg://h')", "asyncpg"),
    ("url = os.environ.get('U', 'postgresql+asyncpg://h')", "asyncpg"),
    ("from os import getenv\nurl = getenv('U', 'postgresql+asyncpg://h')", "asyncpg"),
    ("from os import environ\nurl = environ.get('U', 'postgresql+asyncpg://h')", "asyncpg"),
    ("env = os.environ\nurl = env.get('U', 'postgresql+asyncpg://h')", "asyncpg"),
    ("url = os.getenv('U', 'postgresql://h')", "other"),
    ("url = os.getenv('U')", "unknown"),
    ("url = os.environ['U']", "unknown"),
    ("url = os.getenv('U') or 'postgresql+asyncpg://h'", "asyncpg"),
    ("url = os.getenv('U') or 'sqlite://'", "other"),
    ("url = os.getenv('U')\nif not url:\n    url = 'postgresql+asyncpg://h'", "asyncpg?"),
    ("url = os.getenv('U')\nif url is None:\n    raise ValueError", "unknown"),
    ("url = f\"postgresql+asyncpg://{os.environ['USER']}:{os.getenv('PW')}@h\"", "asyncpg"),
    ("url = f\"{os.getenv('SCHEME', 'postgresql+asyncpg')}://h\"", "asyncpg"),
    ("url = f\"postgresql+{os.getenv('DRIVER', 'asyncpg')}://h\"", "asyncpg"),
    ("url = os.getenv('U', 'postgresql://h').replace('postgresql://', 'postgresql+asyncpg://')", "asyncpg"),
    ("url = 'postgresql+asyncpg://' + os.environ['HOST']", "asyncpg"),
    ("url = os.getenv('A', os.getenv('B', 'postgresql+asyncpg://h'))", "asyncpg"),
    ("url = os.environ.get('A') or os.environ.get('B') or 'postgresql+asyncpg://h'", "asyncpg"),
    ("try:\n    url = os.environ['U']\nexcept KeyError:\n    url = 'postgresql+asyncpg://h'", "asyncpg?"),
    ("url = os.environ.setdefault('U', 'postgresql+asyncpg://h')", "asyncpg"),
    ("os.environ.setdefault('U', 'postgresql+asyncpg://h')\nurl = os.environ['U']", "asyncpg"),
    ("os.environ['U'] = 'postgresql+asyncpg://h'\nurl = os.environ['U']", "asyncpg"),
    ("os.environ['U'] = 'postgresql+asyncpg://h'\nurl = os.getenv('U')", "asyncpg"),
    ("os.environ['V'] = 'postgresql+asyncpg://h'\nurl = os.environ['U']", "unknown"),
    ("from decouple import config\nurl = config('U', default='postgresql+asyncpg://h')", "asyncpg"),
    ("from decouple import config\nurl = config('U', default='postgresql+asyncpg://h', cast=str)", "asyncpg"),
    ("from decouple import config\nurl = config('U')", "unknown"),
    (
        "from starlette.config import Config\nconfig = Config('.env')\n"
        "url = config('U', cast=str, default='postgresql+asyncpg://h')",
        "asyncpg",
    ),
    (
        "from starlette.config import Config\nconfig = Config()\nurl = config('U', str, 'postgresql+asyncpg://h')",
        "asyncpg",
    ),
    ("from environs import Env\nenv = Env()\nurl = env.str('U', 'postgresql+asyncpg://h')", "asyncpg"),
    ("from environs import Env\nenv = Env()\nurl = env('U')", "unknown"),
    ("import environ\nenv = environ.Env()\nurl = env('U', default='postgresql+asyncpg://h')", "asyncpg"),
    ("import environ\nenv = environ.Env()\nurl = env.url(unknown)", "unknown"),
    ("from environs import Env\nenv = Env()\nurl = 'postgresql+asyncpg://h/' + str(env.int('N', 5))", "asyncpg"),
    ("from environs import Env\nenv = Env()\nurl = env['U']", "unknown"),
    ("os.environ.setdefault('U')\nurl = os.environ['U']", "unknown"),
    ("os.environ[unknown] = 'postgresql+asyncpg://h'\nurl = os.environ['U']", "unknown"),
    ("if unknown:\n    os.environ['U'] = 'postgresql+asyncpg://h'\nurl = os.getenv('U', 'sqlite://')", "asyncpg?"),
]

OBJECTS = [
    ("url = URL.create('postgresql+asyncpg', host='h')", "asyncpg"),
    ("url = URL.create(drivername='postgresql+asyncpg')", "asyncpg"),
    ("url = URL.create(**{'drivername': 'postgresql+asyncpg', 'host': 'h'})", "asyncpg"),
    ("url = URL.create('postgresql')", "other"),
    ("url = URL.create(unknown)", "unknown"),
    ("url = URL.create(**unknown)", "unknown"),
    ("url = URL.create(f\"postgresql+{os.getenv('D', 'asyncpg')}\")", "asyncpg"),
    ("url = str(URL.create('postgresql+asyncpg'))", "asyncpg"),
    ("url = URL.create('postgresql+asyncpg').render_as_string(hide_password=False)", "asyncpg"),
    ("url = URL.create('postgresql+asyncpg' if unknown else 'sqlite')", "asyncpg?"),
    ("from sqlalchemy.engine import URL as U\nurl = U.create('postgresql+asyncpg')", "asyncpg"),
    ("from sqlalchemy.engine.url import URL as U\nurl = U(drivername='postgresql+asyncpg')", "asyncpg"),
    ("url = make_url('postgresql+asyncpg://h')", "asyncpg"),
    ("url = make_url('postgresql://h')", "other"),
    ("url = make_url(unknown)", "unknown"),
    ("url = make_url(make_url('postgresql+asyncpg://h'))", "asyncpg"),
    ("url = make_url('postgresql://h').set(drivername='postgresql+asyncpg')", "asyncpg"),
    ("url = make_url(unknown).set(drivername='postgresql+asyncpg')", "asyncpg"),
    ("url = make_url('postgresql+asyncpg://h').set(drivername='postgresql')", "other"),
    ("url = make_url('postgresql+asyncpg://h').set(database='d')", "asyncpg"),
    ("url = make_url('postgresql+asyncpg://h')._replace(database='d')", "asyncpg"),
    (
        "url = make_url(unknown)\nif url.drivername == 'postgresql':\n"
        "    url = url.set(drivername='postgresql+asyncpg')",
        "asyncpg?",
    ),
    (
        "url = make_url('postgresql://h')\nif url.drivername == 'postgresql':\n"
        "    url = url.set(drivername='postgresql+asyncpg')",
        "asyncpg",
    ),
    (
        "url = make_url('sqlite://h')\nif url.get_backend_name() == 'postgresql':\n"
        "    url = url.set(drivername='postgresql+asyncpg')",
        "other",
    ),
    (
        "url = make_url('postgresql+psycopg://h')\n"
        "if url.get_driver_name() == 'psycopg':\n"
        "    url = url.set(drivername='postgresql+asyncpg')",
        "asyncpg",
    ),
    ("url = urlparse('postgresql://h')._replace(scheme='postgresql+asyncpg').geturl()", "asyncpg"),
    ("url = urlparse(unknown)._replace(scheme='postgresql+asyncpg').geturl()", "asyncpg"),
    ("url = urlunparse(urlsplit(unknown)._replace(scheme='postgresql+asyncpg'))", "asyncpg"),
    ("url = urlparse('postgresql+asyncpg://h')._replace(query='').geturl()", "asyncpg"),
    ("url = urlparse('postgresql+asyncpg://h')._replace(scheme='postgresql').geturl()", "other"),
    ("parts = urlparse(unknown)\nurl = f'postgresql+asyncpg://{parts.netloc}{parts.path}'", "asyncpg"),
    ("url = PostgresDsn.build(scheme='postgresql+asyncpg', host='h')", "asyncpg"),
    ("url = str(PostgresDsn.build(scheme='postgresql+asyncpg', host='h'))", "asyncpg"),
    ("url = PostgresDsn.build(**{'scheme': 'postgresql+asyncpg', 'host': 'h'})", "asyncpg"),
    ("url = PostgresDsn.build(scheme='postgresql', host='h')", "other"),
    ("url = PostgresDsn.build(**unknown)", "unknown"),
    ("url = MultiHostUrl.build(scheme='postgresql+asyncpg', host='h').unicode_string()", "asyncpg"),
    ("url = PostgresDsn('postgresql+asyncpg://h')", "asyncpg"),
    (
        "url = PostgresDsn('postgresql+asyncpg://h').unicode_string().replace('postgresql+asyncpg', "
        "'postgresql+psycopg')",
        "other",
    ),
    ("from yarl import URL as Y\nurl = str(Y.build(scheme='postgresql+asyncpg', host='h'))", "asyncpg"),
    ("url = URL.create('postgresql+asyncpg').update_query_dict({'a': 'b'})", "asyncpg"),
    ("url = URL.create('postgresql+asyncpg').difference_update_query(['a'])", "asyncpg"),
    ("url = URL.create('postgresql+asyncpg').host", "unknown"),
    ("parts = urlparse('postgresql+asyncpg://h')\nurl = parts[0] + '://h'", "unknown"),
    ("parts = urlparse(unknown)\nurl = 'postgresql+asyncpg://' + parts.query + str(parts.port)", "asyncpg"),
    ("from enum import StrEnum\nclass U(StrEnum):\n    A = 'postgresql+asyncpg://h'\nurl = U.A", "asyncpg"),
    ("url = f\"{URL.create('postgresql+asyncpg')}\"", "asyncpg"),
    ("url = PostgresDsn.build(scheme='postgresql+asyncpg').unicode_string().lower()", "asyncpg"),
    ("from urllib.parse import urlunsplit\nurl = urlunsplit(urlsplit('postgresql+asyncpg://h'))", "asyncpg"),
    ("from pydantic import AnyUrl\nurl = AnyUrl.build(scheme='postgresql+asyncpg', host='h')", "asyncpg"),
    ("from pydantic import AnyUrl\nurl = str(AnyUrl('postgresql+asyncpg://h'))", "asyncpg"),
    ("url = str(MultiHostUrl('postgresql+asyncpg://h'))", "asyncpg"),
    ("from yarl import URL as Y\nurl = str(Y('postgresql+asyncpg://h'))", "asyncpg"),
]

REWRITTEN = [
    ("url = 'postgres://h'.replace('postgres://', 'postgresql+asyncpg://', 1)", "asyncpg"),
    ("url = 'postgresql+asyncpg://h'.replace('postgresql+asyncpg', 'postgresql')", "other"),
    ("url = 'postgresql+asyncpg://h'.replace('+asyncpg', '')", "other"),
    ("url = 'postgresql+asyncpg://h'.replace('+asyncpg', '+psycopg')", "other"),
    ("url = unknown.replace('postgresql://', 'postgresql+asyncpg://')", "asyncpg"),
    ("url = unknown.replace('postgresql+asyncpg://', 'postgresql://')", "other"),
    ("url = unknown.replace('+asyncpg', '')", "other"),
    ("url = unknown.replace('psycopg2', 'asyncpg')", "asyncpg"),
    ("url = unknown.replace('+psycopg', '+asyncpg')", "asyncpg"),
    ("url = unknown.replace('asyncpg', 'psycopg2')", "other"),
    ("url = unknown.replace('psycopg2', '')", "unknown"),
    ("url = unknown.replace('localhost', 'asyncpg')", "unknown"),
    (
        "url = unknown.replace('postgres://', 'postgresql://').replace('postgresql://', 'postgresql+asyncpg://')",
        "asyncpg",
    ),
    ("url = str(unknown.dsn).replace('postgresql://', 'postgresql+asyncpg://')", "asyncpg"),
    (
        "url = unknown\nif url.startswith('postgresql://'):\n"
        "    url = url.replace('postgresql://', 'postgresql+asyncpg://', 1)",
        "asyncpg?",
    ),
    (
        "url = unknown\nif url.startswith('postgresql://'):\n"
        "    url = 'postgresql+asyncpg://' + url[len('postgresql://'):]",
        "asyncpg?",
    ),
    (
        "url = unknown\nif url.startswith('postgresql://'):\n"
        "    url = 'postgresql+asyncpg://' + url.removeprefix('postgresql://')",
        "asyncpg?",
    ),
    (
        "url = 'sqlite://h'\nif url.startswith('postgresql://'):\n"
        "    url = url.replace('postgresql://', 'postgresql+asyncpg://', 1)",
        "other",
    ),
    (
        "url = unknown\nif url.startswith('sqlite'):\n    raise ValueError\n"
        "if not url.startswith('postgresql+asyncpg://'):\n    raise ValueError",
        "asyncpg",
    ),
    ("url = unknown\nassert url.startswith('postgresql+asyncpg')", "asyncpg"),
    ("url = unknown\nassert url.startswith('postgresql+asyncpg://')", "asyncpg"),
    ("p = 'postgres://'\nurl = 'postgres://h'\nurl = 'postgresql+asyncpg://' + url[len(p):]", "asyncpg"),
    ("scheme, _, rest = 'postgres://h'.partition('://')\nurl = f'postgresql+asyncpg://{rest}'", "asyncpg"),
    ("scheme, rest = unknown.split('://', 1)\nurl = f'postgresql+asyncpg://{rest}'", "asyncpg"),
    ("url = '://'.join(['postgresql+asyncpg', unknown])", "asyncpg"),
    ("import re\nurl = re.sub(r'^postgres(ql)?://', 'postgresql+asyncpg://', unknown)", "asyncpg"),
    ("import re\nurl = re.sub(r'^postgres(ql)?://', 'postgresql+asyncpg://', 'sqlite://')", "other"),
    ("import re\nurl = re.sub(r'\\+asyncpg', '', 'postgresql+asyncpg://h')", "other"),
    (
        "url = unknown\nfor old in ('postgres://', 'postgresql://'):\n"
        "    if url.startswith(old):\n"
        "        url = 'postgresql+asyncpg://' + url[len(old):]",
        "asyncpg?",
    ),
]

TABLE = WRITTEN + ENVIRONMENT + OBJECTS + REWRITTEN


@pytest.mark.parametrize(("code", "driver"), TABLE)
def test_the_driver_is(code: str, driver: str) -> None:
    assert driver_of(HEAD + code + CALL) == driver


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("url = os.environ['DB']", "it comes from the environment variable `DB`"),
        ("url = os.getenv(unknown)", "it comes from the environment"),
        ("url = missing", "the name `missing` is not bound"),
        ("url = 5", "the URL is not a string that can be followed"),
        ("url = f'{missing}://h'", "the name `missing` is not bound"),
        ("def f(a):\n    return a\nurl = f()", "the parameter `a` has no known caller"),
        ("from app.config import url", "`app.config.url` is outside the project"),
    ],
)
def test_an_unknown_driver_says_why(code: str, reason: str) -> None:
    assert silence_of(HEAD + code + CALL) == [f"the driver is not known: {reason}"]


def test_where_the_url_was_written_is_told() -> None:
    code = HEAD + "base = 'postgresql+asyncpg://h'\nurl = base" + CALL
    assert [(place.row, place.message) for place in engine_of(code).url_origin] == [(7, "the URL is written here")]


def test_what_stands_in_the_call_is_not_told_twice() -> None:
    assert engine_of(HEAD + "engine = create_async_engine('postgresql+asyncpg://h')").url_origin == ()
