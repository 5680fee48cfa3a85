"""Adopting poolsafe in an existing code base: `--add-noqa`, the baseline, and ruff in the same project."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from cli.test_command import BAD, ENGINE, HEAD, Run, poolsafe, write
from poolsafe.config.layers import load_toml
from poolsafe.config.ruff import eraser

__all__ = ["poolsafe"]

RUFF = shutil.which("ruff", path=str(Path(sys.executable).parent))


def text_of(root: Path, name: str = "a.py") -> str:
    return (root / name).read_bytes().decode()


# --- --add-noqa


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"engine = {ENGINE}", f"engine = {ENGINE}  # noqa: PGB101, PGB201"),
        (f"engine = {ENGINE}  ", f"engine = {ENGINE}  # noqa: PGB101, PGB201"),
        (f"engine = {ENGINE}  # the first", f"engine = {ENGINE}  # the first  # noqa: PGB101, PGB201"),
        (f"engine = {ENGINE}  # noqa: E501 why", f"engine = {ENGINE}  # noqa: E501, PGB101, PGB201 why"),
        (f"engine = {ENGINE}  # noqa: PGB201", f"engine = {ENGINE}  # noqa: PGB201, PGB101"),
        (f"engine = {ENGINE}  # noqa", None),
        (f"engine = {ENGINE}  # poolsafe: ignore[PGB101, PGB201]", None),
        ("engine = " + ENGINE.replace("(", "(\n    "), "engine = create_async_engine(  # noqa: PGB101, PGB201\n    "),
        (
            "engine = " + ENGINE.replace('"', '"""').replace("app", "app\\\n"),
            "engine = " + ENGINE.replace('"', '"""').replace("app", "app\\\n") + "  # noqa: PGB101, PGB201",
        ),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_add_noqa(poolsafe: Run, tmp_path: Path, before: str, after: str | None, end: str) -> None:
    spelled = (HEAD + before).replace("\n", end or "\n") + end
    write(tmp_path, a=spelled)
    ran = poolsafe("--add-noqa", "a.py")
    assert (ran.code, ran.out) == (0, "")
    if after is None:
        assert text_of(tmp_path) == spelled
        assert ran.err == "poolsafe: Added 0 `# noqa` comments.\n"
    else:
        assert text_of(tmp_path).startswith((HEAD + after).replace("\n", end or "\n"))
        assert ran.err == "poolsafe: Added 1 `# noqa` comment.\n"
    assert poolsafe("a.py").code == 0


def test_add_noqa_with_a_reason(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    assert poolsafe("--add-noqa= before\nthe move ", "--select=PGB1").code == 0
    assert text_of(tmp_path).endswith("  # noqa: PGB101 before the move\n")
    assert [line[:6] for line in poolsafe("-q", "--output-format=concise").out.split(": ")[1:2]] == ["PGB201"]


def test_add_noqa_says_where_it_cannot(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD.rstrip("\n") + "  # noqa: someday\n", b="x = 1  # noqa: PGB101\n", c=BAD)
    ran = poolsafe("--add-noqa")
    assert "a.py:3: a `# noqa` comment is not possible on this line" in ran.err
    assert "Added 1 `# noqa` comment." in ran.err
    assert text_of(tmp_path).endswith("  # noqa: someday\n")
    # A mistake in a comment is fixed, not suppressed.
    assert text_of(tmp_path, "b.py") == "x = 1  # noqa: PGB101\n"


def test_add_noqa_writes_nothing_that_it_must_not(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    (tmp_path / "a.py").chmod(0o444)
    (tmp_path / "broken.py").write_text("create_async_engine(\n")
    ran = poolsafe("--add-noqa", "broken.py")
    assert (ran.code, text_of(tmp_path, "broken.py")) == (0, "create_async_engine(\n")
    assert poolsafe("--add-noqa", "nowhere").code == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--add-noqa", "--diff"], "`--diff` cannot be combined with `--add-noqa`"),
        (["--add-noqa", "--apply"], "`--apply` cannot be combined with `--add-noqa`"),
        (["--write-baseline=b", "--apply"], "`--apply` cannot be combined with `--write-baseline`"),
        (["--add-noqa", "--ignore-noqa"], "`--add-noqa` cannot be combined with `--ignore-noqa`"),
        (["--add-noqa", "-"], "`--add-noqa` writes files"),
        (["--add-noqa", "--stdin-filename=a.py"], "`--add-noqa` writes files"),
        (["--baseline=nowhere.json"], "--baseline: nowhere.json: No such file"),
        (["--baseline=text"], "--baseline: text: not JSON: "),
        (["--baseline=list"], "--baseline: list: not a baseline that this version of poolsafe can read"),
        (["--baseline=counts"], "--baseline: counts: not a baseline that this version of poolsafe can read"),
        (["--write-baseline=no/where"], "--write-baseline: no/where: No such file"),
    ],
)
def test_wrong_usage(poolsafe: Run, tmp_path: Path, arguments: list[str], words: str) -> None:
    write(tmp_path, a=BAD)
    (tmp_path / "text").write_text("{")
    (tmp_path / "list").write_text("[]")
    (tmp_path / "counts").write_text('{"version": 1, "findings": {"a.py": {"PGB101:00": -1}}}')
    ran = poolsafe(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert text_of(tmp_path) == BAD


# --- the baseline


def test_the_baseline_survives_moved_lines(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, sub__a=BAD, b=BAD)
    ran = poolsafe("--write-baseline", "known.json")
    assert (ran.code, ran.out, ran.err) == (0, "", "poolsafe: Wrote 4 known problems to known.json.\n")
    assert poolsafe("--baseline=known.json").code == 0
    write(tmp_path, sub__a="import os\n\n\n" + BAD.replace("engine =", "engine  ="))
    assert poolsafe("--baseline=known.json").code == 0
    # One more of the same is new, and so is a line that says something else.
    write(tmp_path, sub__a=BAD + f"engine = {ENGINE}\n", b=BAD.replace("engine =", "main ="))
    ran = poolsafe("--baseline=known.json", "--output-format=concise", "-q")
    assert re.findall(r"(\S+):(\d+):\d+: (PGB\d+)", ran.out) == [
        ("b.py", "3", "PGB101"),
        ("b.py", "3", "PGB201"),
        ("sub/a.py", "4", "PGB101"),
        ("sub/a.py", "4", "PGB201"),
    ]


def test_the_baseline_starts_from_its_own_place(poolsafe: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, sub__a=BAD)
    poolsafe("--write-baseline=known.json")
    assert list(json.loads(text_of(tmp_path, "known.json"))["findings"]) == ["sub/a.py"]
    monkeypatch.chdir(tmp_path / "sub")
    assert poolsafe("--baseline=../known.json").code == 0


def test_what_is_known_is_not_repaired(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    poolsafe("--write-baseline=known.json", "--select=PGB101")
    # The line changes in the first round, and is known all the same in the second.
    assert poolsafe("--baseline=known.json", "--apply").code == 0
    assert "pool_pre_ping=True" in text_of(tmp_path)
    assert "statement_cache_size" not in text_of(tmp_path)


def test_what_is_known_is_followed_when_rows_move(poolsafe: Run, tmp_path: Path) -> None:
    spread = (
        f"first = {ENGINE}\n\nsecond = create_async_engine(\n    'postgresql+asyncpg://db/app',\n)\nthird = {ENGINE}\n"
    )
    write(tmp_path, a=HEAD + spread)
    poolsafe("--write-baseline=known.json", "--select=PGB101")
    assert poolsafe("--baseline=known.json", "--apply").code == 0
    assert text_of(tmp_path).count("pool_pre_ping=True") == 3
    assert "statement_cache_size" not in text_of(tmp_path)


def test_the_baseline_holds_no_secrets_and_is_the_same_each_time(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD.replace("//db", "//app:secret@db"), b=BAD)
    poolsafe("--write-baseline=one.json")
    poolsafe("--write-baseline=two.json", "b.py", "a.py")
    assert text_of(tmp_path, "one.json") == text_of(tmp_path, "two.json")
    assert "secret" not in text_of(tmp_path, "one.json")


def test_half_a_baseline_is_not_written(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    assert poolsafe("--write-baseline=known.json", "a.py", "nowhere").code == 3
    assert not (tmp_path / "known.json").exists()


def test_workers_know_the_baseline(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, **{f"a{number:02}": BAD for number in range(26)})
    poolsafe("--write-baseline=known.json")
    assert poolsafe("--baseline=known.json").code == 0


def test_a_configuration_names_its_baseline(poolsafe: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a=BAD, sub__a=BAD, sub__deep__a=BAD)
    poolsafe("--write-baseline=known.json", "a.py")
    poolsafe("--write-baseline=sub/parked.json", "sub")
    (tmp_path / "poolsafe.toml").write_text("baseline = 'known.json'")
    (tmp_path / "sub/poolsafe.toml").write_text("baseline = 'parked.json'")
    assert poolsafe().code == 0
    monkeypatch.chdir(tmp_path / "sub")
    # Paths of a configuration start from its own place, those of a flag from here.
    assert poolsafe("deep").code == 0
    assert poolsafe("--baseline=../known.json").code == 1
    assert (
        poolsafe("--baseline=known.json").err == "poolsafe: error: --baseline: known.json: No such file or directory\n"
    )
    # The written file contains all current findings, known or not.
    poolsafe("--write-baseline=again.json")
    assert text_of(tmp_path, "sub/again.json") == text_of(tmp_path, "sub/parked.json")
    (tmp_path / "sub/parked.json").unlink()
    ran = poolsafe("--apply")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert f"{tmp_path / 'sub/poolsafe.toml'}: `baseline`: parked.json: No such file" in ran.err
    assert text_of(tmp_path, "sub/a.py") == BAD


def test_standard_input_knows_the_baseline(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    poolsafe("--write-baseline=known.json")
    (tmp_path / "poolsafe.toml").write_text("baseline = 'known.json'")
    assert poolsafe("--stdin-filename=a.py", stdin=BAD.encode()).code == 0
    assert poolsafe("--stdin-filename=b.py", stdin=BAD.encode()).code == 1


def test_flake8_and_the_command_know_the_same(poolsafe: Run, tmp_path: Path) -> None:
    (tmp_path / "poolsafe.toml").write_text("baseline = 'known.json'\npooler = 'transaction'")
    (tmp_path / "known.json").write_text('{"version": 1, "findings": {}}')
    write(tmp_path, a=BAD, b=BAD)
    poolsafe("--write-baseline=known.json", "--select=PGB101")
    write(tmp_path, a="import os\n" + BAD + f"engine = {ENGINE}\n", c=BAD)
    command = [sys.executable, "-m", "flake8", "--select=PGB", "."]
    by_flake8 = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    places = re.compile(r"(\w+\.py):(\d+):\d+: (PGB\d+)")
    found = sorted(places.findall(poolsafe("-q", "--output-format=concise").out))
    assert sorted(places.findall(by_flake8)) == found
    assert [place for place in found if place[2] == "PGB101"] == [("a.py", "5", "PGB101"), ("c.py", "3", "PGB101")]
    (tmp_path / "known.json").unlink()
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "`baseline`: known.json: No such file or directory" in ran.stderr


def test_a_baseline_takes_no_comment_for_useless(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD.rstrip("\n") + "  # noqa: PGB201\n")
    poolsafe("--write-baseline=known.json")
    for arguments in (["--baseline=known.json"], ["--min-severity=error"], ["--select=PGB0"], ["--pooler=none"]):
        ran = poolsafe(*arguments, "--extend-select=PGB001")
        assert "PGB001" not in ran.out, arguments


# --- ruff

# What ruff.toml says, what base.toml beside it says, and what of our codes ruff takes away.
HAZARDS = [
    ('lint.select = ["RUF100"]', "", "RUF100"),
    ('lint.select = ["F", "RUF"]', "", "RUF100 and RUF102"),
    ('lint.select = ["ALL"]', "", "RUF100 and RUF102"),
    ('lint.extend-select = ["RUF102"]', "", "RUF100 and RUF102"),
    ('select = ["RUF10"]', "", "RUF100 and RUF102"),
    ('lint.select = ["RUF"]\nlint.ignore = ["RUF102"]', "", "RUF100"),
    ("line-length = 100", "", "RUF100"),
    ('lint.select = ["RUF"]\nlint.external = ["V"]', "", "RUF100 and RUF102"),
    ('lint.select = ["RUF"]\nlint.external = ["V", "PGB"]', "", None),
    ('lint.select = ["RUF"]\nlint.external = ["P"]', "", None),
    ('lint.select = ["RUF"]\nexternal = ["PGB"]', "", None),
    ('lint.select = ["E", "F"]', "", None),
    ('lint.select = ["RUF"]\nlint.ignore = ["RUF100", "RUF102"]', "", None),
    ('lint.ignore = ["RUF1"]', "", None),
    ('lint.select = ["E"]\nlint.extend-select = ["RUF100"]\nlint.ignore = ["RUF"]', "", "RUF100"),
    # Along `extend` a list takes the place of the other, and a selection is laid on top of it.
    ('extend = "base.toml"\nlint.select = ["RUF"]', "", "RUF100 and RUF102"),
    ('extend = "base.toml"\nlint.select = ["RUF"]', 'lint.external = ["PGB"]', None),
    ('extend = "base.toml"\nlint.external = ["V"]', 'lint.external = ["PGB"]\nlint.select = ["RUF100"]', "RUF100"),
    ('extend = "base.toml"', 'lint.select = ["RUF102"]\nlint.external = []', "RUF102"),
    ('extend = "base.toml"\nlint.ignore = ["RUF"]', 'lint.select = ["RUF100"]', None),
    ('extend = "base.toml"\nlint.select = ["F"]', 'lint.select = ["RUF100"]', None),
    ('extend = "base.toml"\nlint.extend-select = ["RUF1"]', 'lint.select = ["F"]', "RUF100 and RUF102"),
]
REFUSED = ["lint = 1\nselect = 1", "broken", 'extend = "nowhere.toml"', 'extend = "ruff.toml"']


@pytest.mark.parametrize(("text", "base", "rules"), [*HAZARDS, *((text, "", None) for text in REFUSED)])
def test_ruff_that_would_erase_our_codes(tmp_path: Path, text: str, base: str, rules: str | None) -> None:
    load_toml.cache_clear()
    (tmp_path / "sub").mkdir()
    (tmp_path / "ruff.toml").write_text(text)
    (tmp_path / "base.toml").write_text(base)
    warning = eraser(str(tmp_path / "sub"))
    if rules is None:
        assert warning is None
    else:
        assert warning is not None
        assert f"ruff.toml: ruff's {rules} would remove codes" in warning


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@pytest.mark.parametrize(("text", "base", "rules"), HAZARDS)
def test_ruff_does_what_we_warn_of(tmp_path: Path, text: str, base: str, rules: str | None) -> None:
    (tmp_path / "ruff.toml").write_text(text)
    (tmp_path / "base.toml").write_text(base)
    (tmp_path / "a.py").write_text("import os  # noqa: PGB101, F401, E501\n")
    subprocess.run([str(RUFF), "check", "--fix", "--no-cache", "a.py"], cwd=tmp_path, capture_output=True)
    # With F401 at work the list is rewritten as soon as one of its codes is unused.
    assert ("PGB101" in text_of(tmp_path)) is (rules is None)


def test_the_warning_is_given_where_comments_are(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD, b=BAD)
    (tmp_path / "pyproject.toml").write_text("[tool.ruff.lint]\nselect = ['RUF']\n")
    assert poolsafe().err == ""
    warning = (
        "poolsafe: warning: pyproject.toml: ruff's RUF100 and RUF102 would remove codes of poolsafe from `# noqa` "
        'comments; set `lint.external = ["PGB"]`\n'
    )
    assert poolsafe("--add-noqa").err == warning + "poolsafe: Added 2 `# noqa` comments.\n"
    assert poolsafe().err == warning
    assert poolsafe("-q").err == ""
    (tmp_path / "pyproject.toml").write_text("[tool.ruff.lint]\nselect = ['RUF']\nexternal = ['PGB']\n")
    assert poolsafe().err == ""


# --- the guide

GUIDE = (Path(__file__).parents[2] / "docs" / "adoption.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_the_guide_names_flags_that_exist(poolsafe: Run) -> None:
    known = set(re.findall(r"--[a-z-]+", poolsafe("--help").out))
    assert set(re.findall(r"(?<![\w-])--[a-z-]+", GUIDE)) <= known


def test_the_configurations_of_the_guide_load(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    poolsafe("--write-baseline=poolsafe-baseline.json")
    for text in blocks("toml"):
        (tmp_path / "pyproject.toml").write_text(text)
        assert poolsafe("--select=PGB104,PGB105,PGB205,PGB3").code == 0


@pytest.mark.parametrize(
    ("number", "schema"), [(2, "vendor.github-workflows"), (3, "vendor.github-workflows"), (4, "vendor.gitlab-ci")]
)
def test_the_workflows_of_the_guide_have_their_services_schema(tmp_path: Path, number: int, schema: str) -> None:
    (tmp_path / "workflow.yml").write_text(blocks("yaml")[number])
    command = [sys.executable, "-m", "check_jsonschema", f"--builtin-schema={schema}", "workflow.yml"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_the_workflows_of_the_guide_are_yaml_and_their_commands_run(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    poolsafe("--write-baseline=poolsafe-baseline.json")
    *_, github, gitlab = map(yaml.safe_load, blocks("yaml"))
    run = github["jobs"]["poolsafe"]["steps"][3]["run"].split()
    assert poolsafe(*run[1:]).code == 0
    assert (tmp_path / github["jobs"]["poolsafe"]["steps"][4]["with"]["sarif_file"]).exists()
    assert poolsafe(*gitlab["poolsafe"]["script"][1].split()[1:]).code == 1
    assert (tmp_path / gitlab["poolsafe"]["artifacts"]["reports"]["codequality"]).exists()
