"""A search for files that may change an object of another module when they are imported.

A third module may change what two others share: `from config import ARGS` and then `ARGS["x"] = 0`, or
`config.URL = ...`. Hardly any module does that, so bytes are searched before anything is parsed. The search looks at
every mention of the imported name. The files that it finds are parsed, so it may find too many.
"""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Iterator

from poolsafe.checkout.import_order import DEFERRED, ImportOrder
from poolsafe.libraries import CHANGING, READING
from poolsafe.records import frozen

MAX_NAMES = 12  # under which a file knows one object
MAX_LINE = 400  # characters that are looked at before a name
MAX_EXPORTS = 4  # modules through which a name is imported

# What follows a name: attributes and items, then the sign of an assignment or a call.
_AFTER = re.compile(rb"((?:\.\w+|\[[^\[\]\r\n]*\]){0,9})[ \t]*(=(?!=)|[-+*/|&%]=|\(|)")
# What may stand between the beginning of a line and a name that is given another name, changed or deleted.
_RENAMED = re.compile(rb"\s*(\w+)[ \t]*(?::[^=\r\n]+)?=[ \t]*(?:\w+\.)*$")
_KEEPING = frozenset(name.encode() for name in READING | {"copy", "get", "items", "keys", "values"})
# A method that is named like one that reads, such as `getboolean` of a parsed configuration, is not taken for a change.
_GETTERS = (b"get", b"is_", b"has_", b"as_", b"to_")
_IMPORTING = frozenset((b"from", b"import"))
_TESTING = frozenset((b"if", b"elif", b"while", b"not", b"in"))
_CHANGING = frozenset(name.encode() for name in CHANGING)


class How(enum.Enum):
    """How a file changes what a name of another one stands for."""

    CHANGE = "the name stands for an object, which is changed"
    CALL = "the name is that of a function, which is called"
    REBIND = "the name itself is given another value, as an attribute of its module"


@frozen
class Mention:
    """A mention of a name: what is before it in its line, the attributes and items behind it, and a sign behind these.

    `is_attribute`: it is an attribute of a module. `at_start`: it is evaluated when the file is imported. `is_whole`:
    it stands for the object itself, not for an attribute of the object.
    """

    before: bytes
    parts: bytes
    sign: bytes
    is_attribute: bool
    at_start: bool
    is_whole: bool


class ChangingFiles:
    """A search over the files of a project. What was found is kept."""

    def __init__(self, order: ImportOrder) -> None:
        self._order = order
        self._found: dict[tuple[str, str, How], list[str]] = {}
        self._origins: dict[tuple[str, bytes, str, int], bool] = {}
        self._attributes: dict[str, dict[bytes, list[str]]] = {}

    def forget(self) -> None:
        """Forgets everything, because a file has changed."""
        self._found.clear()
        self._origins.clear()
        self._attributes.clear()

    def files(self, home: str, folder: str, name: str, how: How) -> list[str]:
        """Returns the files that may change what a name of the file `home` stands for, apart from `home` itself.

        Cached.
        """
        key = (home, name, how)
        found = self._found.get(key)
        if found is None:
            word = name.encode()
            if how is How.REBIND:
                paths = self._rebinding(home, folder).get(word, [])
            else:
                paths = self._order.files.holding(folder, (word,))
            others = (path for path in paths if path != home)
            found = self._found[key] = [path for path in others if self._may_change(path, home, word, how)]
        return found

    def _rebinding(self, home: str, folder: str) -> dict[bytes, list[str]]:
        """Returns the attributes that files assign to something named like the module of `home`, each with the files.

        Cached.
        """
        if home not in self._attributes:
            found = self._attributes[home] = {}
            stem = _stem(home)
            pattern = _assigning(stem)
            for path in self._order.files.holding(folder, (stem,)):
                content = self._order.files.content(path)
                matches = pattern.findall(content)
                owners = sorted({alias for _, alias in matches} - {b""})[:MAX_NAMES]
                matches += (one for owner in owners for one in _assigning(owner).findall(content))
                for name in {attribute for attribute, _ in matches} - {b""}:
                    found.setdefault(name, []).append(path)
        return self._attributes[home]

    def _may_change(self, path: str, home: str, name: bytes, how: How) -> bool:
        content = self._order.files.content(path)
        imports = [one for one in self._order.imports(path) if one.path is not None]
        owners = {one.bound for one in imports if not one.name and self._is_of(one.path, name, home)}
        names = set() if how is How.REBIND else set(self._names(path, name, home))
        imported = names | {name}
        queue = [(name, True)] * bool(owners) + [(one, False) for one in names]
        while queue:
            word, is_attribute = queue.pop()
            for start in _mentions(content, word):
                owner = _owner(content, start)
                if (owner is not None) is not is_attribute or (is_attribute and owner not in owners):
                    continue
                line = _line_before(content, start)
                first = self._order.first_word(path, start)
                if b"#" in line or first in _IMPORTING or line.lstrip().startswith((b"from ", b"import ")):
                    continue
                after = _AFTER.match(content, start + len(word))
                assert after is not None
                mention = Mention(line, after[1], after[2], is_attribute, first not in DEFERRED, word in imported)
                if _changes(mention, how):
                    return True
                new = _RENAMED.match(line) if how is How.CHANGE and mention.at_start and not mention.sign else None
                if new is not None and new[1] not in names and len(names) < MAX_NAMES:
                    names.add(new[1])
                    queue.append((new[1], False))
        return False

    def _names(self, path: str, name: bytes, home: str) -> Iterator[bytes]:
        """Yields the names that a file imports a name of another file as."""
        for one in self._order.imports(path):
            if one.path is not None and one.name in (name, b"*") and self._is_of(one.path, name, home):
                yield name if one.name == b"*" else one.bound

    def _is_of(self, path: str | None, name: bytes, home: str, left: int = MAX_EXPORTS) -> bool:
        """Returns whether a file has a name from the file `home`, which others may have given it."""
        if path == home or path is None or not left:
            return path == home
        key = (path, name, home, left)
        if key not in self._origins:
            self._origins[key] = any(
                self._is_of(one.path, name if one.name == b"*" else one.name, home, left - 1)
                for one in self._order.imports(path)
                if one.bound == name or one.name == b"*"
            )
        return self._origins[key]


def _stem(path: str) -> bytes:
    """Returns the last part of the dotted name of a file's module."""
    folder, name = os.path.split(path.removesuffix(".py"))
    return os.fsencode(os.path.basename(folder) if name == "__init__" else name)


def _assigning(owner: bytes) -> re.Pattern[bytes]:
    """Returns a pattern for `owner.name =` and `owner as name`, with a group for either name."""
    return re.compile(rb"%b(?:\.(\w+)[ \t]*=(?!=)|[ \t]+as[ \t]+(\w+))" % re.escape(owner))


def _mentions(content: bytes, word: bytes) -> Iterator[int]:
    """Yields the offsets at which a word is mentioned, without those at which a string begins with it."""
    start = content.find(word)
    while start >= 0:
        before, behind = content[start - 1 : start], content[start + len(word) : start + len(word) + 1]
        if not (_is_of_word(before) or _is_of_word(behind) or before in (b'"', b"'")):
            yield start
        start = content.find(word, start + len(word))


def _line_before(content: bytes, start: int) -> bytes:
    """Returns what is before an offset in its line, or the end of that."""
    first = max(start - MAX_LINE, 0)
    return content[max(content.rfind(b"\n", first, start) + 1, first) : start]


def _is_of_word(character: bytes) -> bool:
    return character.isalnum() or character == b"_"


_OWNER = re.compile(rb"(?<!\w)\w+\Z")


def _owner(content: bytes, start: int) -> bytes | None:
    """Returns the name before the dot before a mention, or None if there is no dot."""
    if content[start - 1 : start] != b".":
        return None
    found = _OWNER.search(content, max(start - 100, 0), start - 1)
    return found[0] if found is not None else b""


def _changes(one: Mention, how: How) -> bool:
    """Returns whether a mention may be a change."""
    if one.is_attribute and one.sign == b"=" and not one.parts:
        return True
    match how:
        case How.REBIND:
            return False
        case How.CALL:
            return one.at_start and ((one.sign == b"(" and not one.parts) or one.before.strip()[:1] == b"@")
    if one.sign == b"(":
        method = one.parts.rpartition(b".")[2] if one.parts[-1:] != b"]" else b""
        if method in _CHANGING or not one.parts:
            return bool(one.parts) or one.at_start
        # A method of what an attribute holds, such as of a string, changes nothing but by these names.
        keeps = method in _KEEPING or method.startswith(_GETTERS)
        return one.at_start and one.parts == b"." + method and not keeps
    if one.sign:
        return bool(one.parts) or one.sign != b"="
    word = one.before.rstrip().rpartition(b" ")[2]
    if word == b"del" or word.endswith(b"setattr("):
        return True
    if one.parts:
        # An item may be an object that is changed under another name.
        return one.at_start and one.parts[-1:] == b"]" and _RENAMED.match(one.before) is not None
    # A name alone is given to a function, or put into another object.
    return one.at_start and one.is_whole and not one.before.endswith(b"**") and word not in _TESTING
