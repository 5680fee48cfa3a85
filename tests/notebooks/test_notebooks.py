"""Notebooks in the command: positions in every format, fixes, comments, and which files count as notebooks."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import laws
import pytest
from in_process import run
from laws import Case
from notebook_files import cell, notebook, texts, written

from poolsafe import needles
from poolsafe.notebooks import sifting
from poolsafe.notebooks.notebook import Notebook
from poolsafe.reports import FORMATS
from poolsafe.source import Source

HEAD = "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import create_async_engine"
URL = 'URL = "postgresql+asyncpg://shop:hunter22@pgbouncer:6432/db"\n!psql postgresql://shop:hunter33@db/app'
ENGINE = '%time "\nengine = create_async_engine(URL);'
FIXED = (
    '%time "\nengine = create_async_engine(\n    URL,\n'
    '    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},\n    pool_pre_ping=True,\n);'
)
CELLS = (cell("# Title\n\ncreate_async_engine", "markdown"), HEAD, "%%bash\nls", URL, ENGINE)
NOTEBOOK = written(notebook(*CELLS))
BROKEN = NOTEBOOK[:-30]


class Ran(SimpleNamespace):
    code: int
    out: str
    err: str


Poolsafe = Callable[..., Ran]


@pytest.fixture
def poolsafe(tmp_path: Path) -> Poolsafe:
    (tmp_path / "a.ipynb").write_bytes(NOTEBOOK)

    def command(*arguments: str) -> Ran:
        ran = run(tmp_path, *arguments)
        return Ran(code=ran.returncode, out=ran.stdout, err=ran.stderr)

    return command


def line_of(words: str, raw: bytes = NOTEBOOK) -> tuple[int, int]:
    """The row and the column, from 1, of words in the JSON text."""
    before = raw.decode()[: raw.decode().index(words)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


# --- places

ROW, COLUMN = line_of("create_async_engine(URL)")


def test_text(poolsafe: Poolsafe) -> None:
    ran = poolsafe("--select=PGB101", "--output-format=concise")
    assert (ran.code, ran.out.splitlines()[0].partition(" [*]")[0]) == (1, "a.ipynb:cell 5:2:10: PGB101")
    assert poolsafe("--select=PGB101", "--output-format=grouped").out.startswith("a.ipynb:\n  cell 5:2:10 PGB101 [*] ")


def test_frames_end_with_the_cell_and_show_no_secret(poolsafe: Poolsafe) -> None:
    lines = poolsafe("--select=PGB101").out.splitlines()
    assert lines[1:9] == [
        "  |",
        '1 | %time "',
        "2 | engine = create_async_engine(URL);",
        "  |          ^^^^^^^^^^^^^^^^^^^^^^^^",
        "  |",
        "  ::: a.ipynb:cell 4:1:7: the URL is defined here",
        "  |",
        '1 | URL = "postgresql+asyncpg://shop:***@pgbouncer:6432/db"',
    ]


def _url() -> str:
    return "postgresql+asyncpg://shop:hunter44@db/app"


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_shows_a_secret_of_a_command(poolsafe: Poolsafe, tmp_path: Path, format_: str) -> None:
    command = "!psql postgresql://shop:hunter33@db/app"
    (tmp_path / "a.ipynb").write_bytes(
        written(notebook(HEAD, f'{command}\ne = create_async_engine("{_url()}")\nx\n{command}'))
    )
    for arguments in ([f"--output-format={format_}"], ["--diff"]):
        ran = poolsafe(*arguments)
        assert (ran.code, "hunter33" in ran.out) == (1, False)


def test_json(poolsafe: Poolsafe) -> None:
    for output in (poolsafe("--select=PGB101", "--output-format=json").out, None):
        found = json.loads(output or f"[{poolsafe('--select=PGB101', '--output-format=json-lines').out}]")
        assert len(found) == 1
        said = found[0]
        assert (said["cell"], said["noqa_row"]) == (5, 2)
        assert (said["location"], said["end_location"]) == ({"row": 2, "column": 10}, {"row": 2, "column": 34})
        assert [(each["cell"], each["location"]["row"]) for each in said["related"]] == [(4, 1)]
        assert {(each["cell"], each["location"]["row"]) for each in said["fix"]["edits"]} == {(5, 2)}


def test_formats_that_know_files_only_are_given_lines_of_the_file(poolsafe: Poolsafe) -> None:
    def report(name: str) -> str:
        return poolsafe("--select=PGB101", f"--output-format={name}").out

    assert f",line={ROW},col={COLUMN},endLine={ROW},endColumn={COLUMN + 24}::a.ipynb:cell 5:2:10: PGB101" in report(
        "github"
    )
    assert report("pylint").startswith(f"a.ipynb:{ROW}: [PGB101] cell 5:2:10: neither")
    assert f";linenumber={ROW};columnnumber={COLUMN};code=PGB101;]cell 5:2:10: neither" in report("azure")
    (gitlab,) = json.loads(report("gitlab"))
    assert gitlab["description"].startswith("PGB101: cell 5:2:10: neither")
    assert gitlab["location"]["positions"]["begin"] == {"line": ROW, "column": COLUMN}
    (rdjson,) = json.loads(report("rdjson"))["diagnostics"]
    assert rdjson["location"]["range"]["start"] == {"line": ROW, "column": COLUMN}
    junit = report("junit")
    assert f'line="{ROW}" column="{COLUMN}"' in junit
    assert ">a.ipynb:cell 5:2:10: PGB101" in junit
    (sarif,) = json.loads(report("sarif"))["runs"][0]["results"]
    (place,) = sarif["locations"]
    assert place["physicalLocation"]["region"]["startLine"] == ROW
    assert place["logicalLocations"] == [{"fullyQualifiedName": "cell 5:2:10"}]
    assert sarif["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == line_of("postgresql+asyncpg")[0]


def test_the_fix_in_sarif_is_what_apply_writes(poolsafe: Poolsafe, tmp_path: Path) -> None:
    (result,) = json.loads(poolsafe("--select=PGB101", "--output-format=sarif").out)["runs"][0]["results"]
    source = Source.decode("a.ipynb", NOTEBOOK)
    text = source.text
    for each in reversed(result["fixes"][0]["artifactChanges"][0]["replacements"]):
        region = each["deletedRegion"]
        start = source.offset(region["startLine"], region["startColumn"])
        end = source.offset(region["endLine"], region["endColumn"])
        text = text[:start] + each["insertedContent"]["text"] + text[end:]
    poolsafe("--select=PGB101", "--apply")
    assert (tmp_path / "a.ipynb").read_text(encoding="utf-8") == text


# --- repairs


def test_apply_and_diff(poolsafe: Poolsafe, tmp_path: Path) -> None:
    diff = poolsafe("--diff")
    assert (diff.code, diff.out) == (1, "\n".join([
        "--- a.ipynb:cell 5",
        "+++ a.ipynb:cell 5",
        "@@ -1,2 +1,6 @@",
        ' %time "',
        "-engine = create_async_engine(URL);",
        *(f"+{line}" for line in FIXED.splitlines()[1:]),
        "",
    ]))  # fmt: skip
    os.chmod(tmp_path / "a.ipynb", 0o640)
    assert poolsafe("--apply").code == 0
    once = (tmp_path / "a.ipynb").read_bytes()
    assert once == written(notebook(*CELLS[:-1], FIXED))
    assert (tmp_path / "a.ipynb").stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["a.ipynb"]
    assert poolsafe("--apply").code == 0
    assert (tmp_path / "a.ipynb").read_bytes() == once
    assert poolsafe("--diff").out == ""


@pytest.mark.parametrize(
    "spell",
    [
        lambda content: json.dumps(content, indent=4).replace("\n", "\r\n").encode(),
        lambda content: json.dumps(content, separators=(",", ":")).encode(),
        lambda content: b"\xef\xbb\xbf" + json.dumps(content, indent="\t", ensure_ascii=False).encode(),
        lambda content: json.dumps(
            {**content, "cells": [{**each, "source": "".join(each["source"])} for each in content["cells"]]}
        ).encode(),
    ],
    ids=["CRLF", "compact", "byte order mark", "one string"],
)
def test_whatever_it_is_written_like(poolsafe: Poolsafe, tmp_path: Path, spell: Callable[[Any], bytes]) -> None:
    more: dict[str, Any] = {"Ärger": "\N{GRINNING FACE}", "output": ["\x1b[0m", 1e-9, 1.0, None, True, {}, []]}
    before, after = (spell(notebook(*CELLS[:-1], last, **more)) for last in (ENGINE, FIXED))
    (tmp_path / "a.ipynb").write_bytes(before)
    assert poolsafe("--apply").code == 0
    assert (tmp_path / "a.ipynb").read_bytes() == after


def test_line_ends_in_cells_are_kept(poolsafe: Poolsafe, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(written(notebook("import os", HEAD, f"{URL}\n{ENGINE}".replace("\n", "\r\n"))))
    assert poolsafe("--apply").code == 0
    assert texts((tmp_path / "a.ipynb").read_bytes())[2] == f"{URL}\n{FIXED}".replace("\n", "\r\n")


def test_statements_are_split_before_a_semicolon_that_hides_their_value(poolsafe: Poolsafe, tmp_path: Path) -> None:
    statement = 'async with engine.begin() as c:\n    await c.execute(text("SELECT 1{}SELECT 2"));  # both'
    (tmp_path / "a.ipynb").write_bytes(written(notebook(HEAD, URL, FIXED, statement.format("; "))))
    assert poolsafe("--apply").code == 0
    between = '"))\n    await c.execute(text("'
    assert texts((tmp_path / "a.ipynb").read_bytes())[3] == statement.format(between)


def test_no_fix_reaches_into_another_cell(poolsafe: Poolsafe, tmp_path: Path) -> None:
    call = f'x = create_async_engine("{_url()}", pool_pre_ping=True, '
    raw = written(notebook(HEAD, f"{call}statement_cache_size=0,", "prepared_statement_cache_size=0)"))
    (tmp_path / "a.ipynb").write_bytes(raw)
    (found,) = json.loads(poolsafe("--output-format=json").out)
    assert (found["code"], found["cell"], found["fix"]) == ("PGB105", 2, None)
    assert found["end_location"] == {"row": 2, "column": 33}
    assert poolsafe("--apply", "-q").err == ""
    assert (tmp_path / "a.ipynb").read_bytes() == raw


def test_standard_input(tmp_path: Path) -> None:
    def piped(*arguments: str, content: bytes = NOTEBOOK) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "poolsafe", *arguments, "-"]
        return subprocess.run(command, input=content, cwd=tmp_path, capture_output=True)

    ran = piped("--stdin-filename=b.ipynb", "--output-format=concise", "-q", "--select=PGB101")
    assert (ran.returncode, ran.stdout.partition(b" [*]")[0]) == (1, b"b.ipynb:cell 5:2:10: PGB101")
    ran = piped("--stdin-filename=b.ipynb", "--apply")
    assert (ran.returncode, ran.stdout) == (0, written(notebook(*CELLS[:-1], FIXED)))
    clean = written(notebook("import os"))
    assert piped("--stdin-filename=b.ipynb", "--apply", content=clean).stdout == clean


CASES = [case for case in (*laws.cases("bad"), *laws.shop()) if case.raw]


def as_cells(case: Case) -> Notebook:
    """The fixture as a notebook under its own name, with a cell for each statement."""
    lines = case.source.text.splitlines(keepends=True)
    try:
        body = ast.parse(case.source.text).body
    except SyntaxError:
        body = []
    starts = [min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]) for node in body]
    # Statements may share a line.
    bounds = [0, *sorted({start - 1 for start in starts[1:]}), len(lines)]
    cells = ["".join(lines[a:b]).removesuffix("\n") for a, b in pairwise(bounds)]
    return Notebook.decode(str(case.path), written(notebook(cell("%%", "markdown"), *cells)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_notebook_is_repaired_as_its_joined_cells_are(case: Case) -> None:
    before = as_cells(case)
    assert before.text == case.source.text
    assert laws.found(before, case.deployment) == laws.expected(case.source)
    after = laws.applied(before, case.deployment, unsafe=case.unsafe)
    assert after.text == laws.repaired(case.source, case.deployment, unsafe=case.unsafe).text
    assert laws.applied(after, case.deployment, unsafe=case.unsafe) is after
    # The notebook is as Jupyter would write it.
    assert after.raw == written(json.loads(after.raw))
    for number, old, new in zip(range(1, 100), texts(before.raw), texts(after.raw), strict=False):
        assert (number, old.count("\n") == 0) == (number, new.count("\n") == 0) or old != new


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_places_in_the_json(case: Case) -> None:
    before = as_cells(case)
    for finding in laws.findings(before, case.deployment):
        place = before.file.text[before.offset_in_file(finding.start) :]
        words = before.text[finding.start : finding.end].partition("\n")[0]
        assert place.startswith(json.dumps(words, ensure_ascii=False)[1:-1])


# --- comments


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        ([HEAD, URL, f"{ENGINE}  # noqa: PGB101"], ["PGB201"]),
        ([HEAD, URL, f"{ENGINE}  # noqa"], []),
        ([HEAD, URL, ENGINE, "# poolsafe: noqa: PGB201"], ["PGB101"]),
        ([HEAD, URL, ENGINE, "# poolsafe: file-ignore[PGB201]"], ["PGB101"]),
        ([HEAD, URL, f"# poolsafe: ignore[PGB101]\n{ENGINE.splitlines()[1]}"], ["PGB201"]),
        ([HEAD, URL, ENGINE, "x = 1  # noqa: PGB101"], ["PGB101", "PGB201", "PGB001"]),
        ([cell("# poolsafe: noqa", "markdown"), HEAD, URL, ENGINE], ["PGB101", "PGB201"]),
    ],
)
def test_comments(poolsafe: Poolsafe, tmp_path: Path, cells: list[Any], codes: list[str]) -> None:
    (tmp_path / "a.ipynb").write_bytes(written(notebook(*cells)))
    assert [each["code"] for each in json.loads(poolsafe("--output-format=json").out)] == codes


def test_a_comment_is_removed_with_its_line(poolsafe: Poolsafe, tmp_path: Path) -> None:
    cells = [HEAD, URL, FIXED, "x = 1\n# poolsafe: ignore[PGB101]", "# poolsafe: ignore[PGB201]", "y = 1"]
    (tmp_path / "a.ipynb").write_bytes(written(notebook(*cells)))
    assert poolsafe("--apply").code == 0
    assert texts((tmp_path / "a.ipynb").read_bytes())[3:] == ["x = 1", "", "y = 1"]


def test_add_noqa(poolsafe: Poolsafe, tmp_path: Path) -> None:
    assert poolsafe("--add-noqa").code == 0
    assert (tmp_path / "a.ipynb").read_bytes() == written(notebook(*CELLS[:-1], f"{ENGINE}  # noqa: PGB101, PGB201"))
    assert poolsafe().code == 0


def test_lines_about_a_cell_name_it(poolsafe: Poolsafe, tmp_path: Path) -> None:
    cells = [HEAD, "import os\nengine = create_async_engine(os.environ['URL'])  # noqa: PGB10x"]
    (tmp_path / "a.ipynb").write_bytes(written(notebook(*cells)))
    err = poolsafe("--verbose").err
    assert "a.ipynb:cell 2:2: not checked: " in err
    assert "a.ipynb:cell 2:2: Invalid `# noqa` directive" in err


def test_baseline(poolsafe: Poolsafe, tmp_path: Path) -> None:
    poolsafe("--write-baseline=known.json")
    assert poolsafe("--baseline=known.json").code == 0
    (tmp_path / "a.ipynb").write_bytes(written(notebook(*CELLS[1:3], "x = 1", *CELLS[3:])))
    assert poolsafe("--baseline=known.json").code == 0


# --- which files


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 1),
        (["."], 1),
        (["a.ipynb"], 1),
        (["--exclude=*.ipynb"], 0),
        (["--exclude=*.ipynb", "a.ipynb"], 1),
        (["--exclude=*.ipynb", "--force-exclude", "a.ipynb"], 0),
        (["--per-file-ignores=*.ipynb:PGB"], 0),
        (["--per-file-ignores=*.py:PGB"], 1),
        (["--config=include = ['*.py']"], 0),
        (["--extension=ipynb:markdown"], 0),
    ],
)
def test_selection_of_files(poolsafe: Poolsafe, arguments: list[str], code: int) -> None:
    assert poolsafe("-q", *arguments).code == code


def test_another_extension(poolsafe: Poolsafe, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").rename(tmp_path / "a.nb")
    assert poolsafe().code == 0
    ran = poolsafe("--extension=nb:ipynb", "--output-format=concise", "-q", "--select=PGB101")
    assert ran.out.startswith("a.nb:cell 5:2:10: PGB101")


@pytest.mark.parametrize(
    "content",
    [
        notebook(*CELLS, metadata={"language_info": {"name": "R"}}),
        notebook(cell(HEAD, "markdown"), cell(ENGINE, "markdown")),
        notebook(),
        notebook(f"%%script python\n{HEAD}", f"%%bash\n{ENGINE}"),
    ],
)
def test_nothing_to_find(poolsafe: Poolsafe, tmp_path: Path, content: object) -> None:
    (tmp_path / "a.ipynb").write_bytes(written(content))
    assert poolsafe("--apply").code == 0
    assert (tmp_path / "a.ipynb").read_bytes() == written(content)


def test_outputs_may_be_large(poolsafe: Poolsafe, tmp_path: Path) -> None:
    last = {**cell(ENGINE), "outputs": [{"data": {"image/png": "A" * 9_000_000}}]}
    (tmp_path / "a.ipynb").write_bytes(written(notebook(*CELLS[:-1], last)))
    assert poolsafe("--apply").code == 0
    assert texts((tmp_path / "a.ipynb").read_bytes())[-1] == FIXED


def test_a_notebook_that_is_too_large(poolsafe: Poolsafe, tmp_path: Path) -> None:
    large = written(notebook(*CELLS, padding="A" * 3_000_000))
    small = written(notebook("import os", padding="A" * 3_000_000))
    refused = "a.ipynb:1:1: PGB009 `a.ipynb` could not be parsed (a file of more than 2 MB), "
    with (
        mock.patch.multiple("poolsafe.reading", LARGEST_NOTEBOOK=2_000_000),
        mock.patch("poolsafe.config.settings.LARGEST_NOTEBOOK", 2_000_000),
        mock.patch("poolsafe.notebooks.sifting.LARGEST_NOTEBOOK", 2_000_000),
    ):
        for raw in (large, small):
            (tmp_path / "a.ipynb").write_bytes(raw)
            ran = poolsafe("--output-format=concise", "--apply")
            assert (ran.code, ran.out.startswith(refused)) == ((1, True) if raw is large else (0, False))
            assert (tmp_path / "a.ipynb").read_bytes() == raw
        assert [sifting.wanted(raw)[0] for raw in (large, small)] == [needles.ENGINE, 0]


@pytest.mark.parametrize(
    ("raw", "place", "words"),
    [
        (written(notebook(HEAD, "x = 1", f"{ENGINE}\nx = (")), "cell 3:3:5", "syntax error: '(' was never closed"),
        (written(notebook("# a", HEAD, ENGINE, "def f():")), "cell 4:1", "definition on line 1 of cell 4)"),
        (BROKEN, f"{BROKEN.count(10) + 1}:1", "a notebook must be JSON: "),
        (NOTEBOOK.replace(b'"nbformat": 4', b'"nbformat": 3'), "1:1", "expected Jupyter notebook format 4, found 3"),
        (written([*CELLS]), "1:1", "no Jupyter notebook: expected an object"),
    ],
)
def test_what_cannot_be_read_is_said(poolsafe: Poolsafe, tmp_path: Path, raw: bytes, place: str, words: str) -> None:
    (tmp_path / "a.ipynb").write_bytes(raw)
    ran = poolsafe("--output-format=concise", "-q")
    assert (ran.code, ran.err, ran.out.count("\n")) == (1, "", 1)
    assert ran.out.startswith(f"a.ipynb:{place}:")
    assert " PGB009 " in ran.out
    assert words in ran.out
    assert poolsafe("--apply", "-q").code == 1
    assert (tmp_path / "a.ipynb").read_bytes() == raw


def test_no_file_imports_a_notebook(poolsafe: Poolsafe, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    make = f"{HEAD}\n\ndef make(url):\n    return create_async_engine(url)\n"
    (tmp_path / "a.ipynb").write_bytes(written(notebook(make)))
    (tmp_path / "b.py").write_text(f"from a import make\n\nmake('{_url()}')\n")
    assert poolsafe().code == 0
    (tmp_path / "a.py").write_text(make)
    assert "a.py:5:12: PGB101" in poolsafe("--output-format=concise").out


def test_a_notebook_imports_modules(poolsafe: Poolsafe, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    (tmp_path / "a.py").write_text(f"URL = '{_url()}'\n")
    (tmp_path / "a.ipynb").write_bytes(written(notebook(f"{HEAD}\nfrom a import URL", "x = create_async_engine(URL)")))
    assert "a.ipynb:cell 2:1:5: PGB101" in poolsafe("--output-format=concise").out


@pytest.mark.parametrize(
    ("content", "imported"),
    [
        (notebook("import os"), []),
        (notebook(cell("Call `create_async_engine`.", "markdown"), "import os"), ["json"]),
        (notebook(ENGINE), ["json", "libcst"]),
    ],
)
def test_nothing_heavy_is_imported_without_a_needle(tmp_path: Path, content: object, imported: list[str]) -> None:
    (tmp_path / "a.ipynb").write_bytes(written(content))
    code = (
        "import sys; from poolsafe.command import main; main(['-q', '.']); "
        "print(*(name for name in ('json', 'libcst') if name in sys.modules))"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=kept)
    assert ran.stdout.splitlines()[-1].split() == imported
