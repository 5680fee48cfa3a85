"""The lines below the findings, and the counts of `--statistics`."""

from __future__ import annotations

from poolsafe.rules import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.coverage import Coverage
    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.reports.style import Style


class Tally:
    """The numbers of one run. `mention_unsafe` is False if the user does not want hints about unsafe fixes.

    With `fix_only`, remaining findings are not reported. `hint` names the option that shows more about what could not
    be checked.
    """

    __slots__ = ("_coverage", "_hint", "fix_only", "fixed", "mention_unsafe", "offered", "remaining", "unsafe")

    def __init__(
        self,
        diagnostics: Sequence[Diagnostic],
        fixed: int,
        coverage: Coverage,
        *,
        mention_unsafe: bool,
        fix_only: bool = False,
        hint: str = "",
    ) -> None:
        self._coverage = coverage
        self._hint = hint
        self.fix_only = fix_only
        fixes = [diagnostic.fix for diagnostic in diagnostics if diagnostic.fix is not None]
        self.remaining = len(diagnostics)
        self.fixed = fixed
        self.offered = sum(fix.offered for fix in fixes)
        self.unsafe = sum(fix.applicability.value == "unsafe" and not fix.offered for fix in fixes)
        self.mention_unsafe = mention_unsafe

    def report_lines(self) -> Iterator[str]:
        """Yields the lines below a report, or below what `--apply` has left."""
        if not (self.remaining or self.fixed or self.fix_only):
            # This is not true if some files could not be checked; they have been named.
            if self._coverage.complete:
                yield f"All checks passed! ({self._looked_at()})"
            return
        yield from self._found_lines()
        yield f"Checked {self._looked_at()}."

    def _found_lines(self) -> Iterator[str]:
        if self.fix_only:
            yield f"Fixed {counted(self.fixed, 'problem')}."
            return
        found = f"Found {counted(self.remaining + self.fixed, 'problem')}"
        yield f"{found} ({self.fixed} fixed, {self.remaining} remaining)." if self.fixed else f"{found}."
        unsafe = self.unsafe if self.mention_unsafe else 0
        more = f"{counted(unsafe, 'unsafe fix')} available with `--apply --unsafe-fixes`"
        if self.offered:
            yield f"[*] {self.offered} fixable with `--apply`" + (f" ({more})." if unsafe else ".")
        elif unsafe:
            yield f"{more}."

    def diff_lines(self) -> Iterator[str]:
        """Yields the lines below a diff."""
        unsafe = self.unsafe if self.mention_unsafe else 0
        more = f" ({counted(unsafe, 'additional fix')} available with `--unsafe-fixes`)" if unsafe else ""
        if self.fixed:
            yield f"Would fix {counted(self.fixed, 'problem')}{more}."
        elif self._coverage.complete:
            yield f"Nothing to fix{more}."
        else:
            return
        yield f"Checked {self._looked_at()}."

    def _looked_at(self) -> str:
        """Returns what was and was not checked: `3 files, 2 engines; 1 call could not be checked: ...`."""
        looked = f"{counted(self._coverage.files, 'file')}, {counted(self._coverage.engines, 'engine')}"
        if self._coverage.connections:
            looked += f", {counted(self._coverage.connections, 'connection')}"
        unjudged = self._coverage.unjudged
        return f"{looked}; {counted(unjudged, 'call')} could not be checked{self._hint}" if unjudged else looked


def statistics(diagnostics: Sequence[Diagnostic], unjudged: int, style: Style) -> Iterator[str]:
    """Yields a line for each rule with findings: their number, the code, whether all can be fixed, and the name.

    `unjudged` is the number of calls that could not be checked. They have their own line, unless their rule is
    selected.
    """
    groups = _groups(diagnostics)
    unjudged = _without_rule(groups, unjudged)
    width = max(len(str(number)) for number in (unjudged, *(len(group) for _, group in groups)))
    for code, group in groups:
        fixable = _fixable(group)
        mark = "*" if fixable == len(group) else "-" if fixable else " "
        yield f"{len(group):>{width}}\t{style.paint(code, 'code')}\t[{mark}] {group[0].name}\n"
    if unjudged:
        yield f"{unjudged:>{width}}\t-\t[ ] not checked\n"


def statistics_as_json(diagnostics: Sequence[Diagnostic], unjudged: int, style: Style) -> Iterator[str]:
    """Yields the statistics as ruff's JSON. Calls that were not checked have a code only if their rule is selected."""
    import json

    groups = _groups(diagnostics)
    unjudged = _without_rule(groups, unjudged)
    rows = [_row(code, group[0].name, len(group), _fixable(group)) for code, group in groups]
    rows += [_row(None, registry.names()[registry.UNJUDGED], unjudged, 0)] if unjudged else []
    yield json.dumps(rows, indent=2) + "\n"


def _without_rule(groups: list[tuple[str, list[Diagnostic]]], unjudged: int) -> int:
    return 0 if any(code == registry.UNJUDGED for code, _ in groups) else unjudged


def _row(code: str | None, name: str, count: int, fixable: int) -> dict[str, object]:
    return {"code": code, "name": name, "count": count, "fixable": 0 < fixable == count, "fixable_count": fixable}


def _groups(diagnostics: Sequence[Diagnostic]) -> list[tuple[str, list[Diagnostic]]]:
    """Returns the findings by code, the most frequent one first."""
    groups: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        groups.setdefault(diagnostic.code, []).append(diagnostic)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))


def _fixable(group: Sequence[Diagnostic]) -> int:
    return sum(diagnostic.fix is not None and diagnostic.fix.offered for diagnostic in group)


def fixes(fixed: Sequence[tuple[str, dict[str, int]]], style: Style) -> Iterator[str]:
    """Yields the fixed findings, as ruff lists them: each file with their numbers, codes and names."""
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
    """Returns the number with the noun, in the singular or plural."""
    plural = f"{noun}es" if noun.endswith("x") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
