"""A search for files that may change an object of another module when they are imported.

A third module may change an object that two others share: `from config import ARGS` and then `ARGS["x"] = 0`, or
`config.URL = ...`. Hardly any module does that, so bytes are searched before anything is parsed. The search looks at
every mention of the imported name, and then at the imports of the few files with a mention that may be a change. The
files that it finds are parsed, so it may find too many.
"""

from __future__ import annotations

import enum
import os
import re
import string
from collections.abc import Iterator

from poolsafe.checkout.import_order import DEFERRED, ImportOrder, module_stem
from poolsafe.libraries import CHANGING, READING
from poolsafe.records import frozen

MAX_NAMES = 12  # under which a file knows one object
MAX_LINE = 400  # characters that are examined before a name
MAX_EXPORTS = 4  # modules through which a name is imported

# What follows a name: attributes and items, then the sign of an assignment or a call.
_AFTER = re.compile(rb"((?:\.\w+|\[[^\[\]\r\n]*\]){0,9})[ \t]*(=(?!=)|[-+*/|&%]=|\(|)")
# The text between the beginning of a line and a name that the line binds to another name.
_RENAMED = re.compile(rb"\s*(\w+)[ \t]*(?::[^=\r\n]+)?=[ \t]*(?:\w+\.)*$")
_KEEPING = frozenset(name.encode() for name in READING | {"copy", "get", "items", "keys", "values"})
# A method whose name begins like that of a reader, such as `getboolean` of a parsed configuration, is no change.
_GETTERS = (b"get", b"is_", b"has_", b"as_", b"to_")
_IMPORTING = frozenset((b"from", b"import"))
_CHANGING = frozenset(name.encode() for name in CHANGING)
# After one of these signs or words, a bare name is code that passes on or stores the object. After any other word, it
# is prose.
_GIVING = b"(,=[{:*@"
_GIVING_WORDS = frozenset((b"else", b"or", b"and", b"return", b"yield", b"await"))
_BEHIND = re.compile(rb"[,)\]}:;#\r\n@(]|(?:if|else|for|or|and)\b|\Z")
_ASSIGNING = b"=,;:(*["
# The beginning of a call, up to a name among its arguments, to a function that does not change its arguments.
_ASKING = re.compile(
    rb"(?<![\w.])(?:all|any|bool|dict|frozenset|hasattr|isinstance|len|list|max|min|print|repr|set|sorted|str|sum|tuple|"
    rb"type)\([^()]*\Z"
)
# A group matches the end of the text after a quote that is never closed, so that a match never fails.
_STRING = re.compile(rb"\"[^\"\\]*(?:\\.[^\"\\]*)*(?:\"|(\\?\Z))|'[^'\\]*(?:\\.[^'\\]*)*(?:'|(\\?\Z))", re.DOTALL)
_DOTTED = (string.ascii_letters + string.digits + "_.").encode()


class How(enum.Enum):
    """The ways in which a file changes what a name of another file stands for."""

    CHANGE = "the name stands for an object, which is changed"
    CALL = "the name is that of a function, which is called"
    REBIND = "the name itself is given another value, as an attribute of its module"


@frozen
class Mention:
    """A mention of a name: the text before it on its line, the attributes and items after it, and the sign after those.

    `owner` is the name before the dot if the mention is an attribute, and `before` then ends before the owner.
    `at_start`: the mention is evaluated when the file is imported. `is_whole`: it stands for the object itself, not for
    an attribute of the object. `is_given`: it is a bare name that is passed to a function or put into another object.
    """

    before: bytes
    parts: bytes
    sign: bytes
    owner: bytes | None
    at_start: bool
    is_whole: bool
    is_given: bool


class ChangingFiles:
    """A search of a project's files, which keeps its results."""

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

    def files(self, home: str, name: str, how: How, without_tests: str | None = None) -> list[str]:
        """Returns the files, other than `home` itself, that may change what a name of the file `home` stands for.

        The smallest come first. Tests and examples of the project below the root `without_tests` do not count. Cached.
        """
        key = (home, name, how)
        found = self._found.get(key)
        if found is None:
            word = name.encode()
            if how is How.REBIND:
                paths = self._rebinding(home, without_tests).get(word, [])
            else:
                paths = self._order.files.holding(os.path.dirname(home), (word,), without_tests)
            found = [path for path in paths if path != home and self._may_change(path, home, word, how)]
            found.sort(key=lambda path: (len(self._order.files.content(path)), path))
            self._found[key] = found
        return found

    def _rebinding(self, home: str, without_tests: str | None) -> dict[bytes, list[str]]:
        """Returns the attributes that files assign to something named like the module of `home`, each with the files.

        Cached.
        """
        if home not in self._attributes:
            found = self._attributes[home] = {}
            stem = module_stem(home)
            pattern = _assigning(stem)
            for path in self._order.files.holding(os.path.dirname(home), (stem,), without_tests):
                content = self._order.files.content(path)
                matches = pattern.findall(content)
                owners = sorted({alias for _, alias in matches} - {b""})[:MAX_NAMES]
                matches += (one for owner in owners for one in _assigning(owner).findall(content))
                for name in {attribute for attribute, _ in matches} - {b""}:
                    found.setdefault(name, []).append(path)
        return self._attributes[home]

    def _may_change(self, path: str, home: str, name: bytes, how: How) -> bool:
        """Returns whether a file may change what it gets from the file `home` under this name or another one."""
        content = self._order.files.content(path)
        is_renamed = how is not How.REBIND and _is_renamed(content, name)
        imported = {name}.union(self._names(path, name, home) if is_renamed else ())
        names, queue = set(imported), list(imported)
        while queue:
            word = queue.pop()
            for start in _mentions(content, word):
                one = self._mention(path, start, word, is_whole=word in imported)
                if one is None or (one.owner is not None and word != name):
                    continue
                changes = _changes(one, how)
                new = _RENAMED.match(one.before) if how is How.CHANGE and one.at_start and not one.sign else None
                if not (changes or new) or (word in imported and not self._is_meant(path, home, name, word, one)):
                    continue
                if changes:
                    return True
                if new is not None and new[1] not in names and len(names) < MAX_NAMES:
                    names.add(new[1])
                    queue.append(new[1])
        return False

    def _mention(self, path: str, start: int, word: bytes, *, is_whole: bool) -> Mention | None:
        """Returns the mention of a word at an offset of a file, or None if it is an import or in a comment."""
        content = self._order.files.content(path)
        line = _line_before(content, start)
        if b"#" in line or line.lstrip().startswith((b"from ", b"import ")):
            return None
        owner = _owner(content, start)
        before = line.rstrip(_DOTTED) if owner is not None else line
        after = _AFTER.match(content, start + len(word))
        assert after is not None
        parts, sign = after.groups()
        is_given = not parts and not sign and is_whole and _is_given(before, content, after.end())
        first = self._order.first_word(path, start)
        if first in _IMPORTING:
            return None
        return Mention(before, parts, sign, owner, first not in DEFERRED, is_whole, is_given)

    def _is_meant(self, path: str, home: str, name: bytes, word: bytes, one: Mention) -> bool:
        """Returns whether a mention refers to the name of the file `home`, according to the imports of its own file."""
        if one.owner is None:
            return word in self._names(path, name, home)
        imports = self._order.imports(path)
        return any(not i.name and i.bound == one.owner and self._is_of(i.path, name, home) for i in imports)

    def _names(self, path: str, name: bytes, home: str) -> set[bytes]:
        """Returns the names under which a file imports a name of another file."""
        return {
            name if one.name == b"*" else one.bound
            for one in self._order.imports(path)
            if one.path is not None and one.name in (name, b"*") and self._is_of(one.path, name, home)
        }

    def _is_of(self, path: str | None, name: bytes, home: str, left: int = MAX_EXPORTS) -> bool:
        """Returns whether a file gets a name from the file `home`, directly or through other files."""
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


def _assigning(owner: bytes) -> re.Pattern[bytes]:
    """Returns a pattern for `owner.name =` and `owner as name`, with a group for either name."""
    return re.compile(rb"%b(?:\.(\w+)[ \t]*=(?!=)|[ \t]+as[ \t]+(\w+))" % re.escape(owner))


def _mentions(content: bytes, word: bytes) -> Iterator[int]:
    """Yields the offsets at which a word is mentioned, except those at which a string begins with it."""
    start = content.find(word)
    while start >= 0:
        before, behind = content[start - 1 : start], content[start + len(word) : start + len(word) + 1]
        if not (_is_of_word(before) or _is_of_word(behind) or before in (b'"', b"'")):
            yield start
        start = content.find(word, start + len(word))


def _line_before(content: bytes, start: int) -> bytes:
    """Returns the text before an offset on its line, or only the end of that text if it is long."""
    first = max(start - MAX_LINE, 0)
    return content[max(content.rfind(b"\n", first, start) + 1, first) : start]


def _is_of_word(character: bytes) -> bool:
    return character.isalnum() or character == b"_"


_OWNER = re.compile(rb"(?<!\w)\w+\Z")


def _owner(content: bytes, start: int) -> bytes | None:
    """Returns the name before the dot that precedes a mention, or None if there is no dot."""
    if content[start - 1 : start] != b".":
        return None
    found = _OWNER.search(content, max(start - 100, 0), start - 1)
    return found[0] if found is not None else b""


def _is_renamed(content: bytes, name: bytes) -> bool:
    """Returns whether a file may import a name under another name."""
    return any(content.find(name + sign) >= 0 for sign in (b" as ", b"\tas ", b"  "))


def _is_given(before: bytes, content: bytes, end: int) -> bool:
    """Returns whether a bare name that ends at an offset may be passed to code that changes or keeps the object."""
    if _BEHIND.match(content, end) is None or before.endswith(b"**"):
        return False
    lead = before.rstrip()
    word = lead[len(lead.rstrip(_DOTTED)) :]
    if (word and word not in _GIVING_WORDS) or (lead and not word and lead[-1:] not in _GIVING):
        return False
    code = _STRING.sub(lambda found: found[0] if found.lastindex else b"", lead)
    return b'"' not in code and b"'" not in code and _ASKING.search(code) is None


def _changes(one: Mention, how: How) -> bool:
    """Returns whether a mention may be a change."""
    lead = one.before.rstrip()
    is_assigned = one.sign not in (b"", b"(") and (not lead or lead[-1:] in _ASSIGNING)
    if is_assigned and one.owner is not None and one.sign == b"=" and not one.parts:
        return True
    match how:
        case How.REBIND:
            return False
        case How.CALL:
            return (one.sign == b"(" and not one.parts) or lead.lstrip()[:1] == b"@"
    if one.sign == b"(":
        method = one.parts.rpartition(b".")[2] if one.parts[-1:] != b"]" else b""
        if method in _CHANGING or not one.parts:
            return bool(one.parts) or one.at_start
        # A method of an attribute's value, such as a string, is a change only if it has one of these names.
        keeps = method in _KEEPING or method.startswith(_GETTERS)
        return one.at_start and one.parts == b"." + method and not keeps
    if one.sign:
        return is_assigned and (bool(one.parts) or one.sign != b"=")
    word = lead.rpartition(b" ")[2]
    if word == b"del" or word.endswith(b"setattr("):
        return True
    if one.parts:
        # An item may be an object that is changed under another name.
        return one.at_start and one.parts[-1:] == b"]" and _RENAMED.match(one.before) is not None
    return one.at_start and one.is_given
