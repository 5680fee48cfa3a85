"""The kinds of input, each as a stage that runs until its time is over and says what it saw."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from poolsafe.source import Source, UndecodableSource

from . import crew, inputs
from .examination import Verdict, judge

SLOW = 3.0  # seconds of the processor for a report and a repair of one file
LARGEST = 3_000_000


@dataclass
class Figures:
    """What a stage saw. `slowest` is the greatest number of seconds, with the input it was of."""

    name: str
    inputs: int = 0
    examined: int = 0
    findings: int = 0
    changed: int = 0
    seconds: float = 0.0
    slowest: tuple[float, str] = (0.0, "")
    slow: list[tuple[float, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def take(self, what: str, verdict: Verdict | str) -> None:
        self.inputs += 1
        if isinstance(verdict, str):
            self.problems.append(f"{what}: {verdict}")
            return
        self.examined += verdict.examined
        self.findings += verdict.findings
        self.changed += verdict.changed
        self.seconds += verdict.seconds
        self.slowest = max(self.slowest, (round(verdict.seconds, 2), what))
        if verdict.seconds > SLOW:
            self.slow.append((round(verdict.seconds, 2), what))
        self.problems += [f"{what}: {problem}" for problem in verdict.problems]

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.inputs} inputs, {self.examined} with a needle, {self.findings} findings, "
            f"{self.changed} changed, slowest {self.slowest[0]} s ({self.slowest[1]}), {len(self.slow)} slow, "
            f"{len(self.problems)} problems"
        )


Stage = Callable[[random.Random], Iterator[tuple[str, bytes]]]


def run(name: str, items: Iterator[tuple[str, bytes]], seconds: float, most: int | None = None) -> Figures:
    """Judge the items, at most `most` of them, until the time is over."""
    figures = Figures(name)
    end = time.monotonic() + seconds
    items = islice(items, most)
    while batch := list(islice(items, 50)):
        for (what, _), verdict in crew.each(_judged, batch):
            figures.take(what, verdict)
        if time.monotonic() > end:
            break
    return figures


def _judged(item: tuple[str, bytes]) -> Verdict:
    return judge(item[1])


def mutations(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Our own fixtures and tests with deleted, doubled, swapped and replaced tokens."""
    texts = {path.name: path.read_bytes().decode("utf-8", "surrogateescape") for path in inputs.seeds()}
    while True:
        seed = chance.randrange(1 << 40)
        mine = random.Random(seed)
        name = mine.choice(sorted(texts))
        yield f"mutation {seed} of {name}", inputs.mutated(texts[name], mine)


def nestings(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Brackets, operators and blocks in one another."""
    while True:
        seed = chance.randrange(1 << 40)
        yield f"nesting {seed}", inputs.nested(random.Random(seed))


def cookies(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Every encoding that Python knows, in a random order."""
    every = [(f"cookie {name}", raw) for name, raw in inputs.encoded()]
    chance.shuffle(every)
    yield from every


def grammar(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Programs that hypothesmith makes of Python's grammar, with engines put into them."""
    import hypothesis
    import hypothesmith

    found: list[str] = []
    quiet = [
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.data_too_large,
        hypothesis.HealthCheck.filter_too_much,
    ]
    while True:
        for strategy in (hypothesmith.from_grammar(), hypothesmith.from_node(auto_target=False)):
            seed = chance.randrange(1 << 40)

            @hypothesis.seed(seed)
            @hypothesis.settings(max_examples=25, database=None, deadline=None, suppress_health_check=quiet)
            @hypothesis.given(strategy)
            def collect(text: str) -> None:
                found.append(text)

            collect()
            for number, text in enumerate(found):
                module = inputs.injected(f"0\n{text}", chance)
                yield f"grammar {seed}/{number}", (module or text).encode("utf-8", "surrogatepass")
            found.clear()


def files(folders: Sequence[Path], plain: bool) -> Stage:
    """The Python files below some folders: as they are, or with engines put into them."""

    def stage(chance: random.Random) -> Iterator[tuple[str, bytes]]:
        paths = list(_paths(tuple(folders)))
        chance.shuffle(paths)
        for path in paths:
            raw = path.read_bytes()
            if plain:
                yield str(path), raw
                continue
            seed = chance.randrange(1 << 40)
            text = None if len(raw) > LARGEST else _decoded(path, raw)
            module = None if text is None else inputs.injected(text, random.Random(seed))
            if module is not None:
                yield f"{path} with engines {seed}", module.encode("utf-8", "surrogatepass")

    return stage


@functools.cache
def _paths(folders: tuple[Path, ...]) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py") if path.is_file())


def _decoded(path: Path, raw: bytes) -> str | None:
    try:
        return Source.decode(str(path), raw).text
    except UndecodableSource:
        return None
