"""Previews in the database: contacts that agents look at before they are called.

An agent has one preview at a time, and a contact is offered to one agent. The rows are few: one for an agent at work.
"""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto

import asyncpg

from tongdai.agents.model import PREVIEW_LASTS, SKIPPED_FOR, AcceptedPreview, AgentState, Preview
from tongdai.agents.store import member_of
from tongdai.campaigns.model import Status
from tongdai.contacts import due
from tongdai.contacts.in_call import in_call, phone
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.do_not_call.rule import is_listed
from tongdai.ids import AgentId, Author, CampaignId, ContactId, TenantId


class PreviewRefusal(Enum):
    """Why no contact is offered, or an offer cannot be accepted."""

    NO_AGENT = auto()
    NO_CAMPAIGN = auto()
    NOT_PREVIEW = auto()
    """The campaign dials in another mode."""
    NOT_RUNNING = auto()
    OTHER_QUEUE = auto()
    """The agent does not take calls of the campaign's queue."""
    NOT_CONNECTED = auto()
    """The agent's phone rings for each call: an answered call could not wait for it."""
    NOT_AVAILABLE = auto()
    """Previewing takes an agent who is idle or in wrap-up; accepting, one who is idle."""
    HAS_OTHER = auto()
    """The agent has a contact of another campaign to accept or skip first."""
    NONE_OFFERED = auto()
    """The agent has no contact to accept, or the offer lapsed."""


IsOpen = Callable[[str, str, datetime], bool]
"""Whether contacts of a time zone may be called now; arguments: the contact's zone, the tenant's zone, the time."""

# Locks the agent, so that they do not sign out before the offer is stored.
MAY_LOOK = f"""
select a.state in ('idle', 'wrap_up') as here, a.mode = 'nailed_up' as connected,
    c.campaign_id, c.mode = 'preview' as preview,
    c.status = {Status.RUNNING} as running, {member_of("c.queue_id", "a")} as same_queue
from agent a left join campaign c on c.tenant_id = $1 and c.campaign_id = $3
where a.tenant_id = $1 and a.agent_id = $2 for no key update of a
"""

# Deletes previews that lapsed, and previews of contacts that are in a call or processed.
FORGET = f"""
delete from preview p using contact c
where p.tenant_id = $1 and c.tenant_id = $1 and c.contact_id = p.contact_id
    and (c.process_status <> 0 or p.accepted_at is null and p.offered_at <= now() - $2::interval or {in_call("c")})
"""

ZONES = f"{due.WAITING_ZONES} select name from zones"

_MAY_BE_OFFERED = f"""
    not exists (select from preview where tenant_id = $1 and contact_id = c.contact_id)
    and not {is_listed(phone("c"), "$3")}
"""
# The next contact is the oldest of the first in contact_due and the first in a run, of each zone. It is locked against
# deletion until it is offered.
OFFER = f"""
with next as materialized (
    select first.contact_id from unnest($4::text[]) as sent (name)
    join time_zone z on z.name = sent.name
    cross join lateral (
        (
            select due.contact_id, due.due_at from (
                select due.contact_id, due.due_at from contact_due due cross join lateral (
                    select contact_id, number from contact
                    where tenant_id = $1 and contact_id = due.contact_id limit 1
                ) c
                where due.tenant_id = $1 and due.campaign_id = $3 and due.zone = z.zone and due.due_at <= now()
                    and {_MAY_BE_OFFERED}
                order by due.due_at, due.contact_id
            ) due cross join lateral (
                select from contact
                where tenant_id = $1 and contact_id = due.contact_id limit 1 for key share skip locked
            ) held limit 1
        ) union all (
            select c.contact_id, r.due_at from (
                select next_id, last_id, due_at from contact_run
                where tenant_id = $1 and campaign_id = $3 and zone = z.zone and due_at <= now() order by first_id
            ) r cross join lateral (
                select contact_id from contact c
                where tenant_id = $1 and contact_id between r.next_id and r.last_id and campaign_id + 0 = $3
                    and zone = z.zone and in_run and process_status + 0 = 0 and {_MAY_BE_OFFERED}
                order by contact_id limit 1 for key share of c skip locked
            ) c limit 1
        )
    ) first order by first.due_at, first.contact_id limit 1
), offered as (
    insert into preview (tenant_id, agent_id, campaign_id, contact_id)
    select $1, $2, $3, contact_id from next on conflict do nothing returning contact_id
)
select contact_id, exists (select from offered) as offered from next
"""


async def offer(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, campaign_id: CampaignId, is_open: IsOpen
) -> Preview | PreviewRefusal | None:
    """The agent's preview: the present one, else the oldest due contact of the campaign; None when none is callable.

    Contacts on a do-not-call list and contacts that another agent previews are not offered.
    """
    async with conn.transaction():
        tenant_zone, now = await local_time(conn, tenant_id)
        terms = await conn.fetchrow(MAY_LOOK, tenant_id, agent_id, campaign_id)
        if (refusal := _refusal(terms)) is not None:
            return refusal
        await conn.execute(FORGET, tenant_id, PREVIEW_LASTS)
        has = await find(conn, tenant_id, agent_id)
        if has is not None:
            return has if has.campaign_id == campaign_id else PreviewRefusal.HAS_OTHER
        zones = [row["name"] for row in await conn.fetch(ZONES, tenant_id, campaign_id)]
        zones = [zone for zone in zones if is_open(zone, tenant_zone, now)]
        # Repeat when another agent was offered the same contact concurrently.
        while (row := await conn.fetchrow(OFFER, tenant_id, agent_id, campaign_id, zones)) and not row["offered"]:
            continue
        return await find(conn, tenant_id, agent_id)


def _refusal(terms: asyncpg.Record | None) -> PreviewRefusal | None:
    if terms is None:
        return PreviewRefusal.NO_AGENT
    if terms["campaign_id"] is None:
        return PreviewRefusal.NO_CAMPAIGN
    holds = {
        PreviewRefusal.NOT_PREVIEW: terms["preview"],
        PreviewRefusal.NOT_RUNNING: terms["running"],
        PreviewRefusal.OTHER_QUEUE: terms["same_queue"],
        PreviewRefusal.NOT_CONNECTED: terms["connected"],
        PreviewRefusal.NOT_AVAILABLE: terms["here"],
    }
    return next((refusal for refusal, met in holds.items() if not met), None)


FIND = f"""
select p.agent_id, p.campaign_id, p.contact_id, {phone("c")} as phone, c.name, c.external_id, c.attributes,
    z.name as zone,
    (
        select count(*) from call t
        where t.tenant_id = $1 and t.contact_id = p.contact_id and t.ended_month < 'infinity'
            and t.dialled_at is not null
    ) as attempts,
    p.offered_at, p.accepted_at
from preview p join contact c on c.tenant_id = $1 and c.contact_id = p.contact_id
    join time_zone z on z.zone = c.zone
where p.tenant_id = $1 and p.agent_id = $2
"""


async def find(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> Preview | None:
    """The agent's preview, lapsed or not."""
    row = await conn.fetchrow(FIND, tenant_id, agent_id)
    return None if row is None else Preview(**dict(row))


PRESENT = f"{FIND} and (p.accepted_at is not null or p.offered_at > now() - $3::interval)"


async def present(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> Preview | None:
    """The agent's preview; None when it has lapsed."""
    row = await conn.fetchrow(PRESENT, tenant_id, agent_id, PREVIEW_LASTS)
    return None if row is None else Preview(**dict(row))


CAMPAIGNS = f"""
select c.campaign_id, c.name from campaign c join agent a on a.tenant_id = $1 and a.agent_id = $2
where c.tenant_id = $1 and c.mode = 'preview' and c.status = {Status.RUNNING} and a.mode = 'nailed_up'
    and {member_of("c.queue_id", "a")}
order by c.name, c.campaign_id limit 100
"""


async def campaigns(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> list[tuple[CampaignId, str]]:
    """The campaigns, id and name, whose contacts may be offered to the agent."""
    return [(row["campaign_id"], row["name"]) for row in await conn.fetch(CAMPAIGNS, tenant_id, agent_id)]


# `+ 0`: db/plans.py.
ACCEPT = f"""
with clock as materialized (
    select now() as now_at
)
update preview p set accepted_at = coalesce(p.accepted_at, clock.now_at) from clock, agent a, contact c
where p.tenant_id = $1 and p.agent_id = $2 and (p.accepted_at is not null or p.offered_at > now() - $3::interval)
    and a.tenant_id = $1 and a.agent_id = $2 and a.state = 'idle'
    and c.tenant_id = $1 and c.contact_id = p.contact_id and c.process_status + 0 = 0 and not {in_call("c")}
returning true
"""
STATE = "select state from agent where tenant_id = $1 and agent_id = $2"


async def accept(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> Preview | PreviewRefusal:
    """Accept the offered contact: it is called as soon as its campaign may call it. Idempotent."""
    async with conn.transaction():
        if await conn.fetchval(ACCEPT, tenant_id, agent_id, PREVIEW_LASTS):
            return await find(conn, tenant_id, agent_id) or PreviewRefusal.NONE_OFFERED
        state = await conn.fetchval(STATE, tenant_id, agent_id)
    if state is None:
        return PreviewRefusal.NO_AGENT
    return PreviewRefusal.NONE_OFFERED if state == AgentState.IDLE else PreviewRefusal.NOT_AVAILABLE


# The contact first, as deleting it locks it before the preview.
HOLD_OFFERED = """
select c.contact_id, c.campaign_id from preview p join contact c on c.tenant_id = $1 and c.contact_id = p.contact_id
where p.tenant_id = $1 and p.agent_id = $2 for no key update of c
"""
SKIP = f"""
with skipped as (
    delete from preview where tenant_id = $1 and agent_id = $3 and contact_id = $4 returning contact_id
), leaving_run as materialized (
    select c.contact_id, c.zone from contact c
    where c.tenant_id = $1 and c.contact_id = $4 and c.in_run and c.process_status + 0 = 0
        and exists (select from skipped) and not {in_call("c")}
), {due.LEAVE_RUNS}, left_run as (
    update contact c set in_run = false from holding where c.tenant_id = $1 and c.contact_id = holding.contact_id
), queued as (
    insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
    select $1, contact_id, $2, now() + $5::interval, zone from holding
), rescheduled as (
    update contact_due set due_at = now() + $5::interval
    where tenant_id = $1 and contact_id = $4 and exists (select from skipped)
)
select contact_id from skipped
"""


async def skip(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: Author, reason: str | None = None
) -> ContactId | PreviewRefusal:
    """Skip the contact, which is due again after SKIPPED_FOR. An accepted one can be skipped until it is claimed. The
    audit keeps the reason."""
    async with conn.transaction():
        contact_id = await _skipped(conn, tenant_id, agent_id)
        if contact_id is None:
            known = await conn.fetchval(STATE, tenant_id, agent_id)
            return PreviewRefusal.NO_AGENT if known is None else PreviewRefusal.NONE_OFFERED
        detail = {"agent": agent_id} | ({} if reason is None else {"reason": reason})
        await audit.record(conn, tenant_id, by, "preview.skip", f"contact {contact_id}", detail)
    return contact_id


async def _skipped(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> ContactId | None:
    held = await conn.fetchrow(HOLD_OFFERED, tenant_id, agent_id)
    if held is None:
        return None
    return await conn.fetchval(SKIP, tenant_id, held["campaign_id"], agent_id, held["contact_id"], SKIPPED_FOR)


LOCAL_TIME = "select zone, now() as now from tenant where tenant_id = $1"


async def local_time(conn: Connection, tenant_id: TenantId) -> tuple[str, datetime]:
    """The tenant's time zone and the database's clock."""
    row = await conn.fetchrow(LOCAL_TIME, tenant_id)
    assert row is not None
    return row["zone"], row["now"]


ACCEPTED = f"""
select p.tenant_id, p.campaign_id, p.contact_id, p.agent_id, p.accepted_at
from preview p join agent a on a.tenant_id = $1 and a.agent_id = p.agent_id
    join campaign c on c.tenant_id = $1 and c.campaign_id = p.campaign_id
where p.tenant_id = $1 and p.campaign_id = $2 and p.accepted_at is not null and a.state = 'idle'
    and c.status = {Status.RUNNING}
order by p.accepted_at, p.agent_id
"""


async def accepted(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> list[AcceptedPreview]:
    """The accepted previews of a campaign that runs, whose agent is idle; the first accepted first."""
    return [AcceptedPreview(**dict(row)) for row in await conn.fetch(ACCEPTED, tenant_id, campaign_id)]


DONE = "delete from preview where tenant_id = $1 and agent_id = $2 and accepted_at is not null returning true"


async def done(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> bool:
    """Delete the accepted preview, whose contact was claimed in this transaction or cannot be called any more.

    False: it was skipped meanwhile.
    """
    return bool(await conn.fetchval(DONE, tenant_id, agent_id))
