"""Every bad fixture has its place in the evidence: said here, where it costs no server, to whoever adds one."""

from __future__ import annotations

from evidence.bad_fixtures import BAD, HOW


def test_every_bad_fixture_is_shown_on_real_servers() -> None:
    assert {case.name for case in BAD} == set(HOW)
