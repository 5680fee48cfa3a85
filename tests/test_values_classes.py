"""Classes of the project: attributes, methods, properties, bases."""

from __future__ import annotations

from typing import Any

import pytest
from programs import OneOf, value_of

PLAIN = [
    ("class C:\n    a = 'b'\nx = C.a", "b"),
    ("class C:\n    a = 'b'\nx = C().a", "b"),
    ("class C:\n    a = 'b'\n    c = f'{a}d'\nx = C.c", "bd"),
    ("class C:\n    a: str = 'b'\nx = C.a", "b"),
    ("class C:\n    def __init__(self):\n        self.a = 'b'\nx = C().a", "b"),
    ("class C:\n    def __init__(self, a='b'):\n        self.a = a\nx = C().a + C('c').a", "bc"),
    ("class C:\n    def m(self):\n        return 'b'\nx = C().m()", "b"),
    (
        "class C:\n    def __init__(self, a):\n        self.a = a\n    def m(self, c):\n"
        "        return self.a + c\nx = C('b').m('c')",
        "bc",
    ),
    ("class C:\n    def m(self):\n        self.a = 'b'\nc = C()\nc.m()\nx = c.a", "b"),
    ("class C:\n    a = 'b'\nc = C()\nc.a = 'd'\nx = c.a + C.a", "db"),
    ("class C:\n    a = 'b'\nC.a = 'd'\nx = C().a", "d"),
    ("class C:\n    a = 'b'\nc = C()\nif unknown:\n    c.a = 'd'\nx = c.a", OneOf("b", "d")),
    ("class C:\n    @property\n    def a(self):\n        return 'b'\nx = C().a", "b"),
    (
        "import functools\nclass C:\n    @functools.cached_property\n    def a(self):\n        return 'b'\nx = C().a",
        "b",
    ),
    (
        "class C:\n    @property\n    def a(self):\n        return self._a\n"
        "    @a.setter\n    def a(self, v):\n        self._a = v\n"
        "    def __init__(self):\n        self._a = 'b'\nx = C().a",
        "b",
    ),
    ("class C:\n    @staticmethod\n    def m(a):\n        return a\nx = C.m('b') + C().m('c')", "bc"),
    ("class C:\n    a = 'b'\n    @classmethod\n    def m(cls):\n        return cls.a\nx = C.m() + C().m()", "bb"),
    ("class C:\n    a = 'b'\n    @classmethod\n    def m(cls):\n        return cls()\nx = C.m().a", "b"),
    ("class B:\n    a = 'b'\nclass C(B):\n    pass\nx = C.a", "b"),
    ("class B:\n    a = 'b'\nclass C(B):\n    a = 'c'\nx = C().a", "c"),
    ("class B:\n    a = 'b'\n    def m(self):\n        return self.a\nclass C(B):\n    a = 'c'\nx = C().m()", "c"),
    (
        "class B:\n    def __init__(self):\n        self.a = 'b'\nclass C(B):\n"
        "    def __init__(self):\n        super().__init__()\n        self.c = 'd'\n"
        "x = C().a + C().c",
        "bd",
    ),
    (
        "class B:\n    def m(self):\n        return 'b'\nclass C(B):\n    def m(self):\n"
        "        return super().m() + 'c'\nx = C().m()",
        "bc",
    ),
    ("class A:\n    v = 'a'\nclass B(A):\n    pass\nclass C(A):\n    v = 'c'\nclass D(B, C):\n    pass\nx = D.v", "c"),
    ("class B(unknown):\n    pass\nx = B.a", ...),
    ("class C:\n    pass\nx = C().missing", ...),
    ("class C:\n    pass\nx = C.missing", ...),
    ("class C:\n    def __call__(self):\n        return 'b'\nx = C()()", "b"),
    ("class C:\n    def __getattr__(self, name):\n        return name + 'b'\nx = C().a", "ab"),
    ("class C:\n    def __init__(self):\n        self.d = {}\n        self.d['a'] = 1\nx = C().d", {"a": 1}),
    ("class C:\n    d = {}\nC.d['a'] = 1\nx = C().d", {"a": 1}),
    ("class C:\n    class D:\n        a = 'b'\nx = C.D.a", "b"),
    ("class C:\n    if unknown:\n        a = 'b'\n    else:\n        a = 'c'\nx = C.a", OneOf("b", "c")),
    ("def f():\n    class C:\n        a = 'b'\n    return C\nx = f().a", "b"),
    ("y = 'a'\nclass C:\n    y = 'b'\n    def m(self):\n        return y\nx = C().m()", "a"),
    ("class C:\n    a = 'b'\nx = getattr(C, 'a')", "b"),
    ("class C:\n    a = 'b'\nx = getattr(C(), 'z', 'c')", "c"),
    ("class C:\n    pass\nc = C()\nsetattr(c, 'a', 'b')\nx = c.a", "b"),
    ("x = getattr(unknown, 'a', 'c')", "c"),
    ("x = getattr(unknown, other)", ...),
    ("class C:\n    pass\nx = C.__name__", "C"),
    ("class C:\n    pass\nx = isinstance(C(), C)", True),
    ("class C:\n    pass\nx = isinstance('a', str)", True),
    ("x = isinstance(1, str)", False),
    ("x = isinstance('a', (int, str))", True),
    ("x = isinstance({}, dict)", True),
    ("x = isinstance(unknown, str)", ...),
    (
        "class C:\n    _instance = None\n    def __new__(cls):\n"
        "        return super().__new__(cls)\n    a = 'b'\nx = C().a",
        "b",
    ),
    (
        "class C:\n    def __init__(self):\n        self._a = None\n    def get(self):\n"
        "        if self._a is None:\n            self._a = 'b'\n        return self._a\n"
        "x = C().get()",
        "b",
    ),
    ("class C:\n    def __enter__(self):\n        return self\n    a = 'b'\nwith C() as c:\n    x = c.a", "b"),
    ("class C:\n    def __enter__(self):\n        return 'b'\nwith C() as x:\n    pass", "b"),
    ("class C:\n    a = 'b'\nclass D:\n    a = 'd'\nc = C() if unknown else D()\nc.a = 'e'\nx = c.a", "e"),
    (
        "class C:\n    a = 'b'\nclass D:\n    a = 'd'\nc = C() if unknown else D()\nc.a += 'e'\nx = [c.a]",
        [OneOf("be", "de")],
    ),
    ("class C:\n    a = 'b'\nc = C()\nd = C()\ne = c if unknown else d\ne.a = 'z'\nx = c.a", OneOf("b", "z")),
    ("unknown.a = 1\nx = 1", 1),
    ("class C:\n    pass\nsetattr(C(), unknown, 1)\nsetattr(unknown, 'a', 1)\nx = 1", 1),
    ("class C:\n    def m(self):\n        return super().missing()\nx = C().m()", ...),
    ("class B:\n    m = 1\nclass C(B):\n    def m(self):\n        return super().m()\nx = C().m()", ...),
    (
        "class C:\n    a = 'b'\n    class D:\n        pass\n    def m(self):\n"
        "        return self.D\nx = C().m().__name__",
        "D",
    ),
    ("class C(dict):\n    a = 'b'\nx = C.missing", ...),
    ("x = None.a", ...),
    ("x = 'a'.b", ...),
    ("x = {}.b", ...),
    ("class C:\n    b = 1\n    if b:\n        a = b\nx = C.a", 1),
    ("class C: a = 'b'\nx = C.a", "b"),
    ("class C:\n    pass\nx = C().missing()", ...),
    ("class C:\n    pass\nx = C()()", ...),
    ("from app import NAME\nclass C:\n    a = 'b'\nx = getattr(C, NAME)", ...),
    ("NAME = 'a'\nclass C:\n    a = 'b'\nx = getattr(C, NAME)", "b"),
]


@pytest.mark.parametrize(("code", "expected"), PLAIN)
def test_a_class_gives(code: str, expected: Any) -> None:
    assert value_of(code) == expected
