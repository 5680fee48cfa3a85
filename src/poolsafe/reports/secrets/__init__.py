"""Finds the secrets in a text, by the names that literals are bound to and by the grammar of URLs."""

# A text without any of these, in upper or lower case, contains no secret. This quick test avoids a slow search.
HINTS = ("pass", "pw", "psw", "secret", "token", "cred", "key", "auth", "bearer", "jwt")
