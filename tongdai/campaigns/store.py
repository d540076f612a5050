"""Campaigns in the database."""

from collections.abc import Collection
from typing import Any

import asyncpg

from tongdai.campaigns.hours import store as hours
from tongdai.campaigns.model import (
    TRANSITIONS,
    Action,
    Campaign,
    PauseReason,
    RunningCampaign,
    Status,
    Totals,
    totals,
)
from tongdai.campaigns.settings import columns
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import in_force
from tongdai.campaigns.settings.windows import Week
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, CampaignId, QueueId, SwitchId, TenantId
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.numbers.endpoints.rule import may_use
from tongdai.switches.model import DEFAULT
from tongdai.webhooks import outbox
from tongdai.webhooks.model import Event

PAUSED_BY_ITSELF = f"case when status = {Status.PAUSED} then pause_reason end"
"""Why a campaign paused itself; null: it did not."""
_COLUMNS = f"campaign_id, name, type, status, user_name, created_at, archived_at, {PAUSED_BY_ITSELF} as pause_reason"
_DEFAULTS = CallSettings()

CREATE = f"""
insert into campaign (tenant_id, name, type, user_name, {", ".join(columns.COLUMNS)})
values ($1, $2, $3, $4, {", ".join(f"${place}" for place in range(5, 5 + len(columns.COLUMNS)))}) returning {_COLUMNS}
"""


async def create(
    conn: Connection,
    tenant_id: TenantId,
    name: str,
    type_: str,
    user_name: str | None,
    by: Author | None,
    settings: CallSettings = _DEFAULTS,
) -> Campaign:
    """Create a campaign. A queue in its settings must belong to the tenant: see `lock_queue`."""
    async with conn.transaction():
        values = columns.column_values(settings).values()
        row = await conn.fetchrow(CREATE, tenant_id, name, type_, user_name, *values)
        assert row is not None
        campaign = _campaign(row)
        await audit.record(conn, tenant_id, by, "campaign.create", f"campaign {campaign.campaign_id}")
    return campaign


LOCK_QUEUE = "select true from inbound_queue where tenant_id = $1 and queue_id = $2 for key share"


async def lock_queue(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> bool:
    """Keep a queue from being deleted until the transaction ends; False when the tenant has no such queue."""
    return bool(await conn.fetchval(LOCK_QUEUE, tenant_id, queue_id))


FIND = f"select {_COLUMNS} from campaign where tenant_id = $1 and campaign_id = $2"


async def find(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> Campaign | None:
    row = await conn.fetchrow(FIND, tenant_id, campaign_id)
    return None if row is None else _campaign(row)


_FILTER = """
from campaign where tenant_id = $1 and ($2::text is null or user_name = $2)
    and ($3::smallint is null or status = $3) and ($4::text is null or type = $4)
    and ($5::boolean is null or (archived_at is not null) = $5)
"""
PAGE = f"select {_COLUMNS} {_FILTER} order by campaign_id limit $6 offset $7"
COUNT = f"select count(*) {_FILTER}"


async def page(
    conn: Connection,
    tenant_id: TenantId,
    limit: int,
    offset: int,
    *,
    user_name: str | None,
    status: int | None,
    type_: str | None,
    archived: bool | None = None,
) -> tuple[list[Campaign], int]:
    """A page of the matching campaigns, by id, and the number of all that match. `archived` None: of both kinds."""
    rows = await conn.fetch(PAGE, tenant_id, user_name, status, type_, archived, limit, offset)
    total = await conn.fetchval(COUNT, tenant_id, user_name, status, type_, archived)
    return [_campaign(row) for row in rows], total


AFTER = f"select {_COLUMNS} {_FILTER} and campaign_id > $6 order by campaign_id limit $7"


async def after(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId | None,
    limit: int,
    *,
    user_name: str | None,
    status: int | None,
    type_: str | None,
    archived: bool | None = None,
) -> list[Campaign]:
    """The next matching campaigns behind one (None: the first), by id."""
    rows = await conn.fetch(AFTER, tenant_id, user_name, status, type_, archived, campaign_id or 0, limit)
    return [_campaign(row) for row in rows]


COUNTERS = """
select campaign_id, process_status, call_status, sum(contacts)::bigint as contacts
from contact_counter where tenant_id = $1 and campaign_id = any($2::bigint[])
group by campaign_id, process_status, call_status
"""


async def totals_of(conn: Connection, tenant_id: TenantId, campaign_ids: list[CampaignId]) -> dict[CampaignId, Totals]:
    """Totals from the materialised counters, for each of the campaigns."""
    found: dict[CampaignId, list[tuple[int, str, int]]] = {campaign_id: [] for campaign_id in campaign_ids}
    for row in await conn.fetch(COUNTERS, tenant_id, campaign_ids):
        found[row["campaign_id"]].append((row["process_status"], row["call_status"], row["contacts"]))
    return {campaign_id: totals(counters) for campaign_id, counters in found.items()}


_HOURS = "(select windows from calling_hours where tenant_id = $1) as tenant_hours"
CALL_SETTINGS = f"""
select {", ".join(columns.COLUMNS)}, {_HOURS} from campaign where tenant_id = $1 and campaign_id = $2
"""


async def call_settings(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> CallSettings | None:
    """The settings by which a campaign calls; None when the tenant has no such campaign."""
    found = await own_settings(conn, tenant_id, campaign_id)
    return None if found is None else in_force(*found)


async def own_settings(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> tuple[CallSettings, Week | None] | None:
    """The settings of a campaign as they were set, and its tenant's calling hours."""
    row = await conn.fetchrow(CALL_SETTINGS, tenant_id, campaign_id)
    return None if row is None else (columns.settings_of(row), hours.week_of(row["tenant_hours"]))


SETTINGS_OF = f"""
select campaign_id, {", ".join(columns.COLUMNS)}, {_HOURS} from campaign
where tenant_id = $1 and campaign_id = any($2::bigint[])
"""


async def settings_of(
    conn: Connection, tenant_id: TenantId, campaign_ids: Collection[CampaignId]
) -> dict[CampaignId, CallSettings]:
    """The settings by which those campaigns of a tenant call that exist."""
    rows = await conn.fetch(SETTINGS_OF, tenant_id, list(campaign_ids))
    return {row["campaign_id"]: _in_force(row) for row in rows}


async def lock(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> CallSettings | None:
    """The settings of a campaign as they were set, locked against changes until the transaction ends."""
    row = await conn.fetchrow(f"{CALL_SETTINGS} for no key update", tenant_id, campaign_id)
    return None if row is None else columns.settings_of(row)


def _in_force(row: asyncpg.Record) -> CallSettings:
    """The settings of a row that has columns.COLUMNS and tenant_hours."""
    return in_force(columns.settings_of(row), hours.week_of(row["tenant_hours"]))


RUNNING = f"""
select tenant_id, campaign_id, c.name, t.zone as tenant_zone, h.windows as tenant_hours,
    {", ".join(f"c.{column}" for column in columns.COLUMNS)}
from campaign c join tenant t using (tenant_id) left join calling_hours h using (tenant_id)
where status = {Status.RUNNING} and t.switch_id = $1
    and (c.trunk is null or {may_use("c.tenant_id", "t.switch_id", "c.trunk", EndpointKind.TRUNK)})
order by tenant_id, campaign_id
"""


async def running(conn: Connection, switch_id: SwitchId = DEFAULT) -> list[RunningCampaign]:
    """The running campaigns of all tenants of a switch, by id, but those that name a trunk which is not their tenant's;
    the dialer decides in which order they are dialled."""
    return [
        RunningCampaign(row["tenant_id"], row["campaign_id"], row["name"], row["tenant_zone"], _in_force(row))
        for row in await conn.fetch(RUNNING, switch_id)
    ]


CHANGE = f"""
update campaign set name = coalesce($3, name), user_name = case when $4 then $5 else user_name end
where tenant_id = $1 and campaign_id = $2 returning {_COLUMNS}
"""
SET = f"""
update campaign set {", ".join(f"{column} = ${place}" for place, column in enumerate(columns.COLUMNS, 3))}
where tenant_id = $1 and campaign_id = $2
"""


async def change(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    *,
    name: str | None = None,
    user_name: tuple[str | None] | None = None,
    settings: tuple[CallSettings, CallSettings] | None = None,
    by: Author | None,
) -> Campaign | None:
    """Change a campaign; None when there is no such campaign.

    `user_name` is a tuple of one value when it changes; `settings` is the pair of what `lock` returned and the new
    ones.
    """
    async with conn.transaction():
        changed = user_name is not None
        row = await conn.fetchrow(CHANGE, tenant_id, campaign_id, name, changed, user_name[0] if user_name else None)
        if row is None:
            return None
        detail: dict[str, Any] = {}
        if settings is not None:
            before, after = map(columns.column_values, settings)
            await conn.execute(SET, tenant_id, campaign_id, *after.values())
            detail = {column: value for column, value in after.items() if value != before[column]}
        await audit.record(conn, tenant_id, by, "campaign.change", f"campaign {campaign_id}", detail or None)
    return _campaign(row)


MOVE = f"""
update campaign set status = allowed.target, pause_reason = null
from unnest($3::smallint[], $4::smallint[]) as allowed (source, target)
where tenant_id = $1 and campaign_id = $2 and status = allowed.source
    and (archived_at is null or allowed.target <> {Status.RUNNING}) returning {_COLUMNS}
"""


async def move(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, action: Action, by: Author | None
) -> Campaign | None:
    """Apply the transition that TRANSITIONS allows in the present state; None when it allows none."""
    moves = TRANSITIONS[action]
    async with conn.transaction():
        row = await conn.fetchrow(MOVE, tenant_id, campaign_id, list(moves), list(moves.values()))
        if row is None:
            return None
        await audit.record(conn, tenant_id, by, f"campaign.{action}", f"campaign {campaign_id}")
        await outbox.publish(conn, tenant_id, Event.CAMPAIGN_STATE, _state(row))
    return _campaign(row)


PAUSE_ITSELF = f"""
update campaign set status = {Status.PAUSED}, pause_reason = $3
where tenant_id = $1 and campaign_id = $2 and status = {Status.RUNNING}
returning {_COLUMNS}
"""


async def pause_itself(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, reason: PauseReason, calls: int
) -> bool:
    """Pause a running campaign for a reason that `calls` calls in a row gave; False when it does not run."""
    async with conn.transaction():
        row = await conn.fetchrow(PAUSE_ITSELF, tenant_id, campaign_id, reason)
        if row is None:
            return False
        detail = {"by": "dialer", "reason": reason, "calls": calls}
        await audit.record(conn, tenant_id, None, "campaign.pause", f"campaign {campaign_id}", detail)
        await outbox.publish(conn, tenant_id, Event.CAMPAIGN_STATE, _state(row))
    return True


def _state(row: asyncpg.Record) -> dict[str, Any]:
    """The data of `campaign.state`."""
    status = Status(row["status"])
    return {
        "campaignId": row["campaign_id"],
        "campaignName": row["name"],
        "status": status.value,
        "state": status.name.lower(),
        "pauseReason": row["pause_reason"],
    }


def _campaign(row: asyncpg.Record) -> Campaign:
    return Campaign(
        row["campaign_id"],
        row["name"],
        row["type"],
        Status(row["status"]),
        row["user_name"],
        row["created_at"],
        row["pause_reason"] and PauseReason(row["pause_reason"]),
        row["archived_at"],
    )
