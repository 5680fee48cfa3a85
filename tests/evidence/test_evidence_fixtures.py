"""Every bad fixture has an entry in the evidence. This test needs no server, so it reports missing ones early."""

from __future__ import annotations

from evidence.bad_fixtures import BAD, HOW


def test_every_bad_fixture_is_shown_on_real_servers() -> None:
    assert {case.name for case in BAD} == set(HOW)
