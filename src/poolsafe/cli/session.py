"""One run of the command: collects the outcomes of the files, prints the report, and decides on the exit code."""

from __future__ import annotations

import os
import sys

from poolsafe import needles
from poolsafe.cli.discovery import Found, excluded_by_force
from poolsafe.cli.one_file import Unreadable
from poolsafe.cli.run import run
from poolsafe.cli.sieve import may_hold
from poolsafe.cli.summary import Tally, counted, fixes, statistics, statistics_as_json
from poolsafe.cli.task import ADD_NOQA, APPLY, DIFF, REPORT, Shelf, Task
from poolsafe.cli.terminal import Messages, Progress, emit, emit_bytes, printable, style_for, take_in
from poolsafe.reading import LARGEST, LARGEST_SOURCE
from poolsafe.reports import FOR_PEOPLE, NOTIFYING, render
from poolsafe.reports.coverage import Coverage
from poolsafe.rules.registry import UNJUDGED

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from poolsafe.cli.outcome import Outcome
    from poolsafe.cli.questions import Questions
    from poolsafe.config.resolver import Resolver
    from poolsafe.config.settings import Settings
    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.reports.style import Style

CLEAN = 0
FINDINGS = 1
BAD_USAGE = 2
NOTHING_THERE = 3
# Ruff's wording, so that users can search for it.
NO_FILES = "No Python files found under the given path(s)"


class Session:
    """One run. Either `over_files` or `over_standard_input` is called, once."""

    def __init__(self, options: argparse.Namespace, messages: Messages, settings: Settings) -> None:
        """`settings` are those of the current directory, which apply to the report of the whole run."""
        self._options = options
        self._messages = messages
        self._settings = settings
        self._format: str = settings["output-format"]
        self._mode = _mode(options, settings)
        self._fix_only = self._mode == APPLY and settings["fix-only"]
        self._outcomes: list[Outcome] = []
        self._files = 0
        self._failed = False
        self._nothing_there = False

    def over_files(self, found: Found, resolver: Resolver) -> int:
        """Checks the files that were found, and returns the exit code."""
        self._complain(found)
        self._files = len(found.files)
        # One process asks the questions, in the order of the files.
        jobs = 1 if self._options.interactive else self._options.jobs
        task = self._task()
        self._collect(run(found.files, resolver, task, found.real, jobs, found.notebooks, found.searched))
        return self._finish(sys.stdout)

    def list_files(self, found: Found) -> int:
        """Prints the files that would be checked, and returns the exit code."""
        from poolsafe.output_safety import quoted

        self._complain(found)
        # Programs get the names unchanged. On a terminal, names with line ends or control characters are quoted as in
        # Git.
        shown = printable if sys.stdout.isatty() else quoted
        emit(f"{shown(path)}\n" for path in found.files)
        return self._unless_failed(CLEAN)

    def over_standard_input(self, resolver: Resolver) -> int:
        """Checks standard input, and returns the exit code. With --apply, the fixed code goes to standard output."""
        path = os.path.abspath(self._options.stdin_filename or "-")
        raw = take_in(LARGEST)
        settings = resolver.for_file(path)
        self._files = 0 if excluded_by_force(path, resolver) else 1
        if self._files and _has_needle(path, raw, notebook=settings.is_notebook(path)):
            from poolsafe.cli.examine import examine

            task = self._task(piped=True)
            if task.baselines is not None:
                task.baselines.of(settings)
            self._collect([examine(path, raw, settings, task)])
        if self._mode != APPLY:
            return self._finish(sys.stdout)
        fixed = [outcome.output for outcome in self._outcomes if outcome.output is not None]
        emit_bytes(fixed[0] if fixed else raw)
        return self._finish(sys.stderr)

    def _task(self, *, piped: bool = False) -> Task:
        # A new baseline must include the findings of the old one.
        baselines = Shelf() if self._options.write_baseline is None else None
        return Task(
            self._mode,
            frames=self._format == "full",
            notes=self._options.verbose,
            notifications=self._format == NOTIFYING,
            ignore_noqa=self._options.ignore_noqa,
            piped=piped,
            baselines=baselines,
            reason=" ".join((self._options.add_noqa or "").split()),
            questions=self._questions(),
        )

    def _questions(self) -> Questions | None:
        if not self._options.interactive:
            return None
        from poolsafe.cli.questions import Questions

        return Questions(style_for(sys.stdout, self._options.color))

    def _complain(self, found: Found) -> None:
        for path in found.missing:
            self._messages.error(f"{path}: no such file or directory")
        # Without a path argument, the current directory was not named by the user.
        for path in found.empty if self._options.paths else ():
            self._messages.error(f"{path}: no Python files in this directory")
        if not self._options.paths and (found.empty or found.left_out):
            self._messages.warning(NO_FILES)
        elif found.left_out:
            first, *others = found.left_out
            more = f" and {counted(len(others), 'other')}" if others else ""
            self._messages.warning(f"{NO_FILES}: {_shown(first)}{more}")
        if found.outside:
            links = counted(len(found.outside), "link")
            advice = f"{links} skipped; name a file to check it"
            self._messages.warning(f"{_shown(found.outside[0])}: points outside the project; {advice}")
        for path, reason in dict.fromkeys(found.unreadable):
            self._fail(path, reason)
        self._nothing_there = bool(found.missing) or bool(found.empty and self._options.paths)

    def _collect(self, results: Iterable[Outcome | Unreadable]) -> None:
        with Progress(enabled=not (self._options.quiet or self._options.interactive)) as progress:
            collected = [progress.passing(result) for result in results]
        for result in collected:
            if isinstance(result, Unreadable):
                self._files -= 1
                self._fail(result.path, result.reason)
            else:
                self._take(result)

    def _take(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        for text in outcome.errors:
            self._fail(outcome.path, text)
        for text in outcome.warnings:
            self._messages.warning(f"{_shown(outcome.path)}:{text}")
        for text in outcome.notes:
            self._messages.note(f"{_shown(outcome.path)}:{text}")

    def _fail(self, path: str, reason: str) -> None:
        self._failed = True
        self._messages.error(f"{_shown(path)}: {reason}")

    def _finish(self, stream: TextIO) -> int:
        self._warn_of_ruff()
        for path, reason in sorted({each for outcome in self._outcomes for each in outcome.unread}):
            self._messages.note(f"{_shown(path)}: not read: {reason}")
        left = () if self._fix_only else self._outcomes
        diagnostics = [diagnostic for outcome in left for diagnostic in outcome.diagnostics]
        if self._options.write_baseline is not None:
            return self._write_baseline(diagnostics)
        if self._mode == ADD_NOQA:
            self._messages.note(f"Added {counted(sum(each.silenced for each in self._outcomes), '`# noqa` comment')}.")
            return self._unless_failed(CLEAN)
        fixed = sum(sum(outcome.fixed.values()) for outcome in self._outcomes)
        mention_unsafe = self._settings["unsafe-fixes"] is None
        coverage = self._coverage()
        tally = Tally(
            diagnostics,
            fixed,
            coverage,
            mention_unsafe=mention_unsafe,
            fix_only=self._fix_only,
            hint=self._hint(),
        )
        if self._mode == DIFF:
            self._print_diffs(tally)
        elif self._options.output_file is None:
            emit(self._report(diagnostics, tally, coverage, stream), stream)
        else:
            from poolsafe.cli import output

            text = "".join(self._report(diagnostics, tally, coverage, None))
            content = text.encode("utf-8", "backslashreplace")
            output.write(self._options.output_file, content, "--output-file", make_folder=True)
        return self._exit_code(tally)

    def _coverage(self) -> Coverage:
        return Coverage(
            self._files,
            sum(outcome.engines for outcome in self._outcomes),
            sum(outcome.unjudged for outcome in self._outcomes),
            [note for outcome in self._outcomes for note in outcome.notifications],
            connections=sum(outcome.connections for outcome in self._outcomes),
            complete=not (self._failed or self._nothing_there),
        )

    def _hint(self) -> str:
        """Returns the option that shows more about the calls that could not be checked, as a clause."""
        if UNJUDGED in self._settings.enabled:
            return ""
        if self._options.verbose:
            return f": run with --extend-select {UNJUDGED} for advice"
        return ": run with --verbose to see why"

    def _warn_of_ruff(self) -> None:
        """Warns once for each ruff configuration that would remove poolsafe's codes from comments."""
        directories = {os.path.dirname(each.path) for each in self._outcomes if each.lists_codes}
        if not directories:
            return
        from poolsafe.config.ruff import eraser

        for text in sorted({text for directory in directories if (text := eraser(directory)) is not None}):
            self._messages.warning(_shown(text))

    def _write_baseline(self, diagnostics: list[Diagnostic]) -> int:
        from poolsafe.cli import baseline

        # An incomplete baseline would be misleading.
        if self._failed or self._nothing_there:
            return self._unless_failed(CLEAN)
        baseline.write(self._options.write_baseline, diagnostics)
        self._messages.note(f"Wrote {counted(len(diagnostics), 'known problem')} to {self._options.write_baseline}.")
        return CLEAN

    def _unless_failed(self, code: int) -> int:
        return BAD_USAGE if self._failed else NOTHING_THERE if self._nothing_there else code

    def _print_diffs(self, tally: Tally) -> None:
        style = style_for(sys.stdout, self._options.color)
        dressed = style.colour or style.width is not None
        for outcome in () if self._options.silent else self._outcomes:
            if dressed:
                emit(style.diff(outcome.diff.decode("utf-8", "replace")))
            else:
                # A patch contains names and lines as bytes, in any encoding.
                emit_bytes(outcome.diff)
        for line in tally.diff_lines():
            self._messages.note(line)

    def _report(
        self, diagnostics: list[Diagnostic], tally: Tally, coverage: Coverage, stream: TextIO | None
    ) -> Iterator[str]:
        """Yields the report, formatted for `stream`, which is None for a file."""
        if self._options.silent:
            return
        for_people = self._format in FOR_PEOPLE or (self._options.statistics and self._format != "json")
        if not (diagnostics or tally.fixed or self._options.statistics) and self._format in FOR_PEOPLE:
            # Most runs find nothing, and formatting needs modules that are slow to import.
            if not self._options.quiet:
                yield from (f"{line}\n" for line in tally.report_lines())
            return
        style = style_for(stream, self._options.color)
        if self._options.statistics:
            lines = statistics_as_json if self._format == "json" else statistics
            yield from lines(diagnostics, coverage.unjudged, style)
        elif diagnostics or self._format not in FOR_PEOPLE:
            yield from render(self._format, diagnostics, style, coverage)
        if not self._options.quiet and for_people:
            yield from self._tally_lines(tally, style)

    def _tally_lines(self, tally: Tally, style: Style) -> Iterator[str]:
        if self._settings["show-fixes"]:
            fixed = [(outcome.path, outcome.fixed) for outcome in self._outcomes if outcome.fixed]
            yield from fixes(fixed, style)
        for line in tally.report_lines():
            first, _, rest = line.partition(" ")
            yield from (f"{part}\n" for part in style.wrap(first, first, rest, ""))

    def _exit_code(self, tally: Tally) -> int:
        if self._failed or self._nothing_there:
            return self._unless_failed(CLEAN)
        if self._options.exit_zero:
            return CLEAN
        if self._mode == DIFF:
            return FINDINGS if any(outcome.diff for outcome in self._outcomes) else CLEAN
        left = tally.remaining or (tally.fixed and self._options.exit_non_zero_on_fix)
        return FINDINGS if left else CLEAN


def _mode(options: argparse.Namespace, settings: Settings) -> str:
    if options.add_noqa is not None:
        return ADD_NOQA
    # A diff shows what --apply would do, so it takes precedence.
    if options.diff:
        return DIFF
    if options.write_baseline is not None:
        return REPORT
    return APPLY if settings["fix"] or settings["fix-only"] else REPORT


def _has_needle(path: str, raw: bytes, *, notebook: bool) -> bool:
    if notebook:
        from poolsafe.notebooks import sifting

        return bool(sifting.wanted(raw)[0])
    return may_hold(path, raw) if len(raw) <= LARGEST_SOURCE else needles.uses_engine(raw)


def _shown(path: str) -> str:
    below = os.getcwd().rstrip(os.sep) + os.sep
    from poolsafe.output_safety import path_first

    return path_first(path.removeprefix(below))
