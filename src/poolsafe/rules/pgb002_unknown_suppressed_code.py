"""
## What it does
Reports a suppression comment with a `PGB` code that does not exist. It checks `# noqa: PGB…` and poolsafe's own
comments.

## Why is this bad?
The comment suppresses nothing, although its author believes it does. In comments, codes must be complete. In `select`,
`PGB1` selects all codes that begin with it, but in a comment it matches none.

## Example
```python
engine = None  # poolsafe: ignore[PGB999] no pooler here
```

## Use instead
```python
engine = None  # no pooler here
```

`poolsafe --list-rules` lists the codes that exist. To keep such a comment, add PGB002 to it.

## Fix safety
The fix removes the code, or the whole comment if it lists no other code. Codes of other tools and any other text stay.
The fix is unsafe if flake8 interprets the comment differently: it applies a prefix such as `PGB1` in `# noqa` to all
codes that begin with it, and it skips the whole file for `# flake8: noqa`.

## Versions
All versions. Under flake8, only `# poolsafe:` comments are checked, because flake8 applies `# noqa` itself.

## References
- [Ruff: invalid-rule-code (RUF102)](https://docs.astral.sh/ruff/rules/invalid-rule-code/)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.suppression import Suppression
from poolsafe.findings import Applicability, Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.comment_reports import listed, nearest, removal
from poolsafe.rules.registry import names

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES, always=True, severities=(Severity.WARNING,))
def check(suppression: Suppression, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if not suppression.unknown:
        return
    unknown = suppression.unknown
    begins = any(known.startswith(code) for known in names() for code in unknown)
    unsafe = not suppression.own and (begins or suppression.spelled == "# flake8: noqa")
    exist, it = ("is not a poolsafe rule", "it") if len(unknown) == 1 else ("are not poolsafe rules", "them")
    yield Finding(
        "PGB002",
        "unknown-suppressed-code",
        f"{listed(unknown)} in `{suppression.spelled}` {exist}{nearest(unknown)}; correct or remove {it}",
        Severity.WARNING,
        suppression.start,
        suppression.end,
        removal(suppression, unknown, Applicability.UNSAFE if unsafe else Applicability.SAFE, source),
    )
