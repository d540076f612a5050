"""Archived campaigns: hidden from lists, never dialled, kept with all that reports read."""

from tongdai.campaigns.model import Status
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, CampaignId, TenantId

ARCHIVE = f"""
with clock as materialized (
    select statement_timestamp() as now_at
)
update campaign set archived_at = case when $3::boolean then coalesce(archived_at, clock.now_at) end from clock
where tenant_id = $1 and campaign_id = $2 and status <> {Status.RUNNING} returning true
"""


async def archive(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, by: Author, *, archived: bool
) -> bool:
    """Archive a campaign, or take it out of the archive. False: there is none that does not run."""
    async with conn.transaction():
        if not await conn.fetchval(ARCHIVE, tenant_id, campaign_id, archived):
            return False
        act = "campaign.archive" if archived else "campaign.unarchive"
        await audit.record(conn, tenant_id, by, act, f"campaign {campaign_id}")
    return True
