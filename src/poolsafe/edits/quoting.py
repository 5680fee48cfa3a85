"""Which quotes a file prefers."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolsafe.source import Source

# Comments and long strings are matched so as to be skipped: their quotes say nothing.
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


def preferred_quote(source: Source, start: int, end: int) -> str:
    """The quote that most strings between `start` and `end` have, else most of the file, else the configured one."""
    balance = _balance(source.text[start:end]) or _balance(source.text)
    if not balance:
        return source.quote
    return "'" if balance > 0 else '"'


@functools.lru_cache(maxsize=4)  # All engines of a file ask for the same text.
def _balance(text: str) -> int:
    groups = [match.lastgroup for match in _STRING.finditer(text)]
    return groups.count("single") - groups.count("double")
