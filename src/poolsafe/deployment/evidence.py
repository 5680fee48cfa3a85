"""Combines the facts about a project's deployment in its files with its configuration, which takes precedence."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from poolsafe.deployment.nearest import only_driver, version_of
from poolsafe.deployment.packages import Said
from poolsafe.deployment.poolers import pooler_settings
from poolsafe.deployment.services import services_of
from poolsafe.deployment.setting import MODES, Setting
from poolsafe.facts.deployment import Deployment, Evidence, PoolMode, shown
from poolsafe.facts.pooler import PoolerClass

# The configuration keys that correspond to settings of a pooler.
_CONFIGURED_AS = {"pool_mode": "pooler", "max_prepared_statements": "max-prepared-statements"}
_NUMBER = re.compile(r"[0-9]{1,9}")


def deployment_for(path: str, root: str, configured: Deployment) -> Deployment:
    """Returns the deployment of the file at `path` in the project at `root`. The configuration takes precedence.

    Nothing outside `root` is read. Files that cannot be read are ignored; nothing is raised.
    """
    return _deployment(os.path.dirname(os.path.abspath(path)), os.path.abspath(root), configured)


def assumes_asyncpg(path: str, root: str, configured: Deployment) -> bool:
    """Returns whether asyncpg is assumed to run the SQL of the file at `path`, without reading the poolers' files."""
    known = _with_driver(os.path.dirname(os.path.abspath(path)), os.path.abspath(root), configured)
    return known.assume_asyncpg is True


def described(deployment: Deployment, root: str) -> Iterator[str]:
    """Yields a line for each fact that was found, as a setting with its place: `pooler = "session"  # a.ini:3`."""
    for one in deployment.evidence:
        place = f"{os.path.relpath(one.path, root)}:{one.row}" if one.path else "the engine"
        yield f'{one.key} = "{one.value}"  # {place}\n'


def overruled(deployment: Deployment, root: str) -> Iterator[str]:
    """Yields a line for each setting of a pooler that the configuration or another setting overrides."""
    counted = {(one.path, one.row, one.key) for one in deployment.evidence}
    for setting in pooler_settings(os.path.abspath(root)):
        key = _CONFIGURED_AS.get(setting.key)
        if key is not None and (setting.path, setting.row, key) not in counted:
            place = f"{os.path.relpath(setting.path, root)}:{setting.row}"
            yield f'# overruled: {key} = "{setting.value}"  # {place}\n'


@functools.cache
def _deployment(folder: str, root: str, configured: Deployment) -> Deployment:
    return _with_pooler(root, _with_driver(folder, root, _with_versions(folder, root, configured)))


def _with_versions(folder: str, root: str, known: Deployment) -> Deployment:
    for package in ("asyncpg", "sqlalchemy"):
        said = version_of(package, folder, root) if getattr(known, package) is None else None
        if said is None or not (said.versions.lowest or said.versions.highest):
            continue
        known = _with_version(package, said, known)
    return known


def _with_version(package: str, said: Said, known: Deployment) -> Deployment:
    evidence = Evidence(f"{package}-version", shown(said.versions), said.path, said.row)
    if package == "asyncpg":
        return replace(known, asyncpg=said.versions, evidence=(*known.evidence, evidence))
    return replace(known, sqlalchemy=said.versions, evidence=(*known.evidence, evidence))


def _with_driver(folder: str, root: str, known: Deployment) -> Deployment:
    found = only_driver(folder, root) if known.assume_asyncpg is None else None
    if found is None:
        return known
    said, alone = found
    evidence = Evidence("assume-driver", "asyncpg", said.path, said.row)
    return replace(known, assume_asyncpg=True, synchronous_too=not alone, evidence=(*known.evidence, evidence))


def _with_pooler(root: str, known: Deployment) -> Deployment:
    if known.pooler is PoolMode.NONE:
        return known
    settings = pooler_settings(root)
    # If the class of the configured pooler is known, nothing else counts; otherwise, the files may give its mode.
    settled = known.product is not None and known.product.kind is not PoolerClass.UNKNOWN
    known = replace(known, parameters=known.parameters | _parameters(settings), services=services_of(settings))
    if known.pooler is PoolMode.AUTO:
        known = _with_mode(settings, known)
    if settled or known.max_prepared_statements is not None:
        return known
    return _with_prepared_statements(settings, known)


def _with_mode(settings: Iterable[Setting], known: Deployment) -> Deployment:
    """Returns the mode that breaks the most, because engines may use any of the poolers.

    An unreadable mode, such as `POOL_MODE: ${POOL_MODE}`, counts as one that may break.
    """
    modes = [setting for setting in settings if setting.key == "pool_mode"]
    unread = any(setting.value.lower() not in MODES for setting in modes)
    for mode in (PoolMode.TRANSACTION, PoolMode.STATEMENT, PoolMode.SESSION):
        found = next((setting for setting in modes if setting.value.lower() == mode.value), None)
        if found is not None and not (unread and mode is PoolMode.SESSION):
            evidence = Evidence("pooler", mode.value, found.path, found.row)
            # Imported late, because most projects have no file of a pooler.
            from poolsafe.deployment.providers.catalogue import of_product

            return replace(of_product(found.product, known), pooler=mode, evidence=(*known.evidence, evidence))
    return known


def _with_prepared_statements(settings: Iterable[Setting], known: Deployment) -> Deployment:
    """Returns the smallest number, or None if a pooler that shares connections sets none, because it may be 0."""
    sharing = {
        setting.path
        for setting in settings
        if setting.key == "pool_mode" and setting.value.lower() in MODES - {"session"}
    }
    said = [
        setting for setting in settings if setting.key == "max_prepared_statements" and _NUMBER.fullmatch(setting.value)
    ]
    if not said or sharing - {setting.path for setting in said}:
        return known
    least = min(said, key=lambda setting: int(setting.value))
    evidence = Evidence("max-prepared-statements", least.value, least.path, least.row)
    return replace(known, max_prepared_statements=int(least.value), evidence=(*known.evidence, evidence))


def _parameters(settings: Iterable[Setting]) -> frozenset[str]:
    lists = [setting.value for setting in settings if setting.key == "parameters"]
    return frozenset(name.lower() for value in lists for name in re.split(r"[\s,]+", value) if name)
