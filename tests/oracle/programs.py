"""Generated programs: text, and the environments in which it is run."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from . import beside, connections, engines, sql, urls
from .choices import Choices
from .draft import Draft, Lines

Assignment = dict[str, str]
# How many in 100 programs with `other_drivers` are written for two databases.
BESIDE = 25


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and the telling values of each environment variable that it reads; it may also be unset.

    `overrides` are the variables that only replace a default that is written in the program. `text` is the module that
    is run, at `path`; `modules` are the texts of those that it imports, by their paths.
    """

    text: str
    variables: Mapping[str, tuple[str, ...]]
    overrides: frozenset[str] = frozenset()
    path: str = "app.py"
    modules: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> dict[str, str]:
        """The text of each module, the one that is run first."""
        return {self.path: self.text, **self.modules}

    def with_text(self, path: str, text: str) -> Program:
        """The program with another text for one of its modules, and the variables that are still named in it.

        SQLite's URL comes only where the program still names SQLite.
        """
        texts = {**self.texts, path: text}
        words = "\n".join(texts.values())
        variables = {
            name: tuple(value for value in values if "sqlite" not in value or "sqlite" in words)
            for name, values in self.variables.items()
            if name in words
        }
        return replace(self, text=texts.pop(self.path), modules=texts, variables=variables)

    def assignments(self) -> Iterator[Assignment]:
        """Every environment; the first one is empty."""
        names = list(self.variables)
        for values in itertools.product(*((None, *self.variables[name]) for name in names)):
            yield {name: value for name, value in zip(names, values, strict=True) if value is not None}


def program(choices: Choices, *, other_drivers: bool = False) -> Program:
    """A program; with `other_drivers` the environment may bring SQLite's URL to programs that name it.

    Some of these programs are for SQLite and PostgreSQL alike.
    """
    draft = Draft(choices)
    if other_drivers and choices.chance(BESIDE):
        return _finished(draft, beside.scenario(draft))
    if choices.chance(22):
        body = sql.scenario(draft)
    else:
        body = engines.scenario(draft)
        if choices.chance(25):
            body += engines.scenario(draft)
    program = _finished(draft, body)
    if other_drivers and urls.VARIABLE in program.variables and "sqlite" in program.text:
        variables = {**program.variables, urls.VARIABLE: (*program.variables[urls.VARIABLE], urls.SQLITE)}
        return replace(program, variables=variables)
    return program


def connection_program(choices: Choices) -> Program:
    """A program that makes connections and pools without an engine of asyncpg.

    `DATABASE_URL` brings SQLite's URL to programs that name it. One that asks for PostgreSQL and names no other
    database does not read the variable: no environment would reach the other branch.
    """
    draft = Draft(choices)
    draft.world = choices.weighted(connections.WORLDS)
    draft.url_forms, draft.call = connections.url_forms(draft), connections.call
    body = connections.scenario(draft)
    if choices.chance(25):
        body += connections.scenario(draft)
    program = _finished(draft, body)
    if draft.world == connections.ORMAR:
        return program
    text, variables = connections.renamed(draft, program.text), dict(program.variables)
    if urls.VARIABLE in variables and "sqlite" in text:
        variables[urls.VARIABLE] += (connections.SQLITE,)
    elif '"postgresql"' in text:
        text = text.replace(connections.FROM_ENVIRONMENT, f'"{connections.URL}"')
        variables.pop(urls.VARIABLE, None)
    return replace(program, text=text, variables=variables)


def _finished(draft: Draft, body: Lines) -> Program:
    """The program of which a draft holds the definitions, and `body` is its own work."""
    written = _without_unused("\n".join([*draft.top, *body]))
    text = "\n".join(_spaced([*draft.imports(written), "", *written.splitlines()])) + "\n"
    variables = {name: values for name, values in draft.variables.items() if name in text}
    return Program(text, variables, frozenset(draft.overrides))


def _without_unused(text: str) -> str:
    """The text without the definitions and constants that nothing mentions."""
    while True:
        tree = ast.parse(text)
        lines: list[str | None] = list(text.splitlines())
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        for node in tree.body:
            if _name(node) not in (None, *used):
                first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
                assert node.end_lineno is not None
                lines[first - 1 : node.end_lineno] = [None] * (node.end_lineno - first + 1)
        kept = "\n".join(line for line in lines if line is not None)
        if kept == text:
            return text
        text = kept


def _name(node: ast.stmt) -> str | None:
    """What a definition, or the assignment of a constant, is called."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
            return name
    return None


def _spaced(lines: Lines) -> Lines:
    """The lines with the blank ones that belong around definitions."""
    spaced: Lines = []
    inside = False
    for line in lines:
        if line.startswith(("def ", "class ", "async def ", "@")):
            if not (spaced and spaced[-1].startswith("@")):
                while spaced and not spaced[-1]:
                    spaced.pop()
                spaced += ["", ""]
            inside = True
        elif inside and line and not line.startswith(" "):
            while not spaced[-1]:
                spaced.pop()
            spaced += ["", ""]
            inside = False
        spaced.append(line)
    return spaced
