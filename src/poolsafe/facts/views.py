"""The alternatives of an engine call: each URL with its guard, and the options under that guard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from poolsafe.facts.engine import Driver
from poolsafe.facts.places import explain
from poolsafe.findings import Related
from poolsafe.inference import (
    Absent,
    Const,
    Guard,
    IsSet,
    MappingValue,
    Module,
    ObservedCall,
    Reason,
    SchemeOf,
    Text,
    Unknown,
    Url,
    Value,
    alternatives,
    as_text,
    choose,
    compatible,
    conjunctions,
    defaults,
    derived,
    for_detection,
    is_override,
    is_parameter,
    restrict,
)
from poolsafe.inference.models import engine_url, parse_url, single_scheme
from poolsafe.libraries import ASYNCPG_KEYS, ENGINE_FUNCTIONS, OTHER_KEYS, PSYCOPG_SCHEMES, SQLITE_KEYS
from poolsafe.records import frozen

ASYNCPG = frozenset({"postgresql+asyncpg"})
_ASYNCPG_URL = "postgresql+asyncpg://"


@frozen
class View:
    """One alternative of an observed call: a URL under a guard.

    `narrowed` is a stronger guard for the options, if detection ignores some of the paths.
    """

    seen: ObservedCall
    guard: Guard
    url: Value
    driver: Driver
    narrowed: Guard = frozenset()

    def option(self, name: str) -> Value:
        """Returns the value of a keyword of the engine in this view, or Absent if it is certainly not passed."""
        return self.reached(option_of(self.seen, name))

    @property
    def whole(self) -> View:
        """The view with all its paths, as a fix has to see it."""
        return replace(self, narrowed=frozenset()) if self.narrowed else self

    def reached(self, value: Value) -> Value:
        """Returns the value of an option, or of an item in one, on the paths that lead to the call in this view."""
        ways = tuple(conjunctions(self.seen.path, [self.narrowed or self.guard]))
        return open_where_absent(restrict(value, ways or (self.guard,)))


def views_of(seen: ObservedCall) -> Iterator[View]:
    options = alternatives(engine_url(seen.function, seen.arguments))
    reached = [(guard, url) for guard, url in options if any(compatible(guard, at) for at in seen.path)]
    # Filter by path first: a default that is excluded there cannot replace its environment variable.
    hard = _hard(reached)
    overridden = len(hard) < len(reached)
    for view in _views(seen, hard):
        yield replace(view, driver=Driver.UNKNOWN) if overridden and _is_placeholder(view) else view


def overridden_views_of(seen: ObservedCall) -> Iterator[View]:
    """Yields the views that `views_of` leaves out: those in which the environment overrides a default."""
    options = alternatives(engine_url(seen.function, seen.arguments))
    reached = [(guard, url) for guard, url in options if any(compatible(guard, at) for at in seen.path)]
    counted = {id(url) for _, url in _hard(reached)}
    yield from _views(seen, [(guard, url) for guard, url in reached if id(url) not in counted])


def is_overridden(view: View, guard: Guard = frozenset()) -> bool:
    """Returns whether the URL of a view is a value from the environment that replaces a default, on a path."""
    return is_override(view.url if isinstance(view.url, Url) else as_text(view.url)) or _replaces_default(
        view, view.guard | guard
    )


def _replaces_default(view: View, guard: Guard) -> bool:
    """Returns whether a URL comes from a variable, and is asyncpg's if the variable is not set.

    Detection uses such a URL if a test shows how it begins, because the default may be another driver's.
    """
    pieces = as_text(view.url).pieces
    beginning = "".join(piece for piece in pieces[:1] if isinstance(piece, str))
    if view.driver is not Driver.UNKNOWN or (beginning and not begins_as_asyncpg(beginning)):
        return False
    rest = [piece.symbol for piece in pieces if isinstance(piece, Unknown) and piece.symbol is not None]
    brought = {
        one
        for one in guard
        if one.holds and isinstance(one.symbol, IsSet) and any(one.symbol.value in each.distinct() for each in rest)
    }
    return bool(brought) and any(
        mate.driver is Driver.ASYNCPG and any(one ^ 1 in mate.guard for one in brought) for mate in views_of(view.seen)
    )


def begins_as_asyncpg(beginning: str) -> bool:
    """Returns whether URLs of asyncpg, and perhaps of other drivers of PostgreSQL, begin like this."""
    return beginning.startswith("postgres") and _ASYNCPG_URL.startswith(beginning)


def _views(seen: ObservedCall, options: list[tuple[Guard, Value]]) -> Iterator[View]:
    for guard, url in options:
        for inner, single, scheme in _schemes(url):
            if compatible(guard, inner):
                driver = Driver.OTHER if _begins_otherwise(single) else _driver(scheme)
                view = View(seen, guard | inner, single, driver)
                told = _told_by_keys(view)
                yield view if told is None else replace(view, driver=told)


def _is_placeholder(view: View) -> bool:
    """Returns whether an asynchronous engine has a URL without a driver, which SQLAlchemy 2.0 rejects.

    A URL with an unknown rest does not count: the code may have changed the scheme of an asyncpg URL.
    """
    whole = not isinstance(view.url, Text) or view.url.known is not None
    plain = single_scheme(view.url) in ("postgresql", "postgres")
    return whole and plain and view.driver is Driver.OTHER and ENGINE_FUNCTIONS[view.seen.function]


def _is_out_of_sight(seen: ObservedCall) -> bool:
    """Returns whether nothing is known about the driver in a call's URL.

    A parameter is not out of sight: its function may never be called, or may be called with another driver's URL.
    Neither is a value from the environment that replaces a default.
    """
    if seen.arguments.get(0, "url") is None:
        return False
    url = engine_url(seen.function, seen.arguments)
    return all(
        scheme is None
        and not isinstance(single, (Absent, Text))
        and not is_parameter(single)
        and not is_override(single)
        for _, one in alternatives(url)
        for _, single, scheme in _schemes(one)
    )


def detection_alternatives(value: Value) -> list[tuple[Guard, Value]]:
    """Returns the alternatives of an option used for detection: a default wins over its environment variable."""
    return defaults(list(alternatives(value)))


def _hard(options: list[tuple[Guard, Value]]) -> list[tuple[Guard, Value]]:
    """Returns the alternatives of a URL used for detection."""
    return [(guard, single) for guard, single in options if not is_override(single)] or options


def _schemes(url: Value) -> Iterator[tuple[Guard, Value, str | None]]:
    """Yields the possible schemes of one URL; a URL object may have several drivers."""
    if isinstance(url, Url):
        for guard, driver in _hard(list(alternatives(url.drivername))):
            yield guard, url, as_text(driver).known
        return
    yield frozenset(), url, single_scheme(url)


def schemes_of(seen: ObservedCall) -> Iterator[str]:
    """Yields the known schemes of an observed call's URL, including those of values from the environment."""
    for _, url in alternatives(engine_url(seen.function, seen.arguments)):
        yield from (scheme for _, _, scheme in _schemes(url) if scheme is not None)


def begins_as(url: Value) -> str:
    """Returns the known beginning of a URL, including its scheme, or ""."""
    if isinstance(url, Text) and url.prefix:
        return url.prefix
    schemes = {scheme for _, _, scheme in _schemes(url)}
    (only,) = schemes if len(schemes) == 1 else (None,)
    return "" if only is None else f"{only}://"


def _begins_otherwise(url: Value) -> bool:
    """Returns whether a URL begins with the name of another database, as after `url.startswith("sqlite")`."""
    return isinstance(url, Text) and url.prefix.startswith(_OTHER_DATABASES)


_OTHER_DATABASES = ("sqlite", "mysql", "mariadb", "oracle", "mssql")


def _driver(scheme: str | None) -> Driver:
    if scheme is None:
        return Driver.UNKNOWN
    return Driver.ASYNCPG if scheme in ASYNCPG else Driver.OTHER


def uses_neither_driver(seen: ObservedCall) -> bool:
    """Returns whether an engine certainly uses neither asyncpg nor psycopg 3, whatever its unknown parts are."""
    if seen.function not in ENGINE_FUNCTIONS:
        return False
    views = list(_views(seen, list(alternatives(engine_url(seen.function, seen.arguments)))))
    return bool(views) and all(
        view.driver is Driver.OTHER and single_scheme(view.url) not in PSYCOPG_SCHEMES for view in views
    )


def _told_by_keys(view: View) -> Driver | None:
    """Returns the driver that the keys of connect_args imply, or None if they imply no more than the URL.

    An asynchronous engine with an unknown driver uses asyncpg if it has keys that only asyncpg and its dialect accept,
    and another driver if it has keys that asyncpg rejects. A synchronous one uses SQLite if it has a key of the
    `sqlite3` module, even if a default names asyncpg.
    """
    if not ENGINE_FUNCTIONS[view.seen.function]:
        return Driver.OTHER if view.driver is not Driver.OTHER and _gives(view, SQLITE_KEYS) else None
    # A value from the environment that replaces a default can be for any driver, whatever the keys.
    if view.driver is not Driver.UNKNOWN or not _is_out_of_sight(view.seen):
        return None
    if _gives(view, ASYNCPG_KEYS):
        return Driver.ASYNCPG
    return Driver.OTHER if _gives(view, OTHER_KEYS) else None


def _gives(view: View, keys: Iterable[str]) -> bool:
    """Returns whether connect_args have a known value for one of the keys on every path."""
    dicts = [
        single.items if isinstance(single, MappingValue) else {}
        for _, single in alternatives(view.option("connect_args"))
    ]
    return any(is_given(connect_arg(view, key)) for key in keys if all(key in items for items in dicts))


def is_given(value: Value) -> bool:
    """Returns whether a key has a known value on every path."""
    return all(not isinstance(single, (Absent, Unknown)) for _, single in alternatives(value))


def other_driver(views: list[View]) -> Driver:
    return Driver.OTHER if views and all(view.driver is Driver.OTHER for view in views) else Driver.UNKNOWN


def names_driver_apart(url: Value) -> bool:
    """Returns whether the URL is composed of an unknown driver and the rest, which suggests several drivers."""
    if isinstance(url, Url):
        return any(
            not (isinstance(piece, Unknown) and isinstance(piece.symbol, SchemeOf))
            for _, single in _hard(list(alternatives(url.drivername)))
            for piece in as_text(single).pieces
        )
    if not isinstance(url, Text) or len(url.pieces) < 2 or not isinstance(url.pieces[0], Unknown):
        return False
    return isinstance(url.pieces[1], str) and url.pieces[1].startswith(("://", "+"))


def driver_reason_of(views: list[View]) -> str:
    for view in views:
        if view.driver is Driver.UNKNOWN:
            if single_scheme(view.url) is not None:
                return "its default has no asynchronous driver, so the environment must provide a different URL"
            url = view.url.drivername if isinstance(view.url, Url) else view.url
            pieces = as_text(url, "the URL is not a string that poolsafe can follow").pieces
            reasons = (piece.reason for piece in pieces if isinstance(piece, Unknown))
            return next(reasons, "the URL is not a string that poolsafe can follow")
    return ""


def url_origin_of(views: list[View], module: Module, span: tuple[int, int]) -> tuple[Related, ...]:
    for view in views:
        provenance = view.url.provenance or (view.url.drivername.provenance if isinstance(view.url, Url) else ())
        places = explain(provenance, "the URL", module, span)
        if places:
            return places
    return ()


def option_of(seen: ObservedCall, name: str) -> Value:
    """Returns the value of a keyword of an engine function, or of a key of its configuration."""
    arguments = seen.arguments
    given = arguments.keywords.get(name)
    if given is not None and not maybe_absent(given):
        return given
    missing: Value = Absent()
    if arguments.open_keywords is not None:
        missing = Unknown(arguments.open_keywords, derived("option", seen, name))
    elif seen.function.endswith("from_config"):
        missing = configured(seen, name)
    if given is None:
        return missing
    if isinstance(missing, Absent):
        return given
    return choose((guard, missing if isinstance(single, Absent) else single) for guard, single in alternatives(given))


def configured_keys(seen: ObservedCall) -> list[str]:
    """Returns the known options in the configuration of an engine function, without their prefix."""
    if not seen.function.endswith("from_config"):
        return []
    prefix = _prefix(seen)
    sections = [single for _, single in alternatives(seen.arguments.get(0, "configuration") or Absent())]
    keys = [key for section in sections if isinstance(section, MappingValue) for key in section.items]
    return [key[len(prefix) :] for key in keys if isinstance(key, str) and key.startswith(prefix)]


def _prefix(seen: ObservedCall) -> str:
    prefix = as_text(for_detection(seen.arguments.get(1, "prefix") or as_text(Const("sqlalchemy.")))).known or ""
    return "sqlalchemy." if prefix == "" and seen.arguments.get(1, "prefix") is None else prefix


def configured(seen: ObservedCall, name: str) -> Value:
    section = seen.arguments.get(0, "configuration") or Absent()
    prefix = _prefix(seen)

    def one(single: Value) -> Value:
        if isinstance(single, Unknown):
            return Unknown(single.reason, derived("configured", single.symbol, name), override=single.override)
        if not isinstance(single, MappingValue):
            return Absent()
        # An option that is missing from alembic.ini is absent: it is rarely set elsewhere.
        closed = single.open is Reason.ALEMBIC_SECTION
        return single.items.get(prefix + name, Absent()) if closed else single.get(prefix + name)

    return choose((guard, one(single)) for guard, single in alternatives(section))


def maybe_absent(value: Value) -> bool:
    return any(isinstance(single, Absent) for _, single in alternatives(value))


def judged_value(value: Value) -> Value:
    """Returns the value with only the alternatives used for detection."""
    return choose(detection_alternatives(value))


def judged_values(value: Value) -> list[Value]:
    """Returns the alternatives used for detection: a default wins over its environment variable."""
    return [single for _, single in detection_alternatives(value)]


def connect_arg(view: View, key: str) -> Value:
    """Returns the value of a key of connect_args in this view, or Absent if it is certainly not set."""
    not_followed = "connect_args is not a dict that poolsafe can follow"
    value = item_of(view.option("connect_args"), key, "connect_args", not_followed)
    return view.reached(value)


def item_of(container: Value, key: str, name: str, not_followed: str) -> Value:
    """Returns the value of a key of the dict of options called `name`. None instead of a dict counts as an empty dict.

    `not_followed` is the reason why a key's value is unknown if the dict is some other object.
    """

    def one(single: Value) -> Value:
        match single:
            case MappingValue():
                return single.get(key)
            case Absent() | Const(value=None):
                return Absent()
            case Unknown():
                return Unknown(single.reason, derived(name, single.symbol, key), override=single.override)
        return Unknown(not_followed)

    return choose((guard, one(single)) for guard, single in alternatives(container))


def open_where_absent(value: Value) -> Value:
    """Returns the value, in which a parameter no longer counts as an override if its default has no value.

    A default that has a value is trusted. Otherwise, callers outside the project may pass a value.
    """
    options = alternatives(value)
    overrides = [single for _, single in options if is_override(single) and is_parameter(single)]
    if not overrides or not any(isinstance(single, Absent) or single == Const(None) for _, single in options):
        return value
    return choose(
        (guard, replace(single, override=False) if isinstance(single, Unknown) and is_parameter(single) else single)
        for guard, single in options
    )


def query_value(url: Value, key: str) -> Value:
    parsed = parse_url(url) if isinstance(url, Text) else url
    if not isinstance(parsed, Url):
        return Absent()
    query = parsed.query
    singles = [single for _, single in alternatives(query)]
    found = [single.items[key] for single in singles if isinstance(single, MappingValue) and key in single.items]
    return found[0] if found else Absent()


def as_python(value: Value) -> str:
    if isinstance(value, Const):
        return repr(value.value)
    if isinstance(value, Text) and value.known is not None:
        return repr(value.known)
    return ""
