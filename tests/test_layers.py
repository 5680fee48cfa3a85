"""Imports only go down, checked in the import statements themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "poolsafe"

# From the ground up. A room may import rooms before it in this list, and its own modules.
ROOMS = (
    "poolsafe",  # the version
    "website",
    "records",
    "findings",
    "installed_packages",
    "folders",
    "reading",
    "writing",
    "source",
    "ini",
    "output_safety",
    "sql",
    "needles",
    "suppression",  # comments need no tree
    "notebooks",
    "libraries",  # names of other packages
    "checkout",
    "syntax",
    "ir",
    "inference",
    "facts",
    "deployment",
    "verdicts",
    "edits",
    "fixes",
    "rules",
    "checker",
    "reports",
    "config",  # it names the formats of the reports
    "cli",
    "doctor",
    "flake8_plugin",
    "command",
    "__main__",
)


def room(module: str) -> str:
    """Returns the room of a dotted module name: the first part after `poolsafe`."""
    return module.split(".")[1] if "." in module else module


def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yields every import of poolsafe's modules in a file, including those in functions and `if TYPE_CHECKING`."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.split(".")[0] == "poolsafe":
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}" if node.module == "poolsafe" else node.module
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] == "poolsafe")


def own_room(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return "poolsafe" if parts == ("__init__",) else parts[0]


# Stubs are data: the interpreter runs them, nobody imports them.
STUBS = SOURCE / "inference/models/stubs"
FILES = sorted(path for path in SOURCE.rglob("*.py") if path.parent != STUBS)

Nodes = dict[Path, list[ast.AST]]


@pytest.fixture(scope="module")
def nodes() -> Nodes:
    """The nodes of every file, parsed once for all tests."""
    return {path: nodes_of(path) for path in FILES}


def test_every_room_has_its_place() -> None:
    assert {own_room(path) for path in FILES} == set(ROOMS)


def test_imports_run_downwards(nodes: Nodes) -> None:
    upwards = []
    for path in FILES:
        here = ROOMS.index(own_room(path))
        for line, module in imports(nodes[path]):
            target = "poolsafe" if room(module) == "__version__" else room(module)
            if ROOMS.index(target) > here:
                upwards.append(f"{path.relative_to(SOURCE)}:{line} imports {module}, which is above it")
    assert upwards == []


# The rooms whose insides are their own: others import from these doors only.
DOORS = {
    "inference": {"poolsafe.inference", "poolsafe.inference.models"},
    "verdicts": {"poolsafe.verdicts"},
    "ir": {
        "poolsafe.ir",
        "poolsafe.ir.lowering",
        "poolsafe.ir.lowering_expressions",
        "poolsafe.ir.lowering_standard",
    },
}


def test_rooms_are_entered_by_their_doors(nodes: Nodes) -> None:
    past = []
    for path in FILES:
        for line, module in imports(nodes[path]):
            target = room(module)
            if target in DOORS and target != own_room(path) and module not in DOORS[target]:
                past.append(f"{path.relative_to(SOURCE)}:{line} imports {module} past the door")
    assert past == []


def test_edits_know_text_and_layouts_only(nodes: Nodes) -> None:
    """`edits` does not depend on engines, statements or their analysis: `fixes` decides what to change."""
    allowed = {"edits", *ROOMS[: ROOMS.index("ir")]}
    for path in FILES:
        if own_room(path) == "edits":
            assert {room(module) for _, module in imports(nodes[path])} <= allowed, path


def dotted(path: Path) -> str:
    parts = ("poolsafe", *path.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in FILES}


def imported_modules(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Returns poolsafe's modules that a file imports; `from package import module` counts as the module."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def test_no_file_imports_itself_through_others(nodes: Nodes) -> None:
    """There are no circular imports, inside a room or between rooms; imports in functions and for types count."""
    left = {name: set(imported_modules(nodes[path])) - {name} for name, path in MODULES.items()}
    while ground := {name for name, wanted in left.items() if not wanted & left.keys()}:
        left = {name: wanted for name, wanted in left.items() if name not in ground}
    assert not left, f"these import each other in a circle: {sorted(left)}"


def test_file_names_are_unique() -> None:
    names = [path.name for path in FILES if not path.name.startswith("__")]
    assert sorted(set(names)) == sorted(names)


def test_the_host_of_the_plugin_is_imported_for_its_error_alone(nodes: Nodes) -> None:
    found = []
    for path in FILES:
        for node in nodes[path]:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [(path.name, name, node.col_offset) for name in names if name.split(".")[0] == "flake8"]  # type: ignore[attr-defined]
    # Indented: inside the function that needs it.
    assert found == [("flake8_plugin.py", "flake8.exceptions.ExecutionError", 4)]


# Everything else is read by `poolsafe.reading`, which opens regular files of bounded size only.
OPENERS = {
    "reading.py": "the reader itself",
    "folders.py": "folders, and what is opened relative to them",
    "writing.py": "the temporary file",
    "cli/output.py": "a pipe or a device that the user names as output",
    "cli/sieve.py": "pipes between processes",
    "cli/terminal.py": "the null device",
    "cli/workers.py": "the null device",
    "config/reference.py": "writes documents of this repository",
    "config/schema.py": "writes documents of this repository",
    "deployment/providers/page.py": "writes documents of this repository",
    "rules/pages.py": "writes documents of this repository",
}
OPENING = {
    "open",
    "fdopen",
    "open_code",
    "read_text",
    "read_bytes",
    "FileIO",
    "fileinput",
    "mmap",
    "getline",
    "getlines",
}
# `json.load` and the like read what somebody else has opened; these open by themselves.
OPENING_METHODS = {("parser", "read"), ("shutil", "copyfile"), ("shutil", "copy"), ("runpy", "run_path")}


def opens(nodes: Iterable[ast.AST]) -> Iterator[int]:
    """Yields the lines of calls that open a file, by the names of the standard library's functions."""
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in OPENING:
            yield node.lineno
        elif isinstance(called, ast.Attribute):
            owner = called.value.id if isinstance(called.value, ast.Name) else ""
            if called.attr in OPENING or (owner, called.attr) in OPENING_METHODS:
                yield node.lineno


@pytest.mark.parametrize(
    "text", ["open(path)", "os.open(path, 0)", "io.open(path)", "Path(path).read_text()", "parser.read(path)"]
)
def test_an_opening_is_seen(text: str) -> None:
    assert list(opens(ast.walk(ast.parse(text)))) == [1]


def test_files_are_read_in_one_place(nodes: Nodes) -> None:
    found = {path.relative_to(SOURCE).as_posix() for path in FILES if any(opens(nodes[path]))}
    assert found == set(OPENERS)
