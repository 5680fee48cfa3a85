"""`# poolsafe: ignore[...]` and related comments, compared with ruff's comments of the same names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from poolsafe.suppression.noqa import suppressions

RUFF = Path(sys.executable).parent / ("ruff.exe" if os.name == "nt" else "ruff")
needs_ruff = pytest.mark.skipif(not RUFF.exists(), reason="ruff is not installed")

# comment behind `import os`, silenced, whether a warning is due
FORMS = [
    ("# poolsafe: ignore[F401]", True, False),
    ("#poolsafe:ignore[F401]", True, False),
    ("# poolsafe : ignore [ F401 ]", True, False),
    ("# poolsafe: ignore[F401,]", True, False),
    ("# poolsafe: ignore[E501, F401] reason", True, False),
    ("# poolsafe: ignore[F401]: reason", True, False),
    ("# poolsafe: ignore[X, F401]", True, False),
    ("# foo # poolsafe: ignore[F401]", True, False),
    ("# poolsafe: ignore[E501]", False, False),
    ("# poolsafe: ignore[F4]", False, False),
    ("# poolsafe: ignore[]", False, True),
    ("# poolsafe: ignore", False, True),
    ("# poolsafe: ignore[F401", False, True),
    ("# poolsafe: ignore[E501 F401]", False, True),
    ("# poolsafe: ignore[F401,,E501]", False, True),
    ("# poolsafe: ignore[f401]", False, True),
    ("# poolsafe: Ignore[F401]", False, True),
    ("# poolsafe: ignroe[F401]", False, True),
    ("# poolsafe: file-ignore[F401]", False, True),
    ("# poolsafe: disable[F401]", False, True),
    ("# POOLSAFE: ignore[F401]", False, False),
    ("# poolsafe: see the documentation", False, False),
]


@pytest.mark.parametrize(("comment", "silenced", "warned"), FORMS)
def test_forms(comment: str, silenced: bool, warned: bool) -> None:
    found = suppressions(f"import os  {comment}\n")
    assert found.silences("F401", 1) is silenced
    assert found.silences_everywhere("F401", 1) is silenced
    assert bool(found.malformed) is warned


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("# poolsafe: ignroe[PGB101]", "unknown `# poolsafe: ignroe` (did you mean `ignore`?): expected ignore, "),
        ("# poolsafe: ignroe PGB101", "(did you mean `ignore`?)"),
        ("# poolsafe: Ignore[PGB101]", "(did you mean `ignore`?)"),
        ("# poolsafe: fileignore: PGB101", "(did you mean `file-ignore`?)"),
        ("# poolsafe: disabled[PGB101]", "(did you mean `disable`?)"),
        ("# poolsafe: nqoa PGB101", "(did you mean `noqa`?)"),
        ("# poolsafe: xyz[PGB101]", "unknown `# poolsafe: xyz`: expected"),
        # Free text, even of our codes.
        ("# poolsafe: disabled because it is slow", ""),
        ("# poolsafe: see what PGB101 says", ""),
    ],
)
def test_the_nearest_word_is_named(comment: str, words: str) -> None:
    said = [bad.message for bad in suppressions(f"x = 1  {comment}\n").malformed]
    assert len(said) == bool(words)
    assert words in "".join(said)


@needs_ruff
def test_ruff_agrees_on_the_forms(tmp_path: Path) -> None:
    files = {f"a{number}.py": f"import os  {comment}\n" for number, (comment, *_) in enumerate(FORMS)}
    fired = ruff(tmp_path, files)
    assert [not fired[name] for name in files] == [silenced for _, silenced, _ in FORMS]


# Each import that fires says so in its name.
PLACES = [
    "# poolsafe: ignore[F401]\nimport a\nimport fires\n",
    "# poolsafe: ignore[F401]\n\nimport a\nimport fires\n",
    "# poolsafe: ignore[F401]\n# poolsafe: ignore[E501]\n# other\nimport a\nimport fires\n",
    "# poolsafe: ignore[F401]\nx = (\n1); import a\nimport fires\n",
    '# poolsafe: ignore[F401]\nx = (\n1, 2,\n); import a; y = """\n"""; import b\nimport fires\n',
    "if x:\n    # poolsafe: ignore[F401]\n    import a\n    import fires\n",
    "# poolsafe: ignore[F401]\nif x:\n    import fires\n",
    "import fires; x = (\n # poolsafe: ignore[F401]\n 1); import a\n",
    "import fires; x = (\n # poolsafe: ignore[F401]\n 1,\n 2); import fires2\n",
    "import fires; x = (\n 1,  # poolsafe: ignore[F401]\n )\n",
    "import fires; x = (1,\n )  # poolsafe: ignore[F401]\n",
    'import a; x = """\n"""  # poolsafe: ignore[F401]\n',
    'x = """\n"""; import a  # poolsafe: ignore[F401]\n',
    "import a; x = \\\n 3  # poolsafe: ignore[F401]\n",
    "if x:\n    pass\n    # poolsafe: ignore[F401]\nimport a\n",
    "import fires\n# poolsafe: ignore[F401]\n",
    "import a\n# poolsafe: file-ignore[F401]\nimport b\n",
    "import fires\nif x:\n    # poolsafe: file-ignore[F401]\n    import fires2\n",
    "import fires\n# poolsafe: file-ignore[E501]\n",
    "import fires\n# poolsafe: disable[F401]\nimport a\nimport b\n# poolsafe: enable[F401]\nimport fires2\n",
    "import fires\n# poolsafe: disable[F401]\nimport a\ndef f():\n    import b\n",
    "def f():\n    # poolsafe: disable[F401]\n    import a\n    if x:\n        import b\n    import c\nimport fires\n",
    "# poolsafe: disable[F401]\nimport a\n# poolsafe: enable[E501]\nimport b\n",
    "# poolsafe: disable[F401, E501]\nimport a\n# poolsafe: enable[F401]\nimport b\n",
    "# poolsafe: disable[F401]\nimport a\nif x:\n    # poolsafe: enable[F401]\n    import b\nimport c\n",
    "# poolsafe: disable[E501]\n# poolsafe: disable[F401]\nimport a\n# poolsafe: enable[F401]\nimport fires\n"
    "# poolsafe: enable[E501]\n",
]


@pytest.mark.parametrize("text", PLACES)
def test_places(text: str) -> None:
    found = suppressions(text)
    for row, line in enumerate(text.splitlines(), 1):
        if "import" in line:
            assert found.silences("F401", row) is ("fires" not in line), row


@needs_ruff
def test_ruff_agrees_on_the_places(tmp_path: Path) -> None:
    files = {f"a{number}.py": text for number, text in enumerate(PLACES)}
    fired = ruff(tmp_path, files)
    for name, text in files.items():
        expected = {row for row, line in enumerate(text.splitlines(), 1) if "import fires" in line}
        assert fired[name] == expected, text


def ruff(folder: Path, files: dict[str, str]) -> dict[str, set[int]]:
    for name, text in files.items():
        (folder / name).write_text(text.replace("poolsafe", "ruff").replace("POOLSAFE", "RUFF"), newline="\n")
    command = [str(RUFF), "check", "--no-cache", "--isolated", "--select=F401", "--output-format=concise", "."]
    output = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
    fired: dict[str, set[int]] = {name: set() for name in files}
    for name, row in re.findall(r"^(.+\.py):(\d+):\d+: F401", output, re.MULTILINE):
        fired[name].add(int(row))
    return fired


def test_an_enable_without_a_disable_is_a_warning() -> None:
    found = suppressions("x = 1\n# poolsafe: enable[F401]\n")
    assert [(bad.row, bad.message[:30]) for bad in found.malformed] == [(2, "`# poolsafe: enable` has no `d")]


def test_an_unclosed_bracket_and_a_file_that_cannot_be_read() -> None:
    found = suppressions("# poolsafe: ignore[PGB009, PGB101]\nx = (\n1\n")
    assert found.silences("PGB101", 3)
    assert not found.silences("PGB009", 2)
    assert not found.silences_everywhere("PGB009", 2)


def test_a_comment_may_be_for_two_tools() -> None:
    found = suppressions("import os  # poolsafe: ignore[PGB101] # noqa: F401\n")
    assert found.silences("PGB101", 1)
    assert found.silences("F401", 1)
    assert not found.silences_everywhere("F401", 1)
