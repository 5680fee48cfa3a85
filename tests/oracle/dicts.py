"""Generates dicts of arguments: how they are created and changed."""

from __future__ import annotations

from .conditions import condition, environment
from .draft import Draft, Lines, Scope, block

STATEMENT = "statement_cache_size"
PREPARED = "prepared_statement_cache_size"
SIZES = (STATEMENT, PREPARED)

# --- values ---


def size(draft: Draft) -> str:
    """A value for one of the two sizes: 0 for the most part."""
    kind = draft.choices.weighted(
        (
            (40, "0"),
            (3, "None"),
            (2, "False"),
            (4, "100"),
            (2, "50"),
            (2, '"0"'),
            (1, "-1"),
            (1, "int(False)"),
            (3, "choice"),
            (2, "environment"),
            (1, "unknown"),
            (2, "constant"),
        )
    )
    if kind == "choice":
        return f"0 if {environment(draft)} else {draft.choices.one(('100', '0', '50'))}"
    if kind == "unknown":
        return 'int(os.environ["CACHE"])' if draft.variable("CACHE", "0", "20") else "0"
    if kind == "environment":
        if draft.override("STATEMENTS", "0", "20"):
            default = draft.choices.one(("0", "0", "100"))
            return f'int(os.environ.get("STATEMENTS", "{default}"))'
        return "0"
    if kind == "constant":
        return draft.helper(
            "size", "SIZE", "CACHED", lines=lambda name: [f"{name} = {draft.choices.one(('0', '0', '100'))}"]
        )
    return kind


def off(draft: Draft) -> str:
    """A global dict with both sizes, or with one of them."""

    def lines(name: str) -> Lines:
        items = draft.choices.weighted(((6, SIZES), (1, SIZES[:1]), (1, SIZES[1:])))
        return [f"{name} = {{" + ", ".join(f'"{key}": 0' for key in items) + "}"]

    return draft.helper("off", "OFF", "NO_CACHE", "QUIET_ARGS", lines=lines)


def keys(draft: Draft) -> str:
    def lines(name: str) -> Lines:
        written = f'("{STATEMENT}", "{PREPARED}")'
        return [f"{name} = {draft.choices.one((written, written, '[' + written[1:-1] + ']'))}"]

    return draft.helper("keys", "KEYS", "SIZES", "CACHE_KEYS", lines=lines)


def _item(draft: Draft) -> tuple[str, str]:
    """A key of `connect_args` and its value."""
    choices = draft.choices
    key = choices.weighted(
        ((8, STATEMENT), (8, PREPARED), (2, "timeout"), (2, "command_timeout"), (1, "check_same_thread"))
    )
    if key in SIZES:
        return key, size(draft)
    return key, {"timeout": "10", "command_timeout": "30", "check_same_thread": "False"}[key]


def _items(draft: Draft, most: int = 3) -> list[tuple[str, str]]:
    if draft.choices.chance(35):
        return [(key, "0") for key in SIZES]
    items = dict(_item(draft) for _ in range(draft.choices.between(0, most)))
    return list(items.items())


def display(items: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f'"{key}": {value}' for key, value in items) + "}"


def _keywords(items: list[tuple[str, str]]) -> str:
    return ", ".join(f"{key}={value}" for key, value in items)


# --- a dict for connect_args ---


def args(scope: Scope) -> str:
    """An expression for a new dict, for the most part."""
    draft, choices = scope.draft, scope.choices
    items = _items(draft)
    form = choices.weighted(
        (
            (14, "display"),
            (4, "dict"),
            (4, "copy of off"),
            (3, "spread"),
            (3, "union"),
            (3, "comprehension"),
            (3, "conditional"),
            (4, "derived"),
            (3, "maker"),
            (2, "class"),
        )
    )
    if form == "dict":
        return f"dict({_keywords(items)})"
    if form == "copy of off":
        return _copy(draft, off(draft))
    if form == "spread":
        return f"{{**{off(draft)}, {display(items)[1:]}" if items else f"{{**{off(draft)}}}"
    if form == "union":
        return choices.one((f"{off(draft)} | {display(items)}", f"{display(items)} | {off(draft)}"))
    if form == "comprehension":
        return _comprehension(draft)
    if form == "conditional":
        return f"{display(items)} if {condition(scope)} else {display(_items(draft))}"
    if form == "derived" and scope.args:
        return _derived(scope, choices.one(scope.args))
    if form == "maker":
        return _maker(scope)
    if form == "class":
        return _attribute(draft)
    return display(items)


def _copy(draft: Draft, original: str) -> str:
    form = draft.choices.one(("dict({})", "{}.copy()", "{{**{}}}", "copy.copy({})", "deepcopy({})", "dict({}.items())"))
    if form.startswith("copy."):
        draft.use_module("copy")
    if form.startswith("deepcopy"):
        draft.use("copy", "deepcopy")
    return form.format(original)


def _comprehension(draft: Draft) -> str:
    names = keys(draft)
    return draft.choices.one(
        (
            f"{{key: 0 for key in {names}}}",
            f"dict.fromkeys({names}, 0)",
            f"dict.fromkeys({names}, {size(draft)})",
            f"dict(zip({names}, (0, 0)))",
            f"{{key: value for key, value in {off(draft)}.items()}}",
            f'{{key: 0 for key in {names} if key.startswith("prepared")}}',
            f"dict((key, 0) for key in {names})",
        )
    )


def _derived(scope: Scope, original: str) -> str:
    items = display(_items(scope.draft, 2))
    return scope.choices.one(
        (
            _copy(scope.draft, original),
            f"{{**{original}, {items[1:]}",
            f"{original} | {items}",
            f"{{key: value for key, value in {original}.items() if value is not None}}",
            f"{original} or {items}",
        )
    ).replace(", }", "}")


def _maker(scope: Scope) -> str:
    draft = scope.draft

    def lines(name: str) -> Lines:
        return draft.choices.made(
            lambda: [f"def {name}() -> dict:", f"    return {display(_items(draft))}"],
            lambda: [
                f"def {name}(size: int | None = 0) -> dict:",
                "    if size is None:",
                "        return {}",
                f'    return {{"{STATEMENT}": size, "{PREPARED}": size}}',
            ],
            lambda: [
                f"def {name}(**extra) -> dict:",
                f"    made = {display(_items(draft))}",
                "    made.update(extra)",
                "    return made",
            ],
            lambda: [
                f"def {name}(made: dict = {display(_items(draft, 1))}) -> dict:",
                f'    made["{draft.choices.one(SIZES)}"] = 0',
                "    return made",
            ],
            lambda: [
                f"def {name}() -> dict:",
                f"    if {environment(draft)}:",
                f"        return {display(_items(draft))}",
                f"    return {_copy(draft, off(draft))}",
            ],
        )

    return f"{draft.helper('maker', 'driver_args', 'base_args', 'asyncpg_args', lines=lines)}()"


def _attribute(draft: Draft) -> str:
    def lines(name: str) -> Lines:
        items = display(_items(draft))
        return draft.choices.made(
            lambda: [f"class {name}:", f"    args = {items}"],
            lambda: [f"class {name}:", "    def __init__(self) -> None:", f"        self.args = {items}"],
            lambda: [
                f"@{draft.use('dataclasses', 'dataclass')}",
                f"class {name}:",
                f"    args: dict = {draft.use('dataclasses', 'field')}(default_factory=lambda: {items})",
            ],
            lambda: [
                f"class {name}Base:",
                f"    args = {items}",
                "",
                "",
                f"class {name}({name}Base):",
                "    def quiet(self) -> None:",
                f'        self.args["{STATEMENT}"] = 0',
            ],
            lambda: [
                f"class {name}:",
                "    @property",
                "    def args(self) -> dict:",
                f"        return {items}",
            ],
        )

    return f"{draft.helper('args class', 'Driver', 'Defaults', lines=lines)}().args"


# --- a dict of keywords for an engine function ---


def options(scope: Scope) -> tuple[str, bool]:
    """An expression for a new dict of keywords, and whether it holds `connect_args`."""
    draft, choices = scope.draft, scope.choices
    items: list[tuple[str, str]] = []
    if choices.chance(70):
        items.append(("pool_pre_ping", choices.weighted(((12, "True"), (2, "False")))))
    if choices.chance(20):
        items.append(("echo", "False"))
    if choices.chance(15):
        items.append(pool(draft))
    has_args = choices.chance(50)
    if has_args:
        items.append(("connect_args", choices.one(scope.args) if scope.args and choices.chance(40) else args(scope)))
    form = choices.weighted(((6, "display"), (2, "dict"), (1, "spread"), (1, "copy")))
    if form == "dict":
        return f"dict({_keywords(items)})", has_args
    if form == "spread" and scope.options:
        base = choices.one(list(scope.options))
        return f"{{**{base}, {display(items)[1:]}".replace(", }", "}"), has_args or scope.options[base]
    if form == "copy" and scope.options:
        base = choices.one(list(scope.options))
        return _copy(draft, base), scope.options[base]
    return display(items), has_args


def pool(draft: Draft) -> tuple[str, str]:
    """A keyword that chooses or sizes the pool."""
    kind = draft.choices.weighted(
        ((4, "NullPool"), (1, "StaticPool"), (1, "AsyncAdaptedQueuePool"), (3, "pool_size"), (1, "max_overflow"))
    )
    if kind in ("pool_size", "max_overflow"):
        return kind, "5"
    return "poolclass", draft.use("sqlalchemy.pool", kind)


# --- changes ---


def change_args(scope: Scope, target: str) -> Lines:
    """Statements that change a dict for `connect_args`."""
    draft, choices = scope.draft, scope.choices
    key, value = _item(draft)
    items = _items(draft, 2)
    form = choices.weighted(
        (
            (12, "item"),
            (5, "both items"),
            (5, "update"),
            (3, "update dict"),
            (4, "setdefault"),
            (2, "union"),
            (2, "pop"),
            (1, "del"),
            (1, "clear"),
            (4, "loop over keys"),
            (2, "loop over items"),
            (2, "while"),
            (1, "setitem"),
        )
    )
    if form == "both items":
        return [f'{target}["{one}"] = 0' for one in SIZES]
    if form == "update" and items:
        return [f"{target}.update({_keywords(items)})"]
    if form == "update dict":
        return [f"{target}.update({choices.one((display(items), off(draft)))})"]
    if form == "setdefault":
        return [f'{target}.setdefault("{key}", {value})']
    if form == "union" and scope.rebinds and target.isidentifier():
        return [f"{target} |= {choices.one((display(items), off(draft)))}"]
    if form == "pop":
        return [f'{target}.pop("{key}", None)']
    if form == "del":
        return block(f'if "{key}" in {target}:', [f'del {target}["{key}"]'])
    if form == "clear":
        return [f"{target}.clear()", f"{target}.update({off(draft)})"]
    if form == "loop over keys":
        return block(
            f"for key in {keys(draft)}:",
            [choices.one((f"{target}[key] = 0", f"{target}.setdefault(key, 0)", f"{target}[key] = {value}"))],
        )
    if form == "loop over items":
        return block(
            f"for key, value in {choices.one((off(draft), display(items)))}.items():", [f"{target}[key] = value"]
        )
    if form == "while":
        pending = draft.fresh("pending", "left")
        return [f"{pending} = list({keys(draft)})", *block(f"while {pending}:", [f"{target}[{pending}.pop()] = 0"])]
    if form == "setitem":
        return [f'{target}.__setitem__("{key}", {value})']
    return [f'{target}["{key}"] = {value}']


def change_options(scope: Scope, target: str, *, has_args: bool) -> Lines:
    """Statements that change a dict of keywords for an engine function."""
    draft, choices = scope.draft, scope.choices
    inner = f'{target}["connect_args"]'
    if has_args and choices.chance(45):
        return change_args(scope.inner(rebinds=False), inner)
    given = choices.one(scope.args) if scope.args and choices.chance(35) else args(scope)
    keyword = ("pool_pre_ping", "True") if choices.chance(70) else pool(draft)
    form = choices.weighted(
        (
            (8, "connect_args"),
            (3, "keyword"),
            (3, "update"),
            (5, "setdefault"),
            (2, "setdefault item"),
            (2, "union"),
            (1, "pop"),
            (1, "extend"),
        )
    )
    if form == "keyword":
        return [f'{target}["{keyword[0]}"] = {keyword[1]}']
    if form == "update":
        pinged = _keywords([keyword])
        return [f"{target}.update({choices.one((f'connect_args={given}', pinged, f'{pinged}, connect_args={given}'))})"]
    if form == "setdefault":
        found = draft.fresh("found", "inner", "driver")
        return [f'{found} = {target}.setdefault("connect_args", {{}})', *change_args(scope.inner(), found)]
    if form == "setdefault item":
        key, value = _item(draft)
        return [f'{target}.setdefault("connect_args", {{}})["{key}"] = {value}']
    if form == "union" and scope.rebinds and target.isidentifier():
        return [f'{target} |= {{"connect_args": {given}}}']
    if form == "pop":
        return [f'{target}.pop("{choices.one(("echo", "pool_size", "pool_pre_ping"))}", None)']
    if form == "extend":
        more = display(_items(draft, 2))[1:]
        return [f'{inner} = {{**{target}.get("connect_args", {{}}), {more}'.replace(", }", "}")]
    return [f"{inner} = {given}"]
