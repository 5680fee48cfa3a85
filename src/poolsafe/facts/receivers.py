"""The receivers of observed method calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from poolsafe.inference import ObservedCall, Value, alternatives
from poolsafe.inference.models import Connectable, SessionMaker


def receivers_of(calls: Iterable[ObservedCall]) -> Iterator[Value]:
    """Yields the alternatives of the receivers of these calls."""
    for call in calls:
        if call.receiver is not None:
            yield from (single for _, single in alternatives(call.receiver))


def connectable_of(value: Value) -> Connectable | None:
    """Returns the object that executes SQL, which is the session for a session maker, or None for other values."""
    if isinstance(value, SessionMaker):
        return value.session
    return value if isinstance(value, Connectable) else None
