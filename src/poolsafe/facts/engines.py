"""Builds one engine fact from the observed calls to an engine function."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from poolsafe.facts.autocommit import autocommit_later, is_made_in_autocommit
from poolsafe.facts.connect_listeners import (
    listened,
    parameters_with_listeners,
    settings_with_listeners,
    with_listeners,
)
from poolsafe.facts.creators import connect_calls, given_to_connects, judged_elsewhere
from poolsafe.facts.destinations import destinations
from poolsafe.facts.engine import (
    CacheSizes,
    ConnectArgs,
    ConnectArgsForm,
    Driver,
    Engine,
    EngineLayout,
    EngineUrl,
    NameFunction,
    Naming,
    Parameters,
    Pooling,
    PrePing,
    SizeState,
)
from poolsafe.facts.engine_places import Destinations
from poolsafe.facts.lifetime import is_disposed_where_made, never_connects
from poolsafe.facts.misplaced import argument_index, misplaced_keys, written_value
from poolsafe.facts.observed import Observed
from poolsafe.facts.parameters import (
    connect_parameters,
    engine_keywords,
    other_driver_parameters,
    parameters_known,
    pool_arguments,
    server_settings,
)
from poolsafe.facts.places import explain
from poolsafe.facts.pool_class import refused_pool_class
from poolsafe.facts.pooling import autocommit_of, creator_of, has_own_class, name_function_of, pool_of
from poolsafe.facts.reach import Surroundings
from poolsafe.facts.server_addresses import servers_of
from poolsafe.facts.silence import Cause, Silence
from poolsafe.facts.sizes import PREPARED, STATEMENT, cache_size, not_zero
from poolsafe.facts.spread import passed_on
from poolsafe.facts.url_signs import signs_of
from poolsafe.facts.views import (
    View,
    driver_reason_of,
    is_overridden,
    names_driver_apart,
    other_driver,
    overridden_views_of,
    schemes_of,
    url_origin_of,
    views_of,
)
from poolsafe.facts.written import settings_display
from poolsafe.facts.written_keys import depends_on_callers
from poolsafe.inference import Absent, Const, Module, ObservedCall, alternatives
from poolsafe.inference.models import is_address
from poolsafe.libraries import ENGINE_CONFIG, ENGINE_FUNCTIONS
from poolsafe.syntax.call_layout import call_layout, dict_layout
from poolsafe.syntax.index import last_name
from poolsafe.syntax.layout import CallLayout

_EXCLUDED = "the URL also passes a test for another driver"


def collect_engines(observed: Observed, *, others: bool = True) -> tuple[list[Engine], list[Silence]]:
    """Returns the engines of an explored module in source order, and a silence for each that uses another driver.

    Without `others`, engines that certainly use another driver are left out, which saves computing their layout.
    """
    engines: list[Engine] = []
    silences: list[Silence] = []
    surroundings = Surroundings(observed)
    drivers = {id(calls[0]): {view.driver for seen in calls for view in views_of(seen)} for calls in observed.engines}
    for calls in observed.engines:
        if drivers[id(calls[0])] <= {Driver.OTHER}:
            calls = [*calls, *_elsewhere(observed, calls)]
            everywhere = (view for seen in calls for view in _all_views(seen))
            given = other_driver_parameters(calls, observed.module)[1]
            if not given and not others and all(view.driver is Driver.OTHER for view in everywhere):
                silences.append(_of_another_driver(observed.module, calls))
                continue
            engine = _engine(surroundings, calls, [])
        else:
            if Driver.ASYNCPG not in drivers[id(calls[0])]:
                calls = [*calls, *_asyncpgs(_elsewhere(observed, calls))]
            engine = _engine(surroundings, calls, [])
            if _hangs_on_other_callers(engine):
                engine = _engine(surroundings, calls, _elsewhere(observed, calls))
        engines.append(engine)
        if engine.url.driver is Driver.OTHER:
            silences.append(_of_another_driver(observed.module, calls))
    return sorted(engines, key=lambda engine: engine.span), silences


def _of_another_driver(module: Module, calls: list[ObservedCall]) -> Silence:
    schemes = sorted({scheme for seen in calls for scheme in schemes_of(seen)})
    what = f"its URL begins with {' or '.join(f'`{scheme}://`' for scheme in schemes)}"
    if ENGINE_FUNCTIONS[calls[0].function] and not any("+" in scheme for scheme in schemes):
        # Often a placeholder: the default driver of such a URL is rarely an asynchronous one.
        what += ", which names no driver"
    return Silence(functools.partial(module.tree.span, calls[0].node), Cause.OTHER_DRIVER, what)


def _elsewhere(observed: Observed, calls: list[ObservedCall]) -> list[ObservedCall]:
    return [seen for seen in observed.elsewhere if seen.node is calls[0].node]


def _asyncpgs(calls: list[ObservedCall]) -> list[ObservedCall]:
    return [seen for seen in calls if any(view.driver is Driver.ASYNCPG for view in views_of(seen))]


def _hangs_on_other_callers(engine: Engine) -> bool:
    """Returns whether a fix may depend on arguments with which other modules call the function around the engine."""
    sizes = engine.sizes.both
    if all(size.state is SizeState.ZERO for size in sizes) and engine.pooling.pre_ping is PrePing.TRUE:
        return False
    places = engine.layout.destinations
    if engine.url.driver_everywhere or places.beside or places.inside or places.around:
        return True
    return any(argument.star == "**" for argument in engine.layout.call.arguments)


def _all_views(seen: ObservedCall) -> Iterator[View]:
    yield from views_of(seen)
    yield from overridden_views_of(seen)


def _engine(surroundings: Surroundings, calls: list[ObservedCall], elsewhere: list[ObservedCall]) -> Engine:
    """Returns the engine of a call. `elsewhere` are calls from other modules, which only fixes consider."""
    module = surroundings.module
    node = calls[0].node
    written = _written_call(calls[0])
    layout = call_layout(module.tree, written or node)
    views = [surroundings.by_default(view) for seen in calls for view in views_of(seen)]
    possible = [view for view in views if not surroundings.is_excluded(view)]
    excluded = bool(views) and not possible
    views = [replace(view, driver=Driver.UNKNOWN) for view in views] if excluded else possible
    ours = [view for view in views if view.driver is Driver.ASYNCPG]
    judged = ours or [view for view in views if view.driver is Driver.UNKNOWN]
    span = module.tree.span(node)
    creator = creator_of(judged)
    connects = given_to_connects(judged, creator) if creator is not None else []
    overridden = [view for seen in calls for view in overridden_views_of(seen)]
    statement = cache_size(surroundings, layout, judged, STATEMENT, creator, overridden)
    prepared = cache_size(surroundings, layout, judged, PREPARED, creator, overridden)
    listeners = listened(module, node)
    if creator is None:
        statement, prepared = (with_listeners(module, size, listeners) for size in (statement, prepared))
    driver = Driver.ASYNCPG if ours else other_driver(views)
    scheme, misdirected = other_driver_parameters(calls, module) if driver is Driver.OTHER else ("", ())
    other_views = [view for seen in elsewhere for view in views_of(seen)]
    brought = surroundings.brought_keywords([*calls, *elsewhere], layout)
    pool, pre_ping, pre_ping_provenance = pool_of(judged)
    name_function = name_function_of(judged)
    autocommit = True if is_made_in_autocommit(module, node) else autocommit_of(judged)
    named = name_function in (NameFunction.EMPTY, NameFunction.UNIQUE) and not autocommit
    # With a creator, SQLAlchemy does not connect to the server in its own URL.
    addresses = [one.servers() for one in connects] or [servers_of(view.url) for view in judged]
    everywhere = (
        bool(ours)
        and all(view.driver is Driver.ASYNCPG or is_overridden(view) for view in (*views, *other_views))
        and not surroundings.may_be_another_driver(calls)
        and not (written is node and depends_on_callers(module, node.func))
    )
    places = Destinations()
    if judged and creator is None:
        places = destinations(surroundings, [*calls, *elsewhere], (statement, prepared))
    if (everywhere or places.certain) and surroundings.tests_bring_another(node):
        everywhere, places = False, replace(places, certain=False)
    return Engine(
        path=module.path,
        function=calls[0].function,
        span=span,
        url=EngineUrl(
            driver=driver,
            scheme=scheme,
            signs=signs_of(
                (alternative for one in connects for alternative in one.addresses())
                if connects
                else ((view.guard, view.url) for view in judged)
            ),
            driver_everywhere=everywhere,
            driver_reason="" if ours else _EXCLUDED if excluded else driver_reason_of(views),
            shared=any(
                view.driver is Driver.OTHER and not surroundings.is_refused(view)
                for view in (*views, *overridden, *other_views)
            ),
            chooses_driver=any(names_driver_apart(view.url) for view in judged),
            servers=tuple(dict.fromkeys(server for several in addresses for server in several)),
            origin=url_origin_of(ours, module, span),
        ),
        sizes=CacheSizes(
            statement,
            prepared,
            misplaced_keys(module, layout, judged, creator),
            not_zero([view for view in other_views if view.driver is not Driver.OTHER], creator),
            frozenset(each.key for each in misplaced_keys(module, layout, other_views, creator)),
        ),
        naming=Naming(
            name_function,
            has_own_class(judged),
        ),
        pooling=Pooling(
            pool,
            pre_ping,
            written_value(layout, "pool_pre_ping"),
            explain(pre_ping_provenance, "`pool_pre_ping`", module, span),
            pool_arguments(module, layout, judged),
            refused_pool_class(module, written, layout, judged),
        ),
        parameters=Parameters(
            misdirected
            or parameters_with_listeners(
                module, connect_parameters(surroundings.tests, written or node, layout, judged), listeners
            ),
            settings_with_listeners(module, server_settings(module, layout, judged), listeners),
            parameters_known(judged) and not listeners.open,
            engine_keywords(module, layout, judged),
        ),
        layout=EngineLayout(
            call=layout,
            connect_args=_connect_args(
                module, written, layout, [view.whole for view in (*judged, *overridden, *other_views)], brought
            ),
            writable=written is not None,
            brought=brought,
            connects=tuple(call_layout(module.tree, one) for one in connect_calls(module, judged, creator))
            if creator is not None
            else (),
            destinations=places,
            passed_on=passed_on(module, node) if written is node else None,
        ),
        creator=creator,
        judged_in=judged_elsewhere(surroundings.observed.inference.project, module, judged, creator)
        if creator is not None
        else "",
        autocommit=autocommit,
        autocommit_later=autocommit_later(surroundings.observed, calls) if named else (),
        asynchronous=ENGINE_FUNCTIONS[calls[0].function] or _is_wrapped(module, node),
        direct=(bool(views) and all(is_address(view.url) for view in views)) or never_connects(module, node),
        disposed=is_disposed_where_made(module, node),
        keywords_open=any(view.seen.arguments.open_keywords is not None for view in judged),
    )


def _is_wrapped(module: Module, node: cst.Call) -> bool:
    """Returns whether the call is the argument of `AsyncEngine(…)`, as before `create_async_engine` existed."""
    argument = module.index.parents.get(id(node))
    around = None if argument is None else module.index.parents.get(id(argument))
    return isinstance(around, cst.Call) and last_name(around.func) == "AsyncEngine"


def _written_call(seen: ObservedCall) -> cst.Call | None:
    """Returns the call that contains the engine function's arguments, or None if they are written elsewhere."""
    if seen.function != ENGINE_CONFIG:
        return seen.node
    for arg in seen.node.args:
        if arg.keyword is not None and arg.keyword.value == "engine_config" and isinstance(arg.value, cst.Call):
            name = last_name(arg.value.func)
            return arg.value if name is not None and name.endswith("EngineConfig") else None
    return None


def _connect_args(
    module: Module, node: cst.Call | None, layout: CallLayout, views: list[View], brought: frozenset[str]
) -> ConnectArgs:
    if node is None:
        return ConnectArgs(ConnectArgsForm.FIXED)
    written = argument_index(layout, "connect_args")
    if written is not None:
        argument = layout.arguments[written]
        mapping = node.args[written].value
        display = dict_layout(module.tree, mapping) if isinstance(mapping, cst.Dict) else None
        may_be_none = any(
            isinstance(single, Const) and single.value is None
            for view in views
            for _, single in alternatives(view.option("connect_args"))
        )
        form = ConnectArgsForm.DISPLAY if display is not None else ConnectArgsForm.EXPRESSION
        settings = settings_display(module, mapping)
        return ConnectArgs(form, (argument.value_start, argument.value_end), display, may_be_none, settings)
    if any(argument.star == "*" for argument in layout.arguments):
        return ConnectArgs(ConnectArgsForm.FIXED)
    if "connect_args" not in brought and all(isinstance(view.option("connect_args"), Absent) for view in views):
        return ConnectArgs(ConnectArgsForm.ABSENT)
    if any(argument.star == "**" for argument in layout.arguments):
        return ConnectArgs(ConnectArgsForm.SPREAD)
    return ConnectArgs(ConnectArgsForm.FIXED)
