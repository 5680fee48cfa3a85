"""Shared code of the rules about session state: which statements they judge, and how messages name a command."""

from __future__ import annotations

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import SessionStatement, Transaction
from poolsafe.findings import Related
from poolsafe.rules.wording import assumption, behind, prepared_by_asyncpg, provenance
from poolsafe.sql.scanner import PLACEHOLDER
from poolsafe.sql.session_effects import CHARACTERISTICS, Effect
from poolsafe.verdicts import Outcome, StateVerdict, judge_state

# Long names are cut, so that the end of a message, which says what to do, remains visible.
_LONGEST_NAME = 28


def verdict_on(statement: SessionStatement, deployment: Deployment) -> StateVerdict | None:
    """Returns what happens to a statement's effect, or None if it does not matter.

    It does not matter if another driver runs the statement, if its transaction ends the effect, if the client keeps
    what it has set, if a rollback undoes it, or if the statement fails on every server (PGB405).
    """
    if statement.ended or statement.fails_anywhere:
        return None
    return judge_state(statement, deployment) if prepared_by_asyncpg(statement, deployment) else None


def shown(name: str) -> str:
    """Returns a name for a message: unknown parts as dots, on one line, and not too long."""
    name = " ".join(name.replace(PLACEHOLDER, "...").replace("`", "'").split())
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 3] + "..."


def as_written(statement: SessionStatement) -> str:
    """Returns the command in short form, in backticks: `SET LOCAL work_mem`, `set_config('app.x', ..., true)`."""
    command = statement.command
    local = command.effect in (Effect.LOCAL_SETTING, Effect.LOCAL_ROLE)
    if command.by_function:
        name = f"'{shown(command.name)}', " if command.name else ""
        return f"`set_config({name}..., {'true' if local else 'false'})`"
    word = "SET LOCAL" if local else "SET"
    if command.effect in (Effect.ROLE, Effect.LOCAL_ROLE):
        return f"`{word} {command.value.upper()} {shown(command.name)}`"
    if command.name == CHARACTERISTICS:
        return "`SET SESSION CHARACTERISTICS`"
    return f"`{word} {shown(command.name)}`"


def how_to_keep_it_local(statement: SessionStatement) -> str:
    """Returns the advice for a session setting: how to make it a setting of the transaction."""
    command = statement.command
    if command.by_function:
        way = "use `true`"
    elif command.effect is Effect.ROLE:
        way = f"use `SET LOCAL {command.value.upper()}`"
    else:
        way = "use `SET TRANSACTION`" if command.name == CHARACTERISTICS else "use `SET LOCAL`"
    if statement.outside_transaction:
        return f"{way} in a transaction, or a direct connection"
    if statement.transaction is Transaction.UNKNOWN:
        return f"{way} in a transaction"
    if statement.used_after:
        return f"{way} in each transaction, or a direct connection"
    return f"{way} instead of `false`" if command.by_function else way


def grounds(statement: SessionStatement, deployment: Deployment) -> tuple[Related, ...]:
    """Returns where the SQL, its driver and the pooler come from."""
    return statement.origin + assumption(statement, deployment) + provenance(deployment, "pooler")


def message_of(what: str, leak: str, advice: str, verdict: StateVerdict, deployment: Deployment) -> str:
    """Returns the message about an effect of `what`. `leak` is the consequence if the effect reaches other clients."""
    if verdict.outcome is Outcome.PINS:
        return f"{pinned(what, deployment)}; limit the number of such clients"
    if verdict.leaks:
        return f"{what} leaks {behind(deployment)}: {leak}; {advice}"
    return f"{behind(deployment)}, {what} is lost when its transaction ends; {advice}"


def pinned(what: str, deployment: Deployment) -> str:
    """Returns the first half of a message about an effect that makes the pooler keep a server for the client."""
    return f"{what} pins its client to one server connection {behind(deployment)}"
