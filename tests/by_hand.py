"""Engine and statement facts built by hand, so that the tests of fixes do not need the interpreter."""

from dataclasses import fields, replace
from typing import Any

import libcst as cst

from poolsafe.facts.engine import (
    CacheSize,
    CacheSizes,
    ConnectArgs,
    ConnectArgsForm,
    Driver,
    Engine,
    EngineLayout,
    EngineUrl,
    NameFunction,
    Naming,
    Parameters,
    Pool,
    Pooling,
    PrePing,
    SizeState,
)
from poolsafe.facts.session_statement import Client, SessionStatement, Transaction
from poolsafe.facts.statement import Piece, Runner, Statement
from poolsafe.findings import Edit
from poolsafe.source import Source, edited
from poolsafe.sql.scanner import split
from poolsafe.sql.session_commands import session_commands
from poolsafe.syntax.call_layout import call_layout, dict_layout
from poolsafe.syntax.layout import CallLayout, DictLayout
from poolsafe.syntax.tree import Tree, parse

STATEMENT = "statement_cache_size"
PREPARED = "prepared_statement_cache_size"
ENGINE_FIELDS = frozenset(one.name for one in fields(Engine))


def source_of(text: str) -> Source:
    source = Source.from_text("db.py", text)
    source.line_length = 10_000  # what is written is compared in one line; edits/test_wrapping.py breaks lines
    return source


class _Finder(cst.CSTVisitor):
    def __init__(self, kind: type[cst.CSTNode], name: str) -> None:
        self.found: list[Any] = []
        self._kind = kind
        self._name = name

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, self._kind) and self._name in ("", getattr(getattr(node, "func", None), "value", "")):
            self.found.append(node)
        return True


def find(tree: Tree, kind: type[cst.CSTNode], name: str = "") -> Any:
    """Returns the first node of a kind; of calls, the first one of the function `name`."""
    finder = _Finder(kind, name)
    tree.module.visit(finder)
    return finder.found[0]


def call_in(text: str, name: str = "f") -> tuple[Source, CallLayout]:
    tree = parse(source_of(text))
    return tree.source, call_layout(tree, find(tree, cst.Call, name))


def dict_in(text: str) -> tuple[Source, DictLayout]:
    tree = parse(source_of(text))
    return tree.source, dict_layout(tree, find(tree, cst.Dict))


def after(source: Source, edits: tuple[Edit, ...] | None) -> str | None:
    return None if edits is None else edited(source.text, edits)


def size(key: str, state: SizeState, literals: tuple[tuple[int, int], ...] | None = None) -> CacheSize:
    return CacheSize(key, state, literals=literals)


def engine_of_call(call: CallLayout, connect_args: ConnectArgs, **changes: Any) -> Engine:
    """Returns a call as a fact: asyncpg everywhere and both sizes absent, with `changes` to the engine or its parts."""
    engine = Engine(
        path="db.py",
        function="sqlalchemy.ext.asyncio.create_async_engine",
        span=(call.start, call.end),
        url=EngineUrl(Driver.ASYNCPG, driver_everywhere=True),
        sizes=CacheSizes(size(STATEMENT, SizeState.ABSENT), size(PREPARED, SizeState.ABSENT)),
        naming=Naming(NameFunction.ABSENT),
        pooling=Pooling(Pool.KEEPING, PrePing.ABSENT),
        parameters=Parameters(),
        layout=EngineLayout(call, connect_args),
    )
    for name, value in changes.items():
        engine = _changed(engine, name, value)
    return engine


def engine_in(text: str, form: ConnectArgsForm | None = None, **changes: Any) -> tuple[Source, Engine]:
    """Returns the first call to `create_async_engine` as a fact, like `engine_of_call`."""
    tree = parse(source_of(text))
    node = find(tree, cst.Call, "create_async_engine")
    facts = {"connect_args": _connect_args(tree, node, form), **changes}
    return tree.source, engine_of_call(call_layout(tree, node), **facts)


def _changed(engine: Engine, name: str, value: Any) -> Engine:
    if name in ENGINE_FIELDS:
        return replace(engine, **{name: value})
    (part,) = (one for one in ENGINE_FIELDS if name in getattr(getattr(engine, one), "__slots__", ()))
    return replace(engine, **{part: replace(getattr(engine, part), **{name: value})})


def _connect_args(tree: Tree, node: cst.Call, form: ConnectArgsForm | None) -> ConnectArgs:
    for argument in node.args:
        if argument.keyword is not None and argument.keyword.value == "connect_args":
            span = tree.outer_span(argument.value)
            if isinstance(argument.value, cst.Dict) and not argument.value.lpar:
                return ConnectArgs(ConnectArgsForm.DISPLAY, span, dict_layout(tree, argument.value))
            return ConnectArgs(form or ConnectArgsForm.EXPRESSION, span)
    return ConnectArgs(form or ConnectArgsForm.ABSENT)


def statement_in(text: str, **changes: Any) -> tuple[Source, Statement]:
    """Returns the first call to `text` as a fact: run by an async connection, in its own statement if possible."""
    tree = parse(source_of(text))
    node = find(tree, cst.Call, "text")
    written = node.args[0].value
    start, end = tree.span(written)
    sql = written.raw_value if isinstance(written, cst.SimpleString) else ""
    inside = start + text[start:end].find(sql) if sql else start
    execution, executor = _execution(tree, node)
    statement = Statement(
        path="db.py",
        function="sqlalchemy.text",
        call=call_layout(tree, node),
        commands=tuple(Piece(sql[a:b], (inside + a, inside + b)) for a, b in split(sql) or []),
        runner=Runner.ASYNC,
        runner_reason="",
        literal=(start, end) if sql else None,
        execution=execution,
        executor=executor,
        interpolated=False,
        autocommit=False,
    )
    return tree.source, replace(statement, **changes)


def session_statement_in(text: str, **changes: Any) -> tuple[Source, SessionStatement]:
    """Returns the first effect of the SQL in the first string as a fact: run by asyncpg, in a visible transaction."""
    tree = parse(source_of(text))
    written = find(tree, cst.SimpleString)
    start, _ = tree.span(written)
    inside = start + len(written.prefix) + len(written.quote)
    command = session_commands(written.raw_value)[0]
    edit = None if command.edit is None else (inside + command.edit[0], inside + command.edit[1])
    statement = SessionStatement(
        path="db.py",
        start=0,
        end=len(text.rstrip()),
        function="text()",
        command=command,
        client=Client.SQLALCHEMY,
        runner=Runner.ASYNC,
        runner_reason="",
        transaction=Transaction.OPEN,
        edit=edit,
        command_span=(inside + command.start, inside + command.end),
    )
    return tree.source, replace(statement, **changes)


def _execution(tree: Tree, node: cst.Call) -> tuple[tuple[int, int] | None, CallLayout | None]:
    executor: cst.Call | None = None
    finder = _Finder(cst.Call, "")
    tree.module.visit(finder)
    for call in finder.found:
        if call.args and call.args[0].value is node:
            executor = call
    statements = _Finder(cst.Expr, "")
    tree.module.visit(statements)
    for statement in statements.found:
        value = statement.value.expression if isinstance(statement.value, cst.Await) else statement.value
        if executor is not None and value is executor:
            return tree.span(statement), call_layout(tree, executor)
    return None, None if executor is None else call_layout(tree, executor)
