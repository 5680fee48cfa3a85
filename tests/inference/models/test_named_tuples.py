"""Named tuples that calls create."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

NAMED_TUPLES = """
    from collections import namedtuple
    P = namedtuple('P', 'url, args')
    p = P('u', args={'a': 1})
    url, args = p
    reveal([p.url, p[1], url, args, p._replace(url='v').url])  # ['u', {'a': 1}, 'u', {'a': 1}, 'v']

    from collections import namedtuple
    P = namedtuple('P', 'url args')
    reveal(P('u', 1)._asdict())  # {'url': 'u', 'args': 1}

    from collections import namedtuple
    P = namedtuple('P', ['url', 'args'])
    reveal(P(args=1, url=2)[0])  # 2

    from collections import namedtuple
    class P(namedtuple('Base', ('url', 'args'))):
        def get(self):
            return self.args
    reveal(P('u', 1).get())  # 1

    from typing import NamedTuple
    P = NamedTuple('P', [('url', str), ('args', dict)])
    reveal(P('u', {'a': 1}).args)  # {'a': 1}

    from collections import namedtuple
    P = namedtuple('P', 'url args', defaults=[1])
    reveal(P('u').args)  # ...

    from collections import namedtuple
    P = namedtuple('P', unknown)
    reveal(P('u'))  # ...

    from collections import namedtuple
    P = namedtuple(unknown, 'a')
    reveal(P('u'))  # ...

    from collections import namedtuple
    P = namedtuple('P', 'a class')
    reveal(P('u', 'v'))  # ...

    from collections import namedtuple
    P = namedtuple('P', [unknown])
    reveal(P('u'))  # ...
"""


@pytest.mark.parametrize(("code", "expected"), cases(NAMED_TUPLES))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
