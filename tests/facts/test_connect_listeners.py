"""Listeners to `do_connect`: the keys that they set, remove, or may change."""

from __future__ import annotations

import pytest
from blocks import cases, programs
from programs import engines_of

from poolsafe.facts.engine import Engine

HEAD = """
from sqlalchemy import Engine, event
from sqlalchemy.event import listens_for
from sqlalchemy.ext.asyncio import create_async_engine
PG = "postgresql+asyncpg://app@db/app"
engine = create_async_engine(PG, connect_args={"timeout": 5})
other = create_async_engine(PG, connect_args={"timeout": 5})
"""


def states(engine: Engine) -> str:
    """Returns the states of both sizes, the other keys, and the startup parameters."""
    keys = [one.key + ("" if one.everywhere else "?") for one in engine.parameters.connect]
    settings = [one.key for one in engine.parameters.server_settings]
    sizes = [size.state.value for size in engine.sizes.both]
    return " ".join([*sizes, *keys, *settings])


UNCHANGED = "absent absent timeout"
OPEN = "unknown unknown"

SETS = """
    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams["statement_cache_size"] = 0  # zero absent timeout

    @listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, keywords):
        keywords.update({"statement_cache_size": 0}, prepared_statement_cache_size=0)  # zero zero timeout

    @listens_for(engine.sync_engine, "do_connect", retval=True)
    def provide(dialect, record, cargs, cparams):
        cparams.setdefault("statement_cache_size", -1)  # invalid absent timeout

    def provide(dialect, record, cargs, cparams):
        cparams["statement_cache_size"] = 100
    event.listen(engine.sync_engine, "do_connect", provide)  # positive absent timeout

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams["statement_cache_size"] = None
        cparams["prepared_statement_cache_size"] = False  # invalid zero timeout

    # What a condition decides is not known.
    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        if pooled:
            cparams["statement_cache_size"] = 0
            cparams["sslmode"] = "require"  # unknown absent timeout sslmode?

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams["statement_cache_size"] = size()
        cparams["password"] = token()  # unknown absent timeout password

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        print(cparams["host"], cparams.get("timeout"), len(cparams.keys()))
        limit = cparams.pop("timeout", None)
        del cparams["port"]
        return None  # absent absent

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams["server_settings"] = {"jit": "off", **more}  # absent absent timeout server_settings jit

    @event.listens_for(Engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams["statement_cache_size"] = "0"  # invalid absent timeout
"""

OPENS = """
    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams.update(options())

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams.update(**options)

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams.update({key: 0})

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams[key] = 0

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        fill(cparams)

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams.pop(key)

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        return connect(dialect)

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(*arguments):
        pass
"""

LEAVES = """
    event.listen(engine.sync_engine, "do_connect", imported)

    @event.listens_for(other.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams["statement_cache_size"] = 0

    @event.listens_for(engine.sync_engine, "connect")
    def provide(connection, record):
        connection["statement_cache_size"] = 0

    @event.listens_for(engine.sync_engine, event_name)
    def provide(dialect, record, cargs, cparams):
        cparams["statement_cache_size"] = 0  # "do_connect" it may be
"""


@pytest.mark.parametrize(("code", "expected"), cases(SETS))
def test_a_listener_sets(code: str, expected: str) -> None:
    engine, *_ = engines_of(HEAD + code)
    assert states(engine) == expected


@pytest.mark.parametrize("code", programs(OPENS))
def test_what_cannot_be_read_may_change_everything(code: str) -> None:
    engine, *_ = engines_of(HEAD + code)
    assert states(engine) == OPEN
    assert not engine.parameters.known


@pytest.mark.parametrize("code", programs(LEAVES))
def test_another_listener_changes_nothing(code: str) -> None:
    engine, *_ = engines_of(HEAD + code)
    assert states(engine) == UNCHANGED


def test_an_engine_that_is_returned_may_be_the_target() -> None:
    code = """
def make():
    return create_async_engine(PG)
def install(made):
    @event.listens_for(made.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams["statement_cache_size"] = 0
"""
    *_, made = engines_of(HEAD + code)
    assert states(made) == "zero absent"


def test_a_creator_is_given_nothing() -> None:
    code = """
engine: AsyncEngine = create_async_engine(PG, async_creator=make)
@event.listens_for(engine.sync_engine, "do_connect")
def provide(dialect, record, cargs, cparams):
    cparams["statement_cache_size"] = 0
"""
    *_, made = engines_of(HEAD + code)
    assert made.sizes.statement.state.value != "zero"
