"""Imports, counted in the database."""

from dataclasses import dataclass
from datetime import datetime

from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, TenantId
from tongdai.reports.sql import quarter_of

Key = tuple[CampaignId]


@dataclass(slots=True)
class Imports:
    done: int = 0
    failed: int = 0
    open: int = 0
    rows: int = 0
    created: int = 0
    duplicate: int = 0
    refused: int = 0
    removed: int = 0

    def merge(self, other: "Imports", /) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


COUNTED = f"""
select {quarter_of("created_at")} as quarter, campaign_id, count(*) filter (where status = 'done') as done,
    count(*) filter (where status = 'failed') as failed, count(*) filter (where finished_at is null) as open,
    sum(total_rows)::bigint as rows, sum(created_rows)::bigint as created, sum(duplicate_rows)::bigint as duplicate,
    sum(failed_rows)::bigint as refused, sum(removed_rows)::bigint as removed
from import_job
where tenant_id = $1 and created_at >= $2 and created_at < $3 and not dry_run
    and ($4::bigint is null or campaign_id = $4)
group by 1, 2
"""


async def counted(
    conn: Connection, tenant_id: TenantId, since: datetime, before: datetime, campaign_id: CampaignId | None
) -> list[tuple[datetime, Key, Imports]]:
    """The imports that were sent from an instant on and before another, by quarter of an hour and campaign."""
    rows = await conn.fetch(COUNTED, tenant_id, since, before, campaign_id)
    return [(quarter, (CampaignId(key),), Imports(*counts)) for quarter, key, *counts in rows]
