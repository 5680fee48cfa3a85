"""Which configuration holds for a file: the closest one above it, what that one extends, then the command line."""

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

# The names of all files that may say something.
CONFIGURATIONS = frozenset([*OWN_FILES, *RUFF_FILES, PYPROJECT])


_VARIABLE = re.compile(r"\$\w+|\$\{\w+\}")


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
            self._fixed = self._build(_chain(Origin(config, config, None), here), here)

    def for_file(self, path: str) -> Settings:
        """Returns the settings of a file, by the directory it is in."""
        return self.for_directory(os.path.dirname(os.path.abspath(path)))

    def for_directory(self, directory: str) -> Settings:
        """Returns the settings of what lies directly in an absolute directory."""
        if self._fixed is not None:
            return self._fixed
        known = self._settings.get(directory)
        if known is None:
            known = self._settings[directory] = self._find(directory)
        return known

    def for_listed(self, directory: str, names: set[str], above: Settings | None) -> Settings:
        """Returns what `for_directory` does for one whose entries have these `names`.

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
        """Returns the settings of a root, the same object for every directory that they hold for."""
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
        # A link to nowhere and a pipe are errors too: somebody meant to configure something.
        if os.path.lexists(os.path.join(directory, name)):
            return _chain(found_in(directory, name))
    if os.path.isfile(os.path.join(directory, PYPROJECT)):
        file = found_in(directory, PYPROJECT)
        if own_table(file.load(), file.name) is not None:
            return _chain(file)
    return None


def _beneath(directory: str, own: list[Layer]) -> list[Layer]:
    """Returns what ruff's configuration of the same directory gives us, unless ours does without."""
    inherits = [layer["inherit-from-ruff"].value for layer in own if "inherit-from-ruff" in layer]
    if inherits and not inherits[-1]:
        return []
    return ruff_layers(directory) or []


def _users() -> list[Layer]:
    """Returns the layers of the user's own configuration, which holds where the project has none."""
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
            raise UsageError(f"{file.name}: more than {MAX_EXTENDS} files extend one another")
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
        why = "leads out of the project"
    elif os.path.isfile(extended.path):
        return extended
    elif os.path.exists(extended.path):
        why = "not a regular file"
    else:
        why = "no such file"
        unset = _VARIABLE.search(extended.path)
        if unset and _VARIABLE.search(written) and not file.extended:
            why = f"the environment variable `{unset[0]}` is not set"
    # A file that is extended itself is not quoted, whatever it says.
    quoted = "" if file.extended else f": `{written}`"
    raise UsageError(f"{file.name}: `extend`: {why}{quoted}")
