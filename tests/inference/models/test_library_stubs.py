"""Stubs of libraries: found by name, run for the program that calls them, never shown."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from blocks import cases, revealed, value
from programs import PG, codes_of

from poolsafe.checker import check_bytes
from poolsafe.facts.deployment import Deployment
from poolsafe.inference.models import library_stubs
from poolsafe.inference.models.primitives import HANDLERS
from poolsafe.inference.project import Project
from poolsafe.reading import read
from poolsafe.source import Source
from poolsafe.syntax.tree import parse

STUBS = sorted(Path(library_stubs.FOLDER).glob("*.py"))


@pytest.mark.parametrize("path", STUBS, ids=lambda path: str(path.name))
def test_a_stub_is_parsed(path: Path) -> None:
    parse(Source.decode(str(path), path.read_bytes()))


@pytest.mark.parametrize("path", STUBS, ids=lambda path: str(path.name))
def test_a_stub_imports_primitives_that_exist(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module == "poolsafe.primitives":
            unknown = {name.name for name in node.names} - {name.rpartition(".")[2] for name in HANDLERS}
            assert not unknown, "docs/library-models.md lists the primitives"


NAMES = """
    from decouple import config
    reveal(config('A', default='b'))  # 'b'

    import decouple
    reveal(decouple.config('A', default='b'))  # 'b'

    from decouple import Config, RepositoryEnv
    reveal(Config(RepositoryEnv('.env')).get('A', default='b'))  # 'b'

    from types import SimpleNamespace
    x = SimpleNamespace(a={})
    def f(d):
        d['b'] = 1
    f(x.a)
    x.c = 2
    reveal((x.a, x.c))  # ({'b': 1}, 2)

    from functools import reduce
    reveal(reduce(lambda a, b: {**a, **b}, [{'a': 1}, {'b': 2}], {'c': 3}))  # {'c': 3, 'a': 1, 'b': 2}

    from argparse import Namespace
    reveal(Namespace(a='b').a)  # 'b'

    from starlette.config import Config
    reveal(Config()('A', default='b'))  # 'b'

    import starlette
    reveal(starlette.config.Config()('A', default='b'))  # 'b'

    from decouple import Unheard
    reveal(Unheard('A', default='b'))  # ...

    import decouple
    reveal(decouple('A', default='b'))  # ...

    class decouple:
        def config(a, default):
            return 'c'
    reveal(decouple.config('A', default='b'))  # 'c'
"""

# What a stub defines is a class like any other.
CLASSES = """
    from environs import Env
    def f(env: Env):
        return env.str('A', 'b')
    reveal(f())  # 'b'

    from environs import Env
    class Own(Env):
        def url(self):
            return self.str('A', 'b')
    reveal(Own().url())  # 'b'

    from environs import Unheard
    class Own(Unheard):
        pass
    reveal(Own().str('A', 'b'))  # ...

    from environs import Unheard
    def f(env: Unheard):
        return env.str('A', 'b')
    reveal(f())  # ...

    import typer
    reveal(typer.Option('a', '--url'))  # 'a'

    import typer
    reveal(typer.Option(...))  # ...

    import typer
    reveal(typer.Argument(None))  # ...

    import anyio
    reveal(anyio.run(lambda a: a, 'b'))  # 'b'
"""


@pytest.mark.parametrize(("code", "expected"), cases(NAMES, CLASSES))
def test_a_name_of_a_library_is_looked_up_in_its_stub(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


def test_a_stub_is_parsed_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def note(path: str) -> bytes:
        parsed.append(Path(path).name)
        return read(path)

    monkeypatch.setattr(library_stubs, "read", note)
    library_stubs._stub.cache_clear()
    for _ in range(2):
        codes_of(
            "from decouple import config\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
            "create_async_engine(config('A'))\n"
        )
    assert parsed == ["decouple.py"]


def test_a_program_that_uses_no_stub_parses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_stubs, "_stub", None)
    assert codes_of(f"from sqlalchemy.ext.asyncio import create_async_engine\ncreate_async_engine('{PG}')") != ""


def test_a_project_does_not_stand_in_for_what_a_stub_imports(tmp_path: Path) -> None:
    package = tmp_path / "poolsafe"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "primitives.py").write_text("def environment_variable(*given):\n    return 'sqlite://'\n")
    code = (
        "from decouple import config\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
        f"create_async_engine(config('A', default='{PG}'), pool_pre_ping=True)\n"
    )
    (tmp_path / "app.py").write_text(code)
    _, report = check_bytes(str(tmp_path / "app.py"), code.encode(), Deployment(), Project(str(tmp_path)))
    assert [finding.code for finding in report.findings] == ["PGB101"]


# The URL is written in a stub, the option is the program's.
SHOWN = """
from sqlalchemy.ext.asyncio import create_async_engine
from testcontainers.postgres import PostgresContainer
url = PostgresContainer(driver="asyncpg").get_connection_url()
create_async_engine(url, connect_args={"statement_cache_size": -1})
"""


def test_no_place_in_a_stub_is_shown() -> None:
    _, report = check_bytes("app.py", SHOWN.encode(), Deployment())
    assert [finding.code for finding in report.findings] == ["PGB104"]
    places = [place.path for finding in report.findings for place in finding.related]
    assert set(places) <= {"app.py"}


READERS = [
    ("decouple import config", "DATABASE_URL"),
    ("starlette.config import Config\nconfig = Config(env_prefix='DATABASE_')", "URL"),
]


@pytest.mark.parametrize(("reader", "name"), READERS)
def test_an_env_file_beside_the_program_documents_what_a_stub_reads(tmp_path: Path, reader: str, name: str) -> None:
    (tmp_path / ".env.example").write_text(f"DATABASE_URL={PG}\n")
    code = (
        f"from {reader}\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
        f"create_async_engine(config('{name}'), pool_pre_ping=True)\n"
    )
    (tmp_path / "app.py").write_text(code)
    _, report = check_bytes(str(tmp_path / "app.py"), code.encode(), Deployment(), Project(str(tmp_path)))
    assert [finding.code for finding in report.findings] == ["PGB101"]
    places = [place.path for finding in report.findings for place in finding.related]
    assert all(sys.modules[library_stubs.__name__].FOLDER not in path for path in places)


@pytest.fixture
def stub_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that stubs are read from instead."""
    monkeypatch.setattr(library_stubs, "FOLDER", str(tmp_path))
    for cached in (library_stubs._packages, library_stubs._stub):
        cached.cache_clear()
    yield tmp_path
    for cached in (library_stubs._packages, library_stubs._stub):
        cached.cache_clear()


def test_a_function_of_a_stub_may_make_an_engine(stub_folder: Path) -> None:
    code = "def Singleton(provides, *args):\n    return provides(*args)\n"
    (stub_folder / "dependency_injector.py").write_text(code)
    program = (
        "from dependency_injector import providers\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
        f"providers.Singleton(create_async_engine, '{PG}')\n"
    )
    assert codes_of(program) == "PGB101 PGB201"
