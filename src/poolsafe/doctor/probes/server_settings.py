"""What happens to startup parameters, which are asyncpg's `server_settings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolsafe.doctor.bench import Lost, Refused, value
from poolsafe.facts.pooler import Fate
from poolsafe.records import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolsafe.doctor.bench import Bench, Client

TITLE = "Startup parameters"
EXPLANATION = (
    "the doctor connects once for each parameter, with a value that differs from the current one, and reads the "
    "setting twice; it takes `application_name` from the pooler's reply to the connection"
)

_READINGS = 2
# With the first query, PgBouncer 1.18 sets the name on a server, where it remains for the next client. A killed client
# cannot reset it, so no query is run with it.
_REPORTED = "application_name"


@frozen
class Trial:
    """A parameter, the value to send, and the setting to read with the value that shows that it was applied."""

    name: str
    sent: str
    setting: str
    applied: str


@frozen
class Parameter:
    """What happened to a parameter; `reason` is the error message, or ""."""

    name: str
    fate: Fate
    reason: str = ""


def trials(token: str, present: Mapping[str, str]) -> tuple[Trial, ...]:
    """Returns the trials. `present` has the settings of a connection without any parameters."""
    jit = "off" if present.get("jit") == "on" else "on"
    digits = "2" if present.get("extra_float_digits") != "2" else "3"
    name = f"poolsafe_{token}"
    return (
        Trial(_REPORTED, name, _REPORTED, name),
        Trial("search_path", f"{name}, public", "search_path", f"{name}, public"),
        Trial("statement_timeout", "58321", "statement_timeout", "58321ms"),
        Trial("jit", jit, "jit", jit),
        Trial("options", "-c statement_timeout=58322", "statement_timeout", "58322ms"),
        Trial("extra_float_digits", digits, "extra_float_digits", digits),
    )


async def run(bench: Bench) -> tuple[Parameter, ...]:
    """Tries each parameter. Raises the same exceptions as `Client`, except for rejected parameters."""
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
    try:
        client = await bench.client({trial.name: trial.sent})
    except (Refused, Lost) as error:
        return Parameter(trial.name, Fate.REFUSED, str(error))
    try:
        return Parameter(trial.name, await _fate(client, trial))
    except (Refused, Lost) as error:
        # Some poolers get the error only when they need a server.
        return Parameter(trial.name, Fate.REFUSED, str(error))
    finally:
        await bench.drop(client)


async def _fate(client: Client, trial: Trial) -> Fate:
    if trial.name == _REPORTED:
        reported = client.reported(trial.setting)
        if reported is None:
            return Fate.UNKNOWN
        return Fate.CARRIED if reported == trial.applied else Fate.DROPPED
    read = f"SELECT pg_catalog.current_setting('{trial.setting}')"
    readings = [await value(client, read) for _ in range(_READINGS)]
    return Fate.CARRIED if all(reading == trial.applied for reading in readings) else Fate.DROPPED
