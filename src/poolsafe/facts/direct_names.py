"""Names that indicate that a URL leads directly to the server, without a pooler."""

from __future__ import annotations

import re

# Prisma and Supabase: DIRECT_URL; Neon and Vercel: DATABASE_URL_UNPOOLED, POSTGRES_URL_NON_POOLING.
_DIRECT = re.compile(r"(?:^|_)(?:direct|unpooled|non_?pool(?:ed|ing|er)?|no_?pool(?:er|ing)?|session_?mode)(?:_|$)")
_WORD = re.compile(r"\w+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST = 300


def names_direct_server(text: str) -> bool:
    """Returns whether a word in the source of an expression names a direct connection."""
    if len(text) > _LONGEST or "://" in text:
        return False
    return any(_DIRECT.search(_HUMP.sub("_", word).lower()) for word in _WORD.findall(text))
