"""Names of the contacts, agents and campaigns of calls, and the tenant's zone, in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tongdai.calls.history import CallRecord
from tongdai.contacts.fields import COLUMNS, Values
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, CampaignId, ContactId, TenantId


@dataclass(frozen=True, slots=True)
class Names:
    """By id; contacts that were deleted are missing."""

    contacts: Mapping[ContactId, Values]
    """The declared fields of contacts (contacts/fields.py)."""
    agents: Mapping[AgentId, str]
    campaigns: Mapping[CampaignId, str]
    codes: Mapping[int, str]
    """Wrap-up codes, retired ones included."""


# A look-up for each contact: no plan can read the whole table.
CONTACTS = f"""
select c.* from unnest($2::bigint[]) wanted (contact_id)
cross join lateral (
    select contact_id, {COLUMNS} from contact where tenant_id = $1 and contact_id = wanted.contact_id limit 1
) c
"""
AGENTS = "select agent_id, name from agent where tenant_id = $1 and agent_id = any($2::bigint[])"
CAMPAIGNS = "select campaign_id, name from campaign where tenant_id = $1 and campaign_id = any($2::bigint[])"
CODES = "select code_id, name from wrap_up_code where tenant_id = $1 and code_id = any($2::bigint[])"


async def names_of(conn: Connection, tenant_id: TenantId, calls: Sequence[CallRecord]) -> Names:
    contacts = await _rows(
        conn, CONTACTS, tenant_id, {call.contact_id for call in calls if call.contact_id is not None}
    )
    agents = await _rows(conn, AGENTS, tenant_id, {call.agent_id for call in calls if call.agent_id is not None})
    called_for = {call.campaign_id for call in calls if call.campaign_id is not None}
    campaigns = await _rows(conn, CAMPAIGNS, tenant_id, called_for)
    used = {call.wrap_up_code_id for call in calls if call.wrap_up_code_id is not None}
    codes = await _rows(conn, CODES, tenant_id, used)
    return Names(
        {ContactId(contact_id): tuple(values) for contact_id, *values in contacts},
        {AgentId(agent_id): name for agent_id, name in agents},
        {CampaignId(campaign_id): name for campaign_id, name in campaigns},
        {int(code_id): name for code_id, name in codes},
    )


async def _rows(
    conn: Connection, sql: str, tenant_id: TenantId, ids: Collection[int]
) -> "Sequence[tuple[int, *tuple[str, ...]]]":
    return [tuple(row) for row in await conn.fetch(sql, tenant_id, sorted(ids))] if ids else []


ZONE = "select zone from tenant where tenant_id = $1"


async def zone_of(conn: Connection, tenant_id: TenantId) -> ZoneInfo:
    """The time zone of a tenant."""
    return ZoneInfo(await conn.fetchval(ZONE, tenant_id))
