"""A transaction pooler with stand-ins for its clients, which records the state that each statement leaves on a server.

A client has a server from the first statement of a transaction to its end. `Left` says which of the program's lines
left something there. The SQL is that of the generator in `session_programs`: nothing else is understood.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

PROGRAM = "<session program>"
_SETTING = re.compile(r"SET (?P<local>LOCAL )?(?P<name>[\w.]+) (?:TO|=) (?P<value>.+)")
_SET_CONFIG = re.compile(r"SELECT set_config\('(?P<name>[\w.]+)', (?P<value>[^,]+), (?P<local>true|false)\)")
_RESET = re.compile(r"RESET (?P<name>[\w.]+)|SET (?P<set>[\w.]+) TO DEFAULT|SET (?P<role>ROLE) NONE")
_LOCAL_DEFAULT = re.compile(r"SET LOCAL (?P<name>[\w.]+) TO DEFAULT")
_ROLE = re.compile(r"SET (?P<local>LOCAL )?ROLE (?P<value>\w+)")
_LOCK = re.compile(r"SELECT pg_(?P<try>try_)?advisory_(?P<kind>lock|xact_lock|unlock)\((?P<key>\d+)\)")
_TABLE = re.compile(r"CREATE TEMP TABLE (?P<name>\w+) \(id int\)(?P<drop> ON COMMIT DROP)?")
_DROP = re.compile(r"DROP TABLE (?P<name>\w+)")
_SHOW = re.compile(r"SELECT current_setting\('(?P<name>[\w.]+)', true\)")


@dataclass(slots=True)
class Server:
    """What one server keeps: each thing with the lines that left it there."""

    settings: dict[str, tuple[str, frozenset[int]]] = field(default_factory=dict)
    locks: dict[str, tuple[int, ...]] = field(default_factory=dict)
    tables: dict[str, frozenset[int]] = field(default_factory=dict)


@dataclass(slots=True)
class Left:
    """What the runs of a program show: codes by line, and the results of its queries in their order."""

    codes: dict[int, set[str]] = field(default_factory=dict)
    results: list[Any] = field(default_factory=list)

    def show(self, lines: Iterable[int], code: str) -> None:
        for line in lines:
            self.codes.setdefault(line, set()).add(code)


class Session:
    """One client's connection. `automatic`: a statement outside of a transaction begins one, as SQLAlchemy does."""

    def __init__(self, left: Left, *, automatic: bool) -> None:
        self.left = left
        self.automatic = automatic
        self.server = Server()
        self.local: dict[str, str] = {}
        self.undo: list[tuple[dict[str, Any], str, Any]] = []
        self.open = False
        self.local_tables: list[str] = []

    def begin(self) -> None:
        self.open = True

    def begin_by_itself(self) -> None:
        """Begin a transaction if the first statement would."""
        self.open = self.open or self.automatic

    def end(self, *, commit: bool) -> None:
        """End the transaction: what it leaves is shown, and another client gets the server."""
        if not commit:
            for kept, name, before in reversed(self.undo):
                if before is None:
                    kept.pop(name, None)
                else:
                    kept[name] = before
        for name in self.local_tables:
            self.server.tables.pop(name, None)
        self.open = False
        self.local.clear()
        self.undo.clear()
        self.local_tables.clear()
        self._show_what_is_left()

    def _show_what_is_left(self) -> None:
        for name, (_, lines) in self.server.settings.items():
            self.left.show(lines, "PGB402" if name == "role" else "PGB401")
        for held in self.server.locks.values():
            self.left.show(held, "PGB403")
        for lines in self.server.tables.values():
            self.left.show(lines, "PGB406")

    def run(self, sql: str, parameters: object, line: int) -> Any:
        if self.automatic:
            self.open = True
        result = self._run(sql, parameters, line)
        self.left.results.append(result)
        if not self.open:
            self.end(commit=True)
        return result

    def _run(self, sql: str, parameters: object, line: int) -> Any:
        if match := _RESET.fullmatch(sql):
            self._reset((match["name"] or match["set"] or match["role"]).lower())
            return None
        if match := _LOCAL_DEFAULT.fullmatch(sql):
            if self.open:
                self.local[match["name"]] = ""
            return None
        if match := _ROLE.fullmatch(sql):
            return self._set(match, "role", match["value"], line)
        if match := _SETTING.fullmatch(sql):
            if re.fullmatch(r":\w+|\$\d", match["value"]):
                # The server refuses it. The program goes on here, so that its other lines show what they do.
                self.left.show((line,), "PGB405")
                return None
            return self._set(match, match["name"], match["value"], line)
        if match := _SET_CONFIG.fullmatch(sql):
            local = match["local"] == "true"
            return self._set({"local": local}, match["name"], match["value"], line)
        if match := _LOCK.fullmatch(sql):
            return self._lock(match, line)
        if match := _TABLE.fullmatch(sql):
            if match["drop"]:
                if not self.open:
                    self.left.show((line,), "PGB404")
                self.local_tables.append(match["name"])
            lines = self.server.tables.get(match["name"], frozenset()) | {line}
            self._keep(self.server.tables, match["name"], lines)
        elif match := _DROP.fullmatch(sql):
            self._keep(self.server.tables, match["name"], None)
            self.local_tables = [name for name in self.local_tables if name != match["name"]]
        elif match := _SHOW.fullmatch(sql):
            kept = self.server.settings.get(match["name"])
            return self.local.get(match["name"], kept[0] if kept else "")
        elif sql.startswith("LISTEN "):
            self.left.show((line,), "PGB407")
        return None

    def _set(self, scope: Any, name: str, value: str, line: int) -> None:
        value = value.strip("'")
        if not scope["local"]:
            # Each line that sets it would leave it there without the others.
            _, lines = self.server.settings.get(name, ("", frozenset()))
            self._keep(self.server.settings, name, (value, lines | {line}))
            self.local.pop(name, None)
        elif self.open:
            self.local[name] = value
        else:
            self.left.show((line,), "PGB404")

    def _reset(self, name: str) -> None:
        names = [one for one in self.server.settings if one != "role"] if name == "all" else [name]
        for one in names:
            self._keep(self.server.settings, one, None)
        for one in list(self.local) if name == "all" else [name]:
            if one != "role" or name == "role":
                self.local.pop(one, None)

    def _keep(self, kept: dict[str, Any], name: str, value: Any) -> None:
        if self.open:
            self.undo.append((kept, name, kept.get(name)))
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value

    def _lock(self, match: re.Match[str], line: int) -> bool:
        if match["kind"] == "unlock":
            held = self.server.locks.get(match["key"], ())
            if held:
                self.server.locks[match["key"]] = held[:-1]
            return bool(held)
        if match["kind"] == "xact_lock":
            if not self.open:
                self.left.show((line,), "PGB404")
        else:
            self.server.locks[match["key"]] = (*self.server.locks.get(match["key"], ()), line)
        return True


def line_of_program() -> int:
    """Returns the line of the program that is being run."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename != PROGRAM:
        assert frame.f_back is not None
        frame = frame.f_back
    return frame.f_lineno
