"""Ruff's configuration: the keys that poolsafe inherits, and whether ruff would remove poolsafe's codes."""

from __future__ import annotations

import os

from poolsafe.config.errors import UsageError
from poolsafe.config.keys import KEYS
from poolsafe.config.layers import Layer, Origin, Value, found_in, tool_table
from poolsafe.config.presence import PYPROJECT
from poolsafe.config.selection import PREFIX, Selection, enabled_codes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Table = dict[str, Any]

MAX_EXTENDS = 20
RUFF_FILES = (".ruff.toml", "ruff.toml")
ADVICE = f'would remove codes of poolsafe from `# noqa` comments; set `lint.external = ["{PREFIX}"]`'
# The rules about unused and invalid comments. Since ruff 0.16, the first one is on by default.
_ERASERS = ("RUF100", "RUF102")
_DEFAULT = ("RUF100",)


def ruff_layers(directory: str) -> list[Layer] | None:
    """Returns the layers from ruff's configuration in one directory, extended files first, or None without one.

    Only keys marked `from_ruff` are read. Unreadable ones are ignored, because ruff reports them itself.
    """
    tables = _tables_in(directory)
    if tables is None:
        return None
    return [_inheritable(table, file) for file, table in tables]


def eraser(directory: str) -> str | None:
    """Returns a warning about the ruff configuration of an absolute directory, or None if there is no problem."""
    while True:
        tables = _tables_in(directory)
        if tables:
            rules = _erasers([table for _, table in tables])
            return f"{tables[-1][0].name}: ruff's {' and '.join(rules)} {ADVICE}" if rules else None
        if tables is not None or os.path.dirname(directory) == directory:
            return None
        directory = os.path.dirname(directory)


def _tables_in(directory: str) -> list[tuple[Origin, Table]] | None:
    """Returns ruff's tables of one directory with their files, the most distant one first.

    Returns None if there is none, and an empty list if ruff itself would reject it.
    """
    for name in (*RUFF_FILES, PYPROJECT):
        if not os.path.isfile(os.path.join(directory, name)):
            continue
        file = found_in(directory, name)
        try:
            table = _read(file)
        except UsageError:
            return []
        if table is not None:
            return _chain(file, table)
    return None


def _chain(file: Origin, table: Table) -> list[tuple[Origin, Table]]:
    chain = [(file, table)]
    while isinstance(target := table.get("extend"), str):
        file = file.beside(target)
        try:
            table = _read(file) or {}
        except UsageError:
            return []
        if len(chain) == MAX_EXTENDS or any(
            os.path.realpath(file.path) == os.path.realpath(each.path) for each, _ in chain
        ):
            return []
        chain.insert(0, (file, table))
    return chain


def _read(file: Origin) -> Table | None:
    content = file.load()
    table = tool_table(content, "ruff", file.name) if os.path.basename(file.path) == PYPROJECT else content
    if table is not None and not isinstance(table.get("lint", {}), dict):
        raise UsageError(f"{file.name}: `lint` must be a table")
    return table


def _inheritable(table: Table, file: Origin) -> Layer:
    base = os.path.dirname(file.path)
    layer = {}
    for key in KEYS.values():
        given = table.get(key.ruff_table, {}) if key.ruff_table else table
        if not key.from_ruff or not isinstance(given, dict) or key.path not in given:
            continue
        try:
            layer[key.path] = Value(key.kind.read(given[key.path]), file.name, base, quotable=not file.extended)
        except ValueError:
            continue
    return layer


def _erasers(tables: list[Table]) -> list[str]:
    external = next((said for table in reversed(tables) if (said := _listed(table, "external")) is not None), [])
    if any(PREFIX.startswith(prefix) for prefix in external):
        return []
    on = enabled_codes(map(_selection, tables), _ERASERS, default=_DEFAULT)
    return [rule for rule in _ERASERS if rule in on]


def _selection(table: Table) -> Selection:
    return Selection(
        select=_listed(table, "select"),
        extend_select=_listed(table, "extend-select") or (),
        ignore=[*(_listed(table, "ignore") or ()), *(_listed(table, "extend-ignore") or ())],
    )


def _listed(table: Table, key: str) -> list[str] | None:
    lint = table.get("lint", {})
    value = lint[key] if key in lint else table.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else None
