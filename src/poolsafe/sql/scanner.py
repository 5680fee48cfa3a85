"""Counts the commands in a string of SQL as PostgreSQL's raw parser does, and says where each begins and ends.

asyncpg prepares what SQLAlchemy sends, and PostgreSQL prepares one command at a time. The rules here are those of the
server's scanner (`src/backend/parser/scan.l`, with standard_conforming_strings on) and of the two places of its
grammar where a semicolon does not end a command: parentheses (the actions of CREATE RULE) and the body of a routine
between BEGIN ATOMIC and END.

Offsets count characters of the string. Only `re` is imported, because the byte search uses this module.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: Stands for one piece of an f-string whose text is unknown. No rule of the server begins with this character, so it
#: neither opens nor closes a quote, nor does it lengthen a name or the tag of a dollar quote as a letter would.
PLACEHOLDER = "\x01"

_BLANK = r"[ \t\n\r\f\v]"
# The server treats every byte above 0x7f as a letter, so letters are all but the other ASCII characters.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_LETTER_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_LETTER_DIGIT_DOLLAR = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_DIGITS = r"[0-9](?:_?[0-9])*"

# Plain strings need neither their doubled quotes nor their continuation lines: read as two strings, `'a''b'` and
# `'a'⏎'b'` end at the same place. Only E'…' must be followed, as its backslashes count in the continuation too. For the
# same reason B, X, N and U& may be read as tokens of their own before a plain string. Operators may be cut anywhere but
# before `--` and `/*`, where the server cuts them too. Numbers matter since their letters do not take a dollar sign.
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

# What SQLAlchemy replaces in text(): `TextClause._bind_params_regex` and `BIND_PARAMS` of SQLAlchemy 2.1. Versions 1.4
# and 2.0 differ only next to a dollar sign, where they see fewer binds; a value too many is ignored by all of them.
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
    """How many BEGIN ATOMIC blocks are open: fed with the tokens outside of parentheses.

    A parameter, a column or an alias may be called `begin`, `atomic` or `end`; so only BEGIN ATOMIC in a CREATE
    FUNCTION or PROCEDURE opens a block, and only an END where a statement would begin closes it.
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
    """Returns the spans of the commands in `sql` that are not empty: offsets of characters, from first to last token.

    None if the text is incomplete: a quote, a comment, a parenthesis or a BEGIN ATOMIC block is never closed. Other
    errors of syntax go unnoticed, such as one closing parenthesis too many.
    """
    found = _commands(sql)
    return None if found is None else [(first, last) for first, last, _, _ in found]


def stretches(sql: str) -> list[tuple[int, int]] | None:
    """As `split`, but each span reaches from the semicolon before the command (or the start) to the one after it.

    So blanks and comments around a command belong to it. These are the server's own `stmt_location` and `stmt_len`,
    up to version 17.
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
    """Returns whether `sql` is certainly several commands: complete, and two of them more than placeholders."""
    if ";" not in sql:
        return False
    spans = split(sql) or []
    return len(spans) > 1 and sum(holds_token(sql[start:end]) for start, end in spans) > 1


def comments(sql: str) -> list[tuple[int, int]]:
    """The spans of the comments in `sql`, line ends left out; what lies between two commands keeps its comments so.

    A block comment that is never closed is left out.
    """
    return [(start, end) for kind, start, end in _lexemes(sql) if kind == "comment"]


def binds(sql: str) -> list[str]:
    r"""Returns the names of the binds that SQLAlchemy's `text()` finds in `sql`, in order of first use.

    SQLAlchemy looks for `:name` with one regular expression that knows neither quotes nor comments, and so does this:
    `':name'` is a bind that needs a value, `\:name` and `::name` are none. Give it one command, `sql[start:end]`, to
    learn which values this command must be handed. A PLACEHOLDER may bring further binds that no one can name.
    """
    return list(dict.fromkeys(_BIND.findall(sql)))


def _commands(sql: str) -> list[tuple[int, int, int, int]] | None:
    """Start of the first token and end of the last, then those of the stretch between semicolons, per command."""
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
    """Each token and comment as kind, start, end; the last is "unfinished" where a quote or comment never ends."""
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
    """Returns where the E'…' ends whose opening quote ends at `position`, its continuations included; -1 if never."""
    while True:
        body = _ESCAPED_BODY.match(sql, position)
        if body is None or not sql.startswith("'", body.end()):
            return -1
        continuation = _CONTINUATION.match(sql, body.end() + 1)
        if continuation is None:
            return body.end() + 1
        position = continuation.end()


def _block_end(sql: str, _: int, position: int) -> int:
    """Returns where the comment ends whose opening ends at `position`, nested ones skipped; -1 if never."""
    depth = 1
    for edge in _BLOCK_EDGE.finditer(sql, position):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    return -1


def _dollar_end(sql: str, start: int, position: int) -> int:
    """Returns where the dollar quote ends whose opening tag is `sql[start:position]`; -1 if never."""
    tag = sql[start:position]
    found = sql.find(tag, position)
    return found + len(tag) if found >= 0 else -1


_CLOSED_BY_SEARCH = {"escaped": _escaped_end, "block": _block_end, "dollar": _dollar_end}
