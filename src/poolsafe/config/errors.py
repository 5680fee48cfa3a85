"""The exception for errors that a user can correct: a wrong option, key, value or file."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


_LONGEST_SHOWN = 100  # characters of a value in a message


class UsageError(Exception):
    """Bad usage or configuration. The message is one line that names the file, key or option; the command exits 2.

    `unquoted` is the same message without any content of a file, for files that the user may not have meant.
    """

    def __init__(self, text: str, unquoted: str = "") -> None:
        super().__init__(text)
        self.unquoted = unquoted


def one_of(choices: Iterable[str]) -> str:
    """Returns the choices as messages list them: "`a` or `b`", "one of `a`, `b` or `c`"."""
    *first, last = (f"`{choice}`" for choice in choices)
    return f"{'one of ' if len(first) > 1 else ''}{', '.join(first)} or {last}"


def hint(word: str, known: Iterable[str]) -> str:
    """Returns `"; did you mean `x`?"` for the known word nearest to `word`, or an empty string.

    Case and leading dashes are ignored, and `_` counts as `-`. Of equally near words, the one with the longest common
    prefix is used, then the first.
    """
    # Imported late, because importing difflib takes milliseconds.
    import difflib
    import itertools

    word = _plain(word)
    spellings = {_plain(name): name for name in known}
    near = difflib.get_close_matches(word, spellings, n=max(len(spellings), 1), cutoff=0.6)
    if not near:
        return ""
    matcher = difflib.SequenceMatcher(b=word)

    def likeness(name: str) -> tuple[float, int]:
        matcher.set_seq1(name)
        pairs = zip(name, word, strict=False)
        return matcher.ratio(), sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))

    nearest = max((name for name in spellings if name in near), key=likeness)
    return f"; did you mean `{spellings[nearest]}`?"


def _plain(word: str) -> str:
    return word.lower().replace("_", "-").lstrip("-")


def hints(word: str, known: Iterable[str]) -> str:
    """Returns a hint with up to four known words: those that begin with `word`, then the nearest ones; or ""."""
    import difflib

    words, asked = list(known), word.lower().replace("_", "-")
    near = [name for name in words if asked and name.startswith(f"{asked}-")]
    near += [name for name in difflib.get_close_matches(asked, words, n=3, cutoff=0.75) if name not in near]
    quoted = [f"`{name}`" for name in near[:4]]
    if len(quoted) > 1:
        quoted = [", ".join(quoted[:-1]), quoted[-1]]
    return f"; did you mean {' or '.join(quoted)}?" if quoted else ""


def shown(value: object) -> str:
    """Returns a value as messages quote it: strings as they are, other values as Python source, shortened if long."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:
        # Python refuses to write numbers of thousands of digits.
        text = "a number with too many digits"
    return f"`{text}`" if len(text) <= _LONGEST_SHOWN else f"`{text[:_LONGEST_SHOWN]}...`"


def place(source: str, key: str) -> str:
    """Returns how messages name a key and its origin. For a flag, the flag alone."""
    return source if source.startswith("--") and source != "--config" else f"{source}: `{key}`"
