"""PGB001 and PGB002: which comments are reported, and what remains of them after the fix."""

from __future__ import annotations

import pytest

from poolsafe import edits
from poolsafe.checker import check
from poolsafe.config.layers import load_toml
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability, Finding
from poolsafe.flake8_plugin import Plugin
from poolsafe.source import Source

ENGINE = (
    "from sqlalchemy.ext.asyncio import create_async_engine\n"
    'engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)'
)


def about_comments(text: str, *, noqa: bool = True) -> list[Finding]:
    report = check(Source.from_text("app.py", text), Deployment(), noqa=noqa)
    return [finding for finding in report.findings if finding.code in ("PGB001", "PGB002")]


def repaired(text: str) -> str:
    """Returns the text after all fixes of the two rules, whatever their safety."""
    source = Source.from_text("app.py", text)
    return edits.repair(source, lambda each: about_comments(each.text), lambda _: True).source.text


# A line, and what is left of it.
LINES = [
    ("x = 1  # noqa: PGB101", "x = 1"),
    ("x = 1 \t # noqa: PGB101 \t", "x = 1"),
    ("x = 1  # NOQA:PGB101,PGB201", "x = 1"),
    ("x = 1  # noqa: PGB101, PGB101", "x = 1"),
    ("x = 1  #noqa : PGB101 PGB201 ", "x = 1"),
    ("x = 1  ## noqa: PGB101", "x = 1"),
    ("x = 1  # noqa: PGB101,", "x = 1"),
    # Codes of others stay, wherever they stand.
    ("x = 1  # noqa: PGB101, E501", "x = 1  # noqa: E501"),
    ("x = 1  # noqa: E501, PGB101", "x = 1  # noqa: E501"),
    ("x = 1  # noqa: E501, PGB101, F401", "x = 1  # noqa: E501, F401"),
    ("x = 1  # noqa: PGB101 E501 PGB201 F401 PGB999", "x = 1  # noqa: E501 F401"),
    ("x = 1  # noqa: PGB101, PGB201, ABC999", "x = 1  # noqa: ABC999"),
    ("x = 1  # noqa: E501PGB101", "x = 1  # noqa: E501"),
    # So does whatever else the comment says.
    ("x = 1  # noqa: PGB101 direct connection", "x = 1  # direct connection"),
    ("x = 1  # noqa: PGB101, direct connection", "x = 1  # direct connection"),
    ("x = 1  # noqa: PGB101 # pragma: no cover", "x = 1  # pragma: no cover"),
    ("x = 1  # noqa: PGB101  # type: ignore", "x = 1  # type: ignore"),
    ("x = 1  # the first # noqa: PGB101", "x = 1  # the first"),
    ("x = 1  # the first # noqa: PGB101 # last", "x = 1  # the first # last"),
    ("x = 1  # the first # noqa: PGB101 last", "x = 1  # the first # last"),
    ("x = 1  # noqa: E501, PGB101 because", "x = 1  # noqa: E501 because"),
    # Nothing may come to life.
    ("x = 1  # noqa: PGB101 # noqa: E501", "x = 1  # noqa: PGB101 # noqa: E501"),
    ("x = 1  # noqa: PGB101 #noqa", "x = 1  # noqa: PGB101 #noqa"),
    ("x = 1  # noqa: PGB101 noqa", "x = 1  # noqa: PGB101 noqa"),
    ("x = 1  # noqa: PGB101 type: ignore", "x = 1  # noqa: PGB101 type: ignore"),
    # Comments of our own.
    ("x = 1  # poolsafe: ignore[PGB101]", "x = 1"),
    ("x = 1  # poolsafe: ignore[ PGB101 , PGB201 ] why", "x = 1  # why"),
    ("x = 1  # poolsafe: ignore[PGB101, ABC1] why", "x = 1  # poolsafe: ignore[ABC1] why"),
    ("x = 1  # poolsafe: ignore[PGB101] # noqa: E501", "x = 1  # noqa: E501"),
    ("# poolsafe: noqa", None),
    ("# poolsafe: noqa: PGB101", None),
    ("# poolsafe: noqa: PGB101, PGB999", None),
    ("# poolsafe: file-ignore[PGB101]", None),
    ("# poolsafe: ignore[PGB101]", None),
    ("    # poolsafe: disable[PGB101]", None),
    ("# flake8: noqa: PGB101", None),
    ("# flake8: noqa: PGB101, E501", "# flake8: noqa: E501"),
    # None of our business, or kept on purpose.
    ("x = 1  # noqa", "x = 1  # noqa"),
    ("x = 1  # noqa: E501, XPGB1", "x = 1  # noqa: E501, XPGB1"),
    ("x = 1  # noqa: PGB101, PGB001", "x = 1  # noqa: PGB101, PGB001"),
    ("x = 1  # noqa: PGB999, PGB002", "x = 1  # noqa: PGB999, PGB002"),
    ("# flake8: noqa", "# flake8: noqa"),
    ("x = '# noqa: PGB101'", "x = '# noqa: PGB101'"),
]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("line", "left"), LINES)
def test_what_is_left(line: str, left: str | None, end: str) -> None:
    before, after = f"a = 1{end}", f"b = 2{end}"
    assert repaired(before + line + end + after) == before + ("" if left is None else left + end) + after


@pytest.mark.parametrize(("line", "left"), LINES)
def test_what_is_left_at_the_end_of_the_text(line: str, left: str | None) -> None:
    assert repaired(f"a = 1\n{line}") == f"a = 1\n{left or ''}"


def test_a_range_loses_both_its_ends() -> None:
    text = "x = 1\n# poolsafe: disable[PGB101, ABC1]\ny = 2\n# poolsafe: enable[PGB101, ABC1] so far\n"
    left = "x = 1\n# poolsafe: disable[ABC1]\ny = 2\n# poolsafe: enable[ABC1] so far\n"
    assert repaired(text) == left
    assert repaired("# poolsafe: disable[PGB101]\ny = 2\n# poolsafe: enable[PGB101]\n") == "y = 2\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{ENGINE}  # noqa: PGB101\n",
        f"{ENGINE}  # poolsafe: ignore[PGB101]\n",
        f"# poolsafe: file-ignore[PGB101]\n{ENGINE}\n",
        f"# poolsafe: noqa\n{ENGINE}\n",
        f"# poolsafe: noqa: PGB101\n{ENGINE}\n",
        f"# flake8: noqa: PGB101\n{ENGINE}\n",
        f"# poolsafe: disable[PGB101]\n{ENGINE}\n# poolsafe: enable[PGB101]\n",
        f"# poolsafe: disable[PGB101]\n{ENGINE}\n",
        # Two for the same finding: both do their work.
        f"# poolsafe: file-ignore[PGB101]\n{ENGINE}  # noqa: PGB101\n",
        # The end of a long string is as good as the line of the finding.
        ENGINE.replace('"post', '"""post').replace('app"', 'app\n"""') + "  # noqa: PGB101\n",
    ],
)
def test_what_silences_something_is_left_alone(text: str) -> None:
    assert about_comments(text) == []
    assert repaired(text) == text


def test_each_code_is_judged_by_itself() -> None:
    (finding,) = about_comments(f"{ENGINE}  # noqa: PGB101, PGB201\n")
    assert finding.message == "`PGB201` in `# noqa` suppresses nothing here; remove it"
    assert repaired(f"{ENGINE}  # noqa: PGB101, PGB201\n") == f"{ENGINE}  # noqa: PGB101\n"


@pytest.mark.parametrize(
    ("line", "words", "safety"),
    [
        ("x  # noqa: PGB101", "`PGB101` in `# noqa` suppresses nothing here", "safe"),
        ("x  # noqa: PGB101, PGB102", "`PGB101` and `PGB102` in `# noqa` suppress nothing here; remove them", "safe"),
        ("# flake8: noqa: PGB101", "`PGB101` in `# flake8: noqa` suppresses nothing in this file", "unsafe"),
        ("# poolsafe: noqa", "`# poolsafe: noqa` suppresses nothing: there are no findings in this file", "safe"),
        ("x  # noqa: PGB1011", "is not a poolsafe rule (did you mean `PGB101`?); correct or remove it", "safe"),
        (
            "x  # noqa: PGB77, PGB88",
            "and `PGB88` in `# noqa` are not poolsafe rules; correct or remove them",
            "safe",
        ),
        ("x  # noqa: PGB1", "`PGB1` in `# noqa` is not a poolsafe rule", "unsafe"),
        ("x  # poolsafe: ignore[PGB1]", "`PGB1` in `# poolsafe: ignore` is not a poolsafe rule", "safe"),
        ("# flake8: noqa: PGB77", "`PGB77` in `# flake8: noqa` is not a poolsafe rule", "unsafe"),
        ("# poolsafe: file-ignore[PGB101]", "suppresses nothing in this file", "safe"),
        ("x  # noqa: " + ", ".join(f"PGB77{n}" for n in range(8)), "`PGB774` and 3 more in `# noqa`", "safe"),
    ],
)
def test_messages_and_safety(line: str, words: str, safety: str) -> None:
    (finding,) = about_comments(f"{line}\n")
    assert words in finding.message
    assert finding.fix is not None
    assert finding.fix.applicability is Applicability(safety)
    assert line[finding.start : finding.end].startswith("#")


def test_flake8_judges_its_own_comments() -> None:
    text = "x = 1  # noqa: PGB101\ny = 2  # poolsafe: ignore[PGB101, PGB999]\n# poolsafe: file-ignore[PGB201]\n"
    assert [(each.code, each.start > 25) for each in about_comments(text, noqa=False)] == [
        ("PGB001", True),
        ("PGB002", True),
        ("PGB001", True),
    ]
    load_toml.cache_clear()
    lines = text.splitlines(keepends=True)
    assert [(row, message[:6]) for row, _, message, _ in Plugin(None, "app.py", lines).run()] == [  # type: ignore[arg-type]
        (2, "PGB001"),
        (2, "PGB002"),
        (3, "PGB001"),
    ]
    assert list(Plugin(None, "app.py", ["x = 1  # noqa: PGB101\n"]).run()) == []  # type: ignore[arg-type]


def test_a_text_that_cannot_be_encoded_back_is_left_alone() -> None:
    raw = "# coding: utf-7\nx = 1  # noqa: PGB101 +AOk-\n".encode("ascii")
    source = Source.decode("app.py", raw)
    findings = check(source, Deployment()).findings
    assert [finding.code for finding in findings] == ["PGB001"]
    assert (findings[0].fix is None) is (not source.round_trips)


HEAD = "import os\nfrom app import settings\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
BOTH = '"statement_cache_size": 0, "prepared_statement_cache_size": 0'
# What stands on the line of the comment, the comment's codes, and those of them that are called idle.
DOUBTFUL = [
    # The driver is not known, or a key, or everything.
    ("e = create_async_engine(settings.url)", "PGB101, PGB201", ""),
    ('e = create_async_engine("postgresql+asyncpg://db/app", connect_args=settings.args)', "PGB101, PGB204", ""),
    ('e = create_async_engine("postgresql+asyncpg://db/app", **settings.options)', "PGB101, PGB203, PGB205", ""),
    (
        f'e = create_async_engine("postgresql+asyncpg://db/app", connect_args={{{BOTH}}}, poolclass=settings.pool)',
        "PGB201, PGB101",
        "PGB101",
    ),
    (
        f'e = create_async_engine("postgresql+asyncpg://db/app", connect_args={{**settings.more, {BOTH}}})',
        "PGB101, PGB201, PGB204, PGB205",
        "PGB101",
    ),
    (
        f'e = create_async_engine("postgresql+asyncpg://db/app?" + settings.q, connect_args={{{BOTH}}})',
        "PGB101, PGB205",
        "PGB101",
    ),
    (
        f'e = create_async_engine(f"postgresql+asyncpg://{{settings.host}}/app", connect_args={{{BOTH}}})',
        "PGB101, PGB205, PGB201",
        "PGB101 PGB205",
    ),
    ('e = create_async_engine("sqlite+aiosqlite:///a", pool_size=settings.size)', "PGB101, PGB201", "PGB101 PGB201"),
    # Nothing reaches the call.
    ("def f():\n    return 1\n    create_async_engine(settings.url)", "PGB101", ""),
    # The SQL, or who runs it, is not known.
    ('x = settings.run(text("DROP TABLE a; DROP TABLE b"))', "PGB301", ""),
    ('s = "DROP TABLE a; DROP TABLE b"; x = settings.run(text(settings.sql + s))', "PGB301", ""),
    ('s = "DROP TABLE a; DROP TABLE b"; x = text("DROP TABLE a")', "PGB301", "PGB301"),
]


@pytest.mark.parametrize(("line", "codes", "idle"), DOUBTFUL)
def test_a_comment_on_what_cannot_be_judged_is_left_alone(line: str, codes: str, idle: str) -> None:
    text = f"{HEAD}from sqlalchemy import text\n{line}  # noqa: {codes}\n"
    found = [finding for finding in about_comments(text) if finding.code == "PGB001"]
    said = " ".join(code for code in codes.split(", ") if any(f"`{code}`" in each.message for each in found))
    assert said == idle


@pytest.mark.parametrize(
    "deployment",
    [
        Deployment(PoolMode.NONE),
        Deployment(PoolMode.SESSION),
        Deployment(PoolMode.TRANSACTION, max_prepared_statements=200),
        Deployment(PoolMode.STATEMENT),
    ],
)
def test_a_comment_outlives_a_run_with_another_pooler(deployment: Deployment) -> None:
    text = ENGINE.replace(", pool_pre_ping=True", "") + "  # noqa: PGB101, PGB109, PGB201\n"
    findings = check(Source.from_text("app.py", text), deployment).findings
    assert "PGB001" not in {finding.code for finding in findings}


def test_external_codes_are_somebody_elses() -> None:
    text = "x = 1  # noqa: PGB101, PGB777, PGB201\n"
    report = check(Source.from_text("app.py", text), Deployment(), external=("PGB1", "PGB7"))
    assert [(finding.code, finding.message[:8]) for finding in report.findings] == [("PGB001", "`PGB201`")]
    assert not check(Source.from_text("app.py", text), Deployment(), external=("PGB",)).findings
