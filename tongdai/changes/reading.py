"""`updatedSince`: reading what changed, and later again what changed since.

A reader begins with an instant, reads on by `nextCursor` until that is null, and begins the next time with the
`resumeCursor` of the last response. Nothing is skipped or doubled while others write (changes/store.py).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from tongdai.changes import store
from tongdai.changes.store import Horizon
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput
from tongdai.http import cursor, paging
from tongdai.http.cursor import Reading
from tongdai.http.endpoint import Query, Request

QUERY = Query(
    "updatedSince",
    "Read by `cursor`: what changed since about that instant, then by `resumeCursor` what changed since. Changes up to "
    "a minute older may come too; before an instant longer ago than changes are known, all that there is",
    {"type": "string", "format": "date-time"},
    "2026-03-10T00:00:00Z",
)


class Place(Protocol):
    """How far a reader is; the key of a cursor begins with these."""

    @property
    def database(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def position(self) -> int: ...


P = TypeVar("P", bound=Place)
BEGIN = {"cursor": [cursor.BEGIN]}


def asked_by(query: dict[str, list[str]], others: tuple[str, ...] = ()) -> datetime | None:
    """The instant of `updatedSince`; None: the request has none. InvalidInput together with one of the `others`."""
    since = paging.optional_instant(query, QUERY.name)
    given = [name for name in others if name in query]
    if since is not None and given:
        raise InvalidInput(f"{QUERY.name} cannot be combined with {given[0]}")
    return since


def reading_of(request: Request, query: dict[str, list[str]], kind: Callable[..., P]) -> Reading[P]:
    """The reader of a request with `updatedSince`."""
    reading = cursor.reading_of(request, BEGIN | query, kind)
    assert reading is not None
    return reading


async def begun(
    conn: Connection, reading: Reading[P], since: datetime, place: Callable[[int, int, int], P]
) -> tuple[P, Horizon]:
    """Where a reader is, and what it may be shown; in the transaction that reads on, before it does.

    `place` makes the first one, of a database, a start and a position. InvalidInput when the changes since a cursor are
    not known.
    """
    now = await store.horizon(conn)
    if reading.after is None:
        position = await store.position_at(conn, since)
        if position is None:
            return place(now.database, now.position, 0), now
        return place(now.database, position, position), now
    at = reading.after
    if at.database != now.database:
        raise InvalidInput("cursor is of a database that this one replaced: begin again, without a cursor")
    if (at.position or at.start) < now.floor:
        raise InvalidInput("cursor is too old, the changes since are not kept: begin again, without a cursor")
    return at, now
