"""Who runs an Alembic migration: the engine of the env.py above it."""

from __future__ import annotations

import os

from poolsafe.facts.engine import Driver
from poolsafe.facts.engines import collect_engines
from poolsafe.facts.statement import Runner
from poolsafe.values.interpreter import explore
from poolsafe.values.modules import Module
from poolsafe.values.sites import engine_sites
from poolsafe.values.world import World

MAX_LEVELS = 3


def migration_runner(world: World, module: Module) -> tuple[Runner, str]:
    """Whether the nearest env.py above a migration runs it on asyncpg, and in words why one thinks so."""
    env = _environment(world, module)
    if env is None:
        return Runner.UNKNOWN, "no env.py is found above the migration"
    observer = world.observer
    try:
        explore(world, env, engine_sites(env), [])
        engines, _ = collect_engines(world, env)
    finally:
        world.observer = observer
    drivers = {engine.driver for engine in engines}
    if Driver.ASYNCPG in drivers:
        return Runner.ASYNC, "the engine of its env.py is on asyncpg"
    if drivers == {Driver.OTHER} or not drivers or all("async" not in engine.function for engine in engines):
        return Runner.SYNC, "the engine of its env.py is not on asyncpg"
    return Runner.UNKNOWN, "the driver of its env.py is not known"


def _environment(world: World, module: Module) -> Module | None:
    folder = os.path.dirname(os.path.abspath(module.path))
    for _ in range(MAX_LEVELS):
        folder = os.path.dirname(folder)
        env = world.project.at(os.path.join(folder, "env.py"))
        if env is not None and env is not module:
            return env
    return None
