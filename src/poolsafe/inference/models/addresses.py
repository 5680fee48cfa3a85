"""Addresses of databases that certainly have no pooler in front of them."""

from __future__ import annotations

from poolsafe.inference.symbols import Symbol, derived
from poolsafe.inference.values import Text, Unknown, Url, Value

MAX_REPLACED = 3  # the provenance is followed through this many operations
DIRECT_ADDRESS = Unknown("it is the address of a container that the code starts", derived("container"))


def is_address(value: Value) -> bool:
    """Returns whether a URL or host is such an address, or was derived from one."""
    match value:
        case Unknown():
            return _is_made_of_address(value.symbol)
        case Text():
            return any(isinstance(piece, Unknown) and _is_made_of_address(piece.symbol) for piece in value.pieces)
        case Url():
            return is_address(value.host)
    return False


def _is_made_of_address(symbol: Symbol | None, depth: int = MAX_REPLACED) -> bool:
    # The depth is bounded because symbols share parts: each level can double the time.
    if symbol is None or symbol is DIRECT_ADDRESS.symbol:
        return symbol is not None
    return depth > 0 and any(_is_made_of_address(part, depth - 1) for part in symbol.inner())
