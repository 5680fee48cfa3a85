"""Runs a module to observe its engines and statements."""

from __future__ import annotations

from collections.abc import Sequence

from poolsafe.facts.clauses import clause_names, unclaimed, uses_of
from poolsafe.facts.client_sites import client_names
from poolsafe.facts.spelled import spelled_engine
from poolsafe.facts.targets import engine_names, source_scopes
from poolsafe.facts.views import uses_neither_driver
from poolsafe.inference import Inference
from poolsafe.libraries import INDIFFERENT_OPTIONS
from poolsafe.syntax.index import CallSite

MAX_NAMES = 8  # the maximum number of names of functions and clauses to search for in other modules


def explore(
    inference: Inference,
    engines: list[CallSite],
    statements: list[CallSite],
    clients: Sequence[CallSite] = (),
    *,
    ask_callers: bool = True,
) -> None:
    """Runs a module and every function that leads to one of the calls, in its file and in the rest of the project.

    Without `ask_callers`, the parameters that engines depend on stay unknown.
    """
    inference.follow_names(engine_names(inference.module, inference.project))
    if clients:
        inference.follow_names(client_names(inference.module))
    spelled = {id(site): spelled_engine(inference.module, site) for site in engines}
    inference.calls.extend(one for one in spelled.values() if one is not None)
    engines = [*(site for site in engines if spelled[id(site)] is None), *clients]
    inference.reach(engines)
    if ask_callers:
        inference.ask_callers(engines, uses_neither_driver, INDIFFERENT_OPTIONS)
    with inference.shallow():
        _reach_statements(inference, statements)


def _reach_statements(inference: Inference, sites: list[CallSite]) -> None:
    """Runs the code that passes SQL to a call and the code that executes it, in this module and in others."""
    module = inference.module
    if sites:
        inference.follow_results(source_scopes(module))
    inference.reach(sites, uses_of(module, {name for site in sites for name in clause_names(module, site)}))
    open_sites = unclaimed(inference, sites)
    if not open_sites:
        return
    names = inference.functions_leading_to(open_sites)
    names += [name for site in open_sites for name in clause_names(module, site)]
    names = list(dict.fromkeys(names))[:MAX_NAMES]
    for other in inference.project.users(module, names) if names else ():
        calls = [site for name in names for site in other.index.calls_of(name)]
        inference.reach_from(other, [*calls, *uses_of(other, names)])
