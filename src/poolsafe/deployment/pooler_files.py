"""The configuration files of poolers other than PgBouncer: pgcat.toml, pgdog.toml, odyssey.conf, supabase/config.toml.

They are read line by line, like the YAML files, because only one or two scalars are needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from poolsafe.deployment.setting import Setting
from poolsafe.records import frozen
from poolsafe.source import short_lines

_LINE = re.compile(r"""\s*([\w.]+)(?:\s*=)?\s*["']?([\w.-]+)""")
_SECTION = re.compile(r"\s*\[([^\[\]]+)\]")


@frozen
class _Format:
    """A file's product, its keys by their meaning, and their section, or "" for any.

    `numbers` are words that say whether named statements are supported. `default` is the mode if the file sets none.
    """

    product: str
    keys: dict[str, str]
    numbers: dict[str, str]
    section: str = ""
    default: str = ""


_FORMATS = {
    "pgcat.toml": _Format(
        "pgcat",
        {"pool_mode": "pool_mode", "prepared_statements_cache_size": "max_prepared_statements"},
        {},
        default="transaction",
    ),
    "pgdog.toml": _Format(
        "pgdog",
        {"pooler_mode": "pool_mode", "prepared_statements": "max_prepared_statements"},
        {"disabled": "0", "false": "0"},
        default="transaction",
    ),
    "odyssey.conf": _Format(
        "odyssey",
        {"pool": "pool_mode", "pool_reserve_prepared_statement": "max_prepared_statements"},
        {"no": "0"},
    ),
    "supabase/config.toml": _Format("supavisor", {"pool_mode": "pool_mode"}, {}, section="db.pooler"),
}


def is_named(folder: str, name: str) -> bool:
    """Returns whether a file is one of these, by its name and by that of its folder."""
    return _format(folder, name) is not None


def settings_of(path: str, text: str) -> Iterator[Setting]:
    """Yields the relevant settings. A pooler that is turned off has none."""
    folder, _, name = path.replace("\\", "/").rpartition("/")
    form = _format(folder, name)
    if form is None:
        return
    found = list(_settings(form, path, text))
    if not any(setting.key == "pool_mode" for setting in found) and form.default:
        found.append(Setting("pool_mode", form.default, path, 1, form.product))
    yield from found


def _settings(form: _Format, path: str, text: str) -> Iterator[Setting]:
    section, off = "", False
    found = []
    for row, line in enumerate(short_lines(text), 1):
        if match := _SECTION.match(line):
            section = match[1].strip()
        elif not line.lstrip().startswith("#") and (match := _LINE.match(line)):
            if form.section and form.section != section:
                continue
            key, value = match[1].lower(), match[2]
            off = off or (bool(form.section) and (key, value) == ("enabled", "false"))
            if key in form.keys:
                found.append(Setting(form.keys[key], form.numbers.get(value, value), path, row, form.product))
    yield from () if off else found


def _format(folder: str, name: str) -> _Format | None:
    inner = folder.replace("\\", "/").rpartition("/")[2]
    return _FORMATS.get(name.lower()) or _FORMATS.get(f"{inner}/{name}".lower())
