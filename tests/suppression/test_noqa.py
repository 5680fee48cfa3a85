"""`# noqa`: ruff's grammar, compared with the real ruff and the real flake8."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from poolsafe.suppression.comments import lex
from poolsafe.suppression.noqa import suppressions

HERE = Path(sys.executable).parent
RUFF = HERE / ("ruff.exe" if os.name == "nt" else "ruff")
FLAKE8 = [sys.executable, "-m", "flake8", "--isolated", "--select=F401"]
needs_ruff = pytest.mark.skipif(not RUFF.exists(), reason="ruff is not installed")

# comment, silenced here and by ruff, silenced by flake8, whether a warning is due
LINES = [
    ("#noqa", True, False, False),
    ("#NOQA:F401", True, False, False),
    ("# noqa", True, True, False),
    ("# NoQA: F401", True, True, False),
    ("# noqa : F401", True, True, False),
    ("# noqa:F401,", True, True, False),
    ("# noqa: E501 F401", True, True, False),
    ("# noqa: E501, F401 and a reason", True, True, False),
    ("# noqa: F401E501", True, False, True),
    ("# noqa: E501,,F401", True, True, True),
    ("# noqa: f401", False, False, True),
    ("# noqa: unused", False, True, True),
    ("# noqa:", False, True, True),
    ("# noqa-ish", False, True, True),
    ("# noqaF401", False, True, True),
    ("# noqa: F401-foo", False, True, True),
    ("# noqa: F4", False, True, False),
    ("# noqa: F4011", False, False, False),
    ("# noqa: E501", False, False, False),
    ("# noqa: E501, unused, F401", False, False, False),
    ("# noqa F401", True, True, False),
    ("# noqa #why", True, True, False),
    ("# foo # noqa: F401", True, True, False),
    ("## noqa", True, True, False),
    ("# foo noqa: F401", False, False, False),
    ("# noqa: E501 # noqa: F401", False, False, False),
    ("# ruff: noqa: F401", False, False, False),
]


@pytest.mark.parametrize(("comment", "silenced", "_", "warned"), LINES)
def test_line_forms(comment: str, silenced: bool, _: bool, warned: bool) -> None:
    found = suppressions(f"import os  {comment}\n")
    assert found.silences("F401", 1) is silenced
    assert bool(found.malformed) is warned


@needs_ruff
def test_ruff_agrees_on_the_line_forms(tmp_path: Path) -> None:
    text = "".join(f"import a{number}  {comment}\n" for number, (comment, *_) in enumerate(LINES))
    fired = ruff(tmp_path, {"a.py": text})["a.py"]
    assert [row not in fired for row in range(1, len(LINES) + 1)] == [silenced for _, silenced, *_ in LINES]


def test_where_flake8_differs_is_known(tmp_path: Path) -> None:
    text = "".join(f"import a{number}  {comment}\n" for number, (comment, *_) in enumerate(LINES))
    (tmp_path / "a.py").write_text(text)
    output = subprocess.run([*FLAKE8, "a.py"], cwd=tmp_path, capture_output=True, text=True).stdout
    fired = {int(row) for row in re.findall(r"a\.py:(\d+):", output)}
    expected = {comment: by_flake8 for comment, _, by_flake8, _ in LINES}
    actual = {comment: row not in fired for row, (comment, *_) in enumerate(LINES, 1)}
    assert actual == expected


FILES = [
    ("# flake8: noqa\n", True, False),
    ("#flake8:noqa\n", True, False),
    ("   # flake8: noqa\n", True, False),
    ("# flake8: NOQA\n", True, False),
    ("# flake8 : noqa\n", True, False),
    ("# flake8: noqa: F401 reason\n", True, False),
    ("# foo # flake8: noqa\n", True, False),
    ("# flake8: noqa reason\n", True, False),
    ("# flake8: noqa: E501\n", False, False),
    ("# Flake8: noqa\n", False, False),
    ("# flake8: noqa-foo\n", False, True),
    ("# flake8: noqa:\n", False, True),
    ("x = 1  # flake8: noqa\n", False, True),
    ("x = '''\n# flake8: noqa\n'''\n", False, False),
]


@pytest.mark.parametrize(("line", "silenced", "warned"), FILES)
@pytest.mark.parametrize("tool", ["flake8", "poolsafe"])
def test_file_forms(line: str, silenced: bool, warned: bool, tool: str) -> None:
    found = suppressions("import os\n" + line.replace("flake8", tool))
    assert found.silences("F401", 1) is silenced
    assert bool(found.malformed) is warned


@needs_ruff
def test_ruff_agrees_on_the_file_forms(tmp_path: Path) -> None:
    files = {f"a{number}.py": f"import os\n{line.lstrip(' ')}" for number, (line, *_) in enumerate(FILES)}
    fired = ruff(tmp_path, files)
    assert [1 not in fired[name] for name in files] == [silenced for _, silenced, _ in FILES]


def test_a_file_that_cannot_be_read_is_never_silenced() -> None:
    found = suppressions("# poolsafe: noqa\nx = (  # noqa\n")
    assert not found.silences("PGB009", 2)
    assert found.silences("PGB101", 2)


# Where a noqa of a finding on the row of `import` counts: in the joined lines of a string, not in those of a call.
PLACES = [
    ('import a; x = """a\n"""  # noqa: F401\n', True),
    ('import a; x = """a\n""" + """\nb"""  # noqa: F401\n', True),
    ('import a; x = f"""a\n{1}\n"""  # noqa: F401\n', True),
    ('import a; x = f"""{\n  1\n}"""  # noqa: F401\n', True),
    ('import a; x = """\n"""; y = \\\n  2  # noqa: F401\n', True),
    ("x = 1 + \\\n  2; import a; y = \\\n  3  # noqa: F401\n", True),
    ("import a; x = (1 +\n  2)  # noqa: F401\n", False),
    ('import a; x = f"""{\n  1  # noqa: F401\n}"""\n', False),
    ('import a; x = "# noqa: F401"\n', False),
    ("import a; x = '''# noqa: F401'''\n", False),
    ('import a; x = f"{\'#\'}" "# noqa: F401"\n', False),
    ('import a; x = f"{1:{2}}"  # noqa: F401\n', True),
    ('import a; x = rb"\\"; y = "# noqa: F401"\n', False),
    ("import a; x = 1 if'a{'else 2  # noqa: F401\n", True),
    ('import a; x = f"{{"  # noqa: F401\n', True),
    ('import a; x = f"\\N{DIGIT ONE}"  # noqa: F401\n', True),
    ('import a; x = f"{1!r:>{2}}" f"{[i for i in {1: 2}]}"  # noqa: F401\n', True),
    ('import a; x = f"{(lambda: 1)()}"  # noqa: F401\n', True),
    ("import a; x = f'{1:\">3}'  # noqa: F401\n", True),
]


@pytest.mark.parametrize(("text", "silenced"), PLACES)
def test_places(text: str, silenced: bool) -> None:
    row = next(row for row, line in enumerate(text.splitlines(), 1) if "import" in line)
    assert suppressions(text).silences("F401", row) is silenced


@needs_ruff
def test_ruff_agrees_on_the_places(tmp_path: Path) -> None:
    files = {f"a{number}.py": text for number, (text, _) in enumerate(PLACES)}
    fired = ruff(tmp_path, files, "--target-version=py312")
    assert [not fired[name] for name in files] == [silenced for _, silenced in PLACES]


def test_a_string_joined_by_backslashes_is_joined_as_by_flake8() -> None:
    text = 'import a; x = "abc\\\ndef"  # noqa: F401\n'
    assert suppressions(text).noqa_row(1) == 2


@needs_ruff
@pytest.mark.parametrize("seed", range(3))
def test_ruff_agrees_on_noise(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    words = ["noqa", "NoQA", " ", "  ", ":", ",", "F401", "E501", "#", "foo", "F", "F401F811", "-", ";", ".", "\t", "("]
    heads = ["# noqa", "# noqa:", "# noqa: F401", "#"]
    noise = [dice.choice(heads) + "".join(dice.choices(words, k=dice.randint(0, 8))) for _ in range(1500)]
    text = "".join(f"import a{number}  {comment}\n" for number, comment in enumerate(noise))
    fired = ruff(tmp_path, {"a.py": text})["a.py"]
    found = suppressions(text)
    differing = [line for row, line in enumerate(noise, 1) if found.silences("F401", row) is (row in fired)]
    assert differing == []


def ruff(folder: Path, files: dict[str, str], *flags: str) -> dict[str, set[int]]:
    """Return the rows on which ruff reports F401, by file."""
    for name, text in files.items():
        (folder / name).write_text(text, newline="\n")
    command = [str(RUFF), "check", "--no-cache", "--isolated", "--select=F401", "--output-format=concise", *flags, "."]
    output = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
    fired: dict[str, set[int]] = {name: set() for name in files}
    for name, row in re.findall(r"^(.+\.py):(\d+):\d+: F401", output, re.MULTILINE):
        fired[name].add(int(row))
    return fired


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        ("", []),
        ("# a\n\t# b\nx = 1  # c", [("# a", True), ("# b", True), ("# c", False)]),
        ("\f# a\r# b\r\n# c", [("# a", True), ("# b", True), ("# c", True)]),
        ("'unclosed # no\n# yes\n", [("# yes", True)]),
        ("f'unclosed # no\n# yes\n", [("# yes", True)]),
        ("f'{unclosed # a\n# yes\n", [("# a", False), ("# yes", True)]),
        ("'''unclosed # no\n# no\n", []),
        ("f'''unclosed # no\n# no\n", []),
        ("x = 'a\\\n# no'  # yes\n", [("# yes", False)]),
        ("x = 'a\\", []),
        ("x = '''a\\", []),
        ("x = f'a\\", []),
        ("]}) # yes\n", [("# yes", False)]),
        ("x = f'{a[1:2]}' # yes", [("# yes", False)]),
        ('x = f"""{\n a  # in\n}"""', [("# in", False)]),
        ("x = t'{a}' rf'\\{a}' # yes", [("# yes", False)]),
    ],
)
def test_comments_are_told_from_strings(text: str, comments: list[tuple[str, bool]]) -> None:
    assert [(comment.text, comment.alone) for comment in lex(text).comments] == comments


@pytest.mark.parametrize(
    "hostile",
    [
        '"' * 200_001,
        "f'{" * 50_000,
        "\\\n" * 100_000,
        "'''" + '\\"' * 100_000,
        "# noqa:" + "F401" * 50_000,
        "(" * 200_000,
    ],
)
def test_hostile_text_takes_linear_time(hostile: str) -> None:
    started = time.process_time()
    suppressions(hostile + "\n# noqa")
    assert time.process_time() - started < 5
