"""What is said below the findings, and the count of each rule."""

from __future__ import annotations

from poolsafe.rules import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.reports.style import Style


class Tally:
    """The numbers of one run. `mention_unsafe` is False where the user does not want to hear of unsafe fixes.

    With `fix_only` nobody asked what is left.
    """

    __slots__ = ("fix_only", "fixed", "mention_unsafe", "offered", "remaining", "unsafe")

    def __init__(
        self, diagnostics: Sequence[Diagnostic], fixed: int, *, mention_unsafe: bool, fix_only: bool = False
    ) -> None:
        self.fix_only = fix_only
        fixes = [diagnostic.fix for diagnostic in diagnostics if diagnostic.fix is not None]
        self.remaining = len(diagnostics)
        self.fixed = fixed
        self.offered = sum(fix.offered for fix in fixes)
        self.unsafe = sum(fix.applicability.value == "unsafe" and not fix.offered for fix in fixes)
        self.mention_unsafe = mention_unsafe

    def report_lines(self) -> Iterator[str]:
        """Yield the lines below a report, or below what `--apply` has left."""
        if self.fix_only:
            yield f"Fixed {counted(self.fixed, 'problem')}."
            return
        if not self.remaining and not self.fixed:
            yield "All checks passed!"
            return
        found = f"Found {counted(self.remaining + self.fixed, 'problem')}"
        yield f"{found} ({self.fixed} fixed, {self.remaining} remaining)." if self.fixed else f"{found}."
        unsafe = self.unsafe if self.mention_unsafe else 0
        more = f"{counted(unsafe, 'unsafe fix')} available with `--apply --unsafe-fixes`"
        if self.offered:
            yield f"[*] {self.offered} fixable with `--apply`" + (f" ({more})." if unsafe else ".")
        elif unsafe:
            yield f"{more}."

    def diff_line(self) -> str:
        """Return the line below a diff."""
        unsafe = self.unsafe if self.mention_unsafe else 0
        more = f" ({counted(unsafe, 'additional fix')} available with `--unsafe-fixes`)" if unsafe else ""
        if self.fixed:
            return f"Would fix {counted(self.fixed, 'problem')}{more}."
        return f"Nothing to fix{more}."


UNJUDGED = "engines that could not be judged: `--verbose` says why"


def statistics(diagnostics: Sequence[Diagnostic], silent: int, style: Style) -> Iterator[str]:
    """Yield a line for each rule with findings: how many, code, whether all can be fixed, name.

    `silent` is how many engines nobody can judge; they have a line of their own.
    """
    groups = _groups(diagnostics)
    width = max(len(str(number)) for number in (silent, *(len(group) for _, group in groups)))
    for code, group in groups:
        fixable = _fixable(group)
        mark = "*" if fixable == len(group) else "-" if fixable else " "
        yield f"{len(group):>{width}}\t{style.paint(code, 'code')}\t[{mark}] {group[0].name}\n"
    if silent:
        yield f"{silent:>{width}}\t-\t[ ] {UNJUDGED}\n"


def statistics_as_json(diagnostics: Sequence[Diagnostic], silent: int, style: Style) -> Iterator[str]:
    """Yield the same as ruff's JSON; what is silent has no code, and is called `unjudged-engine`."""
    import json

    rows = [_row(code, group[0].name, len(group), _fixable(group)) for code, group in _groups(diagnostics)]
    rows += [_row(None, "unjudged-engine", silent, 0)] if silent else []
    yield json.dumps(rows, indent=2) + "\n"


def _row(code: str | None, name: str, count: int, fixable: int) -> dict[str, object]:
    return {"code": code, "name": name, "count": count, "fixable": 0 < fixable == count, "fixable_count": fixable}


def _groups(diagnostics: Sequence[Diagnostic]) -> list[tuple[str, list[Diagnostic]]]:
    """Return the findings by code, the most frequent one first."""
    groups: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        groups.setdefault(diagnostic.code, []).append(diagnostic)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))


def _fixable(group: Sequence[Diagnostic]) -> int:
    return sum(diagnostic.fix is not None and diagnostic.fix.offered for diagnostic in group)


def fixes(fixed: Sequence[tuple[str, dict[str, int]]], style: Style) -> Iterator[str]:
    """Yield what was fixed, as ruff lists it: each file with the number, code and name of its findings."""
    if not fixed:
        return
    names = registry.names()
    yield f"Fixed {counted(sum(sum(codes.values()) for _, codes in fixed), 'problem')}:\n"
    for path, codes in fixed:
        yield f"- {style.paint(style.name(path), 'path')}:\n"
        for code, number in sorted(codes.items(), key=lambda item: (-item[1], item[0])):
            yield f"    {number} \N{MULTIPLICATION SIGN} {style.paint(code, 'code')} ({names[code]})\n"
    yield "\n"


def counted(number: int, noun: str) -> str:
    """Return the number with the noun in its right form."""
    plural = f"{noun}es" if noun.endswith("x") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
