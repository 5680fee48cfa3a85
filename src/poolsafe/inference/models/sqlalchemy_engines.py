"""SQLAlchemy's engine functions, and the calls that take SQL."""

from __future__ import annotations

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import alternatives, choose, defaults, for_detection, is_override
from poolsafe.inference.models.sqlalchemy_creators import with_connections
from poolsafe.inference.names import force
from poolsafe.inference.objects import Connectable, EnumMember, Secret, TextClause
from poolsafe.inference.snapshots import arguments_snapshot, snapshot
from poolsafe.inference.symbols import At, derived
from poolsafe.inference.values import MappingValue, Text, Unknown, Url, Value, text
from poolsafe.libraries import ENGINE_FUNCTIONS, SQL_FUNCTIONS


def make_engine(frame: Frame, node: ir.Call | None, name: str, arguments: Arguments) -> Value:
    """Observes a call to an engine function and returns the engine."""
    given = arguments_snapshot(frame, with_connections(frame, arguments))
    if not frame.run.strategy.shallow:
        frame.observe(node, name, given)
    url = engine_url(name, given)
    return Connectable(
        ENGINE_FUNCTIONS[name],
        schemes_of(url),
        engine=True,
        autocommit=sets_autocommit(given),
        overridden=all(is_override(single) for _, single in alternatives(url)),
        made_by=None if node is None else node.origin,
    )


def sets_autocommit(arguments: Arguments) -> bool:
    """Returns whether a call sets the isolation level of its engine or connection to AUTOCOMMIT on some path."""
    options = arguments.keywords.get("execution_options")
    given = [options.get("isolation_level")] if isinstance(options, MappingValue) else []
    given += [value for name, value in arguments.keywords.items() if name == "isolation_level"]
    return any(
        isinstance(single, Text) and single.known is not None and single.known.upper() == "AUTOCOMMIT"
        for value in given
        for _, single in alternatives(value)
    )


def engine_url(function: str, arguments: Arguments) -> Value:
    """Returns the URL passed to an engine function: its argument, or the `...url` key of its configuration."""
    if not function.endswith("from_config"):
        return arguments.get(0, "url") or Unknown(arguments.open_keywords or "no URL is given")
    if "url" in arguments.keywords:
        return arguments.keywords["url"]
    prefix = texts.as_text(for_detection(arguments.get(1, "prefix") or text("sqlalchemy."))).known
    section = arguments.get(0, "configuration") or Unknown("no configuration is given")
    if prefix is None:
        return Unknown("the prefix of the configuration is unknown")

    def one(single: Value) -> Value:
        if not isinstance(single, MappingValue):
            return single if isinstance(single, Unknown) else Unknown("an unknown configuration")
        value = single.get(f"{prefix}url")
        return (
            value
            if not isinstance(value, Unknown) or single.open is None
            else Unknown(f"`{prefix}url` comes from {single.open}", value.symbol)
        )

    return choose((guard, one(single)) for guard, single in alternatives(section))


def schemes_of(url: Value) -> frozenset[str]:
    """Returns the schemes that a URL may have, or an empty set if one is unknown."""
    schemes = [single_scheme(single) for _, single in defaults(list(alternatives(url)))]
    return frozenset() if None in schemes else frozenset(scheme for scheme in schemes if scheme is not None)


def single_scheme(value: Value) -> str | None:
    """Returns the scheme of a single URL, as a string or an object, or None if it is unknown."""
    match value:
        case Url():
            known = {texts.as_text(single).known for _, single in alternatives(for_detection(value.drivername))}
            return known.pop() if len(known) == 1 else None
        case Secret() | EnumMember():
            return single_scheme(value.value)
        case Text():
            head, found, _ = value.prefix.partition("://")
            return head if found else None
    return None


def give_sql(
    frame: Frame, node: ir.Call | None, name: str, arguments: Arguments, receiver: Value | None = None
) -> Value:
    """Observes a call that takes SQL as a string, and returns the clause that it creates."""
    keyword = {"alembic.op.execute": "sqltext", "sqlalchemy.text": "text"}.get(name, "statement")
    sql = arguments.get(SQL_FUNCTIONS.get(name, 0), keyword)
    if node is None or sql is None:
        return Unknown("a statement")
    given = force(frame, sql)
    if name == "alembic.op.execute" and any(isinstance(single, TextClause) for _, single in alternatives(given)):
        execute_clauses(frame, node, "op.execute", given, Connectable(None, migration=True))
        return Unknown("a result")
    frame.observe(node, name, Arguments([snapshot(frame, given)]), receiver)
    if name in ("sqlalchemy.text", "sqlalchemy.DDL"):
        return TextClause(node.origin, symbol=derived("text", node))
    return Unknown("a result", At(frame.number, node))


def execute_clauses(frame: Frame, node: ir.Call, name: str, statement: Value | None, receiver: Value) -> None:
    """Observes that text clauses are passed to an object that executes them."""
    for _, single in alternatives(force(frame, statement)) if statement is not None else ():
        if isinstance(single, TextClause):
            frame.observe(node, name, Arguments([single]), receiver)
