"""Compares findings on session state, and their safe fixes, with the state that programs leave on the servers."""

from __future__ import annotations

from dataclasses import dataclass

from poolsafe.checker import check
from poolsafe.edits import repair
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability, Finding
from poolsafe.source import Source

from .choices import Choices
from .session_programs import session_program
from .session_stand_ins import run_session_program

# A migration has no env.py here: that its engine is on asyncpg is told by the deployment.
BEHIND_A_POOLER = Deployment(pooler=PoolMode.TRANSACTION, assume_asyncpg=True)


@dataclass(frozen=True, slots=True)
class SessionExamination:
    """What is wrong with the findings of one program: `false`, `missed` or `broken`, with the line and the code."""

    program: str
    failures: tuple[str, ...]
    findings: int
    repaired: str | None


def examined(seed: int, number: int) -> SessionExamination:
    """Generates a program, runs it, and compares what is found with what is left behind."""
    program = session_program(Choices.seeded(f"session {seed} {number}"))
    left = run_session_program(program)
    source = Source.from_text("app.py", program)
    found = {(source.row_column(one.start)[0], one.code) for one in _findings(source)}
    shown = {(line, code) for line, codes in left.codes.items() for code in codes}
    failures = [f"false {code}, line {line}" for line, code in sorted(found - shown)]
    failures += [f"missed {code}, line {line}" for line, code in sorted(shown - found)]
    result = repair(source, _findings, lambda fix: fix.applicability is Applicability.SAFE)
    repaired = result.source.text if result.source.text != program else None
    if repaired is not None:
        after = run_session_program(repaired)
        # A SET that the server refuses sets nothing, and its repair does.
        refused = any("PGB405" in codes for codes in left.codes.values())
        if not refused and after.results != left.results:
            failures.append(f"broken: {left.results} became {after.results}")
        remaining = sum(map(len, after.codes.values()))
        if remaining >= sum(map(len, left.codes.values())):
            failures.append("broken: the repair leaves as much behind")
    return SessionExamination(program, tuple(failures), len(found), repaired)


def _findings(source: Source) -> list[Finding]:
    return [one for one in check(source, BEHIND_A_POOLER).findings if one.code.startswith("PGB4")]
