"""The kinds of dicts of `collections` and `types`."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

DICTS = """
    from collections import OrderedDict
    reveal(dict(OrderedDict([('a', 1)], b=2)))  # {'a': 1, 'b': 2}

    from collections import ChainMap
    reveal(dict(ChainMap({'a': 1}, {'a': 2, 'b': 3})))  # {'a': 1, 'b': 3}

    from collections import defaultdict
    d = defaultdict(dict)
    d['a'] = 1
    reveal(d['a'])  # 1

    from collections import defaultdict
    d = defaultdict(dict, a=1)
    d['b']['c'] = 2
    reveal([d['a'], d['b']])  # [1, ...]

    from types import MappingProxyType
    reveal(MappingProxyType({'a': 1})['a'])  # 1
"""


@pytest.mark.parametrize(("code", "expected"), cases(DICTS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
