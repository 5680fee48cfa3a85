"""Source places that explain a fact, taken from the provenance of a value."""

from __future__ import annotations

from poolsafe.findings import Related
from poolsafe.inference import Aside, Module, Origin, Provenance, Step


def place(step: Step, message: str) -> Related:
    """Returns the place of a step, with a message."""
    start, end = step.module.span(step.node)
    row, column = step.module.source.row_column(start)
    end_row, end_column = step.module.source.row_column(end)
    return Related(step.module.path, row, column, end_row, end_column, message)


def explain(provenance: Provenance, what: str, module: Module, span: tuple[int, int]) -> tuple[Related, ...]:
    """Returns the places in a value's provenance, except those inside `span` of `module`, which are shown anyway.

    A place that contains the previous one, such as an assignment of a literal, is left out, because it would only show
    the same line again.
    """
    # Keys are quoted.
    defined = f"{what} is set here" if what.startswith("`") else f"{what} is defined here"
    places: list[Related] = []
    last: tuple[Module, int, int] | None = None
    for step in provenance:
        if isinstance(step, Aside):
            places.append(Related(step.path, step.row, 1, step.row, 1, defined))
            continue
        try:
            start, end = step.module.span(step.node)
        except KeyError:
            continue
        if step.module is module and span[0] <= start and end <= span[1]:
            continue
        if last is not None and step.module is last[0] and start <= last[1] and last[2] <= end:
            continue
        last = (step.module, start, end)
        message = defined if isinstance(step.label, Origin) else f"{what} comes from {step.label}"
        places.append(place(step, message))
    return tuple(places)
