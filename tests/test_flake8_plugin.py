"""The plugin in the real flake8, and on its own."""

from __future__ import annotations

import multiprocessing
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from flake8.main.cli import main as flake8_main  # type: ignore[import-untyped]
from samples import LONG, one_in

from poolsafe import __version__, flake8_plugin
from poolsafe.command import main
from poolsafe.config import reference
from poolsafe.config.keys import KEYS
from poolsafe.config.layers import load_toml
from poolsafe.flake8_plugin import OPTIONS, Plugin

HEAD = "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
ENGINE = 'create_async_engine("postgresql+asyncpg://db/app")'
BAD = f"{HEAD}engine = {ENGINE}\n"


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Plugin, "_options", {})
    monkeypatch.setattr(Plugin, "_resolver", None)
    monkeypatch.setattr(Plugin, "_baselines", None)
    monkeypatch.setattr(Plugin, "_presence", None)
    monkeypatch.setattr(Plugin, "_sound", set())
    load_toml.cache_clear()


def flake8(cwd: Path, *arguments: str, stdin: str | None = None, **environment: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "flake8", "--select=PGB", *arguments]
    ran = subprocess.run(
        command,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environment},
    )
    return ran.returncode, ran.stdout, ran.stderr


def places(output: str) -> list[tuple[str, int, int, str]]:
    found = re.findall(r"^(.+?):(\d+):(\d+): (PGB\d+)", output, re.MULTILINE)
    return [(os.path.basename(path), int(row), int(column), code) for path, row, column, code in found]


def run(text: str, filename: str = "a.py") -> list[tuple[int, int, str]]:
    lines = text.splitlines(keepends=True)
    return [(row, column, message[:6]) for row, column, message, _ in Plugin(None, filename, lines).run()]  # type: ignore[arg-type]


def test_a_file_without_an_engine_is_checked() -> None:
    text = (
        "import asyncpg\nasync def f(dsn):\n    conn = await asyncpg.connect(dsn)\n"
        "    await conn.execute(\"SET app.tenant = '1'\")\n"
    )
    assert run(text) == [(3, 17, "PGB501"), (4, 10, "PGB401")]


def test_flake8_shows_what_the_command_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = {
        "a.py": BAD,
        "b.py": f'{HEAD}日本 = "é"; engine = {ENGINE}\n',
        "c.py": f"{HEAD}def f():\n\treturn {ENGINE}\n",
        "d.py": "import os\n",
        "e.py": "# -*- coding: latin-1 -*-\n" + HEAD + f'é = ""; engine = {ENGINE}\n',
        "f.py": "\ufeff" + BAD.replace("\n", "\r\n"),
        "g.py": f"{HEAD}\x0cengine = {ENGINE}\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text.encode("latin-1" if "latin-1" in text else "utf-8"))
    _, output, errors = flake8(tmp_path, ".")
    assert errors == ""
    main(["--output-format=concise", "."])
    ours = places(capsys.readouterr().out)
    assert len(ours) >= 6
    assert sorted(places(output)) == sorted(ours)


def test_noqa_is_left_to_flake8(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BAD.rstrip("\n") + "  # noqa: PGB101\n")
    _, output, _ = flake8(tmp_path, "a.py")
    assert "PGB101" not in output
    _, output, _ = flake8(tmp_path, "--disable-noqa", "a.py")
    assert "PGB101" in output
    assert "PGB101" in [code for _, _, code in run(BAD.rstrip("\n") + "  # noqa\n")]


@pytest.mark.parametrize("comment", ["  # poolsafe: ignore[PGB101] direct", "\n# poolsafe: noqa: PGB101"])
def test_what_names_poolsafe_silences_here_too(comment: str) -> None:
    codes = [code for _, _, code in run(BAD.rstrip("\n") + comment + "\n")]
    assert codes == ["PGB201"]


def test_standard_input(tmp_path: Path) -> None:
    for arguments in (["-"], ["--stdin-display-name=x.py", "-"]):
        _, output, _ = flake8(tmp_path, *arguments, stdin=BAD)
        assert "PGB101" in output


@pytest.mark.parametrize("method", one_in(3, multiprocessing.get_all_start_methods(), LONG))
def test_several_processes_with_options(tmp_path: Path, method: str) -> None:
    for number in range(4):
        (tmp_path / f"a{number}.py").write_text(BAD)
    script = tmp_path / "run.py"
    script.write_text(
        "import multiprocessing, sys\n"
        "from flake8.main.cli import main\n"
        "if __name__ == '__main__':\n"
        f"    multiprocessing.set_start_method({method!r})\n"
        "    sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "run.py", "--select=PGB", "--jobs=2", *[f"a{number}.py" for number in range(4)]]
    plain = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert plain.stderr == ""
    assert {name for name, *_ in places(plain.stdout)} == {f"a{number}.py" for number in range(4)}
    quiet = subprocess.run([*command, "--poolsafe-pooler=none"], cwd=tmp_path, capture_output=True, text=True)
    assert (quiet.stdout, quiet.stderr) == ("", "")


@pytest.mark.parametrize(
    ("files", "arguments", "silent"),
    [
        ({}, [], False),
        ({".flake8": "[flake8]\npoolsafe-pooler = none\n"}, [], True),
        ({"poolsafe.toml": "pooler = 'none'"}, [], True),
        ({"pyproject.toml": "[tool.poolsafe]\npooler = 'none'"}, [], True),
        ({"poolsafe.toml": "pooler = 'none'"}, ["--poolsafe-pooler=transaction"], False),
        ({"poolsafe.toml": "pooler = 'transaction'"}, ["--poolsafe-pooler=none"], True),
        ({"poolsafe.toml": "min-severity = 'error'"}, [], True),
        ({"poolsafe.toml": "min-severity = 'error'\npooler = 'transaction'"}, [], False),
        ({}, ["--poolsafe-min-severity=error"], True),
        ({}, ["--poolsafe-max-prepared-statements=200"], True),
        # Which codes are shown is for flake8 to say.
        ({"poolsafe.toml": "[lint]\nignore = ['ALL']"}, [], False),
    ],
)
def test_configuration(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, str],
    arguments: list[str],
    silent: bool,
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "a.py").write_text(BAD)
    code = flake8_main(["--select=PGB", *arguments, "a.py"])
    output, errors = capsys.readouterr()
    assert errors == ""
    assert ("PGB101" not in output) is silent
    assert code == (1 if output else 0)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--poolsafe-pooler=bouncer", "--poolsafe-pooler: must be one of `auto`"),
        ("--poolsafe-asyncpg-version=new", "--poolsafe-asyncpg-version: must be a version"),
        ("--poolsafe-max-prepared-statements=x", "--poolsafe-max-prepared-statements: must be a whole number"),
    ],
)
def test_a_wrong_option_ends_flake8_as_its_own_do(tmp_path: Path, option: str, words: str) -> None:
    (tmp_path / "a.py").write_text(BAD)
    code, _, errors = flake8(tmp_path, option, "a.py")
    assert code == 2
    assert words in errors
    assert "Traceback" not in errors


BROKEN = {
    "a key": ({"poolsafe.toml": "poolr = 1"}, "{}poolsafe.toml: unknown key `poolr`; did you mean `pooler`?"),
    "a value": ({".poolsafe.toml": "pooler = 'x'"}, "{}.poolsafe.toml: `pooler`: must be one of `auto`"),
    "TOML": ({"pyproject.toml": "[tool.poolsafe"}, "{}pyproject.toml: invalid TOML"),
    "a table": ({"pyproject.toml": "tool.poolsafe = 1"}, "{}pyproject.toml: `tool.poolsafe` must be a table"),
    "a selector": ({"poolsafe.toml": "lint.select = ['X1']"}, "{}poolsafe.toml: `lint.select`: unknown rule selector"),
    "a glob": ({"poolsafe.toml": "exclude = ['[a']"}, "{}poolsafe.toml: `exclude`: invalid glob"),
    "a link to nowhere": ({"poolsafe.toml": "extend = 'no.toml'"}, "{}poolsafe.toml: `extend`: no such file"),
    "a version": ({"poolsafe.toml": "required-version = '>99'"}, "{}poolsafe.toml: `required-version` requires"),
    "a baseline": ({"poolsafe.toml": "baseline = 'b.json'"}, "{}poolsafe.toml: `baseline`: b.json: No such file"),
}


@pytest.mark.parametrize("text", ["x = 1\n", BAD], ids=["no needle", "needle"])
@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_configuration_ends_flake8_as_its_wrong_options_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str, text: str
) -> None:
    files, words = BROKEN[case]
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "a.py").write_text(text)
    for arguments in (["--select=PGB1"], ["--select=E,W,F", "a.py"], [str(tmp_path / "a.py")], ["nothing.py"]):
        with pytest.raises(SystemExit) as stop:
            flake8_main(arguments)
        output, errors = capsys.readouterr()
        assert (stop.value.code, output) == (2, "")
        usage, line = errors.splitlines()
        assert usage.startswith("usage: ")
        assert f"error: {words.format(str(tmp_path) + os.sep)}" in line


@pytest.mark.parametrize("text", ["x = 1\n", BAD], ids=["no needle", "needle"])
@pytest.mark.parametrize("case", BROKEN)
def test_one_further_down_ends_flake8_with_its_critical_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str, text: str
) -> None:
    files, words = BROKEN[case]
    folder = tmp_path / "sub"
    (folder / "deep").mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content)
    (folder / "deep/a.py").write_text(text)
    assert flake8_main(["--select=PGB1", "--jobs=1"]) == 1
    output, errors = capsys.readouterr()
    head, line = output.splitlines()
    assert (head, errors) == ("There was a critical error during execution of Flake8:", "")
    assert line.startswith(words.format(f"{folder}{os.sep}"))


def test_workers_end_flake8_too(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/poolsafe.toml").write_text("poolr = 1")
    for number in range(4):
        (tmp_path / f"a{number}.py").write_text(BAD)
        (tmp_path / f"sub/b{number}.py").write_text("x = 1\n")
    code, output, errors = flake8(tmp_path, "--jobs=2", ".")
    assert (code, errors) == (1, "")
    assert output.splitlines()[1:] == [f"{tmp_path / 'sub/poolsafe.toml'}: unknown key `poolr`; did you mean `pooler`?"]


def test_standard_input_has_the_configuration_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/poolsafe.toml").write_text("poolr = 1")
    assert flake8(tmp_path, "-", stdin="x = 1\n")[0] == 0
    assert flake8(tmp_path, "-", "--stdin-display-name=sub/a.py", stdin="x = 1\n")[0] == 2
    assert flake8(tmp_path, "--version")[0] == 0


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "[tool.other]\npoolr = 1"},
        {"pyproject.toml": "[tool.other"},
        {"ruff.toml": "exclude = 1"},
        {"pyproject.toml": "[tool.ruff]\nexclude = 1\n[tool.poolsafe]"},
        {"venv/lib/site-packages/poolsafe.toml": "poolr = 1", "venv/lib/site-packages/a.py": "x = 1\n"},
    ],
)
def test_what_is_not_ours_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> None:
    for name, content in {**files, "a.py": "x = 1\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert flake8_main([]) == 0
    assert capsys.readouterr() == ("", "")


def test_the_users_own_configuration_counts_where_there_is_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolsafe.config.presence.user_directory", lambda: str(tmp_path / "home"))
    monkeypatch.setattr("poolsafe.config.resolver.user_directory", lambda: str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "project").mkdir()
    (tmp_path / "home/poolsafe.toml").write_text("poolr = 1")
    monkeypatch.chdir(tmp_path / "project")
    (tmp_path / "project/a.py").write_text("x = 1\n")
    with pytest.raises(SystemExit):
        flake8_main([])
    assert "home" in capsys.readouterr().err
    (tmp_path / "project/poolsafe.toml").write_text("")
    load_toml.cache_clear()
    assert flake8_main([]) == 0


def test_what_ends_flake8_steers_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "poolsafe.toml").write_text('pooler = "\\u001b[2J\\u202e"')
    with pytest.raises(SystemExit):
        flake8_main([])
    assert capsys.readouterr().err.rstrip("\n").replace("\n", "").isprintable()
    (tmp_path / "sub").mkdir()
    (tmp_path / "poolsafe.toml").rename(tmp_path / "sub/poolsafe.toml")
    (tmp_path / "sub/a.py").write_text("x = 1\n")
    assert flake8_main(["--jobs=1"]) == 1
    assert capsys.readouterr().out.replace("\n", "").isprintable()


def test_an_error_of_ours_in_the_options_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("boom")

    monkeypatch.setattr(Plugin, "_require_sound", broken)
    with pytest.raises(ValueError, match="boom"):
        Plugin.parse_options(None, SimpleNamespace(), [])  # type: ignore[arg-type]


def test_nothing_is_imported_where_nothing_is_configured(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    program = (
        "import sys; from types import SimpleNamespace; from poolsafe.flake8_plugin import Plugin\n"
        "Plugin.parse_options(None, SimpleNamespace(), ['.', 'sub/a.py'])\n"
        "list(Plugin(None, 'sub/a.py', ['x = 1\\n']).run())\n"
        "print(*(name for name in sys.modules if name in ('tomli', 'poolsafe.config.resolver')))"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout == "\n"
    (tmp_path / "pyproject.toml").write_text("[tool.poolsafe]\n")
    assert "tomli" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout


# What flake8's own selection shows of a file with PGB101.
SELECTIONS = [
    ("", [], True),
    ("select = E,W,F", [], False),
    ("select = E,W,F,PGB", [], True),
    ("select = E,W,F\nextend-select = PGB", [], True),
    ("select = E,W,F,PGB", ["--select=E"], False),
    ("extend-ignore = PGB1", [], False),
    ("per-file-ignores = a.py:PGB", [], False),
]


@pytest.mark.parametrize(("config", "arguments", "shown"), SELECTIONS)
def test_a_selection_of_flake8_hides_us_unless_it_names_us(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], config: str, arguments: list[str], shown: bool
) -> None:
    (tmp_path / ".flake8").write_text(f"[flake8]\n{config}\n")
    (tmp_path / "a.py").write_text(BAD)
    flake8_main([*arguments, "a.py"])
    assert ("PGB101" in capsys.readouterr().out) is shown


def test_the_documentation_lists_the_keys_that_flake8_takes_over() -> None:
    section = reference.render().partition("## Under flake8\n")[2].partition("\n## ")[0]
    heads = re.findall(r"^- ([^:]+):", section, re.MULTILINE)
    listed = {f"lint.{name}" for head in heads for name in re.findall(r"`([\w-]+)`", head)} - {"lint.include"}
    source = Path(flake8_plugin.__file__).read_text(encoding="utf-8")
    read = {path for path in KEYS if path.startswith("lint.") and f'settings["{path}"]' in source}
    assert read == {"lint.external"}
    assert listed | read == {path for path in KEYS if path.startswith("lint.")}


@pytest.mark.parametrize("error", [ValueError("boom\nboom"), RecursionError(), MemoryError(), AssertionError()])
def test_no_exception_ever_leaves_the_plugin(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("poolsafe.checker.check", broken)
    ((row, column, message, _),) = Plugin(None, "a.py", BAD.splitlines(keepends=True)).run()  # type: ignore[arg-type]
    assert (row, column) == (1, 0)
    assert message.startswith("PGB009 this file was not checked: internal error (test_flake8_plugin.py:")
    assert "please report it" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    ["", "\0engine create_async_engine", "create_async_engine(\ud800)", "create_async_engine(" * 5000, "engine;"],
)
def test_strange_texts(text: str) -> None:
    assert {code for _, _, code in run(text)} <= {"PGB009"}


def test_files_without_a_path() -> None:
    assert [code for _, _, code in run(BAD, "stdin")] == [code for _, _, code in run(BAD, "-")]


def test_options_are_registered_and_taken_over() -> None:
    added: list[str] = []
    Plugin.add_options(SimpleNamespace(add_option=lambda name, **_: added.append(name)))
    assert added == [f"--poolsafe-{key}" for key in OPTIONS]
    Plugin.parse_options(None, SimpleNamespace(poolsafe_pooler="none"), [])  # type: ignore[arg-type]
    assert run(BAD) == []
    Plugin.parse_options(None, SimpleNamespace(), [])  # type: ignore[arg-type]
    assert run(BAD) != []


def test_flake8_knows_us(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-m", "flake8", "--version"], cwd=tmp_path, capture_output=True, text=True)
    # flake8 shows the name of the distribution.
    assert f"poolsafe: {__version__}" in ran.stdout


UNJUDGED = f"{HEAD}from company import url\n\nengine = create_async_engine(url)\n"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--select=PGB"], False),
        (["--select=PGB0"], False),
        # Where the user has an `ignore`, flake8 drops what is ignored by default.
        (["--select=PGB", "--ignore=E501"], False),
        (["--select=PGB010"], True),
        (["--select=PGB", "--extend-select=PGB010"], True),
        (["--select=PGB,PGB010", "--ignore=E501"], True),
        (["--extend-select=PGB010", "--extend-ignore=E,W,F"], True),
    ],
)
def test_only_its_whole_code_selects_the_rule_on_unjudged_engines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], found: bool
) -> None:
    (tmp_path / "a.py").write_text(UNJUDGED)
    flake8_main(["--isolated", "-j1", *arguments, "a.py"])
    shown = places(capsys.readouterr().out)
    assert shown == ([("a.py", 5, 10, "PGB010")] if found else [])


def test_a_comment_of_flake8_answers_for_an_unjudged_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text(UNJUDGED.replace("(url)", "(url)  # noqa: PGB010"))
    (tmp_path / "tox.ini").write_text("[flake8]\nselect = PGB, PGB010\n")
    assert flake8_main(["-j1", "a.py"]) == 0
    assert capsys.readouterr().out == ""
