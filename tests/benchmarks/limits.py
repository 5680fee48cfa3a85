"""Trees with engines, compared with the minimum that LibCST allows and with a rule that a user could write instead.

All figures are CPU time. semgrep and ast-grep only see the code of the call, while poolsafe follows values, so
the findings of each program in the fixtures are counted as well.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import trees
from .measure import Command, Run, Series, cpu, interleave, ratio

HERE = Path(__file__).parent
FIXTURES = HERE.parent.parent / "fixtures"
MARK = re.compile(r"# bad: (PGB\d+(?:, ?PGB\d+)*)")
# What the rule is about; what else is wrong with an engine, no rule of this kind can tell.
CODE = "PGB101"

Place = tuple[str, int]


@dataclass(frozen=True)
class Peer:
    """Another program with a rule of its own; `arguments` go before the folder, `listing` makes it print JSON."""

    name: str
    requirement: str
    arguments: Sequence[str]
    listing: Sequence[str]

    def argv(self, program: Path) -> list[str]:
        return [str(program), *self.arguments]

    def found(self, program: Path, folder: Path) -> set[Place]:
        """Where it reports something below `folder`."""
        argv = [*self.argv(program), *self.listing, "."]
        said = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=True).stdout
        return set(_places(json.loads(said)))


PEERS = (
    Peer(
        "ast-grep",
        "ast-grep-cli==0.51.1",
        ("scan", "--rule", str(HERE / "rules" / "ast-grep.yml")),
        ("--json=compact",),
    ),
    Peer(
        "semgrep",
        "semgrep==1.185.0",
        ("scan", "--oss-only", "--metrics=off", "--quiet", "--config", str(HERE / "rules" / "semgrep.yml")),
        ("--json",),
    ),
)


def limit(tree: Path) -> Command:
    return Command("limit", [sys.executable, str(HERE / "parse_named.py")], tree, codes=(0,))


def ours(tree: Path) -> Command:
    """The command by its program: `python -m` would import what lies in the tree, such as SQLAlchemy's `types.py`."""
    program = str(Path(sys.executable).parent / "poolsafe")
    return Command("poolsafe", [program, "--isolated", "--exit-zero", "--quiet", "."], tree, codes=(0,))


def against_the_limit(work: Path, rounds: int) -> Iterator[tuple[str, Series, Series]]:
    """Yield the name of each tree with the runs of poolsafe and of its limit, then the sums of both."""
    sums = ([Run(0, 0)] * rounds, [Run(0, 0)] * rounds)
    for name in trees.WITH_ENGINES:
        tree = trees.with_engines(work, name)
        one, least = interleave([ours(tree), limit(tree)], rounds)
        sums = _added(sums[0], one.runs), _added(sums[1], least.runs)
        yield name, one, least
    nowhere = Command("sum", [], work)
    yield f"all {len(trees.WITH_ENGINES)} together", Series(nowhere, sums[0]), Series(nowhere, sums[1])


def _added(one: list[Run], other: list[Run]) -> list[Run]:
    return [Run(a.wall + b.wall, a.cpu + b.cpu) for a, b in zip(one, other, strict=True)]


def beside_peers(work: Path, rounds: int, ruff: Command) -> Iterator[tuple[str, str]]:
    """Yield lines about all trees at once: what is compared, and what came out."""
    commands, missing = [ours(ruff.cwd), ruff], []
    for peer in PEERS:
        program = trees.program(work, peer.name, peer.requirement)
        if program is None:
            missing.append(peer)
            continue
        # semgrep takes most of a minute before it begins where it has no way to the Internet.
        commands.append(
            Command(peer.name, [*peer.argv(program), "."], ruff.cwd, most=1 if peer.name == "semgrep" else None)
        )
    one, *others = interleave(commands, rounds)
    for other in others:
        seconds = f"{one.median(cpu):.3g} s / {other.median(cpu):.3g} s"
        yield f"all trees / {other.command.label}, CPU time", f"{ratio(one, other, cpu)}, {seconds}"
    for peer in missing:
        by_hand = " ".join([peer.name, *peer.arguments, "."])
        yield f"{peer.name}: skipped", f"`pip install {peer.requirement}` failed; by hand: `{by_hand}`"


def in_the_fixtures(work: Path) -> Iterator[tuple[str, str]]:
    """Yield what each peer finds of what the fixtures mark, and what it reports where nothing is marked."""
    marks = marked(FIXTURES)
    for peer in PEERS:
        program = trees.program(work, peer.name, peer.requirement)
        if program is not None:
            yield f"fixtures / {peer.name}", summary(peer.found(program, FIXTURES), marks)


def marked(folder: Path) -> dict[Place, set[str]]:
    """The codes that stand behind `# bad:`, by file and row."""
    found: dict[Place, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        for row, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
            if mark := MARK.search(line):
                found[path.relative_to(folder).as_posix(), row] = set(re.findall(r"PGB\d+", mark[1]))
    return found


def summary(reported: set[Place], marks: dict[Place, set[str]]) -> str:
    """Count reports against marks."""
    wanted = {place for place, codes in marks.items() if CODE in codes}
    beside = reported & marks.keys() - wanted
    return (
        f"{len(reported & wanted)} of {len(wanted)} lines of {CODE}, {len(beside)} of {len(marks) - len(wanted)} other "
        f"marked lines, {len(reported - marks.keys())} lines where nothing is wrong"
    )


def _places(said: object) -> Iterator[Place]:
    """Read either program's JSON: ast-grep counts rows from 0."""
    if isinstance(said, dict):
        for result in said["results"]:
            yield result["path"].removeprefix("./"), result["start"]["line"]
        return
    assert isinstance(said, list)
    for result in said:
        yield result["file"].removeprefix("./"), result["range"]["start"]["line"] + 1
