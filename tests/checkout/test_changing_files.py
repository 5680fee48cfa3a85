"""Which files may change an object of another module when they are imported, as far as their bytes tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolsafe.checkout.changing_files import ChangingFiles, How
from poolsafe.checkout.import_order import ImportOrder
from poolsafe.checkout.project_files import Files

CHANGING = [
    "from config import ARGS\nARGS['x'] = 0\n",
    "from config import ARGS\nARGS['x']['y'] |= {}\n",
    "from config import ARGS\nARGS.url = 0\n",
    "from config import ARGS\nARGS |= {}\n",
    "from config import ARGS\nif 1:\n    ARGS.update(x=0)\n",
    "from config import ARGS\nARGS.use()\n",
    "from config import ARGS\ndel ARGS['x']\n",
    "from config import ARGS\ndef use():\n    ARGS.update(x=0)\nuse()\n",
    "from config import ARGS\ndef use():\n    setattr(ARGS, 'x', 0)\nuse()\n",
    "from config import ARGS\nuse(ARGS)\n",
    "from config import ARGS\nuse(args=ARGS)\n",
    "from config import ARGS\nsame = ARGS\n",
    "from config import ARGS\ninner = ARGS['x']\n",
    "from config import ARGS\ninner = ARGS.inner\ninner['x'] = 0\n",
    "from config import ARGS\nfor one in (ARGS, {}):\n    one['x'] = 0\n",
    "from config import ARGS as own\nown['x'] = 0\n",
    "from config import *\nARGS['x'] = 0\n",
    "import config\nconfig.ARGS['x'] = 0\n",
    "import config as own\nown.ARGS['x'] = 0\n",
    "import config\nconfig.ARGS = {}\n",
    "from again import ARGS\nARGS['x'] = 0\n",
    "import again\nagain.ARGS['x'] = 0\n",
]
KEEPING = [
    "from config import ARGS\n",
    "from config import (\n    OTHER,\n    ARGS,\n)\n",
    "from config import ARGS\n# ARGS['x'] = 0\n",
    "from config import ARGS\nuse(**ARGS)\n",
    "from config import ARGS\nuse(ARGS['x'], ARGS.url, x in ARGS, ARGS.get('x'))\n",
    "from config import ARGS\nurl = ARGS.url\nuse(url)\n",
    "from config import ARGS\nuse(ARGS.url.replace('a', 'b'))\n",
    "from config import ARGS\ndef use():\n    return make(ARGS)\n",
    "from config import ARGS\nif ARGS:\n    pass\n",
    "from config import ARGS\n__all__ = ['ARGS']\n",
    "from config import ARGS\nMY_ARGS['x'] = 0\n",
    "ARGS = {}\nARGS['x'] = 0\n",
    "from other import ARGS\nARGS['x'] = 0\n",
    "import other\nother.ARGS['x'] = 0\n",
    "import config\nself.ARGS['x'] = 0\n",
    "from config import ARGS\nuse('--more-ARGS', '--ARGS')\n",
    "from config import ARGS\nuse('all ARGS')\n",
    "from config import ARGS\nuse(sorted(ARGS), len(ARGS), x=dict(ARGS))\n",
    'from config import ARGS\n"""The default ARGS are\nARGS with `ARGS`, or\n>>> ARGS.x = 0\n"""\n',
]


def changing(root: Path, text: str, how: How, name: str = "ARGS") -> bool:
    home, user = root / "config.py", root / "user.py"
    home.write_text("ARGS = {}\n")
    (root / "other.py").write_text("ARGS = {}\n")
    (root / "again.py").write_text("from config import ARGS\n")
    user.write_text(text)
    found = ChangingFiles(ImportOrder(Files(str(root)))).files(str(home), name, how)
    return str(user) in found


@pytest.mark.parametrize("text", CHANGING)
def test_changes_are_found(text: str, tmp_path: Path) -> None:
    assert changing(tmp_path, text, How.CHANGE)


def test_tests_count_only_if_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    home, large, small, test = (tmp_path / name for name in ("config.py", "large.py", "small.py", "tests/conftest.py"))
    home.write_text("ARGS = {}\n")
    text = "from config import ARGS\nARGS['x'] = 0\n"
    for path in (large, small, test):
        path.write_text(text + "# more\n" * (path is not small))
    root = str(tmp_path)
    for without_tests, expected in ((None, [small, large, test]), (root, [small, large])):
        found = ChangingFiles(ImportOrder(Files(root))).files(str(home), "ARGS", How.CHANGE, without_tests)
        assert found == [str(path) for path in expected]


@pytest.mark.parametrize("text", KEEPING)
def test_other_uses_are_passed_over(text: str, tmp_path: Path) -> None:
    assert not changing(tmp_path, text, How.CHANGE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import config\nconfig.ARGS = {}\n", True),
        ("import config as own\nown.ARGS = {}\n", True),
        ("import config\nconfig.ARGS == {}\n", False),
        ("import config\nconfig.ARGS['x'] = {}\n", False),
        ("import other\nother.ARGS = {}\n", False),
        ("from config import ARGS\nARGS = {}\n", False),
    ],
)
def test_a_name_is_bound_anew_as_an_attribute(text: str, expected: bool, tmp_path: Path) -> None:
    assert changing(tmp_path, text, How.REBIND) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from config import ARGS\nARGS('x')\n", True),
        ("import config\nconfig.ARGS('x')\n", True),
        ("from config import ARGS\n@ARGS\ndef use():\n    pass\n", True),
        ("from config import ARGS\n@ARGS('x')\ndef use():\n    pass\n", True),
        ("from config import ARGS\ndef use():\n    ARGS('x')\n", True),
        ("from config import ARGS\nuse(ARGS)\n", False),
    ],
)
def test_a_function_is_called(text: str, expected: bool, tmp_path: Path) -> None:
    assert changing(tmp_path, text, How.CALL) is expected
