"""The architecture page agrees with the packages and their imports."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from test_layers import FILES, ROOMS, imports, nodes_of, own_room, room

PAGE = (Path(__file__).parents[2] / "docs/architecture.md").read_text(encoding="utf-8")


@functools.cache
def imported() -> dict[str, set[str]]:
    """The rooms that each room imports."""
    found: dict[str, set[str]] = {name: set() for name in ROOMS}
    for path in FILES:
        found[own_room(path)] |= {room(module) for _, module in imports(nodes_of(path))}
    return found


def table() -> str:
    """Returns the table of the rooms, from the top down, with the rooms that each imports."""
    rows = []
    for name in reversed(ROOMS):
        used = {"poolsafe" if target == "__version__" else target for target in imported()[name]}
        below = sorted(used - {name}, key=ROOMS.index, reverse=True)
        rows.append(f"| `{name}` | {', '.join(f'`{each}`' for each in below)} |".replace("|  |", "| |"))
    return "\n".join(["| room | imports |", "|---|---|", *rows, ""])


def drawn(line: str) -> list[str]:
    """Returns the rooms in the middle column of a line of the drawing; the other columns describe them."""
    return [name for name in re.findall(r"\b\w+\b", line[18:60]) if name in ROOMS]


def test_the_table_says_who_imports_whom() -> None:
    """If this fails, replace the table at the end of the page with the result of `table`."""
    assert PAGE.endswith(f"\n\n{table()}")


def test_the_drawing_has_every_room() -> None:
    (drawing,) = re.findall(r"^## The rooms$.*?^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert sorted(name for line in drawing.splitlines() for name in drawn(line)) == sorted(set(ROOMS) - {"poolsafe"})


def test_the_drawing_stands_as_the_imports_run() -> None:
    (drawing,) = re.findall(r"^## The rooms$.*?^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    level = {name: number for number, line in enumerate(drawing.splitlines()) for name in drawn(line)}
    for here, targets in imported().items():
        for there in targets:
            if here != there and {here, there} <= level.keys():
                assert level[here] <= level[there], f"{here} imports {there}, which is drawn above it"
