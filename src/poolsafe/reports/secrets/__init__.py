"""Where the secrets of a text are: decided on the names that literals are bound to, and on the grammar of URLs."""
