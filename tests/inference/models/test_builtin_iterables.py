"""Calls of Python's built-in functions of iterables."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

ITEMS = """
    reveal(next(unknown))  # ...
    reveal(list(reversed(unknown)))  # [...]
    reveal(sorted([2, 1]))  # [1, 2]
    reveal(sorted([2, unknown]))  # [...]
    reveal(list(reversed([1, 2])))  # [2, 1]
    reveal(list(zip(['a'], unknown)))  # [...]
    reveal(list(enumerate(unknown)))  # [...]
    reveal(len([1, 2]))  # 2
    reveal(len(unknown))  # ...
    reveal(next(iter([1, 2])))  # 1
    reveal(next(iter([]), 'z'))  # 'z'
    reveal(next((x for x in ['a'] if x == 'b'), 'z'))  # 'z'
    reveal(sorted(['bb', 'a'], key=len))  # ['a', 'bb']
    reveal(sorted([1, 2], reverse=True))  # [2, 1]
    reveal(sorted([1, 2], reverse=unknown))  # [...]
    reveal(sorted([{}], key=unknown))  # [{}]
    reveal(sorted([1, 2], key=unknown))  # [...]

    # Another call may have taken items.
    x = iter(['a', 'b'])
    next(x)
    reveal(next(x))  # ...

    x = iter(['a'])
    reveal(next(x))  # 'a'

    try:
        x = next(iter([]))
    except StopIteration:
        x = 'none'
    reveal(x)  # 'none'
"""

KEPT = """
    reveal(next(filter(None, [None, 'a', 'b'])))  # 'a'
    reveal(list(filter(lambda x: x > 1, [1, 2, 3])))  # [2, 3]
    reveal(list(filter(None, [unknown])))  # [] | [...]
    reveal(list(filter(None, unknown)))  # [...]
    reveal(list(filter(unknown)))  # [...]
    reveal(list(filter(lambda x: x == other, range(9))))  # [...]
"""

NUMBERS = """
    reveal(max(1, 100))  # 100
    reveal(min([3, 0, 100]))  # 0
    reveal(max('a', 'b'))  # 'b'
    reveal([max('a', 'bb', key=len), min(3, 0, key=lambda n: -n), min([3, 0], default=7)])  # ['bb', 3, 0]
    reveal(max('a', 'bb', key=unknown))  # 'a' | 'bb'
    reveal(min(0, unknown))  # 0 | ...
    reveal(min(unknown))  # ...
    reveal(sum([1, 2]))  # 3
    reveal([sum([1, 2], 3), sum([1], start=-1), sum([1], unknown)])  # [6, 0, ...]
    reveal(sum([1, unknown]))  # ...
    reveal(abs(-3))  # 3
    reveal(abs(unknown))  # ...

    import os
    reveal('y' if len(os.getenv('T', '')) > 0 else 'n')  # 'y' | 'n'

    import os
    reveal('y' if abs(int(os.getenv('T', '0'))) > 0 else 'n')  # 'y' | 'n'

    import os
    reveal('y' if sum([int(os.getenv('T', '0'))]) else 'n')  # 'y' | 'n'

    import os
    reveal(max(5, 10 if os.environ.get('E') == 'a' else 1))  # 5 | 10
"""

CONDITIONS = """
    reveal(any([]))  # False
    reveal(all([]))  # True
    reveal(any([0, 'a', unknown]))  # True
    reveal(any([0, unknown]))  # True | False
    reveal(all([1, '']))  # False
    reveal(any(unknown))  # ...
    reveal(any([0, *unknown]))  # ...
    reveal(any([*unknown, 1]))  # True
    reveal(any([unknown] * 9))  # ...
    reveal('both' if any(one in unknown for one in ('a', 'b')) and 'a' not in unknown else 'not')  # 'both' | 'not'
    reveal('both' if all(one in unknown for one in ('a', 'b')) and 'a' not in unknown else 'not')  # 'not'
"""


@pytest.mark.parametrize(("code", "expected"), cases(ITEMS, KEPT, NUMBERS, CONDITIONS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
