"""Events of calls in the database: written in the transaction of what they tell, once, and deleted with the days of
calls."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tongdai.calls.events.model import EventKind, EventRow
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, MenuId, TenantId
from tongdai.queues.model import Destination

ADD = """
insert into call_event (tenant_id, call_id, at, kind, menu_id, key, to_kind, to_target, endpoint, act_id, key_id,
    user_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict do nothing
"""


async def in_menu(
    conn: Connection,
    tenant_id: TenantId,
    call_id: UUID,
    at: datetime,
    kind: EventKind,
    menu_id: MenuId,
    key: str | None = None,
    to: Destination | None = None,
) -> None:
    """The caller came to a menu, or left it, or pressed a key there."""
    await conn.execute(
        ADD, tenant_id, call_id, at, kind, menu_id, key, None if to is None else to.kind,
        None if to is None else to.target, None, None, None, None,
    )  # fmt: skip


async def act(
    conn: Connection,
    tenant_id: TenantId,
    call_id: UUID,
    at: datetime,
    kind: EventKind,
    act_id: UUID,
    by: Author | None,
    to: Destination | None,
    endpoint: str | None,
) -> None:
    """An act was begun."""
    await conn.execute(
        ADD, tenant_id, call_id, at, kind, None, None, None if to is None else to.kind,
        None if to is None else to.target, endpoint, act_id, *audit.columns(by),
    )  # fmt: skip


UNDO = "delete from call_event where tenant_id = $1 and call_id = $2 and act_id = $3"


async def not_done(conn: Connection, tenant_id: TenantId, call_id: UUID, act_id: UUID) -> None:
    """An act that was begun was refused: nothing of it happened."""
    await conn.execute(UNDO, tenant_id, call_id, act_id)


async def of_phone(
    conn: Connection, tenant_id: TenantId, call_id: UUID, at: datetime, kind: EventKind, endpoint: str
) -> None:
    """A supervisor's phone was answered, or has left."""
    await conn.execute(
        ADD, tenant_id, call_id, at, kind, None, None, None, None, endpoint, None, None, None
    )  # fmt: skip


OF_CALL = """
select e.at, e.kind, e.menu_id, m.name as menu_name, e.key, e.to_kind, e.to_target, e.endpoint, e.key_id, e.user_id,
    u.name as user_name
from (
    select * from call_event where tenant_id = $1 and call_id = $2 order by at desc, kind limit $3::bigint
) e
left join menu m on m.tenant_id = $1 and m.menu_id = e.menu_id
left join user_account u on u.tenant_id = $1 and u.user_id = e.user_id
order by e.at, e.kind
"""


async def of_call(conn: Connection, tenant_id: TenantId, call_id: UUID, at_most: int) -> list[EventRow]:
    """The last events of a call, oldest first."""
    return [_event(dict(row)) for row in await conn.fetch(OF_CALL, tenant_id, call_id, at_most)]


def _event(values: dict[str, Any]) -> EventRow:
    values["kind"] = EventKind(values["kind"])
    return EventRow(**values)


DELETED_AT_ONCE = 5_000
OLD = """
with old as materialized (
    select call_id, at, kind from call_event where tenant_id = $1 and at < now() - $2::interval limit $3::bigint
), deleted as (
    delete from call_event e using old
    where e.tenant_id = $1 and e.call_id = old.call_id and e.at = old.at and e.kind = old.kind returning true
)
select count(*) from deleted
"""


async def delete_old(conn: Connection, tenants: Sequence[TenantId], keep: timedelta) -> int:
    """Delete events older than `keep`, in batches of one tenant; returns the number of rows."""
    total = 0
    for tenant_id in tenants:
        while deleted := await conn.fetchval(OLD, tenant_id, keep, DELETED_AT_ONCE):
            total += deleted
    return total


FORGET = """
with changed as (
    update call_event set to_target = null where tenant_id = $1 and to_target = $2 returning call_id
)
select count(*) from changed
"""


async def forget(conn: Connection, tenant_id: TenantId, phone: str) -> int:
    """Take a number out of the events that led to it, within the caller's transaction; how many did."""
    return await conn.fetchval(FORGET, tenant_id, phone)
