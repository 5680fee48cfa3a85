"""Selects rules as ruff does, by `select`, `extend-select`, `ignore` and the similar keys for fixes.

Within one selection (a file, or the command line), the longer selector wins. If both have the same length, the rule is
ignored. A later selection with `select` starts from nothing. One without `select` overrides the earlier ones, whatever
the lengths of the selectors. `select = []` with only `ignore` passes the ignored rules on to the next selection.
"""

from __future__ import annotations

from poolsafe.config.errors import UsageError, hint, place, shown
from poolsafe.rules import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALL = "ALL"
PREFIX = "PGB"


class Selection:
    """The selection of one source (a file, or the command line). None means that a key is not set."""

    __slots__ = ("extend_fixable", "extend_select", "fixable", "ignore", "select", "unfixable")

    def __init__(
        self,
        select: Sequence[str] | None = None,
        extend_select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        fixable: Sequence[str] | None = None,
        extend_fixable: Sequence[str] = (),
        unfixable: Sequence[str] = (),
    ) -> None:
        self.select = select
        self.extend_select = extend_select
        self.ignore = ignore
        self.fixable = fixable
        self.extend_fixable = extend_fixable
        self.unfixable = unfixable


def check_selector(selector: str, key: str, source: str) -> None:
    """Raises UsageError unless `selector` is ALL, PGB, or the beginning or the whole of a known code."""
    codes = registry.names()
    if selector == ALL or (selector.startswith(PREFIX) and matching(selector, codes)):
        return
    by_name = [code for code, name in codes.items() if name == selector.lower().replace("_", "-")]
    # A full code stands for one rule, so a code that does not exist must not be accepted as a prefix.
    shortest = min(len(selector), len(next(iter(codes))))
    beginnings = [code[:length] for code in codes for length in range(max(shortest, len(PREFIX)), len(code) + 1)]
    near = f"; its code is `{by_name[0]}`" if by_name else hint(selector, [ALL, *sorted(beginnings, key=len)])
    unquoted = f"{place(source, key)}: unknown rule selector"
    raise UsageError(f"{unquoted} {shown(selector)}{near}", unquoted)


def matching(selector: str, codes: Iterable[str]) -> set[str]:
    """Returns the `codes` that match `selector`."""
    return {code for code in codes if selector == ALL or code.startswith(selector)}


def specificity(selector: str) -> int:
    """Returns the specificity of a selector: 0 for ALL, more for longer ones."""
    return 0 if selector == ALL else len(selector)


def enabled_codes(
    selections: Iterable[Selection],
    codes: Iterable[str],
    *,
    default: Iterable[str] | None = None,
    off_by_default: Iterable[str] = (),
    on_trial: Iterable[str] = (),
    preview: bool = False,
    explicit: bool = False,
) -> frozenset[str]:
    """Returns those of `codes` that run after all `selections`, the most distant one first.

    All run by default, unless `default` lists those that do. The codes `off_by_default` have to be selected by their
    full code. The codes `on_trial` only run with `preview`; with `explicit`, they have to be selected by their full
    code too.
    """
    codes = frozenset(codes)
    layers = [(layer.select, layer.extend_select, layer.ignore) for layer in selections]
    trial = codes.intersection(on_trial)
    hidden = codes.intersection(off_by_default) | (trial if explicit else frozenset())
    start = codes - hidden if default is None else codes.intersection(default)
    return _resolve(layers, codes, start, hidden) - (frozenset() if preview else trial)


def fixable_codes(selections: Iterable[Selection], codes: Iterable[str]) -> frozenset[str]:
    """Returns those of `codes` whose fixes are offered, by the same algorithm as `enabled_codes`."""
    layers = [(layer.fixable, layer.extend_fixable, layer.unfixable) for layer in selections]
    codes = frozenset(codes)
    return _resolve(layers, codes, codes)


def most_specific(selectors: Iterable[str], code: str) -> int:
    """Returns the specificity of the most specific of `selectors` that matches `code`, or -1 if none does."""
    return max((specificity(selector) for selector in selectors if matching(selector, (code,))), default=-1)


def _resolve(
    layers: Iterable[tuple[Sequence[str] | None, Sequence[str], Sequence[str]]],
    codes: frozenset[str],
    start: frozenset[str],
    hidden: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Resolves the selections over `start`. The codes that are `hidden` have to be selected by their full code."""
    on = set(start)
    carried: Sequence[str] = ()
    for select, extend, ignore in layers:
        takes_away = [*ignore, *carried]
        carried = ignore if select is not None and not (select or extend) else ()
        verdicts = {}
        for code in codes:
            gives = [each for each in (*(select or ()), *extend) if code not in hidden or each == code]
            verdicts[code] = _verdict(most_specific(gives, code), most_specific(takes_away, code))
        if select is not None:
            on = set()
        on -= {code for code, verdict in verdicts.items() if verdict is False}
        on |= {code for code, verdict in verdicts.items() if verdict is True}
    return frozenset(on)


def _verdict(gives: int, takes: int) -> bool | None:
    """Compares specificities. Returns True for on, False for off and for a tie, and None if neither matches."""
    if gives == takes == -1:
        return None
    return gives > takes
