"""Versions that a project locks, pins or declares: specifiers, lock files, requirements, and which of them applies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolsafe.deployment import versions as room
from poolsafe.deployment.evidence import deployment_for
from poolsafe.deployment.versions import both, either, exactly, overlap, specified, specified_for_poetry
from poolsafe.facts.deployment import Deployment, Versions, at_least, older_than, shown

# specifier, what a message shows, whether all of it is at least 0.31, whether all of it is older than 0.31
SPECIFIERS = [
    ("", "", False, False),
    (">=0.27", ">= 0.27", False, False),
    (">0.30", ">= 0.30", False, False),
    (">=0.31", ">= 0.31", True, False),
    (">=0.31.0", ">= 0.31.0", True, False),
    (">=0.30,<0.31", ">= 0.30, < 0.31", False, True),
    ("<0.31.0", "< 0.31.0", False, True),
    ("<=0.31", "<= 0.31", False, False),
    ("<=0.30.99", "<= 0.30.99", False, True),
    ("==0.30.0", "0.30.0", False, True),
    ("===0.30.0", "0.30.0", False, True),
    ("==0.30.*", ">= 0.30, < 0.31", False, True),
    ("==0.31.*", ">= 0.31, < 0.32", True, False),
    ("~=0.29", ">= 0.29, < 1", False, False),
    ("~=0.29.0", ">= 0.29.0, < 0.30", False, True),
    ("~=0.31.0", ">= 0.31.0, < 0.32", True, False),
    (">=0.29, !=0.30.0, <0.31", ">= 0.29, < 0.31", False, True),
    ("==0.31.0rc1", "0.31.0", True, False),
    ("(>=0.31)", ">= 0.31", True, False),
    ("what is this", "", False, False),
]


@pytest.mark.parametrize(("text", "text_shown", "new", "old"), SPECIFIERS)
def test_specifiers(text: str, text_shown: str, new: bool, old: bool) -> None:
    versions = specified(text)
    assert (shown(versions), at_least(versions, (0, 31)), older_than(versions, (0, 31))) == (text_shown, new, old)


POETRY = [
    ("*", ""),
    ("^0.29", ">= 0.29, < 0.30"),
    ("^0.29.3", ">= 0.29.3, < 0.30"),
    ("^2.0.40", ">= 2.0.40, < 3"),
    ("^0.0.3", ">= 0.0.3, < 0.0.4"),
    ("^0", ">= 0, < 1"),
    ("~0.29", ">= 0.29, < 0.30"),
    ("~0.29.1", ">= 0.29.1, < 0.30"),
    ("~2", ">= 2, < 3"),
    ("~=2.0.1", ">= 2.0.1, < 2.1"),
    ("0.29.0", "0.29.0"),
    ("0.29.*", ">= 0.29, < 0.30"),
    (">=0.27,<0.31", ">= 0.27, < 0.31"),
    (">=0.27 <0.31", ">= 0.27, < 0.31"),
    ("^0.28 || ^0.30", ">= 0.28, < 0.31"),
    ("^0.28 || >=0.30", ">= 0.28"),
]


@pytest.mark.parametrize(("text", "text_shown"), POETRY)
def test_constraints_of_poetry(text: str, text_shown: str) -> None:
    assert shown(specified_for_poetry(text)) == text_shown


@pytest.mark.parametrize(
    ("one", "other", "both_shown", "either_shown", "overlaps"),
    [
        (">=0.27", "<0.31", ">= 0.27, < 0.31", "", True),
        ("==0.30.0", ">=0.27", "0.30.0", ">= 0.27", True),
        ("==0.30.0", ">=0.31", ">= 0.31, <= 0.30.0", ">= 0.30.0", False),
        ("==0.30.0", "==0.31.0", ">= 0.31.0, <= 0.30.0", ">= 0.30.0, <= 0.31.0", False),
        ("<0.31", "<=0.31", "< 0.31", "<= 0.31", True),
        ("<0.31", ">=0.31.0", ">= 0.31.0, < 0.31", "", False),
        ("<=0.31", ">=0.31.0", "0.31.0", "", True),
    ],
)
def test_two_ranges(one: str, other: str, both_shown: str, either_shown: str, overlaps: bool) -> None:
    pair = specified(one), specified(other)
    assert overlap(*pair) is overlaps
    assert shown(either(pair)) == either_shown
    if overlaps:
        assert at_least(both(*pair), (0, 31)) == at_least(specified(f"{one},{other}"), (0, 31))
        assert shown(both(*pair)).replace("0.31.0, <= 0.31", "0.31.0").removeprefix(">= ") in (
            both_shown,
            both_shown[3:],
        )


@pytest.mark.parametrize(
    ("text", "version"),
    [("0.30.0", (0, 30, 0)), ("==0.30.0", (0, 30, 0)), ("2.1.0b2", (2, 1, 0)), ("1!2.0", (1,)), ("main", None)],
)
def test_exact_releases(text: str, version: tuple[int, ...] | None) -> None:
    assert exactly(text) == (None if version is None else Versions(version, version))


def package(name: str, version: str) -> str:
    return (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "https://pypi.org/simple" }}\n\n'
    )


OTHER = package("anyio", "4.0.0") + 'dependencies = [\n    { name = "asyncpg" },\n]\n\n'
LOCK = OTHER + package("asyncpg", "0.30.0") + package("sqlalchemy", "2.0.40")
PIPFILE_LOCK = json.dumps({"default": {"asyncpg": {"version": "==0.30.0"}, "sqlalchemy": {"version": "==2.0.40"}}})
HASHED = """\
asyncpg==0.30.0 ; python_version >= "3.8" \\
    --hash=sha256:00 \\
    --hash=sha256:11
    # via -r requirements.in
SQLAlchemy[asyncio]==2.0.40
"""
PEP621 = (
    '[project]\nname = "x"\ndependencies = ["asyncpg[gssauth] >= 0.30 ; python_version < \'4\'", "sqlalchemy>=2.0"]\n'
)
GROUPS = '[project]\nname = "x"\n[dependency-groups]\ndb = ["asyncpg>=0.31", {include-group = "other"}]\n'
EXTRAS = '[project]\nname = "x"\n[project.optional-dependencies]\npg = ["asyncpg<0.31"]\n'
POETRY_FILE = """\
[tool.poetry.dependencies]
python = "^3.11"
asyncpg = "^0.29.0"
sqlalchemy = {extras = ["asyncio"], version = "^2.0"}
"""
POETRY_GROUP = (
    '[tool.poetry.group.db.dependencies]\nasyncpg = [{version = "^0.28", python = "<3.9"}, {version = "^0.30"}]\n'
)
SETUP_PY = """\
from setuptools import find_packages, setup

COMMON = ["sqlalchemy>=1.4,<2.1"]

if __name__ == "__main__":
    setup(
        name="x",
        packages=find_packages(),
        install_requires=[
            "asyncpg"
            ">= 0.29; python_version >= '3.8'",
        ],
        extras_require={"all": COMMON, "more": READ_FROM_A_FILE},
    )
"""
CONDA = """\
name: app
channels:
  - conda-forge
dependencies:
  - python=3.11
  - conda-forge::asyncpg=0.30.0=py311h459d7ec_0  # locked
  - "sqlalchemy>=2.0,<2.1"
"""
CONDA_PIP = "dependencies:\n  - python=3.11\n  - pip:\n    - asyncpg==0.30.0\n    - sqlalchemy[asyncio]~=2.0.40\n"
SETUP = "[options]\ninstall_requires =\n    asyncpg>=0.27\n    sqlalchemy>=1.4,<2.1\n"

# files, the file whose folder is asked about, asyncpg, SQLAlchemy, and where the first stands
Files = dict[str, str]
PROJECTS: list[tuple[str, Files, str, str, str, str]] = [
    ("nothing", {}, "app.py", "", "", ""),
    ("uv.lock", {"uv.lock": LOCK}, "app.py", "0.30.0", "2.0.40", "uv.lock:12"),
    ("poetry.lock", {"poetry.lock": LOCK}, "src/app/db.py", "0.30.0", "2.0.40", "poetry.lock:12"),
    ("pdm.lock", {"pdm.lock": LOCK}, "app.py", "0.30.0", "2.0.40", "pdm.lock:12"),
    (
        "pylock.toml",
        {"pylock.toml": LOCK.replace("[[package]]", "[[packages]]")},
        "app.py",
        "0.30.0",
        "2.0.40",
        "pylock.toml:12",
    ),
    (
        "older poetry.lock",
        {"poetry.lock": LOCK.replace("sqlalchemy", "SQLAlchemy")},
        "app.py",
        "0.30.0",
        "2.0.40",
        "poetry.lock:12",
    ),
    ("CRLF", {"uv.lock": LOCK.replace("\n", "\r\n")}, "app.py", "0.30.0", "2.0.40", "uv.lock:12"),
    (
        "a fork of the lock",
        {"uv.lock": LOCK + package("asyncpg", "0.31.0")},
        "app.py",
        ">= 0.30.0, <= 0.31.0",
        "2.0.40",
        "uv.lock:12",
    ),
    ("Pipfile.lock", {"Pipfile.lock": PIPFILE_LOCK}, "app.py", "0.30.0", "2.0.40", "Pipfile.lock:1"),
    ("broken Pipfile.lock", {"Pipfile.lock": "{"}, "app.py", "", "", ""),
    ("pinned", {"requirements.txt": HASHED}, "app.py", "0.30.0", "2.0.40", "requirements.txt:1"),
    ("open requirement", {"requirements.txt": "asyncpg\nsqlalchemy>=2"}, "app.py", "", ">= 2", ""),
    (
        "other names",
        {"dev-requirements.txt": "asyncpg==0.30.0", "requirements_prod.txt": "sqlalchemy==2.0.1"},
        "app.py",
        "0.30.0",
        "2.0.1",
        "dev-requirements.txt:1",
    ),
    (
        "a folder of them",
        {"requirements/base.txt": "asyncpg==0.30.0"},
        "app.py",
        "0.30.0",
        "",
        "requirements/base.txt:1",
    ),
    ("no requirements", {"notes.txt": "asyncpg==0.30.0"}, "app.py", "", "", ""),
    (
        "included",
        {"requirements.txt": "-r deps/base.txt", "deps/base.txt": "asyncpg==0.30.0"},
        "app.py",
        "0.30.0",
        "",
        "deps/base.txt:1",
    ),
    (
        "included in a circle",
        {"requirements.txt": "--requirement=requirements.txt\nasyncpg==0.30.0"},
        "app.py",
        "0.30.0",
        "",
        "requirements.txt:2",
    ),
    (
        "constrained",
        {"requirements.txt": "asyncpg\n-c pins.txt", "pins.txt": "asyncpg==0.30.0\nsqlalchemy==2.0.1"},
        "app.py",
        "0.30.0",
        "",
        "pins.txt:1",
    ),
    (
        "compiled",
        {"requirements.in": "asyncpg>=0.27", "requirements.txt": "asyncpg==0.30.0"},
        "app.py",
        "0.30.0",
        "",
        "requirements.txt:1",
    ),
    (
        "markers",
        {"requirements.txt": 'asyncpg==0.29.0; python_version < "3.9"\nasyncpg==0.31.0; python_version >= "3.9"'},
        "app.py",
        ">= 0.29.0, <= 0.31.0",
        "",
        "requirements.txt:1",
    ),
    (
        "from a repository",
        {"requirements.txt": "asyncpg @ git+https://github.com/MagicStack/asyncpg@v0.30.0"},
        "app.py",
        "",
        "",
        "",
    ),
    (
        "an option and a comment",
        {"requirements.txt": "--index-url https://x/asyncpg==1\n# asyncpg==0.27\nasyncpg==0.30.0 # old"},
        "app.py",
        "0.30.0",
        "",
        "requirements.txt:3",
    ),
    ("PEP 621", {"pyproject.toml": PEP621}, "app.py", ">= 0.30", ">= 2.0", "pyproject.toml:3"),
    ("groups", {"pyproject.toml": GROUPS}, "app.py", ">= 0.31", "", "pyproject.toml:4"),
    ("extras", {"pyproject.toml": EXTRAS}, "app.py", "< 0.31", "", "pyproject.toml:4"),
    ("Poetry", {"pyproject.toml": POETRY_FILE}, "app.py", ">= 0.29.0, < 0.30", ">= 2.0, < 3", "pyproject.toml:3"),
    ("a group of Poetry", {"pyproject.toml": POETRY_GROUP}, "app.py", ">= 0.28, < 0.31", "", "pyproject.toml:2"),
    (
        "PDM",
        {"pyproject.toml": '[tool.pdm.dev-dependencies]\ndb = ["asyncpg~=0.30.0"]\n'},
        "app.py",
        ">= 0.30.0, < 0.31",
        "",
        "pyproject.toml:2",
    ),
    ("setup.cfg", {"setup.cfg": SETUP}, "app.py", ">= 0.27", ">= 1.4, < 2.1", "setup.cfg:3"),
    (
        "Pipfile",
        {"Pipfile": '[packages]\nasyncpg = "==0.30.0"\nsqlalchemy = "*"\n'},
        "app.py",
        "0.30.0",
        "",
        "Pipfile:2",
    ),
    ("broken TOML", {"pyproject.toml": "[project\n"}, "app.py", "", "", ""),
    ("broken INI", {"setup.cfg": "install_requires = asyncpg\n"}, "app.py", "", "", ""),
    (
        "setup.py",
        {"setup.py": SETUP_PY},
        "app.py",
        ">= 0.29",
        ">= 1.4, < 2.1",
        "setup.py:10",
    ),
    (
        "setup.py of strings",
        {"setup.py": "setup(install_requires='anyio\\nasyncpg==0.30.0')"},
        "app.py",
        "0.30.0",
        "",
        "setup.py:1",
    ),
    ("setup.py that computes", {"setup.py": "setup(install_requires=read('asyncpg.txt'))"}, "app.py", "", "", ""),
    (
        "setup.py of itself",
        {"setup.py": "A = [A, 'asyncpg<0.31']\nsetup(install_requires=A)"},
        "app.py",
        "< 0.31",
        "",
        "setup.py:1",
    ),
    ("broken setup.py", {"setup.py": "setup(install_requires=['asyncpg==0.30.0'"}, "app.py", "", "", ""),
    ("conda", {"environment.yml": CONDA}, "app.py", ">= 0.30.0, < 0.30.1", ">= 2.0, < 2.1", "environment.yml:6"),
    (
        "conda with pip",
        {"environment-dev.yaml": CONDA_PIP},
        "app.py",
        "0.30.0",
        ">= 2.0.40, < 2.1",
        "environment-dev.yaml:4",
    ),
    ("no conda file", {"environment.yml": "asyncpg:\n  - asyncpg==0.30.0\n"}, "app.py", "", "", ""),
    (
        "uv's own group",
        {"pyproject.toml": '[tool.uv]\ndev-dependencies = ["asyncpg~=0.30.0"]\n'},
        "app.py",
        ">= 0.30.0, < 0.31",
        "",
        "pyproject.toml:2",
    ),
    ("a number too long", {"requirements.txt": "asyncpg==" + "9" * 5000}, "app.py", "", "", ""),
    (
        "a lock before a declaration",
        {"pyproject.toml": PEP621, "uv.lock": LOCK},
        "app.py",
        "0.30.0",
        "2.0.40",
        "uv.lock:12",
    ),
    (
        "a member of a workspace",
        {"uv.lock": LOCK, "api/pyproject.toml": PEP621},
        "api/app/db.py",
        "0.30.0",
        "2.0.40",
        "uv.lock:12",
    ),
    (
        "not a member",
        {"uv.lock": LOCK, "api/pyproject.toml": GROUPS},
        "api/app/db.py",
        ">= 0.31",
        "2.0.40",
        "api/pyproject.toml:4",
    ),
    (
        "the nearest lock",
        {"uv.lock": LOCK, "api/poetry.lock": package("asyncpg", "0.31.0")},
        "api/db.py",
        "0.31.0",
        "2.0.40",
        "api/poetry.lock:3",
    ),
    ("a neighbour", {"web/uv.lock": LOCK}, "api/db.py", "", "", ""),
    (
        "pins beside an open project",
        {"pyproject.toml": PEP621, "requirements.txt": HASHED},
        "app.py",
        "0.30.0",
        "2.0.40",
        "requirements.txt:1",
    ),
]


def written(root: Path, files: Files) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())


@pytest.mark.parametrize(
    ("files", "module", "asyncpg", "sqlalchemy", "where"),
    [pytest.param(*row, id=name) for name, *row in PROJECTS],
)
def test_projects(tmp_path: Path, files: Files, module: str, asyncpg: str, sqlalchemy: str, where: str) -> None:
    written(tmp_path, files)
    found = deployment_for(str(tmp_path / module), str(tmp_path), Deployment())
    assert (shown(found.asyncpg), shown(found.sqlalchemy)) == (asyncpg, sqlalchemy)
    evidence = found.because("asyncpg-version")
    place = f"{Path(evidence.path).relative_to(tmp_path).as_posix()}:{evidence.row}" if evidence else ""
    assert place == where
    assert evidence is None or evidence.value == asyncpg


def test_what_is_configured_goes_before_what_is_found(tmp_path: Path) -> None:
    written(tmp_path, {"uv.lock": LOCK})
    found = deployment_for(str(tmp_path / "app.py"), str(tmp_path), Deployment(asyncpg=(0, 32)))
    assert found.asyncpg == (0, 32)
    assert found.because("asyncpg-version") is None
    assert shown(found.sqlalchemy) == "2.0.40"


def test_nothing_above_the_root_is_read(tmp_path: Path) -> None:
    inner = {"requirements.txt": "-r ../../secret/requirements.txt", "app.py": ""}
    written(tmp_path, {"uv.lock": LOCK, "secret/requirements.txt": "asyncpg==0.29.0"})
    written(tmp_path / "work" / "project", inner)
    root = tmp_path / "work" / "project"
    (root / "poetry.lock").symlink_to(tmp_path / "uv.lock")
    assert deployment_for(str(root / "app.py"), str(root), Deployment()) == Deployment()


def test_requirements_in_utf_16(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("asyncpg==0.30.0\r\nsqlalchemy==2.0.40\r\n".encode("utf-16"))
    found = deployment_for(str(tmp_path / "app.py"), str(tmp_path), Deployment())
    assert (shown(found.asyncpg), shown(found.sqlalchemy)) == ("0.30.0", "2.0.40")


DRIVERS = [
    ({"requirements.txt": "asyncpg\nsqlalchemy\nfastapi"}, True),
    ({"requirements.txt": "asyncpg\npsycopg2-binary"}, True),
    ({"requirements.txt": "asyncpg\npsycopg"}, None),
    ({"requirements.txt": "asyncpg\nPsycopg[binary]"}, None),
    ({"requirements.txt": "asyncpg", "requirements-dev.txt": "aiosqlite"}, None),
    ({"requirements.txt": "sqlalchemy"}, None),
    ({"requirements.txt": "sqlalchemy[asyncio, postgresql-asyncpg]>=2"}, True),
    ({"requirements.txt": "SQLAlchemy[postgresql_asyncpg]>=2"}, True),
    ({"requirements.txt": "sqlalchemy[postgresql_asyncpg,aiosqlite]>=2"}, None),
    ({"requirements.txt": "asyncpg\nsqlalchemy[postgresql]"}, True),
    ({"requirements.txt": "asyncpg\nsqlalchemy[postgresql-psycopg]"}, None),
    ({"requirements.txt": "sqlalchemy[asyncio]"}, None),
    ({"requirements.txt": "other[postgresql_asyncpg]"}, None),
    ({"pyproject.toml": POETRY_FILE.replace('"asyncio"', '"postgresql-asyncpg"').replace("asyncpg =", "x =")}, True),
    ({"environment.yml": "dependencies:\n- asyncpg\n- aiosqlite=0.20\n"}, None),
    ({"environment.yml": "dependencies:\n- asyncpg=0.30\n- python=3.12\n"}, True),
    ({"uv.lock": LOCK}, None),
    ({"pyproject.toml": PEP621, "uv.lock": LOCK + package("psycopg2", "2.9")}, True),
    ({}, None),
]


@pytest.mark.parametrize(("files", "assumed"), DRIVERS)
def test_the_only_driver(tmp_path: Path, files: Files, assumed: bool | None) -> None:
    written(tmp_path, files)
    found = deployment_for(str(tmp_path / "app.py"), str(tmp_path), Deployment())
    assert found.assume_asyncpg is assumed
    assert (found.because("assume-driver") is not None) == (assumed is True)
    assert (
        deployment_for(str(tmp_path / "app.py"), str(tmp_path), Deployment(assume_asyncpg=False)).assume_asyncpg
        is False
    )


@pytest.mark.parametrize(
    ("required", "synchronous_too"),
    [("asyncpg", False), ("asyncpg\nsqlalchemy", False), ("asyncpg\npsycopg2", True), ("asyncpg\npymysql", True)],
)
def test_a_synchronous_driver_serves_no_asynchronous_engine_but_may_run_a_statement(
    tmp_path: Path, required: str, synchronous_too: bool
) -> None:
    written(tmp_path, {"requirements.txt": required})
    found = deployment_for(str(tmp_path / "app.py"), str(tmp_path), Deployment())
    assert found.assume_asyncpg is True
    assert found.synchronous_too is synchronous_too


_CLAUSE = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["==", "!=", ">=", "<=", "<", ">", "~=", "===", "=", "", "=>"]),
    st.sampled_from(["", " ", "  ", "\t"]),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,2}){0,3}", fullmatch=True),
    st.sampled_from(["", "", "", " ", ".*", "rc1", ".", ".post1"]),
)


@given(st.lists(_CLAUSE, max_size=3).map(",".join))
def test_what_is_read_without_packaging_is_what_packaging_reads(text: str) -> None:
    short = room._usual_clauses(text)
    if short is not None:
        assert set(short) == set(room._clauses(text))  # old releases of packaging forget what is said twice


def test_usual_specifiers_are_read_without_packaging() -> None:
    assert room._usual_clauses(">=0.27, <0.31") == [(">=", "0.27"), ("<", "0.31")]
    assert room._usual_clauses("~=0.29") is None
    assert room._usual_clauses("==٣.1") is None
