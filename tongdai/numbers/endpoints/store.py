"""Phones and trunks in the database."""

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, EndpointId, SwitchId, TenantId
from tongdai.numbers.endpoints.model import EndpointKind, EndpointRefusal, SipEndpoint
from tongdai.numbers.endpoints.rule import may_use

_COLUMNS = "e.endpoint_id, s.name as switch, e.name, e.kind, e.tenant_id, e.given_at"
_FROM = "from sip_endpoint e join switch s on s.switch_id = e.switch_id"
_FILTER = f"""
{_FROM} where ($1::bigint is null or e.tenant_id = $1) and ($2::text is null or s.name = $2)
    and ($3::text is null or e.kind = $3)
"""
PAGE = f"select {_COLUMNS} {_FILTER} order by e.endpoint_id limit $4 offset $5"
COUNT = f"select count(*) {_FILTER}"


async def page(
    conn: Connection,
    limit: int,
    offset: int,
    *,
    tenant_id: TenantId | None = None,
    switch: str | None = None,
    kind: EndpointKind | None = None,
) -> tuple[list[SipEndpoint], int]:
    """A page of the endpoints of a tenant, or of all, in the order in which they were given, and the number."""
    rows = await conn.fetch(PAGE, tenant_id, switch, kind, limit, offset)
    return [_endpoint(row) for row in rows], await conn.fetchval(COUNT, tenant_id, switch, kind)


AFTER = f"select {_COLUMNS} {_FILTER} and e.endpoint_id > $4 order by e.endpoint_id limit $5"


async def after(
    conn: Connection,
    endpoint_id: EndpointId | None,
    limit: int,
    *,
    tenant_id: TenantId | None = None,
    switch: str | None = None,
    kind: EndpointKind | None = None,
) -> list[SipEndpoint]:
    """The next endpoints behind one (None: the first)."""
    rows = await conn.fetch(AFTER, tenant_id, switch, kind, endpoint_id or 0, limit)
    return [_endpoint(row) for row in rows]


FIND = f"select {_COLUMNS} {_FROM} where e.switch_id = $1 and e.name = $2"
LOCK = f"{FIND} for no key update of e"
GIVE = "insert into sip_endpoint (switch_id, name, kind, tenant_id) values ($1, $2, $3, $4) on conflict do nothing"


COUNTRY = "select country from tenant where tenant_id = $1"


async def country_of(conn: Connection, tenant_id: TenantId) -> str | None:
    """The country of a tenant; None when there is no such tenant."""
    return await conn.fetchval(COUNTRY, tenant_id)


async def find(conn: Connection, switch_id: SwitchId, name: str) -> SipEndpoint | None:
    row = await conn.fetchrow(FIND, switch_id, name)
    return None if row is None else _endpoint(row)


async def give(
    conn: Connection, switch_id: SwitchId, name: str, kind: EndpointKind, tenant_id: TenantId | None, by: Author | None
) -> SipEndpoint | EndpointRefusal:
    """Give an endpoint to a tenant, who exists, or a trunk to all; one that they have already stays theirs."""
    async with conn.transaction():
        added = await conn.execute(GIVE, switch_id, name, kind, tenant_id) == "INSERT 0 1"
        row = await conn.fetchrow(LOCK, switch_id, name)
        assert row is not None
        endpoint = _endpoint(row)
        if endpoint.tenant_id != tenant_id:
            return EndpointRefusal.OTHER_TENANT
        if endpoint.kind != kind:
            return EndpointRefusal.OTHER_KIND
        if added:
            await _record(conn, "endpoint.give", endpoint, by)
    return endpoint


LOCK_ID = f"select {_COLUMNS} {_FROM} where e.endpoint_id = $1 for update of e"
TAKE = "delete from sip_endpoint where endpoint_id = $1"


async def take(conn: Connection, endpoint_id: EndpointId, by: Author | None) -> SipEndpoint | None:
    """Take an endpoint from whoever has it; None when nobody has it."""
    async with conn.transaction():
        row = await conn.fetchrow(LOCK_ID, endpoint_id)
        if row is None:
            return None
        await conn.execute(TAKE, endpoint_id)
        endpoint = _endpoint(row)
        await _record(conn, "endpoint.take", endpoint, by)
    return endpoint


GIVE_UP = "delete from sip_endpoint where tenant_id = $1 and switch_id = $2 and name = $3 and kind = 'phone'"


async def give_up(conn: Connection, tenant_id: TenantId, switch_id: SwitchId, name: str) -> None:
    """Take a phone whose account is gone from its tenant."""
    await conn.execute(GIVE_UP, tenant_id, switch_id, name)


TENANTS = "select tenant_id from tenant order by tenant_id"


async def _record(conn: Connection, action: str, endpoint: SipEndpoint, by: Author | None) -> None:
    """In the audit of the tenant; of a trunk of all in everybody's, as each may call by it."""
    if endpoint.tenant_id is None:
        owners = [TenantId(row["tenant_id"]) for row in await conn.fetch(TENANTS)]
    else:
        owners = [endpoint.tenant_id]
    detail = {"switch": endpoint.switch, "kind": endpoint.kind.value, "allTenants": endpoint.tenant_id is None}
    for owner in owners:
        await audit.record(conn, owner, by, action, f"endpoint {endpoint.name}", detail)


_OF_TENANT = "(select switch_id from tenant where tenant_id = $1)"
MAY_CALL_PHONE = f"select {may_use('$1', _OF_TENANT, '$2', EndpointKind.PHONE)}"
MAY_CALL_BY_TRUNK = f"select {may_use('$1', _OF_TENANT, '$2', EndpointKind.TRUNK)}"
_MAY_USE = {EndpointKind.PHONE: MAY_CALL_PHONE, EndpointKind.TRUNK: MAY_CALL_BY_TRUNK}


async def usable(conn: Connection, tenant_id: TenantId, kind: EndpointKind, name: str) -> bool:
    """Whether a tenant may use an endpoint of its switch as a phone or trunk."""
    return await conn.fetchval(_MAY_USE[kind], tenant_id, name)


# The phones and trunks that a tenant uses and nobody has, on its switch when that is an Asterisk.
USED_PHONES = """
insert into sip_endpoint (switch_id, name, kind, tenant_id)
select distinct t.switch_id, a.endpoint, 'phone', a.tenant_id
from agent a join tenant t on t.tenant_id = $1 join switch s on s.switch_id = t.switch_id
where a.tenant_id = $1 and s.kind = 'asterisk' on conflict do nothing returning name
"""
USED_TRUNKS = """
insert into sip_endpoint (switch_id, name, kind, tenant_id)
select distinct t.switch_id, c.trunk, 'trunk', c.tenant_id
from campaign c join tenant t on t.tenant_id = $1 join switch s on s.switch_id = t.switch_id
where c.tenant_id = $1 and c.trunk is not null and s.kind = 'asterisk' on conflict do nothing returning name
"""
ONLY_OTHER = "select min(tenant_id) from tenant where tenant_id <> $1 having count(*) = 1"


async def keep_used(conn: Connection, new: TenantId) -> list[str]:
    """When a second tenant was made: give the first one what it uses, which nobody else may use from then on.

    Returns the names. With another number of tenants nothing is given.
    """
    async with conn.transaction():
        tenant_id = await conn.fetchval(ONLY_OTHER, new)
        if tenant_id is None:
            return []
        trunks = [row["name"] for row in await conn.fetch(USED_TRUNKS, tenant_id)]
        phones = [row["name"] for row in await conn.fetch(USED_PHONES, tenant_id)]
        for name in (*trunks, *phones):
            await audit.record(conn, tenant_id, None, "endpoint.give", f"endpoint {name}")
    return trunks + phones


def _endpoint(row: asyncpg.Record) -> SipEndpoint:
    return SipEndpoint(
        row["endpoint_id"], row["switch"], row["name"], EndpointKind(row["kind"]), row["tenant_id"], row["given_at"]
    )
