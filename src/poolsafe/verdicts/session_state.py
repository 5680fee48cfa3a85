"""Decides what happens to session state, such as a setting, a lock or a temporary table, behind each kind of pooler.

The rows for PgBouncer were measured with two clients on PostgreSQL 15 behind PgBouncer 1.18 and 1.25.2 in transaction
mode: the second client inherited the state that the first one had left on a server connection, and the first one did
not have it on another server connection. The rows for Odyssey 1.5 were measured as well. The rows for other poolers are
based on the documentation and source code of these poolers.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.pooler import PoolerClass, State
from poolsafe.facts.session_statement import SessionStatement, Transaction
from poolsafe.findings import Severity
from poolsafe.sql.session_commands import Effect
from poolsafe.verdicts.pooler_effects import class_of, severity


class Outcome(enum.Enum):
    """What happens to the effect of a command after its transaction."""

    KEPT = "the client keeps it"
    PINS = "the client keeps it, and the server with it, which no other client can use until the client disconnects"
    INHERITED = "the client keeps it until it disconnects, and then the next client on that server gets it"
    LOST = "it is discarded"
    LEAKS = "it stays on a server, which another client gets"


class StateVerdict(NamedTuple):
    """What happens to a statement's effect, and the severity of a finding about it."""

    outcome: Outcome
    severity: Severity

    @property
    def leaks(self) -> bool:
        """Whether other clients inherit the effect."""
        return self.outcome in (Outcome.LEAKS, Outcome.INHERITED)

    @property
    def lost(self) -> bool:
        """Whether the client itself may lose the effect."""
        return self.outcome in (Outcome.LEAKS, Outcome.LOST)


class _Row(NamedTuple):
    state: frozenset[State]
    effects: frozenset[Effect]
    transactions: frozenset[Transaction]
    outcome: Outcome


_ANY_EFFECT = frozenset(Effect)
_ANY_TRANSACTION = frozenset(Transaction)
_OUTSIDE = frozenset({Transaction.AUTOCOMMIT, Transaction.NONE})
_BY_SET = frozenset({Effect.SETTING, Effect.ROLE})
_KEEPING = frozenset({State.OWN})
_PINNING = frozenset({State.PINNED, State.TRACKED_OR_PINNED})
_LOSING = frozenset({State.LOST})
_RESETTING = frozenset({State.RESET})
_TRACKING = frozenset({State.TRACKED})
_INHERITING = frozenset({State.INHERITED})
_EVERY_STATE = frozenset(State)
# Reading a sequence value or discarding state leaves no state that would pin the client.
_LEAVING_NOTHING = frozenset({Effect.SEQUENCE_VALUE, Effect.DISCARD})
# These affect only the session itself, which keeps its server. The next client does not read the notifications.
_OF_ONES_OWN = _LEAVING_NOTHING | {Effect.LISTEN}
# Poolers that do not pass one client's state on to another: their findings are warnings.
_MILD = _LOSING | _TRACKING | _PINNING

# The first matching row wins.
_ROWS: tuple[_Row, ...] = (
    # Each client has its own server.
    _Row(_KEEPING, _ANY_EFFECT, _ANY_TRANSACTION, Outcome.KEPT),
    # According to their documentation, RDS Proxy also pins for SET, and YugabyteDB does not.
    _Row(frozenset({State.TRACKED_OR_PINNED}), _BY_SET, _ANY_TRANSACTION, Outcome.KEPT),
    _Row(_PINNING, _LEAVING_NOTHING, _ANY_TRANSACTION, Outcome.KEPT),
    _Row(_PINNING, _ANY_EFFECT, _ANY_TRANSACTION, Outcome.PINS),
    # According to its documentation, PgDog applies a client's settings to each server, but not locks, LISTEN and so on.
    _Row(_TRACKING, _BY_SET, _ANY_TRANSACTION, Outcome.KEPT),
    # PgBouncer in session mode without `server_reset_query`: measured.
    _Row(_INHERITING, _OF_ONES_OWN, _ANY_TRANSACTION, Outcome.KEPT),
    _Row(_INHERITING, _ANY_EFFECT, _ANY_TRANSACTION, Outcome.INHERITED),
    # No state remains to be discarded.
    _Row(_LOSING, frozenset({Effect.DISCARD}), _ANY_TRANSACTION, Outcome.KEPT),
    # Odyssey discards settings, temporary tables, locks and subscriptions after each transaction (measured).
    _Row(_LOSING, _ANY_EFFECT, _ANY_TRANSACTION, Outcome.LOST),
    # According to its source, PgCat resets a server after a statement outside a transaction has changed it.
    _Row(_RESETTING, _ANY_EFFECT, _OUTSIDE, Outcome.LOST),
    # PgBouncer: measured for each effect, with the same result for max_prepared_statements = 0 and 200.
    _Row(_EVERY_STATE, _ANY_EFFECT, _ANY_TRANSACTION, Outcome.LEAKS),
)
_OWN_SERVER = frozenset({PoolerClass.DIRECT, PoolerClass.SESSION})


def outcome(state: State, effect: Effect, transaction: Transaction) -> Outcome:
    """Returns what happens to an effect behind a pooler that treats session state in this way."""
    return next(
        row.outcome for row in _ROWS if state in row.state and effect in row.effects and transaction in row.transactions
    )


def judge_state(statement: SessionStatement, deployment: Deployment) -> StateVerdict | None:
    """Returns what happens to a statement's effect, or None if the client keeps it."""
    return judge_effect(statement.command.effect, statement.transaction, deployment)


def judge_effect(effect: Effect, transaction: Transaction, deployment: Deployment) -> StateVerdict | None:
    """Returns what happens to an effect of a command in such a transaction, or None if the client keeps it."""
    if class_of(deployment) in _OWN_SERVER:
        return None
    # An unknown pooler is assumed to be PgBouncer.
    state = State.LEAKS if deployment.product is None else deployment.product.state
    found = outcome(state, effect, transaction)
    if found is Outcome.KEPT:
        return None
    return StateVerdict(found, Severity.WARNING if state in _MILD else severity(deployment))
