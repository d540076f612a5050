"""Claims beside each other, deletions and imports that are undone: one wins, and nothing deadlocks."""

import asyncio
import random
from collections import Counter
from itertools import combinations

import pytest

from tests.support import call_steps
from tests.support.call_scene import (
    CONTACTS,
    LEASE,
    ZONE,
    calls_of,
    campaign_of,
    must_be_true,
    number,
    people,
    people_in_runs,
    terms_of,
)
from tongdai.calls import claim, finish, store
from tongdai.calls.finish import End
from tongdai.calls.model import Ending, Outcome
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.contacts.model import NewContact
from tongdai.contacts.store import Refusal
from tongdai.db.pool import connect

RACES = 5_000
BUSY = Ending(Outcome.BUSY)


async def status_of(conn, tenant_id):
    found = await conn.fetch(f"select contact_id, process_status from {CONTACTS} c where tenant_id = $1", tenant_id)
    return dict(found)


@pytest.fixture
async def hasty(dsn):
    """Connections that do not wait for the disk."""
    opened = [await connect(dsn, name="tests") for _ in range(4)]
    for conn in opened:
        await conn.execute("set synchronous_commit = off")
    yield opened
    for conn in opened:
        await conn.close()


@pytest.mark.parametrize("place", ["runs", "contact_due"])
async def test_of_a_delete_and_a_claim_that_want_a_contact_at_once_one_wins(hasty, conn, tenant_id, campaign_id, place):
    """5,000 races: two that delete, two that claim, from both ends of the same contacts."""
    ids = await (people if place == "contact_due" else people_in_runs)(conn, tenant_id, campaign_id, range(RACES))
    terms, rng = terms_of(tenant_id, campaign_id), random.Random(4)
    deleted, refused, claimed = set(), set(), []

    async def delete(own, mine):
        for contact_id in mine:
            reported = await contacts.delete(own, tenant_id, campaign_id, contact_id, 1)
            assert reported in {None, Refusal.NOT_PENDING}
            (refused if reported else deleted).add(contact_id)

    async def claims(own):
        while len(deleted) + len(claimed) < RACES:
            limit = rng.randrange(1, 5)
            claims = await claim.claim(own, terms, limit)
            assert claims.examined == len(claims.calls) <= limit
            claimed.extend(claims.calls)

    async with asyncio.timeout(300):
        # In the order in which they are claimed, so that the two meet; the second from the other end.
        await asyncio.gather(
            delete(hasty[0], ids[::2]), delete(hasty[1], ids[:0:-2]), claims(hasty[2]), claims(hasty[3])
        )
    taken = [call.contact_id for call in claimed]
    assert len(taken) == len(set(taken))
    assert set(taken) == refused == set(ids) - deleted
    assert min(len(deleted), len(claimed)) > RACES / 50
    assert {row["contact_id"] for row in await calls_of(conn, tenant_id)} == set(taken)
    assert await status_of(conn, tenant_id) == dict.fromkeys(taken, 1)
    await must_be_true(conn, tenant_id)
    await conn.execute("delete from call where tenant_id = $1", tenant_id)  # no live ones in other tests' way


async def test_claims_at_once_are_disjoint_and_within_their_limits(pool, conn, tenant_id):
    """Of two campaigns that have the same numbers, each by two at once; ended again, so that all come round."""
    campaign_ids = [await campaign_of(conn, tenant_id) for _ in range(2)]
    for campaign_id in campaign_ids:
        await people(conn, tenant_id, campaign_id, range(120))
    live, rounds = Counter(), Counter()

    async def caller(campaign_id, seed):
        rng = random.Random(seed)
        terms = terms_of(tenant_id, campaign_id)
        async with pool.acquire() as own:
            for _ in range(60):
                limit = rng.randrange(1, 20)
                claims = await claim.claim(own, terms, limit)
                assert claims.examined <= limit
                live.update(call.phone for call in claims.calls)
                assert max(live.values(), default=0) <= 1
                dialled = await store.dial(own, claims.calls, LEASE)
                assert len(dialled) == len(claims.calls)
                rounds["claimed"] += len(dialled)
                rounds["rescheduled"] += claims.rescheduled
                for call in claims.calls:
                    again_at = rng.choice((None, call.opened_at, call.opened_at))
                    live[call.phone] -= 1
                    assert await call_steps.end(own, call, BUSY, again_at)

    async with asyncio.timeout(300):
        await asyncio.gather(*(caller(campaign_id, seed) for seed, campaign_id in enumerate(campaign_ids * 2)))
    assert rounds["claimed"] > 240
    await must_be_true(conn, tenant_id)
    assert set((await status_of(conn, tenant_id)).values()) <= {0, 2}


async def waiting(conn, count):
    """So many sessions of this database wait for a row."""
    sql = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with asyncio.timeout(30):
        while await conn.fetchval(sql) < count:
            await asyncio.sleep(0)


async def test_undone_import_and_ends_of_many_do_not_wait_for_each_other_in_a_circle(conn, dsn, tenant_id):
    """The undo keeps its lock on a contact that was claimed meanwhile, and passes it by."""
    campaign_id = await campaign_of(conn, tenant_id)
    ids = await people(conn, tenant_id, campaign_id, range(12))
    first, between, undoing, ending = [await connect(dsn, name="tests") for _ in range(4)]
    hold = "select from contact where tenant_id = $1 and contact_id = $2 for update"

    async def undo():
        async with undoing.transaction():
            return await bulk_store.remove_many(undoing, tenant_id, campaign_id, ids)

    async def end(calls):
        async with ending.transaction():
            return await finish.end(ending, [End(call, BUSY, None) for call in calls])

    async with asyncio.TaskGroup() as group, between.transaction():
        async with first.transaction():
            await first.execute(hold, tenant_id, ids[0])
            undone = group.create_task(undo())
            await waiting(conn, 1)
            claims = await claim.claim(conn, terms_of(tenant_id, campaign_id), 100)
            calls = {call.contact_id: call for call in claims.calls}
            assert len(calls) == 11
            low, middle, high = next(
                (low, middle, high)
                for low, middle, high in combinations(ids[1:], 3)
                if calls[high].call_id < calls[low].call_id
            )
            await between.execute(hold, tenant_id, middle)
        # Now the undo continues, past `low`, to the one in the middle.
        async with asyncio.timeout(30):
            while await conn.fetchval(f"select exists ({hold} skip locked)", tenant_id, low):
                await asyncio.sleep(0)
        ended = group.create_task(end([calls[low], calls[high]]))
        await waiting(conn, 2)
    assert (undone.result(), len(ended.result())) == (1, 2)
    await conn.execute("delete from call where tenant_id = $1", tenant_id)
    for one in (first, between, undoing, ending):
        await one.close()


async def test_undone_import_removes_none_that_was_in_a_call_when_it_took_hold_of_the_others(conn, dsn, tenant_id):
    """Though its call has ended since: it is not held, and may be in the next call."""
    campaign_id = await campaign_of(conn, tenant_id)
    ids = await people(conn, tenant_id, campaign_id, range(3))
    first, undoing = [await connect(dsn, name="tests") for _ in range(2)]

    async def undo():
        async with undoing.transaction():
            return await bulk_store.remove_many(undoing, tenant_id, campaign_id, ids)

    calls = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 2)).calls
    async with asyncio.TaskGroup() as group, first.transaction():
        await first.execute("select from contact where contact_id = $1 for update", ids[2])
        undone = group.create_task(undo())
        await waiting(conn, 1)
        for call in calls:
            assert await call_steps.end(conn, call, BUSY, call.opened_at)
    assert undone.result() == 1
    assert await status_of(conn, tenant_id) == dict.fromkeys(ids[:2], 0)
    await must_be_true(conn, tenant_id)
    for one in (first, undoing):
        await one.close()


class Floor:
    """Imports that are undone, deletions and calls, all of one campaign at once."""

    def __init__(self, pool, tenant_id, campaign_id):
        self.pool, self.tenant_id, self.campaign_id = pool, tenant_id, campaign_id
        self.importing, self.claimed, self.removed = True, 0, 0

    async def undo(self, part):
        rng = random.Random(part)
        rows = [NewContact(phone=number(part * 1000 + n)) for n in range(80)]
        async with self.pool.acquire() as own:
            for _ in range(12):
                async with own.transaction():
                    list_id = await contacts.list_named(own, self.tenant_id, self.campaign_id, "A")
                    added = await bulk_store.add_many(own, self.tenant_id, self.campaign_id, list_id, rows)
                mine = [added.contact_ids[phone] for phone in sorted(added.made)]
                rng.shuffle(mine)
                async with own.transaction():
                    self.removed += await bulk_store.remove_many(own, self.tenant_id, self.campaign_id, mine)

    async def delete(self):
        rng = random.Random(9)
        async with self.pool.acquire() as own:
            while self.importing:
                found = await own.fetch("select contact_id from contact where tenant_id = $1", self.tenant_id)
                for row in rng.sample(found, min(3, len(found))):
                    await contacts.delete(own, self.tenant_id, self.campaign_id, row["contact_id"], 1)

    async def caller(self, seed):
        rng = random.Random(seed)
        terms = terms_of(self.tenant_id, self.campaign_id, "", ZONE)
        async with self.pool.acquire() as own:
            while self.importing:
                claims = await claim.claim(own, terms, rng.randrange(1, 30))
                self.claimed += len(claims.calls)
                for call in claims.calls:
                    if rng.random() < 0.9:
                        assert await call_steps.end(own, call, BUSY, rng.choice((None, call.opened_at)))


async def test_imports_undone_beside_calls_leave_what_was_claimed_and_all_totals_true(
    pool, conn, tenant_id, campaign_id
):
    floor = Floor(pool, tenant_id, campaign_id)
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        for each in (floor.caller(1), floor.caller(2), floor.delete()):
            group.create_task(each)
        await asyncio.gather(*(floor.undo(part) for part in range(3)))
        floor.importing = False
    assert floor.removed
    assert floor.claimed
    live = {row["contact_id"] for row in await calls_of(conn, tenant_id) if row["state"] != "ended"}
    statuses = await status_of(conn, tenant_id)
    assert {contact_id for contact_id, status in statuses.items() if status == 1} == live
    await must_be_true(conn, tenant_id)
