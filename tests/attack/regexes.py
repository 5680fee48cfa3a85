"""Attacks every regular expression of the project with texts derived from its parse tree.

A backtracking expression is slow if a part that matches the same text in several ways, or that starts again at every
character, can be repeated, and the rest then fails. So an attack consists of a beginning, one piece many times, and an
end. The pieces are texts that any part of the expression matches. The time is measured as the text grows.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import fixer
import poolsafe
from poolsafe.checkout import changing_files, import_statements, mention_patterns, starting_files
from poolsafe.deployment import declared
from poolsafe.inference import import_changes

# Python 3.10 has them by other names, and no version describes their types.
_NEW = sys.version_info >= (3, 11)
sre: Any = importlib.import_module("re._constants" if _NEW else "sre_constants")
parser: Any = importlib.import_module("re._parser" if _NEW else "sre_parse")

SOURCE = Path(poolsafe.__file__).parent.parent

# What users write and expressions stumble over, beside the characters of the expression itself.
USUAL = (
    " ",
    "\t",
    "\r\n",
    "\n",
    "\r",
    "\f",
    "'",
    '"',
    "\\",
    "#",
    "a",
    "A",
    "0",
    "_",
    "-",
    ".",
    "/",
    ":",
    ",",
    "=",
    "é",
)
ENDS = ("", "\0", "\n", "!", "x", "é")

# Seconds of CPU time. No linear expression comes near this, with a machine that is busy.
AT_ONCE = 0.003
PER_CHARACTER = 1e-6
# Pieces for what takes exponential time, then characters for what takes a power of the length.
FEW = (12, 16, 20, 24, 28)
MANY = (1_000, 8_000, 32_000)

_METHODS = {"match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split"}
Pattern = re.Pattern[str] | re.Pattern[bytes]
Tree = list[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression, its origin, and how it is used: `match`, `fullmatch` or `search`."""

    name: str
    pattern: Pattern
    uses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attack:
    """A text of any size: `before`, `piece` many times, `after`."""

    before: str
    piece: str
    after: str

    def text(self, times: int) -> str:
        return self.before + self.piece * times + self.after


# The patterns that are built in functions, for names as they occur.
BUILT: dict[tuple[str, str], Callable[[], list[Pattern]]] = {
    ("poolsafe/checkout/mention_patterns.py", "subclass_pattern"): lambda: [
        mention_patterns.subclass_pattern("Repository")
    ],
    ("poolsafe/checkout/mention_patterns.py", "call_pattern"): lambda: [
        mention_patterns.call_pattern("make_engine", with_arguments=given) for given in (False, True)
    ],
    ("poolsafe/checkout/mention_patterns.py", "word_pattern"): lambda: [
        mention_patterns.word_pattern((b"make_engine", b"url"))
    ],
    ("poolsafe/checkout/mention_patterns.py", "packages_pattern"): lambda: [
        mention_patterns.packages_pattern((b"asyncpg", b"psycopg"))
    ],
    ("poolsafe/checkout/mention_patterns.py", "_import_pattern"): lambda: [
        mention_patterns._import_pattern("/p/app/db.py")
    ],
    ("poolsafe/checkout/starting_files.py", "_string_pattern"): lambda: [starting_files._string_pattern(b"config")],
    ("poolsafe/facts/autocommit.py", "_in_migrations"): lambda: [re.compile(r"\bengine\b")],
    ("poolsafe/checkout/second_look.py", "_imports_engine_function"): lambda: [re.compile(rb"db\.(\w+)")],
    ("poolsafe/deployment/declared.py", "_item_pattern"): lambda: [
        declared._item_pattern("asyncpg", with_version=version) for version in (False, True)
    ],
    ("poolsafe/checkout/import_statements.py", "_defining"): lambda: [import_statements._defining(b"make")],
    ("poolsafe/checkout/import_statements.py", "_rebinding"): lambda: [import_statements._rebinding(b"make")],
    ("poolsafe/checkout/changing_files.py", "_assigning"): lambda: [changing_files._assigning(b"config")],
    ("poolsafe/inference/import_changes.py", "_attribute_pattern"): lambda: [
        import_changes._attribute_pattern("config", ("ARGS", "URL"))
    ],
    # Hosts are at most 253 characters long, and matched as a whole.
    ("poolsafe/deployment/providers/catalogue.py", "_compiled"): list,
    # The expressions of the code that is checked: only those without repetition are tried.
    ("poolsafe/inference/models/standard_library.py", "_substitute"): list,
    ("poolsafe/inference/models/standard_library.py", "one"): list,
    ("poolsafe/inference/models/standard_library.py", "_is_quick"): list,
}


def expressions() -> list[Expression]:
    """Returns every expression of the project: those in modules, and those that functions build."""
    found: dict[tuple[object, tuple[str, ...]], Expression] = {}
    uses = dict(_uses())
    for package in (poolsafe, fixer):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if info.name.endswith("__main__"):
                continue
            module = importlib.import_module(info.name)
            for name, value in vars(module).items():
                for pattern in _patterns(value):
                    used = uses.get((info.name, name)) or uses.get(("", name), {"search"})
                    one = Expression(f"{info.name}.{name}", pattern, tuple(sorted(used)))
                    found.setdefault(((pattern.pattern, pattern.flags), one.uses), one)
    made = list(_made_in_functions())
    for one in made:
        found.setdefault(((one.pattern.pattern, one.pattern.flags), one.uses), one)
    return list(found.values())


def unknown_builders() -> set[tuple[str, str]]:
    """Returns the functions that build expressions but are missing in `BUILT`."""
    return {(file, function) for file, function, call in _calls() if _constant(call) is None} - BUILT.keys()


def _made_in_functions() -> Iterator[Expression]:
    for file, function, call in _calls():
        constant = _constant(call)
        assert isinstance(call.func, ast.Attribute)
        if constant is not None:
            flags = re.MULTILINE if "MULTILINE" in ast.dump(call) else 0
            yield Expression(f"{file}:{function}", re.compile(constant, flags), (_use(call.func.attr),))
    for (file, function), build in BUILT.items():
        for pattern in build():
            yield Expression(f"{file}:{function}", pattern, ("search",))


def _calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call to a function of `re` inside a function: the file, the function and the call."""
    for path in sorted(SOURCE.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=method)):
                        if method in {*_METHODS, "compile"}:
                            yield path.relative_to(SOURCE).as_posix(), function.name, node


def _constant(call: ast.Call) -> Any:
    return call.args[0].value if isinstance(call.args[0], ast.Constant) else None


def _uses() -> Iterator[tuple[tuple[str, str], set[str]]]:
    """How each name is used: by its module, and by all modules under the name alone."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        module = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in _METHODS:
                name = _last_name(node.value)
                found.setdefault((module, name), set()).add(_use(node.attr))
                found.setdefault(("", name), set()).add(_use(node.attr))
    yield from found.items()


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return _last_name(node.value)
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _use(method: str) -> str:
    return method if method in ("match", "fullmatch") else "search"


def _patterns(value: object) -> Iterator[Pattern]:
    if isinstance(value, partial) and value.func is re.compile:
        value = value()
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _patterns(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from _patterns(inner)


class Generator:
    """Makes attacks on one expression, without end."""

    def __init__(self, pattern: Pattern, chance: random.Random) -> None:
        self._chance = chance
        source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
        self._tree: Tree = [*parser.parse(source, pattern.flags & ~re.LOCALE)]
        self._characters = list(dict.fromkeys([*self._literals(self._tree), *USUAL]))
        # Sequences of nodes; every part of one may be what is repeated.
        self._sequences = list(self._inner(self._tree))

    def attacks(self) -> Iterator[Attack]:
        while True:
            piece = "".join(self._piece() for _ in range(self._chance.choice((1, 1, 1, 2))))
            before = self._chance.choice(("", self._beginning(), self._beginning()))
            after = self._chance.choice((*ENDS, self._chance.choice(self._characters)))
            if piece:
                yield Attack(before, piece[:200], after)

    def _piece(self) -> str:
        if self._chance.random() < 0.3:
            return self._chance.choice(self._characters)
        sequence = self._chance.choice(self._sequences)
        first = self._chance.randrange(len(sequence))
        return self._sample(sequence[first : self._chance.randint(first + 1, len(sequence))])

    def _beginning(self) -> str:
        """What leads to some place inside the expression."""
        return self._sample(self._tree[: self._chance.randint(0, len(self._tree))])

    def _sample(self, tree: Tree) -> str:
        """A text that these nodes match, as far as they do not look around."""
        return "".join(map(self._one, tree))

    def _one(self, node: tuple[Any, Any]) -> str:
        kind, what = node
        if kind is sre.LITERAL:
            return chr(what)
        if kind in (sre.NOT_LITERAL, sre.IN, sre.ANY):
            fitting = [char for char in self._characters if len(char) == 1 and _fits(node, char)]
            return self._chance.choice(fitting or ["~"])
        if kind in _REPEATS:
            least, most, inner = what
            times = min(self._chance.choice((least, least, least + 1, least + 2)), int(most))
            return "".join(self._sample(list(inner)) for _ in range(times))
        inner = _children(node)
        return self._sample(list(self._chance.choice(inner))) if inner and kind not in _LOOKS else ""

    def _inner(self, tree: Tree) -> Iterator[Tree]:
        if tree:
            yield tree
        for node in tree:
            for child in _children(node):
                yield from self._inner(list(child))

    def _literals(self, tree: Tree) -> Iterator[str]:
        for kind, what in tree:
            if kind in (sre.LITERAL, sre.NOT_LITERAL):
                yield chr(what)
            elif kind is sre.IN:
                yield from (chr(inner) for name, inner in what if name is sre.LITERAL)
                yield from (chr(inner[0]) for name, inner in what if name is sre.RANGE)
            for child in _children((kind, what)):
                yield from self._literals(list(child))


_REPEATS = {sre.MAX_REPEAT, sre.MIN_REPEAT, getattr(sre, "POSSESSIVE_REPEAT", None)}
_LOOKS = {sre.ASSERT, sre.ASSERT_NOT}


def _children(node: tuple[Any, Any]) -> list[Any]:
    """The sequences inside a node."""
    kind, what = node
    if kind is sre.BRANCH:
        return list(what[1])
    if kind in _REPEATS:
        return [what[2]]
    if kind is sre.SUBPATTERN:
        return [what[3]]
    if kind in _LOOKS:
        return [what[1]]
    if kind is sre.GROUPREF_EXISTS:
        return [each for each in what[1:] if each is not None]
    return [what] if kind is getattr(sre, "ATOMIC_GROUP", "") else []


_CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d",
    sre.CATEGORY_NOT_DIGIT: r"\D",
    sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S",
    sre.CATEGORY_WORD: r"\w",
    sre.CATEGORY_NOT_WORD: r"\W",
}


def _fits(node: tuple[Any, Any], char: str) -> bool:
    kind, what = node
    if kind is sre.ANY:
        return True
    if kind is sre.NOT_LITERAL:
        return char != chr(what)
    negated = bool(what) and what[0][0] is sre.NEGATE
    return any(_is_member(item, char) for item in what) is not negated


def _is_member(item: tuple[Any, Any], char: str) -> bool:
    name, inner = item
    if name is sre.LITERAL:
        return bool(ord(char) == inner)
    if name is sre.RANGE:
        return bool(inner[0] <= ord(char) <= inner[1])
    return bool(name is sre.CATEGORY) and re.match(_CATEGORIES[inner], char) is not None


def slow(expression: Expression, attack: Attack) -> str | None:
    """Returns how an attack makes an expression slow, or None."""
    for use in expression.uses:
        for times in FEW:
            text = attack.text(times)
            allowed = AT_ONCE * 3 + PER_CHARACTER * len(text)
            # Twice, as the garbage of other tests may be collected meanwhile.
            taken = _seconds(expression.pattern, use, text)
            if taken > allowed and (taken := min(taken, _seconds(expression.pattern, use, text))) > allowed:
                return _described(expression, use, attack, times, taken)
        for size in MANY:
            times = max(1, size // len(attack.piece))
            text = attack.text(times)
            taken = _seconds(expression.pattern, use, text)
            if taken > AT_ONCE + PER_CHARACTER * len(text):
                # Once more, as the machine may have been busy; twice the text takes four times as long.
                taken = min(taken, _seconds(expression.pattern, use, text))
                half = min(_seconds(expression.pattern, use, attack.text(times // 2)) for _ in range(2))
                if taken > AT_ONCE + PER_CHARACTER * len(text) and taken > 3 * half:
                    return _described(expression, use, attack, times, taken)
    return None


def _described(expression: Expression, use: str, attack: Attack, times: int, taken: float) -> str:
    text = f"{attack.before!r} + {attack.piece!r} * {times} + {attack.after!r}"
    return f"{expression.name} takes {taken:.3f} s to {use} {text}"


def _seconds(pattern: Pattern, use: str, text: str) -> float:
    subject: Any = text.encode("utf-8") if isinstance(pattern.pattern, bytes) else text
    applied: Any = pattern
    begun = time.thread_time()
    if use == "search":
        for _ in applied.finditer(subject):
            pass
    elif use == "match":
        applied.match(subject)
    else:
        applied.fullmatch(subject)
    return time.thread_time() - begun


def run(seed: int, seconds: float) -> list[str]:
    """Attacks every expression in turn until the time is up, and returns the slow ones, at most once each."""
    chance = random.Random(seed)
    wanted = expressions()
    chance.shuffle(wanted)
    failures: dict[str, str] = {}
    waiting = [(one, Generator(one.pattern, chance).attacks()) for one in wanted]
    until = time.monotonic() + seconds
    for expression, attacks in itertools.cycle(waiting):
        if time.monotonic() > until:
            return list(failures.values())
        if expression.name not in failures and (failure := slow(expression, next(attacks))):
            failures[expression.name] = failure
    return list(failures.values())
