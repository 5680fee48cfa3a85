"""The files of a project: listing, reading and searching them, and finding modules by name.

Imports and links never lead outside the root.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping

from poolsafe import libraries
from poolsafe.checkout.env_files import Cache, Documented, alembic_options, environment_files
from poolsafe.checkout.roots import MARKERS, is_aside, is_below, root_of, shared_folders
from poolsafe.reading import inside, read
from poolsafe.sql.python_strings import code

# Folders with code of other projects, or without code.
_FOREIGN = frozenset(
    [
        "site-packages",
        "node_modules",
        "__pycache__",
        "venv",
        ".venv",
        "env",
        ".git",
        ".tox",
        ".nox",
        ".mypy_cache",
        "dist",
        "build",
    ]
)
MAX_FILE = 2_000_000  # bytes
MAX_FILES = 30_000
MAX_FOLDERS = 500  # this many folders are searched for files like alembic.ini
MAX_DEPTH = 4  # of these folders
MAX_CONTENTS = 16_000_000  # bytes kept in memory for further searches
MAX_CODES = 40  # files whose code is kept


class Files:
    """The files below a root.

    Without a root, it is found from each file by the markers of a project. `sources` are further folders below the root
    that modules are imported from.
    """

    def __init__(self, root: str | None, sources: tuple[str, ...] = ()) -> None:
        self.root = root
        self._sources = tuple(source for source in sources if root is None or is_below(source, root))
        self._files: list[str] | None = None
        self._main_files: dict[str, list[str]] = {}
        self._holders: dict[tuple[tuple[bytes, ...], str | None], list[str]] = {}
        self._contents: dict[str, bytes] = {}
        self._room_for_contents = MAX_CONTENTS
        self._codes: dict[str, bytes] = {}
        self._tops: dict[str, list[str]] | None = None
        self._environments: Cache = {}
        self._documented: dict[str, list[tuple[str, Documented]]] = {}  # by the folder of the importing file
        self._alembic: Cache = {}
        self._alembic_files: list[str] | None = None
        self._found: dict[tuple[str, str], str | None] = {}
        self._listings: dict[str, frozenset[str]] = {}

    def forget(self, path: str) -> None:
        """Forgets the content of a file that has changed."""
        self._contents.pop(path, None)
        self._codes.pop(path, None)
        self._holders.clear()

    def module_file(self, directory: str, level: int, name: str) -> str | None:
        """Returns the file of a module imported in `directory` by a dotted name with `level` leading dots.

        Returns None if the module is not part of the project.
        """
        if not level:
            return self._absolute(directory, name)
        base = directory
        for _ in range(level - 1):
            base = os.path.dirname(base)
        return self._file(base, name)

    def holding(self, near: str, words: tuple[bytes, ...], without_tests: str | None = None) -> list[str]:
        """Returns the project's files that contain one of the words. Cached.

        Tests and examples of the project below the root `without_tests`, if it is given, are not even read.
        """
        key = (words, without_tests)
        found = self._holders.get(key)
        if found is None:
            paths = self.python_files(near, without_tests)
            found = self._holders[key] = [path for path in paths if holds(self.content(path), words)]
        return found

    def content(self, path: str) -> bytes:
        """Returns the content of a file, and keeps it if there is room, because files are searched repeatedly."""
        found = self._contents.get(path)
        if found is None:
            found = file_content(path)
            if len(found) <= self._room_for_contents:
                self._room_for_contents -= len(found)
                self._contents[path] = found
        return found

    def code(self, path: str) -> bytes:
        """Returns a file's code, without comments and the content of strings. Kept for some files."""
        found = self._codes.get(path)
        if found is None:
            if len(self._codes) >= MAX_CODES:
                self._codes.clear()
            found = self._codes[path] = code(self.content(path))
        return found

    def _python_files(self, near: str) -> list[str]:
        if self._files is None:
            self._files = []
            top = self.root or self.roots(near)[-1]
            folders = [top]
            while folders and len(self._files) <= MAX_FILES:
                folder = folders.pop()
                entries = self._entries(folder)
                # The code of an environment is not the project's.
                if folder == top or "pyvenv.cfg" not in self._listings[folder]:
                    self._files += (entry.path for entry in entries if self._is_source(entry))
                    below = [entry.path for entry in entries if entry.name not in _FOREIGN and _is_folder(entry)]
                    folders += sorted(below, reverse=True)
        return self._files

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as opened:
                entries = list(opened)
        except OSError:
            entries = []
        self._listings[folder] = frozenset([entry.name for entry in entries])
        return entries

    def _is_source(self, entry: os.DirEntry[str]) -> bool:
        """Returns whether an entry of a folder is a Python file, or a link to a file of the project."""
        if not entry.name.endswith(".py") or _is_folder(entry):
            return False
        return not entry.is_symlink() or self.is_inside(entry.path)

    def python_files(self, near: str, without_tests: str | None = None) -> list[str]:
        """Returns the project's files, except for tests and examples below the root `without_tests`, if it is given."""
        if without_tests is None:
            return self._python_files(near)
        if without_tests not in self._main_files:
            every = self._python_files(near)
            self._main_files[without_tests] = [path for path in every if not is_aside(path, without_tests)]
        return self._main_files[without_tests]

    def main_root(self, path: str) -> str | None:
        """Returns the root below which tests and examples do not count for a file, or None if it is one itself."""
        root = self.root or root_of(path)
        return None if is_aside(path, root) else root

    def is_inside(self, path: str) -> bool:
        return self.root is None or inside(self.root, path)

    def environment(self, folder: str, names: tuple[str, ...], nested: str | None = None) -> Documented | None:
        """Returns the URL, or its driver, of one of these variables in the nearest env file, or None.

        With `nested`, names ending in `__NESTED` match as well. Other settings in such files are specific to one
        machine.
        """
        suffix = f"__{nested.upper()}" if nested is not None else None
        for name, value in self.documented(folder):
            if name in names or (suffix is not None and name.endswith(suffix)):
                return value
        return None

    def documented(self, folder: str) -> list[tuple[str, Documented]]:
        """Returns the variables with URLs or drivers in the env files above a folder, nearest first."""
        found = self._documented.get(folder)
        if found is None:
            found = self._documented[folder] = [
                (name, value)
                for above in self.roots(folder)
                for values in environment_files(self.root or above, above, self.listing(above), self._environments)
                for name, value in values.items()
                if _is_of_url(value)
            ]
        return found

    def alembic(self, folder: str) -> dict[str, Documented]:
        """Returns the options in the `[alembic]` section of the nearest alembic.ini, with `%` unchanged.

        If there is none, files with other names count if their migrations are in `folder`, unless their URLs differ.
        """
        for above in self.roots(folder):
            if "alembic.ini" in self.listing(above):
                return alembic_options(self.root or above, os.path.join(above, "alembic.ini"), self._alembic)
        top = self.root or self.roots(folder)[-1]
        found = [alembic_options(top, path, self._alembic) for path in self._other_alembic_files(top)]
        found = [options for options in found if _is_of_migrations(options, folder)]
        schemes = {options.get("sqlalchemy.url", "").partition("://")[0] for options in found}
        return found[0] if len(schemes) == 1 else {}

    def _other_alembic_files(self, top: str) -> list[str]:
        """Returns the files for `alembic -c`, by their names: `configs/prod.alembic.ini`. Cached."""
        if self._alembic_files is None:
            self._alembic_files = []
            for visited, (folder, folders, files) in enumerate(os.walk(top)):
                near = visited < MAX_FOLDERS and folder.count(os.sep) - top.count(os.sep) < MAX_DEPTH
                folders[:] = sorted(one for one in folders if one not in _FOREIGN) if near else []
                names = sorted(name for name in files if name.endswith(".ini") and "alembic" in name)
                self._alembic_files += [os.path.join(folder, name) for name in names]
        return self._alembic_files

    def _absolute(self, directory: str, name: str) -> str | None:
        if libraries.is_library(name):
            return None
        key = (directory, name)
        if key not in self._found:
            roots = (*self.roots(directory), *self._sources)
            above = next(filter(None, (self._file(root, name) for root in roots)), None)
            self._found[key] = above or self._beside(directory, name)
        return self._found[key]

    def _beside(self, directory: str, name: str) -> str | None:
        """Returns the nearest file of the module in another package of the checkout, such as a monorepo, or None."""
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names:
            return None
        folders = self._packages(directory).get(top, [])
        for folder in sorted(folders, key=lambda folder: (-shared_folders(folder, directory), folder)):
            found = self._file(folder, name)
            if found is not None:
                return found
        return None

    def _packages(self, near: str) -> dict[str, list[str]]:
        """Returns the top-level packages of the project, each with the folders that contain it."""
        if self._tops is None:
            self._tops = {}
            folders = {os.path.dirname(path) for path in self._python_files(near) if path.endswith("__init__.py")}
            for folder in folders:
                parent, name = os.path.split(folder)
                if parent not in folders:
                    self._tops.setdefault(name, []).append(parent)
        return self._tops

    def roots(self, directory: str) -> list[str]:
        """Returns the folders that modules may be imported from, nearest first, up to the project's root."""
        roots: list[str] = []
        while True:
            roots.append(directory)
            source = os.path.join(directory, "src")
            if "src" in self.listing(directory):
                roots.append(source)
            if directory == self.root:
                return roots
            parent = os.path.dirname(directory)
            if parent == directory or (self.root is None and ".git" in self.listing(directory)):
                return roots
            if self.root is not None and not directory.startswith(self.root + os.sep):
                return roots
            if self.root is None and not self._belongs(directory, parent):
                return roots
            directory = parent

    def named_outside(self, folder: str) -> bytes:
        """Returns a word that every file outside a folder contains if it imports a module directly in the folder.

        That is the name of a package. It is empty if modules in the folder may be imported by their own names alone.
        """
        name = os.path.basename(folder)
        is_package = "__init__.py" in self.listing(folder) and name != "src" and folder not in self._sources
        return os.fsencode(name) if is_package else b""

    def _belongs(self, directory: str, parent: str) -> bool:
        """Returns whether the parent folder is still part of the project, if no root was given."""
        listing = self.listing(directory)
        return (
            "__init__.py" in listing
            or any(marker in self.listing(parent) for marker in MARKERS)
            or not any(marker in listing for marker in MARKERS)
        )

    def _file(self, base: str, name: str) -> str | None:
        """Returns the file of a dotted name below a folder. Uses cached listings: one system call per folder."""
        parts = name.split(".") if name else []
        for part in parts[:-1]:
            if part not in self.listing(base):
                return None
            base = os.path.join(base, part)
        if not parts:
            return os.path.join(base, "__init__.py") if "__init__.py" in self.listing(base) else None
        last = parts[-1]
        listing = self.listing(base)
        if last in listing and "__init__.py" in self.listing(os.path.join(base, last)):
            return os.path.join(base, last, "__init__.py")
        if f"{last}.py" in listing:
            return os.path.join(base, f"{last}.py")
        return None

    def listing(self, directory: str) -> frozenset[str]:
        found = self._listings.get(directory)
        if found is None:
            try:
                found = frozenset(os.listdir(directory))
            except OSError:
                found = frozenset()
            self._listings[directory] = found
        return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_of_migrations(options: Mapping[str, Documented], folder: str) -> bool:
    """Returns whether the `script_location` of an alembic.ini names the folder, by its last part."""
    location = options.get("script_location", "").replace("\\", "/").replace(":", "/").rstrip("/")
    return location.rpartition("/")[2] == os.path.basename(folder)


@functools.lru_cache
def own_package(folder: str) -> tuple[str, ...]:
    """Returns the parts of the dotted name of a folder inside SQLAlchemy or a driver itself, or nothing."""
    parts = folder.split(os.sep)
    if libraries.NEVER_OWN.isdisjoint(parts):
        return ()
    top = len(parts)
    while top and os.path.isfile(os.path.join(os.sep.join(parts[:top]), "__init__.py")):
        top -= 1
    return tuple(parts[top:]) if parts[top:] and parts[top] in libraries.NEVER_OWN else ()


def holds(data: bytes, words: tuple[bytes, ...]) -> bool:
    """Returns whether bytes contain one of the words."""
    for word in words:  # noqa: SIM110 - a loop is faster, and this is called for each file and search
        if word in data:
            return True
    return False


def file_content(path: str) -> bytes:
    """Returns the bytes of a file, or none if it cannot be read or is larger than `MAX_FILE`."""
    try:
        return read(path, MAX_FILE)
    except OSError:
        return b""


# Dialects and drivers, which an env file may contain without the rest of the URL.
_PARTS = frozenset(
    {"postgresql", "postgres", "asyncpg", "psycopg", "psycopg2", "sqlite", "aiosqlite", "mysql", "aiomysql"}
)


def _is_of_url(value: str) -> bool:
    return "://" in value or value in _PARTS or is_driver_name(value)


def is_driver_name(value: str) -> bool:
    """Returns whether a string is a scheme with a driver and without `://`, such as `postgresql+asyncpg`."""
    dialect, found, driver = value.partition("+")
    return bool(found) and dialect.isalnum() and driver.replace("_", "").isalnum()
