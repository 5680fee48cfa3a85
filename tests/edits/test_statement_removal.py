"""Statements are removed with their lines; an empty block gets `pass`."""

import pytest
from blocks import changes, programs
from by_hand import after, source_of

from poolsafe.edits.statement_removal import remove_statements

REMOVED = """
    a()
    gone()
    b()
    # becomes
    a()
    b()

    if a:
        gone()
    # becomes
    if a:
        pass

    try:
        a()
    finally:
        gone()
        gone()
    # becomes
    try:
        a()
    finally:
        pass

    match a:
        case 1:
            gone()
        case _:
            b("é", 1)
            gone()
    # becomes
    match a:
        case 1:
            pass
        case _:
            b("é", 1)

    try:
        a()
    except ValueError:
        gone()
    else:
        gone()
        b()
    # becomes
    try:
        a()
    except ValueError:
        pass
    else:
        b()

    async def f():
        await gone()
    # becomes
    async def f():
        pass
"""


def spans(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for call in ("await gone()", "gone()"):
        place = text.find(call)
        while place >= 0:
            if not any(start <= place < end for start, end in found):
                found.append((place, place + len(call)))
            place = text.find(call, place + 1)
    return found


@pytest.mark.parametrize(("before", "fixed"), changes(REMOVED))
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_removed(before: str, fixed: str, newline: str) -> None:
    source = source_of(before.replace("\n", newline))
    assert after(source, remove_statements(source, spans(source.text))) == fixed.replace("\n", newline)


KEPT = """
    a(); gone()

    gone(); a()

    if a: gone()

    gone()  # why

    x = gone()

    print gone()
"""


@pytest.mark.parametrize("program", [*programs(KEPT), "a()\ngone()  # why"])
def test_kept(program: str) -> None:
    source = source_of(f"{program}\n")
    assert remove_statements(source, spans(source.text)) is None


def test_nothing_to_remove() -> None:
    assert remove_statements(source_of("a()\n"), ()) == ()


def test_the_last_line_may_have_no_end() -> None:
    source = source_of("a()\ngone()")
    # What was the last line without an end is so again.
    assert after(source, remove_statements(source, spans(source.text))) == "a()"
