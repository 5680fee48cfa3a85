"""
## What it does
Reports a file that mentions a SQLAlchemy engine but cannot be parsed. The reason may be a syntax error, text that does
not match the file's encoding, nesting so deep that parsing could crash the process, or a notebook that is not valid
JSON in notebook format 4.

## Why is this bad?
Nothing in such a file is checked. In many projects, the one file that creates the engine is the only file that matters.
Without this finding, that file would seem to have passed.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://app@db/app"
```

## Use instead
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@db/app",
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    pool_pre_ping=True,
)
```

Jinja templates (cookiecutter, copier) are not reported if their path contains `{{` or if their tags cause the syntax
error. Add other files that are not meant to be valid Python, such as broken test input, to `exclude`. `# noqa` does not
suppress this finding, because comments cannot be recognised in a file that cannot be parsed.

## Fix safety
There is no fix.

## Versions
All versions. poolsafe accepts the syntax of Python 3.14, whichever Python version it runs on.

## References
- [Python: encoding declarations](https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.unparsable import Unparsable
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.NONE, always=True, severities=(Severity.ERROR,))
def check(unparsable: Unparsable, deployment: Deployment, source: Source) -> Iterator[Finding]:
    file = os.path.basename(unparsable.path)
    yield Finding(
        "PGB009",
        "unparsable-file",
        f"`{file}` could not be parsed ({unparsable.reason}), so its engines were not checked; fix or exclude it",
        Severity.ERROR,
        unparsable.start,
        unparsable.end,
    )
