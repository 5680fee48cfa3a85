"""Which configuration holds for a file: the closest one above it, what that one extends, then the command line."""

from __future__ import annotations

import os

from poolsafe.config.errors import UsageError
from poolsafe.config.layers import OWN_FILES, PYPROJECT, Layer, load_toml, own_table, read_file, ruff_layer
from poolsafe.config.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Resolver:
    """Finds and remembers the settings of directories. Every method raises UsageError for a wrong configuration."""

    def __init__(self, overrides: Sequence[Layer] = (), config: str | None = None, *, isolated: bool = False) -> None:
        """`overrides` are laid over everything, the last one last. `config` is the one file to use for every path.

        `isolated` reads no file at all.
        """
        self._overrides = list(overrides)
        self._isolated = isolated
        self._settings: dict[str, Settings] = {}
        self._fixed: Settings | None = None
        if config is not None:
            # As with ruff, paths in a configuration given by hand start from where the command runs.
            here = os.getcwd()
            self._fixed = self._build(_chain(config, here), here)

    def for_file(self, path: str) -> Settings:
        """Return the settings of a file, by the directory it is in."""
        return self.for_directory(os.path.dirname(os.path.abspath(path)))

    def for_directory(self, directory: str) -> Settings:
        """Return the settings of what lies directly in an absolute directory."""
        if self._fixed is not None:
            return self._fixed
        known = self._settings.get(directory)
        if known is None:
            known = self._settings[directory] = self._find(directory)
        return known

    def _find(self, directory: str) -> Settings:
        if self._isolated:
            return self._at(os.getcwd(), [])
        above = _ancestors(directory)
        for root in above:
            layers = _layers_in(root)
            if layers is not None:
                return self._at(root, [*_ruff_layers(root, layers), *layers])
        for root in above:
            ruff = ruff_layer(root)
            if ruff is not None:
                return self._at(root, [ruff])
        return self._at(os.getcwd(), [])

    def _at(self, root: str, layers: list[Layer]) -> Settings:
        """Return the settings of a root, the same object for every directory that they hold for."""
        known = self._settings.get(root)
        return self._build(layers, root) if known is None else known

    def _build(self, layers: list[Layer], root: str) -> Settings:
        return Settings([*layers, *self._overrides], root)


def _ancestors(directory: str) -> list[str]:
    above = [directory]
    while os.path.dirname(above[-1]) != above[-1]:
        above.append(os.path.dirname(above[-1]))
    return above


def _layers_in(directory: str) -> list[Layer] | None:
    for name in OWN_FILES:
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            return _chain(path)
    path = os.path.join(directory, PYPROJECT)
    if os.path.isfile(path) and own_table(load_toml(path), path) is not None:
        return _chain(path)
    return None


def _ruff_layers(directory: str, own: list[Layer]) -> list[Layer]:
    inherits = [layer["inherit-from-ruff"].value for layer in own if "inherit-from-ruff" in layer]
    if inherits and not inherits[-1]:
        return []
    layer = ruff_layer(directory)
    return [] if layer is None else [layer]


def _chain(path: str, base: str | None = None) -> list[Layer]:
    """Return the layers of a file and of all that it extends, the most distant one first."""
    layers: list[Layer] = []
    seen: list[str] = []
    current: str | None = path
    while current is not None:
        real = os.path.realpath(current)
        if real in seen:
            raise UsageError(f"{path}: `extend` goes round in a circle: {' -> '.join([*seen, real])}")
        seen.append(real)
        layer = read_file(current, base)
        layers.insert(0, layer)
        current = _extended(layer, current)
    return layers


def _extended(layer: Layer, path: str) -> str | None:
    if "extend" not in layer:
        return None
    target = os.path.expandvars(os.path.expanduser(layer["extend"].value))
    return os.path.join(os.path.dirname(os.path.abspath(path)), target)
