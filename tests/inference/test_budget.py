"""Hostile and generated programs: cycles end, depth is bounded, time grows no faster than the text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from blocks import programs
from programs import PG, codes_in, codes_of, driver_of, engines_of
from timing import seconds

from poolsafe.facts.inspection import explore
from poolsafe.facts.targets import engine_sites
from poolsafe.inference import budget as budgets
from poolsafe.inference.budget import ALLOWANCE, ALTERNATIVES_PER_STEP
from poolsafe.inference.exploration import Inference
from poolsafe.inference.project import Project
from poolsafe.source import Source

HEAD = f"from sqlalchemy.ext.asyncio import create_async_engine\nURL = {PG!r}\n"

CYCLES = """
    def f():
        return f()
    create_async_engine(f())

    def f():
        return g()
    def g():
        return f()
    create_async_engine(f())

    def f(n):
        return f(n + 1)
    create_async_engine(f(0))

    f = lambda: f()
    create_async_engine(f())

    class C:
        def __getattr__(self, name):
            return getattr(self, name)
    create_async_engine(C().x)

    class C:
        @property
        def a(self):
            return self.b
        @property
        def b(self):
            return self.a
    create_async_engine(C().a)

    class C(C):
        pass
    create_async_engine(C.x)

    d = {}
    d['d'] = d
    create_async_engine(URL, connect_args=d)

    d = {}
    d['d'] = d
    configure(d)
    create_async_engine(URL, connect_args=d)

    l = []
    l.append(l)
    create_async_engine(l)

    class C:
        pass
    c = C()
    c.c = c
    create_async_engine(c.c.c.url)

    x = x
    create_async_engine(x)

    def f(x=f):
        return x
    create_async_engine(f())

    from functools import partial
    f = partial(lambda g: g(g), lambda g: g(g))
    create_async_engine(f())

    while True:
        url = URL
    create_async_engine(url)

    from app import app
    from app import *
    create_async_engine(app.url)
"""


@pytest.mark.parametrize("code", programs(CYCLES))
def test_a_cycle_ends(code: str) -> None:
    engines_of(HEAD + code)


def test_a_long_chain_of_calls_is_given_up() -> None:
    chain = "".join(f"def f{n}():\n    return f{n + 1}()\n" for n in range(60)) + "def f60():\n    return URL\n"
    assert driver_of(HEAD + chain + "create_async_engine(f0())") == "unknown"
    assert driver_of(HEAD + chain + "create_async_engine(f55())") == "asyncpg"


def test_a_long_chain_of_names_is_followed() -> None:
    chain = "u0 = URL\n" + "".join(f"u{n + 1} = u{n}\n" for n in range(300))
    assert driver_of(HEAD + chain + "create_async_engine(u300)") == "asyncpg"


def test_too_many_possibilities_are_unknown() -> None:
    many = "".join(f"if c{n}:\n    url = 'sqlite://{n}'\n" for n in range(60))
    assert driver_of(HEAD + "url = URL\n" + many + "create_async_engine(url)") == "unknown"


def test_a_function_that_runs_out_of_steps_has_not_returned_none(tmp_path: Path) -> None:
    items = ", ".join(f"'{n}'" for n in range(24))
    settings = f"""
ITEMS = [{items}]

def options():
    found = {{}}
    for one in ITEMS:
        for two in ITEMS:
            for three in ITEMS:
                found["application_name"] = one + two + three
    found.update(statement_cache_size=0, prepared_statement_cache_size=0)
    return found

OPTIONS = options()
"""
    engine = "create_async_engine(URL, connect_args=OPTIONS, pool_pre_ping=True)\n"
    files = {"settings.py": settings, "app.py": f"from settings import OPTIONS\n{HEAD}engine = {engine}"}
    assert codes_in(tmp_path, files, "app.py") == []


def checking(program: Callable[[int], str], size: int, runs: int = 1) -> float:
    """The seconds that a check takes."""
    return seconds(lambda: codes_of(program(size)), runs)


def sequential(count: int) -> str:
    """Branches one after another: two to the power of `count` paths."""
    branches = "".join(f"if c{n}:\n    args['k{n}'] = 1\nelse:\n    url = 'sqlite://{n}'\n" for n in range(count))
    return HEAD + "url = URL\nargs = {}\n" + branches + "create_async_engine(url, connect_args=args)"


def nested(count: int) -> str:
    """Branches within branches."""
    lines = [f"{' ' * n}if c{n}:\n{' ' * n} url = 'sqlite://{n}'" for n in range(count)]
    return HEAD + "url = URL\n" + "\n".join(lines) + "\ncreate_async_engine(url)"


def calling(count: int) -> str:
    """Functions that each call two others."""
    functions = "".join(f"def f{n}():\n    return f{n + 1}() + f{n + 1}()\n" for n in range(count))
    return HEAD + functions + f"def f{count}():\n    return URL\ncreate_async_engine(f0())"


def conditional(count: int) -> str:
    """Conditional expressions in one string."""
    return (
        HEAD
        + "url = URL + "
        + " + ".join(f"('a' if c{n} else 'b')" for n in range(count))
        + "\ncreate_async_engine(url)"
    )


def conditions(count: int) -> str:
    """One condition of many parts."""
    return (
        HEAD
        + "url = URL\nif "
        + " or ".join(f"(a{n} and b{n})" for n in range(count))
        + ":\n    url = 'sqlite://'\ncreate_async_engine(url)"
    )


def methods(count: int) -> str:
    """A class of many methods, each of which makes the engine over another."""
    body = "".join(f"    def m{n}(self):\n        return self.m{n + 1}() or self.m{n + 1}()\n" for n in range(count))
    return HEAD + f"class C:\n{body}    def m{count}(self):\n        return create_async_engine(URL)\n"


def loops(count: int) -> str:
    """Loops within loops."""
    lines = [f"{' ' * n}for v{n} in ('a', 'b', 'c'):" for n in range(count)]
    return HEAD + "\n".join(lines) + f"\n{' ' * count}create_async_engine(URL + v0)"


def bases(count: int) -> str:
    """Classes that each derive from two that derive from the one before."""
    classes = "".join(
        f"class A{n}(C{n}):\n    pass\nclass B{n}(C{n}):\n    pass\nclass C{n + 1}(A{n}, B{n}):\n    pass\n"
        for n in range(count)
    )
    return HEAD + "class C0:\n    url = URL\n" + classes + f"create_async_engine(C{count}.url)"


BRANCHING = [sequential, nested, calling, conditional, conditions, methods, loops, bases]


@pytest.mark.parametrize("program", BRANCHING)
def test_branching_is_bounded(program: Callable[[int], str]) -> None:
    # Twice the size is two to the power of some more paths; twice or four times the time is fair, with room for noise.
    assert checking(program, 40) < 12 * checking(program, 20) + 1


def constants(count: int) -> str:
    """A module of constants, an engine at its end."""
    return HEAD + "".join(f"VALUE_{n} = 'value {n}'\n" for n in range(count)) + "create_async_engine(URL)"


def functions(count: int) -> str:
    """A module of functions that have nothing to do with the engine."""
    return HEAD + "".join(f"def f{n}(a, b):\n    return a + b\n" for n in range(count)) + "create_async_engine(URL)"


def entries(count: int) -> str:
    """A huge dict."""
    return (
        HEAD
        + "d = {"
        + "".join(f"'k{n}': {n},\n" for n in range(count))
        + "}\ncreate_async_engine(URL, connect_args=d)"
    )


def assigned(count: int) -> str:
    """A dict filled item by item."""
    return (
        HEAD
        + "d = {}\n"
        + "".join(f"d['k{n}'] = {n}\n" for n in range(count))
        + "create_async_engine(URL, connect_args=d)"
    )


def engines(count: int) -> str:
    """A wrapper that is called often."""
    return (
        HEAD
        + "def make(url):\n    return create_async_engine(url)\n"
        + "".join(f"e{n} = make(URL)\n" for n in range(count))
    )


def chained(count: int) -> str:
    """Functions that each call the next one, and a function that calls all of them."""
    chain = "".join(f"def f{n}():\n    OPTIONS['k'] = C{n}\n    return f{n + 1}()\nC{n} = {n}\n" for n in range(count))
    calls = "".join(f"    f{n}()\n" for n in range(0, count, 4))
    main = f"def main():\n    OPTIONS.clear()\n{calls}    create_async_engine(URL, connect_args=OPTIONS)\n"
    return f"{HEAD}OPTIONS = {{}}\n{chain}def f{count}():\n    pass\n{main}main()\n"


def test_what_a_chain_of_functions_reads_is_not_followed_again_from_each_of_them() -> None:
    assert checking(chained, 400, runs=2) < 15 * checking(chained, 100, runs=2)


@pytest.mark.torture
@pytest.mark.parametrize("program", [constants, functions, entries, assigned, engines])
def test_time_grows_with_the_text(program: Callable[[int], str]) -> None:
    assert checking(program, 1200, runs=2) < 4 * 4 * checking(program, 300, runs=2) + 1


@pytest.mark.torture
def test_a_module_of_ten_thousand_lines_is_judged() -> None:
    assert codes_of(constants(10_000)) == "PGB101 PGB201"


@pytest.mark.torture
def test_all_runs_for_one_file_share_an_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "STEPS", 150)
    monkeypatch.setattr(budgets, "STEPS_PER_CALL", 0)
    project = Project(follow=False)
    lines = "".join(f"    x{n} = f'{{x}}{n}' + str(x)\n" for n in range(100))
    roots = "".join(
        f"def root{n}(x):\n{lines}    return create_async_engine(" + " + ".join(f"x{m}" for m in range(100)) + ")\n"
        for n in range(60)
    )
    module = project.module(Source.from_text("app.py", HEAD + roots))
    inference = Inference(project, module)
    given = inference._run.budget
    given.per_run = 150
    module.tree.with_room(lambda: explore(inference, engine_sites(module, project), []))
    budget = given.per_run * ALTERNATIVES_PER_STEP
    assert ALLOWANCE * budget <= given._spent <= (ALLOWANCE + 2) * budget
