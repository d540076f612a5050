"""A campaign that runs, people in it, and what tests of calls look at."""

import asyncio
from datetime import timedelta

from tests.support import call_steps
from tests.support import contacts as contact_support
from tests.support.contacts import counters
from tests.support.plans import plans
from tongdai.calls import claim, store
from tongdai.calls.model import ClaimConditions, Ending, Outcome
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.settings.windows import FOREVER
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.contacts.model import NewContact

LEASE = timedelta(seconds=30)
ZONE = "Asia/Ho_Chi_Minh"
RUN = "update campaign set status = 2 where tenant_id = $1 and campaign_id = $2"


def number(n: int) -> str:
    return f"+8490{n:07}"


async def campaign_of(conn, tenant_id):
    """One that runs."""
    made = await campaigns.create(conn, tenant_id, "A", "A", None, None)
    await conn.execute(RUN, tenant_id, made.campaign_id)
    return made.campaign_id


async def people_in_runs(conn, tenant_id, campaign_id, numbers, chunk=500, zone=ZONE):
    """The ids of contacts as an import inserts them, in the order of numbers: each chunk of one zone is a run."""
    added = []
    for first in range(0, len(numbers), chunk):
        async with conn.transaction():
            list_id = await contacts.list_named(conn, tenant_id, campaign_id, "A list")
            rows = [NewContact(phone=number(n), time_zone=zone) for n in numbers[first : first + chunk]]
            made = await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows)
            added += [made.contact_ids[row.phone] for row in rows]
    return added


async def people(conn, tenant_id, campaign_id, numbers, zone=ZONE):
    """The ids of contacts that are due, the first the longest, all within the last second, in the order of
    numbers."""
    async with conn.transaction():
        list_id = await contacts.list_named(conn, tenant_id, campaign_id, "A list")
        rows = [NewContact(phone=number(n)) for n in numbers]
        added = await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows)
        ids = [added.contact_ids[number(n)] for n in numbers]
        await contact_support.put_all_due(conn, tenant_id, ids, zone)
    return ids


def terms_of(tenant_id, campaign_id, *zones, until=FOREVER, caps=()):
    return ClaimConditions(tenant_id, campaign_id, dict.fromkeys(zones or (ZONE,), until), LEASE, caps)


CONTACTS = """(
    select c.tenant_id, c.contact_id, case when a.call_id is null then process_status else 1 end as process_status,
        call_status, coalesce(d.due_at, created_at) as due_at
    from contact c left join call a
        on a.tenant_id = c.tenant_id and a.contact_id = c.contact_id and a.ended_at is null
    left join contact_due d on d.tenant_id = c.tenant_id and d.contact_id = c.contact_id
)"""
"""Each as it is reported: one whose call has not ended is in a call."""


async def contact(conn, tenant_id, contact_id):
    return await conn.fetchrow(
        f"select process_status, call_status, due_at from {CONTACTS} c where tenant_id = $1 and contact_id = $2",
        tenant_id, contact_id)  # fmt: skip


async def calls_of(conn, tenant_id):
    """All rows, the oldest first."""
    return await conn.fetch("select * from call where tenant_id = $1 order by opened_at, call_id", tenant_id)


def ids_of(claims):
    return [call.contact_id for call in claims.calls]


async def now_of(conn):
    return await conn.fetchval("select clock_timestamp()")


async def backdate(conn, call, age):
    """As if all that was done with it had been so long ago."""
    await conn.execute(
        """update call set opened_at = opened_at - $3::interval, dialled_at = dialled_at - $3::interval,
               ringing_at = ringing_at - $3::interval, answered_at = answered_at - $3::interval,
               connected_at = connected_at - $3::interval, ended_at = ended_at - $3::interval,
               lease_until = lease_until - $3::interval
           where tenant_id = $1 and call_id = $2""",
        call.tenant_id, call.call_id, age)  # fmt: skip


async def placed(conn, terms, limit=1):
    """Calls that were claimed, and that the switch is being asked for."""
    claims = await claim.claim(conn, terms, limit)
    verdicts = await store.dial(conn, claims.calls, LEASE)
    assert list(verdicts.values()) == [None] * len(claims.calls)
    return claims.calls


async def called(conn, terms, outcome=Outcome.NO_ANSWER, again_at=None, age=timedelta(0)):
    """a call that was placed and has ended, begun so long ago."""
    (call,) = await placed(conn, terms)
    assert await call_steps.end(conn, call, Ending(outcome), again_at)
    await backdate(conn, call, age)
    return call


async def listed(conn, tenant_id, phone, campaign_id=None, expires_at=None):
    """Put on a do-not-call list."""
    dnc_list_id = await conn.fetchval(
        """insert into do_not_call_list (tenant_id, campaign_id, name) values ($1, $2, gen_random_uuid()::text)
           returning dnc_list_id""",
        tenant_id, campaign_id)  # fmt: skip
    await conn.execute(
        "insert into do_not_call (tenant_id, dnc_list_id, phone, expires_at) values ($1, $2, $3, $4)",
        tenant_id, dnc_list_id, phone, expires_at)  # fmt: skip


async def must_be_true(conn, tenant_id):
    kept, counted = await counters(conn, tenant_id)
    assert kept == counted
    await contact_support.must_be_in_one_place(conn, tenant_id)


WAITING = "select exists (select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock')"


async def waits(conn, pid):
    async with asyncio.timeout(20):
        while not await conn.fetchval(WAITING, pid):
            pass


# Frequency caps


async def must_pass_by_the_ended(conn, sql, *args):
    """Of the calls only the live ones are read."""
    for mode, found in await plans(conn, sql, *args):
        read = {node.get("Relation Name") for node in found}
        assert "live_call" in read, (mode, found)
        assert "call" not in read, (mode, found)
