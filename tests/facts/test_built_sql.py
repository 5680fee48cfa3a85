"""SQL that SQLAlchemy builds is not text, so a call that is given it needs no run."""

from __future__ import annotations

import textwrap

import pytest

from poolsafe.facts.built_sql import is_built
from poolsafe.inference import Project
from poolsafe.source import Source

IMPORTS = """
import sqlalchemy as sa
from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from queries import select as ours
"""
BUILT = [
    "session.execute(select(User))",
    "session.execute(sa.select(User).where(User.id == 1).with_for_update())",
    "session.execute(pg_insert(User).values(rows).on_conflict_do_nothing(), rows)",
    "statement = select(User)\nstatement = statement.order_by(User.id)\nsession.execute(statement)",
    "statement: object = select(User)\nif old:\n    statement = delete(User)\nsession.execute(statement)",
    "text_ = text('SET x = 1')\nstatement = update(User).values(note=text_)\nsession.execute(statement)",
]
OTHERS = [
    "session.execute(text('SET x = 1'))",
    "session.execute(ours(User))",
    "session.execute(users.select())",
    "session.execute(query)",
    "session.execute()",
    "session.execute(*select(User))",
    "session.execute(given)",
    "given = select(User)\nsession.execute(given)",
    "statement = select(User)\nstatement = text('SET x = 1')\nsession.execute(statement)",
    "statement = select(User)\nstatement += '; SET x = 1'\nsession.execute(statement)",
    "statement = select(User)\nfor statement in statements:\n    session.execute(statement)",
    "statement = select(User)\nwith reading() as statement:\n    session.execute(statement)",
    "statement, other = select(User), 1\nsession.execute(statement)",
    "statement = select(User)\nif (statement := given):\n    session.execute(statement)",
    "global statement\nstatement = select(User)\nsession.execute(statement)",
    "statement = select(User)\ntry:\n    pass\nexcept ValueError as statement:\n    session.execute(statement)",
    "statement = other.where(select(User))\nsession.execute(statement)",
    "def statement(): ...\nsession.execute(statement)",
]


def judged(body: str) -> bool:
    code = IMPORTS + "def run(session, given):\n" + textwrap.indent(body, "    ")
    module = Project(follow=False).module(Source.from_text("a.py", code))
    return is_built(module, module.index.calls_by_name["execute"][-1])


@pytest.mark.parametrize("body", BUILT)
def test_sql_is_built(body: str) -> None:
    assert judged(body)


@pytest.mark.parametrize("body", OTHERS)
def test_sql_may_be_text(body: str) -> None:
    assert not judged(body)


def test_names_of_the_module_may_be_bound_anywhere() -> None:
    code = IMPORTS + "statement = select(User)\nsession.execute(statement)\nsession.execute(select(User))\n"
    module = Project(follow=False).module(Source.from_text("a.py", code))
    assert [is_built(module, site) for site in module.index.calls_by_name["execute"]] == [False, True]
