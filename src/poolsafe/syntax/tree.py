"""The LibCST tree of a source, and the position of each node in the text.

LibCST's own position providers take longer than the parse and refer to its rendering, not to the file. Here, the
statement around a node is rendered when its position is first needed. If its code occurs once in the text, it is there.
Otherwise the whole file is rendered. A rendering pass records token numbers, and the offsets are mapped to the text.
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
    from collections.abc import Callable, Mapping, Sequence
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

    __slots__ = ("_is_lossy", "_parts", "_whole", "height", "layouts", "module", "parents", "source")

    def __init__(self, source: Source, module: cst.Module, height: int) -> None:
        self.source = source
        self.module = module
        self.height = height
        self.layouts: dict[cst.Dict, DictLayout] = {}  # of the displays whose layout has been requested
        self.parents: Mapping[int, cst.CSTNode] = {}  # of the nodes that are code, by their ids, once there is an index
        self._whole: _Rendering | None = None
        self._parts: list[_Rendering] = []
        self._is_lossy = _LOST.search(source.text) is not None

    def span(self, node: cst.CSTNode) -> Span:
        """Returns the start and end offsets of a node without the parentheses, white space and comments around it.

        Raises KeyError for a node of another tree.
        """
        rendering = self._rendered(node)
        return rendering.in_text(rendering.core(node))

    def outer_span(self, node: cst.CSTNode) -> Span:
        """Returns `span` including the expression's own parentheses. Raises KeyError for a node of another tree."""
        if not getattr(node, "lpar", ()):
            return self.span(node)
        return self.extent(node)

    def extent(self, node: cst.CSTNode) -> Span:
        """Returns the span of everything that LibCST renders for a node."""
        rendering = self._rendered(node)
        return rendering.in_text(rendering.whole(node))

    def text(self, node: cst.CSTNode) -> str:
        """Returns the source text of `outer_span`."""
        start, end = self.outer_span(node)
        return self.source.text[start:end]

    @property
    def faithful(self) -> bool:
        """Whether offsets are exact and the bytes can be written back, so that the file may be edited."""
        return self._rendered(self.module).alignment.exact and self.source.round_trips

    @property
    def exact(self) -> bool:
        """Whether the offsets that have been returned so far are exact. Those within a single statement always are."""
        return self._whole is None or self._whole.alignment.exact

    def forget_spans(self) -> None:
        """Frees the spans, which take as much memory as the tree. They are computed again when needed."""
        self._whole = None
        self._parts.clear()

    def with_room(self, work: Callable[[], T]) -> T:
        """Runs `work`, which walks this tree, with as much stack as the tree's height requires."""
        return in_deep_stack(self.height, work)

    def _rendered(self, node: cst.CSTNode) -> _Rendering:
        """Returns a rendering of the file, or of a part of it, that contains a node."""
        if self._whole is not None:
            return self._whole
        for part in self._parts:
            if id(node) in part.starts:
                return part
        found = self._part_around(node) if len(self._parts) < _MOST_PARTS else None
        if found is not None:
            self._parts.append(found)
            return found
        self._whole = self._render(self.module)
        self._whole.alignment = align(self._whole.measure(), self.source.text)
        return self._whole

    def _part_around(self, node: cst.CSTNode) -> _Rendering | None:
        """Returns a rendering of the statement of the module or of a class around a node, or None if it is not certain.

        It is certain if its code occurs once in the text, and LibCST's rendering of the file loses nothing.
        """
        text = self.source.text
        path = [node]
        while (parent := self.parents.get(id(path[-1]))) is not None:
            path.append(parent)
        if path[-1] is not self.module or len(path) == 1 or self._is_lossy:
            return None
        path.pop()
        indents: list[str] = []
        statement = path.pop()
        while isinstance(statement, cst.ClassDef) and len(path) > 1 and isinstance(path[-1], cst.IndentedBlock):
            indent = path.pop().indent
            indents.append(self.module.default_indent if indent is None else indent)
            statement = path.pop()
        part = self._render(statement, indents)
        code = part.measure()
        start = text.find(code)
        if start < 0 or text.find(code, start + 1) >= 0:
            return None
        part.alignment = Alignment(start)
        return part if id(node) in part.starts else None

    def _render(self, node: cst.CSTNode, indents: Sequence[str] = ()) -> _Rendering:
        rendering = _Rendering(self.module, indents)
        self.with_room(lambda: node._codegen(rendering))
        return rendering


# White space that LibCST does not render: see `alignment`.
# Beyond this, rendering the whole file once costs less.
_MOST_PARTS = 16
_LOST = re.compile(r"\A\s|\r(?!\n)|^[ \t\f]*\\\r?$", re.MULTILINE)


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

    def __init__(self, module: cst.Module, indents: Sequence[str]) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.indent_tokens.extend(indents)
        self.alignment = Alignment()
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

    def measure(self) -> str:
        """Converts token numbers to offsets in the rendered code. Returns this code."""
        code = "".join(self.tokens)
        self.offsets = list(accumulate(map(len, self.tokens), initial=0))
        self.tokens = []
        return code

    def in_text(self, numbers: Span) -> Span:
        """Returns the offsets in the text of a span of token numbers."""
        start, end = (self.offsets[min(number, len(self.offsets) - 1)] for number in numbers)
        return self.alignment.start(start), self.alignment.end(start, end)

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
