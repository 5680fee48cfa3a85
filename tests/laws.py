"""The fixtures as cases, and the laws that every fix of every rule must satisfy.

A fixture states its expected findings in comments: `# bad: PGB101, PGB201` at the end of the line where the findings
start, and at its top `# fixture: KEY = VALUE` for a key of `[tool.poolsafe]` (or `unsafe-fixes = true`). A rule that is
off by default is only checked if `# fixture: extend-select = [CODE]` selects it.
"""

from __future__ import annotations

import dataclasses
import io
import os
import re
import tokenize
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst
import tomli

from poolsafe import edits
from poolsafe.checker import check
from poolsafe.deployment.providers.catalogue import behind, named, names
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability, Edit, Finding
from poolsafe.rules.registry import OFF_BY_DEFAULT
from poolsafe.source import Source

FIXTURES = Path(__file__).parent.parent / "fixtures"
SHOP = FIXTURES / "shop"
ROUNDS = 10

Expected = Counter[tuple[int, str]]

_BAD = re.compile(r"# bad: (PGB\d{3}(?:, PGB\d{3})*)\s*$")
_OPTION = re.compile(r"^\f?# fixture: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """One fixture. `options` are the configuration keys at its top."""

    path: Path
    raw: bytes
    options: dict[str, Any]

    @property
    def source(self) -> Source:
        return Source.decode(str(self.path), self.raw)

    @property
    def deployment(self) -> Deployment:
        return deployment(self.options)

    @property
    def unsafe(self) -> bool:
        return bool(self.options.get("unsafe-fixes"))

    @property
    def fixed(self) -> Path:
        return self.path.with_name(self.path.name.replace("bad_", "fixed_", 1))

    @property
    def name(self) -> str:
        return self.path.relative_to(FIXTURES).as_posix()


def load(path: Path) -> Case:
    raw = path.read_bytes()
    text = raw.decode("utf-8-sig", errors="replace")
    return Case(path, raw, _options(text))


def _options(text: str) -> dict[str, Any]:
    return tomli.loads("\n".join(line.rstrip("\r") for line in _OPTION.findall(text)))


def cases(prefix: str) -> list[Case]:
    """Returns the fixtures of all rules whose file names begin with this."""
    return [load(path) for path in sorted(FIXTURES.glob(f"PGB*/{prefix}_*.py"))]


def shop() -> list[Case]:
    return [load(path) for path in sorted(SHOP.rglob("*.py"))]


def deployment(options: dict[str, Any]) -> Deployment:
    """Returns the deployment of a fixture, or of a page's `[tool.poolsafe]`."""
    driver, pooler = options.get("assume-driver"), options.get("pooler", "auto")
    where = Deployment(
        max_prepared_statements=options.get("max-prepared-statements"),
        asyncpg=_version(options.get("asyncpg-version")),
        sqlalchemy=_version(options.get("sqlalchemy-version")),
        assume_asyncpg=None if driver is None else driver == "asyncpg",
    )
    if pooler in names():
        return behind(named(pooler), where)
    return dataclasses.replace(where, pooler=PoolMode(pooler))


def expected(source: Source) -> Expected:
    """Returns the findings that the comments of a bad file announce."""
    wanted: Expected = Counter()
    for row in range(1, source.rows + 1):
        if match := _BAD.search(source.line(row)):
            wanted.update((row, code) for code in match[1].split(", "))
    return wanted


def findings(source: Source, where: Deployment, also: Container[str] = ()) -> list[Finding]:
    """Returns the findings of the default rules, of `also`, and of the rules that a fixture selects."""
    selected = _options(source.text).get("extend-select", ())
    off = {code for code in OFF_BY_DEFAULT if code not in selected and code not in also}
    return [finding for finding in _checked(source, where) if finding.code not in off]


_CHECKED: dict[Any, list[Finding]] = {}


def _checked(source: Source, where: Deployment) -> list[Finding]:
    """What `check` finds. Each law asks it of every fixture, so the answers are kept."""
    if source.file is not source:  # a cell of a notebook
        return check(source, where).findings
    key = (source.path, source.raw, source.text, source.encoding, source.bom, source.line_length, source.quote, where)
    if key not in _CHECKED:
        _CHECKED[key] = check(source, where).findings
    return _CHECKED[key]


def found(source: Source, where: Deployment) -> Expected:
    return Counter((source.row_column(finding.start)[0], finding.code) for finding in findings(source, where))


def repaired(source: Source, where: Deployment, *, unsafe: bool) -> Source:
    """Returns the file after all rounds of fixes that do not overlap."""
    for _ in range(ROUNDS):
        text = apply_once(source.text, findings(source, where), unsafe=unsafe)
        if text == source.text:
            return source
        source = source.with_text(text)
    raise AssertionError(f"{source.path}: still changing after {ROUNDS} rounds")


def applied(source: Source, where: Deployment, *, unsafe: bool) -> Source:
    """Returns the same as `repaired`, computed by poolsafe itself."""
    for _ in range(ROUNDS):
        fixes = [each.fix for each in findings(source, where) if each.fix and applicable(each, unsafe=unsafe)]
        source, done = edits.apply(source, list(dict.fromkeys(fixes)))
        if not done:
            return source
    raise AssertionError(f"{source.path}: still changing after {ROUNDS} rounds")


def apply_once(text: str, reported: list[Finding], *, unsafe: bool) -> str:
    """Applies fixes in a second, simpler way: the first fix wins, the others wait for the next round."""
    taken: list[Edit] = []
    isolated: set[int | None] = set()
    for finding in sorted(reported, key=lambda each: (each.start, each.code)):
        if finding.fix is None or not applicable(finding, unsafe=unsafe) or finding.fix.isolation in isolated:
            continue
        if not any(_overlap(edit, other) for edit in finding.fix.edits for other in taken):
            taken.extend(finding.fix.edits)
            isolated |= {finding.fix.isolation} - {None}
    for edit in sorted(taken, key=lambda each: (each.start, each.end), reverse=True):
        text = text[: edit.start] + edit.content + text[edit.end :]
    return text


def applicable(finding: Finding, *, unsafe: bool) -> bool:
    if finding.fix is None:
        return False
    allowed = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    return finding.fix.applicability in allowed


def outside(text: str, edits: tuple[Edit, ...]) -> list[str]:
    """Returns the pieces of text that the edits do not change."""
    pieces, position = [], 0
    for edit in sorted(edits, key=lambda each: each.start):
        pieces.append(text[position : edit.start])
        position = edit.end
    return [*pieces, text[position:]]


def comments(text: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def parses(text: str) -> bool:
    return libcst.parse_module(text) is not None


def updating() -> bool:
    """Returns whether to write the fixed files instead of comparing them: POOLSAFE_UPDATE_FIXTURES=1."""
    return os.environ.get("POOLSAFE_UPDATE_FIXTURES") == "1"


def _overlap(edit: Edit, other: Edit) -> bool:
    if edit == other:
        return True
    if edit.start == edit.end or other.start == other.end:
        return other.start <= edit.start <= other.end or edit.start <= other.start <= edit.end
    return edit.start < other.end and other.start < edit.end


def _version(text: str | None) -> tuple[int, ...] | None:
    return None if text is None else tuple(int(part) for part in text.split("."))
