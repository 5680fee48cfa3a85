"""The calls in a module that create connections and pools of asyncpg, psycopg or a wrapper without SQLAlchemy."""

from __future__ import annotations

import libcst as cst

from poolsafe.facts.targets import takes_sql
from poolsafe.inference import Module
from poolsafe.inference.models import PREPARING
from poolsafe.libraries import CLIENT_NAMES, CLIENT_PACKAGES
from poolsafe.records import frozen
from poolsafe.syntax.index import CallSite, last_name

# Methods of objects that are often imported from another module.
_METHODS = frozenset({"set_bind"})


@frozen
class _Imported:
    """The names that a module binds to the packages or their members. `functions` are those bound to the functions."""

    roots: frozenset[str]
    functions: frozenset[str]


def client_sites(module: Module) -> list[CallSite]:
    """Returns the calls that may create a connection or a pool, and those that take such a function as an argument."""
    imported = _imported(module)
    if not imported.roots:
        return []
    return [site for site in module.index.calls if _calls(imported, site) or _passes(imported, site)]


def preparing_sites(module: Module) -> list[CallSite]:
    """Returns the calls that may name a prepared statement of asyncpg: methods that take SQL."""
    return [
        site
        for name in sorted(PREPARING)
        for site in module.index.calls_by_name.get(name, ())
        if isinstance(site.node.func, cst.Attribute)
        and site.node.args
        and site.node.args[0].keyword is None
        and takes_sql(site.node)
    ]


def client_names(module: Module) -> frozenset[str]:
    """Returns the names by which the module calls such a function directly, aliases included."""
    return _imported(module).functions


def _imported(module: Module) -> _Imported:
    """Returns the imported names. Cached in the module."""
    memo = "names of clients"
    found: _Imported | None = module.memo.get(memo)
    if found is None:
        found = module.memo[memo] = _read_imports(module)
    return found


def _read_imports(module: Module) -> _Imported:
    roots: set[str] = set()
    functions: set[str] = set()
    for node in module.imports:
        if isinstance(node.names, cst.ImportStar):
            continue
        home = _first_name(node.module) if isinstance(node, cst.ImportFrom) and not node.relative else None
        for alias in node.names:
            package = home if isinstance(node, cst.ImportFrom) else _first_name(alias.name)
            if package not in CLIENT_PACKAGES:
                continue
            renamed = alias.asname.name if alias.asname is not None else None
            original = last_name(alias.name) or ""
            bound = original if isinstance(node, cst.ImportFrom) else package
            name = renamed.value if isinstance(renamed, cst.Name) else bound
            roots.add(name)
            if isinstance(node, cst.ImportFrom) and original in CLIENT_NAMES:
                functions.add(name)
    grown = bool(roots)
    while grown:
        # Of `connect = asyncpg.connect`, only the last name is kept. An unnecessary target only costs time.
        added = {one.new for one in module.index.renamings if one.old in functions or one.old in CLIENT_NAMES}
        grown = bool(added - functions)
        functions |= added
    return _Imported(frozenset(roots), frozenset(functions))


def _calls(imported: _Imported, site: CallSite) -> bool:
    if site.name in _METHODS:
        return True
    if site.name in imported.functions:
        return True
    return site.name in CLIENT_NAMES and _first_name(site.node.func) in imported.roots


def _passes(imported: _Imported, site: CallSite) -> bool:
    """Returns whether a function is an argument of the call, as in `partial(asyncpg.connect, dsn)`."""
    for arg in site.node.args:
        name = last_name(arg.value)
        if name is None:
            continue
        if isinstance(arg.value, cst.Name):
            if name in imported.functions:
                return True
        elif name in CLIENT_NAMES and _first_name(arg.value) in imported.roots:
            return True
    return False


def _first_name(node: cst.BaseExpression | None) -> str | None:
    """Returns the first part of a dotted name: `a` for `a.b.c`."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return node.value if isinstance(node, cst.Name) else None
