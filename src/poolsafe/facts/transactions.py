"""The transaction around a call that runs SQL, as the function around the call shows it, and what follows there.

This reads the syntax of one function: its `with` blocks, and the calls on the same connection. Which object the
connection is and what it does is the inference's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from poolsafe.checkout.roots import is_test
from poolsafe.facts.callers import caller_of_lambda, callers_of, is_nested, parameters_of
from poolsafe.facts.commits import commits, may_commit
from poolsafe.facts.connection_names import (
    Body,
    Use,
    base_of,
    body_of,
    dotted,
    is_acquired,
    is_direct,
    is_of_adapter,
    makers,
    names_of,
)
from poolsafe.facts.session_statement import Client, Transaction
from poolsafe.facts.transaction_blocks import BEGINS, Block, blocks_around, withs_around
from poolsafe.inference import Module
from poolsafe.libraries import EXECUTING
from poolsafe.records import frozen
from poolsafe.syntax.index import last_name

_ENDS = frozenset({"commit", "rollback", "close", "invalidate", "reset"})
_MOST_HOPS = 3
_AUTOCOMMIT = re.compile(r"""["']AUTOCOMMIT["']""", re.IGNORECASE)


@frozen
class Surroundings:
    """What the function around a call shows.

    `lent`: the connection comes from elsewhere. `contained`: nothing runs on it after the transaction, as far as the
    function shows. `rolled_back`: the connection is closed at the end of a block that never commits, or a test is given
    it, whose fixtures roll back as a rule. `later` are the calls that use the connection after this one, in the order
    of the source, each with whether it runs in the same transaction.
    """

    transaction: Transaction
    lent: bool
    contained: bool
    direct: bool
    rolled_back: bool = False
    later: tuple[tuple[cst.Call, bool], ...] = ()


def surroundings_of(
    module: Module, call: cst.Call, receiver: cst.BaseExpression | None, client: Client, *, autocommit: bool
) -> Surroundings:
    """Returns the transaction around a call that runs SQL.

    `receiver` is the expression of the object that runs it. `autocommit`: that object is in AUTOCOMMIT by itself.
    What a function is given by all its callers is looked at there.
    """
    return _followed(module, call, receiver, client, autocommit=autocommit, hops=_MOST_HOPS)


def _followed(
    module: Module, call: cst.Call, receiver: cst.BaseExpression | None, client: Client, *, autocommit: bool, hops: int
) -> Surroundings:
    around = caller_of_lambda(module, call, dotted(base_of(receiver)))
    if around is not None:
        call, receiver = around.call, around.receiver
    found = _in_function(module, call, receiver, client, autocommit=autocommit)
    function = module.index.innermost_function(call)
    name = dotted(base_of(receiver))
    if not found.lent or function is None or name is None or client is Client.ALEMBIC:
        return found
    if is_test(module.path) and name.partition(".")[0] in parameters_of(function):
        return replace(found, rolled_back=True)
    body = body_of(module, function)
    callers = callers_of(module, function, body, name) if hops else ()
    if not callers:
        return found
    outside = [
        _followed(module, one.call, one.receiver, client, autocommit=autocommit, hops=hops - 1) for one in callers
    ]
    return _combined(module, call, body, names_of(body, receiver), found, outside)


def _combined(
    module: Module,
    call: cst.Call,
    body: Body,
    keys: frozenset[str],
    found: Surroundings,
    outside: list[Surroundings],
) -> Surroundings:
    """Returns the surroundings of a call in a function that is given the connection, seen from all its callers."""
    function = module.index.innermost_function(call)
    transactions = {one.transaction for one in outside}
    # Inside of another transaction, that of the function is a savepoint.
    own = found.transaction is Transaction.OPEN and transactions != {Transaction.OPEN}
    transaction = found.transaction if own or len(transactions) > 1 else transactions.pop()
    here = found.later if own else tuple(_later(module, body, call, keys, None, transaction))
    ended = own or any(use.method in _ENDS for use in body.uses(keys))
    afterwards = tuple((use, same and not ended) for one in outside for use, same in one.later)
    return Surroundings(
        transaction,
        lent=any(one.lent for one in outside),
        # Others may call a function that is private by its name alone.
        contained=function is not None
        and is_nested(module, function)
        and not ended
        and all(one.contained for one in outside),
        direct=found.direct or all(one.direct for one in outside),
        rolled_back=not own and all(one.rolled_back for one in outside) and not commits(module, body.calls, keys),
        later=(*here, *afterwards),
    )


def _in_function(
    module: Module, call: cst.Call, receiver: cst.BaseExpression | None, client: Client, *, autocommit: bool
) -> Surroundings:
    """Returns what the function around a call shows by itself."""
    function = module.index.innermost_function(call)
    body = body_of(module, function)
    keys = names_of(body, receiver)
    direct = is_direct(body, receiver, keys)
    if client is Client.ALEMBIC:
        return _in_migration(module, call, body, keys | {"op"}, direct=direct)
    block = next(blocks_around(module, call, function, keys, client), None)
    owner = block is not None and block.owns
    made = is_acquired(body, keys)
    transaction = block.transaction if block is not None else _without_block(client, made=made, receiver=receiver)
    if client is Client.ASYNCPG and is_of_adapter(body, receiver):
        transaction = _on_adapter(module, body, call, keys, block, transaction)
    if autocommit or _sets_autocommit(module, body, keys, block):
        transaction = Transaction.AUTOCOMMIT
    if transaction is not Transaction.OPEN and _is_begun(module, body, call, keys):
        transaction = Transaction.OPEN
        block = None
    later = tuple(_later(module, body, call, keys, block, transaction))
    lent = not (owner or any(makers(body, keys)) or _is_opened_here(module, call, function, keys))
    # What yields lets other code run before it goes on.
    contained = (
        transaction is Transaction.OPEN
        and block is not None
        and not lent
        and all(same for _, same in later)
        and max(body.yields, default=-1) < module.tree.span(call)[1]
    )
    rolled_back = (
        transaction is Transaction.BEGUN
        and block is not None
        and block.owns
        and not may_commit(module, body, block, call, keys)
    )
    return Surroundings(transaction, lent, contained, direct, rolled_back, later)


def _is_opened_here(module: Module, call: cst.Call, function: cst.FunctionDef | None, keys: frozenset[str]) -> bool:
    """Returns whether a `with` block around the call makes the connection."""
    return any(
        item.asname is not None and dotted(item.asname.name) in keys
        for block in withs_around(module, call, function)
        for item in block.items
    )


def _without_block(client: Client, *, made: bool, receiver: cst.BaseExpression | None) -> Transaction:
    if client is Client.SQLALCHEMY:
        return Transaction.BEGUN
    return Transaction.NONE if made and receiver is not None else Transaction.UNKNOWN


def _on_adapter(
    module: Module, body: Body, call: cst.Call, keys: frozenset[str], block: Block | None, transaction: Transaction
) -> Transaction:
    """Returns the transaction of a call on the driver's own connection inside of one of SQLAlchemy's.

    SQLAlchemy begins its transaction with the first statement that it runs itself, not with its block.
    """
    if block is not None and any(_is_of_asyncpg(item) for item in block.node.items):
        return transaction
    start = module.tree.span(call)[0]
    if any(use.method in EXECUTING and use.start < start and not _is_on_adapter(body, use) for use in body.uses(keys)):
        return Transaction.BEGUN if transaction is Transaction.NONE else transaction
    return Transaction.NONE if transaction is Transaction.OPEN else transaction


def _is_on_adapter(body: Body, use: Use) -> bool:
    return isinstance(use.node.func, cst.Attribute) and is_of_adapter(body, use.node.func.value)


def _is_of_asyncpg(item: cst.WithItem) -> bool:
    return isinstance(item.item, cst.Call) and last_name(item.item.func) == "transaction"


def _in_migration(module: Module, call: cst.Call, body: Body, keys: frozenset[str], *, direct: bool) -> Surroundings:
    """Returns the surroundings of a call in a migration, which Alembic runs in a transaction."""
    around = {
        last_name(item.item.func)
        for block in withs_around(module, call, module.index.innermost_function(call))
        for item in block.items
        if isinstance(item.item, cst.Call)
    }
    if "autocommit_block" in around:
        return Surroundings(Transaction.AUTOCOMMIT, lent=False, contained=False, direct=direct)
    start = module.tree.span(call)[0]
    leaves = any(use.start > start and use.method in ("autocommit_block", "commit") for use in body.calls)
    later = tuple(_later(module, body, call, keys, None, Transaction.OPEN))
    return Surroundings(Transaction.OPEN, lent=False, contained=not leaves, direct=direct, later=later)


# --- before and after ---


def _sets_autocommit(module: Module, body: Body, keys: frozenset[str], block: Block | None) -> bool:
    """Returns whether the connection of these names is put into AUTOCOMMIT in the function."""
    nodes: list[cst.CSTNode] = [value for name, value in body.assignments if name in keys]
    nodes += [call for call in body.options if isinstance(call.func, cst.Attribute) and dotted(call.func.value) in keys]
    if block is not None and block.owns:
        nodes += [item.item for item in block.node.items]
    return any(_AUTOCOMMIT.search(module.tree.text(node)) is not None for node in nodes)


def _is_begun(module: Module, body: Body, call: cst.Call, keys: frozenset[str]) -> bool:
    """Returns whether the function begins a transaction before the call, by `begin()`, `start()` or a command."""
    start = module.tree.span(call)[0]
    for use in reversed(body.uses(keys)):
        if use.start >= start:
            continue
        parent = module.index.parents.get(id(use.node))
        if use.opens or (use.method in BEGINS and not isinstance(parent, cst.WithItem)):
            return True
        if use.method in ("commit", "rollback"):
            return False
    return False


def _later(
    module: Module,
    body: Body,
    call: cst.Call,
    keys: frozenset[str],
    block: Block | None,
    transaction: Transaction,
) -> Iterator[tuple[cst.Call, bool]]:
    """Yields the calls on the connection after a call, each with whether it runs in the same transaction."""
    start = module.tree.span(call)[1]
    end = module.tree.span(block.node)[1] if block is not None else None
    same = transaction in (Transaction.OPEN, Transaction.BEGUN)
    for use in body.uses(keys):
        if use.start < start:
            continue
        if end is not None and use.start >= end:
            same = False
            if block is not None and block.owns:
                # Another connection by the same name.
                return
        if use.method in _ENDS and isinstance(use.node.func, cst.Attribute):
            same = False
            continue
        yield use.node, same
