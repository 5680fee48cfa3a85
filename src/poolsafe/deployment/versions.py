"""Version specifiers of pip and Poetry as ranges of releases, and combinations of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from poolsafe.facts.deployment import Version, Versions

ANY = Versions()

# Python limits the digits that it converts to a number.
_PLAIN = re.compile(r"[vV]?([0-9]{1,18}(?:\.[0-9]{1,18})*)(?![0-9])")
_USUAL = re.compile(r"(==|!=|>=|<=|<|>)\s*([0-9]{1,18}(?:\.[0-9]{1,18})*)")
_POETRY = re.compile(r"(\^|~(?!=))\s*([0-9]{1,18}(?:\.[0-9]{1,18})*)$")
# Longer than any realistic specifier.
_LONGEST = 500


def exactly(text: str) -> Versions | None:
    """Returns the one release of a lock file, `0.30.0` or `==0.30.0`, or None if it is not a version."""
    match = _PLAIN.match(text.strip().lstrip("="))
    if match is None:
        return None
    version = _release(match[1])
    return Versions(version, version)


def is_pinned(versions: Versions) -> bool:
    """Returns whether only one release is possible."""
    return versions.lowest is not None and versions.lowest == versions.highest and versions.highest_included


def specified(text: str) -> Versions:
    """Returns the releases that a pip specifier such as `>=0.27,<0.31` allows, or all if it cannot be parsed."""
    text = text.strip().strip("()")
    if not text or len(text) > _LONGEST:
        return ANY
    found = ANY
    for operator, version in _usual_clauses(text) or _clauses(text):
        found = both(found, _clause(operator, version))
    return found


def _usual_clauses(text: str) -> list[tuple[str, str]] | None:
    """Returns the range of a common specifier, or None. Importing packaging would be a tenth of a run on one file."""
    found = [_USUAL.fullmatch(clause.strip()) for clause in text.split(",")]
    return [(match[1], match[2]) for match in found if match] if all(found) else None


def _clauses(text: str) -> list[tuple[str, str]]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return [(clause.operator, clause.version) for clause in SpecifierSet(text)]
    except InvalidSpecifier:
        return []


def specified_for_poetry(text: str) -> Versions:
    """Returns the releases that Poetry's constraint allows: `^0.29`, `~0.29.1`, `0.29.*`, `>=0.29,<0.31 || 0.31.2`."""
    return ANY if len(text) > _LONGEST else either(_poetry_alternative(part) for part in text.split("||"))


def both(one: Versions, other: Versions) -> Versions:
    """Returns the releases that both allow."""
    lowest = max((each.lowest for each in (one, other) if each.lowest is not None), key=_padded, default=None)
    if one.highest is None or other.highest is None:
        bounded = one if other.highest is None else other
    else:
        # Of two equal bounds, the exclusive one is narrower.
        bounded = min(one, other, key=lambda each: (_padded(each.highest or ()), each.highest_included))
    return Versions(lowest, bounded.highest, bounded.highest_included)


def either(several: Iterable[Versions]) -> Versions:
    """Returns the releases from the lowest to the highest that any of them allows."""
    ranges = list(several)
    if not ranges or any(each.lowest is None for each in ranges):
        lowest = None
    else:
        lowest = min((each.lowest for each in ranges if each.lowest is not None), key=_padded)
    if not ranges or any(each.highest is None for each in ranges):
        return Versions(lowest)
    widest = max(ranges, key=lambda each: (_padded(each.highest or ()), each.highest_included))
    return Versions(lowest, widest.highest, widest.highest_included)


def overlap(one: Versions, other: Versions) -> bool:
    """Returns whether there may be a release that both allow."""
    narrow = both(one, other)
    if narrow.lowest is None or narrow.highest is None:
        return True
    low, high = _padded(narrow.lowest), _padded(narrow.highest)
    return low < high or (low == high and narrow.highest_included)


def _clause(operator: str, text: str) -> Versions:
    match = _PLAIN.match(text)
    if match is None:
        return ANY
    version = _release(match[1])
    if operator in ("==", "==="):
        return _within(version, version) if text.endswith(".*") else Versions(version, version)
    if operator in (">=", ">"):
        # The release after `>0.30` is unknown, so 0.30 itself counts as possible.
        return Versions(version)
    if operator in ("<=", "<"):
        return Versions(None, version, operator == "<=")
    if operator == "~=":
        return _within(version, version[:-1])
    return ANY


def _within(lowest: Version, series: Version) -> Versions:
    """Returns the range from a release to the end of a series: 0.30 ends before 0.31."""
    return Versions(lowest, (*series[:-1], series[-1] + 1), highest_included=False) if series else Versions(lowest)


def _poetry_alternative(text: str) -> Versions:
    found = ANY
    for part in re.split(r",|\s(?=[<>=^~!])", text.strip()):
        found = both(found, _poetry_clause(part.strip()))
    return found


def _poetry_clause(text: str) -> Versions:
    if match := _POETRY.match(text):
        version = _release(match[2])
        return _within(version, _caret(version) if match[1] == "^" else version[:2])
    if text in ("", "*"):
        return ANY
    # A plain version means that version, and `0.29.*` its series.
    return specified(text if text[0] in "<>=!~" else f"=={text}")


def _caret(version: Version) -> Version:
    """Returns the series that `^` allows: the parts up to the first one that is not 0."""
    kept = next((index for index, part in enumerate(version) if part), len(version) - 1)
    return version[: kept + 1]


def _release(text: str) -> Version:
    return tuple(map(int, text.split(".")))


def _padded(version: Version) -> Version:
    """Returns a version for comparison: 0.31 and 0.31.0 are the same."""
    return (*version, *(0,) * (6 - len(version)))
