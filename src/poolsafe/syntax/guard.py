"""A cheap scan that rejects extreme nesting before LibCST parses it.

LibCST's parser recurses in Rust, where an exhausted stack ends the process: 2,000 nested parentheses are enough. Also,
its time doubles with each parenthesis of a `case` pattern. So the text is scanned first. The scan does not have to be
exact, but must never underestimate the nesting. A sieve of a few passes in C comes first, which is enough for nearly
all files.
"""

from __future__ import annotations

import re

from poolsafe.records import frozen
from poolsafe.syntax.limits import BLOCK, BRACKET, MAX_CHARACTERS, MAX_DOUBLING_BRACKETS, MAX_TOKENS, SHALLOW
from poolsafe.syntax.scan import Absurd, Scan


@frozen
class Excess:
    """The result of the scan: `refused` is a reason or None, at `offset`; `height` is an upper bound for the tree."""

    height: int
    refused: str | None = None
    offset: int = 0


def find_excess(text: str) -> Excess:
    """Scans a whole file, in linear time."""
    if len(text) > MAX_CHARACTERS:
        return Excess(0, f"a file with more than {MAX_CHARACTERS} characters")
    if len(text) > MAX_TOKENS and _count_tokens(text) > MAX_TOKENS:
        return Excess(0, f"a file with more than {MAX_TOKENS} tokens")
    # There are at most as many levels of blocks as there are different indentations after a colon.
    blocks = BLOCK * len(_block_indents(text))
    height = _sieve(text)
    if height is not None:
        return Excess(max(height, blocks))
    scan = Scan(text)
    try:
        scan.run()
    except Absurd as refusal:
        return Excess(scan.height, str(refusal), scan.position)
    return Excess(max(scan.height, blocks))


def _block_indents(text: str) -> set[str]:
    """Returns the different indentations of the lines of code that follow a line ending in a colon."""
    return set(_BLOCK_INDENT.findall(text)) - {""}


def _count_tokens(text: str) -> int:
    """Returns the number of tokens and line ends; a string is one token. Only used for long texts."""
    return sum(1 for _ in _COUNTED.finditer(_QUOTED.sub("~", text)))


def _sieved_strings(quote: str) -> str:
    """Returns alternatives for strings with this quote; each starts with a literal, so `re` skips the text between."""
    formatted = rf"(?<=[fF]{quote})"
    unformatted = rf"(?<![fFtT]{quote})(?<![fFtT][rR]{quote})"
    # Fields that are too short to contain any nesting. Other f-strings are not removed.
    other = "'" if quote == '"' else '"'
    inner = rf"{other}[^'\"\\{{}}\r\n]*{other}"
    easy = rf"(?:\\[^{{}}\r\n]|\{{\{{|\}}\}}|\{{(?:[\w\ .,:!()\[\]*+/%|=<>-]|{inner}){{1,40}}\}})"
    long = quote * 3
    lone = rf"{quote}(?!{quote}{quote})"
    return rf"""
        {quote}{formatted}{quote}{quote}[^\\{quote}{{}}]*(?:(?:{easy}|{lone})[^\\{quote}{{}}]*)*{long}
      | {quote}{unformatted}{quote}{quote}[^\\{quote}]*(?:(?:\\[\s\S]|{lone})[^\\{quote}]*)*(?:{long})?
      | {quote}{formatted}(?!{quote}{quote})[^\\{quote}{{}}\r\n]*(?:{easy}[^\\{quote}{{}}\r\n]*)*{quote}
      | {quote}{unformatted}(?!{quote}{quote})[^\\{quote}\r\n]*(?:\\(?:\r\n|[\s\S])[^\\{quote}\r\n]*)*{quote}?
    """


_QUOTED = re.compile(
    rf"\#[^\r\n]* | \\(?:\r\n?|\n) | {_sieved_strings(chr(39))} | {_sieved_strings(chr(34))}", re.VERBOSE
)
_COUNTED = re.compile(r"\w+|[^\w \t\f]")
_WORD_OPERATOR = re.compile(r"(?<![^\W\d])(?:not|or|and|else|for)\b")
# With parameters without expressions: their commas must not separate nested levels.
_WORD_LAMBDA = re.compile(r"(?<![^\W\d])lambda\b")
_LAMBDA = re.compile(rf"{_WORD_LAMBDA.pattern}(?:[^:()\[\]{{}}\r\nl]|l(?!ambda\b))*:")
_NO_STRUCTURE = re.compile(r"[^-()\[\]{},;\r\n+*/%@&|^~.<>'\"]+")
_FLAT_GROUP = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DOUBLING = re.compile(r"^[ \t\f]*(?:case|del)\b", re.MULTILINE)
# A colon at the end of a line, then empty lines and comments, then the indentation of a line of code, if there is any.
# Everything after the colon is optional, so that the expression never fails there and never reads a character twice.
_BLOCK_INDENT = re.compile(
    r":[ \t\f]*(?:\#[^\r\n]*)?(?:[\r\n]+(?:([ \t\f]+)(?=[^ \t\f\r\n\#])|[ \t\f]*(?:\#[^\r\n]*)?))*"
)


def _sieve(text: str) -> int | None:
    """Returns an upper bound for the height of the tree if it is at most SHALLOW, else None.

    Also returns None for text that the sieve cannot follow, such as strings in f-strings and unmatched brackets.
    """
    if text.count("elif") > SHALLOW // 2:
        return None
    # Each string or comment counts as an operator: adjacent strings are one concatenation.
    skeleton = _LAMBDA.sub("~" * (BRACKET + 1), _QUOTED.sub("~", text))
    lambdas = len(_WORD_LAMBDA.findall(skeleton))
    if "'" in skeleton or '"' in skeleton or lambdas > 30:
        return None
    height = (BRACKET + 1) * lambdas
    skeleton = _NO_STRUCTURE.sub("", _WORD_OPERATOR.sub("~", skeleton))
    levels = MAX_DOUBLING_BRACKETS if _DOUBLING.search(text) else SHALLOW // BRACKET
    for _ in range(levels):
        groups = _FLAT_GROUP.findall(skeleton)
        if not groups:
            break
        height += BRACKET + _longest(",".join(groups).replace("\n", "").replace("\r", ""))
        if height > SHALLOW:
            return None
        skeleton = _FLAT_GROUP.sub("~" * BRACKET, skeleton)
    if _FLAT_GROUP.search(skeleton) or any(bracket in skeleton for bracket in "([{"):
        return None
    height += _longest(skeleton.replace("\n", ",").replace("\r", ",").replace(";", ","))
    return height if height <= SHALLOW else None


def _longest(skeleton: str) -> int:
    return max(map(len, skeleton.split(",")))
