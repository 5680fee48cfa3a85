"""One file from its source to its findings: the way through the house, without silencing and selection.

Importing this module imports LibCST; it is imported once a file has a needle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from poolsafe import needles
from poolsafe.deployment.evidence import deployment_for
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import Engine
from poolsafe.facts.engines import Silent, collect_engines
from poolsafe.facts.pooler_hints import in_front_of
from poolsafe.facts.statement import Statement
from poolsafe.facts.statements import collect_statements
from poolsafe.facts.suppression import Suppression, collect_suppressions
from poolsafe.facts.unparsable import Unparsable
from poolsafe.findings import Finding
from poolsafe.rules.registry import names, rules
from poolsafe.source import Source, UndecodableSource
from poolsafe.syntax import tree
from poolsafe.syntax.limits import SHALLOW
from poolsafe.syntax.room import in_deep_stack
from poolsafe.values.interpreter import explore, world_of
from poolsafe.values.modules import Module
from poolsafe.values.project import Project, project_of, root_of
from poolsafe.values.sites import engine_sites, statement_sites

_ENGINE_NAME = re.compile(r"\b(create_async_engine|async_engine_from_config|create_engine|engine_from_config)\b")


@dataclass(frozen=True, slots=True)
class Report:
    """What the rules say of one file, in the order of the source, and the engines that nobody can judge.

    `silent` holds a 1-based row and the reason for each of those.
    """

    findings: list[Finding]
    silent: list[tuple[int, str]]


def check_in_project(source: Source, deployment: Deployment, *, noqa: bool = True) -> Report:
    """Check one decoded file with the modules of the project that its path says it belongs to."""
    return check(source, deployment, project_of(root_of(source.path)), noqa=noqa)


def check(source: Source, deployment: Deployment, project: Project | None = None, *, noqa: bool = True) -> Report:
    """Check one decoded file. `project` finds the modules it imports; without one the file is judged alone.

    `deployment` is what is configured; under it is laid what the files of the project say. Without `noqa` such comments
    are not judged themselves: whoever applies them knows best.
    """
    if needles.wanted(source.raw) == needles.SUPPRESSION:
        return Report(_with_comments(source, deployment, [], noqa), [])
    project = project or Project(follow=False)
    project.make_room()
    if project.follow:
        deployment = deployment_for(source.path, project.root or root_of(source.path), deployment)
    try:
        module = project.module(source)
    except tree.Unparsable as error:
        offset = source.offset(error.row, error.column)
        return _unparsable(source, deployment, Unparsable(source.path, offset, offset, error.reason))
    # Values are followed from module to module and from call to call: that takes more stack than the tree's own depth.
    report = in_deep_stack(SHALLOW + 1, lambda: _check(module, deployment, project))
    return Report(_with_comments(source, deployment, report.findings, noqa), report.silent)


def check_bytes(path: str, raw: bytes, deployment: Deployment, project: Project | None = None) -> tuple[Source, Report]:
    """Check a file's bytes; what cannot be decoded is reported as unparsable, over a stand-in for its text."""
    try:
        source = Source.decode(path, raw)
    except UndecodableSource as error:
        stand_in = Source.from_text(path, raw.decode("latin-1").replace("\0", " "))
        offset = stand_in.offset(error.row, 1)
        return stand_in, _unparsable(stand_in, deployment, Unparsable(path, offset, offset, error.reason))
    return source, check(source, deployment, project)


def _check(module: Module, deployment: Deployment, project: Project) -> Report:
    world = world_of(project)
    statements_too = bool(needles.wanted(module.source.raw) & needles.STATEMENT)
    explore(world, module, engine_sites(module), statement_sites(module) if statements_too else [])
    engines, silent = collect_engines(world, module)
    statements = collect_statements(world, module)
    findings = _judge(module.source, deployment, [*engines, *statements])
    spoken = {finding.start for finding in findings}
    silent = [one for one in silent if one.start not in spoken]  # a driver that was assumed is no silence
    if not module.tree.faithful:
        # Offsets that are good enough to report by are not good enough to edit by.
        findings = [replace(finding, fix=None) for finding in findings]
    return Report(findings, _rows(module.source, silent))


def _unparsable(source: Source, deployment: Deployment, fact: Unparsable) -> Report:
    """A file that cannot be read is worth a word only where it names an engine in code, as far as one can tell."""
    if _ENGINE_NAME.search(source.text) is None:
        return Report([], [])
    return Report(_judge(source, deployment, [fact]), [])


def _around(fact: object, deployment: Deployment) -> Deployment:
    return in_front_of(fact, deployment) if isinstance(fact, Engine) else deployment


def _judge(
    source: Source, deployment: Deployment, facts: Iterable[Engine | Statement | Suppression | Unparsable]
) -> list[Finding]:
    findings = [
        finding
        for rule in rules()
        for fact in facts
        if isinstance(fact, rule.subject)
        for finding in rule.check(fact, _around(fact, deployment), source)
    ]
    return sorted(findings, key=_in_order)


def _with_comments(source: Source, deployment: Deployment, findings: list[Finding], noqa: bool) -> list[Finding]:
    """Add what is wrong with the comments that silence findings; most files have none, and that is seen quickly."""
    places = {(finding.code, source.row_column(finding.start)[0]) for finding in findings}
    facts = list(collect_suppressions(source.text, places, names(), noqa=noqa))
    if not facts:
        return findings
    return sorted([*findings, *_judge(source, deployment, facts)], key=_in_order)


def _in_order(finding: Finding) -> tuple[int, str]:
    return finding.start, finding.code


def _rows(source: Source, silent: list[Silent]) -> list[tuple[int, str]]:
    return [(source.row_column(one.start)[0], one.reason) for one in silent]
