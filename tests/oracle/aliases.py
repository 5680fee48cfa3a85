"""Generates second names for the same object, in every way that Python allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .conditions import condition
from .draft import Draft, Lines, Scope, block


class Body(Protocol):
    """What is done with a name; `local` says that an assignment to it means the name itself."""

    def __call__(self, name: str, *, local: bool = True) -> Lines: ...


NAMES = ("same", "target", "current", "chosen", "shown", "mine")


def alias(scope: Scope, expression: str, body: Body) -> Lines:
    """Statements that give `expression` a second name, with what `body` does with that."""
    return scope.choices.weighted(_FORMS)(scope, expression, body)


def name_of(scope: Scope) -> str:
    return scope.draft.fresh(*NAMES)


# --- names that stay ---


def _assigned(scope: Scope, expression: str, body: Body) -> Lines:
    name = name_of(scope)
    form = scope.choices.one(
        (
            "{name} = {of}",
            "{name} = {of}",
            "{name}: dict = {of}",
            "{name}, _ = {of}, None",
            "_, {name} = None, {of}",
            "[{name}] = [{of}]",
            "*_, {name} = 1, 2, {of}",
            "({name}, _), _ = ({of}, 1), 2",
            "_ = {name} = {of}",
            "{name} = [{of}][0]",
            "{name} = ({of}, None)[0]",
            '{name} = {{"main": {of}}}["main"]',
            '{name} = {{"main": {of}}}.get("main")',
            "{name} = next(iter([{of}]))",
            "{name} = [{of}].pop()",
            "{name} = {of} or {{}}",
            "{name} = {of} if {of} is not None else {{}}",
            "{name} = max([{of}], key=len)",
        )
    )
    return [form.format(name=name, of=expression), *body(name)]


def _chosen(scope: Scope, expression: str, body: Body) -> Lines:
    name = name_of(scope)
    others = [one for one in (*scope.args, "{}") if one != expression]
    return [f"{name} = {expression} if {condition(scope)} else {scope.choices.one(others)}", *body(name)]


def _kept(scope: Scope, expression: str, body: Body) -> Lines:
    """In a list, a dict or an object, and taken from there."""
    draft = scope.draft
    holder = draft.fresh("holder", "kept", "state")
    form = scope.choices.one(("list", "tuple", "dict", "append", "attribute", "object", "nested"))
    if form == "list":
        return [f"{holder} = [{expression}]", *body(f"{holder}[0]")]
    if form == "tuple":
        return [f"{holder} = ({expression}, 1)", *body(f"{holder}[0]")]
    if form == "dict":
        return [f'{holder} = {{"main": {expression}}}', *body(f'{holder}["main"]')]
    if form == "append":
        return [f"{holder} = []", f"{holder}.append({expression})", *body(f"{holder}[-1]")]
    if form == "nested":
        return [f'{holder} = {{"db": {{"args": {expression}}}}}', *body(f'{holder}["db"]["args"]')]
    if form == "attribute":
        return [f"{holder} = {draft.use('types', 'SimpleNamespace')}(args={expression})", *body(f"{holder}.args")]
    return [f"{holder} = {_holder_class(draft)}({expression})", *body(f"{holder}.args")]


def _holder_class(draft: Draft) -> str:
    def lines(name: str) -> Lines:
        return draft.choices.one(
            (
                [f"class {name}:", "    def __init__(self, args: dict) -> None:", "        self.args = args"],
                [f"@{draft.use('dataclasses', 'dataclass')}", f"class {name}:", "    args: dict"],
                [
                    f"class {name}:",
                    "    def __init__(self, args: dict) -> None:",
                    "        self._args = args",
                    "",
                    "    @property",
                    "    def args(self) -> dict:",
                    "        return self._args",
                ],
            )
        )

    return draft.helper("holder", "Holder", "Box", lines=lines)


def _returned(scope: Scope, expression: str, body: Body) -> Lines:
    name = name_of(scope)
    draft = scope.draft

    def lines(helper: str) -> Lines:
        return draft.choices.one(
            (
                [f"def {helper}(value, *rest):", "    return value"],
                [
                    f"def {helper}(*values):",
                    "    for value in values:",
                    "        if value is not None:",
                    "            return value",
                    "    return {}",
                ],
                [f"def {helper}(value=None, default=None):", "    return value if value is not None else default"],
                [f"def {helper}(value, **kept):", '    kept["value"] = value', '    return kept["value"]'],
                [f"{helper} = lambda value, *rest: value"],
                [f"def {helper}(value, *rest):", "    found, *others = value, *rest", "    return found"],
            )
        )

    helper = draft.helper("identity", "given", "first_of", "kept_as", lines=lines)
    return [f"{name} = {helper}({expression})", *body(name)]


def _partial(scope: Scope, expression: str, body: Body) -> Lines:
    """The change itself as a value: a bound method, a partial, a lambda."""
    draft = scope.draft
    name = draft.fresh("put", "change", "apply")
    form = scope.choices.one(("method", "partial", "lambda", "setitem"))
    if form == "method":
        return [f"{name} = {expression}.update", f"{name}(statement_cache_size=0, prepared_statement_cache_size=0)"]
    if form == "partial":
        return [
            f"{name} = {draft.use('functools', 'partial')}({expression}.update, prepared_statement_cache_size=0)",
            f"{name}(statement_cache_size=0)",
        ]
    if form == "lambda":
        return [f"{name} = lambda: {expression}.update(statement_cache_size=0)", f"{name}()"]
    return [
        f"{name} = {expression}.__setitem__",
        *block('for key in ("statement_cache_size", "prepared_statement_cache_size"):', [f"{name}(key, 0)"]),
    ]


# --- names of a block ---


def _looped(scope: Scope, expression: str, body: Body) -> Lines:
    name = name_of(scope)
    draft = scope.draft

    def lines(helper: str) -> Lines:
        return draft.choices.one(
            (
                [f"def {helper}(*items):", "    yield from items"],
                [f"def {helper}(*items):", "    for item in items:", "        yield item"],
            )
        )

    form = scope.choices.one(("({of},)", "[{of}]", "({of}, {of})", "iter([{of}])", "helper", "enumerate", "zip"))
    if form == "helper":
        header = f"for {name} in {draft.helper('each', 'each', 'all_of', lines=lines)}({expression}):"
    elif form == "enumerate":
        header = f"for _, {name} in enumerate([{expression}]):"
    elif form == "zip":
        header = f"for {name}, _ in zip([{expression}], [0]):"
    else:
        header = f"for {name} in {form.format(of=expression)}:"
    return block(header, body(name))


def _managed(scope: Scope, expression: str, body: Body) -> Lines:
    name = name_of(scope)
    draft = scope.draft

    def lines(helper: str) -> Lines:
        return draft.choices.one(
            (
                [f"@{draft.use('contextlib', 'contextmanager')}", f"def {helper}(value):", "    yield value"],
                [
                    f"class {helper}:",
                    "    def __init__(self, value) -> None:",
                    "        self.value = value",
                    "",
                    "    def __enter__(self):",
                    "        return self.value",
                    "",
                    "    def __exit__(self, *error) -> None:",
                    "        return None",
                ],
            )
        )

    if scope.choices.chance(25):
        manager = draft.use("contextlib", "nullcontext")
    else:
        manager = draft.helper("manager", "holding", "using", lines=lines)
    return block(f"with {manager}({expression}) as {name}:", body(name))


def _walrus(scope: Scope, expression: str, body: Body) -> Lines:
    name = name_of(scope)
    form = scope.choices.one(
        ("if ({name} := {of}) is not None:", "if isinstance({name} := {of}, dict):", "({name} := {of})")
    )
    if form.startswith("if"):
        return block(form.format(name=name, of=expression), body(name))
    return [form.format(name=name, of=expression), *body(name)]


def _matched(scope: Scope, expression: str, body: Body) -> Lines:
    name = name_of(scope)
    form = scope.choices.one(("case {name}:", "case dict() as {name}:", "case {{**_rest}} as {name}:"))
    return block(f"match {expression}:", block(form.format(name=name), body(name)))


def _default(scope: Scope, expression: str, body: Body) -> Lines:
    """The default of a parameter."""
    function = scope.draft.fresh("configure", "prepare", "adjust")
    name = name_of(scope)
    return [*block(f"def {function}({name}={expression}):", body(name)), "", f"{function}()"]


def _closed_over(scope: Scope, expression: str, body: Body) -> Lines:
    """A free variable of an inner function."""
    function = scope.draft.fresh("configure", "prepare", "adjust")
    return [*block(f"def {function}():", body(expression, local=False)), "", f"{function}()"]


def _parameter(scope: Scope, expression: str, body: Body) -> Lines:
    function = scope.draft.fresh("configure", "prepare", "adjust")
    name = name_of(scope)
    form = scope.choices.one(
        (
            (f"def {function}({name}):", f"{function}({expression})", name),
            (f"def {function}(*, {name}=None):", f"{function}({name}={expression})", name),
            (f"def {function}(*items):", f"{function}({expression})", "items[0]"),
            (f"def {function}(**items):", f"{function}(args={expression})", 'items["args"]'),
            (f"def {function}({name}):", f"{function}(*[{expression}])", name),
            (f"def {function}({name}):", f'{function}(**{{"{name}": {expression}}})', name),
        )
    )
    return [*block(form[0], body(form[2])), "", form[1]]


_FORMS: tuple[tuple[int, Callable[[Scope, str, Body], Lines]], ...] = (
    (14, _assigned),
    (5, _chosen),
    (6, _kept),
    (4, _returned),
    (3, _partial),
    (5, _looped),
    (3, _managed),
    (3, _walrus),
    (2, _matched),
    (2, _default),
    (3, _closed_over),
    (4, _parameter),
)
