"""The flags, named as in ruff if ruff has them too. Their values override all configuration files."""

from __future__ import annotations

import argparse
import os
import sys

from poolsafe import __version__
from poolsafe.cli.terminal import columns, emit
from poolsafe.config.errors import UsageError, hint, one_of, shown
from poolsafe.config.keys import SEVERITIES, read_value
from poolsafe.config.kinds import LANGUAGES, POOL_MODES
from poolsafe.config.layers import Layer, Value, read_inline, selectors_in
from poolsafe.config.selection import check_selector
from poolsafe.reports import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import NoReturn

DESCRIPTION = (
    "Find and repair SQLAlchemy, asyncpg and psycopg code that breaks behind PgBouncer and other connection poolers."
)
EPILOG = (
    "Exit codes: 0 if there is nothing left to report, 1 if there are findings or --diff shows changes, 2 after a "
    "usage error, an invalid configuration or any other error, 3 if a path does not exist or a directory contains no "
    "Python files."
)
_DIGITS = 9
COLOURS = ("auto", "always", "never")
# Flags that stand for a configuration key: destination -> key.
OVERRIDES = {
    "apply": "fix",
    "fix_only": "fix-only",
    "show_fixes": "show-fixes",
    "preview": "preview",
    "baseline": "baseline",
    "extension": "extension",
    "extend_fixable": "lint.extend-fixable",
    "extend_per_file_ignores": "lint.extend-per-file-ignores",
    "select": "lint.select",
    "extend_select": "lint.extend-select",
    "ignore": "lint.ignore",
    "fixable": "lint.fixable",
    "unfixable": "lint.unfixable",
    "per_file_ignores": "lint.per-file-ignores",
    "exclude": "exclude",
    "extend_exclude": "extend-exclude",
    "force_exclude": "force-exclude",
    "respect_gitignore": "respect-gitignore",
    "unsafe_fixes": "unsafe-fixes",
    "output_format": "output-format",
    "min_severity": "min-severity",
    "pooler": "pooler",
}


class _Formatter(argparse.HelpFormatter):
    def format_help(self) -> str:
        # argparse cannot say that the value is optional and needs `=`. The longer text replaces some of the padding.
        said, better = "--add-noqa REASON", "--add-noqa[=REASON]"
        return super().format_help().replace(f"{said}   ", f"{better} ").replace(said, better)


def _formatter(prog: str) -> argparse.HelpFormatter:
    # argparse creates one for every argument, and would import shutil to get the width.
    return _Formatter(prog, width=min(columns(), 100) - 2)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)

    def _print_message(self, message: str, file: object = None) -> None:
        # Only used for help and the version. argparse would ignore a stream that cannot be written.
        emit((message,))


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Returns the parsed command line. Raises UsageError; `--help` and `--version` print and raise SystemExit."""
    parser = build_parser()
    # argparse drops `--` if options are between paths.
    end = argv.index("--") if "--" in argv else len(argv)
    # The value is optional and needs `=`: an argument after the bare flag is a path.
    said = ["--add-noqa=" if argument == "--add-noqa" else argument for argument in argv[:end]]
    if not {"-h", "--help"} & set(said):
        # argparse would format the whole usage for its own error messages, which are not used here.
        parser.usage = argparse.SUPPRESS
    options, rest = parser.parse_known_intermixed_args(said)
    if rest:
        known = [option for action in parser._actions for option in action.option_strings]
        flag = rest[0].partition("=")[0]
        raise UsageError(f"unknown option `{flag}`{hint(flag, known)}")
    # Users may type ruff's subcommand. If a path of that name exists, it is a path, and so is anything after `--`.
    if options.paths[:1] == ["check"] and not os.path.lexists("check"):
        del options.paths[0]
    options.paths += argv[end + 1 :]
    if options.color not in COLOURS:
        raise UsageError(
            f"--color: must be {one_of(COLOURS)}, not {shown(options.color)}{hint(options.color, COLOURS)}"
        )
    options.jobs = _number_of_jobs(options.jobs)
    _refuse_contradictions(options)
    _refuse_stray_doctor(options)
    _refuse_empty_paths(options)
    if options.stdin_filename is not None and not options.paths:
        options.paths = ["-"]
    if "-" in options.paths and len(options.paths) > 1:
        raise UsageError("`-` (standard input) cannot be combined with other paths")
    return options


def _number_of_jobs(said: str | None) -> int | None:
    """Returns the value of `--jobs`, or None without it. Raises UsageError."""
    if said is None:
        return None
    # Longer numbers make no sense, and `int` refuses some of them.
    if not (said.isascii() and said.isdigit() and len(said) <= _DIGITS):
        raise UsageError(f"--jobs: must be a number of processes, or 0 for one per processor, not {shown(said)}")
    return int(said)


def _refuse_contradictions(options: argparse.Namespace) -> None:
    """Raises UsageError if two flags write different things."""
    said = {
        "--apply": options.apply or options.fix_only,
        "--diff": options.diff,
        "--add-noqa": options.add_noqa is not None,
        "--ignore-noqa": options.ignore_noqa and options.add_noqa is not None,
        "--write-baseline": options.write_baseline is not None,
        "--doctor": options.doctor is not None,
    }
    flags = [flag for flag, given in said.items() if given]
    if len(flags) > 1 and flags != ["--apply", "--diff"]:
        raise UsageError(f"`{flags[0]}` cannot be combined with `{flags[1]}`")
    if options.interactive:
        _refuse_unasked(options)
    # For standard input, the fixed code is the output.
    if options.add_noqa is not None and (options.paths == ["-"] or options.stdin_filename is not None):
        raise UsageError("`--add-noqa` writes files, and cannot be combined with standard input")


def _refuse_unasked(options: argparse.Namespace) -> None:
    """Raises UsageError if `--interactive` has nothing to ask about, or there is no terminal."""
    if not (options.apply or options.fix_only):
        raise UsageError("`--interactive` requires `--apply`")
    if options.diff:
        raise UsageError("`--interactive` cannot be combined with `--diff`")
    if options.paths == ["-"] or options.stdin_filename is not None:
        raise UsageError("`--interactive` reads your answers from standard input, so it cannot be combined with `-`")
    for name, stream in (("input", sys.stdin), ("output", sys.stdout)):
        if not stream.isatty():
            raise UsageError(f"`--interactive` needs a terminal, but standard {name} is not a terminal")


def _refuse_stray_doctor(options: argparse.Namespace) -> None:
    """Raises UsageError for flags of the doctor without `--doctor`, and for paths with it."""
    if options.doctor is None:
        given = {
            "--probe-state": options.probe_state,
            "--write-config": options.write_config,
            "--timeout": options.timeout is not None,
        }
        for flag in (flag for flag, said in given.items() if said):
            raise UsageError(f"`{flag}` requires `--doctor URL`")
    elif options.paths:
        raise UsageError("`--doctor` connects to a server and reads no files; remove the paths")


def _refuse_empty_paths(options: argparse.Namespace) -> None:
    """Raises UsageError for an empty path, such as an unset variable: it would mean the current directory."""
    if "" in options.paths:
        raise UsageError("a path is empty; use `.` for the current directory")
    for destination in ("output_file", "write_baseline", "baseline", "stdin_filename", "config"):
        said = getattr(options, destination)
        if said == "" or (isinstance(said, list) and "" in said):
            raise UsageError(f"--{destination.replace('_', '-')}: the path is empty")


def overrides(options: argparse.Namespace) -> tuple[list[Layer], str | None]:
    """Returns the layers of `--config 'key = value'` and of the flags, and the file of `--config FILE`.

    Raises UsageError naming the flag.
    """
    layers: list[Layer] = []
    file: str | None = None
    for text in options.config or ():
        if os.path.isfile(text):
            if file is not None:
                raise UsageError(
                    f"--config: two files, `{file}` and `{text}`; pass one, and write single settings as `key = value`"
                )
            file = text
        elif "=" in text:
            layers.append(read_inline(text))
        else:
            raise UsageError(f"--config: no such file: {shown(text)}")
    if file is not None and options.isolated:
        raise UsageError("--isolated reads no configuration file, so it cannot be combined with `--config FILE`")
    # As in ruff, the first `--config` overrides later ones, and the other flags override both.
    return [*reversed(layers), _flags(options)], file


def _flags(options: argparse.Namespace) -> Layer:
    layer: Layer = {}
    for destination, path in OVERRIDES.items():
        said = getattr(options, destination)
        if said is None:
            continue
        flag = "--" + destination.replace("_", "-")
        if path.endswith("per-file-ignores"):
            said = _per_file(said, flag)
        elif path == "extension":
            said = _by_extension(said, flag)
        value = read_value(path, said, flag)
        for selector in selectors_in(path, value):
            check_selector(selector, path, flag)
        layer[path] = Value(value, flag, os.getcwd())
    return layer


def _per_file(pairs: list[str], flag: str) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for pattern, selector in _pairs(pairs, flag, "PATTERN:CODE"):
        table.setdefault(pattern, []).append(selector)
    return table


def _by_extension(pairs: list[str], flag: str) -> dict[str, str]:
    table = dict(_pairs(pairs, flag, "EXTENSION:LANGUAGE"))
    for language in table.values():
        if language not in LANGUAGES:
            allowed = f"the language must be {one_of(LANGUAGES)}"
            raise UsageError(f"{flag}: {allowed}, not {shown(language)}{hint(language, LANGUAGES)}")
    return table


def _pairs(said: list[str], flag: str, form: str) -> Iterator[tuple[str, str]]:
    for pair in said:
        first, colon, second = pair.rpartition(":")
        if not colon:
            raise UsageError(f"{flag}: expected `{form}`, not {shown(pair)}")
        yield first, second


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _listed_paths(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")]


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of all flags."""
    parser = _Parser(
        prog="poolsafe", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False, formatter_class=_formatter
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATHS", help="files and directories to check; `-` is standard input (default: .)"
    )
    _add_fixing(parser.add_argument_group("Fixing"))
    _add_rules(parser.add_argument_group("Rules"))
    _add_files(parser.add_argument_group("Files"))
    _add_output(parser.add_argument_group("Output"))
    _add_information(parser.add_argument_group("Information"))
    _add_doctor(parser.add_argument_group("Doctor"))
    return parser


def _add_fixing(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--diff", action="store_true", help="print what --apply would change, without writing it")
    group.add_argument("--apply", "--fix", action=argparse.BooleanOptionalAction, help="apply the safe fixes")
    group.add_argument(
        "--fix-only",
        action=argparse.BooleanOptionalAction,
        help="apply the safe fixes, but do not report the remaining findings",
    )
    group.add_argument(
        "--interactive", action="store_true", help="with --apply: show each fix and ask before applying it"
    )
    group.add_argument(
        "--unsafe-fixes",
        action=argparse.BooleanOptionalAction,
        help="include unsafe fixes; `--no-unsafe-fixes` hides the hint about them",
    )
    group.add_argument(
        "--fixable", type=_listed, action="extend", metavar="CODES", help="the rules whose fixes may be applied"
    )
    group.add_argument("--extend-fixable", type=_listed, action="extend", metavar="CODES", help="add to --fixable")
    group.add_argument(
        "--unfixable", type=_listed, action="extend", metavar="CODES", help="the rules whose fixes must not be applied"
    )


def _add_rules(group: argparse._ArgumentGroup) -> None:
    codes = {"type": _listed, "action": "extend", "metavar": "CODES"}
    examples = "the rules to run, separated by commas, such as PGB101, PGB1, PGB or ALL"
    group.add_argument("--select", help=examples, **codes)  # type: ignore[arg-type]
    group.add_argument("--extend-select", help="add to the selected rules", **codes)  # type: ignore[arg-type]
    group.add_argument("--ignore", help="the rules not to run", **codes)  # type: ignore[arg-type]
    group.add_argument(
        "--per-file-ignores",
        type=_listed,
        action="extend",
        metavar="PATTERN:CODE",
        help="the rules not to run on matching files",
    )
    group.add_argument(
        "--extend-per-file-ignores",
        type=_listed,
        action="extend",
        metavar="PATTERN:CODE",
        help="add to --per-file-ignores",
    )
    group.add_argument("--preview", action=argparse.BooleanOptionalAction, help="enable rules that are in preview")
    group.add_argument("--min-severity", metavar="|".join(SEVERITIES), help="hide findings below this severity")
    modes = ", ".join(POOL_MODES)
    group.add_argument(
        "--pooler", metavar="MODE|NAME", help=f"the pooler in front of the database: {modes}, or a product's name"
    )
    group.add_argument(
        "--add-noqa",
        metavar="REASON",
        help="add a `# noqa` comment, with REASON if given, to each line with a finding",
    )
    group.add_argument("--write-baseline", metavar="FILE", help="save the findings to a file for --baseline")
    group.add_argument("--baseline", metavar="FILE", help="ignore the findings saved in this file")
    group.add_argument("--ignore-noqa", action="store_true", help="report findings despite `# noqa` comments")


def _add_files(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--config", action="append", metavar="FILE|KEY=VALUE", help="a configuration file, or a single setting in TOML"
    )
    group.add_argument("--isolated", action="store_true", help="ignore all configuration files")
    group.add_argument(
        "--exclude", type=_listed_paths, action="extend", metavar="GLOBS", help="the files and directories to skip"
    )
    group.add_argument(
        "--extend-exclude", type=_listed_paths, action="extend", metavar="GLOBS", help="add to --exclude"
    )
    group.add_argument(
        "--force-exclude",
        action=argparse.BooleanOptionalAction,
        help="apply --exclude to paths on the command line too",
    )
    group.add_argument("--respect-gitignore", action=argparse.BooleanOptionalAction, help="skip files that Git ignores")
    group.add_argument(
        "--extension",
        type=_listed,
        action="extend",
        metavar="EXTENSION:LANGUAGE",
        help="treat files with this extension as this language, for example `pyx:python`",
    )
    group.add_argument(
        "-j",
        "--jobs",
        metavar="N",
        help="use at most N processes; 0 means one per processor (default: depends on the amount of work)",
    )
    group.add_argument(
        "-n", "--no-cache", action="store_true", help="accepted for compatibility with ruff; poolsafe has no cache"
    )
    group.add_argument("--stdin-filename", metavar="PATH", help="the file name to use for standard input")


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--output-format", metavar="FORMAT", help=f"the format of the report: {', '.join(FORMATS)}")
    group.add_argument("-o", "--output-file", metavar="FILE", help="write the report to a file")
    group.add_argument(
        "--statistics", action="store_true", help="print the number of findings per rule instead of the findings"
    )
    group.add_argument("--show-fixes", action=argparse.BooleanOptionalAction, help="list the applied fixes, by file")
    group.add_argument("--color", metavar="|".join(COLOURS), default="auto", help="when to use colour (default: auto)")
    group.add_argument("-q", "--quiet", action="store_true", help="print only the findings")
    group.add_argument("-s", "--silent", action="store_true", help="print nothing; only set the exit code")
    group.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="also list the engines without findings, and say why they have none",
    )
    group.add_argument("-e", "--exit-zero", action="store_true", help="exit with 0 even if there are findings")
    group.add_argument("--exit-non-zero-on-fix", action="store_true", help="exit with 1 if anything was fixed")


def _add_information(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--explain", metavar="CODE", help="print a rule's documentation (JSON with `--output-format json`)"
    )
    group.add_argument("--list-rules", action="store_true", help="list the rules (JSON with `--output-format json`)")
    group.add_argument("--show-files", action="store_true", help="list the files that would be checked")
    group.add_argument("--show-settings", action="store_true", help="print each setting and where it comes from")
    group.add_argument("--print-completion", metavar="SHELL", help="print the completion script for a shell")
    group.add_argument("-V", "--version", action="version", version=f"poolsafe {__version__}")


def _add_doctor(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--doctor",
        metavar="URL",
        help="connect to URL and find out which pooler, if any, is in front of PostgreSQL; env:NAME takes the URL "
        "from the environment variable NAME",
    )
    group.add_argument(
        "--probe-state",
        action="store_true",
        help="with --doctor: also test session state; if the doctor is killed, a lock, setting or table "
        "may be left behind on the server",
    )
    group.add_argument(
        "--write-config", action="store_true", help="with --doctor: save the result to the configuration file"
    )
    group.add_argument(
        "--timeout",
        metavar="SECONDS",
        help="with --doctor: give up after SECONDS seconds (default: 30, or 120 with --probe-state)",
    )
