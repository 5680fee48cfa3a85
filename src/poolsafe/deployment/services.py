"""The Compose services in front of a server, found from URLs by name or by published port."""

from __future__ import annotations

from collections.abc import Iterable

from poolsafe.deployment.setting import Setting
from poolsafe.facts.deployment import PoolMode, Service

_MODES = {mode.value: mode for mode in (PoolMode.SESSION, PoolMode.TRANSACTION, PoolMode.STATEMENT)}


def services_of(settings: Iterable[Setting]) -> tuple[Service, ...]:
    """Returns every service that has settings. If several files describe a service, only those that agree count."""
    groups: dict[tuple[str, str], list[Setting]] = {}
    for setting in settings:
        if setting.service:
            groups.setdefault((setting.service, setting.path), []).append(setting)
    made = [_service(name, group) for (name, _), group in groups.items()]
    return tuple(one for one in made if all(_agree(one, other) for other in made))


def _service(name: str, settings: list[Setting]) -> Service:
    published = frozenset(setting.value for setting in settings if setting.key == "published")
    numbers = [setting.value for setting in settings if setting.key == "max_prepared_statements"]
    number = int(numbers[0]) if len(numbers) == 1 and numbers[0].isdecimal() and len(numbers[0]) < 10 else None
    modes = [setting for setting in settings if setting.key == "pool_mode"]
    first = (modes or settings)[0]
    if len(modes) == 1:
        mode = _MODES.get(modes[0].value.lower(), PoolMode.AUTO)
    else:
        # A server that is not a pooler only has published ports.
        mode = PoolMode.NONE if all(setting.key == "published" for setting in settings) else PoolMode.AUTO
    return Service(name, published, first.product, mode, number, first.path, first.row)


def _agree(one: Service, other: Service) -> bool:
    return one.name != other.name or (one.pooler, one.max_prepared_statements) == (
        other.pooler,
        other.max_prepared_statements,
    )
