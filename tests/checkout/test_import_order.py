"""What a file imports, and the order in which the modules that it imports run."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import files, lay

from poolsafe.checkout.import_order import ImportOrder
from poolsafe.checkout.project_files import Files

PROJECTS = {
    "depth first": (
        """
        # file: app.py
        import b, c as other
        from a import x

        # file: a.py
        import c

        # file: b.py
        from c import (
            y,  # a comment
            z as w,
        )

        # file: c.py
        """,
        ["c.py", "b.py", "a.py", "app.py"],
    ),
    "packages first": (
        """
        # file: shop/app.py
        from .inner.deep import x
        import shop.last

        # file: shop/__init__.py
        from . import first

        # file: shop/first.py

        # file: shop/last.py

        # file: shop/inner/__init__.py

        # file: shop/inner/deep.py
        """,
        [
            "shop/first.py",
            "shop/__init__.py",
            "shop/inner/__init__.py",
            "shop/inner/deep.py",
            "shop/last.py",
            "shop/app.py",
        ],
    ),
    "a circle": (
        """
        # file: app.py
        import a

        # file: a.py
        import b

        # file: b.py
        import a
        """,
        ["b.py", "a.py", "app.py"],
    ),
    "what functions import comes later": (
        """
        # file: app.py
        try:
            import a
        except ImportError:
            pass
        def use():
            import b
        class Use:
            def __init__(self):
                from c import d

        # file: a.py

        # file: b.py

        # file: c.py
        """,
        ["a.py", "app.py"],
    ),
    "what type checkers import never runs": (
        """
        # file: app.py
        import typing as t
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import a
        else:
            import b
        if t.TYPE_CHECKING:
            import a
        if not TYPE_CHECKING:
            import c

        # file: a.py

        # file: b.py

        # file: c.py
        """,
        ["b.py", "c.py", "app.py"],
    ),
}


@pytest.mark.parametrize("title", PROJECTS)
def test_the_order_is_that_in_which_modules_finish(title: str, tmp_path: Path) -> None:
    text, expected = PROJECTS[title]
    start, *_ = lay(tmp_path, files(text))
    ranks = ImportOrder(Files(str(tmp_path))).ranks(str(start))
    assert sorted(ranks, key=lambda path: ranks[path]) == [str(tmp_path / path) for path in expected]


def test_an_import_that_leads_back_to_its_own_package_runs_nothing_else(tmp_path: Path) -> None:
    text = """
        # file: shop/__init__.py
        from shop import config
        x = 1
        from shop.db import engine

        # file: shop/config.py

        # file: shop/db.py
        from shop import config
    """
    package, _, other = map(str, lay(tmp_path, files(text)))
    order = ImportOrder(Files(str(tmp_path)))
    assert order.import_of(package, other) == Path(package).read_text().index("from shop.db")
    assert order.import_of(other, package) is None
    assert [*order.ranks(other)] == [str(tmp_path / "shop" / name) for name in ("config.py", "db.py", "__init__.py")]


def test_files_outside_the_root_are_not_read(tmp_path: Path) -> None:
    text = """
        # file: inside/app.py
        from ..outside import x

        # file: inside/__init__.py

        # file: outside.py
        import other

        # file: __init__.py
        import other

        # file: other.py
    """
    start, *_ = lay(tmp_path, files(text))
    order = ImportOrder(Files(str(tmp_path / "inside")))
    assert order.imports(str(start))
    assert not order.imports(str(tmp_path / "outside.py"))
    assert str(tmp_path / "other.py") not in order.ranks(str(start))


PACKAGE = """
    # file: app/db/engines.py
    def make(): ...

    # file: app/reports.py

    # file: jobs.py
    """


@pytest.mark.parametrize(
    ("statement", "package", "found"),
    [
        ("from app.db.engines import make", "", True),
        ("from app.db import engines", "", True),
        ("import app.db.engines", "", True),
        ("from app import make", "from app.db.engines import make", True),
        ("from app import make", "from app.reports import make", False),
        ("from app import make", "def __getattr__(name): ...", True),
        ("from app import reports", "", False),
        ("import app", "", True),
    ],
)
def test_a_file_imports_from_another_one(statement: str, package: str, found: bool, tmp_path: Path) -> None:
    lay(tmp_path, files(PACKAGE))
    (tmp_path / "app/__init__.py").write_text(package)
    (tmp_path / "jobs.py").write_text(statement)
    order = ImportOrder(Files(str(tmp_path)))
    assert order.imports_from(str(tmp_path / "jobs.py"), str(tmp_path / "app/db/engines.py")) is found
