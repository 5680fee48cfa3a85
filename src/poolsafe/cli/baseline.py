"""A baseline: known findings, which are not reported again.

It counts the findings of each rule on each distinct line of a file, so it stays valid when lines move. A line that
changes counts as new. Lines are stored as digests, because an engine's URL may contain a password.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from hashlib import sha256

from poolsafe.cli import output
from poolsafe.config.errors import UsageError
from poolsafe.reading import read_below
from poolsafe.reports.locations import first_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeVar

    from poolsafe.findings import Finding
    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.source import Source

    _T = TypeVar("_T")

VERSION = 1
LARGEST = 20_000_000  # bytes


class Baseline:
    """The findings of one baseline file. It is sent to the workers."""

    __slots__ = ("_counts", "_root")

    def __init__(self, counts: dict[str, dict[str, int]], root: str) -> None:
        """`counts` maps a path relative to the directory `root`, with `/`, to the number of each known digest."""
        self._counts = counts
        self._root = root

    def known(self, path: str, marks: Iterable[tuple[str, str]]) -> list[bool]:
        """Returns, for each finding of one file, whether it is known; `marks` are their codes and first lines."""
        left = Counter(self._counts.get(_name(path, self._root), {}))
        return _taken(left, (_digest(*mark) for mark in marks))


class Known:
    """The known findings of one file during the rounds of a fix, which changes their lines."""

    def __init__(self, baseline: Baseline, path: str) -> None:
        self._baseline = baseline
        self._path = path
        self._source: Source | None = None
        self._places: Counter[tuple[str, int]] = Counter()

    def unknown(self, source: Source, findings: Sequence[Finding]) -> list[Finding]:
        """Returns the findings that have to be reported. `source` is the file in its current state."""
        places = [(each.code, source.row_column(each.start)[0]) for each in findings]
        if self._source is None:
            verdicts = self._baseline.known(self._path, [(code, first_line(source, row)) for code, row in places])
        else:
            verdicts = _taken(self._moved(self._source, source), places)
        self._source = source
        self._places = Counter(place for place, known in zip(places, verdicts, strict=True) if known)
        return [each for each, known in zip(findings, verdicts, strict=True) if not known]

    def _moved(self, before: Source, after: Source) -> Counter[tuple[str, int]]:
        from difflib import SequenceMatcher

        rows: dict[int, int] = {}
        old, new = ([each.line(row) for row in range(1, each.rows + 1)] for each in (before, after))
        for _, start, end, to_start, to_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            last = max(to_start, to_end - 1)
            rows.update({row + 1: min(to_start + row - start, last) + 1 for row in range(start, end)})
        moved: Counter[tuple[str, int]] = Counter()
        for (code, row), count in self._places.items():
            moved[code, rows.get(row, row)] += count
        return moved


def read(path: str, named: str, root: str | None = None) -> Baseline:
    """Returns the baseline at `path`, which has to be below `root` if one is given.

    Raises UsageError, whose message begins with `named`.
    """
    try:
        content = json.loads(read_below(root, path, LARGEST).decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{named}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else " ".join(str(error).split())
        raise UsageError(f"{named}: not JSON: {reason}") from None
    findings = content.get("findings") if isinstance(content, dict) and content.get("version") == VERSION else None
    if not isinstance(findings, dict) or not all(map(_is_count, findings.values())):
        raise UsageError(
            f"{named}: not a baseline that this version of poolsafe can read; create it again with `--write-baseline`"
        )
    return Baseline(findings, os.path.dirname(os.path.abspath(path)))


def write(path: str, diagnostics: Iterable[Diagnostic]) -> None:
    """Writes the findings of a run as a baseline. Raises UsageError."""
    root = os.path.dirname(os.path.abspath(path))
    counts: dict[str, Counter[str]] = {}
    for diagnostic in diagnostics:
        digest = _digest(diagnostic.code, diagnostic.first_line)
        counts.setdefault(_name(diagnostic.span.path, root), Counter())[digest] += 1
    text = json.dumps({"version": VERSION, "findings": counts}, indent=2, sort_keys=True)
    output.write(path, (text + "\n").encode(), "--write-baseline")


def _taken(left: Counter[_T], wanted: Iterable[_T]) -> list[bool]:
    """Returns, for each mark, whether one was left, and uses it up."""
    verdicts = []
    for each in wanted:
        verdicts.append(left[each] > 0)
        left[each] -= verdicts[-1]
    return verdicts


def _is_count(value: object) -> bool:
    return isinstance(value, dict) and all(type(number) is int and number > 0 for number in value.values())


def _digest(code: str, line: str) -> str:
    return f"{code}:{sha256(line.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _name(path: str, root: str) -> str:
    try:
        return os.path.relpath(path, root).replace(os.sep, "/")
    except ValueError:
        # On Windows, the file may be on another drive.
        return path.replace(os.sep, "/")
