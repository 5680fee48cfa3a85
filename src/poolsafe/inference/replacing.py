"""`text.replace(old, new)`, which inserts a driver into a URL whose beginning is unknown."""

from __future__ import annotations

from poolsafe.inference.context import Run
from poolsafe.inference.lattice import choose, when
from poolsafe.inference.predicates import guards_of
from poolsafe.inference.symbols import Characters, Comparison, Symbol, derived
from poolsafe.inference.texts import DATABASES, looks_like_scheme
from poolsafe.inference.values import MAX_TEXT, Text, Unknown, Value, text

_DRIVERS = frozenset({"asyncpg", "psycopg", "psycopg_async", "psycopg2", "psycopg2cffi", "pg8000"})


def replace(run: Run, subject: Text, old: Text, new: Text, count: int = -1) -> Value:
    """Returns `subject.replace(old, new)`.

    If `old` looks like the beginning of a URL or names a driver, and the subject may begin with it, both outcomes are
    possible. Programs insert a driver in this way into a URL from the environment or from testcontainers.
    """
    before, after = old.known, new.known
    if before is None or before == "":
        return text(Unknown("a replacement in an unknown string"))
    if after is None:
        return _with_unknown(subject, before, new, count)
    if _grown(subject, before, after) > MAX_TEXT:
        return text(Unknown("a string that is too long to follow"))
    pieces = tuple(
        (piece.replace(before, after) if count < 0 else piece.replace(before, after, count))
        if isinstance(piece, str)
        else piece
        for piece in subject.pieces
    )
    rest = text(*pieces, provenance=subject.provenance)
    at = _where_it_may_begin(subject, before)
    hole = None if at is None else subject.pieces[at]
    if at is None or not isinstance(hole, Unknown):
        return rest
    scheme = _replaced_scheme(before, after)
    if scheme is not None:
        # Inserting asyncpg into a URL is deliberate, so it counts even if the URL overrides a default.
        override = hole.override and not scheme.startswith("postgresql+asyncpg")
        found = _rest_of(hole, "replaced", before, override=override)
        hit = text(scheme, found, *pieces[at + 1 :], provenance=new.provenance or subject.provenance)
        missed = Unknown("the URL may begin differently", _derived(hole, "unreplaced", before), override=True)
        if at:
            key = derived("begins with", hole.symbol or hole.reason, before)
            return when(key, hit, text(subject.pieces[0], missed, *pieces[2:]))
        return _where_found(run, hole, before, hit, missed)
    scheme = _other_scheme(before, after)
    if scheme is not None:
        # The program also supports another database, which a fix has to consider.
        found = _rest_of(hole, "replaced", before, override=True)
        hit = text(scheme, found, *pieces[at + 1 :], provenance=new.provenance)
        return _where_found(run, hole, before, hit, rest)
    return rest


def _where_found(run: Run, hole: Unknown, before: str, hit: Value, missed: Value) -> Value:
    """Returns `hit` where `before` is found in an unknown text that begins a URL, and `missed` elsewhere.

    It agrees with the program's other tests of the string, before and after.
    """
    if hole.symbol is None:
        return when(derived("begins with", hole.reason, before), hit, missed)
    kind = "contains" if before.removeprefix("+") in _DRIVERS else "startswith"
    then, other = guards_of(run, Comparison(kind, hole.symbol, Characters((before,))))
    return choose([*((guard, hit) for guard in then), *((guard, missed) for guard in other)])


def _with_unknown(subject: Text, before: str, new: Text, count: int) -> Text:
    """Returns the string with the pieces of `new`, which is partly unknown, in place of `before`."""
    pieces: list[str | Unknown] = []
    for piece in subject.pieces:
        if not isinstance(piece, str):
            pieces.append(piece)
            continue
        parts = piece.split(before) if count < 0 else piece.split(before, count)
        for index, part in enumerate(parts):
            if index:
                pieces.extend(new.pieces)
            pieces.append(part)
    return text(*pieces, provenance=subject.provenance)


def _where_it_may_begin(subject: Text, before: str) -> int | None:
    """Returns the index of the unknown piece at the beginning of which `before` may stand or end, or None.

    After `url.startswith("postgresql")`, `postgresql://` may end in the second piece.
    """
    first = subject.pieces[0] if subject.pieces else ""
    if isinstance(first, Unknown):
        return 0
    begun = before.startswith(first) and len(first) < len(before)
    return 1 if begun and len(subject.pieces) > 1 else None


def _rest_of(hole: Unknown, how: str, before: str, *, override: bool) -> Unknown:
    return Unknown(hole.reason, _derived(hole, how, before), override=override)


def _derived(hole: Unknown, how: str, before: str) -> Symbol:
    return derived(how, hole.symbol, before)


def _other_scheme(before: str, after: str) -> str | None:
    """Returns the beginning of another database's URL into which a driver was inserted, or None if it is not one."""
    database, mark, _ = before.partition(":")
    if database.partition("+")[0] not in DATABASES or after.partition("+")[0] not in DATABASES:
        return None
    return after if mark else f"{after}://"


def _replaced_scheme(before: str, after: str) -> str | None:
    """Returns the beginning of an unknown URL after `before` was found and replaced, or None if it is unknown."""
    if looks_like_scheme(before):
        # If `before` ends inside `scheme://`, the rest of that follows.
        between = {"postgres": "://", "postgresql": "://"}.get(before, "//" if before.endswith(":") else "")
        return after + between
    driver = after.removeprefix("+")
    if before.removeprefix("+") in _DRIVERS and (driver in _DRIVERS or (before[0] == "+" and not after)):
        return f"postgresql+{driver}://" if driver else "postgresql://"
    return None


def _grown(subject: Text, before: str, after: str) -> int:
    """Returns the length of the known pieces after `replace`."""
    return sum(
        len(piece) + piece.count(before) * (len(after) - len(before))
        for piece in subject.pieces
        if isinstance(piece, str)
    )
