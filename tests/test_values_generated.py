"""Classes that generate their own `__init__`: dataclasses, named tuples, enumerations."""

from __future__ import annotations

from typing import Any

import pytest
from programs import OneOf, value_of

GENERATED = [
    (
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    a: str\n"
        "    b: str = 'c'\nx = C('a').a + C('a').b",
        "ac",
    ),
    ("from dataclasses import dataclass\n@dataclass(frozen=True)\nclass C:\n    a: str = 'b'\nx = C(a='d').a", "d"),
    (
        "from dataclasses import dataclass, field\n@dataclass\nclass C:\n"
        "    a: dict = field(default_factory=dict)\nx = C().a",
        {},
    ),
    ("from dataclasses import dataclass, field\n@dataclass\nclass C:\n    a: str = field(default='b')\nx = C().a", "b"),
    (
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    a: str = 'b'\n"
        "    def __post_init__(self):\n        self.a += 'c'\nx = C().a",
        "bc",
    ),
    (
        "from dataclasses import dataclass\n@dataclass\nclass B:\n    a: str\n"
        "@dataclass\nclass C(B):\n    b: str\nx = C('1', '2').b",
        "2",
    ),
    (
        "from dataclasses import dataclass\nfrom typing import ClassVar\n@dataclass\n"
        "class C:\n    k: ClassVar[str] = 'k'\n    a: str = ''\nx = C('b').a + C.k",
        "bk",
    ),
    ("from dataclasses import dataclass, asdict\n@dataclass\nclass C:\n    a: str = 'b'\nx = asdict(C())", {"a": "b"}),
    (
        "from dataclasses import dataclass, replace\n@dataclass\nclass C:\n"
        "    a: str = 'b'\n    c: str = 'd'\n"
        "x = replace(C(), a='z').a + replace(C(), a='z').c",
        "zd",
    ),
    ("from typing import NamedTuple\nclass C(NamedTuple):\n    a: str\n    b: str = 'c'\nx = C('a').b", "c"),
    ("from typing import NamedTuple\nclass C(NamedTuple):\n    a: str\n    b: str\nx, y = C('a', 'b')", "a"),
    ("from typing import NamedTuple\nclass C(NamedTuple):\n    a: str\nx = C('a')[0]", "a"),
    ("from typing import NamedTuple\nclass C(NamedTuple):\n    a: str\nx = C('a')._replace(a='b').a", "b"),
    ("from typing import NamedTuple\nclass C(NamedTuple):\n    a: str\nx = C('a')._asdict()", {"a": "a"}),
    ("import attrs\n@attrs.define\nclass C:\n    a: str = 'b'\nx = C().a", "b"),
    ("import attr\n@attr.s(auto_attribs=True)\nclass C:\n    a: str = attr.ib(default='b')\nx = C().a", "b"),
    ("import attrs\n@attrs.define\nclass C:\n    a: dict = attrs.field(factory=dict)\nx = C().a", {}),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E.A.value", "a"),
    ("from enum import Enum\nclass E(str, Enum):\n    A = 'a'\nx = f'{E.A.value}b'", "ab"),
    ("from enum import StrEnum\nclass E(StrEnum):\n    A = 'a'\nx = E.A + 'b'", "ab"),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E['A'].value", "a"),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E('a').value", "a"),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\n    B = 'b'\nx = E(unknown).value", OneOf("a", "b")),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E.A.name", "A"),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\n    B = 'b'\nx = 1 if E.A == E.B else 2", 2),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\n    B = 'b'\nx = {E.A: 1, E.B: 2}[E.B]", 2),
    (
        "from enum import Enum\nclass E(Enum):\n    A = 'a'\n    @property\n"
        "    def up(self):\n        return self.value + 'b'\nx = E.A.up",
        "ab",
    ),
    ("from dataclasses import dataclass, replace\nx = replace(unknown, a=1)", ...),
    ("from dataclasses import asdict\nx = asdict(unknown)", ...),
    ("from dataclasses import dataclass, field\n@dataclass\nclass C:\n    a: str = field(repr=False)\nx = C().a", ...),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E(E.A).value", "a"),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E['B']", ...),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E[unknown]", ...),
    ("from enum import Enum\nclass E(Enum):\n    pass\nx = E(unknown)", ...),
    ("from enum import StrEnum\nclass E(StrEnum):\n    A = 'a'\nx = {E.A: 1}['a']", 1),
    ("from enum import Enum\nclass E(Enum):\n    A = 'a'\nx = E.A.missing", ...),
    (
        "from pydantic import BaseModel\nclass C(BaseModel):\n    a: str = 'b'\n"
        "x = C().model_copy(update={'a': 'c'}).a",
        "c",
    ),
    ("from pydantic import BaseModel\nclass C(BaseModel):\n    a: str = 'b'\nx = C().copy().a", "b"),
    (
        "from dataclasses import dataclass\n@dataclass\nclass D:\n    b: str = 'c'\n"
        "@dataclass\nclass C:\n    a: D\nx = C().a.b",
        "c",
    ),
    ("import re\nx = re.sub('a+', 'b', 'aa')", "{…}"),
    ("import re\nx = re.sub('(', 'b', 'aa')", "{…}"),
    ("import re\nx = re.sub('a', r'\\\\1', 'aa')", "{…}"),
    ("import re\nx = re.sub('a', 'b', unknown)", "{…}"),
    ("import re\nx = re.sub(unknown, 'b', 'a')", "{…}"),
    ("import attrs\n@attrs.define\nclass C:\n    a: str = 'b'\nx = attrs.asdict(C())", {"a": "b"}),
    ("import attrs\n@attrs.define\nclass C:\n    a: str = 'b'\nx = attrs.evolve(C(), a='c').a", "c"),
]


@pytest.mark.parametrize(("code", "expected"), GENERATED)
def test_a_class_gives(code: str, expected: Any) -> None:
    assert value_of(code) == expected
