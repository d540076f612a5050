"""`GET /calls?updatedSince`: a response with the next calls that changed."""

from datetime import datetime

from tongdai.calls.changes import store
from tongdai.calls.changes.store import CallPlace
from tongdai.calls.view import CallPage, view
from tongdai.changes import reading as changes
from tongdai.contacts.numbers import phone
from tongdai.http.endpoint import Request, connection, principal_of

FILTERS = (
    *("campaignId", "contactId", "externalId", "phoneNumber", "outcome", "state", "agentId", "direction", "queueId"),
    *("from", "to", "endedAfter"),
)
"""Parameters that a request with `updatedSince` cannot have."""


async def changed(request: Request, query: dict[str, list[str]], since: datetime) -> CallPage:
    """The next calls that changed, as they are in one snapshot of the database."""
    who, reading = principal_of(request), changes.reading_of(request, query, CallPlace)
    async with connection(request) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        place, horizon = await changes.begun(conn, reading, since, CallPlace.first)
        read = await store.read(conn, who.tenant_id, place, horizon, reading.size)
    resume, written = reading.seal(read.next), phone.formatter(who.country)
    return CallPage(
        data=[view(call, written) for call in read.calls],
        nextCursor=None if read.up_to_date else resume,
        resumeCursor=resume,
    )
