"""Engines of another driver with a literal URL: no module is loaded for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import codes_in, record_loads

SPELLED = [
    'create_async_engine("sqlite+aiosqlite://", echo=settings.echo)',
    'create_async_engine(url="sqlite+aiosqlite://")',
    'create_async_engine(f"sqlite+aiosqlite:///{settings.path}", connect_args={"timeout": settings.timeout})',
    'create_async_engine("sqlite+aiosqlite:///" + settings.path)',
    'create_async_engine("sqlite+" "aiosqlite:///a")',
]
RUN = [
    "create_async_engine(settings.url)",
    'create_async_engine("sqlite+aiosqlite://", connect_args=settings.arguments)',
    'create_async_engine("sqlite+aiosqlite://", **settings.options)',
    'create_async_engine(f"{settings.url}")',
    'create_async_engine("sqlite" + settings.url)',
]


@pytest.mark.parametrize("call", [*SPELLED, *RUN])
def test_what_is_loaded(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = record_loads(monkeypatch)
    code = f"from sqlalchemy.ext.asyncio import create_async_engine\nfrom conf import settings\nengine = {call}\n"
    assert codes_in(tmp_path, {"conf.py": "settings = object()\n", "a.py": code}, "a.py") == []
    assert ("conf.py" in loaded) == (call in RUN)
