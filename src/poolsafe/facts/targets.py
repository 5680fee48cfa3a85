"""Finds the targets in a module: the calls that create engines, and the calls that take SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable

import libcst as cst

from poolsafe.checkout.second_look import renamed_engine_functions
from poolsafe.facts.built_sql import is_built
from poolsafe.inference import Module, Project
from poolsafe.libraries import DRIVER_METHODS, ENGINE_NAMES, SETTING_OPTIONS, SQL_NAMES
from poolsafe.sql.session_commands import function_effect
from poolsafe.sql.session_words import may_change_session
from poolsafe.syntax.index import CallSite, Scope, last_name


def engine_sites(module: Module, project: Project) -> list[CallSite]:
    """Returns the calls to engine functions, and the calls that take one as an argument."""
    names = engine_names(module, project)
    return [site for site in module.index.calls if site.name in names or _passes(site, names)]


def engine_names(module: Module, project: Project) -> frozenset[str]:
    """Returns the names by which the module may call an engine function, including names from other modules."""
    if not project.follow:
        return _names(module, ENGINE_NAMES)
    renamed: frozenset[str] | None = module.memo.get("renamed engine functions")
    if renamed is None:
        renamed = renamed_engine_functions(module.path, module.source.code, project.root, project.looked_at)
        module.memo["renamed engine functions"] = renamed
    return _names(module, ENGINE_NAMES | renamed)


def calls_engine_function(module: Module, site: CallSite) -> bool:
    """Returns whether the callee itself is an engine function that the module imports from a library."""
    callee = site.node.func
    while isinstance(callee, cst.Attribute):
        callee = callee.value
    return (
        isinstance(callee, cst.Name)
        and callee.value in module.library_names
        and site.name in _names(module, ENGINE_NAMES)
    )


def option_sites(module: Module) -> list[CallSite]:
    """Returns the calls that set execution options of an engine, a connection or a session."""
    named = (site for name in sorted(SETTING_OPTIONS) for site in module.index.calls_by_name.get(name, ()))
    return [site for site in named if site.node.args]


def statement_sites(module: Module) -> list[CallSite]:
    """Returns the calls with SQL that may contain several commands."""
    runners = _names(module, SQL_NAMES)
    return [
        site
        for site in module.index.calls
        if (site.name in runners or may_prepare(module, site.node)) and _may_hold_several(module, site)
    ]


# Methods of asyncpg's connections and pools that prepare their SQL. `execute` only does if it has arguments.
_PREPARING = frozenset({"cursor", "executemany", "fetch", "fetchmany", "fetchrow", "fetchval", "prepare"})
_KEYWORDS = frozenset({"args", "column", "command", "name", "prefetch", "query", "record_class", "timeout", "values"})


def prepares(call: cst.Call) -> bool:
    """Returns whether asyncpg prepares the SQL of a call: all methods do, except for `execute` without arguments."""
    if not isinstance(call.func, cst.Attribute):
        return False
    name = call.func.attr.value
    return takes_sql(call) and (
        name in _PREPARING or (name == "execute" and sum(argument.keyword is None for argument in call.args) > 1)
    )


def takes_sql(call: cst.Call) -> bool:
    """Returns whether a method that takes SQL, of asyncpg or a wrapper of it, may accept the keywords of a call."""
    return all(argument.keyword is None or argument.keyword.value in _KEYWORDS for argument in call.args)


def may_prepare(module: Module, call: cst.Call) -> bool:
    """Returns whether a driver may prepare the SQL of a call: asyncpg, or psycopg, if the file names it.

    psycopg prepares the SQL of an `execute` depending on its threshold or its keywords.
    """
    if prepares(call):
        return True
    return isinstance(call.func, cst.Attribute) and call.func.attr.value == "execute" and _names_psycopg(module)


def _names_psycopg(module: Module) -> bool:
    """Returns whether the file contains the name of psycopg 3."""
    if "names psycopg" not in module.memo:
        module.memo["names psycopg"] = _PSYCOPG.search(module.source.text) is not None
    return bool(module.memo["names psycopg"])


_PSYCOPG = re.compile(r"psycopg(?!2)")


def session_sites(module: Module) -> list[CallSite]:
    """Returns the calls with SQL that may change the session, and the calls to SQL functions that do."""
    runners = _names(module, SQL_NAMES | DRIVER_METHODS)
    return [site for site in module.index.calls if _may_change_session(module, site, runners)]


def _may_change_session(module: Module, site: CallSite, runners: frozenset[str]) -> bool:
    if site.name == "add_listener":
        return isinstance(site.node.func, cst.Attribute) and _may_listen(site.node)
    if site.name == "set_config" or function_effect(site.name) is not None:
        return isinstance(site.node.func, cst.Attribute) and bool(site.node.args)
    if site.name not in runners or not site.node.args or not module.index.session_strings:
        return False
    sql = site.node.args[0].value
    if isinstance(sql, cst.SimpleString):
        return may_change_session(sql.value)
    if isinstance(sql, cst.Call) and last_name(sql.func) in runners:
        # The inner call takes the SQL.
        return False
    return not is_built(module, site) and _may_be_given(module, site, module.index.session_strings)


def _may_listen(call: cst.Call) -> bool:
    """Returns whether the arguments of a call may be those of asyncpg's `add_listener(channel, callback)`."""
    if any(argument.star for argument in call.args):
        return True
    keywords = {argument.keyword.value for argument in call.args if argument.keyword is not None}
    return len(call.args) == 2 and keywords <= {"callback", "channel"}


def _names(module: Module, originals: frozenset[str]) -> frozenset[str]:
    """Returns the names by which the module may call one of these functions, including aliases."""
    names = set(originals)
    for node in module.imports:
        for alias in () if isinstance(node.names, cst.ImportStar) else node.names:
            original = alias.name.attr.value if isinstance(alias.name, cst.Attribute) else alias.name.value
            target = alias.asname.name if alias.asname is not None else None
            if original in originals and isinstance(target, cst.Name):
                names.add(target.value)
    grown = True
    while grown:
        added = {one.new for one in module.index.renamings if one.old in names} - names
        grown = bool(added)
        names |= added
    return frozenset(names)


def _may_hold_several(module: Module, site: CallSite) -> bool:
    """Returns whether the SQL of a call may be several commands, according to the strings that can reach it."""
    if site.name == "execute" and not _takes_strings(site) and not may_prepare(module, site.node):
        return False
    if not site.node.args:
        return False
    sql = site.node.args[0].value
    if isinstance(sql, cst.SimpleString):
        return ";" in sql.raw_value.rstrip().rstrip(";")
    return not is_built(module, site) and _may_be_given(module, site, module.index.semicolons)


def _may_be_given(module: Module, site: CallSite, strings: Iterable[tuple[Scope, ...]]) -> bool:
    """Returns whether one of the strings in these scopes can reach a call."""
    return any(
        site.scopes[: len(scopes)] == scopes or _may_be_asked(module, scopes) or _asks(module, scopes, site)
        for scopes in strings
    )


def _may_be_asked(module: Module, scopes: tuple[Scope, ...]) -> bool:
    """Returns whether the innermost function may pass strings to others, because it is called or decorated."""
    function = scopes[-1]
    if not isinstance(function, cst.FunctionDef):
        return False
    return bool(function.decorators) or function.name.value in module.index.calls_by_name


def _asks(module: Module, scopes: tuple[Scope, ...], site: CallSite) -> bool:
    """Returns whether the innermost function calls a function around the site, and may pass a string to it."""
    names = {scope.name.value for scope in site.scopes if isinstance(scope, cst.FunctionDef)}
    calls = (call for name in names for call in module.index.calls_by_name.get(name, ()))
    return any(call.scopes[: len(scopes)] == scopes for call in calls)


def source_scopes(module: Module) -> list[Scope]:
    """Returns the functions and classes that contain a string that a statement rule may check."""
    return [scope for scopes in (*module.index.semicolons, *module.index.session_strings) for scope in scopes]


def _takes_strings(site: CallSite) -> bool:
    """Returns whether an `execute` may accept a plain string, like Alembic's, or a cursor's in a listener."""
    if not isinstance(site.node.func, cst.Attribute):
        return False
    return _is_operations(site.node.func.value) or any(map(_listens, site.scopes))


def _listens(scope: Scope) -> bool:
    decorators = scope.decorators if isinstance(scope, cst.FunctionDef) else ()
    calls = [item.decorator for item in decorators if isinstance(item.decorator, cst.Call)]
    return any(last_name(call.func) == "listens_for" for call in calls)


def _is_operations(node: cst.BaseExpression) -> bool:
    """Returns whether the receiver of `execute` may be Alembic's `op`."""
    return isinstance(node, cst.Name) and ("op" in node.value or "migration" in node.value)


def _passes(site: CallSite, names: frozenset[str]) -> bool:
    """Returns whether one of the names is an argument of the call, as in `partial(create_async_engine, …)`."""
    return any(isinstance(arg.value, cst.Name) and arg.value.value in names for arg in site.node.args)
