"""Reduces a program that shows an error of the tool, as long as the error remains.

It works on the syntax of any program: it leaves out statements and arguments, and replaces blocks by their content and
expressions by one of their operands.
"""

from __future__ import annotations

import ast
import builtins
import gc
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace

from .programs import Program

# Each attempt is an examination of the program, so this bounds the time: about half a minute.
MOST_ATTEMPTS = 2_000

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_ITEMS = ("args", "keywords", "elts", "decorator_list", "values", "generators", "items", "targets", "names")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MAY_BE_EMPTY = frozenset({"args", "keywords", "decorator_list"})

Edit = Callable[[], None]


def reduced(program: Program, still_fails: Callable[[Program], bool], *, environments: bool = True) -> Program:
    """The smallest program found that still fails; `still_fails` is true for `program`.

    Without `environments` it keeps the values of each variable: fewer runs show less, which is a failure in itself.
    """
    with warnings.catch_warnings():
        # Where an `await` is left out, so is a coroutine, which complains when it is collected.
        warnings.simplefilter("ignore")
        try:
            return _reduced(program, still_fails, environments=environments)
        finally:
            gc.collect()


def _reduced(program: Program, still_fails: Callable[[Program], bool], *, environments: bool) -> Program:
    before = None
    while before != program:
        before = program
        for path in program.texts:
            program = _smaller_module(program, path, still_fails, environments=environments)
    return program


def _smaller_module(
    program: Program, path: str, still_fails: Callable[[Program], bool], *, environments: bool
) -> Program:
    """The program with one of its modules made smaller."""
    program = _respelt(program, path, still_fails)
    number = attempts = 0
    unchanged_since = 0
    while attempts < MOST_ATTEMPTS:
        smaller = _edited(program, path, number)
        if smaller is None:
            if unchanged_since == 0 and number:
                program, done = _fewer_values(program, still_fails) if environments else (program, True)
                if done:
                    return program
            number, unchanged_since = 0, 0
            continue
        attempts += 1
        text = smaller.texts[path]
        if text != program.texts[path] and _compiles(text) and still_fails(smaller):
            program = smaller
            unchanged_since += 1
        else:
            number += 1
    return program


def _respelt(program: Program, path: str, still_fails: Callable[[Program], bool]) -> Program:
    """The program as `ast` spells it, where it still fails then: comments and line breaks may matter."""
    respelt = program.with_text(path, ast.unparse(ast.parse(program.texts[path])) + "\n")
    return respelt if still_fails(respelt) else program


def _fewer_values(program: Program, still_fails: Callable[[Program], bool]) -> tuple[Program, bool]:
    """The program with fewer environments, and True where there is nothing left to do."""
    for name, values in program.variables.items():
        for value in values:
            rest = tuple(one for one in values if one != value)
            fewer = {key: rest if key == name else kept for key, kept in program.variables.items()}
            smaller = replace(program, variables={key: kept for key, kept in fewer.items() if kept})
            if still_fails(smaller):
                return smaller, False
    return program, True


def _edited(program: Program, path: str, number: int) -> Program | None:
    """The program after the edit of that number in a module, None where there are not so many."""
    tree = ast.parse(program.texts[path])
    elsewhere = set(re.findall(r"\w+", " ".join(text for other, text in program.texts.items() if other != path)))
    for at, edit in enumerate(_edits(tree)):
        if at == number:
            edit()
            _without_unused(tree, elsewhere)
            return program.with_text(path, ast.unparse(ast.fix_missing_locations(tree)) + "\n")
    return None


def _without_unused(tree: ast.Module, elsewhere: set[str]) -> None:
    """Take out the definitions that nothing mentions: a function that nobody calls shows nothing."""
    while True:
        used = elsewhere | {
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        used |= elsewhere | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        unused = 0
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                kept = [
                    one for one in body if not isinstance(one, _DEFINITIONS) or one.name in used or one.name[:2] == "__"
                ]
                unused += len(body) - len(kept)
                body[:] = kept or ([] if isinstance(node, ast.Module) else [ast.Pass()])
        if not unused:
            return


def _compiles(text: str) -> bool:
    try:
        compile(text, "", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


# --- edits ---


def _edits(tree: ast.Module) -> Iterator[Edit]:
    """What can be left out, the large things first. Inside of `while` nothing is touched: it may never end then."""
    nodes = list(_outside_while(tree))
    for node in nodes:
        yield from _smaller_blocks(node)
    for node in nodes:
        yield from _fewer_items(node)
    for node in nodes:
        yield from _simpler_expressions(node)


def _outside_while(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if not isinstance(node, ast.While):
        for child in ast.iter_child_nodes(node):
            yield from _outside_while(child)


def _smaller_blocks(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.While):
        return
    for name in _BLOCKS:
        found = getattr(node, name, None)
        if not isinstance(found, list):
            continue
        for index in reversed(range(len(found))):
            yield from _smaller_statement(found, index, name)


def _smaller_statement(block: list[ast.AST], index: int, name: str) -> Iterator[Edit]:
    statement = block[index]
    if not isinstance(statement, ast.Pass) or len(block) > 1:
        yield lambda: _put(block, index, [])
    if isinstance(statement, ast.While) or name in ("handlers", "cases"):
        return
    for inner in _BLOCKS[:3]:
        within = getattr(statement, inner, None)
        if isinstance(within, list) and within and not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            yield lambda within=within: _put(block, index, within)  # type: ignore[misc]
    if isinstance(statement, ast.Match):
        for case in statement.cases:
            yield lambda case=case: _put(block, index, case.body)  # type: ignore[misc]


def _put(block: list[ast.AST], index: int, statements: list[ast.AST]) -> None:
    block[index : index + 1] = statements
    if not block:
        block.append(ast.Pass())


def _fewer_items(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.JoinedStr):
        return
    if isinstance(node, ast.Dict):
        for index in reversed(range(len(node.keys))):
            yield lambda index=index: (node.keys.pop(index), node.values.pop(index), None)[2]  # type: ignore[misc]
        return
    for name in _ITEMS:
        found = getattr(node, name, None)
        if name == "args" and isinstance(node, ast.Call) and not _takes_fewer(node):
            continue
        if isinstance(found, list) and len(found) > (name not in _MAY_BE_EMPTY):
            for index in reversed(range(len(found))):
                yield lambda found=found, index=index: (found.pop(index), None)[1]  # type: ignore[misc]
    if isinstance(node, ast.arguments) and len(node.args) > len(node.defaults):
        yield lambda: (node.args.pop(0), None)[1]
    for name in ("annotation", "returns", "vararg", "kwarg"):
        if getattr(node, name, None) is not None and not isinstance(node, ast.AnnAssign):
            yield lambda name=name: setattr(node, name, None)  # type: ignore[misc]


def _takes_fewer(node: ast.Call) -> bool:
    """Whether a call may have an argument less: one of a function of the program. Others would do something else."""
    return isinstance(node.func, ast.Name) and node.func.id not in vars(builtins)


def _simpler_expressions(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            for simpler in _simpler(value):
                yield lambda name=name, simpler=simpler: setattr(node, name, simpler)  # type: ignore[misc]
        elif isinstance(value, list):
            for index, item in enumerate(value):
                for simpler in _simpler(item):
                    yield lambda value=value, index=index, simpler=simpler: value.__setitem__(index, simpler)  # type: ignore[misc]


def _simpler(value: object) -> Iterator[ast.expr]:
    """Expressions that may stand in place of another one and have the same type, as far as syntax tells."""
    match value:
        case ast.IfExp():
            yield from (value.body, value.orelse)
        case ast.BoolOp():
            yield from value.values
        case ast.BinOp():
            yield from (value.left, value.right)
        case ast.NamedExpr() | ast.Await():
            yield value.value
        case ast.UnaryOp():
            yield value.operand
        case ast.Subscript(ctx=ast.Load(), value=ast.Name()):
            yield value.value
        case ast.Call(func=ast.Attribute(value=receiver), args=[], keywords=[]):
            yield receiver
        case ast.Call(func=ast.Name()):
            yield from (one for one in value.args if not isinstance(one, ast.Starred))
