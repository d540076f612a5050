"""The names that rows of reports show, from the database, as they are now."""

from collections.abc import Mapping

from tongdai.db.pool import Connection
from tongdai.ids import TenantId

AGENTS = "select agent_id as id, name from agent where tenant_id = $1"
CAMPAIGNS = "select campaign_id as id, name from campaign where tenant_id = $1"
QUEUES = "select queue_id as id, name from inbound_queue where tenant_id = $1"

Names = Mapping[int, str]


async def agents(conn: Connection, tenant_id: TenantId) -> Names:
    return {row["id"]: row["name"] for row in await conn.fetch(AGENTS, tenant_id)}


async def campaigns(conn: Connection, tenant_id: TenantId) -> Names:
    return {row["id"]: row["name"] for row in await conn.fetch(CAMPAIGNS, tenant_id)}


async def queues(conn: Connection, tenant_id: TenantId) -> Names:
    return {row["id"]: row["name"] for row in await conn.fetch(QUEUES, tenant_id)}
