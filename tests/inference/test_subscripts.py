"""Items and slices of strings, dicts and sequences."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

TEXTS = """
    reveal('abc'[1:])  # 'bc'
    reveal('abc'[:2])  # 'ab'
    reveal('abc'[::2])  # 'ac'
    reveal('abc'[-1])  # 'c'
    reveal('abc'[9])  # '{…}'
    reveal(('abc' + unknown)[1:])  # 'bc{…}'
    reveal(('abc' + unknown)[:2])  # 'ab'
    reveal(('abc' + unknown)[5:])  # '{…}'
    reveal(('abc' + unknown)[0])  # 'a'
    reveal('abc'[len('a'):])  # 'bc'
    reveal('abc'[unknown:])  # '{…}'
    reveal(unknown[1:])  # ...
    reveal(('abc' + unknown)[:9])  # '{…}'
    reveal(('abc' + unknown)[::2])  # '{…}'
    reveal((unknown + 'abc')[1:])  # '{…}'
    reveal(('abc' + unknown)[-1])  # '{…}'
"""

ITEMS = """
    reveal({'a': 1}['a'])  # 1
    reveal({'a': 1}['b'])  # ...
    reveal({'a': 1, 'b': 2}[unknown])  # 1 | 2
    reveal(['a', 'b']['sqlite' in unknown])  # 'a' | 'b'
    reveal(('a', 'b')[not unknown.startswith('sqlite')])  # 'a' | 'b'
    reveal(['a', 'b'][unknown != 'c'] + ('1' if unknown == 'c' else '2'))  # 'a1' | 'b2'
    reveal({True: 'a', False: 'b'}[unknown == 'c'] + ('1' if unknown == 'c' else '2'))  # 'a1' | 'b2'
    reveal({**unknown}[other])  # ...
    reveal({}[unknown])  # ...
    reveal({None: 1}[None])  # ...
    reveal({True: 1, b'b': 2}[b'b'])  # 2
    reveal(None['a'])  # ...
    reveal((lambda: 0)['a'])  # ...
    reveal(unknown()[0])  # ...
    reveal(unknown['a', 'b'])  # ...
    reveal({'a': [1]}['a'][0])  # 1
    reveal([*unknown][1:])  # ...
    reveal((lambda: 0)[1:])  # ...
    reveal((lambda: 0)[unknown:])  # ...
    reveal([1, 2][unknown:])  # ...
    reveal([1, 2][unknown])  # ...
    reveal([1, 2][0])  # 1
    reveal([1, 2][-1])  # 2
    reveal([1, 2][5])  # ...
    reveal([1, 2, 3][1:])  # [2, 3]

    import sys
    reveal(sys.argv[1])  # ...

    class Options:
        def __init__(self, items):
            self.items = items
        def __getitem__(self, name):
            return self.items[name]
    reveal(Options({'a': 1})['a'])  # 1

    class Options: ...
    reveal(Options()['a'])  # ...

    # A variable chooses one of the items, whatever its default is.
    import os
    stage = os.getenv('STAGE', 'home')
    reveal({'home': 1, 'office': 2}[stage])  # 1 | 2

    import os
    stage = os.environ.get('STAGE', 'home')
    found = {'home': 1, 'office': 2}.get(stage, 3)
    reveal((found, found == 1) if stage == 'home' else None)  # (1, True) | None

    import os
    stage = os.environ['STAGE']
    x = {}
    if stage == 'home':
        x['k'] = 1
    reveal(x if {'home': True, 'office': False}[stage] else 2)  # {'k': 1} | 2
"""


@pytest.mark.parametrize(("code", "expected"), cases(TEXTS, ITEMS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
