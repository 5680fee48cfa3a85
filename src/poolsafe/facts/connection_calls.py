"""The parts of the connection fact that are the same for every driver and library."""

from __future__ import annotations

from poolsafe.facts.connection import ClientDriver, Connection
from poolsafe.facts.engine import ConnectArgs, ConnectArgsForm
from poolsafe.facts.given import Given
from poolsafe.facts.option_places import connection_url, dict_argument
from poolsafe.facts.reach import Surroundings
from poolsafe.inference import ObservedCall
from poolsafe.libraries import ENGINE_CONFIG
from poolsafe.syntax.call_layout import call_layout


def connection_of(
    surroundings: Surroundings, calls: list[ObservedCall], given: list[Given], driver: ClientDriver
) -> Connection:
    """Returns the connection of a call: its place, its URL and the dict of its options, without the options."""
    module, node = surroundings.module, calls[0].node
    layout = call_layout(module.tree, node)
    name, position = given[0].mapping, given[0].position
    options = dict_argument(module, node, layout, given, name, position) if name else None
    if calls[0].function == ENGINE_CONFIG:
        # It takes its engine's options in another object.
        options = ConnectArgs(ConnectArgsForm.FIXED)
    return Connection(
        path=module.path,
        function=calls[0].function,
        call=layout,
        driver=driver,
        url=connection_url(module, given, (layout.start, layout.end)),
        options=options,
        options_name=name,
        direct=all(one.is_direct for one in given),
    )
