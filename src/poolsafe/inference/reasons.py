"""Reasons why a value is unknown or a target was not checked."""

from __future__ import annotations

import enum


class Reason(str, enum.Enum):
    """A reason that code depends on, with its text. Other reasons are plain strings."""

    BUDGET = "the code that leads to it takes too long to analyse"
    DEAD = "no code path reaches it"
    NO_CALLER = "poolsafe found no call to the function that passes it on"
    CREATOR = "the creator cannot be followed"
    ALEMBIC_SECTION = "a section of alembic.ini"

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, specification: str) -> str:
        return format(str(self), specification)


class Origin(str, enum.Enum):
    """The syntactic form in which a value was first written."""

    LITERAL = "literal"
    F_STRING = "f-string"
    DICT = "dict"
