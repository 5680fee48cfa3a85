"""Searches the files of a project for the drivers that they name. Results are cached."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator

from poolsafe import needles
from poolsafe.checkout import driver_signs
from poolsafe.checkout.import_order import ImportOrder
from poolsafe.checkout.mention_patterns import import_test
from poolsafe.checkout.project_files import Files, holds
from poolsafe.checkout.roots import is_aside

# Other libraries have methods of the same names as SQLAlchemy's, such as `fetch()` of a mail client.
_LIBRARIES = (b"sqlalchemy", b"sqlmodel")
_CONFIGURATIONS = ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini")


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
        self._awaiting: dict[str | None, bool | None] = {}
        self._configured: dict[str, bool] = {}  # by the folder of a file

    def forget(self) -> None:
        """Forgets what was found, because a file has changed."""
        self._awaiting.clear()
        self._configured.clear()

    def possible(self, path: str, code: bytes, wanted: int) -> int:
        """Returns what a file may contain, except for what needs a driver that nothing in its project names."""
        sql = needles.STATEMENT | needles.SESSION
        if not wanted & (needles.ENGINE | sql) or self.names_driver(path, code):
            return wanted
        return wanted & ~(needles.ENGINE if self.awaits_sql(path, code) else needles.ENGINE | sql)

    def names_driver(self, path: str, code: bytes) -> bool:
        """Returns whether a file, another one of its project or the configuration names a driver."""
        home = os.path.abspath(path)
        if driver_signs.names_driver(code) or self._is_configured(os.path.dirname(home)):
            return True
        return self._without_driver(home) is None

    def brings_another(self, path: str, names: tuple[str, ...]) -> bool:
        """Returns whether an env file or a test may give a variable with one of these names another driver.

        An env file names the driver in such a variable. A test, or a file that configures tests, names both.
        """
        home = os.path.abspath(path)
        documented = self._files.documented(os.path.dirname(home))
        if any(driver_signs.names_another(value.encode()) for name, value in documented if name.endswith(names)):
            return True
        words = tuple(name.encode() for name in names)
        return any(
            holds(data, words) and driver_signs.names_another(data)
            for data in map(self._files.content, (*self._tests(home, words), *self._configurations(home)))
        )

    def _tests(self, home: str, words: tuple[bytes, ...]) -> Iterator[str]:
        """Yields the tests and examples that contain one of the words."""
        root = self._files.main_root(home)
        if root is not None:
            yield from (path for path in self._files.holding(os.path.dirname(home), words) if is_aside(path, root))

    def _configurations(self, home: str) -> Iterator[str]:
        """Yields the files in the folders around a file that may configure its tests."""
        for above in self._files.roots(os.path.dirname(home)):
            listing = self._files.listing(above)
            yield from (os.path.join(above, name) for name in _CONFIGURATIONS if name in listing)

    def awaits_sql(self, path: str, code: bytes) -> bool:
        """Returns whether a file of a project that names no driver awaits SQL, which may come from any other file."""
        return driver_signs.awaits_sql(code) or bool(self._without_driver(os.path.abspath(path)))

    def _is_configured(self, folder: str) -> bool:
        if folder not in self._configured:
            values = self._values(folder)
            self._configured[folder] = any(driver_signs.names_driver(value.encode()) for value in values)
        return self._configured[folder]

    def _values(self, folder: str) -> Iterator[str]:
        yield from (value for _, value in self._files.documented(folder))
        yield from self._files.alembic(folder).values()

    def _without_driver(self, home: str) -> bool | None:
        """Returns whether a file of a project awaits SQL, or None if one names a driver. Cached."""
        key = self._files.main_root(home)
        if key not in self._awaiting:
            self._awaiting[key] = self._search(self._files.python_files(os.path.dirname(home), key))
        return self._awaiting[key]

    def _search(self, paths: Iterable[str]) -> bool | None:
        awaiting: list[str] = []
        users: dict[str, None] = {}  # of SQLAlchemy
        for path in paths:
            data = self._files.content(path)
            if driver_signs.names_driver(data):
                return None
            if driver_signs.awaits_sql(data):
                awaiting.append(path)
            if holds(data, _LIBRARIES):
                users[path] = None
        return any(path in users or self._is_beside(path, users) for path in awaiting)

    def _is_beside(self, path: str, users: Iterable[str]) -> bool:
        """Returns whether a file imports one of the others, or is imported by one."""
        imported = {one.path for one in self.order.imports(path)}
        imports = import_test(path)
        return any(
            user in imported or (imports(self._files.content(user)) and self.order.imports_from(user, path))
            for user in users
        )
