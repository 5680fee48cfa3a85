"""The flake8 plugin, with the prefix PGB. flake8 itself applies `# noqa` and selects the findings.

Only poolsafe's own comments are applied here, because flake8 does not know them.

flake8 loads this module in every worker, so it imports nothing that takes time. The rest is imported for the first file
that has a needle, or for a configuration of poolsafe.

An invalid configuration ends flake8, because `select` could hide a finding about it: with exit code 2 if it applies to
a path on the command line, and with flake8's "critical error" if it is in a directory below.
"""

from __future__ import annotations

import os

from poolsafe import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    import ast
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from poolsafe.cli.baseline import Baseline
    from poolsafe.cli.task import Shelf
    from poolsafe.config.presence import Presence
    from poolsafe.config.resolver import Resolver
    from poolsafe.config.settings import Settings
    from poolsafe.findings import Finding
    from poolsafe.source import Source

# flake8 options, for its command line and configuration, that correspond to keys of [tool.poolsafe].
OPTIONS = {
    "pooler": "mode (auto, transaction, statement, session, none) or name of the pooler in front of PostgreSQL",
    "max-prepared-statements": "PgBouncer's max_prepared_statements",
    "asyncpg-version": "version of asyncpg in use",
    "sqlalchemy-version": "version of SQLAlchemy in use",
    "assume-driver": "driver to assume for engines and connections whose driver is unknown: asyncpg, none",
    "min-severity": "hide findings below this severity: warning, error",
}


class Plugin:
    """The plugin. flake8 creates an instance for each file."""

    name = "poolsafe"
    version = __version__

    # On the class, because flake8 parses the options again in every worker.
    _options: dict[str, str] = {}  # noqa: RUF012
    _selected: frozenset[str] = frozenset()
    _resolver: Resolver | None = None
    _baselines: Shelf | None = None
    _presence: Presence | None = None
    _sound: set[str] = set()  # noqa: RUF012

    def __init__(self, tree: ast.AST, filename: str = "stdin", lines: Sequence[str] = ()) -> None:
        """`tree` is only a parameter because it makes flake8 call the plugin once per file; the text is in `lines`."""
        self._filename = filename
        self._lines = lines

    @classmethod
    def add_options(cls, manager: Any) -> None:
        """Registers the options with flake8's OptionManager."""
        for key, text in OPTIONS.items():
            manager.add_option(f"--poolsafe-{key}", metavar=key.upper(), parse_from_config=True, help=text)

    @classmethod
    def parse_options(cls, manager: Any, options: argparse.Namespace, args: Sequence[str]) -> None:
        """Stores the options. `args` are the paths to check.

        A wrong value and an invalid configuration end flake8 with exit code 2, like its own wrong options.
        """
        said = {key: getattr(options, f"poolsafe_{key.replace('-', '_')}", None) for key in OPTIONS}
        # If the user sets `ignore`, flake8 drops its default one, and `PGB` selects all rules.
        chosen = (getattr(options, name, None) for name in ("select", "extend_select"))
        cls._selected = frozenset(selector for selectors in chosen for selector in selectors or ())
        cls._options = {key: str(value) for key, value in said.items() if value is not None}
        cls._resolver = None
        cls._baselines = None
        cls._presence = None
        cls._sound = set()
        try:
            if cls._options:
                cls._make_resolver()
            for directory in _directories(args, getattr(options, "stdin_display_name", "stdin")):
                cls._require_sound(directory)
        except Exception as error:
            if not _is_usage(error):
                raise
            from poolsafe.cli.terminal import printable

            manager.parser.error(printable(str(error)))

    def run(self) -> Iterator[tuple[int, int, str, type[Any]]]:
        """Yields (row, column, message, type) of each finding; rows count from 1 and columns, in characters, from 0.

        Raises flake8's ExecutionError if the configuration is invalid.
        """
        try:
            self._require_sound(os.path.dirname(os.path.abspath(self._filename)))
            found = self._check()
        except Exception as error:
            if _is_usage(error):
                raise _critical(error) from None
            from poolsafe.cli.internal_error import explained

            found = [(1, 0, f"PGB009 this file was not checked: {explained(error)}")]
        if not found:
            return
        from poolsafe.cli.terminal import printable

        for row, column, message in found:
            yield row, column, printable(message), type(self)

    @classmethod
    def _require_sound(cls, directory: str) -> None:
        """Raises UsageError if the configuration of an absolute directory is invalid."""
        if directory in cls._sound:
            return
        from poolsafe.config.presence import Presence

        cls._presence = cls._presence or Presence()
        if cls._presence.for_directory(directory):
            from poolsafe.installed_packages import among_installed

            # The configuration of an installed package is not the user's.
            if not among_installed(directory):
                cls._baseline((cls._resolver or cls._make_resolver()).for_directory(directory))
        cls._sound.add(directory)

    def _check(self) -> list[tuple[int, int, str]]:
        text = "".join(self._lines)
        # flake8 itself judges `noqa` comments.
        if "poolsafe" not in text and not self._holds_code(text.encode("utf-8", "surrogatepass")):
            return []
        return self._findings(text)

    def _holds_code(self, raw: bytes) -> bool:
        """Returns whether the file may contain an engine, a connection or a statement to judge."""
        from poolsafe import needles

        found = needles.search(raw) & ~needles.SUPPRESSION
        if found != needles.IMPORTED:
            return found != 0
        from poolsafe.checkout.second_look import revealed

        return revealed(self._filename, raw) != 0

    def _findings(self, text: str) -> list[tuple[int, int, str]]:
        from poolsafe.installed_packages import among_installed

        # The command skips such directories; flake8 enters all that its own `exclude` does not name.
        if among_installed(self._filename):
            return []
        from poolsafe.checker import check_in_project
        from poolsafe.rules.registry import OFF_BY_DEFAULT
        from poolsafe.source import Source
        from poolsafe.suppression.noqa import suppressions

        path = os.path.abspath(self._filename)
        settings = (self._resolver or self._make_resolver()).for_file(path)
        source = Source.from_text(path, text)
        silences = suppressions(text)
        external = settings["lint.external"]
        report = check_in_project(source, settings.deployment, settings.source_roots, noqa=False, external=external)
        off = OFF_BY_DEFAULT - self._selected
        kept = []
        for finding in report.findings:
            if finding.code in off:
                continue
            row, _ = source.row_column(finding.start)
            if settings["min-severity"] == "error" and finding.severity.value != "error":
                continue
            if not silences.silences_everywhere(finding.code, row):
                kept.append(finding)
        kept = self._unknown(path, source, kept, settings)
        places = [source.row_column(finding.start) for finding in kept]
        return [
            (row, column - 1, f"{finding.code} {finding.message}")
            for finding, (row, column) in zip(kept, places, strict=True)
        ]

    @classmethod
    def _unknown(cls, path: str, source: Source, findings: list[Finding], settings: Settings) -> list[Finding]:
        """Removes the findings that are in the baseline."""
        baseline = cls._baseline(settings)
        if baseline is None:
            return findings
        from poolsafe.cli.baseline import Known

        return Known(baseline, path).unknown(source, findings)

    @classmethod
    def _baseline(cls, settings: Settings) -> Baseline | None:
        if settings.baseline is None:
            return None
        from poolsafe.cli.task import Shelf

        cls._baselines = cls._baselines or Shelf()
        return cls._baselines.of(settings)

    @classmethod
    def _make_resolver(cls) -> Resolver:
        from poolsafe.config.keys import KEYS, read_value
        from poolsafe.config.kinds import COUNT, read_digits
        from poolsafe.config.layers import Value
        from poolsafe.config.resolver import Resolver

        layer = {}
        for key, text in cls._options.items():
            raw = read_digits(text) if KEYS[key].kind is COUNT else text
            flag = f"--poolsafe-{key}"
            layer[key] = Value(read_value(key, raw, flag), flag, os.getcwd())
        cls._resolver = Resolver([layer])
        return cls._resolver


def _directories(paths: Iterable[str], standard_input: str) -> Iterator[str]:
    """Yields the absolute directories whose configuration applies to the paths of the command line."""
    for path in paths or (os.curdir,):
        absolute = os.path.abspath(standard_input if path == "-" else path)
        yield absolute if os.path.isdir(absolute) else os.path.dirname(absolute)


def _is_usage(error: Exception) -> bool:
    # Imported only for an error, because every worker would need it.
    from poolsafe.config.errors import UsageError

    return isinstance(error, UsageError)


def _critical(error: Exception) -> Exception:
    """Returns the exception that flake8 prints as its own critical error, instead of a traceback."""
    from flake8.exceptions import ExecutionError  # type: ignore[import-untyped]

    from poolsafe.cli.terminal import printable

    return ExecutionError(printable(str(error)))  # type: ignore[no-any-return]
