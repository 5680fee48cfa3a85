"""One command of a SQL text, as tokens of the scanner."""

from __future__ import annotations

from collections.abc import Sequence

from poolsafe.sql.session_effects import Effect, SessionCommand

# A token of the scanner: its kind, and its span.
Token = tuple[str, int, int]

# Words of queries that do more than call a function.
_WORK = frozenset({"from", "insert", "update", "delete", "merge", "call"})


class Command:
    """The tokens of one command."""

    def __init__(self, sql: str, found: Sequence[Token], start: int, end: int) -> None:
        self.sql = sql
        self.tokens = found
        self.start = start
        self.end = end

    def text(self, index: int) -> str:
        """Returns the text of a token, or "" past the end."""
        if index >= len(self.tokens):
            return ""
        _, start, end = self.tokens[index]
        return self.sql[start:end]

    def word(self, index: int) -> str:
        """Returns a token in lower case."""
        return self.text(index).lower()

    def words(self, index: int, *expected: str) -> bool:
        """Returns whether these words are at an index."""
        return all(self.word(index + place) == word for place, word in enumerate(expected))

    def from_to(self, first: int, last: int) -> tuple[int, int]:
        """Returns the span from one token to the end of another."""
        return self.tokens[first][1], self.tokens[last][2]

    def name(self, index: int) -> tuple[str, int]:
        """Returns a name that may have dots, without its quotes, and the index after it."""
        parts: list[str] = []
        end = None
        while index < len(self.tokens) and (end is None or self.tokens[index][1] == end):
            kind, start, end = self.tokens[index]
            text = self.sql[start:end]
            if kind not in ("word", "placeholder") and not (text == "." and parts) and text[:1] != '"':
                break
            parts.append(text.strip('"'))
            index += 1
        return "".join(parts), index

    @property
    def works(self) -> bool:
        """Returns whether the command reads or writes tables."""
        return any(kind == "word" and self.sql[start:end].lower() in _WORK for kind, start, end in self.tokens)

    def made(self, effect: Effect, name: str = "", **more: object) -> SessionCommand:
        return SessionCommand(effect, name, self.start, self.end, **more)  # type: ignore[arg-type]
