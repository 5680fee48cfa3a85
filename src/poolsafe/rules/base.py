"""The declaration of a rule: metadata on one function, and the page as its module's docstring."""

from __future__ import annotations

import enum
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from poolsafe.findings import Finding, Severity
from poolsafe.records import frozen


class FixAvailability(enum.Enum):
    """Whether findings of a rule have a fix. The tests check that this is true."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    NONE = "none"


@frozen
class Rule:
    """A rule: its metadata, and the function that turns one fact into findings.

    `subject` is the class of fact that `check` takes, read from its annotation. `always` marks a rule that reports
    code that fails on every server, with or without a pooler. `severities` are those of its findings, the mildest
    first. `page` is the module's docstring.
    """

    code: str
    name: str
    since: str
    fix_availability: FixAvailability
    always: bool
    severities: tuple[Severity, ...]
    subject: type
    page: str
    check: Callable[..., Iterable[Finding]]


_MODULE = re.compile(r"(?P<code>pgb\d{3})_(?P<name>\w+)$")


def rule(
    *,
    since: str,
    fix: FixAvailability,
    always: bool = False,
    severities: tuple[Severity, ...] = (Severity.WARNING, Severity.ERROR),
) -> Callable[[Callable[..., Iterable[Finding]]], Rule]:
    """Declares the decorated function as the rule of its module, whose file name contains the code and the name.

    The annotation of the function's first parameter decides which facts it is given. Without `severities`, a
    finding is a warning, or an error if it is known that there is a pooler behind which the code fails.
    """

    def declare(check: Callable[..., Iterable[Finding]]) -> Rule:
        module = sys.modules[check.__module__]
        match = _MODULE.match(check.__module__.rpartition(".")[2])
        assert match is not None, f"a rule's module is called pgb000_some_name, not {check.__module__}"
        subject: Any = next(iter(check.__annotations__.values()))
        if isinstance(subject, str):
            subject = getattr(module, subject)
        return Rule(
            code=match["code"].upper(),
            name=match["name"].replace("_", "-"),
            since=since,
            fix_availability=fix,
            always=always,
            severities=severities,
            subject=subject,
            page=module.__doc__ or "",
            check=check,
        )

    return declare
