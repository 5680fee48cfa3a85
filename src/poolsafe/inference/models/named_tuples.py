"""Named tuples that calls create: `namedtuple("Pair", "a b")` and `NamedTuple("Pair", [("a", int), ("b", int)])`."""

from __future__ import annotations

import functools
import keyword

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.models.handler import Handler
from poolsafe.inference.modules import Module, StubModule
from poolsafe.inference.names import force, module_name
from poolsafe.inference.values import Sequence, Text, Unknown, Value
from poolsafe.source import Source


def _named_tuple(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    name, fields = (arguments.get(index, one) for index, one in enumerate(("typename", "field_names")))
    if not isinstance(name, Text) or name.known is None or fields is None:
        return Unknown("a named tuple with an unknown name")
    names = _field_names(frame, force(frame, fields))
    if names is None or not all(one.isidentifier() and not keyword.iskeyword(one) for one in (name.known, *names)):
        return Unknown("a named tuple with unknown fields")
    return module_name(frame, _module(name.known, names), name.known)


def _field_names(frame: Frame, fields: Value) -> tuple[str, ...] | None:
    """Returns the names in a string or a sequence of names or pairs, or None if they are unknown."""
    if isinstance(fields, Text):
        return None if fields.known is None else tuple(fields.known.replace(",", " ").split())
    if not isinstance(fields, Sequence) or fields.open:
        return None
    items = [force(frame, item) for item in fields.items]
    firsts = [force(frame, item.items[0]) if isinstance(item, Sequence) and item.items else item for item in items]
    known = [one.known for one in firsts if isinstance(one, Text) and one.known is not None]
    return tuple(known) if len(known) == len(items) else None


@functools.lru_cache(maxsize=64)
def _module(name: str, fields: tuple[str, ...]) -> Module:
    """Returns a stub that defines the named tuple as a class. It is parsed once in a process."""
    body = "".join(f"    {field}: object\n" for field in fields) or "    pass\n"
    text = f"from typing import NamedTuple\n\n\nclass {name}(NamedTuple):\n{body}"
    return StubModule(Source.from_text(f"{name} of {' '.join(fields)}", text))


HANDLERS: dict[str, Handler] = {
    "collections.namedtuple": _named_tuple,
    "typing.NamedTuple": _named_tuple,
}
