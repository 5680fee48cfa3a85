"""Limits on size and nesting, measured with LibCST 1.9 on CPython 3.11."""

# CPython's tokenizer refuses more than 200 open brackets, so no valid file is rejected.
MAX_BRACKETS = 200
# The parse time is quadratic in the length of a chain: 2,000 additions take a second, 5,000 ten, 10,000 over a minute.
MAX_OPERATORS = 2_000
# Longer files are not maintained by people, and each pass over a text takes time.
MAX_CHARACTERS = 4_000_000
# LibCST needs ten microseconds and two kilobytes for each token or empty line.
MAX_TOKENS = 250_000
# After `case`, and in a broken `del`, each nested bracket multiplies the parse time: ten of them take ten seconds.
MAX_DOUBLING_BRACKETS = 7
# A bracket adds this much to the height of the tree; an operator adds one.
BRACKET = 3
# A level of blocks adds this much: LibCST needs more than 20 kB of stack for each.
BLOCK = 8
# Python's default recursion limit and a stack of a megabyte suffice for this height: a visit needs three frames per
# level.
SHALLOW = 150
