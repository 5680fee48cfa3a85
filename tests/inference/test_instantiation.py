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


SINGLETONS = """
    class C:
        _instance = None
        def __new__(cls):
            if cls._instance is None:
                cls._instance = super().__new__(cls)
                cls._instance.a = {}
            return cls._instance
    C().a['b'] = 1
    reveal(C().a)  # {'b': 1}

    class C:
        _instance = None
        def __new__(cls, *args):
            if not cls._instance:
                cls._instance = super(C, cls).__new__(cls)
            return cls._instance
        def __init__(self, a):
            self.a = a
    C(1)
    reveal(C(2).a)  # 2

    class C:
        _instances = {}
        def __new__(cls, name):
            if name not in cls._instances:
                cls._instances[name] = object.__new__(cls)
                cls._instances[name].a = name
            return cls._instances[name]
    C('a')
    reveal([C('b').a, C('a').a])  # ['b', 'a']

    class C:
        def __new__(cls):
            return 1
        def __init__(self):
            raise ValueError
    reveal(C())  # 1

    from typing import TypedDict
    class C(TypedDict):
        a: int
    reveal(C(a=1))  # {'a': 1}

    class C:
        def __new__(cls):
            return object.__new__(unknown)
    reveal(C())  # ...
"""


@pytest.mark.parametrize(("code", "expected"), cases(NESTED_MODELS, SINGLETONS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)
