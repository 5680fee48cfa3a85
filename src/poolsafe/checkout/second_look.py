"""A second look at files that the byte search rules out, for engines that are only visible in the file's imports.

A synchronous engine can use asyncpg through `?async_fallback=True`, as Alembic's env.py often does. If the file that
creates the engine imports its URL, the file itself does not mention asyncpg. The same is true for a URL of psycopg. In
addition, another file of the project may export an engine function under another name. Few files get this look. It
reads only their imports, and it imports very little itself, because most projects with such files do not use asyncpg.
"""

from __future__ import annotations

import functools
import os
import re

from poolsafe import needles
from poolsafe.checkout.import_statements import defines, module_imports, name_imports
from poolsafe.checkout.roots import is_below, root_of
from poolsafe.reading import read_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGN = b"async_fallback"
_PSYCOPG = re.compile(rb"\+psycopg\b")
# The callee of a call: the name before the last dot, if there is one, and the last name.
_CALLED = re.compile(rb"(?:\b(\w+)\.|(?<![\w.]))(\w+)[ \t]*\(")
# A file that calls a function to create an engine, whatever its name, contains one of these. Prose about engines is
# frequent.
_MAKING = (b"ngine(", b"ngine =", b"ngine=", b"ngine:", b"ngine_", b"ngines", b"connect_args", b"postgresql+")
_FUNCTIONS = frozenset((b"create_async_engine", b"async_engine_from_config"))
# `new = old` and `new = partial(old, ...)` at the top level: the new name, and the old one as in `_CALLED`.
_RENAMED = re.compile(
    rb"^(\w+)[ \t]*(?::[^=\r\n]+)?=[ \t]*(?:(?:functools\.)?partial\(\s*)?"
    rb"(?:\w+\.)*?(?:(\w+)\.)?(\w+)[ \t]*(?:[,)#]|\r?$)",
    re.MULTILINE,
)
MAX_HOPS = 2  # from the engine's file to the file with the URL
MAX_NAMES = 6  # a function can be renamed this many times, including by imports
MAX_FILES = 40  # read for one engine's file
MAX_SIZE = 200_000  # bytes of each
MAX_HELD = 20_000_000  # bytes of all contents that are kept during a run


def wanted(path: str, data: bytes, root: str | None = None, looked_at: dict[str, ImportedFiles] | None = None) -> int:
    """Returns what a file may contain, like `needles.wanted`, including engines that are only visible in its imports.

    Without `root`, the project's root is found from the path.
    """
    found = needles.search(data)
    return found & ~needles.IMPORTED | revealed(path, data, root, looked_at) if found & needles.IMPORTED else found


def revealed(path: str, data: bytes, root: str | None = None, looked_at: dict[str, ImportedFiles] | None = None) -> int:
    """Returns what the imports of a file reveal: the sum of `needles.ENGINE` and `needles.CLIENT`, or 0.

    Calls for the files of one run share `looked_at`, with the files that were read for each root.
    """
    found = 0
    home = os.path.abspath(path)
    files = _files_with(home, data, root, {} if looked_at is None else looked_at)
    if needles.uses_synchronous_engine(data):
        for content in _reachable(home, files):
            found |= needles.ENGINE if _SIGN in content else 0
            found |= needles.CLIENT if _PSYCOPG.search(content) else 0
    if any(sign in data for sign in _MAKING) and _renamed(home, files):
        found |= needles.ENGINE
    return found


def renamed_engine_functions(
    path: str, data: bytes, root: str | None = None, looked_at: dict[str, ImportedFiles] | None = None
) -> frozenset[str]:
    """Returns the names that a source calls and that another module of the project binds to an engine function.

    Such a module contains `import create_async_engine as make_engine`, `make_engine = create_async_engine` or
    `make_engine = partial(create_async_engine, echo=True)`. Without `root`, the project's root is found from the path.
    """
    home = os.path.abspath(path)
    return _renamed(home, _files_with(home, data, root, {} if looked_at is None else looked_at))


def uses_only_own_functions(
    path: str, data: bytes, root: str | None = None, looked_at: dict[str, ImportedFiles] | None = None
) -> bool:
    """Returns whether each engine function that a source uses is a function of the project that has the same name."""
    home = os.path.abspath(path)
    files = _files_with(home, data, root, {} if looked_at is None else looked_at)
    names = needles.bare_engine_functions(data)
    return bool(names) and all(_is_own(home, name, files, MAX_HOPS) for name in names) and not _renamed(home, files)


def _is_own(path: str, name: bytes, files: ImportedFiles, hops: int) -> bool:
    """Returns whether a file imports a name from files of the project that define a function of that name."""
    from poolsafe.checkout.project_files import own_package  # late, because few files get here

    homes = [(home, original) for home, original, bound in files.imports(path) if bound in (name, b"*")]
    return bool(homes) and all(
        bool(home)
        and original == name
        and not own_package(os.path.dirname(home))
        and (_defines(home, name, files) or (hops > 0 and _is_own(home, name, files, hops - 1)))
        for home, original in homes
    )


def _defines(path: str, name: bytes, files: ImportedFiles) -> bool:
    imported = any(bound in (name, b"*") for _, _, bound in files.imports(path))
    return not imported and defines(files.content(path), name)


def _files_with(home: str, data: bytes, root: str | None, looked_at: dict[str, ImportedFiles]) -> ImportedFiles:
    """Returns the files that were read below the root, including the file that gets the second look."""
    root = root or root_of(home)
    if root not in looked_at:
        looked_at[root] = ImportedFiles(root)
    looked_at[root].give(home, data)
    return looked_at[root]


class ImportedFiles:
    """The files of a project that others import, directly or indirectly. Their contents are kept."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._contents: dict[str, bytes] = {}
        self._held = 0
        self._imports: dict[str, list[tuple[str, bytes, bytes]]] = {}
        self._renamings: dict[str, list[tuple[bytes, bytes, bytes]]] = {}
        self.meanings: dict[tuple[str, bytes, bytes, int], bool] = {}

    def give(self, path: str, data: bytes) -> None:
        """Keeps the bytes of a file that need not be read again. Forgets everything if the file has changed."""
        if self._held > MAX_HELD or self._contents.get(path, data) != data:
            self._contents.clear()
            self._imports.clear()
            self._renamings.clear()
            self.meanings.clear()
            self._held = 0
        if path not in self._contents:
            self._contents[path] = data
            self._held += len(data)

    def content(self, path: str) -> bytes:
        """Returns the bytes of a file, or none if it cannot be read, is too large or lies outside the root."""
        if path not in self._contents:
            self.give(path, _content(self.root, path))
        return self._contents[path]

    def imports(self, path: str) -> list[tuple[str, bytes, bytes]]:
        """Returns the imports of a file: for each the imported file, the name there, and the name that is bound here.

        The first is "" outside the project, the second is empty for a module. Both names are `*` for a star.
        """
        if path not in self._imports:
            self._imports[path] = list(self._imported(path))
        return self._imports[path]

    def renamings(self, path: str, name: bytes) -> list[tuple[bytes, bytes]]:
        """Returns the dotted names that a file assigns to a name, each as its last two parts."""
        content = self.content(path)
        if not any(name + sign in content for sign in (b" =", b"=", b":", b"\t")):
            return []
        if path not in self._renamings:
            self._renamings[path] = _RENAMED.findall(content)
        return [(owner, old) for new, owner, old in self._renamings[path] if new == name]

    def _imported(self, path: str) -> Iterator[tuple[str, bytes, bytes]]:
        folder = os.path.dirname(path)
        content = self.content(path)
        for _, modules in module_imports(content):
            for name, bound in modules:
                yield self._find(folder, b"", name), b"", bound
        for _, dots, module, items in name_imports(content):
            home = self._find(folder, dots, module)
            has_modules = not home or home.endswith("__init__.py")
            for name, bound in items:
                yield home, name, bound
                below = self._find(folder, dots, module + b"." + name) if has_modules and name != b"*" else ""
                if below:
                    yield below, b"", bound

    def _find(self, folder: str, dots: bytes, name: bytes) -> str:
        """Returns the file of a module that is imported in a folder, or "" if it is not part of the project."""
        for _ in range(len(dots) - 1):
            folder = os.path.dirname(folder)
        parts = name.decode("latin-1").strip(".").split(".")
        bases = (folder,) if dots else _folders_above(folder, self.root)
        return next(filter(None, (_file(base, parts) for base in bases)), "")


def _renamed(home: str, files: ImportedFiles) -> frozenset[str]:
    data = files.content(home)
    if not _imports_engine_function(files, home):
        return frozenset()
    bound = {name for _, _, name in files.imports(home)} | {name for name, _, _ in _RENAMED.findall(data)}
    # The byte search has found the functions' own names, except in comments and strings.
    calls = ((owner, name) for owner, name in _CALLED.findall(data) if name not in _FUNCTIONS)
    called = {(owner, name) for owner, name in calls if b"*" in bound or (owner or name) in bound}
    found = (name for owner, name in called if _means_engine_function(files, home, owner, name))
    return frozenset(name.decode() for name in found if name.isascii())


def _imports_engine_function(files: ImportedFiles, home: str) -> bool:
    """Returns whether a file imports an engine function from the project, or one of SQLAlchemy's. Most do not."""
    data = files.content(home)
    for found, original, bound in files.imports(home):
        if original in _FUNCTIONS or (found and original == b"*"):
            return True
        if not found:
            continue
        names = [original] if original else set(re.findall(re.escape(bound) + rb"\.(\w+)", data))
        if any(_means_engine_function(files, found, b"", name) for name in names):
            return True
    return False


def _means_engine_function(files: ImportedFiles, path: str, owner: bytes, name: bytes, left: int = MAX_NAMES) -> bool:
    """Returns whether `owner.name`, or `name` if the owner is empty, refers to an engine function in a file."""
    if name in _FUNCTIONS:
        return True
    question = (path, owner, name, left)
    if question not in files.meanings:
        files.meanings[question] = _leads_to_engine_function(files, *question)
    return files.meanings[question]


def _leads_to_engine_function(files: ImportedFiles, path: str, owner: bytes, name: bytes, left: int) -> bool:
    content = files.content(path)
    if not left or name not in content or b"def " + name in content or b"class " + name in content:
        return False
    if not owner and any(_means_engine_function(files, path, *old, left - 1) for old in files.renamings(path, name)):
        return True
    for found, original, bound in files.imports(path):
        if bound == owner if not original else not owner and bound in (name, b"*"):
            there = original if original not in (b"", b"*") else name
            if _means_engine_function(files, found, b"", there, left - 1):
                return True
    return False


def _reachable(home: str, files: ImportedFiles) -> Iterator[bytes]:
    """Yields the contents of alembic.ini, if the file uses Alembic, and of the project's modules that it imports."""
    seen = {home, ""}
    queue = [(home, 0)]
    if b"alembic" in files.content(home):
        ini = next((path for path in _alembic_files(home, files.root) if os.path.isfile(path)), None)
        if ini is not None:
            yield files.content(ini)
    while queue:
        path, hops = queue.pop()
        for found, _, _ in files.imports(path):
            if found in seen or len(seen) > MAX_FILES:
                continue
            seen.add(found)
            yield files.content(found)
            if hops + 1 < MAX_HOPS:
                queue.append((found, hops + 1))


def _content(root: str, path: str) -> bytes:
    try:
        return read_below(root, path, MAX_SIZE) if path else b""
    except OSError:
        return b""


def _alembic_files(home: str, root: str) -> Iterator[str]:
    return (os.path.join(folder, "alembic.ini") for folder in _folders_above(os.path.dirname(home), root))


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
        return None  # most names belong to other packages
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
