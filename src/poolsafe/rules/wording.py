"""Shared code of the messages: the library that a key belongs to, the words for the pooler, and the finding itself."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Sequence
from typing import Protocol

from poolsafe.facts.deployment import Deployment, PoolMode, older_than, shown
from poolsafe.facts.engine import Driver, Engine, SizeState
from poolsafe.facts.pooler import PoolerClass
from poolsafe.facts.statement import Runner, Statement
from poolsafe.findings import Finding, Fix, Related, Severity
from poolsafe.verdicts import class_of, knows_empty_names, would_keep_names

STATEMENT_CACHE = "asyncpg's `statement_cache_size`"
PREPARED_CACHE = "SQLAlchemy's `prepared_statement_cache_size`"
NAME_FUNCTION = "SQLAlchemy's `prepared_statement_name_func`"

# The words for an unknown pooler.
ANY_POOLER = "a pooler such as PgBouncer"

_LAYERS = {
    "statement_cache_size": STATEMENT_CACHE,
    "prepared_statement_cache_size": PREPARED_CACHE,
    "prepared_statement_name_func": NAME_FUNCTION,
}

# A message names at most this many keys besides the first one.
_MOST_NAMED = 2
_IT = re.compile(r"\bit\b")
_WORD = re.compile(r"`[^`]*`|[^\s`]+")
_LONGEST = 160
_PAGE = "see the rule's page"

# The note on a place in a project file, by the configuration key that it corresponds to.
_SAYS = {
    "pooler": "the pooler runs in {} mode here",
    "max-prepared-statements": "`max_prepared_statements` is {} here",
    "asyncpg-version": "asyncpg {} is declared here",
    "sqlalchemy-version": "SQLAlchemy {} is declared here",
    "assume-driver": "{} is the only asynchronous SQL driver declared here",
}


class _Placed(Protocol):
    @property
    def span(self) -> tuple[int, int]: ...


class _Run(Protocol):
    @property
    def runner(self) -> Runner: ...


def layer(key: str) -> str:
    """Returns the key with the library it belongs to, because the keys are often confused."""
    return _LAYERS.get(key, f"`{key}`")


def behind(deployment: Deployment) -> str:
    """Returns where the code fails: behind a configured pooler, a suspected one with the reason, or an assumed one."""
    evidence = deployment.because("pooler")
    product = deployment.product
    if product is not None:
        where = (
            "configured" if evidence is None else os.path.basename(evidence.path) if evidence.path else evidence.value
        )
        unsettled = f"; `{product.settle}` not set" if class_of(deployment) is PoolerClass.UNKNOWN else ""
        before = "on" if deployment.pooler is PoolMode.NONE else "behind"
        return f"{before} {product.title} ({where}{unsettled})"
    if deployment.pooler in (PoolMode.AUTO, PoolMode.NONE):
        return f"behind {ANY_POOLER}" if evidence is None else f"behind a pooler ({evidence.value} suggests one)"
    if evidence is None:
        return f"behind the configured {deployment.pooler.value} pooler"
    return f"behind the {deployment.pooler.value} pooler in {os.path.basename(evidence.path)}"


def release(deployment: Deployment) -> str:
    """Returns the known version of asyncpg, with the file that says so: `asyncpg 0.30.0 (uv.lock)`."""
    evidence = deployment.because("asyncpg-version")
    where = f" ({os.path.basename(evidence.path)})" if evidence is not None else ""
    return f"asyncpg {shown(deployment.asyncpg)}{where}"


def provenance(deployment: Deployment, *keys: str) -> tuple[Related, ...]:
    """Returns the places in project files that the verdict depends on, in the order of `keys`."""
    found = [evidence for key in keys if (evidence := deployment.because(key)) is not None and evidence.path]
    # The whole row, from its beginning to the beginning of the next one.
    return tuple(Related(one.path, one.row, 1, one.row + 1, 1, _SAYS[one.key].format(one.value)) for one in found)


def driver_shown(engine: Engine, deployment: Deployment) -> tuple[Related, ...]:
    """Returns where the URL comes from, or where the project declares asyncpg if the URL does not show the driver."""
    return engine.url.origin + (provenance(deployment, "assume-driver") if engine.url.driver is Driver.UNKNOWN else ())


def grounds(engine: Engine, deployment: Deployment, *keys: str) -> tuple[Related, ...]:
    """Returns the places that explain a finding about cached statements: driver, pooler, an old asyncpg, `keys`."""
    pooler = ("pooler", "max-prepared-statements")
    versions = ("asyncpg-version",) if older_than(deployment.asyncpg, (0, 31)) else ()
    return driver_shown(engine, deployment) + provenance(deployment, *pooler, *versions, *keys)


def assuming(engine: Engine) -> str:
    """Returns the beginning of a message if the driver is not visible in the URL."""
    return "assuming the driver is asyncpg, " if engine.url.driver is Driver.UNKNOWN else ""


def called(function: str) -> str:
    """Returns the name of a function without its module, with parentheses."""
    return function.rpartition(".")[2] + "()"


def finding(
    module: str,
    subject: _Placed,
    message: str,
    severity: Severity,
    fix: Fix | None = None,
    related: tuple[Related, ...] = (),
) -> Finding:
    """Returns a finding at the subject's place, with the code and name from the rule's module name."""
    code, name = _identity(module)
    return Finding(code, name, message, severity, *subject.span, fix, _once(related))


def _once(related: tuple[Related, ...]) -> tuple[Related, ...]:
    """Returns the places without duplicates: several parameters may be in one URL."""
    places: dict[tuple[object, ...], Related] = {}
    for one in related:
        places.setdefault((one.path, one.row, one.column, one.end_row, one.end_column), one)
    return tuple(places.values())


@functools.cache
def _identity(module: str) -> tuple[str, str]:
    code, _, name = module.rpartition(".")[2].partition("_")
    return code.upper(), name.replace("_", "-")


def both_zero(engine: Engine, deployment: Deployment) -> str:
    """Returns what to do about the two sizes."""
    if engine.creator is not None:
        wrong = (SizeState.POSITIVE, SizeState.INVALID)
        sizes = "both to 0" if engine.sizes.prepared.state in wrong else "`statement_cache_size=0`"
        return f"set {sizes} in the creator{besides(engine, deployment)}"
    return f"set both to 0 in `connect_args`{besides(engine, deployment)}"


def besides(engine: Engine, deployment: Deployment) -> str:
    """Returns what else to do if asyncpg is old, because sizes of 0 are then not enough for several processes.

    Returns "" if an empty name is not known to help; then PGB106 says so.
    """
    helps = would_keep_names(engine, deployment) and knows_empty_names(engine, deployment)
    return f" and {against_names(engine, deployment)}" if helps else ""


def against_names(engine: Engine, deployment: Deployment) -> str:
    """Returns what prevents an old asyncpg from naming statements even if both sizes are 0."""
    if knows_empty_names(engine, deployment):
        return 'use asyncpg >= 0.31 or `prepared_statement_name_func=lambda: ""`'
    return "use asyncpg >= 0.31"


def prepared_by_asyncpg(statement: _Run, deployment: Deployment) -> bool:
    """Returns whether asyncpg runs the SQL: visibly, or assumed because the project has no other SQL driver."""
    match statement.runner:
        case Runner.ASYNC:
            return True
        case Runner.SYNC | Runner.PSYCOPG:
            return False
    return deployment.assume_asyncpg is True and not deployment.synchronous_too


def refusal_of_several_commands(statement: Statement, deployment: Deployment) -> str | None:
    """Returns which driver rejects several commands, how and when, as a clause, or None if it may run them."""
    raises = "raises `cannot insert multiple commands into a prepared statement`"
    if statement.runner is Runner.PSYCOPG:
        return f"psycopg {raises} {statement.runner_reason}, on every server"
    return f"asyncpg {raises} on every server" if prepared_by_asyncpg(statement, deployment) else None


def and_others(others: Sequence[str], noun: str = "parameter") -> str:
    """Returns the rest of a list of keys after its first one: "", " and `b`", ", `b` and `c`", or their number."""
    if len(others) > _MOST_NAMED:
        return f" and {len(others)} other {noun}s"
    named = [f"`{key}`" for key in others]
    return "".join(f", {key}" for key in named[:-1]) + f" and {named[-1]}" if named else ""


def with_advice(said: str, key: str, advice: str, on_others: Sequence[tuple[str, str]], noun: str = "parameter") -> str:
    """Returns a message that says what is wrong, and then the advice on a key and on others.

    Advice that is the same for all is given once. If the message would be too long, it refers to the rule's page.
    """
    if not on_others:
        return f"{said}; {advice}"
    if all(one == advice for _, one in on_others):
        return f"{said}; {_IT.sub('them', advice)}"
    first, (other, advice_on_other), *rest = _about(key, advice), *on_others
    second = _about(other, advice_on_other)
    if second == advice_on_other:
        second += f"{',' if ',' in second else ''} instead of `{other}`"
    seconds = (
        [f"{_PAGE} for the other {noun}s", f"{_PAGE} for the others"] if rest else [second, f"{_PAGE} for `{other}`"]
    )
    messages = [f"{said}; {first}, and {one}" for one in (*seconds, _PAGE)]
    return next((one for one in messages if _length(one) <= _LONGEST), f"{said}; {_PAGE}")


def _length(message: str) -> int:
    """Returns the length of a message, in which a longer word or quoted text counts as 12 characters."""
    return len(_WORD.sub(lambda word: word[0][:12], message))


def _about(key: str, advice: str) -> str:
    """Returns advice with the key in place of `it`. A key may contain backslashes."""
    return _IT.sub(lambda _: f"`{key}`", advice)


def assumption(statement: _Run, deployment: Deployment) -> tuple[Related, ...]:
    """Returns where the project declares asyncpg, if it is unknown what runs the statement."""
    return provenance(deployment, "assume-driver") if statement.runner is Runner.UNKNOWN else ()


def interruption(deployment: Deployment) -> str:
    """Returns when an idle connection in SQLAlchemy's pool is closed, as the beginning of a clause."""
    product = deployment.product
    if product is not None and product.idle:
        return f"{product.title} {product.idle}, and then"
    evidence = deployment.because("pooler")
    if product is None and evidence is not None and not evidence.path:
        # A sign does not show which pooler is in use.
        return "after a restart or idle timeout of the pooler,"
    name = "PgBouncer" if product is None else product.title
    if deployment.pooler is PoolMode.SESSION:
        return f"after a restart of {name} or PostgreSQL,"
    return "after a PgBouncer restart or `client_idle_timeout`," if product is None else f"after a restart of {name},"
