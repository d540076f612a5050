"""Sessions, wrong passwords and one-time links in the database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, ByUser, SessionId, TenantId, UserId
from tongdai.people.sessions.model import FAILURES_FROM, KEPT, LIFETIME, RESET_LIFETIME, Failures, Session, SessionRow
from tongdai.people.users.model import Role
from tongdai.tenants.store import announce

FIND = """
select s.session_id, u.user_id, u.tenant_id, u.role, u.agent_id, s.expires_at
from user_session s join user_account u on u.user_id = s.user_id
where s.digest = $1 and s.ended_at is null and u.disabled_at is null
"""


async def find(conn: Connection, digest: bytes) -> Session | None:
    row = await conn.fetchrow(FIND, digest)
    if row is None:
        return None
    fields: dict[str, Any] = dict(row.items())
    fields["role"] = Role(row["role"])
    return Session(**fields)


BEGIN = """
insert into user_session (user_id, tenant_id, digest, expires_at, address, user_agent)
values ($1, $2, $3, now() + $4::interval, $5, $6) returning session_id, expires_at
"""


async def begin(
    conn: Connection, tenant_id: TenantId, user_id: UserId, digest: bytes, address: str, user_agent: str
) -> tuple[SessionId, datetime]:
    """Begin a session, in a transaction; its id and when it ends."""
    row = await conn.fetchrow(BEGIN, user_id, tenant_id, digest, LIFETIME, address, user_agent)
    assert row is not None
    detail = {"session": row["session_id"], "address": address}
    await audit.record(conn, tenant_id, ByUser(user_id), "user.sign_in", f"user {user_id}", detail)
    return SessionId(row["session_id"]), row["expires_at"]


END = """
with clock as materialized (select now() as now_at), ended as (
    update user_session s set ended_at = clock.now_at from clock
    where s.tenant_id = $1 and s.user_id = $2 and ($3::bigint is null or s.session_id = $3)
        and ($4::bigint is null or s.session_id <> $4) and s.ended_at is null and s.expires_at > clock.now_at
    returning s.session_id
)
select count(*) from ended
"""


async def end(
    conn: Connection,
    tenant_id: TenantId,
    user_id: UserId,
    by: Author | None,
    *,
    only: SessionId | None = None,
    but: SessionId | None = None,
) -> int:
    """End the sessions of a user, everywhere at once: one alone, or all but one. Returns their number."""
    async with conn.transaction():
        count = await conn.fetchval(END, tenant_id, user_id, only, but)
        if count:
            detail = {"sessions": count} | ({"session": only} if only is not None else {})
            await audit.record(conn, tenant_id, by, "user.sign_out", f"user {user_id}", detail)
            await announce(conn)
    return count


LIST = """
select session_id, created_at, expires_at, seen_at, address, user_agent from user_session
where tenant_id = $1 and user_id = $2 and ended_at is null and expires_at > now() order by seen_at desc, session_id desc
limit 1000
"""


async def of_user(conn: Connection, tenant_id: TenantId, user_id: UserId) -> list[SessionRow]:
    """The sessions of a user that have not ended, last seen first."""
    return [SessionRow(**dict(row)) for row in await conn.fetch(LIST, tenant_id, user_id)]


SEEN = """
with seen as materialized (
    select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[])
        t (session_id, at, address, user_agent)
)
update user_session s set seen_at = greatest(s.seen_at, seen.at), address = seen.address, user_agent = seen.user_agent
from seen where s.session_id = seen.session_id
"""


async def seen(conn: Connection, of: Sequence[tuple[SessionId, datetime, str, str]]) -> None:
    """Note when, from where and by which browser sessions made their last request."""
    await conn.execute(SEEN, *(list(column) for column in zip(*of, strict=True)))


FAILURES = """
with recent as materialized (
    select login = $1 as of_both, at from sign_in_failure where address = $2 and at > now() - $3::interval
        and failure_id <> $5
    order by at desc limit 1000
)
select count(*) filter (where of_both) as of_both, count(*) as of_address,
    extract(epoch from now() - min(at)) as oldest_s,
    exists (
        select from user_session s join user_account u on u.user_id = s.user_id
        where u.login = $4 and s.address = $2
    ) as known
from recent
"""


async def failures(conn: Connection, digest: bytes, address: str, login: str, this: int) -> Failures:
    """The wrong passwords that count for a sign-in, but its own (`this`); `digest` is that of the login."""
    row = await conn.fetchrow(FAILURES, digest, address, FAILURES_FROM, login, this)
    assert row is not None
    return Failures(row["of_both"], row["of_address"], row["known"], float(row["oldest_s"] or 0))


FAILED = "insert into sign_in_failure (login, address) values ($1, $2) returning failure_id"


async def record_failure(conn: Connection, digest: bytes, address: str) -> int:
    """Count a sign-in as one with a wrong password; returns the id by which that is taken back."""
    return await conn.fetchval(FAILED, digest, address)


NOT_FAILED = "delete from sign_in_failure where failure_id = $1"


async def forget_failure(conn: Connection, failure_id: int) -> None:
    await conn.execute(NOT_FAILED, failure_id)


OFFER_RESET = """
insert into password_reset (digest, user_id, tenant_id, expires_at)
select $3, user_id, tenant_id, now() + $4::interval from user_account where tenant_id = $1 and user_id = $2
on conflict (user_id) do update set digest = excluded.digest, expires_at = excluded.expires_at
returning expires_at
"""


async def offer_reset(
    conn: Connection, tenant_id: TenantId, user_id: UserId, digest: bytes, by: Author | None
) -> datetime | None:
    """Make a one-time link by which a user sets a password, in place of an earlier one; when it expires.

    None: there is no such user.
    """
    async with conn.transaction():
        expires_at = await conn.fetchval(OFFER_RESET, tenant_id, user_id, digest, RESET_LIFETIME)
        if expires_at is not None:
            await audit.record(conn, tenant_id, by, "user.reset_link", f"user {user_id}")
    return expires_at


OFFERED = "select exists (select from password_reset where digest = $1 and expires_at > now())"


async def reset_is_offered(conn: Connection, digest: bytes) -> bool:
    """Whether a one-time link is valid, before the work that setting a password is."""
    return await conn.fetchval(OFFERED, digest)


TAKE_RESET = """
with taken as (
    delete from password_reset where digest = $1 returning user_id, expires_at
)
select u.user_id, u.tenant_id, u.login from taken join user_account u on u.user_id = taken.user_id
where taken.expires_at > now() and u.disabled_at is null
"""


async def take_reset(conn: Connection, digest: bytes) -> tuple[TenantId, UserId, str] | None:
    """Spend a one-time link, in a transaction: the user whose password it sets, and the login. None: not valid."""
    row = await conn.fetchrow(TAKE_RESET, digest)
    return None if row is None else (row["tenant_id"], row["user_id"], row["login"])


OLD_SESSIONS = "delete from user_session where expires_at < now() - $1::interval"
OLD_FAILURES = "delete from sign_in_failure where at < now() - $1::interval"
OLD_RESETS = "delete from password_reset where expires_at < now()"


async def delete_old(conn: Connection, kept: timedelta = KEPT) -> None:
    """Delete what has no meaning any more."""
    await conn.execute(OLD_SESSIONS, kept)
    await conn.execute(OLD_FAILURES, FAILURES_FROM)
    await conn.execute(OLD_RESETS)
