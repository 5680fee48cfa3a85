"""Decides which releases of a package apply to a file: the nearest ones, and those of a lock before declared ones."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable

from poolsafe.deployment.declared import declared_in
from poolsafe.deployment.files import folders_up
from poolsafe.deployment.locks import locked_in
from poolsafe.deployment.packages import ASYNC_DRIVERS, OTHER_DRIVERS, Said
from poolsafe.deployment.requirements import required_in
from poolsafe.deployment.versions import either, is_pinned, overlap
from poolsafe.records import frozen


@frozen
class Folder:
    """The files of one directory: the releases that are locked or pinned, and those that are declared."""

    locked: tuple[Said, ...]
    declared: tuple[Said, ...]


def version_of(package: str, folder: str, root: str) -> Said | None:
    """Returns the known releases of a package for the files of a folder, or None if nothing is known."""
    locked: Said | None = None
    declared: Said | None = None
    for each in _folders(folder, root):
        declared = declared or _joined(package, each.declared)
        locked = _joined(package, each.locked)
        if locked is not None:
            break
    # The lock of a workspace further up does not apply to a project that declares something else.
    if locked is None or (declared is not None and not overlap(declared.versions, locked.versions)):
        return declared
    return locked


def only_driver(folder: str, root: str) -> tuple[Said, bool] | None:
    """Returns where the nearest folder declares asyncpg, if it declares no other asynchronous driver.

    Also returns whether it is the only SQL driver: psycopg2, for migrations, cannot be used by an asynchronous engine,
    but may run a statement.
    """
    for each in _folders(folder, root):
        # A lock also contains indirect dependencies: only a declaration shows what the project itself uses.
        asyncpg = next((one for one in each.declared if one.package == "asyncpg"), None)
        if asyncpg is not None:
            declared = {one.package for one in each.declared}
            return (asyncpg, declared.isdisjoint(OTHER_DRIVERS)) if declared.isdisjoint(ASYNC_DRIVERS) else None
    return None


def _folders(folder: str, root: str) -> Iterable[Folder]:
    return (_read(each, root) for each in folders_up(folder, root))


@functools.cache
def _read(folder: str, root: str) -> Folder:
    try:
        names = frozenset(os.listdir(folder))
    except OSError:
        names = frozenset()
    required = list(required_in(folder, names, root))
    pinned = [said for said in required if is_pinned(said.versions)]
    # pip-compile writes its pins next to the requirements that they come from.
    return Folder((*locked_in(folder, names, root), *pinned), (*declared_in(folder, names, root), *required))


def _joined(package: str, said: Iterable[Said]) -> Said | None:
    """Joins everything that files say about a package; markers and groups are alternatives."""
    found = [one for one in said if one.package == package]
    if not found:
        return None
    return Said(package, either(one.versions for one in found), found[0].path, found[0].row)
