"""The configuration page, generated from the table of keys.

`python -m poolsafe.config.reference docs/configuration.md` writes it.
"""

from __future__ import annotations

import sys

from poolsafe.config.keys import KEYS, SELECTOR_KEYS, Key
from poolsafe.config.ruff_keys import RUFFS_LINT, RUFFS_TOP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEAD = """\
# Configuration

In `pyproject.toml`, write the keys in `[tool.poolsafe]` and `[tool.poolsafe.lint]`. In `poolsafe.toml` and
`.poolsafe.toml`, write them at the top level and in `[lint]`:

```toml
[tool.poolsafe]
pooler = "transaction"
baseline = "poolsafe-baseline.json"

[tool.poolsafe.lint]
ignore = ["PGB201"]
per-file-ignores = { "tests/**" = ["PGB2"] }
```

Keys that also exist in ruff have the same type, default and effect as in ruff. `poolsafe --show-settings [PATH]` prints
the settings for a path and where each value comes from. Editors can complete the keys with
[poolsafe.schema.json](poolsafe.schema.json).

## Which file applies

For each checked file, the closest configuration file applies: poolsafe looks in the file's directory, and then in the
directories above it. In each, it looks for `.poolsafe.toml`, then `poolsafe.toml`, then a `pyproject.toml` with
`[tool.poolsafe]`. Files in different directories are not merged; use `extend = "../base.toml"` to build on another
file. A value in the extending file replaces the value in the other file, except that keys that begin with `extend-` add
to it. In a checkout, `extend` and `baseline` must name files in that checkout; `--config` and `--baseline` can name any
file.

{inherited}
are taken from `ruff.toml` or `[tool.ruff]` in the same directory if poolsafe's own file does not set them. To turn this
off, set `inherit-from-ruff = false`. If the project has no configuration file for poolsafe, these keys are taken from
the closest ruff configuration. All other settings are taken from your user configuration: `poolsafe/poolsafe.toml` in
`~/.config` (or `XDG_CONFIG_HOME`), or in `%APPDATA%` on Windows.

`exclude`, `extend-exclude`, `include` and `force-exclude` are never taken from ruff. Many projects use them to exclude
their migrations from ruff, but poolsafe has to check migrations, because Alembic's `env.py` creates an engine. If
poolsafe should skip files, set these keys in its own configuration.

`--config FILE` replaces all configuration files; paths in FILE are relative to the current directory.
`--config 'lint.ignore = ["PGB201"]'` overrides the configuration files, and a flag such as `--ignore` overrides both.
If a key is given twice with `--config`, the first value wins. `--isolated` ignores all configuration files.

## Which rules run

A selector is `ALL`, `PGB`, a code or the beginning of a code. If several selectors in a file, or on the command line,
match a rule, the longest one decides. If a selector in `select` and one in `ignore` have the same length, the rule is
ignored. The command line overrides the file, and a file overrides those that it extends, whatever the length of the
selectors. If the overriding source sets `select`, the selections that it overrides are discarded. `per-file-ignores`
apply last.

All rules run by default except PGB010, which has to be selected by its full code. `extend-select = ["PGB010"]` adds it
to the other rules; `["ALL"]`, `["PGB"]` and `["PGB0"]` do not select it.

## Under flake8

The plugin uses the same configuration, but flake8 decides which files are checked and which findings are shown. Of
`[tool.poolsafe.lint]`, only `external` applies. Instead of the other keys, use:

- `select`, `extend-select`, `ignore`, `extend-ignore`, `per-file-ignores`, `extend-per-file-ignores`: flake8's options
  of the same names.
- `exclude`, and the top-level `exclude`, `include` and similar keys: flake8's `exclude`, `extend-exclude` and
  `filename`.
- `fixable`, `extend-fixable`, `unfixable`, `extend-unfixable`, `extend-safe-fixes`, `extend-unsafe-fixes`: no
  replacement, because flake8 does not fix code.
- `preview`, `explicit-preview-rules`: no replacement, because flake8 selects the rules.

**flake8's `select` hides all plugins that it does not list.** With `select = E,W,F`, the plugin runs, but its findings
are not shown. Remove `select`, or add `PGB` to it:

```ini
[flake8]
select = E,W,F,PGB
```

Adding `extend-select = PGB` has the same effect. If you use `--select` on the command line, add `PGB` there too. PGB010
needs its full code: `extend-select = PGB010`.

If poolsafe's configuration is invalid, flake8 stops with one error. It does so whichever rules are selected, and even
if no file creates an engine. The exit code is 2 if the configuration applies to a path that was passed to flake8. If
the configuration is in a directory below that path, flake8 reports a `critical error` and the exit code is 1.

## Globs

`*` and `?` also match `/`, and `**`, `[...]` and `{a,b}` are supported. In `exclude`, a pattern without `/` also
matches the name of a file or directory, and a matching directory is skipped with everything in it. In
`per-file-ignores`, a pattern is matched against the file's path and its name, but not against directories. A `!` at the
beginning negates the pattern.

"""

RUFF = """\
## Using a ruff configuration

If you rename `[tool.ruff]` to `[tool.poolsafe]`, the configuration works, provided that it only has keys that poolsafe
supports. It does not support these keys of ruff:

{keys}

poolsafe rejects them, like every unknown key, so that you notice typos. Set `allow-ruff-keys = true` to ignore them.
Keys of `[lint]` also work at the top level, where ruff used to have them, but poolsafe then prints a warning.
"""


def render() -> str:
    """Returns the page."""
    foreign = "\n".join(_wrapped([*sorted(RUFFS_TOP), *(f"lint.{name}" for name in sorted(RUFFS_LINT))]))
    *most, last = (f"`{key.path}`" for key in KEYS.values() if key.from_ruff)
    head = HEAD.replace("{inherited}", f"{', '.join(most)} and {last}")
    return head + "\n".join((*_section(""), *_section("lint"), "")) + RUFF.format(keys=foreign)


def _section(name: str) -> Iterator[str]:
    yield f"## Keys of `[tool.poolsafe{f'.{name}' if name else ''}]`\n"
    for key in KEYS.values():
        if key.section == name:
            yield from _entry(key)


def _entry(key: Key) -> Iterator[str]:
    yield f"### `{key.name}`\n"
    yield f"{key.doc}\n"
    kind = "a list of rule selectors" if key.path in SELECTOR_KEYS else key.kind.label
    also = "; taken from ruff's configuration too" if key.from_ruff else ""
    yield f"{kind[0].upper()}{kind[1:]}. {_default(key)}{also}.\n"


def _default(key: Key) -> str:
    if key.default is None:
        return "Not set by default"
    if isinstance(key.default, tuple):
        items = ", ".join(f'"{item}"' for item in key.default)
        return f"Default: `[{items}]`"
    if isinstance(key.default, dict):
        return "Default: `{}`"
    return f"Default: `{str(key.default).lower()}`" if isinstance(key.default, bool) else f'Default: `"{key.default}"`'


def _wrapped(names: Iterable[str]) -> Iterator[str]:
    line = ""
    for name in names:
        piece = f"`{name}`"
        if len(line) + len(piece) + 2 > 118:
            yield f"{line},"
            line = piece
        else:
            line = f"{line}, {piece}" if line else piece
    yield f"{line}."


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m poolsafe.config.reference FILE")
    with open(sys.argv[1], "w", encoding="utf-8", newline="\n") as file:
        file.write(render())
