"""Switches in the database."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from tongdai.db.pool import Connection
from tongdai.ids import SwitchId, TenantId
from tongdai.switches.model import DEAD_AFTER, Heartbeat, Kind, Switch

_COLUMNS = """s.switch_id, s.name, s.kind, s.description, s.app, s.host, s.connected, s.alive_at,
    coalesce(s.alive_at > now() - $1::interval, false) as running, s.live_calls, s.placed_10s"""

LIST = f"select {_COLUMNS} from switch s order by s.switch_id"


async def list_switches(conn: Connection) -> list[Switch]:
    return [_switch(row) for row in await conn.fetch(LIST, DEAD_AFTER)]


FIND = f"select {_COLUMNS} from switch s where s.name = $2"


async def find(conn: Connection, name: str) -> Switch | None:
    row = await conn.fetchrow(FIND, DEAD_AFTER, name)
    return None if row is None else _switch(row)


ADD = """
insert into switch (switch_id, name)
select coalesce(max(switch_id), 0) + 1, $1 from switch on conflict do nothing
"""


async def find_or_add(conn: Connection, name: str) -> Switch:
    """The switch of that name, added when it is new."""
    while True:
        found = await find(conn, name)
        if found is not None:
            return found
        await conn.execute(ADD, name)  # nothing is added when another took the id at this moment


OF_TENANT = f"select {_COLUMNS} from tenant t join switch s on s.switch_id = t.switch_id where t.tenant_id = $2"


async def of_tenant(conn: Connection, tenant_id: TenantId) -> Switch:
    """The switch that carries a tenant's new calls."""
    row = await conn.fetchrow(OF_TENANT, DEAD_AFTER, tenant_id)
    assert row is not None, f"tenant {tenant_id} has no switch"
    return _switch(row)


CARRYING = f"""
select {_COLUMNS}, (select count(*) from live_call where tenant_id = $2 and switch_id = s.switch_id) as tenant_calls
from switch s
where s.switch_id in (
    select switch_id from tenant where tenant_id = $2 union select switch_id from live_call where tenant_id = $2
)
order by s.switch_id
"""


async def carrying(conn: Connection, tenant_id: TenantId) -> list[tuple[Switch, int]]:
    """The switch that carries a tenant's new calls, those that still carry older ones, and the number of its active
    calls on each."""
    found: list[tuple[Switch, int]] = []
    for row in await conn.fetch(CARRYING, DEAD_AFTER, tenant_id):
        fields: dict[str, Any] = dict(row)
        live_calls = fields.pop("tenant_calls")
        found.append((_switch(fields), live_calls))
    return found


BEAT = """
with clock as materialized (select clock_timestamp() as now_at)
update switch s set kind = $2, connected = $3, description = $4, app = $5, host = $6, live_calls = $7, placed_10s = $8,
    alive_at = clock.now_at
from clock where s.switch_id = $1
"""


async def beat(conn: Connection, switch_id: SwitchId, heartbeat: Heartbeat) -> None:
    """Write a heartbeat. Only the leader of the switch may."""
    h = heartbeat
    await conn.execute(BEAT, switch_id, h.kind, h.connected, h.description, h.app, h.host, h.live_calls, h.placed_10s)


TRY_WRITE = "update switch set name = name where switch_id = $1"


async def try_write(conn: Connection, switch_id: SwitchId) -> None:
    """Write a row as a heartbeat does, and change nothing. Raises what the heartbeat would raise."""
    await conn.execute(TRY_WRITE, switch_id)


SET_KIND = "update switch set kind = $2 where switch_id = $1"


async def set_kind(conn: Connection, switch_id: SwitchId, kind: Kind) -> None:
    """Set the kind that the switch has until its leader reports it: see processes/telephony.py."""
    await conn.execute(SET_KIND, switch_id, kind)


TENANTS = "select switch_id, count(*) as tenants from tenant group by switch_id"


async def tenant_counts(conn: Connection) -> dict[SwitchId, int]:
    """The number of tenants of each switch that has any."""
    return {SwitchId(row["switch_id"]): row["tenants"] for row in await conn.fetch(TENANTS)}


BUSY = """
select (select count(*) from live_call where tenant_id = $1) as calls,
    (select count(*) from agent where tenant_id = $1 and state <> 'offline') as agents
"""


async def busy(conn: Connection, tenant_id: TenantId) -> tuple[int, int]:
    """A tenant's active calls, and its agents who are signed in."""
    row = await conn.fetchrow(BUSY, tenant_id)
    assert row is not None
    return row["calls"], row["agents"]


def _switch(row: asyncpg.Record | Mapping[str, Any]) -> Switch:
    fields: dict[str, Any] = dict(row.items())
    fields["kind"] = None if row["kind"] is None else Kind(row["kind"])
    return Switch(**fields)
