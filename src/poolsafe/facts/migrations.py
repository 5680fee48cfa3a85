"""The engine or connection of an Alembic migration, from the env.py above it."""

from __future__ import annotations

import os

from poolsafe.facts.elsewhere import seen_in
from poolsafe.facts.engine import Driver
from poolsafe.inference import Module, Project, Value
from poolsafe.records import frozen

MAX_LEVELS = 3


@frozen
class Environment:
    """An env.py. `driver` is that of its own engines, or None without engines. `connections` are those it passes on."""

    module: Module
    driver: Driver | None
    connections: tuple[Value, ...]


def environment_of(project: Project, module: Module) -> Environment | None:
    """Returns the nearest env.py above a migration, or None if there is none."""
    env = _nearest(project, module)
    if env is None:
        return None
    seen = seen_in(project, env)
    engines = seen.engines
    drivers = {engine.url.driver for engine in engines}
    driver: Driver | None = Driver.UNKNOWN
    if Driver.ASYNCPG in drivers:
        driver = Driver.ASYNCPG
    elif not engines:
        driver = None
    elif drivers == {Driver.OTHER} or all("async" not in engine.function for engine in engines):
        driver = Driver.OTHER
    return Environment(env, driver, seen.connections)


def _nearest(project: Project, module: Module) -> Module | None:
    folder = os.path.dirname(os.path.abspath(module.path))
    for _ in range(MAX_LEVELS):
        folder = os.path.dirname(folder)
        env = project.at(os.path.join(folder, "env.py"), analysed=True)
        if env is not None and env is not module:
            return env
    return None
