"""Generates programs that execute SQL: how the SQL is built, and what runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import urls
from .conditions import environment
from .draft import ASYNC_ENGINES, Draft, Lines, block

COMMANDS = (
    "SELECT 1",
    "DELETE FROM a",
    "DELETE FROM a WHERE b = :x",
    "UPDATE a SET b = :y WHERE c = :x",
    "INSERT INTO a VALUES (:x, ';')",
    "TRUNCATE b",
    "SELECT ';' AS semicolon",
    "SELECT :y::int",
)
PARAMETERS = '{"x": 1, "y": 2}'


@dataclass(frozen=True, slots=True)
class Runner:
    """How SQL is run: `before` opens `name`, `wait` awaits what it does, `tail` stands below the block."""

    before: str
    name: str
    awaited: bool


def scenario(draft: Draft) -> Lines:
    """An engine, and a function or the module itself that executes SQL with it."""
    choices = draft.choices
    kind = choices.weighted(((7, "async"), (2, "async other"), (3, "sync")))
    engine = draft.fresh("engine", "database")
    draft.top += [f"{engine} = {_engine(draft, kind)}"]
    if kind == "sync":
        runner = choices.one(
            (
                f"with {engine}.begin() as {{}}:",
                f"with {engine}.connect() as {{}}:",
                f"with {draft.use('sqlalchemy.orm', 'Session')}({engine}) as {{}}:",
            )
        )
    else:
        sessions = draft.fresh("sessions", "make_session")
        form = choices.one(("begin", "connect", "session", "maker", "maker begin"))
        if form.startswith("maker"):
            draft.top += [f"{sessions} = {draft.use(ASYNC_ENGINES, 'async_sessionmaker')}({engine})"]
        runner = {
            "begin": f"async with {engine}.begin() as {{}}:",
            "connect": f"async with {engine}.connect() as {{}}:",
            "maker": f"async with {sessions}() as {{}}:",
            "maker begin": f"async with {sessions}.begin() as {{}}:",
        }.get(form) or f"async with {draft.use(ASYNC_ENGINES, 'AsyncSession')}({engine}) as {{}}:"
    name = draft.fresh("connection", "session", "conn")
    wait = "" if kind == "sync" else "await "
    body = work(draft, name, wait)
    if choices.chance(25):
        body += work(draft, name, wait)
    function = draft.fresh("main", "run", "migrate")
    header = "def" if kind == "sync" else "async def"
    if choices.chance(25):
        annotation = choices.one(("", ": Connection" if kind == "sync" else ": AsyncConnection"))
        if annotation:
            draft.use("sqlalchemy" if kind == "sync" else ASYNC_ENGINES, annotation[2:])
        step = draft.fresh("step", "apply_all", "rebuild")
        draft.define(block(f"{header} {step}({name}{annotation}) -> None:", body))
        body = [f"{wait}{step}({name})"]
    draft.define(block(f"{header} {function}() -> None:", block(runner.format(name), body)))
    return [f"{function}()"] if kind == "sync" else [f"{draft.use_module('asyncio')}.run({function}())"]


def _engine(draft: Draft, kind: str) -> str:
    if kind == "sync":
        url = draft.choices.one(("postgresql+psycopg://db/app", "sqlite://"))
        return f'{draft.use("sqlalchemy", "create_engine")}("{url}")'
    url = urls.ASYNCPG if kind == "async" else draft.choices.one(urls.OTHERS)
    sizes = ', connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0}' if kind == "async" else ""
    return f'{draft.use(ASYNC_ENGINES, "create_async_engine")}("{url}", pool_pre_ping=True{sizes})'


def work(draft: Draft, name: str, wait: str) -> Lines:
    """Statements that execute SQL by `name`."""
    return draft.choices.weighted(_WORKS)(draft, name, wait)


def _text(draft: Draft, sql: str) -> str:
    return f"{draft.use('sqlalchemy', 'text')}({sql})"


def _written(draft: Draft, name: str, wait: str) -> Lines:
    sql = _sql(draft)
    form = draft.choices.weighted(
        (
            (8, "{wait}{name}.execute({text}, {given})"),
            (4, "{wait}{name}.execute({text})"),
            (2, "result = {wait}{name}.execute({text}, {given})"),
        )
    )
    if ":x" in sql or ":y" in sql:
        form = form.replace("({text})", "({text}, {given})")
    return [form.format(wait=wait, name=name, text=_text(draft, sql), given=PARAMETERS)]


def _in_two_steps(draft: Draft, name: str, wait: str) -> Lines:
    statement = draft.fresh("statement", "query")
    return [f"{statement} = {_text(draft, _sql(draft))}", f"{wait}{name}.execute({statement}, {PARAMETERS})"]


def _in_a_loop(draft: Draft, name: str, wait: str) -> Lines:
    sql = draft.fresh("command", "one")
    source = draft.choices.one(
        (
            _commands(draft),
            f"({_sql(draft)}, {_literal(draft, 1)})",
            f'({_literal(draft, 3)}).split(";")',
            f"[{_sql(draft)}]",
            f"reversed({_commands(draft)})",
        )
    )
    return block(f"for {sql} in {source}:", [f"{wait}{name}.execute({_text(draft, sql)}, {PARAMETERS})"])


def _by_helper(draft: Draft, name: str, wait: str) -> Lines:
    kind = "async def" if wait else "def"

    def lines(helper: str) -> Lines:
        text = _text(draft, "sql")
        return draft.choices.made(
            lambda: block(
                f"{kind} {helper}(connection, sql, parameters=None):",
                [f"return {wait}connection.execute({text}, parameters or {PARAMETERS})"],
            ),
            lambda: block(
                f"{kind} {helper}(connection, *commands):",
                block("for sql in commands:", [f"{wait}connection.execute({text}, {PARAMETERS})"]),
            ),
            lambda: block(
                f'{kind} {helper}(connection, *commands, glue="; "):',
                ["sql = glue.join(commands)", f"{wait}connection.execute({text}, {PARAMETERS})"],
            ),
        )

    helper = draft.helper("execute", "execute", "run_sql", lines=lines)
    # The second kind of helper takes several commands, the first one takes one.
    several = draft.helpers["execute"] in "".join(line for line in draft.top if "*commands" in line)
    given = ", ".join(_literal(draft, 1) for _ in range(2)) if several and draft.choices.chance(60) else _sql(draft)
    return [f"{wait}{helper}({name}, {given})"]


def _in_branches(draft: Draft, name: str, wait: str) -> Lines:
    sql = draft.fresh("sql", "script")
    lines = [
        f"{sql} = {_literal(draft, 1)}",
        *block(
            f"if {environment(draft)}:",
            [
                draft.choices.one(
                    (
                        f"{sql} = {_sql(draft)}",
                        f'{sql} += "; DELETE FROM c"',
                        f'{sql} = "{{}}; {{}}".format({sql}, "SELECT 2")',
                    )
                )
            ],
        ),
    ]
    return [*lines, f"{wait}{name}.execute({_text(draft, sql)}, {PARAMETERS})"]


def _returned(draft: Draft, name: str, wait: str) -> Lines:
    def lines(helper: str) -> Lines:
        text = _text(draft, "sql")
        return draft.choices.made(
            lambda: block(f"def {helper}(sql):", [f"return {text}"]),
            lambda: block(
                f"def {helper}(sql, *more):",
                [*block("for one in more:", ['sql = sql + "; " + one']), f"return {text}"],
            ),
        )

    clause = draft.helper("clause", "clause", "statement_of", lines=lines)
    return [f"{wait}{name}.execute({clause}({_sql(draft)}), {PARAMETERS})"]


def _by_driver(draft: Draft, name: str, wait: str) -> Lines:
    return (
        [f"{wait}{name}.exec_driver_sql({_literal(draft, draft.choices.between(1, 2), binds=False)})"]
        if "session" not in name
        else _written(draft, name, wait)
    )


Work = Callable[[Draft, str, str], Lines]
_WORKS: tuple[tuple[int, Work], ...] = (
    (10, _written),
    (4, _in_two_steps),
    (4, _in_a_loop),
    (4, _by_helper),
    (3, _in_branches),
    (3, _returned),
    (1, _by_driver),
)

# --- the SQL ---


def _literal(draft: Draft, commands: int, *, binds: bool = True) -> str:
    chosen = [draft.choices.one([one for one in COMMANDS if binds or ":" not in one]) for _ in range(commands)]
    glue = draft.choices.one(("; ", ";", "; ", ";  "))
    end = draft.choices.weighted(((6, ""), (2, ";"), (1, "; ")))
    return f'"{glue.join(chosen)}{end}"'


def _commands(draft: Draft) -> str:
    def lines(name: str) -> Lines:
        items = [_literal(draft, draft.choices.weighted(((4, 1), (1, 2)))) for _ in range(2)]
        return [f"{name} = ({', '.join(items)})"]

    return draft.helper("commands", "COMMANDS", "STEPS", lines=lines)


def _sql(draft: Draft) -> str:
    """An expression for SQL, of two commands as often as of one."""
    return draft.choices.weighted(_FORMS)(draft)


def _constant(draft: Draft) -> str:
    def lines(name: str) -> Lines:
        return [f"{name} = {_literal(draft, draft.choices.between(1, 2))}"]

    return draft.helper("sql", "CLEANUP", "SCRIPT", lines=lines)


def _of_function(draft: Draft) -> str:
    def lines(name: str) -> Lines:
        return draft.choices.made(
            lambda: block(
                f'def {name}(table="a"):',
                [
                    draft.choices.one(
                        ('return f"DELETE FROM {table}; TRUNCATE {table}"', 'return f"DELETE FROM {table}"')
                    )
                ],
            ),
            lambda: block(f"def {name}(*more):", [f'return "; ".join(({_literal(draft, 1)}, *more))']),
            lambda: block(
                f"def {name}(several=False):",
                [*block("if several:", [f"return {_literal(draft, 2)}"]), f"return {_literal(draft, 1)}"],
            ),
        )

    function = draft.helper("sql function", "cleanup_sql", "script_for", lines=lines)
    given = draft.choices.one(("", "", '"b"', '"SELECT 3"'))
    return f"{function}({given})"


_FORMS: tuple[tuple[int, Callable[[Draft], str]], ...] = (
    (10, lambda draft: _literal(draft, draft.choices.between(1, 3))),
    (4, _constant),
    (3, _of_function),
    (3, lambda draft: f'"; ".join({_commands(draft)})'),
    (2, lambda draft: f'"; ".join([{_literal(draft, 1)}, {_literal(draft, 1)}])'),
    (2, lambda draft: f'{_literal(draft, 1)} + "; " + {_literal(draft, 1)}'),
    (2, lambda draft: f"{_literal(draft, 1)} if {environment(draft)} else {_literal(draft, 2)}"),
    (2, lambda draft: f"{_commands(draft)}[0]"),
    (1, lambda draft: f'f"{{{_constant(draft)}}}; SELECT 3"'),
    (1, lambda draft: f"{_constant(draft)}.strip()"),
)
