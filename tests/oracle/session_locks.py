"""Generates pairs of helpers that take and release a lock: functions, context managers and classes.

Some receive their connection, others create it.
"""

from __future__ import annotations

from .choices import Choices
from .draft import Lines, block

FORMS = ("functions", "manager", "methods", "entered", "entered by methods", "own manager", "own methods")
_OWN_ENGINES = ("engine.begin()", "engine.connect()", "maker()", "maker.begin()")


class LockPair:
    """One pair: its definitions, and the lines that use it.

    `raw`: its connection is one of asyncpg. `makes_connection`: it is not given one. `is_used`: some lines use it.
    `is_kept`: the last lines that use it never release the lock.
    """

    def __init__(self, choices: Choices, number: int, *, raw: bool) -> None:
        self.raw = raw
        self.is_used = self.is_kept = False
        self._choices = choices
        self._form = choices.one(FORMS)
        self.makes_connection = self._form.startswith("own")
        hidden = "_" if choices.chance(40) else ""
        self._take, self._release = f"{hidden}take_{number}", f"{hidden}release_{number}"
        self._manager, self._class = f"{hidden}locked_{number}", f"{hidden.strip()}Lock{number}"
        self._key = 100 + number
        # A class whose methods have the names of another one's.
        self._methods = choices.one((("acquire", "release"), ("lock", "unlock")))

    def definitions(self) -> list[Lines]:
        choices = self._choices
        match self._form:
            case "functions":
                return [
                    block(f"async def {self._take}(connection) -> None:", self._taking("connection")),
                    block(f"async def {self._release}(connection) -> None:", self._releasing("connection")),
                ]
            case "manager":
                lines = [*self._taking("connection"), *self._yielding("connection", "yield")]
                return [["@asynccontextmanager", *block(f"async def {self._manager}(connection):", lines)]]
            case "own manager":
                made = choices.one(_OWN_ENGINES)
                if self.raw:
                    made = 'asyncpg.create_pool("postgresql://db/app") as pool, pool.acquire()'
                inner = [*self._taking("connection"), *self._yielding("connection", "yield connection")]
                lines = block(f"async with {made} as connection:", inner)
                return [["@asynccontextmanager", *block(f"async def {self._manager}():", lines)]]
        return [block(f"class {self._class}:", self._members())]

    def used(self, connection: str, between: Lines, commit: Lines) -> Lines:
        """Returns lines that take the lock, run `between` and perhaps `commit`, and release it as a rule."""
        self.is_used = True
        choices, inner = self._choices, [*between, *commit]
        take, release = self._methods
        match self._form:
            case "functions":
                end = [] if self._keeps() else [f"await {self._release}({connection})"]
                return [f"await {self._take}({connection})", *inner, *end]
            case "manager":
                return block(f"async with {self._manager}({connection}):", inner)
            case "own manager":
                held = [line.replace(f"await {connection}.", "await held.") for line in inner]
                return block(f"async with {self._manager}() as held:", held)
            case "entered" | "entered by methods":
                if choices.chance(50):
                    return block(f"async with {self._class}({connection}):", inner)
                return [f"lock = {self._class}({connection})", *block("async with lock:", inner)]
        given = "" if self.makes_connection else connection
        end = [f"await lock.{release}()"]
        if self.makes_connection:
            # What other connections run is of no concern here.
            inner = []
        elif self._keeps():
            end = []
        return [f"lock = {self._class}({given})", f"await lock.{take}()", *inner, *end]

    def _keeps(self) -> bool:
        self.is_kept = self._choices.chance(15)
        return self.is_kept

    def _members(self) -> Lines:
        take, release = self._methods
        taking, releasing = self._taking("self.connection"), self._releasing("self.connection")
        if self._form == "own methods":
            made = 'asyncpg.connect("postgresql://db/app")' if self.raw else self._choices.one(_OWN_ENGINES[1:3])
            commits = ["await self.connection.commit()"] if not self.raw and self._choices.chance(30) else []
            lines = block(f"async def {take}(self) -> None:", [f"self.connection = await {made}", *taking, *commits])
            return [*lines, "", *block(f"async def {release}(self) -> None:", [*releasing, *self._closing()])]
        lines = [*block("def __init__(self, connection) -> None:", ["self.connection = connection"]), ""]
        entered = self._form == "entered"
        if not entered:
            lines += [*block(f"async def {take}(self) -> None:", taking), ""]
            lines += [*block(f"async def {release}(self) -> None:", releasing), ""]
        if self._form.startswith("entered"):
            start = taking if entered else [f"await self.{take}()"]
            end = releasing if entered else [f"await self.{release}()"]
            lines += [*block("async def __aenter__(self):", [*start, "return self"]), ""]
            lines += [*block("async def __aexit__(self, *given) -> None:", end), ""]
        return lines[:-1]

    def _closing(self) -> Lines:
        return [] if self.raw and self._choices.chance(50) else ["await self.connection.close()"]

    def _taking(self, connection: str) -> Lines:
        function = self._choices.one(("pg_advisory_lock", "pg_try_advisory_lock"))
        return self._run(connection, f"SELECT {function}({self._key})")

    def _releasing(self, connection: str) -> Lines:
        return self._run(connection, f"SELECT pg_advisory_unlock({self._key})")

    def _run(self, connection: str, sql: str) -> Lines:
        if self.raw:
            return [f'await {connection}.fetchval("{sql}")']
        return [f'await {connection}.execute(text("{sql}"))']

    def _yielding(self, connection: str, line: str) -> Lines:
        return [*block("try:", [line]), *block("finally:", self._releasing(connection))]
