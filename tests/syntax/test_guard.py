"""Extreme nesting is refused, deep nesting is parsed, and nothing ends the process."""

import re
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolsafe.source import Source
from poolsafe.syntax import guard, limits
from poolsafe.syntax.guard import find_excess
from poolsafe.syntax.room import deep_recursion, in_deep_stack
from poolsafe.syntax.scan import Absurd, Scan, inside_formatted_string
from poolsafe.syntax.tree import Unparsable, parse

# A file as a function of how often something is repeated.
REPEATED = {
    "parentheses": ("x = ", "(", "1", ")"),
    "lists": ("x = ", "[", "1", "]"),
    "dicts": ("x = ", "{1: ", "1", "}"),
    "calls": ("x = ", "f(", "1", ")"),
    "open calls": ("x = ", "f(", "1", ""),
    "subscripts": ("x = ", "f[", "1", "]"),
    "annotations": ("def f(a: ", "x[", "1", "]", "): pass"),
    "unary minus": ("x = ", "-", "1", ""),
    "not": ("x = ", "not ", "1", ""),
    "tight or": ("x = ", "1or ", "1", ""),
    "lambda bodies": ("x = ", "lambda: ", "1", ""),
    "lambda defaults": ("x = ", "lambda a=", "1", ": 1"),
    "lambda defaults with commas": ("x = ", "lambda a, b=", "1", ": 1"),
    "attributes": ("x = a", ".b", "", ""),
    "call chain": ("x = a", ".b()", "", ""),
    "calls of calls": ("x = a", "()", "", ""),
    "additions": ("x = 1", " + 1", "", ""),
    "powers": ("x = 1", " ** 1", "", ""),
    "additions over lines": ("x = (1", "\n+ 1", "", "", ")"),
    "string concatenation": ("x = (", "'a'\n", "", "", ")"),
    "conditionals": ("x = ", "1 if 1 else ", "1", ""),
    "elif": ("if 1: pass\n", "elif 1: pass\n", "", ""),
    "comprehensions": ("x = [1", " for a in b", "", "", "]"),
    "walrus": ("x = ", "(a := ", "1", ")"),
    "f-strings": ("x = ", 'f"{', "1", '}"'),
    "raw f-string": ("x = rf'\\N{", "(", "1", ")", "}'"),
    "f-string field": ("x = f'{", "-", "1", "", "}'"),
    "f-string after an escape": ("x = f'\\{", "(", "1", ")", "}'"),
    "format specifications": ("x = f'", "{a:", "1", "}", "'"),
    "patterns": ("match x:\n case ", "(", "1", ")", ": pass"),
    "class patterns": ("match x:\n case ", "A(b=", "c", ")", ": pass"),
    "open patterns": ("match x:\n case ", "[", "1", ""),
    "del": ("del ", "(", "a", ")"),
    "wrong del": ("del ", "(", "1 1", ")"),
    "imports": ("import a", ".b", "", ""),
    "hidden in a string": ("x = '''''' + ", "(", "''", ")"),
    "hidden behind a comment": ("# '''\nx = ", "(", "1", ")", "  # '''"),
    "hidden behind a bracket in a string": ("x = [')'] + ", "(", "1", ")"),
    "carriage returns": ("if 1:\r x = ", "(", "1", ")", "\r"),
}


def written(name: str, times: int) -> str:
    before, opening, middle, closing, *after = REPEATED[name]
    return before + opening * times + middle + closing * times + "".join(after) + "\n"


def blocks(levels: int) -> str:
    return "".join(" " * level + "if 1:\n" for level in range(levels)) + " " * levels + "pass\n"


@pytest.mark.parametrize("name", REPEATED)
def test_absurd_depth_is_refused(name: str) -> None:
    excess = find_excess(written(name, 20_000))
    assert excess.refused is not None
    with pytest.raises(Unparsable, match=r"nested|operators"):
        parse(Source.from_text("a.py", written(name, 20_000)))


@pytest.mark.parametrize("name", REPEATED)
def test_a_person_may_have_written_it(name: str) -> None:
    assert find_excess(written(name, 4)).refused is None
    if not name.startswith(("open", "wrong")):
        assert parse(Source.from_text("a.py", written(name, 4))).faithful


# Each in a process of its own: where the guard fails there is no process left to say so.
ATTEMPT = """
import sys, threading
from poolsafe.source import Source
from poolsafe.syntax.tree import Unparsable, parse
import libcst

def work():
    for text in sys.stdin.read().split("\\0"):
        try:
            tree = parse(Source.from_text("a.py", text))
            assert tree.faithful
            tree.with_room(lambda: tree.module.visit(libcst.CSTVisitor()))
        except Unparsable:
            pass
    print("alive")

if sys.argv[1] != "0":
    threading.stack_size(int(sys.argv[1]))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
else:
    work()
"""


@pytest.mark.torture
@pytest.mark.parametrize("stack", [0, 512 * 1024])
def test_the_process_survives(stack: int) -> None:
    texts = [written(name, times) for name in REPEATED for times in (49, 199, 400)]
    texts += [blocks(levels) for levels in (10, 18, 19, 50, 99, 300)]
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPT, str(stack)],
        input="\0".join(texts),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "alive", "")


@pytest.mark.torture
def test_long_generated_expressions_are_parsed() -> None:
    for text in (
        "x = " + " + ".join(f"a{number}" for number in range(500)) + "\n",
        "x = (" + "\n    ".join(["'some words '"] * 500) + ")\n",
        "q = " + " | ".join(["Q(a=1)"] * 200) + "\n",
        "x = [" + "-1, " * 20_000 + "]\n",
        "x = {" + "'a': lambda x: -x, " * 2_000 + "}\n",
        "x = 1\n" + "y = f(a)[0].b\n" * 2_000,
    ):
        assert parse(Source.from_text("a.py", text)).faithful


@pytest.mark.long
def test_the_standard_library_passes_and_the_sieve_never_finds_less() -> None:
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    passed = 0
    for file in files:
        text = Source.decode(str(file), file.read_bytes()).text
        excess = find_excess(text)
        assert excess.refused is None, file
        scan = Scan(text)
        scan.run()
        height = guard._sieve(text)
        # The sieve leaves the short fields of f-strings out.
        if height is not None:
            passed += 1
            assert height + 60 >= scan.height, file
    assert passed > len(files) // 4


def indents(text: str) -> set[str]:
    """The indentations of the lines of code behind a colon, line by line."""
    found = set()
    behind_colon = False
    for line in re.split(r"\r\n|\r|\n", text):
        code = line.lstrip(" \t\f")
        if code and not code.startswith("#"):
            if behind_colon and code != line:
                found.add(line[: -len(code)])
            behind_colon = False
        behind_colon = behind_colon or re.search(r":[ \t\f]*(#.*)?\Z", line, re.DOTALL) is not None
    return found


PIECES = [":", "\r\n", "\n", "\r", " ", "\t", "\f", "x", "#", "# a:", "if x:", "\x0b", "\u2028"]


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_block_indents_are_those_of_a_reading_by_lines(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert guard._block_indents(text) == indents(text)


@pytest.mark.parametrize(
    "text",
    [
        "x = {1:" + "\r\n" * 60 + "2}\r\n",
        "x = {1:\r\n" + "    # Licensed under the licence; see LICENSE for details.\r\n" * 40 + "2}\r\n",
        "x = {1:" + "\n" * 100_000 + "2}\n",
        "# " + ":#" * 100_000 + "\nx = 1\n",
        "#:\n" * 100_000,
    ],
    ids=["CRLF", "a licence with CRLF", "empty lines", "colons in a comment", "comments that end in a colon"],
)
def test_finding_block_indents_is_linear(text: str) -> None:
    begun = time.process_time()
    find_excess(text)
    assert time.process_time() - begun < 1


def test_brackets_as_in_cpython() -> None:
    Scan("(" * limits.MAX_BRACKETS).run()
    with pytest.raises(Absurd):
        Scan("(" * (limits.MAX_BRACKETS + 1)).run()


INSIDE = [
    ("f(x)", False),
    ("'f(x)'", False),
    ("g = f'{f(x)}'", True),
    ("g = f'{a}' + f(x)", False),
    ('g = rf"""{a:{b}}\n{f(x)}"""', True),
    ('g = f"{{" + f(x)', False),
    ("g = F'{a[\"b\"]}', f(x)", False),
    ("# f'{\nf(x)", False),
    ('g = f"{h(f"{f(x)}")}"', True),
]


@pytest.mark.parametrize(("text", "inside"), INSIDE)
def test_inside_formatted_string(text: str, inside: bool) -> None:
    assert inside_formatted_string(text, text.rindex("f(x)")) is inside


def test_the_recursion_limit_is_restored() -> None:
    before = sys.getrecursionlimit()
    with deep_recursion(), deep_recursion():
        assert sys.getrecursionlimit() > 10_000
    assert sys.getrecursionlimit() == before


def test_what_fails_in_the_deep_stack_fails_here() -> None:
    def fail() -> None:
        raise KeyError("inner")

    with pytest.raises(KeyError, match="inner"):
        in_deep_stack(10_000, fail)
    assert in_deep_stack(10_000, lambda: 7) == 7


LONG = {
    "numbers": ("x = [" + "1, " * 200_000 + "]\n", True),
    "empty lines": ("\n" * 300_000, True),
    "lines": ("a = 1\n" * 70_000, True),
    "one string": ("x = '" + "a " * 1_000_000 + "'\n", False),
    "one comment": ("# " + "a " * 1_000_000 + "\n", False),
    "a docstring": ('"""' + "word\n" * 300_000 + '"""\n', False),
    "spaces": (" " * 1_000_000 + "\n", False),
    "many lines": ("a = 1\n" * 50_000, False),
}


@pytest.mark.parametrize("name", LONG)
def test_a_file_may_be_long_but_not_of_many_tokens(name: str) -> None:
    text, refused = LONG[name]
    reason = find_excess(text).refused
    assert (reason is not None) is refused
    assert not refused or reason == "a file with more than 250000 tokens"
