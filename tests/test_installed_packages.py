"""Code of other projects, and files that are not Python, are not reported, by the command and in flake8."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from poolsafe.checker import check_bytes
from poolsafe.facts.deployment import Deployment
from poolsafe.flake8_plugin import Plugin
from poolsafe.installed_packages import among_installed

HEAD = "from sqlalchemy.ext.asyncio import create_async_engine\n"
BAD = f'{HEAD}engine = create_async_engine("postgresql+asyncpg://db/app")\n'


def in_flake8(path: str) -> list[str]:
    found = Plugin(None, path, BAD.splitlines(keepends=True)).run()  # type: ignore[arg-type]
    return sorted(message[:6] for _, _, message, _ in found)


@pytest.mark.parametrize(
    ("path", "installed"),
    [
        ("venv/Lib/site-packages/alembic/templates/async/env.py", True),
        ("./x/lib/python3.11/site-packages/a.py", True),
        ("usr/lib/python3/dist-packages/a.py", True),
        ("site_packages/a.py", False),
        ("app/db.py", False),
        ("stdin", False),
    ],
)
def test_installed_packages_are_not_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, installed: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    assert among_installed(path) is installed
    assert among_installed(os.path.join(tmp_path, path)) is installed
    assert in_flake8(path) == ([] if installed else ["PGB101", "PGB201"])


def test_whoever_stands_in_an_installed_package_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "mine"
    package.mkdir(parents=True)
    monkeypatch.chdir(package)
    assert in_flake8("db.py") == ["PGB101", "PGB201"]


CODE = "engine = create_async_engine(url\n"


@pytest.mark.parametrize(
    ("path", "text", "spoken"),
    [
        ("db.py", HEAD + CODE, True),
        ("{{cookiecutter.name}}/db.py", HEAD + CODE, False),
        ("db.py", f"{HEAD}{{% if cookiecutter.async %}}\n{CODE}", False),
        ("db.py", f"{HEAD}    {{%- if x %}}\n{CODE}", False),
        ("db.py", f"{HEAD}{{# a comment of Jinja's #}}\n{CODE}", False),
        ("db.py", f'{HEAD}from {{{{ name }}}}.settings import url\nengine = create_async_engine("x")\n', False),
        # Python's own doubled braces and percent signs do not make a template.
        ("db.py", f'{HEAD}x = f"{{{{}}}}"\n{CODE}', True),
        ("db.py", f'{HEAD}x = "{{% if %}}"\n{CODE}', True),
    ],
)
def test_templates_are_not_called_unparsable(path: str, text: str, spoken: bool) -> None:
    _, report = check_bytes(path, text.encode(), Deployment())
    assert [finding.code for finding in report.findings] == (["PGB009"] if spoken else [])
