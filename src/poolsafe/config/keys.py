"""The table of all configuration keys. The loader, the messages, the flags and the documents use it."""

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
    """One key. `section` is "" or "lint". `joins`: a file's values are added to those of the file that it extends.

    `from_ruff`: the key is also read from `[tool.ruff]`, or from its table `ruff_table`. No such key excludes
    files: many projects exclude migrations in ruff, and env.py is where cache sizes are often missing.
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
        Key("extend", PATH, None, "A configuration file to extend. Its path is relative to this one."),
        Key(
            "required-version",
            REQUIREMENT,
            None,
            "The versions of poolsafe that can use this configuration. Other versions report an error.",
        ),
        Key(
            "pooler",
            POOLER,
            "auto",
            "The mode of the pooler in front of PostgreSQL (`none`: no pooler), or a name from docs/poolers.md.",
        ),
        Key("max-prepared-statements", COUNT, None, "PgBouncer's setting `max_prepared_statements`, if you know it."),
        Key(
            "asyncpg-version",
            VERSION,
            None,
            "The version of asyncpg in use, instead of the one that the project declares.",
        ),
        Key(
            "sqlalchemy-version",
            VERSION,
            None,
            "The version of SQLAlchemy in use, instead of the one that the project declares.",
        ),
        Key(
            "assume-driver",
            choice("asyncpg", "none"),
            None,
            "Whether to assume asyncpg for engines, connections and SQL whose driver cannot be determined.",
        ),
        Key(
            "min-severity",
            choice(*SEVERITIES),
            "warning",
            "Hide findings below this severity.",
        ),
        Key(
            "baseline",
            PATH,
            None,
            "A file of findings that are neither reported nor fixed. Its path is relative to this configuration file.",
        ),
        Key("output-format", choice(*FORMATS), "full", "The format of the report."),
        Key("fix", BOOL, False, "Apply safe fixes, as `--apply` does."),
        Key("fix-only", BOOL, False, "Apply safe fixes, and do not report the remaining findings."),
        Key("show-fixes", BOOL, False, "List the applied fixes, by file."),
        Key("unsafe-fixes", BOOL, None, "Include unsafe fixes. `false` also hides the hint about them."),
        Key(
            "line-length",
            WIDTH,
            None,
            "The line length of fixed calls. The default is taken from black, flake8 or pycodestyle, or is 88.",
            from_ruff=True,
        ),
        Key(
            "quote-style",
            choice("double", "single", "preserve"),
            "double",
            "The quotes in fixes, if the strings in the file show no preference.",
            from_ruff=True,
            ruff_table="format",
        ),
        Key("preview", BOOL, False, "Enable rules that are in preview. Currently, there are none."),
        Key("exclude", PATHS, DEFAULT_EXCLUDE, "The files and directories to skip (globs)."),
        Key("extend-exclude", PATHS, (), "Add to `exclude`.", joins=True),
        Key("include", PATHS, DEFAULT_INCLUDE, "The files to check in directories (globs)."),
        Key("extend-include", PATHS, (), "Add to `include`.", joins=True),
        Key(
            "extension",
            EXTENSIONS,
            {},
            "The languages of files with other extensions. poolsafe also finds such files in directories.",
            from_ruff=True,
        ),
        Key(
            "src",
            PATHS,
            (".", "src"),
            "The directories (globs) to import modules from, in addition to those above a file.",
            from_ruff=True,
        ),
        Key("force-exclude", BOOL, False, "Apply `exclude` to paths on the command line too."),
        Key("respect-gitignore", BOOL, True, "Skip files that Git ignores.", from_ruff=True),
        Key(
            "inherit-from-ruff",
            BOOL,
            True,
            "Take `line-length`, `quote-style`, `extension`, `src` and `respect-gitignore` from `[tool.ruff]` "
            "if unset.",
        ),
        Key(
            "allow-ruff-keys",
            BOOL,
            False,
            "Ignore ruff's keys that poolsafe does not support, instead of rejecting this file.",
        ),
        Key("lint.select", STRINGS, None, "The rules to run, as codes or prefixes of codes. The default is all rules."),
        Key("lint.extend-select", STRINGS, (), "Add to `select`."),
        Key("lint.ignore", STRINGS, (), "The rules not to run."),
        Key("lint.extend-ignore", STRINGS, (), "Rules not to run, in addition to `ignore`.", joins=True),
        Key("lint.fixable", STRINGS, None, "The rules whose fixes may be applied. The default is all rules."),
        Key("lint.extend-fixable", STRINGS, (), "Add to `fixable`."),
        Key("lint.unfixable", STRINGS, (), "The rules whose fixes must not be applied."),
        Key(
            "lint.extend-unfixable",
            STRINGS,
            (),
            "Rules whose fixes must not be applied, in addition to `unfixable`.",
            joins=True,
        ),
        Key("lint.extend-safe-fixes", STRINGS, (), "The rules whose unsafe fixes count as safe.", joins=True),
        Key("lint.extend-unsafe-fixes", STRINGS, (), "The rules whose safe fixes count as unsafe.", joins=True),
        Key("lint.per-file-ignores", TABLE, {}, "The rules not to run on files that match a glob."),
        Key("lint.extend-per-file-ignores", TABLE, {}, "Add to `per-file-ignores`.", joins=True),
        Key("lint.exclude", PATHS, (), "The files and directories to skip (globs), in addition to the other excludes."),
        Key(
            "lint.external", STRINGS, (), "Prefixes of other tools' codes, which PGB001 and PGB002 ignore in comments."
        ),
        Key("lint.preview", BOOL, None, "Enable rules that are in preview. This overrides the top-level `preview`."),
        Key(
            "lint.explicit-preview-rules",
            BOOL,
            False,
            "Run a rule in preview only if its full code is selected.",
        ),
    )
}

# The top-level names of keys in `[lint]`, which ruff still reads with a warning.
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
    """Returns the checked value of the key `path`. Raises UsageError naming `source` and the key."""
    kind = KEYS[path].kind
    try:
        return kind.read(value)
    except ValueError:
        near = kind.nearest(value)
        unquoted = f"{place(source, path)}: must be {kind.label}"
        raise UsageError(f"{unquoted}, not {shown(value)}{near}", unquoted) from None


def unknown_key(path: str, source: str) -> UsageError:
    """Returns the error for a key that does not exist, with the nearest one, or the place where it belongs."""
    if is_ruffs(path):
        text = f"{source}: `{path}` is a ruff key that poolsafe does not have"
        text += "; remove it, or set `allow-ruff-keys = true` to ignore such keys"
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
    """Returns the key that may have been meant: one of the same table, or else of any table."""
    section = path.rpartition(".")[0]
    own = [key.path for key in KEYS.values() if key.section == section]
    return hint(path, own) or hint(path, [*KEYS, *RENAMED])
