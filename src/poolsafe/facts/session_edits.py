"""Finds the text that a fix of a session statement replaces, and whether its parameters are written into the SQL or
are strings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from poolsafe.facts.session_statement import SessionStatement
from poolsafe.facts.sql_effects import JUDGED, Given
from poolsafe.facts.sql_literals import WrittenSql
from poolsafe.inference import Module
from poolsafe.sql.session_commands import Effect, SessionCommand, session_commands
from poolsafe.syntax.index import last_name


def writes_parameters(module: Module, node: cst.Call) -> bool:
    """Returns whether SQLAlchemy writes a parameter into the SQL: `bindparams(bindparam(..., literal_execute=True))`.

    psycopg's ClientCursor does so too.
    """
    around = module.index.parents.get(id(node))
    call = module.index.parents.get(id(around))
    if isinstance(around, cst.Attribute) and around.attr.value == "bindparams" and isinstance(call, cst.Call):
        given = [one.value for one in call.args if isinstance(one.value, cst.Call)]
        return any(
            argument.keyword is not None and argument.keyword.value == "literal_execute"
            for one in given
            for argument in one.args
        )
    return "ClientCursor" in module.source.text


def is_text_parameter(module: Module, node: cst.Call, executor: cst.Call) -> bool:
    """Returns whether every value that is passed next to the SQL is certainly a string."""
    values: list[cst.BaseExpression] = []
    for argument in executor.args[1:]:
        if isinstance(argument.value, cst.Dict):
            values += [element.value for element in argument.value.elements]
        elif argument.keyword is None:
            values.append(argument.value)
    outer = module.index.parents.get(id(node))
    if isinstance(outer, cst.Attribute) and outer.attr.value == "bindparams":
        call = module.index.parents.get(id(outer))
        values += [argument.value for argument in call.args] if isinstance(call, cst.Call) else []
    return bool(values) and all(_is_text(module, node, value) for value in values)


def _is_text(module: Module, node: cst.CSTNode, value: cst.BaseExpression) -> bool:
    if isinstance(value, (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)):
        return True
    if isinstance(value, cst.Call):
        return isinstance(value.func, cst.Name) and value.func.value == "str"
    function = module.index.innermost_function(node)
    if not isinstance(value, cst.Name) or function is None:
        return False
    parameters = [*function.params.params, *function.params.kwonly_params]
    annotated = {one.name.value: one.annotation for one in parameters}
    annotation = annotated.get(value.value)
    return annotation is not None and last_name(annotation.annotation) == "str"


def with_edits(
    statement: SessionStatement,
    module: Module,
    node: cst.Call,
    function: str,
    written: WrittenSql | None,
    given: Sequence[Given],
    index: int,
) -> SessionStatement:
    """Returns the fact with the spans that a fix replaces, if the SQL or the function's call is written here."""
    if ".func." in function:
        edit = _in_python(module, node, statement.command)
        return replace(statement, edit=edit, in_python=True)
    if written is None:
        return statement
    here = [one for one in session_commands(written.text) if one.effect in JUDGED]
    if [one.effect for one in here] != [one.command.effect for one in given]:
        return statement
    command = here[index]
    edit = written.span(*command.edit) if command.edit is not None else None
    return replace(statement, edit=edit, command_span=written.span(command.start, command.end))


def _in_python(module: Module, node: cst.Call, command: SessionCommand) -> tuple[int, int] | None:
    if command.effect in (Effect.SETTING, Effect.LOCAL_SETTING):
        third = node.args[2].value if len(node.args) == 3 else None
        return module.tree.span(third) if isinstance(third, cst.Name) else None
    return module.tree.span(node.func.attr) if isinstance(node.func, cst.Attribute) else None
