"""The LibCST tree of a source, and the position of each node in the text.

LibCST's own position providers take longer than the parse and refer to its rendering, not to the file. Here, one
rendering pass records token numbers when a position is first needed, and the offsets are mapped to the text.
"""

from __future__ import annotations

import ast
import re
import warnings
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

import libcst as cst
from libcst._nodes.internal import CodegenState

from poolsafe.syntax.alignment import Alignment, align
from poolsafe.syntax.guard import find_excess
from poolsafe.syntax.limits import SHALLOW
from poolsafe.syntax.room import in_deep_stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from poolsafe.source import Source
    from poolsafe.syntax.layout import DictLayout

Span = tuple[int, int]
# How CPython mentions another line in its messages.
_LINE = re.compile(r"\bline (\d+)\b")
T = TypeVar("T")


class Unparsable(Exception):  # noqa: N818 - it names the file's state, and is a finding for the user
    """The text is not Python that can be analysed. `reason` is one line; `row` and `column` are 1-based."""

    def __init__(self, path: str, reason: str, row: int, column: int) -> None:
        super().__init__(f"{path}:{row}:{column}: {reason}")
        self.path = path
        self.reason = reason
        self.row = row
        self.column = column


class Tree:
    """A parsed source. The spans of all nodes are computed on first use. `height` is an upper bound for the tree."""

    __slots__ = ("_alignment", "_rendering", "height", "layouts", "module", "source")

    def __init__(self, source: Source, module: cst.Module, height: int) -> None:
        self.source = source
        self.module = module
        self.height = height
        self.layouts: dict[cst.Dict, DictLayout] = {}  # of the displays whose layout has been requested
        self._rendering: _Rendering | None = None
        self._alignment: Alignment | None = None

    def span(self, node: cst.CSTNode) -> Span:
        """Returns the start and end offsets of a node without the parentheses, white space and comments around it.

        Raises KeyError for a node of another tree.
        """
        rendering = self._rendered()
        return self._offsets(rendering, rendering.core(node))

    def outer_span(self, node: cst.CSTNode) -> Span:
        """Returns `span` including the expression's own parentheses. Raises KeyError for a node of another tree."""
        rendering = self._rendered()
        if not getattr(node, "lpar", ()):
            return self.span(node)
        return self._offsets(rendering, rendering.whole(node))

    def extent(self, node: cst.CSTNode) -> Span:
        """Returns the span of everything that LibCST renders for a node. It is exact only in a faithful tree."""
        rendering = self._rendered()
        return self._offsets(rendering, rendering.whole(node))

    def text(self, node: cst.CSTNode) -> str:
        """Returns the source text of `outer_span`."""
        start, end = self.outer_span(node)
        return self.source.text[start:end]

    @property
    def faithful(self) -> bool:
        """Whether offsets are exact and the bytes can be written back, so that the file may be edited."""
        self._rendered()
        assert self._alignment is not None
        return self._alignment.exact and self.source.round_trips

    def forget_spans(self) -> None:
        """Frees the spans, which take as much memory as the tree. They are computed again when needed."""
        self._rendering = self._alignment = None

    def with_room(self, work: Callable[[], T]) -> T:
        """Runs `work`, which walks this tree, with as much stack as the tree's height requires."""
        return in_deep_stack(self.height, work)

    def _rendered(self) -> _Rendering:
        if self._rendering is None:
            rendering = _Rendering(self.module)
            self.with_room(lambda: self.module._codegen(rendering))
            self._alignment = align("".join(rendering.tokens), self.source.text)
            rendering.measure()
            self._rendering = rendering
        return self._rendering

    def _offsets(self, rendering: _Rendering, numbers: Span) -> Span:
        assert self._alignment is not None
        start, end = (rendering.offsets[min(number, len(rendering.offsets) - 1)] for number in numbers)
        return self._alignment.start(start), self._alignment.end(start, end)


def parse(source: Source) -> Tree:
    """Parses with LibCST's newest grammar, whatever Python version is running. Only raises Unparsable.

    The last tree is kept, because a fixed text is first parsed to see whether it is valid, and checked next.
    """
    global _latest
    if _latest is None or _latest.source is not source:
        _latest = _parse(source)
    return _latest


_latest: Tree | None = None


def _parse(source: Source) -> Tree:
    excess = find_excess(source.text)
    if excess.refused is not None:
        row, column = source.row_column(excess.offset)
        raise Unparsable(source.path, excess.refused, row, column)
    tree = Tree(source, _parse_module(source, excess.height), excess.height)
    if excess.height > SHALLOW:
        _refuse_beyond_recursion(tree)
    return tree


def _refuse_beyond_recursion(tree: Tree) -> None:
    # Some versions of Python have other recursion limits as well: it is better to fail now than during the analysis.
    try:
        tree.with_room(lambda: tree.module.visit(cst.CSTVisitor()))
        tree.span(tree.module)
    except RecursionError:
        raise Unparsable(tree.source.path, "nested too deeply to be analysed", 1, 1) from None


# The original is kept once: a thread that parses at the same time must not mistake another thread's replacement for it.
_VALIDATE = cst.CSTNode.__post_init__


def _unvalidated(text: str) -> cst.Module:
    """Parses without validating each node, which would take a sixth of the time: the parser's nodes are valid."""
    cst.CSTNode.__post_init__ = bool  # type: ignore[method-assign,assignment]  # the cheapest call that does nothing
    try:
        return cst.parse_module(text)
    finally:
        cst.CSTNode.__post_init__ = _VALIDATE  # type: ignore[method-assign]


def _parse_module(source: Source, height: int) -> cst.Module:
    try:
        # Text, not bytes: LibCST's own decoding loses byte order marks and shifts what follows.
        return in_deep_stack(height, lambda: _unvalidated(source.text))
    except cst.ParserSyntaxError as error:
        raise _syntax_error(source, error, height) from None
    except RecursionError:
        raise Unparsable(source.path, "nested too deeply to be analysed", 1, 1) from None
    except Exception as error:
        # LibCST does not document which exceptions it raises, and a Rust panic is yet another exception.
        raise Unparsable(source.path, f"LibCST failed: {type(error).__name__}: {_one_line(error)}", 1, 1) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise Unparsable(source.path, f"LibCST failed: {_one_line(error)}", 1, 1) from None


def _syntax_error(source: Source, error: cst.ParserSyntaxError, height: int) -> Unparsable:
    better = _cpython_error(source) if height <= SHALLOW else None
    if better is not None:
        row = min(max(better.lineno or 1, 1), source.rows)
        said = _LINE.sub(lambda line: source.row_in_words(int(line[1])), _one_line(better.msg))
        return Unparsable(source.path, f"syntax error: {said}", row, max(better.offset or 1, 1))
    row = min(max(error.raw_line, 1), source.rows)
    column = min(error.raw_column + 1, len(source.line(row)) + 1)
    return Unparsable(source.path, f"syntax error: {_one_line(error.message)}", row, column)


def _cpython_error(source: Source) -> SyntaxError | None:
    """Returns CPython's message and position if it finds an error too. LibCST often has no position."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source.text, source.path, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        pass
    return None


def _one_line(error: BaseException | str) -> str:
    return (str(error).splitlines() or [""])[0][:200]


class _Rendering(CodegenState):
    """A code generator that records, for each node, the numbers of its first token and of the one after its last.

    It uses four dicts of numbers instead of pairs, because a hundred thousand tuples would make the garbage collector
    traverse the tree. The keys are ids of nodes, because LibCST computes their hash in Python.
    """

    def __init__(self, module: cst.Module) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.core_starts: dict[int, int] = {}
        self.core_ends: dict[int, int] = {}
        self.offsets: list[int] = []
        # Called for each token of the file: the bound method saves a Python frame.
        self.add_token = self.tokens.append  # type: ignore[method-assign,assignment]

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.starts[id(node)] = len(self.tokens)

    def after_codegen(self, node: cst.CSTNode) -> None:
        self.ends[id(node)] = len(self.tokens)

    def record_syntactic_position(  # type: ignore[override]
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> _Core:
        return _Core(self, node, start_node, end_node)

    def measure(self) -> None:
        """Converts token numbers to offsets in the rendered code."""
        self.offsets = list(accumulate(map(len, self.tokens), initial=0))
        self.tokens = []

    def whole(self, node: cst.CSTNode) -> Span:
        """Returns the token numbers of everything that is rendered for a node."""
        return self.starts[id(node)], self.ends[id(node)]

    def core(self, node: cst.CSTNode) -> Span:
        """Returns the token numbers of a node without its surroundings."""
        if id(node) in self.core_starts:
            return self.core_starts[id(node)], self.core_ends[id(node)]
        return self.whole(node)


class _Core:
    """The context in which LibCST renders a node without its surroundings; LibCST's own context is a slow generator."""

    __slots__ = ("_end_node", "_node", "_rendering", "_start", "_start_node")

    def __init__(
        self,
        rendering: _Rendering,
        node: cst.CSTNode,
        start_node: cst.CSTNode | None,
        end_node: cst.CSTNode | None,
    ) -> None:
        self._rendering = rendering
        self._node = node
        self._start_node = start_node
        self._end_node = end_node
        self._start = 0

    def __enter__(self) -> None:
        self._start = len(self._rendering.tokens)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            return
        rendering = self._rendering
        start, end = self._start, len(rendering.tokens)
        if self._start_node is not None:
            start = rendering.core(self._start_node)[0]
        if self._end_node is not None:
            end = rendering.core(self._end_node)[1]
        rendering.core_starts[id(self._node)] = start
        rendering.core_ends[id(self._node)] = end
