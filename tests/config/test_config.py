"""Configuration: where it is found, what it may contain, how layers combine, and which files it excludes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from poolsafe.cli.discovery import find
from poolsafe.config import presence
from poolsafe.config.errors import UsageError
from poolsafe.config.globs import PathPattern, PathSet
from poolsafe.config.keys import KEYS, SELECTOR_KEYS
from poolsafe.config.layers import load_toml, read_inline
from poolsafe.config.resolver import Resolver
from poolsafe.config.settings import Settings
from poolsafe.config.source_roots import expand
from poolsafe.facts.deployment import Deployment, PoolMode

RUFF = Path(sys.executable).parent / ("ruff.exe" if os.name == "nt" else "ruff")
needs_ruff = pytest.mark.skipif(not RUFF.exists(), reason="ruff is not installed")


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load_toml.cache_clear()


def tree(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def settings_of(root: Path, name: str = "a.py") -> Settings:
    return Resolver().for_file(str(root / name))


@pytest.mark.parametrize(
    ("files", "pooler"),
    [
        ({}, "auto"),
        ({"pyproject.toml": "[tool.poolsafe]\npooler = 'none'"}, "none"),
        ({"pyproject.toml": "[tool.other]\npooler = 'none'"}, "auto"),
        ({"pyproject.toml": "[tool.poolsafe.lint]\nignore = ['PGB1']"}, "auto"),
        ({"poolsafe.toml": "pooler = 'none'"}, "none"),
        ({"poolsafe.toml": "pooler = 'none'", "pyproject.toml": "[tool.poolsafe]\npooler = 'session'"}, "none"),
        ({".poolsafe.toml": "pooler = 'session'", "poolsafe.toml": "pooler = 'none'"}, "session"),
        ({"../poolsafe.toml": "pooler = 'none'"}, "none"),
        ({"../poolsafe.toml": "pooler = 'none'", "pyproject.toml": "[tool.other]"}, "none"),
        # The closest wins, and nothing is merged.
        ({"../poolsafe.toml": "pooler = 'none'", "poolsafe.toml": "min-severity = 'error'"}, "auto"),
        ({"../base.toml": "pooler = 'none'", "poolsafe.toml": "extend = '../base.toml'"}, "none"),
        (
            {"../base.toml": "pooler = 'none'", "poolsafe.toml": "extend = '../base.toml'\npooler = 'session'"},
            "session",
        ),
        ({"../pyproject.toml": "[tool.x]\n", "poolsafe.toml": "extend = '../pyproject.toml'"}, "auto"),
    ],
)
def test_the_closest_configuration_holds(tmp_path: Path, files: dict[str, str], pooler: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    tree(root, files)
    assert settings_of(root)["pooler"] == pooler


def test_each_file_has_its_own(tmp_path: Path) -> None:
    tree(tmp_path, {"poolsafe.toml": "pooler = 'none'", "sub/poolsafe.toml": "pooler = 'session'"})
    resolver = Resolver()
    assert resolver.for_file(str(tmp_path / "a.py"))["pooler"] == "none"
    assert resolver.for_file(str(tmp_path / "sub/a.py"))["pooler"] == "session"
    assert resolver.for_file(str(tmp_path / "sub/deep/a.py"))["pooler"] == "session"
    assert resolver.for_file(str(tmp_path / "sub/b.py")) is resolver.for_file(str(tmp_path / "sub/deep/a.py"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pooler = 'bouncer'", "poolsafe.toml: `pooler`: must be one of `auto`, `transaction`,"),
        ("pooler = 'transactoin'", "did you mean `transaction`?"),
        ("pooler = true", "not `True`"),
        ("poolr = 'none'", "unknown key `poolr`; did you mean `pooler`?"),
        ("max_prepared_statements = 1", "did you mean `max-prepared-statements`?"),
        ("max-prepared-statements = -1", "must be a whole number, 0 or more, not `-1`"),
        ("max-prepared-statements = true", "must be a whole number"),
        ("asyncpg-version = 0.31", "must be a version such as `0.31.0`, not `0.31`"),
        ("asyncpg-version = '>=0.31'", "must be a version"),
        ("exclude = 'a.py'", "`exclude`: must be a list of strings, none of them empty, not `a.py`"),
        ("exclude = [1]", "`exclude`: must be a list of strings"),
        ("exclude = ['[a']", "poolsafe.toml: `exclude`: invalid glob `[a`: `[` is never closed"),
        ("unsafe-fixes = 1", "`unsafe-fixes`: must be true or false, not `1`"),
        ("extend = 1", "`extend`: must be a string"),
        ("output-format = 'ful'", "did you mean `full`?"),
        ("select = ['PG1']", "`lint.select`: unknown rule selector `PG1`; did you mean `PGB1`?"),
        ("[lint]\npooler = 'none'", "unknown key `lint.pooler`; `pooler` belongs in `[tool.poolsafe]`"),
        ("[lint]\nselct = []", "unknown key `lint.selct`; did you mean `lint.select`?"),
        ("[lint]\nselect = ['PGX']", "`lint.select`: unknown rule selector `PGX`"),
        (
            "[lint]\nper-file-ignores = ['a']",
            "`lint.per-file-ignores`: must be a table that maps globs to lists of strings",
        ),
        ("[lint.per-file-ignores]\n'a.py' = ['PGB999']", "unknown rule selector `PGB999`"),
        ("lint = 1", "`lint` must be a table, not `1`"),
        ("pooler = ", "poolsafe.toml: invalid TOML: "),
        ("extend = 'nowhere.toml'", "poolsafe.toml: `extend`: no such file: `nowhere.toml`"),
        ("extend = 'poolsafe.toml'", "`extend` is circular"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    tree(tmp_path, {"poolsafe.toml": text})
    with pytest.raises(UsageError) as caught:
        settings_of(tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("table", ["[tool]\npoolsafe = 1", "tool = 1", "[tool.poolsafe]\nlint = []"])
def test_what_is_no_table_is_named(tmp_path: Path, table: str) -> None:
    tree(tmp_path, {"pyproject.toml": table})
    if table == "tool = 1":
        assert settings_of(tmp_path)["pooler"] == "auto"
        return
    with pytest.raises(UsageError, match=r"pyproject\.toml: .*must be a table"):
        settings_of(tmp_path)


def test_a_configuration_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "poolsafe.toml").write_bytes(b"pooler = '\xff'")
    with pytest.raises(UsageError, match="not UTF-8"):
        settings_of(tmp_path)


def test_the_deployment(tmp_path: Path) -> None:
    assert settings_of(tmp_path).deployment == Deployment()
    text = """
        pooler = "statement"
        max-prepared-statements = 200
        asyncpg-version = "0.30.0"
        sqlalchemy-version = "2"
        assume-driver = "none"
    """
    tree(tmp_path, {"poolsafe.toml": text})
    assert settings_of(tmp_path).deployment == Deployment(PoolMode.STATEMENT, 200, (0, 30, 0), (2,), False)


def test_what_is_joined_along_extend(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "base/poolsafe.toml": """
                exclude = ["a"]
                extend-exclude = ["b"]
                [lint.per-file-ignores]
                "x.py" = ["PGB101"]
                [lint.extend-per-file-ignores]
                "y.py" = ["PGB101"]
            """,
            "poolsafe.toml": """
                extend = "base/poolsafe.toml"
                exclude = ["c"]
                extend-exclude = ["d"]
                [lint.per-file-ignores]
                "z.py" = ["PGB102"]
                [lint.extend-per-file-ignores]
                "x.py" = ["PGB103"]
            """,
        },
    )
    settings = settings_of(tmp_path)
    assert [settings.excludes(str(tmp_path / name)) for name in "abcd"] == [False, True, True, True]
    every = settings.enabled
    assert settings.codes_for(str(tmp_path / "x.py")) == every - {"PGB103"}
    assert settings.codes_for(str(tmp_path / "y.py")) == every - {"PGB101"}
    assert settings.codes_for(str(tmp_path / "z.py")) == every - {"PGB102"}
    assert [value.source for value in settings.origins("extend-exclude")] == [
        str(tmp_path / "base/poolsafe.toml"),
        str(tmp_path / "poolsafe.toml"),
    ]


def test_overrides_lie_above_files(tmp_path: Path) -> None:
    tree(tmp_path, {"poolsafe.toml": "pooler = 'none'\n[lint]\nselect = ['PGB1']\nignore = ['PGB101']"})
    resolver = Resolver([read_inline("pooler = 'session'"), read_inline("lint.extend-select = ['PGB101']")])
    settings = resolver.for_directory(str(tmp_path))
    assert settings["pooler"] == "session"
    assert "PGB101" in settings.enabled
    assert "PGB201" not in settings.enabled


def test_isolated_reads_nothing(tmp_path: Path) -> None:
    tree(tmp_path, {"poolsafe.toml": "broken", "pyproject.toml": "[tool.ruff]\nexclude = ['a']"})
    assert Resolver(isolated=True).for_file(str(tmp_path / "a.py"))["pooler"] == "auto"


def test_a_given_file_holds_for_everything_and_starts_from_here(tmp_path: Path) -> None:
    tree(tmp_path, {"conf/my.toml": "exclude = ['sub/a.py']", "sub/poolsafe.toml": "pooler = 'none'"})
    settings = Resolver(config=str(tmp_path / "conf/my.toml")).for_file(str(tmp_path / "sub/a.py"))
    assert settings["pooler"] == "auto"
    assert settings.excludes(str(tmp_path / "sub/a.py"))


@pytest.mark.parametrize(
    ("files", "width", "gitignore"),
    [
        ({"pyproject.toml": "[tool.ruff]\nline-length = 100\nrespect-gitignore = false"}, 100, False),
        ({"ruff.toml": "line-length = 100"}, 100, True),
        ({".ruff.toml": "line-length = 100", "ruff.toml": "line-length = 120"}, 100, True),
        ({"ruff.toml": "line-length = 100", "poolsafe.toml": ""}, 100, True),
        ({"ruff.toml": "line-length = 100", "poolsafe.toml": "line-length = 79"}, 79, True),
        ({"ruff.toml": "line-length = 100", "poolsafe.toml": "inherit-from-ruff = false"}, None, True),
        # What is wrong in ruff's configuration is for ruff to say.
        ({"ruff.toml": "line-length = 'x'\nrespect-gitignore = false"}, None, False),
        ({"ruff.toml": "line-length ="}, None, True),
        ({"ruff.toml": "[lint]\nselect = ['F']"}, None, True),
        ({"pyproject.toml": "[tool.other]"}, None, True),
    ],
)
def test_some_keys_come_from_ruff(tmp_path: Path, files: dict[str, str], width: int | None, gitignore: bool) -> None:
    tree(tmp_path, files)
    settings = settings_of(tmp_path, "sub/a.py")
    assert settings["line-length"] == width
    assert settings["respect-gitignore"] is gitignore


@pytest.mark.parametrize(
    "key", ["exclude = ['gen']", "extend-exclude = ['gen']", "include = ['*.txt']", "lint.exclude = ['gen']"]
)
@pytest.mark.parametrize("ruff", ["ruff.toml", ".ruff.toml", "pyproject.toml"])
@pytest.mark.parametrize("own", [{}, {"poolsafe.toml": "pooler = 'none'"}])
def test_what_ruff_leaves_out_is_not_left_out_here(tmp_path: Path, key: str, ruff: str, own: dict[str, str]) -> None:
    table = "[tool.ruff]\n" if ruff == "pyproject.toml" else ""
    tree(tmp_path, {ruff: f"{table}force-exclude = true\n{key}", **own})
    settings = settings_of(tmp_path, "gen/a.py")
    assert settings["force-exclude"] is False
    assert not settings.excludes_any_part(str(tmp_path / "gen/a.py"))
    assert settings.includes(str(tmp_path / "gen/a.py"))
    # The same key of our own leaves it out.
    tree(tmp_path, {"poolsafe.toml": key})
    load_toml.cache_clear()
    settings = settings_of(tmp_path, "gen/a.py")
    path = str(tmp_path / "gen/a.py")
    assert settings.excludes_any_part(path) or not settings.includes(path)


def test_the_documentation_names_what_comes_from_ruff() -> None:
    inherited = {key.path for key in KEYS.values() if key.from_ruff}
    assert inherited == {"line-length", "quote-style", "extension", "src", "respect-gitignore"}
    assert set(re.findall(r"`([\w-]+)`", KEYS["inherit-from-ruff"].doc)) == inherited


def test_safety_of_fixes(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {"poolsafe.toml": "[lint]\nextend-unsafe-fixes = ['PGB1', 'PGB202']\nextend-safe-fixes = ['PGB101', 'PGB202']"},
    )
    settings = settings_of(tmp_path)
    # The most specific selector wins, and a tie is unsafe.
    assert [settings.safety(code) for code in ("PGB101", "PGB102", "PGB202", "PGB301")] == [True, False, False, None]


def test_the_table_of_keys_is_sound() -> None:
    assert set(SELECTOR_KEYS) <= set(KEYS)
    for path, key in KEYS.items():
        assert path == key.path
        assert key.doc.endswith(".")
        if isinstance(key.default, (bool, int, str)):
            assert key.kind.read(key.default) == key.default


# Globs. The tree of ruff-compat's table, and what each pattern hits in it.
TREE = ["a.py", "sub/conftest.py", "sub/deep/test_x.py", "tests/test_y.py"]
PER_FILE = [
    ("test_*.py", ["sub/deep/test_x.py", "tests/test_y.py"]),
    ("test_*", ["sub/deep/test_x.py", "tests/test_y.py"]),
    ("sub/*.py", ["sub/conftest.py", "sub/deep/test_x.py"]),
    ("sub/**", ["sub/conftest.py", "sub/deep/test_x.py"]),
    ("tests", []),
    ("tests/*", ["tests/test_y.py"]),
    ("!sub/**", ["a.py", "tests/test_y.py"]),
    ("**/test_y.py", ["tests/test_y.py"]),
    ("{a,b}.py", ["a.py"]),
    ("[!b].py", ["a.py"]),
    ("?.py", ["a.py"]),
    ("./a.py", ["a.py"]),
    ("sub/**/test_x.py", ["sub/deep/test_x.py"]),
    ("sub/**/conftest.py", ["sub/conftest.py"]),
    ("s***", ["sub/conftest.py", "sub/deep/test_x.py"]),
]
EXCLUDE = [
    ("test_*.py", ["sub/deep/test_x.py", "tests/test_y.py"]),
    ("test_*", ["sub/deep/test_x.py", "tests/test_y.py"]),
    ("sub/*", ["sub/conftest.py", "sub/deep/test_x.py"]),
    ("tests", ["tests/test_y.py"]),
    ("tests/", ["tests/test_y.py"]),
    ("deep", ["sub/deep/test_x.py"]),
    ("sub/deep", ["sub/deep/test_x.py"]),
    ("./sub", ["sub/conftest.py", "sub/deep/test_x.py"]),
    ("*.py", TREE),
    ("\\a.py", ["a.py"]),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    # Names that would be globs themselves.
    root = tmp_path / "p[1]{a}"
    tree(root, dict.fromkeys(TREE, "import os\n"))
    return root


@pytest.mark.parametrize(("pattern", "hits"), PER_FILE)
def test_per_file_ignores(project: Path, pattern: str, hits: list[str]) -> None:
    tree(project, {"poolsafe.toml": f"[lint.per-file-ignores]\n'{pattern}' = ['PGB101']"})
    settings = settings_of(project)
    assert [name for name in TREE if "PGB101" not in settings.codes_for(str(project / name))] == hits


@pytest.mark.parametrize(("pattern", "hits"), EXCLUDE)
@pytest.mark.parametrize("force", [False, True])
def test_extend_exclude(project: Path, pattern: str, hits: list[str], force: bool) -> None:
    tree(project, {"poolsafe.toml": f"extend-exclude = ['{pattern}']\nforce-exclude = {str(force).lower()}"})
    named = [str(project / name) for name in TREE] if force else [str(project)]
    found = find(named, Resolver()).files
    assert found == [str(project / name) for name in TREE if name not in hits]


@needs_ruff
@pytest.mark.parametrize("kind", ["per-file-ignores", "extend-exclude"])
def test_ruff_agrees_on_the_globs(tmp_path: Path, kind: str) -> None:
    rows = PER_FILE if kind == "per-file-ignores" else EXCLUDE
    for number, (pattern, hits) in enumerate(rows):
        root = tmp_path / str(number)
        ignores, excludes = f"lint.per-file-ignores = {{'{pattern}' = ['F401']}}", f"extend-exclude = ['{pattern}']"
        value = ignores if kind == "per-file-ignores" else excludes
        tree(root, {**dict.fromkeys(TREE, "import os\n"), "ruff.toml": f"{value}\nlint.select = ['F401']"})
        command = [str(RUFF), "check", "--no-cache", "--output-format=concise", "."]
        output = subprocess.run(command, cwd=root, capture_output=True, text=True).stdout
        fired = {line.partition(":")[0].replace("\\", "/") for line in output.splitlines() if "F401" in line}
        assert fired == set(TREE) - set(hits), pattern


@pytest.mark.parametrize(
    "glob", ["[a", "{a", "a}", "a\\", "[b-a]", "{a/../b}", "{" * 3_000 + "}" * 3_000, "**/" * 300_000]
)
def test_broken_globs_are_refused(glob: str) -> None:
    with pytest.raises(UsageError, match="invalid glob") as refused:
        PathPattern(glob, "/x/y")
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("../lib/a.py", "/x/lib/a.py", True),
        ("/abs/*.py", "/abs/deep/a.py", True),
        ("{a,{b,c}}.py", "/x/y/c.py", True),
        ("[]]", "/x/y/]", True),
        ("[a^&~|]", "/x/y/&", True),
        ("\\*.py", "/x/y/a.py", False),
        ("\\*.py", "/x/y/*.py", True),
        ("*", "/x/y/a", True),
        ("a,b", "/x/y/a,b", True),
        ("a/**/b.py", "/x/y/a/b.py", True),
        ("a/**/b.py", "/x/y/a/c/d/b.py", True),
        ("a/**/b.py", "/x/y/ab.py", False),
        ("a/**/b.py", "/x/y/a/cb.py", False),
        ("**/b.py", "/x/y/b.py", True),
        ("a*a", "/x/y/a", False),
        ("a*a", "/x/y/a/a", True),
        ("\\**.py", "/x/y/*a.py", True),
        ("\\**.py", "/x/y/a.py", False),
        ("{,a,b*}.py", "/x/y/.py", True),
        ("{,a,b*}.py", "/x/y/bcd.py", True),
        ("{,a,b*}.py", "/x/y/ab.py", False),
        ("*{a,**/}b", "/x/y/z/b", True),
        ("[a-c_-]?", "/x/y/-x", True),
        ("[!a-c]?", "/x/y/bx", False),
    ],
)
def test_more_globs(glob: str, path: str, matches: bool) -> None:
    assert PathSet([PathPattern(glob, "/x/y")]).matches(path) is matches


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("a", ["a"]),
        ("./a/", ["a"]),
        ("*", ["a", "b"]),
        ("*/src", ["a/src"]),
        (".*", [".hidden"]),
        ("**", ["", "a", "a/src", "a/src/deep", "b"]),
        ("**/**/deep", ["a/src/deep"]),
        ("*/../b", ["b"]),
        ("[ab]", ["a", "b"]),
        ("nowhere/*", []),
        ("file", []),
    ],
)
def test_folders(tmp_path: Path, glob: str, found: list[str]) -> None:
    tree(tmp_path, {"a/src/deep/x.py": "", "b/x.py": "", ".hidden/x.py": "", "file": ""})
    expected = [str(tmp_path / name) for name in found]
    assert expand(str(tmp_path), glob) == expected
    assert expand("/", str(tmp_path / glob)) == expected


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_folders_that_lead_to_themselves(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "loop").symlink_to(tmp_path)
        (tmp_path / name / "again").symlink_to(tmp_path)
    assert len(expand(str(tmp_path), "**")) == 4
    # Each way leads to the same folder; after a bounded number of steps no more is looked for.
    assert len(expand(str(tmp_path), "*/../" * 20 + "a")) <= 1


@pytest.mark.parametrize(
    ("files", "present"),
    [
        ({}, False),
        ({"pyproject.toml": "[tool.other]"}, False),
        ({"pyproject.toml": "[tool.poolsafe]"}, True),
        ({"pyproject.toml": "# poolsafe\n"}, True),
        ({"pyproject.toml": " " * 2_000_001}, True),
        ({"poolsafe.toml": ""}, True),
        ({"sub/.poolsafe.toml": ""}, True),
        ({"sub/deep/poolsafe.toml": ""}, False),
        ({"elsewhere/poolsafe.toml": ""}, False),
        ({"home/poolsafe.toml": ""}, True),
        ({"ruff.toml": "line-length = 100"}, False),
    ],
)
def test_whether_a_file_may_configure_a_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], present: bool
) -> None:
    monkeypatch.setattr(presence, "user_directory", lambda: str(tmp_path / "home"))
    (tmp_path / "sub").mkdir()
    tree(tmp_path, files)
    known = presence.Presence()
    assert known.for_directory(str(tmp_path / "sub")) is present
    # What is known is not looked for again.
    for name in files:
        (tmp_path / name).unlink()
    assert known.for_directory(str(tmp_path / "sub")) is present
    assert presence.Presence().for_directory(str(tmp_path / "sub")) is False
