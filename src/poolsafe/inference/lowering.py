"""Lowers LibCST trees to the intermediate representation, one scope at a time."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import libcst as cst

from poolsafe.inference import ir

_MOST_BITS = 4_096  # of a whole number
_SINGLETONS: dict[str, Any] = {"True": True, "False": False, "None": None}


def lower_module(module: cst.Module) -> ir.Body:
    """Returns the body of a module."""
    return ir.Body(lambda: _block(module.body))


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
    """Returns the value of a string literal, or its raw content if Python would refuse it."""
    try:
        value: str | bytes = node.evaluated_value
    except (ValueError, SyntaxError):
        value = node.raw_value
    return value


# --- statements ---


def _block(statements: Iterable[cst.BaseStatement | cst.BaseSmallStatement]) -> ir.Block:
    return tuple(lowered for statement in statements for lowered in _statement(statement))


def _suite(suite: cst.BaseSuite | None) -> ir.Block:
    return () if suite is None else _block(suite.body)


def _statement(node: cst.CSTNode) -> Iterable[ir.Statement]:
    if isinstance(node, cst.SimpleStatementLine):
        return _block(node.body)
    lower = _STATEMENTS.get(type(node))
    return () if lower is None else lower(node)


def _assign(node: cst.Assign) -> Iterator[ir.Statement]:
    yield ir.Assign(node, tuple(lower(one.target) for one in node.targets), lower(node.value))


def _annotated(node: cst.AnnAssign) -> Iterator[ir.Statement]:
    target, annotation = lower(node.target), lower(node.annotation.annotation)
    if node.value is None:
        yield ir.Declare(node, target, annotation)
    else:
        yield ir.Assign(node, (target,), lower(node.value), annotation)


def _augmented(node: cst.AugAssign) -> Iterator[ir.Statement]:
    yield ir.AugmentedAssign(node, _AUGMENTED[type(node.operator)], lower(node.target), lower(node.value))


def _expression_statement(node: cst.Expr) -> Iterator[ir.Statement]:
    value = node.value
    if isinstance(value, cst.Await) and isinstance(value.expression, cst.Call):
        yield ir.Evaluate(node, ir.Await(value, _call(value.expression, awaited=True, discarded=True)))
    elif isinstance(value, cst.Call):
        yield ir.Evaluate(node, _call(value, discarded=True))
    else:
        yield ir.Evaluate(node, lower(value))


def _return(node: cst.Return) -> Iterator[ir.Statement]:
    yield ir.Return(node, _optional(node.value))


def _raise(node: cst.Raise) -> Iterator[ir.Statement]:
    yield ir.Raise(node, _optional(node.exc))


def _import(node: cst.Import) -> Iterator[ir.Statement]:
    for alias in node.names:
        module = dotted_name(alias.name)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            yield ir.Import(node, module, alias.asname.name.value, whole=True)
        else:
            yield ir.Import(node, module, module.split(".")[0], whole=False)


def _import_from(node: cst.ImportFrom) -> Iterator[ir.Statement]:
    module, level = dotted_name(node.module), len(node.relative)
    if isinstance(node.names, cst.ImportStar):
        yield ir.ImportFrom(node, level, module, "*", "*")
        return
    for alias in node.names:
        name = dotted_name(alias.name)
        bound = alias.asname.name if alias.asname is not None else alias.name
        if isinstance(bound, cst.Name):
            yield ir.ImportFrom(node, level, module, name, bound.value)


def _scoping(node: cst.Global | cst.Nonlocal) -> Iterator[ir.Statement]:
    kind = "global" if isinstance(node, cst.Global) else "nonlocal"
    yield ir.Scoping(node, kind, tuple(item.name.value for item in node.names))


def _delete(node: cst.Del) -> Iterator[ir.Statement]:
    target = lower(node.target)
    yield ir.Delete(node, target.elements if isinstance(target, ir.Display) else (target,))


def _assert(node: cst.Assert) -> Iterator[ir.Statement]:
    yield ir.Assert(node, lower(node.test))


def _type_alias(node: cst.TypeAlias) -> Iterator[ir.Statement]:
    yield ir.TypeAlias(node, node.name.value)


def _if(node: cst.If) -> Iterator[ir.Statement]:
    # A long chain of `elif` is a loop here, not a recursion.
    links = [node]
    while isinstance(links[-1].orelse, cst.If):
        links.append(links[-1].orelse)
    last = links[-1].orelse
    orelse = _suite(last.body) if last is not None else ()
    for link in reversed(links):
        orelse = (ir.If(link, lower(link.test), _suite(link.body), orelse),)
    yield from orelse


def _for(node: cst.For) -> Iterator[ir.Statement]:
    yield ir.For(node, lower(node.target), lower(node.iter), _suite(node.body), _else(node.orelse))


def _while(node: cst.While) -> Iterator[ir.Statement]:
    yield ir.While(node, lower(node.test), _suite(node.body), _else(node.orelse))


def _else(node: cst.Else | None) -> ir.Block:
    return () if node is None else _suite(node.body)


def _try(node: cst.Try | cst.TryStar) -> Iterator[ir.Statement]:
    handlers = tuple(_handler(handler) for handler in node.handlers)
    final = () if node.finalbody is None else _suite(node.finalbody.body)
    yield ir.Try(node, _suite(node.body), handlers, _else(node.orelse), final)


def _handler(node: cst.ExceptHandler | cst.ExceptStarHandler) -> ir.Handler:
    bound = node.name.name if node.name is not None else None
    name = bound.value if isinstance(bound, cst.Name) else None
    return ir.Handler(node, _optional(node.type), name, _suite(node.body))


def _with(node: cst.With) -> Iterator[ir.Statement]:
    items = tuple(
        ir.WithItem(item, lower(item.item), lower(item.asname.name) if item.asname is not None else None)
        for item in node.items
    )
    yield ir.With(node, items, _suite(node.body))


def _function(node: cst.FunctionDef) -> Iterator[ir.Statement]:
    decorators = tuple(lower(item.decorator) for item in node.decorators)
    body = ir.Body(lambda: _suite(node.body))
    yield ir.FunctionDef(node, node.name.value, _parameters(node.params), decorators, body)


def _class(node: cst.ClassDef) -> Iterator[ir.Statement]:
    bases = tuple(lower(base.value) for base in node.bases)
    keywords = tuple(_argument(keyword) for keyword in node.keywords)
    decorators = tuple(lower(item.decorator) for item in node.decorators)
    name, body = ir.Name(node.name, node.name.value), ir.Body(lambda: _suite(node.body))
    yield ir.ClassDef(node, name, bases, keywords, decorators, body)


def _match(node: cst.Match) -> Iterator[ir.Statement]:
    cases = tuple(
        ir.Case(case, _pattern(case.pattern), _optional(case.guard), _suite(case.body)) for case in node.cases
    )
    yield ir.Match(node, lower(node.subject), cases)


_STATEMENTS: dict[type, Callable[[Any], Iterable[ir.Statement]]] = {
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Expr: _expression_statement,
    cst.Return: _return,
    cst.Raise: _raise,
    cst.Break: lambda node: (ir.Break(node),),
    cst.Continue: lambda node: (ir.Continue(node),),
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.Global: _scoping,
    cst.Nonlocal: _scoping,
    cst.Del: _delete,
    cst.Assert: _assert,
    cst.TypeAlias: _type_alias,
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.With: _with,
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
    cst.Match: _match,
}


# --- expressions ---


def lower(node: cst.BaseExpression) -> ir.Expression:
    """Returns the lowered expression; `Opaque` for a kind that the interpreter does not follow."""
    handler = _EXPRESSIONS.get(type(node))
    return ir.Opaque(node) if handler is None else handler(node)


def _optional(node: cst.BaseExpression | None) -> ir.Expression | None:
    return None if node is None else lower(node)


def _name(node: cst.Name) -> ir.Expression:
    if node.value in _SINGLETONS:
        return ir.Constant(node, _SINGLETONS[node.value])
    return ir.Name(node, node.value)


def _number(node: cst.Integer | cst.Float) -> ir.Expression:
    try:
        value = ast.literal_eval(node.value)
    except (ValueError, SyntaxError):  # more digits than Python converts
        return ir.Opaque(node)
    # Python reads hexadecimal numbers of any length, but does not write them as decimals.
    is_huge = isinstance(value, int) and value.bit_length() > _MOST_BITS
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
    quoted = value.replace('"', '\\"') if '\\"' not in value else value
    try:
        return str(ast.literal_eval('"""' + quoted + '"""'))
    except (ValueError, SyntaxError):
        return value


def _attribute(node: cst.Attribute) -> ir.Expression:
    return ir.Attribute(node, lower(node.value), node.attr.value)


def _subscript(node: cst.Subscript) -> ir.Expression:
    return ir.Subscript(node, lower(node.value), tuple(_index(element.slice) for element in node.slice))


def _index(node: cst.BaseSlice) -> ir.Expression:
    if isinstance(node, cst.Slice):
        return ir.Slice(node, _optional(node.lower), _optional(node.upper), _optional(node.step))
    assert isinstance(node, cst.Index)
    return lower(node.value)


def _call(node: cst.Call, *, awaited: bool = False, discarded: bool = False) -> ir.Call:
    arguments = tuple(_argument(argument) for argument in node.args)
    return ir.Call(node, lower(node.func), arguments, awaited, discarded)


def _argument(node: cst.Arg) -> ir.Argument:
    keyword = node.keyword.value if node.keyword is not None else None
    return ir.Argument(node, lower(node.value), keyword, node.star)


def _await(node: cst.Await) -> ir.Expression:
    inner = node.expression
    return ir.Await(node, _call(inner, awaited=True) if isinstance(inner, cst.Call) else lower(inner))


def _yield(node: cst.Yield) -> ir.Expression:
    if isinstance(node.value, cst.From):
        return ir.Yield(node, lower(node.value.item), delegates=True)
    return ir.Yield(node, _optional(node.value), delegates=False)


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
    # A long chain of `+` is a loop here, not a recursion: generated SQL has thousands of links.
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
    return ir.Lambda(node, _parameters(node.params), lower(node.body))


def _parameters(params: cst.Parameters) -> tuple[ir.Parameter, ...]:
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
    return ir.Parameter(node, node.name.value, kind, annotation, _optional(node.default))


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
    cst.Call: _call,
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
_AUGMENTED: dict[type, str] = {
    cst.AddAssign: "+",
    cst.SubtractAssign: "-",
    cst.MultiplyAssign: "*",
    cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//",
    cst.ModuloAssign: "%",
    cst.PowerAssign: "**",
    cst.MatrixMultiplyAssign: "@",
    cst.BitOrAssign: "|",
    cst.BitAndAssign: "&",
    cst.BitXorAssign: "^",
    cst.LeftShiftAssign: "<<",
    cst.RightShiftAssign: ">>",
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


# --- patterns ---


def _pattern(node: cst.CSTNode) -> ir.Pattern:
    match node:
        case cst.MatchValue():
            return ir.ValuePattern(node, value=lower(node.value))
        case cst.MatchSingleton():
            return ir.ValuePattern(node, value=lower(node.value), singleton=True)
        case cst.MatchAs():
            name = node.name.value if node.name is not None else None
            return ir.CapturePattern(node, name, () if node.pattern is None else (_pattern(node.pattern),))
        case cst.MatchOr():
            return ir.AlternativePattern(node, parts=tuple(_pattern(one.pattern) for one in node.patterns))
        case cst.MatchList() | cst.MatchTuple():
            starred = any(isinstance(one, cst.MatchStar) for one in node.patterns)
            return ir.SequencePattern(node, parts=tuple(_pattern(one) for one in node.patterns), starred=starred)
        case cst.MatchSequenceElement():
            return _pattern(node.value)
        case cst.MatchStar():
            return ir.CapturePattern(node, node.name.value if node.name is not None else None)
        case cst.MatchMapping():
            rest = node.rest.value if node.rest is not None else None
            return ir.Pattern(node, rest, tuple(_pattern(one.pattern) for one in node.elements), "mapping")
        case cst.MatchClass():
            inside = (*(one.value for one in node.patterns), *(one.pattern for one in node.kwds))
            return ir.Pattern(node, None, tuple(map(_pattern, inside)), dotted_name(node.cls))
    return ir.Pattern(node)
