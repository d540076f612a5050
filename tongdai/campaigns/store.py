"""Campaigns in the database."""

import asyncpg

from tongdai.campaigns.model import TRANSITIONS, Action, Campaign, Status, Totals, totals
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, KeyId, TenantId

_COLUMNS = "campaign_id, name, type, status, user_name, created_at"

CREATE = f"""
insert into campaign (tenant_id, name, type, user_name) values ($1, $2, $3, $4) returning {_COLUMNS}
"""


async def create(
    conn: Connection, tenant_id: TenantId, name: str, type_: str, user_name: str | None, by: KeyId | None
) -> Campaign:
    async with conn.transaction():
        row = await conn.fetchrow(CREATE, tenant_id, name, type_, user_name)
        assert row is not None
        campaign = _campaign(row)
        await audit.record(conn, tenant_id, by, "campaign.create", f"campaign {campaign.campaign_id}")
    return campaign


FIND = f"select {_COLUMNS} from campaign where tenant_id = $1 and campaign_id = $2"


async def find(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> Campaign | None:
    row = await conn.fetchrow(FIND, tenant_id, campaign_id)
    return None if row is None else _campaign(row)


_FILTER = """
from campaign where tenant_id = $1 and ($2::text is null or user_name = $2)
    and ($3::smallint is null or status = $3) and ($4::text is null or type = $4)
"""
PAGE = f"select {_COLUMNS} {_FILTER} order by campaign_id limit $5 offset $6"
COUNT = f"select count(*) {_FILTER}"


async def page(
    conn: Connection,
    tenant_id: TenantId,
    *,
    user_name: str | None,
    status: int | None,
    type_: str | None,
    limit: int,
    offset: int,
) -> tuple[list[Campaign], int]:
    """A page of the campaigns that match, by id, and how many match."""
    rows = await conn.fetch(PAGE, tenant_id, user_name, status, type_, limit, offset)
    total = await conn.fetchval(COUNT, tenant_id, user_name, status, type_)
    return [_campaign(row) for row in rows], total


TALLIES = """
select campaign_id, process_status, call_status, sum(contacts)::bigint as contacts
from contact_tally where tenant_id = $1 and campaign_id = any($2::bigint[])
group by campaign_id, process_status, call_status
"""


async def totals_of(conn: Connection, tenant_id: TenantId, campaign_ids: list[CampaignId]) -> dict[CampaignId, Totals]:
    """Kept totals, one entry for each campaign asked for."""
    found: dict[CampaignId, list[tuple[int, str, int]]] = {campaign_id: [] for campaign_id in campaign_ids}
    for row in await conn.fetch(TALLIES, tenant_id, campaign_ids):
        found[row["campaign_id"]].append((row["process_status"], row["call_status"], row["contacts"]))
    return {campaign_id: totals(tallies) for campaign_id, tallies in found.items()}


CHANGE = f"""
update campaign set name = coalesce($3, name), user_name = case when $4 then $5 else user_name end
where tenant_id = $1 and campaign_id = $2 returning {_COLUMNS}
"""


async def change(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    *,
    name: str | None,
    user_name: tuple[str | None] | None,
    by: KeyId,
) -> Campaign | None:
    """Set what is given: `name`, and `user_name` when it is a tuple of one. None when there is no such campaign."""
    async with conn.transaction():
        changed = user_name is not None
        row = await conn.fetchrow(CHANGE, tenant_id, campaign_id, name, changed, user_name[0] if user_name else None)
        if row is None:
            return None
        await audit.record(conn, tenant_id, by, "campaign.change", f"campaign {campaign_id}")
    return _campaign(row)


MOVE = f"""
update campaign set status = allowed.target
from unnest($3::smallint[], $4::smallint[]) as allowed (source, target)
where tenant_id = $1 and campaign_id = $2 and status = allowed.source returning {_COLUMNS}
"""


async def move(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, action: Action, by: KeyId
) -> Campaign | None:
    """Do what TRANSITIONS allows from the state it is in at that moment; None when it allows nothing there."""
    moves = TRANSITIONS[action]
    async with conn.transaction():
        row = await conn.fetchrow(MOVE, tenant_id, campaign_id, list(moves), list(moves.values()))
        if row is None:
            return None
        await audit.record(conn, tenant_id, by, f"campaign.{action}", f"campaign {campaign_id}")
    return _campaign(row)


def _campaign(row: asyncpg.Record) -> Campaign:
    return Campaign(
        row["campaign_id"], row["name"], row["type"], Status(row["status"]), row["user_name"], row["created_at"]
    )
