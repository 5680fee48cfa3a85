"""Configuration files: whatever they say, there are settings, or one line about what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from poolsafe.config.errors import UsageError
from poolsafe.config.keys import KEYS
from poolsafe.config.layers import read_inline
from poolsafe.config.resolver import Resolver

TOP = [name for name in KEYS if "." not in name and name != "extend"]
LINT = [name.removeprefix("lint.") for name in KEYS if name.startswith("lint.")]
_VALUES = r"""
    true false 0 -1 1 1.5 nan 1979-05-27 [] {} '' 'a' '*.py' '**/a/*' '{a,b}' '[a-' '[!a]' '\' '\\' 'a*b*c*' '*' '?'
    '{{' '}'
    'PGB' 'PGB101' 'PGB1' 'ALL' 'E' 'transaction' 'auto' '0.31.0' 'full' '>=0.1' '==nonsense' 'error' 'asyncpg'
    '$HOME' '~'
    '..' '/' '../..' "\u001b" "\u0000" "\n" 'é' '.py' '/a/**' '**' '***' '[]' '[]]' '[^a]' '[a-z' '[z-a]' '\['
    '{a,{b,c}}'
"""
VALUES = _VALUES.split()
PIECES = ["\n", " ", "=", "[", "]", "{", "}", "'", '"', "#", ",", "'''", "\x00", "\r", "a.b", "[lint]", "\ufeff"]
PATHS = ["/a/b.py", "/a/b/c.pyi", "/", "/a\n/b.py", "/aaaaaaaaaaaaaaaaaaaaaaaa/b.py"]


def text_of(data: bytes) -> str:
    """Keys with values, lists and tables, those of `lint` last, and sometimes a piece that spoils it."""
    left = iter(data)
    top, lint = [], []
    for byte in left:
        if byte > 240:
            top.append(PIECES[next(left, 0) % len(PIECES)])
        elif byte % 2:
            top.append(f"{TOP[byte % len(TOP)]} = {_value(left)}")
        else:
            lint.append(f"{LINT[byte % len(LINT)]} = {_value(left)}")
    return "\n".join([*top, "[lint]", *lint])


def _value(left: Iterator[int]) -> str:
    byte = next(left, 0)
    values = [VALUES[next(left, 0) % len(VALUES)] for _ in range(1 + byte % 3)]
    if byte < 80:
        return values[0]
    if byte < 200:
        return f"[{', '.join(values)}]"
    return "{" + ", ".join(f"{value} = [{values[0]}]" for value in values) + "}"


def take(data: bytes) -> None:
    """Raise what is no UsageError."""
    with suppress(UsageError):
        settings = Resolver([read_inline(text_of(data))], isolated=True).for_directory("/")
        for path in PATHS:
            settings.excludes(path)
            settings.includes(path)
            settings.codes_for(path)
            settings.excludes_any_part(path)
        for key in KEYS:
            list(settings.origins(key))
        assert settings.deployment is not None
