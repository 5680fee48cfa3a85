"""`--write-config`: writes the verdict to the project's configuration file, and changes nothing else in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from poolsafe.config.errors import UsageError
from poolsafe.config.presence import LARGEST, OWN_FILES, PYPROJECT
from poolsafe.doctor.advice import NUMBER, REMARKS
from poolsafe.reading import read
from poolsafe.writing import NotWritten, replace

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_FLAG = "--write-config"
MISSING = f"{_FLAG} needs tomlkit, which is not installed: python -m pip install 'poolsafe[doctor]'"
# Keys that an earlier verdict may have written and a later one does not set.
_KEYS = ("pooler", NUMBER)
_HEADER = "[tool.poolsafe]"
_BOM = "\ufeff"


def require() -> None:
    """Raises UsageError unless tomlkit can be imported."""
    try:
        import tomlkit  # noqa: F401
    except ImportError:
        raise UsageError(MISSING) from None


def find(named: str | None) -> str:
    """Returns the file to write: the one that `--config` names, else the nearest one of the project.

    poolsafe's own file takes precedence over pyproject.toml in the same directory, as when it is read. Raises
    UsageError.
    """
    if named is not None:
        return named
    directory = os.getcwd()
    while True:
        for name in (*OWN_FILES, PYPROJECT):
            if os.path.lexists(os.path.join(directory, name)):
                return os.path.join(directory, name)
        above = os.path.dirname(directory)
        if above == directory or os.path.exists(os.path.join(directory, ".git")):
            raise UsageError(f"{_FLAG}: there is no pyproject.toml here; create one, or name a file with --config")
        directory = above


def write(path: str, settings: Mapping[str, str | int]) -> bool:
    """Sets the keys in `[tool.poolsafe]` of the file, and returns whether that changed anything.

    Raises UsageError for a file that cannot be read, parsed or replaced.
    """
    shown = os.path.relpath(path)
    try:
        before = read(path, LARGEST)
        content = changed(before, settings, own=os.path.basename(path) != PYPROJECT)
        if content == before:
            return False
        replace(os.path.realpath(path), content, named=path, before=before)
    except UnicodeDecodeError:
        raise UsageError(f"{_FLAG}: {shown}: not UTF-8") from None
    except NotWritten as error:
        raise UsageError(f"{_FLAG}: {shown}: {error.reason}") from None
    except OSError as error:
        raise UsageError(f"{_FLAG}: {shown}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{_FLAG}: {shown}: {error}") from None
    return True


def changed(before: bytes, settings: Mapping[str, str | int], *, own: bool) -> bytes:
    """Returns the file with the keys set. `own` says that it is a poolsafe.toml, without `[tool.poolsafe]`.

    Raises ValueError if the file is not TOML, or if setting the keys would change anything else in it.
    """
    import tomli
    import tomlkit

    text = before.decode()
    mark = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    ends = "\r\n" if text.count("\n") == text.count("\r\n") > 0 else "\n"
    # tomlkit writes Unix line ends.
    text = text.replace("\r\n", "\n") if ends == "\r\n" else text
    document = tomlkit.parse(text)
    table: MutableMapping[str, Any] = document if own else _table(document, "tool", "poolsafe")
    for key in _KEYS:
        if key in settings:
            if key not in table:
                table[key] = _item(key, settings[key])
            elif table[key] != settings[key]:
                # The user's own comment remains.
                owned = _comment(table[key]) and not _is_remarked(table[key])
                if not owned:
                    trivia = table[key].trivia
                    trivia.comment = trivia.comment_ws = ""
                table[key] = settings[key] if owned else _item(key, settings[key])
        else:
            table.pop(key, None)
    written = _spaced(text, document.as_string())
    _compare(tomli.loads(text), tomli.loads(written), settings, own=own)
    return (mark + written.replace("\n", ends)).encode()


def _spaced(before: str, after: str) -> str:
    """Returns the new text with a blank line on either side of the table if it was added."""
    lines = after.split("\n")
    if _HEADER in before.split("\n") or _HEADER not in lines:
        return after
    start = lines.index(_HEADER)
    following = (number for number, line in enumerate(lines) if number > start and line.startswith("["))
    for number in (next(following, 0), start):
        if number and lines[number - 1].strip():
            lines.insert(number, "")
    return "\n".join(lines)


def _item(key: str, value: str | int) -> Any:
    import tomlkit

    item = tomlkit.item(value)
    remark = REMARKS.get((key, value))
    if remark:
        item.comment(remark)
        item.trivia.comment_ws = "  "
    return item


def _is_remarked(item: Any) -> bool:
    """Returns whether the comment after a value was written by poolsafe."""
    return any(_comment(item) == f"# {remark}" for remark in REMARKS.values())


def _comment(item: Any) -> str:
    return str(getattr(getattr(item, "trivia", None), "comment", ""))


def _table(document: MutableMapping[str, Any], *path: str) -> MutableMapping[str, Any]:
    import tomlkit

    table = document
    for name in path:
        if name not in table:
            table[name] = tomlkit.table(is_super_table=name != path[-1])
        table = table[name]
        if not hasattr(table, "pop"):
            raise ValueError(f"`{name}` is not a table")
    return table


def _compare(before: dict[str, Any], after: dict[str, Any], settings: Mapping[str, str | int], *, own: bool) -> None:
    """Raises ValueError if the two differ in more than the settings. It uses a different parser from the writer."""
    wanted = before if own else before.setdefault("tool", {}).setdefault("poolsafe", {})
    for key in _KEYS:
        wanted.pop(key, None)
    wanted.update(settings)
    if before != after:
        raise ValueError("the keys cannot be set without changing something else; set them by hand")
