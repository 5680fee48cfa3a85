"""Finds the secrets in a text that is not code: passwords in URLs, values of named keys, and passwords in SQL.

The text may be that of an expression, composed of several literals; HOLE stands for an inserted value. Every pattern
takes linear time: an unbounded repetition is followed by something that it cannot match.
"""

from __future__ import annotations

import re

from poolsafe.reports.secrets import HINTS
from poolsafe.reports.secrets.secret_names import is_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Span = tuple[int, int]

HOLE = "\0"

# Placeholders for a value that comes from elsewhere: template fields, bound parameters, dots and asterisks.
_FIELD = rf"\$?\{{[\w.\[\]!]{{0,100}}\}}|%\(\w{{1,100}}\)s|%s|<[\w -]{{0,100}}>|\*|\.\.\.|{HOLE}"
FIELDS = re.compile(rf"(?:{_FIELD})*")
_TEMPLATE = re.compile(r"\{[\w.\[\]!:]{0,100}\}|%\(\w{1,100}\)s|%s")
# A parameter can be in SQL or after a key, but not in a URL. A password may begin like a parameter.
_PARAMETER = re.compile(rf"""(?:(?:{_FIELD}){{1,20}}|:\w{{1,100}}|\$\d{{1,9}}|\?)(?=[\s,;&)\]}}>"'`\\]|\Z)""")

_LINE_END = re.compile(r"[\r\n]")
# JSON may escape a slash.
_AUTHORITY = re.compile(r":\\{0,4}/\\{0,4}/")
_NO_LETTERS = "+-._0123456789"
_SCHEME = _NO_LETTERS + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST_SCHEME = 50
_BEFORE_URL = frozenset(" \t\r\n,\"'`<(" + HOLE)
_PORTS = re.compile(rf"[\d{HOLE}]{{0,5}}(?:,[\w.\-\[\]]{{0,300}}:\d{{1,5}})*(?:[/?#,\"'`\s)\]}}>;\\]|\Z)")
# `user:password@host` of a URL whose beginning is elsewhere.
_HEADLESS = re.compile(rf"{HOLE}?(?://)?[\w.%+\-{HOLE}]{{0,200}}:(?=[^\s:/]|/[^/])")

_NAME = re.compile(r"[^\W\d][\w\-]*")
_SIGN = re.compile(r"""(?:\\{0,8}["'`])?\]?\s{0,20}(?:=>|:=|[=:>]|(?P<verb>\b(?:is|was|to|TO|IS)\b))\s{0,20}""")
_SPACE = re.compile(r"\s{1,20}")
_QUOTE = re.compile(r"""(?:[A-Za-z]&?)?(?P<escapes>\\{0,8})(?P<quote>'''|\"\"\"|["'`])""")
_CLOSINGS = {
    mark: re.compile(rf"(?<!\\)(?P<escapes>\\*){mark}(?:(?P<again>{mark})|(?P<word>\w))?")
    for mark in ("'''", '"""', "'", '"', "`")
}
_DOLLAR = re.compile(r"\$(?:[^\W\d]\w{0,63})?\$")
_NEXT_PAIR = re.compile(r"[\r\n]|[\s&][\w.\-]{1,60}\s{0,5}[=:]")
_NEXT_PARAMETER = re.compile(r"&[\w.\-]{1,60}=|[\r\n]")
_INSERTED = re.compile(r"\bvalues\b", re.IGNORECASE)
_QUOTED = re.compile(r"'(?P<value>[^']*)'?")
HINT = re.compile("|".join(HINTS), re.IGNORECASE)
# `"\npassword=..."`: the letter is part of an escape, unless the backslash is one of a path.
_ESCAPES = frozenset("abfnrtv")


class Findings:
    """The secrets of a text, as spans.

    `places` are the spans of secrets and of placeholders for them. `template` is True if such a placeholder is a field
    of a template, and `parameter` if it is a parameter of an SQL command or a field after a key.
    """

    __slots__ = ("parameter", "places", "spans", "template")

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.places: list[Span] = []
        self.template = False
        self.parameter = False

    def add(self, text: str, start: int, end: int) -> None:
        """Records a value, unless it is a placeholder."""
        if start >= end:
            return
        self.places.append((start, end))
        if _TEMPLATE.search(text, start, end) is not None:
            self.template = True
        if FIELDS.fullmatch(text, start, end) is None:
            self.spans.append((start, end))


def search(text: str, *, prose: bool = False) -> Findings:
    """Returns the secrets of a text. In `prose`, a value without quotes ends with the word."""
    found = Findings()
    if ":" in text:
        _in_urls(text, found, prose=prose)
    if HINT.search(text) is not None:
        _in_pairs(text, found, prose=prose)
    return found


def _in_urls(text: str, found: Findings, *, prose: bool) -> None:
    regions = list(_regions(text))
    for start, end in regions:
        _in_authority(text, start, end, found)
    if not regions and not prose and "@" in text:
        match = _HEADLESS.match(text)
        if match is not None:
            found.add(text, match.end(), text.rfind("@", match.end(), _line_end(text, match.end())))


def _regions(text: str) -> Iterator[Span]:
    """Yields the range after the `://` of each URL in the text: up to the next URL, or to the end of the line."""
    start = end = -1
    for match in _AUTHORITY.finditer(text):
        head = _scheme_start(text, max(start, match.start() - _LONGEST_SCHEME, 0), match.start())
        # A password can also contain `://`. Before a new URL, there is a character that ends the previous one.
        if head < end and text[head - 1] not in _BEFORE_URL:
            continue
        if start >= 0:
            yield start, min(head, end)
        start = match.end()
        if start > end:
            end = _line_end(text, start)
    if start >= 0:
        yield start, end


def _scheme_start(text: str, start: int, end: int) -> int:
    """Returns the beginning of the scheme that ends at `end`, not before `start`. It begins with a letter."""
    before = text[start:end]
    return end - len(before[len(before.rstrip(_SCHEME)) :].lstrip(_NO_LETTERS))


def _in_authority(text: str, start: int, end: int, found: Findings) -> None:
    """Finds the password between the user and the host.

    It ends at the last `@`, because people write passwords that they should have quoted.
    """
    colon = text.find(":", _behind_address(text, start, end), end)
    if colon < 0:
        return
    last = text.rfind("@", colon, end)
    if last >= 0:
        found.add(text, colon + 1, last)
    elif _PORTS.match(text, colon + 1, end) is None and text[start] != "/" and not text[colon + 1].isspace():
        # No port, so the host is still to come.
        found.add(text, colon + 1, end)


def _behind_address(text: str, start: int, end: int) -> int:
    # The colons of an IPv6 address are not separators.
    if text[start : start + 1] != "[":
        return start
    return max(start, text.find("]", start, end))


def _line_end(text: str, start: int) -> int:
    match = _LINE_END.search(text, start)
    return len(text) if match is None else match.start()


def _in_pairs(text: str, found: Findings, *, prose: bool) -> None:
    position = 0
    columns = False
    while (name := _NAME.search(text, position)) is not None:
        position = name.end()
        if not is_secret(name[0]) and not _is_secret_behind_escape(text, name):
            continue
        value = _value_start(text, name, prose=prose)
        if value is not None:
            position = max(position, _take_value(text, name, value, found, prose=prose))
        elif not columns:
            columns = True
            _in_rows(text, position, found)


def _is_secret_behind_escape(text: str, name: re.Match[str]) -> bool:
    return text[name.start() - 1 : name.start()] == "\\" and name[0][0] in _ESCAPES and is_secret(name[0][1:])


def _in_rows(text: str, start: int, found: Findings) -> None:
    """Records the values of an INSERT that names a secret column before `start`.

    Which value belongs to the column depends on lists that may be built elsewhere.
    """
    inserted = _INSERTED.search(text, start)
    if inserted is not None:
        for quoted in _QUOTED.finditer(text, inserted.end()):
            found.add(text, *quoted.span("value"))


def _value_start(text: str, name: re.Match[str], *, prose: bool) -> int | None:
    """Returns where the value of a name begins, or None if it has no value."""
    sign = _SIGN.match(text, name.end())
    if sign is not None and (sign["verb"] is None or not prose):
        return sign.end()
    space = _SPACE.match(text, name.end())
    if space is None:
        return None
    start = space.end()
    if prose and name[0] == "pass" and text[start] == "`":
        return None  # the verb, before quoted code
    given = any(form.match(text, start) is not None for form in (_QUOTE, _DOLLAR, _PARAMETER))
    # `PASSWORD 'x'` of SQL, and `--password x` of a command line.
    return start if given or text[max(0, name.start() - 2) : name.start()] == "--" else None


def _take_value(text: str, name: re.Match[str], start: int, found: Findings, *, prose: bool) -> int:
    """Records the value that begins at `start`, and returns where it ends."""
    # In the query string of a URL, quotes and dollar signs are ordinary characters.
    in_query = text[name.start() - 1 : name.start()] in ("?", "&")
    dollar = None if in_query else _DOLLAR.match(text, start)
    if dollar is not None:
        end = text.find(dollar[0], dollar.end())
        # If it is never closed, it may be the first character of a password.
        begin, end = (start, len(text)) if end < 0 else (dollar.end(), end)
        found.add(text, begin, end)
        return end
    quote = None if in_query else _QUOTE.match(text, start)
    if quote is not None:
        end = _closing(text, quote)
        found.add(text, quote.end(), end)
        return end
    parameter = _PARAMETER.match(text, start)
    if parameter is not None:
        found.places.append(parameter.span())
        found.template = found.template or _TEMPLATE.match(text, start) is not None
        found.parameter = True
        return parameter.end()
    end = _unquoted_end(text, start, in_query=in_query, prose=prose)
    found.add(text, start, end)
    return end


def _closing(text: str, quote: re.Match[str]) -> int:
    """Returns where a quoted value ends, or the end of the text if it is never closed.

    A quote that is escaped, doubled, or in the middle of a word does not close it.
    """
    mark, depth = quote["quote"], len(quote["escapes"])
    for match in _CLOSINGS[mark].finditer(text, quote.end()):
        if len(match["escapes"]) <= depth and match["again"] is None and match["word"] is None:
            return match.start()
    return len(text)


def _unquoted_end(text: str, start: int, *, in_query: bool, prose: bool) -> int:
    if not in_query and text[start : start + 1] in ("{", "["):
        return len(text)
    end = len(text)
    if prose and (space := _SPACE.search(text, start)) is not None:
        end = space.start()
    # In a query, only the next parameter ends a value.
    following = (_NEXT_PARAMETER if in_query else _NEXT_PAIR).search(text, start, end)
    return end if following is None else following.start()
