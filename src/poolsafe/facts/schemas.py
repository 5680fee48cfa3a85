"""How a project creates its tables, which decides what runs the DDL in listeners."""

from __future__ import annotations

import enum
import itertools
import re

import libcst as cst

from poolsafe.inference import Module, Project
from poolsafe.syntax.index import CallSite


class Creation(enum.Enum):
    """How `create_all` is called: by an async connection's `run_sync`, on a synchronous engine, or in both ways."""

    ASYNC = "async"
    SYNC = "sync"
    MIXED = "mixed"


# A definition of that name is no call.
_USED = re.compile(rb"(?<![A-Za-z0-9_])(?<!def )create_all(?![A-Za-z0-9_])")


def creation_of(project: Project, module: Module) -> Creation | None:
    """Returns how the project calls `create_all`, except in tests, or None if there is no call."""
    found: set[bool] = set()
    for other in itertools.chain((module,), project.others(module, (b"create_all",), _USED.search)):
        found.update(_is_async(other, site) for site in other.index.calls_by_name.get("create_all", ()))
        if len(found) > 1:
            return Creation.MIXED
    return None if not found else (Creation.ASYNC if True in found else Creation.SYNC)


def _is_async(module: Module, site: CallSite) -> bool:
    """Returns whether the call is `run_sync(metadata.create_all)`, or is in a function that is passed to `run_sync`."""
    if site.name == "run_sync":
        return True
    names = {scope.name.value for scope in site.scopes if isinstance(scope, cst.FunctionDef)}
    callers = [caller for name in names for caller in module.index.calls_by_name.get(name, ())]
    lambdas = [scope for scope in site.scopes if isinstance(scope, cst.Lambda)]
    handed = [arg.value for caller in module.index.calls_by_name.get("run_sync", ()) for arg in caller.node.args]
    return any(caller.name == "run_sync" for caller in callers) or any(scope in handed for scope in lambdas)
