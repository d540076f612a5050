"""A running campaign, contacts that are due, and queries about their calls."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from tests.support import call_steps
from tests.support.contacts import add_many, new_campaign, number, put_all_due
from tests.support.plans import plans
from tongdai.call_outcome import Outcome
from tongdai.calls import claim, store
from tongdai.calls.model import Call, CallState, ClaimConditions, Claims, Ending
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.contacts.model import NewContact
from tongdai.db.pool import Connection, Pool
from tongdai.ids import CampaignId, ContactId, TenantId
from tongdai.local_time import FOREVER

LEASE = timedelta(seconds=30)
ZONE = "Asia/Ho_Chi_Minh"
_RUN = "update campaign set status = 2 where tenant_id = $1 and campaign_id = $2"
_LIST = "A list"


class LargeDatabase(NamedTuple):
    """A connection to a large database, and the tenant and campaign to which most of its rows belong."""

    conn: Connection
    tenant_id: TenantId
    campaign_id: CampaignId


async def running_campaign(conn: Connection, tenant_id: TenantId) -> CampaignId:
    campaign_id = await new_campaign(conn, tenant_id)
    await conn.execute(_RUN, tenant_id, campaign_id)
    return campaign_id


async def contacts_in_runs(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    numbers: Sequence[int],
    chunk: int = 500,
    zone: str = ZONE,
) -> list[ContactId]:
    """Add contacts as an import does: each chunk, of one zone, is a run. Returns their ids in the order of numbers."""
    contact_ids: list[ContactId] = []
    for first in range(0, len(numbers), chunk):
        rows = [NewContact(phone=number(n), time_zone=zone) for n in numbers[first : first + chunk]]
        added = await add_many(conn, tenant_id, campaign_id, rows, _LIST)
        contact_ids += [added.contact_ids[row.phone] for row in rows]
    return contact_ids


async def due_contacts(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, numbers: Sequence[int], zone: str = ZONE
) -> list[ContactId]:
    """Add contacts to contact_due, due within the last second, the first number longest; return their ids in order."""
    async with conn.transaction():
        added = await add_many(conn, tenant_id, campaign_id, [NewContact(phone=number(n)) for n in numbers], _LIST)
        contact_ids = [added.contact_ids[number(n)] for n in numbers]
        await put_all_due(conn, tenant_id, contact_ids, zone)
    return contact_ids


def terms_of(
    tenant_id: TenantId,
    campaign_id: CampaignId,
    *zones: str,
    until: datetime = FOREVER,
    caps: Sequence[FrequencyCap] = (),
    beat: int = 0,
) -> ClaimConditions:
    zones_open = dict.fromkeys(zones or (ZONE,), until)
    return ClaimConditions(tenant_id, campaign_id, zones_open, LEASE, caps, beat=beat)


REPORTED_CONTACTS = """(
    select c.tenant_id, c.contact_id, case when a.call_id is null then process_status else 1 end as process_status,
        call_status, coalesce(d.due_at, created_at) as due_at
    from contact c left join call a
        on a.tenant_id = c.tenant_id and a.contact_id = c.contact_id and a.ended_at is null
    left join contact_due d on d.tenant_id = c.tenant_id and d.contact_id = c.contact_id
)"""
"""Contacts with the status that is reported: one that has a live call is in a call."""


async def contact(conn: Connection, tenant_id: TenantId, contact_id: ContactId) -> asyncpg.Record:
    """The contact's process_status, call_status and due_at, as reported."""
    found = await conn.fetchrow(
        f"select process_status, call_status, due_at from {REPORTED_CONTACTS} c "
        "where tenant_id = $1 and contact_id = $2",
        tenant_id, contact_id)  # fmt: skip
    assert found is not None
    return found


async def calls_of(conn: Connection, tenant_id: TenantId) -> list[asyncpg.Record]:
    """All calls of a tenant, oldest first."""
    return await conn.fetch("select * from call where tenant_id = $1 order by opened_at, call_id", tenant_id)


async def call_row(conn: Connection, call: Call) -> asyncpg.Record:
    """The row of a call, live or ended."""
    row = await conn.fetchrow("select * from call where tenant_id = $1 and call_id = $2", call.tenant_id, call.call_id)
    assert row is not None
    return row


def ids_of(claims: Claims) -> list[ContactId]:
    return [call.contact_id for call in claims.calls]


async def now_of(conn: Connection) -> datetime:
    """The database's clock."""
    return await conn.fetchval("select clock_timestamp()")


@asynccontextmanager
async def two_counter_shards(pool: Pool) -> AsyncGenerator[tuple[Connection, Connection]]:
    """Two connections in transactions that write different shards of counters, and so do not wait for each other."""
    async with AsyncExitStack() as open_:
        by_shard: dict[int, Connection] = {}
        while len(by_shard) < 2:
            conn = await open_.enter_async_context(pool.acquire())
            await open_.enter_async_context(conn.transaction())
            by_shard.setdefault(await conn.fetchval("select pg_backend_pid() % 8"), conn)
        first, second = by_shard.values()
        yield first, second


async def backdate(conn: Connection, call: Call, age: timedelta) -> None:
    """Move all instants of a call into the past."""
    await conn.execute(
        """update call set opened_at = opened_at - $3::interval, dialled_at = dialled_at - $3::interval,
               ringing_at = ringing_at - $3::interval, answered_at = answered_at - $3::interval,
               connected_at = connected_at - $3::interval, ended_at = ended_at - $3::interval,
               lease_until = lease_until - $3::interval
           where tenant_id = $1 and call_id = $2""",
        call.tenant_id, call.call_id, age)  # fmt: skip


async def placed(conn: Connection, terms: ClaimConditions, limit: int = 1) -> list[Call]:
    """Claim calls and record that they are dialled."""
    claims = await claim.claim(conn, terms, limit)
    verdicts = await store.dial(conn, claims.calls, LEASE)
    assert list(verdicts.values()) == [None] * len(claims.calls)
    return claims.calls


async def called(
    conn: Connection,
    terms: ClaimConditions,
    outcome: Outcome = Outcome.NO_ANSWER,
    again_at: datetime | None = None,
    age: timedelta = timedelta(0),
) -> Call:
    """Place a call and end it; `age` is how long ago all of it happened."""
    (call,) = await placed(conn, terms)
    assert await call_steps.end(conn, call, Ending(outcome), again_at)
    await backdate(conn, call, age)
    return call


async def reach(conn: Connection, call: Call, state: CallState) -> None:
    """Bring a claimed call into a state."""
    now = await now_of(conn)
    if state is not CallState.CLAIMED and state is not CallState.ENDED:
        assert await store.dial(conn, [call], LEASE) == {call.call_id: None}
    if state is CallState.RINGING:
        assert await call_steps.rang(conn, call, now)
    if state is CallState.ANSWERED:
        assert await call_steps.answered(conn, call, now, LEASE)
    if state is CallState.ENDED:
        assert await call_steps.end(conn, call, Ending(Outcome.CANCELLED), now)


async def assert_reads_live_calls_only(conn: Connection, sql: str, *args: object) -> None:
    """Both plans read live_call and no partition of ended calls."""
    for mode, found in await plans(conn, sql, *args):
        read = {node.get("Relation Name") for node in found}
        assert "live_call" in read, (mode, found)
        assert "call" not in read, (mode, found)
