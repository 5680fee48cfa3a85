"""Declared dependencies: pyproject.toml (PEP 621, PEP 735, Poetry, PDM, uv), setup.cfg, setup.py, Pipfile, conda."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from poolsafe.deployment import conda
from poolsafe.deployment.files import leave, row_with, text_of
from poolsafe.deployment.packages import OTHER_DRIVERS, WATCHED, Entry, Said, extras, normalized, requirement
from poolsafe.deployment.versions import ANY, specified_for_poetry

Entries = Iterator[Entry]


class _Broken(Exception):  # noqa: N818 - it names the state of the file
    """A file is not of the type that its name suggests; the message names the type."""


def declared_in(folder: str, names: frozenset[str], root: str) -> Iterator[Said]:
    """Yields the declarations of relevant packages in the project files among the `names` in a directory."""
    for name in sorted(names):
        read = _READERS.get(name) or (conda.entries_of if conda.is_named(name) else None)
        path = os.path.join(folder, name)
        text = None if read is None else text_of(root, path)
        if read is None or text is None:
            continue
        entries = [each for each in _read(read, path, text) if each[0] in WATCHED or each[0] in OTHER_DRIVERS]
        rows = {package: _row_of(text, package) for package in {package for package, _ in entries}}
        yield from (Said(package, versions, path, rows[package]) for package, versions in entries)


def _read(read: Callable[[str], Entries], path: str, text: str) -> list[Entry]:
    try:
        return list(read(text))
    except _Broken as error:
        leave(path, str(error))
        return []


def _row_of(text: str, package: str) -> int:
    """Returns the row that declares a package: an item with its name and a version, else its name, else any mention.

    The description and the keywords of a project may mention it too.
    """
    for with_version in (True, False):
        found = _item_pattern(package, with_version=with_version).search(text)
        if found is not None:
            return text.count("\n", 0, found.start()) + 1
    return row_with(text, package)


def _item_pattern(package: str, *, with_version: bool) -> re.Pattern[str]:
    version = r"""["']?(?:[ \t]*\[[^\]\n]{0,100}\])?[ \t]*[<>=!~^;@(]""" if with_version else ""
    item = rf"""(?:^[ \t-]*|["']){re.escape(package)}(?![\w.-])"""
    return re.compile(item + version, re.IGNORECASE | re.MULTILINE)


def _of_setup_py(text: str) -> Entries:
    if "install_requires" in text:
        # Imported late, because it needs LibCST.
        from poolsafe.deployment import setup_py

        yield from setup_py.entries_of(text)


def _of_pyproject(text: str) -> Entries:
    content = _toml(text)
    project = _table(content, "project")
    yield from _strings(project.get("dependencies"))
    for group in (*_table(project, "optional-dependencies").values(), *_table(content, "dependency-groups").values()):
        yield from _strings(group)
    tool = _table(content, "tool")
    yield from _strings(_table(tool, "uv").get("dev-dependencies"))
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

    from poolsafe import ini

    try:
        parser = ini.read(text)
    except configparser.Error:
        raise _Broken("not an INI file") from None
    groups = [parser.get("options", "install_requires", fallback="")]
    if parser.has_section("options.extras_require"):
        groups += [value for _, value in parser.items("options.extras_require")]
    for group in groups:
        yield from _strings(group.splitlines())


_READERS: dict[str, Callable[[str], Entries]] = {
    "pyproject.toml": _of_pyproject,
    "setup.cfg": _of_setup,
    "setup.py": _of_setup_py,
    "Pipfile": _of_pipfile,
}


def _strings(group: object) -> Entries:
    for text in group if isinstance(group, list) else ():
        yield from requirement(text) if isinstance(text, str) else ()


def _constraints(table: dict[str, Any]) -> Entries:
    """Yields the entries of a table in Poetry's and Pipenv's form: names with a constraint, a table or a list."""
    for name, value in table.items():
        package = normalized(name)
        for each in value if isinstance(value, list) else [value]:
            asked = each if isinstance(each, dict) else {"version": each}
            constraint, wanted = asked.get("version"), asked.get("extras")
            known = package in WATCHED and isinstance(constraint, str)
            yield package, specified_for_poetry(str(constraint)) if known else ANY
            yield from extras(
                package, [one for one in wanted if isinstance(one, str)] if isinstance(wanted, list) else ()
            )


def _toml(text: str) -> dict[str, Any]:
    import tomli

    try:
        return tomli.loads(text)
    # A plain ValueError means a number with too many digits.
    except ValueError as error:
        raise _Broken(f"not TOML: {error}") from None
    except RecursionError:
        raise _Broken("not TOML: nested too deeply") from None


def _table(content: object, name: str) -> dict[str, Any]:
    found = content.get(name) if isinstance(content, dict) else None
    return found if isinstance(found, dict) else {}
