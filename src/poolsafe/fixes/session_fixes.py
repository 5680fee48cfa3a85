"""Limits the effect of a command to its transaction.

A fix is safe if the end of the transaction is visible in the function, and nothing runs on the connection afterwards.
Outside a transaction there is no fix, because the effect would end immediately.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poolsafe.edits.folding import laid_out, refitted
from poolsafe.edits.quoting import quotes_around
from poolsafe.edits.statement_removal import remove_statements
from poolsafe.facts.session_statement import CONNECT_EVENTS, Transaction
from poolsafe.findings import Applicability, Edit, Fix
from poolsafe.sql.session_commands import Effect

if TYPE_CHECKING:
    from poolsafe.facts.session_statement import SessionStatement
    from poolsafe.source import Source

_SET = re.compile(r"(?i:(set)(?:\s+session)?)")
# The third argument of set_config, in SQL and in Python.
_FALSE_IN_SQL = re.compile(r"(?i)\b(?:false|off|no|f|n|0)\b")
_FALSE_IN_PYTHON = re.compile(r"\bFalse\b|(?<=\.)false\(\)|\bfalse\(\)")
_TRUE = {"false": "true", "off": "on", "no": "yes", "f": "t", "n": "y", "0": "1"}
_LOCK = re.compile(r"(?i)pg_(?:try_)?advisory_(?=lock(?:_shared)?\Z)")
_ONE_PARAMETER = re.compile(r":[^\W\d]\w*|\$\d+|%s|%\(\w+\)s")
_PLAIN_NAME = re.compile(r"[\w.]+")


def make_local(statement: SessionStatement, source: Source) -> Fix | None:
    """Returns the fix that sets a setting or a role for its transaction only, or None."""
    applicability = _applicability(statement)
    if applicability is None or statement.edit is None or not source.round_trips:
        return None
    start, end = statement.edit
    written = source.text[start:end]
    content = _passed_true(written, statement) if statement.command.by_function else _with_local(written)
    if content is None:
        return None
    what = "Call `set_config` with `true`" if statement.command.by_function else "Use `SET LOCAL`"
    return Fix(
        f"{what}, so that the setting ends with the transaction",
        _fitted(statement, source, Edit(start, end, content)),
        applicability,
    )


def take_transaction_lock(statement: SessionStatement, source: Source) -> Fix | None:
    """Returns the fix that uses a transaction-level lock and removes the unlock, or None. It is never safe."""
    if _applicability(statement) is None or statement.edit is None or not source.round_trips:
        return None
    if statement.undone_late and not statement.releases:
        return None
    start, end = statement.edit
    written = source.text[start:end]
    removed = remove_statements(source, statement.releases)
    if removed is None or written.lower() != statement.command.name:
        return None
    message = "Use a transaction-level lock" + (", and remove the unlock" if removed else "")
    return Fix(
        message,
        (*_fitted(statement, source, Edit(start, end, transaction_lock(written))), *removed),
        Applicability.UNSAFE,
    )


def transaction_lock(function: str) -> str:
    """Returns the name of the corresponding lock function for a transaction."""
    return _LOCK.sub(lambda match: match[0] + ("XACT_" if match[0].isupper() else "xact_"), function)


def drop_on_commit(statement: SessionStatement, source: Source) -> Fix | None:
    """Returns the fix that makes the commit drop a temporary table, or None."""
    applicability = _applicability(statement)
    if applicability is None or statement.edit is None or statement.command_span is None or not source.round_trips:
        return None
    place = statement.edit[0]
    clause = "ON COMMIT DROP"
    if source.text[statement.command_span[0]].islower():
        clause = clause.lower()
    # At the end of the command, or before AS and TABLESPACE.
    before = source.text[source.line_start(place) : place]
    between = " " if before.strip() else source.newline + before
    content = f" {clause}" if place == statement.command_span[1] else f"{clause}{between}"
    return Fix(
        "Drop the table when the transaction ends",
        _fitted(statement, source, Edit(place, place, content)),
        applicability,
    )


def call_set_config(statement: SessionStatement, source: Source) -> Fix | None:
    """Returns the fix that passes the parameter of a SET to `set_config`, or None.

    It is safe if the setting was already limited to the transaction, and the parameter is certainly a string, because
    asyncpg accepts nothing else there.
    """
    command = statement.command
    if statement.outside_transaction or statement.command_span is None or not source.round_trips:
        return None
    role = command.effect in (Effect.ROLE, Effect.LOCAL_ROLE)
    name = command.value.replace(" ", "_") if role else command.name
    parameter = command.name if role else command.value
    start, end = statement.command_span
    if not _PLAIN_NAME.fullmatch(name) or not _ONE_PARAMETER.fullmatch(parameter):
        return None
    quote = _quote_inside(source, start)
    if quote is None:
        return None
    content = f"SELECT set_config({quote}{name}{quote}, {parameter}, true)"
    if source.text[start].islower():
        content = content.replace("SELECT", "select")
    local = command.effect in (Effect.LOCAL_SETTING, Effect.LOCAL_ROLE)
    safe = local and statement.text_parameter
    message = (
        f"Use `set_config(..., true)`, which accepts parameters{'' if local else ' and ends with the transaction'}"
    )
    edits = _fitted(statement, source, Edit(start, end, content))
    return Fix(message, edits, Applicability.SAFE if safe else Applicability.UNSAFE)


def _fitted(statement: SessionStatement, source: Source, edit: Edit) -> tuple[Edit, ...]:
    return refitted(source, (edit,)) if statement.executor is None else laid_out(source, statement.executor, (edit,))


def _applicability(statement: SessionStatement) -> Applicability | None:
    """Returns whether it is safe to end an effect with its transaction, or None if it would end immediately."""
    # A pool listener changes settings for later transactions.
    if not statement.in_transaction or statement.listener in CONNECT_EVENTS:
        return None
    if statement.used_after and not statement.used_here:
        return None
    sure = statement.transaction is Transaction.OPEN and statement.contained
    return Applicability.SAFE if sure else Applicability.UNSAFE


def _with_local(written: str) -> str | None:
    match = _SET.fullmatch(written)
    return None if match is None else f"{match[1]} {'local' if match[1].islower() else 'LOCAL'}"


def _passed_true(written: str, statement: SessionStatement) -> str | None:
    """Returns the third argument of `set_config` with the opposite value."""
    pattern, opposite = (_FALSE_IN_PYTHON, _true_in_python) if statement.in_python else (_FALSE_IN_SQL, _true_in_sql)
    changed, count = pattern.subn(opposite, written)
    return changed if count == 1 else None


def _true_in_sql(match: re.Match[str]) -> str:
    true = _TRUE[match[0].lower()]
    return true.upper() if match[0].isupper() else true


def _true_in_python(match: re.Match[str]) -> str:
    # A bare `true()` would have to be imported.
    behind_module = match.string[: match.start()].endswith(".") and match[0] == "false()"
    return "true()" if behind_module else "True"


def _quote_inside(source: Source, offset: int) -> str | None:
    """Returns a single quote as it is written in the string literal at an offset, or None if that is not possible."""
    around = quotes_around(source, offset)
    if around is None:
        return None
    prefix, quotes = around
    if quotes != "'":
        return "'"
    return None if "r" in prefix.lower() else "\\'"
