"""Instantiation: what the constructors of dataclasses and pydantic's models make of what they are given."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value

NESTED_MODELS = """
    from pydantic import BaseModel
    class Pool(BaseModel):
        size: int = 5
        args: dict = {}
    class Config(BaseModel):
        pool: Pool = Pool()
    reveal(Config(pool={'args': {'a': 1}}).pool.size)  # 5

    from pydantic import BaseModel
    class Pool(BaseModel):
        size: int = 5
        args: dict = {}
    class Config(BaseModel):
        pool: 'Pool | None' = None
    config = Config.model_validate({'pool': {'args': {'a': 1}}})
    config.pool.args['a'] = 2
    reveal(config.pool.model_dump())  # {'size': 5, 'args': {'a': 2}}

    from pydantic import BaseModel
    class Config(BaseModel):
        args: dict = {}
    reveal(Config(args={'a': 1}).args)  # {'a': 1}

    from pydantic import BaseModel
    class A(BaseModel):
        size: int = 5
    class B(BaseModel):
        size: int = 6
    class Config(BaseModel):
        pool: A | B
    reveal(Config(pool={}).pool)  # ...

    from pydantic import BaseModel
    class Node(BaseModel):
        name: str = 'a'
        inner: 'Node | None' = None
    node = {'name': 'b'}
    node['inner'] = node
    reveal(Node(**node).name)  # 'b'
"""


@pytest.mark.parametrize(("code", "expected"), cases(NESTED_MODELS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
