"""Reading configuration files: one file, or one `--config key = value`, becomes one layer of checked values."""

from __future__ import annotations

import functools
import os

from poolsafe import __version__
from poolsafe.config.errors import UsageError, shown
from poolsafe.config.keys import KEYS, RENAMED, SELECTOR_KEYS, read_value, unknown_key
from poolsafe.config.kinds import meets
from poolsafe.config.ruff_keys import is_ruffs
from poolsafe.config.selection import check_selector
from poolsafe.reading import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OWN_FILES = (".poolsafe.toml", "poolsafe.toml")
PYPROJECT = "pyproject.toml"
LARGEST = 2_000_000  # bytes


class Value:
    """A value, where it was said (a file, or a flag), and the directory its relative paths start from.

    `deprecated` is the name that it was given too, where ruff has given that up, else "".
    """

    __slots__ = ("base", "deprecated", "source", "value")

    def __init__(self, value: Any, source: str, base: str) -> None:
        self.value = value
        self.source = source
        self.base = base
        self.deprecated = ""


Layer = dict[str, Value]


def read_file(path: str, base: str | None = None) -> Layer:
    """Return the layer of the configuration file at `path`.

    Relative paths in it start from `base`, which is the file's own directory unless given. Raises UsageError.
    """
    content = load_toml(path)
    if os.path.basename(path) == PYPROJECT:
        content = own_table(content, path) or {}
    return read_table(content, path, os.path.dirname(os.path.abspath(path)) if base is None else base)


def read_inline(text: str) -> Layer:
    """Return the layer of one `--config 'key = value'`. Raises UsageError."""
    import tomli

    try:
        content = tomli.loads(text)
    # A plain ValueError is one about a number of too many digits.
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--config: neither an existing file nor TOML: {shown(text)} ({_one_line(error)})") from None
    return read_table(content, "--config", os.getcwd())


def read_table(content: dict[str, Any], source: str, base: str) -> Layer:
    """Check a table that is written like poolsafe.toml. Raises UsageError for unknown keys and wrong values."""
    lint = content.get("lint", {})
    if not isinstance(lint, dict):
        raise UsageError(f"{source}: `lint` must be a table, not {shown(lint)}")
    written = {name: value for name, value in content.items() if name != "lint"}
    written.update((f"lint.{name}", value) for name, value in lint.items())
    lenient = written.get("allow-ruff-keys") is True
    layer: Layer = {}
    for name, value in written.items():
        if lenient and is_ruffs(name):
            continue
        path = RENAMED.get(name, name)
        read = _read_key(path, value, source, base)
        # As with ruff, the table wins over the name that it took the place of.
        if path == name or path not in written:
            layer[path] = read
    for name, path in RENAMED.items():
        if name in written:
            layer[path].deprecated = name
    return layer


@functools.cache
def load_toml(path: str) -> dict[str, Any]:
    """Return the content of a TOML file, read once for every run. Raises UsageError for one that cannot be read."""
    import tomli

    try:
        return tomli.loads(read(path, LARGEST).decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: invalid TOML: {_one_line(error)}") from None


def own_table(content: dict[str, Any], path: str) -> dict[str, Any] | None:
    """Return `[tool.poolsafe]` of a pyproject.toml, or None where it has none. Raises UsageError."""
    return tool_table(content, "poolsafe", path)


def tool_table(content: dict[str, Any], name: str, path: str) -> dict[str, Any] | None:
    tool = content.get("tool", {})
    table = tool.get(name) if isinstance(tool, dict) else None
    if table is None or isinstance(table, dict):
        return table
    raise UsageError(f"{path}: `tool.{name}` must be a table, not {shown(table)}")


def _read_key(path: str, value: object, source: str, base: str) -> Value:
    if path not in KEYS:
        raise unknown_key(path, source)
    checked = read_value(path, value, source)
    if path == "required-version" and not meets(checked, __version__):
        raise UsageError(f"{source}: `{path}` requires version `{checked}`, and this is poolsafe {__version__}")
    for selector in selectors_in(path, checked):
        check_selector(selector, path, source)
    return Value(checked, source, base)


def selectors_in(path: str, value: Any) -> list[str]:
    """Return the rule selectors that a checked value holds."""
    if path in SELECTOR_KEYS:
        return list(value)
    if path.endswith("per-file-ignores"):
        return [selector for selectors in value.values() for selector in selectors]
    return []


def _one_line(error: Exception) -> str:
    return " ".join(str(error).partition("; use sys.")[0].split())
