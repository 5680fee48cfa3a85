"""Keeps credentials out of what is printed: the password of a URL, and what is given to something called a password.

Reports end up in the logs of CI services, which more people can read than the code. Only the shape of the text counts:
to hide a word too many costs nothing.
"""

from __future__ import annotations

import functools
import re

from poolsafe.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Span = tuple[int, int]

MASK = "***"
PYTHON = (".py", ".pyi", ".pyw")
LONGEST = 1_000_000  # characters
# Stands for one hidden character, so that columns stay what they are; no source text holds it.
HIDDEN = "\0"

_WORDS = r"pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|api_?key|private_?key"
# `PGPASSWORD`, `db_pass`, `passwordFile`; not `compass` or `bypass`.
_NAME = re.compile(rf"(?:(?<![a-z])(?:{_WORDS})(?![a-z])|password|passwd|passphrase|secret)", re.IGNORECASE)
_KEY = re.compile(r"[\w.\-/]{1,100}")
# A password ends at the last `@` before the host ends; where it holds a `/` or a `?`, at the first `@`. The bounds keep
# the search linear.
_URL = re.compile(r"://[^\s\"'`:/@?#]{0,200}:(?:(?P<plain>[^\s\"'`/?#]{0,400})|(?P<odd>[^\s\"'`@]{0,100}))@")
_PAIR = re.compile(
    rf"(?:(?<![a-z])(?:{_WORDS})|password|passwd)\s{{0,20}}=\s{{0,20}}(?P<value>[^\s&;,\"'`)\]}}\\]{{1,400}})",
    re.IGNORECASE,
)
_SQL = re.compile(r"\bpassword\s{1,20}\\?['\"](?P<value>[^'\"\\]{1,400})", re.IGNORECASE)
_SHAPES = (_URL, _PAIR, _SQL)
_WORTH = re.compile(rf"://|{_WORDS}", re.IGNORECASE)
# What names a secret and is none: fields of f-strings and templates, parameters.
_PLACEHOLDER = re.compile(r"(?:\$?\{[\w.\[\]!]*\}|%\(\w+\)s|%s|:\w+|\$\w+|<[\w -]*>|\*|\.\.\.)*")

_CHARACTER = re.compile(r"[^\r\n]")

_TOKEN = re.compile(
    r"""
      (?P<string>(?:(?<!\w)[rRbBfFtTuU]{1,2})?
          (?: '''(?P<body1>[^\\']*(?:(?:\\[\s\S]|'(?!''))[^\\']*)*)(?:'''|\Z)
            | \"\"\"(?P<body2>[^\\"]*(?:(?:\\[\s\S]|"(?!""))[^\\"]*)*)(?:\"\"\"|\Z)
            | '(?P<body3>[^\\'\r\n]*(?:\\[\s\S][^\\'\r\n]*)*)'?
            | "(?P<body4>[^\\"\r\n]*(?:\\[\s\S][^\\"\r\n]*)*)"?))
    | (?P<comment>\#[^\r\n]*)
    | (?P<name>[^\W\d]\w*)
    | (?P<continuation>\\(?:\r\n?|\n))
    | (?P<newline>\r\n?|\n)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<stop>[,;])
    | (?P<sign>[^\s\w])
    """,
    re.VERBOSE,
)


def may_hold_secret(line: str) -> bool:
    """Whether a line by itself gives reason to look for secrets."""
    return _WORTH.search(line) is not None


def masked(text: str) -> str:
    """Return prose, one line of it, with `***` for each password that it quotes."""
    if _WORTH.search(text) is None:
        return text
    return _without(text, _in_prose(text), lambda piece: MASK)


def hidden(text: str) -> str:
    """Return Python source with HIDDEN in the place of each character of a secret, line ends excepted."""
    return _without(text, _in_source(text), _veil)


@functools.lru_cache(maxsize=8)
def visible(source: Source) -> Source:
    """Return the source as it may be shown: `hidden`, with the same rows and columns.

    Of a source that is too long to be gone through for secrets only the line ends are left.
    """
    if _WORTH.search(source.text) is None:
        return source
    if len(source.text) > LONGEST:
        return Source(source.path, b"", re.sub(r"[^\r\n]+", "", source.text), "utf-8")
    if not source.path.endswith(PYTHON):
        # An env file or alembic.ini need not have strings to go by.
        spans = [*_in_source(source.text), *_in_lines(source.text)]
        return Source(source.path, b"", _without(source.text, spans, _veil), "utf-8")
    return Source(source.path, b"", hidden(source.text), "utf-8")


def _in_lines(text: str) -> Iterator[Span]:
    offset = 0
    for line in text.splitlines(keepends=True):
        yield from ((offset + start, offset + end) for start, end in _in_prose(line))
        offset += len(line)


def _veil(piece: str) -> str:
    return _CHARACTER.sub(HIDDEN, piece)


def shown(text: str) -> str:
    """Return what `hidden` gave with `***` for each run of hidden characters."""
    return re.sub(f"{HIDDEN}+", MASK, text)


def _without(text: str, spans: Iterable[Span], substitute: Callable[[str], str]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in sorted(spans):
        if end > position:
            start = max(start, position)
            pieces += text[position:start], substitute(text[start:end])
            position = end
    return "".join((*pieces, text[position:]))


def _in_prose(text: str) -> Iterator[Span]:
    for shape in _SHAPES:
        for match in shape.finditer(text):
            start, end = match.span(match.lastgroup or 0)
            if not _PLACEHOLDER.fullmatch(text, start, end):
                yield start, end


def _in_source(text: str) -> Iterator[Span]:
    reader = _Reader(text)
    for token in _TOKEN.finditer(text):
        yield from reader.take(token)
    yield from reader.end_of_run()


class _Reader:
    """Goes through the tokens of a source and says where its secrets are."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self._named = False  # What was just read is the name of a secret.
        self._in_string = False  # And it was a string.
        self._level: int | None = None  # The depth of brackets at which the value of a secret began.
        self._run: list[Span] = []  # The strings that are concatenated here, without their quotes.

    def take(self, token: re.Match[str]) -> Iterator[Span]:
        kind = token.lastgroup or ""
        if kind == "string":
            yield from self._string(token)
            return
        if kind == "comment":
            start = token.start()
            yield from ((start + first, start + last) for first, last in _in_prose(token[0]))
            return
        if kind == "continuation" or (kind == "newline" and self._depth) or token[0] == "+":
            return
        yield from self.end_of_run()
        self._structure(kind, token[0])

    def _structure(self, kind: str, text: str) -> None:
        named, self._named = self._named, False
        if kind == "name":
            self._named, self._in_string = _NAME.search(text) is not None, False
        elif kind == "open":
            self._depth += 1
            if named and text == "(" and not self._in_string:
                self._begin()
        elif kind == "close":
            self._depth = max(0, self._depth - 1)
            if self._level is not None and self._depth < self._level:
                self._level = None
            # The name is that of an item: `environ["PASSWORD"] = ...`.
            self._named = named and text == "]"
        elif kind == "sign":
            if named and text in "=:":
                self._begin()
        elif named and self._in_string and text == ",":
            self._begin()  # `getenv("PASSWORD", ...)`
        elif kind == "newline" or self._depth == self._level:
            self._level = None

    def _begin(self) -> None:
        if self._level is None:
            self._level = self._depth

    def _string(self, token: re.Match[str]) -> Iterator[Span]:
        body = next(name for name in ("body1", "body2", "body3", "body4") if token[name] is not None)
        start, end = token.span(body)
        self._run.append((start, end))
        if self._level is not None and not _PLACEHOLDER.fullmatch(self._text, start, end):
            yield start, end
        self._named = _KEY.fullmatch(self._text, start, end) is not None and _NAME.search(token[body]) is not None
        self._in_string = True

    def end_of_run(self) -> Iterator[Span]:
        """Yield the secrets in the strings that were read one after the other, as in one string."""
        run, self._run = self._run, []
        if not run or not any(_WORTH.search(self._text, start, end) for start, end in run):
            return
        joined = "".join(self._text[start:end] for start, end in run)
        for first, last in _in_prose(joined):
            passed = 0
            for start, end in run:
                length = end - start
                if first < passed + length and last > passed:
                    yield start + max(0, first - passed), start + min(length, last - passed)
                passed += length
