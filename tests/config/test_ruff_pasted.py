"""A ruff configuration with `ruff` renamed to `poolsafe`: which keys load, which are rejected, and what they mean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli
from cli.test_command import BAD, HEAD, UNSAFE, Run, poolsafe, write

from poolsafe.config.errors import UsageError
from poolsafe.config.keys import KEYS, RENAMED
from poolsafe.config.layers import load_toml, read_table
from poolsafe.config.presence import user_directory
from poolsafe.config.resolver import Resolver
from poolsafe.config.ruff_keys import is_ruffs

__all__ = ["poolsafe"]

RUFF = Path(sys.executable).parent / ("ruff.exe" if os.name == "nt" else "ruff")
needs_ruff = pytest.mark.skipif(not RUFF.exists(), reason="ruff is not installed")


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    load_toml.cache_clear()


# --- which keys there are


@pytest.fixture(scope="module")
def ruffs() -> dict[str, Any]:
    """The keys of the installed ruff, with what it says of each."""
    output = subprocess.run([RUFF, "config", "--output-format=json"], capture_output=True, check=True).stdout
    return {key: value for key, value in json.loads(output).items() if not value["deprecated"]}


@needs_ruff
def test_every_key_of_ruff_is_either_ours_or_known_as_ruffs(ruffs: dict[str, Any]) -> None:
    assert [key for key in ruffs if (key in KEYS) is is_ruffs(key)] == []


@needs_ruff
def test_our_keys_have_ruffs_types_and_defaults(ruffs: dict[str, Any]) -> None:
    # Ours reads no Markdown and no TOML, selects all its rules, has formats of its own, and takes a line
    # length that is not set from other tools.
    differing = {"include", "line-length", "lint.select", "output-format"}
    kinds = {"bool": "boolean", "str": "string", "list[str]": "array", "list[RuleSelector]": "array"}
    for path in KEYS.keys() & ruffs.keys() - differing:
        kind = ruffs[path]["value_type"]
        assert KEYS[path].kind.schema["type"] == kinds.get(kind, "object"), path
        default = json.loads(ruffs[path]["default"])
        mine = KEYS[path].default
        if path in ("lint.fixable", "lint.preview"):
            # Ruff's own answers where nothing is said.
            assert (mine, default) in [(None, ["ALL"]), (None, False)]
        else:
            assert (list(mine) if isinstance(mine, tuple) else mine) == default, path


# --- what loads

PASTED = """
line-length = 100
extend = "base.toml"
required-version = ">=0.0.1"
output-format = "concise"
fix = false
fix-only = false
show-fixes = true
unsafe-fixes = false
preview = true
exclude = [".git", "build"]
extend-exclude = ["gen"]
include = ["*.py", "**/pyproject.toml", "*.ipynb"]
extend-include = ["*.pyw"]
force-exclude = true
respect-gitignore = false
extension = {pyx = "python", qmd = "markdown"}
src = ["src", "packages/*"]

[lint]
select = ["ALL"]
extend-select = ["ALL"]
ignore = []
fixable = ["ALL"]
extend-fixable = []
unfixable = []
extend-safe-fixes = []
extend-unsafe-fixes = []
external = ["V", "PGB9"]
exclude = ["*.md"]
preview = false
explicit-preview-rules = true

[lint.per-file-ignores]
"tests/**" = ["ALL"]

[lint.extend-per-file-ignores]
"!src/**" = []
"""


@pytest.mark.parametrize("name", ["poolsafe.toml", ".poolsafe.toml", "pyproject.toml"])
def test_a_pasted_configuration_loads(poolsafe: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "base.toml").write_text("")
    (tmp_path / name).write_text(as_pyproject(PASTED) if name == "pyproject.toml" else PASTED)
    ran = poolsafe("--show-settings")
    assert (ran.code, ran.err) == (0, "")
    assert f'lint.external = ["V", "PGB9"]  # {tmp_path / name}' in ran.out.splitlines()


@needs_ruff
def test_ruff_reads_what_we_paste(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text("")
    (tmp_path / "ruff.toml").write_text(PASTED)
    ran = subprocess.run([RUFF, "check", "--no-cache", "."], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_no_key_that_both_have_is_missing_from_it() -> None:
    content = tomli.loads(PASTED)
    pasted = {*content, *(f"lint.{name}" for name in content["lint"])} - {"lint"}
    # What is ours alone, and what ruff calls deprecated.
    alone = {"pooler", "max-prepared-statements", "asyncpg-version", "sqlalchemy-version", "assume-driver", "baseline"}
    alone |= {"min-severity", "inherit-from-ruff", "allow-ruff-keys", "lint.extend-ignore", "lint.extend-unfixable"}
    alone |= {"quote-style"}  # ruff has it in the table `format`
    assert pasted == set(KEYS) - alone


def as_pyproject(text: str) -> str:
    return "[tool.poolsafe]" + text.replace("[lint", "[tool.poolsafe.lint")


# --- what is refused

FOREIGN = [
    ("target-version = 'py312'", "target-version"),
    ("per-file-target-version = {}", "per-file-target-version"),
    ("cache-dir = '.cache'", "cache-dir"),
    ("[format]\nquote-style = 'single'", "format"),
    ("[analyze]\ndirection = 'dependents'", "analyze"),
    ("[lint.isort]\nforce-single-line = true", "lint.isort"),
    ("[lint]\ntask-tags = ['TODO']", "lint.task-tags"),
    ("dummy-variable-rgx = '_'", "dummy-variable-rgx"),
    ("[pydocstyle]\nconvention = 'google'", "pydocstyle"),
]


@pytest.mark.parametrize(("text", "key"), FOREIGN)
def test_what_means_nothing_here_is_refused_unless_asked_for(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_table(tomli.loads(text), "poolsafe.toml", "/")
    assert f"poolsafe.toml: `{key}` is a ruff key that poolsafe does not have" in str(caught.value)
    layer = read_table(tomli.loads(f"allow-ruff-keys = true\n{text}"), "poolsafe.toml", "/")
    assert set(layer) == {"allow-ruff-keys"}


@pytest.mark.parametrize("text", ["poolr = 1", "[lint]\nselct = []", "lin-length = 1", "[lint.isrt]\na = 1"])
def test_a_slip_of_the_pen_is_refused_all_the_same(text: str) -> None:
    with pytest.raises(UsageError, match="unknown key"):
        read_table(tomli.loads(f"allow-ruff-keys = true\n{text}"), "poolsafe.toml", "/")


# --- names that ruff has given up

OLD = [
    ("select = ['PGB2']", {"PGB201", "PGB202"}),
    ("select = ['PGB1']\n[lint]\nselect = ['PGB2']", {"PGB201", "PGB202"}),
    ("select = ['PGB2']\n[lint]\nignore = ['PGB202']", {"PGB201"}),
    ("extend-select = ['PGB201']\nignore = ['PGB']", {"PGB201"}),
]


@pytest.mark.parametrize(("text", "on"), OLD)
def test_the_old_places_work_with_a_warning(poolsafe: Run, tmp_path: Path, text: str, on: set[str]) -> None:
    (tmp_path / "poolsafe.toml").write_text(text)
    enabled = Resolver().for_directory(str(tmp_path)).enabled
    assert enabled & {"PGB101", "PGB201", "PGB202"} == on
    said = text.partition(" ")[0]
    warning = f"{tmp_path / 'poolsafe.toml'}: `{said}` at the top level is deprecated; use `lint.{said}`"
    assert warning in poolsafe("--show-files").err
    assert poolsafe("-q", "--show-files").err == ""


@needs_ruff
@pytest.mark.parametrize(("text", "on"), OLD)
def test_ruff_reads_the_old_places_alike(tmp_path: Path, text: str, on: set[str]) -> None:
    theirs = text.replace("PGB201", "F401").replace("PGB202", "F402").replace("PGB2", "F").replace("PGB1", "E")
    (tmp_path / "ruff.toml").write_text(theirs.replace("PGB", "ALL") + "\n")
    (tmp_path / "a.py").write_text("import os\n")
    ran = subprocess.run([RUFF, "check", "--no-cache"], cwd=tmp_path, capture_output=True, text=True)
    assert ("F401" in ran.stdout) is ("PGB201" in on)
    assert "top-level linter settings are deprecated" in ran.stderr


def test_every_renamed_key_is_named_once() -> None:
    assert set(RENAMED.values()) == {path for path in KEYS if path.startswith("lint.")} - {
        "lint.exclude",
        "lint.preview",
    }


# --- what the shared keys do


@pytest.mark.parametrize(
    ("config", "arguments", "code", "applied"),
    [
        ("", [], 1, False),
        ("", ["--fix"], 0, True),
        ("fix = true", [], 0, True),
        ("fix = true", ["--no-fix"], 1, False),
        ("fix = true", ["--no-apply"], 1, False),
        ("fix = true", ["--diff"], 1, False),
        ("fix = true", ["--add-noqa"], 0, False),
        ("fix = true", ["--write-baseline=known.json"], 0, False),
        ("fix-only = true", [], 0, True),
        ("fix-only = true", ["--no-fix-only"], 1, False),
        ("", ["--fix-only"], 0, True),
        ("", ["--fix-only", "--exit-non-zero-on-fix"], 1, True),
    ],
)
def test_fix(poolsafe: Run, tmp_path: Path, config: str, arguments: list[str], code: int, applied: bool) -> None:
    write(tmp_path, a=BAD)
    (tmp_path / "poolsafe.toml").write_text(config)
    assert poolsafe(*arguments, "a.py").code == code
    assert ("statement_cache_size" in (tmp_path / "a.py").read_text()) is applied


def test_fix_only_says_nothing_of_what_is_left(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=UNSAFE + BAD.replace(HEAD, ""))
    ran = poolsafe("--fix-only", "a.py")
    assert (ran.code, ran.out) == (0, "Fixed 2 problems.\nChecked 1 file, 2 engines.\n")
    assert poolsafe("a.py").code == 1


def test_show_fixes(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD, sub__b=UNSAFE)
    ran = poolsafe("--fix", "--show-fixes", "--unsafe-fixes", "--output-format=concise")
    assert ran.out == (
        "Fixed 3 problems:\n"
        "- a.py:\n    1 × PGB101 (missing-cache-size)\n    1 × PGB201 (missing-pre-ping)\n"
        f"- sub{os.sep}b.py:\n    1 × PGB202 (disabled-pre-ping)\n\n"
        "Found 3 problems (3 fixed, 0 remaining).\nChecked 2 files, 2 engines.\n"
    )
    assert poolsafe("--fix", "--show-fixes").out == "All checks passed! (2 files, 2 engines)\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["a.py", "b.pyx", "d.ipynb"]),
        (
            ["--extension=pyx:python,txt:markdown,toml:ipynb,ipynb:markdown"],
            ["a.py", "b.pyx", "f.toml", "poolsafe.toml"],
        ),
    ],
)
def test_extension(poolsafe: Run, tmp_path: Path, arguments: list[str], expected: list[str]) -> None:
    for name in ("a.py", "b.pyx", "c.txt", "d.ipynb", "e.md", "f.toml"):
        (tmp_path / name).write_text(BAD if name != "f.toml" else "")
    config = "include = ['*.py', '*.txt', '*.ipynb', '*.md', '**/f.toml']\n"
    if not arguments:
        config += "extension = {pyx = 'python', '.txt' = 'markdown'}\n"
    (tmp_path / "poolsafe.toml").write_text(config)
    assert [Path(path).name for path in poolsafe("--show-files", *arguments).out.split()] == expected


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--extension=pyx"], "--extension: expected `EXTENSION:LANGUAGE`, not `pyx`"),
        (["--extension=pyx:pthon"], "or `markdown`, not `pthon`; did you mean `python`?"),
        (["--color=alwys"], "--color: must be one of `auto`, `always` or `never`, not `alwys`; did you mean `always`?"),
        (["--output-format=sarf"], "; did you mean `sarif`?"),
        (["--min-severity=eror"], "; did you mean `error`?"),
        (["--pooler=non"], "; did you mean `none` or `neon`?"),
        (["--select=PG1"], "--select: unknown rule selector `PG1`; did you mean `PGB1`?"),
        (["--unfixabel=PGB1"], "unknown option `--unfixabel`; did you mean `--unfixable`?"),
        (["--config=lint.selct=['PGB1']"], "--config: unknown key `lint.selct`; did you mean `lint.select`?"),
        (["--config=output-format='cncise'"], "--config: `output-format`: must be one of"),
        (["--fix-only", "--diff", "--add-noqa"], "`--apply` cannot be combined with `--diff`"),
    ],
)
def test_the_nearest_spelling_is_named(poolsafe: Run, arguments: list[str], words: str) -> None:
    ran = poolsafe(*arguments)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert words in ran.err


def test_source_roots(poolsafe: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        packages__one__lib__shop_settings='URL = "postgresql+asyncpg://db/app"\n',
        app__db=f"{HEAD.rstrip()}\nfrom shop_settings import URL\n\nengine = create_async_engine(URL)\n",
    )
    assert poolsafe("app").code == 0
    (tmp_path / "poolsafe.toml").write_text("src = ['packages/*/lib']")
    assert poolsafe("--output-format=concise", "-q", "app").out.count("PGB") == 2
    # Nothing outside of the project is read because a configuration says so.
    (tmp_path / "app/pyproject.toml").write_text("[tool.poolsafe]\nsrc = ['../../..']")
    assert poolsafe("app").code == 0


def test_nothing_is_printed_when_silent(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD + "x = 1  # noqa: PGB101, nothing\n")
    for arguments in ([], ["--diff"], ["--statistics"], ["--output-format=json"]):
        ran = poolsafe("-s", *arguments)
        assert (ran.code, ran.out, ran.err) == (1, "", "")
    assert poolsafe("--no-cache", "-n", "-q").code == 1


# --- the user's own configuration


def test_the_users_configuration_holds_where_there_is_no_other(tmp_path: Path) -> None:
    home = Path(user_directory())
    assert home == tmp_path / "home/poolsafe"
    home.mkdir(parents=True)
    project = tmp_path / "project"
    project.mkdir()

    def settings() -> Any:
        load_toml.cache_clear()
        return Resolver().for_directory(str(project))

    (home / "pyproject.toml").write_text("[tool.other]")
    assert settings()["pooler"] == "auto"
    (home / "pyproject.toml").write_text("[tool.poolsafe]\npooler = 'session'")
    assert settings()["pooler"] == "session"
    (home / "poolsafe.toml").write_text("pooler = 'statement'\nextend-exclude = ['gen/a.py']\nexclude = ['mine']")
    assert settings()["pooler"] == "statement"
    # Its paths start from where the command runs, and what the project tells ruff comes before it.
    assert settings().excludes(str(tmp_path / "gen/a.py"))
    assert settings().excludes(str(tmp_path / "mine"))
    assert settings()["respect-gitignore"] is True
    (project / "ruff.toml").write_text("respect-gitignore = false")
    assert settings()["pooler"] == "statement"
    assert settings()["respect-gitignore"] is False
    assert settings().excludes(str(project / "mine"))
    (project / "poolsafe.toml").write_text("")
    assert settings()["pooler"] == "auto"
    assert Resolver(isolated=True).for_directory(str(project / "sub"))["pooler"] == "auto"


@pytest.mark.skipif(os.name == "nt", reason="Windows has another place")
def test_where_the_users_configuration_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    for said in ("", "relative"):
        monkeypatch.setenv("XDG_CONFIG_HOME", said)
        assert user_directory() == "/home/someone/.config/poolsafe"


# --- extend


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("base.toml", ""),
        ("./sub/../base.toml", ""),
        ("~/base.toml", ""),
        ("$SHARED/base.toml", ""),
        ("${SHARED}/base.toml", ""),
        (
            "$NOT_SET/base.toml",
            "poolsafe.toml: `extend`: the environment variable `$NOT_SET` is not set: `$NOT_SET/base.toml`",
        ),
        ("bse.toml", "poolsafe.toml: `extend`: no such file: `bse.toml`"),
        ("second.toml", "`extend` is circular: "),
    ],
)
def test_extend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, words: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("SHARED", str(tmp_path))
    (tmp_path / "sub").mkdir()
    (tmp_path / "base.toml").write_text("pooler = 'none'")
    (tmp_path / "second.toml").write_text("extend = 'poolsafe.toml'")
    (tmp_path / "poolsafe.toml").write_text(f"extend = '{written}'")
    if not words:
        assert Resolver().for_directory(str(tmp_path))["pooler"] == "none"
        return
    with pytest.raises(UsageError) as caught:
        Resolver().for_directory(str(tmp_path))
    assert words in str(caught.value)
    if "circle" in words:
        chain = [str(tmp_path / name) for name in ("poolsafe.toml", "second.toml", "poolsafe.toml")]
        assert " -> ".join(chain) in str(caught.value)


def test_keys_come_along_ruffs_extend(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/base.toml").write_text("line-length = 79\nsrc = ['lib']\nrespect-gitignore = false")
    (tmp_path / "ruff.toml").write_text("extend = 'conf/base.toml'\nline-length = 100")
    (tmp_path / "lib").mkdir()
    (tmp_path / "conf/lib").mkdir()
    settings = Resolver().for_directory(str(tmp_path))
    assert settings["line-length"] == 100
    assert settings["respect-gitignore"] is False
    assert settings.source_roots == (str(tmp_path / "conf/lib"),)
