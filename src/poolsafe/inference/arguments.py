"""The evaluated arguments of a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from poolsafe.inference.values import Value


@dataclass(slots=True)
class Arguments:
    """The evaluated arguments of a call.

    A keyword with an Absent alternative is not given on that path. `open_keywords` is the reason why there may be more
    keywords, or None if there are no others. `open_positional` says whether there may be more positional arguments.
    """

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    open_positional: bool = False
    open_keywords: str | None = None

    def map(self, function: Callable[[Value], Value]) -> Arguments:
        """Returns the arguments with `function` applied to each value."""
        return replace(
            self,
            positional=[function(value) for value in self.positional],
            keywords={name: function(value) for name, value in self.keywords.items()},
        )

    def get(self, index: int | None, keyword: str) -> Value | None:
        """Returns the argument with this keyword or at this position, or None if none is known."""
        if keyword in self.keywords:
            return self.keywords[keyword]
        if index is not None and index < len(self.positional):
            return self.positional[index]
        return None
