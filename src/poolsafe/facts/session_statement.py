"""The session statement fact, which the rules on session state (PGB4xx) check: SQL with an effect on its session."""

from __future__ import annotations

import enum

from poolsafe.facts.connection import Route
from poolsafe.facts.statement import Runner
from poolsafe.findings import Related
from poolsafe.records import frozen
from poolsafe.sql.session_commands import LOCAL, Effect, SessionCommand
from poolsafe.sql.session_effects import ENDED_BY_ROLLBACK
from poolsafe.syntax.layout import CallLayout

#: The events of SQLAlchemy's pool whose listeners run before the transaction that needs their effects.
CONNECT_EVENTS = frozenset({"connect", "first_connect", "do_connect", "checkout"})


class Client(enum.Enum):
    """The library whose connection runs the SQL."""

    SQLALCHEMY = "SQLAlchemy"
    ASYNCPG = "asyncpg"
    ALEMBIC = "Alembic"
    PSYCOPG = "psycopg"
    UNKNOWN = "unknown"


class Transaction(enum.Enum):
    """The transaction that the SQL runs in, as the function around it shows.

    `OPEN`: a block, a listener or Alembic keeps it open; its end is visible. `BEGUN`: SQLAlchemy has begun it
    automatically, and the owner of the connection ends it. `AUTOCOMMIT`: SQLAlchemy's isolation level
    AUTOCOMMIT. `NONE`: a connection of asyncpg that the function acquires itself, outside `transaction()`. `UNKNOWN`: a
    connection of asyncpg that comes from elsewhere.
    """

    OPEN = "open"
    BEGUN = "begun"
    AUTOCOMMIT = "autocommit"
    NONE = "none"
    UNKNOWN = "unknown"


@frozen
class SessionStatement:
    """A call that runs SQL with an effect on its session, or that creates the clause for it; one fact for each effect.

    * `start`, `end`: the span of the call that takes the SQL; findings are reported there.
    * `function`: the call as written, without its receiver: `text()`, `execute()`, `func.set_config()`.
    * `runner`: whether asyncpg runs it; `runner_reason` says why, in words.
    * `listener`: the event of SQLAlchemy whose listener runs it (`connect`, `checkout`, `begin`, ...), or "".
    * `contained`: the function shows that nothing except the same statement runs on the connection after the
      transaction, so an effect that ends with the transaction is sufficient.
    * `ended_in`: the same transaction ends the effect: it releases the lock or drops the table.
    * `rolled_back`: the function closes the connection without a commit, so that the transaction changes nothing.
    * `undone_late`: the module shows that the effect ends only after the transaction, or without one.
    * `used_here`, `used_after`: the module shows other uses of the connection in the same transaction, or in later
      ones, besides those that end the effect or change the session.
    * `abandoned`: a function of the module that creates the connection and passes it on never ends the effect.
    * `lent`: the connection comes from elsewhere: a parameter, an attribute or a name of the module.
    * `routes`: the paths on which it may reach the server; empty if they are unknown or do not matter.
    * `edit`: the span in the file that a fix replaces (see `SessionCommand.edit`), or None if the SQL is not written
      there as one literal. `command_span`: the span of the whole command in the file, or None.
    * `executor`: the layout of the call that runs the SQL in the same expression, or of the call itself.
    * `in_python`: the edited part is an argument or a name in Python, not SQL.
    * `releases`: the spans of the statements that release the lock, if each is a separate statement.
    * `text_parameter`: the parameter of a setting is certainly a string.
    """

    path: str
    start: int
    end: int
    function: str
    command: SessionCommand
    client: Client
    runner: Runner
    runner_reason: str
    transaction: Transaction
    listener: str = ""
    contained: bool = False
    ended_in: bool = False
    rolled_back: bool = False
    undone_late: bool = False
    used_here: bool = False
    used_after: bool = False
    abandoned: bool = False
    lent: bool = False
    routes: tuple[Route, ...] = ()
    edit: tuple[int, int] | None = None
    command_span: tuple[int, int] | None = None
    executor: CallLayout | None = None
    in_python: bool = False
    releases: tuple[tuple[int, int], ...] = ()
    text_parameter: bool = False
    origin: tuple[Related, ...] = ()

    @property
    def outside_transaction(self) -> bool:
        """Whether each statement is its own transaction here."""
        return self.transaction in (Transaction.AUTOCOMMIT, Transaction.NONE)

    @property
    def in_transaction(self) -> bool:
        """Whether the statement runs in a transaction that may contain others."""
        return self.transaction in (Transaction.OPEN, Transaction.BEGUN)

    @property
    def fails_anywhere(self) -> bool:
        """Whether it is a SET with a parameter, which is a syntax error to PostgreSQL."""
        return self.command.parameters and not self.command.by_function

    @property
    def ended(self) -> bool:
        """Whether its transaction ends the effect."""
        return self.ended_in or (self.rolled_back and self.command.effect in ENDED_BY_ROLLBACK)

    @property
    def depends_on_pooler(self) -> bool:
        """Whether the pooler may decide if it is reported."""
        if self.runner is Runner.SYNC or self.command.effect in LOCAL or self.fails_anywhere:
            return False
        # A command that drops what asyncpg has cached fails behind some poolers, even if its effect ends.
        return not self.ended or self.command.effect in (Effect.DISCARD, Effect.DEALLOCATE)

    @property
    def cached(self) -> bool:
        """Whether each connection that may run it keeps cached statements for its next user."""
        return bool(self.routes) and all(route.caches for route in self.routes)

    @property
    def span(self) -> tuple[int, int]:
        """The span of the call, where findings are reported."""
        return self.start, self.end
