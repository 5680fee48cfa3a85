"""Entry points: only the functions that lead to an engine, or that may change what it is created with, are run."""

from __future__ import annotations

import pytest
from blocks import programs
from programs import PG, analyse

URL = f"URL = {PG!r}\n"
IMPORT = "from sqlalchemy.ext.asyncio import create_async_engine\n"

RUN = """
    class Table:
        def __init__(self, connection):  # run
            self.connection = connection
        def fill(self):
            self.rows = 1
    def make(connection):  # run
        return create_async_engine(connection)
    def test(request):  # run
        connection = request.value("connection")
        table = Table(connection)
        table.fill()
        make(connection)

    class Table:
        def __init__(self, options):  # run
            self.options = options
        def fill(self):  # run
            self.options["echo"] = True
    def test(request):  # run
        options = {}
        table = Table(options)
        table.fill()
        create_async_engine(URL, **options)

    class Table:
        def __init__(self, connection):  # run
            self.connection = connection
        def fill(self, rows):
            self.rows = rows
            return len(rows)
    def ask(connection):  # run
        return create_async_engine(connection)
    def test(request):  # run
        connection = request.value("connection")
        rows = [1]
        table = Table(connection)
        assert table.fill(rows) == 1
        assert ask(connection) == len(rows)

    def traced(function):
        def wrapper(*args):
            return function(*args)
        return wrapper
    @traced
    def connect(url):
        return url
    def test(url):  # run
        create_async_engine(url)
        connect(url)

    from pydantic import model_validator
    from pydantic_settings import BaseSettings
    class Settings(BaseSettings):
        url: str = URL
        name: str = ""
        @model_validator(mode="after")
        def complete(self):
            self.name = self.url + "-a"
            return self
        @model_validator(mode="after")
        def correct(self):  # run
            self.url = self.url + "/a"
            return self
    def test(request):  # run
        create_async_engine(Settings().url)

    engine = None
    def traced(function):  # run
        def wrapper(*args):  # run
            create_async_engine(URL)
            return function(*args)
        return wrapper
    @traced
    def connect(url):
        return url
    def test(url):
        connect(url)

    import asyncio
    def summary(engine):
        return str(engine)
    async def main(url):  # run
        engine = create_async_engine(url)
        return summary(engine)
    def start():  # run
        raise SystemExit(asyncio.run(main(URL)))

    import asyncio
    async def report(): ...
    async def fill(rows): ...
    async def connect(url):  # run
        create_async_engine(url)
    async def start():  # run
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(report())
            tasks.create_task(connect(URL))
        await asyncio.gather(report(), connect(URL))

    import scheduler
    async def report(): ...  # run
    async def connect(url):  # run
        create_async_engine(url)
    async def start():  # run
        await scheduler.gather(report(), connect(URL))

    import sys
    def summary(engine):
        return str(engine)
    def main():  # run
        engine = create_async_engine(URL)
        return summary(engine)
    if __name__ == "__main__":
        sys.exit(main())

    import server
    def summary(engine):  # run
        return str(engine)
    def main():  # run
        engine = create_async_engine(URL)
        return summary(engine)
    def start(server):  # run
        server.exit(main())

    def summary(engine):
        return str(engine)
    def connect(url):  # run
        engine = create_async_engine(url)
        return summary(engine)
    def start():  # run
        try:
            engine = connect(URL)
        except OSError:
            print("no database")

    def summary(engine):  # run
        return str(engine)
    def connect(url):  # run
        engine = create_async_engine(url)
        return summary(engine)
    def start():  # run
        try:
            engine = connect(URL)
        except OSError:
            engine = create_async_engine("sqlite+aiosqlite://")

    def summary(engine):  # run
        return str(engine)
    def connect(url):  # run
        engine = create_async_engine(url)
        return summary(engine)
    def start(urls):  # run
        for url in urls:
            try:
                engine = connect(url)
            except OSError:
                break
"""


@pytest.mark.parametrize("code", programs(RUN))
def test_which_functions_are_run(code: str) -> None:
    inference = analyse(URL + IMPORT + code)
    functions = inference.module.index.functions
    ran = inference._run.observations.run_functions
    found = {name for name, several in functions.items() if any(id(node) in ran for node, _ in several)}
    marked = {line.split("(")[0].split()[-1] for line in code.splitlines() if line.endswith("# run")}
    assert found == marked
