"""The statements lowered from `ast` equal those lowered from LibCST."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import fields
from pathlib import Path
from typing import Any

import libcst as cst
import pytest

from poolsafe import ir
from poolsafe.ir.lowering import lower_import, lower_module
from poolsafe.ir.lowering_standard import lower_imports, lower_standard_module
from poolsafe.syntax.index import Index

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])

PROGRAMS = {
    "assignments": r"""
        a = b = 1
        a, *b = c
        a: int = 1
        a: int
        a += 1
        a @= b
        a.b[c] = d
        (a) = 1
    """,
    "operators": r"""
        a + b - c * d / e // f % g ** h @ i | j & k ^ l << m >> n
        -a, +a, ~a, not a
        a and b and c or d or (e and f)
        a < b <= c > d >= e == f != g in h not in i is j is not k
        a if b else c if d else e
        (a := b)
    """,
    "literals": r"""
        1, 0x10, 1.5, 1j, 10 ** 5000, 'a', b'a', r'\d', u'a', None, True, False, ...
    """,
    "a huge integer": f"""
        a = 0x{"f" * 5000}
    """,
    "strings": r"""
        'a' 'b'
        b'a' b'b'
        'a' f'{b}' 'c'
        f'a{b}c{d!r}{e:>5}{f!s}{{g}}'
        f'\n{a}'
        rf'\n{a}'
        f'\\"{a}\"\\"'
    """,
    "subscripts": r"""
        a[b]
        a[b, c]
        a[(b, c)]
        a[b:c:d]
        a[:, 1]
        a[()]
        a[[b, c]]
    """,
    "calls": r"""
        f(a, *b, c=d, **e)
        f(a=1, *b)
        f(x for x in y)
        f()(a)(b)
        a.b.c()
    """,
    "coroutines that a function waits for": r"""
        async def f():
            await gather(g(), *h(), wait_for(i(), 1))
            self.await_(a=j())
    """,
    "displays and comprehensions": r"""
        [a, *b], (a, *b), {a, *b}, {a: b, **c}, (), [], {}
        [a for b in c if d if e for f in g]
        {a for b in c}
        {a: b for c in d}
        (a async for b in c)
    """,
    "lambdas": r"""
        lambda: a
        lambda a, /, b=1, *c, d, e=2, **f: a
    """,
    "imports": r"""
        import a, a.b
        import a.b as c
        from a import b
        from . import b as c
        from ..a import *
        def f():
            if a:
                import b
            try:
                from c import d
            finally:
                import e
    """,
    "functions": r"""
        @a
        @b.c(d)
        async def f(a, /, b: int = 1, *c, d, e=2, **g) -> h:
            global i, j
            await k()
            return (yield m)
        def f():
            yield
            yield from b
            return
    """,
    "classes": r"""
        @a
        class B(c, *d, metaclass=e, **f):
            'doc'
            x = 1
            def m(self): ...
        class C: pass
    """,
    "compound statements": r"""
        if a:
            b
        elif c:
            d
        else:
            if e: f
        for a, b in c:
            break
        else:
            d
        while a:
            continue
        else:
            b
        with a as b, c() as (d, e):
            f
        async def f():
            async for a in b:
                c
            async with d as e, g:
                h
    """,
    "exceptions": r"""
        try:
            a
        except b as c:
            raise
        except (d, e):
            raise f from g
        except:
            h
        else:
            i
        finally:
            j
    """,
    "small statements": r"""
        del a, b
        del (a, b)
        del a[b]
        assert a, b
        pass; a; b()
    """,
    "patterns": r"""
        match a:
            case 1 | 'b' | c.d:
                e
            case None:
                f
            case [g, *h]:
                i
            case {'j': k, **l}:
                m
            case N(o, p=q) as r if s:
                t
            case (u, _):
                v
            case _:
                w
    """,
}


def shape(value: Any) -> Any:
    """Returns what a lowered node consists of, without its origin; adjacent strings are one string."""
    if isinstance(value, (ir.Concatenation, ir.JoinedString)):
        return joined(value)
    if isinstance(value, ir.Node):
        return (
            type(value).__name__,
            *(shape(getattr(value, one.name)) for one in fields(value) if one.name != "origin"),
        )
    if isinstance(value, ir.Body):
        return shape(value.statements)
    if isinstance(value, tuple):
        return tuple(map(shape, value))
    return value


def joined(value: ir.Concatenation | ir.JoinedString) -> Any:
    parts: list[Any] = []
    for part in map(shape, value.parts):
        parts += part[1] if part[0] == "JoinedString" else [part]
    merged: list[Any] = []
    for part in parts:
        if part[0] == "Constant" and merged and merged[-1][0] == "Constant":
            merged[-1] = ("Constant", merged[-1][1] + part[1])
        elif part != ("Constant", ""):
            merged.append(part)
    formatted = isinstance(value, ir.JoinedString) or any(isinstance(one, ir.JoinedString) for one in value.parts)
    return ("JoinedString", merged) if formatted else merged[0]


@pytest.mark.parametrize("code", PROGRAMS.values(), ids=PROGRAMS)
def test_both_lowerings_agree(code: str) -> None:
    code = textwrap.dedent(code)
    assert shape(lower_standard_module(ast.parse(code))) == shape(lower_module(cst.parse_module(code)))


@pytest.mark.parametrize("path", FILES[::12], ids=lambda path: str(path.relative_to(ROOT)))
def test_both_lowerings_of_our_own_files_agree(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    tree = cst.parse_module(code)
    assert shape(lower_standard_module(ast.parse(code))) == shape(lower_module(tree))
    assert shape(tuple(lower_imports(ast.parse(code)))) == shape(
        tuple(one for node in Index(tree).imports for one in lower_import(node))
    )


def test_a_debug_field_of_an_f_string_shows_its_text() -> None:
    statement = lower_standard_module(ast.parse("f'{a=}'")).statements[0]
    assert shape(statement) == (
        "Evaluate",
        ("JoinedString", [("Constant", "a="), ("FormattedValue", ("Name", "a"), False)]),
    )
