"""Objects that have several names."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import cases, files, judged, revealed, value

SHARED = """
    x = {}
    y = x
    y['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    y = {'k': x}
    x['a'] = 1
    reveal(y)  # {'k': {'a': 1}}

    x = {}
    y = {'k': x}
    y['k']['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    y = dict(x)
    y['a'] = 1
    reveal(x)  # {}

    x = {}
    y = x.copy()
    y['a'] = 1
    reveal(x)  # {}

    x = {}
    y = {**x}
    y['a'] = 1
    reveal(x)  # {}

    x = {'a': 1}
    y = x | {}
    y['a'] = 2
    reveal(x)  # {'a': 1}

    x = y = {}
    y['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    class C:
        args = x
    C.args['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    class C:
        def get(self):
            return x
    C().get()['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    class C:
        args = [x]
    class D(C):
        pass
    D().args[0]['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    class C:
        def __init__(self):
            x['a'] = 1
    C()
    reveal(x)  # {'a': 1}

    class Holder:
        pass
    holder = Holder()
    x = {}
    setattr(holder, 'args', x)
    holder.args['a'] = 1
    reveal(x)  # {'a': 1}

    def link(a, b):
        a['x'] = b
    x = {}
    box = {}
    link(box, x)
    box['x']['a'] = 1
    reveal(x)  # {'a': 1}

    class Holder:
        def put(self, args):
            self.args = args
    holder = Holder()
    x = {}
    holder.put(x)
    holder.args['a'] = 1
    reveal(x)  # {'a': 1}

    HELD = []
    def keep(d):
        HELD.append(d)
    def fill():
        for one in HELD:
            one['a'] = 1
    x = {}
    keep(x)
    fill()
    reveal(x)  # {'a': 1}

    CURRENT = None
    def keep(d):
        global CURRENT
        CURRENT = d
    x = {}
    keep(x)
    CURRENT['a'] = 1
    reveal(x)  # {'a': 1}

    x = {'a': 0}
    x['b'] = 0
    y = {}
    y.update(x)
    reveal(y)  # {'a': 0, 'b': 0}

    def f():
        x = {'a': 0}
        put = x.update
        put(b=0)
        y = {}
        y.setdefault('c', {}).update(x)
        return y
    reveal(f())  # {'c': {'a': 0, 'b': 0}}
"""


@pytest.mark.parametrize(("code", "expected"), cases(SHARED))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


ENGINES = {
    "written in the body of a module": """
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import OPTIONS
        from common import same
        same['connect_args'] = {'statement_cache_size': 0}
        engine = create_async_engine('postgresql+asyncpg://db/a', **OPTIONS)  # PGB102
    """,
    "changed by a method, as an attribute of a module": """
        from sqlalchemy.ext.asyncio import create_async_engine
        import common, config
        common.same.update(connect_args={'statement_cache_size': 0})
        engine = create_async_engine('postgresql+asyncpg://db/a', **config.OPTIONS)  # PGB102
    """,
    "behind a star": """
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import *
        from common import same as its_same
        its_same['connect_args'] = {}
        args = its_same['connect_args']
        args['statement_cache_size'] = 0
        engine = create_async_engine('postgresql+asyncpg://db/a', **OPTIONS)  # PGB102
    """,
    "written in a function": """
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import OPTIONS
        from common import same
        def connect():
            same['connect_args'] = {'statement_cache_size': 0}
            return create_async_engine('postgresql+asyncpg://db/a', **OPTIONS)  # PGB102
    """,
    "written in the body of a class": """
        from sqlalchemy.ext.asyncio import create_async_engine
        import common, config
        class Database:
            common.same['connect_args'] = {'statement_cache_size': 0}
            engine = create_async_engine('postgresql+asyncpg://db/a', **config.OPTIONS)  # PGB102
    """,
    "not the same object": """
        from sqlalchemy.ext.asyncio import create_async_engine
        from config import OPTIONS
        from common import other
        other['connect_args'] = {'statement_cache_size': 0}
        engine = create_async_engine('postgresql+asyncpg://db/a', **OPTIONS)  # PGB101
    """,
}


MODULES = """
        # file: config.py
        OPTIONS = {'pool_pre_ping': True}

        # file: common.py
        import config
        same = config.OPTIONS
        other = dict(same)

        # file: db.py"""


@pytest.mark.parametrize("title", ENGINES)
def test_an_object_with_names_in_two_modules(title: str, tmp_path: Path) -> None:
    project = MODULES + ENGINES[title]
    assert judged(tmp_path, project) == files(project)
