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
}


@pytest.mark.parametrize("title", PROJECTS)
def test_the_order_is_that_in_which_modules_finish(title: str, tmp_path: Path) -> None:
    text, expected = PROJECTS[title]
    start, *_ = lay(tmp_path, files(text))
    ranks = ImportOrder(Files(str(tmp_path))).ranks(str(start))
    assert sorted(ranks, key=lambda path: ranks[path]) == [str(tmp_path / path) for path in expected]
