"""The interpreter, on programs composed of statements that use each other's names."""

from __future__ import annotations

from collections.abc import Iterator

from .examination import judge

NAMES = ["a", "b", "c", "f", "url", "args", "K", "os", "self"]
VALUES = [
    *(
        "'postgresql+asyncpg://h/d'",
        "'postgresql'",
        "'sqlite://'",
        "{}",
        "{'statement_cache_size': 0}",
        "0",
        "None",
        "True",
    ),
    *(
        "[]",
        "()",
        "{{**X}}",
        "dict(X)",
        "dict(**X)",
        "X | Y",
        "X or Y",
        "X if Y else X",
        "X + Y",
        "f'{{X}}://{{Y}}'",
        "X % Y",
    ),
    *(
        "X[Y]",
        "X.Y",
        "X(Y)",
        "X()",
        "X(*Y)",
        "X(**Y)",
        "lambda X=Y: X",
        "lambda *X: Y",
        "[X for X in Y]",
        "{{X: Y for X in Y}}",
    ),
    *(
        "X.get('a', Y)",
        "X.replace(Y, 'a')",
        "X.format(Y)",
        "X.format(**Y)",
        "os.environ.get('A', X)",
        "os.environ['A']",
    ),
    *(
        "X.copy()",
        "X.update(Y)",
        "X.setdefault('a', Y)",
        "X.pop('a')",
        "X[0]",
        "X[1:]",
        "X[::-1]",
        "(X, Y)",
        "[X, *Y]",
        "not X",
    ),
    *(
        "X == Y",
        "X in Y",
        "isinstance(X, Y)",
        "partial(X, Y)",
        "URL.create(X)",
        "make_url(X)",
        "X.set(drivername=Y)",
        "K(X)",
    ),
    *(
        "(X := Y)",
        "getattr(X, 'Y')",
        "X.upper()",
        "'a'.join(X)",
        "X * 3",
        "X * 10 ** 9",
        "X << 99",
        "-X",
        "str(X)",
        "int(X)",
    ),
    *(
        "range(10 ** 9)",
        "zip(X, Y)",
        "sorted(X)",
        "await X",
        "(yield X)",
        "X['a']",
        "{'connect_args': X}",
        "NullPool",
        "X.url",
    ),
]
STATEMENTS = [
    *(
        "X = V",
        "X = V",
        "X = V",
        "X: str = V",
        "X += V",
        "X |= V",
        "X, Y = V",
        "X = Y = V",
        "X['a'] = V",
        "X.Y = V",
        "del X",
    ),
    *(
        "V",
        "return V",
        "yield V",
        "raise V",
        "pass",
        "break",
        "continue",
        "global X",
        "nonlocal X",
        "assert V",
        "import X",
    ),
    *("from X import Y", "from . import X", "from X import *", "X = create_async_engine(V)", "create_async_engine(V)"),
    *(
        "create_async_engine(V, connect_args=V)",
        "create_async_engine(V, **V)",
        "create_async_engine(*V, **V)",
        "text(V)",
    ),
    *("X.execute(text('a; b'))", "X.execute(text(V))", "op.execute(V)", "create_engine(V)", "X = sessionmaker(V)"),
]
BLOCKS = [
    *(
        "if V:",
        "else:",
        "elif V:",
        "for X in V:",
        "while V:",
        "try:",
        "except X:",
        "finally:",
        "with V as X:",
        "def X(Y=V):",
    ),
    *(
        "def X(*Y):",
        "def X(**Y):",
        "async def X(Y):",
        "class X(Y):",
        "class X:",
        "match V:",
        "case X:",
        "case {'a': X}:",
        "case _:",
    ),
    *("@X", "@property", "@staticmethod", "@dataclass", "@lru_cache", "class X(BaseSettings):", "def url(self):"),
]
HEAD = (
    "import os\nfrom functools import lru_cache, partial\nfrom dataclasses import dataclass\n"
    "from pydantic_settings import BaseSettings\nfrom alembic import op\nfrom sqlalchemy.pool import NullPool\n"
    "from sqlalchemy import URL, create_engine, make_url, text\n"
    "from sqlalchemy.ext.asyncio import create_async_engine\n"
)
PLAIN = 200
SECONDS = 20.0


def program(data: bytes) -> str:
    """Each byte chooses a statement, opens a block or closes one; the bytes behind it choose names and values."""
    lines, depth, left = [HEAD], 0, iter(data)
    for byte in left:
        if byte >= PLAIN + 28:
            depth = max(0, depth - 1 - byte % 2)
            continue
        opens = byte >= PLAIN
        form = BLOCKS[byte % len(BLOCKS)] if opens else STATEMENTS[byte % len(STATEMENTS)]
        lines.append("  " * depth + _filled(form, left, 0) + "\n")
        if opens and not form.startswith("@"):
            depth += 1
            lines.append("  " * depth + "pass\n")
    return "".join(lines)


def _filled(form: str, left: Iterator[int], level: int) -> str:
    pieces = []
    for letter in form.replace("{{", "{").replace("}}", "}"):
        if letter == "V":
            pieces.append(_filled(VALUES[next(left, 0) % len(VALUES)], left, level + 1))
        elif letter in "XY":
            choice = next(left, 0)
            nested = level < 4 and choice > 200 and letter == "Y"
            pieces.append(
                _filled(VALUES[choice % len(VALUES)], left, level + 1) if nested else NAMES[choice % len(NAMES)]
            )
        else:
            pieces.append(letter)
    return "".join(pieces)


def take(data: bytes) -> None:
    """Raise where a law of the examination is broken, or it takes far too long."""
    text = program(data)
    verdict = judge(text.encode())
    assert verdict.problems == [], (verdict.problems, text)
    assert verdict.seconds < SECONDS, (verdict.seconds, text)
