"""The lines of a slice: each program marks the lines that have to be run with `# run`."""

from __future__ import annotations

import textwrap

import libcst as cst
import pytest

from poolsafe import ir
from poolsafe.inference.run_targets import Targets
from poolsafe.inference.scope_lines import Outside
from poolsafe.inference.scopes import Scope
from poolsafe.inference.slices import Use, function_slice, name_slice
from poolsafe.ir.lowering import lower_module

LIBRARY = frozenset({"os", "logging"})
OUTSIDE = Outside()

NAMES = {
    "what a name is made of": """
        url = "a"  # run
        other = "b"
        x = url + "c"  # run
    """,
    "a later binding of what it is made of does not matter": """
        url = "a"  # run
        x = url  # run
        url = "b"
    """,
    "a change through a second name": """
        x = {}  # run
        same = x  # run
        same["a"] = 1  # run
    """,
    "a change through an element": """
        x = {}  # run
        kept = [x]  # run
        kept[0]["a"] = 1  # run
        unrelated = [1]
        unrelated.append(2)
    """,
    "a change by what is returned": """
        x = {}  # run
        x.setdefault("a", {})["b"] = 1  # run
    """,
    "a change by a function of the module": """
        x = {}  # run
        def change(): x["a"] = 1  # run
        def look(): return x["a"]
        change()  # run
    """,
    "a change by a function that is given it": """
        x = {}  # run
        def change(given): given["a"] = 1  # run
        change(x)  # run
        print(x)
    """,
    "a default that is the object": """
        x = {}  # run
        def change(given=x): given["a"] = 1  # run
        change()  # run
    """,
    "libraries change nothing": """
        import logging
        x = {}  # run
        logging.info(x)
        x.get("a")
    """,
    "what decides": """
        import os  # run
        debug = os.environ.get("DEBUG")  # run
        if debug:  # run
            x = 1  # run
            print(x)
        else:
            x = 2  # run
    """,
    "another variable of the environment decides about something else": """
        import os  # run
        x = os.environ.get("URL")  # run
        mode = os.environ.get("MODE")
        if not mode: raise ValueError
        url = os.environ.get("URL")  # run
        if not url: raise ValueError  # run
    """,
    "what is asked of a library without a literal may be anything": """
        import os  # run
        x = os.environ.get(KEY)  # run
        if "MODE" not in os.environ: raise ValueError  # run
    """,
    "what a function of the module asks": """
        import os  # run
        def is_test(): return os.environ["MODE"] == "test"  # run
        x = "a" if is_test() else "b"  # run
        if os.environ["MODE"] == "test": raise ValueError  # run
        if os.environ["PORT"] == "1": raise ValueError
    """,
    "two functions that only share builtins": """
        import os  # run
        def number(name):  # run
            if not name: raise ValueError(name)
            return set(os.environ.get(name))
        y = number("A")
        x = number("B")  # run
    """,
    "a decorated function is what its decorators make of it": """
        made = {}  # run
        @register(made)  # run
        def start(): return 1
        start()  # run
        x = made  # run
    """,
    "a function that takes the name of a builtin": """
        kept = []  # run
        def set(value): kept.append(value)  # run
        def add(value): set(value)  # run
        add(1)  # run
        x = kept  # run
    """,
    "what two calls to a library return": """
        import logging  # run
        x = logging.getLogger("a")  # run
        y = logging.getLogger("b")
        y.update(z=1)
    """,
    "an item that may be missing": """
        x = {"a": 1}  # run
        if z:  # run
            x = {}  # run
        found = x["a"]  # run
    """,
    "an item that may have been removed": """
        x = {"a": 1}  # run
        y = {"a": 1}
        x.pop("a")  # run
        print(x["a"])  # run
        print(y["a"])
    """,
    "an item of a dict that a function replaces": """
        x = {"a": 1}  # run
        def f():  # run
            global x
            x = {}
        f()  # run
        found = x["a"]  # run
    """,
    "an item of a dict that has it": """
        x = {"a": 1}  # run
        x["b"] = 2  # run
        found = x["a"]
    """,
    "a loop may run again": """
        first = "a"  # run
        for item in "bc":  # run
            x = first  # run
            first = item  # run
    """,
    "what may raise before it": """
        x = {}  # run
        try:  # run
            x.pop("a")  # run
            x["b"] = 1  # run
        except KeyError:
            pass
    """,
}

FUNCTIONS = {
    "what is returned": """
        def f(a):
            b = a + 1  # run
            c = a + 2
            return b  # run
    """,
    "a change of a parameter": """
        def f(a):
            inner = a["x"]  # run
            inner["y"] = 1  # run
            other = {}
            other["y"] = 2
    """,
    "a global": """
        def f():
            global g  # run
            g = 1  # run
            h = 2
    """,
    "a closure that changes what is returned": """
        def f():
            a = {}  # run
            def change():  # run
                a["x"] = 1
            change()  # run
            return a  # run
    """,
}


@pytest.mark.parametrize("title", NAMES)
def test_the_slice_for_a_name(title: str) -> None:
    code = textwrap.dedent(NAMES[title])
    scope = Scope(lower_module(cst.parse_module(code)), LIBRARY, OUTSIDE, is_module=True)
    assert lines_of(code, name_slice(scope, "x").statements) == marked(code)


@pytest.mark.parametrize("title", FUNCTIONS)
def test_the_slice_of_a_function(title: str) -> None:
    code = textwrap.dedent(FUNCTIONS[title])
    function = lower_module(cst.parse_module(code)).statements[0]
    assert isinstance(function, ir.FunctionDef)
    scope = Scope(function.body, LIBRARY, OUTSIDE, function.parameters)
    statements = function_slice(scope, Targets(), Use.VALUE).statements
    assert lines_of(code, statements) == marked(code)


TARGETS = {
    "what comes after the last target is left out": """
        def f(url):
            if not url: raise ValueError  # run
            engine = make(url)  # run
            if engine is None: raise ValueError
            engine.dispose()
            return engine
    """,
    "an early exit that hangs on what is made of names of the slice": """
        def f(config):
            missing = [name for name in ("host",) if not getattr(config, name)]  # run
            if missing: raise ValueError  # run
            return make(config.url)  # run
    """,
    "what a function of elsewhere finds out changes nothing here": """
        def f(args):
            url = args.url  # run
            limit = find_limit()
            port = find_port() or limit
            return make(url)  # run
    """,
    "nobody changes a string": """
        def f(url: str, name):
            register(url)
            register(name)
            if name.startswith("a"):  # run
                make(url, name)  # run
    """,
    "a parameter that is bound to something else is no string any more": """
        def f(url: str):
            url = parse(url)  # run
            change(url)  # run
            make(url)  # run
    """,
    "what changes an object after the loop that reads it is left out": """
        def f(url):
            for one in (1, 2):  # run
                url.note(one)  # run
                url.print()
            make(url)  # run
            url.note("done")
            url.note("gone")
    """,
    "what follows in the loop of a target is run": """
        def f(urls):
            for url in urls:  # run
                make(url)  # run
                urls.append(url)  # run
            urls.append("done")
    """,
    "what may raise in the loop of a target is run": """
        def f(urls):
            for url in urls:  # run
                try:  # run
                    make(url)  # run
                    log(url)  # run
                except OSError:
                    pass
    """,
    "an assertion tells nothing that only its calls find out": """
        def f(url):
            assert url  # run
            assert check() == str(url)
            make("a" + str(url))  # run
    """,
}


@pytest.mark.parametrize("title", TARGETS)
def test_the_slice_of_a_function_that_is_run_for_its_targets(title: str) -> None:
    code = textwrap.dedent(TARGETS[title])
    function = lower_module(cst.parse_module(code)).statements[0]
    assert isinstance(function, ir.FunctionDef)
    scope = Scope(function.body, LIBRARY, OUTSIDE, function.parameters)
    statements = function_slice(scope, Targets(names={"make"}), Use.TARGETS).statements
    assert lines_of(code, statements) == marked(code)


def test_a_statement_only_leads_to_a_target_if_nothing_needs_its_result() -> None:
    code = textwrap.dedent("""
        def f(url):
            first = make(url)
            make(first)
    """)
    function = lower_module(cst.parse_module(code)).statements[0]
    assert isinstance(function, ir.FunctionDef)
    scope = Scope(function.body, LIBRARY, OUTSIDE, function.parameters)
    found = function_slice(scope, Targets(names={"make"}), Use.TARGETS)
    assert lines_of(code, found.leading) == ["make(first)"]


CHANGES = {
    "what a method may change is read later": """
        def f(url):
            options = {}
            helper = Helper(url, options)
            helper.prepare()  # options url
            make(url, options)
    """,
    "what nothing but other changes read does not count": """
        def f(url):
            helper = Helper(url)
            helper.prepare()  # url
            helper.start()  # url
            make(url)
    """,
    "a change is given to the object of another": """
        def f(url):
            options = {}
            extra = {}
            extra.update(echo=True)  # options
            options.update(extra)  # options
            make(url, options)
    """,
    "a change is given to an object that exists only later": """
        def f(url):
            extra = {}
            extra.update(echo=True)  # extra options
            options = {}
            options.update(extra)  # options
            make(url, options)
    """,
    "a change is given to a change that does not count": """
        def f(url):
            rows = []
            rows.append(url)  # Helper url
            helper = Helper(url)
            helper.fill(rows)  # url
            make(url)
    """,
    "a loop may read what it changes": """
        def f(urls):
            helper = Helper(urls)
            for url in urls:
                make(helper, url)
                helper.prepare()  # helper url urls
    """,
    "a value that is read": """
        def f(url):
            helper = Helper(url)
            rows = helper.prepare()
            make(url, rows)
    """,
    "an assertion, and the part of another that leads to a target": """
        def f(url, rows):
            helper = Helper(url, rows)
            assert helper.fill(rows) == 1  # url
            assert make(url) == len(rows)
    """,
}


@pytest.mark.parametrize("title", CHANGES)
def test_what_a_statement_has_to_change_in_order_to_be_run(title: str) -> None:
    code = textwrap.dedent(CHANGES[title])
    function = lower_module(cst.parse_module(code)).statements[0]
    assert isinstance(function, ir.FunctionDef)
    scope = Scope(function.body, LIBRARY, OUTSIDE, function.parameters)
    unlikely = function_slice(scope, Targets(names={"make"}), Use.TARGETS).unlikely
    found = {lines_of(code, frozenset({one}))[0]: " ".join(sorted(names)) for one, names in unlikely.items()}
    stated = (line.strip().split("  # ") for line in code.splitlines() if "  # " in line)
    assert found == {line[0]: line[1] for line in stated}


def test_a_name_that_is_not_bound_has_no_slice() -> None:
    scope = Scope(lower_module(cst.parse_module("y = 1\n")), LIBRARY, OUTSIDE)
    assert not name_slice(scope, "x").statements


def marked(code: str) -> list[str]:
    return [line.partition("#")[0].strip() for line in code.splitlines() if line.endswith("# run")]


def lines_of(code: str, statements: frozenset[ir.Statement]) -> list[str]:
    """The first line of each statement, in the order of the source."""
    module = cst.Module([])
    heads = {module.code_for_node(one.origin).strip().splitlines()[0].partition("#")[0].strip() for one in statements}
    lines = [line.partition("#")[0].strip() for line in code.splitlines()]
    return [line for line in lines if line in heads]
