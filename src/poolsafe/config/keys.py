"""The table of every configuration key: the loader, the messages, the flags and the documents are made from it."""

from __future__ import annotations

from poolsafe.config.errors import UsageError, hint, place, shown
from poolsafe.config.kinds import (
    BOOL,
    COUNT,
    EXTENSIONS,
    PATH,
    PATHS,
    POOLER,
    REQUIREMENT,
    STRINGS,
    TABLE,
    VERSION,
    WIDTH,
    Kind,
    choice,
)
from poolsafe.config.ruff_keys import is_ruffs
from poolsafe.reports import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
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
DEFAULT_INCLUDE = ("*.py", "*.pyi", "*.pyw", "*.ipynb")
SEVERITIES = ("warning", "error")


class Key:
    """One key. `section` is "" or "lint"; `joins` marks the keys that are joined along `extend` instead of replaced.

    `from_ruff` marks the keys that `[tool.ruff]` may give, those with a `ruff_table` in that table of it. None of them
    leaves files out: migrations are excluded from many formatters, and env.py is where the cache sizes are missing.
    """

    __slots__ = ("default", "doc", "from_ruff", "joins", "kind", "name", "ruff_table", "section")

    def __init__(
        self,
        name: str,
        kind: Kind,
        default: Any,
        doc: str,
        *,
        joins: bool = False,
        from_ruff: bool = False,
        ruff_table: str = "",
    ) -> None:
        self.section, _, self.name = name.rpartition(".")
        self.kind = kind
        self.default = default
        self.doc = doc
        self.joins = joins
        self.from_ruff = from_ruff
        self.ruff_table = ruff_table

    @property
    def path(self) -> str:
        """The dotted name below `[tool.poolsafe]`."""
        return f"{self.section}.{self.name}" if self.section else self.name


KEYS = {
    key.path: key
    for key in (
        Key("extend", PATH, None, "Another configuration file to build on, relative to this one."),
        Key("required-version", REQUIREMENT, None, "The versions of poolsafe that may run with this configuration."),
        Key(
            "pooler",
            POOLER,
            "auto",
            "The pool mode between your engines and PostgreSQL (`none`: no pooler), or a name of docs/poolers.md.",
        ),
        Key("max-prepared-statements", COUNT, None, "PgBouncer's setting of that name, where it is known."),
        Key(
            "asyncpg-version", VERSION, None, "The version of asyncpg that runs, in place of what the project declares."
        ),
        Key("sqlalchemy-version", VERSION, None, "The version of SQLAlchemy that runs, likewise."),
        Key(
            "assume-driver",
            choice("asyncpg", "none"),
            None,
            "What to take for an engine, a connection or a command of SQL whose driver cannot be seen: asyncpg or not.",
        ),
        Key(
            "min-severity",
            choice(*SEVERITIES),
            "warning",
            "Hide the findings below this severity.",
        ),
        Key(
            "baseline",
            PATH,
            None,
            "The file of known findings, relative to this one; they are neither reported nor fixed.",
        ),
        Key("output-format", choice(*FORMATS), "full", "The format of the report."),
        Key("fix", BOOL, False, "Write safe fixes, as `--apply` does."),
        Key("fix-only", BOOL, False, "Write fixes, and report nothing of what is left."),
        Key("show-fixes", BOOL, False, "List what was fixed, file by file."),
        Key("unsafe-fixes", BOOL, None, "Offer and apply unsafe fixes too; false also hides the hint at them."),
        Key(
            "line-length",
            WIDTH,
            None,
            "The width that repaired calls keep to. Without it that of black, flake8 or pycodestyle holds, else 88.",
            from_ruff=True,
        ),
        Key(
            "quote-style",
            choice("double", "single", "preserve"),
            "double",
            "The quotes that fixes write where the strings of the file do not show which ones it prefers.",
            from_ruff=True,
            ruff_table="format",
        ),
        Key("preview", BOOL, False, "Let rules run that are still on trial; at present there are none."),
        Key("exclude", PATHS, DEFAULT_EXCLUDE, "Files and folders to leave out (globs)."),
        Key("extend-exclude", PATHS, (), "More of them, beside `exclude`.", joins=True),
        Key("include", PATHS, DEFAULT_INCLUDE, "The files that are looked for in folders (globs)."),
        Key("extend-include", PATHS, (), "More of them, beside `include`.", joins=True),
        Key(
            "extension",
            EXTENSIONS,
            {},
            "What files of other extensions hold. Those of Python, stubs and notebooks are looked for in folders too.",
            from_ruff=True,
        ),
        Key(
            "src",
            PATHS,
            (".", "src"),
            "The folders (globs) that modules are imported from, beside those above a file.",
            from_ruff=True,
        ),
        Key("force-exclude", BOOL, False, "Leave out even files that are named on the command line."),
        Key("respect-gitignore", BOOL, True, "Leave out what Git ignores.", from_ruff=True),
        Key(
            "inherit-from-ruff",
            BOOL,
            True,
            "Take `line-length`, `quote-style`, `extension`, `src`, `respect-gitignore` from `[tool.ruff]` if unset.",
        ),
        Key(
            "allow-ruff-keys",
            BOOL,
            False,
            "Read past the keys of ruff that have no meaning here, in place of refusing this file.",
        ),
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
        Key("lint.exclude", PATHS, (), "Files and folders to leave out (globs), beside the other excludes."),
        Key("lint.external", STRINGS, (), "Beginnings of codes that PGB001 and PGB002 do not judge in comments."),
        Key("lint.preview", BOOL, None, "The same as `preview`, which it wins over."),
        Key(
            "lint.explicit-preview-rules",
            BOOL,
            False,
            "Let a rule on trial run only where its whole code is selected.",
        ),
    )
}

# Where ruff read them before it had `[lint]`, and reads them with a warning.
RENAMED = {
    key.name: key.path for key in KEYS.values() if key.section == "lint" and key.name not in ("exclude", "preview")
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
        near = kind.nearest(value)
        unquoted = f"{place(source, path)}: must be {kind.label}"
        raise UsageError(f"{unquoted}, not {shown(value)}{near}", unquoted) from None


def unknown_key(path: str, source: str) -> UsageError:
    """Return the error for a key that does not exist, with the nearest one, or the place where it belongs."""
    if is_ruffs(path):
        text = f"{source}: `{path}` is a key of ruff that has no meaning in poolsafe"
        text += "; remove it, or set `allow-ruff-keys = true` to have such keys read past"
        return UsageError(text, text)
    section, _, name = path.rpartition(".")
    elsewhere = next((key for key in KEYS.values() if key.name == name), None)
    if elsewhere is not None and elsewhere.section != section:
        table = ".".join(part for part in ("tool.poolsafe", elsewhere.section) if part)
        text = f"{source}: unknown key {shown(path)}; `{name}` belongs in `[{table}]`"
        return UsageError(text, text)
    near = _nearest(path)
    return UsageError(f"{source}: unknown key {shown(path)}{near}", f"{source}: unknown key{near}")


def _nearest(path: str) -> str:
    """Return the key that may have been meant: one of the same table, before one of any."""
    section = path.rpartition(".")[0]
    own = [key.path for key in KEYS.values() if key.section == section]
    return hint(path, own) or hint(path, [*KEYS, *RENAMED])
