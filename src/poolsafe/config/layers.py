"""Reading configuration files: one file, or one `--config key = value`, becomes one layer of checked values."""

from __future__ import annotations

import functools
import os
import re

from poolsafe import __version__
from poolsafe.config.errors import UsageError, shown
from poolsafe.config.keys import KEYS, RENAMED, SELECTOR_KEYS, read_value, unknown_key
from poolsafe.config.kinds import meets
from poolsafe.config.presence import LARGEST, PYPROJECT
from poolsafe.config.ruff_keys import is_ruffs
from poolsafe.config.selection import check_selector
from poolsafe.reading import checkout_of, inside, read_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The position of a TOML error. The rest of the parser's message is not shown, because it may quote the file.
_PLACE = re.compile(r"\(at [\w ,]+\)$")


class Value:
    """A value, its origin (a file or a flag), and the directory to which its paths are relative.

    `deprecated` is the deprecated name that was used, or "". Messages show the value only if it is `quotable`: a file
    that another one extends may be any file.
    """

    __slots__ = ("base", "deprecated", "quotable", "source", "value")

    def __init__(self, value: Any, source: str, base: str, *, quotable: bool = True) -> None:
        self.value = value
        self.source = source
        self.base = base
        self.deprecated = ""
        self.quotable = quotable


Layer = dict[str, Value]


class Origin:
    """A configuration file at `path`, which messages call `name`.

    It must be below `root`, unless that is None. `extended` is True if another file names it.
    """

    __slots__ = ("extended", "name", "path", "root")

    def __init__(self, path: str, name: str, root: str | None, *, extended: bool = False) -> None:
        self.path = path
        self.name = name
        self.root = root
        self.extended = extended

    def beside(self, written: str) -> Origin:
        """Returns the file that this one names as `written`, with `~` and variables expanded.

        Messages show the path as it is written, so that they do not reveal the environment.
        """
        expanded = os.path.expandvars(os.path.expanduser(written))
        path = os.path.join(os.path.dirname(os.path.abspath(self.path)), expanded)
        if os.path.isabs(expanded):
            name = written
        else:
            name = os.path.join(os.path.dirname(self.name if self.extended else os.path.abspath(self.path)), written)
        return Origin(path, name, checkout_of(os.path.dirname(os.path.abspath(self.path))), extended=True)

    def leads_out(self) -> bool:
        """Returns whether the file is outside its root after links are followed."""
        return self.root is not None and not inside(self.root, self.path)

    def load(self) -> dict[str, Any]:
        """Returns the content. Raises UsageError."""
        return load_toml(self.path, self.name, self.root)


def found_in(directory: str, name: str) -> Origin:
    """Returns the configuration file of a directory, which must not be a link that points outside the checkout."""
    path = os.path.join(directory, name)
    return Origin(path, path, checkout_of(directory))


def read_file(file: Origin, base: str | None = None) -> Layer:
    """Returns the layer of a configuration file.

    Relative paths in it start from `base`, by default the file's own directory. Raises UsageError.
    """
    content = file.load()
    if os.path.basename(file.path) == PYPROJECT:
        content = own_table(content, file.name) or {}
    base = os.path.dirname(os.path.abspath(file.path)) if base is None else base
    return read_table(content, file.name, base, quotable=not file.extended)


def read_inline(text: str) -> Layer:
    """Returns the layer of one `--config 'key = value'`. Raises UsageError."""
    import tomli

    try:
        content = tomli.loads(text)
    # A plain ValueError is raised for a number with too many digits.
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--config: neither an existing file nor TOML: {shown(text)} ({_one_line(error)})") from None
    return read_table(content, "--config", os.getcwd())


def read_table(content: dict[str, Any], source: str, base: str, *, quotable: bool = True) -> Layer:
    """Checks a table with the structure of poolsafe.toml. Raises UsageError for unknown keys and wrong values."""
    lint = content.get("lint", {})
    if not isinstance(lint, dict):
        raise _no_table(f"{source}: `lint`", lint)
    written = {name: value for name, value in content.items() if name != "lint"}
    written.update((f"lint.{name}", value) for name, value in lint.items())
    lenient = written.get("allow-ruff-keys") is True
    layer: Layer = {}
    for name, value in written.items():
        if lenient and is_ruffs(name):
            continue
        path = RENAMED.get(name, name)
        read = Value(_checked(path, value, source), source, base, quotable=quotable)
        # As in ruff, the table overrides the deprecated name.
        if path == name or path not in written:
            layer[path] = read
    for name, path in RENAMED.items():
        if name in written:
            layer[path].deprecated = name
    return layer


@functools.cache
def load_toml(path: str, name: str = "", root: str | None = None) -> dict[str, Any]:
    """Returns the content of a TOML file. Each file is read once in a run.

    Raises UsageError if the file cannot be read or is outside `root`; the message calls it `name`.
    """
    import tomli

    name = name or path
    try:
        return tomli.loads(read_below(root, path, LARGEST).decode("utf-8-sig"))
    except OSError as error:
        text = f"{name}: {error.strerror or error}"
        raise UsageError(text, text) from None
    except UnicodeDecodeError:
        raise UsageError(f"{name}: not UTF-8", f"{name}: not UTF-8") from None
    except (ValueError, RecursionError) as error:
        place = _PLACE.search(_one_line(error))
        unquoted = f"{name}: invalid TOML {place[0]}" if place else f"{name}: invalid TOML"
        raise UsageError(f"{name}: invalid TOML: {_one_line(error)}", unquoted) from None


def own_table(content: dict[str, Any], path: str) -> dict[str, Any] | None:
    """Returns the table `[tool.poolsafe]` of a pyproject.toml, or None if there is none. Raises UsageError."""
    return tool_table(content, "poolsafe", path)


def tool_table(content: dict[str, Any], name: str, path: str) -> dict[str, Any] | None:
    tool = content.get("tool", {})
    table = tool.get(name) if isinstance(tool, dict) else None
    if table is None or isinstance(table, dict):
        return table
    raise _no_table(f"{path}: `tool.{name}`", table)


def _no_table(place: str, value: object) -> UsageError:
    return UsageError(f"{place} must be a table, not {shown(value)}", f"{place} must be a table")


def _checked(path: str, value: object, source: str) -> Any:
    if path not in KEYS:
        raise unknown_key(path, source)
    checked = read_value(path, value, source)
    if path == "required-version" and not meets(checked, __version__):
        this = f"but this is poolsafe {__version__}"
        unquoted = f"{source}: `{path}` requires another version, {this}"
        raise UsageError(f"{source}: `{path}` requires version `{checked}`, {this}", unquoted)
    for selector in selectors_in(path, checked):
        check_selector(selector, path, source)
    return checked


def selectors_in(path: str, value: Any) -> list[str]:
    """Returns the rule selectors in a checked value."""
    if path in SELECTOR_KEYS:
        return list(value)
    if path.endswith("per-file-ignores"):
        return [selector for selectors in value.values() for selector in selectors]
    return []


def _one_line(error: Exception) -> str:
    return " ".join(str(error).partition("; use sys.")[0].split())
