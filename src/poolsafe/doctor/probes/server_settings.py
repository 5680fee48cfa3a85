"""What becomes of parameters that a client sends when it connects: asyncpg's `server_settings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolsafe.doctor.bench import SIGNATURE, Lost, Refused, value
from poolsafe.facts.pooler import Fate
from poolsafe.records import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolsafe.doctor.bench import Bench, Client

TITLE = "Startup parameters"
EXPLANATION = "one connection for each, with a value that is not the present one; the setting is then read twice"

_READINGS = 2
_NAME = "application_name"


@frozen
class Trial:
    """A parameter, what is sent, and the setting to read with the value that tells that it was applied."""

    name: str
    sent: str
    setting: str
    applied: str


@frozen
class Parameter:
    """What became of a parameter; `reason` is the refusal, or "" ."""

    name: str
    fate: Fate
    reason: str = ""


def trials(token: str, present: Mapping[str, str]) -> tuple[Trial, ...]:
    """Returns what is tried. `present` holds the settings of a connection that sent nothing."""
    jit = "off" if present.get("jit") == "on" else "on"
    digits = "2" if present.get("extra_float_digits") != "2" else "3"
    name = f"poolsafe_{token}"
    return (
        Trial(_NAME, name, _NAME, name),
        Trial("search_path", f"{name}, public", "search_path", f"{name}, public"),
        Trial("statement_timeout", "58321", "statement_timeout", "58321ms"),
        Trial("jit", jit, "jit", jit),
        Trial("options", "-c statement_timeout=58322", "statement_timeout", "58322ms"),
        Trial("extra_float_digits", digits, "extra_float_digits", digits),
    )


async def run(bench: Bench) -> tuple[Parameter, ...]:
    """Tries each parameter. Raises what `Client` raises, but for refusals of a parameter."""
    plain = (await bench.clients(1))[0]
    listed = "('jit'), ('extra_float_digits')"
    rows = await plain.rows(
        f"SELECT name, pg_catalog.current_setting(name, true) FROM (VALUES {listed}) AS asked (name)"
    )
    present = {str(name): str(setting) for name, setting in rows}
    found = []
    for trial in trials(bench.token, present):
        bench.say(f"startup parameter {trial.name}")
        found.append(await _try(bench, trial))
    return tuple(found)


async def _try(bench: Bench, trial: Trial) -> Parameter:
    # The name that stands there now, to put back what an old PgBouncer leaves to the next client.
    before = await _name(bench) if trial.name == _NAME else None
    try:
        client = await bench.client({trial.name: trial.sent})
    except (Refused, Lost) as error:
        return Parameter(trial.name, Fate.REFUSED, str(error))
    try:
        applied = await _applied(client, trial, before)
    except (Refused, Lost) as error:
        # Some poolers meet the refusal only when they take a server.
        return Parameter(trial.name, Fate.REFUSED, str(error))
    finally:
        await bench.drop(client)
    return Parameter(trial.name, Fate.CARRIED if applied else Fate.DROPPED)


async def _applied(client: Client, trial: Trial, before: tuple[int, str] | None) -> bool:
    read = f"SELECT pg_catalog.current_setting('{trial.setting}')"
    if before is not None:
        # One statement, which runs on one server in every pool mode.
        return bool(await value(client, f"{read}, {_restoring(*before)}") == trial.applied)
    return all([await value(client, read) == trial.applied for _ in range(_READINGS)])


async def _name(bench: Bench) -> tuple[int, str]:
    client = (await bench.clients(1))[0]
    rows = await client.rows(f"SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('{_NAME}') {SIGNATURE}")
    return int(rows[0][0]), str(rows[0][1])


def _restoring(server: int, name: str) -> str:
    """Returns the call that gives a server its application name back, or on another server the one it began with."""
    quoted = name.replace("'", "''")
    first = f"(SELECT reset_val FROM pg_catalog.pg_settings WHERE name = '{_NAME}')"
    before = f"CASE pg_catalog.pg_backend_pid() WHEN {server} THEN '{quoted}' ELSE {first} END"
    return f"pg_catalog.set_config('{_NAME}', {before}, false)"
