"""Hostile inputs: mutated sources, extreme nesting, every encoding, and engine calls in unusual places."""

from __future__ import annotations

import ast
import encodings.aliases
import random
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HEAD = "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
ENGINE = 'create_async_engine("postgresql+asyncpg://db/app")'
_TOKEN = re.compile(r"\w+|[ \t]+|\r?\n|[^\w\s]|\s")
ODD = [
    "\0",
    "\r",
    "\f",
    "\v",
    "\ufeff",
    "\u2028",
    "\udc80",
    "\x1b[2J",
    "\x85",
    "é",
    "𝒳",
    "'''",
    '"""',
    "\\",
    "\\\n",
    "\t",
]
ODD += [
    "(",
    ")",
    "[",
    "{",
    "f'{",
    "}",
    ":=",
    "**",
    "*",
    "lambda:",
    "await ",
    "async ",
    "match x:\n case ",
    "0_0",
    "1e",
    ";",
]
ODD += ["# noqa: PGB101", "# noqa:PGB101,", "# poolsafe: ignore[", "# poolsafe: ignore-file", "# type: ignore"]
ODD += [
    "create_async_engine(",
    "connect_args=",
    "**kwargs",
    "statement_cache_size",
    "NullPool",
    "text('a; b')",
    "postgresql",
]


def seeds() -> list[Path]:
    """Our own fixtures and tests: the files in which nearly every token matters."""
    return sorted([*ROOT.glob("fixtures/**/*.py"), *ROOT.glob("tests/*.py")])


def mutated(text: str, chance: random.Random) -> bytes:
    """Delete, double, swap and replace tokens, and sometimes cut or spoil bytes."""
    tokens = _TOKEN.findall(text)
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        if not tokens:
            break
        place, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        action = chance.randrange(7)
        if action == 0:
            del tokens[place]
        elif action == 1:
            tokens.insert(place, tokens[place])
        elif action == 2:
            tokens[place], tokens[other] = tokens[other], tokens[place]
        elif action == 3:
            tokens.insert(place, chance.choice(ODD))
        elif action == 4:
            tokens[place] = tokens[other]
        elif action == 5:
            first, last = sorted((place, min(other, place + 40)))
            tokens[first:last] = tokens[first:last] * 2
        else:
            del tokens[min(place, other) : min(place, other) + chance.randrange(12)]
    raw = "".join(tokens).encode("utf-8", "surrogatepass")
    if chance.random() < 0.05:
        place = chance.randrange(len(raw) + 1)
        raw = raw[:place] + bytes([chance.randrange(256)]) + raw[place + 1 :]
    if chance.random() < 0.05:
        raw = raw.replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n", b"\f\n"]))
    return raw


# Opening and closing pieces, around a middle.
NESTINGS = [
    ("(", ")"),
    ("[", "]"),
    ("{'a': ", "}"),
    ("{**", "}"),
    ("dict(a=", ")"),
    ("f(", ")"),
    ("x[", "]"),
    ("lambda: ", ""),
    ("lambda a=", ": a"),
    ("not ", ""),
    ("-", ""),
    ("await ", ""),
    ("1 if x else ", ""),
    ("x or ", ""),
    ("(x := ", ")"),
    ("[y for y in ", "]"),
    ("f'{", "}'"),
    ("str(", ").format(x)"),
    ("'%s' % ", ""),
    ("x.y(", ").z"),
    ("x + ", ""),
    ("'a' ", ""),
    ("*", ""),
]
BLOCKS = [
    "if x:\n",
    "for x in y:\n",
    "while x:\n",
    "with x as y:\n",
    "try:\n",
    "def f():\n",
    "class A:\n",
    "async def f():\n",
]


def nested(chance: random.Random) -> bytes:
    """An engine at the bottom of brackets or blocks, once or far too deep."""
    depth = chance.choice([2, 5, 10, 20, 40, 99, 150, 200, 400, 2_000, 20_000])
    if chance.random() < 0.3:
        lines = []
        for level in range(min(depth, 200)):
            lines.append(" " * level + chance.choice(BLOCKS))
        return (HEAD + "".join(lines) + " " * len(lines) + f"e = {ENGINE}\n").encode()
    several = [chance.choice(NESTINGS) for _ in range(chance.choice([1, 1, 2, 3]))]
    pieces = [several[level % len(several)] for level in range(depth)]
    before, after = "".join(piece[0] for piece in pieces), "".join(piece[1] for piece in reversed(pieces))
    middle = chance.choice([ENGINE, "'postgresql+asyncpg://a/b'", "1", "x"])
    value = before + middle + (after if chance.random() < 0.9 else after[: len(after) // 2])
    use = chance.choice(["x", "url", "args"])
    calls = f"e = create_async_engine({use}, connect_args={use}, **{use})\n"
    return f"{HEAD}{use} = {value}\n{calls}".encode()


def encoded() -> Iterator[tuple[str, bytes]]:
    """A bad engine under every cookie that Python knows, in that encoding, and as plain bytes."""
    names = sorted({*encodings.aliases.aliases, *encodings.aliases.aliases.values(), "utf-8-sig", "idna", "undefined"})
    for name in [*names, "utf8-mac", "nonsense", "base64", "rot13", "zlib", "unicode_escape", "punycode"]:
        for word in ("", "é", "日本"):
            text = f"# -*- coding: {name} -*-\n# {word}\n{HEAD}e = {ENGINE}  # {word}\n"
            yield name, text.encode("utf-8")
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    own = text.encode(name)
            except (LookupError, UnicodeError, TypeError, ValueError):
                continue
            if isinstance(own, bytes):
                yield name, own
                yield name, b"\xef\xbb\xbf" + own


def injected(text: str, chance: random.Random, most: int = 3) -> str | None:
    """The module with engines and SQL made of the names around some of its statements; None where it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    places = [
        statement
        for node in ast.walk(tree)
        for name in ("body", "orelse", "finalbody")
        for statement in _block(node, name)
        if not isinstance(statement, ast.ImportFrom) or statement.module != "__future__"
    ]
    names = sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}) or ["x"]
    lines = text.split("\n")
    for statement in sorted(chance.sample(places, min(most, len(places))), key=lambda each: -each.lineno):
        decorators = getattr(statement, "decorator_list", [])
        row = min([statement.lineno, *(each.lineno for each in decorators)]) - 1
        indent = lines[row][: len(lines[row]) - len(lines[row].lstrip())]
        if not lines[row][len(indent) :] or (row and lines[row - 1].endswith("\\")):
            continue
        one, two, three = (chance.choice(names) for _ in range(3))
        lines.insert(row, indent + _call(chance, one, two, three))
    return "\n".join(lines)


def _block(node: ast.AST, name: str) -> list[ast.stmt]:
    body = getattr(node, name, None)
    if not isinstance(body, list):
        return []
    # The first statement of a module may be its docstring, which has to stay first before `__future__`.
    return [each for each in body if isinstance(each, ast.stmt)][1:]


def _call(chance: random.Random, one: str, two: str, three: str) -> str:
    engine = "from sqlalchemy.ext.asyncio import create_async_engine; "
    return chance.choice(
        [
            f"{engine}create_async_engine({one})",
            f"{engine}engine = create_async_engine({one}, connect_args={two})",
            f"{engine}engine = create_async_engine(f'postgresql+asyncpg://{{{one}}}/a', **{two})",
            f"{engine}create_async_engine({one} or 'postgresql+asyncpg://h/d', connect_args={{**{three}}}, **{two})",
            f"{engine}create_async_engine('postgresql+asyncpg://h/d', connect_args={two})",
            f"{engine}from sqlalchemy import text; create_async_engine({one}); text('a; ' + {two})",
            f"from sqlalchemy import text; conn.execute(text(f'SELECT {{{one}}}; SELECT {{{two}}}'))",
        ]
    )
