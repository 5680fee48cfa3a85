"""Attacks every reader of project files with hostile content, and measures the time as the content grows.

A reader is a function that opens a file of the project. Readers are found in the source, so that a new one without an
attack is noticed.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import poolsafe
from poolsafe.checkout import env_files, mention_patterns, second_look
from poolsafe.cli import baseline
from poolsafe.cli.gitignore import Ignores, ignored
from poolsafe.config import layers, line_length
from poolsafe.config.errors import UsageError
from poolsafe.config.presence import Presence
from poolsafe.config.resolver import Resolver
from poolsafe.deployment import declared, locks, poolers, requirements
from poolsafe.inference.project import Project
from poolsafe.suppression.noqa import suppressions
from poolsafe.syntax.guard import find_excess

SOURCE = Path(poolsafe.__file__).parent

# The functions that open a file of the project, and the names by which the functions of reading are called.
_OPENING = {"read", "read_below", "read_in", "read_real", "pieces", "head", "text_of", "open"}
_HOMES = {"reading.py", "deployment/files.py"}
# What opens a file but not one that the project holds, or only writes it.
NOT_READERS = {
    "writing.py:_is_done",
    "inference/models/library_stubs.py:_stub",
    "cli/sieve.py:_answer",
    "cli/sieve.py:search",
    "cli/output.py:_pour",
    "rules/pages.py:write",
    "doctor/config_file.py:write",
}

SIZE = 30_000  # characters, and twice as many
# Seconds of CPU time for the larger one, unless it takes less than three times as long as the smaller.
AT_ONCE = 0.4
# Whatever the ratio, nothing under 100 KB takes longer.
LIMIT = 3.0


@dataclass(frozen=True, slots=True)
class Reader:
    """The file names that a reader accepts, the pieces of such files, and a call of the reader on a folder."""

    names: tuple[str, ...]
    pieces: tuple[str, ...]
    read: Callable[[Path], object]


def _gitignore(folder: Path) -> None:
    rules = Ignores(str(folder)).in_directory(str(folder))
    for path in ("a" * 80, "b", "a/" * 20 + "b", "x" * 200):
        ignored(rules, str(folder / path), directory=False)


def _configuration(folder: Path) -> None:
    layers.load_toml.cache_clear()
    try:
        settings = Resolver().for_directory(str(folder))
        for name in ("a" * 80 + ".py", "a/" * 20 + "b.py"):
            settings.codes_for(str(folder / name))
        assert settings.source_roots is not None
    except UsageError:
        pass


def _line_length(folder: Path) -> None:
    line_length.of_other_tools.cache_clear()
    line_length.of_other_tools(str(folder), str(folder))


def _baseline(folder: Path) -> None:
    with contextlib.suppress(UsageError):
        baseline.read(str(folder / "baseline.json"), "baseline")


def _beside(folder: Path) -> None:
    names = frozenset(path.name for path in folder.iterdir())
    list(env_files.environment_files(str(folder), str(folder), names, {}))
    env_files.alembic_options(str(folder), str(folder / "alembic.ini"), {})


def _source(folder: Path) -> None:
    """Runs all passes over a text before the parser. LibCST's own time does not count."""
    from poolsafe import needles
    from poolsafe.source import Source

    data = (folder / "a.py").read_bytes()
    needles.wanted(data)
    text = Source.decode("a.py", data).text
    suppressions(text, places_too=True)
    find_excess(text)


def _imported(folder: Path) -> None:
    """The content as what a file with a second_look engine imports, and as that file."""
    engine = b"from a import URL\nfrom sqlalchemy import create_engine\nengine = create_engine(URL)\n"
    for data in (engine, engine + (folder / "a.py").read_bytes()):
        second_look._listing.cache_clear()
        second_look._folders_above.cache_clear()
        second_look.wanted(str(folder / "env.py"), data, str(folder))


def _notebook(folder: Path) -> None:
    """The content as a notebook, which it hardly ever is, and as the cells of one."""
    from poolsafe.notebooks import sifting
    from poolsafe.notebooks.notebook import Notebook
    from poolsafe.source import UndecodableSource

    data = (folder / "a.ipynb").read_bytes()
    text = data.decode()
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "source": source} for source in (text, text.splitlines(keepends=True))
    ]
    for raw in (data, json.dumps({"nbformat": 4, "cells": cells}).encode()):
        sifting.wanted(raw)
        with contextlib.suppress(UndecodableSource):
            source = Notebook.decode("a.ipynb", raw)
            source.offset_in_file(len(source.text) - 1)
            source.section(source.rows)


def _project(folder: Path) -> None:
    imports = mention_patterns.import_test(str(folder / "app" / "db.py"))
    project = Project(str(folder))
    list(project._files.holding(str(folder), (b"make",)))
    imports((folder / "a.py").read_bytes())


_TOML = ("[", "]", "{", "}", '"', "'", "\\", "=", "a", "a.b", "a = 1\n", "[[a]]\n", "[a.b]\n", '"""', "1", "0x1", "#")
_INI = (
    "[a]\n",
    "[alembic]\n",
    "[options]\n",
    "[pgbouncer]\n",
    "pool_mode",
    "=",
    ":",
    "a",
    "%(a)s",
    "    a\n",
    ";",
    "#",
)
_REQUIREMENT = (
    "asyncpg",
    "==",
    ">=",
    "1",
    ".",
    ",",
    ";",
    "[a]",
    "~",
    "^",
    "||",
    " ",
    "sqlalchemy[asyncio]",
    "-r ",
    "-c ",
)
_YAML = (
    "pgbouncer",
    ":",
    "- ",
    "POOL_MODE",
    "env_file:",
    "env",
    "path:",
    "${A:-b}",
    "name:",
    "value:",
    "'",
    "${",
    "=",
    "x",
)
_CODE = (
    "# poolsafe: ignore[PGB101", "# poolsafe: disable[PGB101]", "# poolsafe: enable[PGB101]", "# noqa", "# noqa: PGB1",
    "PGB101", ",", "[", "(", "{", ")", "'", '"', '"""', "f'{", "}", "import", "from", ".", "#", ":", "text(", ";",
    "create_engine", "x = 1", "def f(", "class a", "    ", "\\", "\\N{", "make", "*", "BEGIN ", "SELECT 1", "+", "=",
    "as ", "op.execute(", "ASYNC",
)  # fmt: skip
_MAGICS = (
    "%",
    "%%",
    "!",
    "?",
    "= %",
    "= !",
    "a?",
    "a.b[",
    "\r\n",
    "\n",
    "\\\n",
    "%time",
    "pip",
    "é",
    '{"cells": [',
    '"source": [',
)
_GLOBS = ("*", "**/", "a", "b", "?", "[a-b]", "[", "!", "\\", "/", "{a,", "}", ".py")

READERS: dict[str, Reader] = {
    "cli/gitignore.py:_read": Reader((".gitignore", ".ignore"), (*_GLOBS, "\n", " "), _gitignore),
    "config/line_length.py:_width_in": Reader(
        ("setup.cfg", "tox.ini", ".flake8"), (*_INI, "[flake8]\n", "max-line-length = 9"), _line_length
    ),
    "config/layers.py:load_toml": Reader(
        ("poolsafe.toml", "ruff.toml", "pyproject.toml"),
        (*_TOML, *(f"{key} = ['{'*a' * 30}b']\n" for key in ("exclude", "include", "src", "lint.exclude"))),
        _configuration,
    ),
    "config/presence.py:_holds": Reader(
        ("pyproject.toml",), (*_TOML, "pool", "poolsafe"), lambda folder: Presence().for_directory(str(folder))
    ),
    "cli/baseline.py:read": Reader(
        ("baseline.json",), ("[", "{", '"a":', "1", ",", "}", "]", '{"version": 1, "findings": {', '"', "\\"), _baseline
    ),
    "checkout/env_files.py:_read": Reader(
        (".env", "compose.yaml", "docker-compose.override.yml", "db.env", "alembic.ini"),
        (*_YAML, *_INI, "A=", "export "),
        _beside,
    ),
    "deployment/locks.py:locked_in": Reader(
        (*locks.TOML_LOCKS, locks.PIPFILE_LOCK),
        (
            '[[package]]\nname = "asyncpg"\n',
            'version = "1"\n',
            "version = 1\n",
            '{"default":',
            "[",
            '"asyncpg": {',
            *_TOML,
        ),
        lambda folder: list(locks.locked_in(str(folder), _listing(folder), str(folder))),
    ),
    "deployment/declared.py:declared_in": Reader(
        ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "environment.yml"),
        (
            "install_requires = ",
            "dependencies:\n",
            "- ",
            "[project]\n",
            "[tool.poetry]\n",
            *_INI,
            *_REQUIREMENT,
            *_TOML,
        ),
        lambda folder: list(declared.declared_in(str(folder), _listing(folder), str(folder))),
    ),
    "deployment/requirements.py:_read": Reader(
        ("requirements.txt", "requirements-dev.in"),
        (*_REQUIREMENT, "-c requirements-dev.in\n", "-r requirements.txt\n", "--hash=a", "\\\n"),
        lambda folder: list(requirements.required_in(str(folder), _listing(folder), str(folder))),
    ),
    "deployment/poolers.py:pooler_settings": Reader(
        (
            "pgbouncer.ini",
            "values.yaml",
            ".env.pgbouncer",
            "pgbouncer-userlist.conf.tmpl",
            "pgcat.toml",
            "odyssey.conf",
        ),
        (
            *_INI,
            *_YAML,
            "%include",
            "{{",
            "connectionPooler:\n",
            "  image: edoburu/pgbouncer:v1.24\n",
            "    - 6432:5432\n",
            'pool "session"\n',
        ),
        lambda folder: poolers.pooler_settings.__wrapped__(str(folder)),
    ),
    "cli/one_file.py:examine_path": Reader(("a.py",), _CODE, _source),
    "cli/sieve.py:_size_of_code": Reader(("a.ipynb",), (*_CODE, *_MAGICS), _notebook),
    "checkout/second_look.py:_content": Reader(("a.py",), _CODE, _imported),
    "checkout/project_files.py:file_content": Reader(("a.py",), _CODE, _project),
}
# These read the sources that `cli/run.py` reads.
SAME_SOURCES = {
    "cli/diagnostics.py:_read",
    "cli/settling.py:settled",
    "cli/sieve.py:_found",
    "cli/sieve.py:_look",
}


def _listing(folder: Path) -> frozenset[str]:
    return frozenset(path.name for path in folder.iterdir())


def opening_functions() -> set[str]:
    """The functions of the project that open a file by one of the usual ways, as `file:function`."""
    return {
        f"{path.relative_to(SOURCE).as_posix()}:{function}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).as_posix() not in _HOMES
        for function in _opening_in(ast.parse(path.read_text(encoding="utf-8")))
    }


def _opening_in(tree: ast.Module) -> Iterator[str]:
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("poolsafe.reading", "poolsafe.deployment.files")
        for alias in node.names
    }
    wanted = {name for name in _OPENING if name in imported} | {"open"}
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
            if any(_opens(call, wanted) for call in calls):
                yield function.name


def _opens(called: ast.expr, wanted: set[str]) -> bool:
    match called:
        case ast.Name(id=name):
            return name in wanted
        case ast.Attribute(value=ast.Name(id="reading"), attr=name):
            return name in _OPENING
    return False


@dataclass(frozen=True, slots=True)
class Content:
    """Hostile content of any size: `before`, `piece` many times, `after`."""

    before: str
    piece: str
    after: str

    def text(self, size: int) -> str:
        return self.before + self.piece * max(1, size // len(self.piece)) + self.after


def contents(reader: Reader, chance: random.Random) -> Iterator[Content]:
    """Yields an endless series of contents for one reader."""
    blanks = (" ", "\t", "\n", "\r\n", "\r", "\f", "9", "=", "a")
    while True:
        words = [
            chance.choice(chance.choice((reader.pieces, reader.pieces, blanks)))
            for _ in range(chance.choice((1, 1, 2, 3)))
        ]
        piece = "".join(words) + chance.choice(("", "", "\n", "\r\n", " "))
        before = "".join(chance.choice((*reader.pieces, "\n")) for _ in range(chance.randrange(3)))
        yield Content(before, piece, chance.choice(("", "\n", "!", "x\n", *reader.pieces)))


def slow(reader: Reader, name: str, content: Content) -> str | None:
    """Returns how a content makes a reader slow or fail, or None."""
    try:
        taken = _seconds(reader, name, content, 2 * SIZE)
    except Exception as error:
        return f"{name}: {type(error).__name__}: {error}: {content}"
    if taken < AT_ONCE:
        return None
    # Once more, as the machine may have been busy.
    taken = min(taken, _seconds(reader, name, content, 2 * SIZE))
    half = min(_seconds(reader, name, content, SIZE) for _ in range(2))
    if taken > LIMIT or (taken > AT_ONCE and taken > 3 * half):
        return f"{name}: {2 * SIZE} characters take {taken:.2f} s, half of them {half:.2f} s: {content}"
    return None


def _seconds(reader: Reader, name: str, content: Content, size: int) -> float:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / ".git").mkdir()
        (folder / name).write_text(content.text(size), encoding="utf-8", errors="surrogatepass", newline="")
        begun = time.process_time()
        reader.read(folder)
        return time.process_time() - begun


def run(seed: int, seconds: float) -> list[str]:
    """Attacks every reader in turn until the time is up, and returns the slow ones, at most once for each file name."""
    chance = random.Random(seed)
    waiting = [(reader, name, contents(reader, chance)) for reader in READERS.values() for name in reader.names]
    failures: dict[str, str] = {}
    until = time.monotonic() + seconds
    for reader, name, wanted in itertools.cycle(waiting):
        if time.monotonic() > until:
            break
        if name not in failures and (failure := slow(reader, name, next(wanted))):
            failures[name] = failure
    return list(failures.values())
