"""Runs the analysis on small programs, and returns the results in a form that fits into a table."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from poolsafe.checker import Report, check, check_bytes
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.engine import Engine
from poolsafe.facts.engines import collect_engines
from poolsafe.facts.inspection import explore
from poolsafe.facts.observed import Observed
from poolsafe.facts.sql_statements import collect_statements
from poolsafe.facts.statement import Statement
from poolsafe.facts.targets import engine_sites, statement_sites
from poolsafe.findings import Finding
from poolsafe.inference import project
from poolsafe.inference.context import Frame
from poolsafe.inference.exploration import Inference
from poolsafe.inference.lattice import for_detection, restrict
from poolsafe.inference.modules import ImportedModule, Module
from poolsafe.inference.names import lookup
from poolsafe.inference.namespaces import frame_in, namespace_of
from poolsafe.inference.objects import EnumMember, Secret
from poolsafe.inference.project import Project
from poolsafe.inference.snapshots import snapshot
from poolsafe.inference.state import State
from poolsafe.inference.symbols import ALWAYS, Guard
from poolsafe.inference.texts import as_text
from poolsafe.inference.values import (
    Absent,
    Alternatives,
    Const,
    Function,
    Instance,
    Library,
    MappingValue,
    Sequence,
    Text,
    Unknown,
    Url,
    Value,
)
from poolsafe.rules.registry import OFF_BY_DEFAULT
from poolsafe.source import Source
from poolsafe.syntax import tree

PG = "postgresql+asyncpg://app@db/app"
TRANSACTION = Deployment(PoolMode.TRANSACTION)


class OneOf(frozenset[str]):
    """Several alternatives, each as the `repr` of the result of `plain`."""

    def __new__(cls, *values: Any) -> OneOf:
        return super().__new__(cls, map(repr, values))


class Nothing:
    """An unknown value (`...` in a table), as opposed to a missing one."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Nothing)

    def __hash__(self) -> int:
        return 0


ABSENT = Nothing()


def value_of(code: str, name: str = "x") -> Any:
    """Returns the final value of a global name: a plain object, `...` if unknown, `{…}` for an unknown piece."""
    module = Project(follow=False).module(Source.from_text("app.py", textwrap.dedent(code)))
    return module.tree.with_room(lambda: _value_of(module, name))


def _value_of(module: Module, name: str) -> Any:
    frame = frame_at_end(Inference(Project(follow=False), module))
    return plain(snapshot(frame, lookup(frame, name)))


def frame_at_end(inference: Inference) -> Frame:
    """Returns a frame that sees the final names of the module."""
    run = inference._run
    return frame_in(run, namespace_of(run, inference.module), State.fresh(run.heap))


def plain(value: Value, guard: Guard = ALWAYS) -> Any:
    """Converts an abstract value to the Python object that it represents where `guard` holds."""
    value = for_detection(restrict(value, (guard,)))
    match value:
        case Alternatives():
            found = {repr(one): one for one in (plain(single, guard | at) for at, single in value.alternatives)}
            return OneOf(*found.values()) if len(found) > 1 else next(iter(found.values()))
        case Const():
            return value.value
        case Text():
            return "".join(piece if isinstance(piece, str) else "{…}" for piece in value.pieces)
        case MappingValue():
            items = {key: plain(item, guard) for key, item in value.items.items() if not isinstance(item, Absent)}
            return items if value.open is None else {**items, "…": ...}
        case Sequence():
            items_ = [plain(item, guard) for item in value.items] + ([...] if value.open else [])
            return {"tuple": tuple, "set": set}.get(value.kind, list)(items_)
        case Url():
            return f"url {plain(as_text(for_detection(value.drivername)))}"
        case EnumMember() | Secret():
            return plain(value.value)
        case Library():
            return f"library {value.name}"
        case Function() | Instance():
            return type(value).__name__.lower()
        case Absent():
            return ABSENT
    assert isinstance(value, (Unknown, Value))
    return ...


def analyse(code: str) -> Inference:
    """Runs the analysis on a program."""
    project = Project(follow=False)
    module = project.module(Source.from_text("app.py", textwrap.dedent(code)))
    inference = Inference(project, module)
    module.tree.with_room(lambda: explore(inference, engine_sites(module, project), statement_sites(module)))
    return inference


def engines_of(code: str) -> list[Engine]:
    """Returns the engines of a program, in source order."""
    return collect_engines(Observed(analyse(code)))[0]


def engine_of(code: str) -> Engine:
    """Returns the only engine of a program."""
    (engine,) = engines_of(code)
    return engine


def silence_of(code: str, deployment: Deployment = TRANSACTION) -> list[str]:
    """Returns why the unchecked engines of a program are not reported."""
    report = check(Source.from_text("app.py", textwrap.dedent(code)), deployment)
    return [one.reason for one in report.silences if one.unjudged]


def statements_of(code: str) -> list[Statement]:
    """Returns the statements with several commands in a program."""
    return collect_statements(Observed(analyse(code)))


def codes_of(code: str, deployment: Deployment = TRANSACTION) -> str:
    """Returns the codes reported for a program, in source order: `PGB101 PGB201`."""
    report = check(Source.from_text("app.py", textwrap.dedent(code)), deployment)
    return " ".join(finding.code for finding in on_by_default(report))


def on_by_default(report: Report) -> list[Finding]:
    """Returns the findings of the rules that are on by default."""
    return [finding for finding in report.findings if finding.code not in OFF_BY_DEFAULT]


def codes_in(root: Path, files: dict[str, str], checked: str) -> list[str]:
    """Returns the codes reported for one file of a project below `root`, in source order."""
    return [finding.code for finding in findings_in(root, files, checked)]


def findings_in(root: Path, files: dict[str, str], checked: str) -> list[Finding]:
    """Returns the findings in one file of a project below `root`, in source order."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    target = root / checked
    _, report = check_bytes(str(target), target.read_bytes(), Deployment(), Project(str(root)))
    return on_by_default(report)


def record_loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns a list that receives the file name of each module that a project parses from now on."""
    loaded: list[str] = []
    parse, made = tree.parse, project._made

    def recording(source: Source) -> tree.Tree:
        loaded.append(Path(source.path).name)
        return parse(source)

    def recording_made(source: Source, kind: type[Module]) -> Module:
        module = made(source, kind)
        if isinstance(module, ImportedModule):
            loaded.append(Path(source.path).name)
        return module

    monkeypatch.setattr(project, "parse", recording)
    monkeypatch.setattr(project, "_made", recording_made)
    return loaded


def sizes_of(code: str) -> str:
    """Returns the states of `statement_cache_size` and `prepared_statement_cache_size` of a program's only engine."""
    engine = engine_of(code)
    return f"{engine.sizes.statement.state.value} {engine.sizes.prepared.state.value}"


def driver_of(code: str) -> str:
    """Returns the driver of a program's only engine, with a question mark if some path has another driver."""
    engine = engine_of(code)
    sure = engine.url.driver_everywhere or engine.url.driver.value != "asyncpg"
    return engine.url.driver.value + ("" if sure else "?")
