"""Files next to the code that document defaults: env files, compose files and alembic.ini."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator

from poolsafe import ini
from poolsafe.reading import read_below
from poolsafe.source import short_lines

# By priority: the usual and committed files come before those for a single machine.
ENV_FILES = (
    ".env",
    ".env.example",
    ".env.template",
    ".env.sample",
    ".env.dist",
    "env.example",
    "example.env",
    ".env.local",
    ".env.dev",
    ".env.development",
    ".env.prod",
    ".env.production",
    ".env.test",
)
# Other names of env files: `prod.env`, `.env.staging`, `db.env.example`, `env.sample`.
_STAGES = (
    "example|template|sample|dist|defaults?|local|dev|development|staging|stage|prod|production|docker"
    "|ci|tests?|testing"
)
_OTHER_ENV_FILE = re.compile(rf"[\w-]*\.env$|[\w-]*\.?env[._-](?:{_STAGES})(?:[._-](?:{_STAGES}))*$")
_OF_TESTS = re.compile(r"(?:^|[._-])(?:ci|tests?|testing)(?:[._-]|$)")
MAX_OTHERS = 8
MAX_FILE = 200_000

_COMPOSE = re.compile(r"(?:docker-)?compose[^/]*\.ya?ml$")
# `- NAME=value` and `NAME: value` in any block or anchor: only variables have names in capitals.
_VARIABLE = re.compile(r"""\s*(?:-\s+)?["']?([A-Z][A-Z0-9_]*)["']?\s*[=:]\s*(\S.*)""")
_ENV_FILE = re.compile(r"""\s*(?:env_file:|(?:-\s*)?path:|-)\s*["']?(?=[\w./-]*env)([\w./-]+)["']?\s*(?:#.*)?$""")
# `${NAME:-value}` counts as its default.
_DEFAULT = re.compile(r"\$\{\w+:?-([^{}]*)\}")


class Documented(str):
    """A value documented in a file next to the code, with the `path` of the file and the 1-based `row` of the value."""

    path: str
    row: int

    def __new__(cls, value: str, path: str, row: int) -> Documented:
        made = super().__new__(cls, value)
        made.path = path
        made.row = row
        return made


Values = dict[str, Documented]
Cache = dict[str, Values]


def environment_files(root: str, folder: str, listing: frozenset[str], cache: Cache) -> Iterator[Values]:
    """Yields the variables of each env file and compose file in a folder, by priority.

    Names are in upper case. Files outside the root are empty.
    """
    composed = sorted(filter(_COMPOSE.match, listing), key=lambda name: (len(name), name))
    for name in [*(name for name in ENV_FILES if name in listing), *composed, *_other_env_files(listing)]:
        path = os.path.join(folder, name)
        if path not in cache:
            content = _read(root, path)
            cache[path] = _compose(root, path, content) if name in composed else _parse(path, content)
        yield cache[path]


def _other_env_files(listing: frozenset[str]) -> list[str]:
    """Returns env files with unusual names in alphabetical order, those for tests last."""
    found = [name for name in listing if _OTHER_ENV_FILE.match(name) and name not in ENV_FILES]
    return sorted(found, key=lambda name: (_OF_TESTS.search(name) is not None, name))[:MAX_OTHERS]


def _compose(root: str, path: str, content: str) -> Values:
    """Returns the variables of a compose file's services and of the env files that it names in or below its folder.

    The file is read line by line and not as YAML: a parser would be another dependency and take time, only for a few
    scalars.
    """
    values: Values = {}
    named_files: set[str] = set()
    for row, line in enumerate(content.splitlines(), 1):
        if found := _VARIABLE.match(line):
            value = found[2].split(" #")[0].strip().strip("\"'")
            values.setdefault(found[1], Documented(_DEFAULT.sub(r"\1", value), path, row))
        elif (named := _ENV_FILE.match(line)) and ".." not in named[1] and not named[1].startswith("/"):
            beside = os.path.join(os.path.dirname(path), named[1])
            if beside in named_files or len(named_files) == MAX_OTHERS:
                continue
            named_files.add(beside)
            for name, documented in _parse(beside, _read(root, beside)).items():
                values.setdefault(name, documented)
    return values


def _parse(path: str, content: str) -> Values:
    """Returns the variables in lines of the form `NAME=value`."""
    values: Values = {}
    for row, line in enumerate(content.splitlines(), 1):
        name, found, value = line.strip().removeprefix("export ").partition("=")
        if not found or not name.strip().replace("_", "").isalnum() or name.startswith("#"):
            continue
        value = value.strip()
        if value[:1] in ("'", '"') and value.rfind(value[0]) > 0:
            value = value[1 : value.rfind(value[0])]
        else:
            value = value.split(" #")[0].strip()
        values[name.strip().upper()] = Documented(value, path, row)
    return values


def alembic_options(root: str, path: str, cache: Cache) -> Values:
    """Returns the `[alembic]` section of an ini file with `%` unchanged, or an empty dict if it cannot be read."""
    if path not in cache:
        cache[path] = _alembic(path, _read(root, path))
    return cache[path]


def _alembic(path: str, content: str) -> Values:
    try:
        parser = ini.read(content)
    except configparser.Error:
        return {}
    if not parser.has_section("alembic"):
        return {}
    # The parser does not keep rows, and converts names to lower case. The last row that sets a name counts.
    rows = {
        re.split("[=:]", line, maxsplit=1)[0].strip().lower(): row
        for row, line in enumerate(content.splitlines(), 1)
        if "=" in line or ":" in line
    }
    return {name: Documented(value, path, rows.get(name, 1)) for name, value in parser["alembic"].items()}


def _read(root: str, path: str) -> str:
    try:
        text = read_below(root, path, MAX_FILE).decode("utf-8-sig", "replace")
        return "\n".join(short_lines(text))
    except OSError:
        return ""
