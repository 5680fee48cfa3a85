"""Fixes that do not overlap are applied together; those that would break the file are left out."""

from dataclasses import replace

import pytest
from by_hand import source_of
from hypothesis import given
from hypothesis import strategies as st

from poolsafe.edits import apply, diff, repair
from poolsafe.findings import Applicability, Edit, Finding, Fix, Severity
from poolsafe.source import Source


def fix(*edits: tuple[int, int, str], message: str = "m", applicability: Applicability = Applicability.SAFE) -> Fix:
    return Fix(message, tuple(Edit(*edit) for edit in edits), applicability)


def finding(of: Fix | None) -> Finding:
    return Finding("PGB101", "missing-cache-size", "m", Severity.ERROR, 0, 1, of)


APPLIED = [
    ("a = 1\n", [], "a = 1\n", 0),
    ("a = 1\n", [fix((4, 5, "2"))], "a = 2\n", 1),
    ("a = 1\n", [fix((0, 1, "b"), (4, 5, "2"))], "b = 2\n", 1),
    ("a = 1\n", [fix((4, 5, "2")), fix((0, 1, "b"))], "b = 2\n", 2),
    # Overlapping and touching: the first in the text wins.
    ("f(a)\n", [fix((3, 3, ", b")), fix((3, 3, ", c"), message="n")], "f(a, b)\n", 1),
    ("f(a, b)\n", [fix((3, 6, "")), fix((6, 6, ", c"))], "f(a)\n", 1),
    ("f(a, b)\n", [fix((2, 6, "c")), fix((5, 6, "d"))], "f(c)\n", 1),
    # Nothing to change, outside the text, at odds with itself.
    ("a = 1\n", [fix((4, 5, "1"))], "a = 1\n", 0),
    ("a = 1\n", [fix()], "a = 1\n", 0),
    ("a = 1\n", [fix((4, 50, "2"))], "a = 1\n", 0),
    ("a = 1\n", [fix((0, 3, "b"), (2, 5, "2"))], "a = 1\n", 0),
    # Two insertions of one fix at one place keep their order.
    ("f(a)\n", [fix((3, 3, ","), (3, 3, " b"))], "f(a, b)\n", 1),
    # The result would be no Python: only that fix is left out.
    ("a = 1\n", [fix((4, 5, "("))], "a = 1\n", 0),
    ("a = 1\nb = 2\n", [fix((4, 5, "(")), fix((10, 11, "3"))], "a = 1\nb = 3\n", 1),
]


@pytest.mark.parametrize(("before", "fixes", "expected", "number"), APPLIED)
def test_apply(before: str, fixes: list[Fix], expected: str, number: int) -> None:
    source = source_of(before)
    result, applied = apply(source, fixes)
    assert result.text == expected
    assert len(applied) == number
    assert set(applied) <= set(fixes)
    assert (result is source) == (number == 0)


def test_of_two_isolated_fixes_one_waits() -> None:
    one, two = (Fix("m", (Edit(at, at + 1, "3"),), Applicability.SAFE, isolation=0) for at in (4, 10))
    result, applied = apply(source_of("a = 1\nb = 2\n"), [one, two])
    assert (result.text, applied) == ("a = 3\nb = 2\n", [one])


def test_a_keyword_given_twice_is_left_out() -> None:
    both = [fix((3, 3, ", x=1")), fix((8, 8, ", x=2"))]
    result, applied = apply(source_of("f(a, b=1)\n"), both)
    assert (result.text, applied) == ("f(a, x=1, b=1)\n", both[:1])


def test_what_the_encoding_cannot_express_is_left_out() -> None:
    source = Source.decode("a.py", b"# coding: latin-1\na = 1\n")
    result, applied = apply(source, [fix((22, 23, "'€'"))])
    assert (result, applied) == (source, [])
    result, applied = apply(source, [fix((22, 23, "'é'"))])
    assert result.raw == b"# coding: latin-1\na = '\xe9'\n"


def test_a_cookie_is_not_changed_by_accident() -> None:
    source = Source.decode("a.py", b"# x\na = '\xc3\xa9'\n")
    assert apply(source, [fix((0, 3, "# coding: latin-1"))])[1] == []


def test_bytes_that_do_not_round_trip_are_left_alone() -> None:
    source = Source.decode("a.py", b"# coding: utf-7\na = '+AOk-'\n")
    assert apply(source, [fix((0, 0, "#\n"))]) == (source, [])


@pytest.mark.parametrize("raw", [b"\xef\xbb\xbfa = 1\r\nb = 2\r", b"\x0ca = 1\n\x0cb = 2", b"a = 1\rb = 2\r"])
def test_no_other_byte_changes(raw: bytes) -> None:
    source = Source.decode("a.py", raw)
    place = source.text.index("2")
    result, _ = apply(source, [fix((place, place + 1, "3"))])
    assert result.raw == raw.replace(b"2", b"3")


def test_repair_repeats_until_nothing_changes() -> None:
    def check(source: Source) -> list[Finding]:
        places = [place for place, character in enumerate(source.text) if character == "1"]
        return [replace(finding(fix((place, place + 1, "2"))), message=f"{place}") for place in places[:1]]

    result = repair(source_of("a = [1, 1, 1]\n"), check, lambda fix: True)
    assert (result.source.text, result.rounds, result.gone.total()) == ("a = [2, 2, 2]\n", 3, 1)


def test_repair_ends() -> None:
    def check(source: Source) -> list[Finding]:
        end = len(source.text)
        return [replace(finding(fix((end, end, "x\n"))), message=f"{end}")]

    result = repair(source_of(""), check, lambda fix: True)
    assert (result.source.text, result.rounds) == ("x\n" * 10, 10)


def test_a_fix_that_changes_nothing_that_is_found_is_taken_back() -> None:
    useless = finding(fix((0, 0, "x\n")))
    result = repair(source_of("a = 1\n"), lambda source: [useless], lambda fix: True)
    assert (result.source.text, result.gone, result.refused, result.without_effect) == ("a = 1\n", {}, (), (useless,))


def test_repair_says_what_it_refused() -> None:
    wrong = finding(fix((0, 0, "(")))
    result = repair(source_of("a\n"), lambda source: [wrong, finding(None)], lambda fix: True)
    assert (result.source.text, result.gone, result.refused) == ("a\n", {}, (wrong,))


def test_repair_asks_which_fixes_to_take() -> None:
    unsafe = finding(fix((0, 1, "b"), applicability=Applicability.UNSAFE))
    result = repair(source_of("a\n"), lambda source: [unsafe], lambda fix: fix.applicability is Applicability.SAFE)
    assert result.source.text == "a\n"


DIFFS = [
    ("a\n", "a\n", ""),
    ("a\n", "b\n", "--- db.py\n+++ db.py\n@@ -1 +1 @@\n-a\n+b\n"),
    ("a\r\n", "b\r\n", "--- db.py\n+++ db.py\n@@ -1 +1 @@\n-a\r\n+b\r\n"),
    (
        "a",
        "b",
        "--- db.py\n+++ db.py\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n",
    ),
    ("a", "a\n", "--- db.py\n+++ db.py\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
    ("a\rb\n", "c\rb\n", "--- db.py\n+++ db.py\n@@ -1 +1 @@\n-a\rb\n+c\rb\n"),
    ("a\x0cb\u2028\nc\n", "a\x0cb\u2028\nd\n", "--- db.py\n+++ db.py\n@@ -1,2 +1,2 @@\n a\x0cb\u2028\n-c\n+d\n"),
    ("", "a\n", "--- db.py\n+++ db.py\n@@ -0,0 +1 @@\n+a\n"),
]


@pytest.mark.parametrize(("before", "after", "expected"), DIFFS)
def test_diff(before: str, after: str, expected: str) -> None:
    assert diff(source_of(before), source_of(after)) == expected.encode()


def test_the_byte_order_mark_is_in_the_diff() -> None:
    before = Source.decode("db.py", b"\xef\xbb\xbfa\nb\n")
    assert diff(before, before.with_text("a\nc\n")).endswith("@@ -1,2 +1,2 @@\n \ufeffa\n-b\n+c\n".encode())


@given(st.text("ab\r\n\x0c"), st.text("ab\r\n\x0c"))
def test_a_diff_holds_all_of_both(before: str, after: str) -> None:
    text = diff(source_of(before), source_of(after)).decode()
    lines = text.replace("\n\\ No newline at end of file\n", "\0").split("\n")[2:]
    pieces = [piece for line in lines for piece in ([line[:-1], ""] if line.endswith("\0") else [line])]
    removed = sum(piece.startswith("-") for piece in pieces)
    added = sum(piece.startswith("+") for piece in pieces)
    assert (removed == added == 0) == (before == after)
    assert before.count("\n") - removed == after.count("\n") - added or not (
        before.endswith("\n") and after.endswith("\n")
    )
