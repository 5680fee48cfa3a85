"""Finds later uses of a call's connection, in the function around the call and on the paths through its callers."""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.callers import Caller
from poolsafe.facts.commits import ENDS, end_by_migrations, ends_transaction
from poolsafe.facts.connection_names import Body, body_of, dotted, names_of
from poolsafe.facts.holders import Holding, holders_in
from poolsafe.facts.session_statement import Transaction
from poolsafe.facts.transaction_blocks import Block
from poolsafe.inference import Module
from poolsafe.records import frozen

_start_of = operator.attrgetter("start")


@frozen
class Way:
    """A path through the functions that pass a connection to each other, after a call on it.

    `later` are the calls that use the connection after this one, each with whether it runs in the same transaction.
    `lent`: the connection comes from elsewhere on this path, too.
    """

    later: tuple[tuple[cst.Call, bool], ...] = ()
    lent: bool = True


@frozen
class Surroundings:
    """The facts about a call in the function around it.

    `lent`: the connection comes from elsewhere. `contained`: the function shows that nothing runs on it after the
    transaction. `rolled_back`: the connection is closed at the end of a block that never commits, or a test receives
    it, whose fixtures usually roll back. `ways` are the paths that run the call if all of them are known, or else the
    paths in its function; `others` are the paths that other modules show.
    """

    transaction: Transaction
    lent: bool
    contained: bool
    direct: bool
    rolled_back: bool = False
    ways: tuple[Way, ...] = (Way(),)
    others: tuple[Way, ...] = ()


def later_calls(
    module: Module,
    body: Body,
    call: cst.BaseExpression,
    keys: frozenset[str],
    block: Block | None,
    transaction: Transaction,
) -> Iterator[tuple[cst.Call, bool]]:
    """Yields the calls on the connection after a call, each with whether it runs in the same transaction."""
    start = module.tree.span(call)[1]
    end = module.tree.span(block.node)[1] if block is not None else None
    same = transaction in (Transaction.OPEN, Transaction.BEGUN)
    migrated = end_by_migrations(body, keys)
    keys |= holders_in(module, body, keys)
    uses = body.uses(keys)
    if migrated is not None and migrated not in uses:
        uses = sorted((*uses, migrated), key=_start_of)
    for use in uses[bisect_left(uses, start, key=_start_of) :]:
        if use is migrated:
            # The migrations run on the connection in their own transactions.
            same = False
        if end is not None and use.start >= end:
            same = False
            if block is not None and block.owns:
                # Another connection with the same name.
                return
        ends = ends_transaction(module, use, keys)
        if not ends or use.method not in ENDS:
            yield use.node, same
        same = same and not ends


def ends_inside(module: Module, block: cst.With, keys: frozenset[str]) -> bool:
    """Returns whether a block ends the transaction of a connection of these names, or of its own connection."""
    body = body_of(module, module.index.innermost_function(block))
    given = {dotted(item.asname.name) or "" for item in block.items if item.asname is not None}
    keys |= given
    keys |= holders_in(module, body, keys)
    start, end = module.tree.span(block.body)
    return any(start <= use.start < end and ends_transaction(module, use, keys) for use in body.uses(keys))


def is_behind(module: Module, body: Body, node: cst.CSTNode) -> bool:
    """Returns whether a node comes after all `yield` expressions of a function."""
    return module.tree.span(node)[0] > max(body.yields)


class Through:
    """The path from a call in a function through one caller of the function."""

    def __init__(
        self,
        module: Module,
        call: cst.BaseExpression,
        body: Body,
        keys: frozenset[str],
        found: Surroundings,
        caller: Caller,
        outside: Surroundings,
        held: Holding | None,
    ) -> None:
        self._module, self._body, self._block = module, body, caller.block
        own = found.transaction is Transaction.OPEN and outside.transaction is not Transaction.OPEN
        self._same_inside = not own
        self._here = (
            found.ways[0].later if own else tuple(later_calls(module, body, call, keys, None, outside.transaction))
        )
        self._ended = own or any(use.method in ENDS for use in body.uses(keys))
        self._ended_inside = False
        if caller.block is not None:
            given = names_of(body_of(module, module.index.innermost_function(caller.call)), caller.receiver)
            self._ended_inside = ends_inside(module, caller.block, given)
            same = outside.transaction in (Transaction.OPEN, Transaction.BEGUN)
            exits = () if held is None else held.exits()
            self._here += tuple((node, same and not own) for node in exits)
        self._held = held

    def way(self, outside: Way) -> Way:
        """Returns what follows on the caller's path, after the rest of the function and its block."""
        if self._block is None:
            after = ((node, same and not self._ended) for node, same in outside.later)
            return Way((*self._here, *after), outside.lent)
        start, end = self._module.tree.span(self._block)
        first = [one for one in self._here if not self._is_exit(one[0])]
        last = ((node, same and not self._ended_inside) for node, same in self._here if self._is_exit(node))
        inside: list[tuple[cst.Call, bool]] = []
        behind: list[tuple[cst.Call, bool]] = []
        for node, same in outside.later:
            if start <= self._module.tree.span(node)[0] < end:
                inside.append((node, same and self._same_inside))
            else:
                behind.append((node, same and not self._ended and not self._ended_inside))
        return Way((*first, *inside, *last, *behind), outside.lent)

    def _is_exit(self, node: cst.CSTNode) -> bool:
        """Returns whether a call to the function, or to its class, runs at the end of the block."""
        if self._held is not None:
            return self._module.index.innermost_function(node) is not self._held.function
        return is_behind(self._module, self._body, node)
