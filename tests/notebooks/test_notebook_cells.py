"""Which cells are Python, how magics are replaced, and how an edit of a cell edits the JSON."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from notebook_files import cell, joined, notebook, texts, written
from samples import law

from poolsafe.findings import Edit
from poolsafe.notebooks import magics
from poolsafe.notebooks.notebook import Notebook
from poolsafe.notebooks.sifting import wanted
from poolsafe.source import UndecodableSource

RUFF = shutil.which("ruff", path=os.path.dirname(sys.executable)) or shutil.which("ruff")


NUL = "source code cannot contain NUL bytes"
NO_CELLS = "no Jupyter notebook: expected `cells`, each with its `source`"


def read(content: object, **options: Any) -> Notebook:
    return Notebook.decode("a.ipynb", json.dumps(content, **options).encode())


# --- which cells


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        (notebook("a", "b"), [1, 2]),
        (notebook(cell("a", "markdown"), "b", cell("c", "raw"), "d"), [2, 4]),
        (notebook(), []),
        (notebook(cell("a", "markdown")), []),
        (notebook("%%bash\na", "b"), [2]),
        (notebook("%%time\na", "%%capture x\nb"), [1, 2]),
        (notebook("# first\n%%sql\na", "a = '''\n%%x\n'''"), []),
        (notebook("pip install a\n", "cd /tmp", "time = 1", "time += 1", "times", "who"), [3, 4, 5]),
        (notebook(cell("a", vscode={"languageId": "sql"}), cell("b", vscode={"languageId": "python"})), [2]),
        # The notebook's language.
        (notebook("a", metadata={}), [1]),
        (notebook("a", metadata={"language_info": {"name": "R"}}), []),
        (notebook("a", metadata={"kernelspec": {"language": "julia"}}), []),
        (notebook("a", metadata={"language_info": {"name": "python"}, "kernelspec": {"language": "R"}}), [1]),
        (notebook("a", metadata={"language_info": "python", "kernelspec": None}), [1]),
        # Strange, but valid.
        ({"cells": [], **notebook("a")}, [1]),
        (notebook(cell([]), cell([""]), {"cell_type": "code", "source": "a"}), [1, 2, 3]),
    ],
)
def test_python_cells(content: object, numbers: list[int]) -> None:
    assert [section.cell for section in read(content).sections if section.cell] == numbers


@pytest.mark.parametrize(
    ("raw", "row", "reason"),
    [
        (b"", 1, "a notebook must be JSON: Expecting value"),
        (b"\n\nimport os", 3, "a notebook must be JSON: Expecting value"),
        (b"[" * 100_000, 1, "a notebook must be JSON: nested too deeply"),
        (b"[" + b"0," * 2_000_000, 1, "a notebook of more than 2,000,000 values"),
        (b"[]", 1, "no Jupyter notebook: expected an object"),
        (b"{}", 1, "expected Jupyter notebook format 4, found null"),
        (b'{"nbformat": 3, "worksheets": []}', 1, "expected Jupyter notebook format 4, found 3"),
        (b'{"nbformat": 4}', 1, NO_CELLS),
        (b'{"nbformat": 4, "cells": [1]}', 1, NO_CELLS),
        (b'{"nbformat": 4, "cells": [{"source": [1]}]}', 1, NO_CELLS),
        (b'\n\n{"a": "\xff"}', 3, "byte 9 is not utf-8: invalid start byte"),
        (b'{"nbformat": 4, "cells": [\n{"cell_type": "code", "source": "\\u0000"}]}', 2, NUL),
        (b'{"nbformat": 4, "cells": [\n{"cell_type": "code", "source": ["", "\\ud800"]}]}', 2, "a lone surrogate"),
    ],
)  # fmt: skip
def test_broken(raw: bytes, row: int, reason: str) -> None:
    with pytest.raises(UndecodableSource) as caught:
        Notebook.decode("a.ipynb", raw)
    assert (caught.value.row, caught.value.reason) == (row, reason)


@pytest.mark.skipif(not hasattr(sys, "get_int_max_str_digits"), reason="this Python takes any number")
def test_a_number_of_thousands_of_digits() -> None:
    with pytest.raises(UndecodableSource, match="a notebook must be JSON: Exceeds the limit"):
        Notebook.decode("a.ipynb", b"9" * 5_000)


# --- magics

COMMANDS = [
    ("a = 1", "a = 1"),
    ("%matplotlib inline", "__________________"),
    ("if a:\n    !ls 'x\nb", "if a:\n    ______\nb"),
    ("!ls \\\n  -l\nb", "_____\n    \nb"),
    ("!ls \\\r\n  -l\r\nb", "_____\r\n    \r\nb"),
    ("?a\na?\nb.c[0]??  # why?\na ?;\n*a*?", "__\n__\n________  # why?\n___;\n____"),
    ("/f a\n;f 'a\n,f a", "____\n_____\n____"),
    ("a = !ls 'x\nb", "a = ______\nb"),
    ("a=%time f('\nb = c = !ls", "a=_________\nb = c = ___"),
    ("a = \\\n  !ls '\nb", "a = \\\n  _____\nb"),
    ("a[0], b.c = %x", "a[0], b.c = __"),
    ("%%time\na", "______\na"),
    # Python.
    ("a = 1  # why?\n'a?'", "a = 1  # why?\n'a?'"),
    ("a = (1,\n%3)", "a = (1,\n%3)"),
    ("a = b \\\n  % c", "a = b \\\n  % c"),
    ("a = '''\n%x\n!y\n'''\n%z", "a = '''\n%x\n!y\n'''\n__"),
    ("f'{a!r}'\nf'''{\na}\n!x'''\n!y", "f'{a!r}'\nf'''{\na}\n!x'''\n__"),
    ("a != b\na == b\na %= b\na <= b", "a != b\na == b\na %= b\na <= b"),
    ("f(a=1,\n%x)", "f(a=1,\n%x)"),
    ("# a = !ls\n%x", "# a = !ls\n__"),
    ("# continued \\\n%x", "# continued \\\n__"),
    ("'it\n%x", "'it\n__"),
]


@pytest.mark.parametrize(("before", "expected"), COMMANDS)
def test_commands(before: str, expected: str) -> None:
    assert magics.without(before, magics.commands(before)) == expected


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
def test_cells_are_read_as_ruff_reads_them(tmp_path: Path) -> None:
    """An import behind each command is seen by both, or is a syntax error, or no Python, to both."""
    more = "print(x)?|x += !ls|x?y|%%script python|  %%bash|%%|ls|x = %a; y|await f()|return|pip install x|env = 1"
    cells = [f"{before}\nimport os" for before in (*(before for before, _ in COMMANDS), *more.split("|"))]
    for number, text in enumerate(cells):
        (tmp_path / f"{number}.ipynb").write_bytes(written(notebook(text)))
    assert RUFF is not None
    command = [RUFF, "check", "--isolated", "--no-cache", "--select=F401,E9", "--output-format=json-lines", "."]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    seen: dict[int, set[str]] = {number: set() for number in range(len(cells))}
    for line in ran.stdout.splitlines():
        said = json.loads(line)
        place = f"{said['location']['row']}" if said["code"] == "F401" else "invalid"
        seen[int(Path(said["filename"]).stem)].add(place)
    # `*a*?` is a question in IPython, which ruff does not know.
    differing = {number for number, text in enumerate(cells) if "*a*?" in text}
    for number, text in enumerate(cells):
        if number not in differing:
            assert seen[number] == _imports(read(notebook(text)).text), text


def _imports(text: str) -> set[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return {"invalid"}
    return {str(node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Import)}


# --- the byte search

IMPORT = "from sqlalchemy.ext.asyncio import create_async_engine\n"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (notebook("x = create_async_engine(url)"), True),
        (notebook({"cell_type": "code", "source": f"{IMPORT}create_async_engine(url)"}), True),
        (notebook(f'{IMPORT}await c.execute(text("SELECT 1; SELECT 2"))'), True),
        (notebook("import asyncpg\nc = await asyncpg.connect(url)"), True),
        (notebook("import psycopg\nc = psycopg.connect(url, prepare_threshold=0)"), True),
        (notebook("async with engine.begin() as c:\n    await c.execute(text('SET search_path TO a'))"), True),
        (notebook("await asyncpg"), False),
        (notebook("# poolsafe: ignore[PGB101]"), True),
        (notebook("x = 1  # noqa: PGB101"), True),
        (notebook("import os"), False),
        (notebook(IMPORT), False),
        (notebook(cell("x = create_async_engine(url)", "markdown"), "x"), False),
        (notebook("%%writefile db.py\nx = create_async_engine(url)"), False),
        (notebook("%time x = create_async_engine(url); text('a; b')"), True),
        (notebook("x", metadata={"language_info": {"name": "R"}, "x": "create_async_engine"}), False),
        (notebook({**cell("x = 1; y"), "outputs": [{"data": {"text/plain": ["a; b"]}, "text": ["c; d"]}]}), False),
    ],
)
def test_needles(content: object, found: bool) -> None:
    for ascii_only in (True, False):
        flags, size = wanted(json.dumps(content, ensure_ascii=ascii_only, indent=1).encode())
        assert (bool(flags), size > 0 or not found) == (found, True)


def test_a_name_may_be_written_as_escapes() -> None:
    raw = (
        json.dumps(notebook("x = create_async_engine(url)"))
        .replace("create", "\\u0063reate")
        .replace("eng", "e\\u006eg")
    )
    assert wanted(raw.encode())[0]
    assert Notebook.decode("a.ipynb", raw.encode()).text == "x = create_async_engine(url)\n"


@pytest.mark.parametrize(
    "text", ['["a\\ncreate_async_engine(url)"', '["\\"create_async_engine(url)"', "create_async_engine"]
)
def test_a_broken_notebook_is_searched_as_it_is(text: str) -> None:
    assert wanted(text.encode())[0]
    assert not wanted(b'["text; b", 1')[0]


# --- edits


@pytest.mark.parametrize(
    ("source", "edit", "expected"),
    [
        # One string.
        ('"a\\nb"', Edit(1, 1, "c\nd"), '"ac\\nd\\nb"'),
        ('""', Edit(0, 0, 'é"\\\t'), '"é\\"\\\\\\t"'),
        ('"\\u00e9a"', Edit(1, 2, "ö"), '"\\u00e9\\u00f6"'),
        ('"\\ud83d\\ude00a"', Edit(1, 1, "\N{GRINNING FACE}"), '"\\ud83d\\ude00\\ud83d\\ude00a"'),
        # An escaped backslash is no escape of what follows.
        ('"\\\\u00e9a"', Edit(6, 6, "ö"), '"\\\\u00e9öa"'),
        ('"\\u000aa\\/"', Edit(1, 2, "é"), '"\\u000aé\\/"'),
        # Lines.
        ('["a\\n", "b"]', Edit(1, 1, "\nc"), '["a\\n", "c\\n", "b"]'),
        ('["a\\n", "b"]', Edit(2, 2, "c\n"), '["a\\n", "c\\n", "b"]'),
        ('["a\\n", "b"]', Edit(2, 2, "c"), '["a\\n", "cb"]'),
        ('["a\\n", "b"]', Edit(1, 2, ""), '["ab"]'),
        ('["a\\n", "b"]', Edit(0, 2, ""), '["b"]'),
        ('["a\\n", "b"]', Edit(0, 2, "c\n"), '["c\\n", "b"]'),
        ('["a\\n", "b"]', Edit(0, 2, "c\nd\n"), '["c\\n", "d\\n", "b"]'),
        ('["a\\n", "b"]', Edit(1, 3, ""), '["a"]'),
        ('["a\\n", "b"]', Edit(2, 3, ""), '["a\\n"]'),
        ('["a\\n", "b"]', Edit(3, 3, "\nc"), '["a\\n", "b\\n", "c"]'),
        ('["a\\n", "b\\n"]', Edit(4, 4, "c"), '["a\\n", "b\\n", "c"]'),
        ('["a\\n", "b\\n"]', Edit(0, 4, ""), '[""]'),
        ('[\n  "a"\n ]', Edit(1, 1, "\nb"), '[\n  "a\\n",\n  "b"\n ]'),
        ('["a"]', Edit(0, 0, "b\n"), '["b\\n", "a"]'),
        ("[]", Edit(0, 0, "a\nb"), '["a\\n", "b"]'),
        ("[ ]", Edit(0, 0, ""), "[ ]"),
        # Lines that are not one to a string stay as they are.
        ('["a\\nb", "c"]', Edit(1, 1, "d"), '["ad\\nb", "c"]'),
        ('["a\\r\\n","b"]', Edit(3, 3, "c\r\n"), '["a\\r\\n","c\\r\\n","b"]'),
    ],
)
def test_edit(source: str, edit: Edit, expected: str) -> None:
    raw = '{"nbformat": 4, "cells": [{"cell_type": "code", "source": %s}, {"source": []}]}'
    after = Notebook.decode("a.ipynb", (raw % source).encode()).edited([edit])
    assert after.raw.decode() == raw % expected


def test_the_separator_of_other_cells_serves_a_single_line() -> None:
    raw = b'{"nbformat":4,"cells":[{"cell_type":"code","source":["a"]},{"cell_type":"code","source":["a\\n","b"]}]}'
    after = Notebook.decode("a.ipynb", raw).edited([Edit(1, 1, "\nc")])
    assert after.raw == raw.replace(b'["a"]', b'["a\\n","c"]')


@pytest.mark.parametrize(
    ("cells", "edit", "expected"),
    [
        # The line end behind a cell is none of the cell.
        (["a\nb", "c"], Edit(2, 4, ""), ["a", "c"]),
        (["a\r\nb", "c"], Edit(3, 5, ""), ["a", "c"]),
        (["a", "c"], Edit(0, 2, ""), ["", "c"]),
        (["a\nb", "c"], Edit(2, 4, "d\n"), ["a\nd", "c"]),
        (["a\nb", "c"], Edit(2, 4, "d\r\n"), ["a\nd", "c"]),
        (["a\nb", "c"], Edit(3, 4, "d"), ["a\nbd", "c"]),
        (["a", "c"], Edit(2, 3, "d"), ["a", "d"]),
        (["a", "c"], Edit(3, 4, ""), ["a", "c"]),
        # Into another cell, or into nothing.
        (["a", "c"], Edit(0, 3, ""), None),
        (["a", "c"], Edit(4, 4, "d"), None),
        ([], Edit(0, 0, "d"), None),
        # The cell would be no Python any more, or read otherwise.
        (["a", "c"], Edit(0, 0, "%%bash\n"), None),
        (["a", "c"], Edit(0, 0, "%x "), None),
    ],
)
def test_cells_stay_apart(cells: list[str], edit: Edit, expected: list[str] | None) -> None:
    before = read(notebook(*cells))
    if expected is None:
        with pytest.raises(ValueError, match="cell"):
            before.edited([edit])
    else:
        assert texts(before.edited([edit]).raw) == expected


LINES = st.text("ab \"'\\é\t\N{GRINNING FACE}\n", max_size=12) | st.sampled_from(
    ["a\r\nb", "\r", "\u2028", "a\n", "\n\n"]
)
FORMS = st.sampled_from(["lines", "string", "odd"])
OPTIONS = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 1, 4, "\t"]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([None, (",", ":"), (" , ", " : ")]),
    }
)
EDITS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), LINES), min_size=1, max_size=3)


def form(text: str, kind: str) -> str | list[str]:
    if kind == "lines":
        # Not `splitlines`: Jupyter's own editor splits at \n alone.
        return [line for line in text.replace("\n", "\n\0").split("\0") if line]
    return text if kind == "string" else [text[:3], text[3:]]


@law(
    st.lists(st.tuples(LINES, FORMS), min_size=1, max_size=4),
    st.integers(0, 3),
    OPTIONS,
    st.booleans(),
    EDITS,
    sample=300,
    most=5_000,
)
def test_an_edit_of_the_json_is_one_of_the_cell(
    cells: list[tuple[str, str]], chosen: int, options: dict[str, Any], crlf: bool, wanted: list[tuple[int, int, str]]
) -> None:
    content = notebook(cell("create", "markdown"), *({"cell_type": "code", "source": form(*each)} for each in cells))
    text = json.dumps(content, **options)
    raw = (text.replace("\n", "\r\n") if crlf else text).encode()
    before = Notebook.decode("a.ipynb", raw)
    assert before.written == joined(each for each, _ in cells)
    chosen = min(chosen, len(cells) - 1)
    old, kind = cells[chosen]
    first = len(joined(each for each, _ in cells[:chosen]))
    edits: list[Edit] = []
    position, expected = 0, ""
    for gap, length, new in wanted:
        start = min(position + gap + bool(edits), len(old))
        end = min(start + length, len(old))
        if not edits or start > position:
            edits.append(Edit(first + start, first + end, new))
            expected += old[position:start] + new
            position = end
    expected += old[position:]
    after = before.edited(edits)

    # The cell's source is the edited text in the form that it had, and everything else means the same.
    document, source = json.loads(raw), json.loads(after.raw)["cells"][chosen + 1]["source"]
    assert "".join(source) == expected
    assert isinstance(source, str) == (kind == "string")
    if kind == "lines":
        assert source == form(expected, "lines") or source == [""]
    document["cells"][chosen + 1]["source"] = source
    assert json.loads(after.raw) == document
    if options["ensure_ascii"] and "\\u" in text:
        assert after.raw.isascii()
    # Outside of the edits nothing has changed, but for what separates lines that are gone or new.
    head = before.file.text[: before.offset_in_file(edits[0].start)]
    tail = before.file.text[before.offset_in_file(edits[-1].end) :]
    assert after.file.text.startswith(head.rstrip(' \r\n\t",'))
    assert after.file.text.endswith(tail.lstrip(' \r\n\t",'))


BITS = st.sampled_from(
    ['"', "\\", "\\u00e9", "\\ud83d", "[", "]", "{", "}", ",", ":", " ", "\n", "source", "cells", "%", "a", "\0"]
)


@law(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 9), BITS), max_size=4), sample=300, most=5_000)
def test_any_json_is_a_notebook_or_is_refused(changes: list[tuple[int, int, str]]) -> None:
    text = json.dumps(notebook(cell("x", "markdown"), "a = !b\nc", {"cell_type": "code", "source": 'd = "e"'}))
    for place, length, new in changes:
        text = text[:place] + new + text[place + length :]
    try:
        source = Notebook.decode("a.ipynb", text.encode())
    except UndecodableSource:
        return
    sources = ["".join(each["source"]) for each in json.loads(text)["cells"]]
    for section in source.sections:
        if section.cell is not None:
            rows = range(section.first, section.last + 1)
            assert section.content.decode().startswith(sources[section.cell - 1])
            assert [section.row(row) for row in rows] == list(range(1, len(rows) + 1))
    for offset in range(len(source.text)):
        place = source.offset_in_file(offset)
        assert source.written[offset] == "\n" or text[place] in (source.written[offset], "\\")


def test_another_text_of_one_cell() -> None:
    before = read(notebook("a = 1", "b = 2\n%x"))
    assert before.with_text("a = 1\nb = 3\n__\n").written == "a = 1\nb = 3\n%x\n"
    assert before.with_text(before.text).raw == before.raw
    with pytest.raises(ValueError, match="another cell"):
        before.with_text("a = 3\n")
