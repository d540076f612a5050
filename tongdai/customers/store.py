"""Reads of all that is stored about a number, and the search for contacts in all campaigns of a tenant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from tongdai.callbacks.model import Callback
from tongdai.callbacks.store import COLUMNS as CALLBACK_COLUMNS
from tongdai.callbacks.store import callback_of
from tongdai.calls.sql import ENDED
from tongdai.contacts.listing import CONTACT, contact_of
from tongdai.contacts.model import Contact
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, CampaignId, ContactId, DncListId, ListId, QueueId, TenantId


class Found(NamedTuple):
    """A contact, and where it is."""

    contact: Contact
    campaign_id: CampaignId
    campaign_name: str
    list_id: ListId


_PLACE = "jsonb_build_array(k.campaign_id, k.name, c.list_id)"
# Campaign by campaign, as the indexes of numbers and of external ids begin with the campaign.
_IN_CAMPAIGNS = f"""
select {_PLACE} as place, {CONTACT}
from campaign k cross join lateral (
    select * from contact where tenant_id = $1 and campaign_id = k.campaign_id and {{column}} = $2 offset 0
) c join time_zone z on z.zone = c.zone
where k.tenant_id = $1 and c.contact_id < coalesce($3::bigint, 9223372036854775807)
order by c.contact_id desc limit $4
"""
OF_NUMBER = _IN_CAMPAIGNS.format(column="number")
OF_EXTERNAL_ID = _IN_CAMPAIGNS.format(column="external_id")
# No index has names: it would cost each import. The newest contacts are looked through, so many a request.
OF_NAME = """
with looked_at as materialized (
    select contact_id, name from contact
    where tenant_id = $1 and contact_id < coalesce($3::bigint, 9223372036854775807)
    order by contact_id desc limit $5
), named as materialized (
    select contact_id from looked_at where strpos(lower(name), lower($2)) > 0 order by contact_id desc limit $4
)
select (select count(*) = $5 from looked_at) as more, (select min(contact_id) from looked_at) as last,
    array(select contact_id from named order by contact_id desc) as contact_ids
"""
OF_IDS = f"""
select {_PLACE} as place, {CONTACT}
from unnest($2::bigint[]) as sent (contact_id) cross join lateral (
    select * from contact where tenant_id = $1 and contact_id = sent.contact_id limit 1
) c join campaign k on k.tenant_id = $1 and k.campaign_id = c.campaign_id join time_zone z on z.zone = c.zone
where c.tenant_id = $1 order by c.contact_id desc
"""
LOOKED_AT = 50_000
"""Contacts whose names one request looks at."""
ALL = 1_000_000


async def of_number(
    conn: Connection, tenant_id: TenantId, number: int, before: ContactId | None = None, limit: int = ALL
) -> list[Found]:
    """The contacts with a number, newest first, behind one."""
    return [_found(row) for row in await conn.fetch(OF_NUMBER, tenant_id, number, before, limit)]


async def of_external_id(
    conn: Connection, tenant_id: TenantId, external_id: str, before: ContactId | None, limit: int
) -> list[Found]:
    """The contacts with an external id, newest first, behind one."""
    return [_found(row) for row in await conn.fetch(OF_EXTERNAL_ID, tenant_id, external_id, before, limit)]


async def of_ids(conn: Connection, tenant_id: TenantId, contact_ids: Sequence[ContactId]) -> list[Found]:
    """The contacts with these ids, in their order; what is gone is missing."""
    found = {one.contact.contact_id: one for one in map(_found, await conn.fetch(OF_IDS, tenant_id, contact_ids))}
    return [found[contact_id] for contact_id in contact_ids if contact_id in found]


class Named(NamedTuple):
    """Contacts by name, of those that one request looked at."""

    found: list[Found]
    last: ContactId | None
    """The last one looked at, behind which there are more; None: there are no more."""


async def of_name(
    conn: Connection,
    tenant_id: TenantId,
    name: str,
    before: ContactId | None,
    limit: int,
    looked_at: int = LOOKED_AT,
) -> Named:
    """The contacts whose names have a text in them, newest first, among the next `looked_at` behind one."""
    row = await conn.fetchrow(OF_NAME, tenant_id, name, before, limit, looked_at)
    assert row is not None
    ids: list[ContactId] = row["contact_ids"]
    found = [_found(one) for one in await conn.fetch(OF_IDS, tenant_id, ids)]
    if len(ids) == limit:
        return Named(found, ids[-1])
    return Named(found, row["last"] if row["more"] else None)


def _found(row: asyncpg.Record) -> Found:
    return Found(contact_of(row), *row["place"])


class KnownCalls(NamedTuple):
    """The calls with a number that have ended."""

    calls: int
    last_at: datetime | None


CALLS = f"""
select count(*) as calls, max(opened_at) as last_at from call where tenant_id = $1 and phone = $2 and {ENDED}
"""
CALLBACKS = f"select {CALLBACK_COLUMNS} from callback where tenant_id = $1 and phone = $2 order by due_at, callback_id"


async def calls(conn: Connection, tenant_id: TenantId, phone: str) -> KnownCalls:
    row = await conn.fetchrow(CALLS, tenant_id, phone)
    assert row is not None
    return KnownCalls(*row)


async def callbacks(conn: Connection, tenant_id: TenantId, phone: str) -> list[Callback]:
    """The callbacks to a number, those that have ended too."""
    return [callback_of(row) for row in await conn.fetch(CALLBACKS, tenant_id, phone)]


class ListEntry(NamedTuple):
    """An entry of a do-not-call list."""

    dnc_list_id: DncListId
    name: str
    reason: str | None
    expires_at: datetime | None
    created_at: datetime


DO_NOT_CALL = """
select l.dnc_list_id, l.name, d.reason, d.expires_at, d.created_at
from do_not_call d join do_not_call_list l on l.tenant_id = $1 and l.dnc_list_id = d.dnc_list_id
where d.tenant_id = $1 and d.phone = $2 order by l.dnc_list_id
"""


async def do_not_call(conn: Connection, tenant_id: TenantId, phone: str) -> list[ListEntry]:
    """The entries of a number on do-not-call lists, expired ones too."""
    return [ListEntry(*row) for row in await conn.fetch(DO_NOT_CALL, tenant_id, phone)]


class Part(NamedTuple):
    """A segment of a call."""

    call_id: UUID
    kind: str
    queue_id: QueueId | None
    agent_id: AgentId | None
    started_at: datetime
    ended_at: datetime | None


SEGMENTS = """
select call_id, kind, queue_id, agent_id, started_at, ended_at from segment
where tenant_id = $1 and call_id = any($2::uuid[]) order by call_id, started_at, kind
"""
CHANGES = """
select at, action, subject, detail from audit
where tenant_id = $1 and subject = any($2::text[]) order by audit_id
"""


async def segments(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID]) -> list[Part]:
    """The parts of calls."""
    return [Part(*row) for row in await conn.fetch(SEGMENTS, tenant_id, call_ids)]


async def changes(conn: Connection, tenant_id: TenantId, contact_ids: Sequence[ContactId]) -> list[dict[str, Any]]:
    """The audit entries of contacts."""
    subjects = [f"contact {contact_id}" for contact_id in contact_ids]
    return [dict(row) for row in await conn.fetch(CHANGES, tenant_id, subjects)]
