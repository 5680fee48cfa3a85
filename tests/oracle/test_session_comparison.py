"""The seeded sample of `python -m tests.oracle --session`, and what the stand-ins for servers must show."""

from __future__ import annotations

import itertools
import textwrap

import pytest
from samples import LONG, one_in

from .session_comparison import examined
from .session_programs import HEADER
from .session_stand_ins import run_session_program

PROGRAMS = 33  # of each part


@pytest.mark.parametrize(("seed", "part"), one_in(9, itertools.product(range(3), range(3)), LONG))
def test_a_sample(seed: int, part: int) -> None:
    examinations = [examined(seed, part * PROGRAMS + number) for number in range(PROGRAMS)]
    wrong = [one for one in examinations if one.failures]
    if wrong:
        pytest.fail("\n".join([*wrong[0].failures, wrong[0].program]))
    assert sum(one.findings for one in examinations) > PROGRAMS / 2
    assert sum(one.repaired is not None for one in examinations) > PROGRAMS / 6


SHOWN = [
    (
        """
        async with engine.begin() as conn:
            await conn.execute(text("SET work_mem = '1GB'"))
        """,
        {"PGB401"},
    ),
    (
        """
        async with engine.connect() as conn:
            await conn.execute(text("SET work_mem = '1GB'"))
        """,
        set(),
    ),
    (
        """
        async with engine.begin() as conn:
            await conn.execute(text("SET LOCAL work_mem = '1GB'"))
        """,
        set(),
    ),
    (
        """
        async with engine.connect() as conn:
            await conn.execute(text("SELECT pg_advisory_lock(1)"))
        """,
        {"PGB403"},
    ),
    (
        """
        conn = await asyncpg.connect("postgresql://db/app")
        await conn.execute("SET LOCAL ROLE reader")
        """,
        {"PGB404"},
    ),
    (
        """
        conn = await asyncpg.connect("postgresql://db/app")
        async with conn.transaction():
            async with conn.transaction():
                await conn.execute("SET LOCAL ROLE reader")
            await conn.execute("CREATE TEMP TABLE scratch (id int)")
        """,
        {"PGB406"},
    ),
]


@pytest.mark.parametrize(("body", "codes"), SHOWN)
def test_what_a_program_leaves_behind(body: str, codes: set[str]) -> None:
    function = "async def work() -> None:\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    left = run_session_program(f"{HEADER}\n\n{function}\n\n\nasyncio.run(work())\n")
    assert {code for found in left.codes.values() for code in found} == codes
