"""Finds out which quotes a file prefers."""

from __future__ import annotations

import ast
import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolsafe.source import Source

# Comments and triple-quoted strings are matched to skip them.
_STRING = re.compile(
    r"""
      \#[^\r\n]*
    | \'\'\'(?:\\[\s\S]|[^\\])*?(?:\'\'\'|\Z)
    | \"\"\"(?:\\[\s\S]|[^\\])*?(?:\"\"\"|\Z)
    | '(?P<single>)(?:\\[\s\S]|[^\\'\r\n])*'?
    | "(?P<double>)(?:\\[\s\S]|[^\\"\r\n])*"?
    """,
    re.VERBOSE,
)
_OPENING = re.compile(r"(?P<prefix>[a-zA-Z]{0,2})(?P<quotes>\'\'\'|\"\"\"|'|\")")


def preferred_quote(source: Source, start: int, end: int) -> str:
    """Returns the quote of most strings between `start` and `end`, or else in the file, or else the configured one."""
    balance = _balance(source.text[start:end]) or _balance(source.text)
    if not balance:
        return source.quote
    return "'" if balance > 0 else '"'


@functools.lru_cache(maxsize=4)  # All fixes of a file use the same text.
def _balance(text: str) -> int:
    groups = [match.lastgroup for match in _STRING.finditer(text)]
    return groups.count("single") - groups.count("double")


def quotes_around(source: Source, offset: int) -> tuple[str, str] | None:
    """Returns the prefix and the opening quotes of the string literal around an offset, or None if there is none."""
    row = source.row_column(offset)[0]
    place = (row, len(source.text[source.line_start(offset) : offset].encode()))
    for start, end in _literals(source.text):
        if start <= place < end:
            line = source.line(start[0])
            match = _OPENING.match(line, len(line.encode()[: start[1]].decode()))
            return None if match is None else (match["prefix"], match["quotes"])
    return None


def is_in_string(source: Source, offset: int) -> bool:
    """Returns whether an offset is inside a string literal. True if that cannot be determined."""
    row = source.row_column(offset)[0]
    place = (row, len(source.text[source.line_start(offset) : offset].encode()))
    spans = _strings(source.text)
    return spans is None or any(start < place < end for start, end in spans)


@functools.lru_cache(maxsize=4)
def _strings(text: str) -> list[tuple[tuple[int, int], tuple[int, int]]] | None:
    """Returns the row and the byte column where each string that spans several lines begins and ends."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))
        for node in ast.walk(tree)
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.lineno != node.end_lineno
    ]


@functools.lru_cache(maxsize=4)
def _literals(text: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Returns the row and the byte column where each string literal begins and ends."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
