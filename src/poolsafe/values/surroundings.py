"""What stands beside the code: env files, compose files and alembic.ini, as the defaults that they document."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator

from poolsafe.reading import read_below

# In this order: what is committed on purpose comes before what one machine has.
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
MAX_FILE = 200_000
MAX_LINE = 4_000

_COMPOSE = re.compile(r"(?:docker-)?compose[^/]*\.ya?ml$")
# `- NAME=value` and `NAME: value`, whichever block or anchor they stand in: only variables are written in capitals.
_VARIABLE = re.compile(r"""\s*(?:-\s+)?["']?([A-Z][A-Z0-9_]*)["']?\s*[=:]\s*(\S.*)""")
_ENV_FILE = re.compile(r"""\s*(?:env_file:|-|-?\s*path:)\s*["']?([\w./-]*env[\w./-]*)["']?\s*(?:#.*)?$""")
# `${NAME:-value}` is the value unless somebody says otherwise.
_DEFAULT = re.compile(r"\$\{\w+:?-([^{}]*)\}")

Cache = dict[str, dict[str, str]]


def environment_files(root: str, folder: str, listing: frozenset[str], cache: Cache) -> Iterator[dict[str, str]]:
    """What each env file of a folder says, then what its compose files give their services; names in upper case.

    What leads out of the root says nothing.
    """
    for name in ENV_FILES:
        if name in listing:
            path = os.path.join(folder, name)
            if path not in cache:
                cache[path] = _parse(_read(root, path))
            yield cache[path]
    for name in sorted(filter(_COMPOSE.match, listing), key=lambda name: (len(name), name)):
        path = os.path.join(folder, name)
        if path not in cache:
            cache[path] = _compose(root, folder, _read(root, path))
        yield cache[path]


def _compose(root: str, folder: str, content: str) -> dict[str, str]:
    """The variables of a compose file's services, and those of the env files that it names, below its own folder.

    It is read line by line and not as YAML: a parser would be a dependency, and time, for a few scalars.
    """
    values: dict[str, str] = {}
    for line in content.splitlines():
        if found := _VARIABLE.match(line):
            value = found[2].split(" #")[0].strip().strip("\"'")
            values.setdefault(found[1], _DEFAULT.sub(r"\1", value))
        elif (named := _ENV_FILE.match(line)) and ".." not in named[1] and not named[1].startswith("/"):
            for name, value in _parse(_read(root, os.path.join(folder, named[1]))).items():
                values.setdefault(name, value)
    return values


def _parse(content: str) -> dict[str, str]:
    """`NAME=value` lines; `${OTHER}` is filled in where it is known and left out where it is not."""
    values: dict[str, str] = {}
    for line in content.splitlines():
        name, found, value = line.strip().removeprefix("export ").partition("=")
        if not found or not name.strip().replace("_", "").isalnum() or name.startswith("#"):
            continue
        value = value.strip()
        if value[:1] in ("'", '"') and value.rfind(value[0]) > 0:
            value = value[1 : value.rfind(value[0])]
        else:
            value = value.split(" #")[0].strip()
        values[name.strip().upper()] = value
    return values


def alembic_options(root: str, path: str, cache: Cache) -> dict[str, str]:
    """The `[alembic]` section of an ini file; empty where it cannot be read. `%` is left as it is written."""
    if path not in cache:
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(_read(root, path))
            cache[path] = dict(parser["alembic"]) if parser.has_section("alembic") else {}
        except configparser.Error:
            cache[path] = {}
    return cache[path]


def _read(root: str, path: str) -> str:
    try:
        text = read_below(root, path, MAX_FILE).decode("utf-8", "replace")
        # configparser takes the square of a line's length.
        return "\n".join(line for line in text.splitlines() if len(line) <= MAX_LINE)
    except OSError:
        return ""
