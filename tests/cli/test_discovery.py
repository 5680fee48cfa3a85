"""Which files are checked: named ones and those in folders, except for excluded ones and those that Git ignores."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from poolsafe.cli.discovery import find
from poolsafe.cli.gitignore import Ignores, ignored
from poolsafe.config.layers import load_toml, read_inline
from poolsafe.config.resolver import Resolver
from poolsafe.reading import checkout_of

GIT = shutil.which("git")


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load_toml.cache_clear()


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")


def names(root: Path, *paths: str, config: str = "pooler = 'auto'") -> list[str]:
    found = find(paths, Resolver([read_inline(config)]))
    return [Path(path).relative_to(root).as_posix() for path in found.files]


@pytest.mark.parametrize(
    ("excluded", "whole"),
    [
        ("app/legacy", False),
        ("app/legacy/db.py", False),
        ("app/nothing", True),
        ("htmlcov-old", True),
        ("venv", True),
        ("__pycache__", True),
    ],
)
def test_a_folder_is_searched_as_a_whole_unless_code_that_others_import_is_excluded(
    tmp_path: Path, excluded: str, whole: bool
) -> None:
    touch(tmp_path, "app/main.py", "app/legacy/db.py", "htmlcov-old/a.py", "venv/a.py", "__pycache__/a.py")
    found = find([str(tmp_path)], Resolver([read_inline(f"extend-exclude = ['{excluded}']")]))
    assert found.searched == ([str(tmp_path)] if whole else [])


def test_a_folder_is_walked_in_order(tmp_path: Path) -> None:
    touch(tmp_path, "b.py", "a.py", "sub/x.py", "sub/deep/y.pyi", "sub/z.txt", "other/w.pyw", "noext")
    assert names(tmp_path, ".") == ["a.py", "b.py", "other/w.pyw", "sub/x.py", "sub/deep/y.pyi"]


def test_a_file_that_is_named_twice_is_there_once(tmp_path: Path) -> None:
    touch(tmp_path, "sub/a.py", "b.txt")
    assert names(tmp_path, "sub/a.py", ".", "b.txt", "sub/../sub/a.py") == ["sub/a.py", "b.txt"]


@pytest.mark.parametrize(
    "folder", [".git", ".venv", "venv", "node_modules", "dist", "__pypackages__", "x/site-packages", "env"]
)
def test_foreign_code_is_never_walked_into_unless_named(tmp_path: Path, folder: str) -> None:
    touch(tmp_path, "a.py", f"{folder}/b.py", "env/pyvenv.cfg")
    assert names(tmp_path, ".") == ["a.py"]
    assert names(tmp_path, folder) == [f"{folder}/b.py"]
    assert names(tmp_path, f"{folder}/b.py") == [f"{folder}/b.py"]


@pytest.mark.parametrize(
    ("config", "paths", "expected"),
    [
        ("extend-exclude = ['sub']", ["."], ["a.py"]),
        ("extend-exclude = ['sub']", ["sub/b.py", "sub"], ["sub/b.py"]),
        ("extend-exclude = ['sub']\nforce-exclude = true", ["sub/b.py", "sub", "a.py"], ["a.py"]),
        ("lint.exclude = ['sub']", ["."], ["a.py"]),
        ("exclude = []", ["."], ["a.py", "sub/b.py", "venv/c.py"]),
        ("include = ['b.*']", ["."], ["sub/b.py"]),
        ("extend-include = ['*.txt']", ["."], ["a.py", "d.txt", "sub/b.py"]),
    ],
)
def test_exclusion(tmp_path: Path, config: str, paths: list[str], expected: list[str]) -> None:
    touch(tmp_path, "a.py", "sub/b.py", "venv/c.py", "d.txt")
    assert names(tmp_path, *paths, config=config) == expected


def test_the_name_of_the_checkout_excludes_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "dist/a.py")
    (tmp_path / "dist/poolsafe.toml").write_text("force-exclude = true")
    assert names(tmp_path, "dist/a.py", "dist") == ["dist/a.py"]


def test_what_is_missing_or_empty_is_told_apart(tmp_path: Path) -> None:
    touch(tmp_path, "docs/a.txt", "left_out/dist/a.py", "ignored/dist/pyvenv.cfg")
    found = find(["nowhere", "docs", "left_out", "ignored", "nowhere.py"], Resolver(isolated=True))
    assert (found.files, found.missing, found.empty) == ([], ["nowhere", "nowhere.py"], ["docs"])


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links(tmp_path: Path) -> None:
    touch(tmp_path, "a.py", "elsewhere/b.py", "elsewhere/folder/c.py")
    root = tmp_path / "root"
    touch(root, "a.py")
    (root / "z.py").symlink_to(root / "a.py")
    (root / "b.py").symlink_to(tmp_path / "elsewhere/b.py")
    (root / "c.py").symlink_to(tmp_path / "elsewhere/b.py")
    (root / "broken.py").symlink_to(tmp_path / "nowhere.py")
    (root / "loop").symlink_to(root)
    (root / "folder").symlink_to(tmp_path / "elsewhere/folder")
    assert names(root, "root") == ["a.py"]
    # A file that the user names is checked, wherever a link leads.
    found = find(["root", "root/b.py", "root/c.py"], Resolver(isolated=True))
    assert [Path(path).name for path in found.files] == ["a.py", "b.py"]
    assert [Path(path).name for path in found.outside] == ["b.py", "c.py"]


def test_a_folder_that_vanishes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a.py", "sub/b.py")
    scandir = os.scandir

    def vanishing(path: str) -> object:
        if path.endswith("sub"):
            raise FileNotFoundError(2, "No such file or directory")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", vanishing)
    found = find(["."], Resolver(isolated=True))
    assert [Path(path).name for path in found.files] == ["a.py"]
    assert found.unreadable == [(str(tmp_path / "sub"), "No such file or directory")]


FILES = ["a.py", "b.py", "build/c.py", "src/build/d.py", "src/e.py", "src/deep/f.py", "x y.py", "src/[z].py", "#h.py"]
IGNORED = [
    ("build/", ["build/c.py", "src/build/d.py"]),
    ("/build", ["build/c.py"]),
    ("build", ["build/c.py", "src/build/d.py"]),
    ("a.py/", []),
    ("*.py\n!a.py", [name for name in FILES if name != "a.py"]),
    ("src/*.py", ["src/[z].py", "src/e.py"]),
    ("src/**/f.py", ["src/deep/f.py"]),
    ("**/deep", ["src/deep/f.py"]),
    ("src/**", ["src/[z].py", "src/build/d.py", "src/deep/f.py", "src/e.py"]),
    ("src\n!src/e.py", ["src/[z].py", "src/build/d.py", "src/deep/f.py", "src/e.py"]),
    ("# a.py\n\n   \n/", []),
    ("\\#h.py", ["#h.py"]),
    ("#h.py", []),
    ("[ab].py", ["a.py", "b.py"]),
    ("[!ac-f].py", ["b.py"]),
    ("?.py   ", ["a.py", "b.py", "build/c.py", "src/build/d.py", "src/deep/f.py", "src/e.py"]),
    ("x\\ y.py", ["x y.py"]),
    ("src/\\[z].py", ["src/[z].py"]),
    ("[z", []),
    ("d**p", ["src/deep/f.py"]),
]


@pytest.mark.parametrize(("gitignore", "ignored"), IGNORED)
def test_gitignore(tmp_path: Path, gitignore: str, ignored: list[str]) -> None:
    touch(tmp_path, *FILES, ".git/HEAD")
    (tmp_path / ".gitignore").write_text(gitignore)
    assert sorted(set(FILES) - set(names(tmp_path, "."))) == sorted(ignored)


@pytest.mark.skipif(GIT is None, reason="Git is not installed")
@pytest.mark.parametrize(("gitignore", "ignored"), IGNORED)
def test_git_agrees(tmp_path: Path, gitignore: str, ignored: list[str]) -> None:
    touch(tmp_path, *FILES)
    (tmp_path / ".gitignore").write_text(gitignore)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    command = ["git", "ls-files", "-z", "--others", "--exclude-standard", "--", "*.py"]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert sorted(set(FILES) - set(output.split("\0"))) == sorted(ignored)


def test_a_class_that_is_none_matches_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "a.py", ".git/HEAD")
    (tmp_path / ".gitignore").write_text("[b-a].py")
    assert names(tmp_path, ".") == ["a.py"]


def test_deeper_files_of_git_and_exclude(tmp_path: Path) -> None:
    touch(tmp_path, *FILES, ".git/HEAD")
    (tmp_path / ".gitignore").write_text("*.py\n")
    (tmp_path / "src/.gitignore").write_text("!e.py\nbuild/\n")
    assert names(tmp_path, ".") == ["src/e.py"]
    assert names(tmp_path, "src") == ["src/e.py"]
    assert names(tmp_path, "a.py") == ["a.py"]
    assert len(names(tmp_path, ".", config="respect-gitignore = false")) == len(FILES)
    (tmp_path / ".gitignore").unlink()
    (tmp_path / ".git/info").mkdir()
    (tmp_path / ".git/info/exclude").write_text("e.py\nb.py\n")
    assert "b.py" not in names(tmp_path, ".")


def test_outside_of_git_nothing_is_ignored(tmp_path: Path) -> None:
    touch(tmp_path, "a.py")
    (tmp_path / ".gitignore").write_text("a.py")
    if checkout_of(str(tmp_path)) is None:
        assert names(tmp_path, ".") == ["a.py"]


def test_an_ignore_file_is_read_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.py", ".git/HEAD")
    (tmp_path / ".gitignore").write_text("a.py")
    ignores = Ignores(str(tmp_path))
    assert ignored(ignores.in_directory(str(tmp_path)), str(tmp_path / "a.py"), directory=False)
    (tmp_path / ".gitignore").unlink()
    assert ignored(ignores.in_directory(str(tmp_path)), str(tmp_path / "a.py"), directory=False)
