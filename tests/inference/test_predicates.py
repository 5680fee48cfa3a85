"""Predicates: which tests of one thing exclude or imply each other."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

CONTRADICTIONS = """
    import os
    x = 1
    if os.environ.get('E') == 'test':
        x = 2
    reveal('both' if x == 2 and 'E' not in os.environ else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e == 'test' and 'E' not in os.environ else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if os.environ.get('E') is None and e in ('a', 'b') else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e == 'test' and e == 'prod' else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e != 'test' and 'test' == e else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e == 'test' and e.startswith('prod') else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e.startswith('prod') and e == 'test' else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e in ('a', 'b') and e in ('c', 'd') else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e == 'a' and e not in ('a', 'b') else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e != 'a' and e in ('a',) else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e not in ('a', 'b') and e in ('b', 'a') else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e in ('a', 'b') and e != 'a' and not e == 'b' else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e == '1' and e.lower() not in ('1', 'true') else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if 'x' in e and e == 'test' else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e.startswith('postgresql') and e.startswith('sqlite') else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if 'asyncpg' in e and not e.startswith('postgresql') else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if not e.startswith('postgresql') and e.startswith('postgresql+asyncpg') else 'not')  # 'not'

    import os
    e = os.environ['E']
    reveal('both' if e.startswith('sqlite:') and e == 'postgresql' else 'not')  # 'not'

    import os
    n = os.environ['N']
    reveal('both' if int(n) > 2 and int(n) == 1 else 'not')  # 'not'

    import os
    n = os.environ['N']
    reveal('both' if n == '1' and float(n) > 2 else 'not')  # 'not'

    import os
    e = os.environ.get('E')
    reveal('both' if e is None and 'E' in os.environ else 'not')  # 'not'

    import os
    e = os.environ['E']
    never = not (e == 'a')
    reveal('both' if e == 'a' and never else 'not')  # 'not'
"""

COMPATIBLE = """
    import os
    e = os.environ['E']
    reveal('both' if 'asyncpg' in e and e == 'asyncpg' else 'not')  # 'both' | 'not'

    import os
    e = os.environ['E']
    reveal('both' if 'asyncpg' in e and e == 'postgresql+asyncpg' else 'not')  # 'both' | 'not'

    import os
    e = os.environ['E']
    reveal('both' if 'asyncpg' in e and e.startswith('asyncpg') else 'not')  # 'both' | 'not'

    # What is looked for need not be a text.
    reveal('both' if None in unknown and 0 in unknown else 'not')  # 'both' | 'not'

    import os
    e = os.environ['E']
    reveal('both' if e.startswith('postgresql') and e.startswith('postgresql+asyncpg') else 'not')  # 'both' | 'not'

    import os
    e = os.environ['E']
    reveal('both' if e.startswith('postgresql') and 'db' in e else 'not')  # 'both' | 'not'

    import os
    e = os.environ['E']
    reveal('both' if e.startswith('a') and e == 'ab' else 'not')  # 'both' | 'not'

    import os
    e = os.environ['E']
    reveal('both' if e == 'production' and e.startswith('prod') else 'not')  # 'both' | 'not'

    import os
    e = os.environ['E']
    reveal('both' if e in ('a', 'b') and e == 'b' else 'not')  # 'both' | 'not'

    import os
    n = os.environ['N']
    reveal('both' if int(n) == 1 and n != '1' else 'not')  # 'both' | 'not'

    import os
    e = os.environ['E']
    reveal('both' if e == 'many' and int(e) == 1 else 'not')  # 'both' | 'not'

    import os
    reveal('both' if os.environ['E'] == 'a' and os.environ['F'] == 'b' else 'not')  # 'both' | 'not'
"""

TYPES = """
    import os
    reveal(os.environ.get('N', '1') == 1)  # False

    import os
    reveal(isinstance(os.environ['N'], str))  # True

    import os
    reveal(isinstance(int(os.environ['N']), dict))  # False

    from decouple import config
    reveal(config('N', cast=int) == 1)  # ...
"""


SEARCHES = """
    reveal('both' if unknown.find('a') == -1 and 'a' in unknown else 'not')  # 'not'
    reveal('both' if unknown.find('a') != -1 and 'a' not in unknown else 'not')  # 'not'
    reveal('both' if unknown.find('a') < 0 and 'a' in unknown else 'not')  # 'not'
    reveal('both' if unknown.rfind('a') > -1 and 'a' not in unknown else 'not')  # 'not'
    reveal('both' if unknown.find('a') == 0 and not unknown.startswith('a') else 'not')  # 'not'
    reveal('both' if unknown.count('a') and 'a' not in unknown else 'not')  # 'not'
    reveal('both' if unknown.count('a') == 0 and 'a' in unknown else 'not')  # 'not'
    reveal('both' if unknown.count('a') >= 1 and 'a' not in unknown else 'not')  # 'not'
    reveal('both' if unknown.find('a') == 3 and unknown.startswith('a') else 'not')  # 'both' | 'not'
    reveal('both' if unknown.startswith(('a', 'b')) and unknown.startswith('c') else 'not')  # 'not'
    reveal('both' if not unknown.startswith(('a', 'b')) and unknown.startswith('b') else 'not')  # 'not'
    reveal('both' if unknown.startswith(('ab', 'c')) and unknown.startswith('a') else 'not')  # 'both' | 'not'
    reveal('both' if unknown.startswith(('a', *other)) and not unknown.startswith('a') else 'not')  # 'both' | 'not'
    reveal('both' if unknown.find('a') >= 0 and unknown.find('b') < 0 else 'not')  # 'both' | 'not'
"""


@pytest.mark.parametrize(("code", "expected"), cases(CONTRADICTIONS, COMPATIBLE, TYPES, SEARCHES))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
