"""The reasons why engines are not reported."""

from __future__ import annotations

from pathlib import PurePath

from poolsafe.facts.connection import Connection
from poolsafe.facts.deployment import Deployment, Evidence, PoolMode
from poolsafe.facts.engine import Driver, Engine, SizeState
from poolsafe.facts.pooler import PoolerClass
from poolsafe.facts.silence import Cause, Silence
from poolsafe.inference import Reason
from poolsafe.verdicts.connection_table import is_on_asyncpg
from poolsafe.verdicts.judgement import is_asyncpg, is_spared, unsettled_size
from poolsafe.verdicts.pooler_effects import class_of


def silence_of(engine: Engine, deployment: Deployment) -> Silence | None:
    """Returns why an engine is not reported if no rule reports it, or None for an engine of another driver.

    For such an engine, `collect_engines` gives the reason.
    """
    if engine.url.driver is Driver.OTHER:
        return None
    return _on_asyncpg(engine, deployment) if is_asyncpg(engine, deployment) else _unknown(engine, deployment)


def silence_of_connection(connection: Connection, deployment: Deployment) -> Silence | None:
    """Returns why a connection without a size and a known URL is not checked, or None for any other connection."""
    size = connection.size
    if size is None or size.state is not SizeState.ABSENT or is_on_asyncpg(connection, deployment):
        return None
    what = "the URL is unknown"
    if deployment.assume_asyncpg is False:
        return Silence(lambda: connection.span, Cause.ASSUMED, f'{what}, and `assume-driver` is "none"')
    return Silence(lambda: connection.span, Cause.DRIVER, what)


def _unknown(engine: Engine, deployment: Deployment) -> Silence:
    what = "the driver is unknown"
    if not engine.asynchronous:
        function = engine.function.rpartition(".")[2]
        return Silence(
            lambda: engine.span, Cause.SYNCHRONOUS, f"{what}, and `{function}()` is assumed to be synchronous"
        )
    if deployment.assume_asyncpg is False:
        return Silence(lambda: engine.span, Cause.ASSUMED, f'{what}, and `assume-driver` is "none"')
    return Silence(lambda: engine.span, Cause.DRIVER, what, engine.url.driver_reason)


def _on_asyncpg(engine: Engine, deployment: Deployment) -> Silence:
    if engine.judged_in:
        what = (
            f"its `{engine.creator}` makes the connections in {PurePath(engine.judged_in).name}, where they are checked"
        )
        return Silence(lambda: engine.span, Cause.ELSEWHERE, what)
    size = unsettled_size(engine, deployment)
    if size is not None:
        if size.reason is Reason.CREATOR:
            what = f"poolsafe cannot follow its `{engine.creator}`"
            return Silence(lambda: engine.span, Cause.CREATOR, what)
        return Silence(lambda: engine.span, Cause.SIZE, f"`{size.key}` is unknown", size.reason)
    if not is_spared(engine, deployment):
        return Silence(lambda: engine.span, Cause.NO_FAULT, "no problem found")
    if engine.direct:
        return Silence(lambda: engine.span, Cause.CONTAINER, Cause.CONTAINER.value)
    what, evidence = _pooler(deployment)
    return Silence(lambda: engine.span, Cause.POOLER, what, evidence=evidence)


# The reasons why a pooler in the catalogue is harmless.
_ALLOWS = {
    PoolerClass.DIRECT: "it connects to {}, without a pooler",
    PoolerClass.SESSION: "{} gives each client its own server connection",
    PoolerClass.PINS: "{} keeps a client on one server connection if necessary",
    PoolerClass.CARRIES: "{} supports prepared statements",
}


def _pooler(deployment: Deployment) -> tuple[str, Evidence | None]:
    """Returns the reason why the pooler is harmless, and the place in a file that shows it or None."""
    evidence = deployment.because("pooler")
    allowed = _ALLOWS.get(class_of(deployment))
    if deployment.product is not None and allowed is not None:
        sign = f" ({evidence.value})" if evidence is not None and not evidence.path else ""
        return allowed.format(deployment.product.title) + sign, evidence if evidence is not None and not sign else None
    if deployment.pooler in (PoolMode.SESSION, PoolMode.NONE):
        if evidence is None:
            return f'`pooler` is "{deployment.pooler.value}"', None
        if not evidence.path:
            return f"the name of the {evidence.value} suggests a direct connection", None
        if deployment.pooler is PoolMode.NONE:
            return "its port leads to a server without a pooler", evidence
        return f"the pooler is in {deployment.pooler.value} mode", evidence
    number = deployment.max_prepared_statements
    return f"`max_prepared_statements` of the pooler is {number}", deployment.because("max-prepared-statements")
