"""Tenants and keys in the database."""

from collections.abc import Iterable
from datetime import datetime

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.http.principal import Principal
from tongdai.ids import KeyId, TenantId
from tongdai.tenants.model import ApiKey, Tenant

KEYS_CHANGED = "tongdai_keys"
"""The channel on which every change to keys and tenants is told, so that no process goes on with an old one."""

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


async def create_tenant(
    conn: Connection, tenant_id: TenantId, name: str, country: str, zone: str = "UTC"
) -> Tenant | None:
    """The new tenant, or None when there is one with that id."""
    async with conn.transaction():
        row = await conn.fetchrow(CREATE_TENANT, tenant_id, name, country, zone)
        if row is None:
            return None
        await audit.record(conn, tenant_id, None, "tenant.create", f"tenant {tenant_id}")
        await _announce(conn)
    return _tenant(row)


SET_ZONE = f"update tenant set zone = $2 where tenant_id = $1 returning {_TENANT}"


async def set_zone(conn: Connection, tenant_id: TenantId, zone: str) -> Tenant | None:
    """Returns None when there is no such tenant."""
    async with conn.transaction():
        row = await conn.fetchrow(SET_ZONE, tenant_id, zone)
        if row is None:
            return None
        await audit.record(conn, tenant_id, None, "tenant.zone", f"tenant {tenant_id}", {"zone": zone})
    return _tenant(row)


SET_LIMITS = f"""
update tenant set tenant_limit = $2, route_limit = $3 where tenant_id = $1 returning {_TENANT}
"""


async def set_limits(
    conn: Connection, tenant_id: TenantId, tenant_limit: int | None, route_limit: int | None
) -> Tenant | None:
    """Requests in 10 seconds, None for the server's default. Returns None when there is no such tenant."""
    async with conn.transaction():
        row = await conn.fetchrow(SET_LIMITS, tenant_id, tenant_limit, route_limit)
        if row is None:
            return None
        detail = {"tenantLimit": tenant_limit, "routeLimit": route_limit}
        await audit.record(conn, tenant_id, None, "tenant.limits", f"tenant {tenant_id}", detail)
        await _announce(conn)
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
    by: KeyId | None,
) -> ApiKey:
    """`by` is the key that makes it; None: the operator."""
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
    """A page of the tenant's keys (None: of the platform keys), and how many there are."""
    # Two statements: `is not distinct from` would do for both and reads every tenant's keys, since it uses no index.
    if tenant_id is None:
        rows, total = await conn.fetch(LIST_PLATFORM_KEYS, limit, offset), await conn.fetchval(COUNT_PLATFORM_KEYS)
    else:
        rows, total = await conn.fetch(LIST_KEYS, tenant_id, limit, offset), await conn.fetchval(COUNT_KEYS, tenant_id)
    return [_key(row) for row in rows], total


FIND_KEY_BY_ID = f"select {_KEY} from api_key where key_id = $1"


async def find_key_by_id(conn: Connection, key_id: KeyId) -> ApiKey | None:
    row = await conn.fetchrow(FIND_KEY_BY_ID, key_id)
    return None if row is None else _key(row)


REVOKE_KEY = f"""
with clock as materialized (select now() as now_at)
update api_key set revoked_at = coalesce(revoked_at, clock.now_at) from clock
where key_id = $1 and ($2::bigint is null or tenant_id = $2) returning {_KEY}
"""


async def revoke_key(conn: Connection, key_id: KeyId, *, within: TenantId | None, by: KeyId | None) -> ApiKey | None:
    """End a key for good, on every process at once. `within` None: of any tenant. None when there is no such key."""
    return await _end_key(conn, "key.revoke", by, REVOKE_KEY, key_id, within)


EXPIRE_KEY = f"update api_key set expires_at = least(expires_at, $2) where key_id = $1 returning {_KEY}"


async def expire_key(conn: Connection, key_id: KeyId, at: datetime) -> ApiKey | None:
    """Let a key of any tenant hold until `at` and no longer."""
    return await _end_key(conn, "key.expire", None, EXPIRE_KEY, key_id, at)


async def _end_key(
    conn: Connection, action: str, by: KeyId | None, statement: str, key_id: KeyId, argument: object
) -> ApiKey | None:
    async with conn.transaction():
        row = await conn.fetchrow(statement, key_id, argument)
        if row is None:
            return None
        key = _key(row)
        if key.tenant_id is not None:
            await audit.record(conn, key.tenant_id, by, action, f"key {key_id}")
        await _announce(conn)
    return key


KEEP_FINGERPRINT = "insert into installation (name, value) values ('key_pepper', $1) on conflict do nothing"
FINGERPRINT = "select value from installation where name = 'key_pepper'"


async def check_pepper(conn: Connection, fingerprint: str) -> None:
    """Refuse to run with another pepper than the keys were made with: each of them would be answered 401."""
    await conn.execute(KEEP_FINGERPRINT, fingerprint)
    if await conn.fetchval(FINGERPRINT) != fingerprint:
        raise OperatorError(
            "the key pepper is not the one that this database's keys were made with: "
            "set key_pepper (TONGDAI_KEY_PEPPER) to it, or use the data directory that holds it"
        )


async def _announce(conn: Connection) -> None:
    await conn.execute("select pg_notify($1, '')", KEYS_CHANGED)


def principal(key: ApiKey, tenant: Tenant) -> Principal:
    """Who a checked key acts for in a tenant."""
    return Principal(tenant.tenant_id, key.key_id, key.scopes, tenant.country, tenant.tenant_limit, tenant.route_limit)


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
    """Set the limits that are not None and leave the others. Returns None when there is no such tenant."""
    async with conn.transaction():
        row = await conn.fetchrow(CHANGE_LIMITS, tenant_id, tenant_limit, route_limit)
        if row is None:
            return None
        detail = {"tenantLimit": row["tenant_limit"], "routeLimit": row["route_limit"]}
        await audit.record(conn, tenant_id, None, "tenant.limits", f"tenant {tenant_id}", detail)
        await _announce(conn)
    return _tenant(row)


LIST_ALL_KEYS = f"select {_KEY} from api_key order by tenant_id nulls first, key_id"


async def list_all_keys(conn: Connection) -> list[ApiKey]:
    """The platform keys, then every tenant's."""
    return [_key(row) for row in await conn.fetch(LIST_ALL_KEYS)]
