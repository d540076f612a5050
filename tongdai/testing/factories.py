"""Tenants, keys and what hangs on them, made straight in the database."""

import itertools
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from tongdai.campaigns.hours import store as hours
from tongdai.campaigns.settings.kinds import Windows
from tongdai.campaigns.settings.windows import ALWAYS
from tongdai.contacts.numbers import phone
from tongdai.db.pool import Connection
from tongdai.http.principal import Scope
from tongdai.ids import KeyId, TenantId
from tongdai.tenants import key_format, store

_ids = itertools.count(secrets.randbelow(10**12) + 1)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Key:
    tenant_id: TenantId
    """The tenant that the key acts for; 0 for a platform key."""
    key_id: KeyId
    value: str

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Api-Key": self.value}


async def tenant(conn: Connection, country: str = "VN") -> TenantId:
    """A tenant with an id of its own, whose campaigns call at any hour, as tests do."""
    made = await store.create_tenant(conn, TenantId(next(_ids)), "A tenant", country)
    assert made is not None
    await conn.execute(hours.SET, made.tenant.tenant_id, *Windows().dump(ALWAYS))
    return made.tenant.tenant_id


async def key(
    conn: Connection,
    pepper: bytes,
    tenant_id: TenantId | None = None,
    scopes: Iterable[str] = tuple(Scope),
    expires_at: datetime | None = None,
) -> Key:
    """A key, of a tenant of its own unless one is given."""
    owner = await tenant(conn) if tenant_id is None else tenant_id
    return await _key(conn, pepper, owner, scopes, expires_at)


async def platform_key(conn: Connection, pepper: bytes, scopes: Iterable[str] = tuple(Scope)) -> Key:
    return await _key(conn, pepper, None, scopes, None)


async def _key(
    conn: Connection, pepper: bytes, owner: TenantId | None, scopes: Iterable[str], expires_at: datetime | None
) -> Key:
    value = key_format.generate()
    made = await store.create_key(
        conn,
        owner,
        name="test",
        hint=key_format.hint(value),
        digest=key_format.digest(value, pepper),
        scopes=scopes,
        expires_at=expires_at,
        by=None,
    )
    return Key(owner or TenantId(0), made.key_id, value)


def vn_mobile(number: int) -> str:
    """The `number`-th (0 to 9,999,999) of the numbers that begin with 090, as a Vietnamese writes it."""
    written = f"090{number:07d}"
    assert not isinstance(phone.normalise(written, "VN"), phone.NumberFault)
    return written
