"""The published archives: they contain the right files, and the index can show their description."""

from __future__ import annotations

import email
import email.message
import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomli

from poolsafe import __version__

ROOT = Path(__file__).parents[2]
PYPROJECT = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TRACKED = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True).stdout.split("\0")[:-1]
SITE = "https://example.com/poolsafe/"


def test_the_version_has_a_section_in_the_changelog() -> None:
    sections = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert next(name for name in sections if name != "Unreleased") == __version__


def test_documents_name_the_version_as_a_hook() -> None:
    for name in ("README.md", "docs/adoption.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert set(re.findall(r"(?:\brev: |poolsafe/poolsafe@)v?(\d[\w.]*)", text)) == {__version__}, name


@dataclass(frozen=True, slots=True)
class Archives:
    """The built archives, and the folder with the unpacked source."""

    wheel: Path
    sdist: Path
    source: Path

    @property
    def metadata(self) -> email.message.Message:
        with zipfile.ZipFile(self.wheel) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            return email.message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    missing = [name for name in ("build", "twine") if importlib.util.find_spec(name) is None]
    # In CI nothing may be left out.
    if missing and "CI" not in os.environ:
        pytest.skip("the extra `release` is not installed")
    folder = tmp_path_factory.mktemp("distribution")
    command = [sys.executable, "-m", "build", "--outdir", str(folder / "dist"), str(ROOT)]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "POOLSAFE_SITE": SITE})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (wheel,) = folder.glob("dist/*.whl")
    (sdist,) = folder.glob("dist/*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder)
    return Archives(wheel, sdist, folder / f"poolsafe-{__version__}")


@pytest.mark.long
def test_the_index_takes_the_archives(archives: Archives) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", str(archives.wheel), str(archives.sdist)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.long
def test_the_metadata_says_what_the_project_does(archives: Archives) -> None:
    metadata = archives.metadata
    assert metadata["Version"] == __version__
    urls = dict(each.split(", ") for each in metadata.get_all("Project-URL", []))
    assert urls == PYPROJECT["project"]["urls"]
    assert set(PYPROJECT["project"]["optional-dependencies"]) == set(metadata.get_all("Provides-Extra", []))


@pytest.mark.long
def test_links_of_the_description_are_absolute(archives: Archives) -> None:
    text = archives.metadata.get_payload()
    assert isinstance(text, str)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)|\b(?:src|srcset|href)=\"([^\"]+)\"", prose)
    assert len(links) > 20
    assert [link for pair in links for link in pair if link and not link.startswith(("https://", "#"))] == []
    # What they lead to is in the repository under the tag of this version.
    here = f"https://github.com/poolsafe/poolsafe/blob/v{__version__}/"
    named = {link.removeprefix(here).partition("#")[0] for pair in links for link in pair if link.startswith(here)}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.long
def test_the_wheel_holds_the_packages_and_nothing_else(archives: Archives) -> None:
    with zipfile.ZipFile(archives.wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    written = {path for path in (ROOT / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert held == {path.relative_to(ROOT / "src").as_posix() for path in written}


@pytest.mark.long
def test_the_source_holds_every_file_of_the_repository(archives: Archives) -> None:
    if not TRACKED:
        pytest.skip("this is no checkout")
    held = {path.relative_to(archives.source).as_posix() for path in archives.source.rglob("*") if path.is_file()}
    assert held == {*TRACKED, "PKG-INFO"}


@pytest.mark.long
def test_the_tests_run_from_the_source(archives: Archives) -> None:
    chosen = ["tests/verdicts", "tests/test_layers.py", "tests/rules/test_rules.py", "tests/documents/test_symptoms.py"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *chosen],
        cwd=archives.source,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(archives.source / "src")},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.long
def test_both_archives_lead_to_the_site_they_are_built_for(archives: Archives, tmp_path: Path) -> None:
    with zipfile.ZipFile(archives.wheel) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "db.py").write_text(
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        "engine = create_async_engine('postgresql+asyncpg://db/app')\n"
    )
    for package in (tmp_path, archives.source / "src"):
        ran = subprocess.run(
            [sys.executable, "-m", "fixer", "--isolated", str(tmp_path / "db.py")],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(package)},
        )
        assert f"= see: {SITE}rules/missing-cache-size/\n" in ran.stdout


@pytest.mark.long
@pytest.mark.parametrize("site", ["example.com", "https://example.com/docs", "https://a/\x1b[2J/", 'https://a/"/'])
def test_an_address_that_is_none_stops_the_build(archives: Archives, tmp_path: Path, site: str) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(archives.source)]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "POOLSAFE_SITE": site})
    assert ran.returncode != 0
    assert "POOLSAFE_SITE" in ran.stdout + ran.stderr
