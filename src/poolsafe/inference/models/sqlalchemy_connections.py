"""SQLAlchemy's sessions and connections, which run SQL, and its event listeners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import alternatives
from poolsafe.inference.models.clients import PREPARED_STATEMENT, with_content
from poolsafe.inference.models.handler import Handler, first
from poolsafe.inference.models.sqlalchemy_engines import execute_clauses, give_sql, sets_autocommit
from poolsafe.inference.names import force
from poolsafe.inference.objects import Connectable, Dialect, LibraryObject, LibraryResult, SessionMaker, TextClause
from poolsafe.inference.snapshots import arguments_snapshot, snapshot
from poolsafe.inference.symbols import derived
from poolsafe.inference.values import Function, Library, Sequence, Text, Unknown, Value, text
from poolsafe.libraries import ASYNC_RUNNERS, DRIVER_METHODS, EXECUTING, SETTING_OPTIONS, SYNC_RUNNERS, canonical
from poolsafe.sql.session_commands import function_effect

ASYNCPG = "postgresql+asyncpg"
ASYNCPG_POOL = "asyncpg.create_pool"
_CONNECT = "asyncpg.connect"
_ASYNCPG_CLASSES = {
    "asyncpg.Connection": _CONNECT,
    "asyncpg.connection.Connection": _CONNECT,
    "asyncpg.pool.PoolConnectionProxy": _CONNECT,
    "asyncpg.Pool": ASYNCPG_POOL,
    "asyncpg.pool.Pool": ASYNCPG_POOL,
    PREPARED_STATEMENT: PREPARED_STATEMENT,
}
# A connection of asyncpg that is created elsewhere.
_ASYNCPGS = LibraryResult(_CONNECT, Arguments(open_keywords="a connection created elsewhere"))


def instance_of(name: str) -> Value | None:
    """Returns an instance of a class that runs SQL, or None for other classes."""
    if name in _ASYNCPG_CLASSES:
        return LibraryResult(_ASYNCPG_CLASSES[name], Arguments(open_keywords="a connection created elsewhere"))
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
    """Returns a session on an engine, connection or session maker, or None if that is unknown."""
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
# Methods whose results have a cursor of SQLAlchemy's adapter, and the driver's own connection.
_RAW = frozenset({"get_raw_connection", "raw_connection"})
_CONNECTORS = frozenset({"connect", "connect_async"})
# Methods of a text clause that return the same clause with more information.
_REFINING = frozenset(
    {"bindparams", "columns", "execution_options", "label", "is_", "is_not", "isnot", "scalar_subquery", "select"}
)


def any_method(frame: Frame, node: ir.Call | None, receiver: Value, name: str, arguments: Arguments) -> Value | None:
    """Handles methods that are recognized by their name alone, whatever the receiver.

    Returns None if nothing is known about the result.
    """
    if node is not None and name in EXECUTING:
        execute_clauses(frame, node, name, arguments.get(0, "statement"), receiver)
    if node is not None and name in DRIVER_METHODS and arguments.positional:
        _give_driver_sql(frame, node, name, arguments, receiver)
    if node is not None and name == "add_listener" and not isinstance(receiver, Connectable):
        frame.observe(node, name, Arguments([]), receiver)
    if node is not None and name == "exec_driver_sql":
        give_sql(frame, node, "exec_driver_sql", arguments, receiver)
    if name == "run_sync" and arguments.positional:
        _run_sync(frame, receiver, arguments)
    if name == "run_async" and arguments.positional and isinstance(receiver, Connectable) and receiver.dbapi:
        _run_async(frame, arguments)
    if name in _CONNECTORS and _is_for_asyncpg(arguments):
        # Google's connectors pass unknown keywords on to asyncpg.
        given = Arguments(keywords=arguments.keywords, open_keywords=arguments.open_keywords)
        return _asyncpg_result(frame, node, _CONNECT, given)
    return None


def _give_driver_sql(frame: Frame, node: ir.Call, name: str, arguments: Arguments, receiver: Value) -> None:
    """Observes a call to a driver's method with a string, which SQLAlchemy's connections do not accept."""
    given = force(frame, arguments.positional[0])
    if any(not isinstance(single, TextClause) for _, single in alternatives(given)):
        sql = Arguments([snapshot(frame, given), *arguments.positional[1:]])
        frame.observe(node, name, sql, with_content(frame, receiver))


def sql_function(frame: Frame, node: ir.Call | None, name: str, arguments: Arguments) -> Value | None:
    """Returns the clause of SQLAlchemy's `func.name(...)` if the function changes the session, or None if not."""
    function = name.rpartition(".")[2]
    if node is None or (function != "set_config" and function_effect(function) is None):
        return None
    frame.observe(node, name, arguments_snapshot(frame, arguments))
    return TextClause(node.origin, symbol=derived("func", node))


def select(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`select(clause, ...)`: returns a clause among the columns, which is executed with the query."""
    columns = [single for value in arguments.positional for _, single in alternatives(value)]
    return next((one for one in columns if isinstance(one, TextClause)), Unknown("a query"))


def _asyncpg(name: str) -> Handler:
    return lambda frame, node, arguments: _asyncpg_result(frame, node, name, arguments)


def _asyncpg_result(frame: Frame, node: ir.Call | None, name: str, arguments: Arguments) -> Value:
    """Returns a connection or pool of asyncpg, with the call that creates it as its provenance."""
    if node is None:
        return LibraryResult(name, arguments)
    made = LibraryResult(name, arguments, symbol=derived(name, node))
    return replace(made, provenance=frame.provenance(node, f"asyncpg's `{name.rpartition('.')[2]}()`"))


def pooled_connection(pool: LibraryResult) -> Value:
    """Returns a connection of asyncpg's pool, which passes unknown keywords on to `connect()`."""
    if "connect" in pool.arguments.keywords:
        return Unknown("a pool with its own function for creating connections")
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


def _run_async(frame: Frame, arguments: Arguments) -> None:
    """`run_async(f)` of an adapter: calls `f` with the connection of the driver, assumed to be asyncpg's."""
    callee = force(frame, arguments.positional[0])
    if isinstance(callee, Function):
        force(frame, frame.apply(None, callee, Arguments([_ASYNCPGS])))


def connectable_method(
    frame: Frame, node: ir.Call | None, receiver: Connectable, name: str, arguments: Arguments
) -> Value | None:
    """Returns the result of a method of an engine, connection or session, or None if it is unknown.

    Observes the calls that put a connection, or all connections of an engine, into AUTOCOMMIT.
    """
    if name in _CONNECTING:
        given = arguments_snapshot(frame, arguments) if name in SETTING_OPTIONS else arguments
        sets = sets_autocommit(given)
        if sets and name in SETTING_OPTIONS:
            frame.observe(node, name, given, receiver)
        autocommit = sets or receiver.autocommit
        return replace(receiver, engine=receiver.engine and name == "execution_options", autocommit=autocommit)
    if name in _RAW:
        return replace(receiver, engine=False, dbapi=True)
    if name == "await_" and receiver.dbapi:
        return first(frame, node, arguments)
    return receiver if name == "cursor" and receiver.dbapi else None


def maker_method(receiver: SessionMaker, name: str) -> Value | None:
    """Returns the result of a method of a session maker or of a call to it, or None if it is unknown."""
    return receiver.session if name in ("__call__", "begin", *_CONNECTING) else None


def clause_method(
    frame: Frame, node: ir.Call | None, receiver: TextClause, name: str, arguments: Arguments
) -> Value | None:
    """Returns the result of a method of a text clause, or None if it is unknown."""
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
    execute_clauses(frame, node, "execute_if", clause, Connectable(False, frozenset(map(str, names))))
    return Unknown("a clause for another dialect")


# Attributes that lead to another interface of the same engine or connection.
_SAME_CONNECTABLE = frozenset({"sync_engine", "sync_connection", "sync_session", "bind", "engine", "connection"})


def sqlalchemy_attribute(frame: Frame, base: Value, name: str) -> Value | None:
    """Returns an attribute of an engine, connection, session or dialect, or None for other values.

    A statement is only reported if asyncpg runs it. In a shallow run, any `dialect` is therefore assumed to be
    asyncpg's, so that branches for other databases are not run.
    """
    shallow = frame.run.strategy.shallow
    if name == "dialect" and (isinstance(base, Connectable) or (shallow and isinstance(base, _WITH_DIALECT))):
        return Dialect(base.driver if isinstance(base, Connectable) else None)
    if name in ("name", "driver") and isinstance(base, (Connectable, Dialect)):
        scheme = base.driver or (ASYNCPG if shallow else None)
        if scheme is None:
            return Unknown("an unknown dialect")
        dialect, _, driver = scheme.partition("+")
        if name == "name":
            return text(dialect)
        return text(driver) if driver else Unknown("a dialect's default driver")
    if name in _SAME_CONNECTABLE and isinstance(base, Connectable):
        return replace(base, engine=name.endswith("engine"))
    if name in _OF_DRIVER and isinstance(base, Connectable) and base.dbapi:
        return _driver_connection(base)
    return None


# Attributes of an adapter, or of a connection of SQLAlchemy's pool, that are the driver's own connection.
_OF_DRIVER = frozenset({"driver_connection", "_connection"})


def _driver_connection(adapter: Connectable) -> Value:
    if adapter.asynchronous and (not adapter.schemes or ASYNCPG in adapter.schemes):
        return _ASYNCPGS
    return Unknown("a connection of an unknown driver")


_WITH_DIALECT = (LibraryObject, Unknown)


# --- listeners ---

# The parameters of listeners that run SQL: their index, and whether it is the driver's own connection.
_RUNNING: dict[str, tuple[tuple[int, bool], ...]] = {
    "connect": ((0, True),),
    "first_connect": ((0, True),),
    "checkout": ((0, True),),
    "engine_connect": ((0, False),),
    "begin": ((0, False),),
    "after_begin": ((0, False), (2, False)),
}
_SCHEMA_EVENTS = frozenset({"before_create", "after_create", "before_drop", "after_drop"})


def listener_parameter(frame: Frame, function: Function, index: int) -> Value | None:
    """Returns the connection or session that SQLAlchemy passes to a listener, or None for other parameters.

    SQLAlchemy prepares the statements of cursors on the driver's connection, also with asyncpg.
    """
    for value in function.decorators:
        if isinstance(value, LibraryResult) and value.name == "sqlalchemy.event.listens_for":
            target, event = value.arguments.get(0, "target"), value.arguments.get(1, "identifier")
            return dict(_passed(frame, target, event)).get(index)
    return None


def _passed(frame: Frame, target: Value | None, event: Value | None) -> Iterator[tuple[int, Value]]:
    """Yields what SQLAlchemy passes to a listener, with the index of the parameter."""
    name = event.known if isinstance(event, Text) else None
    given = force(frame, target) if target is not None else None
    if isinstance(given, SessionMaker):
        given = given.session
    # A class of SQLAlchemy means all its engines or sessions, whatever their driver is.
    home = replace(given, engine=False) if isinstance(given, Connectable) else Connectable(None)
    for index, dbapi in _RUNNING.get(name or "", ()):
        yield index, replace(home, dbapi=dbapi)


def _listen(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`event.listen(target, event, fn)`: runs the listener; a clause is run by the code that creates the schema."""
    event, listener = arguments.get(1, "identifier"), arguments.get(2, "fn")
    if node is not None and isinstance(event, Text) and event.known in _SCHEMA_EVENTS:
        execute_clauses(frame, node, "listen", listener, Connectable(None, schema=True))
    listener = force(frame, listener) if listener is not None else None
    passed = dict(_passed(frame, arguments.get(0, "target"), event))
    if isinstance(listener, Function) and passed:
        given = [passed.get(index, Unknown("a parameter of a listener")) for index in range(max(passed) + 1)]
        rest = listener.node.parameters[len(given) :]
        frame.apply(node, listener, Arguments([*given, *(Unknown("a parameter of a listener") for _ in rest)]))
    return Unknown("nothing")


HANDLERS: dict[str, Handler] = {
    _CONNECT: _asyncpg(_CONNECT),
    ASYNCPG_POOL: _asyncpg(ASYNCPG_POOL),
    "sqlalchemy.util.await_fallback": first,
    "sqlalchemy.util.await_only": first,
    "sqlalchemy.orm.scoped_session": _scoped(False),
    "sqlalchemy.ext.asyncio.async_scoped_session": _scoped(True),
    "sqlalchemy.event.listen": _listen,
    "sqlalchemy.select": select,
    "sqlalchemy.ext.asyncio.async_sessionmaker": _sessionmaker(True),
    "sqlalchemy.orm.sessionmaker": _sessionmaker(False),
}
