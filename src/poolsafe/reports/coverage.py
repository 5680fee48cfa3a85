"""What a run has checked and what it could not judge."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolsafe.reports.diagnostic import Note


class Coverage:
    """The numbers of one run.

    `files` is the number of files searched, `engines` and `connections` are the numbers that they create, and
    `unjudged` is the number of calls that could not be judged. `notifications` are the places of these calls, for
    formats that support them. `complete` is False if a file or a path could not be checked.
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
