"""
## What it does
Reports a suppression comment with nothing to suppress. It checks `# noqa: PGB101` and poolsafe's own comments:
`# poolsafe: ignore[PGB101]`, `file-ignore[...]`, `disable[...]` and `noqa`.

## Why is this bad?
Such a comment hides the next finding on its line, which may be a real problem. It also makes readers look for a problem
that does not exist. Most of these comments are left over from a fix or are on the wrong line. They belong on the line
where the call begins.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(  # noqa: PGB101
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    pool_pre_ping=True,
)
```

## Use instead
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    pool_pre_ping=True,
)
```

A comment counts as used if some rule, selected or not, would report something there for some value of `pooler`, or if a
baseline lists the finding. Comments on engines and SQL that could not be checked are not reported. A bare `# noqa`, the
codes of other tools and codes that match `lint.external` are ignored. To keep an unused comment, add PGB001 to it, as
in `# noqa: PGB101, PGB001`.

## Fix safety
The fix removes the code, or the whole comment if it lists no other code. Codes of other tools and any other text stay.
The fix is unsafe for `# flake8: noqa: PGB101`, because flake8 skips the whole file for such a comment, whatever codes
it lists. There is no fix if the rest of the comment would then act as a comment for a tool, such as `# type: ignore`.

## Versions
All versions. Under flake8, only `# poolsafe:` comments are checked, because flake8 applies `# noqa` itself.

## References
- [Ruff: unused-noqa (RUF100)](https://docs.astral.sh/ruff/rules/unused-noqa/)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.suppression import Suppression
from poolsafe.findings import Applicability, Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.comment_reports import listed, removal

if TYPE_CHECKING:
    from poolsafe.source import Source

_OF_FILES = ("# flake8: noqa", "# poolsafe: noqa", "# poolsafe: file-ignore")


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES, always=True, severities=(Severity.WARNING,))
def check(suppression: Suppression, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if not suppression.idle and not suppression.blanket:
        return
    spelled = suppression.spelled
    if suppression.blanket:
        message = f"`{spelled}` suppresses nothing: there are no findings in this file; remove it"
    else:
        place = "in this file" if spelled in _OF_FILES else "here"
        verb, it = ("suppresses", "it") if len(suppression.idle) == 1 else ("suppress", "them")
        message = f"{listed(suppression.idle)} in `{spelled}` {verb} nothing {place}; remove {it}"
    safety = Applicability.UNSAFE if spelled == "# flake8: noqa" else Applicability.SAFE
    yield Finding(
        "PGB001",
        "unused-suppression",
        message,
        Severity.WARNING,
        suppression.start,
        suppression.end,
        removal(suppression, suppression.idle, safety, source),
    )
