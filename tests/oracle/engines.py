"""Generates programs that create engines: where they do so, and how the functions are called."""

from __future__ import annotations

from collections.abc import Callable

from . import dicts, urls
from .conditions import condition
from .draft import ASYNC_ENGINES, Draft, Lines, Scope, block
from .statements import new_dict, statements

# --- the call ---


def engine_function(draft: Draft) -> str:
    """A name of `create_async_engine` itself."""
    form = draft.choices.weighted(((16, "plain"), (2, "alias"), (2, "module"), (1, "renamed")))
    if form == "alias":
        draft.use(ASYNC_ENGINES, "create_async_engine as make_engine")
        return "make_engine"
    if form == "module":
        draft.use_module(f"{ASYNC_ENGINES} as sa_asyncio")
        return "sa_asyncio.create_async_engine"
    if form == "renamed":
        return draft.helper(
            "renamed", "new_engine", lines=lambda name: [f"{name} = {draft.use(ASYNC_ENGINES, 'create_async_engine')}"]
        )
    return draft.use(ASYNC_ENGINES, "create_async_engine")


def call(scope: Scope) -> str:
    """An expression that makes an engine out of what is in reach."""
    draft, choices = scope.draft, scope.choices
    if draft.call is not None:
        return draft.call(scope)
    if choices.chance(3) and not scope.url_object:
        return _from_config(scope)
    function = choices.weighted(((12, engine_function), (4, wrapper), (1, partial)))(draft)
    return written_call(draft, function, [scope.url, *_arguments(scope)])


def written_call(draft: Draft, function: str, arguments: list[str]) -> str:
    """A call, in one line or with each argument in a line of its own."""
    if draft.choices.chance(70):
        return f"{function}({', '.join(arguments)})"
    return f"{function}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def _arguments(scope: Scope) -> list[str]:
    choices = scope.choices
    options = [(name, has) for name, has in scope.options.items()]
    plain = [] if choices.chance(15) else ["pool_pre_ping=True"]
    if options and (not scope.args or choices.chance(65)):
        name, has_args = choices.one(options)
        form = choices.weighted(((10, "spread"), (2, "spread copy"), (2, "with args"), (1, "literal")))
        if form == "with args" and not has_args and scope.args:
            return [f"**{name}", f"connect_args={choices.one(scope.args)}"]
        if form == "spread copy":
            return [f'**{{**{name}, "echo": False}}']
        if form == "literal":
            return [*plain, f'connect_args={name}.get("connect_args", {{}})']
        return [f"**{name}"]
    if choices.chance(8):
        plain.append("=".join(dicts.pool(scope.draft)))
    if choices.chance(4):
        plain.append(f"{choices.one(dicts.SIZES)}=0")
    if not scope.args or choices.chance(8):
        return [*plain, *([f"connect_args={dicts.args(scope)}"] if choices.chance(40) else [])]
    name = choices.one(scope.args)
    form = choices.weighted(
        (
            (10, "{}"),
            (2, "dict({})"),
            (2, "{{**{}}}"),
            (1, '{{**{}, "timeout": 5}}'),
            (1, '{} | {{"timeout": 5}}'),
            (1, "{} or {{}}"),
        )
    )
    return [*plain, f"connect_args={form.format(name)}"]


def _from_config(scope: Scope) -> str:
    function = scope.draft.use(ASYNC_ENGINES, "async_engine_from_config")
    items = [f'"sqlalchemy.url": {scope.url}']
    if scope.args:
        items.append(f'"sqlalchemy.connect_args": {scope.choices.one(scope.args)}')
    return written_call(scope.draft, function, ["{" + ", ".join(items) + "}", "pool_pre_ping=True"])


def wrapper(draft: Draft) -> str:
    """A function of the program that makes the engine."""
    choices = draft.choices

    def lines(name: str) -> Lines:
        function = engine_function(draft)
        return choices.made(
            lambda: block(f"def {name}(url, **options):", [*_on_options(draft), f"return {function}(url, **options)"]),
            lambda: block(
                f"def {name}(url, connect_args=None, **options):",
                [f"return {function}(url, connect_args=connect_args or {{}}, **options)"],
            ),
            lambda: block(
                f"def {name}(url, connect_args=None, **options):",
                [
                    *block(
                        "if connect_args is None:",
                        [f"connect_args = {dicts.display([(key, '0') for key in dicts.SIZES])}"],
                    ),
                    f"return {function}(url, connect_args=connect_args, **options)",
                ],
            ),
            lambda: block(f"def {name}(*positional, **options):", [f"return {function}(*positional, **options)"]),
            lambda: [
                *_decorator(draft),
                *block(f"def {name}(url, **options):", [f"return {function}(url, **options)"]),
            ],
            lambda: block(
                f"def {name}(url, **options):",
                [
                    *block(
                        'if str(url).startswith("sqlite"):',
                        ['options.pop("connect_args", None)', f"return {function}(url, **options)"],
                    ),
                    f"return {function}(url, **options)",
                ],
            ),
            lambda: (
                block(f"async def {name}_soon(url, **options):", [f"return {function}(url, **options)"])
                + block(
                    f"def {name}(url, **options):",
                    [f"return {draft.use_module('asyncio')}.run({name}_soon(url, **options))"],
                )
            ),
            lambda: [
                *block(
                    f"class {_camel(name)}:",
                    block("def __init__(self, url, **options) -> None:", [f"self.engine = {function}(url, **options)"]),
                ),
                *block(f"def {name}(url, **options):", [f"return {_camel(name)}(url, **options).engine"]),
            ],
        )

    return draft.helper("wrapper", "make", "build", "connect_to", lines=lines)


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _on_options(draft: Draft) -> Lines:
    if draft.choices.chance(40):
        return []
    scope = Scope(draft, url="url", url_object=False, options={"options": False})
    scope.url = "str(url)"
    return statements(scope.inner(), 1, 2)


def _decorator(draft: Draft) -> Lines:
    def lines(name: str) -> Lines:
        scope = Scope(draft, url='"postgresql+asyncpg://"', options={"options": False}, depth=2)
        inner = block(
            "def inner(url, **options):",
            [*dicts.change_options(scope, "options", has_args=False), "return function(url, **options)"],
        )
        if draft.choices.chance(50):
            inner = [f"@{draft.use('functools', 'wraps')}(function)", *inner]
        return block(f"def {name}(function):", [*inner, "", "return inner"])

    return [f"@{draft.helper('decorator', 'quietly', 'configured', lines=lines)}"]


def partial(draft: Draft) -> str:
    """`functools.partial` of the engine function."""

    def lines(name: str) -> Lines:
        items = draft.choices.one(("pool_pre_ping=True", f"pool_pre_ping=True, connect_args={dicts.off(draft)}"))
        return [f"{name} = {draft.use('functools', 'partial')}({engine_function(draft)}, {items})"]

    return draft.helper("partial", "pinged", "default_engine", lines=lines)


# --- where it stands ---


def scenario(draft: Draft) -> Lines:
    """One piece of the program that makes an engine, mostly one."""
    return draft.choices.weighted(_SCENARIOS)(draft)


def _work(scope: Scope, least: int = 1, most: int = 4) -> Lines:
    lines = new_dict(scope) if not scope.args and not scope.options else []
    return lines + statements(scope, least, most)


def at_module_level(draft: Draft) -> Lines:
    scope = Scope(draft, *urls.bound_url(draft), outer="global")
    lines = _work(scope)
    return [*lines, f"{draft.fresh('engine', 'database', 'main')} = {call(scope)}"]


def in_sequence(draft: Draft) -> Lines:
    """Two engines out of the same dicts, which change in between."""
    scope = Scope(draft, *urls.bound_url(draft), outer="global")
    lines = [*_work(scope, 0, 2), f"{draft.fresh('engine', 'first', 'main')} = {call(scope)}"]
    return [*lines, *statements(scope, 1, 2), f"{draft.fresh('second', 'replica')} = {call(scope)}"]


def in_branches(draft: Draft) -> Lines:
    """An engine in each of two branches."""
    scope = Scope(draft, *urls.bound_url(draft))
    lines = _work(scope, 0, 2)
    engine = draft.fresh("engine", "database", "main")
    one, two = scope.inner(), scope.inner()
    lines += block(f"if {condition(scope)}:", [*statements(one, 0, 2), f"{engine} = {call(one)}"])
    return lines + block("else:", [*statements(two, 0, 2), f"{engine} = {call(two)}"])


def in_function(draft: Draft) -> Lines:
    url, is_object = urls.bound_url(draft)
    name = draft.fresh("create", "new_database", "open_database", "start")
    choices = draft.choices
    parameters: list[str] = []
    given: list[str] = []
    body: Lines = []
    scope = Scope(draft, url, is_object, outer="nonlocal")
    if choices.chance(40):
        parameters.append(choices.one(("url", f"url={url}")))
        given += [url] if parameters[0] == "url" or choices.chance(30) else []
        scope.url = "url"
    if choices.chance(25):
        args = draft.fresh("args", "connect_args")
        parameters.append(choices.one((f"{args}=None", f"*, {args}=None")))
        scope.args.append(args)
        body = choices.one(
            (
                block(f"if {args} is None:", [f"{args} = {{}}"]),
                [f"{args} = {args} or {{}}"],
                [f"{args} = dict({args} or {{}})"],
            )
        )
    if choices.chance(25):
        options = draft.fresh("options", "keywords", "more")
        parameters.append(f"**{options}")
        scope.options[options] = False
        given += choices.one(([], ["echo=False"], ["pool_pre_ping=True"]))
    body += _work(scope)
    kind = choices.weighted(((8, "def"), (2, "async def"), (1, "nested"), (1, "generator")))
    if kind != "generator" and choices.chance(15):
        early = scope.inner()
        body += block(f"if {condition(scope)}:", [*statements(early, 0, 1), f"return {call(early)}"])
    if kind == "nested":
        inner = draft.fresh("inner", "connect")
        body += [*block(f"def {inner}():", [f"return {call(scope)}"]), "", f"return {inner}()"]
    elif kind == "generator":
        body.append(f"yield {call(scope)}")
    else:
        body.append(f"return {call(scope)}")
    draft.define(block(f"{kind if kind == 'async def' else 'def'} {name}({', '.join(parameters)}):", body))
    used = f"{name}({', '.join(given)})"
    if kind == "async def":
        used = f"{draft.use_module('asyncio')}.run({used})"
    if kind == "generator":
        used = f"next({used})"
    return [f"{draft.fresh('engine', 'database', 'main')} = {used}"]


def in_class(draft: Draft) -> Lines:
    """A class that holds the dicts as attributes, of itself or of its instances, and makes the engine of them."""
    choices = draft.choices
    url, is_object = urls.bound_url(draft)
    name = draft.fresh("Database", "Store", "Repository")
    of_class = choices.chance(50)
    kept = Scope(draft, url, is_object)
    value, has_args = dicts.options(kept)
    args = dicts.args(kept)
    scope = Scope(draft, url, is_object, args=["self.args"], options={"self.options": has_args}, rebinds=False)
    body: Lines = []
    start = statements(scope.inner(), 0, 2)
    if of_class:
        body += [f"options = {value}", f"args = {args}", ""]
    else:
        start = [f"self.options = {value}", f"self.args = {args}", *start]
    if has_args and choices.chance(40):
        start.append('self.args = self.options["connect_args"]')
    if choices.chance(60):
        method = draft.fresh("configure", "prepare", "adjust")
        start.append(f"self.{method}()")
        body += [*block(f"def {method}(self):", statements(scope.inner(), 1, 2)), ""]
    if choices.chance(60):
        body += block("def __init__(self):", [*start, f"self.engine = {call(scope)}"])
        used = f"{name}().engine"
    else:
        opened = choices.one(("@property", ""))
        body += [
            *block("def __init__(self):", start),
            "",
            *([opened] if opened else []),
            *block("def engine(self):", [f"return {call(scope)}"]),
        ]
        used = f"{name}().engine" if opened else f"{name}().engine()"
    lines = block(f"class {name}:", body)
    if choices.chance(20):
        child = draft.fresh("Replica", "Main")
        own = choices.one(
            (
                ["pass"],
                [f"args = {dicts.args(kept)}"],
                block("def __init__(self):", ['self.args["timeout"] = 10', "super().__init__()"])
                if of_class
                else ["pass"],
            )
        )
        lines += block(f"class {child}({name}):", own)
        used = used.replace(name, child)
    draft.define(lines)
    return [f"{draft.fresh('engine', 'database', 'main')} = {used}"]


def other_driver(draft: Draft) -> Lines:
    """A synchronous engine beside the others, that shares their dicts at times."""
    choices = draft.choices
    url = choices.one(
        ('"postgresql+psycopg://app@db/app"', '"sqlite:///app.db"', f'"{urls.ASYNCPG}".replace("+asyncpg", "+psycopg")')
    )
    scope = Scope(draft, url)
    lines = _work(scope, 0, 2)
    function = draft.use("sqlalchemy", "create_engine")
    name = choices.one([*scope.args, *scope.options])
    given = f"connect_args={name}" if name in scope.args else f"**{name}"
    lines.append(f"{draft.fresh('legacy', 'reports', 'sync_engine')} = {function}({url}, {given})")
    other = choices.one((urls.ASYNCPG, urls.ASYNCPG, urls.SQLITE))
    echo = ", echo=False" if choices.chance(30) and name in scope.args else ""
    engine = draft.fresh("engine", "database", "main")
    return [*lines, f'{engine} = {engine_function(draft)}("{other}", {given}{echo})']


def by_driver(draft: Draft) -> Lines:
    """One function that makes engines of several drivers, called for each of them."""
    choices = draft.choices
    name = draft.fresh("create", "open_database", "connect")
    scope = Scope(draft, "url", options={"options": False})
    start, scope.options["options"] = dicts.options(Scope(draft, "url"))
    body = [f"options = {start}"]
    asked = choices.one(
        (
            'url.startswith("sqlite")',
            '"sqlite" in url',
            'url.startswith("sqlite+aiosqlite")',
            'make_url(url).get_backend_name() == "sqlite"',
            'not url.startswith("postgresql")',
        )
    )
    if "make_url" in asked:
        draft.use("sqlalchemy", "make_url")
    own = choices.one(
        (
            ['options["connect_args"] = {"check_same_thread": False}'],
            [f'options["poolclass"] = {draft.use("sqlalchemy.pool", "StaticPool")}'],
            ['options.pop("pool_size", None)'],
        )
    )
    body += block(f"if {asked}:", own)
    if choices.chance(60):
        body += block("else:", statements(scope.inner(), 1, 2))
    if choices.chance(30):
        body += statements(scope.inner(), 1, 1)
    body.append(f"return {engine_function(draft)}(url, **options)")
    draft.define(block(f"def {name}(url: str):", body))
    uses = [urls.from_environment(draft) if choices.chance(35) else f'"{urls.ASYNCPG}"']
    uses += [f'"{urls.SQLITE}"'] if choices.chance(70) else []
    return [f"{draft.fresh('engine', 'main', 'for_tests', 'local')} = {name}({url})" for url in uses]


Scenario = Callable[[Draft], Lines]
_SCENARIOS: tuple[tuple[int, Scenario], ...] = (
    (8, at_module_level),
    (3, in_sequence),
    (2, in_branches),
    (10, in_function),
    (4, in_class),
    (2, other_driver),
    (3, by_driver),
)
