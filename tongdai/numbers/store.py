"""Called numbers in the database, and the tenant and queue of a call that comes in."""

from collections.abc import Sequence

import asyncpg
import structlog

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, QueueId, SwitchId, TenantId
from tongdai.numbers import core
from tongdai.numbers.core import Undecided, Written
from tongdai.numbers.model import CalledNumber, GiveRefusal, Owned

log = structlog.get_logger()

_COLUMNS = "n.number, n.tenant_id, n.trunk, n.national, n.given_at"

PAGE = f"""
select {_COLUMNS} from called_number n where $1::bigint is null or n.tenant_id = $1 order by n.number limit $2 offset $3
"""
COUNT = "select count(*) from called_number where $1::bigint is null or tenant_id = $1"


async def page(
    conn: Connection, limit: int, offset: int, *, tenant_id: TenantId | None
) -> tuple[list[CalledNumber], int]:
    """A page of the numbers of a tenant, or of all, and the number of these."""
    rows = await conn.fetch(PAGE, tenant_id, limit, offset)
    return [_number(row) for row in rows], await conn.fetchval(COUNT, tenant_id)


AFTER = f"""
select {_COLUMNS} from called_number n where ($1::bigint is null or n.tenant_id = $1) and n.number > $2
order by n.number limit $3
"""


async def after(conn: Connection, number: int | None, limit: int, *, tenant_id: TenantId | None) -> list[CalledNumber]:
    """The next numbers behind one (None: the first)."""
    return [_number(row) for row in await conn.fetch(AFTER, tenant_id, number or 0, limit)]


# The owner of a trunk is read on the tenant's own switch. A trunk that nobody has may carry anybody's numbers.
TRUNK_OF_OTHER = """
select exists (
    select from tenant t join sip_endpoint e on e.switch_id = t.switch_id
    where t.tenant_id = $1 and e.name = $2 and (e.kind <> 'trunk' or e.tenant_id <> $1)
)
"""
GIVE = f"""
insert into called_number as n (number, tenant_id, trunk, national) values ($1, $2, $3, $4)
on conflict (number) do update set trunk = excluded.trunk, national = excluded.national
where n.tenant_id = excluded.tenant_id returning {_COLUMNS}
"""


async def give(
    conn: Connection, tenant_id: TenantId, number: int, trunk: str | None, by: Author | None
) -> CalledNumber | GiveRefusal:
    """Give a number to a tenant, who exists; a number that the tenant has gets the trunk."""
    async with conn.transaction():
        if trunk is not None and await conn.fetchval(TRUNK_OF_OTHER, tenant_id, trunk):
            return GiveRefusal.TRUNK_OF_OTHER
        row = await conn.fetchrow(GIVE, number, tenant_id, trunk, core.national(number))
        if row is None:
            return GiveRefusal.OTHER_TENANT
        given = _number(row)
        await audit.record(conn, tenant_id, by, "number.give", f"number {given.e164}", {"trunk": trunk})
    return given


TAKE = f"delete from called_number n where number = $1 returning {_COLUMNS}"


async def take(conn: Connection, number: int, by: Author | None) -> CalledNumber | None:
    """Take a number from the tenant who has it; None when nobody has it."""
    async with conn.transaction():
        row = await conn.fetchrow(TAKE, number)
        if row is None:
            return None
        taken = _number(row)
        await audit.record(conn, taken.tenant_id, by, "number.take", f"number {taken.e164}")
    return taken


OWNER = f"select {_COLUMNS} from called_number n where n.number = $1"


async def find(conn: Connection, number: int) -> CalledNumber | None:
    row = await conn.fetchrow(OWNER, number)
    return None if row is None else _number(row)


WRITTEN = f"select {_COLUMNS} from called_number n where n.number = $1 or n.national = $2 order by n.number"


async def written_as(conn: Connection, text: str) -> list[CalledNumber]:
    """The numbers, of all tenants, that a text may be as a whole."""
    written = core.written(text)
    if written is None:
        return []
    return [_number(row) for row in await conn.fetch(WRITTEN, written.number, written.national)]


LOCK = "select true from called_number where number = $1 for no key update"


async def lock(conn: Connection, number: int) -> None:
    """Lock a number until the transaction ends, against others that lock it."""
    await conn.fetchval(LOCK, number)


LEADING = """
select distinct q.number from inbound_queue q join tenant t on t.tenant_id = q.tenant_id
where t.switch_id = $1 and q.number is not null order by q.number limit $2
"""


async def leading(conn: Connection, switch_id: SwitchId, limit: int) -> list[str]:
    """The numbers of the queues of a switch, as they are written there."""
    return [row["number"] for row in await conn.fetch(LEADING, switch_id, limit)]


# A call comes by a trunk of its switch: numbers of tenants on another switch, of another trunk, and of others than the
# tenant to whom the trunk is given are not called by it.
_CARRIED = """
join tenant t on t.tenant_id = n.tenant_id and t.switch_id = $1
left join sip_endpoint e on e.switch_id = $1 and e.name = $2
where (n.trunk is null or n.trunk = $2) and (e.tenant_id is null or e.tenant_id = n.tenant_id)
"""
CALLED = f"""
select {_COLUMNS} from called_number n {_CARRIED} and (n.number = $3 or n.national = $4) order by n.number
"""
# Digits sort before the colon. Two rows tell that the digits are not those of one number.
ENDING = f"""
select {_COLUMNS} from called_number n {_CARRIED}
    and n.trunk = $2 and n.reversed >= $3::text and n.reversed < $3::text || ':'
order by n.reversed limit 2
"""
QUEUE = """
select queue_id from inbound_queue where tenant_id = $1 and number = any($2::text[]) order by queue_id limit 1
"""


async def resolve(conn: Connection, switch_id: SwitchId, trunk: str | None, called: str) -> Owned | None:
    """The tenant and queue of a call that comes to a switch by a trunk; None: the number is nobody's, which is logged.

    The caller of a number that is nobody's, or of no queue, is to be refused before the answer, as of a number that is
    not assigned (cause 1, SIP 404).
    """
    written = core.written(called)
    found = Undecided.UNKNOWN if written is None else await _called(conn, switch_id, trunk, written)
    fields = {"switch": switch_id, "trunk": trunk, "called": core.masked(called)}
    if isinstance(found, Undecided):
        log.warning("called number refused", reason=found.name.lower(), **fields)
        return None
    queue_id: QueueId | None = await conn.fetchval(QUEUE, found.tenant_id, core.forms(found.number, found.national))
    if queue_id is None:
        log.warning("called number refused", reason="no_queue", tenant=found.tenant_id, **fields)
    return Owned(found.tenant_id, queue_id, found.e164)


async def _called(
    conn: Connection, switch_id: SwitchId, trunk: str | None, written: Written
) -> CalledNumber | Undecided:
    rows = await conn.fetch(CALLED, switch_id, trunk, written.number, written.national)
    whole = core.choose(written, _numbers(rows))
    if whole is not Undecided.UNKNOWN or trunk is None or written.last_digits is None:
        return whole
    rows = await conn.fetch(ENDING, switch_id, trunk, written.last_digits[::-1])
    return core.choose_by_last_digits(_numbers(rows))


def _numbers(rows: Sequence[asyncpg.Record]) -> list[CalledNumber]:
    return [_number(row) for row in rows]


def _number(row: asyncpg.Record) -> CalledNumber:
    return CalledNumber(row["number"], row["tenant_id"], row["trunk"], row["national"], row["given_at"])
