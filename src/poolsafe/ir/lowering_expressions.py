"""Lowers expressions from LibCST."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import libcst as cst

from poolsafe import ir

MOST_BITS = 4_096  # of an integer
_ESCAPE_OR_QUOTE = re.compile(r'(\\.)|"', re.DOTALL)
_SINGLETONS: dict[str, Any] = {"True": True, "False": False, "None": None}


def dotted_name(node: cst.BaseExpression | None) -> str:
    """Returns `a.b.c` for a name or attribute node, and an empty string for None."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if isinstance(node, cst.Name):
        parts.append(node.value)
    return ".".join(reversed(parts))


def literal(node: cst.SimpleString) -> str | bytes:
    """Returns the value of a string literal, or its raw content if Python cannot evaluate it."""
    try:
        value: str | bytes = node.evaluated_value
    except (ValueError, SyntaxError):
        value = node.raw_value
    return value


def lower(node: cst.BaseExpression) -> ir.Expression:
    """Returns the lowered expression, which is `Opaque` if the interpreter does not follow its kind."""
    handler = _EXPRESSIONS.get(type(node))
    return ir.Opaque(node) if handler is None else handler(node)


def lower_optional(node: cst.BaseExpression | None) -> ir.Expression | None:
    return None if node is None else lower(node)


def _name(node: cst.Name) -> ir.Expression:
    if node.value in _SINGLETONS:
        return ir.Constant(node, _SINGLETONS[node.value])
    return ir.Name(node, node.value)


def _number(node: cst.Integer | cst.Float) -> ir.Expression:
    try:
        value = ast.literal_eval(node.value)
    except (ValueError, SyntaxError):  # too many digits
        return ir.Opaque(node)
    # Python parses hexadecimal integers of any length, but refuses to print long ones as decimals.
    is_huge = isinstance(value, int) and value.bit_length() > MOST_BITS
    return ir.Opaque(node) if is_huge else ir.Constant(node, value)


def _string(node: cst.SimpleString) -> ir.Expression:
    return ir.Constant(node, literal(node))


def _concatenated(node: cst.ConcatenatedString) -> ir.Expression:
    parts: list[ir.Expression] = []
    current: cst.BaseExpression = node
    while isinstance(current, cst.ConcatenatedString):
        parts.append(lower(current.left))
        current = current.right
    return ir.Concatenation(node, (*parts, lower(current)))


def _formatted(node: cst.FormattedString) -> ir.Expression:
    raw = "r" in node.prefix.lower()
    parts: list[ir.Constant | ir.FormattedValue] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            parts.append(ir.Constant(part, _unescape(part.value, raw=raw)))
        elif isinstance(part, cst.FormattedStringExpression):
            plain = not part.format_spec and part.conversion in (None, "s") and not part.equal
            parts.append(ir.FormattedValue(part, lower(part.expression), plain))
    return ir.JoinedString(node, tuple(parts))


def _unescape(value: str, *, raw: bool) -> str:
    value = value.replace("{{", "{").replace("}}", "}")
    if raw or "\\" not in value:
        return value
    quoted = _ESCAPE_OR_QUOTE.sub(lambda found: found[1] or '\\"', value)
    try:
        return str(ast.literal_eval('"""' + quoted + '"""'))
    except (ValueError, SyntaxError):
        return value


def _attribute(node: cst.Attribute) -> ir.Expression:
    return ir.Attribute(node, lower(node.value), node.attr.value)


def _subscript(node: cst.Subscript) -> ir.Expression:
    return ir.Subscript(node, lower(node.value), tuple(_indices(node)))


def _indices(node: cst.Subscript) -> Iterator[ir.Expression]:
    """Yields the indices of a subscript. Python treats `a[(b, c)]` like `a[b, c]`."""
    given = node.slice[0].slice
    if len(node.slice) == 1 and isinstance(given, cst.Index) and isinstance(given.value, cst.Tuple):
        elements = given.value.elements
        if elements:
            yield from (lower(element.value) for element in elements)
            return
    yield from (_index(element.slice) for element in node.slice)


def _index(node: cst.BaseSlice) -> ir.Expression:
    if isinstance(node, cst.Slice):
        return ir.Slice(node, lower_optional(node.lower), lower_optional(node.upper), lower_optional(node.step))
    assert isinstance(node, cst.Index)
    return lower(node.value)


# Functions and methods of SQLAlchemy and asyncio that run a coroutine or wait for it.
WAITING = frozenset(
    {
        "await_", "await_fallback", "await_only", "create_task", "ensure_future", "gather", "run_until_complete",
        "shield", "wait_for",
    }
)  # fmt: skip


def lower_call(node: cst.Call, *, awaited: bool = False, discarded: bool = False) -> ir.Call:
    name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    waits = isinstance(name, cst.Name) and name.value in WAITING
    arguments = tuple(lower_argument(argument, awaited=waits) for argument in node.args)
    return ir.Call(node, lower(node.func), arguments, awaited, discarded)


def lower_argument(node: cst.Arg, *, awaited: bool = False) -> ir.Argument:
    value = node.value
    keyword = node.keyword.value if node.keyword is not None else None
    lowered = lower_call(value, awaited=awaited) if isinstance(value, cst.Call) else lower(value)
    return ir.Argument(node, lowered, keyword, node.star)


def _await(node: cst.Await) -> ir.Expression:
    inner = node.expression
    return ir.Await(node, lower_call(inner, awaited=True) if isinstance(inner, cst.Call) else lower(inner))


def _yield(node: cst.Yield) -> ir.Expression:
    if isinstance(node.value, cst.From):
        return ir.Yield(node, lower(node.value.item), delegates=True)
    return ir.Yield(node, lower_optional(node.value), delegates=False)


def _dict(node: cst.Dict) -> ir.Expression:
    items = tuple(
        (lower(element.key) if isinstance(element, cst.DictElement) else None, lower(element.value))
        for element in node.elements
    )
    return ir.Dict(node, items)


def _display(kind: str) -> Callable[[Any], ir.Expression]:
    def handler(node: cst.List | cst.Tuple | cst.Set) -> ir.Expression:
        return ir.Display(node, kind, tuple(_element(element) for element in node.elements))

    return handler


def _element(node: cst.BaseElement) -> ir.Expression:
    value = lower(node.value)
    return ir.Starred(node, value) if isinstance(node, cst.StarredElement) else value


def _comprehension(kind: str) -> Callable[[Any], ir.Expression]:
    def handler(node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp) -> ir.Expression:
        generators = tuple(_generators(node.for_in))
        if isinstance(node, cst.DictComp):
            return ir.Comprehension(node, kind, lower(node.value), lower(node.key), generators)
        return ir.Comprehension(node, kind, lower(node.elt), None, generators)

    return handler


def _generators(node: cst.CompFor | None) -> Iterator[ir.Generator]:
    while node is not None:
        conditions = tuple(lower(condition.test) for condition in node.ifs)
        yield ir.Generator(node, lower(node.target), lower(node.iter), conditions)
        node = node.inner_for_in


def _conditional(node: cst.IfExp) -> ir.Expression:
    return ir.Conditional(node, lower(node.test), lower(node.body), lower(node.orelse))


def _boolean(node: cst.BooleanOperation) -> ir.Expression:
    operator = "and" if isinstance(node.operator, cst.And) else "or"
    return ir.BooleanOperation(node, operator, lower(node.left), lower(node.right))


def _unary(node: cst.UnaryOperation) -> ir.Expression:
    return ir.UnaryOperation(node, _UNARY[type(node.operator)], lower(node.expression))


def _binary(node: cst.BinaryOperation) -> ir.Expression:
    # A loop, because generated SQL has chains of thousands of `+`, which would exceed the recursion limit.
    links: list[cst.BinaryOperation] = []
    current: cst.BaseExpression = node
    while isinstance(current, cst.BinaryOperation):
        links.append(current)
        current = current.left
    left = lower(current)
    for link in reversed(links):
        left = ir.BinaryOperation(link, _BINARY[type(link.operator)], left, lower(link.right))
    return left


def _comparison(node: cst.Comparison) -> ir.Expression:
    rest = tuple((_COMPARISON[type(one.operator)], lower(one.comparator)) for one in node.comparisons)
    return ir.Comparison(node, lower(node.left), rest)


def _named(node: cst.NamedExpr) -> ir.Expression:
    return ir.NamedExpression(node, lower(node.target), lower(node.value))


def _lambda(node: cst.Lambda) -> ir.Expression:
    return ir.Lambda(node, lower_parameters(node.params), lower(node.body))


def lower_parameters(params: cst.Parameters) -> tuple[ir.Parameter, ...]:
    groups: list[tuple[str, Sequence[cst.Param]]] = [
        ("positional", params.posonly_params),
        ("either", params.params),
        ("*", [params.star_arg] if isinstance(params.star_arg, cst.Param) else []),
        ("keyword", params.kwonly_params),
        ("**", [params.star_kwarg] if params.star_kwarg is not None else []),
    ]
    return tuple(_parameter(kind, param) for kind, several in groups for param in several)


def _parameter(kind: str, node: cst.Param) -> ir.Parameter:
    annotation = lower(node.annotation.annotation) if node.annotation is not None else None
    return ir.Parameter(node, node.name.value, kind, annotation, lower_optional(node.default))


_EXPRESSIONS: dict[type, Callable[[Any], ir.Expression]] = {
    cst.Name: _name,
    cst.Integer: _number,
    cst.Float: _number,
    cst.Ellipsis: lambda node: ir.Constant(node, ...),
    cst.SimpleString: _string,
    cst.ConcatenatedString: _concatenated,
    cst.FormattedString: _formatted,
    cst.Attribute: _attribute,
    cst.Subscript: _subscript,
    cst.Call: lower_call,
    cst.Await: _await,
    cst.Yield: _yield,
    cst.Dict: _dict,
    cst.List: _display("list"),
    cst.Tuple: _display("tuple"),
    cst.Set: _display("set"),
    cst.ListComp: _comprehension("list"),
    cst.SetComp: _comprehension("set"),
    cst.DictComp: _comprehension("dict"),
    cst.GeneratorExp: _comprehension("generator"),
    cst.IfExp: _conditional,
    cst.BooleanOperation: _boolean,
    cst.UnaryOperation: _unary,
    cst.BinaryOperation: _binary,
    cst.Comparison: _comparison,
    cst.NamedExpr: _named,
    cst.Lambda: _lambda,
}

_UNARY: dict[type, str] = {cst.Not: "not", cst.Minus: "-", cst.Plus: "+", cst.BitInvert: "~"}
_BINARY: dict[type, str] = {
    cst.Add: "+",
    cst.Subtract: "-",
    cst.Multiply: "*",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.Modulo: "%",
    cst.Power: "**",
    cst.MatrixMultiply: "@",
    cst.BitOr: "|",
    cst.BitAnd: "&",
    cst.BitXor: "^",
    cst.LeftShift: "<<",
    cst.RightShift: ">>",
}
_COMPARISON: dict[type, str] = {
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.In: "in",
    cst.NotIn: "not in",
    cst.Is: "is",
    cst.IsNot: "is not",
}
