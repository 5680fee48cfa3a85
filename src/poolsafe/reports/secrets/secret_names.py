"""Decides whether an identifier names a secret, by the words that it consists of."""

from __future__ import annotations

import functools
import re
from itertools import pairwise

# `dbPass`, `DB_PASS`, `db-pass`, `pass2` and `DBPass` all have the word "pass"; `compass` and `bypass` do not.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_SECRETS = frozenset(
    {
        "pass", "password", "passwords", "passwd", "passphrase", "passcode", "pwd", "pwds", "pw", "secret", "secrets",
        "token", "tokens", "credential", "credentials", "creds", "authorization", "apikey", "apikeys", "bearer", "jwt",
        "passkey", "passwort", "psw", "pswd",
    }
)  # fmt: skip
# In names written without a separator: `PGPASSWORD`, `userpwd`, `mytoken`, `dbpass`.
_PARTS = ("password", "passwd", "passphrase", "secret", "credential", "apikey", "privatekey", "secretkey", "accesskey")
_ENDINGS = ("pw", "pwd", "pass", "token", "tokens")
_OTHER_PASSES = (
    "band", "by", "com", "encom", "first", "high", "low", "multi", "one", "over", "second", "single", "sur", "tres",
    "under",
)  # fmt: skip
_OTHER_WORDS = frozenset(f"{word}pass" for word in _OTHER_PASSES)
_KEYS = frozenset(
    {
        "access", "account", "api", "auth", "client", "encryption", "fernet", "master", "private", "secret", "session",
        "shared", "signing",
    }
)  # fmt: skip
# These last words show that the value is no secret: `token_count` is a number, and `password_field` a field's name.
_HARMLESS = frozenset(
    {
        "age", "count", "counts", "enabled", "expiry", "field", "fields", "hasher", "length", "lifetime", "limit",
        "max", "min", "optional", "policy", "required", "size", "strategy", "ttl", "type", "types", "validator",
        "validators",
    }
)  # fmt: skip
# Longer texts are not names.
LONGEST = 200  # characters


@functools.lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Returns whether `name` is bound to a secret. A dotted or hyphenated name is judged as a whole."""
    words = [word.lower() for word in _WORD.findall(name[-LONGEST:])]
    if words == ["auth"]:
        return True
    if not words or words[-1] in _HARMLESS:
        return False
    return any(_is_secret_word(word) for word in words) or any(
        word in _KEYS and following in ("key", "keys") for word, following in pairwise(words)
    )


def _is_secret_word(word: str) -> bool:
    if word in _SECRETS:
        return True
    if word in _OTHER_WORDS:
        return False
    return word.endswith(_ENDINGS) or any(part in word for part in _PARTS)
