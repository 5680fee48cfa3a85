"""A second look at files that the byte search rules out, for engines that only the file's imports reveal.

A synchronous engine reaches asyncpg by `?async_fallback=True`, as Alembic's env.py often does. If the file that creates
the engine imports its URL, nothing in that file shows it. The same holds for a URL of psycopg. And a file may import an
engine function under another name, which another file of the project gives it. Few files get this look. It reads only
what they import, and it imports next to nothing itself, since most projects with such files have nothing to do with
asyncpg.
"""

from __future__ import annotations

import functools
import os
import re

from poolsafe import needles
from poolsafe.checkout.roots import is_below, root_of
from poolsafe.reading import read_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGN = b"async_fallback"
_PSYCOPG = re.compile(rb"\+psycopg\b")
_FROM = rb"from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\([^()]*\)|[^\r\n;#]*)"
_IMPORT = re.compile(rb"^[ \t]*(?:" + _FROM + rb"|import[ \t]+([\w. \t,]+))", re.MULTILINE)
_WORD = re.compile(rb"[^\W\d]\w*")
# A call of something that may be an engine function under another name, and what gives it that name.
_CALLED = re.compile(rb"(?<![\w.])(?:(\w+)\.)?((?=\w*[eE]ngine)\w+)[ \t]*\(")
_FUNCTION = rb"(?:create_async_engine|async_engine_from_config)"
_RENAMED = re.compile(
    rb"\b" + _FUNCTION + rb"[ \t]+as[ \t]+(\w+)|^(\w+)[ \t]*=[ \t]*(?:\w+\.)*" + _FUNCTION + rb"[ \t]*(?:#.*)?\r?$",
    re.MULTILINE,
)
MAX_HOPS = 2  # from the engine's file to the file with the URL or the function
MAX_FILES = 40  # read for one engine's file
MAX_SIZE = 200_000  # bytes of each


def wanted(path: str, data: bytes, root: str | None = None) -> int:
    """Returns what a file may contain, like `needles.wanted`, including engines that only its imports reveal.

    Without `root`, the project's root is found from the path.
    """
    found = needles.wanted(data)
    if found & needles.ENGINE or not needles.may_deserve_second_look(data):
        return found
    home = os.path.abspath(path)
    top = root or root_of(home)
    if needles.uses_synchronous_engine(data):
        for content in _reachable(home, data, top):
            found |= needles.ENGINE if _SIGN in content else 0
            found |= needles.CLIENT if _PSYCOPG.search(content) else 0
    return found | needles.ENGINE if renamed_engine_functions(home, data, top) else found


def renamed_engine_functions(path: str, data: bytes, root: str | None = None) -> frozenset[str]:
    """Returns the names that a source calls and that another module of the project gives to an engine function.

    Such a module contains `import create_async_engine as make_engine` or `make_engine = create_async_engine`. The names
    must contain "engine". Without `root`, the project's root is found from the path.
    """
    called = set(_CALLED.findall(data)) if b"import" in data else set()
    if not called:
        return frozenset()
    home = os.path.abspath(path)
    top = root or root_of(home)
    return frozenset(
        name.decode()
        for found, names in _imported(home, data, top)
        for owner, name in called
        if (owner or name) in names and name.isascii() and _renames(found, name, top, MAX_HOPS)
    )


def _renames(path: str, name: bytes, root: str, hops: int) -> bool:
    """Returns whether a module gives this name to an engine function, or imports it from one that does."""
    content = _content(root, path)
    if any(name in groups for groups in _RENAMED.findall(content)):
        return True
    if hops <= 1 or name not in content:
        return False
    return any(
        name in names and _renames(found, name, root, hops - 1) for found, names in _imported(path, content, root)
    )


def _reachable(home: str, data: bytes, root: str) -> Iterator[bytes]:
    """Yields the contents of alembic.ini, if the file uses Alembic, and of the project's modules that it imports."""
    seen = {home}
    queue = [(home, data, 0)]
    if b"alembic" in data:
        ini = next((path for path in _alembic_files(home, root) if os.path.isfile(path)), None)
        if ini is not None:
            yield _content(root, ini)
    while queue:
        path, data, hops = queue.pop()
        for found, _ in _imported(path, data, root):
            if found in seen or len(seen) > MAX_FILES:
                continue
            seen.add(found)
            content = _content(root, found)
            yield content
            if hops + 1 < MAX_HOPS:
                queue.append((found, content, hops + 1))


def _content(root: str, path: str) -> bytes:
    """Returns the bytes of a file, or none if it cannot be read, is too large or lies outside the root."""
    try:
        return read_below(root, path, MAX_SIZE)
    except OSError:
        return b""


def _alembic_files(home: str, root: str) -> Iterator[str]:
    return (os.path.join(folder, "alembic.ini") for folder in _folders_above(os.path.dirname(home), root))


def _imported(path: str, data: bytes, root: str) -> Iterator[tuple[str, list[bytes]]]:
    """Yields the files of the project that a source imports, each with the names that it imports from there."""
    folder = os.path.dirname(path)
    for dots, module, listed, modules in _IMPORT.findall(data):
        names = _WORD.findall(listed)
        dotted = [module, *(module + b"." + name for name in names)] if listed else []
        dotted += [part.split()[0] for part in modules.split(b",") if part.strip()]
        bases = [folder]
        for _ in range(len(dots) - 1):
            bases = [os.path.dirname(bases[0])]
        for name in dotted:
            parts = name.decode("latin-1").strip(".").split(".")
            for base in bases if dots else _folders_above(folder, root):
                found = _file(base, parts)
                if found is not None:
                    yield found, names
                    break


@functools.cache
def _folders_above(folder: str, root: str) -> tuple[str, ...]:
    """Returns the folders that modules may be imported from, nearest first, up to the root."""
    own = (folder, os.path.join(folder, "src")) if "src" in _listing(folder) else (folder,)
    above = os.path.dirname(folder)
    return own if folder == root or not is_below(above, root) else own + _folders_above(above, root)


def _file(base: str, parts: list[str]) -> str | None:
    """Returns the file of a dotted name below a folder, or None if there is none."""
    *packages, last = parts
    if packages and packages[0] not in _listing(base):
        return None  # most names are of other packages
    for package in packages:
        if package not in _listing(base):
            return None
        base = os.path.join(base, package)
    if f"{last}.py" in _listing(base):
        return os.path.join(base, f"{last}.py")
    package = os.path.join(base, last)
    if (not last or last in _listing(base)) and "__init__.py" in _listing(package):
        return os.path.join(package, "__init__.py")
    return None


@functools.cache
def _listing(folder: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()
