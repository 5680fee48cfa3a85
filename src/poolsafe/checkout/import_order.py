"""The order in which the modules of a project run when one of them is imported, found without a parser."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from poolsafe.checkout.import_statements import defines, mentions_member, module_imports, name_imports
from poolsafe.checkout.project_files import Files
from poolsafe.checkout.roots import is_below
from poolsafe.records import frozen

MAX_MODULES = 2000  # that one module imports, directly or indirectly

# The first line of a statement of the module: it is not indented and does not close a bracket.
_FIRST = re.compile(rb"if[ \t]+(?:\w+\.)?TYPE_CHECKING[ \t]*:|[^\s#)\]}]\w*")
# The words that begin functions and classes.
DEFERRED = frozenset((b"def", b"async", b"class"))


@frozen
class Imported:
    """What a statement imports: a name of a file or, if `name` is empty, the file's module itself.

    `bound` is the name that it is imported as. `path` is None for a file outside the project. `at_start` says whether
    the statement runs when its own file is imported. `offset` is the statement's offset in the bytes of the file.
    """

    offset: int
    path: str | None
    name: bytes
    bound: bytes
    at_start: bool


class ImportOrder:
    """Finds what the files of a project import, and in which order they run. Keeps the imports of each file."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._imports: dict[str, list[Imported]] = {}
        self._first: tuple[str, int, bytes] = ("", 0, b"")  # the last result: the file, the line's offset, the word
        self._run: dict[str, list[str]] = {}
        self._run_ever: dict[str, list[str]] = {}
        self._ranks: dict[str, dict[str, int]] = {}
        self._offsets: dict[tuple[str, str], int | None] = {}

    def forget(self) -> None:
        """Forgets everything, because a file has changed."""
        self._imports.clear()
        self._first = ("", 0, b"")
        self._run.clear()
        self._run_ever.clear()
        self._ranks.clear()
        self._offsets.clear()

    def ranks(self, path: str) -> dict[str, int]:
        """Returns the files that importing a file runs, each with its position in the order in which they finish.

        Its packages begin before it and may import it themselves, so they and what they import may finish after it.
        """
        found = self._ranks.get(path)
        if found is None:
            seen: set[str] = set()
            finished = (one for start in (*self._packages(path), path) for one in self._finished(start, seen))
            found = self._ranks[path] = {one: rank for rank, one in enumerate(finished, 1)}
        return found

    def import_of(self, path: str, other: str) -> int | None:
        """Returns the offset, in a file's text, of its first import that runs another file, or None. Cached."""
        key = (path, other)
        if key not in self._offsets:
            self._offsets[key] = self._import_of(path, other)
        return self._offsets[key]

    def _import_of(self, path: str, other: str) -> int | None:
        seen = {path, *self._packages(path)}  # they are already running when an import leads back to them
        for one in self.imports(path):
            if one.at_start and one.path is not None and other in self._finished(one.path, seen):
                return len(self.files.content(path)[: one.offset].decode("utf-8", "replace"))
        return None

    def _finished(self, path: str, seen: set[str]) -> Iterator[str]:
        """Yields the files that importing a file runs, except those in `seen`, and adds them to `seen`."""
        if path in seen:
            return
        seen.add(path)
        waiting = [(path, iter(self._run_by(path)))]
        while waiting:
            one, imported = waiting[-1]
            after = next((other for other in imported if other not in seen), None)
            if after is None or len(seen) > MAX_MODULES:
                waiting.pop()
                yield one
            else:
                seen.add(after)
                waiting.append((after, iter(self._run_by(after))))

    def _run_by(self, path: str) -> list[str]:
        """Returns the files that run before or during a file's own import: its packages, and what it imports."""
        found = self._run.get(path)
        if found is None:
            run = (one for one in self.imports(path) if one.at_start)
            found = self._run[path] = self._with_packages(path, run)
        return found

    def run_by(self, path: str) -> list[str]:
        """Returns the files that a file runs itself: its packages and imports, including those in functions. Cached."""
        found = self._run_ever.get(path)
        if found is None:
            run = (one for one in self.imports(path) if one.at_start or self.first_word(path, one.offset) in DEFERRED)
            found = self._run_ever[path] = self._with_packages(path, run)
        return found

    def _with_packages(self, path: str, run: Iterable[Imported]) -> list[str]:
        imported = [one.path for one in run if one.path is not None]
        whole = (*self._packages(path), *(part for one in imported for part in (*self._packages(one), one)))
        return list(dict.fromkeys(whole))

    def _packages(self, path: str) -> list[str]:
        found: list[str] = []
        folder = os.path.dirname(path)
        while "__init__.py" in self.files.listing(folder) and folder != os.path.dirname(folder):
            found.append(os.path.join(folder, "__init__.py"))
            folder = os.path.dirname(folder)
        return [one for one in reversed(found) if one != path]

    def imports(self, path: str) -> list[Imported]:
        """Returns what a file imports, in the order of the statements."""
        if path not in self._imports:
            self._imports[path] = sorted(self._imported(path), key=lambda one: one.offset)
        return self._imports[path]

    def imports_from(self, path: str, home: str) -> bool:
        """Returns whether a file imports another one, or something next to it that may export its names."""
        folder = os.path.dirname(home)
        above = os.path.join(os.path.dirname(folder), "__init__.py")
        return any(
            one.path is not None
            and (is_below(one.path, folder) or (one.path == above and (not one.name or self._exports(above, folder))))
            for one in self.imports(path)
        )

    def _exports(self, package: str, folder: str) -> bool:
        """Returns whether a package may have names of files in a folder, because it imports one or computes names."""
        return any(is_below(one, folder) for one in self.ranks(package)) or b"__getattr__" in self.files.content(
            package
        )

    def is_of_another(self, path: str, name: bytes, home: str) -> bool:
        """Returns whether a file uses a name only for a function or class that a file other than `home` defines."""
        imports = self.imports(path)
        named = [one for one in imports if name in (one.name, one.bound)]
        if not named or any(one.bound == b"*" for one in imports) or mentions_member(self.files.content(path), name):
            return False
        return all(one.path not in (None, home) and self._defines(one.path or "", name) for one in named)

    def _defines(self, path: str, name: bytes) -> bool:
        content = self.files.content(path)
        imported = any(name in (one.name, one.bound) or one.bound == b"*" for one in self.imports(path))
        return not imported and defines(content, name) and not mentions_member(content, name)

    def _imported(self, path: str) -> Iterator[Imported]:
        if not self.files.is_inside(path):
            return
        content = self.files.content(path)
        folder = os.path.dirname(path)
        for offset, modules in module_imports(content):
            at_start = self.runs_at_start(path, offset)
            for name, bound in modules:
                yield Imported(offset, self._file(folder, 0, name), b"", bound, at_start)
        for offset, dots, module, items in name_imports(content):
            at_start = self.runs_at_start(path, offset)
            home = self._file(folder, len(dots), module)
            for name, bound in items:
                yield Imported(offset, home, name, bound, at_start)
                if home is None or home.endswith("__init__.py"):
                    below = self._file(folder, len(dots), module + b"." + name if module else name)
                    if below is not None:
                        yield Imported(offset, below, b"", bound, at_start)

    def _file(self, folder: str, level: int, name: bytes) -> str | None:
        return self.files.module_file(folder, level, name.decode("latin-1"))

    def runs_at_start(self, path: str, offset: int) -> bool:
        """Returns whether the code at an offset is outside functions, classes and `if TYPE_CHECKING:` blocks."""
        first = self.first_word(path, offset)
        return first not in DEFERRED and b"TYPE_CHECKING" not in first

    def first_word(self, path: str, offset: int) -> bytes:
        """Returns the first word of the module's statement at an offset, or the whole of `if TYPE_CHECKING:`.

        The search goes back line by line, at most to the line where the last search began.
        """
        content = self.files.content(path)
        known, last, word = self._first
        line = start = content.rfind(b"\n", 0, offset) + 1
        while not (path == known and start == last):
            found = _FIRST.match(content, start)
            if found is not None or not start:
                word = found[0] if found is not None else b""
                break
            start = content.rfind(b"\n", 0, start - 1) + 1
        self._first = path, line, word
        return word


def module_stem(path: str) -> bytes:
    """Returns the last part of the dotted name of a file's module."""
    folder, name = os.path.split(path.removesuffix(".py"))
    return os.fsencode(os.path.basename(folder) if name == "__init__" else name)
