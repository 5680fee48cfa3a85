"""The report of an examination: for people, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from poolsafe.doctor import advice
from poolsafe.doctor.advice import UPGRADE, engine_call
from poolsafe.doctor.diagnosis import WORDS, Between, how, lost
from poolsafe.doctor.probes import (
    cache_configurations,
    leftover_state,
    named_statements,
    recommended_configuration,
    server_identity,
    server_settings,
    transaction_pooling,
)
from poolsafe.doctor.probes.named_statements import Carried
from poolsafe.doctor.probes.transaction_pooling import Movement
from poolsafe.doctor.workload import WRONG, Outcome
from poolsafe.facts.deployment import older_than, shown
from poolsafe.facts.pooler import Fate
from poolsafe.reports import documents
from poolsafe.reports.style import Style, clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolsafe.doctor.examination import Examination

# The width of a report that is not printed on a terminal.
_WIDTH = 100
_MARGIN = "  "
_FATES = {
    Fate.CARRIED: "applied",
    Fate.DROPPED: "dropped: connecting works, but the value has no effect",
    Fate.REFUSED: "rejected",
    Fate.UNKNOWN: "unknown: the server does not report it",
}
_MOVEMENTS = {
    Movement.MOVES: "clients share server connections, and each transaction may use a different one",
    Movement.STAYS: "each client keeps its server connection",
    Movement.NO_TRANSACTIONS: "rejected",
}
_CARRIED = {
    Carried.YES: "supported",
    Carried.NO: "not supported",
    Carried.PINNED: "supported, but the client then keeps its server connection",
    Carried.INHERITED: "supported, but they remain on the server connection for the next client",
    Carried.UNKNOWN: "unknown",
}


def for_people(found: Examination, style: Style) -> Iterator[str]:
    """Yields the lines of the report, each with its line end."""
    report = _Report(found, style)
    yield from (f"{line}\n" for line in report.lines())


class _Report:
    def __init__(self, found: Examination, style: Style) -> None:
        self._found = found
        self._style = style
        self._width = min(style.width or _WIDTH, _WIDTH)

    def lines(self) -> Iterator[str]:
        found = self._found
        yield from self._head()
        if found.seen is not None:
            yield from self._probes()
        yield from self._verdict()
        for what in found.left:
            yield from self._wrapped(f"Could not be removed from the server: {what}.", "")
        for problem in found.problems:
            yield from self._wrapped(f"Not finished: {problem}.", "")
        if found.stopped:
            yield f"Stopped: {self._safe(found.stopped)}."

    def _head(self) -> Iterator[str]:
        target = self._found.target
        database = f", database {target.database}" if target.database else ""
        user = f", as {target.user}" if target.user else ""
        yield self._safe(f"Examined {target.address}{database}{user}")
        if target.other_hosts:
            yield from self._wrapped("The URL names several hosts; only the first one was checked.", "")
        if target.left_out:
            names = ", ".join(target.left_out)
            yield from self._wrapped(f"These parameters of the URL were not sent: {names}.", "")
        yield ""

    def _probes(self) -> Iterator[str]:
        found, seen = self._found, self._found.seen
        assert seen is not None
        limits = ", ".join(f"{name} = {setting}" for name, setting in seen.identity.limits)
        yield from self._section(
            server_identity.TITLE,
            f"PostgreSQL {seen.identity.version}",
            server_identity.EXPLANATION,
            [
                how(seen),
                f"PostgreSQL's idle timeouts: {limits or 'none'}; a pooler's own timeouts cannot be read",
            ],
        )
        movement = _MOVEMENTS[seen.pooling.movement]
        yield from self._section(
            transaction_pooling.TITLE, movement, transaction_pooling.EXPLANATION, [seen.pooling.proof]
        )
        yield from self._section(
            named_statements.TITLE,
            _CARRIED[seen.naming.carried],
            named_statements.EXPLANATION,
            [seen.naming.proof],
        )
        if found.trial is not None:
            explanation = recommended_configuration.EXPLANATION
            yield from self._section(
                recommended_configuration.TITLE, _figures(found.trial), explanation, [found.trial.example]
            )
        if seen.parameters is not None:
            rows = [
                f"{each.name}: {_FATES[each.fate]}" + (f" ({each.reason})" if each.reason else "")
                for each in seen.parameters
            ]
            yield from self._table(server_settings.TITLE, server_settings.EXPLANATION, rows)
        yield from self._state()

    def _state(self) -> Iterator[str]:
        found = self._found
        if found.configurations is not None:
            rows = [f"{each.title}: {_figures(outcome)}" for each, outcome in found.configurations]
            yield from self._table(cache_configurations.TITLE, cache_configurations.EXPLANATION, rows)
        if found.state is not None:
            rows = [f"{fate.name}: {_fate(fate)}" for fate in found.state]
            if found.notifications is not None:
                arrive = "arrive" if found.notifications else "do not arrive, and no error is raised"
                rows.append(f"notifications: {arrive}")
            yield from self._table(leftover_state.TITLE, leftover_state.EXPLANATION, rows)

    def _section(self, title: str, answer: str, explanation: str, details: list[str]) -> Iterator[str]:
        yield f"{self._style.paint(title, 'path')}: {self._safe(answer)}"
        for detail in filter(None, details):
            yield from self._wrapped(f"{detail[0].upper()}{detail[1:]}.", _MARGIN)
        yield from self._wrapped(f"Test: {explanation}.", _MARGIN)
        yield ""

    def _table(self, title: str, explanation: str, rows: list[str]) -> Iterator[str]:
        yield self._style.paint(title, "path")
        for row in rows:
            yield from self._wrapped(row, _MARGIN)
        yield from self._wrapped(f"Test: {explanation}.", _MARGIN)
        yield ""

    def _verdict(self) -> Iterator[str]:
        found = self._found
        if found.between is None:
            return
        yield f"{self._style.paint('Verdict', 'help')}: {found.between.value}"
        yield from self._wrapped(WORDS[found.between], _MARGIN)
        yield ""
        yield from self._options()
        yield from self._lost_parameters()
        yield "To configure the linter, add this to pyproject.toml, or use `--write-config`:"
        yield from (f"{_MARGIN}{_MARGIN}{line}" for line in settings_lines(found.settings))
        if found.recommended != advice.DEFAULT:
            yield "Then `poolsafe` lists the code to change, and `poolsafe --apply` makes the safe changes."

    def _options(self) -> Iterator[str]:
        found = self._found
        assert found.between is not None
        versions = _versions(found)
        if found.recommended is None:
            yield f"With {versions}, no options work here. Use {UPGRADE}."
        elif found.trial is not None and found.trial.failed:
            yield from self._wrapped(f"With {versions}, these options were tried, but queries failed:", "")
        else:
            yield from self._wrapped(f"Use this with {versions} ({self._basis()}):", "")
        if found.recommended is not None:
            yield f"{_MARGIN}{_MARGIN}{engine_call(found.recommended, found.between)}"
            yield "Or, for asyncpg without SQLAlchemy:"
            yield f"{_MARGIN}{_MARGIN}{advice.asyncpg_call(found.recommended)}"
            if found.recommended.statement_zero and older_than(found.versions["asyncpg"], (0, 31)):
                yield from self._wrapped(f"prepare(), cursor() and copy_records_to_table() need {UPGRADE}", _MARGIN * 2)
        yield ""

    def _basis(self) -> str:
        """Returns the basis of the advice."""
        if self._found.trial is None:
            is_default = self._found.recommended == advice.DEFAULT
            return "asyncpg's defaults, as the probe above shows" if is_default else "not tried"
        return "tried above" if self._found.versions["sqlalchemy"] is not None else "tried above, with asyncpg alone"

    def _lost_parameters(self) -> Iterator[str]:
        seen = self._found.seen
        names = ", ".join(lost(seen)) if seen is not None else ""
        if names:
            advised = "use `ALTER ROLE ... SET`, or `SET LOCAL` in the transaction"
            yield from self._wrapped(f"These startup parameters do not reach the server: {names}.", "")
            yield from self._wrapped(f"Leave them out of asyncpg's `server_settings`, and {advised}.", _MARGIN)
            yield ""

    def _wrapped(self, text: str, margin: str) -> Iterator[str]:
        # A line never begins with a word that a CI runner would read as a command.
        style = Style(width=self._width)
        first, _, rest = self._safe(text).partition(" ")
        head = margin + first
        yield from style.wrap(head, head, rest, margin) if rest else (head,)

    def _safe(self, text: str) -> str:
        """Returns a text from a server or a URL in a form that is safe to print."""
        return clean(self._found.target.without_secrets(text))


def settings_lines(settings: dict[str, str | int]) -> list[str]:
    """Returns the table of the configuration."""
    lines = ["[tool.poolsafe]"]
    for key, value in settings.items():
        remark = advice.REMARKS.get((key, value))
        lines.append(f"{key} = {json.dumps(value)}" + (f"  # {remark}" if remark else ""))
    return lines


def as_json(found: Examination, code: int) -> str:
    """Returns the report as one JSON object. Results that were not reached are null."""
    seen, target = found.seen, found.target
    content: dict[str, Any] = {
        "target": {"host": target.host, "port": target.port, "user": target.user, "database": target.database},
        "class": found.between.value if found.between is not None else None,
        "verdict": WORDS[found.between] if found.between is not None else None,
        "versions": {name: shown(version) or None for name, version in found.versions.items()},
        "server": None,
        "transactions": None,
        "named_statements": None,
        "startup_parameters": None,
        "trial": _outcome(found.trial),
        "configurations": _configurations(found),
        "session_state": _session_state(found),
        "notifications_arrive": found.notifications,
        "connect_args": found.recommended.connect_args() if found.recommended is not None else None,
        "isolation_level": "AUTOCOMMIT" if found.between is Between.STATEMENT else None,
        "configuration": found.settings if found.between is not None else None,
        "left_behind": list(found.left),
        "problems": found.problems,
        "stopped": found.stopped or None,
        "error": found.error or None,
        "exit_code": code,
    }
    if seen is not None:
        content["server"] = {
            "version": seen.identity.version,
            "reached": how(seen),
            "limits": dict(seen.identity.limits),
            "pgpool": seen.identity.pgpool,
        }
        content["transactions"] = {"result": seen.pooling.movement.value, "proof": seen.pooling.proof}
        content["named_statements"] = {"result": seen.naming.carried.value, "proof": seen.naming.proof}
        if seen.parameters is not None:
            content["startup_parameters"] = {
                each.name: {"result": _FATES[each.fate].partition(":")[0], "reason": each.reason or None}
                for each in seen.parameters
            }
    return documents.as_json(_without_secrets(content, found)) + "\n"


def _without_secrets(content: Any, found: Examination) -> Any:
    match content:
        case str():
            return found.target.without_secrets(content)
        case dict():
            return {key: _without_secrets(item, found) for key, item in content.items()}
        case list():
            return [_without_secrets(item, found) for item in content]
    return content


def _outcome(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {"attempts": outcome.attempts, "failures": outcome.failures, "example": outcome.example or None}


def _configurations(found: Examination) -> list[dict[str, Any]] | None:
    if found.configurations is None:
        return None
    return [
        {"connect_args": each.connect_args(), **(_outcome(outcome) or {})} for each, outcome in found.configurations
    ]


def _session_state(found: Examination) -> dict[str, Any] | None:
    if found.state is None:
        return None
    return {
        fate.name: {"leaks": fate.leaks, "kept": fate.kept, "problem": fate.problem or None} for fate in found.state
    }


def _figures(outcome: Outcome) -> str:
    if not outcome.failed:
        return f"0 of {outcome.attempts} queries failed"
    wrong = outcome.failures.get(WRONG, 0)
    names = ", ".join(f"{name} {count}" for name, count in outcome.failures.items() if name != WRONG)
    figures = f"{outcome.failed} of {outcome.attempts} queries failed"
    if wrong:
        figures += f", {wrong} of them silently, with another client's rows"
    return f"{figures} ({names})" if names else figures


def _fate(fate: leftover_state.StateFate) -> str:
    if fate.problem:
        return f"could not be tried: {fate.problem}"
    words = {True: "the next client on that server inherits it", False: "no other client inherits it", None: ""}
    kept = {True: "its owner keeps it", False: "its owner loses it on other servers", None: ""}
    return "; ".join(filter(None, (words[fate.leaks], kept[fate.kept]))) or "unknown"


def _versions(found: Examination) -> str:
    names = {"asyncpg": "asyncpg", "sqlalchemy": "SQLAlchemy"}
    known = [f"{names[name]} {shown(version)}" for name, version in found.versions.items() if version is not None]
    return " and ".join(known)
