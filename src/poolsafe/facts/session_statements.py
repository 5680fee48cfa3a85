"""Builds the session statement facts of a module, from the observed calls that take SQL."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import libcst as cst

from poolsafe.facts.clauses import joined_text
from poolsafe.facts.commits import ENDS
from poolsafe.facts.drivers import ASYNCPG, driver_of, is_adapter, is_pool
from poolsafe.facts.listeners import listener_around
from poolsafe.facts.observed import OP_EXECUTE, Observed
from poolsafe.facts.places import explain
from poolsafe.facts.routes import Routes
from poolsafe.facts.runners import Runners, Verdict
from poolsafe.facts.session_edits import is_text_parameter, with_edits, writes_parameters
from poolsafe.facts.session_statement import Client, SessionStatement, Transaction
from poolsafe.facts.sql_effects import Given, effects_of, judged_once
from poolsafe.facts.sql_literals import written_sql
from poolsafe.facts.statement import Runner
from poolsafe.facts.transaction_blocks import is_to_fail
from poolsafe.facts.transactions import surroundings_of
from poolsafe.facts.ways import Surroundings
from poolsafe.inference import Module, ObservedCall
from poolsafe.libraries import DRIVER_METHODS, EXECUTING
from poolsafe.sql.session_commands import LOCAL, Effect, SessionCommand
from poolsafe.syntax.call_layout import call_layout
from poolsafe.syntax.index import last_name

# Effects that another command may end.
_ENDING = frozenset({Effect.RESET, Effect.DROP_TABLE, Effect.UNLOCK, Effect.DEALLOCATE})
_ENDED = frozenset({Effect.LOCK, Effect.TEMPORARY_TABLE, Effect.SETTING, Effect.ROLE, Effect.PREPARED})
_UNLOCK = re.compile(r"unlock|release\w{0,40}lock|lock\w{0,40}\.release", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_CONDITIONAL = (
    cst.If,
    cst.IfExp,
    cst.BooleanOperation,
    cst.For,
    cst.While,
    cst.Else,
    cst.ExceptHandler,
    cst.MatchCase,
    cst.CompFor,
)
_CONSTANT = re.compile(r"[-\d, ]+|'[^']*'")


def collect_session_statements(observed: Observed) -> list[SessionStatement]:
    """Returns the session statements of an explored module, in source order."""
    return sorted(_Collector(observed).statements(), key=lambda one: one.start)


class _Group:
    """The observations of one call that takes SQL: the effects of the SQL, and the call and object that run it."""

    def __init__(self, observed: Observed, calls: list[ObservedCall]) -> None:
        self.calls = calls
        self.effects = [one for call in calls for one in effects_of(call)]
        # The calls that execute the clause, or the calls themselves.
        self.runs = observed.executions_of(calls[0]) or [call for call in calls if call.receiver is not None]
        self.executor, self.receiver = _executor(observed.module, calls, self.runs)


class _Collector:
    """Builds the facts of one module.

    `commands` holds the effects of each call that runs SQL, and of each function, by the id of its node.
    """

    def __init__(self, observed: Observed) -> None:
        self._observed = observed
        self._module = observed.module
        self._runners = Runners(observed)
        self._routes = Routes(observed, self._runners)
        self._groups = [_Group(observed, calls) for calls in observed.session_calls]
        self._commands: dict[int, list[SessionCommand]] = {}
        self._found_endings: dict[int, list[SessionCommand]] = {}
        for group in self._groups:
            commands = [one.command for one in group.effects]
            for node in (group.executor, self._module.index.innermost_function(group.executor)):
                self._commands.setdefault(id(node), []).extend(commands)

    def statements(self) -> Iterator[SessionStatement]:
        """Yields the facts of the module."""
        for group in self._groups:
            yield from self._statements(group)

    def _statements(self, group: _Group) -> Iterator[SessionStatement]:
        given = list(judged_once(group.effects))
        module, calls = self._module, group.calls
        if not given or is_to_fail(module, group.executor):
            return
        if writes_parameters(module, calls[0].node):
            given = [replace(one, command=replace(one.command, parameters=False)) for one in given]
        node, executor = calls[0].node, group.executor
        client, judge = _client(self._observed, self._runners, calls, given)
        listener = listener_around(module, node)
        autocommit = client is not Client.ASYNCPG and self._runners.is_autocommit(group.runs)
        around = surroundings_of(module, executor, group.receiver, client, autocommit=autocommit)
        if is_pool(calls):
            around = replace(around, transaction=Transaction.NONE, contained=False)
        if listener in ("begin", "after_begin"):
            around = replace(around, transaction=Transaction.OPEN, contained=True)
        lasting = [index for index, one in enumerate(given) if not _ends_itself(one.command, around.transaction)]
        if not lasting:
            return
        runner, reason = judge()
        written = written_sql(module, node) if calls[0].function != "add_listener" else None
        start, end = module.tree.span(node)
        for index in lasting:
            one = given[index]
            ends = [self._ends(one.command, executor, way.later) for way in around.ways]
            elsewhere = [self._ends(one.command, executor, way.later) for way in around.others]
            released = list({id(call): call for way in ends for call, _ in way}.values())
            late = any(way and not any(same for _, same in way) for way in (*ends, *elsewhere))
            lending = [way for way in (*around.ways, *around.others) if not way.lent]
            uses = self._uses(around, {id(call) for way in (*ends, *elsewhere) for call, _ in way})
            statement = SessionStatement(
                path=module.path,
                start=start,
                end=end,
                function=_shown(node),
                command=one.command,
                client=client,
                runner=runner,
                runner_reason=reason,
                transaction=around.transaction,
                listener=listener,
                contained=around.contained,
                ended_in=not late and all(any(same for _, same in way) for way in ends),
                rolled_back=around.rolled_back,
                undone_late=late,
                used_here=True in uses,
                used_after=False in uses and around.transaction in (Transaction.OPEN, Transaction.BEGUN),
                abandoned=around.lent and any(not self._ends(one.command, executor, way.later) for way in lending),
                lent=around.lent,
                executor=call_layout(module.tree, executor if _encloses(module, executor, node) else node),
                releases=self._releases(executor, released),
                text_parameter=one.command.parameters and is_text_parameter(module, node, executor),
                origin=explain(one.text.provenance, "the SQL", module, (start, end)) if one.text is not None else (),
            )
            if statement.depends_on_pooler:
                statement = replace(statement, routes=self._routes.of(client, group.runs, direct=around.direct))
            yield with_edits(statement, module, node, calls[0].function, written, given, index)

    def _uses(self, around: Surroundings, ends: set[int]) -> set[bool]:
        """Returns where other statements follow: True stands for the same transaction, and False for later ones."""
        known = self._commands.keys() | ends
        later = [one for way in (*around.ways, *around.others) for one in way.later]
        return {same for call, same in later if id(call) not in known and last_name(call.func) not in ENDS}

    def _ends(
        self, command: SessionCommand, executor: cst.Call, later: Iterable[tuple[cst.Call, bool]]
    ) -> list[tuple[cst.Call, bool]]:
        """Returns the later calls that end the effect of a command: they release a lock, drop a table or reset it.

        The server counts how often a lock is taken, so the first unlock releases the lock that was taken last.
        """
        if command.effect not in _ENDED:
            return []
        found: list[tuple[cst.Call, bool]] = []
        held = 0
        for call, same in later:
            if self._takes_again(call, command, executor):
                held += 1
            elif self._is_ended_by(call, command):
                times = self._times_released(call, command, executor) if held else 1
                if times > held:
                    found.append((call, same))
                held = max(held - times, 0)
        return found

    def _times_released(self, call: cst.Call, command: SessionCommand, executor: cst.Call) -> int:
        """Returns how often a call releases a lock: any number of times if it releases all locks or is in a loop."""
        endings = [one for one in self._endings(call) if _is_end(one, command)]
        around = {id(node) for node in self._module.index.around(executor)}
        repeated = any(
            isinstance(node, (cst.For, cst.While)) and id(node) not in around
            for node in self._module.index.around(call)
        )
        if repeated or any(one.name.lower().endswith("_all") for one in endings):
            return sys.maxsize
        return max(len(endings), 1)

    def _takes_again(self, call: cst.Call, command: SessionCommand, executor: cst.Call) -> bool:
        """Returns whether a call certainly takes the same lock as the command of an earlier call of its function."""
        if command.effect is not Effect.LOCK or not _CONSTANT.fullmatch(command.value):
            return False
        known = self._commands.get(id(call), ())
        return (
            any(
                one.effect is Effect.LOCK and one.value == command.value and _is_same_lock(one, command)
                for one in known
            )
            and self._module.index.innermost_function(call) is self._module.index.innermost_function(executor)
            and _always_follows(self._module, call, executor)
        )

    def _is_ended_by(self, call: cst.Call, command: SessionCommand) -> bool:
        known = self._endings(call)
        if any(_is_end(one, command) for one in known):
            return True
        if id(call) in self._commands or command.effect in (Effect.SETTING, Effect.ROLE, Effect.PREPARED):
            return False
        # A function of the project may also end it, and Alembic's `op.drop_table()`.
        code = self._module.tree.text(call)
        if command.effect is Effect.TEMPORARY_TABLE:
            return "drop" in code.lower() and command.name in _WORD.findall(code)
        return not any(one.effect is Effect.UNLOCK for one in known) and _UNLOCK.search(code) is not None

    def _endings(self, call: cst.Call) -> list[SessionCommand]:
        """Returns the commands that end an effect and that a call runs, itself or in a function of the module."""
        found = self._found_endings.get(id(call))
        if found is None:
            known = self._commands.get(id(call))
            if known is None:
                called = self._module.index.functions.get(last_name(call.func) or "", [])
                known = [one for function, _ in called for one in self._commands.get(id(function), ())]
            found = self._found_endings[id(call)] = [one for one in known if one.effect in _ENDING]
        return found

    def _releases(self, executor: cst.Call, released: list[cst.Call]) -> tuple[tuple[int, int], ...]:
        """Returns the spans of the statements that release a lock, if the function that takes it runs their SQL."""
        function = self._module.index.innermost_function(executor)
        for call in released:
            if id(call) not in self._commands or self._module.index.innermost_function(call) is not function:
                return ()
        return _bare_statements(self._module, released)


def _ends_itself(command: SessionCommand, transaction: Transaction) -> bool:
    """Returns whether an effect certainly ends with its transaction, so that nothing can go wrong."""
    return command.effect in LOCAL and not command.parameters and transaction in (Transaction.OPEN, Transaction.BEGUN)


def _is_end(later: SessionCommand, command: SessionCommand) -> bool:
    if command.effect is Effect.SETTING:
        return later.effect is Effect.RESET and later.name in (command.name, "all")
    if command.effect is Effect.ROLE:
        return later.effect is Effect.RESET and later.name == command.value
    if command.effect is Effect.TEMPORARY_TABLE:
        names = {one.name.lower().removeprefix("pg_temp.") for one in (later, command)}
        return later.effect is Effect.DROP_TABLE and len(names) == 1
    if command.effect is Effect.PREPARED:
        return later.effect is Effect.DEALLOCATE and later.name.lower() == command.name.lower()
    return later.effect is Effect.UNLOCK and (later.name.lower().endswith("_all") or _is_same_lock(later, command))


def _is_same_lock(other: SessionCommand, command: SessionCommand) -> bool:
    """Returns whether two commands may be about the same lock: unknown keys may be equal."""
    if ("shared" in other.name.lower()) is not ("shared" in command.name.lower()):
        return False
    constants = _CONSTANT.fullmatch(other.value) and _CONSTANT.fullmatch(command.value)
    return not constants or other.value == command.value


def _always_follows(module: Module, call: cst.Call, earlier: cst.Call) -> bool:
    """Returns whether a call runs whenever an earlier one of its function has run without an error."""
    around = {id(node) for node in module.index.around(earlier)}
    for node in module.index.around(call):
        if id(node) in around:
            return not isinstance(node, (cst.If, cst.Try))
        if isinstance(node, _CONDITIONAL):
            return False
    return False


# --- what runs it ---


def _client(
    observed: Observed,
    runners: Runners,
    calls: list[ObservedCall],
    given: Iterable[Given],
) -> tuple[Client, Callable[[], Verdict]]:
    """Returns the library that runs the SQL, and a function that tells whether asyncpg runs it."""
    name = calls[0].function
    # SQLAlchemy's adapters for drivers accept strings; a listener of the pool receives one.
    if (name in DRIVER_METHODS or name == "add_listener") and not is_adapter(calls):
        driver, reason = driver_of(observed.inference.project, observed.module, calls)
        if driver == ASYNCPG:
            return Client.ASYNCPG, lambda: (Runner.ASYNC, reason)
        client = Client.PSYCOPG if driver in ("psycopg", "psycopg_pool") else Client.UNKNOWN
        return client, lambda: (Runner.UNKNOWN if driver is None else Runner.SYNC, reason)
    texts = {id(one.text): joined_text(one.text) for one in given if one.text is not None}
    migration = name == OP_EXECUTE or runners.is_of_migration(calls)
    client = Client.ALEMBIC if migration else Client.SQLALCHEMY
    return client, lambda: runners.runner_of(calls, texts.values())


def _executor(
    module: Module, calls: Sequence[ObservedCall], runs: Sequence[ObservedCall]
) -> tuple[cst.Call, cst.BaseExpression | None]:
    """Returns the call that runs the SQL, and the expression of the object that it is a method of.

    If a clause is executed in another function or module, this is the call that creates the clause.
    """
    node = calls[0].node
    for at in (node, *module.index.around(node)):
        if isinstance(at, cst.BaseStatement):
            break
        if isinstance(at, cst.Call) and isinstance(at.func, cst.Attribute):
            if last_name(at.func) in EXECUTING or (at is node and calls[0].function in DRIVER_METHODS):
                return at, at.func.value
            if at is node and calls[0].function in ("exec_driver_sql", "add_listener"):
                return at, at.func.value
    home = module.index.innermost_function(node)
    for run in runs:
        if (
            run.module is module
            and module.index.innermost_function(run.node) is home
            and isinstance(run.node.func, cst.Attribute)
        ):
            return run.node, run.node.func.value
    return node, None


def _shown(node: cst.Call) -> str:
    name = last_name(node.func) or "call"
    if isinstance(node.func, cst.Attribute) and last_name(node.func.value) == "func":
        return f"func.{name}()"
    return f"{name}()"


def _encloses(module: Module, outer: cst.Call, inner: cst.Call) -> bool:
    start, end = module.tree.span(outer)
    first, last = module.tree.span(inner)
    return start <= first and last <= end


# --- what follows ---


def _bare_statements(module: Module, calls: Iterable[cst.Call]) -> tuple[tuple[int, int], ...]:
    """Returns the spans of the statements that consist of these calls, or nothing if one of them has other parts."""
    spans = []
    for call in calls:
        node: cst.CSTNode | None = call
        while node is not None and not isinstance(node, (cst.Expr, cst.BaseStatement)):
            node = module.index.parents.get(id(node))
        line = module.index.parents.get(id(node)) if isinstance(node, cst.Expr) else None
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            return ()
        spans.append(module.tree.span(line))
    return tuple(spans)
