"""The JSON schema of the configuration: it is up to date and valid, and agrees with the loader."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from poolsafe import __version__
from poolsafe.config import reference
from poolsafe.config.errors import UsageError
from poolsafe.config.keys import KEYS, RENAMED
from poolsafe.config.layers import read_table
from poolsafe.config.schema import render, schema

STORED = Path(__file__).parents[2] / "docs" / "poolsafe.schema.json"


def test_docs_hold_the_schema_as_it_is(tmp_path: Path) -> None:
    """If this fails, run `python -m poolsafe.config.schema docs/poolsafe.schema.json`."""
    assert STORED.read_text(encoding="utf-8") == render()
    module = [sys.executable, "-m", "poolsafe.config.schema"]
    subprocess.run([*module, str(tmp_path / "a.json")], check=True)
    assert (tmp_path / "a.json").read_bytes() == STORED.read_bytes()
    assert subprocess.run(module, capture_output=True).returncode == 1


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(schema())


def test_every_key_is_in_it() -> None:
    properties = schema()["properties"]
    lint = properties.pop("lint")["properties"]
    renamed = {name for name, each in properties.items() if each.get("deprecated")}
    assert renamed == set(RENAMED)
    assert {*properties, *(f"lint.{name}" for name in lint)} - renamed == set(KEYS)


def test_defaults_are_valid() -> None:
    properties = schema()["properties"]
    for name, each in {**properties, **properties["lint"]["properties"]}.items():
        if "default" in each:
            assert Draft7Validator({**each, "definitions": schema()["definitions"]}).is_valid(each["default"]), name


VALUES = [
    *("true", "1", "0", "-1", "1.5", '""', '"x"', '"0.31.0"', '"0.31rc1"', '"auto"', '"none"', '"error"', '"sarif"'),
    *("[]", '["PGB101"]', '["PGB1", "ALL"]', '["PGB999"]', '["F401"]', "[1]", "{}", '{"*.py" = ["PGB2"]}'),
    *('{pyx = "python"}', '{pyx = "perl"}', '{"*.py" = "PGB2"}', '{"*.py" = ["nothing"]}', '">=0.0.1"', '"asyncpg"'),
]


@pytest.mark.parametrize("path", [*KEYS, *RENAMED])
def test_schema_and_loader_agree(path: str) -> None:
    contents = [tomli.loads(f"{path} = {value}") for value in VALUES]
    valid = Draft7Validator(schema()).is_valid
    assert [content for content in contents if valid(content) is not loads(content)] == []


@pytest.mark.parametrize(
    "text", ["poolr = 1", "target-version = 'py312'", "lint.isort = {}", "lint = 1", "lint.pooler = 'none'", "a.b = 1"]
)
def test_both_refuse_what_is_not_there(text: str) -> None:
    content = tomli.loads(text)
    assert not Draft7Validator(schema()).is_valid(content)
    assert not loads(content)


def loads(content: dict[str, Any]) -> bool:
    try:
        read_table(content, "poolsafe.toml", "/")
    except UsageError as error:
        # The schema cannot know which version runs.
        return "requires version" in str(error)
    return True


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f">={__version__}", ""),
        (__version__, ""),
        (f"=={__version__}", ""),
        (">=0.0.1, <9999", ""),
        (">=9999", f"`required-version` requires version `>=9999`, but this is poolsafe {__version__}"),
        ("9999.1", f"`required-version` requires version `9999.1`, but this is poolsafe {__version__}"),
        ("newest", "`required-version`: must be a version, or a specifier such as `>=0.1`, not `newest`"),
        ("", "`required-version`: must be"),
    ],
)
def test_required_version(text: str, words: str) -> None:
    if not words:
        assert read_table({"required-version": text}, "poolsafe.toml", "/")
        return
    with pytest.raises(UsageError) as caught:
        read_table({"required-version": text}, "poolsafe.toml", "/")
    assert words in str(caught.value)


def test_the_page_is_as_the_keys_are(tmp_path: Path) -> None:
    """If this fails, run `python -m poolsafe.config.reference docs/configuration.md`."""
    page = (STORED.parent / "configuration.md").read_text(encoding="utf-8")
    assert page == reference.render()
    module = [sys.executable, "-m", "poolsafe.config.reference"]
    subprocess.run([*module, str(tmp_path / "a.md")], check=True)
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == page
    assert subprocess.run(module, capture_output=True).returncode == 1


def test_the_page_has_every_key_and_an_example_that_loads() -> None:
    page = reference.render()
    headings = re.findall(r"^### `(.+)`$", page, re.MULTILINE)
    assert headings == [key.name for section in ("", "lint") for key in KEYS.values() if key.section == section]
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    content = tomli.loads(example)["tool"]["poolsafe"]
    assert read_table(content, "pyproject.toml", "/")
    assert Draft7Validator(schema()).is_valid(content)
