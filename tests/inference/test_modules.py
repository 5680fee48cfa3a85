"""Modules that are only imported are parsed by `ast`, and by LibCST if their syntax is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import files
from programs import codes_in, findings_in, record_loads

from poolsafe import ir
from poolsafe.checker import check_bytes
from poolsafe.facts.deployment import Deployment
from poolsafe.inference import modules, project
from poolsafe.inference.modules import ImportedModule, Module
from poolsafe.inference.project import Project
from poolsafe.source import Source
from poolsafe.syntax.tree import Unparsable, parse

CODE = """\
é = "é"; url = f"postgresql+asyncpg://{é}"
@decorated
async def connect(dsn):
    return call(dsn)  # a comment

    # another one
class  Spaced:
    pass
class Pool(Spaced):
    make = lambda self: call(self)
"""


def imported(code: str) -> ImportedModule:
    return ImportedModule(Source.from_text("a.py", code))


def test_places_are_counted_in_characters() -> None:
    module = imported(CODE)
    value = module.body.statements[1]
    assert isinstance(value, ir.Assign)
    assert module.text(value.value.origin) == 'f"postgresql+asyncpg://{é}"'
    assert module.span(value.origin) == (9, 42)


def test_the_name_of_a_class_has_a_place() -> None:
    module = imported(CODE)
    names = [module.text(one.identifier.origin) for one in module.body.statements if isinstance(one, ir.ClassDef)]
    assert names[-1] == "Pool"


def test_a_node_without_a_place_has_no_span() -> None:
    statement = imported("[a for b in c]\n").body.statements[0]
    assert isinstance(statement, ir.Evaluate)
    assert isinstance(statement.value, ir.Comprehension)
    with pytest.raises(KeyError):
        imported("").span(statement.value.generators[0].origin)


def test_definitions_and_calls_are_found_in_the_tree() -> None:
    module = imported(CODE)
    found = [
        module.syntax(one.origin)
        for statement in module.body.statements
        for one in ir.walk(statement)
        if isinstance(one, (ir.Call, ir.ClassDef, ir.FunctionDef, ir.Lambda))
    ]
    kinds = [type(one).__name__ for one in found]
    assert sorted(kinds) == ["Call", "Call", "ClassDef", "ClassDef", "FunctionDef", "Lambda"]
    for node in found:
        assert node is not None
        assert module.syntax(node) is node
        assert module.span(node) == module.tree.span(node)
    assert module.syntax(module.body.statements[0].origin) is None


def test_what_is_parsed_for_the_syntax_is_forgotten_with_it() -> None:
    module = imported(CODE)
    before = module.index
    module.forget_syntax()
    assert module.index is not before


def test_imports_are_read_alike() -> None:
    code = "import os.path, sqlalchemy as sa\nfrom sqlalchemy import text as t\nfrom . import own\nfrom lib import *\n"
    code += "def f():\n    from asyncpg import connect\n"
    one, other = imported(code), Module(Source.from_text("a.py", code))
    assert one.library_names == other.library_names == {"os", "sa", "t", "connect"}
    assert one.stars == other.stars == ((0, "lib"),)
    assert one.dotted_imports == other.dotted_imports == ("os.path", "sqlalchemy")


ENGINE = {
    "conf.py": "URL = 'postgresql+asyncpg://db/a'\n",
    "db.py": "from sqlalchemy.ext.asyncio import create_async_engine\nfrom conf import URL\n"
    "engine = create_async_engine(URL, pool_pre_ping=True)\n",
}


@pytest.mark.parametrize("error", [SyntaxError, ValueError, RecursionError, MemoryError])
def test_a_module_that_only_libcst_can_parse_is_followed(
    error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Source) -> None:
        raise error

    monkeypatch.setattr(modules, "_parse_standard", fail)
    assert codes_in(tmp_path, ENGINE, "db.py") == ["PGB101"]


HOOK = {
    "hook.py": "async def init(connection):\n    await connection.execute('SET a = 1')\n(x): int = 1\n",
    "db.py": "import asyncpg\nfrom hook import init\nasync def f():\n"
    "    pool = await asyncpg.create_pool('postgresql://db/a', statement_cache_size=0, init=init)\n",
}


def test_a_module_that_only_ast_can_parse_has_no_syntax(tmp_path: Path) -> None:
    with pytest.raises(Unparsable):
        parse(Source.from_text("hook.py", HOOK["hook.py"]))
    assert codes_in(tmp_path, HOOK, "db.py") == []
    module = imported(HOOK["hook.py"])
    assert module.syntax(module.body.statements[0].origin) is None
    assert module.index.calls == []


def test_a_hook_that_cannot_be_read_may_set_the_threshold(tmp_path: Path) -> None:
    files = {
        "hook.py": "def configure(connection):\n    connection.prepare_threshold = None\n(x): int = 1\n",
        "db.py": "from psycopg_pool import ConnectionPool\nfrom hook import configure\n"
        "pool = ConnectionPool('postgresql://db/a', configure=configure)\n",
    }
    assert codes_in(tmp_path, files, "db.py") == []


def test_a_module_that_is_too_large_is_not_followed(tmp_path: Path) -> None:
    large = {**ENGINE, "conf.py": ENGINE["conf.py"] + "x = [" + "1," * 130_000 + "]\n"}
    assert codes_in(tmp_path, large, "db.py") == []


def test_env_py_imports_the_text_that_is_checked(tmp_path: Path) -> None:
    env = "from alembic import context\nfrom sqlalchemy import engine_from_config, create_engine\n"
    env += "from sqlalchemy.ext.asyncio import create_async_engine\nfrom versions.a import URL\n"
    env += "engine = create_async_engine(URL)\nwith engine.connect() as c:\n    context.configure(connection=c)\n"
    code = "from alembic import op\nURL = '{}'\ndef upgrade():\n    op.execute('SELECT 1; SELECT 2')\n"
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(env, encoding="utf-8")
    target = tmp_path / "versions" / "a.py"
    target.write_text(code.format("sqlite+aiosqlite://"), encoding="utf-8")
    for url, expected in (("postgresql+asyncpg://db/a", ["PGB302"]), ("sqlite+aiosqlite://", [])):
        raw = code.format(url).encode()
        _, report = check_bytes(str(target), raw, Deployment(), Project(str(tmp_path)))
        assert [finding.code for finding in report.findings] == expected


def test_a_class_of_a_module_that_is_imported_and_calls_is_one_class(tmp_path: Path) -> None:
    files = {
        "db.py": "from sqlalchemy.ext.asyncio import create_async_engine\nfrom app import Conf\nimport h\n"
        "CONF = h.DEFAULT\ndef make(url):\n    if isinstance(CONF, Conf):\n"
        "        return create_async_engine(url, pool_pre_ping=True)\n    return create_async_engine('sqlite://')\n",
        "h.py": "from app import Conf\nDEFAULT = Conf(1)\n",
        "app.py": "class Conf:\n    def __init__(self, off):\n        self.off = off\n"
        "def go():\n    import db\n    return db.make('postgresql+asyncpg://db/a')\n",
    }
    assert codes_in(tmp_path, files, "db.py") == ["PGB101"]


def test_a_deep_module_is_left_to_libcst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "SHALLOW", -1)
    monkeypatch.setattr(modules, "_parse_standard", None)
    assert codes_in(tmp_path, ENGINE, "db.py") == ["PGB101"]


def test_a_literal_in_an_imported_module_is_shown(tmp_path: Path) -> None:
    files = {**ENGINE, "conf.py": "é = 'é'; URL = 'postgresql+asyncpg://db/a'\n"}
    (finding,) = findings_in(tmp_path, files, "db.py")
    places = [(place.row, place.column, place.end_column) for place in finding.related]
    assert (1, 16, 43) in places


def test_an_escape_that_python_warns_of_is_no_error(tmp_path: Path) -> None:
    files = {**ENGINE, "conf.py": "URL = 'postgresql+asyncpg://db/a'\nPATTERN = '\\d'\n"}
    assert codes_in(tmp_path, files, "db.py") == ["PGB101"]


def test_a_module_that_is_imported_and_calls_is_one_module(tmp_path: Path) -> None:
    files = {
        "db.py": "from sqlalchemy.ext.asyncio import create_async_engine\nimport app\n"
        "def make(url):\n    return create_async_engine(url, pool_pre_ping=True)\nNAME = app.NAME\n",
        "app.py": "import db\nNAME = 'a'\nengine = db.make('postgresql+asyncpg://db/a')\n",
    }
    assert codes_in(tmp_path, files, "db.py") == ["PGB101"]


OF_SQLALCHEMY = """
    # file: lib/sqlalchemy/__init__.py
    from .engine import create_engine

    # file: lib/sqlalchemy/engine/__init__.py
    from .create import create_engine

    # file: lib/sqlalchemy/engine/create.py
    def create_engine(url): ...

    # file: lib/sqlalchemy/dialects/__init__.py

    # file: lib/sqlalchemy/dialects/provision.py
    from .. import create_engine
    from ..ext.asyncio import AsyncEngine
    engine = AsyncEngine(create_engine('postgresql+asyncpg://db/a'))
"""


@pytest.mark.parametrize(("package", "loaded"), [("sqlalchemy", ["provision.py"]), ("ours", None)])
def test_sqlalchemy_itself_is_the_library_by_its_relative_imports(
    package: str, loaded: list[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = record_loads(monkeypatch)
    program = files(OF_SQLALCHEMY.replace("lib/sqlalchemy", f"lib/{package}"))
    codes = codes_in(tmp_path, program, f"lib/{package}/dialects/provision.py")
    assert codes == (["PGB101", "PGB201"] if loaded else [])
    assert loaded is None or found == loaded
