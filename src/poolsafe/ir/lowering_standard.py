"""Lowers the standard library's `ast` to the intermediate representation, one scope at a time.

Modules that are only imported are lowered from `ast`, because its parser takes a tenth of LibCST's time. The origin of
each node is then the `ast` node. `lowering` builds the same statements from a LibCST tree, except that adjacent string
literals are one constant here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from poolsafe import ir
from poolsafe.ir.lowering_standard_expressions import (
    BINARY,
    display_elements,
    lower,
    lower_argument,
    lower_call,
    lower_optional,
    lower_parameters,
)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def lower_standard_module(module: ast.Module) -> ir.Body:
    """Returns the body of a module."""
    return ir.Body(lambda: _block(module.body))


def lower_imports(module: ast.Module) -> list[ir.Import | ir.ImportFrom]:
    """Returns a statement for each name that an import binds, in source order, including those inside functions."""
    found: list[ir.Import | ir.ImportFrom] = []
    stack: list[Any] = list(reversed(module.body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            found += _import(node)
        elif isinstance(node, ast.ImportFrom):
            found += _import_from(node)
        else:
            inside = [one for name in _BLOCKS for one in getattr(node, name, ())]
            stack += reversed(inside)
    return found


# The fields of statements, handlers and cases that contain statements, handlers or cases.
_BLOCKS = ("body", "handlers", "cases", "orelse", "finalbody")


def _block(statements: Iterable[ast.stmt]) -> ir.Block:
    return tuple(lowered for statement in statements for lowered in _statement(statement))


def _statement(node: ast.stmt) -> Iterable[ir.Statement]:
    lower_it = _STATEMENTS.get(type(node))
    return () if lower_it is None else lower_it(node)


def _assign(node: Any) -> Iterator[ir.Statement]:
    yield ir.Assign(node, tuple(map(lower, node.targets)), lower(node.value))


def _annotated(node: Any) -> Iterator[ir.Statement]:
    target, annotation = lower(node.target), lower(node.annotation)
    if node.value is None:
        yield ir.Declare(node, target, annotation)
    else:
        yield ir.Assign(node, (target,), lower(node.value), annotation)


def _augmented(node: Any) -> Iterator[ir.Statement]:
    yield ir.AugmentedAssign(node, BINARY[type(node.op)], lower(node.target), lower(node.value))


def _expression_statement(node: Any) -> Iterator[ir.Statement]:
    value = node.value
    if isinstance(value, ast.Await) and isinstance(value.value, ast.Call):
        awaited: Any = value
        yield ir.Evaluate(node, ir.Await(awaited, lower_call(value.value, awaited=True, discarded=True)))
    elif isinstance(value, ast.Call):
        yield ir.Evaluate(node, lower_call(value, discarded=True))
    else:
        yield ir.Evaluate(node, lower(value))


def _return(node: Any) -> Iterator[ir.Statement]:
    yield ir.Return(node, lower_optional(node.value))


def _raise(node: Any) -> Iterator[ir.Statement]:
    yield ir.Raise(node, lower_optional(node.exc))


def _import(node: Any) -> Iterator[ir.Import]:
    for alias in node.names:
        if alias.asname is not None:
            yield ir.Import(node, alias.name, alias.asname, whole=True)
        else:
            yield ir.Import(node, alias.name, alias.name.split(".")[0], whole=False)


def _import_from(node: Any) -> Iterator[ir.ImportFrom]:
    for alias in node.names:
        yield ir.ImportFrom(node, node.level, node.module or "", alias.name, alias.asname or alias.name)


def _scoping(node: Any) -> Iterator[ir.Statement]:
    yield ir.Scoping(node, "global" if isinstance(node, ast.Global) else "nonlocal", tuple(node.names))


def _delete(node: Any) -> Iterator[ir.Statement]:
    targets = node.targets
    if len(targets) == 1 and isinstance(targets[0], (ast.Tuple, ast.List)):
        yield ir.Delete(node, display_elements(targets[0]))
    else:
        yield ir.Delete(node, tuple(map(lower, targets)))


def _assert(node: Any) -> Iterator[ir.Statement]:
    yield ir.Assert(node, lower(node.test))


def _type_alias(node: Any) -> Iterator[ir.Statement]:
    yield ir.TypeAlias(node, node.name.id)


def _if(node: Any) -> Iterator[ir.Statement]:
    # A loop, because a long chain of `elif` would exceed the recursion limit.
    links = [node]
    while len(links[-1].orelse) == 1 and isinstance(links[-1].orelse[0], ast.If):
        links.append(links[-1].orelse[0])
    orelse = _block(links[-1].orelse)
    for link in reversed(links):
        orelse = (ir.If(link, lower(link.test), _block(link.body), orelse),)
    yield from orelse


def _for(node: Any) -> Iterator[ir.Statement]:
    yield ir.For(node, lower(node.target), lower(node.iter), _block(node.body), _block(node.orelse))


def _while(node: Any) -> Iterator[ir.Statement]:
    yield ir.While(node, lower(node.test), _block(node.body), _block(node.orelse))


def _try(node: Any) -> Iterator[ir.Statement]:
    handlers = tuple(
        ir.Handler(handler, lower_optional(handler.type), handler.name, _block(handler.body))
        for handler in node.handlers
    )
    yield ir.Try(node, _block(node.body), handlers, _block(node.orelse), _block(node.finalbody))


def _with(node: Any) -> Iterator[ir.Statement]:
    items = tuple(
        ir.WithItem(item, lower(item.context_expr), lower_optional(item.optional_vars)) for item in node.items
    )
    yield ir.With(node, items, _block(node.body))


def _function(node: Any) -> Iterator[ir.Statement]:
    body = ir.Body(lambda: _block(node.body))
    decorators = tuple(map(lower, node.decorator_list))
    parameters = lower_parameters(node.args)
    yield ir.FunctionDef(node, node.name, parameters, decorators, body, lower_optional(node.returns))


def _class(node: Any) -> Iterator[ir.Statement]:
    bases = tuple(lower(base.value if isinstance(base, ast.Starred) else base) for base in node.bases)
    keywords = tuple(map(lower_argument, node.keywords))
    decorators = tuple(map(lower, node.decorator_list))
    body = ir.Body(lambda: _block(node.body))
    yield ir.ClassDef(node, ir.Name(_name_of_class(node), node.name), bases, keywords, decorators, body)


def _name_of_class(node: ast.ClassDef) -> Any:
    """Returns a node with the position of a class's name, because `ast` has no node for it."""
    start = node.col_offset + len("class ")
    end = start + len(node.name.encode())
    return ast.Name(node.name, lineno=node.lineno, col_offset=start, end_lineno=node.lineno, end_col_offset=end)


def _match(node: Any) -> Iterator[ir.Statement]:
    cases = tuple(
        ir.Case(case, _pattern(case.pattern), lower_optional(case.guard), _block(case.body)) for case in node.cases
    )
    yield ir.Match(node, lower(node.subject), cases)


def _pattern(pattern: ast.pattern) -> ir.Pattern:
    node: Any = pattern
    match pattern:
        case ast.MatchValue():
            return ir.ValuePattern(node, value=lower(node.value))
        case ast.MatchSingleton():
            return ir.ValuePattern(node, value=ir.Constant(node, node.value), singleton=True)
        case ast.MatchAs():
            return ir.CapturePattern(node, node.name, () if node.pattern is None else (_pattern(node.pattern),))
        case ast.MatchOr():
            return ir.AlternativePattern(node, parts=tuple(map(_pattern, node.patterns)))
        case ast.MatchSequence():
            stars = (index for index, one in enumerate(node.patterns) if isinstance(one, ast.MatchStar))
            return ir.SequencePattern(node, parts=tuple(map(_pattern, node.patterns)), star=next(stars, None))
        case ast.MatchStar():
            return ir.CapturePattern(node, node.name)
        case ast.MatchMapping():
            parts = tuple(map(_pattern, node.patterns))
            return ir.MappingPattern(node, node.rest, parts, keys=tuple(map(lower, node.keys)))
        case ast.MatchClass():
            inside = (*node.patterns, *node.kwd_patterns)
            return ir.Pattern(node, None, tuple(map(_pattern, inside)), _dotted_name(node.cls))
    return ir.Pattern(node)


def _dotted_name(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


_STATEMENTS: dict[type, Callable[[Any], Iterable[ir.Statement]]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Expr: _expression_statement,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Break: lambda node: (ir.Break(node),),
    ast.Continue: lambda node: (ir.Continue(node),),
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _scoping,
    ast.Nonlocal: _scoping,
    ast.Delete: _delete,
    ast.Assert: _assert,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Match: _match,
}
# Python 3.11 and 3.12 added these.
for _name, _handler in (("TryStar", _try), ("TypeAlias", _type_alias)):
    if hasattr(ast, _name):
        _STATEMENTS[getattr(ast, _name)] = _handler
