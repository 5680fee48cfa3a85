"""A safe fix breaks no run of a program: code that it would break is not changed, or changed at the call instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from blocks import changes, files, lay, programs
from programs import engine_of, engines_of, on_by_default

from poolsafe.checker import check, check_bytes
from poolsafe.edits.application import repair
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability, Finding, Fix
from poolsafe.inference import Project
from poolsafe.source import Source

# ruff: noqa: E501 - a repaired line may be long

OFF = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
IMPORTS = """
import os
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
URL = "postgresql+asyncpg://app@db/app"
OFF = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
"""


def repaired(code: str, imports: str = IMPORTS) -> str:
    """Returns the program after its safe fixes, without the imports."""
    source = Source.from_text("app.py", imports + code)
    source.line_length = 10_000
    found = repair(source, _findings, _is_safe)
    return found.source.text[len(imports) :]


def _findings(source: Source) -> list[Finding]:
    return check(source, Deployment(PoolMode.TRANSACTION)).findings


def _is_safe(fix: Fix) -> bool:
    return fix.applicability is Applicability.SAFE


BROUGHT = {
    "the arguments come where a variable is set and empty": """
options = {"pool_pre_ping": True}
if os.getenv("DEBUG") is not None:
    options["connect_args"] = {"timeout": 5}
if os.getenv("DEBUG"):
    raise SystemExit
create_async_engine(URL, **options)
""",
    "the arguments come in a copy where a variable is set and empty": """
options = {"pool_pre_ping": True}
if os.getenv("DEBUG") is not None:
    options["connect_args"] = {"timeout": 5}
if os.getenv("DEBUG"):
    raise SystemExit
create_async_engine(URL, **{**options, "echo": True})
""",
    "the arguments come through a partial where a variable is set and empty": """
import functools
options = {"pool_pre_ping": True}
if os.getenv("DEBUG") is not None:
    options["connect_args"] = {"timeout": 5}
if not os.getenv("DEBUG"):
    functools.partial(create_async_engine, URL)(**options)
""",
    "the dict with the arguments is another one where a variable is set and empty": """
options = {"pool_pre_ping": True, "connect_args": {"timeout": 5}}
if os.getenv("DEBUG") is None:
    options = {"pool_pre_ping": True}
if not os.getenv("DEBUG"):
    create_async_engine(URL, **options)
""",
    "the ping comes in a branch for a variable that is set and empty": """
options = {"connect_args": dict(OFF)}
if os.getenv("DEBUG") is not None:
    if not os.getenv("DEBUG"):
        options["pool_pre_ping"] = True
create_async_engine(URL, **options)
""",
    "the ping comes from a function in a branch for a variable that is set and empty": """
def configure(given):
    given.update(pool_pre_ping=True)

options = {"connect_args": dict(OFF)}
if os.getenv("DEBUG"):
    options["echo"] = True
elif "DEBUG" in os.environ:
    configure(options)
create_async_engine(URL, **options)
""",
    "the ping comes if a variable with a default is set and empty": """
options = {"connect_args": dict(OFF)}
if os.environ.get("PING", "1"):
    options["echo"] = True
else:
    options["pool_pre_ping"] = True
create_async_engine(URL, **options)
""",
    "the ping comes in a choice if a variable with a default is set and empty": """
options = {"connect_args": OFF} if os.environ.get("PING", "1") else {"connect_args": OFF, "pool_pre_ping": True}
create_async_engine(URL, **options)
""",
    "a size is left out where a variable is set and empty": """
options = {"connect_args": {"prepared_statement_cache_size": 0}}
if os.getenv("DEBUG") is not None:
    options = {}
if os.getenv("DEBUG"):
    raise SystemExit
create_async_engine(URL, pool_pre_ping=True, connect_args=options.get("connect_args", {}))
""",
    "the ping comes with another pool": """
options = {"connect_args": dict(OFF)}
if os.getenv("DEBUG") is None:
    options = {"poolclass": NullPool, "pool_pre_ping": True, "connect_args": dict(OFF)}
create_async_engine(URL, **options)
""",
    "the dict gets the arguments under another name": """
import contextlib
options = {"pool_pre_ping": True}
with contextlib.nullcontext(options) as same:
    same.update(connect_args={"timeout": 5})
create_async_engine(URL, **options)
""",
    "one of two callers brings the ping": """
def _make(url, **options):
    return create_async_engine(url, connect_args=OFF, **options)

_make(URL)
_make(URL, pool_pre_ping=True, poolclass=NullPool)
""",
    "one of two callers of a decorated function brings the ping": """
def quietly(function):
    def inner(url, **options):
        return function(url, **options)
    return inner

@quietly
def _make(url, **options):
    return create_async_engine(url, connect_args=OFF, **options)

first = _make(URL)
second = _make(URL, pool_pre_ping=True, poolclass=NullPool)
""",
}


@pytest.mark.parametrize("code", BROUGHT.values(), ids=BROUGHT)
def test_no_keyword_is_added_that_may_come_inside_other_keywords(code: str) -> None:
    assert repaired(code) == code


PASSED_ON = """
    def make(url, **options):
        return create_async_engine(url, **options)
    make(URL)
    # becomes
    def make(url, **options):
        return create_async_engine(url, connect_args={**options.pop("connect_args", {}), SIZES}, pool_pre_ping=options.pop("pool_pre_ping", True), **options)
    make(URL)

    def make(url, **options):
        return create_async_engine(url, connect_args={"timeout": 5}, **options)
    make(URL)
    # becomes
    def make(url, **options):
        return create_async_engine(url, connect_args={"timeout": 5, SIZES}, pool_pre_ping=options.pop("pool_pre_ping", True), **options)
    make(URL)

    # One caller brings them.
    class Maker:
        def make(self, url, **options):
            return create_async_engine(url, **options)
    Maker().make(URL, connect_args=os.getenv("ARGS") and {"timeout": 5})
    # becomes
    class Maker:
        def make(self, url, **options):
            return create_async_engine(url, connect_args={**options.pop("connect_args", {}), SIZES}, pool_pre_ping=options.pop("pool_pre_ping", True), **options)
    Maker().make(URL, connect_args=os.getenv("ARGS") and {"timeout": 5})

    # Nobody else calls it.
    def _make(url, **options):
        return create_async_engine(url, **options)
    _make(URL)
    # becomes
    def _make(url, **options):
        return create_async_engine(url, connect_args={SIZES}, pool_pre_ping=True, **options)
    _make(URL)

    # What is taken out of the dict is missed elsewhere: this may break a caller, and is unsafe.
    def make(url, **options):
        print(options)
        return create_async_engine(url, **options)
    make(URL)
    # becomes
    def make(url, **options):
        print(options)
        return create_async_engine(url, **options)
    make(URL)

    def make(urls, **options):
        return [create_async_engine(url, **options) for url in urls]
    make([URL])
    # becomes
    def make(urls, **options):
        return [create_async_engine(url, **options) for url in urls]
    make([URL])
"""


@pytest.mark.parametrize(
    ("before", "wanted"),
    changes(PASSED_ON.replace("SIZES", '"statement_cache_size": 0, "prepared_statement_cache_size": 0')),
)
def test_callers_elsewhere_may_bring_what_a_fix_adds(before: str, wanted: str) -> None:
    assert repaired(before) == wanted


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{'statement_cache_size': 100}", Applicability.UNSAFE),
        ("{}", Applicability.UNSAFE),
        ("{'statement_cache_size': 0}", Applicability.SAFE),
        ("{'statement_cache_size': 0, 'prepared_statement_cache_size': 5}", Applicability.SAFE),
        ("{'statement_cache_size': 0}, prepared_statement_cache_size=0", Applicability.UNSAFE),
    ],
)
def test_a_fix_that_leaves_a_cache_of_a_caller_elsewhere_is_unsafe(
    given: str, expected: Applicability, tmp_path: Path
) -> None:
    project = f"""
        # file: config.py
        from sqlalchemy.ext.asyncio import create_async_engine
        URL = 'postgresql+asyncpg://db/a'
        def build(url, **options):
            return create_async_engine(url, **options)
        first = build(URL, pool_pre_ping=True, connect_args={{'statement_cache_size': 0}})

        # file: app.py
        from config import URL, build
        second = build(URL, pool_pre_ping=True, connect_args={given})
    """
    path, _ = lay(tmp_path, files(project))
    (finding,) = on_by_default(check_bytes(str(path), path.read_bytes(), Deployment(), Project(str(tmp_path)))[1])
    assert finding.fix is not None
    assert finding.fix.applicability is expected


def test_keywords_are_added_where_nothing_else_brings_them() -> None:
    code = """
options = {'echo': True}
create_async_engine(URL, **options)
"""
    assert engine_of(IMPORTS + code).layout.brought == frozenset()
    assert "pool_pre_ping=True" in repaired(code)
    assert "connect_args={" in repaired(code)


def test_the_options_of_one_engine_say_nothing_of_those_of_another() -> None:
    code = """
quiet = {'pool_pre_ping': True, 'connect_args': dict(OFF)}
create_async_engine(URL, **quiet)
options = dict(echo=True)
create_async_engine(URL, **options)
"""
    assert "create_async_engine(URL, connect_args={" in repaired(code)
    assert "pool_pre_ping=True, **options)" in repaired(code)


TWO_ITEMS = """
extra = {'prepared_statement_cache_size': 100}
extra['statement_cache_size'] = 50
"""
ONE_CALL = """
extra = dict(statement_cache_size=1, prepared_statement_cache_size=0)
"""
EITHER = """
extra = {'statement_cache_size': 1, 'prepared_statement_cache_size': 0} if os.getenv('A') else dict(OFF)
"""
OTHER = """
create_engine('postgresql+pg8000://app@db/app', connect_args=extra)
"""


@pytest.mark.parametrize("dicts", [TWO_ITEMS, ONE_CALL, EITHER])
def test_what_another_driver_gets_too_is_changed_at_the_call(dicts: str) -> None:
    changed = repaired(dicts + OTHER + "create_async_engine(URL, pool_pre_ping=True, connect_args=extra)\n")
    assert changed.startswith(dicts + OTHER)
    assert "connect_args={**extra, " in changed


def test_what_another_driver_gets_too_stays_where_the_call_cannot_be_changed() -> None:
    code = f"""{TWO_ITEMS}{OTHER}
options = {{'connect_args': extra, 'pool_pre_ping': True}}
create_async_engine(URL, **options)
"""
    assert repaired(code) == code


@pytest.mark.parametrize("dicts", [TWO_ITEMS, ONE_CALL])
def test_what_only_asyncpg_gets_is_changed_where_it_is_written(dicts: str) -> None:
    code = f"{dicts}create_async_engine(URL, pool_pre_ping=True, connect_args=extra)\n"
    assert "**" not in repaired(code)
    assert repaired(code) != code


POPPED = """
args = {'statement_cache_size': 50, 'prepared_statement_cache_size': 0}
if os.getenv('LAZY'):
    args.pop('statement_cache_size', None)
"""
UPDATED = """
args = {}
if os.getenv('FAST'):
    args.update(prepared_statement_cache_size=100, statement_cache_size='0')
"""


@pytest.mark.parametrize("dicts", [POPPED, UPDATED])
def test_a_size_that_some_path_lacks_is_set_at_the_call(dicts: str) -> None:
    changed = repaired(f"{dicts}create_async_engine(URL, pool_pre_ping=True, connect_args=args)\n")
    assert changed.startswith(dicts)
    assert 'connect_args={**args, "statement_cache_size": 0' in changed.replace("'", '"')


@pytest.mark.parametrize("dicts", [POPPED, UPDATED])
def test_a_size_that_some_path_lacks_stays_where_the_call_cannot_be_changed(dicts: str) -> None:
    code = f"""{dicts}
options = {{'connect_args': args, 'pool_pre_ping': True}}
create_async_engine(URL, **options)
"""
    assert repaired(code) == code


def test_all_places_that_write_a_size_are_changed_together() -> None:
    code = f"""{IMPORTS}
if os.getenv('A'):
    args = {{'statement_cache_size': 1}}
else:
    args = {{'statement_cache_size': 2}}
create_async_engine(URL, connect_args=args)
"""
    literals = engine_of(code).sizes.statement.literals
    assert literals is not None
    assert {code[start:end] for start, end in literals} == {"1", "2"}


HALVES = """
    args = dict([("statement_cache_size", 0)])
    if os.getenv("REGION") == "eu":
        args |= {"statement_cache_size": 0}
    create_async_engine(URL, pool_pre_ping=True, connect_args=args)

    class Options:
        def __init__(self):
            self.statement_cache_size = 0
    args = vars(Options()) if os.getenv("REGION") == "eu" else {"statement_cache_size": 0}
    create_async_engine(URL, pool_pre_ping=True, connect_args=args)

    args = {}
    for key in ["statement_cache_size"]:
        args[key] = 0
    if os.getenv("REGION") == "eu":
        args = {"statement_cache_size": 0}
    create_async_engine(URL, pool_pre_ping=True, connect_args=args)
"""


@pytest.mark.parametrize("code", programs(HALVES))
def test_a_size_that_a_path_sets_in_another_form_is_set_at_the_call(code: str) -> None:
    assert "connect_args={**args, " in repaired(f"{code}\n", IMPORTS.partition("OFF")[0])


def test_a_url_that_a_test_shows_to_be_of_another_driver_is_no_impossible_one() -> None:
    code = """
url = os.environ["DATABASE_URL"] if "DATABASE_URL" in os.environ else URL
if url.startswith("sqlite"):
    args = {}
else:
    args = {}
create_async_engine(url, connect_args=args)
"""
    assert repaired(code).count("statement_cache_size") == 2
    assert repaired(code).endswith("create_async_engine(url, connect_args=args)\n")


def test_nothing_is_repaired_where_a_mock_may_compare_the_arguments() -> None:
    code = """
def test_engine(monkeypatch):
    given = []
    monkeypatch.setattr("app.db.create_async_engine", lambda *args, **kwargs: given.append(kwargs))
    create_async_engine(URL, pool_pre_ping=True)
    assert given == [{'pool_pre_ping': True}]
"""
    assert repaired(code) == code
    assert repaired(code.replace('create_async_engine", ', 'session", ')) != code


def test_nothing_is_repaired_by_half_beside_what_is_not_known() -> None:
    code = """
from elsewhere import key
args = {'statement_cache_size': 1}
args[key] = 0
create_async_engine(URL, pool_pre_ping=True, connect_args=args)
"""
    assert repaired(code) == code


NAMED = """
    url = os.getenv('DATABASE_URL', URL)
    if not url:
        url = 'sqlite+aiosqlite:///app.db'
    create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    is_lite = 'sqlite' in url
    create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    name = f'sqlite:///{os.getcwd()}'
    create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    print(url.replace('+aiosqlite', ''))
    create_async_engine(url)

    # One of the arguments names SQLite.
    url = os.getenv('DATABASE_URL', URL)
    args = dict(check_same_thread=False)
    create_async_engine(url, connect_args=args if os.getenv('LOCAL') else {})

    # An argument hangs on the driver.
    url = os.getenv('DATABASE_URL', URL)
    create_async_engine(url, echo="postgresql" not in url and os.getenv("A") is not None)

    url = os.getenv('DATABASE_URL', URL)
    args = {}
    if not url.startswith("postgresql"):
        args["timeout"] = 5
    create_async_engine(url, pool_pre_ping=True, connect_args=dict(args))

    # What the test of the URL decides is overwritten.
    url = os.getenv('DATABASE_URL', URL)
    args = {"timeout": 15} if "postgresql" not in url else {}
    create_async_engine(url, pool_pre_ping=True, connect_args={**args, "timeout": 10})

    url = os.getenv('DATABASE_URL', URL)
    args = {}
    if not url.split(":")[0].startswith("postgresql"):
        args["timeout"] = 15
    args["timeout"] = 10
    create_async_engine(url, pool_pre_ping=True, connect_args=args)

    from sqlalchemy import make_url
    url = make_url(os.getenv('DATABASE_URL', URL))
    args = {"timeout": 15} if url.get_backend_name() != "postgresql" else {}
    create_async_engine(url, pool_pre_ping=True, connect_args={**args, "timeout": 10})

    # A table has both.
    urls = {"test": "sqlite+aiosqlite://", "production": URL}
    create_async_engine(urls[os.getenv("STAGE", "production")])

    # psycopg is also PostgreSQL's.
    url = os.getenv('DATABASE_URL', URL)
    args = {}
    if url.startswith('sqlite'):
        args['check_same_thread'] = False
    create_async_engine(url, pool_pre_ping=True, connect_args=args)
    fallback = 'postgresql+psycopg://db/app'

    url = os.getenv('DATABASE_URL', URL)
    if not url.startswith('postgresql'):
        raise SystemExit(f"not {url!r}, as postgresql+psycopg://")
    create_async_engine(url)

    # The environment brings a part of the URL.
    url = f"{os.getenv('SCHEME', 'postgresql+asyncpg')}://h/d"
    args = {'check_same_thread': False} if url.startswith('sqlite') else {}
    create_async_engine(url, connect_args={**args, 'timeout': 10})

    url = os.getenv('SCHEME', 'postgresql+asyncpg') + '://h/d'
    args = {'check_same_thread': False} if url.startswith('sqlite') else {}
    create_async_engine(url, connect_args={**args, 'timeout': 10})

    scheme = os.getenv('SCHEME', 'postgresql+asyncpg')
    args = {'check_same_thread': False} if scheme.startswith('sqlite') else {}
    create_async_engine('{}://h/d'.format(scheme), connect_args={**args, 'timeout': 10})

    url = f"postgresql+{os.getenv('DRIVER', 'asyncpg')}://h/d"
    args = {'prepare_threshold': None} if 'psycopg' in url else {}
    create_async_engine(url, connect_args={**args, 'timeout': 10})

    url = '%s' % os.getenv('DATABASE_URL', URL)
    args = {'check_same_thread': False} if url[:6] == 'sqlite' else {}
    create_async_engine(url, connect_args={**args, 'timeout': 10})

    # Tests of the URL that search it.
    import re
    url = os.getenv('DATABASE_URL', URL)
    args = {'timeout': 15} if not re.match('postgresql', url) else {}
    create_async_engine(url, connect_args={**args, 'timeout': 10})

    url = os.getenv('DATABASE_URL', URL)
    args = {'timeout': 15} if url.find('sqlite') == 0 else {}
    create_async_engine(url, connect_args={**args, 'timeout': 10})

    url = os.getenv('DATABASE_URL', URL)
    args = {} if url.lower().startswith(('postgresql', 'postgres')) else {'timeout': 15}
    create_async_engine(url, connect_args={**args, 'timeout': 10})

    url = os.getenv('DATABASE_URL', URL)
    args = {} if any(one in url for one in ('postgresql', 'postgres')) else {'timeout': 15}
    create_async_engine(url, connect_args={**args, 'timeout': 10})

    # A test that changes no argument.
    url = os.getenv('DATABASE_URL', URL)
    if 'asyncpg' not in url:
        print('no prepared statements')
    create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    def is_local():
        return not url.startswith('postgresql')
    create_async_engine(url)

    # The name of the driver comes from the environment.
    from sqlalchemy import URL as Address
    url = Address.create(f"postgresql+{os.getenv('DB_DRIVER', 'asyncpg')}")
    args = {'timeout': 15} if 'asyncpg' not in str(url) else {}
    create_async_engine(url, connect_args={**args, 'timeout': 10})

    from sqlalchemy import URL as Address
    url = Address.create('postgresql').set(drivername=f"postgresql+{os.getenv('DB_DRIVER', 'asyncpg')}")
    args = {'timeout': 15} if 'asyncpg' not in str(url) else {}
    create_async_engine(url, connect_args={**args, 'timeout': 10})

    # The URL passes through a function of a library.
    import re
    url = re.sub('^postgresql:', 'postgresql+asyncpg:', os.getenv('DATABASE_URL', 'postgresql://db/app'))
    create_async_engine(url, echo=url.startswith('sqlite'))

    from alembic import context
    url = os.getenv('DATABASE_URL', URL)
    context.config.set_main_option('sqlalchemy.url', url)
    create_async_engine(context.config.get_main_option('sqlalchemy.url'), echo='sqlite' in url)
"""


@pytest.mark.parametrize("code", programs(NAMED))
def test_nothing_is_repaired_where_the_environment_may_bring_a_driver_that_is_named(code: str) -> None:
    assert repaired(f"{code}\n") == f"{code}\n"


UNNAMED = """
    url = os.getenv('DATABASE_URL', URL)
    create_async_engine(url)

    '''Not for sqlite.'''
    url = os.getenv('DATABASE_URL', URL)
    create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL).replace('+psycopg2', '+asyncpg')
    create_async_engine(url)

    lite = 'sqlite:///app.db'
    create_async_engine(URL)

    # Tests that choose the URL, or lead to the call.
    url = os.getenv('DATABASE_URL', URL)
    if 'asyncpg' not in url:
        url = url.replace('postgresql://', 'postgresql+asyncpg://')
    create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    if url.startswith('postgresql://') and '+asyncpg' not in url:
        url = url.replace('postgresql://', 'postgresql+asyncpg://')
    create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    if not url.startswith('postgresql'):
        raise SystemExit
    create_async_engine(url)
"""


@pytest.mark.parametrize("code", programs(UNNAMED))
def test_a_default_speaks_for_the_environment_where_no_other_driver_is_named(code: str) -> None:
    assert "connect_args=" in repaired(f"{code}\n")


RULED_OUT = """
    url = os.getenv('DATABASE_URL', URL)
    if url.split(':', 1)[0] == 'sqlite+aiosqlite':
        pass
    else:
        create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    if url.split(':', 1)[0] != 'sqlite+aiosqlite':
        create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    if not url.startswith('sqlite'):
        create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    if url.find('sqlite') == -1:
        create_async_engine(url)

    url = os.getenv('DATABASE_URL') or URL
    if not url.startswith(('postgresql')):
        raise SystemExit('not sqlite')
    create_async_engine(url)
"""


@pytest.mark.parametrize("code", programs(RULED_OUT))
def test_a_branch_that_has_ruled_the_other_driver_out_is_repaired(code: str) -> None:
    assert all(engine.url.driver_everywhere for engine in engines_of(IMPORTS + code))
    assert "connect_args=" in repaired(f"{code}\n")


TESTED_TWICE = """
    url = os.getenv('DATABASE_URL', URL)
    if url.startswith('sqlite'):
        options = {'connect_args': {'check_same_thread': False}}
        first = create_async_engine(url, **options)
    if url.split(':', 1)[0] != 'sqlite+aiosqlite':
        create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    if url.startswith('sqlite'):
        options = {'connect_args': {'check_same_thread': False}}
        first = create_async_engine(url, **options)
    if url.partition(':')[0] == 'sqlite+aiosqlite':
        pass
    else:
        create_async_engine(url)
"""
# Here another engine of SQLite may reach the call.
NOT_THE_DRIVER = """
    url = os.getenv('DATABASE_URL', URL)
    if url != 'sqlite+aiosqlite:///app.db':
        create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    if url == 'sqlite://':
        first = create_engine(url)
    else:
        create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    if url.startswith('sqlite'):
        options = {'connect_args': {'check_same_thread': False}}
        first = create_async_engine(url, **options)
    if url != 'sqlite+aiosqlite:///app.db':
        create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    if url.startswith('sqlite'):
        options = {'connect_args': {'check_same_thread': False}}
        first = create_async_engine(url, **options)
    if os.getenv('OTHER_URL', URL).split(':', 1)[0] != 'sqlite+aiosqlite':
        create_async_engine(url)

    url = os.getenv('DATABASE_URL', URL)
    if url.startswith('sqlite'):
        options = {'connect_args': {'check_same_thread': False}}
        first = create_async_engine(url, **options)
    if url.split(':', 1)[0] != 'sqlite+aiosqlite':
        AsyncEngine(create_engine(url))

    url = os.getenv('DATABASE_URL', URL)
    if url.startswith('mysql'):
        options = {'connect_args': {'check_same_thread': False}}
        first = create_async_engine(url, **options)
    if url.split(':', 1)[0] != 'mysql+aiomysql':
        create_async_engine(url)
"""


@pytest.mark.parametrize("code", programs(TESTED_TWICE))
def test_sqlite_has_one_asynchronous_driver(code: str) -> None:
    assert "connect_args=" in repaired(f"{code}\n")


@pytest.mark.parametrize("code", programs(NOT_THE_DRIVER))
def test_another_url_of_the_database_is_not_excluded(code: str) -> None:
    assert "connect_args=" not in repaired(f"{code}\n")


FOR_POSTGRESQL = """
    url = os.environ.get("DATABASE_URL", URL)
    options = {"pool_pre_ping": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    create_async_engine(url, **options)
    # becomes
    url = os.environ.get("DATABASE_URL", URL)
    options = {"pool_pre_ping": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    else:
        options["connect_args"] = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    create_async_engine(url, **options)

    url = os.getenv('DATABASE_URL', URL)
    if url.startswith('postgresql'):
        create_async_engine(url, pool_pre_ping=True)
    else:
        create_async_engine(url, connect_args={"check_same_thread": False})
    # becomes
    url = os.getenv('DATABASE_URL', URL)
    if url.startswith('postgresql'):
        create_async_engine(url, pool_pre_ping=True, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0})
    else:
        create_async_engine(url, connect_args={"check_same_thread": False})

    url = os.getenv('DATABASE_URL', URL)
    args = {"timeout": 10} if url.startswith("postgres") else {"check_same_thread": False}
    create_async_engine(url, pool_pre_ping=True, connect_args=args)
    # becomes
    url = os.getenv('DATABASE_URL', URL)
    args = {"timeout": 10, "statement_cache_size": 0, "prepared_statement_cache_size": 0} if url.startswith("postgres") else {"check_same_thread": False}
    create_async_engine(url, pool_pre_ping=True, connect_args=args)

    url = os.getenv("DATABASE_URL", URL)
    args = {}
    if "postgresql" in url.lower():
        args["timeout"] = 10
    create_async_engine(url, pool_pre_ping=True, connect_args=args)
    # becomes
    url = os.getenv("DATABASE_URL", URL)
    args = {}
    if "postgresql" in url.lower():
        args["timeout"] = 10
        args["statement_cache_size"] = 0
        args["prepared_statement_cache_size"] = 0
    create_async_engine(url, pool_pre_ping=True, connect_args=args)

    url = os.getenv("DATABASE_URL") or os.getenv("DB_URL")
    if not url:
        url = URL
    args = {}
    if "sqlite" in url:
        args["check_same_thread"] = False
    else:
        args["timeout"] = 10
    create_async_engine(url, pool_pre_ping=True, connect_args=args)
    # becomes
    url = os.getenv("DATABASE_URL") or os.getenv("DB_URL")
    if not url:
        url = URL
    args = {}
    if "sqlite" in url:
        args["check_same_thread"] = False
    else:
        args["timeout"] = 10
        args["statement_cache_size"] = 0
        args["prepared_statement_cache_size"] = 0
    create_async_engine(url, pool_pre_ping=True, connect_args=args)

    found = os.getenv("DATABASE_URL")
    url = URL
    if found:
        url = found
    if "sqlite" in url:
        create_async_engine(url, connect_args={"check_same_thread": False})
    else:
        create_async_engine(url, pool_pre_ping=True)
    # becomes
    found = os.getenv("DATABASE_URL")
    url = URL
    if found:
        url = found
    if "sqlite" in url:
        create_async_engine(url, connect_args={"check_same_thread": False})
    else:
        create_async_engine(url, pool_pre_ping=True, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0})
"""


@pytest.mark.parametrize(("before", "after"), changes(FOR_POSTGRESQL))
def test_a_branch_for_postgresql_is_repaired_beside_one_for_another_database(before: str, after: str) -> None:
    assert repaired(f"{before}\n") == f"{after}\n"


THIRD = """
    url = os.getenv('DATABASE_URL', URL)
    args = {"check_same_thread": False} if url.startswith("sqlite") else {}
    create_async_engine(url, pool_pre_ping=True, echo=url.startswith("mysql"), connect_args=args)

    url = os.getenv('DATABASE_URL', URL)
    if url.startswith("sqlite"):
        create_async_engine(url, connect_args={"check_same_thread": False})
    else:
        create_async_engine(url, pool_pre_ping=True, echo="mysql" in url)
"""


@pytest.mark.parametrize("code", programs(THIRD))
def test_a_test_for_one_database_does_not_exclude_another_one(code: str) -> None:
    assert repaired(f"{code}\n") == f"{code}\n"


PUT_INTO = """
    url = os.environ["URL"].replace("postgresql://", "postgresql+asyncpg://")
    url = url.replace("sqlite://", "sqlite+aiosqlite://")
    create_async_engine(url)

    url = os.environ["URL"].replace("sqlite", "sqlite+aiosqlite", 1).replace("postgresql", "postgresql+asyncpg", 1)
    create_async_engine(url)

    url = os.environ["URL"].replace("mysql:", "mysql+aiomysql:").replace("postgres:", "postgresql+asyncpg:")
    create_async_engine(url)
"""


@pytest.mark.parametrize("code", programs(PUT_INTO))
def test_a_driver_that_is_put_into_the_url_of_another_database_counts(code: str) -> None:
    assert [engine.url.driver.value for engine in engines_of(IMPORTS + code)] == ["asyncpg"]
    assert "connect_args=" not in repaired(f"{code}\n")


READ = """
    args = {**OFF, "statement_cache_size": 50}
    if args.get("statement_cache_size") == 0:
        create_async_engine(URL)
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    args = {**OFF, "statement_cache_size": 50}
    size = args["statement_cache_size"]
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    args = {**OFF, "statement_cache_size": 50}
    if "statement_cache_size" in args:
        print("set")
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})
"""


@pytest.mark.parametrize("code", programs(READ))
def test_a_literal_stays_where_the_file_reads_what_it_sets(code: str) -> None:
    assert "50" in repaired(code)


def test_a_test_of_a_text_reads_no_item() -> None:
    code = """
url = os.getenv("DATABASE_URL", URL)
if "statement_cache_size" not in url.lower():
    print("set in the code")
args = {"check_same_thread": False} if "sqlite" in url else {}
create_async_engine(url, pool_pre_ping=True, connect_args=args)
"""
    assert repaired(code) == code.replace("else {}", "else {SIZES}").replace("SIZES", str(OFF)[1:-1].replace("'", '"'))


def test_a_literal_is_changed_where_items_are_only_set() -> None:
    code = 'args = {**OFF}\nargs["statement_cache_size"] = 50\nargs["prepared_statement_cache_size"] = 0\n'
    call = 'create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})\n'
    assert repaired(code + call) == code.replace("50", "0") + call


CONDITIONAL = """
    args = {**OFF, "statement_cache_size": 0 if os.getenv("CI") else 50}
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    args = {**OFF}
    args["statement_cache_size"] = 50 if os.getenv("CI") else (20 if os.getenv("DEV") else 0)
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    args = dict(OFF, statement_cache_size=(-1 if "CI" in os.environ else None))
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    def make(url, **options):
        if "asyncpg" in url:
            options["connect_args"] = {**OFF, "statement_cache_size": 0 if os.getenv("CI") else 50}
        return create_async_engine(url, pool_pre_ping=True, **options)
    make(URL)
    make("sqlite+aiosqlite://")
"""


@pytest.mark.parametrize("code", programs(CONDITIONAL))
def test_a_conditional_size_is_replaced_as_a_whole(code: str) -> None:
    size = re.search(r"statement_cache_size(?:\": |\"] = |=)(\(.*?\)(?=\))|[^}\n]*)", code)
    assert size is not None
    assert repaired(code) == f"{code[: size.start(1)]}0{code[size.end(1) :]}"


TESTED_FOR_TRUTH = """
    options = {"echo": False, "connect_args": {}}
    if options.get("connect_args"):
        del options["echo"]
    create_async_engine(URL, pool_pre_ping=True, **options)

    options = {"connect_args": {}}
    if options["connect_args"]:
        print("arguments")
    create_async_engine(URL, pool_pre_ping=True, **options)

    args = {}
    options = {"connect_args": args}
    if args:
        print("arguments")
    create_async_engine(URL, pool_pre_ping=True, **options)

    args = {}
    options = {"connect_args": args, "echo": True if args else False}
    create_async_engine(URL, pool_pre_ping=True, **options)

    options = {"pool_pre_ping": True}
    same = options
    same["connect_args"] = {}
    if options.get("connect_args"):
        options["poolclass"] = NullPool
    create_async_engine(URL, **options)

    options = {"pool_pre_ping": True}
    def adjust(shown=options):
        shown |= {"connect_args": {}}
    adjust()
    if options.get("connect_args"):
        options["poolclass"] = NullPool
    create_async_engine(URL, **options)

    options = {"pool_pre_ping": True}
    def adjust(shown):
        shown.update(connect_args={})
    adjust(options)
    if options.get("connect_args"):
        options["poolclass"] = NullPool
    create_async_engine(URL, **options)

    options = {"pool_pre_ping": True}
    (first, last) = options, options
    first["connect_args"] = {}
    if last.get("connect_args"):
        options["poolclass"] = NullPool
    create_async_engine(URL, **options)

    def adjust(shown):
        if shown.get("connect_args"):
            shown["poolclass"] = NullPool
    options = {"pool_pre_ping": True, "connect_args": {}}
    adjust(options)
    create_async_engine(URL, **options)

    def first_of(*values):
        for value in values:
            return value
    options = {"pool_pre_ping": True}
    current = first_of(options)
    current["connect_args"] = dict()
    if options.get("connect_args"):
        options["poolclass"] = NullPool
    create_async_engine(URL, **options)

    def same(given):
        return given
    options = {"pool_pre_ping": True}
    current = same(options)
    current["connect_args"] = {}
    plain = not options["connect_args"]
    create_async_engine(URL, **options, poolclass=None if plain else NullPool)

    def same(given):
        return given
    options = {"pool_pre_ping": True}
    current = same(options)
    current["connect_args"] = {}
    count = len(options["connect_args"])
    create_async_engine(URL, **options, poolclass=NullPool if count else None)

    def same(given):
        return given
    options = {"pool_pre_ping": True}
    current = same(options)
    current["connect_args"] = {}
    filled = bool(options["connect_args"])
    create_async_engine(URL, **options, poolclass=NullPool if filled else None)

    def same(given):
        return given
    options = {"pool_pre_ping": True}
    current = same(options)
    current["connect_args"] = {}
    plain = options["connect_args"] == {}
    create_async_engine(URL, **options, poolclass=None if plain else NullPool)
"""
GIVEN_EMPTY = """
    def make(url):
        options = dict(connect_args={})
        if not url.startswith("sqlite") and os.environ.get("MODE") == "fast":
            options = dict(connect_args={"command_timeout": 30})
        return create_async_engine(url, pool_pre_ping=True, **options)
    make(URL)
    make("sqlite+aiosqlite:///app.db")
"""
EXTENDED_IN_A_FUNCTION = """
    def adjust(shown):
        shown["connect_args"] = {}
    options = {"pool_pre_ping": True}
    adjust(options)
    create_async_engine(URL, **options)

    def adjust(shown, echo=False):
        shown["echo"] = echo
        return shown
    create_async_engine(URL, **adjust({"pool_pre_ping": True, "connect_args": {}}, echo=True))
"""
READ_ELSEWHERE = """
    # A function of another module with the same name.
    def make(options):
        return create_async_engine(URL, pool_pre_ping=True, **options)
    args = {"timeout": 5}
    options = {"connect_args": args}
    make(options)
    sync_driver.make(options)

    # The first parameter of a function is no instance.
    def make(cls, options):
        return create_async_engine(URL, pool_pre_ping=True, **options)
    def log(cls, shown, unused):
        print(shown)
    args = {"timeout": 5}
    options = {"connect_args": args}
    make(int, options=options)
    log(int, options, None)

    from elsewhere import make
    if not make:
        def make(options):
            return create_async_engine(URL, pool_pre_ping=True, **options)
    args = {"timeout": 5}
    options = {"connect_args": args}
    make(options)
"""
READ_AS_AN_ITEM = """
    args = {"timeout": 5}
    box = {"a": args}
    print(box["a"])
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    def show(box):
        print(box["a"])
    args = {"timeout": 5}
    box = dict(b=1)
    box["a"] = args
    show(box)
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    args = {"timeout": 5}
    box = dict(a=args)
    handle(**box["a"])
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    args = {"timeout": 5}
    box = {}
    box.update(a=args)
    print(box.get("a"))
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    args = {"timeout": 5}
    box = {}
    box.setdefault(os.environ["NAME"], args)
    if len(box["a"]) > 1:
        raise ValueError
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    args = {"timeout": 5}
    box = {"a": args}
    print(box.pop(os.environ["NAME"]))
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    args = {"timeout": 5}
    box = {"a": {"b": args}}
    inner = box["a"]
    print(inner["b"])
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})
"""
READ_BESIDE = """
    args = {"timeout": 5}
    print(args["timeout"], args.get("ssl"))
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    args = {"timeout": 5}
    box = {"a": args, "b": 1}
    print(box["b"], box["a"]["timeout"])
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})
"""


@pytest.mark.parametrize("code", programs(TESTED_FOR_TRUTH))
def test_a_dict_stays_empty_where_the_file_tests_whether_it_is(code: str) -> None:
    assert repaired(code) == code


def test_no_dict_is_extended_in_place_of_an_empty_one_for_both_drivers() -> None:
    (code,) = programs(GIVEN_EMPTY)
    assert repaired(code) == code


@pytest.mark.parametrize("code", programs(EXTENDED_IN_A_FUNCTION))
def test_a_dict_is_extended_if_functions_of_the_file_pass_it_on(code: str) -> None:
    assert repaired(code) == code.replace("{}", '{"statement_cache_size": 0, "prepared_statement_cache_size": 0}')


@pytest.mark.parametrize("code", programs(READ_ELSEWHERE, READ_AS_AN_ITEM))
def test_no_dict_is_extended_that_other_code_reads(code: str) -> None:
    assert '"timeout": 5}' in repaired(code)


@pytest.mark.parametrize("code", programs(READ_BESIDE))
def test_a_dict_is_extended_whose_other_items_are_read(code: str) -> None:
    assert '"timeout": 5, "statement_cache_size": 0' in repaired(code)


def test_a_url_that_is_empty_changes_nothing_where_the_program_ends() -> None:
    code = """
url = os.environ.get("DATABASE_URL", URL)
if not url:
    raise RuntimeError("no URL")
if url:
    create_async_engine(url, connect_args=OFF)
"""
    assert "pool_pre_ping=True" in repaired(code)


def test_a_dict_is_extended_where_another_one_replaces_it_if_it_is_empty() -> None:
    code = """
args = {}
create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args if args else {}})
"""
    assert '"statement_cache_size": 0' in repaired(code)


def test_a_dict_stays_empty_where_another_one_replaces_it_for_another_driver() -> None:
    code = """
url = os.getenv("DATABASE_URL", URL)
args = {}
if "sqlite" not in url:
    args.update(command_timeout=60)
create_async_engine(url, pool_pre_ping=True, connect_args=args or {})
"""
    assert repaired(code) == code


def test_a_size_in_the_url_is_no_place_for_the_other_one() -> None:
    code = """
options = {}
if os.getenv("WORKERS"):
    options["connect_args"] = {"prepared_statement_cache_size": 0}
create_async_engine(f"{URL}?prepared_statement_cache_size=0", pool_pre_ping=True, **options)
"""
    assert repaired(code) == code


def test_a_dict_that_is_cleared_keeps_no_key_from_its_display() -> None:
    code = """
args = {"prepared_statement_cache_size": 0}
args.clear()
create_async_engine(f"{URL}?prepared_statement_cache_size=0", pool_pre_ping=True, connect_args=args)
"""
    assert repaired(code) == code.replace("=args)", '={**args, "statement_cache_size": 0})')


def test_a_key_in_the_url_of_two_engines_is_moved_for_both() -> None:
    code = """
DSN = "postgresql+asyncpg://app@db/app?statement_cache_size=0"
first = create_async_engine(DSN, pool_pre_ping=True)
second = create_async_engine(DSN, pool_pre_ping=True)
"""
    assert repaired(code).count("connect_args={") == 2
    assert "?" not in repaired(code)


LEFT_CONDITIONAL = """
    # The condition has an effect.
    args = {**OFF, "statement_cache_size": 0 if clear() else 50}
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    # One of the values is not known.
    args = {**OFF, "statement_cache_size": unknown if os.getenv("CI") else 50}
    create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    # Another driver gets one of the values.
    def args(url):
        return {**OFF, "statement_cache_size": 1 if url.startswith("sqlite") else 50}
    for each in (URL, "sqlite+aiosqlite://"):
        create_async_engine(each, pool_pre_ping=True, **{"connect_args": args(each)})
"""


@pytest.mark.parametrize("code", programs(LEFT_CONDITIONAL))
def test_a_conditional_size_stays_where_it_has_other_meanings(code: str) -> None:
    assert "else 50" in repaired(code)


def test_no_key_is_written_that_another_module_removes(tmp_path: Path) -> None:
    project = """
        # file: config.py
        from sqlalchemy.ext.asyncio import create_async_engine
        URL = 'postgresql+asyncpg://db/a'
        ARGS = {'prepared_statement_cache_size': 0}
        def build(**options):
            return create_async_engine(URL, pool_pre_ping=True, **options)

        # file: app.py
        from config import ARGS, build
        ARGS.pop('statement_cache_size', None)
        engine = build(connect_args=ARGS)
    """
    path, _ = lay(tmp_path, files(project))
    (finding,) = on_by_default(check_bytes(str(path), path.read_bytes(), Deployment(), Project(str(tmp_path)))[1])
    assert finding.fix is not None
    assert min(edit.start for edit in finding.fix.edits) > path.read_text().index("def build")


SHARED = {
    "db.py": """
from sqlalchemy.ext.asyncio import create_async_engine
class Options:
    ARGS = {"statement_cache_size": 50, "prepared_statement_cache_size": 0}
engine = create_async_engine("postgresql+asyncpg://db/a", pool_pre_ping=True, **{"connect_args": Options.ARGS})
def start(url):
    return create_async_engine(url, pool_pre_ping=True)
local = start("postgresql+asyncpg://db/b")
""",
    "other.py": """
from sqlalchemy import create_engine
from db import Options, start
engine = create_engine("postgresql+psycopg://db/a", connect_args=Options.ARGS)
tests = start("sqlite+aiosqlite:///a")
""",
}


def test_what_another_module_gives_to_another_driver_stays(tmp_path: Path) -> None:
    lay(tmp_path, {**SHARED, "pyproject.toml": ""})

    def findings(source: Source) -> list[Finding]:
        return check(source, Deployment(PoolMode.TRANSACTION), Project()).findings

    source = Source.from_text(str(tmp_path / "db.py"), SHARED["db.py"])
    assert {finding.code for finding in findings(source)} == {"PGB101", "PGB103"}
    assert repair(source, findings, _is_safe).source.text == SHARED["db.py"]


CREATORS = {
    "a function": (
        "async def connect():\n    return await asyncpg.connect(DSN, timeout=5)\n",
        "asyncpg.connect(DSN, timeout=5, statement_cache_size=0)",
    ),
    "a lambda with a size": (
        "connect = lambda: asyncpg.connect(DSN, statement_cache_size=9)\n",
        "statement_cache_size=0)",
    ),
    "either of two calls": (
        "async def connect():\n    if os.getenv('A'):\n        return await asyncpg.connect(DSN)\n"
        "    return await asyncpg.connect(DSN)\n",
        "asyncpg.connect(DSN, statement_cache_size=0)\n    return await asyncpg.connect(DSN, statement_cache_size=0)",
    ),
    "Google's connector": (
        "async def connect():\n    return await connector.connect_async('p:r:i', 'asyncpg', user='u')\n",
        "'asyncpg', user='u', statement_cache_size=0)",
    ),
    "SQLAlchemy's connection around it": (
        "from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection as Adapted\n"
        "async def connect():\n    return Adapted(None, await asyncpg.connect(DSN))\n",
        "asyncpg.connect(DSN, statement_cache_size=0)",
    ),
    "keywords that may hold the size": (
        "def make(**options):\n    return lambda: asyncpg.connect(DSN, **options)\nconnect = make(timeout=5)\n",
        "",
    ),
    "a creator of unknown connections": ("from elsewhere import connect\n", ""),
    "one of two connections unknown": (
        "async def connect():\n    if os.getenv('A'):\n        return await pool.acquire()\n"
        "    return await asyncpg.connect(DSN)\n",
        "",
    ),
}


@pytest.mark.parametrize(("creator", "written"), CREATORS.values(), ids=CREATORS)
def test_the_size_goes_into_the_creators_own_call(creator: str, written: str) -> None:
    head = "import asyncpg\nDSN = 'postgresql://db/app'\n"
    code = f"{head}{creator}create_async_engine(URL, async_creator=connect, pool_pre_ping=True)\n"
    assert written in repaired(code) if written else repaired(code) == code


COMMENTED = """
    create_async_engine(URL, connect_args={"statement_cache_size": 9})  # unsafe
    create_async_engine(URL, connect_args={"statement_cache_size": 9, "user": "#"})
    create_async_engine(URL, connect_args={"statement_cache_size": 9})  # noqa: E501
    create_async_engine(URL, connect_args={"statement_cache_size": 9})  # type: ignore[call-arg]
    create_async_engine(URL, connect_args={"user": "a"})  # what is added contradicts no comment
"""


def test_a_comment_on_a_value_that_changes_makes_the_fix_unsafe() -> None:
    found = {}
    for line in programs(COMMENTED)[0].splitlines():
        finding, *_ = _findings(Source.from_text("app.py", f"{IMPORTS}{line}\n"))
        assert finding.fix is not None
        found[line] = finding.fix
    assert [fix.applicability for fix in found.values()] == [Applicability.UNSAFE] + [Applicability.SAFE] * 4
    assert "and review the comment about the old value" in next(iter(found.values())).message


def test_many_variables_in_a_url_do_not_hide_its_driver() -> None:
    variables = ["USER", "PASSWORD", "HOST", "PORT", "NAME"]
    user, password, host, port, name = (f"{{os.getenv('DB_{one}')}}" for one in variables)
    fixed = repaired(f'create_async_engine(f"postgresql+asyncpg://{user}:{password}@{host}:{port}/{name}")\n')
    assert '"statement_cache_size": 0' in fixed
    assert "pool_pre_ping=True" in fixed


def test_a_function_that_callers_may_replace_may_not_accept_another_argument() -> None:
    code = f"""{IMPORTS}
class Database:
    def __init__(self, create_engine=create_async_engine):
        self.create_engine = create_engine

    def open(self):
        self.engine = self.create_engine(URL)
"""
    found = _findings(Source.from_text("app.py", code))
    assert {one.code: one.fix.applicability for one in found if one.fix is not None} == {
        "PGB101": Applicability.UNSAFE,
        "PGB201": Applicability.UNSAFE,
    }


def test_other_modules_may_bring_another_driver_to_the_place_of_a_fix(tmp_path: Path) -> None:
    code = f"""{IMPORTS}
def create(url):
    options = {{"pool_pre_ping": True}}
    if url.startswith("sqlite"):
        options.pop("pool_size", None)
    return create_async_engine(url, **options)


engine = create("postgresql+asyncpg://db/app")
"""
    path = tmp_path / "database.py"
    path.write_text(code, encoding="utf-8")
    source = Source.from_text(str(path), code)

    def safe_fixes() -> list[str]:
        findings = check(source, Deployment(), Project(str(tmp_path))).findings
        return [one.code for one in findings if one.fix is not None and one.fix.applicability is Applicability.SAFE]

    assert safe_fixes() == ["PGB101"]
    other = "from database import create\n\nlocal = create('sqlite+aiosqlite:///app.db')\n"
    (tmp_path / "app.py").write_text(other, encoding="utf-8")
    assert safe_fixes() == []


SETTINGS = """
    # file: settings.py
    import os
    URL = os.getenv('DATABASE_URL', 'postgresql+asyncpg://db/app')

    # file: env.py
    from settings import URL
    from sqlalchemy.ext.asyncio import create_async_engine
    engine = create_async_engine(URL)
"""
ELSEWHERE = {
    "no other module tests the URL": (
        """
        # file: report.py
        from settings import URL
        print(URL)
        """,
        ["PGB101", "PGB201"],
    ),
    "another user of the settings tests the URL": (
        """
        # file: report.py
        from settings import URL
        is_lite = URL.startswith('sqlite')
        """,
        [],
    ),
    "a function that creates engines tests the URL that a user of the settings passes": (
        """
        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def create(url):
            return create_async_engine(url, **({} if 'asyncpg' in url else {'echo': True}))
        """,
        [],
    ),
    "a test of the project that is no part of the program": (
        """
        # file: report.py
        def convert(name):
            return name == 'sqlite'
        """,
        ["PGB101", "PGB201"],
    ),
}


def test_no_fix_is_safe_that_leaves_the_options_of_another_driver_to_an_engine() -> None:
    code = """
url = os.getenv("DATABASE_URL", URL)
OPTIONS = {
    "lite": {"connect_args": {"check_same_thread": False}},
    "ours": {"connect_args": {"command_timeout": 60}},
}
options = OPTIONS["lite" if "asyncpg" not in url else "ours"]
create_async_engine(url, pool_pre_ping=True, **options)
create_async_engine(URL, pool_pre_ping=True, **options)
"""
    fixes = [one.fix for one in _findings(Source.from_text("app.py", IMPORTS + code)) if one.code == "PGB101"]
    assert [fix is not None and _is_safe(fix) for fix in fixes] == [True, False]


def test_a_dict_that_a_condition_gives_to_another_driver_stays_empty() -> None:
    code = """
url = os.getenv("DATABASE_URL", URL)
args = {}
if url.split("+")[0] == "mysql":
    args["connect_timeout"] = 5
else:
    args["timeout"] = 60
create_async_engine(url, pool_pre_ping=True, connect_args=args)
create_async_engine(URL, pool_pre_ping=True, connect_args=args)
"""
    assert "args = {}" in repaired(code)


@pytest.mark.parametrize(("other", "safe"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_test_for_another_driver_in_another_module_counts(tmp_path: Path, other: str, safe: list[str]) -> None:
    lay(tmp_path, files(SETTINGS) | files(other))
    path = tmp_path / "env.py"
    source = Source.from_text(str(path), path.read_text(encoding="utf-8"))
    findings = check(source, Deployment(), Project(str(tmp_path))).findings
    assert [one.code for one in findings if one.fix is not None and _is_safe(one.fix)] == safe


@pytest.mark.parametrize(
    ("given", "safe"), [("'sqlite+aiosqlite:///test.db'", []), ("'postgresql+asyncpg://db/test'", ["PGB101", "PGB201"])]
)
def test_what_tests_give_to_another_driver_stays(tmp_path: Path, given: str, safe: list[str]) -> None:
    written = f"""
        # file: pyproject.toml

        # file: db.py
        from sqlalchemy.ext.asyncio import create_async_engine
        def connect(url):
            return create_async_engine(url)

        # file: app.py
        from db import connect
        engine = connect('postgresql+asyncpg://db/app')

        # file: tests/conftest.py
        from db import connect
        engine = connect({given})
    """
    lay(tmp_path, files(written))
    path = tmp_path / "db.py"
    source = Source.from_text(str(path), path.read_text(encoding="utf-8"))
    findings = check(source, Deployment(), Project(str(tmp_path))).findings
    assert [one.code for one in findings if one.fix is not None and _is_safe(one.fix)] == safe
