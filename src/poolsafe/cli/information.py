"""The flags that only print information: the rules, their pages, the files, the settings."""

from __future__ import annotations

import os

from poolsafe.cli.terminal import printable
from poolsafe.config.errors import UsageError, hint, shown
from poolsafe.config.keys import KEYS
from poolsafe.reports.style import Style
from poolsafe.rules import pages, registry
from poolsafe.website import page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolsafe.config.settings import Settings
    from poolsafe.rules.base import Rule

_FIXES = {"always": "fix: always", "sometimes": "fix: sometimes", "none": "no fix"}
_MARGIN = " " * 4


def output_format(asked: str | None) -> str:
    """Returns the output format for the pages and the list of rules. Raises UsageError."""
    if asked is None or asked in ("full", "json"):
        return asked or "full"
    raise UsageError(f"--output-format: must be `full` or `json` here, not {shown(asked)}")


def explain(asked: str, form: str, width: int | None, *, colour: bool) -> str:
    """Returns the page of a rule, by its code or its name. Raises UsageError for one that does not exist.

    It is rendered for `width` columns, or printed as Markdown if the width is None.
    """
    names = registry.names()
    wanted = asked.upper()
    by_name = {name.upper(): code for code, name in names.items()}
    code = by_name.get(wanted, wanted)
    if code not in names:
        raise UsageError(f"--explain: unknown rule {shown(asked)}{hint(asked, [*names, *names.values()])}")
    rule = next(rule for rule in registry.rules() if rule.code == code)
    if form == "json":
        return _as_json(_described(rule))
    text = pages.render(rule)
    if width is None:
        return text
    from poolsafe.cli import markdown

    return markdown.render(text, width, colour=colour)


def list_rules(form: str, width: int | None, style: Style) -> Iterator[str]:
    """Yields a line for each rule: its code, name, severity, whether it has a fix, and what it reports.

    Text that does not fit into `width` columns continues on the next lines.
    """
    rules = registry.rules()
    if form == "json":
        yield _as_json([_described(rule) for rule in rules])
        return
    rows = [(rule.code, rule.name, pages.severity(rule), _FIXES[rule.fix_availability.value]) for rule in rules]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    summaries = [pages.summary(rule) for rule in rules]
    fits = width is None or sum(widths) + 2 * len(widths) + max(map(len, summaries)) <= width
    narrow = Style(width=width)
    for (code, *rest), summary in zip(rows, summaries, strict=True):
        painted = style.paint(code, "code")
        if fits:
            cells = [cell.ljust(size) for cell, size in zip(rest, widths[1:], strict=True)]
            yield "  ".join((painted, *cells, summary)) + "\n"
        else:
            name, severity, fix = rest
            yield from (f"{line}\n" for line in narrow.wrap(painted, code, f"{name} ({severity}, {fix})", _MARGIN))
            yield from (f"{line}\n" for line in narrow.wrap(_MARGIN[1:], _MARGIN[1:], summary, _MARGIN))


def _described(rule: Rule) -> dict[str, object]:
    """Returns a rule as JSON, with ruff's names if ruff has the same field."""
    return {
        "name": rule.name,
        "code": rule.code,
        "summary": pages.summary(rule),
        "severities": [severity.value for severity in rule.severities],
        "fix_availability": rule.fix_availability.value.capitalize(),
        "without_pooler": rule.always,
        "since": rule.since,
        "preview": rule.code in registry.ON_TRIAL,
        "url": page(rule.name),
        "explanation": rule.page.strip(),
    }


def _as_json(content: object) -> str:
    import json

    return json.dumps(content, indent=2) + "\n"


def show_settings(settings: Settings, path: str) -> Iterator[str]:
    """Yields each key with its value and its origin, then the facts in the project's files for `path`."""
    for key in KEYS:
        for value in settings.origins(key):
            yield printable(f"{key} = {_shown(value.value)}  # {value.source}") + "\n"
    yield f"rules = {_shown(sorted(settings.enabled))}\n"
    yield from _found(settings, path)


def _found(settings: Settings, path: str) -> Iterator[str]:
    """Yields the facts in the project's files, for a file or directory at the absolute `path`."""
    # Imported late, because the other flags here do not need the project's files.
    from poolsafe.checkout.roots import root_of
    from poolsafe.deployment.evidence import deployment_for, described, overruled
    from poolsafe.deployment.files import unread

    file = os.path.join(path, "_.py") if os.path.isdir(path) else path
    root = root_of(file)
    deployment = deployment_for(file, root, settings.deployment)
    lines = [*described(deployment, root), *overruled(deployment, root)]
    lines += [f"# {os.path.relpath(path, root)} was not read: {reason}\n" for path, reason in unread(root)]
    if lines:
        yield "\n" + printable(f"# found in the files of {root}") + "\n"
        yield from (printable(line.removesuffix("\n")) + "\n" for line in lines)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(item, int) for item in value):
            return '"' + ".".join(map(str, value)) + '"'
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_shown(key)} = {_shown(item)}" for key, item in value.items()) + "}"
    return "unset" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
