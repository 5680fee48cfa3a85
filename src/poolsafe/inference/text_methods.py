"""Methods of strings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.attributes import attribute
from poolsafe.inference.context import Frame
from poolsafe.inference.exceptions import may_raise, where_not_raising
from poolsafe.inference.lattice import each, for_detection, lift
from poolsafe.inference.mappings import merge_into
from poolsafe.inference.names import force
from poolsafe.inference.replacing import replace as replace_text
from poolsafe.inference.symbols import Symbol, derived
from poolsafe.inference.values import (
    Absent,
    Const,
    MappingRef,
    MappingValue,
    Sequence,
    Text,
    Unknown,
    Value,
    raising,
    text,
)

MAX_AFFIXES = 4  # a test of a string with more affixes is one predicate

_CASES: dict[str, tuple[Callable[[str], str], bool]] = {
    "lower": (str.lower, True),
    "upper": (str.upper, True),
    "casefold": (str.casefold, True),
    "swapcase": (str.swapcase, True),
    "title": (str.title, False),
    "capitalize": (str.capitalize, False),
}


def text_method(
    frame: Frame,
    node: ir.Call,
    subject: Text,
    name: str,
    arguments: Arguments,
    *,
    of_unknown: bool = False,
) -> Value:
    """Returns the result of a string method.

    With `of_unknown`, the subject may not be a string; the result is then Absent unless the method suggests a string.
    """
    args = [for_detection(force(frame, value)) for value in arguments.positional]
    count = arguments.get(2, "count")
    if name == "replace" and len(args) >= 2:
        limit = count.value if isinstance(count, Const) and isinstance(count.value, int) else -1
        return lift(
            lambda old, new: replace_text(frame.run, subject, texts.as_text(old), texts.as_text(new), limit),
            args[0],
            args[1],
        )
    if name in ("startswith", "endswith") and args:
        return lift(lambda affix: _affix(subject, name, affix), args[0])
    if name in ("removeprefix", "removesuffix") and args:
        return lift(lambda affix: _remove(subject, name, affix), args[0])
    if name in ("strip", "lstrip", "rstrip"):
        characters = args[0].known if args and isinstance(args[0], Text) else None
        sides = {"strip": "lr", "lstrip": "l", "rstrip": "r"}[name]
        return subject if args and characters is None else texts.strip(subject, characters, sides)
    if name == "format_map" and args and not of_unknown:
        items: dict[Any, Value] = {}
        merge_into(frame, items, args[0])
        arguments = Arguments(keywords={str(key): value for key, value in items.items()})
    if name in ("format", "format_map") and not of_unknown:
        return _format(frame, node, subject, arguments)
    if name in _CASES and not of_unknown:
        function, by_piece = _CASES[name]
        return texts.map_known(subject, function, pieces=by_piece)
    if name in ("partition", "rpartition") and args and not (of_unknown and name == "rpartition"):
        separator = args[0].known if isinstance(args[0], Text) else None
        parts = texts.partition(subject, separator, last=name == "rpartition") if separator else None
        return Sequence(parts, "tuple") if parts else _parts(subject)
    if name in ("split", "rsplit", "splitlines") and not of_unknown:
        return _split(frame, subject, name, arguments)
    if name == "join" and args and not of_unknown:
        return lift(lambda items: _join(subject, items), force(frame, arguments.positional[0]))
    if name in ("encode", "unicode_string", "render_as_string", "get_secret_value", "__str__"):
        return subject if name != "get_secret_value" or not of_unknown else _secret(subject)
    if name in _SEARCHING and len(args) == 1:
        return where_not_raising(frame, each(lambda part: _searched(frame, subject, name, part), args[0]), "ValueError")
    if of_unknown:
        return Absent()
    if name in _TESTS and subject.known is not None:
        return Const(getattr(subject.known, name)())
    return Unknown(f"a call to the string method `{name}`", texts.derived_of("method", subject, *args, more=(name,)))


_SEARCHING = frozenset({"count", "find", "index", "rfind", "rindex"})
_NOT_FOUND = {"count": Const(0), "find": Const(-1), "rfind": Const(-1)}
_TESTS = frozenset(
    {
        "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
        "isprintable", "isspace", "istitle", "isupper",
    }
)  # fmt: skip


def _searched(frame: Frame, subject: Text, name: str, part: Value) -> Value:
    """Returns the position of a part, or the number of its occurrences."""
    wanted = part.known if isinstance(part, Text) else None
    if wanted is not None and texts.contains(subject, wanted) is False:
        return _NOT_FOUND.get(name) or raising("a part that is not in the string")
    if wanted is not None and subject.known is not None:
        return Const(getattr(subject.known, name)(wanted))
    if name in ("index", "rindex"):
        may_raise(frame, "ValueError")
    alone = subject.pieces[0] if len(subject.pieces) == 1 else None
    searched = alone if isinstance(alone, Unknown) else subject
    return Unknown("a search in an unknown string", texts.derived_of(name, searched, part))


def _secret(subject: Text) -> Unknown:
    first = subject.pieces[0]
    assert isinstance(first, Unknown)
    return _of_unknown("secret", first)


def _of_unknown(kind: str, value: Unknown) -> Unknown:
    """Returns an unknown value that is derived from another one."""
    symbol = None if value.symbol is None else derived(kind, value.symbol)
    return Unknown(value.reason, symbol, override=value.override)


def _parts(subject: Text) -> Value:
    whole = texts.symbol_of(subject)
    parts = [None if whole is None else derived("part", whole, index) for index in range(3)]
    return Sequence(tuple(Unknown("a part of an unknown string", part) for part in parts), "tuple")


def _affix(subject: Text, name: str, affix: Value) -> Value:
    check = texts.startswith if name == "startswith" else texts.endswith
    wanted = [affix] if isinstance(affix, Text) else list(affix.items) if isinstance(affix, Sequence) else []
    answers = [check(subject, one.known) if isinstance(one, Text) and one.known is not None else None for one in wanted]
    if any(answer is True for answer in answers):
        return Const(True)
    if answers and all(answer is False for answer in answers):
        return Const(False)
    undecided = [one for one, answer in zip(wanted, answers, strict=True) if answer is None]
    if isinstance(affix, Sequence):
        is_open = affix.open or len(undecided) > MAX_AFFIXES
        symbol = None if is_open else _any_of([texts.comparison_of(name, subject, one) for one in undecided])
    else:
        symbol = texts.comparison_of(name, subject, affix)
    return Unknown("a test of how an unknown string begins or ends", symbol)


def _any_of(tests: list[Symbol | None]) -> Symbol | None:
    """Returns the symbol of a disjunction of tests, or None if one of them is unknown."""
    return derived("any", *tests) if tests and None not in tests else None


def _remove(subject: Text, name: str, affix: Value) -> Value:
    known = affix.known if isinstance(affix, Text) else None
    if known is None:
        return text(Unknown("a part of an unknown string"))
    if name == "removesuffix":
        return text(*subject.pieces[:-1], subject.suffix.removesuffix(known)) if subject.suffix else subject
    return (
        text(subject.prefix.removeprefix(known), *subject.pieces[1:], provenance=subject.provenance)
        if subject.prefix
        else subject
    )


def _format(frame: Frame, node: ir.Call, subject: Text, arguments: Arguments) -> Value:
    template = subject.known
    if template is None:
        return text(Unknown("an unknown format string"))
    keywords = arguments.keywords
    missing = Unknown(arguments.open_keywords or "a format field")

    def look(value: Value, name: str) -> Value:
        if isinstance(value, (MappingRef, MappingValue)):
            return frame.content(value).get(name)
        return attribute(frame, value, name, node)

    fields = {name: force(frame, value) for name, value in keywords.items()}
    positional = [force(frame, value) for value in arguments.positional]
    result = texts.format_braces(template, positional, fields or {"": missing}, look)
    return lift(
        lambda value: (
            replace(value, provenance=(subject.provenance + value.provenance)[:4]) if isinstance(value, Text) else value
        ),
        result,
    )


def _split(frame: Frame, subject: Text, name: str, arguments: Arguments) -> Value:
    given = arguments.get(0, "sep"), arguments.get(1, "maxsplit")
    by, most = (Const(None) if value is None else for_detection(force(frame, value)) for value in given)
    known = subject.known
    if known is not None and name == "splitlines":
        return Sequence(tuple(text(part, provenance=subject.provenance) for part in known.splitlines()), "list")
    separator = by.known if isinstance(by, Text) else None
    limit = most.value if isinstance(most, Const) and isinstance(most.value, int) else -1
    if (most != Const(None) and not isinstance(most, Const)) or not (separator or by == Const(None)):
        return Sequence((), "list", open=True)
    if known is not None:
        parts = known.split(separator, limit) if name == "split" else known.rsplit(separator, limit)
        return Sequence(
            tuple(text(part, provenance=subject.provenance) for part in parts[:64]), "list", open=len(parts) > 64
        )
    pieces = texts.split(subject, separator, limit, last=name == "rsplit") if separator else None
    if pieces is None:
        return Sequence((), "list", open=True)
    return Sequence(tuple(pieces[:64]), "list", open=len(pieces) != limit + 1)


def _join(subject: Text, items: Value) -> Value:
    if isinstance(items, Unknown):
        return text(_of_unknown("joined", items))
    if not isinstance(items, Sequence) or items.open:
        return text(Unknown("joined text"))
    parts: list[Value] = []
    for index, item in enumerate(items.items):
        if index:
            parts.append(subject)
        parts.append(texts.stringify(item))
    return texts.concatenate_all(parts)
