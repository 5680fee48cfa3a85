"""Both hooks under the real pre-commit, in a temporary repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from notebook_files import notebook, texts, written

ROOT = Path(__file__).parents[2]
GIT = shutil.which("git")
BAD = (
    "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
    'engine = create_async_engine("postgresql+asyncpg://db/app")\n'
)
COPIED = ["src", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".pre-commit-hooks.yaml"]

pytestmark = [
    pytest.mark.skipif(GIT is None, reason="Git is not installed"),
    pytest.mark.xdist_group("pre-commit"),
    pytest.mark.long,
]


def run(*command: str, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    # Nothing of the user's own Git, pre-commit or virtual environment counts.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "PRE_COMMIT", "PYTHON", "COV"))
    }
    environment = {
        **kept,
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
        "NO_COLOR": "1",
    }
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, timeout=600)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def hooks(home: Path) -> tuple[Path, str]:
    """Returns a clone of this repository in its current state, committed or not, and its revision."""
    clone = home / "poolsafe"
    clone.mkdir()
    for name in COPIED:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(source, clone / name, ignore=ignored) if source.is_dir() else shutil.copy(source, clone / name)
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "as it stands")):
        assert run("git", *command, cwd=clone, home=home).returncode == 0
    return clone, run("git", "rev-parse", "HEAD", cwd=clone, home=home).stdout.strip()


@pytest.fixture
def project(tmp_path: Path, hooks: tuple[Path, str], home: Path) -> Path:
    clone, revision = hooks
    (tmp_path / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {clone.as_posix()}\n  rev: {revision}\n  hooks:\n  - id: poolsafe\n  - id: poolsafe-fix\n"
    )
    (tmp_path / "poolsafe.toml").write_text('pooler = "transaction"\nextend-exclude = ["generated"]\n')
    assert run("git", "init", "-q", cwd=tmp_path, home=home).returncode == 0
    return tmp_path


def pre_commit(project: Path, home: Path, hook: str) -> tuple[int, str]:
    run("git", "add", "-A", cwd=project, home=home)
    ran = run(sys.executable, "-m", "pre_commit", "run", hook, cwd=project, home=home)
    return ran.returncode, ran.stdout + ran.stderr


def write(project: Path, name: str, text: str) -> Path:
    path = project / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture(scope="module", autouse=True)
def _installable(home: Path, hooks: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips the test without a package index, from which the hooks have to be installed."""
    clone, _ = hooks
    root = tmp_path_factory.mktemp("probe")
    run("git", "init", "-q", cwd=root, home=home)
    write(root, "a.py", "x = 1\n")
    run("git", "add", "-A", cwd=root, home=home)
    probe = run(sys.executable, "-m", "pre_commit", "try-repo", str(clone), "poolsafe", cwd=root, home=home)
    if "No matching distribution" in probe.stdout + probe.stderr and "CI" not in os.environ:
        pytest.skip("the hook's environment cannot be installed here")


def test_the_linting_hook(project: Path, home: Path) -> None:
    path = write(project, "app.py", BAD)
    code, output = pre_commit(project, home, "poolsafe")
    assert code == 1
    assert "app.py:3:10: PGB101" in output
    assert path.read_text() == BAD


def test_notebooks(project: Path, home: Path) -> None:
    path = project / "app.ipynb"
    path.write_bytes(written(notebook("import os", BAD.strip())))
    code, output = pre_commit(project, home, "poolsafe")
    assert (code, "app.ipynb:cell 2:3:10: PGB101" in output) == (1, True)
    code, output = pre_commit(project, home, "poolsafe-fix")
    assert (code, "fixed" in output) == (1, True)
    assert "pool_pre_ping=True" in texts(path.read_bytes())[1]
    assert pre_commit(project, home, "poolsafe")[0] == 0


def test_the_fixing_hook(project: Path, home: Path) -> None:
    path = write(project, "app.py", BAD)
    write(project, "stub.pyi", "x: int\n")
    code, output = pre_commit(project, home, "poolsafe-fix")
    assert code == 1
    assert "fixed" in output
    assert '"statement_cache_size": 0' in path.read_text()
    assert "pool_pre_ping=True" in path.read_text()
    for hook in ("poolsafe-fix", "poolsafe"):
        code, output = pre_commit(project, home, hook)
        assert code == 0, output


def test_the_whole_project_is_checked_where_no_files_are_passed(project: Path, home: Path) -> None:
    write(project, "app.py", BAD)
    run("git", "add", "-A", cwd=project, home=home)
    run("git", "commit", "-q", "--no-verify", "-m", "bad", cwd=project, home=home)
    write(project, "notes.txt", "nothing of Python\n")
    assert pre_commit(project, home, "poolsafe")[0] == 0
    configuration = project / ".pre-commit-config.yaml"
    whole = "  - id: poolsafe\n    pass_filenames: false\n    always_run: true\n"
    configuration.write_text(configuration.read_text().replace("  - id: poolsafe\n", whole))
    code, output = pre_commit(project, home, "poolsafe")
    assert (code, "app.py:3:10: PGB101" in output) == (1, True)


@pytest.mark.parametrize("hook", ["poolsafe", "poolsafe-fix"])
def test_every_staged_file_is_excluded(project: Path, home: Path, hook: str) -> None:
    path = write(project, "generated/app.py", BAD)
    code, output = pre_commit(project, home, hook)
    assert code == 0, output
    assert "Passed" in output
    assert path.read_text() == BAD


@pytest.mark.parametrize("hook", ["poolsafe", "poolsafe-fix"])
def test_no_python_file_is_staged(project: Path, home: Path, hook: str) -> None:
    write(project, "notes.txt", "create_async_engine\n")
    code, output = pre_commit(project, home, hook)
    assert (code, "no files to check" in output) == (0, True)
