"""The files of a project: modules found by name, callers found by a text search, and files next to the code.

Imports and links never lead outside the root.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from poolsafe.checkout.changing_files import ChangingFiles, How
from poolsafe.checkout.driver_search import DriverSearch, search_of
from poolsafe.checkout.env_files import Documented
from poolsafe.checkout.import_order import ImportOrder
from poolsafe.checkout.mention_patterns import (
    SELF,
    SETTING,
    call_pattern,
    import_test,
    packages_pattern,
    subclass_pattern,
    word_pattern,
)
from poolsafe.checkout.project_files import Files, file_content, holds
from poolsafe.checkout.roots import root_of, shared_folders
from poolsafe.checkout.second_look import ImportedFiles
from poolsafe.checkout.starting_files import Program, Programs
from poolsafe.inference.modules import ImportedModule, Module
from poolsafe.source import Source, UndecodableSource
from poolsafe.syntax.guard import find_excess
from poolsafe.syntax.limits import SHALLOW
from poolsafe.syntax.tree import Unparsable, parse

MAX_CALLERS = 12
MAX_LOADED = 60  # modules loaded for one checked file
MAX_ROOM = 500_000  # characters of these modules
MAX_CHANGING = 16_000  # bytes of the modules that are run for their changes to others, for one checked file
MAX_WEIGHT = 1_000_000  # characters of source; the tree of each takes about a hundred bytes


@dataclass(slots=True)
class _Share:
    """The modules that one checked file may still load. A module counts even if another file has already loaded it."""

    asked: set[str] = field(default_factory=set)
    room: int = MAX_ROOM  # characters
    analysed: dict[str, Module] = field(default_factory=dict)  # with LibCST's syntax, by absolute path


class Project:
    """Finds modules by name and parses each once. If `follow` is False, only the checked file is read.

    `root` is the folder outside which nothing is read. Without it, the root is searched for from each file, by the
    markers of a project. `sources` are further folders below the root that modules are imported from. `read` turns a
    path into a Source. `drivers` is a search of the same files, if there is one.
    """

    def __init__(
        self,
        root: str | None = None,
        sources: tuple[str, ...] = (),
        *,
        read: Callable[[str], Source | None] | None = None,
        follow: bool = True,
        drivers: DriverSearch | None = None,
    ) -> None:
        self.root = os.path.abspath(root) if root is not None else None
        self.follow = follow
        self.looked_at: dict[str, ImportedFiles] = {}  # what `second_look` has read, for each root
        self._drivers = drivers or DriverSearch(ImportOrder(Files(self.root, sources)))
        self._order = self._drivers.order
        self._files = self._order.files
        self._changes = ChangingFiles(self._order)
        self._programs = Programs(self._order)
        self._read = read or _read
        self._share = _Share()
        self._aside = _Share()  # for modules that are loaded for their changes to others
        self._changers: dict[str, bool] = {}  # whether each may be run
        self._room_for_changers = MAX_CHANGING
        # The least recently used first. A file is here twice if it is imported, and also checked or a caller of a
        # checked one.
        self._modules: dict[tuple[str, type[Module]], Module | None] = {}
        self._weight = 0
        self._checked: Module | None = None  # its text may differ from the file on disk

    def begin_file(self) -> None:
        """Prepares for checking a file: resets its share of modules, and drops old modules if memory is short.

        A dropped module is parsed again when it is needed.
        """
        self._share, self._aside = _Share(), _Share()
        self._changers.clear()
        self._room_for_changers = MAX_CHANGING
        for module in self._modules.values():
            if module is not None:
                module.forget_syntax()
        while self._weight > MAX_WEIGHT:
            oldest = next(iter(self._modules))
            self._weight -= _weight_of(self._modules.pop(oldest))

    def _keep(self, path: str, kind: type[Module], module: Module | None) -> None:
        """Keeps a module as the most recently used one."""
        self._weight += _weight_of(module) - _weight_of(self._modules.pop((path, kind), None))
        self._modules[path, kind] = module

    @contextmanager
    def own_share(self, module: Module) -> Iterator[None]:
        """Analyses a module with a separate share inside the `with` block, for answers that are kept for all files."""
        modules = (module,) if self._checked is None else (self._checked, module)
        analysed = {os.path.abspath(one.path): one for one in modules}
        before, self._share = self._share, _Share(analysed=analysed)
        try:
            yield
        finally:
            self._share = before

    def module(self, source: Source) -> Module:
        """Returns the module of a source, reusing a known one if its text is the same. Raises Unparsable."""
        path = os.path.abspath(source.path)
        known = self._modules.get((path, Module))
        module = known
        if module is None or module.source.text != source.text:
            module = Module(source, parse(source))
        imported = self._modules.get((path, ImportedModule))
        stale = [one for one in (known, imported) if one is not None and one.source.text != source.text]
        if stale:
            self._files.forget(path)
            self._order.forget()
            self._changes.forget()
            self._programs.forget()
            self._drivers.forget()
            self._weight -= _weight_of(self._modules.pop((path, ImportedModule), None))
        self._keep(path, Module, module)
        self._share.analysed[path] = self._checked = module
        return module

    def at(self, path: str, *, analysed: bool = False) -> Module | None:
        """Returns the module of a file, or None if it does not exist, cannot be read or lies outside the root.

        With `analysed`, it has LibCST's syntax.
        """
        inside = self.root is None or path.startswith(self.root + os.sep)
        if not self.follow or not inside or os.path.basename(path) not in self._files.listing(os.path.dirname(path)):
            return None
        return self._load(path, Module if analysed else ImportedModule)

    def callers(self, module: Module, name: str, *, with_arguments: bool = False) -> Iterator[Module]:
        """Yields the project's other modules that call a function of this name, or a method `.name`, nearest first.

        With `with_arguments`, a module counts only if one of its calls may pass some. Tests and examples are included
        only if `module` is one itself.
        """
        pattern = call_pattern(name, with_arguments=with_arguments)
        word = name.removeprefix(".").encode()
        for other in self.others(module, (word,), pattern.search, importing=True, own=not name.startswith(".")):
            if other.index.calls_of(name):
                yield other

    def extending(self, module: Module, name: str) -> Iterator[Module]:
        """Yields the project's other modules that have a subclass of one of the module's classes."""
        pattern = subclass_pattern(name)
        for other in self.others(module, (name.encode(),), pattern.search, importing=True, own=True):
            if other.index.subclasses_of(name):
                yield other

    def sets_attributes(self, module: Module, name: str) -> bool:
        """Returns whether another module that mentions one of the module's classes may set an attribute that it reads.

        Any attribute that a method of the module reads counts.
        """
        read = frozenset(SELF.findall(self._files.content(os.path.abspath(module.path))))

        def sets(data: bytes) -> bool:
            return any(found[1] in read for found in SETTING.finditer(data))

        return bool(self.other_paths(module, (name.encode(),), sets, importing=True, own=True))

    def users(self, module: Module, names: Iterable[str]) -> Iterator[Module]:
        """Returns the other modules that import this one and mention one of `names`, ordered as in `callers`.

        A mention in a string counts: `"AUTOCOMMIT"`.
        """
        words = tuple(name.encode() for name in sorted(names))
        return self.others(module, words, word_pattern(words).search, importing=True, in_strings=True)

    def others(
        self,
        module: Module,
        words: tuple[bytes, ...],
        fits: Callable[[bytes], object] = bool,
        *,
        importing: bool = False,
        own: bool = False,
        in_strings: bool = False,
    ) -> Iterator[Module]:
        """Yields at most `MAX_CALLERS` other modules of the project, ordered as in `callers`.

        The code of each contains one of the words, and `fits` is true for it. With `in_strings`, words in strings and
        comments count as well. With `importing`, it may import the module. With `own`, the only word may be a name of
        the module in it.
        """
        paths: Iterable[str] = self.other_paths(module, words, fits, importing=importing, own=own)
        if not in_strings:
            paths = (path for path in paths if holds(written := self._files.code(path), words) and fits(written))
        modules = (self._load(path, Module) for path in itertools.islice(paths, MAX_CALLERS))
        yield from filter(None, modules)

    def other_paths(
        self, module: Module, words: tuple[bytes, ...], fits: Callable[[bytes], object], *, importing: bool, own: bool
    ) -> list[str]:
        """Returns the paths of all modules that `others` may yield, without loading any. Words in strings count."""
        if not self.follow or not module.source.is_module:
            return []
        home = os.path.abspath(module.path)
        paths = self._files.holding(os.path.dirname(home), words, self._files.main_root(home))
        found = [path for path in paths if path != home and fits(self._files.content(path))]
        if importing:
            imports = import_test(home)
            found = [
                path for path in found if imports(self._files.content(path)) and self._order.imports_from(path, home)
            ]
        if own:
            found = [path for path in found if not self._order.is_of_another(path, words[0], home)]
        return sorted(found, key=lambda path: (-shared_folders(path, home), path))

    def imported(self, module: Module, packages: Iterable[str]) -> set[str]:
        """Returns the packages among these that a file of the project imports, except for tests."""
        if not self.follow or not module.source.is_module:
            return set()
        words = tuple(sorted(name.encode() for name in packages))
        pattern = packages_pattern(words)
        home = os.path.abspath(module.path)
        root = self.root or root_of(home)
        paths = self._files.holding(os.path.dirname(home), words, root)
        return {name.decode() for path in paths for name in pattern.findall(self._files.content(path))}

    def possible(self, source: Source, wanted: int) -> int:
        """Returns what a file may contain, except for what needs a driver that nothing in its project names.

        Tests and examples count only if the source is one itself. Without a project to search, it is `wanted`.
        """
        searched = self.follow and source.is_module
        return self._drivers.possible(source.path, source.code, wanted) if searched else wanted

    def brings_another(self, module: Module, names: tuple[str, ...]) -> bool:
        """Returns whether an env file or a test may give a variable with one of these names another driver."""
        return self.follow and self._drivers.brings_another(module.location, names)

    def import_order(self, module: Module) -> dict[str, int]:
        """Returns the paths of the modules that importing a module runs, each with its position in that order."""
        return self._order.ranks(module.location) if self.follow else {}

    def import_of(self, module: Module, other: Module) -> int | None:
        """Returns the offset of the first import of a module that runs another one, or None if there is none."""
        return self._order.import_of(module.location, other.location)

    def programs(self, module: Module, *, with_tests: bool = False) -> list[Program] | None:
        """Returns the programs that run a module, or None if they are not known.

        Tests and examples are included if `module` is one itself, or with `with_tests`.
        """
        if not self.follow:
            return None
        return self._programs.running(module.location, None if with_tests else self._files.main_root(module.location))

    def mentions(self, program: Program, module: Module, names: Iterable[str]) -> bool:
        """Returns whether a program begins with a module, or mentions one of the names in another one."""
        pattern = word_pattern(tuple(sorted(name.encode() for name in names)))
        others = program.reached - {module.location}
        return program.path == module.location or any(pattern.search(self._files.content(one)) for one in others)

    def is_script(self, module: Module) -> bool:
        """Returns whether no other module imports a module."""
        return self._programs.is_start(module.location, self._files.main_root(module.location))

    def is_named(self, module: Module) -> bool:
        """Returns whether a string of the project names a module, so that a library may import it."""
        return self._programs.is_named(module.location, self._files.main_root(module.location))

    def changing_at_import(self, module: Module, name: str, how: How) -> list[str]:
        """Returns the paths of other modules that may change what a name stands for when they are imported.

        Tests and examples are included only if `module` is one itself.
        """
        if not self.follow or not module.source.is_module:
            return []
        return self._changes.files(module.location, name, how, self._files.main_root(module.location))

    def changer(self, path: str) -> Module | None:
        """Returns the module of a file that may change others, or None if it exceeds the limit for such files."""
        if path not in self._changers:
            size = len(self._files.content(path))
            self._changers[path] = size <= self._room_for_changers
            self._room_for_changers -= size if self._changers[path] else 0
        if not self._changers[path]:
            return None
        with self.aside():
            return self.at(path)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Inside the `with` block, loads modules from the share for modules that only change others."""
        before, self._share = self._share, self._aside
        before_analysed, self._share.analysed = self._share.analysed, before.analysed
        try:
            yield
        finally:
            self._share.analysed = before_analysed
            self._share = before

    def environment(self, module: Module, names: tuple[str, ...], nested: str | None = None) -> Documented | None:
        """Returns the URL, or its driver, of one of these variables in the nearest env file, or None.

        With `nested`, names ending in `__NESTED` match as well.
        """
        return self._files.environment(module.folder, names, nested) if self.follow else None

    def alembic(self, module: Module) -> dict[str, Documented]:
        """Returns the options in the `[alembic]` section of the nearest alembic.ini, with `%` unchanged."""
        return self._files.alembic(module.folder) if self.follow else {}

    def find(self, importer: Module, level: int, name: str) -> Module | None:
        """Returns the project module that `importer` means by this name, or None if it is not part of the project."""
        if importer.is_stub or not self.follow:
            return None
        path = self._files.module_file(importer.folder, level, name)
        return self._load(path, ImportedModule) if path is not None else None

    def _load(self, path: str, kind: type[Module]) -> Module | None:
        """Returns the module of a file, within the share of the checked file. Modules parsed earlier count as well."""
        share = self._share
        if path not in share.asked and (len(share.asked) >= MAX_LOADED or share.room <= 0):
            return None
        module = share.analysed.get(path)
        if module is None:
            module = self._modules[path, kind] if (path, kind) in self._modules else self._parsed(path, kind)
            self._keep(path, kind, module)
        if path not in share.asked:
            share.asked.add(path)
            share.room -= len(module.source.text) if module is not None else 0
        if kind is Module and module is not None:
            share.analysed[path] = module
        return module

    def _parsed(self, path: str, kind: type[Module]) -> Module | None:
        # A link, or a relative import with many dots, may lead outside the root.
        source = self._read(path) if self._files.is_inside(path) else None
        try:
            return None if source is None else _made(source, kind)
        except Unparsable:
            return None


def _made(source: Source, kind: type[Module]) -> Module:
    """Returns the module of a source. Raises Unparsable."""
    excess = find_excess(source.text) if kind is ImportedModule else None
    if excess is not None and excess.refused is None and excess.height <= SHALLOW:
        try:
            return ImportedModule(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass  # LibCST supports the syntax of newer Python versions
    return Module(source, parse(source))


def _weight_of(module: Module | None) -> int:
    return 0 if module is None else module.weight


@functools.cache
def project_of(root: str, sources: tuple[str, ...] = ()) -> Project:
    """Returns the project below a root. There is one per process, so that every module is parsed and run once."""
    return Project(root, sources, drivers=search_of(root, sources))


def _read(path: str) -> Source | None:
    try:
        return Source.decode(path, file_content(path))
    except UndecodableSource:
        return None
