"""Decides by their names, keys and labels whether operands, targets and arguments of Python source are secrets."""

from __future__ import annotations

from poolsafe.reports.secrets.literals import Group, Number, Text
from poolsafe.reports.secrets.secret_names import is_secret
from poolsafe.reports.secrets.secret_texts import search

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolsafe.reports.secrets.literals import Item

# Keys and parameters that name the value next to them: `Field("...", alias="password")`.
_LABELS = frozenset({"alias", "env", "envvar", "key", "name", "validation_alias"})


def names_secret(items: Sequence[Item], *, keys: bool = True) -> bool:
    """Returns whether a target or an operand names a secret. With `keys`, strings count as names too."""
    for index, item in enumerate(items):
        if isinstance(item, str):
            found = is_secret(item)
        elif isinstance(item, Text):
            found = keys and _is_secret_key(item)
        else:
            # The arguments of a call do not describe its result.
            called = isinstance(item, Number) or (item.kind == "(" and index > 0)
            subscript = isinstance(item, Group) and item.kind == "[" and index > 0
            found = not called and isinstance(item, Group) and names_secret(item.items, keys=keys or subscript)
        if found:
            return True
    return False


def _is_secret_key(text: Text) -> bool:
    return text.key is not None and is_secret(text.key)


def is_option(segment: Sequence[Item]) -> bool:
    """Returns whether an argument is a command-line option for a secret: `"--password"`."""
    text = segment[0]
    return len(segment) == 1 and isinstance(text, Text) and (text.key or "").startswith("--") and _is_secret_key(text)


def is_labelled(segment: Sequence[Item]) -> bool:
    """Returns whether a segment labels its neighbour as a secret: `alias="password"`, `"name": "DB_PASSWORD"`."""
    if len(segment) != 3 or segment[1] not in ("=", ":") or not isinstance(segment[2], Text):
        return False
    label = segment[0].key if isinstance(segment[0], Text) else segment[0]
    return label in _LABELS and _is_secret_key(segment[2])


def has_parameter(items: Sequence[Item], source: str) -> bool:
    """Returns whether an SQL command, or `text` of one, has a parameter where a secret belongs."""
    if len(items) > 1 and isinstance(items[-1], Group):
        items = items[-1].items
    spans = [part for item in items if isinstance(item, Text) for part in item.parts if isinstance(part, tuple)]
    return search("".join(source[start:end] for start, end in spans)).parameter


def elements(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Returns the elements of a tuple or a list; any other expression is a single element."""
    if len(items) == 1 and isinstance(items[0], Group) and items[0].kind in ("(", "["):
        items = items[0].items
    return split(items, (",",))


def split(items: Sequence[Item], signs: tuple[str, ...]) -> list[Sequence[Item]]:
    """Returns the parts between signs, except for empty ones."""
    parts: list[Sequence[Item]] = []
    start = 0
    for index, item in enumerate(items):
        if isinstance(item, str) and item in signs:
            parts.append(items[start:index])
            start = index + 1
    parts.append(items[start:])
    return [part for part in parts if part]


def parameters(items: Sequence[Item]) -> dict[str, frozenset[int]]:
    """Returns the positions of the parameters that name secrets, for the functions and classes of a source."""
    found: dict[str, frozenset[int]] = {}
    owner = ""
    for index, item in enumerate(items[:-2]):
        name, listed = items[index + 1], items[index + 2]
        if item == "class" and isinstance(name, str):
            owner = name
        if item != "def" or not isinstance(name, str) or not isinstance(listed, Group):
            continue
        names = [segment[0] for segment in split(listed.items, (",",))]
        names = names[1:] if names[:1] in (["self"], ["cls"]) else names
        places = frozenset(place for place, each in enumerate(names) if isinstance(each, str) and is_secret(each))
        if places:
            found[owner if name == "__init__" else name] = places
    return found
