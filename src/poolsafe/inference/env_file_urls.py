"""The URLs in the project's env files, for variables that have no value in the code."""

from __future__ import annotations

from poolsafe.inference.context import Frame
from poolsafe.inference.reasons import Origin
from poolsafe.inference.values import Aside, Const, Text, Value, text


def documented_default(frame: Frame, names: tuple[str, ...], nested: str | None = None) -> Value | None:
    """Returns the URL of one of the variables in the project's env files, or None if there is none.

    `nested` is the name of a field that a nested settings class may read from `OUTER__FIELD`.
    """
    home = frame.home
    found = frame.run.project.environment(home, names, nested)
    if found is None:
        return None
    return text(str(found), provenance=(Aside(home, home.root, Origin.LITERAL, found.path, found.row),))


def documented_beside(frame: Frame, default: Value, names: tuple[str, ...], nested: str | None = None) -> Value | None:
    """Returns the URL from the env files if it matters next to a default, or None.

    It matters if the default is empty, or if it is an asyncpg URL and the default is another driver's.
    """
    found = documented_default(frame, names, nested) if _gives_way(default) else None
    return found if found is not None and (says_nothing(default) or _is_of_asyncpg(found)) else None


def _gives_way(default: Value) -> bool:
    """Returns whether an env file may matter next to a default: the default is empty or another driver's URL."""
    return says_nothing(default) or (
        isinstance(default, Text) and "://" in default.prefix and not _is_of_asyncpg(default)
    )


def _is_of_asyncpg(url: Value) -> bool:
    """Returns whether a value is a string that begins with the scheme of asyncpg."""
    return isinstance(url, Text) and url.prefix.startswith("postgresql+asyncpg:")


def says_nothing(default: Value) -> bool:
    """Returns whether a default is None or an empty string."""
    return default == Const(None) or (isinstance(default, Text) and default.known == "")
