"""Spans are those of LibCST's own provider, in characters of the text, whatever the text begins or ends with."""

import ast
import contextlib
import sysconfig
from pathlib import Path
from unittest import mock

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider

from poolsafe.source import Source
from poolsafe.syntax.call_layout import call_layout, dict_layout
from poolsafe.syntax.index import Index
from poolsafe.syntax.tree import Tree, Unparsable, parse


def tree_of(text: str) -> Tree:
    return parse(Source.from_text("a.py", text))


def nodes(tree: Tree, kind: type[cst.CSTNode]) -> list[cst.CSTNode]:
    found: list[cst.CSTNode] = []

    class Collector(cst.CSTVisitor):
        def on_visit(self, node: cst.CSTNode) -> bool:
            if isinstance(node, kind):
                found.append(node)
            return True

    tree.module.visit(Collector())
    return found


def call_texts(text: str) -> list[str]:
    tree = tree_of(text)
    return [text[slice(*tree.span(node))] for node in nodes(tree, cst.Call)]


BEGINNINGS = ["", "\x0c", "\x0c\n", " \x0c", "\n\n", "# é\n", "\\\n", "'''\r\n'''\r\n", "\t# comment\n", "#\x0c!\n"]
ENDINGS = ["", "\n", "\r\n", "\r", "\n\n", "\n# end", "\n  ", ";\n", "  # é", "\n\x0c\n", " \\\n\n"]


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_spans_hold_what_they_should(beginning: str, ending: str) -> None:
    text = f"{beginning}x = f(1, é='ü', *g( ))" + ending
    assert call_texts(text) == ["f(1, é='ü', *g( ))", "g( )"]
    tree = tree_of(text)
    for node in nodes(tree, cst.Call):
        assert isinstance(node, cst.Call)
        assert call_layout(tree, node).end == tree.span(node)[1]


FAITHFUL = [
    ("\x0cx = f()\n", True),
    ("x = f()\r", True),
    ("\n\n\\\nx = f()\n", False),
    ("if 1:\r\n\tx = f()\r\n", True),
    ("x = 'a\rb'\n", None),
]


@pytest.mark.parametrize(("text", "faithful"), FAITHFUL)
def test_faithful(text: str, faithful: bool | None) -> None:
    if faithful is not None:
        assert tree_of(text).faithful is faithful


def test_lines_that_libcst_drops_do_not_move_what_follows() -> None:
    text = "\n\n\\\nx = f( 1 )\ny = g(2)\n"
    assert call_texts(text) == ["f( 1 )", "g(2)"]
    assert not tree_of(text).faithful


def test_a_codec_that_does_not_round_trip_is_not_faithful() -> None:
    assert not parse(Source.decode("a.py", b"# coding: utf-7\n'+AOk-'\n")).faithful


def test_parentheses_both_ways() -> None:
    tree = tree_of("x = ( (f)(1) )\n")
    (call,) = nodes(tree, cst.Call)
    assert tree.source.text[slice(*tree.span(call))] == "(f)(1)"
    assert tree.text(call) == "( (f)(1) )"


def test_a_node_of_another_tree_is_refused() -> None:
    with pytest.raises(KeyError):
        tree_of("x\n").span(cst.Name("x"))


UNPARSABLE = [
    ("x = (\n", 1, "syntax error: '(' was never closed"),
    ("x = 1\ny = = 2\n", 2, "syntax error"),
    ("x\nprint 'a'\n", 2, "syntax error: Missing parentheses in call to 'print'"),
    ("if 1:\n\tx\n        y\n", 3, "syntax error: inconsistent use of tabs"),
    ("x = 1\x1a\n", 1, "syntax error"),
    ("\nx = '''\n", 2, "syntax error: unterminated triple-quoted"),
    ("y\nx = " + "(" * 300 + "\n", 2, "more than 200 nested brackets"),
    ("match x:\n  case " + "(" * 30 + ": pass\n", 2, "`case` or `del`"),
]


@pytest.mark.parametrize(("text", "row", "reason"), UNPARSABLE)
def test_unparsable(text: str, row: int, reason: str) -> None:
    with pytest.raises(Unparsable) as caught:
        tree_of(text)
    assert reason in caught.value.reason
    assert "\n" not in caught.value.reason
    assert (caught.value.row, caught.value.column >= 1) == (row, True)


NEW_GRAMMAR = [
    "type X[T] = list[T]\n",
    "def f[T: int](a: T) -> T: ...\n",
    "x = f'{a['b']}'\n",
    "try: pass\nexcept* E: pass\n",
    "match x:\n    case [1, *_] if y: pass\n",
    "with (a as b, c as d): pass\n",
]


@pytest.mark.parametrize("text", NEW_GRAMMAR)
def test_newest_grammar_on_any_python(text: str) -> None:
    assert tree_of(text).faithful


def test_spans_are_those_of_libcst() -> None:
    for name in ("ast.py", "dataclasses.py", "textwrap.py", "glob.py"):
        file = Path(sysconfig.get_path("stdlib"), name)
        tree = parse(Source.decode(name, file.read_bytes()))
        assert tree.faithful
        wrapper = MetadataWrapper(tree.module, unsafe_skip_copy=True)
        for node, place in wrapper.resolve(PositionProvider).items():
            if isinstance(node, cst.Module):
                continue
            start = tree.source.offset(place.start.line, place.start.column + 1)
            end = tree.source.offset(place.end.line, place.end.column + 1)
            assert tree.span(node) == (start, end), node


def shown(text: str) -> list[tuple[str | None, str, str, str, str]]:
    """Each argument of the first call: keyword, stars, whole text, value's text, and what its comma offset holds."""
    tree = tree_of(text)
    node = nodes(tree, cst.Call)[0]
    assert isinstance(node, cst.Call)
    layout = call_layout(tree, node)
    assert text[layout.open - 1] == "("
    assert text[layout.close] == ")"
    return [
        (
            each.keyword,
            each.star,
            text[each.start : each.end],
            text[each.value_start : each.value_end],
            "" if each.comma is None else text[each.comma],
        )
        for each in layout.arguments
    ]


CALLS = [
    ("f()\n", []),
    ("f (  # c\n)\n", []),
    ("f(a)\n", [(None, "", "a", "a", "")]),
    ("f(a , # ,\n)\n", [(None, "", "a", "a", ",")]),
    ("f(a # ,\n  ,\n)\n", [(None, "", "a", "a", ",")]),
    ("f(b = ( 1 ))\n", [("b", "", "b = ( 1 )", "( 1 )", "")]),
    ("f(b=1 if x else 2, *a, ** c)\n", None),
    ("f(\n\tx for x in y)\n", [(None, "", "x for x in y", "x for x in y", "")]),
    ("if 1:\n    f(\n        a,\n        # c\n        b=(\n            1\n        )\n    )\n", None),
]


@pytest.mark.parametrize(("text", "arguments"), CALLS)
def test_call_layout(text: str, arguments: list[tuple[str | None, str, str, str, str]] | None) -> None:
    found = shown(text)
    if arguments is not None:
        assert found == arguments
        return
    body = ast.parse(text).body[0]
    call = next(node for node in ast.walk(body) if isinstance(node, ast.Call))
    assert [each[0] for each in found if each[0]] == [each.arg for each in call.keywords if each.arg]


def test_dict_layout() -> None:
    text = "x = {\n    'a': 1,  # ,\n    b: (2),\n    'c' 'd': 3, ** e ,\n    f'g': 4\n}\n"
    tree = tree_of(text)
    (node,) = nodes(tree, cst.Dict)
    assert isinstance(node, cst.Dict)
    layout = dict_layout(tree, node)
    assert [(item.key, item.spread) for item in layout.items] == [
        ("a", False),
        (None, False),
        ("cd", False),
        (None, True),
        (None, False),
    ]
    assert [text[item.value_start : item.value_end] for item in layout.items] == ["1", "(2)", "3", "e", "4"]
    assert [item.comma is not None and text[item.comma] for item in layout.items] == [",", ",", ",", ",", False]
    assert (text[layout.open - 1], text[layout.close]) == ("{", "}")
    assert text[layout.items[3].start :].startswith("** e")


NAMES = st.sampled_from(["f(a)", "g(\n  b, # é\n)", "h()", "{'k': f(1)}", "(f)(2)"])


@given(st.sampled_from(BEGINNINGS), st.lists(NAMES, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_mixture(beginning: str, expressions: list[str], newline: str) -> None:
    text = beginning + "".join(f"{expression}\n" for expression in expressions).replace("\n", newline)
    tree = tree_of(text)
    for node in nodes(tree, cst.Call):
        start, end = tree.span(node)
        assert ast.parse(text[start:end].replace("\r\n", "\n").replace("\r", "\n"), mode="eval")


@pytest.mark.parametrize("text", ["x = 1\n", "x = (\n"])
def test_libcst_validates_nodes_again_after_a_parse(text: str) -> None:
    with contextlib.suppress(Unparsable):
        parse(Source.from_text("x.py", text))
    with pytest.raises(cst.CSTValidationError):
        cst.Name("")


def test_spans_are_the_same_once_they_were_forgotten() -> None:
    tree = parse(Source.from_text("x.py", "x = (1,\n  2)\n"))
    nodes = [tree.module, *tree.module.children]
    before = [tree.span(node) for node in nodes]
    tree.forget_spans()
    assert [tree.span(node) for node in nodes] == before
    assert tree.faithful


STATEMENTS = """
@wraps(f(1))
class C(f(2)):
    # before
    x: int = f(3); y = (f(4))

    class D:
          @f(5)
          async def g(self, a=f(6)):

              return (
                  f(7)
              )  # behind
    def h(self): return f(8)

def g():
    'ü'
    return f(9, (f(10)), *f(11) )
x = f(12)
if x:
    x = f(12)
x = f(13) + \\
    f(14)
x = f(12)
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_spans_are_the_same_if_only_the_statement_around_a_node_is_rendered(
    beginning: str, ending: str, newline: str
) -> None:
    text = beginning + STATEMENTS.rstrip().replace("\n", newline) + ending
    whole = tree_of(text)
    found = [node for kind in (cst.Call, cst.Name, cst.Arg, cst.FunctionDef) for node in nodes(whole, kind)]
    whole.span(whole.module)
    tree = Tree(whole.source, whole.module, whole.height)
    tree.parents = Index(tree.module).parents
    for node in found:
        tree.forget_spans()
        assert tree.span(node) == whole.span(node)
        assert tree.outer_span(node) == whole.outer_span(node)
        assert tree.extent(node) == whole.extent(node)


def test_the_file_is_rendered_only_if_a_statement_occurs_twice() -> None:
    tree = tree_of(STATEMENTS.lstrip())
    tree.parents = Index(tree.module).parents
    by_number = {one.value: one for one in nodes(tree, cst.Integer) if isinstance(one, cst.Integer)}
    rendered = {}
    for number in ("3", "7", "8", "13", "14", "12"):
        tree.forget_spans()
        with mock.patch.object(Tree, "_render", autospec=True, side_effect=Tree._render) as render:
            tree.span(by_number[number])
        rendered[number] = [type(one.args[1]).__name__ for one in render.call_args_list]
    assert rendered == {
        "3": ["SimpleStatementLine"],
        "7": ["FunctionDef"],
        "8": ["FunctionDef"],
        "13": ["SimpleStatementLine"],
        "14": ["SimpleStatementLine"],
        "12": ["SimpleStatementLine", "Module"],
    }


def test_the_file_is_rendered_instead_of_many_statements() -> None:
    tree = tree_of("".join(f"f({number})\n" for number in range(100)))
    tree.parents = Index(tree.module).parents
    numbers = list(nodes(tree, cst.Integer))
    with mock.patch.object(Tree, "_render", autospec=True, side_effect=Tree._render) as render:
        spans = [tree.span(one) for one in numbers]
    assert sorted(tree.source.text[start:end] for start, end in spans) == sorted(map(str, range(100)))
    assert len(render.call_args_list) == 17
