"""Where the secrets of a text are: decided on the names that literals are bound to, and on the grammar of URLs."""

# A text without any of these, in whatever case, names no secret: a quick test before a slow search.
HINTS = ("pass", "pw", "psw", "secret", "token", "cred", "key", "auth", "bearer", "jwt")
