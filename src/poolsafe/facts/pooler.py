"""The classes of poolers by their effects, and the record of one kind of pooler."""

from __future__ import annotations

import enum

from poolsafe.records import frozen


class PoolerClass(enum.Enum):
    """The effect of a pooler on named prepared statements.

    `DIRECT`: there is no pooler. `SESSION`: each client has its own server connection. `BREAKS`: clients change server
    connections, and named statements fail. `CARRIES`: clients change server connections, and the pooler prepares named
    statements there again. `PINS`: a client keeps its server connection once its state requires that. `UNKNOWN`: it
    depends on settings that are not visible.
    """

    DIRECT = "direct"
    SESSION = "session"
    BREAKS = "transaction-breaks"
    CARRIES = "transaction-carries"
    PINS = "pins"
    UNKNOWN = "unknown"


# If SQL may reach several servers, the one that breaks the most decides.
WORST_FIRST = (
    PoolerClass.BREAKS,
    PoolerClass.UNKNOWN,
    PoolerClass.CARRIES,
    PoolerClass.PINS,
    PoolerClass.SESSION,
    PoolerClass.DIRECT,
)


class Fate(enum.Enum):
    """What happens to a startup parameter."""

    REFUSED = "refused"
    DROPPED = "dropped"
    CARRIED = "carried"
    UNKNOWN = "unknown"


class State(enum.Enum):
    """What happens to session state, such as settings, roles, locks and temporary tables.

    The values are the words of the page about poolers. `OWN`: each client has its own server connection. `LEAKS`: the
    state remains on a server connection, which another client gets instead of the next transaction. `LOST`: the pooler
    discards it after each transaction. `RESET`: the pooler discards it after each transaction, unless a transaction has
    set it. `TRACKED`: settings follow the client to each server connection, and the rest leaks. `PINNED`,
    `TRACKED_OR_PINNED`: state that does not follow the client binds it to one server connection. `INHERITED`: each
    client has its own server connection, and the next client gets it unchanged. `BY_MODE`: `OWN` or `LEAKS`. `UNKNOWN`:
    its documentation does not say.
    """

    OWN = "as on PostgreSQL"
    LEAKS = "is lost, and leaks to other clients"
    LOST = "is lost after each transaction, but does not leak"
    RESET = "is reset after each transaction, but leaks if it was set inside one"
    TRACKED = "SET is tracked; advisory locks and LISTEN are not, unless configured"
    PINNED = "keeps the client on one server connection until it disconnects"
    TRACKED_OR_PINNED = "SET is tracked; temporary tables keep the client on one server connection"
    INHERITED = "as on PostgreSQL, but the next client on the server connection inherits it"
    BY_MODE = "depends on its mode"
    UNKNOWN = "not documented"


# PgBouncer's exception for a startup parameter.
REFUSAL = "ProtocolViolationError: unsupported startup parameter: {}"


@frozen
class Pooler:
    """One row of the catalogue: how a pooler is recognised, and what it does.

    `name` is a value of the configuration key `pooler`; `title` is the pooler's name in messages. A server matches if
    its host matches one of `hosts` and none of `unless`, its port is one of `ports`, and its database is `database`; an
    empty field matches anything, and a URL without a port has 5432. In a host pattern, `*` stands for characters other
    than a dot, and `**.` for any number of labels.

    `prepared` is max_prepared_statements, or None if it is unknown or has no such number. `startup` is the fate of
    startup parameters. `options` has its own fate, and so do those in `excepted`: they are dropped if others are
    refused, and carried if others are dropped. `refusal` is the exception for a refused parameter, with `{}` for its
    name. `settle` is the configuration key that decides if the class is unknown. `idle` says when idle connections are
    closed; its subject is the title. `state` is what happens to session state. `state_note`, `source` and `sure` are
    only for the documentation.
    """

    name: str
    title: str
    kind: PoolerClass
    hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    database: str = ""
    unless: tuple[str, ...] = ()
    prepared: int | None = None
    startup: Fate = Fate.UNKNOWN
    options: Fate = Fate.UNKNOWN
    excepted: tuple[str, ...] = ()
    refusal: str = REFUSAL
    settle: str = "pooler"
    state: State = State.UNKNOWN
    state_note: str = ""
    idle: str = ""
    source: str = ""
    sure: str = ""

    @property
    def state_in_words(self) -> str:
        """What happens to session state, for the page about poolers."""
        return self.state.value + (f" ({self.state_note})" if self.state_note else "")

    def fate(self, parameter: str) -> Fate:
        """Returns the fate of a startup parameter, ignoring case."""
        parameter = parameter.lower()
        if parameter == "options":
            return self.options
        if parameter in self.excepted:
            return Fate.DROPPED if self.startup is Fate.REFUSED else Fate.CARRIED
        return self.startup
