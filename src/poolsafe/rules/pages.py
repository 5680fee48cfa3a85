"""The pages of the rules as Markdown. `python -m poolsafe.rules.pages docs/rules` writes them to `docs/rules`."""

from __future__ import annotations

import os
import re
import sys

from poolsafe.rules.base import FixAvailability, Rule
from poolsafe.rules.registry import rules

_FIX = {
    FixAvailability.ALWAYS: "always",
    FixAvailability.SOMETIMES: "sometimes",
    FixAvailability.NONE: "none",
}
INDEX = "index.md"
# Unlike the end of a sentence, dots in versions and file names are not followed by a space.
_FIRST_SENTENCE = re.compile(r"## What it does\nReports (.+?)\.(?=\s)", re.DOTALL)


def render(rule: Rule) -> str:
    """Returns the page of one rule."""
    return (
        f"# {rule.name} ({rule.code})\n\n"
        "| Since | Severity | Fix | Without a pooler |\n"
        "|---|---|---|---|\n"
        f"| {rule.since} | {severity(rule)} | {_FIX[rule.fix_availability]} | {_without_a_pooler(rule)} |\n\n"
        f"{rule.page.strip()}\n"
    )


def index() -> str:
    """Returns the page that lists every rule."""
    rows = [
        f"| [{rule.code}]({rule.name}.md) | {rule.name} | {summary(rule).replace('|', chr(92) + '|')} "
        f"| {_without_a_pooler(rule)} | {_FIX[rule.fix_availability]} |\n"
        for rule in rules()
    ]
    return (
        "# Rules\n\n"
        "A finding that depends on the pooler is a warning, or an error if the pooler is known. With\n"
        '`pooler = "none"`, only code that fails on every server is reported. To find the rule for an exception, see\n'
        "[Symptoms](../symptoms.md).\n\n"
        "| Code | Name | Reports | Without a pooler | Fix |\n"
        "|---|---|---|---|---|\n" + "".join(rows)
    )


def _without_a_pooler(rule: Rule) -> str:
    return "reported" if rule.always else "not reported"


def severity(rule: Rule) -> str:
    """Returns the severities that findings of a rule may have, in words."""
    return " or ".join(each.value for each in rule.severities)


def summary(rule: Rule) -> str:
    """Returns what a rule reports: the first sentence of its page, on one line and without `Reports` and full stop."""
    found = _FIRST_SENTENCE.search(rule.page)
    assert found is not None, f"the page of {rule.code} begins with `Reports ...`"
    return " ".join(found[1].split())


def write(folder: str) -> None:
    """Writes every page and the index, and removes the pages of rules that no longer exist."""
    pages = {f"{rule.name}.md": render(rule) for rule in rules()} | {INDEX: index()}
    os.makedirs(folder, exist_ok=True)
    for stale in set(os.listdir(folder)) - set(pages):
        os.remove(os.path.join(folder, stale))
    for name, page in pages.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(page)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m poolsafe.rules.pages FOLDER")
    write(sys.argv[1])
