"""Recognises engines of other drivers by their syntax, so that no code has to be run for them."""

from __future__ import annotations

import libcst as cst

from poolsafe.inference import Arguments, Module, ObservedCall, Text
from poolsafe.libraries import ASYNCPG_KEYS, ENGINE_FUNCTIONS, PSYCOPG_SCHEMES
from poolsafe.syntax.index import CallSite


def spelled_engine(module: Module, site: CallSite) -> ObservedCall | None:
    """Returns an observation of an engine call with the literal URL of another driver.

    Returns None for other calls, which have to be run.
    """
    url = _url(module, site)
    scheme = "" if url is None else url.partition("://")[0]
    if url is None or scheme == "postgresql+asyncpg" or (scheme in PSYCOPG_SCHEMES and _gives_options(site)):
        return None
    function = next(name for name in ENGINE_FUNCTIONS if name.endswith(f".{site.name}"))
    return ObservedCall(module, site.node, function, Arguments([Text((url,))]), (frozenset(),), None, awaited=False)


def _url(module: Module, site: CallSite) -> str | None:
    """Returns the beginning of the literal URL in an engine call, including at least `://`.

    Returns None if there is no literal, or if another argument may be an object that is shared with another call.
    """
    arguments = site.node.args
    if site.name not in _LITERAL or not arguments or _root_name(site.node.func) not in module.library_names:
        return None
    first = arguments[0]
    if first.star or (first.keyword is not None and first.keyword.value != "url"):
        return None
    if any(one.star or not _is_own(one) for one in arguments[1:]):
        return None
    beginning = _beginning(first.value)
    return beginning if "://" in beginning and not any(key in beginning for key in ASYNCPG_KEYS) else None


def _gives_options(site: CallSite) -> bool:
    """Returns whether a call has options for the driver, which decide whether psycopg prepares statements."""
    return any(one.keyword is not None and one.keyword.value == "connect_args" for one in site.node.args)


_LITERAL = frozenset({"create_async_engine", "create_engine"})


def _root_name(node: cst.BaseExpression) -> str | None:
    while isinstance(node, cst.Attribute):
        node = node.value
    return node.value if isinstance(node, cst.Name) else None


def _is_own(argument: cst.Arg) -> bool:
    """Returns whether no other engine can share a dict with this argument, and it contains no key of asyncpg."""
    if argument.keyword is None or argument.keyword.value != "connect_args":
        return argument.keyword is not None
    display = argument.value
    return isinstance(display, cst.Dict) and all(
        isinstance(one, cst.DictElement) and not _is_of_asyncpg(one.key) for one in display.elements
    )


def _is_of_asyncpg(key: cst.BaseExpression) -> bool:
    return isinstance(key, cst.SimpleString) and key.evaluated_value in ASYNCPG_KEYS


def _beginning(node: cst.BaseExpression) -> str:
    """Returns the known beginning of a string expression."""
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        return value if isinstance(value, str) else ""
    if isinstance(node, cst.ConcatenatedString):
        left = _beginning(node.left)
        return left + _beginning(node.right) if isinstance(node.left, cst.SimpleString) else left
    if isinstance(node, cst.FormattedString) and node.parts and isinstance(node.parts[0], cst.FormattedStringText):
        return node.parts[0].value if "{" not in node.parts[0].value else ""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return _beginning(node.left)
    return ""
