"""Patterns for the bytes of a file: whether it may call a function, extend a class or import a module."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable

# An assignment to an attribute or its item, or a change of its object, except within a method of the object.
SETTING = re.compile(
    rb"\b(?!self\b|cls\b)\w+\.(\w+)(?:\[[^\]\n]{0,60}\])?(?:[ \t]*=(?!=)|\.(?:clear|pop|setdefault|update)\()"
)

# An attribute that a method reads or sets.
SELF = re.compile(rb"\b(?:self|cls)\.(\w+)")


def call_pattern(name: str, *, with_arguments: bool) -> re.Pattern[bytes]:
    """Returns a pattern for a call to a name or its use as an argument: `make(url)`, `Singleton(Database, url=url)`.

    It also matches an import of the name under another one, and a subclass. With `with_arguments`, it does not match
    `make()`. `.name` is a method, which is called or passed on as an attribute.
    """
    word, given = name.encode(), rb"(?!\s*\))" if with_arguments else b""
    if name.startswith("."):
        method = word[1:]
        parts = method, given, method, method
        return re.compile(rb"\.\s*%b\s*\(%b|\(\s*[\w.]+\.%b\s*,|=\s*[\w.]+\.%b\b(?!\s*\()" % parts)
    pattern = rb"\b%b\s*\(%b|\(\s*(?:[\w.]+\.)?%b\s*,|\b%b\s+as\s|" + _SUBCLASS
    return re.compile(pattern % (word, given, word, word, word))


def subclass_pattern(name: str) -> re.Pattern[bytes]:
    """Returns a pattern for a subclass of a class, and for an import of the class under another name."""
    return re.compile((_SUBCLASS + rb"|\b%b\s+as\s") % (name.encode(), name.encode()))


_SUBCLASS = rb"\bclass\s+\w+\s*\([^()]*\b%b\b"


def word_pattern(words: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """Returns a pattern for one of the words."""
    return re.compile(rb"\b(?:%b)\b" % b"|".join(map(re.escape, words)))


@functools.lru_cache
def packages_pattern(packages: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """Returns a pattern whose group is the package that a line imports, if it is among these."""
    return re.compile(rb"^[ \t]*(?:import|from)[ \t]+(" + b"|".join(packages) + rb")\b", re.MULTILINE)


def import_test(path: str) -> Callable[[bytes], bool]:
    """Returns a predicate on source bytes: whether they may import this module."""
    pattern = _import_pattern(path)
    return lambda data: any(statement.lastindex for statement in pattern.finditer(data))


def _import_pattern(path: str) -> re.Pattern[bytes]:
    """Returns a pattern for imports, with a group for the file's name or a folder that may re-export its names.

    Each match extends to that name or to the end of the line, so that no line is read twice.
    """
    parts = path.removesuffix(".py").split(os.sep)[-3:]
    names = [part for part in (parts[-2:] if parts[-1] != "__init__" else parts[:-1]) if part.isidentifier()]
    words = b"|".join(re.escape(name.encode()) for name in names) or b"(?!)"
    named = rb"(?<![A-Za-z0-9_])(?:" + words + rb")(?![A-Za-z0-9_])"
    folder = rb"from\s+\.+\s+import"
    return re.compile(rb"(" + folder + rb")|(?:from|import)\b(?:[^\n]*?(" + named + rb"|" + folder + rb")|[^\n]*)")
