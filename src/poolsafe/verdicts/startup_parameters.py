"""Decides what happens to a startup parameter on its way to the server."""

from __future__ import annotations

import re

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import ServerSetting
from poolsafe.facts.pooler import Fate
from poolsafe.verdicts.pooler_effects import has_pooler

# The parameters that PgBouncer passes on.
ACCEPTED = frozenset(
    {
        "application_name",
        "client_encoding",
        "datestyle",
        "intervalstyle",
        "standard_conforming_strings",
        "timezone",
    }
)
# It does not matter if a provider drops these.
_HARMLESS = frozenset({"application_name", "client_encoding"})
_SETS = re.compile(r"(?:^|['\"\s])-c|--\w")


def fate_of(setting: ServerSetting, deployment: Deployment) -> Fate:
    """Returns what happens to a startup parameter on its way to the server."""
    key = setting.key.lower()
    product = deployment.product
    if product is None:
        if not has_pooler(deployment) or key in ACCEPTED:
            return Fate.CARRIED
        return Fate.DROPPED if key in deployment.parameters else Fate.REFUSED
    if key == "options" and setting.value and not _SETS.search(setting.value):
        # Neon and Supavisor read the endpoint or tenant from it.
        return Fate.UNKNOWN
    fate = product.fate(key)
    if fate is Fate.REFUSED and key in deployment.parameters:
        return Fate.DROPPED
    carried = key in ACCEPTED if fate is Fate.REFUSED else key in _HARMLESS
    return Fate.CARRIED if carried else fate
