"""Which programs of a project run a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import files, lay

from poolsafe.checkout.import_order import ImportOrder
from poolsafe.checkout.project_files import Files
from poolsafe.checkout.starting_files import MAX_FILES, Programs

PROJECT = """
    # file: shop/__init__.py
    from . import config

    # file: shop/config.py

    # file: shop/db.py
    from .config import ARGS

    # file: shop/quiet.py
    from .config import ARGS

    # file: shop/main.py
    import shop.db
    if __name__ == "__main__":
        pass

    # file: scripts/load.py
    def load():
        from shop import db, quiet

    # file: scripts/other.py
    from shop import quiet
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        from shop import db

    # file: scripts/both.py
    import shop.main

    # file: tests/test_db.py
    from shop import db
"""


def laid(root: Path) -> Programs:
    lay(root, files(PROJECT))
    return Programs(ImportOrder(Files(str(root))))


def test_programs_begin_with_scripts_and_with_files_that_nothing_imports(tmp_path: Path) -> None:
    programs = laid(tmp_path)
    found = programs.running(str(tmp_path / "shop/db.py"), str(tmp_path))
    assert found is not None
    assert [one.path for one in found] == [
        str(tmp_path / name) for name in ("scripts/both.py", "scripts/load.py", "shop/main.py")
    ]
    quiet = str(tmp_path / "shop/quiet.py")
    assert [quiet in one.ranks for one in found] == [False, False, False]
    assert [quiet in one.reached for one in found] == [False, True, False]
    assert programs.is_start(str(tmp_path / "scripts/load.py"), str(tmp_path))
    assert not programs.is_start(quiet, str(tmp_path))


def test_a_package_is_run_by_what_imports_its_modules(tmp_path: Path) -> None:
    found = laid(tmp_path).running(str(tmp_path / "shop/config.py"), str(tmp_path))
    assert found is not None
    assert str(tmp_path / "scripts/other.py") in [one.path for one in found]


def test_a_file_that_is_imported_too_often_has_no_known_programs(tmp_path: Path) -> None:
    programs = laid(tmp_path)
    for number in range(MAX_FILES + 1):
        (tmp_path / f"one_{number}.py").write_text("import shop.db\n")
    assert programs.running(str(tmp_path / "shop/db.py"), str(tmp_path)) is None


IMPORTED = """
    # file: shop/__init__.py

    # file: shop/db/__init__.py

    # file: shop/db/session.py

    # file: shop/db/near.py
    from .session import make

    # file: shop/web/__init__.py

    # file: shop/web/views.py
    from ..db import session

    # file: jobs/load.py
    import shop.db.session

    # file: jobs/other.py
    import session

    # file: src/__init__.py

    # file: src/store.py

    # file: jobs/fill.py
    import store
"""


def test_a_module_of_a_package_is_imported_by_files_that_name_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path, files(IMPORTED))
    read: list[str] = []
    run_by = ImportOrder.run_by

    def recording(order: ImportOrder, path: str) -> list[str]:
        read.append(path)
        return run_by(order, path)

    monkeypatch.setattr(ImportOrder, "run_by", recording)
    programs = Programs(ImportOrder(Files(str(tmp_path))))
    found = programs.running(str(tmp_path / "shop/db/session.py"), str(tmp_path))
    assert found is not None
    names = ("jobs/load.py", "shop/db/near.py", "shop/web/views.py")
    assert [one.path for one in found] == [str(tmp_path / name) for name in names]
    assert str(tmp_path / "jobs/other.py") not in read


def test_a_module_may_be_imported_without_the_folder_of_sources(tmp_path: Path) -> None:
    lay(tmp_path, files(IMPORTED))
    found = Programs(ImportOrder(Files(str(tmp_path)))).running(str(tmp_path / "src/store.py"), str(tmp_path))
    assert found is not None
    assert [one.path for one in found] == [str(tmp_path / "jobs/fill.py")]


def test_a_string_names_a_module(tmp_path: Path) -> None:
    programs = laid(tmp_path)
    assert not programs.is_named(str(tmp_path / "shop/quiet.py"), None)
    (tmp_path / "server.py").write_text("run('shop.quiet:app')\n")
    programs = Programs(ImportOrder(Files(str(tmp_path))))
    assert programs.is_named(str(tmp_path / "shop/quiet.py"), None)
