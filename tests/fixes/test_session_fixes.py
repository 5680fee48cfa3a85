"""The effect of a command is limited to its transaction, preserving the letter case and quotes of the code."""

from typing import Any

import pytest
from blocks import changes, programs
from by_hand import after, session_statement_in

from poolsafe.facts.session_statement import SessionStatement, Transaction
from poolsafe.findings import Applicability, Fix
from poolsafe.fixes.session_fixes import call_set_config, drop_on_commit, make_local, take_transaction_lock
from poolsafe.source import Source
from poolsafe.sql.session_commands import Effect

SAFE, UNSAFE = Applicability.SAFE, Applicability.UNSAFE
FIXES = {
    Effect.SETTING: make_local,
    Effect.ROLE: make_local,
    Effect.LOCK: take_transaction_lock,
    Effect.TEMPORARY_TABLE: drop_on_commit,
}


def fix_in(text: str, **changes: Any) -> tuple[Source, SessionStatement, Fix | None]:
    source, statement = session_statement_in(text, **changes)
    command = statement.command
    fixer = call_set_config if command.parameters and not command.by_function else FIXES[command.effect]
    return source, statement, fixer(statement, source)


REPAIRED = """
    c.execute(text("SET statement_timeout = '5s'"))
    # becomes
    c.execute(text("SET LOCAL statement_timeout = '5s'"))

    c.execute(text('set session work_mem to 100'))
    # becomes
    c.execute(text('set local work_mem to 100'))

    c.execute('''-- why
        SET SESSION
            work_mem = 1
    ''')
    # becomes
    c.execute('''-- why
        SET LOCAL
            work_mem = 1
    ''')

    c.execute('''
        CREATE TEMP TABLE t (
            a int
        )
    ''')
    # becomes
    c.execute('''
        CREATE TEMP TABLE t (
            a int
        ) ON COMMIT DROP
    ''')

    c.execute('''
        CREATE TEMP TABLE t (a)
        AS SELECT 1
    ''')
    # becomes
    c.execute('''
        CREATE TEMP TABLE t (a)
        ON COMMIT DROP
        AS SELECT 1
    ''')

    c.execute(text("SELECT set_config('app.t', :t, false), 1"))
    # becomes
    c.execute(text("SELECT set_config('app.t', :t, true), 1"))

    c.execute(text("SELECT set_config('app.t', :t, FALSE)"))
    # becomes
    c.execute(text("SELECT set_config('app.t', :t, TRUE)"))

    c.execute(text("SELECT set_config('app.t', :t, 'off'::boolean)"))
    # becomes
    c.execute(text("SELECT set_config('app.t', :t, 'on'::boolean)"))

    c.execute(text("SELECT set_config('app.t', 'f', 'f')"))
    # becomes
    c.execute(text("SELECT set_config('app.t', 'f', 't')"))

    c.execute(text("SET ROLE app"))
    # becomes
    c.execute(text("SET LOCAL ROLE app"))

    c.execute(text("SET SESSION ROLE 'app'"))
    # becomes
    c.execute(text("SET LOCAL ROLE 'app'"))

    c.execute(text("SET SESSION AUTHORIZATION app"))
    # becomes
    c.execute(text("SET LOCAL SESSION AUTHORIZATION app"))

    c.execute(text("CREATE TEMP TABLE t (a int)"))
    # becomes
    c.execute(text("CREATE TEMP TABLE t (a int) ON COMMIT DROP"))

    c.execute(text("create temp table t (a int); "))
    # becomes
    c.execute(text("create temp table t (a int) on commit drop; "))

    c.execute(text("CREATE TEMP TABLE t AS SELECT 1"))
    # becomes
    c.execute(text("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1"))

    c.execute(text("CREATE TEMP TABLE t (a int) TABLESPACE fast"))
    # becomes
    c.execute(text("CREATE TEMP TABLE t (a int) ON COMMIT DROP TABLESPACE fast"))

    c.execute(text('CREATE TEMPORARY TABLE IF NOT EXISTS t (LIKE s) -- copy'))
    # becomes
    c.execute(text('CREATE TEMPORARY TABLE IF NOT EXISTS t (LIKE s) ON COMMIT DROP -- copy'))

    c.execute(text("SELECT pg_advisory_lock(1)"))
    # becomes
    c.execute(text("SELECT pg_advisory_xact_lock(1)"))

    c.execute(text("SELECT PG_TRY_ADVISORY_LOCK_SHARED(1, 2)"))
    # becomes
    c.execute(text("SELECT PG_TRY_ADVISORY_XACT_LOCK_SHARED(1, 2)"))

    c.execute(text("SET LOCAL app.t = :t"), {"t": t})
    # becomes
    c.execute(text("SELECT set_config('app.t', :t, true)"), {"t": t})

    c.execute("set app.t to $1", t)
    # becomes
    c.execute("select set_config('app.t', $1, true)", t)

    c.execute(text('SET app.t = :t'))
    # becomes
    c.execute(text('SELECT set_config(\\'app.t\\', :t, true)'))

    c.execute(text('''SET LOCAL ROLE :role'''))
    # becomes
    c.execute(text('''SELECT set_config('role', :role, true)'''))

    c.execute("SET SESSION AUTHORIZATION %s", [r])
    # becomes
    c.execute("SELECT set_config('session_authorization', %s, true)", [r])
"""


@pytest.mark.parametrize(("before", "fixed"), changes(REPAIRED))
def test_repaired(before: str, fixed: str) -> None:
    source, _, fix = fix_in(before)
    assert fix is not None
    assert after(source, fix.edits) == fixed


NO_FIX = """
    text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")

    text("CREATE TEMP VIEW v AS SELECT 1")

    text("CREATE TEMP TABLE t (a int) ON COMMIT PRESERVE ROWS")

    text("SELECT 1 AS a INTO TEMP t")

    text("SET search_path = :a, :b")

    text("SET app.t = 'x' || :t")

    text(r'SET app.t = :t')
"""


@pytest.mark.parametrize("program", programs(NO_FIX))
def test_no_fix(program: str) -> None:
    assert fix_in(f"{program}\n")[2] is None


@pytest.mark.parametrize(
    "sql",
    [
        "SET work_mem = '1GB'",
        "SELECT set_config('work_mem', '1GB', false)",
        "SET ROLE app",
        "CREATE TEMP TABLE t (a int)",
    ],
)
@pytest.mark.parametrize(
    ("known", "applicability"),
    [
        ({"transaction": Transaction.OPEN, "contained": True}, SAFE),
        ({"transaction": Transaction.OPEN}, UNSAFE),
        ({"transaction": Transaction.BEGUN}, UNSAFE),
        # Whoever began the transaction may go on with the connection.
        ({"transaction": Transaction.BEGUN, "contained": True}, UNSAFE),
        ({"transaction": Transaction.BEGUN, "lent": True}, UNSAFE),
        ({"transaction": Transaction.AUTOCOMMIT, "contained": True}, None),
        ({"transaction": Transaction.NONE, "contained": True}, None),
        ({"transaction": Transaction.UNKNOWN}, None),
        ({"transaction": Transaction.BEGUN, "listener": "checkout"}, None),
        ({"transaction": Transaction.OPEN, "contained": True, "listener": "begin"}, SAFE),
        ({"transaction": Transaction.OPEN, "contained": True, "edit": None}, None),
    ],
)
def test_safe_only_where_the_end_of_the_transaction_is_seen(
    sql: str, known: dict[str, Any], applicability: Applicability | None
) -> None:
    fix = fix_in(f'text("{sql}")\n', **known)[2]
    assert (None if fix is None else fix.applicability) is applicability


@pytest.mark.parametrize(
    ("sql", "known", "applicability"),
    [
        ("SET LOCAL app.t = :t", {"text_parameter": True}, SAFE),
        ("SET LOCAL app.t = :t", {"text_parameter": True, "transaction": Transaction.UNKNOWN}, SAFE),
        ("SET LOCAL ROLE :t", {"text_parameter": True}, SAFE),
        # A number would be refused.
        ("SET LOCAL app.t = :t", {}, UNSAFE),
        # It was meant for longer.
        ("SET app.t = :t", {"text_parameter": True, "contained": True}, UNSAFE),
        # It would have no effect.
        ("SET LOCAL app.t = :t", {"text_parameter": True, "transaction": Transaction.AUTOCOMMIT}, None),
        ("SET app.t = :t", {"transaction": Transaction.NONE}, None),
        ("SET LOCAL app.t = :t", {"command_span": None}, None),
    ],
)
def test_a_parameter_is_safe_if_it_is_text(
    sql: str, known: dict[str, Any], applicability: Applicability | None
) -> None:
    fix = fix_in(f'text("{sql}")\n', **known)[2]
    assert (None if fix is None else fix.applicability) is applicability


@pytest.mark.parametrize(
    ("written", "fixed"),
    [
        ("False", "True"),
        ("literal(False)", "literal(True)"),
        ("sqlalchemy.false()", "sqlalchemy.true()"),
        ("false()", "True"),
        ("local", None),
    ],
)
def test_an_argument_in_python(written: str, fixed: str | None) -> None:
    text = f'func.set_config("app.t", t, {written})\n'
    start = text.index(written)
    _, sql = session_statement_in("text(\"SELECT set_config('app.t', 't', false)\")\n")
    edit = (start, start + len(written))
    source, _ = session_statement_in('x("SET a.b = 1")\n')
    source = source.with_text(text)
    fix = make_local(
        session_statement_in('x("SET a.b = 1")\n', command=sql.command, edit=edit, in_python=True)[1], source
    )
    assert (None if fix is None else after(source, fix.edits)) == (
        None if fixed is None else text.replace(written, fixed)
    )


LOCKED = """\
async def work(c):
    await c.execute(text("SELECT pg_advisory_lock(1)"))
    try:
        await c.execute(q)
        await unlock(c)
    finally:
        await unlock(c)
"""


def test_the_release_goes_with_the_lock() -> None:
    first = LOCKED.index("await unlock")
    second = LOCKED.index("await unlock", first + 1)
    spans = ((first, first + len("await unlock(c)")), (second, second + len("await unlock(c)")))
    source, statement = session_statement_in(LOCKED, undone_late=True, releases=spans)
    fix = take_transaction_lock(statement, source)
    assert fix is not None
    assert fix.applicability is UNSAFE
    assert fix.message == "Use a transaction-level lock, and remove the unlock"
    assert after(source, fix.edits) == LOCKED.replace("advisory_lock", "advisory_xact_lock").replace(
        "        await c.execute(q)\n        await unlock(c)\n", "        await c.execute(q)\n"
    ).replace("await unlock(c)", "pass")


@pytest.mark.parametrize(
    "known",
    [
        {"undone_late": True},
        {"transaction": Transaction.AUTOCOMMIT},
        {"transaction": Transaction.NONE},
        {"transaction": Transaction.UNKNOWN},
        {"edit": None},
        {"edit": (0, 4)},
        # Two statements on one line, as far as one can see.
        {"releases": ((LOCKED.index("execute(q)"), LOCKED.index("execute(q)") + 10),)},
    ],
)
def test_a_lock_that_is_not_understood_is_left_alone(known: dict[str, Any]) -> None:
    source, statement = session_statement_in(LOCKED, **known)
    assert take_transaction_lock(statement, source) is None
