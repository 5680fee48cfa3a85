"""Programs in tests, as blocks of text. Comments contain the expected values and findings.

    x = [1]
    x.append(2)
    reveal(x)  # [1, 2]

    reveal(sorted(unknown))  # [...]
    reveal([1, 2].pop())  # 2

A blank line separates two programs. If every line of a paragraph has a comment, each line is a separate program. Values
are written as Python writes them, with four additions: `...` is an unknown value, `1 | 2` is one of the two, `ABSENT`
is no value, and `{'a': 1, **...}` is a dict that may have more keys.

A project is also one block, with the findings next to the lines of its files:

    # file: config.py
    URL = "postgresql+asyncpg://db/a"

    # file: db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    from config import URL
    engine = create_async_engine(URL)  # PGB101 PGB201

So is a fix:

    create_async_engine(URL)
    # becomes
    create_async_engine(URL, pool_pre_ping=True)
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from programs import ABSENT, OneOf, on_by_default, value_of

from poolsafe.checker import check_bytes
from poolsafe.facts.deployment import Deployment
from poolsafe.inference.project import Project

FILE = re.compile(r"^# file: (.+)\n", re.MULTILINE)
FOUND = re.compile(r"  # PGB\d{3}.*$", re.MULTILINE)
ABOVE = re.compile(r"\A(?:#.*\n)+")
COMMENT = re.compile(r"  # (.*)\Z")
REVEAL = re.compile(r"^reveal\((.*)\)\Z", re.MULTILINE | re.DOTALL)


def programs(*blocks: str) -> list[str]:
    """Returns the programs of the blocks, in order."""
    return [program for block in blocks for paragraph in _paragraphs(block) for program in _programs(paragraph)]


def _paragraphs(block: str) -> list[str]:
    return re.split(r"\n{2,}", textwrap.dedent(block).strip("\n"))


def _programs(paragraph: str) -> list[str]:
    lines = paragraph.splitlines()
    return lines if all(COMMENT.search(line) for line in lines) else [paragraph]


def cases(*blocks: str) -> list[Any]:
    """Returns parameters for a test: each program without the comment of its last line, and that comment or ""."""
    return [pytest.param(*_case(program), id=_title(program)) for program in programs(*blocks)]


def changes(*blocks: str) -> list[Any]:
    """Returns parameters for a test: two texts for each program, before and after its line `# becomes`.

    A comment above the first text is only for readers.
    """
    return [pytest.param(*_change(program), id=_title(program)) for program in programs(*blocks)]


def _change(program: str) -> tuple[str, str]:
    before, after = ABOVE.sub("", program).split("\n# becomes\n")
    return f"{before}\n", f"{after}\n"


def _case(program: str) -> tuple[str, str]:
    code = COMMENT.sub("", program)
    return code, program[len(code) :].removeprefix("  # ")


def _title(program: str) -> str:
    """Returns the program as one short line."""
    lines = [line.strip() for line in program.splitlines() if not line.startswith("#")]
    return textwrap.shorten("; ".join(lines), 80, placeholder="...").encode("unicode_escape").decode()


def revealed(code: str) -> Any:
    """Returns the possible values of the expression in the last line's `reveal(...)`; see `programs.value_of`."""
    assert REVEAL.search(code), code
    return value_of(REVEAL.sub(r"revealed = \1", code), "revealed")


def value(comment: str) -> Any:
    """Returns the value that a comment next to `reveal(...)` describes."""
    return _value(ast.parse(comment, mode="eval").body)


def _value(node: ast.expr) -> Any:
    match node:
        case ast.BinOp(op=ast.BitOr()):
            return OneOf(*map(_value, _operands(node)))
        case ast.Name(id="ABSENT"):
            return ABSENT
        case ast.Dict():
            return {
                "…" if key is None else ast.literal_eval(key): _value(item)
                for key, item in zip(node.keys, node.values, strict=True)
            }
        case ast.List():
            return [_value(item) for item in node.elts]
        case ast.Tuple():
            return tuple(_value(item) for item in node.elts)
    return ast.literal_eval(node)


def _operands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_operands(node.left), *_operands(node.right)]
    return [node]


def files(project: str) -> dict[str, str]:
    """Returns the files of a project in one block, each below a line `# file: PATH`."""
    _, *parts = FILE.split(textwrap.dedent(project).strip("\n") + "\n")
    return {path: text.rstrip("\n") + "\n" for path, text in zip(parts[::2], parts[1::2], strict=True)}


def judged(root: Path, project: str, deployment: Deployment | None = None, order: Sequence[str] = ()) -> dict[str, str]:
    """Writes the files of a project below `root`, and returns them with the codes of the findings as comments.

    They are checked in their order in the block unless another order is given.
    """
    contents = {path: FOUND.sub("", text) for path, text in files(project).items()}
    lay(root, contents)
    shared = Project(str(root))
    found = {path: _judged(root / path, contents[path], deployment, shared) for path in order or contents}
    return {path: found[path] for path in contents}


def lay(root: Path, contents: dict[str, str]) -> list[Path]:
    """Writes the files below `root`."""
    paths = [root / name for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return paths


def _judged(path: Path, content: str, deployment: Deployment | None, project: Project) -> str:
    if path.suffix != ".py":
        return content
    source, report = check_bytes(str(path), path.read_bytes(), deployment or Deployment(), project)
    lines = content.splitlines(keepends=True)
    beside: dict[int, list[str]] = {}
    for finding in on_by_default(report):
        beside.setdefault(source.row_column(finding.start)[0] - 1, []).append(finding.code)
    for row, codes in beside.items():
        lines[row] = f"{lines[row].rstrip()}  # {' '.join(codes)}\n"
    return "".join(lines)


def related(root: Path, contents: dict[str, str]) -> list[tuple[str, int, str]]:
    """Returns the related places of the only finding in the last file: file, row, message."""
    target = lay(root, contents)[-1]
    _, report = check_bytes(str(target), target.read_bytes(), Deployment(), Project(str(root)))
    (found,) = on_by_default(report)
    return [(Path(place.path).name, place.row, place.message) for place in found.related]
