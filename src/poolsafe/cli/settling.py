"""Settles files in which only another driver is possible, before LibCST is imported.

Many projects use SQLAlchemy without asyncpg and psycopg 3. Then a search of the project's bytes answers everything.
"""

from __future__ import annotations

from poolsafe import needles, reading
from poolsafe.checkout.driver_search import search_of
from poolsafe.checkout.roots import root_of
from poolsafe.checkout.second_look import wanted
from poolsafe.cli.outcome import Outcome
from poolsafe.cli.task import REPORT
from poolsafe.deployment.evidence import assumes_asyncpg
from poolsafe.source import Source, UndecodableSource
from poolsafe.suppression.noqa import Suppressions, suppressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolsafe.checkout.second_look import ImportedFiles
    from poolsafe.cli.task import Task
    from poolsafe.config.settings import Settings


def settled(
    path: str, real: str, settings: Settings, task: Task, looked_at: dict[str, ImportedFiles]
) -> Outcome | None:
    """Returns the outcome for a file with a needle in which nothing can be found, or None if it has to be examined.

    The file is read at its real path. Calls for the files of one run share `looked_at`. The checker asks the same
    questions, for other callers and other files.
    """
    root = root_of(path)
    drivers = search_of(root, settings.source_roots)
    if task.mode != REPORT or task.notes or drivers.names_driver(path, b""):
        return None
    try:
        source = Source.decode(path, reading.read_real(real, settings.largest(path)))
    except (OSError, UndecodableSource):
        return None
    if needles.may_hold_suppression(source.code) or assumes_asyncpg(path, root, settings.deployment):
        return None
    found = wanted(path, source.code, root, looked_at)
    if not found or drivers.possible(path, source.code, found):
        return None
    outcome = Outcome(path)
    if not task.ignore_noqa:
        silences = suppressions(source.text)
        outcome.warnings = about_comments(source, silences)
        outcome.lists_codes = silences.lists_codes
    return outcome


def about_comments(source: Source, silences: Suppressions) -> tuple[str, ...]:
    """Returns the warnings about invalid suppression comments of a file."""
    return tuple(f"{source.row_name(bad.row)}: {bad.message}" for bad in silences.malformed)
