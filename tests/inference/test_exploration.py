"""An engine is found wherever a module creates it."""

from __future__ import annotations

import pytest
from blocks import programs
from programs import PG, engines_of

URL = f"URL = {PG!r}\n"
IMPORT = "from sqlalchemy.ext.asyncio import create_async_engine\n"

PLACES = """
    class C:
        engine = create_async_engine(URL)

    class C:
        def __init__(self):
            self.engine = create_async_engine(URL)

    class C:
        @property
        def engine(self):
            return create_async_engine(URL)

    class C:
        @staticmethod
        def make():
            return create_async_engine(URL)

    class C:
        @classmethod
        def make(cls):
            return create_async_engine(URL)

    def f(engine=create_async_engine(URL)):
        return engine

    @decorate(create_async_engine(URL))
    def f():
        pass

    ALL = []
    def register(function):
        ALL.append(function)
        def wrapper(*args, **keywords):
            return function(*args, **keywords)
        return wrapper
    @register
    def make(url):
        return create_async_engine(url)
    engine = make(URL)

    ALL = []
    def register(function):
        ALL.append(function)
        def wrapper(*args):
            return function(*args)
        return wrapper
    class C:
        @register
        def make(self):
            self.engine = create_async_engine(URL)

    urls = []
    for name in unknown:
        urls.append(name)
    first, second = urls[0], urls[1]
    engine = create_async_engine(URL)

    class Base:
        def __init_subclass__(cls, /, name=None):
            if name is None:
                raise TypeError
    class C(Base, **unknown):
        pass
    engine = create_async_engine(URL)

    def f():
        def g():
            return create_async_engine(URL)
        return g

    async def f():
        engine = create_async_engine(URL)
        yield engine

    try:
        engine = create_async_engine(URL)
    except Exception:
        raise

    with unknown:
        engine = create_async_engine(URL)

    for _ in unknown:
        engine = create_async_engine(URL)

    while True:
        engine = create_async_engine(URL)
        break

    if __name__ == '__main__':
        create_async_engine(URL)

    match unknown:
        case 1:
            create_async_engine(URL)

    engines = {'a': create_async_engine(URL)}

    engines = [create_async_engine(u) for u in [URL]]

    engine = unknown or create_async_engine(URL)

    engine = create_async_engine(URL).execution_options(x=1)

    print(f'{create_async_engine(URL)}')

    (engine := create_async_engine(URL))

    assert create_async_engine(URL)

    def f(x):
        if x:
            raise ValueError(create_async_engine(URL))

    class C:
        make = lambda self: create_async_engine(URL)

    def f(url=URL):
        return [lambda: create_async_engine(url)]

    def f():
        class C:
            def m(self):
                return create_async_engine(URL)
        return C

    def f():
        url = URL
        class C:
            def __init__(self):
                self.engine = create_async_engine(url)
        return C

    class D:
        class C:
            def m(self):
                return create_async_engine(URL)
"""


@pytest.mark.parametrize("code", programs(PLACES))
def test_an_engine_is_found_there(code: str) -> None:
    found = [engine for engine in engines_of(URL + IMPORT + code) if engine.url.driver.value == "asyncpg"]
    assert len(found) == 1
    assert found[0].url.driver_everywhere


WRAPPERS = """
    from sqlalchemy.ext.asyncio import create_async_engine as _create
    def create_async_engine(url, **kw):
        return _create(url, **kw)  # the engine
    a = create_async_engine(URL)
    b = create_async_engine(URL)

    import sqlalchemy.ext.asyncio as sa
    def make(url):
        return sa.create_async_engine(url)  # the engine
    def build():
        return make(URL)
    engine = build()

    from sqlalchemy.ext.asyncio import create_async_engine
    class Db:
        def __init__(self, url):
            self.engine = create_async_engine(url)  # the engine
    class Sub(Db):
        def __init__(self):
            super().__init__(URL)
    db = Sub()
"""


@pytest.mark.parametrize("code", programs(WRAPPERS))
def test_the_call_inside_a_wrapper_is_the_engine(code: str) -> None:
    program = URL + code
    (engine,) = engines_of(program)
    assert engine.url.driver.value == "asyncpg"
    assert program[engine.layout.call.start :].splitlines()[0].endswith("# the engine")
