"""The programs that run a file: the files that no other one imports, and that import it directly or indirectly."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Set

from poolsafe.checkout.import_order import ImportOrder, module_stem
from poolsafe.checkout.roots import is_below
from poolsafe.records import frozen

MAX_FILES = 60  # that import a file, directly or indirectly

_MAIN = re.compile(rb"^if[ \t(]+__name__\b", re.MULTILINE)


@frozen
class Program:
    """A program, named by the file that it begins with.

    `ranks` are the positions of the files that run when it is imported, `reached` all files that it may import,
    including in functions.
    """

    path: str
    ranks: dict[str, int]
    reached: Set[str]


class Programs:
    """The programs of a project. What was found is kept."""

    def __init__(self, order: ImportOrder) -> None:
        self._order = order
        self._found: dict[tuple[str, str | None], list[Program] | None] = {}
        self._reached: dict[str, set[str]] = {}
        self._importing: dict[tuple[str, str | None], list[str]] = {}
        self._named: dict[tuple[str, str | None], bool] = {}

    def forget(self) -> None:
        """Forgets everything, because a file has changed."""
        self._found.clear()
        self._reached.clear()
        self._importing.clear()
        self._named.clear()

    def running(self, path: str, without_tests: str | None) -> list[Program] | None:
        """Returns the programs that run a file, or None if too many files import it.

        Tests and examples of the project below the root `without_tests` do not count. Cached.
        """
        key = (path, without_tests)
        if key not in self._found:
            starts = self._starts(path, without_tests)
            self._found[key] = None if starts is None else [self._program(one) for one in sorted(starts)]
        return self._found[key]

    def is_start(self, path: str, without_tests: str | None) -> bool:
        """Returns whether no other file imports a file, so that it can only be run as a script."""
        return not self._importers(path, without_tests)

    def is_named(self, path: str, without_tests: str | None) -> bool:
        """Returns whether a string of the project names the module of a file, so that a library may import it."""
        key = (path, without_tests)
        if key not in self._named:
            files, stem = self._order.files, module_stem(path)
            pattern = _string_pattern(stem)
            holders = files.holding(os.path.dirname(path), (stem,), without_tests)
            self._named[key] = any(pattern.search(files.content(one)) for one in holders)
        return self._named[key]

    def _starts(self, path: str, without_tests: str | None) -> list[str] | None:
        found: list[str] = []
        seen, queue = {path}, [path]
        while queue:
            # A package first: all files in it run it, so there are often too many.
            one = queue.pop(next((at for at, path in enumerate(queue) if path.endswith("__init__.py")), -1))
            importers = self._importers(one, without_tests)
            if not importers or _MAIN.search(self._order.files.content(one)):
                found.append(one)
            new = [other for other in importers if other not in seen]
            seen.update(new)
            queue += new
            if len(seen) > MAX_FILES + 1:
                return None
        return found or None

    def _importers(self, path: str, without_tests: str | None) -> list[str]:
        """Returns the files that import a file themselves, or a module of the package that it begins.

        At least one more than `MAX_FILES` is returned if there are too many. Cached.
        """
        key = (path, without_tests)
        if key not in self._importing:
            found = (one for one in self._candidates(path, without_tests) if one != path)
            self._importing[key] = list(itertools.islice(found, MAX_FILES + 1))
        return self._importing[key]

    def _candidates(self, path: str, without_tests: str | None) -> Iterator[str]:
        folder, name = os.path.split(path)
        files = self._order.files
        around = folder
        if name == "__init__.py":
            yield from (one for one in files.holding(folder, (b"",), without_tests) if is_below(one, folder))
            around = os.path.dirname(folder)
        package = files.named_outside(around)
        for one in files.holding(folder, (module_stem(path),), without_tests):
            if name == "__init__.py" and is_below(one, folder):
                continue
            if (package in files.content(one) or is_below(one, around)) and path in self._order.run_by(one):
                yield one

    def _program(self, path: str) -> Program:
        if path not in self._reached:
            reached, queue = {path}, [path]
            while queue:
                new = [one for one in self._order.run_by(queue.pop()) if one not in reached]
                reached.update(new)
                queue += new
            self._reached[path] = reached
        return Program(path, self._order.ranks(path), self._reached[path])


def _string_pattern(stem: bytes) -> re.Pattern[bytes]:
    """Returns a pattern for the end of a string that names a module, such as `shop.main:app"`."""
    return re.compile(rb"(?<=[\"'.])%b(?:[.:]\w+)?[\"']" % re.escape(stem))
