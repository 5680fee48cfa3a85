"""The JSON schema of the configuration, generated from the table of keys.

`python -m poolsafe.config.schema docs/poolsafe.schema.json` writes the schema for editors. It describes poolsafe.toml,
which has the same structure as `[tool.poolsafe]`.
"""

from __future__ import annotations

import json
import sys

from poolsafe.config.keys import KEYS, RENAMED, SELECTOR_KEYS, Key
from poolsafe.config.kinds import POOLER
from poolsafe.config.selection import ALL, PREFIX
from poolsafe.deployment.providers.catalogue import names
from poolsafe.rules import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DRAFT = "http://json-schema.org/draft-07/schema#"
_SELECTOR = {"$ref": "#/definitions/selector"}


def schema() -> dict[str, Any]:
    """Returns the schema of poolsafe.toml."""
    top = {key.name: _property(key) for key in KEYS.values() if not key.section}
    lint = {key.name: _property(key) for key in KEYS.values() if key.section == "lint"}
    # Most editors strike these through.
    top.update((name, {**_property(KEYS[path]), "deprecated": True}) for name, path in RENAMED.items())
    top["lint"] = {"type": "object", "properties": lint, "additionalProperties": False}
    return {
        "$schema": DRAFT,
        "title": "poolsafe",
        "type": "object",
        "properties": top,
        "additionalProperties": False,
        "definitions": {"selector": {"enum": _selectors()}},
    }


def _property(key: Key) -> dict[str, object]:
    described: dict[str, object] = {"description": key.doc, **key.kind.schema}
    if key.kind is POOLER:
        described["enum"] = [*POOLER.choices, *names()]
    if key.path in SELECTOR_KEYS:
        described["items"] = _SELECTOR
    elif key.path.endswith("per-file-ignores"):
        described["additionalProperties"] = {"type": "array", "items": _SELECTOR}
    if key.default is not None:
        described["default"] = list(key.default) if isinstance(key.default, tuple) else key.default
    return described


def _selectors() -> list[str]:
    codes = registry.names()
    beginnings = {code[:length] for code in codes for length in range(len(PREFIX), len(code) + 1)}
    return [ALL, *sorted(beginnings)]


def render() -> str:
    """Returns the schema as the text of its file."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m poolsafe.config.schema FILE")
    with open(sys.argv[1], "w", encoding="utf-8", newline="\n") as file:
        file.write(render())
