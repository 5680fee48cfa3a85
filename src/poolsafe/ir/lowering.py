"""Lowers LibCST trees to the intermediate representation, one scope at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import libcst as cst

from poolsafe import ir
from poolsafe.ir.lowering_expressions import (
    dotted_name,
    lower,
    lower_argument,
    lower_call,
    lower_optional,
    lower_parameters,
)


def lower_module(module: cst.Module) -> ir.Body:
    """Returns the body of a module."""
    return ir.Body(lambda: _block(module.body))


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
        yield ir.Evaluate(node, ir.Await(value, lower_call(value.expression, awaited=True, discarded=True)))
    elif isinstance(value, cst.Call):
        yield ir.Evaluate(node, lower_call(value, discarded=True))
    else:
        yield ir.Evaluate(node, lower(value))


def _return(node: cst.Return) -> Iterator[ir.Statement]:
    yield ir.Return(node, lower_optional(node.value))


def _raise(node: cst.Raise) -> Iterator[ir.Statement]:
    yield ir.Raise(node, lower_optional(node.exc))


def lower_import(node: cst.Import | cst.ImportFrom) -> Iterator[ir.Import | ir.ImportFrom]:
    """Yields a statement for each name that an import binds."""
    yield from _import(node) if isinstance(node, cst.Import) else _import_from(node)


def _import(node: cst.Import) -> Iterator[ir.Import]:
    for alias in node.names:
        module = dotted_name(alias.name)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            yield ir.Import(node, module, alias.asname.name.value, whole=True)
        else:
            yield ir.Import(node, module, module.split(".")[0], whole=False)


def _import_from(node: cst.ImportFrom) -> Iterator[ir.ImportFrom]:
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
    # A loop, because a long chain of `elif` would exceed the recursion limit.
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
    return ir.Handler(node, lower_optional(node.type), name, _suite(node.body))


def _with(node: cst.With) -> Iterator[ir.Statement]:
    items = tuple(
        ir.WithItem(item, lower(item.item), lower(item.asname.name) if item.asname is not None else None)
        for item in node.items
    )
    yield ir.With(node, items, _suite(node.body))


def _function(node: cst.FunctionDef) -> Iterator[ir.Statement]:
    decorators = tuple(lower(item.decorator) for item in node.decorators)
    body = ir.Body(lambda: _suite(node.body))
    result = None if node.returns is None else lower(node.returns.annotation)
    yield ir.FunctionDef(node, node.name.value, lower_parameters(node.params), decorators, body, result)


def _class(node: cst.ClassDef) -> Iterator[ir.Statement]:
    bases = tuple(lower(base.value) for base in node.bases)
    keywords = tuple(lower_argument(keyword) for keyword in node.keywords)
    decorators = tuple(lower(item.decorator) for item in node.decorators)
    name, body = ir.Name(node.name, node.name.value), ir.Body(lambda: _suite(node.body))
    yield ir.ClassDef(node, name, bases, keywords, decorators, body)


def _match(node: cst.Match) -> Iterator[ir.Statement]:
    cases = tuple(
        ir.Case(case, _pattern(case.pattern), lower_optional(case.guard), _suite(case.body)) for case in node.cases
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
            stars = (index for index, one in enumerate(node.patterns) if isinstance(one, cst.MatchStar))
            return ir.SequencePattern(node, parts=tuple(map(_pattern, node.patterns)), star=next(stars, None))
        case cst.MatchSequenceElement():
            return _pattern(node.value)
        case cst.MatchStar():
            return ir.CapturePattern(node, node.name.value if node.name is not None else None)
        case cst.MatchMapping():
            rest = node.rest.value if node.rest is not None else None
            parts = tuple(_pattern(one.pattern) for one in node.elements)
            return ir.MappingPattern(node, rest, parts, keys=tuple(lower(one.key) for one in node.elements))
        case cst.MatchClass():
            inside = (*(one.value for one in node.patterns), *(one.pattern for one in node.kwds))
            return ir.Pattern(node, None, tuple(map(_pattern, inside)), dotted_name(node.cls))
    return ir.Pattern(node)
