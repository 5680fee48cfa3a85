"""The types of configuration values: their names in messages, how they are checked, and their schema."""

from __future__ import annotations

from poolsafe.config.errors import hint, hints, one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

# More digits than any size or version needs. Python itself limits the digits that it converts.
_MOST_DIGITS = 18
_WIDTHS = range(1, 321)  # of a line, as in ruff
_LONGEST_VERSION = 500  # characters

LANGUAGES = ("python", "pyi", "ipynb", "markdown")


class Kind:
    """A type of value: what messages call it, and the function that returns a checked value or raises ValueError.

    `choices` are the allowed values, or values of a table; empty if others are allowed.
    """

    __slots__ = ("choices", "label", "read", "schema")

    def __init__(
        self,
        label: str,
        read: Callable[[Any], Any],
        schema: dict[str, object],
        choices: tuple[str, ...] = (),
    ) -> None:
        self.label = label
        self.read = read
        self.schema = schema
        self.choices = choices

    def nearest(self, value: object) -> str:
        """Returns a hint with the choice that a wrong value was probably meant for, or an empty string."""
        said: Iterable[object] = value.values() if isinstance(value, dict) else (value,)
        wrong = [word for word in said if isinstance(word, str) and word not in self.choices]
        return hint(wrong[0], self.choices) if wrong and self.choices else ""


def _read_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError


def _read_string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError


def _read_path(value: Any) -> str:
    if _read_string(value):
        return str(value)
    raise ValueError


def _read_count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_MOST_DIGITS:
        return value
    raise ValueError


def _read_width(value: Any) -> int:
    if _read_count(value) in _WIDTHS:
        return int(value)
    raise ValueError


def _read_strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError


def _read_paths(value: Any) -> tuple[str, ...]:
    return tuple(map(_read_path, _read_strings(value)))


def _read_table(value: Any) -> dict[str, tuple[str, ...]]:
    if isinstance(value, dict) and "" not in value:
        return {key: _read_strings(item) for key, item in value.items()}
    raise ValueError


def _read_version(value: Any) -> tuple[int, ...]:
    parts = value.split(".") if isinstance(value, str) and len(value) <= _LONGEST_VERSION else ()
    if parts and all(part.isascii() and part.isdigit() and len(part) <= _MOST_DIGITS for part in parts):
        return tuple(int(part) for part in parts)
    raise ValueError


def _read_requirement(value: Any) -> str:
    # Imported late, because packaging is only needed if a version is required.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if len(_read_string(value)) > _LONGEST_VERSION:
        raise ValueError
    try:
        specifier = SpecifierSet(_pinned(value))
    except InvalidSpecifier:
        raise ValueError from None
    if not len(specifier):
        raise ValueError
    return str(value)


def _pinned(text: str) -> str:
    return f"=={text}" if text[:1].isdigit() else text


def meets(required: str, version: str) -> bool:
    """Returns whether `required-version` allows a version."""
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(_pinned(required)).contains(version, prereleases=True)


BOOL = Kind("true or false", _read_bool, {"type": "boolean"})
PATH = Kind("a string that is not empty", _read_path, {"type": "string", "minLength": 1})


def read_digits(text: str) -> object:
    """Returns the whole number that a text stands for, or the text itself, to be checked by `COUNT`."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else text


COUNT = Kind("a whole number, 0 or more", _read_count, {"type": "integer", "minimum": 0})
WIDTH = Kind(
    "a whole number from 1 to 320", _read_width, {"type": "integer", "minimum": _WIDTHS[0], "maximum": _WIDTHS[-1]}
)
STRINGS = Kind("a list of strings", _read_strings, {"type": "array", "items": {"type": "string"}})
PATHS = Kind(
    "a list of strings, none of them empty",
    _read_paths,
    {"type": "array", "items": {"type": "string", "minLength": 1}},
)
TABLE = Kind(
    "a table that maps globs to lists of strings",
    _read_table,
    {
        "type": "object",
        "propertyNames": {"minLength": 1},
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
    },
)
VERSION = Kind("a version such as `0.31.0`", _read_version, {"type": "string", "pattern": r"^\d+(\.\d+)*$"})

REQUIREMENT = Kind(
    "a version, or a specifier such as `>=0.1`",
    _read_requirement,
    {
        "type": "string",
        "pattern": r"^\s*(\d|===?|~=|!=|[<>]=?)\s*[\w.*+!-]+(\s*,\s*(===?|~=|!=|[<>]=?)\s*[\w.*+!-]+)*\s*$",
    },
)


def choice(*choices: str) -> Kind:
    def read(value: Any) -> str:
        if value in choices:
            return str(value)
        raise ValueError

    return Kind(one_of(choices), read, {"enum": list(choices)}, choices)


class _Pooler(Kind):
    """A pool mode, or the name of a pooler in the catalogue, which is only imported for words that are not modes."""

    __slots__ = ()

    def nearest(self, value: object) -> str:
        from poolsafe.deployment.providers.catalogue import names

        return hints(value, [*self.choices, *names()]) if isinstance(value, str) else ""


def _read_pooler(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    if value not in POOL_MODES:
        from poolsafe.deployment.providers.catalogue import names

        if value not in names():
            raise ValueError
    return value


POOL_MODES = ("auto", "transaction", "statement", "session", "none")
POOLER = _Pooler(
    f"one of {', '.join(f'`{mode}`' for mode in POOL_MODES)}, or the name of a pooler",
    _read_pooler,
    {"type": "string"},
    POOL_MODES,
)


def _read_languages(value: Any) -> dict[str, str]:
    if isinstance(value, dict) and all(isinstance(item, str) and item in LANGUAGES for item in value.values()):
        return dict(value)
    raise ValueError


EXTENSIONS = Kind(
    f"a table that maps extensions to {one_of(LANGUAGES)}",
    _read_languages,
    {"type": "object", "additionalProperties": {"enum": list(LANGUAGES)}},
    LANGUAGES,
)
