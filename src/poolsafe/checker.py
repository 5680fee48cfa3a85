"""Checks one file, from its source to its findings, without suppression and selection.

Importing this module imports LibCST, so it is only imported for a file with a needle.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from typing import TypeAlias

from poolsafe import needles
from poolsafe.checkout import second_look
from poolsafe.checkout.roots import root_of
from poolsafe.deployment.evidence import assumes_asyncpg, deployment_for
from poolsafe.facts.client_sites import client_sites, preparing_sites
from poolsafe.facts.connection import AnyClient, Connection, Route
from poolsafe.facts.connections import collect_connections
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.doubts import About, Doubt, doubts_about_engines, doubts_about_statements
from poolsafe.facts.engine import Engine
from poolsafe.facts.engines import collect_engines
from poolsafe.facts.inspection import explore
from poolsafe.facts.mocks import replaces_creator
from poolsafe.facts.observed import Observed
from poolsafe.facts.pooler import WORST_FIRST
from poolsafe.facts.prepared_call import PreparedCall
from poolsafe.facts.prepared_calls import collect_prepared_calls
from poolsafe.facts.session_statement import SessionStatement
from poolsafe.facts.session_statements import collect_session_statements
from poolsafe.facts.silence import Cause, Silence
from poolsafe.facts.sql_statements import collect_statements
from poolsafe.facts.statement import Statement
from poolsafe.facts.suppression import Place, Suppression, collect_suppressions
from poolsafe.facts.targets import calls_engine_function, engine_sites, session_sites, statement_sites
from poolsafe.facts.unparsable import Unparsable
from poolsafe.findings import Applicability, Finding
from poolsafe.inference import Inference, Module, Project, Reason, project_of
from poolsafe.libraries import ENGINE_FUNCTIONS
from poolsafe.notebooks.notebook import Notebook
from poolsafe.notebooks.sifting import stand_in
from poolsafe.records import frozen
from poolsafe.rules.registry import names, rules
from poolsafe.source import LINE_LENGTH, QUOTE, Source, UndecodableSource
from poolsafe.syntax import tree
from poolsafe.syntax.index import CallSite
from poolsafe.syntax.limits import SHALLOW
from poolsafe.syntax.room import in_deep_stack
from poolsafe.verdicts import class_of, silence_of, silence_of_connection

# The classes of facts that rules judge, except comments and files.
_Known: TypeAlias = Engine | Connection | PreparedCall | Statement | SessionStatement | Silence
# Facts that record what they do not know, and the rules that each kind of doubt turns off.
_JUDGED = (Engine, Connection, AnyClient, PreparedCall, Statement, SessionStatement, Silence, Suppression, Unparsable)
_CONCERNED = {
    About.ENGINE: ("PGB1", "PGB2"),
    About.SIZES: ("PGB1",),
    About.NAMES: ("PGB106", "PGB107", "PGB109"),
    About.POOL: ("PGB2",),
    About.PARAMETERS: ("PGB105", "PGB204", "PGB205"),
    About.SQL: ("PGB3", "PGB4"),
}
_TEMPLATE_BLOCK = re.compile(r"^[ \t]*\{[%#]", re.MULTILINE)
_ENGINE_NAME = re.compile(
    r"\b(create_async_engine|async_engine_from_config|create_engine|engine_from_config|SQLAlchemyAsyncConfig)\b"
)


@frozen
class Report:
    """The findings of one file, in the order of the source, including those of rules that are off by default.

    `silences` are the calls that could not be judged and those that no rule reports by default, in no particular order.
    `engines` is the number of engines that the file creates, `connections` the number of connections and pools without
    SQLAlchemy.
    """

    findings: list[Finding]
    silences: list[Silence] = field(default_factory=list)
    engines: int = 0
    connections: int = 0


def check_in_project(
    source: Source,
    deployment: Deployment,
    sources: tuple[str, ...] = (),
    *,
    noqa: bool = True,
    external: Sequence[str] = (),
) -> Report:
    """Checks one decoded file, together with the modules of the project that its path belongs to.

    `sources` are absolute folders that its modules are imported from, besides those above the file.
    """
    return check(source, deployment, project_of(root_of(source.path), sources), noqa=noqa, external=external)


def check(
    source: Source,
    deployment: Deployment,
    project: Project | None = None,
    *,
    noqa: bool = True,
    external: Sequence[str] = (),
) -> Report:
    """Checks one decoded file. `project` finds the modules it imports. Without one, the file is judged alone.

    `deployment` is the configured one; the project's files fill in what is not configured. Without `noqa`, `# noqa`
    comments are not judged, because another tool applies them. `external` are prefixes of codes that are not judged in
    comments either.
    """
    report = _report(source, deployment, project, _Comments(source, noqa=noqa, external=external))
    if source.file is source:
        return report
    return replace(report, findings=[_with_writable_fix(finding, source) for finding in report.findings])


def _report(source: Source, deployment: Deployment, project: Project | None, comments: _Comments) -> Report:
    if project is not None and project.follow:
        wanted = second_look.wanted(source.path, source.code, project.root, project.looked_at)
    else:
        wanted = needles.wanted(source.code)
    if wanted == needles.SUPPRESSION:
        return Report(comments.judged_beside([], deployment))
    project = project or Project(follow=False)
    project.begin_file()
    if project.follow:
        root = project.root or root_of(source.path)
        if not comments.worth_judging and not assumes_asyncpg(source.path, root, deployment):
            possible = project.possible(source, wanted)
            if possible == needles.ENGINE and _calls_own_functions(source, project):
                return Report([])
            if wanted and not possible:
                return Report([])
            wanted = possible
        deployment = deployment_for(source.path, root, deployment)
    try:
        module = project.module(source)
    except tree.Unparsable as error:
        offset = source.offset(error.row, error.column)
        return _unparsable(source, deployment, Unparsable(source.path, offset, offset, error.reason))
    # Following values across modules and calls takes more stack than the depth of the tree.
    return in_deep_stack(SHALLOW + 1, lambda: _check(source, module, wanted, deployment, project, comments))


def _calls_own_functions(source: Source, project: Project) -> bool:
    """Returns whether a file only calls the project's own functions with the names of engine functions."""
    return second_look.uses_only_own_functions(source.path, source.code, project.root, project.looked_at)


def _with_writable_fix(finding: Finding, source: Source) -> Finding:
    """Removes a fix that spans several cells of a notebook."""
    # In Jupyter, a call that begins in one cell and ends in the next is an error.
    try:
        for edit in finding.fix.edits if finding.fix is not None else ():
            source.in_file(edit)
    except ValueError:
        return replace(finding, fix=None)
    return finding


def _with_unsafe_fix(finding: Finding, doubt: str) -> Finding:
    fix = finding.fix
    if fix is None or fix.applicability is not Applicability.SAFE:
        return finding
    return replace(finding, fix=replace(fix, applicability=Applicability.UNSAFE, doubt=doubt))


def _doubt_of_file(inference: Inference, source: Source) -> str:
    """Returns why no fix in a file is safe, or ""."""
    if inference.emptiness_matters:
        return "an environment variable that is empty may lead elsewhere"
    if inference.tests_differ:
        return "a test may import the modules in another order"
    return "a mock replaces the called function" if replaces_creator(source.code) else ""


def check_bytes(
    path: str,
    raw: bytes,
    deployment: Deployment,
    project: Project | None = None,
    *,
    external: Sequence[str] = (),
    line_length: int = LINE_LENGTH,
    quote: str = QUOTE,
    notebook: bool = False,
) -> tuple[Source, Report]:
    """Checks a file's bytes. If they cannot be decoded, the file is reported as unparsable, with a placeholder text.

    Fixes keep within `line_length`, and use `quote` if the file shows no preference.
    """
    try:
        source = (Notebook if notebook else Source).decode(path, raw, line_length, quote)
    except UndecodableSource as error:
        other = _stand_in(path, stand_in(raw) if notebook else raw)
        offset = other.offset(error.row, 1)
        return other, _unparsable(other, deployment, Unparsable(path, offset, offset, error.reason))
    return source, check(source, deployment, project, external=external)


def check_head(path: str, head: bytes, deployment: Deployment, largest: int) -> tuple[Source, Report]:
    """Reports a file that creates engines and has more than `largest` bytes, by its first lines alone."""
    try:
        source = Source.decode(path, head)
    except UndecodableSource:
        source = _stand_in(path, head)
    if _is_template(source, 0):
        return source, Report([])
    reason = f"a file of more than {largest // 1_000_000} MB"
    return source, Report(_judge(source, deployment, [Unparsable(path, 0, 0, reason)]))


def _stand_in(path: str, raw: bytes) -> Source:
    return Source.from_text(path, raw.decode("latin-1").replace("\0", " "))


def _check(
    source: Source, module: Module, wanted: int, deployment: Deployment, project: Project, comments: _Comments
) -> Report:
    inference = Inference(project, module)
    engine_calls = engine_sites(module, project)
    sql_calls = statement_sites(module) if wanted & needles.STATEMENT else []
    session_calls = session_sites(module) if wanted & needles.SESSION else []
    clients = client_sites(module) if wanted & needles.CLIENT else []
    preparing = preparing_sites(module) if wanted & needles.PREPARING else []
    explored = bool(sql_calls or session_calls or preparing or wanted & (needles.ENGINE | needles.CLIENT))
    makes_connections = bool(wanted & (needles.ENGINE | needles.CLIENT))
    if explored:
        given_sql = list(dict.fromkeys((*sql_calls, *session_calls, *preparing)))
        # Whatever callers pass, an engine without any link to asyncpg or psycopg is not reported.
        explore(inference, engine_calls, given_sql, clients, ask_callers=makes_connections)
    observed = Observed(inference)
    unreached = list(_unreached(observed, engine_calls, sql_calls)) if explored else []
    engines, silences = collect_engines(observed, others=comments.worth_judging)
    statements = collect_statements(observed)
    session_statements = collect_session_statements(observed) if session_calls else []
    connections, unknown = collect_connections(observed) if makes_connections else ([], [])
    silences += [*_silences([*engines, *connections], deployment), *unreached, *unknown]
    # The settings of a pool's hook are reported for the pool.
    hooked = {span for one in connections for hook in one.hooks for span in hook.spans}
    session_statements = [one for one in session_statements if one.span not in hooked]
    prepared = collect_prepared_calls(observed, preparing) if preparing else []
    facts: list[_Known] = [*engines, *connections, *prepared, *statements, *session_statements]
    # Not the module's own source, because another file may have loaded it with another line length.
    findings = _judge(source, deployment, [*facts, *silences])
    if comments.worth_judging:
        comments.doubts += doubts_about_engines(module, engine_calls, engines)
        comments.doubts += doubts_about_statements(observed, sql_calls, statements)
        comments.facts += [*facts, *unreached]
    if any(finding.fix is not None for finding in findings) and not module.tree.faithful:
        # The offsets are precise enough for reports, but not for edits.
        findings = [replace(finding, fix=None) for finding in findings]
    doubt = _doubt_of_file(inference, source) if findings else ""
    if doubt:
        findings = [_with_unsafe_fix(finding, doubt) for finding in findings]
    if findings:
        spoken = {finding.start for finding in findings}
        silences = [one for one in silences if one.unjudged or one.start not in spoken]
    engines_unreached = sum(not one.holds_sql for one in unreached)
    return Report(
        comments.judged_beside(findings, deployment),
        silences,
        engines=len(observed.engines) + engines_unreached,
        connections=sum(one.function not in ENGINE_FUNCTIONS for one in connections),
    )


def _silences(facts: Iterable[object], deployment: Deployment) -> Iterator[Silence]:
    """Yields why the engines and connections among the facts are not reported, in case no rule reports them."""
    for fact in facts:
        silence = None
        if isinstance(fact, Engine):
            silence = silence_of(fact, _around(fact, deployment))
        elif isinstance(fact, Connection):
            silence = silence_of_connection(fact, _around(fact, deployment))
        if silence is not None:
            yield silence


def _unreached(observed: Observed, engines: Iterable[CallSite], statements: Iterable[CallSite]) -> Iterator[Silence]:
    """Yields the calls that no run reaches, because the code before them takes too long to follow or is dead."""
    module = observed.module
    # An engine with literal values in its call is seen without a run.
    read = {id(calls[0].node) for calls in observed.engines}
    engines = [site for site in engines if id(site.node) not in read]
    for sites, holds_sql in ((engines, False), (statements, True)):
        for site, reason in observed.inference.unreached(sites):
            locate = functools.partial(module.tree.span, site.node)
            if reason is Reason.BUDGET:
                yield Silence(locate, Cause.BUDGET, reason.value, holds_sql=holds_sql)
            elif not holds_sql and calls_engine_function(module, site):
                yield Silence(locate, Cause.UNREACHED, reason.value)


def _unparsable(source: Source, deployment: Deployment, fact: Unparsable) -> Report:
    """Reports an unreadable file only if its code seems to name an engine."""
    if _ENGINE_NAME.search(source.text) is None or _is_template(source, fact.start):
        return Report([])
    return Report(_judge(source, deployment, [fact]))


def _is_template(source: Source, stumble: int) -> bool:
    """Returns whether an unreadable file is a Jinja template, by its path or by its tags.

    Python uses `{{` in f-strings too, so it only counts on the line of the syntax error.
    """
    if "{{" in source.path or _TEMPLATE_BLOCK.search(source.text):
        return True
    start = source.text.rfind("\n", 0, stumble) + 1
    line = source.text[start:].partition("\n")[0]
    return "{{" in line and "}}" in line


def _around(fact: object, deployment: Deployment) -> Deployment:
    """Returns the deployment for the pooler that a fact is about, or for the one of several that breaks most."""
    routes: tuple[AnyClient | Route, ...] = ()
    if isinstance(fact, (Engine, Connection)):
        routes = (fact,)
    elif isinstance(fact, (PreparedCall, SessionStatement)):
        routes = fact.routes
    if not routes:
        return deployment
    # Imported late, because only a file with an engine needs the catalogue of poolers.
    from poolsafe.deployment.pooler_of_engine import in_front_of

    return min(
        (in_front_of(route, deployment) for route in routes), key=lambda there: WORST_FIRST.index(class_of(there))
    )


def _judge(
    source: Source,
    deployment: Deployment,
    facts: Iterable[_Known | Suppression | Unparsable],
) -> list[Finding]:
    placed = [(fact, _around(fact, deployment)) for fact in facts]
    findings = [
        finding
        for rule in rules()
        for fact, there in placed
        if isinstance(fact, rule.subject)
        for finding in rule.check(fact, there, source)
    ]
    return sorted(findings, key=_in_order)


class _Comments:
    """The suppression comments of one file, and what they may be needed for."""

    def __init__(self, source: Source, *, noqa: bool, external: Sequence[str]) -> None:
        self._source = source
        self._noqa = noqa
        self._external = tuple(external)
        # Most files have none, which is quick to find out.
        self.worth_judging = "PGB" in source.text or "poolsafe" in source.text
        self.doubts: list[Doubt] = []
        self.facts: list[_Known] = []

    def judged_beside(self, findings: list[Finding], deployment: Deployment) -> list[Finding]:
        """Returns the findings, and those about comments that suppress none of them."""
        if not self.worth_judging:
            return findings
        places = {*self._places(findings), *self._needed_elsewhere(deployment), *self._doubtful()}
        # Other facts do not record what they do not know.
        unjudged = frozenset(rule.code for rule in rules() if rule.subject not in _JUDGED)
        found = collect_suppressions(
            self._source.text, places, names(), noqa=self._noqa, external=self._external, unjudged=unjudged
        )
        about = _judge(self._source, deployment, list(found))
        return sorted([*findings, *about], key=_in_order) if about else findings

    def _places(self, findings: Iterable[Finding]) -> Iterator[Place]:
        return ((finding.code, self._row(finding.start)) for finding in findings)

    def _needed_elsewhere(self, deployment: Deployment) -> Iterator[Place]:
        """Yields the findings behind other poolers, because a comment may be needed with other settings."""
        for mode in (PoolMode.TRANSACTION, PoolMode.STATEMENT):
            there = _behind(mode, deployment)
            silences = _silences(self.facts, there)
            yield from self._places(_judge(self._source, there, [*self.facts, *silences]))

    def _doubtful(self) -> Iterator[Place]:
        for rule in rules():
            for doubt in self.doubts:
                if rule.code.startswith(_CONCERNED[doubt.about]):
                    yield rule.code, self._row(doubt.start)

    def _row(self, offset: int) -> int:
        return self._source.row_column(offset)[0]


def _behind(mode: PoolMode, deployment: Deployment) -> Deployment:
    evidence = tuple(one for one in deployment.evidence if one.key not in ("pooler", "max-prepared-statements"))
    return replace(deployment, pooler=mode, product=None, max_prepared_statements=None, evidence=evidence)


def _in_order(finding: Finding) -> tuple[int, str]:
    return finding.start, finding.code
