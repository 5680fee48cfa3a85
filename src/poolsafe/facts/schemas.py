"""How a project creates its tables, which decides what runs the DDL in listeners."""

from __future__ import annotations

import enum

import libcst as cst

from poolsafe.inference import Module, Project
from poolsafe.syntax.index import CallSite


class Creation(enum.Enum):
    """How `create_all` is called: by an async connection's `run_sync`, on a synchronous engine, or in both ways."""

    ASYNC = "async"
    SYNC = "sync"
    MIXED = "mixed"


def creation_of(project: Project, module: Module) -> Creation | None:
    """Returns how the project calls `create_all`, except in tests, or None if there is no call."""
    modules = [module, *project.others(module, (b"create_all",))]
    found = {_is_async(other, site) for other in modules for site in other.index.calls_by_name.get("create_all", ())}
    if not found:
        return None
    return Creation.MIXED if len(found) > 1 else (Creation.ASYNC if True in found else Creation.SYNC)


def _is_async(module: Module, site: CallSite) -> bool:
    """Returns whether the call is `run_sync(metadata.create_all)`, or is in a function that is passed to `run_sync`."""
    if site.name == "run_sync":
        return True
    names = {scope.name.value for scope in site.scopes if isinstance(scope, cst.FunctionDef)}
    callers = [caller for name in names for caller in module.index.calls_by_name.get(name, ())]
    lambdas = [scope for scope in site.scopes if isinstance(scope, cst.Lambda)]
    handed = [arg.value for caller in module.index.calls_by_name.get("run_sync", ()) for arg in caller.node.args]
    return any(caller.name == "run_sync" for caller in callers) or any(scope in handed for scope in lambdas)
