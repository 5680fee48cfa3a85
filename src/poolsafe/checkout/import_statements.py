"""The import statements of a file, found by regular expressions because a parser would take far longer."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# They begin with a literal, so that `re` can skip the text before it. Whether it begins a line is checked afterwards.
# The assertions prevent `re` from trying every split of a long run of spaces or dots.
_FROM = re.compile(rb"from[ \t]+(?=[\w.])(\.*)(?!\.)([\w.]*)(?:[ \t]+|(?<=\.))import\b[ \t]*(\([^()]*\)|[^\r\n;#]*)")
_IMPORT = re.compile(rb"import[ \t]+([\w. \t,]+)")
_ITEM = re.compile(rb"([\w.]+|\*)(?:[ \t]+as[ \t]+(\w+))?")
_COMMENT = re.compile(rb"#[^\r\n]*")

#: The name that an import statement imports, and the name that it binds. Both are `*` for a star import.
Item = tuple[bytes, bytes]


def module_imports(content: bytes) -> Iterator[tuple[int, list[Item]]]:
    """Yields the statements `import a.b, c as d`: the offset of each, and its modules with the names bound to them.

    For `import a.b`, the bound name is `b`, because `a.b.name` mentions the module by that name.
    """
    for found in _IMPORT.finditer(content):
        if _begins_line(content, found.start()):
            items = _ITEM.findall(found[1])
            yield found.start(), [(name, bound or name.rpartition(b".")[2]) for name, bound in items]


def name_imports(content: bytes) -> Iterator[tuple[int, bytes, bytes, list[Item]]]:
    """Yields the statements `from .a import b, c as d`: the offset, the dots, the module and the names of each."""
    for found in _FROM.finditer(content):
        if _begins_line(content, found.start()):
            dots, module, listed = found.groups()
            items = _ITEM.findall(_COMMENT.sub(b"", listed))
            yield found.start(), dots, module, [(name, bound or name) for name, bound in items]


def defines(content: bytes, name: bytes) -> bool:
    """Returns whether a file defines a name as a function or class of the module, and binds it in no other way.

    Imports are not considered, and a keyword argument of that name counts as another binding.
    """
    return name in content and bool(_defining(name).search(content)) and not _rebinding(name).search(content)


def mentions_member(content: bytes, name: bytes) -> bool:
    """Returns whether a name follows a dot anywhere in a file, as in `module.name`."""
    at = content.find(name)
    while at >= 0:
        if content[max(at - 40, 0) : at].rstrip(b" \t\r\n\\").endswith(b"."):
            return True
        at = content.find(name, at + 1)
    return False


def _defining(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"^(?:(?:async[ \t]+)?def|class)[ \t]+%s[ \t]*[(:]" % re.escape(name), re.MULTILINE)


def _rebinding(name: bytes) -> re.Pattern[bytes]:
    """Returns the expression for `name =`, `name: type`, `name :=`, `name, other =`, `as name` and `for name`."""
    assigned = rb"(?<![\w.])%s(?:[ \t]*,[^\n(=:]{0,200})?[ \t]*(?::=|=(?!=))"
    return re.compile(
        b"|".join((assigned, rb"^%s[ \t]*:", rb"\b(?:as|for)[ \t]+%s\b")) % ((re.escape(name),) * 3), re.M
    )


def _begins_line(data: bytes, offset: int) -> bool:
    return not data[data.rfind(b"\n", 0, offset) + 1 : offset].strip(b" \t")
