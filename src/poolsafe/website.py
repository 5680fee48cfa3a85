"""Where poolsafe and the pages of its rules are on the web."""

from __future__ import annotations

HOME = "https://github.com/poolsafe/poolsafe"
# The address of the documentation's site, with a slash at its end. A build may set it: `hatch_build.py`.
SITE = ""


def page(rule: str) -> str:
    """Returns the address of the page of the rule with this name: on the site, or in the repository without one."""
    return f"{SITE}rules/{rule}/" if SITE else f"{HOME}/blob/main/docs/rules/{rule}.md"


def see(code: str, rule: str) -> str:
    """Returns where to read about a rule: the address of its page on the site, or the command that prints the page."""
    return page(rule) if SITE else f"poolsafe --explain {code}"
