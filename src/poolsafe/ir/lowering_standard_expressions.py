"""Lowers expressions from the standard library's `ast`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from poolsafe import ir
from poolsafe.ir.lowering_expressions import MOST_BITS, WAITING


def lower(node: ast.expr) -> ir.Expression:
    """Returns the lowered expression, which is `Opaque` if the interpreter does not follow its kind."""
    handler = _EXPRESSIONS.get(type(node), _opaque)
    return handler(node)


def lower_optional(node: ast.expr | None) -> ir.Expression | None:
    return None if node is None else lower(node)


def _opaque(node: Any) -> ir.Expression:
    return ir.Opaque(node)


def _constant(node: Any) -> ir.Expression:
    value = node.value
    if isinstance(value, complex) or (isinstance(value, int) and value.bit_length() > MOST_BITS):
        return ir.Opaque(node)
    return ir.Constant(node, value)


def _name(node: Any) -> ir.Expression:
    return ir.Name(node, node.id)


def _joined(node: Any) -> ir.Expression:
    parts: list[ir.Constant | ir.FormattedValue] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            plain = part.format_spec is None and part.conversion in (-1, ord("s"))
            origin: Any = part
            parts.append(ir.FormattedValue(origin, lower(part.value), plain))
        else:
            parts.append(ir.Constant(part, part.value))
    return ir.JoinedString(node, tuple(parts))


def _attribute(node: Any) -> ir.Expression:
    return ir.Attribute(node, lower(node.value), node.attr)


def _subscript(node: Any) -> ir.Expression:
    given = node.slice
    several = given.elts if isinstance(given, ast.Tuple) and given.elts else [given]
    indices = tuple(lower(one.value if isinstance(one, ast.Starred) else one) for one in several)
    return ir.Subscript(node, lower(node.value), indices)


def _slice(node: Any) -> ir.Expression:
    return ir.Slice(node, lower_optional(node.lower), lower_optional(node.upper), lower_optional(node.step))


def lower_call(node: Any, *, awaited: bool = False, discarded: bool = False) -> ir.Call:
    given = [*node.args, *node.keywords]
    if node.keywords and node.args and isinstance(node.args[-1], ast.Starred):
        given.sort(key=lambda one: (one.lineno, one.col_offset))  # `f(key=1, *rest)` is allowed
    func = node.func
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    arguments = tuple(lower_argument(argument, awaited=name in WAITING) for argument in given)
    return ir.Call(node, lower(func), arguments, awaited, discarded)


def lower_argument(node: Any, *, awaited: bool = False) -> ir.Argument:
    origin: Any = node
    keyword, star, given = None, "", node
    if isinstance(node, ast.keyword):
        keyword, star, given = node.arg, "" if node.arg is not None else "**", node.value
    elif isinstance(node, ast.Starred):
        star, given = "*", node.value
    value = lower_call(given, awaited=awaited) if isinstance(given, ast.Call) else lower(given)
    return ir.Argument(origin, value, keyword, star)


def _await(node: Any) -> ir.Expression:
    inner = node.value
    return ir.Await(node, lower_call(inner, awaited=True) if isinstance(inner, ast.Call) else lower(inner))


def _yield(node: Any) -> ir.Expression:
    return ir.Yield(node, lower_optional(node.value), delegates=isinstance(node, ast.YieldFrom))


def _dict(node: Any) -> ir.Expression:
    items = zip(node.keys, node.values, strict=True)
    return ir.Dict(node, tuple((lower_optional(key), lower(value)) for key, value in items))


def display_elements(node: ast.List | ast.Tuple | ast.Set) -> tuple[ir.Expression, ...]:
    return tuple(map(lower, node.elts))


def _display(kind: str) -> Callable[[Any], ir.Expression]:
    return lambda node: ir.Display(node, kind, display_elements(node))


def _starred(node: Any) -> ir.Expression:
    return ir.Starred(node, lower(node.value))


def _comprehension(kind: str) -> Callable[[Any], ir.Expression]:
    def handler(node: Any) -> ir.Expression:
        generators = tuple(_generators(node.generators))
        if isinstance(node, ast.DictComp):
            origin: Any = node
            return ir.Comprehension(origin, kind, lower(node.value), lower(node.key), generators)
        return ir.Comprehension(node, kind, lower(node.elt), None, generators)

    return handler


def _generators(nodes: list[Any]) -> Iterator[ir.Generator]:
    for node in nodes:
        yield ir.Generator(node, lower(node.target), lower(node.iter), tuple(map(lower, node.ifs)))


def _conditional(node: Any) -> ir.Expression:
    return ir.Conditional(node, lower(node.test), lower(node.body), lower(node.orelse))


def _boolean(node: Any) -> ir.Expression:
    operator = "and" if isinstance(node.op, ast.And) else "or"
    left = lower(node.values[0])
    for value in node.values[1:]:
        left = ir.BooleanOperation(node, operator, left, lower(value))
    return left


def _unary(node: Any) -> ir.Expression:
    return ir.UnaryOperation(node, _UNARY[type(node.op)], lower(node.operand))


def _binary(node: Any) -> ir.Expression:
    # A loop, because generated SQL has chains of thousands of `+`, which would exceed the recursion limit.
    links: list[Any] = []
    current: Any = node
    while isinstance(current, ast.BinOp):
        links.append(current)
        current = current.left
    left = lower(current)
    for link in reversed(links):
        left = ir.BinaryOperation(link, BINARY[type(link.op)], left, lower(link.right))
    return left


def _comparison(node: Any) -> ir.Expression:
    operators = zip(node.ops, node.comparators, strict=True)
    rest = tuple((_COMPARISON[type(operator)], lower(operand)) for operator, operand in operators)
    return ir.Comparison(node, lower(node.left), rest)


def _named(node: Any) -> ir.Expression:
    return ir.NamedExpression(node, lower(node.target), lower(node.value))


def _lambda(node: Any) -> ir.Expression:
    return ir.Lambda(node, lower_parameters(node.args), lower(node.body))


def lower_parameters(given: ast.arguments) -> tuple[ir.Parameter, ...]:
    positional = [("positional", one) for one in given.posonlyargs] + [("either", one) for one in given.args]
    without = len(positional) - len(given.defaults)
    defaults: list[ast.expr | None] = [*([None] * without), *given.defaults]
    found = [_parameter(kind, one, default) for (kind, one), default in zip(positional, defaults, strict=True)]
    if given.vararg is not None:
        found.append(_parameter("*", given.vararg, None))
    found += [
        _parameter("keyword", one, default) for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    if given.kwarg is not None:
        found.append(_parameter("**", given.kwarg, None))
    return tuple(found)


def _parameter(kind: str, node: Any, default: ast.expr | None) -> ir.Parameter:
    return ir.Parameter(node, node.arg, kind, lower_optional(node.annotation), lower_optional(default))


_EXPRESSIONS: dict[type, Callable[[Any], ir.Expression]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.JoinedStr: _joined,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Call: lower_call,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
    ast.Dict: _dict,
    ast.List: _display("list"),
    ast.Tuple: _display("tuple"),
    ast.Set: _display("set"),
    ast.Starred: _starred,
    ast.ListComp: _comprehension("list"),
    ast.SetComp: _comprehension("set"),
    ast.DictComp: _comprehension("dict"),
    ast.GeneratorExp: _comprehension("generator"),
    ast.IfExp: _conditional,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _comparison,
    ast.NamedExpr: _named,
    ast.Lambda: _lambda,
}

_UNARY: dict[type, str] = {ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
BINARY: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
_COMPARISON: dict[type, str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
