"""Literals, operators and displays."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from programs import value_of

LITERALS = r"""
    reveal('a')  # 'a'
    reveal('a' 'b')  # 'ab'

    reveal(('a'
         'b'))  # 'ab'

    reveal('a\n\x41')  # 'a\nA'
    reveal(r'a\n')  # 'a\\n'
    reveal(b'a')  # b'a'
    reveal(5)  # 5
    reveal(0x10)  # 16
    reveal(1_000)  # 1000
    reveal(0.5)  # 0.5
    reveal(True)  # True
    reveal(None)  # None
    reveal(1j)  # ...
    reveal(...)  # ...

    x = '\N{no such name}'
    reveal(x)  # '\\N{no such name}'
"""

OPERATORS = """
    reveal(-5)  # -5
    reveal(+5)  # 5
    reveal(~5)  # -6
    reveal(not 0)  # True
    reveal(not 'a')  # False
    reveal(not unknown)  # ...
    reveal(-unknown)  # ...
    reveal(2 * 3 + 4 - 1)  # 9
    reveal(7 // 2)  # 3
    reveal(7 % 4)  # 3
    reveal(1 / 0)  # ...
    reveal(2 ** 3)  # ...
    reveal(10 ** 9 * 10 ** 9)  # ...

    x = 10
    x -= 3
    x *= 2
    reveal(x)  # 14

    x = 9
    x //= 2
    reveal(x)  # 4

    x = 9
    x /= 2
    reveal(x)  # 4.5

    reveal([1] * 2)  # ...

    import os
    reveal('y' if int(os.getenv('T', '0')) + 1 > 1 else 'n')  # 'y' | 'n'

    import os
    reveal('y' if -int(os.getenv('T', '0')) < 0 else 'n')  # 'y' | 'n'

    try:
        x = 1 / 0
    except ArithmeticError:
        x = 2
    reveal(x)  # 2

    try:
        x = 'a' + None
    except TypeError:
        x = 'b'
    reveal(x)  # 'b'
"""

SEQUENCES = """
    reveal([1, 2])  # [1, 2]
    reveal((1, *[2, 3]))  # (1, 2, 3)
    reveal([1, *unknown])  # [1, ...]
    reveal({1})  # {1}
    reveal([1] + [2])  # [1, 2]

    x = ()
    x += (1,)
    reveal(x)  # (1,)
"""


@pytest.mark.parametrize(("code", "expected"), cases(LITERALS, OPERATORS, SEQUENCES))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


def test_a_number_of_too_many_digits_is_unknown() -> None:
    assert value_of("x = " + "9" * 5000) is ...


def test_a_long_chain_of_pluses_is_followed() -> None:
    assert value_of("x = " + " + ".join(["'a'"] * 1000)) == "a" * 1000
