"""Imports run downwards only: the walls of the house, read from the import statements themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "poolsafe"

# From the ground up. A room may import rooms before it in this list, and its own modules.
ROOMS = (
    "poolsafe",  # the version
    "findings",
    "foreign",
    "reading",
    "source",
    "steering",
    "sql",
    "needles",
    "suppression",  # comments need no tree
    "syntax",
    "values",
    "facts",
    "deployment",
    "edits",
    "rules",
    "checker",
    "reports",
    "config",  # it names the formats of the reports
    "frontend",
    "flake8_plugin",
    "command",
    "__main__",
)


def room(module: str) -> str:
    """The room of a dotted module name: the first part behind `poolsafe`."""
    return module.split(".")[1] if "." in module else module


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every import of our own in a file, those inside functions and `if TYPE_CHECKING` included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.split(".")[0] == "poolsafe":
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}" if node.module == "poolsafe" else node.module
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] == "poolsafe")


def own_room(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return "poolsafe" if parts == ("__init__",) else parts[0]


FILES = sorted(SOURCE.rglob("*.py"))


def test_every_room_has_its_place() -> None:
    assert {own_room(path) for path in FILES} == set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_run_downwards(path: Path) -> None:
    here = ROOMS.index(own_room(path))
    for line, module in imports(path):
        target = room(module)
        if target == "__version__":
            target = "poolsafe"
        assert ROOMS.index(target) <= here, f"{path.relative_to(SOURCE)}:{line} imports {module}, which is above it"


def test_nobody_imports_the_host_of_the_plugin() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                names.append(node.module)
            assert not any(name.split(".")[0] == "flake8" for name in names), path
