"""Programs of several modules: a program is divided, and its modules import from each other in every way.

Definitions move to other modules together with everything that they need, so the program behaves as before, as long as
no name is rebound. What a function needs may also stay behind: it is then imported where the function runs, from a
module that is not finished (a circular import).
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .choices import Choices
from .programs import Program, connection_program, program

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BUILTINS = frozenset(dir(builtins))
_NAMES = ("config", "settings", "helpers", "database", "defaults", "common")
_PACKAGES = ("shop", "backend")
ENTRY = "app.py"


@dataclass
class _Part:
    """A module while it is being written: its path, its statements in order, and the names that others import."""

    path: str
    statements: list[ast.stmt] = field(default_factory=list)
    exported: set[str] = field(default_factory=set)
    imported: bool = False

    @property
    def binds(self) -> set[str]:
        return {name for statement in self.statements for name in _bound(statement)}


@dataclass(frozen=True, slots=True)
class Variety:
    """Which programs are generated: the environment may bring other drivers' URLs; they have several modules.

    `connections`: they make connections and pools without an engine of asyncpg.
    """

    other_drivers: bool = False
    projects: bool = False
    connections: bool = False


PLAIN = Variety()


def numbered(seed: int, number: int, variety: Variety = PLAIN) -> Program:
    """The program that belongs to a seed and a number."""
    choices = Choices.seeded(f"{seed}/{number}")
    if variety.connections:
        whole = connection_program(choices)
    else:
        whole = program(choices, other_drivers=variety.other_drivers)
    return parted(choices, whole) if variety.projects else whole


def parted(choices: Choices, whole: Program) -> Program:
    """The program in several modules; as it is where nothing can move."""
    body = ast.parse(whole.text).body
    imports = [one for one in body if isinstance(one, (ast.Import, ast.ImportFrom))]
    own = [one for one in body if one not in imports]
    package = choices.one((*_PACKAGES, "", ""))
    names = list(_NAMES)
    parts: list[_Part] = []
    for _ in range(choices.weighted(((5, 1), (3, 2), (1, 3)))):
        moved = _movable(choices, own)
        if not moved:
            break
        name = names.pop(choices.between(0, len(names) - 1))
        own = [one for one in own if one not in moved]
        parts.append(_Part(_path(package, name), moved))
    if not parts:
        return whole
    # What moved first may need nothing of what moved later.
    main = _Part(_path(package, choices.one(("engine", "app", "db"))) if package else ENTRY, own)
    known = {name for one in imports for name in _bound(one)}
    modules: dict[str, str] = {}
    for index, part in enumerate((*parts, main)):
        lines = _imports(choices, part, parts[:index], main, known, package)
        if part is main:
            # A module that nobody imports is not run.
            lines += [f"import {_dotted(one)}" for one in parts if not one.imported]
        text = "\n".join((*_library_imports(imports, part.statements), *lines, *map(ast.unparse, part.statements)))
        modules[part.path] = text + "\n"
    if package:
        exported = [f"from .{_name(part)} import {', '.join(sorted(part.exported))}" for part in parts if part.exported]
        modules[f"{package}/__init__.py"] = "\n".join(exported) + "\n"
    return replace(whole, text=modules.pop(main.path), path=main.path, modules=modules)


def _path(package: str, name: str) -> str:
    return f"{package}/{name}.py" if package else f"{name}.py"


def _name(part: _Part) -> str:
    return part.path.rpartition("/")[2].removesuffix(".py")


# --- what moves ---


def _movable(choices: Choices, body: list[ast.stmt]) -> list[ast.stmt]:
    """Some definitions and constants, with all statements that they need."""
    candidates = [one for one in body if _is_definition(one)]
    if not candidates:
        return []
    wanted = [one for one in candidates if choices.chance(50)] or [choices.one(candidates)]
    moved: list[ast.stmt] = []
    queue = list(wanted)
    while queue:
        one = queue.pop()
        if one in moved:
            continue
        moved.append(one)
        needed = _free(one)
        queue += [other for other in body if other is not one and _bound(other) & needed]
    if any(isinstance(node, ast.Global) for one in moved for node in ast.walk(one)):
        return []
    last = max(body.index(one) for one in moved)
    if len(moved) == len(body) or (last == len(body) - 1 and len(moved) > 1):
        return []
    return sorted(moved, key=body.index)


def _is_definition(statement: ast.stmt) -> bool:
    if isinstance(statement, _DEFINITIONS):
        return True
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)


def _bound(statement: ast.AST) -> set[str]:
    """The names that a statement binds in its module."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import() | ast.ImportFrom():
            return {(one.asname or one.name).partition(".")[0] for one in statement.names}
    found = {node.name for node in ast.walk(statement) if isinstance(node, _DEFINITIONS)}
    found |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(statement):
        if isinstance(node, ast.MatchAs) and node.name is not None:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest is not None:
            found.add(node.rest)
    return found


def _free(statement: ast.AST) -> set[str]:
    """The names that a statement reads, whoever binds them."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} - _BUILTINS


# --- imports ---


def _library_imports(imports: list[ast.Import | ast.ImportFrom], statements: list[ast.stmt]) -> Iterable[str]:
    used = {name for statement in statements for name in _free(statement)}
    return [ast.unparse(one) for one in imports if _bound(one) & used]


def _imports(
    choices: Choices, part: _Part, before: list[_Part], main: _Part, known: set[str], package: str
) -> list[str]:
    """The imports of what other modules define; names of the main one are imported where functions need them."""
    lines: list[str] = []
    used = {name for statement in part.statements for name in _free(statement)} - known
    for other in before:
        names = sorted(used & other.binds - part.binds)
        if not names:
            continue
        used -= set(names)
        lines += _import(choices, part, other, names, package)
    if part is not main:
        for statement in part.statements:
            late = sorted(_free(statement) & main.binds & used)
            if late and isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                source = f".{_name(main)}" if package and choices.chance(60) else _dotted(main)
                statement.body[:0] = ast.parse(f"from {source} import {', '.join(late)}").body
    return lines


def _dotted(part: _Part) -> str:
    return part.path.removesuffix(".py").replace("/", ".")


def _import(choices: Choices, part: _Part, other: _Part, names: list[str], package: str) -> list[str]:
    """One way to import the names, and to write them after that."""
    other.imported = True
    module = _name(other)
    source = f".{module}" if package and choices.chance(60) else _dotted(other)
    form = choices.weighted(((6, "names"), (4, "renamed"), (3, "module"), (2, "module renamed"), (1, "star")))
    free = [name for name in names if not _is_bound_within(part, name)]
    if form == "star":
        return [f"from {source} import *"]
    if form.startswith("module") and len(free) == len(names) and not {module, "source"} & _words(part):
        alias = choices.one(("source", module)) if form == "module renamed" else module
        _rename(part, {name: f"{alias}.{name}" for name in names})
        if not package:
            return [f"import {module}" + (f" as {alias}" if alias != module else "")]
        parent = choices.one((".", package))
        return [f"from {parent} import {module}" + (f" as {alias}" if alias != module else "")]
    if form == "renamed":
        renamed = {name: f"its_{name.lower()}" for name in free if f"its_{name.lower()}" not in _words(part)}
        _rename(part, renamed)
        items = [f"{name} as {renamed[name]}" if name in renamed else name for name in names]
        return [f"from {source} import {', '.join(items)}"]
    if package and choices.chance(35):
        other.exported.update(names)
        source = choices.one((".", package))
    return [f"from {source} import {', '.join(names)}"]


def _words(part: _Part) -> set[str]:
    nodes = [node for statement in part.statements for node in ast.walk(statement)]
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.arg for node in nodes if isinstance(node, ast.arg)
    }


def _is_bound_within(part: _Part, name: str) -> bool:
    """Whether something in the module binds the name anew, so that it cannot be written otherwise everywhere."""
    nodes = [node for statement in part.statements for node in ast.walk(statement)]
    return any(
        (isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.arg) and node.arg == name)
        or name in getattr(node, "names", ())
        for node in nodes
    )


def _rename(part: _Part, names: dict[str, str]) -> None:
    class Renaming(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            new = names.get(node.id)
            return node if new is None else ast.parse(new, mode="eval").body

    part.statements = [Renaming().visit(statement) for statement in part.statements]
