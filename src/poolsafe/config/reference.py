"""The page about the configuration, made from the table of its keys.

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

In `pyproject.toml` the keys stand in `[tool.poolsafe]` and `[tool.poolsafe.lint]`. In `poolsafe.toml` and
`.poolsafe.toml` they stand at the top and in `[lint]`:

```toml
[tool.poolsafe]
pooler = "transaction"
baseline = "poolsafe-baseline.json"

[tool.poolsafe.lint]
ignore = ["PGB201"]
per-file-ignores = { "tests/**" = ["PGB2"] }
```

Names, types, defaults and the ways in which they work together are ruff's, wherever ruff has the key. `poolsafe
--show-settings [PATH]` prints what holds for a path, and where each value comes from. Editors complete the keys by
[poolsafe.schema.json](poolsafe.schema.json).

## Which file holds

The closest one above a file: in each folder `.poolsafe.toml`, then `poolsafe.toml`, then a `pyproject.toml` with
`[tool.poolsafe]`. Nothing is merged across folders; `extend = "../base.toml"` is the only way to build on another
file. In a checkout, `extend` and `baseline` must name files of that checkout; `--config` and `--baseline` may name any.
A value takes the place of the one it builds on, and the keys whose names begin with `extend-` add to it.

{inherited}
are taken from `ruff.toml` or `[tool.ruff]` of the same folder where poolsafe's own file does not give them
(`inherit-from-ruff = false` ends that). Without any file of poolsafe's, those of the nearest configuration of ruff
count, and for the rest your own:
`~/.config/poolsafe/poolsafe.toml` (under `XDG_CONFIG_HOME` where that is set, on Windows `%APPDATA%\\poolsafe`).

What ruff leaves out is never inherited (`exclude`, `extend-exclude`, `include`, `force-exclude`): many projects exclude
their migrations from ruff, and Alembic's env.py makes an engine. Name here what poolsafe should leave out.

`--config FILE` takes the place of every file that would be found; its paths start from the current folder. `--config
'lint.ignore = ["PGB201"]'` is laid over the files, a flag of its own such as `--ignore` over that. Of two such values
the first one wins. `--isolated` reads no file.

## Which rules run

A selector is `ALL`, `PGB`, or the beginning or the whole of a code. Within one file, or on the command line, the
longer selector wins, and of equals the one that takes away. A later `select` (of the file that extends, of the
command line) starts afresh; without one, what is said later is laid on top of what was said before, whatever the
lengths. `per-file-ignores` come last.

All rules run by default but PGB010, which is off until its whole code is selected. No shorter selector stands for it:
`select = ["ALL"]`, `["PGB"]` and `["PGB0"]` leave it off, `extend-select = ["PGB010"]` adds it to the others.

## Under flake8

The plugin finds the same configuration, but flake8 decides which files it checks and which findings it shows. Of
`[tool.poolsafe.lint]` only `external` applies there. What to use instead of the others:

- `select`, `extend-select`, `ignore`, `extend-ignore`, `per-file-ignores`, `extend-per-file-ignores`: flake8's own
  options of these names.
- `exclude`, as well as `exclude`, `include` and their kin above: flake8's own `exclude`, `extend-exclude`, `filename`.
- `fixable`, `extend-fixable`, `unfixable`, `extend-unfixable`, `extend-safe-fixes`, `extend-unsafe-fixes`: nothing,
  since flake8 repairs nothing.
- `preview`, `explicit-preview-rules`: nothing, since flake8's own selection decides.

**A `select` of flake8 hides every plugin that it does not name.** With `select = E,W,F` the plugin runs, and none of
its findings is shown. Name it, or leave `select` out; `--select` on the command line has to name it again:

```ini
[flake8]
select = E,W,F,PGB
```

`extend-select = PGB` beside the old line does the same. PGB010 has to be named as a whole: `extend-select = PGB010`.

A broken configuration of poolsafe ends flake8 with one error, whatever is selected and whether or not a file makes an
engine: with exit code 2 if it holds for a path that flake8 was given, and as flake8's `critical error` with exit code 1
if it lies in a directory further down.

## Globs

`*` and `?` match `/` too; `**`, `[...]` and `{a,b}` are known. In `exclude` a pattern without `/` may match a bare
name, and a folder that matches is left out with all that is in it. In `per-file-ignores` a pattern is tried on the
file's path and on its bare name, never on folders; `!` at its beginning turns it round.

"""

RUFF = """\
## A configuration of ruff, renamed

It loads as long as all its keys mean something here. These do not:

{keys}

They are refused with their name, so that a slip of the pen is noticed. `allow-ruff-keys = true` has them read past.
Where ruff once read the keys of `[lint]` at the top, they work with a warning.
"""


def render() -> str:
    """Return the page."""
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
