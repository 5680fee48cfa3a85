"""Conditions by which a program distinguishes asyncpg's engine from others, and which can be tested at the call.

A call that creates engines of several drivers can only pass asyncpg's keys under such a condition. The code already
contains the condition: a test of the call's URL, or a test that the choice of the URL depends on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.driver_tests import OTHER_DRIVER
from poolsafe.facts.engine import Driver
from poolsafe.facts.engine_places import DriverCondition
from poolsafe.facts.reach import Passage, Surroundings
from poolsafe.facts.views import begins_as
from poolsafe.facts.written_keys import is_pure
from poolsafe.inference import Comparison, Guard, IsSet, IsTrue, Literal, Module, Url
from poolsafe.syntax.index import descendants

_SCHEME = re.compile(r"(?:[fFrR]{0,2}|[\w.]+\(\s*(?:drivername=)?)['\"]+(?P<scheme>[a-z]\w*(?:\+\w+)?)")
_REPLACED = re.compile(r".*\.replace\(\s*['\"][^'\"]*['\"],\s*['\"](?P<scheme>[a-z]\w*(?:\+\w+)?):", re.DOTALL)
_ASYNCPG_URL = "postgresql+asyncpg://"
_ASYNCPG = "postgresql+asyncpg"
_TARGETS = (cst.AssignTarget, cst.AnnAssign, cst.AugAssign)


def driver_condition(surroundings: Surroundings, call: cst.Call, passages: list[Passage]) -> DriverCondition | None:
    """Returns a condition that distinguishes asyncpg's engine from the others that a call creates, or None."""
    url = _url_of(call)
    module = surroundings.module
    text = module.text(url) if isinstance(url, (cst.Name, cst.Attribute)) else ""
    for node in _tests(module, text) if text else ():
        found = _on_url(node, passages)
        written = module.tree.text(node)
        # A URL object has no such methods.
        fits = "str(" in written or not any(isinstance(one.view.url, Url) for one in passages)
        if found is not None and fits and "\n" not in written:
            return DriverCondition(_named(module, node, call, text) or written, holds=found)
    return _of_branches(module, call, url) or _of_choice(surroundings, call, passages)


def _url_of(call: cst.Call) -> cst.BaseExpression | None:
    for position, argument in enumerate(call.args):
        named = argument.keyword is not None and argument.keyword.value == "url"
        if named or (position == 0 and argument.keyword is None and not argument.star):
            return argument.value
    return None


def _tests(module: Module, url: str) -> Iterator[cst.Comparison | cst.Call]:
    """Yields the file's tests of the beginning or content of the URL with this name, in order."""
    memo = f"tests of {url}"
    found: list[cst.Comparison | cst.Call] | None = module.memo.get(memo)
    if found is None:
        parents = module.index.parents
        around = [parents.get(id(node)) for node, _ in module.index.strings]
        # A string is a part of a comparison, or the argument of a call.
        around = [parents.get(id(node)) if isinstance(node, cst.Arg) else node for node in around]
        tests = (node for node in around if isinstance(node, (cst.Comparison, cst.Call)))
        asked = [node for node in tests if _looked_for(module, node, url) is not None]
        found = module.memo[memo] = sorted(asked, key=module.tree.span)
    return iter(found)


def _looked_for(module: Module, node: cst.Comparison | cst.Call, url: str) -> str | None:
    """Returns the string that `url.startswith(...)` or `... in url` looks for, or None for another expression."""
    match node:
        case cst.Call(
            func=cst.Attribute(value=subject, attr=cst.Name(value="startswith")),
            args=[cst.Arg(value=cst.SimpleString() as wanted, keyword=None, star="")],
        ):
            pass
        case cst.Comparison(
            left=cst.SimpleString() as wanted, comparisons=[cst.ComparisonTarget(operator=cst.In(), comparator=subject)]
        ):
            pass
        case _:
            return None
    same = module.text(subject) in (url, f"str({url})")
    return str(wanted.raw_value) if same else None


def _on_url(node: cst.Comparison | cst.Call, passages: list[Passage]) -> bool | None:
    """Returns whether a test on the URL holds for asyncpg and no other driver (True), or the reverse (False)."""
    wanted = next(str(one.raw_value) for one in descendants(node) if isinstance(one, cst.SimpleString))
    begins = isinstance(node, cst.Call)

    def holds(url: str) -> bool:
        return url.startswith(wanted) if begins else wanted in url

    for_asyncpg = holds(_ASYNCPG_URL)
    if not OTHER_DRIVER.search(wanted) and not (for_asyncpg and ("asyncpg" in wanted or wanted.startswith("postgres"))):
        return None
    others = {begins_as(one.view.url) for one in passages if one.driver is Driver.OTHER} - {""}
    return for_asyncpg if all(holds(url) is not for_asyncpg for url in others) else None


def _named(module: Module, node: cst.CSTNode, call: cst.Call, url: str) -> str | None:
    """Returns the name that a test is bound to, if it is bound wherever the call is reached, or None."""
    parents = module.index.parents
    match parents.get(id(node)):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]) as assignment:
            function = module.index.innermost_function(assignment)
            same = function is module.index.innermost_function(call)
            near = same or (function is None and _bindings(module, url.partition(".")[0]) <= 1)
            line = parents.get(id(assignment))
            block = parents.get(id(line))
            # Only the beginning of the function or the module is certainly run.
            certain = block is module.tree.module if function is None else block is function.body
            before = module.tree.span(assignment)[1] < module.tree.span(call)[0]
            return name if near and certain and before and _bindings(module, name) == 1 else None
    return None


def _of_branches(module: Module, call: cst.Call, url: cst.BaseExpression | None) -> DriverCondition | None:
    """Returns the condition of an `if` that sets the scheme of the call's URL in both branches, or None."""
    if not isinstance(url, cst.Name):
        return None
    function = module.index.innermost_function(call)
    for node in descendants(module.tree.module if function is None else function.body):
        tests, values = _choices(node, url.value)
        schemes = [_scheme(module, value) for value in values]
        if schemes.count(_ASYNCPG) != 1 or not any(OTHER_DRIVER.match(one) for one in schemes) or not all(schemes):
            continue
        # A later branch depends on several tests. With only two branches, the second one means that the test failed.
        first = schemes[0] == _ASYNCPG
        if not first and len(schemes) > 2:
            continue
        bound = len(values) if isinstance(node, cst.If) else 1
        alone = _bindings(module, url.value, function) == bound and module.index.innermost_function(node) is function
        if alone and _is_fixed(module, tests[0], call) and "\n" not in module.tree.text(tests[0]):
            return DriverCondition(module.tree.text(tests[0]), holds=first)
    return None


def _choices(node: cst.CSTNode, name: str) -> tuple[list[cst.BaseExpression], list[cst.BaseExpression | None]]:
    """Returns the tests with which a statement chooses the value of a name, and the values, of which there is one more.

    Both are empty if the statement does not choose a value.
    """
    match node:
        case cst.If(test=test, body=body, orelse=cst.Else(body=last)):
            return [test], [_assigned(body, name), _assigned(last, name)]
        case cst.If(test=test, body=body, orelse=cst.If() as rest):
            tests, values = _choices(rest, name)
            return ([test, *tests], [_assigned(body, name), *values]) if tests else ([], [])
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))], value=cst.IfExp() as chosen):
            return ([chosen.test], [chosen.body, chosen.orelse]) if target == name else ([], [])
    return [], []


def _assigned(block: cst.BaseSuite, name: str) -> cst.BaseExpression | None:
    """Returns the last value that a block assigns to a name, or None."""
    found: cst.BaseExpression | None = None
    for line in block.body:
        for one in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            match one:
                case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))], value=value):
                    found = value if target == name else found
    return found


def _scheme(module: Module, value: cst.BaseExpression | None) -> str:
    """Returns the scheme of a URL that is written as a string, `URL.create(...)` or `.replace(...)`, or ""."""
    text = module.tree.text(value) if value is not None else ""
    found = _REPLACED.match(text) or _SCHEME.match(text)
    return "" if found is None else found["scheme"]


def _of_choice(surroundings: Surroundings, call: cst.Call, passages: list[Passage]) -> DriverCondition | None:
    """Returns the condition that the choice of the URL depends on, if it means the same at the call, or None."""
    module, inference = surroundings.module, surroundings.observed.inference
    ours = [one.guard for one in passages if one.driver is Driver.ASYNCPG]
    others = [one.guard for one in passages if one.driver is Driver.OTHER]
    if not ours or not others or len(ours) + len(others) < len(passages):
        return None
    for one in sorted(frozenset.union(*ours)):
        if not all(one in guard or _is_unset(one, guard) for guard in ours):
            continue
        _, node = inference.written_at(one.symbol) or (None, None)
        if not all(one ^ 1 in guard for guard in others) or not isinstance(node, cst.BaseExpression):
            continue
        means_same = id(node) in module.index.parents and _is_fixed(module, node, call)
        if means_same and "\n" not in module.tree.text(node):
            return DriverCondition(module.tree.text(node), holds=one.holds)
    return None


def _is_unset(one: Literal, guard: Guard) -> bool:
    """Returns whether the subject of a comparison has its default on a path, which decides the comparison."""
    match one.symbol:
        case IsTrue(value=Comparison(left=subject)):
            return any(not each.holds and each.symbol == IsSet(subject) for each in guard)
    return False


def _is_fixed(module: Module, node: cst.BaseExpression, call: cst.Call) -> bool:
    """Returns whether the syntax shows that an expression has the same value at the call.

    That is the case if it has no side effects, and no name that it reads is rebound in between.
    """
    function = module.index.innermost_function(node)
    parts = list(descendants(node))
    attributes = {id(one.attr): f".{one.attr.value}" for one in parts if isinstance(one, cst.Attribute)}
    names = {one.value for one in parts if isinstance(one, cst.Name) and id(one) not in attributes}
    if not all(map(is_pure, parts)):
        return False
    if function is not None and function is module.index.innermost_function(call):
        once = all(_bindings(module, name, function) <= 1 for name in names)
        return once and _bound_between(module, function, node, call).isdisjoint(attributes.values())
    if any(_bindings(module, name) for name in attributes.values()):
        return False
    if function is None:
        return all(_bindings(module, name) <= 1 for name in names)
    # In another function, names that the module imports and never rebinds have the same value.
    return names <= _imported(module) and not any(_bindings(module, name) for name in names)


def _bound_between(module: Module, function: cst.FunctionDef, node: cst.CSTNode, call: cst.Call) -> set[str]:
    """Returns the names and attributes that a function binds after an expression and before a call."""
    start, end = module.tree.span(node)[1], module.tree.span(call)[0]
    targets = (one for one in descendants(function) if isinstance(one, _TARGETS))
    bound = (one.target for one in targets if start <= module.tree.span(one.target)[0] < end)
    return {name for target in bound for name in _names_in(target)}


def _imported(module: Module) -> set[str]:
    """Returns the names that the statements of the module itself import."""
    lines = (line for line in module.tree.module.body if isinstance(line, cst.SimpleStatementLine))
    imports = (one for line in lines for one in line.body if isinstance(one, (cst.Import, cst.ImportFrom)))
    aliases = (alias for one in imports if not isinstance(one.names, cst.ImportStar) for alias in one.names)
    return {(alias.evaluated_alias or alias.evaluated_name).partition(".")[0] for alias in aliases}


def _bindings(module: Module, name: str, function: cst.FunctionDef | None = None) -> int:
    """Returns how often a function, or the file, binds each variable, parameter or attribute (as `.name`)."""
    memo = f"bindings of names in {id(function)}"
    counts: dict[str, int] | None = module.memo.get(memo)
    if counts is None:
        counts = module.memo[memo] = {}
        for bound in _bound_names(module.tree.module if function is None else function):
            counts[bound] = counts.get(bound, 0) + 1
    return counts.get(name, 0)


def _bound_names(root: cst.CSTNode) -> Iterator[str]:
    for node in descendants(root):
        match node:
            case cst.Param(name=cst.Name(value=name)) | cst.NamedExpr(target=cst.Name(value=name)):
                yield name
            case cst.AssignTarget(target=target) | cst.AnnAssign(target=target) | cst.AugAssign(target=target):
                yield from _names_in(target)
            case cst.For(target=target) | cst.CompFor(target=target):
                yield from _names_in(target)
            case cst.AsName(name=target):
                yield from _names_in(target)


def _names_in(target: cst.BaseExpression) -> Iterator[str]:
    match target:
        case cst.Name(value=name):
            yield name
        case cst.Attribute(attr=cst.Name(value=name)):
            yield f".{name}"
        case cst.Tuple() | cst.List():
            for element in target.elements:
                yield from _names_in(element.value)
