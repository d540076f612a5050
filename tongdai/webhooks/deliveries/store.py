"""The queues of webhooks in the database: who sends, what is due, and what came of it.

An engine takes a webhook's queue by a lease, and nobody else sends to that webhook meanwhile: so a webhook gets at most
its number of requests at once, from however many engines. Each taking raises the fence; what came of a try is recorded
under the fence of the engine that made it, or not at all. A crash leaves what was being sent in the outbox.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from tongdai.db.pool import Connection
from tongdai.ids import DeliveryId, TenantId, WebhookId
from tongdai.webhooks import store
from tongdai.webhooks.deliveries.model import Due, Message, Owned, Tried, Verdict
from tongdai.webhooks.model import Webhook

WITH_DUE = """
select w.tenant_id, w.webhook_id from webhook w
where w.enabled
    and exists (
        select from webhook_outbox o
        where o.tenant_id = w.tenant_id and o.webhook_id = w.webhook_id and o.due_at <= clock_timestamp()
    )
    and not exists (
        select from webhook_lease l
        where l.tenant_id = w.tenant_id and l.webhook_id = w.webhook_id and l.owner is not null
            and l.lease_until > clock_timestamp()
    )
order by w.tenant_id, w.webhook_id
"""


async def with_due(conn: Connection) -> list[tuple[TenantId, WebhookId]]:
    """The webhooks of all tenants for which something is due, and whose queue nobody has."""
    return [(row["tenant_id"], row["webhook_id"]) for row in await conn.fetch(WITH_DUE)]


TAKE = """
with clock as materialized (
    select clock_timestamp() as now_at, clock_timestamp() + $4::interval as lease_until
), made as (
    insert into webhook_lease (tenant_id, webhook_id, fence, owner, lease_until)
    select $1, $2, 1, $3, lease_until from clock on conflict (tenant_id, webhook_id) do nothing
    returning fence
), taken as (
    update webhook_lease l set fence = l.fence + 1, owner = $3, lease_until = clock.lease_until from clock
    where l.tenant_id = $1 and l.webhook_id = $2 and (l.owner is null or l.lease_until <= clock.now_at)
    returning l.fence
)
select fence from made union all select fence from taken
"""


async def take(
    conn: Connection, tenant_id: TenantId, webhook_id: WebhookId, owner: UUID, lease: timedelta
) -> Owned | None:
    """Take the queue of a webhook. None: another engine has it."""
    fence = await conn.fetchval(TAKE, tenant_id, webhook_id, owner, lease)
    return None if fence is None else Owned(tenant_id, webhook_id, fence)


RENEW = """
with clock as materialized (
    select clock_timestamp() + $4::interval as lease_until
), renewed as (
    update webhook_lease l set lease_until = clock.lease_until from clock
    where l.tenant_id = $1 and l.webhook_id = $2 and l.fence = $3 and l.owner is not null returning true
)
select exists (select from renewed)
"""


async def renew(conn: Connection, owned: Owned, lease: timedelta) -> bool:
    """False: it is another engine's."""
    return await conn.fetchval(RENEW, *owned, lease)


HAND_BACK = """
update webhook_lease set owner = null where tenant_id = $1 and webhook_id = $2 and fence = $3
"""


async def hand_back(conn: Connection, owned: Owned) -> None:
    await conn.execute(HAND_BACK, *owned)


DUE = """
select delivery_id, message_id, event, occurred_at, sequence, data, attempts, created_at from webhook_outbox
where tenant_id = $1 and webhook_id = $2 and due_at <= clock_timestamp() and delivery_id <> all($3::bigint[])
order by due_at, delivery_id limit $4
"""


async def due(
    conn: Connection, owned: Owned, but: Sequence[DeliveryId], limit: int
) -> tuple[Webhook | None, list[Due]]:
    """The webhook as it is now, and what is to be sent to it, the oldest first, without those that are under way.

    None: it is switched off, or was deleted.
    """
    found = await store.find(conn, owned.tenant_id, owned.webhook_id)
    if found is None or not found.enabled:
        return None, []
    rows = await conn.fetch(DUE, owned.tenant_id, owned.webhook_id, list(but), limit)
    return found, [
        Due(
            row["delivery_id"],
            Message(row["message_id"], row["event"], row["occurred_at"], row["sequence"], row["data"]),
            row["attempts"],
            row["created_at"],
        )
        for row in rows
    ]


class Outcome(NamedTuple):
    delivery_id: DeliveryId
    at: datetime
    """When it was tried."""
    tried: Tried
    verdict: Verdict


_CONTENT = "delivery_id, message_id, event, occurred_at, sequence, data, created_at"
RECORD = f"""
with clock as materialized (
    select clock_timestamp() as now_at
), held as materialized (
    select true as held from webhook_lease
    where tenant_id = $1 and webhook_id = $2 and fence = $3 and owner is not null for update
), sent as materialized (
    select sent.*, clock.now_at, clock.now_at + make_interval(secs => wait_s) as due_at
    from unnest($4::bigint[], $5::text[], $6::float8[], $7::timestamptz[], $8::smallint[], $9::text[], $10::integer[])
        as sent (delivery_id, state, wait_s, tried_at, status, fault, took_ms)
    cross join held cross join clock
), over as (
    delete from webhook_outbox o using sent
    where o.tenant_id = $1 and o.webhook_id = $2 and o.delivery_id = sent.delivery_id and sent.state <> 'waiting'
    returning o.*, sent.state, sent.tried_at as last_at, sent.status as last_status, sent.fault as last_fault,
        sent.took_ms as last_ms, sent.now_at
), ended as (
    insert into webhook_delivery (tenant_id, webhook_id, {_CONTENT}, state, attempts, tried_at, status, fault, took_ms,
        ended_at, ended_day)
    select $1, $2, {_CONTENT}, state, attempts + 1, last_at, last_status, last_fault, last_ms, now_at,
        (now_at at time zone 'UTC')::date
    from over
), again as (
    update webhook_outbox o set attempts = o.attempts + 1, due_at = sent.due_at, tried_at = sent.tried_at,
        status = sent.status, fault = sent.fault, took_ms = sent.took_ms
    from sent
    where o.tenant_id = $1 and o.webhook_id = $2 and o.delivery_id = sent.delivery_id and sent.state = 'waiting'
)
select exists (select from held)
"""


async def record(conn: Connection, owned: Owned, outcomes: Sequence[Outcome]) -> bool:
    """Record what came of tries. False: the queue is another engine's by now, and nothing was recorded."""
    ordered = sorted(outcomes, key=lambda one: one.delivery_id)
    return await conn.fetchval(
        RECORD,
        *owned,
        [one.delivery_id for one in ordered],
        [one.verdict.state for one in ordered],
        [one.verdict.wait_s for one in ordered],
        [one.at for one in ordered],
        [one.tried.status for one in ordered],
        [one.tried.fault for one in ordered],
        [one.tried.took_ms for one in ordered],
    )


FAILING = """
with clock as materialized (
    select now() as now_at
)
update webhook w set failing_since = clock.now_at from clock
where w.tenant_id = $1 and w.webhook_id = $2 and w.failing_since is null
"""
WORKING = """
update webhook set failing_since = null where tenant_id = $1 and webhook_id = $2 and failing_since is not null
"""


async def note_health(conn: Connection, owned: Owned, *, delivered: bool) -> None:
    """Note that something was delivered, or that nothing was since now."""
    await conn.execute(WORKING if delivered else FAILING, owned.tenant_id, owned.webhook_id)
