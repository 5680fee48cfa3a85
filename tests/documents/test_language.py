"""The pages, and the code with its messages and docstrings, contain no idioms that docs/style.md rejects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The page about style quotes the idioms.
PAGES = [
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if path.name != "style.md"),
    *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")),
]
CODE = sorted((ROOT / "src").rglob("*.py"))
TRANSLATED = re.compile(
    r"""
    \b(?:another|other)\ \w+(?:\ \w+)?\ than\b
    | \bleads?\ out(?:side)?\ of\b
    | (?<!\bif\ )\bin\ doubt,
    | ,\ also\ (?:after|under|for|in|outside|on)\b
    | \b(?:so|as)\ far\ as\b
    | \b(?:nobody|somebody|whoever)\b
    | \balso\ for\ no\b
    | \bcalls?\ of\ (?:`|an?\b|\w+'s\b)
    | ;\ None\ (?:if|for|where|without)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def idioms(path: Path) -> list[str]:
    text = " ".join(path.read_text(encoding="utf-8").replace("#", " ").split())
    return [found[0] for found in TRANSLATED.finditer(text)]


def test_no_idiom_is_translated() -> None:
    found = {path.relative_to(ROOT).as_posix(): idioms(path) for path in [*PAGES, *CODE]}
    assert {path: phrases for path, phrases in found.items() if phrases} == {}


@pytest.mark.parametrize(
    "phrase",
    [
        "another URL than the one you checked",
        "other programs than those on the PATH",
        "a link that leads out of the project",
        "In doubt, the file is parsed",
        "removed, also after Ctrl-C",
        "as far as the module shows",
        "Nobody uses it",
        "a call of `connect()`",
        "the calls of a function",
        "the name; None if it is unknown",
    ],
)
def test_an_idiom_is_found(phrase: str) -> None:
    assert TRANSLATED.search(phrase)
