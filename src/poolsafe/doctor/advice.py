"""The advice: options for the installed versions, from the linter's own verdict table, and the linter's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poolsafe.doctor.diagnosis import Between
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.engine import NameFunction, SizeState
from poolsafe.facts.pooler import PoolerClass
from poolsafe.records import frozen
from poolsafe.verdicts import States, verdicts

if TYPE_CHECKING:
    from collections.abc import Collection

    from poolsafe.facts.deployment import Version

STATEMENT_SIZE = "statement_cache_size"
PREPARED_SIZE = "prepared_statement_cache_size"
NAME_FUNCTION = "prepared_statement_name_func"
UPGRADE = "asyncpg >= 0.31"


@frozen
class Configuration:
    """Client settings to try: sizes that are 0 or left out, and how statements are named."""

    title: str
    statement_zero: bool = False
    prepared_zero: bool = False
    name: NameFunction = NameFunction.ABSENT

    def states(self, *, autocommit: bool) -> States:
        """Returns the settings in the form of the linter's table."""
        statement, prepared = (
            SizeState.ZERO if zero else SizeState.ABSENT for zero in (self.statement_zero, self.prepared_zero)
        )
        return States(statement, prepared, self.name, autocommit)

    def connect_args(self) -> dict[str, Any]:
        """Returns `connect_args` for SQLAlchemy, with a name function as its source."""
        said: dict[str, Any] = {}
        if self.statement_zero:
            said[STATEMENT_SIZE] = 0
        if self.prepared_zero:
            said[PREPARED_SIZE] = 0
        if self.name is NameFunction.EMPTY:
            said[NAME_FUNCTION] = 'lambda: ""'
        if self.name is NameFunction.UNIQUE:
            said[NAME_FUNCTION] = 'lambda: f"__asyncpg_{uuid4()}__"'
        return said


DEFAULT = Configuration("no options")
ONE_ZERO = Configuration("statement_cache_size=0", statement_zero=True)
OTHER_ZERO = Configuration("prepared_statement_cache_size=0", prepared_zero=True)
BOTH_ZERO = Configuration("both sizes 0", statement_zero=True, prepared_zero=True)
EMPTY_NAME = Configuration("both sizes 0, empty name", statement_zero=True, prepared_zero=True, name=NameFunction.EMPTY)
UNIQUE_NAME = Configuration(
    "both sizes 0, unique names", statement_zero=True, prepared_zero=True, name=NameFunction.UNIQUE
)
# The simplest first. The linter's own fixes are among them.
_CANDIDATES = (DEFAULT, BOTH_ZERO, EMPTY_NAME)
ALL = (DEFAULT, ONE_ZERO, OTHER_ZERO, BOTH_ZERO, EMPTY_NAME, UNIQUE_NAME)

_MODES = {
    Between.DIRECT: PoolMode.NONE,
    Between.SESSION: PoolMode.SESSION,
    # Names that other clients also see fail as in transaction mode.
    Between.INHERITS: PoolMode.TRANSACTION,
    Between.PINS: PoolMode.SESSION,
    Between.BREAKS: PoolMode.TRANSACTION,
    Between.CARRIES: PoolMode.TRANSACTION,
    Between.UNKNOWN: PoolMode.TRANSACTION,
    Between.STATEMENT: PoolMode.STATEMENT,
}
# A client cannot read PgBouncer's max_prepared_statements. Any number except 0 means support for statements.
NUMBER = "max-prepared-statements"
_CARRIED = 1
# Verdicts that the linter knows by a name, because no mode expresses them.
_NAMES = {Between.INHERITS: Between.INHERITS.value}
_PGPOOL = "pgpool"
_NUMBERS = {Between.BREAKS: 0, Between.INHERITS: 0, Between.CARRIES: _CARRIED}
REMARKS: dict[tuple[str, str | int], str] = {(NUMBER, _CARRIED): "or more: the pooler's number cannot be read"}


def settings(
    between: Between, host: str = "", port: int = 0, database: str = "", *, pgpool: bool = False
) -> dict[str, str | int]:
    """Returns the keys of `[tool.poolsafe]` that pass the result to the linter.

    pgpool-II is set by its name. So is a provider in the catalogue with this address, if the catalogue agrees with the
    verdict.
    """
    name = _NAMES.get(between) or _provider(between, host, port, database)
    if pgpool and between is Between.SESSION:
        # Unlike PgBouncer, it applies every startup parameter.
        name = _PGPOOL
    if name:
        return {"pooler": name}
    found: dict[str, str | int] = {"pooler": _MODES[between].value}
    if between in _NUMBERS:
        found[NUMBER] = _NUMBERS[between]
    return found


def recommended(
    between: Between,
    asyncpg: Version | None,
    sqlalchemy: Version | None,
    failed: Collection[Configuration] = (),
) -> Configuration | None:
    """Returns the simplest configuration that the linter accepts, except those that `failed` on the server, or None."""
    autocommit = between is Between.STATEMENT
    deployment = Deployment(
        pooler=_MODES[between],
        max_prepared_statements=_NUMBERS.get(between),
        asyncpg=asyncpg,
        sqlalchemy=sqlalchemy,
    )
    for candidate in _CANDIDATES:
        if candidate not in failed and not verdicts(candidate.states(autocommit=autocommit), deployment):
            return candidate
    return None


def engine_call(configuration: Configuration, between: Between) -> str:
    """Returns the call to `create_async_engine` to write."""
    said = configuration.connect_args()
    words = ["url"]
    if between is Between.STATEMENT:
        words.append('isolation_level="AUTOCOMMIT"')
    if said:
        items = ", ".join(f'"{key}": {item}' for key, item in said.items())
        words.append(f"connect_args={{{items}}}")
    return f"create_async_engine({', '.join(words)})"


def asyncpg_call(configuration: Configuration) -> str:
    """Returns the call to `asyncpg.connect` to write."""
    return f"asyncpg.connect(url{', statement_cache_size=0' if configuration.statement_zero else ''})"


def _provider(between: Between, host: str, port: int, database: str) -> str:
    if not host:
        return ""
    from poolsafe.deployment.providers.catalogue import of_server
    from poolsafe.facts.servers import Server

    row = of_server(Server(host, str(port), database))
    same = {
        Between.SESSION: PoolerClass.SESSION,
        Between.BREAKS: PoolerClass.BREAKS,
        Between.CARRIES: PoolerClass.CARRIES,
        Between.PINS: PoolerClass.PINS,
    }
    return row.name if row is not None and same.get(between) is row.kind else ""
