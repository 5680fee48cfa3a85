"""What is said below the findings, and the count of each rule."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.reports.style import Style


class Tally:
    """The numbers of one run. `mention_unsafe` is False where the user does not want to hear of unsafe fixes."""

    __slots__ = ("fixed", "mention_unsafe", "offered", "remaining", "unsafe")

    def __init__(self, diagnostics: Sequence[Diagnostic], fixed: int, *, mention_unsafe: bool) -> None:
        fixes = [diagnostic.fix for diagnostic in diagnostics if diagnostic.fix is not None]
        self.remaining = len(diagnostics)
        self.fixed = fixed
        self.offered = sum(fix.offered for fix in fixes)
        self.unsafe = sum(fix.applicability.value == "unsafe" and not fix.offered for fix in fixes)
        self.mention_unsafe = mention_unsafe

    def report_lines(self) -> Iterator[str]:
        """Yield the lines below a report, or below what `--apply` has left."""
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


def statistics(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yield a line for each rule with findings: how many, code, whether all can be fixed, name."""
    groups: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        groups.setdefault(diagnostic.code, []).append(diagnostic)
    width = max((len(str(len(group))) for group in groups.values()), default=0)
    for code, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        fixable = sum(diagnostic.fix is not None and diagnostic.fix.offered for diagnostic in group)
        mark = "*" if fixable == len(group) else "-" if fixable else " "
        yield f"{len(group):>{width}}\t{style.paint(code, 'code')}\t[{mark}] {group[0].name}\n"


def counted(number: int, noun: str) -> str:
    """Return the number with the noun in its right form."""
    plural = f"{noun}es" if noun.endswith("x") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
