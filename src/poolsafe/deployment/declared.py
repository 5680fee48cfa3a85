"""Declared dependencies: pyproject.toml (PEP 621, dependency groups, Poetry, PDM), setup.cfg and Pipfile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from poolsafe.deployment.files import row_with, text_of
from poolsafe.deployment.packages import WATCHED, Said, normalized, requirement
from poolsafe.deployment.versions import ANY, specified_for_poetry
from poolsafe.facts.deployment import Versions

Entries = Iterator[tuple[str, Versions]]


def declared_in(folder: str, names: frozenset[str], root: str) -> Iterator[Said]:
    """What the project files among the `names` of a folder declare."""
    readers = {"pyproject.toml": _of_pyproject, "setup.cfg": _of_setup, "Pipfile": _of_pipfile}
    for name, read in readers.items():
        text = text_of(root, os.path.join(folder, name)) if name in names else None
        for package, versions in read(text) if text is not None else ():
            yield Said(package, versions, os.path.join(folder, name), row_with(text or "", package))


def _of_pyproject(text: str) -> Entries:
    content = _toml(text)
    project = _table(content, "project")
    yield from _strings(project.get("dependencies"))
    for group in (*_table(project, "optional-dependencies").values(), *_table(content, "dependency-groups").values()):
        yield from _strings(group)
    tool = _table(content, "tool")
    for group in _table(_table(tool, "pdm"), "dev-dependencies").values():
        yield from _strings(group)
    yield from _of_poetry(_table(tool, "poetry"))


def _of_poetry(poetry: dict[str, Any]) -> Entries:
    tables = [poetry, *_table(poetry, "group").values()]
    for table in tables:
        for key in ("dependencies", "dev-dependencies"):
            yield from _constraints(_table(table, key))


def _of_pipfile(text: str) -> Entries:
    content = _toml(text)
    for section in ("packages", "dev-packages"):
        yield from _constraints(_table(content, section))


def _of_setup(text: str) -> Entries:
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    groups = [parser.get("options", "install_requires", fallback="")]
    if parser.has_section("options.extras_require"):
        groups += [value for _, value in parser.items("options.extras_require")]
    for group in groups:
        yield from _strings(group.splitlines())


def _strings(group: object) -> Entries:
    for text in group if isinstance(group, list) else ():
        found = requirement(text) if isinstance(text, str) else None
        if found is not None:
            yield found


def _constraints(table: dict[str, Any]) -> Entries:
    """Poetry's and Pipenv's form: a name with a constraint, with a table that has one, or with a list of such."""
    for name, value in table.items():
        package = normalized(name)
        for each in value if isinstance(value, list) else [value]:
            constraint = each.get("version") if isinstance(each, dict) else each
            known = package in WATCHED and isinstance(constraint, str)
            yield package, specified_for_poetry(str(constraint)) if known else ANY


def _toml(text: str) -> dict[str, Any]:
    import tomli

    try:
        return tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError):
        return {}


def _table(content: object, name: str) -> dict[str, Any]:
    found = content.get(name) if isinstance(content, dict) else None
    return found if isinstance(found, dict) else {}
