"""The numbers of a tenant with what uses them: those that callers dial, and those that called persons are shown."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, QueueId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNumber:
    number: int
    """E.164 without the `+`."""
    national: str
    trunk: str | None
    given_at: datetime
    queue_id: QueueId | None
    """None: no queue has it, and its callers are refused."""
    campaign_ids: list[CampaignId]
    """The campaigns that show it to the called persons."""


# As core.forms has them.
_FORMS = "('+' || n.number, n.number::text, '00' || n.number, n.national)"
_FOUND = f"""
select n.number, n.national, n.trunk, n.given_at, (
    select q.queue_id from inbound_queue q where q.tenant_id = $1 and q.number in {_FORMS} order by q.queue_id limit 1
) as queue_id, array(
    select c.campaign_id from campaign c
    where c.tenant_id = $1 and c.caller_id in {_FORMS} order by c.campaign_id
) as campaign_ids
from called_number n where n.tenant_id = $1
"""
PAGE = f"{_FOUND} order by n.number limit $2 offset $3"
COUNT = "select count(*) from called_number where tenant_id = $1"


async def page(conn: Connection, tenant_id: TenantId, limit: int, offset: int) -> tuple[list[OwnNumber], int]:
    """A page of the tenant's numbers, in ascending order, and how many there are."""
    rows = await conn.fetch(PAGE, tenant_id, limit, offset)
    return [_number(row) for row in rows], await conn.fetchval(COUNT, tenant_id)


AFTER = f"{_FOUND} and n.number > $2 order by n.number limit $3"


async def after(conn: Connection, tenant_id: TenantId, number: int | None, limit: int) -> list[OwnNumber]:
    """The next numbers behind one (None: the first)."""
    return [_number(row) for row in await conn.fetch(AFTER, tenant_id, number or 0, limit)]


CALLER_IDS = """
select caller_id, array_agg(campaign_id order by campaign_id) as campaign_ids from campaign
where tenant_id = $1 and caller_id is not null group by caller_id order by caller_id
"""


async def caller_ids(conn: Connection, tenant_id: TenantId) -> list[tuple[str, list[CampaignId]]]:
    """The numbers that campaigns show to the called persons, each with the campaigns."""
    return [(row["caller_id"], row["campaign_ids"]) for row in await conn.fetch(CALLER_IDS, tenant_id)]


def _number(row: asyncpg.Record) -> OwnNumber:
    return OwnNumber(**dict(row))
