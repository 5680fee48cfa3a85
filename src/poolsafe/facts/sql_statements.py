"""Builds one statement fact from the observations of a call that takes SQL."""

from __future__ import annotations

import libcst as cst

from poolsafe.facts.clauses import joined_text, several_commands
from poolsafe.facts.drivers import ASYNCPG, driver_of
from poolsafe.facts.observed import Observed, sql_of
from poolsafe.facts.places import explain
from poolsafe.facts.psycopg_calls import why_engine_sends_one_command, why_one_command
from poolsafe.facts.runners import Runners
from poolsafe.facts.sql_literals import characters
from poolsafe.facts.statement import Piece, Runner, Statement
from poolsafe.facts.targets import prepares
from poolsafe.findings import Related
from poolsafe.inference import Module, ObservedCall, Text
from poolsafe.inference.models import PREPARING
from poolsafe.libraries import DRIVER_METHODS
from poolsafe.sql import scanner
from poolsafe.syntax.call_layout import call_layout
from poolsafe.syntax.layout import CallLayout

_PSYCOPG = frozenset({"psycopg", "psycopg_pool"})
# The functions that create a clause, which another call executes.
_CLAUSES = frozenset({"sqlalchemy.text", "sqlalchemy.DDL"})


def collect_statements(observed: Observed) -> list[Statement]:
    """Returns the statements of several commands in an explored module, in source order."""
    runners = Runners(observed)
    collected = (_statement(observed, runners, calls) for calls in observed.statements)
    found = [statement for statement in collected if statement is not None]
    return sorted(found, key=lambda statement: statement.call.start)


def _runner_of_driver(observed: Observed, calls: list[ObservedCall]) -> tuple[Runner, str]:
    """Returns the driver whose own connection runs the SQL and accepts only one command, and the reason in words."""
    driver, reason = driver_of(observed.inference.project, observed.module, calls)
    if driver in _PSYCOPG:
        why = next(filter(None, map(why_one_command, calls)), None)
        return (Runner.SYNC, reason) if why is None else (Runner.PSYCOPG, why)
    return Runner.ASYNC if driver == ASYNCPG and prepares(calls[0].node) else Runner.SYNC, reason


def _runner_of_engine(
    observed: Observed, runners: Runners, calls: list[ObservedCall], commands: list[str]
) -> tuple[Runner, str]:
    """Returns the driver of SQLAlchemy's engine if it accepts only one command, and the reason in words."""
    runner, reason = runners.runner_of(calls, commands)
    if runner is not Runner.ASYNC:
        is_text = calls[0].function == "sqlalchemy.text"
        named = not is_text or any(scanner.binds(one) or scanner.PLACEHOLDER in one for one in commands)
        why = why_engine_sends_one_command(observed, [*observed.executions_of(calls[0]), *calls], runners, named=named)
        return (runner, reason) if why is None else (Runner.PSYCOPG, why)
    return runner, reason


def _statement(observed: Observed, runners: Runners, calls: list[ObservedCall]) -> Statement | None:
    module = observed.module
    several = next(((text, spans) for seen in calls for text, spans in several_commands(sql_of(seen))), None)
    if several is None:
        return None
    text, spans = several
    node = calls[0].node
    layout = call_layout(module.tree, node)
    sql = joined_text(text)
    own = not runners.is_of_dbapi(calls) and calls[0].function in DRIVER_METHODS | PREPARING
    if own:
        runner, reason = _runner_of_driver(observed, calls)
    else:
        runner, reason = _runner_of_engine(observed, runners, calls, [sql[start:end] for start, end in spans])
    # The other arguments belong to one of the commands, and the fetched result to another.
    literal, offsets = (None, []) if own else _literal(module, node, sql)
    pieces = tuple(
        Piece(sql[start:end], (offsets[start], offsets[end]) if literal is not None else None) for start, end in spans
    )
    execution, executor = _execution(module, node, calls[0].function)
    return Statement(
        path=module.path,
        function=calls[0].function,
        call=layout,
        commands=pieces,
        runner=runner,
        runner_reason=reason,
        literal=literal,
        execution=execution,
        executor=executor,
        interpolated=scanner.PLACEHOLDER in sql,
        autocommit=runner is not Runner.SYNC and runners.may_be_autocommit(calls),  # only a fix needs it
        origin=_origin(text, module, layout),
    )


# --- layout ---


def _literal(module: Module, node: cst.Call, sql: str) -> tuple[tuple[int, int] | None, list[int]]:
    """Returns the span of the SQL's literal, and the offset of each character of the SQL and of its end.

    Returns None and an empty list if the SQL is not a single literal, or if the literal contains escapes.
    """
    first = node.args[0].value if node.args else None
    if not isinstance(first, cst.SimpleString) or first.lpar:
        return None, []
    start, end = module.tree.span(first)
    closing = end - len(first.quote)
    written, offsets = characters(module, start + len(first.prefix) + len(first.quote), closing)
    return ((start, end), [*offsets, closing]) if written == sql else (None, [])


def _execution(module: Module, node: cst.Call, function: str) -> tuple[tuple[int, int] | None, CallLayout | None]:
    """Returns the span of the expression statement that runs the SQL directly, and the call around `text()`.

    There is no such call if the function runs the SQL itself, as `exec_driver_sql` does.
    """
    parents = module.index.parents
    executor: cst.CSTNode | None = node
    if function in _CLAUSES:
        argument = parents.get(id(node))
        executor = parents.get(id(argument)) if isinstance(argument, cst.Arg) else None
        if not isinstance(executor, cst.Call) or executor.args[0] is not argument:
            return None, None
    assert isinstance(executor, cst.Call)
    layout = call_layout(module.tree, executor) if executor is not node else None
    outer = parents.get(id(executor))
    if isinstance(outer, cst.Await):
        outer = parents.get(id(outer))
    line = parents.get(id(outer)) if isinstance(outer, cst.Expr) else None
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1 or not isinstance(outer, cst.Expr):
        return None, layout
    return module.tree.span(outer), layout


def _origin(text: Text, module: Module, layout: CallLayout) -> tuple[Related, ...]:
    return explain(text.provenance, "the SQL", module, (layout.start, layout.end))
