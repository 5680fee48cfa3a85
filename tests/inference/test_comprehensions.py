"""Comprehensions over sequences and dicts."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

DICTS = """
    reveal({k: v for k, v in {'a': 1}.items()})  # {'a': 1}
    reveal({k: v for k, v in {'a': 1, 'b': 2}.items() if k != 'b'})  # {'a': 1}
    reveal({k: 0 for k in ('a', 'b')})  # {'a': 0, 'b': 0}
    reveal({k: 0 for k in unknown})  # {**...}
    reveal({k + 'b': v for k, v in {'a': 1}.items()})  # {'ab': 1}
    reveal({unknown(k): 1 for k in ('a', 'b')})  # {**...}
    reveal({k: 1 for k in ('a', 'b') if unknown(k)})  # {'a': 1 | ABSENT, 'b': 1 | ABSENT}

    d = {'a': 1}
    if unknown:
        d['b'] = 2
    reveal({k: v for k, v in d.items()})  # {'a': 1, 'b': 2 | ABSENT}

    d = {'a': 1}
    if unknown:
        d['b'] = 2
    reveal({k: str(v) for k, v in d.items()})  # {'a': '1', 'b': '2' | ABSENT}

    import os
    d = {}
    if os.getenv('APP_ENV') == 'staging':
        d['a'] = 1
    if os.getenv('APP_ENV', '').startswith('prod'):
        d.pop('b', None)
    reveal({k: v for k, v in d.items()})  # {'a': 1 | ABSENT}

    d = {'a': 1}
    if unknown:
        d['b'] = 2
    reveal({k: v for k, v in d.items() if v == 2})  # {'b': 2 | ABSENT}

    d = {'a': 1}
    if unknown:
        d['b'] = 2
    reveal([v for k, v in d.items()])  # [1, ...]

    reveal({k: v for d in ({'a': 1}, {'b': 2}) for k, v in d.items()})  # {'a': 1, 'b': 2}
    reveal({k: v for k, v in (('a', 1), ('a', 2)) if v == 1 or unknown})  # {'a': 1 | 2}

    d = {'a': 1}
    if unknown:
        d['a'] = 2
    reveal({k: v for k, v in d.items() if v is not None})  # {'a': 1 | 2}
"""

SEQUENCES = """
    reveal([k for k in {'a': 1}])  # ['a']
    reveal([n + 1 for n in [1, 2]])  # [2, 3]
    reveal([n for n in [1, 2] if n > 1])  # [2]
    reveal([n for n in [1, 2] if unknown])  # [...]
    reveal({n for n in [1]})  # {1}
    reveal([n for n in unknown])  # [...]
    reveal([n for m in [[1], [2, 3]] for n in m])  # [1, 2, 3]
    reveal([n for m in unknown for n in (1, 2)])  # [...]
    reveal([{'a': n} for n in (1, 2)])  # [{'a': 1}, {'a': 2}]
    reveal([(i, n) for i, n in enumerate(['a'])])  # [(0, 'a')]
    reveal([a + b for a, b in zip(['a'], ['b'])])  # ['ab']
    reveal([n for n in range(3)])  # [0, 1, 2]
"""


EFFECTS = """
    x = {}
    def change(d):
        d['a'] = 1
    [change(item) for item in (x,)]
    reveal(x)  # {'a': 1}

    x = {}
    any(x.update({k: 1}) for k in ('a', 'b') if k != 'b')
    reveal(x)  # {'a': 1}

    x = {}
    [x.update(a=1) for k in ('a', 'b') if unknown(k)]
    reveal(x)  # {'a': 1 | ABSENT}

    x = {}
    [x.update(a=1) for k in unknown]
    reveal(x)  # {'a': 1 | ABSENT}
"""


@pytest.mark.parametrize(("code", "expected"), cases(DICTS, SEQUENCES, EFFECTS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
