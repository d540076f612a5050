"""Webhooks in the database. Locks: a webhook's lease before the webhook, its outbox after both."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, TenantId, WebhookId
from tongdai.webhooks.model import MAX_WEBHOOKS, Body, Event, Keys, OffReason, Target, Webhook

WAITING_SHOWN = 10_000
"""Waiting events are counted so far."""
_COLUMNS = """tenant_id, webhook_id, url, description, events, body, auth_header, salt, old_salt, old_until, enabled,
    off_reason, off_at, failing_since, created_at"""
_WAITING = f"""(select count(*) from (
        select from webhook_outbox o where o.tenant_id = $1 and o.webhook_id = webhook.webhook_id limit {WAITING_SHOWN}
    ) counted) as waiting"""
FIND = f"select {_COLUMNS}, {_WAITING} from webhook where tenant_id = $1 and webhook_id = $2"
LIST = f"select {_COLUMNS}, {_WAITING} from webhook where tenant_id = $1 order by webhook_id"
LOCKED = f"select {_COLUMNS} from webhook where tenant_id = $1 and webhook_id = $2 for no key update"


async def find(conn: Connection, tenant_id: TenantId, webhook_id: WebhookId) -> Webhook | None:
    row = await conn.fetchrow(FIND, tenant_id, webhook_id)
    return None if row is None else _webhook(row)


async def locked(conn: Connection, tenant_id: TenantId, webhook_id: WebhookId) -> Webhook | None:
    """The webhook, which nobody else changes until the caller's transaction ends."""
    row = await conn.fetchrow(LOCKED, tenant_id, webhook_id)
    return None if row is None else _webhook(row)


async def webhooks(conn: Connection, tenant_id: TenantId) -> list[Webhook]:
    """The tenant's webhooks, by id."""
    return [_webhook(row) for row in await conn.fetch(LIST, tenant_id)]


LOCK = "select from tenant where tenant_id = $1 for no key update"
COUNT = "select count(*) from webhook where tenant_id = $1"
CREATE = f"""
insert into webhook (tenant_id, url, description, events, body, auth_header, salt)
values ($1, $2, $3, $4, $5, $6, $7) returning {_COLUMNS}
"""


async def create(
    conn: Connection, tenant_id: TenantId, target: Target, authorization: str | None, salt: bytes, by: Author | None
) -> Webhook | None:
    """None: the tenant has as many webhooks as it may."""
    async with conn.transaction():
        await conn.execute(LOCK, tenant_id)
        if await conn.fetchval(COUNT, tenant_id) >= MAX_WEBHOOKS:
            return None
        row = await conn.fetchrow(CREATE, tenant_id, *_values(target), authorization, salt)
        assert row is not None
        made = _webhook(row)
        await _record(conn, made, by, "webhook.create", _detail(target))
    return made


CHANGE = """
update webhook set url = $3, description = $4, events = $5, body = $6, auth_header = $7
where tenant_id = $1 and webhook_id = $2
"""


async def change(
    conn: Connection, before: Webhook, target: Target, authorization: str | None, by: Author | None
) -> None:
    """Change a locked webhook, in its transaction."""
    await conn.execute(CHANGE, before.tenant_id, before.webhook_id, *_values(target), authorization)
    detail = _detail(target) | ({} if authorization == before.authorization else {"authorization": "changed"})
    await _record(conn, before, by, "webhook.change", detail)


SWITCH_OFF = """
with clock as materialized (
    select now() as now_at
), switched as (
    update webhook w set enabled = false, off_reason = $3, off_at = clock.now_at from clock
    where w.tenant_id = $1 and w.webhook_id = $2 and w.enabled returning true
)
select exists (select from switched)
"""


async def switch_off(
    conn: Connection, tenant_id: TenantId, webhook_id: WebhookId, reason: OffReason, by: Author | None
) -> bool:
    """Send nothing more to a webhook; what waits is kept. False: it is off already. In the caller's transaction."""
    if not await conn.fetchval(SWITCH_OFF, tenant_id, webhook_id, reason):
        return False
    await audit.record(conn, tenant_id, by, "webhook.off", f"webhook {webhook_id}", {"reason": reason})
    return True


SWITCH_ON = """
update webhook set enabled = true, off_reason = null, off_at = null, failing_since = null
where tenant_id = $1 and webhook_id = $2 and not enabled returning true
"""


async def switch_on(conn: Connection, before: Webhook, by: Author | None) -> None:
    """Send to a webhook again, in its transaction; what waited goes out, too."""
    if await conn.fetchval(SWITCH_ON, before.tenant_id, before.webhook_id):
        await _record(conn, before, by, "webhook.on", {})


ROTATE = """
with clock as materialized (
    select now() as now_at, now() + $4::interval as until
), rotated as (
    update webhook w set old_salt = w.salt, old_until = clock.until, salt = $3 from clock
    where w.tenant_id = $1 and w.webhook_id = $2 returning w.old_until
)
select old_until from rotated
"""


async def rotate(conn: Connection, before: Webhook, salt: bytes, overlap: timedelta, by: Author | None) -> datetime:
    """Replace the secret of a locked webhook, in its transaction; both sign for `overlap`. Returns until when."""
    until = await conn.fetchval(ROTATE, before.tenant_id, before.webhook_id, salt, overlap)
    await _record(conn, before, by, "webhook.rotate_secret", {"until": until})
    return until


LEASE = "select from webhook_lease where tenant_id = $1 and webhook_id = $2 for update"
DELETE = "delete from webhook where tenant_id = $1 and webhook_id = $2 returning true"
FORGET = "delete from webhook_delivery where tenant_id = $1 and webhook_id = $2"


async def delete(conn: Connection, tenant_id: TenantId, webhook_id: WebhookId, by: Author | None) -> bool:
    """Delete a webhook with what waits for it and what was delivered. False: there is none."""
    async with conn.transaction():
        await conn.execute(LEASE, tenant_id, webhook_id)
        if not await conn.fetchval(DELETE, tenant_id, webhook_id):
            return False
        await conn.execute(FORGET, tenant_id, webhook_id)
        await audit.record(conn, tenant_id, by, "webhook.delete", f"webhook {webhook_id}")
    return True


async def _record(conn: Connection, of: Webhook, by: Author | None, action: str, detail: dict[str, Any]) -> None:
    await audit.record(conn, of.tenant_id, by, action, f"webhook {of.webhook_id}", detail)


def _detail(target: Target) -> dict[str, Any]:
    return {"url": target.url, "events": list(target.events), "body": target.body}


def _values(target: Target) -> tuple[Any, ...]:
    return (target.url, target.description, list(target.events), target.body)


def _webhook(row: asyncpg.Record) -> Webhook:
    # Events of a newer version are left out, after a step back to this one.
    events = tuple(Event(event) for event in row["events"] if event in set(Event))
    return Webhook(
        row["tenant_id"],
        row["webhook_id"],
        Target(row["url"], row["description"], events, Body(row["body"])),
        row["auth_header"],
        Keys(row["salt"], row["old_salt"], row["old_until"]),
        row["enabled"],
        row["off_reason"] and OffReason(row["off_reason"]),
        row["off_at"],
        row["failing_since"],
        row["created_at"],
        row.get("waiting") or 0,
    )


of_row = _webhook
