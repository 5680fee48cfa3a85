"""Compares the findings and fixes of a program with its behaviour."""

from __future__ import annotations

import functools
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TypeVar

import sqlalchemy

from poolsafe.checker import Report, check
from poolsafe.edits.application import Repair, repair
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.silence import Cause
from poolsafe.findings import Applicability, Finding, Fix
from poolsafe.inference.project import Project
from poolsafe.rules.registry import OFF_BY_DEFAULT
from poolsafe.source import Source

from . import client_comparison, client_truth, truth
from .execution import ClientCall, EngineCall, Executed, Run, run
from .programs import Assignment, Program

Seen = TypeVar("Seen", ClientCall, EngineCall, Executed)
ENGINE = re.compile(r"create(_async)?_engine|engine_from_config|DatabaseConnection")
DEPLOYMENT = Deployment(PoolMode.TRANSACTION)


@functools.lru_cache(maxsize=2)
def _check(source: Source) -> Report:
    return check(source, DEPLOYMENT, Project() if os.path.isabs(source.path) else None)


def _repair(source: Source) -> Repair:
    def accepts(fix: Fix) -> bool:
        return fix.applicability is Applicability.SAFE

    return repair(source, lambda current: _check(current).findings, accepts)


@dataclass(frozen=True, slots=True)
class Tool:
    """The linter under test: what it reports of a source, and the source after its safe fixes."""

    check: Callable[[Source], Report] = _check
    repair: Callable[[Source], Repair] = _repair


@dataclass(frozen=True, slots=True)
class Failure:
    """One error of the tool. `kind` is what it has in common with others.

    `line` counts from 1; `assignment` is an environment in which it shows, None where it shows in all. `path` is the
    module's.
    """

    kind: str
    line: int
    message: str
    assignment: Assignment | None = None
    path: str = "app.py"


@dataclass(slots=True)
class Examination:
    """The results for one program. `engines` are calls that create one on asyncpg, `texts` places of executed SQL.

    `clients` are calls that made a connection or a pool of asyncpg or psycopg without such an engine. `other_drivers`:
    a run of the program makes an engine of another driver.
    """

    engines: int = 0
    clients: int = 0
    texts: int = 0
    findings: int = 0
    not_judged: int = 0
    other_drivers: bool = False
    repaired: bool = False
    always_raises: bool = False
    failures: list[Failure] = field(default_factory=list)
    after: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def _sources(program: Program) -> Iterator[dict[str, Source]]:
    """The modules of a program by their paths; several of them as files, so that the tool finds them."""
    if not program.modules:
        yield {program.path: Source.from_text(program.path, program.text)}
        return
    with tempfile.TemporaryDirectory(prefix="oracle") as folder:
        for path, text in {**program.texts, "pyproject.toml": ""}.items():
            file = os.path.join(folder, path)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "w", encoding="utf-8") as stream:
                stream.write(text)
        yield {path: Source.from_text(os.path.join(folder, path), text) for path, text in program.texts.items()}


def examine(program: Program, tool: Tool = Tool()) -> Examination:
    """Runs a program in each of its environments, before and after safe fixes, and compares the results."""
    result = Examination()
    assignments = list(program.assignments())
    runs = [run(program.texts, assignment) for assignment in assignments]
    if all(one.error for one in runs):
        result.always_raises = True
        return result
    result.other_drivers = any(not made.is_asyncpg for one in runs for made in one.engines)
    with _sources(program) as sources:
        try:
            reports = {path: tool.check(source) for path, source in sources.items()}
            repairs = {path: tool.repair(source) for path, source in sources.items()}
        except Exception as error:
            result.failures.append(Failure(f"crash {type(error).__name__}", 0, repr(error)))
            return result
    by_default = [not program.overrides & assignment.keys() for assignment in assignments]
    for path, source in sources.items():
        _compare_findings(result, path, source, reports[path], list(zip(by_default, runs, strict=True)))
    if any(repairs[path].source.text != source.text for path, source in sources.items()):
        result.repaired = True
        result.after = {path: one.source.text for path, one in repairs.items()}
        offered = {
            (path, row) for path, source in sources.items() for row in _repaired_lines(source, reports[path].findings)
        }
        for assignment, before in zip(assignments, runs, strict=True):
            after = run(result.after, assignment)
            broken = _broken(before, after, offered, frozenset(assignment.values()))
            if broken is not None:
                kind, path, line, message = broken
                result.failures.append(Failure(f"broken: {kind}", line, message, assignment, path))
                break
    return result


# --- findings ---


def _compare_findings(
    result: Examination, path: str, source: Source, report: Report, runs: list[tuple[bool, Run]]
) -> None:
    """Compare the report on a module with the runs, each with whether no variable replaces a default in it."""
    engines = _by_line((by_default, made) for by_default, one in runs for made in one.engines if made.path == path)
    texts = _by_line((by_default, one) for by_default, each in runs for one in each.executed if one.path == path)
    clients = _by_line((by_default, one) for by_default, each in runs for one in each.clients if one.path == path)
    # A size that is refused fails wherever it is given, even if only the environment leads there.
    refused_sizes: dict[int, set[str]] = defaultdict(set)
    for _, one in runs:
        for client in (made for made in one.clients if made.path == path):
            refused_sizes[client.line] |= client_truth.shown_by(client) & {"PGB104"}
        for engine in (made for made in one.engines if made.path == path and made.is_asyncpg):
            refused_sizes[engine.line] |= truth.shown_by(engine) & {"PGB104"}
    failures = len(result.failures)
    found: dict[int, set[str]] = defaultdict(set)
    for finding in report.findings:
        if finding.code in OFF_BY_DEFAULT:
            continue
        found[source.row_column(finding.start)[0]].add(finding.code)
    silent = {
        source.row_column(one.start)[0] for one in report.silences if one.unjudged or one.cause is Cause.SYNCHRONOUS
    }
    result.findings += sum(map(len, found.values()))
    result.engines += sum(any(call.is_asyncpg for call in calls) for calls in engines.values())
    result.texts += len(texts)
    for line, codes in sorted(found.items()):
        shown = truth.shown_by_all(engines[line]) | _shown_of_sql(texts[line])
        shown |= client_truth.shown_by_all(clients[line]) | refused_sizes[line]
        if not any(call.is_asyncpg for call in engines[line]):
            shown |= truth.shown_by_all(call for _, one in runs for call in one.engines if _is_at(call, path, line))
        ran = _summary(engines[line], texts[line], clients[line])
        for code in sorted(codes - shown):
            where = "" if engines[line] or texts[line] or clients[line] else " where nothing ran"
            result.failures.append(Failure(f"false {code}{where}", line, f"reported {code}; {ran}"))
        if len(codes & truth.VERDICTS) > 1:
            result.failures.append(Failure("false second verdict", line, f"reported {sorted(codes)}; {ran}"))
    # A file that names no engine function is not looked at, nor is SQL that stands in another file.
    for line, calls in sorted(engines.items()) if ENGINE.search(source.text) else ():
        _compare_engine(result, line, calls, found[line], line in silent)
    for line in sorted({*clients, *engines}):
        made = clients[line] or client_truth.of_engines(engines[line])
        result.clients += bool(made)
        unsaid = client_comparison.missed(made, found[line]) if made else []
        if unsaid and line in silent:
            result.not_judged += 1
            continue
        result.failures += [Failure(f"missed {code}", line, _summary([], [], made)) for code in unsaid]
    for line, executions in sorted(texts.items()):
        refused = _shown_of_sql(executions)
        here = not os.path.isabs(source.path) or all(one.sql in source.text for one in executions)
        if here and refused and all(map(truth.is_refused, executions)) and not refused & found[line]:
            result.failures.append(Failure(f"missed {min(refused)}", line, _summary([], executions)))
    result.failures[failures:] = [replace(one, path=path) for one in result.failures[failures:]]


def _is_at(call: EngineCall, path: str, line: int) -> bool:
    return (call.path, call.line) == (path, line)


def _by_line(seen: Iterable[tuple[bool, Seen]]) -> defaultdict[int, list[Seen]]:
    """What ran at each line: with the defaults, where these get there."""
    lines: dict[int, dict[bool, list[Seen]]] = defaultdict(lambda: defaultdict(list))
    for by_default, one in seen:
        lines[one.line][by_default].append(one)
    return defaultdict(list, {line: found[True] or found[False] for line, found in lines.items()})


def _compare_engine(result: Examination, line: int, calls: list[EngineCall], found: set[str], silent: bool) -> None:
    ours = [call for call in calls if call.is_asyncpg]
    if not ours:
        return
    wanted = set.intersection(*map(truth.shown_by, ours)) & truth.OTHERS
    verdicts = {truth.verdict(call) for call in ours}
    # What is misplaced may be reported in place of what is missing, and runs that disagree in one of several ways.
    missed = sorted(wanted - found)
    if "" not in verdicts and not found & truth.SIZES:
        missed.insert(0, min(verdicts))
    if silent and (missed or len(verdicts) == 1):
        result.not_judged += 1
        return
    for code in dict.fromkeys(missed):
        result.failures.append(Failure(f"missed {code}", line, _summary(calls, [])))


def _shown_of_sql(executions: Iterable[Executed]) -> set[str]:
    return {"PGB301" if one.function == "text" else "PGB302" for one in executions if truth.is_refused(one)}


def _summary(calls: list[EngineCall], executions: list[Executed], clients: Iterable[ClientCall] = ()) -> str:
    """What ran at a line, each thing once."""
    ran = [client_comparison.summary(one) for one in clients]
    ran += [f"{call.url.drivername} {_shown(call)}" for call in calls]
    ran += [f"{one.driver} {one.sql!r}" for one in executions]
    return "ran: " + ("; ".join(dict.fromkeys(ran)) or "nothing")


def _shown(call: EngineCall) -> str:
    options = {name: getattr(value, "__name__", value) for name, value in call.options.items()}
    return f"{options} {dict(call.url.query) or ''}".strip()


# --- fixes ---


def _repaired_lines(source: Source, findings: Iterable[Finding]) -> set[int]:
    """Returns the lines of the engines whose sizes a safe fix claims to correct."""
    return {
        source.row_column(finding.start)[0]
        for finding in findings
        if finding.code in truth.SIZES | client_truth.OF_SIZES
        and finding.fix
        and finding.fix.applicability is Applicability.SAFE
    }


def _broken(
    before: Run, after: Run, repaired: set[tuple[str, int]], values: frozenset[str]
) -> tuple[str, str, int, str] | None:
    """Yields the errors of the fixed program: the kind, the place in the old text, and a description.

    `repaired` are the places of the engines that should be right now, `values` those of the environment.
    """
    if before.error != after.error:
        return "raises", "", 0, f"{before.error or 'nothing'} became {after.error or 'nothing'}"
    if before.printed != after.printed:
        return "prints", "", 0, f"printed {before.printed!r}, now {after.printed!r}"
    for old, new in zip_longest(before.engines, after.engines):
        if old is None or new is None:
            return "other engines", "", 0, f"{len(before.engines)} engines became {len(after.engines)}"
        found = _broken_engine(old, new, (old.path, old.line) in repaired and not _is_set_by(values, new))
        if found is not None:
            return (
                found[0],
                old.path,
                old.line,
                f"{found[1]}: {old.url.drivername} got {_shown(old)}, now {_shown(new)}",
            )
    broken = client_comparison.broken(before.clients, after.clients, repaired, values)
    return broken or _broken_sql(before.executed, after.executed)


def _is_set_by(values: frozenset[str], call: EngineCall) -> bool:
    """Whether a size is a number that the environment brings: that is the owner's choice, and no literal to repair."""
    return any(str(call.connect_args.get(key)) in values for key in (truth.STATEMENT, truth.PREPARED))


def _broken_engine(old: EngineCall, new: EngineCall, repaired: bool) -> tuple[str, str] | None:
    if old.url.drivername != new.url.drivername:
        return "driver", "another driver"
    if not old.is_asyncpg:
        if truth.never_connects(old) and truth.never_connects(new):
            return None
        if (old.url, truth.without_threshold(old)) != (new.url, truth.without_threshold(new)):
            return "other driver", "another driver's engine gets other arguments"
        thresholds = [call.connect_args.get(truth.THRESHOLD, "") for call in (old, new)]
        if thresholds[0] != thresholds[1] and thresholds[1] is not None:
            return "still wrong", "the threshold changed, and is not None"
        return None
    if repaired and truth.verdict(new):
        return "still wrong", f"repaired, and still {truth.verdict(new)}"
    for key in (truth.STATEMENT, truth.PREPARED):
        if truth.size(old, key) != truth.size(new, key) and truth.size(new, key) is not truth.Size.ZERO:
            return "still wrong", f"{key} changed, and is not 0"
    ping = "pool_pre_ping"
    if old.options.get(ping) != new.options.get(ping) and new.options.get(ping) is not True:
        return "pre-ping", "pool_pre_ping is not True"
    for name in {*_untouched(old), *_untouched(new)}:
        if _untouched(old).get(name) != _untouched(new).get(name):
            return "other argument", f"`{name}` changed"
    return None


def _untouched(call: EngineCall) -> dict[str, object]:
    """The arguments that no repair has a reason to change."""
    ours = {truth.STATEMENT, truth.PREPARED, "connect_args", "pool_pre_ping", *truth.QUEUE_ONLY}
    options = {name: value for name, value in call.options.items() if name not in ours}
    args = {name: value for name, value in call.connect_args.items() if name not in ours | truth.UNKNOWN_TO_ASYNCPG}
    kept = call.options.get("poolclass") is None and {
        n: call.options[n] for n in truth.QUEUE_ONLY & call.options.keys()
    }
    return {**options, **{f"connect_args[{name}]": value for name, value in args.items()}, "queue": kept}


def _broken_sql(before: list[Executed], after: list[Executed]) -> tuple[str, str, int, str] | None:
    """The same commands in the same order, each by the same driver and with the parameters that it asks for."""
    for old, new in zip_longest(_commands(before), _commands(after)):
        if old is None or new is None or old[1:] != new[1:]:
            return "SQL", *(old or new)[0], f"executed {old and old[1:]}, now {new and new[1:]}"
    return None


def _commands(executions: list[Executed]) -> list[tuple[tuple[str, int], str, str, object]]:
    found: list[tuple[tuple[str, int], str, str, object]] = []
    for one in executions:
        for command in truth.commands(one.sql):
            # Each command gets those of the parameters that it names.
            names = sqlalchemy.text(command).compile().params
            given = {name: value for name, value in one.parameters.items() if name in names}
            found.append(((one.path, one.line), one.driver, command, given))
    return found
