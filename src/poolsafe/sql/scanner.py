"""Splits a string of SQL into commands as PostgreSQL's raw parser does, and finds the span of each.

asyncpg prepares what SQLAlchemy sends, and PostgreSQL prepares one command at a time. The rules here are those of the
server's scanner (`src/backend/parser/scan.l`, with standard_conforming_strings on) and of the two places of its
grammar where a semicolon does not end a command: parentheses (the actions of CREATE RULE) and the body of a routine
between BEGIN ATOMIC and END.

Offsets count characters of the string. This module only imports `re`, because the byte search uses it.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: Stands for a piece of an f-string whose text is unknown. No rule of the server begins with this character. So it
#: neither opens nor closes a quote, and it is not part of a name or of the tag of a dollar quote, as a letter would be.
PLACEHOLDER = "\x01"

_BLANK = r"[ \t\n\r\f\v]"
# The server treats every byte above 0x7f as a letter, so only the other ASCII characters are not letters.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_LETTER_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_LETTER_DIGIT_DOLLAR = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_DIGITS = r"[0-9](?:_?[0-9])*"

# Doubled quotes and continuation lines of plain strings need no rule: `'a''b'` and `'a'⏎'b'` end at the same place if
# they are read as two strings. Only E'…' needs one, because its backslashes also count in the continuation. For the
# same reason, B, X, N and U& may be read as separate tokens before a plain string. Operators may be split anywhere, and
# are always split before `--` and `/*`, as by the server. Numbers need a rule, because a dollar sign cannot follow
# their letters.
_TOKEN = re.compile(
    rf"""{_BLANK}*(?:
      (?P<escaped>[eE]')
    | (?P<word>{_LETTER}{_LETTER_DIGIT_DOLLAR}*)
    | (?P<other>
          '[^']*'
        | "[^"]*"
        | 0[xX](?:_?[0-9A-Fa-f])+ | 0[oO](?:_?[0-7])+ | 0[bB](?:_?[01])+
        | {_DIGITS}(?:\.(?:{_DIGITS})?)?(?:[eE][-+]?{_DIGITS})?
        | [!\#%&*+,.:<=>?@\[\\\]^`{{|}}~]+
        | \$[0-9]+
        | /+(?!\*)
      )
    | (?P<semicolon>;+)
    | (?P<open>\(+)
    | (?P<close>\)+)
    | (?P<comment>--[^\n\r]*)
    | (?P<block>/\*)
    | (?P<dollar>\$(?:{_LETTER}{_LETTER_DIGIT}*)?\$)
    | (?P<placeholder>{PLACEHOLDER}+)
    | (?P<unfinished>['"])
    | (?P<single>.)
    )?""",
    re.VERBOSE,
)
_ESCAPED_BODY = re.compile(r"[^'\\]*(?:(?:\\.|'')[^'\\]*)*", re.DOTALL)
_CONTINUATION = re.compile(rf"[ \t\f\v]*(?:--[^\n\r]*)?[\n\r]{_BLANK}*(?:--[^\n\r]*[\n\r]{_BLANK}*)*'")
_BLOCK_EDGE = re.compile(r"/\*|\*/")

# The binds that SQLAlchemy replaces in text(): `TextClause._bind_params_regex` and `BIND_PARAMS` of SQLAlchemy 2.1.
# Versions 1.4 and 2.0 differ only next to a dollar sign, where they find fewer binds. All versions ignore extra values.
_BIND = re.compile(r"(?<![:\w\\]):(\w+)(?![:\w])")

# The words that lead to the block of a routine: the state before a word, the word, and the state after it.
_STAGES = {
    ("", "create"): "create",
    ("create", "or"): "create or",
    ("create or", "replace"): "create",
    ("create", "function"): "routine",
    ("create", "procedure"): "routine",
    ("routine", "begin"): "routine begin",
    ("routine begin", "begin"): "routine begin",
    ("routine begin", "atomic"): "block",
}


class _Blocks:
    """Counts the open BEGIN ATOMIC blocks. It reads the tokens outside parentheses.

    A parameter, a column or an alias may be called `begin`, `atomic` or `end`. So only BEGIN ATOMIC in CREATE FUNCTION
    or CREATE PROCEDURE opens a block, and only an END at the beginning of a statement closes it.
    """

    __slots__ = ("count", "stage")

    def __init__(self) -> None:
        self.count = 0
        self.stage = ""

    def read(self, kind: str, text: str) -> None:
        """Reads the next token; `text` only matters for words."""
        if kind == "semicolon":
            self.stage = ""
        elif kind == "word":
            self._read_word(text.lower())
        elif kind != "placeholder":
            self._read_word("")

    def _read_word(self, word: str) -> None:
        if word == "end" and not self.stage and self.count:
            self.count -= 1
        rest = "routine" if self.stage.startswith("routine") else "other"
        self.stage = _STAGES.get((self.stage, word), rest)
        if self.stage == "block":
            self.count += 1
            self.stage = ""


def split(sql: str) -> list[tuple[int, int]] | None:
    """Returns the spans of the commands in `sql` that are not empty, each from its first to its last token.

    Returns None if the text is incomplete: a quote, a comment, a parenthesis or a BEGIN ATOMIC block is never closed.
    Other syntax errors are not detected, such as an extra closing parenthesis.
    """
    found = _commands(sql)
    return None if found is None else [(first, last) for first, last, _, _ in found]


def stretches(sql: str) -> list[tuple[int, int]] | None:
    """Does what `split` does, but each span is the whole text between two semicolons.

    So blanks and comments around a command belong to it. The spans are equal to the server's own `stmt_location` and
    `stmt_len`, up to version 17.
    """
    found = _commands(sql)
    return None if found is None else [(start, end) for _, _, start, end in found]


def holds_token(command: str) -> bool:
    """Returns whether a command contains more than placeholders, blanks and comments."""
    return any(kind not in ("placeholder", "comment") for kind, _, _ in _lexemes(command))


def tokens(sql: str) -> Iterator[tuple[str, int, int]]:
    """Yields each token of `sql` that is not a comment, as its kind, start and end.

    A run of semicolons or parentheses is one token. The last token is "unfinished" if a quote or comment never ends.
    """
    return (token for token in _lexemes(sql) if token[0] != "comment")


def several(sql: str) -> bool:
    """Returns whether `sql` certainly contains several commands, at least two of which are more than placeholders."""
    if ";" not in sql:
        return False
    spans = split(sql) or []
    return len(spans) > 1 and sum(holds_token(sql[start:end]) for start, end in spans) > 1


def comments(sql: str) -> list[tuple[int, int]]:
    """Returns the spans of the comments in `sql`, without line ends, and without an unclosed block comment."""
    return [(start, end) for kind, start, end in _lexemes(sql) if kind == "comment"]


def binds(sql: str) -> list[str]:
    r"""Returns the names of the binds that SQLAlchemy's `text()` finds in `sql`, in order of first use.

    Like SQLAlchemy, this searches for `:name` with a regular expression that ignores quotes and comments. So `':name'`
    is a bind that needs a value; `\:name` and `::name` are not. For a single command, `sql[start:end]`, these are the
    values that the command needs. A PLACEHOLDER may stand for further binds, whose names are unknown.
    """
    return list(dict.fromkeys(_BIND.findall(sql)))


def _commands(sql: str) -> list[tuple[int, int, int, int]] | None:
    """Returns each command's span of tokens and span between semicolons, or None if `sql` is incomplete."""
    commands = []
    blocks = _Blocks() if "atomic" in sql.lower() else None
    depth = stretch = 0
    first = last = -1
    for kind, start, end in _lexemes(sql):
        if kind == "comment":
            continue
        if kind == "unfinished":
            return None
        if blocks and not depth:
            blocks.read(kind, sql[start:end])
        if kind == "semicolon" and not depth and not (blocks and blocks.count):
            if first >= 0:
                commands.append((first, last, stretch, start))
            first = -1
            stretch = end
            continue
        if kind == "open":
            depth += end - start
        elif kind == "close":
            depth = max(depth - (end - start), 0)
        if first < 0:
            first = start
        last = end
    if depth or (blocks and blocks.count):
        return None
    if first >= 0:
        commands.append((first, last, stretch, len(sql)))
    return commands


def _lexemes(sql: str) -> Iterator[tuple[str, int, int]]:
    """Yields kind, start and end of each token and comment; "unfinished" if a quote or comment never ends."""
    match = _TOKEN.match
    position = 0
    while (token := match(sql, position)) and (kind := token.lastgroup):
        start, position = token.span(kind)
        if kind in _CLOSED_BY_SEARCH:
            position = _CLOSED_BY_SEARCH[kind](sql, start, position)
            if position < 0:
                yield "unfinished", start, len(sql)
                return
            kind = "comment" if kind == "block" else kind
        yield kind, start, position


def _escaped_end(sql: str, _: int, position: int) -> int:
    """Returns the end of an E'…' and its continuations, whose content begins at `position`, or -1 if there is none."""
    while True:
        body = _ESCAPED_BODY.match(sql, position)
        if body is None or not sql.startswith("'", body.end()):
            return -1
        continuation = _CONTINUATION.match(sql, body.end() + 1)
        if continuation is None:
            return body.end() + 1
        position = continuation.end()


def _block_end(sql: str, _: int, position: int) -> int:
    """Returns the end of a block comment and those inside it, whose content begins at `position`, or -1 for none."""
    depth = 1
    for edge in _BLOCK_EDGE.finditer(sql, position):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    return -1


def _dollar_end(sql: str, start: int, position: int) -> int:
    """Returns the end of the dollar quote whose opening tag is `sql[start:position]`, or -1 if there is none."""
    tag = sql[start:position]
    found = sql.find(tag, position)
    return found + len(tag) if found >= 0 else -1


_CLOSED_BY_SEARCH = {"escaped": _escaped_end, "block": _block_end, "dollar": _dollar_end}
