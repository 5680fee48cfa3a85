"""Masks credentials in everything that is printed: reports end up in logs that more people can read than the code.

`poolsafe.reports.secrets` decides what is a secret, and this module masks it. Masking too much does no harm.
"""

from __future__ import annotations

import functools
import re

from poolsafe.reports.secrets.bindings import spans
from poolsafe.reports.secrets.secret_texts import search
from poolsafe.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Span = tuple[int, int]

MASK = "***"
PYTHON = (".py", ".pyi", ".pyw")
LONGEST = 1_000_000  # characters
# Replaces one hidden character, so that columns do not change. No source text contains it.
HIDDEN = "\0"
# A shorter secret may be an ordinary word.
SHORTEST = 4  # characters

_CHARACTER = re.compile(r"[^\r\n]")
_HIDDEN_RUN = re.compile(f"{HIDDEN}+")


def masked(text: str) -> str:
    """Returns one line of prose with `***` in place of each password that it quotes."""
    return _without(text, search(text, prose=True).spans, lambda piece: MASK)


def hidden(text: str) -> str:
    """Returns Python source with HIDDEN in place of each character of a secret, except line ends."""
    return _without(text, spans(text), _veil)


@functools.lru_cache(maxsize=8)
def visible(source: Source, *, code: bool = True) -> Source:
    """Returns the source with its secrets hidden, and the same rows and columns.

    `code` is True for Python, and False for env files, Compose files and the like. If a source is too long to search
    for secrets, the result contains only its line ends.
    """
    if len(source.text) > LONGEST:
        return Source(source.path, b"", re.sub(r"[^\r\n]+", "", source.text), "utf-8")
    found = spans(source.text) if code else search(source.text).spans
    if source.commands:
        found = [*found, *search(_commands(source)).spans]
    return Source(source.path, b"", _without(source.written, found, _veil), "utf-8")


def _commands(source: Source) -> str:
    """Returns the parts of a notebook's text that are not Python, with blanks in place of everything else."""
    pieces: list[str] = []
    position = 0
    for start, end in source.commands:
        pieces += _CHARACTER.sub(" ", source.written[position:start]), source.written[start:end]
        position = end
    return "".join(pieces)


@functools.lru_cache(maxsize=8)
def secrets(source: Source) -> frozenset[str]:
    """Returns the secrets of a source that are too long to be ordinary words."""
    text = visible(source).text
    if len(text) != len(source.text):
        return frozenset()
    found = {source.written[run.start() : run.end()] for run in _HIDDEN_RUN.finditer(text)}
    return frozenset(secret for secret in found if len(secret) >= SHORTEST)


def _veil(piece: str) -> str:
    return _CHARACTER.sub(HIDDEN, piece)


def shown(text: str) -> str:
    """Returns the result of `hidden` with `***` in place of each run of hidden characters."""
    return _HIDDEN_RUN.sub(MASK, text)


def _without(text: str, spans: Iterable[Span], substitute: Callable[[str], str]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in sorted(spans):
        if end > position:
            start = max(start, position)
            pieces += text[position:start], substitute(text[start:end])
            position = end
    return "".join((*pieces, text[position:]))
