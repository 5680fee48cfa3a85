"""What a run has looked at and what it could not judge: the part of a report that no finding tells."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolsafe.reports.diagnostic import Note


class Coverage:
    """The numbers of one run.

    `files` is how many were searched, `engines` and `connections` how many they make, and `unjudged` how many calls
    could not be judged.
    `notifications` say so of each, where a format has a place for them. `complete` is False if a file or a path could
    not be looked at.
    """

    __slots__ = ("complete", "connections", "engines", "files", "notifications", "unjudged")

    def __init__(
        self,
        files: int,
        engines: int = 0,
        unjudged: int = 0,
        notifications: Sequence[Note] = (),
        *,
        connections: int = 0,
        complete: bool = True,
    ) -> None:
        self.files = files
        self.engines = engines
        self.connections = connections
        self.unjudged = unjudged
        self.notifications = notifications
        self.complete = complete
