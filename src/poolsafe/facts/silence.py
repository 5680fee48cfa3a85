"""Calls that are not reported, each with its cause: some could not be judged, the others need no finding."""

from __future__ import annotations

import enum
from collections.abc import Callable

from poolsafe.facts.deployment import Deployment, Evidence, PoolMode
from poolsafe.facts.engine import Driver, Engine
from poolsafe.facts.pooler import PoolerClass
from poolsafe.facts.verdict import class_of, is_asyncpg, is_spared, unsettled_size
from poolsafe.inference import Reason
from poolsafe.records import frozen


class Cause(enum.Enum):
    """The cause of a silence."""

    DRIVER = "its driver is not known"
    SIZE = "one of its cache sizes is not known"
    CREATOR = "its creator is not followed"
    BUDGET = "following what leads to it costs too much"
    OTHER_DRIVER = "it has another driver"
    ASSUMED = "another driver is assumed"
    SYNCHRONOUS = "a synchronous driver is assumed"
    CONTAINER = "its server is a container that the code starts"
    POOLER = "its pooler allows what it does"
    UNREACHED = "no path reaches it"
    NO_FAULT = "it has no fault"


_UNJUDGED = frozenset({Cause.DRIVER, Cause.SIZE, Cause.CREATOR, Cause.BUDGET})


@frozen
class Silence:
    """A call that creates an engine or is given SQL, and that is not reported.

    `what` is the reason in words, and `why` is the reason behind it, or "". `evidence` is the place in the project's
    files that decides, if there is one. `holds_sql`: the call is given SQL. `locate` returns the span of the call: to
    compute spans, the whole file is rendered, and most silences are never shown.
    """

    locate: Callable[[], tuple[int, int]]
    cause: Cause
    what: str
    why: str = ""
    evidence: Evidence | None = None
    holds_sql: bool = False

    @property
    def span(self) -> tuple[int, int]:
        """The span of the call."""
        return self.locate()

    @property
    def start(self) -> int:
        """The offset at which the call begins."""
        return self.span[0]

    @property
    def unjudged(self) -> bool:
        """Whether nobody knows if there is something to report."""
        return self.cause in _UNJUDGED

    @property
    def reason(self) -> str:
        """The whole reason, in one line."""
        return f"{self.what}: {self.why}" if self.why else self.what


def silence_of(engine: Engine, deployment: Deployment) -> Silence | None:
    """Returns why an engine is not reported if no rule reports it, or None for an engine of another driver.

    Why that one is silent, its URL says (`collect_engines`).
    """
    if engine.driver is Driver.OTHER:
        return None
    return _on_asyncpg(engine, deployment) if is_asyncpg(engine, deployment) else _unknown(engine, deployment)


def _unknown(engine: Engine, deployment: Deployment) -> Silence:
    what = "the driver is not known"
    if not engine.asynchronous:
        function = engine.function.rpartition(".")[2]
        return Silence(lambda: engine.span, Cause.SYNCHRONOUS, f"{what}, and `{function}()` counts as synchronous")
    if deployment.assume_asyncpg is False:
        return Silence(lambda: engine.span, Cause.ASSUMED, f'{what}, and `assume-driver` is "none"')
    return Silence(lambda: engine.span, Cause.DRIVER, what, engine.driver_reason)


def _on_asyncpg(engine: Engine, deployment: Deployment) -> Silence:
    size = unsettled_size(engine, deployment)
    if size is not None:
        if size.reason is Reason.CREATOR:
            what = f"its `{engine.creator}` makes the connections in a way that is not followed"
            return Silence(lambda: engine.span, Cause.CREATOR, what)
        return Silence(lambda: engine.span, Cause.SIZE, f"`{size.key}` is not known", size.reason)
    if not is_spared(engine, deployment):
        return Silence(lambda: engine.span, Cause.NO_FAULT, "nothing wrong was found")
    if engine.direct:
        return Silence(lambda: engine.span, Cause.CONTAINER, Cause.CONTAINER.value)
    what, evidence = _pooler(deployment)
    return Silence(lambda: engine.span, Cause.POOLER, what, evidence=evidence)


# What a pooler of the catalogue does that no engine has to mind.
_ALLOWS = {
    PoolerClass.DIRECT: "it is {}, without a pooler",
    PoolerClass.SESSION: "{} gives each client a server of its own",
    PoolerClass.PINS: "{} keeps a client on one server where that is necessary",
    PoolerClass.CARRIES: "{} carries prepared statements",
}


def _pooler(deployment: Deployment) -> tuple[str, Evidence | None]:
    """Returns in words why the pooler does no harm, and the place that says so, or None if no file says it."""
    evidence = deployment.because("pooler")
    allowed = _ALLOWS.get(class_of(deployment))
    if deployment.product is not None and allowed is not None:
        sign = f" ({evidence.value})" if evidence is not None and not evidence.path else ""
        return allowed.format(deployment.product.title) + sign, evidence if evidence is not None and not sign else None
    if deployment.pooler in (PoolMode.SESSION, PoolMode.NONE):
        if evidence is None:
            return f'`pooler` is "{deployment.pooler.value}"', None
        if deployment.pooler is PoolMode.NONE:
            return "its port leads to a server without a pooler", evidence
        return f"the pooler is in {deployment.pooler.value} mode", evidence
    number = deployment.max_prepared_statements
    return f"`max_prepared_statements` of the pooler is {number}", deployment.because("max-prepared-statements")
