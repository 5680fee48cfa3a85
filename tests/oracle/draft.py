"""A program while it is being generated: its imports, its definitions and the names in scope."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from .choices import Choices

Lines = list[str]

ASYNC_ENGINES = "sqlalchemy.ext.asyncio"
# More variables would mean more runs than they are worth.
MOST_VARIABLES = 3


class Draft:
    """What the parts of one program share. `top` holds the definitions that stand before the program's own work.

    `world` is the library that a program without engines is for, "" where it makes engines. `url_forms` are the forms
    of its URLs, each with its weight, and `call` writes what it makes; both are None for engines.
    """

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.world = ""
        self.url_forms: tuple[tuple[int, Callable[[Draft], tuple[str, bool]]], ...] | None = None
        self.call: Callable[[Scope], str] | None = None
        self.top: Lines = []
        self.variables: dict[str, tuple[str, ...]] = {}
        self.overrides: set[str] = set()
        self.helpers: dict[str, str] = {}
        self._imports: dict[str, set[str]] = {}
        self._modules: set[str] = set()
        self._taken: set[str] = set()
        self._unfinished: set[str] = set()

    def use(self, module: str, name: str) -> str:
        """Import a name and return it."""
        self._imports.setdefault(module, set()).add(name)
        return name

    def use_module(self, module: str) -> str:
        self._modules.add(module)
        return module

    def fresh(self, *names: str) -> str:
        """One of the names, or one of them with a number where all are taken."""
        free = [name for name in names if name not in self._taken]
        if free:
            name = self.choices.one(free)
        else:
            base = self.choices.one(names)
            number = next(number for number in range(2, 1_000) if f"{base}_{number}" not in self._taken)
            name = f"{base}_{number}"
        self._taken.add(name)
        return name

    def variable(self, name: str, *values: str) -> bool:
        """Whether the program may read an environment variable: it will be run with it unset and as each value."""
        if name not in self.variables and len(self.variables) >= MOST_VARIABLES:
            return False
        self.variables[name] = tuple(dict.fromkeys((*self.variables.get(name, ()), *values)))
        self.use_module("os")
        return True

    def override(self, name: str, *values: str) -> bool:
        """The same for a variable that only replaces a default."""
        self.overrides.add(name)
        return self.variable(name, *values)

    def define(self, lines: Iterable[str]) -> None:
        """Put a definition before the program's own work, and behind those that it may use."""
        self.top += lines

    def helper(self, key: str, *names: str, lines: Callable[[str], Lines]) -> str:
        """The name of a definition that is written at most once under its key; one that uses itself is none."""
        if key not in self.helpers:
            name = self.fresh(*names)
            self._unfinished.add(key)
            written = lines(name)
            self._unfinished.discard(key)
            self.helpers[key] = name
            self.define(written)
        return self.helpers[key]

    def has_begun(self, key: str) -> bool:
        """Whether the definition under a key is being written just now."""
        return key in self._unfinished

    def imports(self, text: str) -> Lines:
        """The imports that `text` needs."""
        words = set(re.findall(r"\w+", text))
        lines = [f"import {module}" for module in sorted(self._modules) if module.split()[-1].split(".")[0] in words]
        for module, names in sorted(self._imports.items()):
            needed = [name for name in sorted(names) if name.split()[-1] in words]
            lines += [f"from {module} import {', '.join(needed)}"] if needed else []
        return lines


@dataclass
class Scope:
    """The names that a statement may use.

    `args` are expressions that are a dict for `connect_args`, `options` those that are a dict of keywords for an engine
    function, with whether `connect_args` is among them. `url` is an expression for the URL, a string unless it is a
    `url_object`.
    `rebinds`: an assignment to one of the names means that very name, and not a new one of an inner function.
    `outer` is the word by which an inner function binds them, `global` or `nonlocal`.
    """

    draft: Draft
    url: str
    url_object: bool = False
    args: list[str] = field(default_factory=list)
    options: dict[str, bool] = field(default_factory=dict)
    rebinds: bool = True
    outer: str | None = None
    depth: int = 0

    @property
    def choices(self) -> Choices:
        return self.draft.choices

    def inner(self, *, rebinds: bool | None = None) -> Scope:
        """A scope inside a block: what is bound there does not count outside."""
        return replace(
            self,
            args=list(self.args),
            options=dict(self.options),
            rebinds=self.rebinds if rebinds is None else rebinds,
            depth=self.depth + 1,
        )


def indent(lines: Iterable[str]) -> Lines:
    return ["    " + line.replace("\n", "\n    ") if line else line for line in lines]


def block(header: str, body: Lines) -> Lines:
    return [header, *indent(body or ["pass"])]
