"""ruff's resolution of select, ignore and their kin: its conformance table, run here and against the installed ruff."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolsafe.config.errors import UsageError
from poolsafe.config.selection import Selection, check_selector, enabled_codes, fixable_codes, most_specific
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


SELECTORS = st.lists(st.sampled_from(["F", "F4", "F40", "F401", "F8", "F841"]), max_size=3, unique=True)


@pytest.mark.skipif(shutil.which("ruff", path=str(Path(sys.executable).parent)) is None, reason="ruff is not installed")
@settings(max_examples=40, deadline=None)
@given(SELECTORS, SELECTORS, SELECTORS, st.none() | SELECTORS, SELECTORS, SELECTORS)
def test_ruff_resolves_random_lists_alike(
    tmp_path_factory: pytest.TempPathFactory,
    select: list[str],
    extend: list[str],
    ignore: list[str],
    cli_select: list[str] | None,
    cli_extend: list[str],
    cli_ignore: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("ruff")
    (folder / "a.py").write_text("import os\n\n\ndef f():\n    x = 1\n")
    (folder / "ruff.toml").write_text(f"[lint]\nselect = {select}\nextend-select = {extend}\nignore = {ignore}\n")
    flags = []
    # On the command line ruff cannot be given an empty list.
    for flag, selectors in (("select", cli_select), ("extend-select", cli_extend), ("ignore", cli_ignore)):
        flags += [f"--{flag}={','.join(selectors)}"] if selectors else []
    command = [str(Path(sys.executable).parent / "ruff"), "check", "--no-cache", "--output-format=concise", *flags, "."]
    output = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
    layers = [
        Selection(mapped(select), mapped(extend), mapped(ignore)),
        Selection(mapped(cli_select) if cli_select else None, mapped(cli_extend), mapped(cli_ignore)),
    ]
    enabled = {CODES[code] for code in enabled_codes(layers, CODES)}
    assert {code for code in ("F401", "F841") if code in output} == enabled & {"F401", "F841"}


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


@pytest.mark.parametrize(("below", "above", "fires"), TABLE)
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


ENGINE = 'engine = create_async_engine("postgresql+asyncpg://db/app")\n'
CODE = {"ruff": "F401", "poolsafe": "PGB101"}


def runs(folder: Path, tool: str, flags: list[str]) -> bool:
    if tool == "ruff":
        program = shutil.which("ruff", path=str(Path(sys.executable).parent))
        if program is None:
            return pytest.skip("ruff is not installed")
        command = [program, "check", "--no-cache"]
    else:
        command = [sys.executable, "-m", "poolsafe"]
    ran = subprocess.run(
        [*command, "--output-format=concise", *flags, "a.py"], cwd=folder, capture_output=True, text=True
    )
    assert ran.returncode in (0, 1), ran.stderr
    return CODE[tool] in ran.stdout
