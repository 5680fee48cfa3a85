"""The table of every configuration key: the loader, the messages, the flags and the documents are made from it."""

from __future__ import annotations

from poolsafe.config.errors import UsageError, hint, place
from poolsafe.reports import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Ruff's own list.
DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".git-rewrite",
    ".hg",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    "__pypackages__",
    "_build",
    "buck-out",
    "dist",
    "node_modules",
    "venv",
)
DEFAULT_INCLUDE = ("*.py", "*.pyi", "*.pyw")
POOLERS = ("auto", "transaction", "statement", "session", "none")
SEVERITIES = ("warning", "error")


class Kind:
    """A type of value: what messages call it, and the function that returns a checked value or raises ValueError."""

    __slots__ = ("choices", "label", "read", "schema")

    def __init__(
        self,
        label: str,
        read: Callable[[Any], Any],
        schema: dict[str, object],
        choices: tuple[str, ...] = (),
    ) -> None:
        self.label = label
        self.read = read
        self.schema = schema
        self.choices = choices


def _read_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError


def _read_string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError


def _read_count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError


def _read_strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError


def _read_table(value: Any) -> dict[str, tuple[str, ...]]:
    if isinstance(value, dict):
        return {key: _read_strings(item) for key, item in value.items()}
    raise ValueError


def _read_version(value: Any) -> tuple[int, ...]:
    parts = value.split(".") if isinstance(value, str) else ()
    if parts and all(part.isascii() and part.isdigit() for part in parts):
        return tuple(int(part) for part in parts)
    raise ValueError


def _read_requirement(value: Any) -> str:
    # packaging costs its import only where a version is required.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifier = SpecifierSet(_pinned(_read_string(value)))
    except InvalidSpecifier:
        raise ValueError from None
    if not len(specifier):
        raise ValueError
    return str(value)


def _pinned(text: str) -> str:
    return f"=={text}" if text[:1].isdigit() else text


def meets(required: str, version: str) -> bool:
    """Say whether a version is among those that a value of `required-version` allows."""
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(_pinned(required)).contains(version, prereleases=True)


BOOL = Kind("true or false", _read_bool, {"type": "boolean"})
STRING = Kind("a string", _read_string, {"type": "string"})
COUNT = Kind("a whole number, 0 or more", _read_count, {"type": "integer", "minimum": 0})
STRINGS = Kind("a list of strings", _read_strings, {"type": "array", "items": {"type": "string"}})
TABLE = Kind(
    "a table of lists of strings",
    _read_table,
    {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
)
VERSION = Kind("a version such as `0.31.0`", _read_version, {"type": "string", "pattern": r"^\d+(\.\d+)*$"})

REQUIREMENT = Kind(
    "a version, or a specifier such as `>=0.1`",
    _read_requirement,
    {
        "type": "string",
        "pattern": r"^\s*(\d|===?|~=|!=|[<>]=?)\s*[\w.*+!-]+(\s*,\s*(===?|~=|!=|[<>]=?)\s*[\w.*+!-]+)*\s*$",
    },
)


def _choice(*choices: str) -> Kind:
    def read(value: Any) -> str:
        if value in choices:
            return str(value)
        raise ValueError

    listed = ", ".join(f"`{choice}`" for choice in choices)
    return Kind(f"one of {listed}", read, {"enum": list(choices)}, choices)


class Key:
    """One key. `section` is "" or "lint"; `joins` marks the keys that are joined along `extend` instead of replaced.

    `from_ruff` marks the keys that `[tool.ruff]` may give, as they hold no rule codes.
    """

    __slots__ = ("default", "doc", "from_ruff", "joins", "kind", "name", "section")

    def __init__(
        self, name: str, kind: Kind, default: Any, doc: str, *, joins: bool = False, from_ruff: bool = False
    ) -> None:
        self.section, _, self.name = name.rpartition(".")
        self.kind = kind
        self.default = default
        self.doc = doc
        self.joins = joins
        self.from_ruff = from_ruff

    @property
    def path(self) -> str:
        """The dotted name below `[tool.poolsafe]`."""
        return f"{self.section}.{self.name}" if self.section else self.name


KEYS = {
    key.path: key
    for key in (
        Key("extend", STRING, None, "Another configuration file to build on, relative to this one."),
        Key("required-version", REQUIREMENT, None, "The versions of poolsafe that may run with this configuration."),
        Key(
            "pooler", _choice(*POOLERS), "auto", "The pool mode between your engines and PostgreSQL; `none`: no pooler."
        ),
        Key("max-prepared-statements", COUNT, None, "PgBouncer's setting of that name, where it is known."),
        Key(
            "asyncpg-version", VERSION, None, "The version of asyncpg that runs, in place of what the project declares."
        ),
        Key("sqlalchemy-version", VERSION, None, "The version of SQLAlchemy that runs, likewise."),
        Key(
            "assume-driver",
            _choice("asyncpg", "none"),
            None,
            "What to take for an engine whose driver cannot be seen: asyncpg, or not asyncpg.",
        ),
        Key("min-severity", _choice(*SEVERITIES), "warning", "Hide the findings below this severity."),
        Key("output-format", _choice(*FORMATS), "full", "The format of the report."),
        Key("unsafe-fixes", BOOL, None, "Offer and apply unsafe fixes too; false also hides the hint at them."),
        Key("exclude", STRINGS, DEFAULT_EXCLUDE, "Files and folders to leave out (globs).", from_ruff=True),
        Key("extend-exclude", STRINGS, (), "More of them, beside `exclude`.", joins=True, from_ruff=True),
        Key("include", STRINGS, DEFAULT_INCLUDE, "The files that are looked for in folders (globs)."),
        Key("extend-include", STRINGS, (), "More of them, beside `include`.", joins=True),
        Key("force-exclude", BOOL, False, "Leave out even files that are named on the command line.", from_ruff=True),
        Key("respect-gitignore", BOOL, True, "Leave out what Git ignores.", from_ruff=True),
        Key("inherit-from-ruff", BOOL, True, "Take the keys about files from `[tool.ruff]` where this file has none."),
        Key("lint.select", STRINGS, None, "The rules to run, in place of all: codes, or beginnings of codes."),
        Key("lint.extend-select", STRINGS, (), "Rules to run beside those of `select`."),
        Key("lint.ignore", STRINGS, (), "Rules not to run."),
        Key("lint.extend-ignore", STRINGS, (), "The same as `ignore`.", joins=True),
        Key("lint.fixable", STRINGS, None, "The rules whose fixes are offered, in place of all."),
        Key("lint.extend-fixable", STRINGS, (), "Rules whose fixes are offered beside those of `fixable`."),
        Key("lint.unfixable", STRINGS, (), "Rules whose fixes are not offered."),
        Key("lint.extend-unfixable", STRINGS, (), "The same as `unfixable`.", joins=True),
        Key("lint.extend-safe-fixes", STRINGS, (), "Rules whose unsafe fixes count as safe.", joins=True),
        Key("lint.extend-unsafe-fixes", STRINGS, (), "Rules whose safe fixes count as unsafe.", joins=True),
        Key("lint.per-file-ignores", TABLE, {}, "Rules not to run on files that match a glob."),
        Key("lint.extend-per-file-ignores", TABLE, {}, "More of them, beside `per-file-ignores`.", joins=True),
        Key("lint.exclude", STRINGS, (), "Files and folders to leave out (globs), beside the other excludes."),
    )
}

SELECTOR_KEYS = (
    "lint.select",
    "lint.extend-select",
    "lint.ignore",
    "lint.extend-ignore",
    "lint.fixable",
    "lint.extend-fixable",
    "lint.unfixable",
    "lint.extend-unfixable",
    "lint.extend-safe-fixes",
    "lint.extend-unsafe-fixes",
)


def read_value(path: str, value: object, source: str) -> Any:
    """Return the checked value of the key `path`. Raises UsageError naming `source` and the key."""
    kind = KEYS[path].kind
    try:
        return kind.read(value)
    except ValueError:
        near = hint(value, kind.choices) if isinstance(value, str) and kind.choices else ""
        raise UsageError(f"{place(source, path)}: must be {kind.label}, not {_shown(value)}{near}") from None


def unknown_key(path: str, source: str) -> UsageError:
    """Return the error for a key that does not exist, with the nearest one, or the place where it belongs."""
    section, _, name = path.rpartition(".")
    elsewhere = next((key for key in KEYS.values() if key.name == name), None)
    if elsewhere is not None and elsewhere.section != section:
        table = ".".join(part for part in ("tool.poolsafe", elsewhere.section) if part)
        return UsageError(f"{source}: unknown key `{path}`; `{name}` belongs in `[{table}]`")
    return UsageError(f"{source}: unknown key `{path}`{hint(path, KEYS)}")


def _shown(value: object) -> str:
    return f"`{value}`" if isinstance(value, str) else f"`{value!r}`"
