"""The titles of fixes: sentences in the imperative that say what a fix does."""

from __future__ import annotations

from collections.abc import Iterable


def sentence(parts: Iterable[str]) -> str:
    """Returns one sentence from parts that begin with a verb: "Move `a` to `connect_args`, and remove `b`"."""
    *first, last = parts
    text = f"{', '.join(first)}, and {last}" if first else last
    return text[:1].upper() + text[1:]


def listed(names: Iterable[str]) -> str:
    """Returns names as a list in a sentence: "`a`", "`a` and `b`", "`a`, `b` and `c`"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
