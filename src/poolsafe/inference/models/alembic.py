"""Alembic: the configuration that an env.py reads and sets, and the connections that it passes on."""

from __future__ import annotations

from typing import Any

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import lift
from poolsafe.inference.mappings import mapping_key, with_item
from poolsafe.inference.models.handler import Handler
from poolsafe.inference.names import force
from poolsafe.inference.objects import Connectable
from poolsafe.inference.reasons import Origin, Reason
from poolsafe.inference.symbols import derived
from poolsafe.inference.values import Absent, Aside, Const, MappingRef, MappingValue, Text, Unknown, Value, text

CONFIGURE = "alembic.context.configure"


def main_option(frame: Frame, name: str) -> Value:
    """Returns an option of Alembic's configuration, as set so far by the running env.py."""
    return frame.content(_section(frame)).get(name)


def _section(frame: Frame) -> MappingRef:
    slot = ("dict", -frame.module.number)
    if isinstance(frame.state.get(slot), Absent):
        options = frame.run.project.alembic(frame.module)
        items: dict[Any, Value] = {
            name: text(
                value.replace("%%", "%"),
                provenance=(Aside(frame.module, frame.module.root, Origin.LITERAL, value.path, value.row),),
            )
            for name, value in options.items()
            if not value.startswith("driver://")
        }
        frame.state.set(slot, MappingValue(items, Reason.ALEMBIC_SECTION, -frame.module.number))
    return MappingRef(-frame.module.number)


def call_config(frame: Frame, node: ir.Call | None, name: str, arguments: Arguments) -> Value:
    section = _section(frame)
    offset = 1 if name.endswith("_section_option") else 0
    key = arguments.get(offset, "name") or Unknown("an option of alembic.ini")
    if name in ("set_main_option", "set_section_option"):
        value = arguments.get(offset + 1, "value")
        if mapping_key(key) is not None and value is not None:
            unescaped = lift(_percent, force(frame, value))
            frame.state.set(("dict", section.address), with_item(frame.content(section), key, unescaped))
        return Const(None)
    if name in ("get_main_option", "get_section_option"):
        known = mapping_key(key)
        return main_option(frame, known) if known is not None else Unknown("an option of alembic.ini")
    if name == "get_section":
        content = frame.content(section)
        return frame.new_mapping(dict(content.items), content.open)
    return Unknown(f"`{name}` of Alembic's configuration", derived("alembic", name))


def _percent(value: Value) -> Value:
    """Replaces `%%` by `%`, since Alembic's configuration escapes `%`."""
    return (
        texts.map_known(value, lambda known: known.replace("%%", "%"), pieces=True)
        if isinstance(value, Text)
        else value
    )


def _of_migration(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """Returns the connection or context that Alembic runs a migration in."""
    return Connectable(None, migration=True)


def _configure(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """Observes the connection in `context.configure(connection=...)`, on which env.py runs its migrations."""
    connection = arguments.get(0, "connection")
    if connection is not None:
        frame.observe(node, CONFIGURE, Arguments([connection]))
    return Unknown("nothing")


HANDLERS: dict[str, Handler] = {
    "alembic.op.get_bind": _of_migration,
    "alembic.op.get_context": _of_migration,
    "alembic.context.get_bind": _of_migration,
    "alembic.context.get_context": _of_migration,
    CONFIGURE: _configure,
}
