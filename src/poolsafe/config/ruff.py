"""Whether ruff, as it is configured next to us, would take our codes out of `# noqa` comments."""

from __future__ import annotations

import os

from poolsafe.config.errors import UsageError
from poolsafe.config.layers import PYPROJECT, RUFF_FILES, load_toml, tool_table
from poolsafe.config.selection import PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ADVICE = f'would take codes of poolsafe out of `# noqa` comments: set `lint.external = ["{PREFIX}"]`'
_ERASERS = ("RUF100", "RUF102")


def eraser(directory: str) -> str | None:
    """Return a line about the ruff configuration that holds for an absolute directory, or None where all is well."""
    while True:
        for name in (*RUFF_FILES, PYPROJECT):
            path = os.path.join(directory, name)
            table = _read(path) if os.path.isfile(path) else None
            if table is not None:
                rules = _erasers(table)
                return f"{path}: ruff's {' and '.join(rules)} {ADVICE}" if rules else None
        if os.path.dirname(directory) == directory:
            return None
        directory = os.path.dirname(directory)


def _read(path: str) -> dict[str, Any] | None:
    try:
        content = load_toml(path)
        return tool_table(content, "ruff", path) if os.path.basename(path) == PYPROJECT else content
    except UsageError:
        # What is wrong in ruff's configuration is for ruff to say.
        return None


def _erasers(table: dict[str, Any]) -> list[str]:
    # What it builds on may well say it.
    if "extend" in table or any(PREFIX.startswith(prefix) for prefix in _listed(table, "external")):
        return []
    taken = _listed(table, "ignore") + _listed(table, "extend-ignore")
    given = _listed(table, "select") + _listed(table, "extend-select")
    lint = table.get("lint", {})
    if "select" not in table and not (isinstance(lint, dict) and "select" in lint):
        # Since ruff 0.16 the first one belongs to the default rules.
        given.append("RUF100")
    return [rule for rule in _ERASERS if _length(given, rule) > _length(taken, rule)]


def _listed(table: dict[str, Any], key: str) -> list[str]:
    lint = table.get("lint", {})
    value = lint[key] if isinstance(lint, dict) and key in lint else table.get(key, [])
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _length(selectors: list[str], rule: str) -> int:
    lengths = [0 if selector == "ALL" else len(selector) for selector in selectors if _covers(selector, rule)]
    return max(lengths, default=-1)


def _covers(selector: str, rule: str) -> bool:
    return selector == "ALL" or (bool(selector) and rule.startswith(selector))
