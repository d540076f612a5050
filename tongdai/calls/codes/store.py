"""The wrap-up codes of calls in the database, and what a code does with the contact.

    code set during the call ── contact_due_at of the live call ──▶ finish.END: processed, or due at that time
    code set after the call  ── SETTLE, in the same transaction ──▶ likewise

The update of a call and its end lock the same row: a code is either seen by the end, or sees that the call has ended.
Locks are taken in the order call, contact, contact_due, counters: docs/architecture.md, "Lock order".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongdai.calls.sql import month_of
from tongdai.contacts.changes.log import logged
from tongdai.contacts.store import MOVED
from tongdai.db.plans import by_index
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, CampaignId, ContactId, QueueId, TenantId


@dataclass(frozen=True, slots=True)
class CallToCode:
    """A call that is to get a code."""

    campaign_id: CampaignId | None
    contact_id: ContactId | None
    queue_id: QueueId | None
    """The queue, if it is a caller's."""
    phone: str
    """The other side's number, in E.164; empty: withheld."""
    agent_id: AgentId | None
    code_id: int | None
    """The present code."""
    reached: bool
    """Whether it was answered and had an agent, or was connected."""


_REACHED = "connected_at is not null or agent_id is not null"
"""Whether a call had an agent, and so may have a code, once it was answered."""
FIND = f"""
select campaign_id, contact_id, queue_id, phone, agent_id, wrap_up_code_id as code_id,
    state in ('answered', 'ended') and ({_REACHED}) as reached
from call where tenant_id = $1 and call_id = $2
"""


async def find(conn: Connection, tenant_id: TenantId, call_id: UUID) -> CallToCode | None:
    row = await conn.fetchrow(FIND, tenant_id, call_id)
    return None if row is None else CallToCode(**dict(row))


_DUE = "case when $5::boolean then 'infinity'::timestamptz else $6::timestamptz end"
# What a retry rule had decided is shown until a code decides something else.
SET = f"""
update call set wrap_up_code_id = $3, wrap_up_note = $4, contact_due_at = {_DUE}, changed_in = default,
    due_again_at = case when ended_at is null or $6::timestamptz is null and not $5::boolean then due_again_at
        else $6::timestamptz end
where tenant_id = $1 and call_id = $2 returning ended_at is not null as ended
"""
SETTLE = f"""
with held as materialized (
    select contact_id, campaign_id, list_id, zone, call_status, process_status from contact
    where tenant_id = $1 and contact_id = $2 limit 1 for update
), waiting as materialized (
    select due.contact_id from held cross join lateral (
        select contact_id from contact_due
        where tenant_id = $1 and contact_id = held.contact_id and held.process_status = 0 limit 1 for update
    ) due
), decided as materialized (
    select held.*, case when $3::timestamptz is null then 2 else 0 end as became from held
    where held.process_status = 2 and $3::timestamptz is not null or exists (select from waiting)
), moved as (
    update contact c set process_status = d.became, in_run = false, changed_in = default
    from decided d where c.tenant_id = $1 and c.contact_id = d.contact_id and d.process_status <> d.became
), {logged("decided where process_status <> became")}, popped as (
    delete from contact_due due using decided d
    where due.tenant_id = $1 and due.contact_id = d.contact_id and d.became = 2
), rescheduled as (
    update contact_due due set due_at = $3::timestamptz from decided d
    where due.tenant_id = $1 and due.contact_id = d.contact_id and d.became = 0 and d.process_status = 0
), queued as (
    insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
    select $1, contact_id, campaign_id, $3::timestamptz, zone from decided where became = 0 and process_status = 2
), changes as (
    select $1 as tenant_id, d.campaign_id, d.list_id, change.process_status, change.call_status, change.contacts
    from decided d cross join lateral (values (d.process_status, d.call_status, -1), (d.became, d.call_status, 1))
        change (process_status, call_status, contacts)
    where d.process_status <> d.became
), {MOVED}
select exists (select from decided) or exists (select from held where process_status = 2 and $3 is null)
"""


async def set_code(
    conn: Connection,
    tenant_id: TenantId,
    call_id: UUID,
    code_id: int,
    note: str | None,
    contact_id: ContactId | None,
    *,
    done: bool,
    due_at: datetime | None,
) -> bool:
    """Set the code of a call; its contact is processed (`done`), due at a time, or as the retry rules say.

    False: there is no such call. A contact that was deleted, or that is in another call by now, is left alone.
    """
    values = (tenant_id, call_id, code_id, note, done and due_at is None, due_at)
    row = await conn.fetchrow(SET, *values)
    if row is None:  # it may have ended meanwhile: the row has moved to its month
        row = await conn.fetchrow(SET, *values)
    if row is None:
        return False
    if row["ended"] and contact_id is not None and (done or due_at is not None):
        await by_index(conn, SETTLE, tenant_id, contact_id, due_at)
    return True


COUNTS = f"""
select wrap_up_code_id as code_id, count(*) as calls from call
where tenant_id = $1 and ended_at >= $2::timestamptz and ended_at < $3::timestamptz
    and ended_month >= {month_of("$2::timestamptz")}
    and (wrap_up_code_id is not null or {_REACHED})
    and ($4::bigint is null or campaign_id = $4) and ($5::bigint is null or queue_id = $5)
    and ($6::bigint is null or agent_id = $6)
group by wrap_up_code_id
"""


async def counts(
    conn: Connection,
    tenant_id: TenantId,
    since: datetime,
    before: datetime,
    *,
    campaign_id: CampaignId | None = None,
    queue_id: QueueId | None = None,
    agent_id: AgentId | None = None,
) -> Mapping[int | None, int]:
    """The number of calls with each code that ended in a period; of those that may have one and have none by None."""
    rows = await conn.fetch(COUNTS, tenant_id, since, before, campaign_id, queue_id, agent_id)
    return {row["code_id"]: row["calls"] for row in rows}
