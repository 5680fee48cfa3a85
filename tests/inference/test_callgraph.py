"""The functions from which a call can be reached."""

from __future__ import annotations

import textwrap

import libcst as cst

from poolsafe.inference.callgraph import called_names, calls_of, roots_of
from poolsafe.inference.project import Project
from poolsafe.source import Source


def callers(code: str, name: str) -> list[int]:
    """The rows of the calls that may be calls of the first function of this name."""
    module = Project(follow=False).module(Source.from_text("a.py", textwrap.dedent(code)))
    function, _ = module.index.functions[name][0]
    offsets = [module.tree.span(site.node)[0] for site in calls_of(module, function)]
    return [module.source.row_column(offset)[0] for offset in offsets]


def test_a_function_is_not_called_through_an_object() -> None:
    code = """
        def read(): pass
        read()
        thing.read()
    """
    assert callers(code, "read") == [3]


def test_a_method_is_not_called_through_a_library() -> None:
    code = """
        import subprocess
        import jobs
        class Store:
            def run(self): pass
        subprocess.run([])
        jobs.run([])
    """
    assert callers(code, "run") == [7]


def test_a_method_is_called_through_an_object() -> None:
    code = """
        class Store:
            def read(self): pass
        read()
        thing.read()
    """
    assert callers(code, "read") == [5]


def test_a_function_that_has_another_name_is_called_by_either() -> None:
    code = """
        def read(): pass
        thing.read = read
        thing.read()
    """
    assert callers(code, "read") == [4]


def test_other_modules_call_a_method_as_an_attribute_only() -> None:
    code = """
        get_client()
        connector.get_client()
        run_sync(connector.get_client)
    """
    index = Project(follow=False).module(Source.from_text("a.py", textwrap.dedent(code))).index
    assert sorted(site.name for site in index.calls_of("get_client")) == ["get_client", "get_client", "run_sync"]
    assert sorted(site.name for site in index.calls_of(".get_client")) == ["get_client", "run_sync"]


def test_a_method_under_a_name_of_its_own_is_called_bare_too() -> None:
    code = """
        get_client = connector.get_client
        get_client()
    """
    index = Project(follow=False).module(Source.from_text("a.py", textwrap.dedent(code))).index
    assert len(index.calls_of(".get_client")) == 1


def test_other_modules_call_the_function_that_defines_a_nested_one() -> None:
    code = """
        class Requirements:
            def backend(self):
                def go(config):
                    create_engine(config.url)
                return only_if(go)

        def build():
            def go(config):
                create_engine(config.url)
            return go
    """
    module = Project(follow=False).module(Source.from_text("a.py", textwrap.dedent(code)))
    paths = roots_of(module, module.index.calls_by_name["create_engine"])
    names = [[scope.name.value for scope in path if not isinstance(scope, cst.Lambda)] for path in paths]
    assert ["Requirements", "backend", "go"] in names
    assert {name for path in paths for name in called_names(module, path)} == {"Requirements", ".backend", "build"}
