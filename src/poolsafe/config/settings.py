"""The settings of a file: the defaults, overridden by every layer of configuration."""

from __future__ import annotations

import functools
import os

from poolsafe.config.errors import UsageError, place
from poolsafe.config.globs import PathPattern, PathSet
from poolsafe.config.keys import KEYS
from poolsafe.config.kinds import POOLER
from poolsafe.config.layers import Layer, Value
from poolsafe.config.selection import Selection, enabled_codes, fixable_codes, matching, most_specific
from poolsafe.reading import LARGEST_NOTEBOOK, LARGEST_SOURCE
from poolsafe.rules import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from poolsafe.facts.deployment import Deployment

DEFAULTS = "default"
NOTEBOOK = "ipynb"
# Only ruff reads the last two. They may be in lists that were copied from its configuration.
_LANGUAGES = {".ipynb": NOTEBOOK, ".md": "markdown", ".toml": "toml"}


class Settings:
    """The settings of the files below `root`, the absolute directory of their configuration."""

    def __init__(self, layers: Sequence[Layer], root: str, *, isolated: bool = False) -> None:
        """`layers` override each other; the most distant one is the first.

        With `isolated`, no other tool's configuration is read.
        """
        self.root = root
        self._isolated = isolated
        self._values: dict[str, list[Value]] = {
            path: [Value(key.default, DEFAULTS, root)] for path, key in KEYS.items()
        }
        for layer in layers:
            for path, value in layer.items():
                self._values[path] = [*self._values[path], value] if KEYS[path].joins else [value]
        selections = [_selection(layer) for layer in layers]
        preview = self["preview"] if self["lint.preview"] is None else self["lint.preview"]
        self.enabled = enabled_codes(
            selections,
            registry.names(),
            off_by_default=registry.OFF_BY_DEFAULT,
            on_trial=registry.ON_TRIAL,
            preview=preview,
            explicit=self["lint.explicit-preview-rules"],
        )
        self.fixable = fixable_codes(selections, registry.names())
        # Compiled now, so that an invalid glob is reported before any file is checked.
        self._exclude = self._patterns("exclude", "extend-exclude", "lint.exclude")
        self._include = self._patterns("include", "extend-include")
        self._extensions = {f".{name.removeprefix('.')}": language for name, language in self["extension"].items()}
        self._file_ignores = list(self._per_file_patterns())

    def __getitem__(self, path: str) -> Any:
        """Returns the value of a key whose values are not joined."""
        return self._values[path][-1].value

    def origins(self, path: str) -> list[Value]:
        """Returns the values of a key with their origins. Only keys whose values are joined have several."""
        said = [value for value in self._values[path] if value.source != DEFAULTS]
        return said or self._values[path]

    def excludes(self, path: str) -> bool:
        """Returns whether the absolute `path` itself, a file or a directory, is excluded."""
        return self._exclude.matches(path)

    def excludes_any_part(self, path: str) -> bool:
        """Returns whether the absolute `path`, or a directory above it and below the root, is excluded."""
        # Ruff also tries the root's own name, and would exclude a whole checkout that is called "dist".
        while path != self.root and path != os.path.dirname(path):
            if self.excludes(path):
                return True
            path = os.path.dirname(path)
        return False

    def includes(self, path: str) -> bool:
        """Returns whether a file found in a directory is checked: its language must be supported."""
        if path.endswith(".py") and not self._extensions:
            return self._include.matches(path)
        suffix = os.path.splitext(path)[1]
        if self._language(suffix) not in ("python", "pyi", NOTEBOOK):
            return False
        return suffix in self._extensions or self._include.matches(path)

    def is_notebook(self, path: str) -> bool:
        """Returns whether the file with this path is read as a Jupyter notebook."""
        # This is called for every file, and most end in ".py".
        if path.endswith(".py") and not self._extensions:
            return False
        return self._language(os.path.splitext(path)[1]) == NOTEBOOK

    def largest(self, path: str) -> int:
        """Returns the number of bytes above which the file with this path is not examined."""
        return LARGEST_NOTEBOOK if self.is_notebook(path) else LARGEST_SOURCE

    def _language(self, suffix: str) -> str:
        return self._extensions.get(suffix) or _LANGUAGES.get(suffix, "python")

    def codes_for(self, path: str) -> frozenset[str]:
        """Returns the codes that run on the file with this absolute path."""
        ignored: set[str] = set()
        for pattern, negated, selectors in self._file_ignores:
            if pattern.matches(path) != negated:
                for selector in selectors:
                    ignored |= matching(selector, self.enabled)
        return self.enabled - ignored

    def safety(self, code: str) -> bool | None:
        """Returns True if the configuration makes the fixes of `code` safe, False for unsafe, None for neither."""
        safe = most_specific(self._joined("lint.extend-safe-fixes"), code)
        unsafe = most_specific(self._joined("lint.extend-unsafe-fixes"), code)
        return None if safe == unsafe == -1 else safe > unsafe

    @functools.cached_property
    def source_roots(self) -> tuple[str, ...]:
        """The existing directories in `src`, as absolute paths, except those that are always searched."""
        said = self._values["src"][-1]
        if said.source == DEFAULTS:
            return ()
        from poolsafe.config.source_roots import expand

        return tuple(path for written in said.value for path in expand(said.base, written))

    def line_length(self, path: str) -> int:
        """Returns the number of characters that a line of the file with this absolute path should not exceed."""
        configured = self["line-length"]
        if configured is not None:
            return int(configured)
        from poolsafe.config.line_length import of_other_tools
        from poolsafe.source import LINE_LENGTH

        return LINE_LENGTH if self._isolated else of_other_tools(os.path.dirname(path), self.root)

    @property
    def quote(self) -> str:
        """The quote that fixes use if the strings in a file show no preference."""
        return "'" if self["quote-style"] == "single" else '"'

    @property
    def baseline(self) -> str | None:
        """The absolute path of the baseline, or None without one."""
        said = self._values["baseline"][-1]
        return None if said.value is None else os.path.join(said.base, os.path.expanduser(said.value))

    @functools.cached_property
    def deployment(self) -> Deployment:
        """The pooler and the versions that are configured."""
        # Imported late, because only a file with a needle needs dataclasses and enum.
        from dataclasses import replace

        from poolsafe.facts.deployment import Deployment, PoolMode

        assumed = self["assume-driver"]
        deployment = Deployment(
            max_prepared_statements=self["max-prepared-statements"],
            asyncpg=self["asyncpg-version"],
            sqlalchemy=self["sqlalchemy-version"],
            assume_asyncpg=None if assumed is None else assumed == "asyncpg",
        )
        if self["pooler"] in POOLER.choices:
            return replace(deployment, pooler=PoolMode(self["pooler"]))
        from poolsafe.deployment.providers.catalogue import behind, named

        return behind(named(self["pooler"]), deployment)

    def _joined(self, path: str) -> list[str]:
        return [item for value in self._values[path] for item in value.value]

    def _patterns(self, *paths: str) -> PathSet:
        return PathSet(
            _pattern(text, value, path) for path in paths for value in self._values[path] for text in value.value
        )

    def _per_file_patterns(self) -> Iterable[tuple[PathSet, bool, tuple[str, ...]]]:
        for path in ("lint.per-file-ignores", "lint.extend-per-file-ignores"):
            for value in self._values[path]:
                for text, selectors in value.value.items():
                    negated = text.startswith("!")
                    pattern = _pattern(text[negated:], value, path, name_always=True)
                    yield PathSet([pattern]), negated, selectors


def _pattern(text: str, value: Value, path: str, *, name_always: bool = False) -> PathPattern:
    try:
        return PathPattern(text, value.base, name_always=name_always)
    except UsageError as error:
        raise UsageError(f"{place(value.source, path)}: {error if value.quotable else 'invalid glob'}") from None


def _selection(layer: Layer) -> Selection:
    def read(name: str) -> tuple[str, ...]:
        value = layer.get(f"lint.{name}")
        return () if value is None else value.value

    return Selection(
        select=layer["lint.select"].value if "lint.select" in layer else None,
        extend_select=read("extend-select"),
        ignore=(*read("ignore"), *read("extend-ignore")),
        fixable=layer["lint.fixable"].value if "lint.fixable" in layer else None,
        extend_fixable=read("extend-fixable"),
        unfixable=(*read("unfixable"), *read("extend-unfixable")),
    )
