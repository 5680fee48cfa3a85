"""The engines of other modules of the project, each examined once."""

from __future__ import annotations

from poolsafe.facts.engine import Engine
from poolsafe.facts.engines import collect_engines
from poolsafe.facts.inspection import explore
from poolsafe.facts.observed import Observed
from poolsafe.facts.targets import engine_sites
from poolsafe.inference import Inference, Module, Project, Value
from poolsafe.inference.models import CONFIGURE
from poolsafe.records import frozen


@frozen
class Seen:
    """The engines of a module and, in an env.py, the connections that it passes to its migrations."""

    engines: list[Engine]
    connections: tuple[Value, ...]


def seen_in(project: Project, module: Module) -> Seen:
    """Returns the engines and connections of another module, explored alone. The result is kept for all files."""
    found = module.memo.get("seen")
    if not isinstance(found, Seen):
        with project.own_share(module):
            apart = Inference(project, module)
            explore(apart, engine_sites(module, project), module.index.calls_by_name.get("configure", []))
            engines, _ = collect_engines(Observed(apart))
        given = [seen for seen in apart.calls if seen.function == CONFIGURE and seen.module is module]
        connections = tuple(seen.arguments.positional[0] for seen in given)
        found = module.memo["seen"] = Seen(engines, connections)
    return found
