"""Callbacks written to the database."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tongdai.callbacks import store
from tongdai.callbacks.model import AskedFor, Callback, Source
from tongdai.callbacks.requests import store as requests
from tongdai.campaigns.hours import store as calling_hours
from tongdai.campaigns.settings.windows import every_day
from tongdai.db.pool import Connection
from tongdai.ids import QueueId, TenantId
from tongdai.queues.hours import store as hours

PHONE = "+84901234567"


async def any_hour(conn: Connection, tenant_id: TenantId) -> None:
    """Let the tenant call at any time of the day."""
    await calling_hours.change(conn, tenant_id, every_day(0, 1440), None)


async def asked(conn: Connection, tenant_id: TenantId, queue_id: QueueId, **values: Any) -> Callback:
    """A caller has asked to be called back, a minute ago."""
    now = await hours.now(conn)
    given: dict[str, Any] = {
        "phone": PHONE, "called": "+842873001234", "source": Source.CALLER, "arrived_at": now - timedelta(minutes=1),
        "due_at": now - timedelta(minutes=1), "expires_at": now + timedelta(hours=4),
    }  # fmt: skip
    return await store.ask(conn, tenant_id, AskedFor(queue_id=queue_id, **(given | values)))


async def found(conn: Connection, tenant_id: TenantId, callback_id: UUID) -> Callback:
    callback = await requests.find(conn, tenant_id, callback_id)
    assert callback is not None
    return callback
