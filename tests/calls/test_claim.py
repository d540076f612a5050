"""The claim: who is taken, who is rescheduled, who is never called; and by which indexes."""

import asyncio
from datetime import timedelta
from itertools import combinations

import pytest

from tests.support import call_steps
from tests.support.call_scene import (
    LEASE,
    ZONE,
    called,
    calls_of,
    campaign_of,
    contact,
    ids_of,
    listed,
    must_be_true,
    now_of,
    number,
    people,
    placed,
    terms_of,
    waits,
)
from tests.support.contacts import zone_number
from tests.support.databases import pid_of
from tests.support.plans import nodes, plans
from tongdai.calls import claim, store
from tongdai.calls.model import Call, CallState, Claims, Ending, Outcome
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.campaigns.settings.windows import FOREVER
from tongdai.db.pool import connect
from tongdai.testing import factories

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def terms(tenant_id, campaign_id):
    return terms_of(tenant_id, campaign_id)


async def test_claim_takes_the_longest_due_first_and_opens_an_call_for_each(conn, tenant_id, campaign_id, terms):
    ids = await people(conn, tenant_id, campaign_id, [5, 3, 9, 1, 7])
    claims = await claim.claim(conn, terms, 3)
    assert ids_of(claims) == ids[:3]
    assert (claims.rescheduled, claims.closed, claims.examined) == (0, 0, 3)
    now = await now_of(conn)
    for call, n in zip(claims.calls, [5, 3, 9], strict=True):
        assert call == Call(
            tenant_id, call.call_id, campaign_id, call.contact_id, number(n), CallState.CLAIMED,
            call.opened_at, FOREVER, call.opened_at + LEASE)  # fmt: skip
        assert now - MINUTE < call.opened_at < now
        assert (await contact(conn, tenant_id, call.contact_id))["process_status"] == 1
    live = [call for call in await store.live(conn) if call.tenant_id == tenant_id]
    assert sorted(live, key=lambda a: ids.index(a.contact_id)) == claims.calls
    await must_be_true(conn, tenant_id)
    assert ids_of(await claim.claim(conn, terms, 3)) == ids[3:]
    assert await claim.claim(conn, terms, 3) == Claims([])
    await must_be_true(conn, tenant_id)


async def test_claim_of_none_takes_none(conn, tenant_id, campaign_id, terms):
    await people(conn, tenant_id, campaign_id, [1])
    assert await claim.claim(conn, terms, 0) == Claims([])


async def test_contact_that_is_due_later_is_left(conn, tenant_id, campaign_id, terms):
    await people(conn, tenant_id, campaign_id, [1])
    await conn.execute("update contact_due set due_at = now() + interval '1 hour' where tenant_id = $1", tenant_id)
    assert await claim.claim(conn, terms, 3) == Claims([])
    assert await claim.waiting_zones(conn, tenant_id, campaign_id) == []


@pytest.mark.parametrize("status", [1, 3, 4])
async def test_campaign_that_does_not_run_claims_nobody(conn, tenant_id, campaign_id, terms, status):
    ids = await people(conn, tenant_id, campaign_id, [1])
    await conn.execute("update campaign set status = $2 where tenant_id = $1", tenant_id, status)
    assert await claim.claim(conn, terms, 3) == Claims([])
    assert await claim.claim_contact(conn, terms, ids[0], 1) == Claims([])
    assert await calls_of(conn, tenant_id) == []


async def test_oldest_of_all_open_zones_are_taken_and_none_of_a_closed_one(conn, tenant_id, campaign_id):
    ids = {}
    for n, zone in enumerate(["Asia/Tokyo", "", "Europe/Berlin,Europe/Rome", "Asia/Tokyo", "America/New_York", ""]):
        (ids[n],) = await people(conn, tenant_id, campaign_id, [n], zone)
    closes_at = await now_of(conn) + timedelta(hours=2)
    terms = terms_of(
        tenant_id, campaign_id, "Asia/Tokyo", "", "Europe/Berlin,Europe/Rome", "Asia/Seoul", until=closes_at
    )
    assert ids_of(await claim.claim(conn, terms, 2)) == [ids[0], ids[1]]
    claims = await claim.claim(conn, terms, 10)
    assert ids_of(claims) == [ids[2], ids[3], ids[5]]
    assert {call.dial_until for call in claims.calls} == {closes_at}


async def test_window_that_has_closed_meanwhile_is_not_open(conn, tenant_id, campaign_id):
    """By the database's clock, whatever the caller's says."""
    ids = await people(conn, tenant_id, campaign_id, [1, 2])
    terms = terms_of(tenant_id, campaign_id, until=await now_of(conn))
    assert await claim.claim(conn, terms, 3) == Claims([])
    assert await claim.claim_contact(conn, terms, ids[0], 1) == Claims([])
    assert (await contact(conn, tenant_id, ids[0]))["process_status"] == 0


async def test_waiting_zones_are_those_of_due_contacts_of_the_campaign(conn, tenant_id, campaign_id):
    other = await campaign_of(conn, tenant_id)
    for n, zone in enumerate(["Asia/Tokyo", "Asia/Tokyo", "", "Europe/Rome", "America/Lima", "Africa/Cairo"]):
        await people(conn, tenant_id, campaign_id if n else other, [n], zone)
    lima, cairo = [await zone_number(conn, name) for name in ("America/Lima", "Africa/Cairo")]
    await conn.execute("update contact set process_status = 2 where tenant_id = $1 and zone = $2", tenant_id, lima)
    await conn.execute("delete from contact_due where tenant_id = $1 and zone = $2", tenant_id, lima)
    await conn.execute(
        "update contact_due set due_at = now() + interval '1 hour' where tenant_id = $1 and zone = $2", tenant_id, cairo
    )
    assert await claim.waiting_zones(conn, tenant_id, campaign_id) == ["", "Asia/Tokyo", "Europe/Rome"]
    assert await claim.waiting_zones(conn, tenant_id, other) == ["Asia/Tokyo"]
    assert await claim.waiting_zones(conn, 1, campaign_id) == []


async def test_claim_keeps_to_its_tenant_and_campaign(conn, tenant_id, campaign_id):
    other_tenant = await factories.tenant(conn)
    await people(conn, tenant_id, campaign_id, [1])
    for terms in (terms_of(other_tenant, campaign_id), terms_of(tenant_id, await campaign_of(conn, tenant_id))):
        assert await claim.claim(conn, terms, 3) == Claims([])


# Do not call


@pytest.mark.parametrize("of_campaign", [False, True])
async def test_number_on_a_do_not_call_list_is_processed_and_not_called(
    conn, tenant_id, campaign_id, terms, of_campaign
):
    ids = await people(conn, tenant_id, campaign_id, [1, 2])
    await listed(conn, tenant_id, number(1), campaign_id if of_campaign else None)
    claims = await claim.claim(conn, terms, 5)
    assert (ids_of(claims), claims.rescheduled, claims.closed, claims.examined) == ([ids[1]], 0, 1, 2)
    closed = await contact(conn, tenant_id, ids[0])
    assert (closed["process_status"], closed["call_status"]) == (2, "dnc")
    await must_be_true(conn, tenant_id)


async def test_number_on_do_not_call_lists_that_end_is_due_when_the_last_does(conn, tenant_id, campaign_id, terms):
    ids = await people(conn, tenant_id, campaign_id, [1])
    until = await now_of(conn) + DAY
    for expires_at in (until - MINUTE, until, until - DAY):
        await listed(conn, tenant_id, number(1), None, expires_at)
    assert await claim.claim(conn, terms, 5) == Claims([], rescheduled=1)
    assert tuple(await contact(conn, tenant_id, ids[0])) == (0, None, until)
    await must_be_true(conn, tenant_id)


async def test_lists_of_others_and_entries_that_ended_hold_nobody_back(conn, tenant_id, campaign_id, terms):
    ids = await people(conn, tenant_id, campaign_id, [1])
    await listed(conn, tenant_id, number(1), await campaign_of(conn, tenant_id))
    await listed(conn, tenant_id, number(1), None, await now_of(conn))
    await listed(conn, tenant_id, number(2))
    await listed(conn, await factories.tenant(conn), number(1))
    assert ids_of(await claim.claim(conn, terms, 5)) == ids


async def test_number_listed_for_ever_and_for_a_while_is_processed(conn, tenant_id, campaign_id, terms):
    await people(conn, tenant_id, campaign_id, [1])
    await listed(conn, tenant_id, number(1), None, await now_of(conn) + DAY)
    await listed(conn, tenant_id, number(1))
    assert await claim.claim(conn, terms, 5) == Claims([], closed=1)


# A number at a time


async def test_number_that_is_being_called_is_put_off_for_a_minute(conn, tenant_id, campaign_id, terms):
    await people(conn, tenant_id, campaign_id, [1])
    await placed(conn, terms)
    other = await campaign_of(conn, tenant_id)
    ids = await people(conn, tenant_id, other, [1, 2])
    claims = await claim.claim(conn, terms_of(tenant_id, other), 5)
    assert (ids_of(claims), claims.rescheduled) == ([ids[1]], 1)
    wait = (await contact(conn, tenant_id, ids[0]))["due_at"] - await now_of(conn)
    assert timedelta(seconds=50) < wait < MINUTE
    await must_be_true(conn, tenant_id)


async def test_another_tenants_call_of_the_number_holds_nobody_back(conn, tenant_id, campaign_id, terms):
    other_tenant = await factories.tenant(conn)
    other = await campaign_of(conn, other_tenant)
    await people(conn, other_tenant, other, [1])
    await placed(conn, terms_of(other_tenant, other, caps=[FrequencyCap(1, DAY)]))
    ids = await people(conn, tenant_id, campaign_id, [1])
    assert ids_of(await claim.claim(conn, terms_of(tenant_id, campaign_id, caps=[FrequencyCap(1, DAY)]), 5)) == ids


async def test_number_that_another_campaign_claims_at_the_same_instant_is_rescheduled(
    pool, conn, tenant_id, campaign_id, terms
):
    """Neither sees the other's call: the index does."""
    first_ids = await people(conn, tenant_id, campaign_id, [1, 2, 3])
    other = await campaign_of(conn, tenant_id)
    ids = await people(conn, tenant_id, other, [3, 2, 4])
    async with pool.acquire() as first, pool.acquire() as second:
        transaction = first.transaction()
        await transaction.start()
        assert ids_of(await claim.claim(first, terms, 5)) == first_ids
        later = asyncio.ensure_future(claim.claim(second, terms_of(tenant_id, other), 5))
        await waits(conn, pid_of(second))
        await transaction.commit()
        claims = await later
    assert (ids_of(claims), claims.rescheduled) == ([ids[2]], 2)
    assert [(await contact(conn, tenant_id, i))["process_status"] for i in ids] == [0, 0, 1]
    await must_be_true(conn, tenant_id)


# Between what a claim chooses and what it holds, it waits until this lock is let go.
HALF_WAY = claim.CLAIM.replace(
    "), held as materialized (",
    "), half_way as materialized (select pg_advisory_xact_lock(77) from (select count(*) from candidates) chosen"
    "), held as materialized (",
).replace("from candidates cross join lateral", "from half_way cross join candidates cross join lateral")


async def test_contact_that_came_into_a_call_before_it_was_held_stays_in_it(pool, conn, tenant_id, campaign_id, terms):
    """Its number is listed meanwhile: the second claim sees that, and not the first one's call."""
    ids = await people(conn, tenant_id, campaign_id, [1])
    async with pool.acquire() as first, pool.acquire() as second:
        await conn.execute("select pg_advisory_lock(77)")
        transaction = first.transaction()
        await transaction.start()
        assert ids_of(await claim.claim(first, terms, 5)) == ids
        await listed(conn, tenant_id, number(1))
        later = asyncio.ensure_future(claim._claim(second, HALF_WAY, terms, 5, None))
        await waits(conn, pid_of(second))
        await transaction.commit()
        await conn.execute("select pg_advisory_unlock(77)")
        assert await later == Claims([])
    assert (await contact(conn, tenant_id, ids[0]))["process_status"] == 1
    await must_be_true(conn, tenant_id)


async def test_number_that_was_called_often_enough_is_due_when_a_call_leaves_the_period(conn, tenant_id, campaign_id):
    earlier = await campaign_of(conn, tenant_id)
    await people(conn, tenant_id, earlier, [1])
    now = await now_of(conn)
    for hours in (30, 20, 5):
        await called(conn, terms_of(tenant_id, earlier), again_at=now, age=timedelta(hours=hours))
    ids = await people(conn, tenant_id, campaign_id, [1])
    dialled = [row["dialled_at"] for row in await calls_of(conn, tenant_id)]
    for caps, due_at in [
        ([FrequencyCap(1, DAY)], dialled[2] + DAY),
        ([FrequencyCap(2, DAY)], dialled[1] + DAY),
        ([FrequencyCap(2, 2 * DAY), FrequencyCap(1, 6 * timedelta(hours=1))], dialled[1] + 2 * DAY),
        ([FrequencyCap(3, DAY), FrequencyCap(1, 6 * timedelta(hours=1))], dialled[2] + 6 * timedelta(hours=1)),
    ]:
        terms = terms_of(tenant_id, campaign_id, caps=caps)
        assert await claim.claim(conn, terms, 5) == Claims([], rescheduled=1), caps
        assert tuple(await contact(conn, tenant_id, ids[0])) == (0, None, due_at), caps
        await conn.execute("update contact_due set due_at = $2 where tenant_id = $1", tenant_id, now)
    caps = [FrequencyCap(3, DAY), FrequencyCap(1, timedelta(hours=5)), FrequencyCap(4, 9 * DAY)]
    terms = terms_of(tenant_id, campaign_id, caps=caps)
    assert ids_of(await claim.claim(conn, terms, 5)) == ids
    await must_be_true(conn, tenant_id)


async def test_call_that_was_not_placed_counts_for_no_cap(conn, tenant_id, campaign_id):
    ids = await people(conn, tenant_id, campaign_id, [1])
    terms = terms_of(tenant_id, campaign_id, caps=[FrequencyCap(1, DAY)])
    (call,) = (await claim.claim(conn, terms, 1)).calls
    assert await call_steps.end(conn, call, Ending(Outcome.CANCELLED), await now_of(conn))
    assert ids_of(await claim.claim(conn, terms, 1)) == ids


async def test_latest_of_all_reasons_to_wait_counts(conn, tenant_id, campaign_id):
    earlier = await campaign_of(conn, tenant_id)
    await people(conn, tenant_id, earlier, [1])
    call = await called(conn, terms_of(tenant_id, earlier))
    ids = await people(conn, tenant_id, campaign_id, [1])
    await listed(conn, tenant_id, number(1), None, call.opened_at + 2 * DAY)
    terms = terms_of(tenant_id, campaign_id, caps=[FrequencyCap(1, DAY)])
    assert (await claim.claim(conn, terms, 1)).rescheduled == 1
    assert (await contact(conn, tenant_id, ids[0]))["due_at"] == call.opened_at + 2 * DAY


# Of one contact


async def test_contact_that_an_agent_accepted_is_claimed_for_the_agent(conn, tenant_id, campaign_id, terms):
    ids = await people(conn, tenant_id, campaign_id, [1, 2, 3])
    claims = await claim.claim_contact(conn, terms, ids[1], 7)
    assert (ids_of(claims), claims.calls[0].agent_id, claims.rescheduled, claims.closed) == ([ids[1]], 7, 0, 0)
    assert [row["agent_id"] for row in await calls_of(conn, tenant_id)] == [7]
    assert await claim.claim_contact(conn, terms, ids[1], 7) == Claims([])
    await listed(conn, tenant_id, number(1))
    assert await claim.claim_contact(conn, terms, ids[0], 7) == Claims([], closed=1)
    await conn.execute("update contact_due set due_at = now() + interval '1 hour' where contact_id = $1", ids[2])
    assert await claim.claim_contact(conn, terms, ids[2], 7) == Claims([])
    other = await campaign_of(conn, tenant_id)
    foreign = await people(conn, tenant_id, other, [4])
    assert await claim.claim_contact(conn, terms, foreign[0], 7) == Claims([])
    await must_be_true(conn, tenant_id)


# Plans

JOINS = ("enable_nestloop", "enable_hashjoin", "enable_mergejoin")
SCANS = ("enable_seqscan", "enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan", "enable_material",
         "enable_memoize", "enable_sort", "enable_incremental_sort")  # fmt: skip
FORCED = [(), *((one,) for one in (*JOINS, *SCANS)), *combinations(JOINS, 2), ("enable_seqscan", "enable_nestloop"),
          ("enable_indexscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin")]  # fmt: skip


@pytest.mark.parametrize("off", FORCED, ids="+".join)
async def test_limit_holds_and_claim_is_exact_under_any_plan(conn, tenant_id, campaign_id, off):
    numbers = range(60)
    ids = [*await people(conn, tenant_id, campaign_id, numbers[:30], ZONE),
           *await people(conn, tenant_id, campaign_id, numbers[30:], "")]  # fmt: skip
    earlier = await campaign_of(conn, tenant_id)
    await people(conn, tenant_id, earlier, [3, 5])
    await called(conn, terms_of(tenant_id, earlier))
    await placed(conn, terms_of(tenant_id, earlier))
    await listed(conn, tenant_id, number(1))
    terms = terms_of(tenant_id, campaign_id, ZONE, "", caps=[FrequencyCap(1, DAY)])
    async with conn.transaction():
        for name in off:
            await conn.execute(f"set local {name} = off")
        assert await claim.waiting_zones(conn, tenant_id, campaign_id) == ["", ZONE]
        first = await claim.claim(conn, terms, 10)
        assert first.examined == 10
        assert (first.rescheduled, first.closed) == (2, 1)
        assert ids_of(first) == [ids[n] for n in (0, 2, 4, 6, 7, 8, 9)]
        second = await claim.claim(conn, terms, 49)
        assert ids_of(second) == ids[10:59]
        verdicts = await store.dial(conn, second.calls, LEASE)
        assert verdicts == dict.fromkeys([call.call_id for call in second.calls])
        assert await call_steps.end(conn, second.calls[0], Ending(Outcome.BUSY), None)
    await must_be_true(conn, tenant_id)


async def claim_plans(conn, sql, tenant_id, campaign_id, taken):
    return await plans(
        conn, sql, tenant_id, campaign_id, array_text(ZONE, "Asia/Tokyo"), array_text("infinity", "infinity"), taken,
        array_text("3", "1"), array_text("1 day", "1 hour"), None, "30 seconds", 1)  # fmt: skip


def array_text(*values):
    return "{" + ",".join(f'"{value}"' for value in values) + "}"


HOT = {"contact", "contact_due", "contact_run", "call", "do_not_call"}


async def test_claim_reads_due_contacts_in_order_by_their_index_whatever_the_statistics(by_index):
    conn, tenant_id, campaign_id = by_index
    for mode, found in await claim_plans(conn, claim.CLAIM, tenant_id, campaign_id, 50):
        by_index = {node["Index Name"]: node for node in found if node.get("Index Name")}
        used = {"contact_due_order", "contact_run_pkey", "contact_pkey", "contact_due_pkey"}
        used |= {"do_not_call_phone", "call_number", "live_call_number"}
        assert used <= by_index.keys(), (mode, by_index.keys())
        assert all(column in by_index["contact_due_order"]["Index Cond"] for column in ("zone = ", "due_at <= "))
        no_sort_below_limit(found, "contact_due_order")
        assert not {n.get("Index Name") for n in found} & {"contact_list_status"}
        assert not {n.get("Relation Name") for n in found if n["Node Type"] == "Seq Scan"} & HOT, (mode, found)


def no_sort_below_limit(found, index):
    """The limit is right above the index: not all that are due are read."""
    below = [below for node in found if node["Node Type"] == "Limit" for below in node["Plans"]]
    assert index in {node.get("Index Name") for node in below}, found


async def test_claim_of_one_contact_reads_it_by_its_key(by_index):
    conn, tenant_id, campaign_id = by_index
    for mode, found in await claim_plans(conn, claim.CLAIM_CONTACT, tenant_id, campaign_id, 5):
        used = {node["Index Name"] for node in found if node.get("Relation Name") == "contact" and "Index Name" in node}
        assert used == {"contact_pkey"}, (mode, found)
        assert not {n.get("Relation Name") for n in found if n["Node Type"] == "Seq Scan"} & HOT, (mode, found)


async def test_waiting_zones_are_found_by_their_index_whatever_the_statistics(by_index):
    conn, tenant_id, campaign_id = by_index
    for _, found in await plans(conn, claim.WAITING_ZONES, tenant_id, campaign_id):
        scans = [node for node in found if node.get("Relation Name") == "contact_due"]
        assert [node["Index Name"] for node in scans] == ["contact_due_order"] * 3
        assert [node["Index Name"] for node in found if node.get("Relation Name") == "contact"] == ["contact_pkey"]
        limits = [node for node in found if node["Node Type"] == "Limit"]
        assert all(below["Node Type"] != "Sort" for limit in limits for below in nodes(limit))


READ = """
select coalesce(sum(pg_stat_get_xact_tuples_returned(relid)), 0) from (
    select unnest(array['contact', 'contact_due', 'contact_run']::regclass[]) as relid
    union all select indexrelid from pg_index
    where indrelid = any(array['contact', 'contact_due', 'contact_run']::regclass[])
) read
"""


async def must_read_few(conn, terms):
    """As it is run; rolled back."""
    transaction = conn.transaction()
    await transaction.start()
    before = await conn.fetchval(READ)
    assert await claim.waiting_zones(conn, terms.tenant_id, terms.campaign_id) == sorted(terms.open_until)
    assert (await claim.claim(conn, terms, 50)).examined == 50
    read = await conn.fetchval(READ) - before
    await transaction.rollback()
    assert 150 <= read <= 1200, read  # 50 of each zone and place, those of other zones between, and those taken


async def test_claim_reads_a_few_of_many_contacts(statistics):
    conn, tenant_id, campaign_id = statistics
    terms = terms_of(tenant_id, campaign_id, ZONE, "Asia/Tokyo", "", caps=[FrequencyCap(3, DAY)])
    for _ in range(7):
        await must_read_few(conn, terms)


@pytest.mark.parametrize("others", [1, 6_000])
async def test_claim_reads_a_few_contacts_of_those_that_came_after_its_plan(fresh_database, others):
    """Though the connection keeps its plans, made for a campaign of one."""
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        tenant_id = await factories.tenant(conn)
        first, campaign_id = [await campaign_of(conn, tenant_id) for _ in range(2)]
        await conn.execute("vacuum analyze")
        await people(conn, tenant_id, first, [0])
        for _ in range(7):
            claims = await claim.claim(conn, terms_of(tenant_id, first), 50)
            assert await call_steps.end(conn, claims.calls[0], Ending(Outcome.CANCELLED), await now_of(conn))
        await people(conn, tenant_id, campaign_id, range(others + 500))
        await people(conn, tenant_id, campaign_id, range(others + 500, others + 600), "")
        await must_read_few(conn, terms_of(tenant_id, campaign_id, ZONE, ""))
        await conn.close()
