"""Searches the files of a project for the drivers that they name. Results are cached."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial

from poolsafe.checkout import driver_signs
from poolsafe.checkout.mention_patterns import import_test
from poolsafe.checkout.project_files import Files


class DriverSearch:
    """The drivers that the files of a project and its configuration name, as seen from a folder."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._found: dict[tuple[object, ...], bool] = {}

    def forget(self) -> None:
        """Forgets what was found, because a file has changed."""
        self._found.clear()

    def names_driver(self, folder: str, without_tests: str | None) -> bool:
        """Returns whether a file names asyncpg, psycopg 3 or a wrapper. See `Files.holding` for tests."""
        return self._is_named(folder, driver_signs.CANDIDATES, driver_signs.names_driver, without_tests)

    def names_another(self, folder: str) -> bool:
        """Returns whether a file names another driver of asynchronous engines.

        Tests count, because they may run the project's engines with another driver.
        """
        return self._is_named(folder, driver_signs.OTHERS, driver_signs.names_another, None)

    def documents_another(self, folder: str, names: tuple[str, ...]) -> bool:
        """Returns whether an env file names another driver in a variable whose name ends with one of these."""
        documented = self._files.documented(folder)
        return any(driver_signs.names_another(value.encode()) for name, value in documented if name.endswith(names))

    def awaits_sql(self, path: str, without_tests: str | None) -> bool:
        """Returns whether a file that imports the one at a path awaits the execution of SQL."""
        imports = import_test(path)
        return self._any_holds(
            os.path.dirname(path),
            (b".exec",),
            lambda data: driver_signs.awaits_sql(data) and imports(data),
            without_tests,
        )

    def _is_named(
        self, folder: str, words: tuple[bytes, ...], fits: Callable[[bytes], bool], without_tests: str | None
    ) -> bool:
        configured = partial(any, (fits(value.encode()) for value in self._configured(folder)))
        holding = partial(self._any_holds, folder, words, fits, without_tests)
        return self._once((words, folder), configured) or self._once((words, "", without_tests), holding)

    def _once(self, key: tuple[object, ...], find: Callable[[], bool]) -> bool:
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = find()
        return found

    def _configured(self, folder: str) -> Iterator[str]:
        yield from (value for _, value in self._files.documented(folder))
        yield from self._files.alembic(folder).values()

    def _any_holds(
        self, folder: str, words: tuple[bytes, ...], fits: Callable[[bytes], bool], without_tests: str | None
    ) -> bool:
        paths = self._files.holding(folder, words, without_tests)
        return any(fits(self._files.content(path)) for path in paths)
