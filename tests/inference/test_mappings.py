"""Dicts: displays and merging."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

DISPLAYS = """
    reveal({'a': 1, 2: 'b'})  # {'a': 1, 2: 'b'}
    reveal({unknown: 1, 'a': 2})  # {'a': 2, **...}

    a = {'a': 1}
    reveal({**a, 'b': 2})  # {'a': 1, 'b': 2}

    a = {'a': 1}
    reveal({**a, 'a': 2})  # {'a': 2}

    a = {'a': 1}
    reveal({'a': 2, **a})  # {'a': 1}

    reveal({'a': 2, **unknown})  # {'a': ..., **...}
    reveal({**({'a': 1} if unknown else {})})  # {'a': 1 | ABSENT}
    reveal({**({'a': 1} if True else {})})  # {'a': 1}
    reveal({**({'a': 1} if False else {}), 'b': 2})  # {'b': 2}
    reveal({**(None or {'a': 1})})  # {'a': 1}
    reveal({**(unknown or {'a': 1})})  # {'a': 1}
    reveal({'a': 1} | {'b': 2})  # {'a': 1, 'b': 2}
    reveal({'a': 1} | {'a': 2})  # {'a': 2}
    reveal({'a': 1} | unknown)  # {'a': ..., **...}
    reveal(unknown | {'a': 1})  # {'a': 1, **...}

    import os
    url = os.environ.get('U', 'postgresql')
    x = {}
    if os.getenv('E') in ('p', 's'):
        x.setdefault('c', {})
    if url.startswith('postgresql'):
        if os.environ.get('L', '') in ('1', 'true', 'yes'):
            x['c'] = {}
        x.setdefault('c', {})['a'] = 1
    if 'sqlite' in url:
        assert os.environ.get('E') != 's'
    else:
        d = x.setdefault('c', {})
        d |= {}
    reveal(x['c'])  # {'a': 1} | {}

    x = {'a': 1}
    x |= {'b': 2}
    reveal(x)  # {'a': 1, 'b': 2}
"""

MERGED = """
    x = {'a': {'b': 1}}
    x['a'] |= {'c': 2}
    reveal(x)  # {'a': {'b': 1, 'c': 2}}

    x = {'a': 1, **({'b': 2} if unknown else {})}
    x |= {'b': 3}
    reveal(x)  # {'a': 1, 'b': 3}

    x = {'a': 1}
    reveal({**x, **({**other, 'b': 1} if unknown else {'a': 2})})  # {'a': 2 | ..., 'b': 1 | ABSENT, **...}

    reveal({**None})  # {}

    x = 5
    x |= {'a': 1}
    reveal(x)  # {'a': 1, **...}
"""


@pytest.mark.parametrize(("code", "expected"), cases(DISPLAYS, MERGED))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
