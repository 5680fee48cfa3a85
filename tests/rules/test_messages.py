"""The messages of the rules, built from facts alone and checked for readability."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import replace
from typing import Any

import laws
import pytest
from by_hand import engine_of_call
from message_length import LONGEST, counted

from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.engine import (
    CacheSize,
    ConnectArgs,
    ConnectArgsForm,
    ConnectParameter,
    Driver,
    Engine,
    Misplaced,
    MisplacedWhere,
    NameFunction,
    ParameterWhere,
    Pool,
    PoolArgument,
    PrePing,
    ServerSetting,
    SizeState,
)
from poolsafe.facts.statement import Piece, Runner, Statement
from poolsafe.facts.unparsable import Unparsable
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import Rule
from poolsafe.rules.foreign_parameters import FOREIGN
from poolsafe.rules.registry import rules
from poolsafe.source import Source
from poolsafe.syntax.layout import CallLayout

ABSENT, ZERO, POSITIVE = SizeState.ABSENT, SizeState.ZERO, SizeState.POSITIVE
INVALID, SOMETIMES, UNKNOWN = SizeState.INVALID, SizeState.CONDITIONAL, SizeState.UNKNOWN
TEXT = "create_async_engine()"
CALL = CallLayout(0, len(TEXT), len(TEXT) - 1, len(TEXT) - 1, ())
SOURCE = Source.from_text("db.py", TEXT)
PREFIX = "assuming the driver is asyncpg, "
STATEMENT, PREPARED, NAME = "statement_cache_size", "prepared_statement_cache_size", "prepared_statement_name_func"


parameter = functools.partial(ConnectParameter, everywhere=True)


def engine(statement: SizeState = ZERO, prepared: SizeState = ZERO, value: str = "", **changes: Any) -> Engine:
    # A form that no fix can extend: the messages are what is looked at here.
    facts: dict[str, Any] = {
        "statement": CacheSize(STATEMENT, statement, value),
        "prepared": CacheSize(PREPARED, prepared, value),
        "pre_ping": PrePing.TRUE,
    }
    return engine_of_call(CALL, ConnectArgs(ConnectArgsForm.FIXED), **facts | changes)


def said(fact: Any, **deployment: Any) -> list[Finding]:
    where = Deployment(**deployment)
    return [
        finding for rule in rules() if isinstance(fact, rule.subject) for finding in rule.check(fact, where, SOURCE)
    ]


def misplaced(where: MisplacedWhere, key: str = "statement_cache_size", value: str = "0") -> tuple[Misplaced, ...]:
    return (Misplaced(key, where, value),)


OLD = {"asyncpg": (0, 30, 0), "sqlalchemy": (2, 0, 40)}
NONE = {"pooler": PoolMode.NONE}
SESSION = {"pooler": PoolMode.SESSION}
TRANSACTION = {"pooler": PoolMode.TRANSACTION}

# A fact, the deployment, the codes, and phrases of the first message.
TABLE: list[tuple[Any, dict[str, Any], list[str], list[str]]] = [
    (engine(), {}, [], []),
    (engine(ABSENT, ABSENT), NONE, [], []),
    (engine(ABSENT, ABSENT), SESSION, [], []),
    (engine(ABSENT, ABSENT, driver=Driver.OTHER), {}, [], []),
    (engine(ABSENT, ABSENT, driver=Driver.UNKNOWN), {}, [], []),
    (engine(ABSENT, ABSENT, driver=Driver.UNKNOWN), {"assume_asyncpg": True}, ["PGB101"], [PREFIX]),
    (engine(ABSENT, ABSENT, driver=Driver.UNKNOWN, asynchronous=False), {"assume_asyncpg": True}, [], []),
    (
        engine(ABSENT, ABSENT),
        {},
        ["PGB101"],
        ["asyncpg's `statement_cache_size`", "another client's rows", "behind a pooler such as PgBouncer"],
    ),
    (engine(ABSENT, ABSENT), TRANSACTION, ["PGB101"], ["the configured transaction pooler"]),
    (engine(ABSENT, ABSENT), OLD, ["PGB101"], ["use asyncpg >= 0.31"]),
    (engine(ABSENT, ABSENT, creator="async_creator"), {}, ["PGB101"], ["in the creator"]),
    (engine(ZERO, ABSENT, creator="async_creator"), {}, [], []),
    (engine(ZERO, ABSENT, creator="async_creator"), OLD, ["PGB106"], ["use asyncpg >= 0.31"]),
    (engine(ABSENT, ZERO), {}, ["PGB102"], ["only SQLAlchemy's", "also set asyncpg's"]),
    (
        engine(ZERO, ABSENT),
        {},
        ["PGB102"],
        ["only asyncpg's `statement_cache_size` is 0", "or require asyncpg >= 0.31"],
    ),
    (engine(ZERO, ABSENT), {"asyncpg": (0, 31)}, [], []),
    (engine(POSITIVE, ZERO, "50"), {}, ["PGB103"], ["asyncpg's `statement_cache_size` is 50", "; set it to 0"]),
    (
        engine(POSITIVE, ABSENT, "50"),
        {},
        ["PGB103"],
        ["; set it and SQLAlchemy's `prepared_statement_cache_size` to 0"],
    ),
    (engine(POSITIVE, POSITIVE, "50"), {}, ["PGB103"], ["is 50 and SQLAlchemy's"]),
    (engine(INVALID, ZERO, "None"), NONE, ["PGB104"], ["ValueError", "got None", "on every server"]),
    (engine(INVALID, ZERO, "'0'"), {}, ["PGB104"], ["'<' not supported between instances of 'str' and 'int'"]),
    (engine(ZERO, INVALID, "'0'"), {}, ["PGB104"], ["can't multiply sequence by non-int of type 'float'"]),
    (engine(ZERO, INVALID, "-1"), {}, ["PGB104"], ["never returns"]),
    (
        engine(ABSENT, ZERO, misplaced=misplaced(MisplacedWhere.ENGINE_KEYWORD)),
        NONE,
        ["PGB105"],
        ["Invalid argument(s) 'statement_cache_size' sent to create_engine()", "`connect_args`"],
    ),
    (engine(ABSENT, ZERO, misplaced=misplaced(MisplacedWhere.ENGINE_KEYWORD)), {}, ["PGB105"], []),
    (
        engine(ABSENT, ABSENT, misplaced=misplaced(MisplacedWhere.ENGINE_KEYWORD)),
        {},
        ["PGB105"],
        ["`connect_args` and add `prepared_statement_cache_size=0`"],
    ),
    (engine(ABSENT, ZERO, misplaced=misplaced(MisplacedWhere.URL_QUERY)), {}, ["PGB105"], ["in the URL is a string"]),
    (engine(ABSENT, ZERO, misplaced=misplaced(MisplacedWhere.ALEMBIC_KEY)), {}, ["PGB105"], ["alembic.ini section"]),
    (
        engine(ABSENT, ABSENT, misplaced=misplaced(MisplacedWhere.BESIDE_CREATOR), creator="async_creator"),
        {},
        ["PGB105"],
        ["ignores `connect_args` if `async_creator` is set"],
    ),
    (engine(misplaced=misplaced(MisplacedWhere.BESIDE_CREATOR), creator="async_creator"), NONE, [], []),
    (
        engine(misplaced=misplaced(MisplacedWhere.ASYNCPG_CALL, "prepared_statement_cache_size")),
        {},
        ["PGB105"],
        ["passing SQLAlchemy's `prepared_statement_cache_size` to asyncpg"],
    ),
    (engine(), OLD, ["PGB106"], ["asyncpg 0.30.0", 'prepared_statement_name_func=lambda: ""']),
    (engine(), {"asyncpg": (0, 27)}, ["PGB106"], ["; use asyncpg >= 0.31"]),
    (engine(own_class=True), OLD, [], []),
    (engine(name_function=NameFunction.UNIQUE, autocommit=True), {}, ["PGB107"], ["AUTOCOMMIT"]),
    (engine(ABSENT, ZERO, name_function=NameFunction.UNIQUE), {}, ["PGB102", "PGB107"], []),
    (engine(name_function=NameFunction.EMPTY), {"asyncpg": (0, 27)}, ["PGB107"], ["unnamed prepared statement"]),
    (engine(name_function=NameFunction.UNIQUE), {"sqlalchemy": (1, 4, 54)}, ["PGB107"], ["needs SQLAlchemy >= 2.0.10"]),
    (engine(SOMETIMES, SOMETIMES), {}, ["PGB108"], ["only on some code paths"]),
    (engine(), {"pooler": PoolMode.STATEMENT, "asyncpg": (0, 32)}, ["PGB109"], ["statement pooling mode"]),
    (engine(pre_ping=PrePing.ABSENT), {}, ["PGB201"], ["client_idle_timeout", "ConnectionDoesNotExistError"]),
    (engine(pre_ping=PrePing.ABSENT), SESSION, ["PGB201"], ["restart of PgBouncer or PostgreSQL"]),
    (engine(pre_ping=PrePing.ABSENT), NONE, [], []),
    (engine(pre_ping=PrePing.ABSENT, pool=Pool.NULL), {}, [], []),
    (engine(pre_ping=PrePing.ABSENT, pool=Pool.UNKNOWN), {}, [], []),
    (engine(pre_ping=PrePing.CONDITIONAL), {}, [], []),
    (engine(pre_ping=PrePing.FALSE), {}, ["PGB202"], ["is False"]),
    (engine(pre_ping=PrePing.FALSE, pool=Pool.STATIC), {}, [], []),
    (engine(pool=Pool.NULL, arguments=(PoolArgument("pool_size"),)), NONE, ["PGB203"], ["NullPool does not accept"]),
    (engine(pool=Pool.NULL, arguments=(PoolArgument("pool_recycle"),)), {}, [], []),
    (engine(server_settings=(ServerSetting("jit"),)), SESSION, ["PGB204"], ["unsupported startup parameter: jit"]),
    (engine(server_settings=(ServerSetting("TimeZone"),)), {}, [], []),
    (
        engine(server_settings=(ServerSetting("jit"), ServerSetting("geqo"))),
        {"parameters": frozenset({"jit"})},
        ["PGB204"],
        ["`geqo` in", "unsupported startup parameter: geqo"],
    ),
    (engine(server_settings=(ServerSetting("JIT"),)), {"parameters": frozenset({"jit"})}, ["PGB204"], ["no effect"]),
    (
        engine(connect=(parameter("sslmode", ParameterWhere.URL_QUERY),)),
        NONE,
        ["PGB205"],
        ["libpq's `sslmode` in the URL", "; use asyncpg's `ssl`"],
    ),
    (
        engine(connect=(parameter("sslmode", ParameterWhere.URL_QUERY, everywhere=False),)),
        NONE,
        ["PGB205"],
        ["libpq's `sslmode` in the URL on some code paths: asyncpg raises"],
    ),
    (
        engine(connect=(parameter("sslmode", ParameterWhere.URL_QUERY, "'required'"),)),
        NONE,
        ["PGB205"],
        ["keyword argument 'sslmode'`; use asyncpg's `ssl` with 'require', because 'required' is not a mode"],
    ),
    (
        engine(connect=(parameter("sslmode", ParameterWhere.URL_QUERY),), creator="async_creator"),
        NONE,
        [],
        [],
    ),
    (engine(server_settings=(ServerSetting("jit"),), creator="async_creator"), SESSION, [], []),
    (
        engine(connect=(parameter("ssl", ParameterWhere.CONNECT_ARGS, "'true'"),)),
        NONE,
        ["PGB205"],
        ["asyncpg's `ssl` is 'true' in `connect_args`", "parameter must be one of: disable, allow"],
    ),
    (engine(connect=(parameter("ssl", ParameterWhere.URL_QUERY, "'verify_full'"),)), NONE, [], []),
    (engine(connect=(parameter("ssl", ParameterWhere.URL_QUERY),)), NONE, [], []),
    (
        engine(connect=(parameter("timeout", ParameterWhere.URL_QUERY, "'5'"),)),
        NONE,
        ["PGB205"],
        ["asyncpg's `timeout` in the URL is a string", "; pass it as a number in `connect_args`"],
    ),
    (engine(connect=(parameter("command_timeout", ParameterWhere.URL_QUERY, "'5'"),)), NONE, [], []),
    (engine(connect=(parameter("timeout", ParameterWhere.CONNECT_ARGS),)), {}, [], []),
    (
        engine(name_function=NameFunction.UNIQUE),
        {"asyncpg": (0, 28), "sqlalchemy": (2, 0, 20)},
        ["PGB206"],
        ["SQLAlchemy >= 2.0.21"],
    ),
    (Unparsable("db.py", 0, 0, "line 3: invalid syntax"), NONE, ["PGB009"], ["`db.py` could not be parsed (line 3"]),
]


@pytest.mark.parametrize(("fact", "deployment", "codes", "phrases"), TABLE)
def test_message(fact: Any, deployment: dict[str, Any], codes: list[str], phrases: list[str]) -> None:
    found = said(fact, **deployment)
    assert [finding.code for finding in found] == codes
    for phrase in phrases:
        assert phrase in found[0].message


def test_what_fails_everywhere_is_an_error_without_evidence() -> None:
    old = engine(name_function=NameFunction.EMPTY)
    assert [finding.severity for finding in said(old, asyncpg=(0, 27))] == [Severity.ERROR]
    assert [finding.severity for finding in said(engine(INVALID, ZERO, "None"))] == [Severity.ERROR]
    assert [finding.severity for finding in said(engine(ABSENT, ABSENT))] == [Severity.WARNING]


def statement(function: str, runner: Runner, *commands: str) -> Statement:
    pieces = tuple(Piece(command, None) for command in commands)
    return Statement("db.py", function, CALL, pieces, runner, "", None, None, None, False, False)


@pytest.mark.parametrize(
    ("fact", "assumed", "codes"),
    [
        (statement("sqlalchemy.text", Runner.ASYNC, "SELECT 1", "SELECT 2"), None, ["PGB301"]),
        (statement("sqlalchemy.text", Runner.ASYNC, "SELECT 1"), None, []),
        (statement("sqlalchemy.text", Runner.SYNC, "SELECT 1", "SELECT 2"), True, []),
        (statement("sqlalchemy.text", Runner.UNKNOWN, "SELECT 1", "SELECT 2"), None, []),
        (statement("sqlalchemy.text", Runner.UNKNOWN, "SELECT 1", "SELECT 2"), True, ["PGB301"]),
        (statement("exec_driver_sql", Runner.ASYNC, "SELECT 1", "SELECT 2"), None, ["PGB302"]),
    ],
)
def test_statements(fact: Statement, assumed: bool | None, codes: list[str]) -> None:
    assert [finding.code for finding in said(fact, assume_asyncpg=assumed)] == codes
    assert [finding.code for finding in said(fact, assume_asyncpg=assumed, pooler=PoolMode.NONE)] == codes
    seen = codes if fact.runner is not Runner.UNKNOWN else []
    assert [finding.code for finding in said(fact, assume_asyncpg=assumed, synchronous_too=True)] == seen


DEPLOYMENTS = [
    Deployment(pooler=pooler, max_prepared_statements=size, asyncpg=asyncpg, sqlalchemy=sqlalchemy)
    for pooler, size, asyncpg, sqlalchemy in itertools.product(
        PoolMode, [None, 0, 200], [None, (0, 27), (0, 30), (0, 31)], [None, (2, 0, 9), (2, 0, 20), (2, 1)]
    )
]


# Words that readers stumble over.
ODD = ("that is", "that are", "nobody", "whoever", "(assumed)")

LAYER = re.compile(r"\b(asyncpg|SQLAlchemy|libpq|psycopg|SQLite|MySQL|Prisma|JDBC|Supabase|PostgreSQL)\b")
EXCEPTION = re.compile(r"\b[A-Z]\w+(?:Error|Exception)\b")
QUOTED = re.compile(r"`([^`]+)`")
JARGON = ("verdict", "lattice", "provenance", "subject", "evidence", "fact ")


def assert_can_be_read(finding: Finding, rule: Rule) -> None:
    """Checks the laws of a message: one line that can be searched for and that ends with what to do."""
    message = finding.message
    assert finding.severity in rule.severities
    assert "\n" not in message
    assert message[-1] not in ".;:"
    assert message.count("; ") == 1, f"the last part, after a semicolon, says what to do: {message}"
    assert counted(message) <= LONGEST, f"{counted(message)} characters: {message}"
    stumbled = [word for word in (*JARGON, *ODD) if word in message]
    assert not stumbled, f"readers stumble over these words: {message}"
    if rule.subject is Engine:
        assert LAYER.search(message), f"name the library of the key: {message}"
    page = " ".join(rule.page.split())
    for exception in EXCEPTION.findall(message):
        assert exception in page, f"{exception} is not on the page of {rule.code}"
    if rule.subject in (Engine, Statement) and "never returns" not in message and "no effect" not in message:
        quoted = [text for text in QUOTED.findall(message) if len(text.split()) > 3]
        searchable = quoted or EXCEPTION.search(message) or "another query's rows" in message
        assert searchable, f"name the exception or quote its text, or say that there is no effect: {message}"


RULES = {rule.code: rule for rule in rules()}


@pytest.mark.parametrize("step", [11, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", NameFunction)
def test_every_message_can_be_read_alone(name: NameFunction, step: int) -> None:
    for states in itertools.product(SizeState, SizeState):
        fact = engine(*states, "'0'" if INVALID in states else "50", name_function=name, pre_ping=PrePing.ABSENT)
        for deployment in DEPLOYMENTS[::step]:
            for rule in rules():
                if rule.subject is Engine:
                    for finding in rule.check(fact, deployment, SOURCE):
                        assert_can_be_read(finding, rule)
                        assert deployment.pooler is not PoolMode.NONE or finding.severity is Severity.ERROR


@pytest.mark.long
def test_no_rule_announces_a_severity_that_it_never_has() -> None:
    found = {
        (each.code, each.severity)
        for case in laws.cases("bad")
        for pooler in (case.deployment.pooler, PoolMode.TRANSACTION)
        for each in laws.findings(case.source, replace(case.deployment, pooler=pooler))
    }
    for (fact, *_), deployment in itertools.product(TABLE, DEPLOYMENTS):
        found |= {
            (each.code, each.severity)
            for rule in rules()
            if isinstance(fact, rule.subject)
            for each in rule.check(fact, deployment, SOURCE)
        }
    assert found == {(rule.code, severity) for rule in rules() for severity in rule.severities}


@pytest.mark.parametrize(("fact", "deployment", "codes", "phrases"), TABLE)
def test_every_message_of_the_table_can_be_read(
    fact: Any, deployment: dict[str, Any], codes: list[str], phrases: list[str]
) -> None:
    for finding in said(fact, **deployment):
        assert_can_be_read(finding, RULES[finding.code])


@pytest.mark.parametrize("case", [*laws.cases("bad"), *laws.shop()], ids=lambda case: case.name)
def test_every_message_of_the_fixtures_can_be_read(case: laws.Case) -> None:
    for finding in laws.findings(case.source, case.deployment):
        assert_can_be_read(finding, RULES[finding.code])


@pytest.mark.parametrize("where", [each for each in MisplacedWhere if each is not MisplacedWhere.URL_QUERY])
@pytest.mark.parametrize("keys", [(STATEMENT,), (PREPARED,), (STATEMENT, PREPARED), (STATEMENT, PREPARED, NAME)])
def test_misplaced_keys_can_be_read(where: MisplacedWhere, keys: tuple[str, ...]) -> None:
    creator = "async_creator" if where is MisplacedWhere.BESIDE_CREATOR else None
    fact = engine(misplaced=tuple(Misplaced(key, where, "0") for key in keys), creator=creator)
    found = [finding for finding in said(fact) if finding.code == "PGB105"]
    assert found
    for finding in found:
        assert_can_be_read(finding, RULES["PGB105"])


@pytest.mark.parametrize("where", ParameterWhere)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_foreign_parameters_can_be_read(count: int, where: ParameterWhere) -> None:
    for key in FOREIGN:
        parameters = tuple(parameter(each, where) for each in (key, "options", "statement_timeout", "sslmode"))
        for finding in said(engine(connect=parameters[:count])):
            assert_can_be_read(finding, RULES["PGB205"])
            named = {1: f"{FOREIGN[key].owner} `{key}` in", 2: f"`{key}` and `options` in", 4: f"`{key}` and 3 other"}
            assert finding.message.startswith(named[count])


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("other", ["timeout", "sslrootcert", "statement_timeout", "prepare_threshold"])
def test_two_foreign_parameters_can_be_read(other: str, everywhere: bool) -> None:
    for key in {*FOREIGN, "timeout", "krbsrvname"} - {other}:
        two = [ConnectParameter(each, ParameterWhere.URL_QUERY, "'5'", everywhere=everywhere) for each in (key, other)]
        for parameters in (two, two[::-1]):
            for finding in said(engine(connect=tuple(parameters)), asyncpg=(0, 28)):
                assert_can_be_read(finding, RULES[finding.code])


def test_the_page_says_what_to_use_instead_of_each_foreign_parameter() -> None:
    page = RULES["PGB205"].page
    assert [key for key, foreign in FOREIGN.items() if foreign.advice != "remove it" and f"`{key}`" not in page] == []
