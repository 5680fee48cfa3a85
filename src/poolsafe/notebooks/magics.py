"""Replaces IPython's additions to Python (magics, shell commands and help requests) with names of the same length.

A name that is not defined has an unknown value, like the result of a command.
"""

from __future__ import annotations

import re

from poolsafe.suppression.comments import Lexer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Span = tuple[int, int]

# Line magics that IPython also accepts without their `%` at the beginning of a cell.
_AUTOMATIC = frozenset(
    """
    alias alias_magic autoawait autocall automagic bookmark cd code_wrap colors conda config debug dhist dirs
    doctest_mode edit env gui history killbgscripts load load_ext loadpy logoff logon logstart logstate logstop lsmagic
    macro magic mamba matplotlib micromamba notebook page pastebin pdb pdef pdoc pfile pinfo pinfo2 pip popd pprint
    precision prun psearch psource pushd pwd pycat pylab quickref recall rehashx reload_ext rerun reset reset_selective
    run save sc set_env sx system tb time timeit unalias unload_ext uv who who_ls whos xdel xmode
    """.split()  # noqa: SIM905
)
_ASSIGNMENT = re.compile(r"(?:[-+*/%@&|^:]|//|\*\*|<<|>>)?=")
# Cell magics after which the cell is still Python.
_OF_PYTHON = frozenset("capture debug ipytest prun pypy python python3 time timeit".split())  # noqa: SIM905

# A backslash at the end of a line continues the command.
_REST = r"(?:[^\r\n\\]|\\(?:\r\n|\r|\n)?)*"
_COMMAND = re.compile(rf"[ \t\f]*(?P<command>[%!?/;,]{_REST})")
_QUESTION = re.compile(
    r"[ \t\f]*(?P<command>(?!\d)[\w*]+(?:\.[\w*]+|\[[^\]\r\n#]*\])*[ \t]*\?{1,2})[ \t]*(?=[\r\n;#]|\Z)"
)
_ASSIGNED = re.compile(r"(?<![-+*/%@&|^:=!<>~])=[ \t\f]*(?:\\(?:\r\n|\r|\n)[ \t\f]*)?(?=[%!])")
_ASSIGNED_COMMAND = re.compile(f"[%!]{_REST}")
_LINE_END = re.compile(r"\r\n|\r|\n")
_LINE_ENDS = re.compile(r"(\r\n|\r|\n)")
_BLANK = re.compile(r"[ \t\f]*")
# Most cells have none of these, and need not be lexed.
_HINT = re.compile(r"^[ \t\f]*[%!?/;,]|=[ \t\f]*(?:\\[\r\n]+[ \t\f]*)?[%!]|\?", re.MULTILINE)


def is_no_python(cell: str) -> bool:
    """Returns whether a cell magic, or a magic without its `%`, takes the whole cell."""
    lines = cell.split("\n")
    first = lines[0].split(maxsplit=2)
    if first and first[0] in _AUTOMATIC and not (len(first) > 1 and _ASSIGNMENT.match(first[1])):
        return True
    words = (line.split(maxsplit=1)[0] for line in lines if line.lstrip().startswith("%%"))
    return any(word[2:] not in _OF_PYTHON for word in words)


def commands(cell: str) -> list[Span]:
    """Returns the spans of the commands of a cell, in order."""
    return list(_commands(cell)) if _HINT.search(cell) is not None else []


def without(cell: str, commands: list[Span]) -> str:
    """Returns the cell with each command replaced by a name, and the same offsets and rows."""
    pieces: list[str] = []
    position = 0
    for start, end in commands:
        first, *others = _LINE_ENDS.split(cell[start:end])
        pieces += cell[position:start], "_" * len(first)
        pieces += (part if part[:1] in ("\r", "\n") else " " * len(part) for part in others)
        position = end
    return "".join((*pieces, cell[position:]))


def _commands(cell: str) -> Iterator[Span]:
    lexer = Lexer(cell)
    position = end = 0
    begins = True  # a logical line
    while position < len(cell):
        if lexer.is_inside:
            position = lexer.step(position)
            continue
        command = (_COMMAND.match(cell, position) or _QUESTION.match(cell, position)) if begins else None
        if command is not None:
            yield command.span("command")
            position, begins = command.end(), False
            continue
        if position >= end:
            line = _LINE_END.search(cell, position)
            end = len(cell) if line is None else line.end()
        assigned = _assigned(cell, position, end, lexer)
        if assigned is not None:
            yield assigned
            position, begins = assigned[1], False
            continue
        joined = len(lexer.joins)
        position = lexer.step(position, end)
        begins = position == end and len(lexer.joins) == joined and not lexer.is_inside


def _assigned(cell: str, position: int, end: int, lexer: Lexer) -> Span | None:
    """Returns the first command that is assigned between two offsets, if nothing relevant precedes it, or None."""
    token = lexer.next_token(position, end)
    if token is not None:
        end = token.start()
        if token["continued"] is not None:
            blank = _BLANK.match(cell, token.end())
            assert blank is not None
            end = blank.end() + 1
    sign = _ASSIGNED.search(cell, position, end)
    command = None if sign is None else _ASSIGNED_COMMAND.match(cell, sign.end())
    return None if command is None else command.span()
