"""The grammars of suppression comments, and the writing of `# noqa`."""

from __future__ import annotations

from poolsafe import edits
from poolsafe.checker import check
from poolsafe.facts.deployment import Deployment
from poolsafe.findings import Applicability, Fix
from poolsafe.source import Source
from poolsafe.suppression.adding import comments
from poolsafe.suppression.noqa import suppressions

PIECES = [
    *(
        "# noqa",
        "#noqa",
        "# NOQA",
        "# noqa:",
        ":",
        " ",
        ",",
        "PGB101",
        "PGB201",
        "PGB1",
        "PGB",
        "E501",
        "F",
        "1",
        "é",
        "\t",
    ),
    *("# poolsafe:", " ignore", "ignore", "[", "]", "ignore-file", "ignore[PGB101]", "ignore-start", "ignore-end", "-"),
    *(
        "# flake8: noqa",
        "# ruff: noqa",
        "# type: ignore",
        "#",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\\\n",
        "'''",
        '"""',
        "'",
        '"',
        "\f",
    ),
    *(
        "x = 1",
        "x",
        "(",
        ")",
        "f'{",
        "}'",
        "f'''{",
        "}'''",
        "{",
        "}",
        "    ",
        "if x:\n    ",
        "\\",
        "rf'",
        "t'",
        ";",
        "=",
    ),
    *(
        "create_async_engine('postgresql+asyncpg://h/d')",
        "create_async_engine(\n",
        "U)\n",
        "\ufeff",
        "\u2028",
        "\x0b",
        "\x1c",
    ),
]
HEAD = "from sqlalchemy.ext.asyncio import create_async_engine\n"


def take(data: bytes) -> None:
    """Raise where something is not read, or is written where it suppresses nothing."""
    text = HEAD + "".join(PIECES[byte % len(PIECES)] for byte in data)
    source = Source.from_text("/nowhere/a.py", text)
    silences = suppressions(text, places_too=True)
    report = check(source, Deployment())
    places = [(each.code, source.row_column(each.start)[0]) for each in report.findings]
    for code, row in places:
        silences.silences(code, row)
        assert 1 <= silences.noqa_row(row) <= source.rows
    fixes = [Fix("", (edit,), Applicability.SAFE) for _, edit in comments(source, silences, places, "why")]
    after, done = edits.apply(source, fixes)
    if done:
        assert after.rows == source.rows, text
    for finding in report.findings:
        for edit in finding.fix.edits if finding.fix else ():
            assert 0 <= edit.start <= edit.end <= len(text), text
