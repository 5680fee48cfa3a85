"""Checks and fixes one hostile file, and tests the laws that must hold for any content."""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
import warnings
from collections import Counter
from dataclasses import dataclass, field
from time import process_time

from poolsafe import edits, needles
from poolsafe.cli.examine import examine
from poolsafe.cli.outcome import Outcome
from poolsafe.cli.task import APPLY, REPORT, Task
from poolsafe.config.layers import read_inline
from poolsafe.config.resolver import Resolver
from poolsafe.config.settings import Settings
from poolsafe.reports import load
from poolsafe.reports.style import Style
from poolsafe.source import Source, UndecodableSource

# A folder that is not there: nothing is imported, and nothing stands beside the file.
NOWHERE = "/nowhere/at/all/module.py"
_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass
class Verdict:
    """`seconds` are of the processor, for a report and a repair; `problems` are broken laws."""

    seconds: float = 0.0
    examined: bool = False
    findings: int = 0
    changed: bool = False
    problems: list[str] = field(default_factory=list)


@functools.cache
def settings() -> Settings:
    layers = [read_inline("pooler = 'transaction'"), read_inline("unsafe-fixes = true")]
    layers.append(read_inline("assume-driver = 'asyncpg'"))
    return Resolver(layers, isolated=True).for_directory("/")


def judge(raw: bytes, path: str = NOWHERE) -> Verdict:
    """Checks and fixes a file, and tests the laws on the results. Only raises if the code of the laws does."""
    verdict = Verdict()
    if not needles.wanted(raw):
        return verdict
    started = process_time()
    report = examine(path, raw, settings(), Task(REPORT, notes=True))
    shown = "".join(load("full").render(report.diagnostics, Style()))
    repaired = examine(path, raw, settings(), Task(APPLY, piped=True))
    verdict.seconds = process_time() - started
    verdict.examined = True
    verdict.findings = len(report.diagnostics)
    verdict.problems += [*report.errors, *repaired.errors]
    if _STEERING.search(shown):
        verdict.problems.append("a control character in the report")
    if repaired.output is not None:
        verdict.changed = True
        verdict.problems += _faults(path, raw, repaired)
    return verdict


def _faults(path: str, raw: bytes, repaired: Outcome) -> list[str]:
    after = repaired.output
    assert after is not None
    problems = []
    again = examine(path, after, settings(), Task(APPLY, piped=True))
    if again.output is not None or again.errors:
        problems.append(f"a second run changes it again {again.errors}")
    try:
        before, result = Source.decode(path, raw), Source.decode(path, after)
    except UndecodableSource as error:
        return [*problems, f"cannot be decoded any more: {error.reason}"]
    if _compiles(raw) and not _compiles(after):
        problems.append("does not compile any more")
    lost = _comments(before.text) - _comments(result.text)
    if lost:
        problems.append(f"a comment is lost: {next(iter(lost))!r}")
    if not edits.diff(before, result):
        problems.append("changed without a difference")
    if before.bom != result.bom or before.encoding != result.encoding:
        problems.append("the encoding changed")
    return problems


def _compiles(raw: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _comments(text: str) -> Counter[str]:
    """The comments, those excepted that a fix takes away: suppressions."""
    try:
        # Python ends a line at a lone "\r" too; `tokenize` reads on to the next "\n".
        tokens = list(tokenize.generate_tokens(io.StringIO(text, newline=None).readline))
    except (tokenize.TokenError, SyntaxError):
        return Counter()
    found = (token.string.strip() for token in tokens if token.type == tokenize.COMMENT)
    return Counter(comment for comment in found if "noqa" not in comment.lower() and "poolsafe" not in comment)
