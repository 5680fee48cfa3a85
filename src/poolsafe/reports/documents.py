"""JSON documents that contain no CI runner commands, because they may be printed to a log."""

from __future__ import annotations

import json

from poolsafe.output_safety import escaped


def as_json(value: object, *, indent: int | None = 2, sort_keys: bool = False) -> str:
    """Returns the document as JSON, on one line if `indent` is None. Parsers read the original strings from it."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, indent=indent, sort_keys=sort_keys, separators=separators)
    return escaped(text, lambda char: f"\\u{ord(char):04x}")
