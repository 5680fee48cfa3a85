"""Makes text safe to print: without control characters for terminals, or logging commands for CI runners.

GitHub reads `::name::` at the beginning of a line, after optional white space, and `##[name]` anywhere; Azure reads
`##vso[` anywhere and colours a line by `##[`; TeamCity reads `##teamcity[` anywhere; GitLab folds a log at
`section_start:` and `section_end:`; Buildkite begins a group at a line with `---`, `+++` or `~~~`.
"""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Control characters and the marks that reorder text, except tabs and line ends.
CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
# These, bytes that are not UTF-8, and the quote that begins a quoted name.
_ODD = re.compile(f'[\t\n\r{CONTROL}\ud800-\udfff]|^"')
# The first character of each is replaced.
_COMMAND = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))|s(?=ection_(?:start|end):)")
_LEADING = re.compile(r"\s|::|(?:---|\+\+\+|~~~|\^\^\^)(?:\s|$)")


def inert(text: str) -> str:
    """Returns `text` with one character of each command replaced that a runner reads anywhere in a line."""
    return _COMMAND.sub("\N{REPLACEMENT CHARACTER}", text)


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """Returns the text of a document with one character of each such command escaped by `escape`."""
    return _COMMAND.sub(lambda match: escape(match[0]), text)


def leads(text: str) -> bool:
    """Returns whether a runner may read a line that begins with `text` as a command."""
    return _LEADING.match(text) is not None


def commands(line: str) -> bool:
    """Returns whether a line would be read as a command as it is."""
    return line.lstrip().startswith("::") or _COMMAND.search(line) is not None


def path_first(path: str) -> str:
    """Returns a path for the beginning of a line: with `./` before it if it would be read as a command."""
    return os.path.join(os.curdir, path) if leads(path) else path


def quoted(path: str) -> str:
    """Returns a path, quoted as Git and GNU do if it has a line end or control characters."""
    if _ODD.search(path) is None and _COMMAND.search(path) is None:
        return path
    content = os.fsencode(path.replace("\\", "\\\\").replace('"', '\\"'))
    return (
        '"'
        + "".join(chr(byte) if 32 <= byte < 127 and byte not in b"#:" else f"\\{byte:03o}" for byte in content)
        + '"'
    )
