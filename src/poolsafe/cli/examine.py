"""Checks one file, from bytes to outcome: check, suppress, select, fix.

Importing this module imports LibCST, so it is only imported for a file with a needle.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from poolsafe import edits
from poolsafe.checker import Report, check, check_bytes, check_head
from poolsafe.checkout.roots import root_of
from poolsafe.cli.baseline import Known
from poolsafe.cli.diagnostics import Presenter
from poolsafe.cli.internal_error import explained
from poolsafe.cli.outcome import Outcome
from poolsafe.cli.questions import Questions
from poolsafe.cli.settling import about_comments
from poolsafe.cli.task import ADD_NOQA, APPLY, DIFF, Task
from poolsafe.config.settings import Settings
from poolsafe.deployment.files import unread
from poolsafe.facts.silence import Silence
from poolsafe.facts.suppression import ABOUT_COMMENTS, NEVER
from poolsafe.findings import Applicability, Finding, Fix, Severity
from poolsafe.inference import project_of
from poolsafe.output_safety import commands
from poolsafe.reading import whole_lines
from poolsafe.reports.masking import visible
from poolsafe.rules.registry import UNJUDGED
from poolsafe.source import Source
from poolsafe.suppression.adding import comments
from poolsafe.suppression.noqa import NOTHING, Suppressions, suppressions

NOT_SILENCED = ABOUT_COMMENTS | {NEVER}
_INVALID = "the result would not be valid Python"
_STILL_FOUND = "the problem would remain"


def examine(path: str, raw: bytes, settings: Settings, task: Task, real: str | None = None) -> Outcome:
    """Returns the outcome for the file at the absolute `path` with the content `raw`, which has a needle.

    Changes are written to its real path, `real`, without following a link. An internal error becomes an error of the
    outcome, so that one file does not prevent the others from being checked.
    """
    if len(raw) > settings.largest(path):
        return refuse(path, whole_lines(raw), settings, task)
    try:
        return _Examination(path, settings, task, real or os.path.realpath(path)).run(raw)
    except Exception as error:
        return Outcome(path, errors=(explained(error),))


def refuse(path: str, head: bytes, settings: Settings, task: Task) -> Outcome:
    """Returns the outcome for a file that creates engines but is too large to check; `head` is its first lines."""
    try:
        return _Examination(path, settings, task, path).refuse(head)
    except Exception as error:
        return Outcome(path, errors=(explained(error),))


class _Examination:
    def __init__(self, path: str, settings: Settings, task: Task, real: str) -> None:
        self._path = path
        self._real = real
        self._project = project_of(root_of(path), settings.source_roots)
        self._settings = settings
        self._task = task
        self._codes = settings.codes_for(path)
        self._errors_only = settings["min-severity"] == "error"
        # The findings of the source that was checked last.
        self._latest = Report([])
        baseline = None if task.baselines is None else task.baselines.of(settings)
        self._known = None if baseline is None else Known(baseline, path)

    def run(self, raw: bytes) -> Outcome:
        deployment, external = self._settings.deployment, self._settings["lint.external"]
        width = self._settings.line_length(self._path)
        source, report = check_bytes(
            self._path,
            raw,
            deployment,
            self._project,
            external=external,
            line_length=width,
            quote=self._settings.quote,
            notebook=self._settings.is_notebook(self._path),
        )
        findings = self._kept(source, report)
        if self._task.mode in (DIFF, APPLY):
            return self._repair(source, findings)
        if self._task.mode == ADD_NOQA:
            return self._add_noqa(source, findings)
        return self._report(source, findings, Outcome(self._path))

    def refuse(self, head: bytes) -> Outcome:
        source, report = check_head(self._path, head, self._settings.deployment, self._settings.largest(self._path))
        findings = self._kept(source, report)
        outcome = Outcome(self._path)
        # No comment can suppress this finding.
        return outcome if self._task.mode == ADD_NOQA else self._report(source, findings, outcome)

    def _check(self, source: Source) -> Report:
        settings = self._settings
        return check(source, settings.deployment, self._project, external=settings["lint.external"])

    def _kept(self, source: Source, report: Report) -> list[Finding]:
        """Returns the findings that are left after suppression and selection, with fixes adjusted to the settings."""
        silences = self._silences(source)
        self._latest = report
        kept = [self._with_own_safety(finding) for finding in report.findings if self._keeps(finding, source, silences)]
        silenced = (one for one in report.findings if silences.silences(one.code, source.row_column(one.start)[0]))
        declined = {finding.fix.edits for finding in silenced if finding.fix is not None}
        if declined:
            # Two rules may share a fix. If one of the findings is suppressed, the user does not want the fix.
            kept = [replace(one, fix=None) if one.fix and one.fix.edits in declined else one for one in kept]
        return kept if self._known is None else self._known.unknown(source, kept)

    def _silences(self, source: Source) -> Suppressions:
        return NOTHING if self._task.ignore_noqa else suppressions(source.text)

    def _keeps(self, finding: Finding, source: Source, silences: Suppressions) -> bool:
        if finding.code not in self._codes or (self._task.ignore_noqa and finding.code in ABOUT_COMMENTS):
            return False
        if self._errors_only and finding.severity is not Severity.ERROR:
            return False
        return not silences.silences(finding.code, source.row_column(finding.start)[0])

    def _with_own_safety(self, finding: Finding) -> Finding:
        """Removes the fix of an unfixable rule, and adjusts its safety to the settings."""
        if finding.fix is None:
            return finding
        if finding.code not in self._settings.fixable:
            return replace(finding, fix=None)
        safe = self._settings.safety(finding.code)
        if safe is None or finding.fix.applicability is Applicability.DISPLAY_ONLY:
            return finding
        applicability = Applicability.SAFE if safe else Applicability.UNSAFE
        doubt = "" if safe else finding.fix.doubt
        return replace(finding, fix=replace(finding.fix, applicability=applicability, doubt=doubt))

    def _offers(self, fix: Fix) -> bool:
        if fix.applicability is Applicability.UNSAFE:
            return bool(self._settings["unsafe-fixes"])
        return fix.applicability is Applicability.SAFE

    def _report(self, source: Source, findings: list[Finding], outcome: Outcome) -> Outcome:
        silences = self._silences(source)
        # The row of a comment is needed even if there is no comment yet.
        places = suppressions(source.text, places_too=True) if findings else silences
        presenter = Presenter(source, places, self._offers, frames=self._task.frames)
        outcome.diagnostics = tuple(presenter.present(finding) for finding in findings)
        outcome.warnings = about_comments(source, silences)
        outcome.engines = self._latest.engines
        outcome.connections = self._latest.connections
        unjudged = [finding for finding in self._latest.findings if finding.code == UNJUDGED]
        outcome.unjudged = len(unjudged)
        if self._task.notifications:
            outcome.notifications = tuple(map(presenter.summarise, unjudged))
        if self._task.notes:
            unreported = sorted(self._latest.silences, key=lambda silence: silence.start)
            outcome.notes = tuple(self._note(source, silence) for silence in unreported)
            outcome.unread = tuple(unread(self._project.root or root_of(self._path)))
        outcome.lists_codes = silences.lists_codes
        return outcome

    def _note(self, source: Source, silence: Silence) -> str:
        row, _ = source.row_column(silence.start)
        evidence = silence.evidence
        root = self._project.root or root_of(self._path)
        place = "" if evidence is None else f" ({os.path.relpath(evidence.path, root)}:{evidence.row})"
        return (
            f"{source.row_name(row)}: {'not checked' if silence.unjudged else 'not reported'}: {silence.reason}{place}"
        )

    def _add_noqa(self, source: Source, findings: list[Finding]) -> Outcome:
        """Writes a comment for each finding that it can suppress. Findings about comments need a fix instead."""
        outcome = Outcome(self._path)
        places = [(each.code, source.row_column(each.start)[0]) for each in findings if each.code not in NOT_SILENCED]
        added = dict(comments(source, suppressions(source.text, places_too=True), places, self._task.reason))
        fixes = {row: Fix("", (edit,), Applicability.SAFE) for row, edit in added.items()}
        after, done = edits.apply(source, fixes.values())
        silences = suppressions(after.text)
        # An invalid noqa before ours hides it.
        void = {silences.noqa_row(row) for code, row in places if not silences.silences(code, row)}
        if done and void:
            after, done = edits.apply(source, [fix for row, fix in fixes.items() if row not in void])
        try:
            self._hand_over(source, after, outcome)
        except edits.NotWritten as error:
            outcome.errors = (error.reason,)
            return outcome
        outcome.silenced = len(done)
        outcome.lists_codes = bool(done)
        outcome.warnings = tuple(
            f"{source.row_name(row)}: a `# noqa` comment is not possible on this line"
            for row, fix in fixes.items()
            if fix not in done
        )
        return outcome

    def _repair(self, before: Source, findings: list[Finding]) -> Outcome:
        latest = before, findings
        first = self._latest

        def check_anew(source: Source) -> list[Finding]:
            nonlocal latest
            if source is not latest[0]:
                latest = source, self._kept(source, self._check(source))
            return latest[1]

        if self._task.mode == APPLY and not self._task.piped:
            edits.remove_leftovers(self._real)
        questions = self._task.questions
        if questions is None:
            repair = edits.repair(before, check_anew, self._offers)
        else:
            repair = edits.repair_chosen(before, check_anew, self._offers, self._asked(questions))
        outcome = Outcome(self._path)
        try:
            self._hand_over(before, repair.source, outcome)
        except edits.NotWritten as error:
            # The file is unchanged, and so are its findings.
            outcome.errors = (error.reason,)
            self._latest = first
            return self._report(before, findings, outcome)
        outcome.fixed = dict(repair.gone)
        self._report(repair.source, check_anew(repair.source), outcome)
        for why, taken_back in ((_INVALID, repair.refused), (_STILL_FOUND, repair.without_effect)):
            outcome.warnings += tuple(self._refusal(repair.source, one, why) for one in taken_back)
        return outcome

    def _asked(self, questions: Questions) -> Callable[[Source, Source, Finding], bool]:
        def chooses(before: Source, after: Source, finding: Finding) -> bool:
            diagnostic = Presenter(before, NOTHING, self._offers, frames=False).present(finding)
            return questions.ask(diagnostic, edits.diff(before, after, _withheld(before)))

        return chooses

    def _hand_over(self, before: Source, after: Source, outcome: Outcome) -> None:
        if after.text == before.text:
            return
        if self._task.mode == DIFF:
            outcome.diff = edits.diff(before, after, _withheld(before))
        elif self._task.piped:
            outcome.output = after.raw
        else:
            edits.write(before, after, self._real)

    @staticmethod
    def _refusal(source: Source, finding: Finding, why: str) -> str:
        row, _ = source.row_column(finding.start)
        return f"{source.row_name(row)}: the fix for {finding.code} was not applied, because {why}"


def _withheld(source: Source) -> Callable[[int], bool]:
    """Returns a function that tells whether a diff must hide a row (from 0), because of a secret or a CI command."""
    lines, shown = source.written.split("\n"), visible(source).text.split("\n")
    return lambda row: lines[row] != shown[row] or commands(lines[row])
