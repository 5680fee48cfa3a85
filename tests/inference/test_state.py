"""Objects that are created or changed under a condition."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from programs import analyse, frame_at_end

from poolsafe.inference.heap import Slot
from poolsafe.inference.lattice import alternatives
from poolsafe.inference.names import lookup
from poolsafe.inference.snapshots import snapshot
from poolsafe.inference.state import State

BRANCHED = """
    x = {}
    if unknown:
        x['a'] = 1
    reveal(x)  # {'a': 1 | ABSENT}

    x = {'a': 1}
    if unknown:
        x['a'] = 2
    reveal(x)  # {'a': 1 | 2}

    x = {}
    if unknown:
        x['a'] = 1
    else:
        x['a'] = 1
    reveal(x)  # {'a': 1}

    x = {}
    if unknown:
        x.update(a=1)
    else:
        x.update(b=1)
    reveal(x)  # {'a': 1 | ABSENT, 'b': 1 | ABSENT}

    x = {'a': 1}
    if unknown:
        del x['a']
    reveal(x)  # {'a': 1 | ABSENT}

    reveal({'a': 1} if unknown else {'b': 2})  # {'a': 1} | {'b': 2}
    reveal({'a': 1} if unknown else None)  # None | {'a': 1}

    a = {}
    b = {}
    y = a if unknown else b
    y['a'] = 1
    reveal(a)  # {'a': 1 | ABSENT}

    x = {}
    if unknown:
        x = {'a': 1}
    x['b'] = 2
    reveal(x)  # {'a': 1, 'b': 2} | {'b': 2}
"""


@pytest.mark.parametrize(("code", "expected"), cases(BRANCHED))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


def test_one_dict_stays_one_when_it_is_looked_at() -> None:
    """On two ways that cannot be one: with a copy for each, a choice of few values would pass for one of many."""
    code = """
d = {'k': 1}
if a:
    x = d
elif b:
    x = None
else:
    x = d
"""
    frame = frame_at_end(analyse(code))
    dicts = {id(single) for _, single in alternatives(snapshot(frame, lookup(frame, "x")))}
    assert len(dicts) == 2


@pytest.mark.parametrize(("result", "kept"), [("size", False), ("lambda: size", True)])
def test_the_names_of_a_call_are_kept_if_its_result_refers_to_them(
    result: str, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined: set[Slot] = set()
    join = State.join

    def noted(self: State, branches: list[State], *, whole: bool = False) -> None:
        join(self, branches, whole=whole)
        joined.update(self.changes)

    monkeypatch.setattr(State, "join", noted)
    program = f"""
        def make():
            size = 1
            return {result}
        made = make()
    """
    lookup(frame_at_end(analyse(program)), "made")
    assert any("size" in slot for slot in joined) is kept
