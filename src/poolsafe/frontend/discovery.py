"""Which files to look at: the named ones, and those that the named directories hold, less what is excluded."""

from __future__ import annotations

import os

from poolsafe.foreign import ENVIRONMENT, PACKAGES
from poolsafe.frontend.gitignore import Ignores, find_top, ignored
from poolsafe.reading import inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolsafe.config.resolver import Resolver
    from poolsafe.config.settings import Settings
    from poolsafe.frontend.gitignore import Rules


class Found:
    """The outcome of a search. `files` are absolute paths in a stable order, each once.

    `missing` are named paths that do not exist, `empty` named directories without any Python file, excluded or not,
    `unreadable` directories that could not be listed, each with the reason, and `outside` links that lead out of the
    project, which are only followed where the user names them.
    """

    __slots__ = ("empty", "files", "missing", "outside", "unreadable")

    def __init__(self) -> None:
        self.files: list[str] = []
        self.missing: list[str] = []
        self.empty: list[str] = []
        self.outside: list[str] = []
        self.unreadable: list[tuple[str, str]] = []


def find(paths: Sequence[str], resolver: Resolver) -> Found:
    """Search `paths` as the user named them. Raises UsageError for a wrong configuration on the way."""
    found = Found()
    seen: dict[str, bool] = {}
    for path in paths:
        absolute = os.path.abspath(path)
        if os.path.isdir(absolute):
            _named_directory(path, absolute, resolver, found, seen)
        elif not os.path.exists(absolute):
            found.missing.append(path)
        elif not excluded_by_force(absolute, resolver):
            seen[absolute] = os.path.islink(absolute)
    found.files = _without_doubles(seen)
    return found


def _without_doubles(paths: dict[str, bool]) -> list[str]:
    """Leave out links to files that are there by their own name: two writers of one file would collide.

    `paths` says of each whether it is a link, which the listing of its directory has told: nothing is asked again.
    """
    links = {path for path, is_link in paths.items() if is_link}
    if not links:
        return list(paths)
    real = {os.path.realpath(path) for path in paths if path not in links}
    kept = []
    for path in paths:
        target = os.path.realpath(path) if path in links else path
        if path not in links or target not in real:
            kept.append(path)
            real.add(target)
    return kept


def excluded_by_force(path: str, resolver: Resolver) -> bool:
    """Say whether a path that the user named is left out all the same, as `force-exclude` asks for it."""
    settings = resolver.for_file(path)
    return bool(settings["force-exclude"]) and settings.excludes_any_part(path)


def _named_directory(path: str, absolute: str, resolver: Resolver, found: Found, seen: dict[str, bool]) -> None:
    if excluded_by_force(absolute, resolver):
        return
    walk = _Walk(resolver, found, absolute)
    walk.directory(absolute)
    seen.update(walk.files)
    if not walk.files and not walk.left_out:
        found.empty.append(path)


class _Walk:
    """One walk below a named directory. `left_out` says that something was excluded that may hold Python files.

    The listing of a directory answers what would else be asked of the disk: which of its files are configuration,
    `.gitignore` or `pyvenv.cfg`. What holds for a directory is mostly what holds for the one above.
    """

    def __init__(self, resolver: Resolver, found: Found, top: str) -> None:
        self.files: dict[str, bool] = {}  # and whether each is a link
        self.left_out = False
        self._resolver = resolver
        self._found = found
        work_tree = find_top(top)
        self._top = work_tree or top
        self._ignores = None if work_tree is None else Ignores(work_tree)

    def directory(self, top: str) -> None:
        pending: list[tuple[str, Settings | None]] = [(top, None)]
        while pending:
            current, above = pending.pop()
            try:
                with os.scandir(current) as listing:
                    entries = sorted(listing, key=_name)
            except OSError as error:
                # A directory may vanish while we walk.
                self._found.unreadable.append((current, error.strerror or str(error)))
                continue
            names = {entry.name for entry in entries}
            if above is not None and ENVIRONMENT in names:
                self.left_out = True
                continue
            settings = self._resolver.for_listed(current, names, above)
            ignores = self._ignores if settings["respect-gitignore"] else None
            rules = None if ignores is None else ignores.in_directory(current, names)
            # Files first, then the subdirectories in order: the stack turns them round.
            folders = [(entry.path, settings) for entry in entries if self._keeps(entry, settings, rules)]
            pending += reversed(folders)

    def _keeps(self, entry: os.DirEntry[str], settings: Settings, rules: Sequence[Rules] | None) -> bool:
        """Take a file, and say whether the entry is a directory to go into."""
        if entry.is_dir(follow_symlinks=False):
            if entry.name in PACKAGES or _leaves_out(entry, settings, rules, directory=True):
                self.left_out = True
                return False
            return True
        if not settings.includes(entry.path) or not entry.is_file():
            return False
        if _leaves_out(entry, settings, rules, directory=False):
            self.left_out = True
        elif entry.is_symlink() and not inside(self._top, entry.path):
            self.left_out = True
            self._found.outside.append(entry.path)
        else:
            self.files[entry.path] = entry.is_symlink()
        return False


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _leaves_out(entry: os.DirEntry[str], settings: Settings, rules: Sequence[Rules] | None, *, directory: bool) -> bool:
    if settings.excludes(entry.path):
        return True
    return rules is not None and ignored(rules, entry.path, directory=directory)
