"""Deliveries in the database as they are listed, and sending them again."""

from datetime import datetime
from typing import NamedTuple

import asyncpg

from tongdai.db.pool import Connection
from tongdai.ids import DeliveryId, TenantId, WebhookId
from tongdai.webhooks.deliveries.model import DeliveryState, Record
from tongdai.webhooks.model import TEST

_CONTENT = "delivery_id, message_id, event, occurred_at, sequence, data, created_at"
_SHOWN = f"{_CONTENT}, attempts, tried_at, status, fault, took_ms"
_WAITS = f"{_SHOWN}, 'waiting' as state, due_at, null::timestamptz as ended_at"
_ENDED = f"{_SHOWN}, state, null::timestamptz as due_at, ended_at"
_OF = "tenant_id = $1 and webhook_id = $2"
AFTER = f"""
select * from (
    (
        select {_WAITS} from webhook_outbox where {_OF} and delivery_id < $3 and ($4::text is null or $4 = 'waiting')
        order by delivery_id desc limit $5
    )
    union all
    (
        select {_ENDED} from webhook_delivery where {_OF} and delivery_id < $3 and ($4::text is null or state = $4)
        order by delivery_id desc limit $5
    )
) found order by delivery_id desc limit $5
"""
_FIRST = 2**62


async def after(
    conn: Connection,
    tenant_id: TenantId,
    webhook_id: WebhookId,
    state: DeliveryState | None,
    key: DeliveryId | None,
    limit: int,
) -> list[Record]:
    """The deliveries of a webhook behind one, newest first."""
    rows = await conn.fetch(AFTER, tenant_id, webhook_id, _FIRST if key is None else key, state, limit)
    return [_record(row) for row in rows]


PAGE = f"""
select * from (
    (
        select {_WAITS} from webhook_outbox where {_OF} and ($3::text is null or $3 = 'waiting')
        order by delivery_id desc limit $4::bigint + $5::bigint
    )
    union all
    (
        select {_ENDED} from webhook_delivery where {_OF} and ($3::text is null or state = $3)
        order by delivery_id desc limit $4::bigint + $5::bigint
    )
) found order by delivery_id desc limit $4 offset $5
"""
COUNT = f"""
select (select count(*) from webhook_outbox where {_OF} and ($3::text is null or $3 = 'waiting'))
    + (select count(*) from webhook_delivery where {_OF} and ($3::text is null or state = $3))
"""


async def page(
    conn: Connection,
    tenant_id: TenantId,
    webhook_id: WebhookId,
    state: DeliveryState | None,
    limit: int,
    offset: int,
) -> tuple[list[Record], int]:
    """A page of the deliveries of a webhook, newest first, and their number."""
    ids = (tenant_id, webhook_id, state)
    rows = await conn.fetch(PAGE, *ids, limit, offset)
    return [_record(row) for row in rows], await conn.fetchval(COUNT, *ids)


FIND = f"""
select {_WAITS} from webhook_outbox where {_OF} and delivery_id = $3
union all
select {_ENDED} from webhook_delivery where {_OF} and delivery_id = $3
"""


async def find(conn: Connection, tenant_id: TenantId, webhook_id: WebhookId, delivery_id: DeliveryId) -> Record | None:
    row = await conn.fetchrow(FIND, tenant_id, webhook_id, delivery_id)
    return None if row is None else _record(row)


_AGAIN = f"""insert into webhook_outbox (tenant_id, webhook_id, {_CONTENT}) overriding system value
    select $1, $2, {_CONTENT} from gone"""
REPLAY = f"""
with clock as materialized (
    select clock_timestamp() as now_at
), gone as (
    delete from webhook_delivery where {_OF} and delivery_id = $3 returning *
), again as (
    {_AGAIN}
), hurried as (
    update webhook_outbox o set due_at = least(o.due_at, clock.now_at) from clock
    where o.tenant_id = $1 and o.webhook_id = $2 and o.delivery_id = $3 returning true
)
select exists (select from gone) or exists (select from hurried)
"""


async def replay(conn: Connection, tenant_id: TenantId, webhook_id: WebhookId, delivery_id: DeliveryId) -> bool:
    """Send a delivery again, with the same `webhook-id`, or one that waits now. False: there is none."""
    return await conn.fetchval(REPLAY, tenant_id, webhook_id, delivery_id)


# A delivery ends after its event happened: the days before are not searched.
REPLAY_ALL = f"""
with found as materialized (
    select delivery_id, ended_day from webhook_delivery
    where {_OF} and occurred_at >= $3 and occurred_at < $4 and ended_day >= ($3 at time zone 'UTC')::date
        and ($5::text is null or state = $5) and ended_at < $6
    order by delivery_id limit $7
), gone as (
    delete from webhook_delivery d using found
    where d.tenant_id = $1 and d.webhook_id = $2 and d.delivery_id = found.delivery_id
        and d.ended_day = found.ended_day
    returning d.*
), again as (
    {_AGAIN}
)
select count(*) from gone
"""


async def replay_all(
    conn: Connection,
    tenant_id: TenantId,
    webhook_id: WebhookId,
    since: datetime,
    before: datetime,
    state: DeliveryState | None,
    ended_before: datetime,
    limit: int,
) -> int:
    """Send again what happened from an instant on and before another, the oldest first, at most `limit`; returns their
    number. What ended after `ended_before` is left out: it was sent again just now."""
    ids = (tenant_id, webhook_id)
    return await conn.fetchval(REPLAY_ALL, *ids, since, before, state, ended_before, limit)


TEST_EVENT = """
insert into webhook_outbox (tenant_id, webhook_id, event, occurred_at, data)
select $1, webhook_id, $3, clock_timestamp(), jsonb_build_object('webhookId', webhook_id)
from webhook where tenant_id = $1 and webhook_id = $2 and enabled
returning delivery_id
"""


async def send_test(conn: Connection, tenant_id: TenantId, webhook_id: WebhookId) -> DeliveryId | None:
    """Send a test event to a webhook. None: it is off, or there is none."""
    return await conn.fetchval(TEST_EVENT, tenant_id, webhook_id, TEST)


_OF_PHONE = "tenant_id = $1 and data ->> 'phoneNumber' = $2"
OF_PHONE = f"""
select webhook_id, delivery_id, event, occurred_at, 'waiting' as state from webhook_outbox where {_OF_PHONE}
union all
select webhook_id, delivery_id, event, occurred_at, state from webhook_delivery where {_OF_PHONE}
order by delivery_id
"""


class Notified(NamedTuple):
    """An event that names a number, and the webhook to which it is sent."""

    webhook_id: WebhookId
    delivery_id: DeliveryId
    event: str
    occurred_at: datetime
    state: str


async def of_phone(conn: Connection, tenant_id: TenantId, phone: str) -> list[Notified]:
    """The events that name a number, the oldest first."""
    return [Notified(*row) for row in await conn.fetch(OF_PHONE, tenant_id, phone)]


LEASES = "select from webhook_lease where tenant_id = $1 order by webhook_id for update"
FORGET = f"""
with waiting as (
    delete from webhook_outbox where {_OF_PHONE} returning true
), ended as (
    delete from webhook_delivery where {_OF_PHONE} returning true
)
select (select count(*) from waiting) + (select count(*) from ended)
"""


async def forget(conn: Connection, tenant_id: TenantId, phone: str) -> int:
    """Delete the events that name a number, those that wait too, within the caller's transaction; how many did."""
    await conn.execute(LEASES, tenant_id)  # before the outbox, as the engine does
    return await conn.fetchval(FORGET, tenant_id, phone)


def _record(row: asyncpg.Record) -> Record:
    values = dict(row)
    values["state"] = DeliveryState(values["state"])
    return Record(**values)
