"""ruff's resolution of `select`, `ignore` and related keys: one table, run here and with the installed ruff."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import Ran, run
from samples import LONG, one_in

from poolsafe.config.errors import UsageError
from poolsafe.config.layers import Value
from poolsafe.config.selection import Selection, check_selector, enabled_codes, fixable_codes, most_specific
from poolsafe.config.settings import Settings
from poolsafe.rules import registry

# Ruff's selectors on the left stand for ours on the right: same lengths, same prefixes.
OURS = {"ALL": "ALL", "F": "PGB", "F4": "PGB1", "F40": "PGB10", "F401": "PGB101", "F8": "PGB2", "F841": "PGB202"}
CODES = {"PGB101": "F401", "PGB102": "F402", "PGB103": "F403", "PGB202": "F841"}


def selection(
    select: str | None = None, extend: str = "", ignore: str = "", fixable: str | None = None, unfixable: str = ""
) -> Selection:
    return Selection(
        select=None if select is None else ours(select),
        extend_select=ours(extend),
        ignore=ours(ignore),
        fixable=None if fixable is None else ours(fixable),
        unfixable=ours(unfixable),
    )


def ours(selectors: str) -> list[str]:
    return [OURS[selector] for selector in selectors.split()]


@pytest.mark.parametrize(
    ("layers", "fires"),
    [
        ([selection("F", ignore="F401")], False),
        ([selection("F401", ignore="F")], True),
        ([selection("F4", ignore="F40")], False),
        ([selection("F4", ignore="F")], True),
        ([selection("F401", ignore="F401")], False),
        ([selection("F", extend="F401", ignore="F40")], True),
        ([selection(extend="F401", ignore="F")], True),
        ([selection("ALL", ignore="F401"), selection("F")], True),
        ([selection("F", ignore="F401"), selection(extend="F4")], True),
        ([selection("F"), selection(ignore="F401")], False),
        ([selection("", ignore="F401"), selection("F")], False),
        ([selection("F", ignore="F401"), selection()], False),
        ([selection("F", ignore="F401"), selection("F")], True),
        ([selection("F", ignore="F401"), selection(ignore="F841")], False),
        ([], True),
        ([selection("")], False),
    ],
)
def test_the_conformance_table(layers: list[Selection], fires: bool) -> None:
    assert ("PGB101" in enabled_codes(layers, CODES)) is fires


@pytest.mark.parametrize(
    ("layers", "offered"),
    [
        ([], True),
        ([selection(fixable="F8")], False),
        ([selection(fixable="F", unfixable="F401")], False),
        ([selection(fixable="F401", unfixable="F")], True),
        ([selection(unfixable="F")], False),
        ([selection("", unfixable="F401"), selection(fixable="F")], True),
        ([selection(fixable="", unfixable="F401"), selection(fixable="F")], False),
    ],
)
def test_fixable_rules_are_resolved_alike(layers: list[Selection], offered: bool) -> None:
    assert ("PGB101" in fixable_codes(layers, CODES)) is offered


@pytest.mark.parametrize("selector", ["ALL", "PGB", "PGB1", "PGB10", "PGB101"])
def test_a_selector_is_the_beginning_of_a_code(selector: str) -> None:
    check_selector(selector, "lint.select", "pyproject.toml")


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("PGB1011", "did you mean `PGB101`?"),
        ("PGB1000", "did you mean `PGB101`?"),
        ("PGB111", "did you mean `PGB101`?"),
        ("PBG1", "did you mean `PGB1`?"),
        ("pgb101", "did you mean `PGB101`?"),
        ("missing-cache-size", "its code is `PGB101`"),
        ("F401", "unknown rule selector `F401`"),
        ("P", "unknown rule selector `P`"),
        ("", "unknown rule selector ``"),
    ],
)
def test_an_unknown_selector_is_named_with_its_source(selector: str, words: str) -> None:
    with pytest.raises(UsageError, match=r"pyproject\.toml: `lint\.select`: ") as caught:
        check_selector(selector, "lint.select", "pyproject.toml")
    assert words in str(caught.value)


def test_the_most_specific_selector_counts() -> None:
    assert most_specific(["ALL"], "PGB101") == 0
    assert most_specific(["ALL", "PGB", "PGB10"], "PGB101") == 5
    assert most_specific(["PGB2"], "PGB101") == -1


def test_every_rule_runs_by_default() -> None:
    assert enabled_codes([], registry.names()) == frozenset(registry.names())


SELECTORS = st.lists(st.sampled_from(["ALL", "F", "F4", "F40", "F401", "F8", "F841"]), max_size=3, unique=True)
# What one layer says: select, extend-select, ignore; and fixable, extend-fixable, unfixable.
LISTS = st.tuples(st.none() | SELECTORS, SELECTORS, SELECTORS)
needs_ruff = pytest.mark.skipif(
    shutil.which("ruff", path=str(Path(sys.executable).parent)) is None, reason="ruff is not installed"
)
Lists = tuple["list[str] | None", "list[str]", "list[str]"]
# Two findings, both with a fix.
TWO = "import os\n\n\ndef f():\n    x = 1\n"
FIRED = {"F401", "F841"}


def lint(names: tuple[str, str, str], lists: Lists) -> str:
    said = {name: selectors for name, selectors in zip(names, lists, strict=True) if selectors is not None}
    return "".join(f"{name} = {selectors}\n" for name, selectors in said.items())


def flags_of(names: tuple[str, str, str], lists: Lists) -> list[str]:
    # On the command line ruff cannot be given an empty list.
    return [f"--{name}={','.join(each)}" for name, each in zip(names, lists, strict=True) if each]


def ruff_says(folder: Path, *flags: str) -> str:
    ruff = str(Path(sys.executable).parent / "ruff")
    command = [ruff, "check", "--no-cache", "--output-format=concise", *flags, "."]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout


SELECT = ("select", "extend-select", "ignore")
FIXABLE = ("fixable", "extend-fixable", "unfixable")


def layers_of(lists: tuple[Lists, ...], cli: Lists) -> list[Selection]:
    given: Lists = (cli[0] or None, cli[1], cli[2])
    return [
        Selection(None if select is None else mapped(select), mapped(extend), mapped(ignore))
        for select, extend, ignore in (*lists, given)
    ]


@needs_ruff
@settings(max_examples=60)
@given(LISTS, LISTS, LISTS)
def test_ruff_resolves_random_lists_alike(
    tmp_path_factory: pytest.TempPathFactory, parent: Lists, child: Lists, cli: Lists
) -> None:
    folder = tmp_path_factory.mktemp("ruff")
    (folder / "a.py").write_text(TWO)
    (folder / "base.toml").write_text(f"[lint]\n{lint(SELECT, parent)}")
    (folder / "ruff.toml").write_text(f'extend = "base.toml"\n[lint]\n{lint(SELECT, child)}')
    output = ruff_says(folder, *flags_of(SELECT, cli))
    # Its default rules are some, ours are all.
    default = [code for code, theirs in CODES.items() if theirs in FIRED]
    enabled = enabled_codes(layers_of((parent, child), cli), CODES, default=default)
    assert {code for code in FIRED if code in output} == {CODES[code] for code in enabled} & FIRED


@needs_ruff
@settings(max_examples=40)
@given(LISTS, LISTS, LISTS)
def test_ruff_resolves_random_fixable_lists_alike(
    tmp_path_factory: pytest.TempPathFactory, parent: Lists, child: Lists, cli: Lists
) -> None:
    folder = tmp_path_factory.mktemp("ruff")
    (folder / "a.py").write_text(TWO)
    (folder / "base.toml").write_text(f"[lint]\n{lint(FIXABLE, parent)}")
    (folder / "ruff.toml").write_text(f'extend = "base.toml"\n[lint]\n{lint(FIXABLE, child)}')
    output = ruff_says(folder, "--select=F401,F841", "--unsafe-fixes", *flags_of(FIXABLE, cli))
    layers = [
        Selection(fixable=each.select, extend_fixable=each.extend_select, unfixable=each.ignore)
        for each in layers_of((parent, child), cli)
    ]
    offered = {CODES[code] for code in fixable_codes(layers, CODES)} & FIRED
    assert {code for code in FIRED if f"{code} [*]" in output} == offered


SAFETY = st.lists(st.sampled_from(["ALL", "F", "F4", "F401", "F8", "F841"]), max_size=3, unique=True)


@needs_ruff
@settings(max_examples=40)
@given(SAFETY, SAFETY, SAFETY, SAFETY)
def test_ruff_shifts_the_safety_of_fixes_alike(
    tmp_path_factory: pytest.TempPathFactory,
    base_safe: list[str],
    base_unsafe: list[str],
    safe: list[str],
    unsafe: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("ruff")
    (folder / "a.py").write_text(TWO)
    (folder / "base.toml").write_text(f"[lint]\nextend-safe-fixes = {base_safe}\nextend-unsafe-fixes = {base_unsafe}\n")
    text = f'extend = "base.toml"\n[lint]\nextend-safe-fixes = {safe}\nextend-unsafe-fixes = {unsafe}\n'
    (folder / "ruff.toml").write_text(text)
    # The fix of the unused import is safe by itself, that of the unused variable is not.
    output = ruff_says(folder, "--select=F401,F841")
    shifted = [("extend-safe-fixes", [*base_safe, *safe]), ("extend-unsafe-fixes", [*base_unsafe, *unsafe])]
    layer = {f"lint.{name}": Value(tuple(mapped(said)), "poolsafe.toml", "/") for name, said in shifted}
    ours = Settings([layer], "/")
    for code, theirs, by_itself in (("PGB101", "F401", True), ("PGB202", "F841", False)):
        said = ours.safety(code)
        assert (f"{theirs} [*]" in output) is (by_itself if said is None else said), theirs


@needs_ruff
@pytest.mark.parametrize("selector", ["ALL", "E", "E2", "E22", "E225"])
@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("explicit", [False, True])
def test_ruff_lets_rules_on_trial_run_alike(tmp_path: Path, selector: str, preview: bool, explicit: bool) -> None:
    (tmp_path / "a.py").write_text("x=1\n")
    lines = [f"preview = {preview}", "[lint]", f"select = ['{selector}']", f"explicit-preview-rules = {explicit}"]
    (tmp_path / "ruff.toml").write_text("\n".join(lines).replace("True", "true").replace("False", "false"))
    theirs = {"E": "PGB", "E2": "PGB2", "E22": "PGB20", "E225": "PGB202", "ALL": "ALL"}
    layers = [Selection([theirs[selector]])]
    enabled = enabled_codes(layers, CODES, on_trial=["PGB202"], preview=preview, explicit=explicit)
    assert ("missing-whitespace-around-operator" in ruff_says(tmp_path)) is ("PGB202" in enabled)


def mapped(selectors: list[str]) -> list[str]:
    return [OURS[selector] for selector in selectors]


# ruff-compat's table, row by row: the configuration, what lies above it, and whether F401 fires.
TABLE = [
    ("select F; ignore F401", "", False),
    ("select F401; ignore F", "", True),
    ("select F4; ignore F40", "", False),
    ("select F4; ignore F", "", True),
    ("select F401; ignore F401", "", False),
    ("select F; extend-select F401; ignore F40", "", True),
    ("ignore F; extend-select F401", "", True),
    ("select ALL; ignore F401", "select F", True),
    ("select F; ignore F401", "extend-select F4", True),
    ("select F", "ignore F401", False),
    ("select; ignore F401", "select F", False),
    ("select F; ignore F401", "select F8; extend-select F4", True),
    ("select F; ignore F401", "ignore F841", False),
]


def settings_in(text: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in text.split(";") if part.strip()}


@pytest.mark.parametrize(("below", "above", "fires"), one_in(4, TABLE, LONG))
@pytest.mark.parametrize("by", ["flags", "extend"])
def test_the_table_beside_the_real_ruff(tmp_path: Path, below: str, above: str, fires: bool, by: str) -> None:
    (tmp_path / "a.py").write_text("import os\nfrom sqlalchemy.ext.asyncio import create_async_engine\n" + ENGINE)
    first, second = settings_in(below), settings_in(above)
    for name, as_ours in (("ruff", False), ("poolsafe", True)):
        layers = [{key: mapped(value) if as_ours else value for key, value in each.items()} for each in (first, second)]
        lint = ["[lint]\n" + "".join(f"{key} = {value}\n" for key, value in each.items()) for each in layers]
        base = "base.toml" if by == "extend" else f"{name}.toml"
        (tmp_path / base).write_text(lint[0])
        if by == "extend":
            (tmp_path / f"{name}.toml").write_text(f'extend = "{base}"\n{lint[1]}')
        flags = [f"--{key}={','.join(value)}" for key, value in layers[1].items() if by == "flags"]
        assert runs(tmp_path, name, flags) is fires, name


# Which of two `--config 'key = value'` wins: the first, in both tools.
FRAGMENTS = [
    (["lint.ignore = ['F']", "lint.extend-select = ['F401']"], False),
    (["lint.extend-select = ['F401']", "lint.ignore = ['F']"], True),
    (["lint.select = ['F401']", "lint.select = ['F8']"], True),
    (["lint.select = ['F8']", "lint.select = ['F401']"], False),
    (["lint = {ignore = ['F'], extend-select = ['F401']}"], True),
]


@pytest.mark.parametrize(("fragments", "fires"), one_in(3, FRAGMENTS, LONG))
def test_fragments_beside_the_real_ruff(tmp_path: Path, fragments: list[str], fires: bool) -> None:
    (tmp_path / "a.py").write_text("import os\nfrom sqlalchemy.ext.asyncio import create_async_engine\n" + ENGINE)
    for name in ("ruff", "poolsafe"):
        (tmp_path / f"{name}.toml").write_text("")
        given = fragments
        if name == "poolsafe":
            given = [re.sub(r"'(\w+)'", lambda match: f"'{OURS[match[1]]}'", each) for each in fragments]
        assert runs(tmp_path, name, [f"--config={each}" for each in given]) is fires, name
    # A flag of its own beats them.
    assert runs(tmp_path, "ruff", [*(f"--config={each}" for each in fragments), "--select=F401"])
    assert runs(tmp_path, "poolsafe", ["--config=lint.ignore = ['PGB']", "--select=PGB101"])


# Whose safe fix is applied: what is said of the rules, by what, and whether the fix of F401 is.
SAFETIES = [
    ("fixable = ['E']", [], False),
    ("fixable = ['E', 'F401']", [], True),
    ("extend-unsafe-fixes = ['F']\nextend-safe-fixes = ['F401']", [], True),
    ("extend-unsafe-fixes = ['F401']\nextend-safe-fixes = ['F401']", [], False),
    ("extend-unsafe-fixes = ['F401']\nextend-safe-fixes = ['F401']", ["--unsafe-fixes"], True),
    ("extend-unsafe-fixes = ['ALL']", [], False),
    ("unfixable = ['F']\nextend-fixable = ['F401']", [], True),
    ("unfixable = ['F401']", ["--unsafe-fixes"], False),
]


@pytest.mark.long
@pytest.mark.parametrize(("text", "flags", "applied"), SAFETIES)
def test_fix_safety_beside_the_real_ruff(tmp_path: Path, text: str, flags: list[str], applied: bool) -> None:
    before = "import os\nfrom sqlalchemy.ext.asyncio import create_async_engine\n" + ENGINE
    for name in ("ruff", "poolsafe"):
        mine = re.sub(r"'(\w+)'", lambda match: f"'{OURS.get(match[1], 'PGB3')}'", text) if name == "poolsafe" else text
        (tmp_path / f"{name}.toml").write_text(f"[lint]\n{mine}\n")
        (tmp_path / "a.py").write_text(before)
        select = f"--select={CODE[name]}"
        # A finding whose fix is not offered stays one, and makes no difference.
        assert runs(tmp_path, name, [select, *flags])
        assert (run_tool(tmp_path, name, ["--diff", select, *flags]).returncode == 1) is applied
        left = run_tool(tmp_path, name, ["--fix", select, *flags])
        assert left.returncode == (0 if applied else 1)
        assert ((tmp_path / "a.py").read_text() != before) is applied


ENGINE = 'engine = create_async_engine("postgresql+asyncpg://db/app")\n'
CODE = {"ruff": "F401", "poolsafe": "PGB101"}


def runs(folder: Path, tool: str, flags: list[str]) -> bool:
    ran = run_tool(folder, tool, ["--output-format=concise", *flags])
    assert ran.returncode in (0, 1), ran.stderr
    return CODE[tool] in ran.stdout


def run_tool(folder: Path, tool: str, flags: list[str]) -> Ran | subprocess.CompletedProcess[str]:
    if tool == "poolsafe":
        return run(folder, *flags, "a.py")
    program = shutil.which(tool, path=str(Path(sys.executable).parent))
    if program is None:
        return pytest.skip(f"{tool} is not installed")
    return subprocess.run([program, "check", "--no-cache", *flags, "a.py"], cwd=folder, capture_output=True, text=True)
