"""Generates the statements between a dict and the engine that gets it."""

from __future__ import annotations

from collections.abc import Callable

from . import aliases, dicts
from .conditions import condition, environment
from .draft import Draft, Lines, Scope, block, indent

DEEPEST = 3


def statements(scope: Scope, least: int, most: int) -> Lines:
    lines: Lines = []
    for _ in range(scope.choices.between(least, most)):
        lines += statement(scope)
    return lines


def statement(scope: Scope) -> Lines:
    if not scope.args and not scope.options:
        return new_dict(scope)
    kinds = _DEEP if scope.depth >= DEEPEST else _ALL
    return scope.choices.weighted(kinds)(scope)


def new_dict(scope: Scope) -> Lines:
    """Bind a new name to a dict, or one of the names that there are."""
    draft, choices = scope.draft, scope.choices
    annotation = ": dict" if choices.chance(15) else ""
    if choices.chance(50):
        value = dicts.args(scope)
        name = draft.fresh("args", "connect_args", "driver_args", "extra")
        scope.args.append(name)
        return [f"{name}{annotation} = {value}"]
    value, has_args = dicts.options(scope)
    name = draft.fresh("options", "keywords", "settings", "engine_options")
    scope.options[name] = has_args
    return [f"{name}{annotation} = {value}"]


def change(scope: Scope) -> Lines:
    """Change one of the dicts, under its own name."""
    target, is_args = _pick(scope)
    if is_args:
        return dicts.change_args(scope, target)
    lines = dicts.change_options(scope, target, has_args=scope.options[target])
    if f'{target}["connect_args"]' in lines[-1].partition(" = ")[0] and not lines[-1].startswith(" "):
        scope.options[target] = True
    return lines


def aliased(scope: Scope) -> Lines:
    """Change one of the dicts under a second name, at times a third."""
    target, is_args = _pick(scope)
    has_args = not is_args and scope.options[target]
    if has_args and scope.choices.chance(50):
        target, is_args = scope.choices.one((f'{target}["connect_args"]', f'{target}.get("connect_args", {{}})')), True

    def body(name: str, *, local: bool = True) -> Lines:
        inner = scope.inner(rebinds=local)
        if scope.depth < DEEPEST and scope.choices.chance(12):
            return aliases.alias(inner, name, body)
        if is_args:
            return dicts.change_args(inner, name)
        return dicts.change_options(inner, name, has_args=has_args)

    return aliases.alias(scope, target, body)


def helped(scope: Scope) -> Lines:
    """Have a function of the program change one of the dicts, or give another one."""
    target, is_args = _pick(scope)
    draft, choices = scope.draft, scope.choices
    if draft.has_begun("quietener" if is_args else "configurer"):
        return change(scope)
    if not is_args:
        helper = draft.helper(
            "configurer", "configure_options", "tuned", "with_defaults", lines=lambda name: _options_helper(draft, name)
        )
    else:
        helper = draft.helper(
            "quietener", "quiet", "disable_cache", "without_cache", lines=lambda name: _args_helper(draft, name)
        )
    if scope.rebinds and target.isidentifier() and choices.chance(60):
        return [f"{target} = {helper}({target})"]
    if choices.chance(20):
        return [f"if {helper}({target}) is not None:", "    pass"]
    if choices.chance(15):
        return [f"list(map({helper}, [{target}]))"]
    return [f"{helper}({target})"]


def _args_helper(draft: Draft, name: str) -> Lines:
    """A function that takes a dict for `connect_args`, changes or copies it, and returns it or the copy."""
    choices = draft.choices
    scope = Scope(draft, url='"postgresql+asyncpg://"', args=["args"])
    lines: Lines = []
    if choices.chance(25):
        lines += block(f"if {choices.one(('not args', environment(draft), 'len(args) > 3'))}:", ["return args"])
    if choices.chance(25):
        lines.append(f"args = {choices.one(('dict(args)', '{**args}', 'args.copy()'))}")
    lines += statements(scope.inner(), 1, 2) if choices.chance(40) else dicts.change_args(scope, "args")
    lines.append("return args")
    signature = choices.one(("args", "args: dict", "args, size=0", "args=None, *rest"))
    if signature.startswith("args="):
        lines = [*block("if args is None:", ["args = {}"]), *lines]
    return block(f"def {name}({signature}):", lines)


def _options_helper(draft: Draft, name: str) -> Lines:
    choices = draft.choices
    scope = Scope(draft, url='"postgresql+asyncpg://"', options={"options": False})
    lines: Lines = []
    if choices.chance(20):
        lines += block(f"if {choices.one((environment(draft), 'not options'))}:", ["return options"])
    if choices.chance(25):
        lines.append(f"options = {choices.one(('dict(options)', '{**options}', 'options.copy()'))}")
    lines += (
        statements(scope.inner(), 1, 2)
        if choices.chance(40)
        else dicts.change_options(scope, "options", has_args=False)
    )
    lines.append("return options")
    return block(f"def {name}({choices.one(('options', 'options: dict', 'options, echo=False'))}):", lines)


def rebound(scope: Scope) -> Lines:
    """Give one of the names another dict: what else is called by the old one stays."""
    names = [name for name in (*scope.args, *scope.options) if name.isidentifier()]
    if not names or not scope.rebinds:
        return new_dict(scope)
    name = scope.choices.one(names)
    if name in scope.args:
        return [f"{name} = {dicts.args(scope)}"]
    value, scope.options[name] = dicts.options(scope)
    return [f"{name} = {value}"]


def branch(scope: Scope) -> Lines:
    lines = block(f"if {condition(scope)}:", statements(scope.inner(), 1, 2))
    if scope.choices.chance(12):
        lines += block(f"elif {condition(scope)}:", statements(scope.inner(), 1, 1))
    if scope.choices.chance(40):
        lines += block("else:", statements(scope.inner(), 1, 2))
    return lines


def matched(scope: Scope) -> Lines:
    if not scope.draft.variable("MODE", "fast", "slow", "other"):
        return branch(scope)
    cases = block('case "fast":', statements(scope.inner(), 1, 1))
    if scope.choices.chance(50):
        cases += block('case "slow" | "safe":', statements(scope.inner(), 1, 1))
    if scope.choices.chance(50):
        cases += block("case _:", statements(scope.inner(), 1, 1))
    subject = scope.choices.one(('os.environ.get("MODE")', 'os.getenv("MODE", "fast")'))
    return [f"match {subject}:", *indent(cases)]


def attempted(scope: Scope) -> Lines:
    """`try`, around something that raises, may raise or never does."""
    choices, draft = scope.choices, scope.draft
    target, is_args = _pick(scope)
    key = choices.one(("statement_cache_size", "timeout", "echo", "missing"))
    risky: list[str] = [f'{target}.pop("{key}")', f'{target}["{key}"]', f'del {target}["{key}"]', "pass"]
    if draft.variable("STRICT", "1"):
        risky.append('os.environ["STRICT"]')
    caught = choices.weighted(
        (
            (5, "except KeyError:"),
            (3, "except Exception:"),
            (2, "except (KeyError, ValueError, AssertionError):"),
            (1, "except ValueError:"),
        )
    )
    if choices.chance(20):
        # What is sure to raise should be caught, for the most part, or nothing happens at all.
        risky = ['raise KeyError("missing")']
        if "ValueError" in caught or "Exception" in caught:
            risky.append('int("many")')
        if caught == "except ValueError:":
            risky = ['int("many")']
    first = [choices.one(risky)]
    change_ = (
        dicts.change_args(scope.inner(), target)
        if is_args
        else dicts.change_options(scope.inner(), target, has_args=scope.options[target])
    )
    body = choices.one(([*first, *change_], [*change_, *first], change_))
    lines = [*block("try:", body), *block(caught, statements(scope.inner(), 1, 1) if choices.chance(70) else ["pass"])]
    if choices.chance(25):
        lines += block("else:", statements(scope.inner(), 1, 1))
    if choices.chance(25):
        lines += block("finally:", statements(scope.inner(), 1, 1))
    return lines


def suppressed(scope: Scope) -> Lines:
    target, is_args = _pick(scope)
    suppress = scope.draft.use("contextlib", "suppress")
    inner = scope.inner()
    more = (
        dicts.change_args(inner, target)
        if is_args
        else dicts.change_options(inner, target, has_args=scope.options[target])
    )
    key = scope.choices.one(("timeout", "echo"))
    return block(f"with {suppress}(KeyError):", [f'del {target}["{key}"]', *more])


def looped(scope: Scope) -> Lines:
    """A loop that runs a known number of times, with ways out of it."""
    choices = scope.choices
    form = choices.one(("range", "keys", "while", "else"))
    inner = scope.inner()
    if form == "range":
        name = scope.draft.fresh("attempt", "number")
        body = [*statements(inner, 1, 1), *_way_out(scope, f"{name} == 0")]
        times = choices.weighted(((4, "2"), (2, "1"), (1, "0")))
        return block(f"for {name} in range({times}):", body)
    if form == "while":
        name = scope.draft.fresh("tries", "count")
        body = [f"{name} += 1", *statements(inner, 1, 1), *_way_out(scope, f"{name} > 1")]
        return [f"{name} = 0", *block(f"while {name} < {choices.one(('1', '2'))}:", body)]
    name = scope.draft.fresh("key", "item")
    target, is_args = _pick(scope)
    sought = choices.one(("timeout", "statement_cache_size", "missing"))
    asked = f'{name} == "{sought}"'
    body = block(
        f"if {asked}:",
        [*(dicts.change_args(inner.inner(), target) if is_args else [f'{target}["echo"] = True']), "break"],
    )
    lines = block(f"for {name} in {dicts.keys(scope.draft)}:", body)
    if form == "else":
        lines += block("else:", statements(scope.inner(), 1, 1))
    return lines


def _way_out(scope: Scope, asked: str) -> Lines:
    kind = scope.choices.weighted(((5, ""), (2, "break"), (1, "continue")))
    if not kind:
        return []
    return ["break"] if kind == "break" and scope.choices.chance(40) else block(f"if {asked}:", [kind])


def refused(scope: Scope) -> Lines:
    """Raise in one environment."""
    if not scope.draft.variable("APP_ENV", "test", "production"):
        return small(scope)
    asked = scope.choices.one(('os.environ.get("APP_ENV") == "staging"', 'os.environ.get("APP_ENV") == "test"'))
    return scope.choices.one((block(f"if {asked}:", ['raise RuntimeError("not here")']), [f"assert not {asked}"]))


def in_outer_scope(scope: Scope) -> Lines:
    """A function that binds a name of the scope around it, in some environments or for some URLs only."""
    names = [name for name in (*scope.args, *scope.options) if name.isidentifier()]
    if scope.outer is None or scope.depth or not names:
        return change(scope)
    name = scope.choices.one(names)
    function = scope.draft.fresh("reset", "renew")
    value = dicts.args(scope) if name in scope.args else dicts.options(scope)[0]
    lines = [f"{name} = {value}"]
    for _ in range(scope.choices.between(0, 2)):
        lines = block(f"if {condition(scope)}:", lines)
    return [*block(f"def {function}():", [f"{scope.outer} {name}", *lines]), "", f"{function}()"]


def small(scope: Scope) -> Lines:
    """What changes nothing."""
    target, _ = _pick(scope)
    return [
        scope.choices.one(
            (
                f"assert isinstance({target}, dict)",
                f"print(len({target}))",
                f"len({target})",
                f"{target}.items()",
                f"str({target})",
                f"sorted({target})",
            )
        )
    ]


def _pick(scope: Scope) -> tuple[str, bool]:
    """One of the dicts, and whether it is one for `connect_args`."""
    name = scope.choices.one([*scope.args, *scope.options])
    return name, name in scope.args


Kind = Callable[[Scope], Lines]
_FLAT: tuple[tuple[int, Kind], ...] = ((7, change), (8, aliased), (4, helped), (3, new_dict), (2, rebound), (1, small))
_DEEP = ((7, change), (1, helped), (1, rebound), (1, small))
_ALL: tuple[tuple[int, Kind], ...] = (
    *_FLAT,
    (6, branch),
    (1, matched),
    (3, attempted),
    (1, suppressed),
    (2, looped),
    (1, refused),
    (2, in_outer_scope),
)
