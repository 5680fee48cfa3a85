"""Tests that replace a function that creates engines or connections."""

from __future__ import annotations

import pytest

from poolsafe.facts.mocks import replaces_creator

REPLACING = [
    'with patch("app.db.create_async_engine") as made: pass',
    "mocker.patch('api.database.create_engine')",
    'with patch(\n    "tortoise.backends.asyncpg.client.AsyncpgDBClient.create_pool", new=AsyncMock()\n): pass',
    'with mock.patch.object(asyncpg, "connect"): pass',
    'monkeypatch.setattr(config, "asyncpg_create_pool", fake)',
    'monkeypatch.setattr("app.db.async_engine_from_config", fake)',
]
OTHERS = [
    'monkeypatch.setattr(db, "engine", create_async_engine("sqlite+aiosqlite://"))',
    'with patch("app.db.session"): create_async_engine(url)',
    'dispatch("create_pool")',
    'setattr(settings, "connect_args", {})',
    'client.patch("/disconnect")',
]


@pytest.mark.parametrize("code", REPLACING)
def test_a_creator_is_replaced(code: str) -> None:
    assert replaces_creator(code.encode())


@pytest.mark.parametrize("code", OTHERS)
def test_something_else_is_replaced(code: str) -> None:
    assert not replaces_creator(code.encode())
