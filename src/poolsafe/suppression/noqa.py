"""Which findings a comment suppresses, and what is wrong with invalid comments: `# noqa` in ruff's grammar.

Codes of other tools are skipped.
"""

from __future__ import annotations

import functools
import re

from poolsafe.records import frozen
from poolsafe.suppression.comments import Comment, lex
from poolsafe.suppression.lines import Lines
from poolsafe.suppression.listing import Listed, Listing
from poolsafe.suppression.own import OwnReader, Range

_LINE = re.compile(r"#\s*(?i:noqa)")
_FILE = re.compile(r"#\s*(?P<tool>flake8|poolsafe)\s*:\s*(?i:noqa)")
_CODE = re.compile(r"[A-Z]+[0-9]+")
_SEPARATOR = re.compile(r"[\s,]*")


@frozen
class Directive:
    """One `# noqa`. `codes` is None for a blanket one; `row` is 1-based.

    `tool` is the tool that a file-level comment names: flake8 or poolsafe.
    """

    row: int
    codes: frozenset[str] | None
    listing: Listing
    tool: str = ""

    def covers(self, code: str) -> bool:
        """Returns whether findings of this code are suppressed; codes match exactly."""
        return self.codes is None or code in self.codes


@frozen
class Malformed:
    """A comment that looks like a directive, but is invalid. `row` is 1-based."""

    row: int
    message: str


@frozen
class Suppressions:
    """Every directive of one file. `joined` maps a physical line to the last one of the string that it is part of."""

    file: tuple[Directive, ...]
    lines: dict[int, Directive]
    own: tuple[Range, ...]
    joined: dict[int, int]
    malformed: tuple[Malformed, ...]

    def noqa_row(self, row: int) -> int:
        """Returns the row on which a `# noqa` for a finding of `row` belongs."""
        return self.joined.get(row, row)

    @property
    def lists_codes(self) -> bool:
        """Whether a `# noqa` lists a code that begins like poolsafe's."""
        return any(listed.code.startswith("PGB") for each in self.lines.values() for listed in each.listing.codes)

    def silences(self, code: str, row: int) -> bool:
        """Returns whether a finding of `code` that starts on `row` is suppressed.

        Unreadable files are never suppressed.
        """
        if code == "PGB009":
            return False
        if any(directive.covers(code) for directive in self.file):
            return True
        here = (self.lines.get(row), self.lines.get(self.noqa_row(row)))
        return any(directive is not None and directive.covers(code) for directive in here) or self._own(code, row)

    def silences_everywhere(self, code: str, row: int) -> bool:
        """Returns the same only for poolsafe's own comments, because flake8 itself applies `# noqa`."""
        if code == "PGB009":
            return False
        ours = any(directive.tool == "poolsafe" and directive.covers(code) for directive in self.file)
        return ours or self._own(code, row)

    def _own(self, code: str, row: int) -> bool:
        rows = {row, self.noqa_row(row)}
        return any(covered.covers(code, each) for covered in self.own for each in rows)


NOTHING = Suppressions((), {}, (), {}, ())


def suppressions(text: str, *, places_too: bool = False) -> Suppressions:
    """Returns the directives of a Python text, which need not be valid.

    With `places_too`, the result includes the rows where a `# noqa` belongs even if the text has no directive.
    """
    # Lexing big files takes time, and most have no directive.
    if not places_too and "poolsafe" not in text and "noqa" not in text.lower():
        return NOTHING
    return _read(text)


@functools.lru_cache(maxsize=1)
def _read(text: str) -> Suppressions:
    # The last result is kept, because it is needed before and after the selection.
    lexed = lex(text)
    place = Lines(text, lexed)
    reader = OwnReader(place)
    file: list[Directive] = []
    lines: dict[int, Directive] = {}
    malformed: list[Malformed] = []
    for comment in lexed.comments:
        row = place.row(comment.start)
        if (match := _FILE.search(comment.text)) is not None:
            file += _file_directive(comment, match, row, malformed)
            continue
        # One comment may contain both poolsafe's ignore and a noqa for another tool.
        reader.take(comment)
        if (match := _LINE.search(comment.text)) is not None:
            directive = _directive(comment, match, row, "", malformed)
            if directive is not None:
                lines[row] = directive
    own = reader.ranges()
    malformed += (Malformed(row, text) for row, text in reader.complaints)
    malformed.sort(key=lambda bad: bad.row)
    return Suppressions(tuple(file), lines, own, place.joined, tuple(malformed))


def _file_directive(comment: Comment, match: re.Match[str], row: int, malformed: list[Malformed]) -> list[Directive]:
    tool = match["tool"]
    if not comment.alone:
        malformed.append(Malformed(row, f"`# {tool}: noqa` has no effect after code; put it on a line of its own"))
        return []
    directive = _directive(comment, match, row, tool, malformed)
    return [] if directive is None else [directive]


def _directive(
    comment: Comment, match: re.Match[str], row: int, tool: str, malformed: list[Malformed]
) -> Directive | None:
    spelled = f"# {tool}: noqa" if tool else "# noqa"
    rest = comment.text[match.end() :]
    start, end = comment.start + match.start(), comment.start + match.end()
    after = rest.lstrip()
    if after.startswith(":"):
        listed, complaint = _codes(after[1:], end + len(rest) - len(after) + 1)
        if complaint:
            prefix = "Unclear" if listed else "Invalid"
            malformed.append(Malformed(row, f"{prefix} `{spelled}` directive: {complaint}"))
        if not listed:
            return None
        codes = frozenset(each.code for each in listed)
        return Directive(row, codes, Listing(comment, start, listed[-1].end, listed), tool)
    if not after or after != rest or after.startswith("#"):
        return Directive(row, None, Listing(comment, start, end, ()), tool)
    malformed.append(Malformed(row, f"Invalid `{spelled}` directive: expected `:` and a comma-separated list of codes"))
    return None


def _codes(listed: str, offset: int) -> tuple[tuple[Listed, ...], str]:
    """Reads the list of codes that begins at `offset`. Returns the codes, and what is wrong with the list, or "".

    Without any code, the directive has no effect.
    """
    codes: list[Listed] = []
    complaint = ""
    position = _end_of_separator(listed, 0)
    while (match := _CODE.match(listed, position)) is not None:
        codes.append(Listed(match[0], offset + position, offset + match.end()))
        position = match.end()
        if position == len(listed) or listed[position] == "#":
            break
        gap = listed[position : _end_of_separator(listed, position)]
        if not gap and _CODE.match(listed, position) is None:
            return (), "expected codes of uppercase letters followed by digits, such as `PGB101`"
        if not gap:
            complaint = "expected a comma or a space between the codes"
        if gap.count(",") > 1:
            complaint = "expected a code between the commas"
        position += len(gap)
    if not codes:
        return (), "expected a comma-separated list of codes, such as `# noqa: PGB101, PGB201`"
    return tuple(codes), complaint


def _end_of_separator(listed: str, position: int) -> int:
    match = _SEPARATOR.match(listed, position)
    return position if match is None else match.end()
