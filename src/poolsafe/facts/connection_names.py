"""The names of a connection in a function, and their uses, read from the syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.direct_names import names_direct_server
from poolsafe.inference import Module
from poolsafe.records import frozen
from poolsafe.syntax.index import descendants, last_name

# Methods that return another object for the same connection, or for one in the same transaction.
SAME = frozenset(
    {"connection", "get_bind", "begin_nested", "execution_options", "get_raw_connection", "driver_connection", "cursor"}
)
_OPENING_SQL = re.compile(r"""["']\s*(?:BEGIN|START\s+TRANSACTION)\b""", re.IGNORECASE)


def dotted(node: cst.BaseExpression | None) -> str | None:
    """Returns a name with its attributes, such as `self.conn`, or None for other expressions. Ignores `await`."""
    match node:
        case cst.Await():
            return dotted(node.expression)
        case cst.Name():
            return node.value
        case cst.Attribute():
            base = dotted(node.value)
            return None if base is None else f"{base}.{node.attr.value}"
    return None


@frozen(eq=False)
class Use:
    """A call in a function: its span, and the names of its receiver and arguments.

    `method` is the last name of the callee, or None. `given` are the names among its arguments. `opens`: its first
    argument is a command that begins a transaction. `inner`: it is in a nested function.
    """

    node: cst.Call
    method: str | None
    start: int
    names: frozenset[str]
    given: frozenset[str]
    opens: bool
    inner: bool


class Body:
    """The uses of names in a function or module. They are read once for all commands in it."""

    def __init__(self, module: Module, function: cst.FunctionDef | None) -> None:
        nodes = list(descendants(function.body if function is not None else module.tree.module))
        self.assignments = [pair for node in nodes for pair in _bound(node)]
        calls = [_use(module, function, node) for node in nodes if isinstance(node, cst.Call)]
        self.calls = sorted(calls, key=lambda use: use.start)
        self.options = [use.node for use in self.calls if use.method == "execution_options"]
        self.migrates = any(use.method == "run_migrations" for use in self.calls)
        self._uses: dict[frozenset[str], list[Use]] = {}
        self.yields = [module.tree.span(node)[0] for node in nodes if isinstance(node, cst.Yield)]

    def uses(self, keys: frozenset[str]) -> list[Use]:
        """Returns the calls that use an object of these names, in source order, except in nested functions. Cached."""
        found = self._uses.get(keys)
        if found is None:
            found = [use for use in self.calls if not use.inner and not keys.isdisjoint(use.names)]
            self._uses[keys] = found
        return found


def body_of(module: Module, function: cst.FunctionDef | None) -> Body:
    """Returns the uses of names in a function. Cached in the module."""
    bodies: dict[int, Body] = module.memo.setdefault("bodies", {})
    found = bodies.get(id(function))
    if found is None:
        found = bodies[id(function)] = Body(module, function)
    return found


def _use(module: Module, function: cst.FunctionDef | None, node: cst.Call) -> Use:
    given = frozenset(name for argument in node.args if (name := dotted(argument.value)) is not None)
    own = dotted(base_of(node.func.value)) if isinstance(node.func, cst.Attribute) else None
    return Use(
        node,
        last_name(node.func),
        module.tree.span(node)[0],
        given if own is None else given | {own},
        given,
        opens=bool(node.args) and _OPENING_SQL.search(module.tree.text(node.args[0])) is not None,
        inner=module.index.innermost_function(node) is not function,
    )


def names_of(body: Body, receiver: cst.BaseExpression | None) -> frozenset[str]:
    """Returns the connection's names in the function: those of the receiver and of the object that it comes from."""
    keys: set[str] = set()
    queue = [receiver]
    bindings = _bindings(body)
    while queue:
        node = base_of(queue.pop())
        name = dotted(node)
        if name is None or name in keys:
            continue
        keys.add(name)
        queue += bindings.get(name, ())
    return frozenset(keys)


def base_of(node: cst.BaseExpression | None) -> cst.BaseExpression | None:
    """Returns the connection behind an expression: `conn` for `await conn.execution_options(...)`."""
    while True:
        match node:
            case cst.Await():
                node = node.expression
            case cst.Call(func=cst.Attribute() as method) if method.attr.value in SAME:
                node = method.value
            case cst.Attribute(value=cst.Name(value="self" | "cls")):
                # The attribute of an object may also be called `connection`.
                return node
            case cst.Attribute() if node.attr.value in SAME:
                node = node.value
            case _:
                return node


def is_of_adapter(body: Body, receiver: cst.BaseExpression | None) -> bool:
    """Returns whether a connection is the driver's own one inside a connection of SQLAlchemy."""
    name = dotted(receiver)
    made = [value for bound, value in body.assignments if bound == name]
    return any(_takes_driver_connection(node) for node in (receiver, *made))


def _takes_driver_connection(node: cst.BaseExpression | None) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value == "driver_connection"


def _bindings(body: Body) -> dict[str, list[cst.BaseExpression]]:
    """Returns, for each name in a function, the objects from which a method that keeps the connection derives it."""
    found: dict[str, list[cst.BaseExpression]] = {}
    for name, value in body.assignments:
        base = base_of(value)
        if base is not None and base is not value and not (isinstance(value, cst.Await) and base is value.expression):
            found.setdefault(name, []).append(base)
    return found


def _bound(node: cst.CSTNode) -> Iterator[tuple[str, cst.BaseExpression]]:
    """Yields the names that a node binds, each with its value."""
    if isinstance(node, cst.Assign):
        for target in node.targets:
            name = dotted(target.target)
            if name is not None:
                yield name, node.value
    elif isinstance(node, cst.AnnAssign) and node.value is not None:
        name = dotted(node.target)
        if name is not None:
            yield name, node.value
    elif isinstance(node, cst.WithItem) and node.asname is not None and isinstance(node.asname.name, cst.Name):
        yield node.asname.name.value, node.item


#: The methods of drivers that create a connection without a transaction.
MAKING = frozenset({"connect", "acquire", "create_pool", "create_connection"})


def is_acquired(body: Body, keys: frozenset[str]) -> bool:
    """Returns whether the function itself acquires the connection from a driver, and binds it to a name."""
    return any(last_name(call.func) in MAKING for call in makers(body, keys))


def makers(body: Body, keys: frozenset[str]) -> Iterator[cst.Call]:
    """Yields the calls whose results the function binds to a name of the connection."""
    for name, value in body.assignments:
        made = value.expression if isinstance(value, cst.Await) else value
        if name in keys and isinstance(made, cst.Call) and base_of(made) is made:
            yield made


def is_direct(body: Body, receiver: cst.BaseExpression | None, keys: frozenset[str]) -> bool:
    """Returns whether a name of the connection, or an argument of the call that creates it, means that it is direct."""
    if any(map(names_direct_server, keys)):
        return True
    made = [value for name, value in body.assignments if name in keys]
    if receiver is not None and dotted(receiver) is None:
        made.append(receiver)
    return any(
        names_direct_server(node.value)
        for value in made
        for node in descendants(value)
        if isinstance(node, (cst.Name, cst.SimpleString))
    )
