"""Alias analysis: which names of a scope may stand for the same object, read from the syntax.

Two names are *aliases* if an object that one of them stands for may be, or may be contained in, an object that the
other stands for. The relation is a partition of the names (a union-find), so it is symmetric and transitive, and it
over-approximates: an extra alias only costs time, but a missing alias would hide a change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from poolsafe import ir

# Functions that return a new or an immutable object, whatever their arguments are.
FRESH = frozenset(
    {
        "abs", "all", "any", "bool", "bytes", "callable", "chr", "float", "format", "getenv", "hasattr", "hash", "id",
        "int", "isinstance", "issubclass", "len", "open", "ord", "print", "range", "repr", "round", "str",
        "sum", "text", "type",
    }
)  # fmt: skip
# Methods that return a new or an immutable object; most of them are methods of strings.
FRESH_METHODS = frozenset(
    {
        "capitalize", "casefold", "count", "decode", "encode", "endswith", "find", "format", "format_map",
        "get_secret_value", "index", "isdigit", "join", "keys", "lower", "lstrip", "partition", "removeprefix",
        "removesuffix", "render_as_string", "replace", "rpartition", "rsplit", "rstrip", "split", "splitlines",
        "startswith", "strip", "title", "unicode_string", "upper",
    }
)  # fmt: skip
# Methods that only strings have.
STRING_METHODS = frozenset(
    {
        "casefold", "endswith", "isdigit", "lower", "lstrip", "removeprefix", "removesuffix", "rpartition", "rsplit",
        "rstrip", "splitlines", "startswith", "strip", "upper",
    }
)  # fmt: skip


class Aliases:
    """A partition of names into classes of aliases."""

    __slots__ = ("_parents",)

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def find(self, name: str) -> str:
        """Returns the representative of the name's class."""
        parents = self._parents
        root = name
        while (parent := parents.get(root, root)) != root:
            root = parent
        while name != root:
            parents[name], name = root, parents.get(name, name)
        return root

    def unite(self, left: Iterable[str], right: Iterable[str]) -> None:
        """Unites the classes of the names in `left` with those of the names in `right`."""
        right = list(right)
        for one in left:
            for other in right:
                self._parents[self.find(one)] = self.find(other)


def carriers(node: ir.Expression | None, *, callees: bool = True, libraries: Collection[str] = ()) -> Iterator[str]:
    """Yields the names whose objects the value of an expression may be, or may contain.

    If `callees` is true, a call may also return an object that its callee closes over. A function of one of the
    `libraries` closes over nothing: its result is new or immutable, or consists of its arguments.
    """
    stack = [node]
    while stack:
        match stack.pop():
            case ir.Name(id=name):
                yield name
            case ir.Attribute(value=value) | ir.Subscript(value=value) | ir.Starred(value=value):
                stack.append(value)
            case ir.Await(value=value) | ir.Yield(value=value):
                stack.append(value)
            case ir.NamedExpression(target=target, value=value):
                stack += (target, value)
            case ir.Call(callee=callee, arguments=arguments) if not _is_fresh(callee):
                if (callees or not isinstance(callee, ir.Name)) and not _is_of(libraries, callee):
                    stack.append(callee)
                stack += (argument.value for argument in arguments)
            case ir.Display(elements=elements):
                stack += elements
            case ir.Dict(items=items):
                stack += (value for _, value in items)
            case ir.Conditional(body=body, orelse=orelse):
                stack += (body, orelse)
            case ir.BooleanOperation(left=left, right=right):
                stack += (left, right)
            case ir.BinaryOperation(left=left, operator="|" | "+" | "*", right=right):
                stack += (left, right)
            case ir.Comprehension(element=element, generators=generators):
                stack += (element, *(generator.iterable for generator in generators))
            case ir.Lambda() as function:
                yield from (one.id for one in ir.walk(function) if isinstance(one, ir.Name))


def _is_fresh(callee: ir.Expression) -> bool:
    """Returns whether the callee, by its name, returns a new or an immutable object."""
    if isinstance(callee, ir.Name):
        return callee.id in FRESH
    return isinstance(callee, ir.Attribute) and callee.name in FRESH_METHODS


def _is_of(libraries: Collection[str], callee: ir.Expression) -> bool:
    """Returns whether a callee is a function of a library, except for the one that imports modules of the project."""
    if ir.last_name(callee) == "import_module":
        return False
    root = ir.root_name(callee)
    return root is not None and root.id in libraries


def is_immutable(parameter: ir.Parameter) -> bool:
    """Returns whether a parameter is annotated with an immutable type."""
    return parameter.kind not in ("*", "**") and has_immutable_values(parameter.annotation)


def has_immutable_values(annotation: ir.Expression | None) -> bool:
    """Returns whether an annotation names only strings, bytes, numbers and None."""
    if annotation is None:
        return False
    names = [one for one in ir.walk(annotation) if isinstance(one, (ir.Name, ir.Attribute, ir.Constant))]
    return all(
        one.id in _IMMUTABLE if isinstance(one, ir.Name) else isinstance(one, ir.Constant) and one.value is None
        for one in names
    )


_IMMUTABLE = frozenset({"Optional", "Union", "bool", "bytes", "float", "int", "str"})


def targets(node: ir.Expression) -> Iterator[str]:
    """Yields the names that an assignment to `node` binds. Items and attributes bind no names."""
    match node:
        case ir.Name():
            yield node.id
        case ir.Starred():
            yield from targets(node.value)
        case ir.Display():
            for element in node.elements:
                yield from targets(element)
