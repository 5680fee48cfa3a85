"""The `match` statement."""

from __future__ import annotations

from typing import Any

import pytest
from blocks import cases, revealed, value

CHOICES = """
    x = {'a': 1} if unknown else {'b': 2}
    match x:
        case {**rest} as same:
            same['k'] = 1
    reveal('k' in x)  # True
"""

MAPPINGS = """
    x = {}
    match {'k': x}:
        case {'k': y}:
            y['a'] = 1
    reveal(x)  # {'a': 1}

    x = {'a': 1, 'b': 2}
    match x:
        case {'c': 1}:
            y = 1
        case {'a': 1, **rest}:
            y = rest
    reveal(y)  # {'b': 2}

    x = {'a': 1}
    if unknown:
        x['b'] = 2
    match x:
        case {'b': found}:
            y = found
        case {'a': 1}:
            y = 'a'
    reveal(y)  # 2 | 'a'

    x = {**unknown}
    match x:
        case {'b': found}:
            y = found
        case _:
            y = 'a'
    reveal(y)  # ... | 'a'

    match 'text':
        case {}:
            y = 1
        case _:
            y = 2
    reveal(y)  # 2
"""

PATTERNS = """
    match 'a':
        case 'a':
            x = 1
        case _:
            x = 2
    reveal(x)  # 1

    match unknown:
        case 'a':
            x = 1
        case 'b':
            x = 2
        case _:
            x = 3
    reveal(x)  # 1 | 2 | 3

    match 'b':
        case 'a' | 'b':
            x = 1
        case _:
            x = 2
    reveal(x)  # 1

    match 'c':
        case 'a' | 'b':
            x = 1
        case _:
            x = 2
    reveal(x)  # 2

    match None:
        case None:
            x = 1
        case _:
            x = 2
    reveal(x)  # 1

    match 'a':
        case y:
            x = y
    reveal(x)  # 'a'

    match 'a':
        case 'a' as y:
            x = y
    reveal(x)  # 'a'

    match 'a':
        case y if y == 'b':
            x = 1
        case _:
            x = 2
    reveal(x)  # 2

    x = 0
    match 'a':
        case 'b':
            x = 1
    reveal(x)  # 0

    match ('a', 'b'):
        case ('a', 'c'):
            x = 1
        case ('a', y):
            x = y
    reveal(x)  # 'b'

    match ['a']:
        case [y, z]:
            x = 1
        case [y]:
            x = y
    reveal(x)  # 'a'

    match 'sqlite+aiosqlite'.split('+'):
        case ['mysql', *_]:
            x = 1
        case [*before, 'aiosqlite']:
            x = before
    reveal(x)  # ['sqlite']

    match ['a']:
        case [y, *_, z]:
            x = 1
        case [y, *z]:
            x = z
    reveal(x)  # []

    v = 1
    match unknown:
        case {'k': v}:
            x = v
        case _:
            x = 2
    reveal(x)  # 2 | ...

    v = 1
    match unknown:
        case str(v):
            x = v
        case [*v]:
            x = v
        case _:
            x = 2
    reveal(x)  # 2 | ...

    match unknown:
        case {'k': v}:
            x = 1
        case [*_]:
            x = 2
        case _:
            x = 3
    reveal(x)  # 1 | 2 | 3

    match unknown:
        case 'a':
            raise ValueError
        case _:
            x = 3
    reveal(x)  # 3

    class E:
        A = 'a'
    match 'a':
        case E.A:
            x = 1
        case _:
            x = 2
    reveal(x)  # 1

    v = 1
    match unknown:
        case {'k': 1, **v}:
            x = v
        case _:
            x = 2
    reveal(x)  # 2 | ...

    def f():
        match unknown:
            case 'a':
                return 1
            case _:
                return 2
    reveal(f())  # 1 | 2

    match ['a', *unknown]:
        case ['a']:
            x = 1
        case _:
            x = 2
    reveal(x)  # 1 | 2
"""


@pytest.mark.parametrize(("code", "expected"), cases(PATTERNS, CHOICES, MAPPINGS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


def _matched(subject: str) -> Any:
    return revealed(
        f"""
def generator():
    yield 'a'
match {subject}:
    case ['a', *_] | [_, *_] | []:
        x = True
    case _:
        x = False
reveal(x)"""
    )


@pytest.mark.parametrize("subject", ["['a']", "('a',)", "[one for one in ['a']]", "sorted(['a'])", "range(2)", "[]"])
def test_a_pattern_matches_a_list(subject: str) -> None:
    assert _matched(subject) is True


@pytest.mark.parametrize(
    "subject",
    [
        "{'a', 'b'}",
        "{*unknown}",
        "frozenset(['a'])",
        "{one for one in ['a']}",
        "(one for one in ['a'])",
        "generator()",
        "{'a': 1}.keys()",
        "{'a': 1}",
        "map(str, ['a'])",
        "filter(None, ['a'])",
        "zip(['a'], ['b'])",
        "enumerate(['a'])",
        "reversed(['a'])",
        "'a'",
        "None",
    ],
)
def test_a_pattern_of_a_list_does_not_match_another_value(subject: str) -> None:
    assert _matched(subject) is False
