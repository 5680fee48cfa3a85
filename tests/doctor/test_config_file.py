"""`--write-config`: the keys are written, and no other byte changes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import tomli

from poolsafe import reading
from poolsafe.config.errors import UsageError
from poolsafe.doctor import config_file
from poolsafe.doctor.config_file import changed, find, write

BREAKS: dict[str, str | int] = {"pooler": "transaction", "max-prepared-statements": 0}
DIRECT: dict[str, str | int] = {"pooler": "none"}
CARRIES: dict[str, str | int] = {"pooler": "transaction", "max-prepared-statements": 1}

PROJECT = """\
# A project, laid out by hand.
[project]
name   =  "app"   # spaces stay
dependencies = [
    "asyncpg>=0.31",  # and so do comments
]

[tool.ruff]
line-length = 100
"""


@pytest.mark.parametrize(
    ("before", "settings", "after"),
    [
        (PROJECT, BREAKS, f'{PROJECT}\n[tool.poolsafe]\npooler = "transaction"\nmax-prepared-statements = 0\n'),
        ("", DIRECT, '[tool.poolsafe]\npooler = "none"\n'),
        (
            "[project]\nname = 'a'\n# end",
            DIRECT,
            "[project]\nname = 'a'\n# end\n\n[tool.poolsafe]\npooler = \"none\"\n",
        ),
        ("[project]\nname = 'a'\n\n", DIRECT, "[project]\nname = 'a'\n\n[tool.poolsafe]\npooler = \"none\"\n"),
        (
            "[tool.ruff]\nx = 1\n\n[other]\ny = 2\n",
            DIRECT,
            '[tool.ruff]\nx = 1\n\n[tool.poolsafe]\npooler = "none"\n\n[other]\ny = 2\n',
        ),
        (
            "",
            CARRIES,
            '[tool.poolsafe]\npooler = "transaction"\n'
            "max-prepared-statements = 1  # or more: the pooler's number cannot be read\n",
        ),
        (
            "[tool.poolsafe]\nmax-prepared-statements = 1  # or more: the pooler's number cannot be read\n",
            CARRIES,
            "[tool.poolsafe]\nmax-prepared-statements = 1  # or more: the pooler's number cannot be read\n"
            'pooler = "transaction"\n',
        ),
        (
            '[tool.poolsafe]\npooler = "transaction"\n'
            "max-prepared-statements = 1  # or more: the pooler's number cannot be read\nline-length = 90\n",
            BREAKS,
            '[tool.poolsafe]\npooler = "transaction"\nmax-prepared-statements = 0\nline-length = 90\n',
        ),
        (
            '[tool.poolsafe]\nmax-prepared-statements = 0\npooler = "auto"  # kept\n',
            CARRIES,
            "[tool.poolsafe]\nmax-prepared-statements = 1  # or more: the pooler's number cannot be read\n"
            'pooler = "transaction"  # kept\n',
        ),
        (
            '[tool]\npoolsafe = { pooler = "auto", max-prepared-statements = 0 }\n',
            CARRIES,
            '[tool]\npoolsafe = { pooler = "transaction", max-prepared-statements = 1 }\n',
        ),
        (
            "[tool.poolsafe]\nmax-prepared-statements = 0 # mine\n",
            CARRIES,
            '[tool.poolsafe]\nmax-prepared-statements = 1 # mine\npooler = "transaction"\n',
        ),
        (
            '[tool.poolsafe]\n# why\npooler = "auto"  # kept\n\n[tool.other]\nx = 1\n',
            DIRECT,
            '[tool.poolsafe]\n# why\npooler = "none"  # kept\n\n[tool.other]\nx = 1\n',
        ),
        (
            '[tool.poolsafe]\npooler = "transaction"\nmax-prepared-statements = 0\nline-length = 90\n',
            DIRECT,
            '[tool.poolsafe]\npooler = "none"\nline-length = 90\n',
        ),
        ('tool.poolsafe.pooler = "auto"\n', DIRECT, 'tool.poolsafe.pooler = "none"\n'),
        ('[tool]\npoolsafe = { pooler = "auto" }\n', DIRECT, '[tool]\npoolsafe = { pooler = "none" }\n'),
        (
            "[tool.poolsafe]\r\nline-length = 90\r\n",
            DIRECT,
            '[tool.poolsafe]\r\nline-length = 90\r\npooler = "none"\r\n',
        ),
        ('\ufeff[tool.poolsafe]\npooler = "auto"\n', DIRECT, '\ufeff[tool.poolsafe]\npooler = "none"\n'),
    ],
)
def test_pyproject(before: str, settings: dict[str, str | int], after: str) -> None:
    assert changed(before.encode(), settings, own=False).decode() == after


@pytest.mark.parametrize(
    ("before", "settings", "after"),
    [
        ('pooler = "auto"\n\n[lint]\nignore = []\n', DIRECT, 'pooler = "none"\n\n[lint]\nignore = []\n'),
        ("[lint]\nignore = []\n", BREAKS, 'pooler = "transaction"\nmax-prepared-statements = 0\n[lint]\nignore = []\n'),
    ],
)
def test_a_file_of_our_own(before: str, settings: dict[str, str | int], after: str) -> None:
    written = changed(before.encode(), settings, own=True).decode()
    assert tomli.loads(written) == tomli.loads(after)
    assert all(line in written.splitlines() for line in before.splitlines() if "pooler" not in line)


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(PROJECT)
    path.chmod(0o640)
    assert write(str(path), BREAKS)
    once = path.read_bytes()
    assert not write(str(path), BREAKS)
    assert path.read_bytes() == once
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"[tool", "pyproject.toml: "),
        (b"\xff", "not UTF-8"),
        (b"[tool]\npoolsafe = 1\n", "`poolsafe` is not a table"),
        (b"tool = 1\n", "`tool` is not a table"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, content: bytes, text: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=text) as error:
        write(str(path), BREAKS)
    assert "\n" not in str(error.value)
    assert path.read_bytes() == content


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--write-config"):
        write(str(tmp_path), BREAKS)


def test_a_file_that_changes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("")
    read = reading.read

    def read_and_change(name: str, largest: int) -> bytes:
        content = read(name, largest)
        path.write_text("[project]\n")
        return content

    monkeypatch.setattr(config_file, "read", read_and_change)
    with pytest.raises(UsageError, match=r"pyproject\.toml"):
        write(str(path), BREAKS)
    assert path.read_text() == "[project]\n"


def test_a_writer_that_changes_something_else_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    import tomlkit

    parse = tomlkit.parse
    monkeypatch.setattr(tomlkit, "parse", lambda text: parse(text.replace("app", "other")))
    with pytest.raises(ValueError, match="without changing something else"):
        changed(PROJECT.encode(), BREAKS, own=False)


@pytest.mark.parametrize(
    ("files", "here", "found"),
    [
        (["pyproject.toml", "src/a.py"], "src", "pyproject.toml"),
        (["pyproject.toml", "poolsafe.toml"], ".", "poolsafe.toml"),
        (["pyproject.toml", "src/.poolsafe.toml"], "src", "src/.poolsafe.toml"),
    ],
)
def test_the_nearest_file_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], here: str, found: str
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path / here)
    assert find(None) == str(tmp_path / found)


def test_no_file_is_looked_for_outside_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "app/.git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "app")
    with pytest.raises(UsageError, match=r"there is no pyproject\.toml here"):
        find(None)
    assert find("named.toml") == "named.toml"


def test_without_the_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    config_file.require()
    monkeypatch.setitem(__import__("sys").modules, "tomlkit", None)
    with pytest.raises(UsageError, match=r"pip install 'poolsafe\[doctor\]'"):
        config_file.require()
