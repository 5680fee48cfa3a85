"""What the repair of connect parameters writes, and what it leaves alone."""

from __future__ import annotations

import pytest
from programs import TRANSACTION

from poolsafe.checker import check
from poolsafe.edits import apply
from poolsafe.edits.queries import rewrite_query
from poolsafe.findings import Applicability, Fix
from poolsafe.source import Source

HEAD = """from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine
PG = 'postgresql+asyncpg://a@b/c'
"""


def fix_of(source: Source) -> Fix | None:
    (finding,) = [each for each in check(source, TRANSACTION).findings if each.code == "PGB205"]
    return finding.fix


def fixed(code: str) -> tuple[str, str] | None:
    """How sure the fix is, and the program after it."""
    source = Source.from_text("db.py", HEAD + code)
    fix = fix_of(source)
    if fix is None:
        return None
    result, done = apply(source, [fix])
    assert done
    assert "PGB205" not in {each.code for each in check(result, TRANSACTION).findings}
    return fix.applicability.value, result.text.removeprefix(HEAD)


SAFE, UNSAFE = Applicability.SAFE.value, Applicability.UNSAFE.value

REPLACED = [
    # sslmode, wherever the URL or the dict stands in the call.
    (
        "create_async_engine('postgresql+asyncpg://a@b/c?sslmode=require')",
        SAFE,
        "create_async_engine('postgresql+asyncpg://a@b/c?ssl=require')",
    ),
    (
        "create_async_engine('postgresql+asyncpg://a:?&@b/c?x=1&sslmode=prefer&y=2')",
        SAFE,
        "create_async_engine('postgresql+asyncpg://a:?&@b/c?x=1&ssl=prefer&y=2')",
    ),
    ("create_async_engine(PG + '?sslmode=verify-full')", SAFE, "create_async_engine(PG + '?ssl=verify-full')"),
    ("create_async_engine(f'{PG}?sslmode=allow')", SAFE, "create_async_engine(f'{PG}?ssl=allow')"),
    ("create_async_engine(f'{PG}?sslmode={mode}')", UNSAFE, "create_async_engine(f'{PG}?ssl={mode}')"),
    (
        "create_async_engine(URL.create('postgresql+asyncpg', query={'sslmode': 'require'}))",
        SAFE,
        "create_async_engine(URL.create('postgresql+asyncpg', query={'ssl': 'require'}))",
    ),
    (
        "create_async_engine(PG, connect_args={\"sslmode\": 'require'})",
        SAFE,
        "create_async_engine(PG, connect_args={\"ssl\": 'require'})",
    ),
    (
        "create_async_engine(PG, connect_args=dict(sslmode = 'require'))",
        SAFE,
        "create_async_engine(PG, connect_args=dict(ssl = 'require'))",
    ),
    (
        "create_async_engine(PG, connect_args={'sslmode': mode()})",
        UNSAFE,
        "create_async_engine(PG, connect_args={'ssl': mode()})",
    ),
    # What is written elsewhere may be read by something else.
    (
        "URL = 'postgresql+asyncpg://a@b/c?sslmode=require'\ncreate_async_engine(URL)",
        UNSAFE,
        "URL = 'postgresql+asyncpg://a@b/c?ssl=require'\ncreate_async_engine(URL)",
    ),
    (
        "create_async_engine((url := 'postgresql+asyncpg://a@b/c?sslmode=require'))",
        UNSAFE,
        "create_async_engine((url := 'postgresql+asyncpg://a@b/c?ssl=require'))",
    ),
    (
        "ARGS = {'sslmode': 'require'}\ncreate_async_engine(PG, connect_args=ARGS)",
        UNSAFE,
        "ARGS = {'ssl': 'require'}\ncreate_async_engine(PG, connect_args=ARGS)",
    ),
    (
        "def args():\n    return {'sslmode': 'require'}\ncreate_async_engine(PG, connect_args=args())",
        UNSAFE,
        "def args():\n    return {'ssl': 'require'}\ncreate_async_engine(PG, connect_args=args())",
    ),
    # A context in connect_args wins over the URL; whoever wrote the mode may have meant another thing.
    (
        "create_async_engine(PG + '?sslmode=require', connect_args={'ssl': context})",
        UNSAFE,
        "create_async_engine(PG + '?ssl=require', connect_args={'ssl': context})",
    ),
    # No text for `ssl` of asyncpg, or there is one already.
    ("create_async_engine(PG + '?sslmode=no-verify')", None, ""),
    ("create_async_engine(PG, connect_args={'sslmode': True})", None, ""),
    ("create_async_engine(PG, connect_args={'sslmode': 'require', 'ssl': context})", None, ""),
    ("create_async_engine(PG + '?sslmode=require&ssl=require')", None, ""),
    # application_name goes into server_settings.
    (
        "create_async_engine(PG, connect_args={'application_name': 'x'})",
        SAFE,
        "create_async_engine(PG, connect_args={'server_settings': {'application_name': 'x'}})",
    ),
    (
        "create_async_engine(PG, connect_args=dict(application_name='x'))",
        SAFE,
        "create_async_engine(PG, connect_args=dict(server_settings={'application_name': 'x'}))",
    ),
    (
        "create_async_engine(PG, connect_args={'server_settings': {'jit': 'off'}, 'application_name': 'x'})",
        SAFE,
        "create_async_engine(PG, connect_args={'server_settings': {'jit': 'off', 'application_name': 'x'}})",
    ),
    (
        "create_async_engine(PG, connect_args={\n    'application_name': f(\n      1,\n    ),  # c\n    'ssl': 1,\n})",
        UNSAFE,
        "create_async_engine(PG, connect_args={\n    'server_settings': {'application_name': f(\n      1,\n    )},  # c"
        "\n    'ssl': 1,\n})",
    ),
    (
        "create_async_engine(PG + '?application_name=a+b%21')",
        SAFE,
        "create_async_engine(PG + '', connect_args={'server_settings': {'application_name': 'a b!'}})",
    ),
    (
        "create_async_engine(PG + '?application_name=it%27s', echo=True)",
        SAFE,
        "create_async_engine(PG + '', echo=True, connect_args={'server_settings': {'application_name': \"it's\"}})",
    ),
    (
        "create_async_engine(PG + '?application_name=x', connect_args={'server_settings': {}})",
        SAFE,
        "create_async_engine(PG + '', connect_args={'server_settings': {'application_name': 'x'}})",
    ),
    (
        "create_async_engine(PG + '?application_name=x', connect_args={'server_settings': S, 'ssl': 1})",
        SAFE,
        "create_async_engine(PG + '', connect_args={'server_settings': {**(S or {}), 'application_name': 'x'}, "
        "'ssl': 1})",
    ),
    ("create_async_engine(PG, connect_args={'application_name': 5})", None, ""),
    ("create_async_engine(PG, connect_args={'application_name': 'x', 'server_settings': S})", None, ""),
    ("create_async_engine(PG, connect_args={'application_name': 'x', 'server_settings': {**S}})", None, ""),
    ("create_async_engine(PG + '?application_name=x', connect_args={**S})", None, ""),
    ("create_async_engine(PG + '?application_name=x', connect_args={'server_settings': {}, **S})", None, ""),
    ("create_async_engine(PG + '?timeout=1', connect_args={'ssl': S, 'ssl': S})", None, ""),
    ("create_async_engine(PG, connect_args={'application_name': 'x', 'ssl': 1, 'ssl': 2})", None, ""),
    ("create_async_engine(PG + '?application_name=x', connect_args=S)", None, ""),
    ("create_async_engine(PG + '?application_name=x', connect_args=make(server_settings={}))", None, ""),
    (
        "create_async_engine(PG + '?application_name=x', connect_args=dict(server_settings={}))",
        SAFE,
        "create_async_engine(PG + '', connect_args=dict(server_settings={'application_name': 'x'}))",
    ),
    ("create_async_engine(PG + '?application_name=x', **S)", None, ""),
    ("create_async_engine(PG + ('?application_name=x' if yes else ''))", None, ""),
    ("create_async_engine(PG + f'?application_name={x}')", None, ""),
    # A number for asyncpg's timeout.
    ("create_async_engine(PG + '?timeout=5')", SAFE, "create_async_engine(PG + '', connect_args={'timeout': 5})"),
    (
        "create_async_engine(PG + '?connect_timeout=5')",
        UNSAFE,
        "create_async_engine(PG + '', connect_args={'timeout': 5})",
    ),
    (
        "create_async_engine(PG, connect_args={'connect_timeout': seconds})",
        UNSAFE,
        "create_async_engine(PG, connect_args={'timeout': seconds})",
    ),
    ("create_async_engine(PG + '?timeout=soon')", None, ""),
    ("create_async_engine(PG + '?timeout=0')", None, ""),
    ("create_async_engine(PG, connect_args={'connect_timeout': '5'})", None, ""),
    ("create_async_engine(PG, connect_args={'connect_timeout': 0})", None, ""),
    ("create_async_engine(PG, connect_args={'connect_timeout': 5, 'timeout': 9})", None, ""),
    ("create_async_engine(PG + '?timeout=5', connect_args={'timeout': 9})", None, ""),
    # What asyncpg has no place for is left out.
    (
        "create_async_engine(PG + '?a=1&pgbouncer=true&b=2')",
        UNSAFE,
        "create_async_engine(PG + '?a=1&b=2')",
    ),
    (
        "create_async_engine(PG, connect_args={'check_same_thread': False, 'timeout': 5})",
        UNSAFE,
        "create_async_engine(PG, connect_args={'timeout': 5})",
    ),
    # All of it, or nothing.
    ("create_async_engine(PG + '?sslmode=require', connect_args={'options': '-c jit=off'})", None, ""),
    (
        "create_async_engine(PG + '?sslmode=require&application_name=x&timeout=9&a=1')",
        SAFE,
        "create_async_engine(PG + '?ssl=require&a=1', "
        "connect_args={'timeout': 9, 'server_settings': {'application_name': 'x'}})",
    ),
    # What another driver reads too, what is put over it later, what comes from nowhere, what stands in an f-string.
    ("create_async_engine(PG if yes else 'sqlite://', connect_args={'application_name': 'x'})", None, ""),
    ("ARGS = {'sslmode': 'require'}\nARGS['sslmode'] = 'prefer'\ncreate_async_engine(PG, connect_args=ARGS)", None, ""),
    ("ARGS = {}\nARGS['sslmode'] = 'prefer'\ncreate_async_engine(PG, connect_args=ARGS)", None, ""),
    ("ARGS = {'sslmode': 'prefer'}\ncreate_async_engine(PG, connect_args={**ARGS})", None, ""),
    ("print(f\"{create_async_engine(PG + '?sslmode=require')}\")", None, ""),
    ("print(f\"{create_async_engine(PG, connect_args={'sslmode': 'require'})}\")", None, ""),
]


@pytest.mark.parametrize(("before", "applicability", "expected"), REPLACED)
def test_replaced(before: str, applicability: str | None, expected: str) -> None:
    assert fixed(before) == (None if applicability is None else (applicability, expected))


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
