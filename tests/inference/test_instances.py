"""Operations of dataclasses, named tuples and models on their fields."""

from __future__ import annotations

import pytest
from blocks import cases, revealed, value
from heads import SETTINGS_HEAD

FIELDS = """
    from dataclasses import dataclass, asdict
    @dataclass
    class C:
        a: str = 'b'
    reveal(asdict(C()))  # {'a': 'b'}

    from dataclasses import dataclass, replace
    @dataclass
    class C:
        a: str = 'b'
        c: str = 'd'
    reveal(replace(C(), a='z').a + replace(C(), a='z').c)  # 'zd'

    from typing import NamedTuple
    class C(NamedTuple):
        a: str
        b: str = 'c'
    reveal(C('a').b)  # 'c'

    from typing import NamedTuple
    class C(NamedTuple):
        a: str
        b: str
    x, y = C('a', 'b')
    reveal(x)  # 'a'

    from typing import NamedTuple
    class C(NamedTuple):
        a: str
    reveal(C('a')[0])  # 'a'

    from typing import NamedTuple
    class C(NamedTuple):
        a: str
    reveal(C('a')._replace(a='b').a)  # 'b'

    from typing import NamedTuple
    class C(NamedTuple):
        a: str
    reveal(C('a')._asdict())  # {'a': 'a'}

    class C:
        def __init__(self, a):
            self.a = a
        def __str__(self):
            return self.a + 'b'
    reveal(str(C('a')) + f"{C('c')}")  # 'abcb'

    class C:
        def __str__(self):
            return 'a'
    reveal(str(C() if unknown else 'b'))  # 'a' | 'b'

    class C:
        a = 'b'
    reveal(str(C()) == "a")  # ...

    from dataclasses import dataclass, replace
    reveal(replace(unknown, a=1))  # ...

    from dataclasses import asdict
    reveal(asdict(unknown))  # ...

    from pydantic import BaseModel
    class C(BaseModel):
        a: str = 'b'
    reveal(C().model_copy(update={'a': 'c'}).a)  # 'c'

    from pydantic import BaseModel
    class C(BaseModel):
        a: str = 'b'
    reveal(C().copy().a)  # 'b'

    import attrs
    @attrs.define
    class C:
        a: str = 'b'
    reveal(attrs.asdict(C()))  # {'a': 'b'}

    import attrs
    @attrs.define
    class C:
        a: str = 'b'
    reveal(attrs.evolve(C(), a='c').a)  # 'c'
"""

MODELS = """
    class S(BaseSettings):
        a: str = 'b'
    reveal(S().model_dump())  # {'a': 'b'}

    class S(BaseSettings):
        a: str = 'b'
        c: str = 'd'
    reveal(S().model_dump(exclude={'c'}))  # {'a': 'b', 'c': 'd', **...}

    class S(BaseModel):
        a: str = 'b'
        model_config = ConfigDict(extra='allow')
    reveal(S().model_dump())  # {'a': 'b', **...}

    class S(BaseModel):
        a: str = 'b'
        model_config = {'extra': 'allow'}
    reveal(S().model_dump())  # {'a': 'b', **...}

    class S(BaseModel):
        a: str = 'b'
        class Config:
            extra = 'allow'
    reveal(S().model_dump())  # {'a': 'b', **...}

    class S(BaseModel):
        a: str = 'b'
        class Config:
            extra = pydantic.Extra.allow
    reveal(S().model_dump())  # {'a': 'b', **...}

    class S(BaseModel):
        a: str = 'b'
        model_config = ConfigDict(extra='ignore')
    reveal(S().model_dump())  # {'a': 'b'}

    class S(BaseModel):
        a: str = 'b'
        model_config = {'frozen': True}
    reveal(S().model_dump())  # {'a': 'b'}

    class S(BaseModel):
        a: str = 'b'
        class Config:
            frozen = True
    reveal(S().model_dump())  # {'a': 'b'}

    class S(BaseModel):
        a: str = 'b'
        model_config = unseen
    reveal(S().model_dump())  # {'a': 'b', **...}

    class S(BaseModel):
        a: str = 'b'
        model_config = ConfigDict(**unseen)
    reveal(S().model_dump())  # {'a': 'b', **...}

    class S(BaseModel):
        a: str = 'b'
        model_config = ConfigDict(extra='allow' if unseen else 'forbid')
    reveal(S().model_dump())  # {'a': 'b', **...}

    class S(BaseModel, extra='allow'):
        a: str = 'b'
    reveal(S().model_dump())  # {'a': 'b', **...}

    class B(BaseModel):
        model_config = ConfigDict(extra='allow')
    class S(B):
        a: str = 'b'
        model_config = ConfigDict(frozen=True)
    reveal(S().model_dump())  # {'a': 'b', **...}

    class B(BaseModel):
        class Config:
            extra = 'allow'
    class S(B):
        a: str = 'b'
        class Config:
            frozen = True
    reveal(S().model_dump())  # {'a': 'b', **...}

    class B(BaseModel):
        model_config = ConfigDict(extra='allow')
    class S(B):
        a: str = 'b'
        model_config = ConfigDict(extra='forbid')
    reveal(S().model_dump())  # {'a': 'b'}

    class S(BaseSettings):
        a: str = 'b'
    reveal(S.model_validate({}).a)  # 'b'

    class S(BaseSettings):
        a: str = 'b'
    reveal(S.model_validate({'a': 'c'}).a)  # 'c'

    class S(BaseModel):
        a: str
    reveal(S.parse_obj({'a': 'c'}).a)  # 'c'

    class S(BaseModel):
        a: str
    reveal(S.model_validate(unknown()).a)  # ...

    class S(BaseModel):
        a: str
        @classmethod
        def parse_obj(cls, obj):
            return cls(a='d')
    reveal(S.parse_obj({'a': 'c'}).a)  # 'd'
"""


@pytest.mark.parametrize(("code", "expected"), cases(FIELDS))
def test_what_is_revealed(code: str, expected: str) -> None:
    assert revealed(code) == value(expected)


@pytest.mark.parametrize(("code", "expected"), cases(MODELS))
def test_what_is_revealed_of_settings(code: str, expected: str) -> None:
    assert revealed(SETTINGS_HEAD + code) == value(expected)
