"""Gives each command of a `text()` its own call."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolsafe.facts.statement import Runner
from poolsafe.findings import Applicability, Edit, Fix
from poolsafe.records import frozen
from poolsafe.sql.scanner import binds, stretches
from poolsafe.syntax.scan import inside_formatted_string

if TYPE_CHECKING:
    from poolsafe.facts.statement import Statement
    from poolsafe.source import Source
    from poolsafe.syntax.layout import CallLayout

_OPENING_QUOTES = re.compile(r"[a-zA-Z]*('''|\"\"\"|'|\")")
_NAME = r"[^\W\d]\w*"
_PLAIN_RECEIVER = re.compile(rf"(?:await\s+)?{_NAME}(?:\s*\.\s*{_NAME})*\s*")
_COMMENT = re.compile(r"(?<![ \t\f])[ \t\f]*\#[^\r\n]*")
_OPENED = re.compile(r"\([ \t\f]*\r?\n\s*")
_CLOSED = re.compile(r"(?<!,)\r?\n[ \t\f]*\)")
# In notebooks, a line often ends with a semicolon, which hides its value.
_AFTER = re.compile(r"[ \t\f]*(?:;[ \t\f]*)?(?:\#|\r|\n|\Z)")


@frozen
class _Copy:
    """The statement around the SQL: its text before the literal's first character, and after the last one."""

    opening: str
    closing: str


def split_text(statement: Statement, source: Source) -> Fix | None:
    """Returns the fix that replaces `await conn.execute(text("a; b"))` by one such line for each command.

    Returns None if the SQL is not one plain literal, the result is used, the line contains more than the statement, or
    the parameters are not a dict display that can be divided. Unsafe under AUTOCOMMIT, and if it is unknown whether an
    async connection runs it.
    """
    if statement.interpolated or statement.literal is None or statement.execution is None:
        return None
    if not _stands_alone(source, statement.execution) or len(statement.call.arguments) != 1:
        return None
    commands = _commands(source, statement.literal)
    if commands is None or len(commands) < 2:
        return None
    lines = [_line(source, statement, command, last=command is commands[-1]) for command in commands]
    if None in lines:
        return None
    start, end = statement.execution
    indent = source.text[source.line_start(start) : start]
    content = f"{source.newline}{indent}".join(line for line in lines if line is not None)
    message = f"Execute the {len(commands)} commands in separate calls"
    return Fix(message, (Edit(start, end, content),), _applicability(statement, source))


def _applicability(statement: Statement, source: Source) -> Applicability:
    assert statement.execution is not None
    receiver = source.text[statement.execution[0] : _executor(statement).open - 1]
    # If the receiver is a call, the fix would repeat it for each command.
    certain = statement.runner is Runner.ASYNC and _PLAIN_RECEIVER.fullmatch(receiver) is not None
    return Applicability.SAFE if certain and not statement.autocommit else Applicability.UNSAFE


def _executor(statement: Statement) -> CallLayout:
    return statement.executor or statement.call


def _stands_alone(source: Source, execution: tuple[int, int]) -> bool:
    start, end = execution
    before = source.text[source.line_start(start) : start]
    alone = not before.strip(" \t\f") and _AFTER.match(source.text, end) is not None
    return alone and source.round_trips and not inside_formatted_string(source.text, start)


def _commands(source: Source, literal: tuple[int, int]) -> list[str] | None:
    """Returns the literals that replace the original one, each laid out in the same way and with its comments."""
    text = source.text[literal[0] : literal[1]]
    quotes = _OPENING_QUOTES.match(text)
    if quotes is None:
        return None
    opening, quote = quotes[0], quotes[1]
    sql = text[len(opening) : len(text) - len(quote)]
    spans = stretches(sql)
    if spans is None or not sql.strip():
        return None
    lead = sql[: len(sql) - len(sql.lstrip())]
    tail = sql[len(sql.rstrip()) :]
    bodies = _with_own_comments([sql[start:end] for start, end in spans])
    rest = sql[spans[-1][1] :].lstrip(";").strip()
    if rest:
        # Comments after the last semicolon.
        bodies[-1] = f"{bodies[-1].rstrip()};{tail or ' '}{rest}"
    pieces = [f"{lead}{body.strip()}{tail}" for body in bodies]
    if any(piece.endswith((quote[0], "\\")) for piece in pieces):
        return None
    return [f"{opening}{piece}{quote}" for piece in pieces]


def _with_own_comments(stretches: list[str]) -> list[str]:
    """Moves a comment after a semicolon on the same line to the command before the semicolon, which it describes."""
    for place in range(1, len(stretches)):
        first, newline, rest = stretches[place].partition("\n")
        if newline and first.strip().startswith("--"):
            stretches[place - 1] = f"{stretches[place - 1].rstrip()}  {first.strip()}"
            stretches[place] = rest
    return stretches


def _line(source: Source, statement: Statement, literal: str, *, last: bool) -> str | None:
    """Returns the whole statement for one command. Only the last statement keeps the Python comments."""
    assert statement.literal is not None
    assert statement.execution is not None
    copy = _around(source, statement, binds(literal))
    if copy is None:
        return None
    if last:
        return _folded(source, statement.execution, copy, literal, last=True)
    around = copy.opening + copy.closing
    if "#" in around and re.search("['\"]", around):
        # The `#` may be in a string.
        return None
    bare = _Copy(_COMMENT.sub("", copy.opening), _COMMENT.sub("", copy.closing))
    return _folded(source, statement.execution, bare, literal, last=False)


def _folded(source: Source, execution: tuple[int, int], copy: _Copy, literal: str, *, last: bool) -> str:
    """Returns the statement without the line breaks in brackets that only the complete text needed.

    Formatters do the same. They keep a bracket split if it has a trailing comma or a comment.
    """
    start, end = execution
    whole = f"{copy.opening}{literal}{copy.closing}"
    opened, closed = list(_OPENED.finditer(copy.opening)), list(_CLOSED.finditer(copy.closing))
    if not opened or len(opened) != len(closed) or "\n" in literal or "#" in copy.opening + copy.closing:
        return whole
    first = source.line_start(start)
    indent = source.text[first:start]
    rest = source.line(source.row_column(end)[0])[end - source.line_start(end) :]
    if len(" ".join(source.text[first:end].split())) + len(indent) + len(rest) <= source.line_length:
        # The brackets were split although their content would have fitted on one line.
        return whole
    for number in range(len(opened), 0, -1):
        opening = copy.opening[: opened[-number].start()] + _OPENED.sub("(", copy.opening[opened[-number].start() :])
        closing = _CLOSED.sub(")", copy.closing, count=number)
        lines = f"{indent}{opening}{literal}{closing}{rest if last else ''}".splitlines()
        if all(len(line) <= source.line_length for line in lines):
            return f"{opening}{literal}{closing}"
    return whole


def _around(source: Source, statement: Statement, names: list[str]) -> _Copy | None:
    assert statement.literal is not None
    assert statement.execution is not None
    text = source.text
    start, end = statement.execution
    opening = text[start : statement.literal[0]]
    arguments = statement.executor.arguments if statement.executor is not None else ()
    if len(arguments) <= 1:
        return None if names else _Copy(opening, text[statement.literal[1] : end])
    parameters = arguments[1]
    if len(arguments) != 2 or parameters.star or parameters.keyword not in (None, "params", "parameters"):
        return None
    display = text[parameters.value_start : parameters.value_end]
    divided = _divided(display, names)
    if divided is None:
        return None
    closing = text[statement.literal[1] : arguments[0].end]
    if divided:
        before = text[arguments[0].end : parameters.value_start]
        return _Copy(opening, f"{closing}{before}{divided}{text[parameters.value_end : end]}")
    return _Copy(opening, f"{closing}{text[parameters.value_end : end]}")


def _divided(display: str, names: list[str]) -> str | None:
    """Returns the part of a dict display with these bind parameters, "" for none, or None if it cannot be divided."""
    try:
        tree = ast.parse(display, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(tree, ast.Dict) or "#" in display:
        return None
    items: dict[str, str] = {}
    for key, value in zip(tree.keys, tree.values, strict=True):
        # Each value is evaluated once, but may be needed by several commands.
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str) or not _is_repeatable(value):
            return None
        written_key, written_value = ast.get_source_segment(display, key), ast.get_source_segment(display, value)
        items[key.value] = f"{written_key}: {written_value}"
    if not set(names) <= items.keys():
        return None
    if set(names) == items.keys():
        return display
    return f"{{{', '.join(items[name] for name in items if name in names)}}}" if names else ""


def _is_repeatable(value: ast.expr) -> bool:
    allowed = (ast.Name, ast.Attribute, ast.Constant, ast.Load, ast.Subscript, ast.UnaryOp, ast.USub)
    return all(isinstance(node, allowed) for node in ast.walk(value))
