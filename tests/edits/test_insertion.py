"""Insertions and removals follow the existing layout, and lose nothing."""

import ast
import io
import tokenize
from collections import Counter
from typing import Any

import pytest
from by_hand import after, call_in, dict_in, source_of
from hypothesis import strategies as st
from samples import law

from poolsafe.edits.dict_items import extend_mapping
from poolsafe.edits.insertion import insert_arguments, insert_items
from poolsafe.edits.quoting import preferred_quote
from poolsafe.edits.removal import remove_elements
from poolsafe.syntax.tree import parse

INSERTED = [
    ("f()", "f(n=1)"),
    ("f( )", "f(n=1)"),
    ("f(a)", "f(a, n=1)"),
    ("f(a, b=2)", "f(a, b=2, n=1)"),
    ("f(a,)", "f(a, n=1,)"),
    ("f( a )", "f( a, n=1 )"),
    ("f(*a)", "f(*a, n=1)"),
    ("f(**k)", "f(**k, n=1)"),
    ("f(a, **k)", "f(a, n=1, **k)"),
    ("f(a, **k, **l)", "f(a, n=1, **k, **l)"),
    ("f(a, **k, b=1)", "f(a, n=1, **k, b=1)"),
    ("f(a, g(b), c=(1,))", "f(a, g(b), c=(1,), n=1)"),
    ("f((x for x in y))", "f((x for x in y), n=1)"),
    ("f('for x in y')", "f('for x in y', n=1)"),
    ("f([x for x in y])", "f([x for x in y], n=1)"),
    # One per line, with the indentation that is there.
    ("f(\n    a,\n    b=2,\n)", "f(\n    a,\n    b=2,\n    n=1,\n)"),
    ("f(\n    a,\n    b=2\n)", "f(\n    a,\n    b=2,\n    n=1\n)"),
    ("f(\n\ta,\n\tb=2,\n)", "f(\n\ta,\n\tb=2,\n\tn=1,\n)"),
    ("f(\r\n  a,\r\n  b=2,\r\n)", "f(\r\n  a,\r\n  b=2,\r\n  n=1,\r\n)"),
    ("f(\n    a\n)", "f(\n    a,\n    n=1,\n)"),
    ("f(\n    a,\n    **k,\n)", "f(\n    a,\n    n=1,\n    **k,\n)"),
    ("f(\n    a,  # c\n    **k\n)", "f(\n    a,  # c\n    n=1,\n    **k\n)"),
    # Hanging.
    ("f(a,\n  b=2)", "f(a,\n  b=2,\n  n=1)"),
    ("f(a, b=2,\n  c=3, d=4)", "f(a, b=2,\n  c=3, d=4, n=1)"),
    ("f(\n    a, b=2\n)", "f(\n    a, b=2, n=1\n)"),
    ("f(\n    a, b=2,\n)", "f(\n    a, b=2, n=1,\n)"),
    ("f(a, b={\n    'c': 1,\n})", "f(a, b={\n    'c': 1,\n}, n=1)"),
    ("f(\n    a,\n    b={\n        'c': 1,\n    },\n)", "f(\n    a,\n    b={\n        'c': 1,\n    },\n    n=1,\n)"),
    ("f(\n    a,\n    b='''\n  x\n''')", "f(\n    a,\n    b='''\n  x\n''',\n    n=1)"),
    # Comments stay with what they are about.
    ("f(\n    a,  # about a\n)", "f(\n    a,  # about a\n    n=1,\n)"),
    ("f(\n    a  # about a\n)", "f(\n    a,  # about a\n    n=1,\n)"),
    ("f(\n    a,\n    # b=2,\n)", "f(\n    a,\n    n=1,\n    # b=2,\n)"),
    ("f(\n    a  # about a\n    # the end\n)", "f(\n    a,  # about a\n    n=1,\n    # the end\n)"),
    ("f(  # about f\n    a,\n)", "f(  # about f\n    a,\n    n=1,\n)"),
    ("f(a  # about a\n)", "f(a, n=1  # about a\n)"),
    ("f(\n    # nothing yet\n)", "f(\n    # nothing yet\n    n=1,\n)"),
    ("f(\n    a  # about a\n    ,\n)", "f(\n    a,\n    n=1  # about a\n    ,\n)"),
    # Backslashes.
    ("f(a, \\\n  b)", "f(a, \\\n  b,\n  n=1)"),
    ("f(\n  a \\\n)", "f(\n  a,\n  n=1 \\\n)"),
    ("f(\n  a, \\\n)", "f(\n  a,\n  n=1, \\\n)"),
    # Elsewhere than in a statement of its own.
    ("x = lambda: f(a)", "x = lambda: f(a, n=1)"),
    ("@f(a)\ndef g(): ...", "@f(a, n=1)\ndef g(): ..."),
    ("def g(x=f(a)): ...", "def g(x=f(a, n=1)): ..."),
    ("g(f(a), 1)", "g(f(a, n=1), 1)"),
    ("f(f(a))", "f(f(a), n=1)"),
    ("if 1:\n    x = f(\n        a,\n    )", "if 1:\n    x = f(\n        a,\n        n=1,\n    )"),
    ("x = 'é😀'; f(a)", "x = 'é😀'; f(a, n=1)"),
    ("\x0cf(a)", "\x0cf(a, n=1)"),
    # Not there.
    ("f(x for x in y)", None),
    ("f(\n    (x) for x in y\n)", None),
    ("f'{f(a)}'", None),
    ('f"""{\nf(a)}"""', None),
    ("f'{1:{f(a)}}'", None),
]


@pytest.mark.parametrize(("before", "expected"), INSERTED)
@pytest.mark.parametrize("ending", ["", "\n"])
def test_insert_argument(before: str, expected: str | None, ending: str) -> None:
    source, call = call_in(before + ending)
    assert after(source, insert_arguments(source, call, ["n=1"])) == (None if expected is None else expected + ending)


SEVERAL = [
    ("f()", "f(n=1, m=2)"),
    ("f(a)", "f(a, n=1, m=2)"),
    ("f(a, **k)", "f(a, n=1, m=2, **k)"),
    ("f(\n    a\n)", "f(\n    a,\n    n=1,\n    m=2,\n)"),
    ("f(\n    a,  # c\n    # d\n)", "f(\n    a,  # c\n    n=1,\n    m=2,\n    # d\n)"),
    ("f(\n    a,\n    **k,\n)", "f(\n    a,\n    n=1,\n    m=2,\n    **k,\n)"),
]


@pytest.mark.parametrize(("before", "expected"), SEVERAL)
def test_insert_arguments(before: str, expected: str) -> None:
    source, call = call_in(before)
    assert after(source, insert_arguments(source, call, ["n=1", "m=2"])) == expected


ITEMS = [
    ("{}", "{'n': 1}"),
    ("{ }", "{'n': 1}"),
    ("{'a': 1}", "{'a': 1, 'n': 1}"),
    ("{'a': 1,}", "{'a': 1, 'n': 1,}"),
    ("{**a}", "{**a, 'n': 1}"),
    ("{'a': 1, **b}", "{'a': 1, **b, 'n': 1}"),
    ("{\n    'a': 1,\n}", "{\n    'a': 1,\n    'n': 1,\n}"),
    ("{\n    'a': 1,\n    **b  # c\n}", "{\n    'a': 1,\n    **b,  # c\n    'n': 1\n}"),
    ("{'a': 1,\n 'b': 2}", "{'a': 1,\n 'b': 2,\n 'n': 1}"),
    ("{\n    # nothing\n}", "{\n    # nothing\n    'n': 1,\n}"),
    ("{\n}", "{'n': 1}"),
    ("{'a': {'b': 1}}", "{'a': {'b': 1}, 'n': 1}"),
    ("{'a': lambda: 1}", "{'a': lambda: 1, 'n': 1}"),
    # Blanks at the end of a line stay there.
    ("{\n    'a': 1,  \n}", "{\n    'a': 1,  \n    'n': 1,\n}"),
    ("{\n    'a': 1  \n}", "{\n    'a': 1,  \n    'n': 1,\n}"),
]


@pytest.mark.parametrize(("before", "expected"), ITEMS)
def test_insert_item(before: str, expected: str) -> None:
    source, display = dict_in(f"x = {before}\n")
    assert after(source, insert_items(source, display, ["'n': 1"])) == f"x = {expected}\n"


AFTER_THE_FIRST = [
    ("{'a': 1, 'b': 2}", "{'a': 1, 'n': 1, 'm': 2, 'b': 2}"),
    ("{\n    'a': 1,  # about a\n    'b': 2\n}", "{\n    'a': 1,  # about a\n    'n': 1,\n    'm': 2,\n    'b': 2\n}"),
    ("{'a': 1,\n 'b': 2}", "{'a': 1,\n 'b': 2,\n 'n': 1,\n 'm': 2}"),
    ("{\n    'a': 1\n    , 'b': 2\n}", "{\n    'a': 1\n    , 'n': 1, 'm': 2, 'b': 2\n}"),
    ("{\n    'a': 1, \\\n    'b': 2,\n}", "{\n    'a': 1, \\\n    'b': 2,\n    'n': 1,\n    'm': 2,\n}"),
    ("{'a': 1}", "{'a': 1, 'n': 1, 'm': 2}"),
]


@pytest.mark.parametrize(("before", "expected"), AFTER_THE_FIRST)
def test_insert_items_after_another(before: str, expected: str) -> None:
    source, display = dict_in(f"x = {before}\n")
    assert after(source, insert_items(source, display, ["'n': 1", "'m': 2"], 0)) == f"x = {expected}\n"


REMOVED = [
    ("f(n=1)", "f()"),
    ("f(n=1,)", "f()"),
    ("f(a, n=1)", "f(a)"),
    ("f(a, n=1,)", "f(a,)"),
    ("f(n=1, a=2)", "f(a=2)"),
    ("f(a, n=1, b=2)", "f(a, b=2)"),
    ("f(a, n=1, **k)", "f(a, **k)"),
    ("f(\n    a,\n    n=1,\n    b=2,\n)", "f(\n    a,\n    b=2,\n)"),
    ("f(\n    a,\n    n=1,\n)", "f(\n    a,\n)"),
    ("f(\n    a,\n    n=1\n)", "f(\n    a\n)"),
    ("f(\n    n=1,\n)", "f(\n)"),
    ("f(a,\n  n=1, b=2)", "f(a,\n  b=2)"),
    ("f(a,\n  n=1)", "f(a)"),
    ("f(\n    a,\n    n=g(\n        1,\n    ),\n)", "f(\n    a,\n)"),
    ("f(\n    a,\n    n=1,  # about n\n)", "f(\n    a,\n    # about n\n)"),
    ("f(\n    a,\n    n=g(  # about g\n    ),\n)", None),
    ("f(\n    a,  # about a\n    n=1)", None),
    ("f'{f(n=1)}'", None),
]


@pytest.mark.parametrize(("before", "expected"), REMOVED)
def test_remove_argument(before: str, expected: str | None) -> None:
    source, call = call_in(before + "\n")
    index = next(place for place, argument in enumerate(call.arguments) if argument.keyword == "n")
    edits = remove_elements(source, call, [index])
    assert after(source, edits) == (None if expected is None else expected + "\n")


REMOVED_TOGETHER = [
    ("f(n=1, m=2)", "f()"),
    ("f(a, n=1, m=2)", "f(a)"),
    ("f(a, n=1, b=3, m=2)", "f(a, b=3)"),
    ("f(n=1, b=3, m=2)", "f(b=3)"),
    ("f(a,\n  n=1, m=2, b=3)", "f(a,\n  b=3)"),
    ("f(\n    n=1,\n    # about m\n    m=2,\n    b=3,\n)", "f(\n    # about m\n    b=3,\n)"),
    ("f(n=1, # c\n  m=2)", None),
]


@pytest.mark.parametrize(("before", "expected"), REMOVED_TOGETHER)
def test_remove_arguments(before: str, expected: str | None) -> None:
    source, call = call_in(before + "\n")
    indices = [place for place, argument in enumerate(call.arguments) if argument.keyword in ("n", "m")]
    assert after(source, remove_elements(source, call, indices)) == (None if expected is None else expected + "\n")


EXTENDED = [
    ("X", False, '{**X, "n": 1}'),
    ("X", True, '{**(X or {}), "n": 1}'),
    ("a.b(c)[d]", False, '{**a.b(c)[d], "n": 1}'),
    ("dict(a=1)", False, '{**dict(a=1), "n": 1}'),
    ("a | b", False, '{**a | b, "n": 1}'),
    ("a | b", True, '{**(a | b or {}), "n": 1}'),
    ("a or b", False, '{**(a or b), "n": 1}'),
    ("a or b", True, '{**(a or b or {}), "n": 1}'),
    ("a and b", True, '{**(a and b or {}), "n": 1}'),
    ("a if b else c", False, '{**(a if b else c), "n": 1}'),
    ("a if b else None", True, '{**((a if b else None) or {}), "n": 1}'),
    ("(a if b else None)", True, '{**((a if b else None) or {}), "n": 1}'),
    ("(a := b)", False, '{**(a := b), "n": 1}'),
    ("await g()", False, '{**await g(), "n": 1}'),
    ("None", True, '{"n": 1}'),
    ("{}", False, '{"n": 1}'),
    ("dict()", False, '{"n": 1}'),
    ("g(\n    1,  # c\n)", False, '{**g(\n    1,  # c\n), "n": 1}'),
    ("(\n    X  # c\n)", False, '{**(\n    X  # c\n), "n": 1}'),
]


@pytest.mark.parametrize(("before", "may_be_none", "expected"), EXTENDED)
def test_extend_mapping(before: str, may_be_none: bool, expected: str) -> None:
    source = source_of(f"async def h():\n    x = {before}\n")
    start = source.text.index(before)
    edits = extend_mapping(source, (start, start + len(before)), ['"n": 1'], may_be_none=may_be_none)
    assert after(source, edits) == f"async def h():\n    x = {expected}\n"
    parse(source_of(f"async def h():\n    x = {expected}\n"))


@pytest.mark.parametrize(
    ("expression", "value"), [("a or b", None), ("a or b", {"k": 2}), ("b if a else None", None), ("a", {"k": 3})]
)
def test_the_extended_mapping_is_the_same_and_more(expression: str, value: Any) -> None:
    names = {"a": value, "b": value}
    source = source_of(expression)
    text = after(source, extend_mapping(source, (0, len(expression)), ["'n': 1"], may_be_none=True))
    assert text is not None
    assert eval(text, names) == {**(eval(expression, names) or {}), "n": 1}


QUOTES = [
    ("f(url)", '"'),
    ("f('a')", "'"),
    ("f('a', \"b\", 'c')", "'"),
    ("x = 'a'\nf(url)", "'"),
    ("x = 'a'\nf(\"b\")", '"'),
    ("# it's\nf(url)", '"'),
    ("'''it's'''\nf(url)", '"'),
    ("f(\"it's\", 'a', 'b')", "'"),
    ("f(r'\\'a')", "'"),
]


@pytest.mark.parametrize(("text", "quote"), QUOTES)
def test_preferred_quote(text: str, quote: str) -> None:
    start = text.rindex("f(")
    assert preferred_quote(source_of(text), start, len(text)) == quote


@pytest.mark.parametrize("quote", ["'", '"'])
def test_the_configured_quote_is_written_where_the_file_has_none(quote: str) -> None:
    source = source_of("f(url)  # it's\n")
    source.quote = quote
    assert preferred_quote(source, 0, 6) == quote
    source = source_of("x = 'a'\nf(url)\n")
    source.quote = quote
    assert preferred_quote(source, 8, 14) == "'"


# Any layout: white space and comments wherever Python takes them between brackets.
GAPS = st.sampled_from(
    ["", "", " ", "\n    ", "\n", "  # one\n    ", "\n    # two\n        ", " \\\n  ", "\t", "\n\t", "\x0c "]
)
VALUES = ["'u'", '"v"', "1", "g(\n  1, # inner\n)", "{'k': [1, 2]}", "(yes if yes else no)", "f2(x for x in 'ab')"]
HEADS = ["", "\x0c", "# -*- coding: cp1252 -*-\n# é\n", "'''doc'''\n", "\x0c\n"]
PLACES = [
    "{}\n",
    "x = {}",
    "if yes:\n\tx = {}\n",
    "def h(a={}): pass\n",
    "x = (lambda: {})()\n",
    "y = g({}, 2); z = 1\n",
    "@g2({})\ndef h(): pass\n",
    "x = {} \\\n    or 1\n",
    "x = [\n    {},\n    2,\n]\n",
]


@st.composite
def calls(draw: st.DrawFn) -> str:
    arguments = draw(st.lists(st.sampled_from(VALUES), max_size=2))
    if draw(st.booleans()):
        arguments.append(f"*{draw(GAPS)}[1, 2]")
    for name in draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=3)):
        arguments.append(f"{name}{draw(GAPS)}={draw(GAPS)}{draw(st.sampled_from(VALUES))}")
    if draw(st.booleans()):
        arguments.append(f"**{draw(GAPS)}{{'s': 1}}")
        if draw(st.booleans()):
            arguments.append("e=5")
    text = draw(GAPS)
    for place, argument in enumerate(arguments):
        comma = "," if place + 1 < len(arguments) or draw(st.booleans()) else ""
        text += argument + draw(GAPS) + comma + draw(GAPS)
    call = f"f({text})"
    head, place_text = draw(st.sampled_from(HEADS)), draw(st.sampled_from(PLACES))
    return (head + place_text.replace("{}", call, 1)).replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))


def recorded(text: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Returns the arguments that `f` is called with when the text runs."""
    seen: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def f(*positional: Any, **keywords: Any) -> int:
        seen.append((positional, keywords))
        return 0

    names = {
        "f": f,
        "g": lambda *every: every,
        "g2": lambda every: lambda function: function,
        "f2": list,
        "yes": 1,
        "no": 2,
    }
    exec(compile(text.replace("\r\n", "\n"), "db.py", "exec"), names)
    return seen


def comments(text: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text.replace("\r\n", "\n")).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


@law(calls(), st.sampled_from([["n=1"], ["n=1", "m={'k': 0}"]]), sample=40, most=400)
def test_any_insertion(text: str, new: list[str]) -> None:
    source, call = call_in(text)
    edits = insert_arguments(source, call, new)
    if edits is None:
        return
    fixed = after(source, edits)
    assert fixed is not None
    assert parse(source_of(fixed))
    before, now = recorded(text), recorded(fixed)
    added = {"n": 1} | ({"m": {"k": 0}} if len(new) == 2 else {})
    assert now == [(positional, {**keywords, **added}) for positional, keywords in before]
    assert comments(fixed) == comments(text)
    # Only insertions, and in the file's own newlines.
    assert all(text[edit.start : edit.end].strip() == "" for edit in edits)
    assert fixed.replace("\r\n", "").count("\n") == text.replace("\r\n", "").count("\n") or "\r\n" not in text


@law(calls(), st.data(), sample=40, most=400)
def test_any_removal(text: str, data: st.DataObject) -> None:
    source, call = call_in(text)
    keywords = [place for place, argument in enumerate(call.arguments) if argument.keyword]
    if not keywords:
        return
    chosen = data.draw(st.lists(st.sampled_from(keywords), unique=True, min_size=1))
    fixed = after(source, remove_elements(source, call, chosen))
    if fixed is None:
        return
    gone = {call.arguments[index].keyword for index in chosen}
    expected = [
        (positional, {name: value for name, value in given_.items() if name not in gone})
        for positional, given_ in recorded(text)
    ]
    assert recorded(fixed) == expected
    assert comments(fixed) == comments(text)


@st.composite
def displays(draw: st.DrawFn) -> str:
    items = [f"'{name}'{draw(GAPS)}:{draw(GAPS)}{draw(st.sampled_from(VALUES))}" for name in draw(st.text("abn"))]
    if draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), f"**{draw(GAPS)}{{'n': 9}}")
    text = draw(GAPS)
    for place, item in enumerate(items):
        comma = "," if place + 1 < len(items) or draw(st.booleans()) else ""
        text += item + draw(GAPS) + comma + draw(GAPS)
    return f"f(1, {{{text}}})\n".replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@law(displays(), sample=40, most=300)
def test_any_item(text: str) -> None:
    source, display = dict_in(text)
    fixed = after(source, insert_items(source, display, ["'n': 1", "'m': 2"]))
    assert fixed is not None
    ((_, before), _), *_ = recorded(text)
    ((_, now), _), *_ = recorded(fixed)
    assert now == {**before, "n": 1, "m": 2}
    assert comments(fixed) == comments(text)
    assert ast.parse(fixed.replace("\r\n", "\n"))


@law(st.data(), sample=40, most=300)
def test_any_item_after_another(data: st.DataObject) -> None:
    text = data.draw(displays())
    source, display = dict_in(text)
    if not display.items:
        return
    place = data.draw(st.integers(0, len(display.items) - 1))
    fixed = after(source, insert_items(source, display, ["'o': 1", "'m': 2"], place))
    assert fixed is not None
    ((_, before), _), *_ = recorded(text)
    ((_, now), _), *_ = recorded(fixed)
    assert now == {**before, "o": 1, "m": 2}
    assert comments(fixed) == comments(text)
