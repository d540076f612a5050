"""Inbound queues in the database."""

import asyncpg
from msgspec import UNSET, UnsetType

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, QueueId, TenantId
from tongdai.numbers import core as numbers_core
from tongdai.numbers import store as numbers
from tongdai.queues.destinations import store as destinations
from tongdai.queues.model import (
    Change,
    Destination,
    DestinationKind,
    InboundQueue,
    NumberRefusal,
    References,
    Strategy,
)

_COLUMNS = "queue_id, name, number, strategy, moh_file, max_wait_s, announce_position, agent_selector"

PAGE = f"select {_COLUMNS} from inbound_queue where tenant_id = $1 order by queue_id limit $2 offset $3"
COUNT = "select count(*) from inbound_queue where tenant_id = $1"


async def page(conn: Connection, tenant_id: TenantId, limit: int, offset: int) -> tuple[list[InboundQueue], int]:
    """A page of the tenant's queues, by id, and the number of all its queues."""
    rows = await conn.fetch(PAGE, tenant_id, limit, offset)
    return [_queue(row) for row in rows], await conn.fetchval(COUNT, tenant_id)


AFTER = f"select {_COLUMNS} from inbound_queue where tenant_id = $1 and queue_id > $2 order by queue_id limit $3"


async def after(conn: Connection, tenant_id: TenantId, queue_id: QueueId | None, limit: int) -> list[InboundQueue]:
    """The tenant's next queues behind one (None: the first), by id."""
    return [_queue(row) for row in await conn.fetch(AFTER, tenant_id, queue_id or 0, limit)]


FIND = f"select {_COLUMNS} from inbound_queue where tenant_id = $1 and queue_id = $2"


async def find(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> InboundQueue | None:
    row = await conn.fetchrow(FIND, tenant_id, queue_id)
    return None if row is None else _queue(row)


OTHER_QUEUE = """
select exists (select from inbound_queue where tenant_id = $1 and number = any($2::text[]) and queue_id <> $3)
"""


async def _refusal(
    conn: Connection, tenant_id: TenantId, number: str | UnsetType | None, queue_id: QueueId | None = None
) -> NumberRefusal | None:
    """Why a queue (None: a new one) may not have a number, in a transaction. One that nobody has may be named: its
    calls come once the operator gives it to the tenant."""
    if number is None or isinstance(number, UnsetType):
        return None
    found = await numbers.written_as(conn, number)
    own = [one for one in found if one.tenant_id == tenant_id]
    if found and not own:
        return NumberRefusal.OF_OTHER_TENANT
    written = {number, *(form for one in own for form in numbers_core.forms(one.number, one.national))}
    for one in own:  # queues that get other forms of it at once wait for each other
        await numbers.lock(conn, one.number)
    taken = await conn.fetchval(OTHER_QUEUE, tenant_id, sorted(written), queue_id or 0)
    return NumberRefusal.OF_OTHER_QUEUE if taken else None


async def has_callers(conn: Connection, number: str) -> bool:
    """Whether the operator has given the number of a queue to its tenant; otherwise its callers are refused."""
    return bool(await numbers.written_as(conn, number))


CREATE = """
insert into inbound_queue (tenant_id, name, number, strategy, moh_file, max_wait_s, announce_position)
values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, number) do nothing returning queue_id
"""


async def create(
    conn: Connection, tenant_id: TenantId, name: str, number: str | None, fields: Change, by: Author | None
) -> QueueId | NumberRefusal:
    """Create a queue and return its id."""
    strategy = Strategy.NORMAL if fields.strategy is UNSET else fields.strategy
    values = [None if value is UNSET else value for value in _optional(fields)]
    async with conn.transaction():
        refusal = await _refusal(conn, tenant_id, number)
        if refusal is not None:
            return refusal
        queue_id = await conn.fetchval(CREATE, tenant_id, name, number, strategy, *values)
        if queue_id is None:
            return NumberRefusal.OF_OTHER_QUEUE
        await audit.record(conn, tenant_id, by, "queue.create", f"queue {queue_id}")
    return queue_id


# Sets only the fields that are sent, so that concurrent changes of different fields both hold.
CHANGE = """
update inbound_queue set
    strategy = case when $3 then $4 else strategy end,
    moh_file = case when $5 then $6 else moh_file end,
    max_wait_s = case when $7 then $8 else max_wait_s end,
    announce_position = case when $9 then $10 else announce_position end,
    number = case when $11 then $12 else number end,
    name = case when $13 then $14 else name end
where tenant_id = $1 and queue_id = $2 returning true
"""


async def change(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, fields: Change, by: Author
) -> bool | NumberRefusal:
    """Change the fields that are sent; False when there is no such queue."""
    pairs = [
        part
        for value in (fields.strategy, *_optional(fields), fields.number, fields.name)
        for part in (value is not UNSET, None if value is UNSET else value)
    ]
    try:
        async with conn.transaction():
            refusal = await _refusal(conn, tenant_id, fields.number, queue_id)
            if refusal is not None:
                return refusal if await find(conn, tenant_id, queue_id) is not None else False
            if not await conn.fetchval(CHANGE, tenant_id, queue_id, *pairs):
                return False
            await audit.record(conn, tenant_id, by, "queue.change", f"queue {queue_id}")
    except asyncpg.UniqueViolationError:
        return NumberRefusal.OF_OTHER_QUEUE
    return True


# Locks the queue, so that no new reference to it is stored before it is deleted.
HOLD = "select true from inbound_queue where tenant_id = $1 and queue_id = $2 for update"
USERS = """
select
    array(select agent_id from agent_queue where tenant_id = $1 and queue_id = $2 order by agent_id limit $3) as agents,
    array(select campaign_id from campaign where tenant_id = $1 and queue_id = $2 order by campaign_id limit $3)
        as campaigns,
    (select count(*) from caller where tenant_id = $1 and queue_id = $2) as callers
"""
DELETE = "delete from inbound_queue where tenant_id = $1 and queue_id = $2"
NAMED = 5


async def delete(conn: Connection, tenant_id: TenantId, queue_id: QueueId, by: Author) -> bool | References:
    """Delete a queue; False when there is none, and the first NAMED references when some keep it from being
    deleted."""
    async with conn.transaction():
        if not await conn.fetchval(HOLD, tenant_id, queue_id):
            return False
        row = await conn.fetchrow(USERS, tenant_id, queue_id, NAMED)
        assert row is not None
        sought = Destination(DestinationKind.QUEUE, str(queue_id))
        others = await destinations.users(conn, tenant_id, sought, NAMED)
        users = References(row["agents"], row["campaigns"], *others, row["callers"])
        if any(users):
            return users
        await conn.execute(DELETE, tenant_id, queue_id)
        await audit.record(conn, tenant_id, by, "queue.delete", f"queue {queue_id}")
    return True


def _optional(fields: Change) -> tuple[object, ...]:
    return fields.moh_file, fields.max_wait_s, fields.announce_position


def _queue(row: asyncpg.Record) -> InboundQueue:
    return InboundQueue(
        row["queue_id"],
        row["name"],
        row["number"],
        Strategy(row["strategy"]),
        row["moh_file"],
        row["max_wait_s"],
        row["announce_position"],
        row["agent_selector"],
    )
