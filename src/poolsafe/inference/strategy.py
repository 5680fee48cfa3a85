"""The targets that runs have to reach, and the slices of the functions on the way to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from poolsafe import ir
from poolsafe.inference.modules import Module
from poolsafe.inference.run_targets import Targets
from poolsafe.inference.scope_lines import Slice
from poolsafe.inference.slices import Use, function_slice


@dataclass(slots=True)
class Strategy:
    """The targets of the runs for one file, and the slices that lead to them.

    `entry` is the module that is checked. `leading` holds the ids of the LibCST nodes of functions and classes on the
    way to a target, `wanted_results` those of functions whose results matter. `explored` holds the numbers of modules
    whose bodies were run. `local_names` maps the number of a frame to the local names of its function, some of which
    its slice may leave out.

    A `shallow` run calls only functions that lead to a target or whose results matter. That is enough to see which
    calls execute a SQL statement, and it keeps files with hundreds of statements cheap.

    `sets_later`: names that are None at first have the values that functions of their modules assign later.
    """

    entry: Module
    targets: Targets = field(default_factory=Targets)
    leading: set[int] = field(default_factory=set)
    wanted_results: set[int] = field(default_factory=set)
    explored: set[int] = field(default_factory=set)
    local_names: dict[int, frozenset[str]] = field(default_factory=dict)
    shallow: bool = False
    sets_later: bool = False
    _slices: dict[tuple[ir.FunctionDef, int, bool, Use], Slice] = field(default_factory=dict)

    def slice_of(self, module: Module, node: ir.FunctionDef, use: Use) -> Slice:
        """Returns the slice of a function for a use, cached until new targets are added."""
        key = (node, self.targets.version, self.targets.make_clauses, use)
        found = self._slices.get(key)
        if found is None:
            scope = module.scope_of(node)
            found = self._slices[key] = function_slice(scope, self.targets, use)
        return found

    def is_imported(self, module: Module) -> bool:
        """Returns whether a module is only imported: it is not being checked, and no caller in it is run."""
        return module is not self.entry and module.number not in self.explored

    def is_on_path(self, node: ir.Node) -> bool:
        """Returns whether a node is a target or encloses one."""
        return id(node.origin) in self.targets.on_path

    def leads_to_target(self, node: ir.Node) -> bool:
        """Returns whether a function or class is on the way to a target."""
        return id(node.origin) in self.leading
