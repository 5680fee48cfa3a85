"""What the messages have in common: whose key it is, on whose evidence, and how a finding is put together."""

from __future__ import annotations

import functools
import os
from typing import Protocol

from poolsafe.facts.deployment import Deployment, PoolMode, older_than, shown
from poolsafe.facts.engine import Driver, Engine, SizeState
from poolsafe.facts.pooler import PoolerClass
from poolsafe.facts.statement import Runner
from poolsafe.findings import Finding, Fix, Related, Severity
from poolsafe.verdicts import class_of, knows_empty_names, would_keep_names

STATEMENT_CACHE = "asyncpg's `statement_cache_size`"
PREPARED_CACHE = "SQLAlchemy's `prepared_statement_cache_size`"
NAME_FUNCTION = "SQLAlchemy's `prepared_statement_name_func`"

# What a message names where nothing is known of the pooler.
ANY_POOLER = "a pooler such as PgBouncer"

_LAYERS = {
    "statement_cache_size": STATEMENT_CACHE,
    "prepared_statement_cache_size": PREPARED_CACHE,
    "prepared_statement_name_func": NAME_FUNCTION,
}

# What a place says about the key of the configuration that would say the same.
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
    """The key with the library it belongs to, since people keep taking one key for the other."""
    return _LAYERS.get(key, f"`{key}`")


def behind(deployment: Deployment) -> str:
    """Where it fails, and whether somebody said so, or what speaks for it, or that it is assumed."""
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
        return f"behind {ANY_POOLER}" if evidence is None else f"behind a pooler (suggested by {evidence.value})"
    if evidence is None:
        return f"behind the configured {deployment.pooler.value} pooler"
    return f"behind the {deployment.pooler.value} pooler in {os.path.basename(evidence.path)}"


def release(deployment: Deployment) -> str:
    """The known asyncpg in a message, with the file that says so: `asyncpg 0.30.0 (uv.lock)`."""
    evidence = deployment.because("asyncpg-version")
    where = f" ({os.path.basename(evidence.path)})" if evidence is not None else ""
    return f"asyncpg {shown(deployment.asyncpg)}{where}"


def provenance(deployment: Deployment, *keys: str) -> tuple[Related, ...]:
    """Where the project's files say what the verdict went by, in the order of the configuration keys `keys`."""
    found = [evidence for key in keys if (evidence := deployment.because(key)) is not None and evidence.path]
    # From the beginning of its row to that of the next: the whole row.
    return tuple(Related(one.path, one.row, 1, one.row + 1, 1, _SAYS[one.key].format(one.value)) for one in found)


def driver_shown(engine: Engine, deployment: Deployment) -> tuple[Related, ...]:
    """Where the URL comes from, or where the project declares asyncpg if the driver cannot be seen there."""
    return engine.url.origin + (provenance(deployment, "assume-driver") if engine.url.driver is Driver.UNKNOWN else ())


def grounds(engine: Engine, deployment: Deployment, *keys: str) -> tuple[Related, ...]:
    """Where everything stands that speaks for a fault of cached statements: driver, pooler, an old asyncpg, `keys`."""
    pooler = ("pooler", "max-prepared-statements")
    versions = ("asyncpg-version",) if older_than(deployment.asyncpg, (0, 31)) else ()
    return driver_shown(engine, deployment) + provenance(deployment, *pooler, *versions, *keys)


def assuming(engine: Engine) -> str:
    """How a message begins where the driver is not seen in the URL."""
    return "assuming the driver is asyncpg, " if engine.url.driver is Driver.UNKNOWN else ""


def called(function: str) -> str:
    """The function as people write it, without its module."""
    return function.rpartition(".")[2] + "()"


def finding(
    module: str,
    subject: _Placed,
    message: str,
    severity: Severity,
    fix: Fix | None = None,
    related: tuple[Related, ...] = (),
) -> Finding:
    """A finding at the subject's place, under the code and name that the rule's module is called by."""
    code, name = _identity(module)
    return Finding(code, name, message, severity, *subject.span, fix, _once(related))


def _once(related: tuple[Related, ...]) -> tuple[Related, ...]:
    """The places without those that are there already: several parameters may stand in one URL."""
    places: dict[tuple[object, ...], Related] = {}
    for one in related:
        places.setdefault((one.path, one.row, one.column, one.end_row, one.end_column), one)
    return tuple(places.values())


@functools.cache
def _identity(module: str) -> tuple[str, str]:
    code, _, name = module.rpartition(".")[2].partition("_")
    return code.upper(), name.replace("_", "-")


def both_zero(engine: Engine, deployment: Deployment) -> str:
    """What to do about the two sizes."""
    if engine.creator is not None:
        wrong = (SizeState.POSITIVE, SizeState.INVALID)
        sizes = "both to 0" if engine.sizes.prepared.state in wrong else "`statement_cache_size=0`"
        return f"set {sizes} in the creator{besides(engine, deployment)}"
    return f"set both to 0 in `connect_args`{besides(engine, deployment)}"


def besides(engine: Engine, deployment: Deployment) -> str:
    """What to do besides where an old asyncpg is known: there even two zeros are not enough for several processes.

    Nothing if no empty name is known to help: PGB106 says so then.
    """
    helps = would_keep_names(engine, deployment) and knows_empty_names(engine, deployment)
    return f" and {against_names(engine, deployment)}" if helps else ""


def against_names(engine: Engine, deployment: Deployment) -> str:
    """What keeps an old asyncpg from naming statements although both sizes are 0."""
    if knows_empty_names(engine, deployment):
        return 'use asyncpg >= 0.31 or `prepared_statement_name_func=lambda: ""`'
    return "use asyncpg >= 0.31"


def prepared_by_asyncpg(statement: _Run, deployment: Deployment) -> bool:
    """Whether asyncpg runs it: seen, or not known while the project has no other SQL driver at all."""
    match statement.runner:
        case Runner.ASYNC:
            return True
        case Runner.SYNC | Runner.PSYCOPG:
            return False
    return deployment.assume_asyncpg is True and not deployment.synchronous_too


def assumption(statement: _Run, deployment: Deployment) -> tuple[Related, ...]:
    """Where the project declares asyncpg, for a statement that nobody sees run."""
    return provenance(deployment, "assume-driver") if statement.runner is Runner.UNKNOWN else ()


def interruption(deployment: Deployment) -> str:
    """When a connection that waits in SQLAlchemy's pool is closed. In session mode a waiting client is not idle."""
    product = deployment.product
    if product is not None and product.idle:
        return f"{product.title} {product.idle}, and then"
    evidence = deployment.because("pooler")
    if product is None and evidence is not None and not evidence.path:
        # A mere sign may stand for any pooler.
        return "after a restart or idle timeout of the pooler,"
    name = "PgBouncer" if product is None else product.title
    if deployment.pooler is PoolMode.SESSION:
        return f"after a restart of {name} or PostgreSQL,"
    return "after a PgBouncer restart or `client_idle_timeout`," if product is None else f"after a restart of {name},"
