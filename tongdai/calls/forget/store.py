"""A number is taken out of the calls with it. The calls stay without it, so that reports stay what they are."""

from uuid import UUID

from tongdai.calls.sql import ENDED
from tongdai.db.pool import Connection
from tongdai.ids import TenantId

LIVE = "select true from live_call where tenant_id = $1 and phone = $2 limit 1"
FORGET = f"""
update call set phone = '', wrap_up_note = null, changed_in = default where tenant_id = $1 and phone = $2 and {ENDED}
returning call_id
"""


async def is_live(conn: Connection, tenant_id: TenantId, phone: str) -> bool:
    """Whether a number is in a call."""
    return bool(await conn.fetchval(LIVE, tenant_id, phone))


async def forget(conn: Connection, tenant_id: TenantId, phone: str) -> list[UUID]:
    """Take a number out of the ended calls, with the notes on them, within the caller's transaction; which they
    are."""
    return [row["call_id"] for row in await conn.fetch(FORGET, tenant_id, phone)]
