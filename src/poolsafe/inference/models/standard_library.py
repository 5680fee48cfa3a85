"""Calls of the standard library."""

from __future__ import annotations

import inspect
import posixpath
import re
import textwrap
from collections.abc import Callable
from dataclasses import replace

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.conditions import compare, value_truth
from poolsafe.inference.context import Frame
from poolsafe.inference.instances import changed, dumped
from poolsafe.inference.lattice import choose, for_detection, lift
from poolsafe.inference.models.handler import Handler, first, second
from poolsafe.inference.names import force, imported
from poolsafe.inference.objects import Match
from poolsafe.inference.replacing import replace as replace_text
from poolsafe.inference.symbols import At
from poolsafe.inference.text_methods import text_method
from poolsafe.inference.values import (
    Const,
    Instance,
    Library,
    MappingRef,
    Partial,
    Pending,
    Sequence,
    Text,
    Unknown,
    Value,
    text,
)

MAX_PATTERN = 100
MAX_SUBJECT = 2000


def _partial(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    if not arguments.positional:
        return Unknown("a `partial()` without a function")
    provenance = () if node is None else frame.provenance(node, "`functools.partial()`")
    return Partial(
        arguments.positional[0], tuple(arguments.positional[1:]), dict(arguments.keywords), provenance=provenance
    )


def _join_path(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    known = [part.known for part in arguments.positional if isinstance(part, Text) and part.known is not None]
    if len(known) == len(arguments.positional):
        return text(posixpath.join(*known))
    return Unknown("a path")


def _quote(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    value = arguments.positional[0] if arguments.positional else Unknown("quoted text")
    known = for_detection(force(frame, value))
    if isinstance(known, Text) and known.known is not None and known.known.replace("_", "").replace("-", "").isalnum():
        return known
    return text(Unknown("quoted text", texts.derived_of("quote", known)))


def _dedent(function: Callable[[str], str]) -> Handler:
    def handler(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
        def one(single: Value) -> Value:
            return texts.dedent(single, function) if isinstance(single, Text) else Unknown("dedented text")

        return lift(one, for_detection(force(frame, first(frame, node, arguments))))

    return handler


def _copy(*, deep: bool) -> Handler:
    def handler(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
        def one(single: Value) -> Value:
            if isinstance(single, Sequence) and single.address:
                parts = tuple(copied(inner) if deep else inner for inner in single.items)
                return replace(single, items=parts, address=frame.address())
            if not isinstance(single, MappingRef):
                return single
            content = frame.content(single)
            items = {key: copied(inner) if deep else inner for key, inner in content.items.items()}
            return frame.new_mapping(items, content.open, content.provenance)

        def copied(value: Value) -> Value:
            return lift(one, force(frame, value))

        return copied(first(frame, node, arguments))

    return handler


def _asdict(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    value = force(frame, first(frame, node, arguments))
    return dumped(frame, value) if isinstance(value, Instance) else Unknown("a dict of an object's fields")


def _evolve(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    value = force(frame, first(frame, node, arguments))
    if isinstance(value, Instance):
        return changed(frame, value, arguments.keywords)
    return Unknown("a changed copy of an object")


def _substitute(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`re.sub`, which is often used to insert a driver into a URL. Patterns that could take long are not tried."""
    pattern, new, subject = (arguments.get(index, name) for index, name in enumerate(("pattern", "repl", "string")))
    known = texts.as_text(for_detection(pattern)).known if pattern is not None else None
    count = for_detection(arguments.get(3, "count") or Const(0))
    times = count.value if isinstance(count, Const) and arguments.get(4, "flags") is None else None
    if known is None or new is None or subject is None or not isinstance(times, int) or not _is_quick(known):
        return text(Unknown("the result of a regular expression"))

    def one(single: Value, into: Value) -> Value:
        whole, by = texts.as_text(single), texts.as_text(into).known
        if by is None or "\\" in by:
            return text(Unknown("the result of a regular expression"))
        if whole.known is not None and len(whole.known) <= MAX_SUBJECT:
            return text(re.sub(known, by, whole.known, count=times), provenance=whole.provenance)
        if isinstance(into, Text) and texts.looks_like_scheme(known.lstrip("^")):
            return replace_text(frame.run, whole, text(_shortest(known)), into)
        return text(Unknown("the result of a regular expression"))

    return lift(one, force(frame, subject), for_detection(force(frame, new)))


def _matched(name: str) -> Handler:
    """`re.match`, `re.search` or `re.fullmatch`: a match or None."""

    def handler(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
        given = [arguments.get(index, keyword) for index, keyword in enumerate(("pattern", "string", "flags"))]
        pattern, subject, flags = given
        known = texts.as_text(for_detection(pattern)).known if pattern is not None else None
        if node is None or known is None or subject is None or flags is not None or not _is_quick(known):
            return Unknown("a search with a regular expression", None if node is None else At(frame.number, node))

        def one(single: Value) -> Value:
            if isinstance(single, Text) and single.known is not None and len(single.known) <= MAX_SUBJECT:
                return Const(getattr(re, name)(known, single.known) is not None)
            part = _literal(known)
            if part is None or name == "fullmatch" or not isinstance(single, (Text, Unknown)):
                return Unknown("a search in an unknown string", texts.derived_of(f"re.{name}", single, text(known)))
            if name == "match" or known.startswith("^"):
                return text_method(frame, node, texts.as_text(single), "startswith", Arguments([text(part)]))
            return compare(frame, node, "in", text(part), single)

        found, missing = value_truth(frame, node, lift(one, force(frame, subject)))
        match = Match(symbol=At(frame.number, node))
        return choose([*((guard, match) for guard in found), *((guard, Const(None)) for guard in missing)])

    return handler


def _literal(pattern: str) -> str | None:
    """Returns the string that a pattern matches, apart from a `^`, or None if it matches several."""
    literal = pattern.removeprefix("^")
    if re.search(r"\\\w|[][.^$*+?{}|()]", re.sub(r"\\\W", "", literal)):
        return None
    return re.sub(r"\\(.)", r"\1", literal)


def _is_quick(pattern: str) -> bool:
    """Returns whether a pattern is valid and cannot backtrack for long: no repetition except a few question marks."""
    plain = re.sub(r"\\.", "", pattern)
    if len(pattern) > MAX_PATTERN or any(sign in plain for sign in "*+{") or plain.count("?") > 4:
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _shortest(pattern: str) -> str:
    """Returns the shortest match of a pattern for the beginning of a URL, without its optional parts."""
    without = re.sub(r"\(\?:[^()]*\)\?|\([^()]*\)\?|\w\?", "", pattern.lstrip("^"))
    return re.sub(r"\\(.)", r"\1", without)


def _import_module(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`importlib.import_module(name)` with a known name: the module is looked up like any import, never imported."""
    given = arguments.get(0, "name")
    name = for_detection(given) if given is not None else None
    known = name.known if isinstance(name, Text) else None
    if not known:
        return Unknown("a module with an unknown name")
    dotted = known.lstrip(".")
    return imported(frame, Pending(frame.module, len(known) - len(dotted), dotted))


def _lru_cache(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`lru_cache(function)`, or `lru_cache(maxsize=None)`, which is called with the function next."""
    given = force(frame, arguments.positional[0]) if arguments.positional else Const(None)
    return Library("functools.cache") if isinstance(given, Const) else given


HANDLERS: dict[str, Handler] = {
    "importlib.import_module": _import_module,
    "re.fullmatch": _matched("fullmatch"),
    "re.match": _matched("match"),
    "re.search": _matched("search"),
    "re.sub": _substitute,
    "dataclasses.asdict": _asdict,
    "dataclasses.replace": _evolve,
    "attrs.asdict": _asdict,
    "attrs.evolve": _evolve,
    "functools.partial": _partial,
    "functools.lru_cache": _lru_cache,
    "functools.cache": first,
    "contextlib.asynccontextmanager": first,
    "contextlib.contextmanager": first,
    "typing.cast": second,
    "asyncio.run": first,
    "asyncio.shield": first,
    "asyncio.wait_for": first,
    "copy.copy": _copy(deep=False),
    "copy.deepcopy": _copy(deep=True),
    "textwrap.dedent": _dedent(textwrap.dedent),
    "inspect.cleandoc": _dedent(inspect.cleandoc),
    "os.path.join": _join_path,
    "urllib.parse.quote": _quote,
    "urllib.parse.quote_plus": _quote,
}
