"""Finds the transaction around a call that runs SQL, and the calls that follow it, in the function around the call.

This module reads the syntax of one function: its `with` blocks, and the calls on the same connection. The interpreter
finds out which object the connection is.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace

import libcst as cst

from poolsafe.checkout.roots import is_test, root_of
from poolsafe.facts.callers import (
    Caller,
    Callers,
    block_of,
    caller_of_lambda,
    callers_of,
    is_manager,
    is_nested,
    parameters_of,
)
from poolsafe.facts.commits import ENDS, commits, may_commit
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
from poolsafe.facts.holders import Holding, holding
from poolsafe.facts.session_statement import Client, Transaction
from poolsafe.facts.transaction_blocks import BEGINS, Block, block_around, withs_around
from poolsafe.facts.ways import Surroundings, Through, Way, ends_inside, is_behind, later_calls
from poolsafe.inference import Module
from poolsafe.libraries import EXECUTING
from poolsafe.syntax.index import last_name

_MOST_HOPS = 3
_AUTOCOMMIT = re.compile(r"""["']AUTOCOMMIT["']""", re.IGNORECASE)


def surroundings_of(
    module: Module, call: cst.BaseExpression, receiver: cst.BaseExpression | None, client: Client, *, autocommit: bool
) -> Surroundings:
    """Returns the transaction around a call that runs SQL.

    `receiver` is the expression of the object that runs it. `autocommit`: that object itself is in AUTOCOMMIT. If all
    callers of a function are known, they are examined too.
    """
    return _followed(module, call, receiver, client, autocommit=autocommit, hops=_MOST_HOPS)


def _followed(
    module: Module,
    call: cst.BaseExpression,
    receiver: cst.BaseExpression | None,
    client: Client,
    *,
    autocommit: bool,
    hops: int,
) -> Surroundings:
    around = caller_of_lambda(module, call, dotted(base_of(receiver)))
    if around is not None:
        call, receiver = around.call, around.receiver
    found = _in_function(module, call, receiver, client, autocommit=autocommit)
    function = module.index.innermost_function(call)
    base = base_of(receiver)
    name = dotted(base)
    if function is None or name is None or client is Client.ALEMBIC:
        return found
    lent = found.lent and name.partition(".")[0] in parameters_of(function)
    if lent and is_test(os.path.abspath(module.path), root_of(module.path)):
        return replace(found, rolled_back=True)
    body = body_of(module, function)
    held = holding(module, function, base)
    if held is None and not found.lent:
        return _in_manager(module, function, body, found)
    callers = callers_of(module, function, body, name) if held is None else Callers(held.callers())
    lending = [
        (one, _followed(module, one.call, one.receiver, client, autocommit=autocommit, hops=hops - 1))
        for one in (callers.seen if hops else ())
    ]
    if lending:
        keys = names_of(body, receiver)
        found = _combined(module, call, body, keys, found, lending, held, complete=callers.complete)
    return found if held is None else _in_class(module, call, held, found)


def _in_class(module: Module, call: cst.BaseExpression, held: Holding, found: Surroundings) -> Surroundings:
    """Returns the surroundings of a call in a method, including the uses of the same connection in other methods."""
    if any(_sets_autocommit(module, body, held.keys, None) for body in held.bodies()):
        ways = tuple(Way(tuple((node, False) for node, _ in way.later), way.lent) for way in found.ways)
        found = replace(found, transaction=Transaction.AUTOCOMMIT, ways=ways)
    own = not found.lent or held.is_acquired()
    opened = found.transaction in (Transaction.OPEN, Transaction.BEGUN)
    elsewhere = ((node, same and opened) for node, same in held.elsewhere(call))
    way = Way((*found.ways[0].later, *elsewhere), lent=not own)
    return replace(found, lent=False, ways=(way,)) if own else replace(found, others=(*found.others, way))


def _in_manager(module: Module, function: cst.FunctionDef, body: Body, found: Surroundings) -> Surroundings:
    """Returns the surroundings of a call in a function that creates the connection, and may yield it to a block."""
    if not body.yields or not is_manager(function):
        return found
    sites = module.index.calls_by_name.get(function.name.value, ())
    blocks = [block for site in sites if (block := block_of(module, site.node)) is not None]
    if not any(ends_inside(module, block, frozenset()) for block in blocks):
        return found
    own = found.ways[0]
    late = tuple((node, same and not is_behind(module, body, node)) for node, same in own.later)
    return replace(found, ways=(own, Way(late, own.lent)))


def _combined(
    module: Module,
    call: cst.BaseExpression,
    body: Body,
    keys: frozenset[str],
    found: Surroundings,
    lending: list[tuple[Caller, Surroundings]],
    held: Holding | None,
    *,
    complete: bool,
) -> Surroundings:
    """Returns the surroundings of a call in a function that receives the connection, according to its callers."""
    function = module.index.innermost_function(call)
    outside = [one for _, one in lending]
    transactions = {one.transaction for one in outside}
    ways: list[Way] = []
    others = list(found.others)
    for caller, one in lending:
        through = Through(module, call, body, keys, found, caller, one, held)
        ways += map(through.way, one.ways)
        others += map(through.way, one.others)
    direct = found.direct or all(one.direct for one in outside)
    # Inside another transaction, the function's own one is a savepoint.
    own = found.transaction is Transaction.OPEN and transactions != {Transaction.OPEN}
    transaction = found.transaction if own or len(transactions) > 1 else transactions.pop()
    if not complete:
        if found.transaction is Transaction.UNKNOWN:
            way = Way(tuple(later_calls(module, body, call, keys, None, transaction)))
            found = replace(found, transaction=transaction, ways=(way,))
        return replace(found, direct=direct, others=(*ways, *others))
    ended = own or any(use.method in ENDS for use in body.uses(keys))
    return Surroundings(
        transaction,
        lent=any(one.lent for one in outside),
        # A function that is only private by its name may have other callers.
        contained=function is not None
        and is_nested(module, function)
        and not ended
        and all(one.contained for one in outside),
        direct=direct,
        rolled_back=not own and all(one.rolled_back for one in outside) and not commits(module, body.calls, keys),
        ways=tuple(ways),
        others=tuple(others),
    )


def _in_function(
    module: Module, call: cst.BaseExpression, receiver: cst.BaseExpression | None, client: Client, *, autocommit: bool
) -> Surroundings:
    """Returns the surroundings of a call according to the function around it alone."""
    function = module.index.innermost_function(call)
    body = body_of(module, function)
    keys = names_of(body, receiver)
    direct = is_direct(body, receiver, keys)
    if client is Client.ALEMBIC:
        return _in_migration(module, call, body, keys | {"op"}, direct=direct)
    block = block_around(module, call, function, keys, client)
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
    later = tuple(later_calls(module, body, call, keys, block, transaction))
    lent = not (owner or any(makers(body, keys)) or _is_opened_here(module, call, function, keys))
    # A function that yields lets other code run before it continues.
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
    return Surroundings(transaction, lent, contained, direct, rolled_back, (Way(later, lent),))


def _is_opened_here(
    module: Module, call: cst.BaseExpression, function: cst.FunctionDef | None, keys: frozenset[str]
) -> bool:
    """Returns whether a `with` block around the call creates the connection."""
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
    module: Module,
    body: Body,
    call: cst.BaseExpression,
    keys: frozenset[str],
    block: Block | None,
    transaction: Transaction,
) -> Transaction:
    """Returns the transaction of a call on the driver's own connection inside one of SQLAlchemy's.

    SQLAlchemy begins its transaction with the first statement that it runs itself, not with its block.
    """
    if block is not None and block.by_driver:
        return transaction
    start = module.tree.span(call)[0]
    if any(use.method in EXECUTING and use.start < start and not _is_on_adapter(body, use) for use in body.uses(keys)):
        return Transaction.BEGUN if transaction is Transaction.NONE else transaction
    return Transaction.NONE if transaction is Transaction.OPEN else transaction


def _is_on_adapter(body: Body, use: Use) -> bool:
    return isinstance(use.node.func, cst.Attribute) and is_of_adapter(body, use.node.func.value)


def _in_migration(
    module: Module, call: cst.BaseExpression, body: Body, keys: frozenset[str], *, direct: bool
) -> Surroundings:
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
    later = tuple(later_calls(module, body, call, keys, None, Transaction.OPEN))
    return Surroundings(
        Transaction.OPEN, lent=False, contained=not leaves, direct=direct, ways=(Way(later, lent=False),)
    )


# --- before and after ---


def _sets_autocommit(module: Module, body: Body, keys: frozenset[str], block: Block | None) -> bool:
    """Returns whether the connection of these names is put into AUTOCOMMIT in the function."""
    nodes: list[cst.CSTNode] = [value for name, value in body.assignments if name in keys]
    nodes += [call for call in body.options if isinstance(call.func, cst.Attribute) and dotted(call.func.value) in keys]
    if block is not None and block.owns:
        nodes += [item.item for item in block.node.items]
    return any(_AUTOCOMMIT.search(module.tree.text(node)) is not None for node in nodes)


def _is_begun(module: Module, body: Body, call: cst.BaseExpression, keys: frozenset[str]) -> bool:
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
