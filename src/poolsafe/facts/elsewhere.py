"""The engines of another module of the project, judged once however often they are asked for."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from poolsafe.facts.engine import Engine
from poolsafe.facts.engines import collect_engines
from poolsafe.values.interpreter import explore
from poolsafe.values.modules import Module
from poolsafe.values.sites import engine_sites
from poolsafe.values.world import World

_JUDGED: WeakKeyDictionary[Module, list[Engine]] = WeakKeyDictionary()


def engines_of(world: World, module: Module) -> list[Engine]:
    """The engines of a module; it is explored for that, and what is being observed stays as it was.

    In an env.py, the connections that it gives its migrations are seen on the way.
    """
    found = _JUDGED.get(module)
    if found is None:
        observer = world.observer
        try:
            explore(world, module, engine_sites(module), module.index.calls_by_name.get("configure", []))
            found, _ = collect_engines(world, module)
        finally:
            world.observer = observer
        _JUDGED[module] = found
    return found
