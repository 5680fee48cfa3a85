"""Generated programs: text, and the environments in which it is run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from . import engines, sql
from .choices import Choices
from .draft import Draft, Lines

Assignment = dict[str, str]


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and the telling values of each environment variable that it reads; it may also be unset."""

    text: str
    variables: Mapping[str, tuple[str, ...]]

    def assignments(self) -> Iterator[Assignment]:
        """Every environment; the first one is empty."""
        names = list(self.variables)
        for values in itertools.product(*((None, *self.variables[name]) for name in names)):
            yield {name: value for name, value in zip(names, values, strict=True) if value is not None}


def program(choices: Choices, *, other_drivers: bool = False) -> Program:
    """A program; with `other_drivers` the environment may bring the URL of another driver."""
    draft = Draft(choices, other_drivers=other_drivers)
    if choices.chance(22):
        body = sql.scenario(draft)
    else:
        body = engines.scenario(draft)
        if choices.chance(25):
            body += engines.scenario(draft)
    text = "\n".join(_spaced([*draft.imports(), "", *draft.top, *body]))
    return Program(text + "\n", dict(draft.variables))


def numbered(seed: int, number: int, *, other_drivers: bool = False) -> Program:
    """The program that belongs to a seed and a number."""
    return program(Choices.seeded(f"{seed}/{number}"), other_drivers=other_drivers)


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
