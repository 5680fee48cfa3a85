"""The fixes of engines: their output, and that both cache sizes are 0 in connect_args afterwards."""

# ruff: noqa: E501 - a repaired call stands in one line

import re
from typing import Any

import pytest
from blocks import changes
from by_hand import PREPARED, STATEMENT, after, engine_in, size

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import (
    ConnectArgs,
    ConnectArgsForm,
    Driver,
    Misplaced,
    MisplacedWhere,
    PrePing,
    SizeState,
)
from poolsafe.findings import Applicability, Fix
from poolsafe.fixes.engine_fixes import disable_caches, enable_pre_ping, move_misplaced

BOTH = '{"statement_cache_size": 0, "prepared_statement_cache_size": 0}'


def engine_calls(text: str, **names: Any) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    seen: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def create_async_engine(*positional: Any, **keywords: Any) -> None:
        seen.append((positional, keywords))

    exec(compile(text, "db.py", "exec"), {"create_async_engine": create_async_engine, **names})
    return seen


def check_disabled(before: str, fixed: str, **names: Any) -> None:
    """Checks that both sizes are 0, and that all other arguments are unchanged."""
    ((positional, given),) = engine_calls(before, **names)
    ((positional_now, now),) = engine_calls(fixed, **names)
    assert positional_now == positional
    wanted = {**(given.get("connect_args") or {}), STATEMENT: 0, PREPARED: 0}
    assert now.pop("connect_args") == wanted
    assert now == {key: value for key, value in given.items() if key not in ("connect_args", STATEMENT, PREPARED)}


MISSING = """
    create_async_engine(URL)
    # becomes
    create_async_engine(URL, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0})

    create_async_engine('u')
    # becomes
    create_async_engine('u', connect_args={'statement_cache_size': 0, 'prepared_statement_cache_size': 0})

    create_async_engine(
        URL,
        echo=True,  # loud
    )
    # becomes
    create_async_engine(
        URL,
        echo=True,  # loud
        connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    )

    create_async_engine(url=URL)
    # becomes
    create_async_engine(url=URL, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0})

    create_async_engine(URL, connect_args={})
    # becomes
    create_async_engine(URL, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0})

    create_async_engine(URL, connect_args={"ssl": 1})
    # becomes
    create_async_engine(URL, connect_args={"ssl": 1, "statement_cache_size": 0, "prepared_statement_cache_size": 0})

    create_async_engine(
        URL,
        connect_args={
            'ssl': 1,  # c
        },
    )
    # becomes
    create_async_engine(
        URL,
        connect_args={
            'ssl': 1,  # c
            'statement_cache_size': 0,
            'prepared_statement_cache_size': 0,
        },
    )

    create_async_engine(URL, connect_args=ARGS)
    # becomes
    create_async_engine(URL, connect_args={**ARGS, "statement_cache_size": 0, "prepared_statement_cache_size": 0})

    create_async_engine(URL, connect_args=dict(ssl=1))
    # becomes
    create_async_engine(URL, connect_args={**dict(ssl=1), "statement_cache_size": 0, "prepared_statement_cache_size": 0})

    create_async_engine(URL, connect_args=ARGS if URL else {})
    # becomes
    create_async_engine(URL, connect_args={**(ARGS if URL else {}), "statement_cache_size": 0, "prepared_statement_cache_size": 0})

    create_async_engine(connect_args=ARGS, url=URL)
    # becomes
    create_async_engine(connect_args={**ARGS, "statement_cache_size": 0, "prepared_statement_cache_size": 0}, url=URL)
"""


@pytest.mark.parametrize(("before", "expected"), changes(MISSING))
def test_missing(before: str, expected: str) -> None:
    source, engine = engine_in(before)
    fix = disable_caches(engine, source, Deployment())
    assert fix is not None
    assert fix.applicability is Applicability.SAFE
    assert fix.message == "Add `statement_cache_size=0` and `prepared_statement_cache_size=0` to `connect_args`"
    assert after(source, fix.edits) == expected
    check_disabled(before, expected, URL="u", ARGS={"timeout": 1})


def test_connect_args_that_may_be_none() -> None:
    text = "create_async_engine(URL, connect_args=ARGS)\n"
    source, engine = engine_in(text)
    start = text.index("ARGS")
    given = ConnectArgs(ConnectArgsForm.EXPRESSION, (start, start + 4), None, may_be_none=True)
    _, engine = engine_in(text, connect_args=given)
    fix = disable_caches(engine, source, Deployment())
    assert fix is not None
    fixed = after(source, fix.edits)
    assert fixed == f"create_async_engine(URL, connect_args={{**(ARGS or {{}}), {BOTH[1:]})\n"
    check_disabled(text, fixed, URL="u", ARGS=None)
    check_disabled(text, fixed, URL="u", ARGS={"ssl": 1})


def literal(text: str, written: str) -> tuple[tuple[int, int], ...]:
    return ((text.index(written), text.index(written) + len(written)),)


STATES = [
    # In the display: set what is written, add what is not.
    ('{"statement_cache_size": 0}', SizeState.ZERO, SizeState.ABSENT, BOTH, "Add `prepared_statement_cache_size=0`"),
    ('{"statement_cache_size": 100}', SizeState.POSITIVE, SizeState.ABSENT, BOTH, "Add `prepared_statement_cache"),
    (
        '{"statement_cache_size": None, "prepared_statement_cache_size": 0}',
        SizeState.INVALID,
        SizeState.ZERO,
        BOTH,
        "Set `statement_cache_size=0`",
    ),
    (
        '{"statement_cache_size": 5, "prepared_statement_cache_size": 5}',
        SizeState.POSITIVE,
        SizeState.POSITIVE,
        BOTH,
        "Set `statement_cache_size=0` and `prepared_statement_cache_size=0`",
    ),
    (
        '{"statement_cache_size": 7, **ARGS}',
        SizeState.POSITIVE,
        SizeState.ZERO,
        '{"statement_cache_size": 7, **ARGS, "statement_cache_size": 0}',
        "Set `statement_cache_size=0`",
    ),
    (
        '{**ARGS, "prepared_statement_cache_size": SIZE}',
        SizeState.ABSENT,
        SizeState.POSITIVE,
        '{**ARGS, "prepared_statement_cache_size": 0, "statement_cache_size": 0}',
        "Add `statement_cache_size=0` to `connect_args`, and set `prepared_statement_cache_size=0`",
    ),
]


@pytest.mark.parametrize(("written", "statement", "prepared", "expected", "message"), STATES)
def test_states_in_a_display(
    written: str, statement: SizeState, prepared: SizeState, expected: str, message: str
) -> None:
    before = f"create_async_engine(URL, connect_args={written})\n"
    source, engine = engine_in(before, statement=size(STATEMENT, statement), prepared=size(PREPARED, prepared))
    fix = disable_caches(engine, source, Deployment())
    assert fix is not None
    assert fix.message.startswith(message)
    fixed = after(source, fix.edits)
    assert fixed == f"create_async_engine(URL, connect_args={expected})\n"
    check_disabled(before, fixed, URL="u", ARGS={PREPARED: 0}, SIZE=9)


def test_literals_are_replaced_where_they_stand() -> None:
    text = (
        'ARGS = {"statement_cache_size": 100, "prepared_statement_cache_size": 7}\ncreate_async_engine(URL, **OTHER)\n'
    )
    source, engine = engine_in(
        text,
        ConnectArgsForm.SPREAD,
        statement=size(STATEMENT, SizeState.POSITIVE, literal(text, "100")),
        prepared=size(PREPARED, SizeState.POSITIVE, literal(text, "7")),
    )
    fix = disable_caches(engine, source, Deployment())
    assert fix is not None
    fixed = after(source, fix.edits)
    assert fixed == text.replace("100", "0").replace("7", "0")


def test_a_value_with_a_comment_in_it_is_left_alone() -> None:
    text = 'create_async_engine(URL, connect_args={"statement_cache_size": f(  # why\n 1)})\n'
    source, engine = engine_in(text, statement=size(STATEMENT, SizeState.POSITIVE))
    assert disable_caches(engine, source, Deployment()) is None


NOT_HERE = [
    ("create_async_engine(URL, **OPTIONS)", ConnectArgsForm.SPREAD),
    ("create_async_engine(*ARGS)", ConnectArgsForm.FIXED),
    ("print(f'{create_async_engine(URL)}')", ConnectArgsForm.ABSENT),
]


@pytest.mark.parametrize(("text", "form"), NOT_HERE)
def test_no_fix(text: str, form: ConnectArgsForm) -> None:
    source, engine = engine_in(text + "\n", form)
    assert disable_caches(engine, source, Deployment()) is None


def test_no_fix_beside_a_creator() -> None:
    source, engine = engine_in("create_async_engine(URL, async_creator=f)\n", creator="async_creator")
    assert disable_caches(engine, source, Deployment()) is None


def test_nothing_to_do() -> None:
    zero: dict[str, Any] = {
        "statement": size(STATEMENT, SizeState.ZERO),
        "prepared": size(PREPARED, SizeState.ZERO),
    }
    source, engine = engine_in("create_async_engine(URL)\n", **zero)
    assert disable_caches(engine, source, Deployment()) is None
    assert move_misplaced(engine, source, Deployment()) is None


UNSAFE: list[tuple[dict[str, Any], str]] = [
    ({"driver_everywhere": False}, "the environment or a caller may bring another driver"),
    ({"driver": Driver.UNKNOWN, "driver_everywhere": False}, "the driver is not known"),
    ({"statement": size(STATEMENT, SizeState.CONDITIONAL)}, "a size is 0 on some paths only"),
    ({"prepared": size(PREPARED, SizeState.UNKNOWN)}, "the other size may still be missing"),
]


@pytest.mark.parametrize(("changes", "doubt"), UNSAFE)
def test_unsafe(changes: dict[str, Any], doubt: str) -> None:
    source, engine = engine_in("create_async_engine(URL)\n", **changes)
    fix = disable_caches(engine, source, Deployment())
    assert fix is not None
    assert (fix.applicability, fix.doubt) == (Applicability.UNSAFE, doubt)


def moving(text: str, *keys: str, value: str = "0", **changes: Any) -> Fix | None:
    """Returns the fix for keys that are misplaced as keywords of the call."""
    source, engine = engine_in(text)
    names = [argument.keyword for argument in engine.layout.call.arguments]
    misplaced = tuple(Misplaced(key, MisplacedWhere.ENGINE_KEYWORD, value, names.index(key)) for key in keys)
    _, engine = engine_in(text, misplaced=misplaced, **changes)
    return move_misplaced(engine, source, Deployment())


MOVED = """
    create_async_engine(URL, statement_cache_size=0)
    # becomes
    create_async_engine(URL, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0})

    create_async_engine(
        URL,
        statement_cache_size=0,  # a
        prepared_statement_cache_size=0,  # b
    )
    # becomes
    create_async_engine(
        URL,
        connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},  # a
        # b
    )

    create_async_engine(prepared_statement_cache_size=0, url=URL, statement_cache_size=0)
    # becomes
    create_async_engine(connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0}, url=URL)

    create_async_engine(URL, connect_args={"ssl": 1}, statement_cache_size=0, prepared_statement_cache_size=0)
    # becomes
    create_async_engine(URL, connect_args={"ssl": 1, "statement_cache_size": 0, "prepared_statement_cache_size": 0})

    create_async_engine(URL, statement_cache_size=0, connect_args=ARGS)
    # becomes
    create_async_engine(URL, connect_args={**ARGS, "statement_cache_size": 0, "prepared_statement_cache_size": 0})

    create_async_engine(URL, connect_args=ARGS, prepared_statement_cache_size=0)
    # becomes
    create_async_engine(URL, connect_args={**ARGS, "statement_cache_size": 0, "prepared_statement_cache_size": 0})
"""


@pytest.mark.parametrize(("before", "expected"), changes(MOVED))
def test_moved(before: str, expected: str) -> None:
    keys = [key for key in (STATEMENT, PREPARED) if re.search(rf"\b{key}=", before)]
    fix = moving(before, *keys)
    assert fix is not None
    assert fix.applicability is Applicability.SAFE
    source, _ = engine_in(before)
    assert after(source, fix.edits) == expected
    assert fix.message.startswith("Move `")
    check_disabled(before, expected, URL="u", ARGS={"timeout": 1})


def test_a_size_that_somebody_wanted_is_moved_unsafely() -> None:
    fix = moving("create_async_engine(URL, statement_cache_size=500)\n", STATEMENT, value="500")
    assert fix is not None
    assert fix.applicability is Applicability.UNSAFE


def test_a_name_function_moves_as_it_is() -> None:
    text = "create_async_engine(URL, prepared_statement_name_func=lambda: name())\n"
    zero: dict[str, Any] = {
        "statement": size(STATEMENT, SizeState.ZERO),
        "prepared": size(PREPARED, SizeState.ZERO),
    }
    fix = moving(text, "prepared_statement_name_func", value="", **zero)
    assert fix is not None
    source, _ = engine_in(text)
    expected = 'create_async_engine(URL, connect_args={"prepared_statement_name_func": lambda: name()})\n'
    assert after(source, fix.edits) == expected


def test_out_of_the_url() -> None:
    text = "create_async_engine('u://h/d?statement_cache_size=0')\n"
    removal = literal(text, "?statement_cache_size=0")[0]
    misplaced = (Misplaced(STATEMENT, MisplacedWhere.URL_QUERY, "0", removal=removal),)
    source, engine = engine_in(text, misplaced=misplaced)
    fix = move_misplaced(engine, source, Deployment())
    assert fix is not None
    fixed = after(source, fix.edits)
    both = BOTH.replace('"', "'")
    assert fixed == f"create_async_engine('u://h/d', connect_args={both})\n"


@pytest.mark.parametrize(
    "misplaced",
    [
        Misplaced(STATEMENT, MisplacedWhere.ENGINE_KEYWORD, "0"),
        Misplaced(STATEMENT, MisplacedWhere.URL_QUERY, "0"),
        Misplaced(STATEMENT, MisplacedWhere.ALEMBIC_KEY, "0"),
        Misplaced(STATEMENT, MisplacedWhere.BESIDE_CREATOR, "0"),
        Misplaced(PREPARED, MisplacedWhere.ASYNCPG_CALL, "0"),
    ],
)
def test_what_cannot_be_taken_away_here_has_no_fix(misplaced: Misplaced) -> None:
    source, engine = engine_in("create_async_engine(URL)\n", misplaced=(misplaced,))
    assert move_misplaced(engine, source, Deployment()) is None
    assert disable_caches(engine, source, Deployment()) is None


PINGED = """
    create_async_engine(URL)
    # becomes
    create_async_engine(URL, pool_pre_ping=True)

    create_async_engine(URL, **OPTIONS)
    # becomes
    create_async_engine(URL, pool_pre_ping=True, **OPTIONS)

    create_async_engine(
        URL,
        echo=True,
    )
    # becomes
    create_async_engine(
        URL,
        echo=True,
        pool_pre_ping=True,
    )
"""


@pytest.mark.parametrize(("before", "expected"), changes(PINGED))
def test_pre_ping(before: str, expected: str) -> None:
    source, engine = engine_in(before)
    fix = enable_pre_ping(engine, source)
    assert fix == Fix("Set `pool_pre_ping=True`", fix.edits if fix else (), Applicability.SAFE)
    assert after(source, fix.edits if fix else None) == expected


@pytest.mark.parametrize("value", ["False", "0", "None"])
def test_disabled_pre_ping_is_replaced_unsafely(value: str) -> None:
    text = f"create_async_engine(URL, pool_pre_ping={value})\n"
    source, engine = engine_in(text, pre_ping=PrePing.FALSE, pre_ping_value=literal(text, value)[0])
    fix = enable_pre_ping(engine, source)
    assert fix is not None
    assert fix.applicability is Applicability.UNSAFE
    assert after(source, fix.edits) == text.replace(value, "True")


def test_what_decides_about_the_ping_is_not_left_without_effect() -> None:
    text = "create_async_engine(URL, pool_pre_ping=settings.ping)\n"
    start = text.index("settings")
    span = (start, start + len("settings.ping"))
    source, engine = engine_in(text, pre_ping=PrePing.FALSE, pre_ping_value=span)
    assert enable_pre_ping(engine, source) is None


@pytest.mark.parametrize("state", [PrePing.TRUE, PrePing.CONDITIONAL, PrePing.UNKNOWN, PrePing.FALSE])
def test_no_pre_ping(state: PrePing) -> None:
    source, engine = engine_in("create_async_engine(URL, **OPTIONS)\n", pre_ping=state)
    assert enable_pre_ping(engine, source) is None
