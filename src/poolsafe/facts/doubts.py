"""Calls that could not be checked. Suppression comments on them are therefore not reported as unused."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator

from poolsafe.facts.engine import Driver, Engine, NameFunction, Pool, PrePing, SizeState
from poolsafe.facts.observed import Observed, sql_of
from poolsafe.facts.statement import Runner, Statement
from poolsafe.inference import Module, Text, Value, alternatives, for_detection, looks_like_scheme
from poolsafe.records import frozen
from poolsafe.sql import scanner
from poolsafe.syntax.index import CallSite


class About(enum.Enum):
    """The unknown part of a call."""

    ENGINE = "the engine"
    SIZES = "the cache sizes"
    NAMES = "how statements are named, or whether AUTOCOMMIT is on"
    POOL = "the pool and its pre-ping"
    PARAMETERS = "the other arguments of asyncpg's connect()"
    SQL = "the SQL, or what runs it"


@frozen
class Doubt:
    """An unknown part of the call that starts at the offset `start`."""

    start: int
    about: About


def doubts_about_engines(module: Module, sites: Iterable[CallSite], engines: Iterable[Engine]) -> Iterator[Doubt]:
    """Yields the unknown parts of engines, and the calls that may create an engine but that no run reached."""
    judged = set()
    for engine in engines:
        start, _ = engine.span
        judged.add(start)
        for about in _unknown(engine):
            yield Doubt(start, about)
    for site in sites:
        start, _ = module.tree.span(site.node)
        if start not in judged:
            yield Doubt(start, About.ENGINE)


def doubts_about_statements(
    observed: Observed, sites: Iterable[CallSite], statements: Iterable[Statement]
) -> Iterator[Doubt]:
    """Yields the calls whose SQL is not completely known, or whose runner is unknown."""
    module = observed.module
    runners = {statement.call.start: statement.runner for statement in statements}
    texts: dict[int, list[Value]] = {}
    for calls in observed.statements:
        texts[id(calls[0].node)] = [sql_of(seen) for seen in calls]
    for site in sites:
        start, _ = module.tree.span(site.node)
        given = texts.get(id(site.node), [])
        known = bool(given) and all(map(_is_one_command, given))
        if runners.get(start, Runner.SYNC) is Runner.UNKNOWN or (start not in runners and not known):
            yield Doubt(start, About.SQL)


def _unknown(engine: Engine) -> Iterator[About]:
    if engine.url.driver is Driver.OTHER:
        return
    if engine.url.driver is Driver.UNKNOWN or engine.keywords_open:
        yield About.ENGINE
    sizes = engine.sizes.both
    if any(size.state is SizeState.UNKNOWN for size in sizes):
        yield About.SIZES
    if engine.naming.name_function is NameFunction.UNKNOWN or engine.autocommit is None:
        yield About.NAMES
    if engine.pooling.pool is Pool.UNKNOWN or engine.pooling.pre_ping is PrePing.UNKNOWN:
        yield About.POOL
    if not engine.parameters.known:
        yield About.PARAMETERS


def _is_one_command(sql: Value) -> bool:
    for _, single in alternatives(for_detection(sql)):
        if not isinstance(single, Text) or single.known is None:
            return False
        spans = None if looks_like_scheme(single.prefix) else scanner.split(single.known)
        if spans is not None and sum(scanner.holds_token(single.known[start:end]) for start, end in spans) > 1:
            return False
    return True
