"""Fixed programs behave as before apart from the fix, in any layout: they are run with stand-ins for SQLAlchemy."""

from __future__ import annotations

import io
import tokenize
from collections import Counter
from typing import Any

from hypothesis import strategies as st
from oracle.execution import EngineCall, run
from oracle.truth import PREPARED, QUEUE_ONLY, STATEMENT
from samples import law
from torture import programs

from poolsafe import edits
from poolsafe.checker import check
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability, Finding, Fix
from poolsafe.source import Source

NEW = Deployment(PoolMode.TRANSACTION)
OLD = Deployment(PoolMode.TRANSACTION, asyncpg=(0, 30), sqlalchemy=(2, 0, 40))
FOREIGN = ("sslmode", "application_name", "connect_timeout", "check_same_thread", "pgbouncer")
SIZES = (STATEMENT, PREPARED)
ABOUT_SIZES = {"PGB101", "PGB102", "PGB103", "PGB104", "PGB105", "PGB108"}


@law(programs(), st.sampled_from([NEW, OLD]), st.booleans(), sample=30, most=150)
def test_the_fixed_program_does_the_same(program: bytes, deployment: Deployment, unsafe: bool) -> None:
    torment(program, deployment, unsafe=unsafe)


def torment(program: bytes, deployment: Deployment, *, unsafe: bool) -> None:
    """Fixes a program, runs it before and after, and compares the results."""
    source = Source.decode("app.py", program)

    seen: dict[bytes, list[Finding]] = {}

    def reported(each: Source) -> list[Finding]:
        if each.raw not in seen:
            seen[each.raw] = list(check(each, deployment).findings)
        return seen[each.raw]

    def accepts(fix: Fix) -> bool:
        return fix.applicability is Applicability.SAFE or (unsafe and fix.applicability is Applicability.UNSAFE)

    before = engines(program)
    assert_nothing_is_missed(before, reported(source), deployment)
    for finding in reported(source):
        if finding.fix is not None:
            assert_only_the_edits_change(source, finding.fix)
    repair = edits.repair(source, reported, accepts)
    assert repair.refused == ()
    raw = repair.source.raw
    after = engines(raw)
    assert len(after) == len(before)
    for was, now in zip(before, after, strict=True):
        assert_repaired(was, now, unsafe=unsafe)
    assert_nothing_is_missed(after, reported(repair.source), deployment)
    assert not any(accepts(finding.fix) for finding in reported(repair.source) if finding.fix)
    assert comments(raw) == comments(program)


def engines(program: bytes) -> list[EngineCall]:
    """Returns the engines that a program creates; it must not raise."""
    done = run(program, {})
    assert done.error == ""
    return done.engines


def assert_nothing_is_missed(calls: list[EngineCall], findings: list[Finding], deployment: Deployment) -> None:
    """Checks that engines without findings are correct."""
    codes = {finding.code for finding in findings}
    for call in calls:
        if not call.is_asyncpg:
            continue
        given_ = call.to_asyncpg
        if not codes & ABOUT_SIZES:
            assert [int(given_.get(size, -1)) for size in SIZES] == [0, 0]
            assert not any(size in to_engine(call) for size in SIZES)
        if not codes & (ABOUT_SIZES | {"PGB106"}) and deployment is OLD:
            assert given_["prepared_statement_name_func"]() == ""
        if not codes & {"PGB201", "PGB202"}:
            assert call.options.get("pool_pre_ping") or not call.keeps_connections
        if "PGB203" not in codes:
            assert call.keeps_connections or not any(name in call.options for name in QUEUE_ONLY)
        if "PGB205" not in codes:
            assert not any(name in given_ for name in FOREIGN)
            assert not isinstance(given_.get("timeout"), str)


def assert_repaired(was: EngineCall, now: EngineCall, *, unsafe: bool) -> None:
    """Checks that every value is either unchanged or fixed, and that nothing else changes."""
    if not was.is_asyncpg and not unsafe:
        assert (now.function, now.url, now.options) == (was.function, was.url, was.options)
        return
    assert was.is_asyncpg or now.to_asyncpg == was.to_asyncpg
    assert (now.function, now.url.set(query={})) == (was.function, was.url.set(query={}))
    assert engine_options(now) == engine_options(was)
    assert parameters(now) == parameters(was)
    assert now.options.get("pool_pre_ping") in (was.options.get("pool_pre_ping"), True)
    for size in SIZES:
        assert now.to_asyncpg.get(size) in (was.to_asyncpg.get(size), 0)
        assert to_engine(now).get(size) in (to_engine(was).get(size), None)
    for name in QUEUE_ONLY:
        assert now.options.get(name) == was.options.get(name) or (name not in now.options and not was.keeps_connections)


def to_engine(call: EngineCall) -> dict[str, Any]:
    return {name: value for name, value in call.options.items() if name != "connect_args"}


def engine_options(call: EngineCall) -> dict[str, Any]:
    """Returns the engine's own arguments, without those that a fix may change."""
    return {
        name: value for name, value in to_engine(call).items() if name not in (*SIZES, *QUEUE_ONLY, "pool_pre_ping")
    }


def parameters(call: EngineCall) -> dict[str, Any]:
    """Returns the arguments of asyncpg under its own names, without those that a fix may change."""
    given_ = {key: value for key, value in call.to_asyncpg.items() if key not in SIZES}
    name_function = given_.pop("prepared_statement_name_func", None)
    assert name_function is None or name_function() == ""
    server_settings = dict(given_.pop("server_settings", None) or {})
    if "application_name" in given_:
        server_settings["application_name"] = given_.pop("application_name")
    for own, foreign in (("ssl", "sslmode"), ("timeout", "connect_timeout")):
        if foreign in given_:
            given_.setdefault(own, given_[foreign])
            del given_[foreign]
    if "timeout" in given_:
        given_["timeout"] = float(given_["timeout"])
    for name in ("check_same_thread", "pgbouncer"):
        given_.pop(name, None)
    return {**given_, "server_settings": server_settings}


def assert_only_the_edits_change(source: Source, fix: Fix) -> None:
    result, done = edits.apply(source, [fix])
    assert done
    position, expected = 0, b""
    for edit in sorted(fix.edits, key=lambda each: (each.start, each.end)):
        piece = source.encode(source.text[position : edit.start]).removeprefix(b"\xef\xbb\xbf")
        assert piece in result.raw
        expected += piece + source.encode(edit.content).removeprefix(b"\xef\xbb\xbf")
        position = edit.end
    rest = source.encode(source.text[position:]).removeprefix(b"\xef\xbb\xbf")
    assert result.raw.removeprefix(b"\xef\xbb\xbf") == expected + rest
    assert result.raw.startswith(b"\xef\xbb\xbf") == source.raw.startswith(b"\xef\xbb\xbf")


def comments(raw: bytes) -> Counter[str]:
    text = Source.decode("app.py", raw).text.replace("\r\n", "\n").replace("\r", "\n")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)
