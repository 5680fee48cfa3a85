"""The command: from arguments to a report, a diff or changed files, and an exit code.

Nothing heavy is imported at the top, so that an empty project needs only argparse and tomli. LibCST, dataclasses and
pathlib are imported for the first file with a needle, a report format when it is first used.
"""

from __future__ import annotations

import os
import sys

from poolsafe.cli import discovery, options
from poolsafe.cli.session import BAD_USAGE, CLEAN, Session
from poolsafe.cli.terminal import Messages, drop_output, emit, known_width, prepare_streams, style_for
from poolsafe.config.errors import UsageError
from poolsafe.config.resolver import Resolver

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str]) -> int:
    """Runs the command and returns its exit code. Raises nothing; `--help` and `--version` end in SystemExit."""
    prepare_streams()
    messages = Messages()
    try:
        return _run(argv, messages)
    except UsageError as error:
        messages.error(str(error))
        return BAD_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone.
        drop_output(sys.stdout)
        return BROKEN_PIPE
    except Exception as error:
        from poolsafe.cli.internal_error import explained

        messages.error(explained(error))
        return BAD_USAGE


def _run(argv: Sequence[str], messages: Messages) -> int:
    try:
        return _Command(options.parse(argv), messages).run()
    finally:
        emit(())


class _Command:
    def __init__(self, options: argparse.Namespace, messages: Messages) -> None:
        self._options = options
        self._messages = messages
        messages.quiet = options.quiet or options.silent

    def run(self) -> int:
        if self._options.explain is not None or self._options.list_rules:
            return self._rules()
        if self._options.print_completion is not None:
            from poolsafe.cli.completion import script

            emit((script(self._options.print_completion),))
            return CLEAN
        if self._options.doctor is not None:
            from poolsafe.doctor.visit import visit

            return visit(self._options, self._messages)
        _require_current_directory()
        layers, file = options.overrides(self._options)
        resolver = Resolver(layers, file, isolated=self._options.isolated)
        try:
            return self._run(resolver)
        finally:
            for text in resolver.warnings:
                self._messages.warning(text)

    def _run(self, resolver: Resolver) -> int:
        settings = resolver.for_directory(os.getcwd())
        if self._options.show_settings:
            return self._show_settings(resolver)
        session = Session(self._options, self._messages, settings)
        if self._options.paths == ["-"]:
            return session.over_standard_input(resolver)
        found = discovery.find(self._options.paths or ["."], resolver)
        if self._options.show_files:
            return session.list_files(found)
        return session.over_files(found, resolver)

    def _rules(self) -> int:
        from poolsafe.cli import information

        form = information.output_format(self._options.output_format)
        width = known_width(sys.stdout)
        style = style_for(sys.stdout, self._options.color)
        if self._options.list_rules:
            emit(information.list_rules(form, width, style))
        else:
            emit((information.explain(self._options.explain, form, width, colour=style.colour),))
        return CLEAN

    def _show_settings(self, resolver: Resolver) -> int:
        from poolsafe.cli.information import show_settings

        path = os.path.abspath((self._options.paths or ["."])[0])
        settings = resolver.for_directory(path) if os.path.isdir(path) else resolver.for_file(path)
        emit(show_settings(settings, path))
        return CLEAN


def _require_current_directory() -> None:
    """Raises UsageError if the current directory no longer exists, because paths and settings are relative to it."""
    try:
        os.getcwd()
    except OSError as error:
        raise UsageError(f"the current directory: {error.strerror or error}") from None
