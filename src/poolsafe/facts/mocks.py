"""Tests that replace a function that creates engines or connections, and so may compare its arguments."""

from __future__ import annotations

import re

# `patch("app.db.create_async_engine")`, `patch.object(asyncpg, "connect")`, `monkeypatch.setattr(db, "connect", fake)`.
_REPLACED = re.compile(
    rb"\b(?:patch(?:\.object)?|setattr)\(\s*[^()]{0,120}?"
    rb"(?:create_async_engine|create_engine|engine_from_config|create_pool|\bconnect(?:_async)?)[\"']"
)


def replaces_creator(code: bytes) -> bool:
    """Returns whether code replaces a function that creates engines or connections with a mock.

    The arguments of a call in the same file may then be repeated in an assertion, which a fix would not change.
    """
    return _REPLACED.search(code) is not None
