"""The fix of connect parameters: its output, and the parameters that it does not change."""

# ruff: noqa: E501 - a repaired call stands in one line

from __future__ import annotations

import pytest
from blocks import changes, programs
from by_hand import source_of
from programs import TRANSACTION

from poolsafe.checker import check
from poolsafe.edits import apply
from poolsafe.findings import Applicability, Fix
from poolsafe.fixes.queries import rewrite_query
from poolsafe.source import Source

HEAD = """from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine
PG = 'postgresql+asyncpg://a@b/c'
"""


def fix_of(source: Source) -> Fix | None:
    (finding,) = [each for each in check(source, TRANSACTION).findings if each.code == "PGB205"]
    return finding.fix


def fixed(code: str) -> tuple[str, str] | None:
    """Returns how safe the fix is, and the fixed program."""
    source = source_of(HEAD + code)
    fix = fix_of(source)
    if fix is None:
        return None
    result, done = apply(source, [fix])
    assert done
    assert "PGB205" not in {each.code for each in check(result, TRANSACTION).findings}
    return fix.applicability.value, result.text.removeprefix(HEAD)


SAFE, UNSAFE = Applicability.SAFE.value, Applicability.UNSAFE.value

REPLACED_SAFELY = """
    # sslmode, wherever the URL or the dict stands in the call.
    create_async_engine('postgresql+asyncpg://a@b/c?sslmode=require')
    # becomes
    create_async_engine('postgresql+asyncpg://a@b/c?ssl=require')

    create_async_engine('postgresql+asyncpg://a:?&@b/c?port=1&sslmode=prefer&user=x')
    # becomes
    create_async_engine('postgresql+asyncpg://a:?&@b/c?port=1&ssl=prefer&user=x')

    create_async_engine(PG + '?sslmode=verify-full')
    # becomes
    create_async_engine(PG + '?ssl=verify-full')

    create_async_engine(f'{PG}?sslmode=allow')
    # becomes
    create_async_engine(f'{PG}?ssl=allow')

    create_async_engine(URL.create('postgresql+asyncpg', query={'sslmode': 'require'}))
    # becomes
    create_async_engine(URL.create('postgresql+asyncpg', query={'ssl': 'require'}))

    create_async_engine(PG, connect_args={"sslmode": 'require'})
    # becomes
    create_async_engine(PG, connect_args={"ssl": 'require'})

    create_async_engine(PG, connect_args=dict(sslmode = 'require'))
    # becomes
    create_async_engine(PG, connect_args=dict(ssl = 'require'))

    # application_name goes into server_settings.
    create_async_engine(PG, connect_args={'application_name': 'x'})
    # becomes
    create_async_engine(PG, connect_args={'server_settings': {'application_name': 'x'}})

    create_async_engine(PG, connect_args=dict(application_name='x'))
    # becomes
    create_async_engine(PG, connect_args=dict(server_settings={'application_name': 'x'}))

    create_async_engine(PG, connect_args={'server_settings': {'jit': 'off'}, 'application_name': 'x'})
    # becomes
    create_async_engine(PG, connect_args={'server_settings': {'jit': 'off', 'application_name': 'x'}})

    create_async_engine(PG + '?application_name=a+b%21')
    # becomes
    create_async_engine(PG + '', connect_args={'server_settings': {'application_name': 'a b!'}})

    create_async_engine(PG + '?application_name=it%27s', echo=True)
    # becomes
    create_async_engine(PG + '', echo=True, connect_args={'server_settings': {'application_name': "it's"}})

    create_async_engine(PG + '?application_name=x', connect_args={'server_settings': {}})
    # becomes
    create_async_engine(PG + '', connect_args={'server_settings': {'application_name': 'x'}})

    create_async_engine(PG + '?application_name=x', connect_args={'server_settings': S, 'ssl': 1})
    # becomes
    create_async_engine(PG + '', connect_args={'server_settings': {**(S or {}), 'application_name': 'x'}, 'ssl': 1})

    create_async_engine(PG + '?application_name=x', connect_args=dict(server_settings={}))
    # becomes
    create_async_engine(PG + '', connect_args=dict(server_settings={'application_name': 'x'}))

    # A number for asyncpg's timeout.
    create_async_engine(PG + '?timeout=5')
    # becomes
    create_async_engine(PG + '', connect_args={'timeout': 5})

    create_async_engine(PG + '?sslmode=require&application_name=x&timeout=9&port=1')
    # becomes
    create_async_engine(PG + '?ssl=require&port=1', connect_args={'timeout': 9, 'server_settings': {'application_name': 'x'}})
"""

REPLACED_UNSAFELY = """
    create_async_engine(f'{PG}?sslmode={mode}')
    # becomes
    create_async_engine(f'{PG}?ssl={mode}')

    create_async_engine(PG, connect_args={'sslmode': mode()})
    # becomes
    create_async_engine(PG, connect_args={'ssl': mode()})

    # What is written elsewhere may be read by something else.
    URL = 'postgresql+asyncpg://a@b/c?sslmode=require'
    create_async_engine(URL)
    # becomes
    URL = 'postgresql+asyncpg://a@b/c?ssl=require'
    create_async_engine(URL)

    create_async_engine((url := 'postgresql+asyncpg://a@b/c?sslmode=require'))
    # becomes
    create_async_engine((url := 'postgresql+asyncpg://a@b/c?ssl=require'))

    ARGS = {'sslmode': 'require'}
    create_async_engine(PG, connect_args=ARGS)
    # becomes
    ARGS = {'ssl': 'require'}
    create_async_engine(PG, connect_args=ARGS)

    def args():
        return {'sslmode': 'require'}
    create_async_engine(PG, connect_args=args())
    # becomes
    def args():
        return {'ssl': 'require'}
    create_async_engine(PG, connect_args=args())

    # A context in connect_args wins over the URL; whoever wrote the mode may have meant another thing.
    create_async_engine(PG + '?sslmode=require', connect_args={'ssl': context})
    # becomes
    create_async_engine(PG + '?ssl=require', connect_args={'ssl': context})

    create_async_engine(PG, connect_args={
        'application_name': f(
          1,
        ),  # c
        'ssl': 1,
    })
    # becomes
    create_async_engine(PG, connect_args={
        'server_settings': {'application_name': f(
          1,
        )},  # c
        'ssl': 1,
    })

    create_async_engine(PG + '?connect_timeout=5')
    # becomes
    create_async_engine(PG + '', connect_args={'timeout': 5})

    create_async_engine(PG, connect_args={'connect_timeout': seconds})
    # becomes
    create_async_engine(PG, connect_args={'timeout': seconds})

    # What asyncpg has no place for is left out.
    create_async_engine(PG + '?port=1&pgbouncer=true&user=x')
    # becomes
    create_async_engine(PG + '?port=1&user=x')

    create_async_engine(PG, connect_args={'check_same_thread': False, 'timeout': 5})
    # becomes
    create_async_engine(PG, connect_args={'timeout': 5})
"""

KEPT = """
    # No text for `ssl` of asyncpg, or there is one already.
    create_async_engine(PG + '?sslmode=no-verify')

    create_async_engine(PG, connect_args={'sslmode': True})

    create_async_engine(PG, connect_args={'sslmode': 'require', 'ssl': context})

    create_async_engine(PG + '?sslmode=require&ssl=require')

    create_async_engine(PG, connect_args={'application_name': 5})

    create_async_engine(PG, connect_args={'application_name': 'x', 'server_settings': S})

    create_async_engine(PG, connect_args={'application_name': 'x', 'server_settings': {**S}})

    create_async_engine(PG + '?application_name=x', connect_args={**S})

    create_async_engine(PG + '?application_name=x', connect_args={'server_settings': {}, **S})

    create_async_engine(PG + '?timeout=1', connect_args={'ssl': S, 'ssl': S})

    create_async_engine(PG, connect_args={'application_name': 'x', 'ssl': 1, 'ssl': 2})

    create_async_engine(PG + '?application_name=x', connect_args=S)

    create_async_engine(PG + '?application_name=x', connect_args=make(server_settings={}))

    create_async_engine(PG + '?application_name=x', **S)

    create_async_engine(PG + ('?application_name=x' if yes else ''))

    create_async_engine(PG + f'?application_name={x}')

    create_async_engine(PG + '?timeout=soon')

    create_async_engine(PG + '?timeout=0')

    create_async_engine(PG, connect_args={'connect_timeout': '5'})

    create_async_engine(PG, connect_args={'connect_timeout': 0})

    create_async_engine(PG, connect_args={'connect_timeout': 5, 'timeout': 9})

    create_async_engine(PG + '?timeout=5', connect_args={'timeout': 9})

    # All of it, or nothing.
    create_async_engine(PG + '?sslmode=require', connect_args={'options': '-c jit=off'})

    # What another driver reads too, what is put over it later, what comes from nowhere, what stands in an f-string.
    create_async_engine(PG if yes else 'sqlite://', connect_args={'application_name': 'x'})

    ARGS = {'sslmode': 'require'}
    ARGS['sslmode'] = 'prefer'
    create_async_engine(PG, connect_args=ARGS)

    ARGS = {}
    ARGS['sslmode'] = 'prefer'
    create_async_engine(PG, connect_args=ARGS)

    ARGS = {'sslmode': 'prefer'}
    create_async_engine(PG, connect_args={**ARGS})

    print(f"{create_async_engine(PG + '?sslmode=require')}")

    print(f"{create_async_engine(PG, connect_args={'sslmode': 'require'})}")

    NAME = 'billing'
    create_async_engine(f'postgresql+asyncpg://a@b/c?application_name={NAME}')

    create_async_engine('postgresql+asyncpg://a@b/c?application_name={}'.format('billing'))

    create_async_engine('postgresql+asyncpg://a@b/c?application_name=%s' % 'billing')

    NAME = 'billing'
    create_async_engine(URL.create('postgresql+asyncpg', query={'application_name': NAME}))

    create_async_engine('postgresql+asyncpg://a@b/c?sslmode=required')
"""


@pytest.mark.parametrize(("before", "expected"), changes(REPLACED_SAFELY))
def test_replaced_safely(before: str, expected: str) -> None:
    assert fixed(before) == (SAFE, expected)


@pytest.mark.parametrize(("before", "expected"), changes(REPLACED_UNSAFELY))
def test_replaced_unsafely(before: str, expected: str) -> None:
    assert fixed(before) == (UNSAFE, expected)


@pytest.mark.parametrize("code", programs(KEPT))
def test_kept(code: str) -> None:
    assert fixed(code) is None


QUERIES = [
    ("'u://h/d?a=1'", {"a": "b"}, "'u://h/d?b=1'"),
    ("'u://h/d?a=1'", {"a": None}, "'u://h/d'"),
    ("'u://h/d?a=1&b=2'", {"a": None}, "'u://h/d?b=2'"),
    ("'u://h/d?a=1&b=2'", {"b": None}, "'u://h/d?a=1'"),
    ("'u://h/d?a=1&b=2'", {"a": None, "b": None}, "'u://h/d'"),
    ("'u://h/d?a=1&b=2&c=3&d=4'", {"b": None, "c": None}, "'u://h/d?a=1&d=4'"),
    ("'u://h/d?a=1&b=2&c=3&d=4'", {"a": None, "c": None}, "'u://h/d?b=2&d=4'"),
    ("'u://h/d?a=1&b=2&c=3&d=4'", {"a": "x", "b": None, "d": None}, "'u://h/d?x=1&c=3'"),
    ("'&a=1&b=2'", {"a": None}, "'&b=2'"),
    ("f'&a=1'", {"a": None}, "f''"),
    ("'''u://h/d?a=1'''", {"a": "b"}, "'''u://h/d?b=1'''"),
    ("rf\"{x['k']}?a={y.z[0]}&b=2\"", {"b": None}, "rf\"{x['k']}?a={y.z[0]}\""),
    # Twice, not there, a backslash, a fragment's neighbour, more than a name in a field.
    ("'u://h/d?a=1&a=2'", {"a": "b"}, None),
    ("'u://h/d?aa=1'", {"a": "b"}, None),
    ("'u://h/d?\\x61=1&a=2'", {"a": "b"}, None),
    ("'u://h/d?b= &a=2'", {"a": "b"}, None),
    ("f'u://h/d?b={f(x)}&a=2'", {"a": "b"}, None),
]


@pytest.mark.parametrize(("before", "names", "expected"), QUERIES)
def test_queries(before: str, names: dict[str, str | None], expected: str | None) -> None:
    source = Source.from_text("db.py", f"x = {before}\n")
    edits = rewrite_query(source, (4, 4 + len(before)), names)
    if expected is None:
        assert edits is None
        return
    assert edits is not None
    result, _ = apply(source, [Fix("", edits, Applicability.SAFE)])
    assert result.text == f"x = {expected}\n"


def test_a_place_that_several_parameters_share_is_shown_once() -> None:
    code = "url = 'postgresql+asyncpg://a@b/c?sslmode=require&channel_binding=require'\ncreate_async_engine(url)\n"
    (finding,) = [one for one in check(source_of(HEAD + code), TRANSACTION).findings if one.code == "PGB205"]
    assert [(place.row, place.column) for place in finding.related] == [(4, 7)]


TITLES = [
    ("pgbouncer=true&supa=x", "Remove `pgbouncer` and `supa`"),
    ("pgbouncer=true&sslmode=require", "Use asyncpg's `ssl` instead of `sslmode`, and remove `pgbouncer`"),
]


@pytest.mark.parametrize(("query", "title"), TITLES)
def test_the_title_names_the_removed_parameters_together(query: str, title: str) -> None:
    fix = fix_of(source_of(f"{HEAD}create_async_engine('postgresql+asyncpg://a@b/c?{query}')\n"))
    assert fix is not None
    assert fix.message == title
