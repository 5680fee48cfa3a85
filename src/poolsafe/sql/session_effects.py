"""The effects of PostgreSQL commands on the session that runs them."""

from __future__ import annotations

import enum

from poolsafe.records import frozen


class Effect(enum.Enum):
    """What a command does to the session that runs it."""

    SETTING = "sets a setting of the session"
    ROLE = "sets the role of the session"
    LOCK = "takes an advisory lock of the session"
    TEMPORARY_TABLE = "creates a temporary table that the session keeps"
    LISTEN = "subscribes the session to a channel"
    PREPARED = "prepares or executes a named statement"
    HELD_CURSOR = "declares a cursor that survives the transaction"
    LIBRARY = "loads a library into the session"
    SEQUENCE_VALUE = "reads the last value of a sequence in this session"
    DISCARD = "discards what the session keeps"
    # Only until the end of the transaction.
    LOCAL_SETTING = "sets a setting of the transaction"
    LOCAL_ROLE = "sets the role of the transaction"
    LOCAL_LOCK = "takes an advisory lock of the transaction"
    LOCAL_TABLE = "creates a temporary table that the commit drops"
    # The commands that undo one of the effects above.
    UNLOCK = "releases an advisory lock of the session"
    DROP_TABLE = "drops a table"
    DEALLOCATE = "removes a prepared statement"
    RESET = "sets a setting or the role back"
    # Boundaries of transactions.
    BEGIN = "begins a transaction"
    END = "ends a transaction"


#: The name for the settings of `SET SESSION CHARACTERISTICS`, which no clause can limit to a transaction.
CHARACTERISTICS = "session characteristics"
#: Effects that end with the transaction, and are useless without one.
LOCAL = frozenset({Effect.LOCAL_SETTING, Effect.LOCAL_ROLE, Effect.LOCAL_LOCK, Effect.LOCAL_TABLE})
#: Effects that outlive the transaction.
LASTING = frozenset(
    {
        Effect.SETTING, Effect.ROLE, Effect.LOCK, Effect.TEMPORARY_TABLE, Effect.LISTEN, Effect.PREPARED,
        Effect.HELD_CURSOR, Effect.LIBRARY, Effect.SEQUENCE_VALUE, Effect.DISCARD,
    }
)  # fmt: skip
#: Lasting effects that a rollback undoes; a lock, a prepared statement and a loaded library survive it.
ENDED_BY_ROLLBACK = frozenset({Effect.SETTING, Effect.ROLE, Effect.TEMPORARY_TABLE, Effect.HELD_CURSOR})


@frozen
class SessionCommand:
    """One effect of a command in a SQL text.

    `name` is what the effect is about, as written: the setting in lower case, the role, the lock function, the table,
    the channel, or the prepared statement, or "" if it is unknown. `start` and `end` are the span of the command in the
    SQL, and `edit` is the span that a repair replaces:

    * a setting or role set by `SET`: the words `SET`, or `SET SESSION`;
    * a setting or role set by `set_config`: its third argument, and `name` is the setting;
    * a lock: the name of its function;
    * a temporary table: an empty span, where `ON COMMIT DROP` belongs, or None for views and sequences, which have no
      such clause.

    For a reset, `name` is the setting or `all`; for the role, it is `role` or `session authorization`.

    `value` depends on the effect, and is "" if none of these applies:

    * a setting: the text of its new value;
    * a role: `role` or `session authorization`;
    * a lock: the arguments of its function;
    * a temporary object: `view` or `sequence` if it is not a table, `delete rows` or `preserve rows` if the commit
      keeps the table, and `select into` for SELECT INTO;
    * a prepared statement: `prepare` or `execute`.

    `parameters`: that value, or the role, contains a parameter (`:x`, `$1`, `%s`). `by_function`: it is a call to
    `set_config`. `kept`: the temporary object may exist already (IF NOT EXISTS). `with_work`: the command of a function
    call reads or writes tables itself, so even an effect that ends with the command is useful.
    """

    effect: Effect
    name: str
    start: int
    end: int
    edit: tuple[int, int] | None = None
    value: str = ""
    parameters: bool = False
    by_function: bool = False
    kept: bool = False
    with_work: bool = False
