"""Literal requirements in setup.py: `setup(install_requires=[...], extras_require={...})`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from poolsafe.deployment.packages import Entry, requirement
from poolsafe.source import Source, UndecodableSource
from poolsafe.syntax.limits import SHALLOW
from poolsafe.syntax.tree import Unparsable, parse

# Only a file that mentions a relevant package is parsed.
_NAMED = re.compile(r"asyncpg|sqlalchemy", re.IGNORECASE)
_KEYWORDS = ("install_requires", "extras_require")
# Enough for a name, the dict of the extras, a list, a name in it, and one more.
_DEPTH = 6


def entries_of(text: str) -> Iterator[Entry]:
    """Yields the requirements in the literals. Computed lists and files that cannot be parsed are ignored."""
    if not _NAMED.search(text):
        return
    try:
        tree = parse(Source.from_text("setup.py", text))
    except (Unparsable, UndecodableSource):
        return
    if tree.height > SHALLOW:
        return
    assigned = dict(_assigned(tree.module))
    for value in _given(tree.module):
        for string in _strings(value, assigned):
            yield from requirement(string)


def _given(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """Yields the values of the two keywords in any call to `setup`."""
    if isinstance(node, cst.Call):
        function = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        if isinstance(function, cst.Name) and function.value == "setup":
            yield from (one.value for one in node.args if one.keyword and one.keyword.value in _KEYWORDS)
    for child in node.children:
        yield from _given(child)


def _assigned(module: cst.Module) -> Iterator[tuple[str, cst.BaseExpression]]:
    """Yields the names that the module's own statements assign."""
    for line in module.body:
        for small in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.Assign) and isinstance(target := small.targets[0].target, cst.Name):
                yield target.value, small.value


def _strings(value: cst.BaseExpression, assigned: dict[str, cst.BaseExpression], depth: int = 0) -> Iterator[str]:
    """Yields the strings of a list, of the lists of a dict, or of the value of a name."""
    if depth > _DEPTH:
        return
    match value:
        case cst.SimpleString() | cst.ConcatenatedString() if isinstance(value.evaluated_value, str):
            yield from value.evaluated_value.splitlines()
        case cst.List() | cst.Tuple() | cst.Set():
            for element in value.elements:
                yield from _strings(element.value, assigned, depth + 1)
        case cst.Dict():
            for each in value.elements:
                yield from _strings(each.value, assigned, depth + 1)
        case cst.Name() if value.value in assigned:
            yield from _strings(assigned[value.value], assigned, depth + 1)
