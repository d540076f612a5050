"""Tenants and keys in the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.http.principal import PLATFORM, Principal
from tongdai.ids import Author, KeyId, TenantId
from tongdai.numbers.endpoints import store as endpoints
from tongdai.switches.model import Switch
from tongdai.tenants.model import ApiKey, Tenant

KEYS_CHANGED = "tongdai_keys"
"""Channel of notifications about changes to keys, sessions, users and tenants: all processes empty their caches."""

_KEY = "key_id, tenant_id, name, hint, scopes, created_at, expires_at, revoked_at"
_TENANT = "tenant_id, name, country, zone, tenant_limit, route_limit, created_at"

FIND_KEY = f"select {_KEY} from api_key where digest = $1"


async def find_key(conn: Connection, digest: bytes) -> ApiKey | None:
    row = await conn.fetchrow(FIND_KEY, digest)
    return None if row is None else _key(row)


FIND_TENANT = f"select {_TENANT} from tenant where tenant_id = $1"


async def find_tenant(conn: Connection, tenant_id: TenantId) -> Tenant | None:
    row = await conn.fetchrow(FIND_TENANT, tenant_id)
    return None if row is None else _tenant(row)


LIST_TENANTS = f"select {_TENANT} from tenant order by tenant_id"


async def list_tenants(conn: Connection) -> list[Tenant]:
    return [_tenant(row) for row in await conn.fetch(LIST_TENANTS)]


CREATE_TENANT = f"""
insert into tenant (tenant_id, name, country, zone) values ($1, $2, $3, $4) on conflict do nothing returning {_TENANT}
"""


class Created(NamedTuple):
    tenant: Tenant
    kept: list[str]
    """Phones and trunks that were given to the first tenant, as this is the second one."""


async def create_tenant(
    conn: Connection, tenant_id: TenantId, name: str, country: str, zone: str = "UTC"
) -> Created | None:
    """Create a tenant; None when the id is taken, and nothing changes."""
    async with conn.transaction():
        row = await conn.fetchrow(CREATE_TENANT, tenant_id, name, country, zone)
        if row is None:
            return None
        await audit.record(conn, tenant_id, None, "tenant.create", f"tenant {tenant_id}")
        kept = await endpoints.keep_used(conn, tenant_id)
        await announce(conn)
    return Created(_tenant(row), kept)


SET_ZONE = f"update tenant set zone = $2 where tenant_id = $1 returning {_TENANT}"


async def set_zone(conn: Connection, tenant_id: TenantId, zone: str) -> Tenant | None:
    """Set the time zone of a tenant; None when there is no such tenant."""
    async with conn.transaction():
        row = await conn.fetchrow(SET_ZONE, tenant_id, zone)
        if row is None:
            return None
        await audit.record(conn, tenant_id, None, "tenant.zone", f"tenant {tenant_id}", {"zone": zone})
    return _tenant(row)


SET_SWITCH = "update tenant set switch_id = $2 where tenant_id = $1 returning true"


async def set_switch(conn: Connection, tenant_id: TenantId, switch: Switch) -> bool:
    """Let a switch carry the tenant's calls from now on; False when there is no such tenant.

    A call that is claimed at this moment stays with the switch that it was claimed for: each call and each agent's
    phone has its switch in its row.
    """
    async with conn.transaction():
        if not await conn.fetchval(SET_SWITCH, tenant_id, switch.switch_id):
            return False
        await audit.record(conn, tenant_id, None, "tenant.move", f"tenant {tenant_id}", {"switch": switch.name})
    return True


SET_LIMITS = f"""
update tenant set tenant_limit = $2, route_limit = $3 where tenant_id = $1 returning {_TENANT}
"""


async def set_limits(
    conn: Connection, tenant_id: TenantId, tenant_limit: int | None, route_limit: int | None
) -> Tenant | None:
    """Set both limits, in requests in 10 seconds, None for the server's default; None when there is no such
    tenant."""
    async with conn.transaction():
        row = await conn.fetchrow(SET_LIMITS, tenant_id, tenant_limit, route_limit)
        if row is None:
            return None
        detail = {"tenantLimit": tenant_limit, "routeLimit": route_limit}
        await audit.record(conn, tenant_id, None, "tenant.limits", f"tenant {tenant_id}", detail)
        await announce(conn)
    return _tenant(row)


CREATE_KEY = f"""
insert into api_key (tenant_id, name, hint, digest, scopes, expires_at) values ($1, $2, $3, $4, $5, $6) returning {_KEY}
"""


async def create_key(
    conn: Connection,
    tenant_id: TenantId | None,
    *,
    name: str,
    hint: str,
    digest: bytes,
    scopes: Iterable[str],
    expires_at: datetime | None,
    by: Author | None,
) -> ApiKey:
    """Create a key; `by` is who creates it, None: the operator."""
    async with conn.transaction():
        row = await conn.fetchrow(CREATE_KEY, tenant_id, name, hint, digest, sorted(scopes), expires_at)
        assert row is not None
        key = _key(row)
        if tenant_id is not None:
            detail = {"scopes": sorted(key.scopes)}
            await audit.record(conn, tenant_id, by, "key.create", f"key {key.key_id}", detail)
    return key


LIST_KEYS = f"select {_KEY} from api_key where tenant_id = $1 order by key_id limit $2 offset $3"
COUNT_KEYS = "select count(*) from api_key where tenant_id = $1"
LIST_PLATFORM_KEYS = f"select {_KEY} from api_key where tenant_id is null order by key_id limit $1 offset $2"
COUNT_PLATFORM_KEYS = "select count(*) from api_key where tenant_id is null"


async def list_keys(conn: Connection, tenant_id: TenantId | None, limit: int, offset: int) -> tuple[list[ApiKey], int]:
    """A page of the tenant's keys (None: of the platform keys), and the number of all."""
    # Two statements, as `is not distinct from` uses no index and would read the keys of all tenants.
    if tenant_id is None:
        rows, total = await conn.fetch(LIST_PLATFORM_KEYS, limit, offset), await conn.fetchval(COUNT_PLATFORM_KEYS)
    else:
        rows, total = await conn.fetch(LIST_KEYS, tenant_id, limit, offset), await conn.fetchval(COUNT_KEYS, tenant_id)
    return [_key(row) for row in rows], total


KEYS_AFTER = f"select {_KEY} from api_key where tenant_id = $1 and key_id > $2 order by key_id limit $3"


async def keys_after(conn: Connection, tenant_id: TenantId, key_id: KeyId | None, limit: int) -> list[ApiKey]:
    """The tenant's next keys behind one (None: the first), by id."""
    return [_key(row) for row in await conn.fetch(KEYS_AFTER, tenant_id, key_id or 0, limit)]


FIND_KEY_BY_ID = f"select {_KEY} from api_key where key_id = $1"


async def find_key_by_id(conn: Connection, key_id: KeyId) -> ApiKey | None:
    row = await conn.fetchrow(FIND_KEY_BY_ID, key_id)
    return None if row is None else _key(row)


REVOKE_KEY = f"""
with clock as materialized (select now() as now_at)
update api_key set revoked_at = coalesce(revoked_at, clock.now_at) from clock
where key_id = $1 and ($2::bigint is null or tenant_id = $2) returning {_KEY}
"""


async def revoke_key(conn: Connection, key_id: KeyId, *, within: TenantId | None, by: Author | None) -> ApiKey | None:
    """Revoke a key, everywhere at once. `within` None: of any tenant. None when there is no such key."""
    return await _end_key(conn, "key.revoke", by, REVOKE_KEY, key_id, within)


EXPIRE_KEY = f"update api_key set expires_at = least(expires_at, $2) where key_id = $1 returning {_KEY}"


async def expire_key(conn: Connection, key_id: KeyId, at: datetime) -> ApiKey | None:
    """Expire a key of any tenant at an instant, unless it expires earlier."""
    return await _end_key(conn, "key.expire", None, EXPIRE_KEY, key_id, at)


async def _end_key(
    conn: Connection, action: str, by: Author | None, statement: str, key_id: KeyId, argument: object
) -> ApiKey | None:
    async with conn.transaction():
        row = await conn.fetchrow(statement, key_id, argument)
        if row is None:
            return None
        key = _key(row)
        if key.tenant_id is not None:
            await audit.record(conn, key.tenant_id, by, action, f"key {key_id}")
        await announce(conn)
    return key


KEEP_FINGERPRINT = "insert into installation (name, value) values ('key_pepper', $1) on conflict do nothing"
FINGERPRINT = "select value from installation where name = 'key_pepper'"


async def pepper_fingerprint(conn: Connection) -> str | None:
    """The fingerprint of the pepper of the stored keys; None: no server has run on this database."""
    return await conn.fetchval(FINGERPRINT)


FORGET_FINGERPRINT = "delete from installation where name = 'key_pepper'"
NOT_REVOKED = "select key_id from api_key where revoked_at is null order by key_id"


async def revoke_all_keys(conn: Connection) -> int:
    """Revoke every key and forget the pepper's fingerprint: the pepper is lost, and the next one is a new one.

    Returns the number of keys.
    """
    async with conn.transaction():
        keys = [KeyId(row["key_id"]) for row in await conn.fetch(NOT_REVOKED)]
        for key_id in keys:
            await revoke_key(conn, key_id, within=None, by=None)
        await conn.execute(FORGET_FINGERPRINT)
    return len(keys)


async def check_pepper(conn: Connection, fingerprint: str) -> None:
    """Raise OperatorError when the pepper is not the one of the stored keys, all of which would be refused."""
    await conn.execute(KEEP_FINGERPRINT, fingerprint)
    if await conn.fetchval(FINGERPRINT) != fingerprint:
        raise OperatorError(
            "the key pepper is not the one that this database's keys were made with: "
            "set key_pepper (TONGDAI_KEY_PEPPER) to it, or use the data directory that holds it"
        )


MARK = "insert into installation (name, value) values ($1, 'done') on conflict do nothing returning true"


async def do_once(conn: Connection, name: str) -> bool:
    """Whether a thing that is done once in an installation is done now, in the present transaction."""
    return bool(await conn.fetchval(MARK, name))


async def announce(conn: Connection) -> None:
    """Make all processes read keys, sessions and tenants again, once the transaction is committed."""
    await conn.execute("select pg_notify($1, '')", KEYS_CHANGED)


def principal(key: ApiKey, tenant: Tenant) -> Principal:
    """The principal of a valid key in a tenant."""
    limits = tenant.tenant_limit, tenant.route_limit
    return Principal(tenant.tenant_id, key.key_id, key.scopes, key.expires_at, tenant.country, *limits)


def platform_principal(key: ApiKey) -> Principal:
    """The principal of a platform key that acts for the whole installation."""
    return Principal(PLATFORM, key.key_id, key.scopes, key.expires_at, "VN", None, None)


def _key(row: "asyncpg.Record") -> ApiKey:
    return ApiKey(
        key_id=row["key_id"],
        tenant_id=row["tenant_id"],
        name=row["name"],
        hint=row["hint"],
        scopes=frozenset(row["scopes"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


def _tenant(row: "asyncpg.Record") -> Tenant:
    return Tenant(**dict(row))


CHANGE_LIMITS = f"""
update tenant set tenant_limit = coalesce($2, tenant_limit), route_limit = coalesce($3, route_limit)
where tenant_id = $1 returning {_TENANT}
"""


async def change_limits(
    conn: Connection, tenant_id: TenantId, tenant_limit: int | None, route_limit: int | None
) -> Tenant | None:
    """Set the limits that are not None; None when there is no such tenant."""
    async with conn.transaction():
        row = await conn.fetchrow(CHANGE_LIMITS, tenant_id, tenant_limit, route_limit)
        if row is None:
            return None
        detail = {"tenantLimit": row["tenant_limit"], "routeLimit": row["route_limit"]}
        await audit.record(conn, tenant_id, None, "tenant.limits", f"tenant {tenant_id}", detail)
        await announce(conn)
    return _tenant(row)


LIST_ALL_KEYS = f"select {_KEY} from api_key order by tenant_id nulls first, key_id"


async def list_all_keys(conn: Connection) -> list[ApiKey]:
    """All keys: the platform keys, then those of every tenant."""
    return [_key(row) for row in await conn.fetch(LIST_ALL_KEYS)]
