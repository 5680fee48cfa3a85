"""Which configuration holds for a file: the closest one above it, what that one extends, then the command line."""

from __future__ import annotations

import os
import re

from poolsafe.config.errors import UsageError
from poolsafe.config.layers import OWN_FILES, PYPROJECT, Layer, load_toml, own_table, read_file
from poolsafe.config.ruff import RUFF_FILES, ruff_layers
from poolsafe.config.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# The names of all files that may say something.
CONFIGURATIONS = frozenset([*OWN_FILES, *RUFF_FILES, PYPROJECT])


_VARIABLE = re.compile(r"\$\w+|\$\{\w+\}")

MAX_EXTENDS = 20


class Resolver:
    """Finds and remembers the settings of directories. Every method raises UsageError for a wrong configuration."""

    def __init__(self, overrides: Sequence[Layer] = (), config: str | None = None, *, isolated: bool = False) -> None:
        """`overrides` are laid over everything, the last one last. `config` is the one file to use for every path.

        `isolated` reads no file at all.
        """
        self._overrides = list(overrides)
        self._isolated = isolated
        self._settings: dict[str, Settings] = {}
        # Lines about names that ruff has given up, each once.
        self.warnings: dict[str, None] = {}
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

    def for_listed(self, directory: str, names: set[str], above: Settings | None) -> Settings:
        """Return what `for_directory` does for one whose entries have these `names`.

        `above` are the settings of its parent, if they are known: mostly they hold here too, and no file is looked for.
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
        """Return the settings of a root, the same object for every directory that they hold for."""
        known = self._settings.get(root)
        return self._build(layers, root) if known is None else known

    def _build(self, layers: list[Layer], root: str) -> Settings:
        every = [*layers, *self._overrides]
        for layer in every:
            for path, value in layer.items():
                if value.deprecated:
                    text = f"{value.source}: `{value.deprecated}` at the top is deprecated; write `{path}`"
                    self.warnings[text] = None
        return Settings(every, root)


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


def _beneath(directory: str, own: list[Layer]) -> list[Layer]:
    """Return what ruff's configuration of the same directory gives us, unless ours does without."""
    inherits = [layer["inherit-from-ruff"].value for layer in own if "inherit-from-ruff" in layer]
    if inherits and not inherits[-1]:
        return []
    return ruff_layers(directory) or []


def _users() -> list[Layer]:
    """Return the layers of the user's own configuration, which holds where the project has none."""
    here = os.getcwd()
    for name in (*OWN_FILES, PYPROJECT):
        path = os.path.join(user_directory(), name)
        if os.path.isfile(path) and (name != PYPROJECT or own_table(load_toml(path), path) is not None):
            return _chain(path, here)
    return []


def user_directory() -> str:
    """Return the folder of the user's own configuration, which need not be there."""
    if os.name == "nt":
        base = os.environ.get("APPDATA") or os.path.expanduser("~\\AppData\\Roaming")
    else:
        base = os.environ.get("XDG_CONFIG_HOME", "")
        # The XDG rules: a relative path is no path.
        base = base if os.path.isabs(base) else os.path.expanduser("~/.config")
    return os.path.join(base, "poolsafe")


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
        if len(seen) > MAX_EXTENDS:
            raise UsageError(f"{path}: more than {MAX_EXTENDS} files extend one another")
        layer = read_file(current, base)
        layers.insert(0, layer)
        current = _extended(layer, current)
    return layers


def _extended(layer: Layer, path: str) -> str | None:
    if "extend" not in layer:
        return None
    written = layer["extend"].value
    expanded = os.path.expandvars(os.path.expanduser(written))
    target = os.path.join(os.path.dirname(os.path.abspath(path)), expanded)
    if not os.path.isfile(target):
        unset = _VARIABLE.search(expanded)
        why = f"the environment has no `{unset[0]}`" if unset and _VARIABLE.search(written) else "no such file"
        # Named as it is written: what a variable holds is nobody's business but the user's.
        raise UsageError(f"{path}: `extend`: {why}: `{written}`")
    return target
