"""SQLAlchemy's sessions and connections, which run SQL, and its event listeners."""

from __future__ import annotations

from dataclasses import replace

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.models.handler import Handler, first
from poolsafe.inference.models.sqlalchemy_engines import execute_clauses, give_sql, sets_autocommit
from poolsafe.inference.names import force
from poolsafe.inference.objects import Connectable, Dialect, LibraryObject, LibraryResult, SessionMaker, TextClause
from poolsafe.inference.snapshots import arguments_snapshot
from poolsafe.inference.symbols import derived
from poolsafe.inference.values import Function, Library, Sequence, Text, Unknown, Value, text
from poolsafe.libraries import ASYNC_RUNNERS, EXECUTING, SETTING_OPTIONS, SYNC_RUNNERS, canonical

ASYNCPG = "postgresql+asyncpg"
ASYNCPG_POOL = "asyncpg.create_pool"
_CONNECT = "asyncpg.connect"


def instance_of(name: str) -> Value | None:
    """Returns an instance of a class that runs SQL, or None for other classes."""
    if name not in ASYNC_RUNNERS and name not in SYNC_RUNNERS:
        return None
    return Connectable(name in ASYNC_RUNNERS, engine=name.endswith("Engine"))


def make_connectable(frame: Frame, arguments: Arguments, *, asynchronous: bool) -> Value:
    """Returns the result of calling a session or connection class, which may be bound to an engine."""
    bind = arguments.get(0, "bind") or arguments.keywords.get("engine")
    bound = _session_on(force(frame, bind) if bind is not None else None) or Connectable(asynchronous)
    # A synchronous session on an asynchronous connection, as in `run_sync`, still runs on the asynchronous driver.
    return replace(bound, asynchronous=asynchronous or bound.asynchronous)


def _session_on(bind: Value | None) -> Connectable | None:
    """Returns a session on an engine, connection or session maker, or None if that is not known."""
    if isinstance(bind, SessionMaker):
        return bind.session
    return replace(bind, engine=False) if isinstance(bind, Connectable) else None


def _sessionmaker(default_async: bool) -> Handler:
    def handler(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
        bind = arguments.get(0, "bind")
        bind = force(frame, bind) if bind is not None else None
        bound = _session_on(bind if isinstance(bind, Connectable) else None) or Connectable(None)
        kind = arguments.keywords.get("class_")
        asynchronous = default_async
        if isinstance(kind, Library):
            asynchronous = canonical(kind.name) in ASYNC_RUNNERS
        elif isinstance(bind, Connectable):
            asynchronous = bool(bind.asynchronous)
        return SessionMaker(replace(bound, asynchronous=asynchronous))

    return handler


def _scoped(asynchronous: bool) -> Handler:
    """Returns a handler of `scoped_session(maker)`: a session maker that is a session as well."""

    def handler(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
        maker = arguments.get(0, "session_factory")
        session = maker.session if isinstance(maker, SessionMaker) else Connectable(None)
        return SessionMaker(replace(session, asynchronous=asynchronous))

    return handler


# --- methods ---

_CONNECTING = frozenset(
    {"connect", "begin", *SETTING_OPTIONS, "get_bind", "begin_nested", "__aenter__", "begin_twophase"}
)
_CONNECTORS = frozenset({"connect", "connect_async"})
# Methods of a text clause that return the same clause with more details.
_REFINING = frozenset({"bindparams", "columns", "execution_options"})


def any_method(frame: Frame, node: ir.Call | None, receiver: Value, name: str, arguments: Arguments) -> Value | None:
    """Handles methods that are recognized by their name alone, whatever the receiver.

    Returns None if nothing is known about the result.
    """
    if node is not None and name in EXECUTING:
        execute_clauses(frame, node, name, arguments.get(0, "statement"), receiver)
    if node is not None and name == "execute" and isinstance(receiver, Connectable) and receiver.dbapi:
        give_sql(frame, node, "execute", arguments, receiver)
    if node is not None and name == "exec_driver_sql":
        give_sql(frame, node, "exec_driver_sql", arguments, receiver)
    if name == "run_sync" and arguments.positional:
        _run_sync(frame, receiver, arguments)
    if name in _CONNECTORS and _is_for_asyncpg(arguments):
        # Google's connectors pass the keywords that they do not know on to asyncpg.
        given = Arguments(keywords=arguments.keywords, open_keywords=arguments.open_keywords)
        return _asyncpg_connection(frame, node, given)
    return None


def _asyncpg_connection(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    return _asyncpg_result(frame, node, _CONNECT, arguments)


def _asyncpg_pool(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    return _asyncpg_result(frame, node, ASYNCPG_POOL, arguments)


def _asyncpg_result(frame: Frame, node: ir.Call | None, name: str, arguments: Arguments) -> Value:
    """Returns a connection or pool of asyncpg, with the call that makes it as its provenance."""
    if node is None:
        return LibraryResult(name, arguments)
    made = LibraryResult(name, arguments, symbol=derived(name, node))
    return replace(made, provenance=frame.provenance(node, f"asyncpg's `{name.rpartition('.')[2]}()`"))


def pooled_connection(pool: LibraryResult) -> Value:
    """Returns a connection of asyncpg's pool: the pool passes the keywords that it does not know on to `connect()`."""
    if "connect" in pool.arguments.keywords:
        return Unknown("a pool whose connections are made by a function of its own")
    return replace(pool, name=_CONNECT)


def _is_for_asyncpg(arguments: Arguments) -> bool:
    """Returns whether the second argument, the driver of a connector, is asyncpg."""
    driver = arguments.get(1, "driver")
    return isinstance(driver, Text) and driver.known == "asyncpg"


def _run_sync(frame: Frame, receiver: Value, arguments: Arguments) -> None:
    """`run_sync(f, ...)`: calls `f` with the synchronous interface of the asynchronous connection."""
    callee = force(frame, arguments.positional[0])
    if isinstance(callee, Function):
        given = replace(_session_on(receiver) or Connectable(True), asynchronous=True)
        rest = Arguments([given, *arguments.positional[1:]], arguments.keywords)
        force(frame, frame.apply(None, callee, rest))


def connectable_method(
    frame: Frame, node: ir.Call | None, receiver: Connectable, name: str, arguments: Arguments
) -> Value | None:
    """Returns the result of a method of an engine, connection or session, or None if it is not known.

    Observes the calls that put a connection, or all connections of an engine, into AUTOCOMMIT.
    """
    if name in _CONNECTING:
        given = arguments_snapshot(frame, arguments) if name in SETTING_OPTIONS else arguments
        sets = sets_autocommit(given)
        if sets and name in SETTING_OPTIONS:
            frame.observe(node, name, given, receiver)
        autocommit = sets or receiver.autocommit
        return replace(receiver, engine=receiver.engine and name == "execution_options", autocommit=autocommit)
    return receiver if name == "cursor" and receiver.dbapi else None


def maker_method(receiver: SessionMaker, name: str) -> Value | None:
    """Returns the result of a method or call of a session maker, or None if it is not known."""
    return receiver.session if name in ("__call__", "begin", *_CONNECTING) else None


def clause_method(
    frame: Frame, node: ir.Call | None, receiver: TextClause, name: str, arguments: Arguments
) -> Value | None:
    """Returns the result of a method of a text clause, or None if it is not known."""
    if name in _REFINING:
        return receiver
    return _for_dialects(frame, node, receiver, arguments) if name == "execute_if" and node is not None else None


def _for_dialects(frame: Frame, node: ir.Call, clause: TextClause, arguments: Arguments) -> Value:
    """`DDL(...).execute_if(dialect=...)`: returns the clause if it is for PostgreSQL, else notes the other dialect."""
    given = arguments.get(0, "dialect")
    dialects = given.items if isinstance(given, Sequence) else (given,)
    names = [single.known if isinstance(single, Text) else None for single in dialects]
    if None in names or "postgresql" in names or not names:
        return clause
    execute_clauses(frame, node, "execute_if", clause, Connectable(False, str(names[0])))
    return Unknown("a clause for another dialect")


# Attributes that lead to another interface of the same engine or connection.
_SAME_CONNECTABLE = frozenset({"sync_engine", "sync_connection", "sync_session", "bind", "engine", "connection"})


def sqlalchemy_attribute(frame: Frame, base: Value, name: str) -> Value | None:
    """Returns an attribute of an engine, connection, session or dialect, or None for other values.

    A statement is only reported if asyncpg runs it. In a shallow run, any `dialect` is therefore taken to be asyncpg's,
    so that branches for other databases are not run.
    """
    shallow = frame.run.strategy.shallow
    if name == "dialect" and (isinstance(base, Connectable) or (shallow and isinstance(base, _WITH_DIALECT))):
        return Dialect(base.driver if isinstance(base, Connectable) else None)
    if name in ("name", "driver") and isinstance(base, (Connectable, Dialect)):
        scheme = base.driver or (ASYNCPG if shallow else None)
        if scheme is None:
            return Unknown("a dialect that is not known")
        dialect, _, driver = scheme.partition("+")
        if name == "name":
            return text(dialect)
        return text(driver) if driver else Unknown("a dialect's default driver")
    if name in _SAME_CONNECTABLE and isinstance(base, Connectable):
        return replace(base, engine=name.endswith("engine"))
    return None


_WITH_DIALECT = (LibraryObject, Unknown)


# --- listeners ---

_CONNECTED = frozenset({"connect", "first_connect"})
_SCHEMA_EVENTS = frozenset({"before_create", "after_create", "before_drop", "after_drop"})


def dbapi_connection(frame: Frame, function: Function) -> Value | None:
    """Returns the driver's connection that a listener to new connections gets first, or None for other functions.

    SQLAlchemy prepares the statements of cursors on this connection, also with asyncpg.
    """
    for value in function.decorators:
        if not isinstance(value, LibraryResult) or value.name != "sqlalchemy.event.listens_for":
            continue
        target, event = value.arguments.get(0, "target"), value.arguments.get(1, "identifier")
        target = force(frame, target) if target is not None else None
        listens = isinstance(event, Text) and event.known in _CONNECTED
        if listens and isinstance(target, Connectable):
            return replace(target, engine=False, dbapi=True)
    return None


def _listen(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`event.listen(metadata, "after_create", clause)`: the clause is run by the code that creates the schema."""
    event = arguments.get(1, "identifier")
    if node is not None and isinstance(event, Text) and event.known in _SCHEMA_EVENTS:
        execute_clauses(frame, node, "listen", arguments.get(2, "fn"), Connectable(None, schema=True))
    return Unknown("nothing")


HANDLERS: dict[str, Handler] = {
    _CONNECT: _asyncpg_connection,
    ASYNCPG_POOL: _asyncpg_pool,
    "sqlalchemy.util.await_fallback": first,
    "sqlalchemy.util.await_only": first,
    "sqlalchemy.orm.scoped_session": _scoped(False),
    "sqlalchemy.ext.asyncio.async_scoped_session": _scoped(True),
    "sqlalchemy.event.listen": _listen,
    "sqlalchemy.ext.asyncio.async_sessionmaker": _sessionmaker(True),
    "sqlalchemy.orm.sessionmaker": _sessionmaker(False),
}
