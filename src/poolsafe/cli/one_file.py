"""Reads and checks one file with a needle. Only then is LibCST imported."""

from __future__ import annotations

from poolsafe import reading
from poolsafe.cli.task import Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolsafe.cli.outcome import Outcome
    from poolsafe.config.resolver import Resolver

# The file's name in reports, and its real path: absolute, without links.
Place = tuple[str, str]


class Unreadable:
    """A file that could not be read, and why."""

    __slots__ = ("path", "reason")

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason


def examine_path(place: Place, resolver: Resolver, task: Task) -> Outcome | Unreadable:
    """Reads again a file in which a needle was found, and returns its outcome."""
    from poolsafe.cli.examine import examine, refuse

    path, real = place
    settings = resolver.for_file(path)
    try:
        try:
            raw = reading.read_real(real, settings.largest(path))
        except reading.TooLargeError:
            return refuse(path, reading.head(real), settings, task)
    except OSError as error:
        return Unreadable(path, error.strerror or str(error))
    return examine(path, raw, settings, task, real)
