"""The byte search in notebooks: first in the whole JSON, then only in the code cells.

Notebooks mostly consist of outputs and Markdown. A name in these is no reason to import LibCST.
"""

from __future__ import annotations

from poolsafe import needles
from poolsafe.reading import LARGEST_NOTEBOOK

# Printable ASCII characters that are escaped may hide a name. Programs escape only a few of them.
_HIDDEN = tuple(f"\\u00{digit}".encode() for digit in range(2, 8))
# The names of code that connects without an engine, or runs single commands on asyncpg's connections.
_CONNECTING = (b"asyncpg", b"psycopg", b"databases", b"tortoise", b"piccolo", b"gino", b"await")


def wanted(raw: bytes) -> tuple[int, int]:
    """Returns the result of `needles.wanted` for a notebook's code, and the size of that code in bytes.

    In a notebook that cannot be read, a name counts wherever it is.
    """
    if not _may_hold(raw):
        return 0, 0
    if len(raw) > LARGEST_NOTEBOOK:
        return _engine(raw), len(raw)
    from poolsafe.notebooks.cells import read
    from poolsafe.source import UndecodableSource

    try:
        document = read("", raw)
    except UndecodableSource:
        return _engine(raw), len(raw)
    code = "".join(f"{cell.text}\n" for cell in document.cells).encode("utf-8")
    return needles.wanted(code), len(code)


def _engine(raw: bytes) -> int:
    # It is unknown which part of it is code.
    return needles.ENGINE if needles.may_use_engine(raw) else 0


def _may_hold(raw: bytes) -> bool:
    if needles.may_use_engine(raw) or b"poolsafe" in raw or b"PGB" in raw or any(sign in raw for sign in _HIDDEN):
        return True
    if any(name in raw for name in _CONNECTING):
        return True
    if b";" not in raw:
        return False
    # Every output has such a key or type.
    texts = raw.count(b"text") - raw.count(b"text/") - raw.count(b'"text"')
    return texts > 0 or b"exec" in raw or b"DDL" in raw


def stand_in(raw: bytes) -> bytes:
    """Returns the bytes of a broken notebook with blanks for escaped line ends, which could hide part of a name."""
    return raw.replace(b"\\n", b"  ").replace(b"\\r", b"  ").replace(b'\\"', b"  ")
