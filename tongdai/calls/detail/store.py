"""One call with its segments, offers and events, and how its talk was changed, in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tongdai.calls import history
from tongdai.calls.events import store as events
from tongdai.calls.events.model import EventRow
from tongdai.calls.history import CallRecord
from tongdai.calls.parties import store as parties
from tongdai.calls.parties.model import Party
from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.recordings import store as recordings
from tongdai.recordings.store import RecordingRow

AT_MOST = 1000
"""Segments, offers and events of a call that are read: a caller who waits for an hour while a hundred phones ring has
more."""


class SegmentRow(NamedTuple):
    kind: str
    queue_id: QueueId | None
    agent_id: AgentId | None
    started_at: datetime
    ended_at: datetime | None
    """None: it has not ended."""


class OfferRow(NamedTuple):
    queue_id: QueueId
    agent_id: AgentId
    offered_at: datetime
    ended_at: datetime | None
    """None, as the outcome: the phone of the agent rings."""
    outcome: str | None


class CallDetail(NamedTuple):
    call: CallRecord
    segments: Sequence[SegmentRow]
    """Oldest first."""
    offers: Sequence[OfferRow]
    """Oldest first."""
    events: Sequence[EventRow]
    """Oldest first."""
    held_until: datetime | None
    """None: the customer is not on hold."""
    muted: bool
    parties: Sequence[Party]
    """In the order in which they were called."""
    recording: RecordingRow | None
    """None: none was wanted."""


# Segments of a call end after it was opened: the months before are skipped.
SEGMENTS = f"""
select {", ".join(SegmentRow._fields)} from (
    select {", ".join(SegmentRow._fields)} from segment
    where tenant_id = $1 and call_id = $2 and ended_month >= {month_of("$3::timestamptz")}
    order by started_at desc, ended_at desc limit $4::bigint
) newest order by started_at, ended_at
"""
OFFERS = f"""
select {", ".join(OfferRow._fields)} from (
    select offer_id, {", ".join(OfferRow._fields)} from offer
    where tenant_id = $1 and call_id = $2 order by offered_at desc, offer_id limit $3::bigint
) newest order by offered_at, offer_id
"""
CONTROL = """
select held_until, muted_channel is not null as muted from call_control where tenant_id = $1 and call_id = $2
"""


async def find(conn: Connection, tenant_id: TenantId, call_id: UUID) -> CallDetail | None:
    """A call of the tenant, in either direction, from one snapshot."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        call = await history.find(conn, tenant_id, call_id)
        if call is None:
            return None
        parts = await conn.fetch(SEGMENTS, tenant_id, call_id, call.opened_at, AT_MOST)
        offers = await conn.fetch(OFFERS, tenant_id, call_id, AT_MOST)
        happened = await events.of_call(conn, tenant_id, call_id, AT_MOST)
        live = call.ended_at is None
        control = await conn.fetchrow(CONTROL, tenant_id, call_id) if live else None
        recording = await recordings.of_call(conn, tenant_id, call_id)
        others = await parties.of_calls(conn, tenant_id, [call_id]) if live else []
    return CallDetail(
        call,
        [SegmentRow._make(row) for row in parts],
        [OfferRow._make(row) for row in offers],
        happened,
        None if control is None else control["held_until"],
        control is not None and control["muted"],
        others,
        recording,
    )
