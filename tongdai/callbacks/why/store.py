"""Reads what keeps callbacks from being dialled."""

from collections.abc import Sequence
from uuid import UUID

from tongdai.callbacks.model import Callback, CallbackState
from tongdai.callbacks.store import CALLING_HOURS
from tongdai.callbacks.why.core import why
from tongdai.callbacks.why.model import Circumstances, Facts, PendingWhy
from tongdai.campaigns.hours import store as calling_hours
from tongdai.db.pool import Connection
from tongdai.dialing.rule import HELD
from tongdai.do_not_call.rule import is_listed
from tongdai.ids import TenantId
from tongdai.queues.hours import store as hours
from tongdai.queues.hours.core import open_at
from tongdai.switches import store as switches

_IDLE = "a.state = 'idle' and not a.busy_elsewhere"
_MEMBERS = """agent_queue m join agent a on a.tenant_id = $1 and a.agent_id = m.agent_id
    where m.tenant_id = $1 and m.queue_id = c.queue_id"""
# A caller of a VIP queue may come before, whenever they came: the agents of this queue may serve that one, too.
FACTS = f"""
select c.callback_id, {HELD} as held, {is_listed("c.phone", "null::bigint")} as listed,
    exists (select from live_call where tenant_id = $1 and phone = c.phone) as busy,
    (select count(*) from {_MEMBERS} and a.state not in ('offline', 'calling', 'hanging_up')) as signed_in,
    (select count(*) from {_MEMBERS} and {_IDLE}) as idle,
    exists (select from {_MEMBERS} and {_IDLE} and a.agent_id = c.agent_id) as agent_idle,
    exists (
        select from caller w join inbound_queue q on q.tenant_id = $1 and q.queue_id = w.queue_id
        where w.tenant_id = $1 and w.state = 'waiting'
            and (w.queue_id = c.queue_id and w.arrived_at < c.arrived_at or w.queue_id <> c.queue_id and q.strategy = 2)
    ) or exists (
        select from callback b
        where b.tenant_id = $1 and b.queue_id = c.queue_id and b.state = 'pending' and b.due_at <= now()
            and b.expires_at > now() and (b.arrived_at, b.callback_id) < (c.arrived_at, c.callback_id)
    ) as earlier
from callback c where c.tenant_id = $1 and c.callback_id = any($2::uuid[])
"""


async def pending(conn: Connection, tenant_id: TenantId, callbacks: Sequence[Callback]) -> dict[UUID, PendingWhy]:
    """Why those of the callbacks are not dialled now that are pending."""
    waiting = [one for one in callbacks if one.state is CallbackState.PENDING]
    if not waiting:
        return {}
    now, tenant = await hours.now(conn), await conn.fetchrow(CALLING_HOURS, tenant_id)
    assert tenant is not None, "a tenant has callbacks"
    week, switch = calling_hours.week_of(tenant["windows"]), await switches.of_tenant(conn, tenant_id)
    around: dict[int, Circumstances] = {}
    for queue_id in sorted({one.queue_id for one in waiting}):
        settings = await hours.find(conn, tenant_id, queue_id)
        if settings is not None:
            opening = open_at(await hours.rules(conn, tenant_id, settings), now)
            around[queue_id] = Circumstances(now=now, zone=tenant["zone"], hours=week, opening=opening, switch=switch)
    facts = {
        fields.pop("callback_id"): Facts(**fields)
        for fields in map(dict, await conn.fetch(FACTS, tenant_id, [one.callback_id for one in waiting]))
    }
    return {
        one.callback_id: why(one, facts[one.callback_id], around[one.queue_id])
        for one in waiting
        if one.callback_id in facts and one.queue_id in around  # else deleted meanwhile
    }
