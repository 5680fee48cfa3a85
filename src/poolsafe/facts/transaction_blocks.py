"""The `with` blocks around a call that determine its transaction, read from the syntax."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.connection_names import MAKING, SAME, base_of, dotted
from poolsafe.facts.session_statement import Client, Transaction
from poolsafe.inference import Module
from poolsafe.records import frozen
from poolsafe.syntax.index import last_name

#: Methods that begin a transaction and end it with their block.
BEGINS = frozenset({"begin", "begin_twophase", "transaction"})

_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex"})


@frozen
class Block:
    """A `with` block around a call that affects the connection's transaction.

    `owns`: the block also creates the connection, and closes it. `by_driver`: it is asyncpg's `transaction()`.
    """

    node: cst.With
    transaction: Transaction
    owns: bool
    by_driver: bool = False


def withs_around(module: Module, call: cst.CSTNode, function: cst.FunctionDef | None) -> Iterator[cst.With]:
    """Yields the `with` blocks around a call, inside its function, innermost first."""
    below: cst.CSTNode = call
    for node in module.index.around(call):
        if node is function:
            return
        if isinstance(node, cst.With) and below is node.body:
            yield node
        below = node


def block_around(
    module: Module, call: cst.BaseExpression, function: cst.FunctionDef | None, keys: frozenset[str], client: Client
) -> Block | None:
    """Returns the block around a call that determines its transaction, or None.

    A transaction inside another one is a savepoint, which ends nothing.
    """
    found: Block | None = None
    for block in _blocks(module, call, function, keys, client):
        if found is not None and (block.transaction, block.by_driver) != (Transaction.OPEN, found.by_driver):
            break
        found = block
        if block.transaction is not Transaction.OPEN:
            break
    return found


def _blocks(
    module: Module, call: cst.BaseExpression, function: cst.FunctionDef | None, keys: frozenset[str], client: Client
) -> Iterator[Block]:
    """Yields the blocks around a call that affect its transaction, innermost first."""
    for block in withs_around(module, call, function):
        # In one statement, a later item may come from an earlier one.
        for item in reversed(block.items):
            found = _block(block, item, keys, client)
            if found is not None:
                yield found


def _block(block: cst.With, item: cst.WithItem, keys: frozenset[str], client: Client) -> Block | None:
    made = item.item.expression if isinstance(item.item, cst.Await) else item.item
    bound = dotted(item.asname.name) in keys if item.asname is not None else False
    if not isinstance(made, cst.Call):
        # `async with conn:` where `conn = engine.connect()`.
        return None
    method = last_name(made.func)
    base = dotted(base_of(made.func.value)) if isinstance(made.func, cst.Attribute) else None
    if method in BEGINS and base in keys:
        return Block(block, Transaction.OPEN, owns=False, by_driver=method == "transaction")
    if method in BEGINS and bound:
        return Block(block, Transaction.OPEN, owns=True)
    if method == "begin_transaction":
        return Block(block, Transaction.OPEN, owns=False)
    if method == "autocommit_block":
        return Block(block, Transaction.AUTOCOMMIT, owns=False)
    if not bound or method in SAME:
        return None
    if client is not Client.ASYNCPG:
        return Block(block, Transaction.BEGUN, owns=True)
    # A function of the project may yield the connection in a transaction.
    return Block(block, Transaction.NONE if method in MAKING else Transaction.UNKNOWN, owns=True)


def is_to_fail(module: Module, call: cst.BaseExpression) -> bool:
    """Returns whether a test expects a call to fail: it is in a block of `pytest.raises` or `assertRaises`."""
    function = module.index.innermost_function(call)
    return any(
        isinstance(item.item, cst.Call) and (last_name(item.item.func) or "") in _EXPECTING
        for block in withs_around(module, call, function)
        for item in block.items
    )
