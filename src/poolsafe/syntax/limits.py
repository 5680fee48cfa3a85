"""Limits on size and nesting, measured with LibCST 1.9 on CPython 3.11."""

# CPython's tokenizer refuses more than 200 open brackets, so no valid file is rejected.
MAX_BRACKETS = 200
# The parse time grows with the square of a chain: 2,000 additions take a second, 5,000 ten, 10,000 more than a minute.
MAX_OPERATORS = 2_000
# What is longer is no source that someone maintains; every pass over a text takes its time.
MAX_CHARACTERS = 4_000_000
# LibCST takes ten microseconds and two kilobytes for a token, and as much for an empty line.
MAX_TOKENS = 250_000
# After `case`, and in a broken `del`, each nested bracket multiplies the parse time: ten of them take ten seconds.
MAX_DOUBLING_BRACKETS = 7
# What one bracket adds to the height of the tree, where an operator adds one.
BRACKET = 3
# What a level of blocks adds: LibCST needs more than 20 kB of stack for each.
BLOCK = 8
# Python's default recursion limit and a stack of a megabyte take this height: a visit needs three frames for each.
SHALLOW = 150
