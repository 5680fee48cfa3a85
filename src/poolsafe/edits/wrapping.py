"""Keeps a fixed call within the project's line length, in the layout of `ruff format` and `black`.

A call that no longer fits its line gets one argument per line and a trailing comma, and a dict display that no longer
fits gets one item per line. Both formatters leave such brackets unchanged. A line that was too long
before is only wrapped if it grows.
"""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING

from poolsafe.findings import Edit
from poolsafe.source import edited
from poolsafe.syntax.layout import CallLayout

if TYPE_CHECKING:
    from poolsafe.source import Source
    from poolsafe.syntax.layout import DictLayout

Edits = tuple[Edit, ...]

# The code that may precede a call whose brackets the formatters split first.
_BEFORE = re.compile(
    r"[ \t]*(?:(?:return|yield|await|async with|with) )*"
    r"(?:[\w.\[\]'\"]+(?:: [\w.\[\], |'\"]+)? = |\w+=|(?P<quote>['\"])[\w.]+(?P=quote): )?(?:await )?"
)
_OUTER = re.compile(_BEFORE.pattern + r"[\w.]+\(")
_OWN_CALL = re.compile(r"[ \t]*(?:\w+=)?(?:await )?[\w.]+\(")
# The text that may follow the call in a `with` statement.
_AS = re.compile(r"(?: as [\w.]+)?:")
_CALLEE = re.compile(r"(?<![\w.])[\w.]+\(\Z")
# The beginning of a comment with a directive for a tool.
_TOOLS = re.compile(
    r"[ \t]*(?:noqa|nosec|nosonar|pyre-|(?:flake8|fmt|isort|mypy|poolsafe|pragma|pylint|pyright|ruff|type|yapf):)",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?:[^#'\"]|'[^']*'|\"[^\"]*\")*")
_TOKEN = re.compile(r"\s+|\w+|\"[^\"]*\"|'[^']*'|.")
# A line that only contains one argument or item that is a dict display.
_DISPLAY = re.compile(
    r"(?P<indent>[ \t]*)"
    r"(?P<head>(?:\w+=|return |else |[\w.]+(?:\[[\w.'\"]+\])*(?:: [\w.\[\], |'\"]+)? = |"
    r"(?P<quote>['\"])[\w.]+(?P=quote): )?)"
    r"\{(?P<items>.+)\}(?P<tail>,?(?:[ \t]*#.*)?)"
)


# A line that only contains `**` and one of two dicts.
_SPREAD = re.compile(r"(?P<indent>[ \t]*)\*\*\((?P<chosen>\{.+\})\)(?P<tail>,?(?:[ \t]*#.*)?)")


def fitted(source: Source, call: CallLayout | DictLayout, edits: Edits) -> Edits:
    """Returns edits that make the same change and keep the lines of a call or a display within the line length.

    Lines that were too long before may remain so if they do not grow. Returns the given edits if the result fits, or if
    it cannot be wrapped reliably.
    """
    text = source.text
    if not all(call.open <= edit.start and edit.end <= call.close for edit in edits):
        return edits
    start, end = source.line_start(call.open), _line_end(text, call.close)
    before, after = text[start:end], _applied(text, edits, start, end)
    limit, one_line = source.line_length, _is_one_line(before)
    allowed = {line for line in before.splitlines() if len(line) > limit}
    if all(len(line) <= limit or line in allowed for line in after.splitlines()):
        return edits
    if one_line and allowed and len(after) <= len(before):
        return edits
    unit = _unit(text)
    if one_line and isinstance(call, CallLayout):
        wrapped = _call_wrapped(after, call.open - start, unit, source.newline, limit)
        if wrapped is None and _is_between_brackets(text, start, end):
            wrapped = _row_wrapped(after, call.open - start, unit, source.newline, limit)
    else:
        opening = call.open - start
        wrapped = _displays_wrapped(after, opening, unit, source.newline, limit, allowed)
    if wrapped is None or wrapped == after:
        return edits
    smallest = _smallest(text, start, end, wrapped)
    return _with_end(text, call, smallest) if isinstance(call, CallLayout) else smallest


def fitting_line(source: Source, line: str) -> str:
    """Returns a line of code as it is, or with its dict display wrapped if it is too long."""
    return _fitting(line, _unit(source.text), source.newline, source.line_length)


def _unit(text: str) -> str:
    return "\t" if "\n\t" in text or "\r\t" in text else "    "


def _is_comment_for_people(rest: str) -> bool:
    """Returns whether the rest of a line is blank, a separator, or a comment without a directive for a tool.

    A directive must stay on the first line of a call, but wrapping would move it to the last one.
    """
    code, mark, comment = rest.partition("#")
    return code.strip(" \t") in ("", ";", ",") and not (mark and any(map(_TOOLS.match, comment.split("#"))))


def is_commented_for_people(line: str, column: int) -> bool:
    """Returns whether a line ends with a comment, after a column, that contains no directive for a tool."""
    found = _CODE.match(line, column)
    rest = line[found.end() :] if found is not None else ""
    return rest.startswith("#") and _is_comment_for_people(rest)


def _line_end(text: str, offset: int) -> int:
    found = re.compile(r"\r|\n|\Z").search(text, offset)
    assert found is not None
    return found.start()


def _is_one_line(text: str) -> bool:
    return "\n" not in text and "\r" not in text


def _applied(text: str, edits: Edits, start: int, end: int) -> str:
    """Returns `text[start:end]` after edits within it."""
    changed = edited(text, edits)
    return changed[start : end + len(changed) - len(text)]


def _call_wrapped(line: str, opening: int, unit: str, newline: str, limit: int) -> str | None:
    """Returns a line with the call that opens at an offset wrapped, or None if the line contains more than calls.

    If it is an argument of another call, that one is wrapped first.
    """
    head = line[:opening]
    callee = _CALLEE.search(head)
    if callee is None or _BEFORE.fullmatch(head[: callee.start()]) is None:
        return _outer_wrapped(line, opening, unit, newline, limit)
    parts = split(line[opening:])
    if parts is None or not _is_comment_for_people(_behind(head, parts[1])):
        return None
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    lines = [_fitting(f"{indent}{unit}{part},", unit, newline, limit) for part in parts[0]]
    return newline.join([head, *lines, f"{indent}){parts[1]}"])


def _behind(head: str, rest: str) -> str:
    """Returns what follows a call and its `as` clause, if it is the call in a `with` statement."""
    found = _AS.match(rest) if head.lstrip(" \t").startswith(("with ", "async with ")) else None
    return rest if found is None else rest[found.end() :]


def _outer_wrapped(line: str, opening: int, unit: str, newline: str, limit: int) -> str | None:
    outer = _OUTER.match(line)
    parts = split(line[outer.end() :]) if outer is not None and outer.end() < opening else None
    if outer is None or parts is None or not _is_comment_for_people(parts[1]):
        return None
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    rows = _rows(line, outer.end(), parts[0], opening, indent + unit, unit, newline, limit)
    return None if rows is None else newline.join([outer[0], *rows, f"{indent}){parts[1]}"])


def _is_between_brackets(text: str, start: int, end: int) -> bool:
    """Returns whether the line at a span is the whole content of a call's brackets."""
    return text[:start].rstrip(" \t\r\n").endswith("(") and text[end:].lstrip(" \t\r\n").startswith(")")


def _row_wrapped(line: str, opening: int, unit: str, newline: str, limit: int) -> str | None:
    """Returns the arguments of a line on separate lines, with the call among them wrapped, or None."""
    parts = split(f"{line})")
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    if parts is None or parts[1]:
        return None
    rows = _rows(line, 0, parts[0], opening, indent, unit, newline, limit)
    return None if rows is None else newline.join(rows)


def _rows(
    line: str, end: int, elements: list[str], opening: int, indent: str, unit: str, newline: str, limit: int
) -> list[str] | None:
    """Returns each element of a line after `end` in its own row, with the call that opens at `opening` wrapped."""
    # Formatters do not write a comma after a single argument.
    comma = "," if len(elements) > 1 else ""
    rows: list[str] = []
    for element in elements:
        start = line.index(element, end)
        end = start + len(element)
        row = f"{indent}{element}{comma}"
        if len(row) > limit and start < opening <= end:
            wrapped = _call_wrapped(row, opening - start + len(indent), unit, newline, limit)
            if wrapped is None:
                return None
            rows.append(wrapped)
        else:
            rows.append(_fitting(row, unit, newline, limit))
    return rows


def _displays_wrapped(text: str, opening: int, unit: str, newline: str, limit: int, allowed: set[str]) -> str:
    lines = re.split(r"\r\n|\r|\n", text)
    if any(end != newline for end in re.findall(r"\r\n|\r|\n", text)) or '"""' in text or "'''" in text:
        # The line may be inside a string.
        return text
    if (
        len(lines) == 3
        and len(lines[1]) > limit
        and not lines[0][opening:].partition("#")[0].strip(" \t")
        and lines[2].lstrip(" \t").startswith(")")
    ):
        # All arguments are on one line between the brackets.
        parts = split(f"{lines[1]})")
        if parts is not None and parts[1] == "" and len(parts[0]) > 1:
            indent = lines[1][: len(lines[1]) - len(lines[1].lstrip(" \t"))]
            lines = [lines[0], *(f"{indent}{part}," for part in parts[0]), lines[2]]
    return newline.join(line if line in allowed else _fitting(line, unit, newline, limit) for line in lines)


def _fitting(line: str, unit: str, newline: str, limit: int) -> str:
    """Returns a line, with its dict display, its conditional expression or its call wrapped if it is too long."""
    if len(line) <= limit:
        return line
    spread = _SPREAD.fullmatch(line)
    if spread is not None:
        indent, chosen, tail = spread.group("indent", "chosen", "tail")
        return _conditional_wrapped(indent, "**", chosen, tail, unit, newline, limit) or line
    found = _DISPLAY.fullmatch(line)
    if found is None:
        return _own_call_wrapped(line, unit, newline, limit) or line
    parts = split(f"{found['items']}){found['tail']}")
    if parts is None or parts[1] != found["tail"] or not parts[0]:
        chosen = f"{{{found['items']}}}"
        wrapped = _conditional_wrapped(found["indent"], found["head"], chosen, found["tail"], unit, newline, limit)
        return wrapped or line
    if not _is_comment_for_people(found["tail"].removeprefix(",")):
        return line
    indent = found["indent"]
    items = [_fitting(f"{indent}{unit}{part},", unit, newline, limit) for part in parts[0]]
    return newline.join([f"{indent}{found['head']}{{", *items, f"{indent}}}{found['tail']}"])


def _own_call_wrapped(line: str, unit: str, newline: str, limit: int) -> str | None:
    """Returns a line that consists of one call with its arguments on separate lines, or None for any other line."""
    head = _OWN_CALL.match(line)
    parts = split(line[head.end() :]) if head is not None else None
    if head is None or parts is None or not parts[0] or not _is_comment_for_people(parts[1]):
        return None
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    # Formatters do not write a comma after a single argument.
    comma = "," if len(parts[0]) > 1 else ""
    rows = (_fitting(f"{indent}{unit}{part}{comma}", unit, newline, limit) for part in parts[0])
    return newline.join([head[0], *rows, f"{indent}){parts[1]}"])


def _conditional_wrapped(
    indent: str, head: str, text: str, tail: str, unit: str, newline: str, limit: int
) -> str | None:
    """Returns a line that consists of `{...} if ... else {...}` in parentheses, one part per line, or None."""
    import ast

    try:
        whole = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(whole, ast.IfExp) or isinstance(whole.orelse, ast.IfExp):
        return None
    body, test, orelse = (ast.get_source_segment(text, one) for one in (whole.body, whole.test, whole.orelse))
    # Not in parentheses, and on one line.
    if text != f"{body} if {test} else {orelse}" or not _is_comment_for_people(tail):
        return None
    rows = (f"{indent}{unit}{row}" for row in (f"{body}", f"if {test}", f"else {orelse}"))
    lines = (_fitting(row, unit, newline, limit) for row in rows)
    return newline.join([f"{indent}{head}(", *lines, f"{indent}){tail}"])


def split(text: str) -> tuple[list[str], str] | None:
    """Splits the text after an opening parenthesis into the elements up to the closing one, and the rest.

    Returns None if the text cannot be tokenized, for example because its syntax is newer.
    """
    depth, start = 0, 0
    parameters: list[int] = []  # the depths at which the parameters of a lambda are open
    elements: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(f"({text}").readline):
            kind, word, (row, column), _, _ = token
            column -= 1  # the bracket before the text
            if kind in (tokenize.ERRORTOKEN, tokenize.COMMENT) or row > 1:
                return None
            if kind == tokenize.NAME and word == "for" and depth == 1:
                return None  # a comprehension
            if kind == tokenize.NAME and word == "lambda":
                parameters.append(depth)
            elif kind != tokenize.OP:
                continue
            elif word == ":" and parameters and parameters[-1] == depth:
                parameters.pop()
            elif word in "([{":
                depth += 1
            elif word in ")]}":
                depth -= 1
                if depth == 0:
                    elements.append(text[start:column].strip())
                    return [one for one in elements if one], text[column + 1 :]
            elif word == "," and depth == 1 and not (parameters and parameters[-1] == depth):
                elements.append(text[start:column].strip())
                start = column + 1
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return None
    return None


def _with_end(text: str, call: CallLayout, edits: Edits) -> Edits:
    """Returns the edits. Those after the last argument are joined, so that other fixes there wait for another round."""
    last = call.arguments[-1].end if call.arguments else call.open
    if any(edit.start < last <= edit.end for edit in edits):
        return edits
    behind = [edit for edit in edits if last <= edit.start and edit.end <= call.close]
    others = [edit for edit in edits if edit not in behind]
    return (*others, Edit(last, call.close, _applied(text, tuple(behind), last, call.close)))


def _smallest(text: str, start: int, end: int, changed: str) -> Edits:
    """Returns edits that turn `text[start:end]` into another text and leave out the unchanged parts."""
    import difflib

    before, after = _TOKEN.findall(text[start:end]), _TOKEN.findall(changed)
    edits: list[Edit] = []
    offset = start
    for kind, first, last, other_first, other_last in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        length = sum(map(len, before[first:last]))
        if kind != "equal":
            edits.append(Edit(offset, offset + length, "".join(after[other_first:other_last])))
        offset += length
    return tuple(edits)
