"""Finds the files to check: the named ones and those in the named directories, without excluded ones."""

from __future__ import annotations

import errno
import os
import stat

from poolsafe.cli.gitignore import Ignores, ignored
from poolsafe.config.keys import DEFAULT_EXCLUDE
from poolsafe.installed_packages import ENVIRONMENT, PACKAGES
from poolsafe.reading import checkout_of, is_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolsafe.cli.gitignore import Rules
    from poolsafe.config.resolver import Resolver
    from poolsafe.config.settings import Settings


class Found:
    """The result of a search. `files` are absolute paths in a stable order, each once.

    `missing` are named paths that do not exist, `empty` are named directories without any Python file, excluded or not,
    and `left_out` are named paths whose files are all excluded. `unreadable` are directories that cannot be listed and
    links that cannot be followed, each with the reason. `outside` are links that point outside the project, which are
    only followed if the user names them.

    `folders` and `links` are the real paths of named folders and of links, as they were when they were found.
    `notebooks` are those of `files` that are Jupyter notebooks. `searched` are the named directories in which nothing
    is excluded that other files may import.
    """

    __slots__ = (
        "empty",
        "files",
        "folders",
        "left_out",
        "links",
        "missing",
        "notebooks",
        "outside",
        "searched",
        "unreadable",
    )

    def __init__(self) -> None:
        self.files: list[str] = []
        self.missing: list[str] = []
        self.empty: list[str] = []
        self.left_out: list[str] = []
        self.outside: list[str] = []
        self.unreadable: list[tuple[str, str]] = []
        self.folders: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.notebooks: set[str] = set()
        self.searched: list[str] = []

    def real(self, path: str) -> str:
        """Returns the real path that one of `files` had when it was found.

        If a directory has been replaced by a link since, this is still the old one, because no link is followed.
        """
        known = self.links.get(path)
        if known is not None:
            return known
        folder = os.path.dirname(path)
        while folder not in self.folders:
            folder = os.path.dirname(folder)
        return os.path.join(self.folders[folder], path[len(folder) :].lstrip(os.sep))

    def take_named(self, absolute: str) -> bool:
        """Records the real path of a named file. Returns whether it is a link."""
        folder = os.path.dirname(absolute)
        if folder not in self.folders:
            self.folders[folder] = os.path.realpath(folder)
        is_link = os.path.islink(absolute)
        if is_link:
            self.links[absolute] = os.path.realpath(absolute)
        return is_link


def find(paths: Sequence[str], resolver: Resolver) -> Found:
    """Searches `paths`, as the user named them. Raises UsageError if a configuration on the way is invalid."""
    found = Found()
    seen: dict[str, bool] = {}
    forced: list[str] = []
    for path in paths:
        absolute = os.path.abspath(path)
        try:
            is_directory = stat.S_ISDIR(os.stat(absolute).st_mode)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                found.missing.append(path)
            else:
                found.unreadable.append((path, error.strerror or str(error)))
            continue
        if excluded_by_force(absolute, resolver):
            forced.append(path)
        elif is_directory:
            _named_directory(path, absolute, resolver, found, seen)
        else:
            seen[absolute] = found.take_named(absolute)
            if resolver.for_file(absolute).is_notebook(absolute):
                found.notebooks.add(absolute)
    found.files = _without_doubles(seen, found.links)
    # Hooks often name excluded files. That only matters if no other file is left.
    if not found.files:
        found.left_out += forced
    return found


def _without_doubles(paths: dict[str, bool], targets: dict[str, str]) -> list[str]:
    """Removes links to files that are in the list themselves, because two processes must not write one file.

    `paths` says for each path whether it is a link, and `targets` where links lead, so the disk is not asked again.
    """
    links = {path for path, is_link in paths.items() if is_link}
    if not links:
        return list(paths)
    real = {os.path.realpath(path) for path in paths if path not in links}
    kept = []
    for path in paths:
        target = targets[path] if path in links else path
        if path not in links or target not in real:
            kept.append(path)
            real.add(target)
    return kept


def excluded_by_force(path: str, resolver: Resolver) -> bool:
    """Returns whether a path that the user named is excluded because of `force-exclude`."""
    settings = resolver.for_file(path)
    return bool(settings["force-exclude"]) and settings.excludes_any_part(path)


def _named_directory(path: str, absolute: str, resolver: Resolver, found: Found, seen: dict[str, bool]) -> None:
    found.folders.setdefault(absolute, os.path.realpath(absolute))
    walk = _Walk(resolver, found, absolute)
    walk.directory(absolute)
    if walk.whole:
        found.searched.append(absolute)
    seen.update(walk.files)
    if walk.files or walk.failed:
        return
    (found.left_out if walk.left_out else found.empty).append(path)


class _Walk:
    """One walk below a named directory.

    `left_out` is True if something was excluded that may contain Python files, `failed` if something could not be read.
    `whole` is False if other files may import something that was excluded.

    The listing of a directory shows which of its files are configuration, `.gitignore` or `pyvenv.cfg`, so that the
    disk is not asked again. Settings of a directory are usually those of its parent.
    """

    def __init__(self, resolver: Resolver, found: Found, top: str) -> None:
        self.files: dict[str, bool] = {}  # and whether each is a link
        self.left_out = False
        self.failed = False
        self.whole = True
        self._resolver = resolver
        self._found = found
        work_tree = checkout_of(top)
        self._top = os.path.realpath(work_tree or top)
        self._ignores = None if work_tree is None else Ignores(work_tree)

    def directory(self, top: str) -> None:
        pending: list[tuple[str, Settings | None]] = [(top, None)]
        while pending:
            current, above = pending.pop()
            try:
                with os.scandir(current) as listing:
                    entries = sorted(listing, key=_name)
            except OSError as error:
                # The directory may have been removed during the walk.
                self._fail(current, error)
                continue
            names = {entry.name for entry in entries}
            if above is not None and ENVIRONMENT in names:
                self.left_out = True
                continue
            settings = self._resolver.for_listed(current, names, above)
            ignores = self._ignores if settings["respect-gitignore"] else None
            rules = None if ignores is None else ignores.in_directory(current, names)
            # Files first, then the subdirectories in order, because the stack reverses them.
            folders = [(entry.path, settings) for entry in entries if self._keeps(entry, settings, rules)]
            pending += reversed(folders)

    def _keeps(self, entry: os.DirEntry[str], settings: Settings, rules: Sequence[Rules] | None) -> bool:
        """Adds a file. Returns whether the entry is a directory to search."""
        if entry.is_dir(follow_symlinks=False):
            if entry.name in PACKAGES or _leaves_out(entry, settings, rules, directory=True):
                self.left_out = True
                self.whole = self.whole and not _may_be_imported(entry.name)
                return False
            return True
        if not settings.includes(entry.path):
            self.whole = self.whole and not entry.name.endswith(".py")
            return False
        try:
            is_file = entry.is_file()
        except OSError as error:
            # A circular link, or one through a directory without permission. A broken link is not a file.
            if not _leaves_out(entry, settings, rules, directory=False):
                self._fail(entry.path, error)
            return False
        if not is_file:
            return False
        if _leaves_out(entry, settings, rules, directory=False):
            self.left_out = True
            self.whole = self.whole and not entry.name.endswith(".py")
            return False
        if settings.is_notebook(entry.path):
            self._found.notebooks.add(entry.path)
        if entry.is_symlink():
            self._link(entry.path)
        else:
            self.files[entry.path] = False
        return False

    def _fail(self, path: str, error: OSError) -> None:
        self.failed = True
        self._found.unreadable.append((path, error.strerror or str(error)))

    def _link(self, path: str) -> None:
        real = os.path.realpath(path)
        if is_below(real, self._top):
            self.files[path] = True
            self._found.links[path] = real
        else:
            self.left_out = True
            self._found.outside.append(path)


def _may_be_imported(folder: str) -> bool:
    """Returns whether an excluded folder with this name may be a package that files of the project import."""
    return folder.isidentifier() and folder not in (*DEFAULT_EXCLUDE, "__pycache__", *PACKAGES)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _leaves_out(entry: os.DirEntry[str], settings: Settings, rules: Sequence[Rules] | None, *, directory: bool) -> bool:
    if settings.excludes(entry.path):
        return True
    return rules is not None and ignored(rules, entry.path, directory=directory)
