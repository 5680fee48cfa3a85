"""Which questions a program asks of libraries, such as for an environment variable, read from the syntax.

Two statements that ask for the same variable depend on each other: if one of them raises an exception, the other is not
reached with that value. Statements that ask for different variables are independent, even if both use `os`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from poolsafe import ir
from poolsafe.records import frozen


@frozen
class Questions:
    """The questions that statements ask of libraries.

    `keys` are the strings that they look up in `libraries`; `open` are the libraries that they use in any other way. A
    library is represented by the name that is bound to it, or to a member of it.
    """

    keys: frozenset[str] = frozenset()
    libraries: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.keys or self.open)

    def __or__(self, other: Questions) -> Questions:
        if not other or not self:
            return other or self
        return Questions(self.keys | other.keys, self.libraries | other.libraries, self.open | other.open)

    def overlaps(self, other: Questions) -> bool:
        """Returns whether a question of one may also be a question of the other."""
        return (
            not self.keys.isdisjoint(other.keys)
            or not self.open.isdisjoint(other.libraries | other.open)
            or not other.open.isdisjoint(self.libraries)
        )


NOTHING = Questions()


def together(several: Iterable[Questions]) -> Questions:
    """Returns the union of these questions."""
    found = NOTHING
    for one in several:
        found |= one
    return found


def questions_in(node: ir.Expression, libraries: Collection[str]) -> Questions:
    """Returns what an expression asks libraries, given the names that stand for them or for members of them."""
    if not libraries:
        return NOTHING
    keys: set[str] = set()
    clear: dict[int, str] = {}  # the names with a known key, by the ids of their nodes
    unclear: set[str] = set()
    for one in ir.walk(node):
        if isinstance(one, ir.Name) and one.id in libraries and id(one) not in clear:
            unclear.add(one.id)
        for holder, key in _keys(one):
            name = ir.root_name(holder)
            if name is not None and name.id in libraries:
                clear[id(name)] = name.id
                keys.add(key)
    return Questions(frozenset(keys), frozenset(clear.values()), frozenset(unclear))


def _keys(node: ir.Node) -> Iterator[tuple[ir.Expression, str]]:
    """Yields the literal strings that a node asks objects for: `environ["A"]`, `environ.get("A")`, `"A" in environ`."""
    match node:
        case ir.Subscript(value=holder, indices=(ir.Constant(value=str(key)),)):
            yield holder, key
        case ir.Call(callee=holder, arguments=(ir.Argument(value=ir.Constant(value=str(key)), star=""), *_)):
            yield holder, key
        case ir.Comparison(left=ir.Constant(value=str(key)), rest=rest):
            yield from ((holder, key) for operator, holder in rest if operator in ("in", "not in"))
