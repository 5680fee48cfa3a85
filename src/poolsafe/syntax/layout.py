"""The written layout of calls and dict displays, as offsets into the decoded text. A fix needs no other syntax.

Every offset counts characters of the decoded text. `end` is exclusive. `comma` is the offset of the comma after the
item, or None if there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from poolsafe.records import frozen


@frozen
class ArgumentLayout:
    """One argument of a call: `star` is "", "*" or "**"; `start` to `end` covers keyword, stars and value."""

    keyword: str | None
    star: str
    start: int
    end: int
    value_start: int
    value_end: int
    comma: int | None


@frozen
class CallLayout:
    """A call: `start` to `end` covers the callee to the closing parenthesis.

    `open` is the offset just after the opening parenthesis, `close` that of the closing one.
    """

    start: int
    end: int
    open: int
    close: int
    arguments: tuple[ArgumentLayout, ...]

    @property
    def elements(self) -> Sequence[ArgumentLayout | DictItemLayout]:
        return self.arguments

    @property
    def names(self) -> list[str | None]:
        """The keyword of each argument, or None for an argument without one."""
        return [argument.keyword for argument in self.arguments]


@frozen
class DictItemLayout:
    """One item of a dict display: `key` is the key's text where it is a plain string literal, None for other keys.

    `start` to `key_end` covers the key as written. `spread` marks `**value`; there `key` is None and `start` is the
    offset of the stars.
    """

    key: str | None
    spread: bool
    start: int
    key_end: int
    end: int
    value_start: int
    value_end: int
    comma: int | None


@frozen
class DictLayout:
    """A dict display: `open` is the offset just after the opening brace, `close` that of the closing one."""

    start: int
    end: int
    open: int
    close: int
    items: tuple[DictItemLayout, ...]

    @property
    def elements(self) -> Sequence[ArgumentLayout | DictItemLayout]:
        return self.items

    @property
    def names(self) -> list[str | None]:
        """The key of each item, or None for an item whose `key` is None."""
        return [item.key for item in self.items]


@frozen
class ItemStatement:
    """A statement that sets one key of a dict: an item assignment, or `setdefault(key, value)`.

    A statement for another key consists of `opening`, the key, `middle`, the value and `closing`. `alone`: it is the
    only statement on its line.
    """

    start: int
    end: int
    opening: str
    middle: str
    closing: str
    alone: bool


@frozen
class MissingBranch:
    """An `if` without an `else`, at a span, in which an item of a dict is set.

    `indent` is the white space before the `if`, and `inner` that before its statements. A statement for another key
    consists of `opening`, the key, `middle` and the value. `around`: it has to set `connect_args`, not its keys.
    """

    start: int
    end: int
    indent: str
    inner: str
    opening: str
    middle: str
    around: bool


# Where the file sets a key of a dict: a display, a call with keywords (`dict(...)`, `update(...)`) or a statement.
Place: TypeAlias = DictLayout | CallLayout | ItemStatement
