"""Searches the files of a project for the drivers that they name. Results are cached."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator

from poolsafe import needles
from poolsafe.checkout import driver_signs
from poolsafe.checkout.import_order import ImportOrder
from poolsafe.checkout.mention_patterns import import_test
from poolsafe.checkout.project_files import Files


@functools.cache
def search_of(root: str, sources: tuple[str, ...] = ()) -> DriverSearch:
    """Returns the search of the project below a root. There is one per process, whose files others read too."""
    return DriverSearch(ImportOrder(Files(os.path.abspath(root), sources)))


class DriverSearch:
    """The drivers that the files of a project and its configuration name, as seen from a file.

    Tests and examples count only for a file that is one itself, unless a method says otherwise.
    """

    def __init__(self, order: ImportOrder) -> None:
        self.order = order
        self._files = order.files
        # The results of `_without_driver`, by the root below which tests do not count, or None.
        self._awaiting: dict[str | None, list[str] | None] = {}
        self._configured: dict[tuple[str, Callable[[bytes], bool]], bool] = {}
        self._names_another: bool | None = None

    def forget(self) -> None:
        """Forgets what was found, because a file has changed."""
        self._awaiting.clear()
        self._configured.clear()
        self._names_another = None

    def possible(self, path: str, code: bytes, wanted: int) -> int:
        """Returns what a file may contain, except for what needs a driver that nothing in its project names."""
        sql = needles.STATEMENT | needles.SESSION
        if not wanted & (needles.ENGINE | sql) or self.names_driver(path, code):
            return wanted
        return wanted & ~(needles.ENGINE if self.awaits_sql(path, code) else needles.ENGINE | sql)

    def names_driver(self, path: str, code: bytes) -> bool:
        """Returns whether a file, another one of its project or the configuration names a driver."""
        home = os.path.abspath(path)
        if driver_signs.names_driver(code) or self._is_configured(os.path.dirname(home), driver_signs.names_driver):
            return True
        return self._without_driver(home) is None

    def names_another(self, folder: str) -> bool:
        """Returns whether a file names another driver of asynchronous engines.

        Tests count, because they may run the project's engines with another driver.
        """
        if self._is_configured(folder, driver_signs.names_another):
            return True
        if self._names_another is None:
            paths = self._files.holding(folder, driver_signs.OTHERS)
            self._names_another = any(driver_signs.names_another(self._files.content(path)) for path in paths)
        return self._names_another

    def documents_another(self, folder: str, names: tuple[str, ...]) -> bool:
        """Returns whether an env file names another driver in a variable whose name ends with one of these."""
        documented = self._files.documented(folder)
        return any(driver_signs.names_another(value.encode()) for name, value in documented if name.endswith(names))

    def awaits_sql(self, path: str, code: bytes) -> bool:
        """Returns whether a file, or one that imports it, awaits SQL, in a project that names no driver."""
        if driver_signs.awaits_sql(code):
            return True
        home = os.path.abspath(path)
        imports = import_test(home)
        return any(
            imports(self._files.content(one)) and self.order.imports_from(one, home)
            for one in self._without_driver(home) or ()
        )

    def _is_configured(self, folder: str, names: Callable[[bytes], bool]) -> bool:
        key = (folder, names)
        if key not in self._configured:
            self._configured[key] = any(names(value.encode()) for value in self._values(folder))
        return self._configured[key]

    def _values(self, folder: str) -> Iterator[str]:
        yield from (value for _, value in self._files.documented(folder))
        yield from self._files.alembic(folder).values()

    def _without_driver(self, home: str) -> list[str] | None:
        """Returns the files of a project that await SQL, or None if one names a driver. Cached."""
        key = self._files.main_root(home)
        if key not in self._awaiting:
            self._awaiting[key] = self._search(self._files.python_files(os.path.dirname(home), key))
        return self._awaiting[key]

    def _search(self, paths: Iterable[str]) -> list[str] | None:
        awaiting = []
        for path in paths:
            data = self._files.content(path)
            if driver_signs.names_driver(data):
                return None
            if driver_signs.awaits_sql(data):
                awaiting.append(path)
        return awaiting
