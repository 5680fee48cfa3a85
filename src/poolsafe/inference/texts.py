"""Strings of known and unknown pieces, and Python's string operations on them."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Mapping

from poolsafe.inference.lattice import alternatives, choose, compatible, for_detection, is_override, is_parameter, lift
from poolsafe.inference.objects import EnumMember, LibraryObject, Secret
from poolsafe.inference.symbols import ALWAYS, Characters, Comparison, Constant, Guard, Identity, Named, Symbol, derived
from poolsafe.inference.values import RAISES, Alternatives, Const, Library, Text, Unknown, Url, Value, text

MAX_COMBINED = 64  # ways to combine the parts of an f-string


def as_text(value: Value, reason: str = "unknown text") -> Text:
    """Returns `str(value)` of a single value, as an unknown piece if it is unknown."""
    match value:
        case Text():
            return value
        case Const(value=bool() | int() | float() | None as plain):
            return text(str(plain), provenance=value.provenance)
        case Url():
            return url_text(value)
        case EnumMember() | Secret():
            return as_text(value.value)
        case Unknown():
            return Text((value,), provenance=value.provenance)
        case Library():
            return text(Unknown(f"`{value.name}` is outside the project", Named(value.name)))
    return text(Unknown(reason))


def url_text(url: Url) -> Text:
    """Returns a URL object as a string: its scheme, and one unknown piece for the rest."""
    scheme = (
        as_text(for_detection(url.drivername)) if not _several(url.drivername) else text(Unknown("several drivers"))
    )
    host = url.host.symbol if isinstance(url.host, Unknown) else None
    return text(
        *scheme.pieces,
        "://",
        Unknown("an unknown part of the URL", derived("url", Identity(url), host)),
        provenance=url.provenance,
    )


def _several(value: Value) -> bool:
    return len(alternatives(for_detection(value))) > 1


def stringify(value: Value, reason: str = "unknown text") -> Value:
    """Returns `str(value)` for each alternative."""
    return lift(lambda single: as_text(single, reason), value)


def concatenate(left: Value, right: Value, by: Callable[[Value, Value], Value] | None = None) -> Value:
    """Returns `left + right` of strings, with values from the environment only if they may decide a URL's scheme."""
    by = by or join
    joined = lift(by, for_detection(left), for_detection(right))
    if not any(isinstance(side, Alternatives) for side in (left, right)) or not _may_be_url(joined):
        return joined
    return lift(by, left, for_detection(right) if _has_scheme(left) else right)


def join(first: Value, second: Value) -> Value:
    """Returns the concatenation of two single strings."""
    one, two = as_text(first), as_text(second)
    return text(*one.pieces, *two.pieces, provenance=one.provenance if one.prefix else one.provenance or two.provenance)


def _may_be_url(value: Value) -> bool:
    """Returns whether text begins like a URL, or like the scheme of one."""
    return _has_scheme(value) or any(
        isinstance(single, Text) and single.prefix.startswith((*DATABASES, "postgres"))
        for _, single in alternatives(value)
    )


def _has_scheme(value: Value) -> bool:
    """Returns whether text has the end of a URL's scheme, so that what follows does not belong to the scheme."""
    return any(
        isinstance(single, Text) and any(isinstance(piece, str) and "://" in piece for piece in single.pieces)
        for _, single in alternatives(for_detection(value))
    )


def concatenate_all(parts: list[Value]) -> Value:
    """Returns the concatenation of the parts of an f-string.

    A caller that passes one of the parts may also pass the others, so there is not a combination for each subset. The
    same is true of the environment, which counts only for the scheme of a URL.
    """
    joined = _concatenated(map(for_detection, parts))
    if not any(isinstance(part, Alternatives) for part in parts):
        return joined
    is_scheme = _may_be_url(joined)
    options: list[tuple[Guard, Value]] = [(ALWAYS, text())]
    given: list[Value] = []
    overridden: list[Guard] = []
    for part in parts:
        plain = for_detection(part)
        overrides = [one for one in alternatives(part) if is_override(one[1]) and (is_scheme or is_parameter(one[1]))]
        decides = is_scheme and overrides and not all(is_parameter(single) for _, single in overrides)
        defaults = [one for one in alternatives(part) if not is_override(one[1])] if decides else ()
        options = _joined(options, defaults or alternatives(plain))
        given.append(choose(overrides) if overrides else plain)
        overridden += [guard for guard, _ in overrides]
        is_scheme = is_scheme and not _has_scheme(part)
    if not overridden:
        return joined
    whole = _concatenated(given)
    return choose([*options, *((guard, whole) for guard in overridden)])


def _joined(options: list[tuple[Guard, Value]], more: Iterable[tuple[Guard, Value]]) -> list[tuple[Guard, Value]]:
    """Returns the beginnings of a string, each followed by each of the next parts."""
    pairs = [
        (guard | inner, join(one, two)) for guard, one in options for inner, two in more if compatible(guard, inner)
    ]
    return pairs[:MAX_COMBINED]


def _concatenated(parts: Iterable[Value]) -> Value:
    result: Value = text()
    for part in parts:
        result = concatenate(result, part)
    return result


def looks_like_scheme(prefix: str) -> bool:
    """Returns whether the text begins a PostgreSQL URL: `postgres://`, `postgresql`, `postgresql+psycopg2://`, ..."""
    return prefix.startswith(("postgres", "postgresql"))


def startswith(subject: Text, prefix: str) -> bool | None:
    """Returns whether the string starts with `prefix`, or None if that is unknown."""
    known = subject.prefix
    if known.startswith(prefix):
        return True
    if subject.known is not None or not prefix.startswith(known):
        return False
    return None


def endswith(subject: Text, suffix: str) -> bool | None:
    """Returns whether the string ends with `suffix`, or None if that is unknown."""
    known = subject.suffix
    if known.endswith(suffix):
        return True
    if subject.known is not None or not suffix.endswith(known):
        return False
    return None


def contains(subject: Text, needle: str) -> bool | None:
    """Returns whether the string contains `needle`, or None if that is unknown."""
    if any(isinstance(piece, str) and needle in piece for piece in subject.pieces):
        return True
    if "://" in subject.prefix and needle.strip(":/+").lower() in _DIALECTS:
        return False  # a test for a dialect concerns the scheme, which is known
    return False if subject.known is not None else None


DATABASES = frozenset({"sqlite", "mysql", "mariadb", "oracle", "mssql"})
_DIALECTS = DATABASES | {
    "aiosqlite", "aiomysql", "postgres", "postgresql", "asyncpg", "psycopg", "psycopg2", "cockroachdb"
}  # fmt: skip


def partition(subject: Text, separator: str, *, last: bool = False) -> tuple[Text, Text, Text] | None:
    """Returns `subject.partition(separator)`, or `rpartition` with `last`, or None if the position is unknown."""
    known = subject.known
    if known is not None:
        head, found, tail = known.rpartition(separator) if last else known.partition(separator)
        return text(head, provenance=subject.provenance), text(found), text(tail, provenance=subject.provenance)
    if not last and separator not in subject.prefix:
        return None
    parts = split(subject, separator, 1, last=last)
    return None if parts is None or len(parts) != 2 else (parts[0], text(separator), parts[1])


def split(subject: Text, separator: str, limit: int = -1, *, last: bool = False) -> list[Text] | None:
    """Returns `subject.split(separator, limit)`, or `rsplit` with `last`, assuming no separator in unknown pieces.

    One exception: if the path of a URL is unknown, its last slash is in that unknown piece and not in `://`. Returns
    None if the text does not begin with known characters.
    """
    mark, colon = "\x00", "\x01"
    joined = "".join(piece if isinstance(piece, str) else mark for piece in subject.pieces)
    holes = [piece for piece in subject.pieces if isinstance(piece, Unknown)]
    if not subject.prefix or joined.count(mark) != len(holes) or colon in joined or mark in separator:
        return None
    if not last:
        parts = joined.split(separator, limit)
    elif separator in (":", "/"):
        parts = [part.replace(colon, "://") for part in joined.replace("://", colon).rsplit(separator, limit)]
        if len(parts) == 1:
            rest = Unknown("a part of an unknown string", derived_of("last", subject, more=(separator,)))
            return [subject, text(rest)]
    else:
        parts = joined.rsplit(separator, limit)
    result = []
    for part in parts:
        count = part.count(mark)
        result.append(refill(part, holes[:count], mark, subject))
        del holes[:count]
    return result


def slice_text(subject: Text, start: int | None, stop: int | None, step: int | None) -> Text:
    """Returns `subject[start:stop:step]`, which is exact within a known beginning and unknown otherwise."""
    known = subject.known
    if known is not None:
        return text(known[start:stop:step], provenance=subject.provenance)
    if step in (None, 1) and (start or 0) >= 0 and subject.pieces:
        first = subject.pieces[0]
        begin = start or 0
        if isinstance(first, str) and begin <= len(first):
            if stop is None:
                return text(first[begin:], *subject.pieces[1:], provenance=subject.provenance)
            if 0 <= stop <= len(first):
                return text(first[begin:stop], provenance=subject.provenance)
    return text(Unknown("a slice of an unknown string", derived_of("slice", subject, more=(start, stop))))


def symbol_of(value: Value) -> Symbol | None:
    """Returns the symbol that stands for a value in other symbols, or None if the value cannot be identified."""
    match value:
        case Unknown():
            return value.symbol
        case Const():
            return Constant(type(value.value).__name__, value.value)
        case Text():
            pieces: list[str | Symbol] = []
            for piece in value.pieces:
                if isinstance(piece, Unknown) and piece.symbol is None:
                    return None
                pieces.append(piece if isinstance(piece, str) else piece.symbol or RAISES)
            return Characters(tuple(pieces))
        case Library():
            return Named(value.name)
        case LibraryObject():
            return value.symbol
    return None


def comparison_of(operator: str, left: Value, right: Value) -> Symbol | None:
    """Returns the symbol of a comparison, or None if an operand cannot be identified."""
    one, two = symbol_of(left), symbol_of(right)
    return None if one is None or two is None else Comparison(operator, one, two)


def negation_of(value: Value) -> Symbol | None:
    """Returns the symbol of `not value`, or None if the value cannot be identified."""
    symbol = symbol_of(value)
    return None if symbol is None else Comparison("not", symbol, None)


def derived_of(operation: str, *values: Value, more: tuple[object, ...] = ()) -> Symbol | None:
    """Returns the symbol of an operation on values, or None if one of them cannot be identified."""
    parts = [symbol_of(value) for value in values]
    return None if None in parts else derived(operation, *parts, *more)


def map_known(subject: Text, function: Callable[[str], str], *, pieces: bool = False) -> Text:
    """Applies a function to a known string. With `pieces`, for functions of single characters, to each known piece."""
    known = subject.known
    if known is not None:
        return text(function(known), provenance=subject.provenance)
    if pieces:
        return text(
            *(function(piece) if isinstance(piece, str) else piece for piece in subject.pieces),
            provenance=subject.provenance,
        )
    return text(Unknown("a function call with an unknown string", derived_of("map", subject, more=(function,))))


def dedent(subject: Text, function: Callable[[str], str]) -> Text:
    """Applies `textwrap.dedent` or `inspect.cleandoc`, with a mark in place of each unknown piece."""
    mark = "\x00"
    holes = [piece for piece in subject.pieces if isinstance(piece, Unknown)]
    joined = "".join(piece if isinstance(piece, str) else mark for piece in subject.pieces)
    return refill(function(joined), holes, mark, subject)


def strip(subject: Text, characters: str | None, sides: str) -> Text:
    """Returns the result of `strip`, `lstrip` or `rstrip`, which is exact at known ends."""
    pieces = list(subject.pieces)
    if pieces and "l" in sides and isinstance(pieces[0], str):
        pieces[0] = pieces[0].lstrip(characters)
    if pieces and "r" in sides and isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip(characters)
    return text(*pieces, provenance=subject.provenance)


def refill(joined: str, holes: list[Unknown], mark: str, subject: Text) -> Text:
    """Returns a string with the unknown pieces in place of the marks."""
    parts = joined.split(mark)
    pieces: list[str | Unknown] = [parts[0]]
    for hole, part in zip(holes, parts[1:], strict=False):
        pieces += [hole, part]
    return text(*pieces, provenance=subject.provenance)


def format_braces(
    template: str, positional: list[Value], keywords: Mapping[str, Value], lookup: Callable[[Value, str], Value]
) -> Value:
    """Returns `template.format(*positional, **keywords)`. `lookup` reads an attribute or item of a field's value."""
    parts: list[Value] = []
    automatic = 0
    try:
        for literal, name, spec, conversion in string.Formatter().parse(template):
            parts.append(text(literal))
            if name is None:
                continue
            head, rest = _field(name)
            if head == "":
                head, automatic = str(automatic), automatic + 1
            value: Value
            if head.isdigit():
                value = positional[int(head)] if int(head) < len(positional) else Unknown("a missing format argument")
            else:
                value = keywords.get(head) or Unknown(f"format field {head!r} is unknown", derived("format", head))
            for attribute in rest:
                value = lookup(value, attribute)
            parts.append(stringify(value) if not spec and not conversion else text(Unknown("a formatted value")))
    except ValueError:
        return text(Unknown("a malformed format string"))
    return concatenate_all(parts)


def _field(name: str) -> tuple[str, list[str]]:
    head = ""
    for character in name:
        if character in ".[":
            break
        head += character
    rest = name[len(head) :].replace("[", ".").replace("]", "")
    return head, [part for part in rest.split(".") if part]


def format_percent(template: Text, positional: list[Value] | None, mapping: Callable[[str], Value] | None) -> Value:
    """Returns `template % values`, with the values of a tuple or the lookup of a mapping."""
    parts: list[Value] = []
    queue = list(positional or [])
    for piece in template.pieces:
        if not isinstance(piece, str):
            parts.append(Text((piece,)))
            continue
        index = 0
        while True:
            at = piece.find("%", index)
            if at < 0:
                parts.append(text(piece[index:]))
                break
            parts.append(text(piece[index:at]))
            at += 1
            if piece[at : at + 1] == "%":
                parts.append(text("%"))
                index = at + 1
                continue
            value: Value = Unknown("a formatted value")
            if piece[at : at + 1] == "(" and (end := piece.find(")", at)) > 0:
                if mapping is not None:
                    value = mapping(piece[at + 1 : end])
                at = end + 1
            elif queue:
                value = queue.pop(0)
            while at < len(piece) and piece[at] in "#0- +.123456789*":
                at += 1
            conversion = piece[at : at + 1]
            parts.append(stringify(value) if conversion in ("s", "d", "i") else text(Unknown("a formatted value")))
            index = at + 1
    return concatenate_all(parts)
