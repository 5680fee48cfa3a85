"""A fixed call stays within the line length, and the formatters do not change it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from blocks import changes, lay
from by_hand import source_of
from in_process import run

from poolsafe.edits.application import repair
from poolsafe.edits.wrapping import split
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Finding
from poolsafe.source import Source

IMPORTS = "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
RUFF = shutil.which("ruff", path=str(Path(sys.executable).parent))


def repaired(code: str, width: int) -> str:
    from poolsafe.checker import check

    def findings(source: Source) -> list[Finding]:
        return check(source, Deployment(PoolMode.TRANSACTION)).findings

    source = source_of(IMPORTS + code)
    source.line_length = width
    return repair(source, findings, lambda _: True).source.text[len(IMPORTS) :]


WRAPPED = """
    engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)
    # becomes
    engine = create_async_engine(
        "postgresql+asyncpg://db/app",
        pool_pre_ping=True,
        connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    )

    def make():
        if True:
            return create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)
    # becomes
    def make():
        if True:
            return create_async_engine(
                "postgresql+asyncpg://db/app",
                pool_pre_ping=True,
                connect_args={
                    "statement_cache_size": 0,
                    "prepared_statement_cache_size": 0,
                },
            )

    engine = create_async_engine(
        "postgresql+asyncpg://db/app", pool_pre_ping=True, connect_args={"timeout": 5}
    )
    # becomes
    engine = create_async_engine(
        "postgresql+asyncpg://db/app",
        pool_pre_ping=True,
        connect_args={
            "timeout": 5,
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
        },
    )

    def make():
        if True:
            # why it is so
            return create_async_engine(
                "postgresql+asyncpg://db/app",  # the URL
                pool_pre_ping=True,
            )
    # becomes
    def make():
        if True:
            # why it is so
            return create_async_engine(
                "postgresql+asyncpg://db/app",  # the URL
                pool_pre_ping=True,
                connect_args={
                    "statement_cache_size": 0,
                    "prepared_statement_cache_size": 0,
                },
            )

    options = {"echo": True}
    engine = create_async_engine("postgresql+asyncpg://db", pool_pre_ping=True, **options)
    # becomes
    options = {"echo": True}
    engine = create_async_engine(
        "postgresql+asyncpg://db",
        pool_pre_ping=True,
        connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
        **options,
    )

    engine: "Engine" = create_async_engine("postgresql+asyncpg://d", pool_pre_ping=True)
    # becomes
    engine: "Engine" = create_async_engine(
        "postgresql+asyncpg://d",
        pool_pre_ping=True,
        connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    )

    engine = create_async_engine("postgresql+asyncpg://db/app", hide_parameters=True,)
    # becomes
    engine = create_async_engine(
        "postgresql+asyncpg://db/app",
        hide_parameters=True,
        connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
        pool_pre_ping=True,
    )

    engine = create_async_engine("postgresql+asyncpg://db/app", statement_cache_size=0)
    # becomes
    engine = create_async_engine(
        "postgresql+asyncpg://db/app",
        connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
        pool_pre_ping=True,
    )

    engine = print(create_async_engine("postgresql+asyncpg://d", pool_pre_ping=True))
    # becomes
    engine = print(
        create_async_engine(
            "postgresql+asyncpg://d",
            pool_pre_ping=True,
            connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
        )
    )

    engine = print(end=create_async_engine("postgresql+asyncpg://d", pool_pre_ping=True))
    # becomes
    engine = print(
        end=create_async_engine(
            "postgresql+asyncpg://d",
            pool_pre_ping=True,
            connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
        )
    )

    make = print(create_async_engine("postgresql+asyncpg://d", pool_pre_ping=True), sep=5)
    # becomes
    make = print(
        create_async_engine(
            "postgresql+asyncpg://d",
            pool_pre_ping=True,
            connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
        ),
        sep=5,
    )

    make = print(
        create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True),
        flush=False,
    )
    # becomes
    make = print(
        create_async_engine(
            "postgresql+asyncpg://db/app",
            pool_pre_ping=True,
            connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
        ),
        flush=False,
    )

    engines = {
        "db": create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True),
    }
    # becomes
    engines = {
        "db": create_async_engine(
            "postgresql+asyncpg://db/app",
            pool_pre_ping=True,
            connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
        ),
    }

    make = print(
        create_async_engine("postgresql+asyncpg://db", pool_pre_ping=True), sep=5
    )
    # becomes
    make = print(
        create_async_engine(
            "postgresql+asyncpg://db",
            pool_pre_ping=True,
            connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
        ),
        sep=5,
    )

    URL = "postgresql+asyncpg://db/app"
    args = {"check_same_thread": False} if "sqlite" in URL else {"command_timeout": 60}
    engine = create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})
    # becomes
    URL = "postgresql+asyncpg://db/app"
    args = (
        {"check_same_thread": False}
        if "sqlite" in URL
        else {
            "command_timeout": 60,
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
        }
    )
    engine = create_async_engine(URL, pool_pre_ping=True, **{"connect_args": args})

    import os
    URL = os.environ.get("DATABASE_URL", "postgresql+asyncpg://db/app")
    engine = create_async_engine(
        URL,
        pool_pre_ping=True,
        connect_args={"check_same_thread": False} if "sqlite" in URL else {},
    )
    # becomes
    import os
    URL = os.environ.get("DATABASE_URL", "postgresql+asyncpg://db/app")
    engine = create_async_engine(
        URL,
        pool_pre_ping=True,
        connect_args=(
            {"check_same_thread": False}
            if "sqlite" in URL
            else {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
        ),
    )
"""


@pytest.mark.parametrize(("before", "after"), changes(WRAPPED))
def test_a_call_is_wrapped(before: str, after: str) -> None:
    assert repaired(before, 88).rstrip("\n") == after.rstrip("\n")


# What is written in one line, although it is too long.
KEPT = [
    'engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)  # noqa: E501',
    'engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)  # type: ignore',
    'engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)  # kept # noqa: PGB1',
    'engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)  # pyre-ignore[6]',
    'engine = [create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)]',
    'engine = wrap(create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True).sync_engine)',
    'engine = wrap([create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)])',
    'engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True).execution_options()',
    'engine = one if unknown else create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)',
    'one = 1; engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)',
]


@pytest.mark.parametrize("code", KEPT)
def test_a_call_stays_in_its_line(code: str) -> None:
    once = repaired(f"two = 1\none = wrap = print\n{code}\n", 88)
    assert once.count("\n") == 3
    assert '"prepared_statement_cache_size": 0}' in once


def test_a_line_that_was_too_long_is_wrapped_if_it_grows() -> None:
    url = f'"postgresql+asyncpg://{"x" * 80}/app"'
    wrapped = [
        "engine = create_async_engine(",
        f"    {url},",
        "    pool_pre_ping=True,",
        '    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},',
        ")",
    ]
    assert repaired(f"engine = create_async_engine({url}, pool_pre_ping=True)\n", 88).splitlines() == wrapped
    sizes = '{"statement_cache_size": %s, "prepared_statement_cache_size": 0}'
    given = f"engine = create_async_engine({url}, pool_pre_ping=True, connect_args={sizes})\n"
    assert repaired(given % 100, 88) == given % 0


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@pytest.mark.parametrize("width", [60, 88, 120])
@pytest.mark.parametrize(("before", "_"), changes(WRAPPED))
def test_a_formatted_file_stays_formatted(before: str, _: str, width: int, tmp_path: Path) -> None:
    path = tmp_path / "db.py"
    command = [str(RUFF), "format", "--isolated", "--quiet", f"--line-length={width}", str(path)]
    path.write_text(IMPORTS + before + "\n", encoding="utf-8")
    subprocess.run(command, check=True)
    formatted = path.read_text(encoding="utf-8")
    path.write_text(IMPORTS + repaired(formatted[len(IMPORTS) :], width), encoding="utf-8")
    subprocess.run([*command, "--diff"], check=True)


def test_a_comprehension_is_not_split() -> None:
    code = """engine = create_async_engine(
    "postgresql+asyncpg://db/app",
    pool_pre_ping=True,
    connect_args={"server_settings": {name: str(value) for name, value in settings.server_settings.items()}},
)
"""
    once = repaired(code, 88)
    assert '"prepared_statement_cache_size": 0' in once
    assert "{name: str(value) for name, value in settings.server_settings.items()}" in once


WIDTHS = {
    "poolsafe's own": ({"poolsafe.toml": "line-length = 300"}, 300),
    "ruff's": ({"ruff.toml": "line-length = 300"}, 300),
    "ruff's in pyproject.toml": ({"pyproject.toml": "[tool.ruff]\nline-length = 300"}, 300),
    "ruff's before black's": (
        {"pyproject.toml": "[tool.black]\nline-length = 90\n[tool.ruff]\nline-length = 300"},
        300,
    ),
    "black's": ({"pyproject.toml": "[tool.black]\nline-length = 300"}, 300),
    "flake8's": ({".flake8": "[flake8]\nmax-line-length = 300"}, 300),
    "flake8's in setup.cfg": ({"setup.cfg": "[flake8]\nmax_line_length = 300"}, 300),
    "pycodestyle's in tox.ini": ({"tox.ini": "[pycodestyle]\nmax-line-length = 300"}, 300),
    "no number": ({"tox.ini": "[flake8]\nmax-line-length = wide"}, 88),
    "no INI file": ({".flake8": "max-line-length = 300"}, 88),
    "broken TOML beside a configuration": ({"poolsafe.toml": "", "pyproject.toml": "[tool.black"}, 88),
    "a black that is a number": ({"pyproject.toml": "tool.black = 1"}, 88),
    "nothing": ({}, 88),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_the_line_length_comes_from(name: str, tmp_path: Path) -> None:
    contents, width = WIDTHS[name]
    code = 'engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)\n'
    lay(tmp_path, {**contents, ".git/HEAD": "", "app/db.py": IMPORTS + code})
    run(tmp_path, "--apply", "app/db.py")
    assert ((tmp_path / "app/db.py").read_text(encoding="utf-8").count("\n") == 3) is (width == 300)


QUOTES = {
    "ruff's": ({"ruff.toml": "format.quote-style = 'single'"}, "'"),
    "ruff's in pyproject.toml": ({"pyproject.toml": "[tool.ruff.format]\nquote-style = 'single'"}, "'"),
    "ruff's default": ({"pyproject.toml": "[tool.ruff.format]\nquote-style = 'preserve'"}, '"'),
    "poolsafe's own": ({"poolsafe.toml": "quote-style = 'single'", "ruff.toml": "format.quote-style = 'double'"}, "'"),
    "no table": ({"ruff.toml": "format = 'single'"}, '"'),
    "nothing": ({}, '"'),
}


@pytest.mark.parametrize("name", QUOTES)
def test_the_quotes_come_from(name: str, tmp_path: Path) -> None:
    contents, quote = QUOTES[name]
    code = "import os\n\nengine = create_async_engine(os.environ.get(*unknown), pool_pre_ping=True)\n"
    settings = {"poolsafe.toml": "", **contents}
    settings["poolsafe.toml"] += "\nassume-driver = 'asyncpg'\nunsafe-fixes = true"
    lay(tmp_path, {**settings, ".git/HEAD": "", "app/db.py": IMPORTS + code})
    run(tmp_path, "--apply", "app/db.py")
    assert f"{quote}statement_cache_size{quote}: 0" in (tmp_path / "app/db.py").read_text(encoding="utf-8")


def test_the_line_length_does_not_depend_on_which_files_were_checked_first(tmp_path: Path) -> None:
    code = 'engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)\n'
    lay(
        tmp_path,
        {
            "poolsafe.toml": "line-length = 300",
            ".git/HEAD": "",
            "a.py": IMPORTS + "import db\nengine = create_async_engine(db.URL)\n",
            "db.py": IMPORTS + code + 'URL = "postgresql+asyncpg://db/app"\n',
        },
    )
    run(tmp_path, "--apply", "--jobs", "1", ".")
    assert (tmp_path / "db.py").read_text(encoding="utf-8").count("\n") == 4


def test_isolated_reads_no_line_length(tmp_path: Path) -> None:
    code = 'engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)\n'
    lay(tmp_path, {"pyproject.toml": "[tool.black]\nline-length = 300", "db.py": IMPORTS + code})
    run(tmp_path, "--isolated", "--apply", "db.py")
    assert (tmp_path / "db.py").read_text(encoding="utf-8").count("\n") == 7


def test_the_configured_line_length_is_checked(tmp_path: Path) -> None:
    lay(tmp_path, {"poolsafe.toml": "line-length = 0", "db.py": ""})
    done = run(tmp_path, ".")
    assert (done.returncode, done.stdout) == (2, "")
    assert "`line-length`: must be a whole number from 1 to 320" in done.stderr


SPLITS = {
    "a, b)": ["a", "b"],
    "a,)": ["a"],
    ")": [],
    "f(a, b), {c: d, e: f}, *g, **h) + 1": ["f(a, b)", "{c: d, e: f}", "*g", "**h"],
    "lambda a, b: (a, b), c)": ["lambda a, b: (a, b)", "c"],
    "lambda: {a: b}, c)": ["lambda: {a: b}", "c"],
    "'a, b', f'{a}, {b}')": ["'a, b'", "f'{a}, {b}'"],
}


@pytest.mark.parametrize("text", SPLITS)
def test_elements_are_split(text: str) -> None:
    found = split(text)
    assert found is not None
    assert found[0] == SPLITS[text]


@pytest.mark.parametrize("text", ["a, b", "a, 'b)", "a, # b)", "a,\nb)", "a for a, b in c)", "a: b for a, b in c)"])
def test_what_is_no_list_of_elements_is_not_split(text: str) -> None:
    assert split(text) is None
