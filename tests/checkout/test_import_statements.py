"""What the text of a file says about its imports and definitions."""

from __future__ import annotations

import pytest

from poolsafe.checkout.import_statements import defines

ONLY_DEFINED = [
    "def make(url):\n    return make(url)\n",
    "async def make (url): pass\n",
    "x = 1\nclass make:\n    y = 1\n",
    "def make(): pass\nif make == 2:\n    other.make = remake = 3\n",
]
BOUND_OTHERWISE = [
    "make = 1\n",
    "    def make(): pass\n",
    "def make(): pass\nif x:\n    make = 1\n",
    "def make(): pass\nmake: int = 1\n",
    "def make(): pass\nmake, other = 1, 2\n",
    "def make(): pass\n(make, other) = 1, 2\n",
    "def make(): pass\nprint(make := 1)\n",
    "def make(): pass\nfor make in x: pass\n",
    "def make(): pass\nwith x as make: pass\n",
    "def remake(): pass\n",
]


@pytest.mark.parametrize("content", ONLY_DEFINED)
def test_a_name_that_only_a_definition_binds(content: str) -> None:
    assert defines(content.encode(), b"make")


@pytest.mark.parametrize("content", BOUND_OTHERWISE)
def test_a_name_that_something_else_binds(content: str) -> None:
    assert not defines(content.encode(), b"make")
