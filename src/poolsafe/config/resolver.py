"""Finds the configuration of a file: the nearest one above it, those that it extends, and the command line."""

from __future__ import annotations

import os
import re

from poolsafe.config.errors import UsageError
from poolsafe.config.layers import Layer, Origin, found_in, own_table, read_file
from poolsafe.config.presence import OWN_FILES, PYPROJECT, user_directory
from poolsafe.config.ruff import MAX_EXTENDS, RUFF_FILES, ruff_layers
from poolsafe.config.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# The names of all configuration files.
CONFIGURATIONS = frozenset([*OWN_FILES, *RUFF_FILES, PYPROJECT])


_VARIABLE = re.compile(r"\$\w+|\$\{\w+\}")


class Resolver:
    """Finds and remembers the settings of directories. Every method raises UsageError for a wrong configuration."""

    def __init__(self, overrides: Sequence[Layer] = (), config: str | None = None, *, isolated: bool = False) -> None:
        """`overrides` override everything, and later ones override earlier ones. `config` is the file for every path.

        With `isolated`, no file is read.
        """
        self._overrides = list(overrides)
        self._isolated = isolated
        self._settings: dict[str, Settings] = {}
        # Warnings about deprecated names, each once.
        self.warnings: dict[str, None] = {}
        self._fixed: Settings | None = None
        if config is not None:
            # As in ruff, paths in a `--config` file are relative to the current directory.
            here = os.getcwd()
            self._fixed = self._build(_chain(Origin(config, config, None), here), here)

    def for_file(self, path: str) -> Settings:
        """Returns the settings of a file, which depend on its directory."""
        return self.for_directory(os.path.dirname(os.path.abspath(path)))

    def for_directory(self, directory: str) -> Settings:
        """Returns the settings of the entries of an absolute directory."""
        if self._fixed is not None:
            return self._fixed
        known = self._settings.get(directory)
        if known is None:
            known = self._settings[directory] = self._find(directory)
        return known

    def for_listed(self, directory: str, names: set[str], above: Settings | None) -> Settings:
        """Returns what `for_directory` returns, for a directory whose entries have these `names`.

        `above` are the settings of its parent, if known. Usually they apply here too, so no file has to be searched
        for.
        """
        if above is None or not names.isdisjoint(CONFIGURATIONS):
            return self.for_directory(directory)
        return self._settings.setdefault(directory, above)

    def _find(self, directory: str) -> Settings:
        if self._isolated:
            return self._at(os.getcwd(), [])
        above = _ancestors(directory)
        for root in above:
            layers = _layers_in(root)
            if layers is not None:
                return self._at(root, [*_beneath(root, layers), *layers])
        for root in above:
            ruff = ruff_layers(root)
            if ruff is not None:
                return self._at(root, [*_users(), *ruff])
        return self._at(os.getcwd(), _users())

    def _at(self, root: str, layers: list[Layer]) -> Settings:
        """Returns the settings of a root. All directories that they apply to get the same object."""
        known = self._settings.get(root)
        return self._build(layers, root) if known is None else known

    def _build(self, layers: list[Layer], root: str) -> Settings:
        every = [*layers, *self._overrides]
        for layer in every:
            for path, value in layer.items():
                if value.deprecated:
                    text = f"{value.source}: `{value.deprecated}` at the top level is deprecated; use `{path}`"
                    self.warnings[text] = None
        return Settings(every, root, isolated=self._isolated)


def _ancestors(directory: str) -> list[str]:
    above = [directory]
    while os.path.dirname(above[-1]) != above[-1]:
        above.append(os.path.dirname(above[-1]))
    return above


def _layers_in(directory: str) -> list[Layer] | None:
    for name in OWN_FILES:
        # A broken link or a pipe is an error too, because it was meant as a configuration.
        if os.path.lexists(os.path.join(directory, name)):
            return _chain(found_in(directory, name))
    if os.path.isfile(os.path.join(directory, PYPROJECT)):
        file = found_in(directory, PYPROJECT)
        if own_table(file.load(), file.name) is not None:
            return _chain(file)
    return None


def _beneath(directory: str, own: list[Layer]) -> list[Layer]:
    """Returns the settings from ruff's configuration in the same directory, unless they are turned off."""
    inherits = [layer["inherit-from-ruff"].value for layer in own if "inherit-from-ruff" in layer]
    if inherits and not inherits[-1]:
        return []
    return ruff_layers(directory) or []


def _users() -> list[Layer]:
    """Returns the layers of the user's own configuration, which applies if the project has none."""
    here = os.getcwd()
    for name in (*OWN_FILES, PYPROJECT):
        path = os.path.join(user_directory(), name)
        file = Origin(path, path, None)
        if os.path.isfile(path) and (name != PYPROJECT or own_table(file.load(), path) is not None):
            return _chain(file, here)
    return []


def _chain(file: Origin, base: str | None = None) -> list[Layer]:
    """Returns the layers of a file and of all that it extends, the most distant one first."""
    layers: list[Layer] = []
    seen: dict[str, str] = {}
    current: Origin | None = file
    while current is not None:
        real = os.path.realpath(current.path)
        if real in seen:
            circle = " -> ".join([*seen.values(), current.name])
            raise UsageError(f"{file.name}: `extend` is circular: {circle}")
        seen[real] = current.name
        if len(seen) > MAX_EXTENDS:
            raise UsageError(f"{file.name}: `extend`: the chain is longer than {MAX_EXTENDS} files")
        try:
            layer = read_file(current, base)
        except UsageError as error:
            if not current.extended:
                raise
            raise UsageError(error.unquoted or f"{current.name}: not a poolsafe configuration") from None
        layers.insert(0, layer)
        current = _extended(layer, current)
    return layers


def _extended(layer: Layer, file: Origin) -> Origin | None:
    if "extend" not in layer:
        return None
    written = layer["extend"].value
    extended = file.beside(written)
    if extended.leads_out():
        why = "points outside the project"
    elif os.path.isfile(extended.path):
        return extended
    elif os.path.exists(extended.path):
        why = "not a regular file"
    else:
        why = "no such file"
        unset = _VARIABLE.search(extended.path)
        if unset and _VARIABLE.search(written) and not file.extended:
            why = f"the environment variable `{unset[0]}` is not set"
    # The content of an extended file is never quoted.
    quoted = "" if file.extended else f": `{written}`"
    raise UsageError(f"{file.name}: `extend`: {why}{quoted}")
