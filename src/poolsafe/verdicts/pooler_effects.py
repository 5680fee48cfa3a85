"""What a deployment's pooler does to named prepared statements, and how severe the consequences are."""

from __future__ import annotations

from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.pooler import PoolerClass
from poolsafe.findings import Severity

# An unknown pooler is assumed to break named statements.
BREAKING = frozenset({PoolerClass.BREAKS, PoolerClass.UNKNOWN})
CARRYING = frozenset({PoolerClass.CARRIES})
EVERYWHERE = frozenset(PoolerClass)


def has_pooler(deployment: Deployment) -> bool:
    """Returns whether any pooler is configured or found, or assumed by default."""
    return deployment.pooler is not PoolMode.NONE


def has_evidence(deployment: Deployment) -> bool:
    """Returns whether a pooler is configured, or a pooler or a sign of one was found, instead of merely assumed."""
    found = deployment.pooler not in (PoolMode.AUTO, PoolMode.NONE) or deployment.because("pooler") is not None
    return found or deployment.product is not None


def class_of(deployment: Deployment) -> PoolerClass:
    """Returns what the pooler of a deployment does to named prepared statements."""
    product = deployment.product
    match deployment.pooler:
        case PoolMode.NONE:
            return PoolerClass.DIRECT
        case PoolMode.SESSION:
            return PoolerClass.PINS if product is not None and product.kind is PoolerClass.PINS else PoolerClass.SESSION
    if deployment.max_prepared_statements:
        return PoolerClass.CARRIES
    if deployment.max_prepared_statements is None and product is not None and product.kind is PoolerClass.CARRIES:
        return PoolerClass.CARRIES
    return PoolerClass.UNKNOWN if deployment.pooler is PoolMode.AUTO else PoolerClass.BREAKS


def breaks_names(deployment: Deployment) -> bool:
    """Returns whether named prepared statements fail: behind a transaction pooler that is not known to support them."""
    return class_of(deployment) in BREAKING


def severity(deployment: Deployment) -> Severity:
    """Returns the severity of a problem with transaction pooling: a warning unless such a pooler is known."""
    if deployment.pooler in (PoolMode.TRANSACTION, PoolMode.STATEMENT):
        return Severity.ERROR
    return Severity.WARNING
