"""The audit trail, newest first. It is read by its primary key, whatever the filters: those of a tenant alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from tongdai.db.pool import Connection
from tongdai.ids import AuditId, KeyId, TenantId, UserId


class Entry(NamedTuple):
    """A change, and who made it. The fields are those of COLUMNS."""

    audit_id: AuditId
    at: datetime
    action: str
    subject: str
    detail: dict[str, Any] | None
    user_id: UserId | None
    key_id: KeyId | None
    """None, as the user: the operator, by the command line, or the server itself."""
    name: str | None
    """Name of the user or the key, as it is now; None: neither, or there is no such one any more."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of entries: each field that is not None must match."""

    user_id: UserId | None = None
    key_id: KeyId | None = None
    action: str | None = None
    """`campaign.start`, or `campaign` for all of its kind."""
    subject: str | None = None
    since: datetime | None = None
    before: datetime | None = None


COLUMNS = "a.audit_id, a.at, a.action, a.subject, a.detail, a.user_id, a.key_id, coalesce(u.name, k.name) as name"
MATCHES = """a.tenant_id = $1 and ($2::bigint is null or a.user_id = $2) and ($3::bigint is null or a.key_id = $3)
    and ($4::text is null or a.action = $4 or split_part(a.action, '.', 1) = $4)
    and ($5::text is null or a.subject = $5)
    and ($6::timestamptz is null or a.at >= $6) and ($7::timestamptz is null or a.at < $7)"""
FROM = """from audit a
left join user_account u on u.tenant_id = $1 and u.user_id = a.user_id
left join api_key k on k.tenant_id = $1 and k.key_id = a.key_id"""
AFTER = f"""
select {COLUMNS} {FROM} where {MATCHES} and ($8::bigint is null or a.audit_id < $8) order by a.audit_id desc limit $9
"""
PAGE = f"select {COLUMNS} {FROM} where {MATCHES} order by a.audit_id desc limit $8 offset $9"
COUNT = f"select count(*) from audit a where {MATCHES}"


async def after(
    conn: Connection, tenant_id: TenantId, wanted: Filter, audit_id: AuditId | None, limit: int
) -> list[Entry]:
    """The entries before one (None: the newest), newest first."""
    rows = await conn.fetch(AFTER, *_arguments(tenant_id, wanted), audit_id, limit)
    return [Entry(*row) for row in rows]


async def page(
    conn: Connection, tenant_id: TenantId, wanted: Filter, limit: int, offset: int
) -> tuple[list[Entry], int]:
    """A page of the entries, newest first, and the number of all."""
    of = _arguments(tenant_id, wanted)
    rows = await conn.fetch(PAGE, *of, limit, offset)
    return [Entry(*row) for row in rows], await conn.fetchval(COUNT, *of)


def _arguments(tenant_id: TenantId, wanted: Filter) -> tuple[object, ...]:
    of = wanted
    return (tenant_id, of.user_id, of.key_id, of.action, of.subject, of.since, of.before)
