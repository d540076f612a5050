"""Races between claims, deletions, ends of calls and undone imports: one wins, and nothing deadlocks."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from itertools import combinations
from uuid import UUID

import pytest

from tests.support import call_steps
from tests.support.call_scene import (
    LEASE,
    REPORTED_CONTACTS,
    ZONE,
    calls_of,
    contacts_in_runs,
    due_contacts,
    running_campaign,
    terms_of,
)
from tests.support.contacts import add_many, must_be_consistent, number
from tests.support.databases import until_sessions_blocked
from tongdai.call_outcome import Outcome
from tongdai.calls import claim, finish, store
from tongdai.calls.finish import FinishedCall
from tongdai.calls.model import Call, Ending
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.contacts.model import NewContact
from tongdai.contacts.store import ContactRefusal
from tongdai.db.pool import Connection, Pool, connect
from tongdai.ids import CampaignId, ContactId, KeyId, TenantId

RACES = 2_000
BUSY = Ending(Outcome.BUSY)
KEY = KeyId(1)


async def status_of(conn: Connection, tenant_id: TenantId) -> dict[ContactId, int]:
    """The process_status of each contact, as reported."""
    rows = await conn.fetch(
        f"select contact_id, process_status from {REPORTED_CONTACTS} c where tenant_id = $1", tenant_id
    )
    return {row["contact_id"]: row["process_status"] for row in rows}


@pytest.fixture
async def four_connections(dsn: str) -> AsyncGenerator[list[Connection]]:
    opened: list[Connection] = [await connect(dsn, name="tests") for _ in range(4)]
    yield opened
    for conn in opened:
        await conn.close()


@pytest.mark.parametrize("place", ["runs", "contact_due"])
async def test_contact_is_either_deleted_or_claimed(
    four_connections: list[Connection], conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, place: str
) -> None:
    """Two connections delete all contacts from both ends while two others claim them."""
    add = due_contacts if place == "contact_due" else contacts_in_runs
    ids = await add(conn, tenant_id, campaign_id, range(RACES))
    terms, rng = terms_of(tenant_id, campaign_id), random.Random(4)
    deleted: set[ContactId] = set()
    refused: set[ContactId] = set()
    claimed: list[Call] = []

    async def delete(own: Connection, mine: Sequence[ContactId]) -> None:
        for contact_id in mine:
            refusal = await contacts.delete(own, tenant_id, campaign_id, contact_id, KEY)
            assert refusal in {None, ContactRefusal.NOT_PENDING}
            (refused if refusal else deleted).add(contact_id)

    async def claims(own: Connection) -> None:
        while len(deleted) + len(claimed) < RACES:
            limit = rng.randrange(1, 5)
            claims = await claim.claim(own, terms, limit)
            assert claims.examined == len(claims.calls) <= limit
            claimed.extend(claims.calls)

    async with asyncio.timeout(300):
        # The first deletes in the order in which contacts are claimed, so that the two meet.
        await asyncio.gather(
            delete(four_connections[0], ids[::2]),
            delete(four_connections[1], ids[:0:-2]),
            claims(four_connections[2]),
            claims(four_connections[3]),
        )
    taken = [call.contact_id for call in claimed]
    assert len(taken) == len(set(taken))
    assert set(taken) == refused == set(ids) - deleted
    assert min(len(deleted), len(claimed)) > RACES / 50
    assert {row["contact_id"] for row in await calls_of(conn, tenant_id)} == set(taken)
    assert await status_of(conn, tenant_id) == dict.fromkeys(taken, 1)
    await must_be_consistent(conn, tenant_id)
    await conn.execute("delete from call where tenant_id = $1", tenant_id)  # other tests look at all live calls


async def test_concurrent_claims_are_disjoint_and_within_their_limits(
    pool: Pool, conn: Connection, tenant_id: TenantId
) -> None:
    """Two campaigns have the same numbers, two callers claim for each, and ended calls make contacts due again."""
    campaign_ids = [await running_campaign(conn, tenant_id) for _ in range(2)]
    for campaign_id in campaign_ids:
        await due_contacts(conn, tenant_id, campaign_id, range(120))
    live: Counter[str] = Counter()
    rounds: Counter[str] = Counter()

    async def caller(campaign_id: CampaignId, seed: int) -> None:
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
    await must_be_consistent(conn, tenant_id)
    assert set((await status_of(conn, tenant_id)).values()) <= {0, 2}


async def test_undone_import_and_ends_of_calls_do_not_deadlock(conn: Connection, dsn: str, tenant_id: TenantId) -> None:
    """The undo keeps its lock on a contact that was claimed meanwhile, and does not remove the contact."""
    campaign_id = await running_campaign(conn, tenant_id)
    ids = await due_contacts(conn, tenant_id, campaign_id, range(12))
    first, between, undoing, ending = [await connect(dsn, name="tests") for _ in range(4)]
    hold = "select from contact where tenant_id = $1 and contact_id = $2 for update"

    async def undo() -> int:
        async with undoing.transaction():
            return await bulk_store.remove_many(undoing, tenant_id, campaign_id, ids)

    async def end(calls: list[Call]) -> set[UUID]:
        async with ending.transaction():
            return await finish.end(ending, [FinishedCall(call, BUSY, None) for call in calls])

    async with asyncio.TaskGroup() as group, between.transaction():
        async with first.transaction():
            await first.execute(hold, tenant_id, ids[0])
            undone = group.create_task(undo())
            await until_sessions_blocked(conn, 1)
            claims = await claim.claim(conn, terms_of(tenant_id, campaign_id), 100)
            calls = {call.contact_id: call for call in claims.calls}
            assert len(calls) == 11
            low, middle, high = next(
                (low, middle, high)
                for low, middle, high in combinations(ids[1:], 3)
                if calls[high].call_id < calls[low].call_id
            )
            await between.execute(hold, tenant_id, middle)
        # Now the undo locks `low` and waits for `middle`.
        async with asyncio.timeout(30):
            while await conn.fetchval(f"select exists ({hold} skip locked)", tenant_id, low):
                await asyncio.sleep(0)
        ended = group.create_task(end([calls[low], calls[high]]))
        await until_sessions_blocked(conn, 2)
    assert (undone.result(), len(ended.result())) == (1, 2)
    await conn.execute("delete from call where tenant_id = $1", tenant_id)
    for connection in (first, between, undoing, ending):
        await connection.close()


async def test_undone_import_keeps_contacts_that_were_in_a_call_when_it_began(
    conn: Connection, dsn: str, tenant_id: TenantId
) -> None:
    """Their calls have ended since, but they are not locked and may be in the next call."""
    campaign_id = await running_campaign(conn, tenant_id)
    ids = await due_contacts(conn, tenant_id, campaign_id, range(3))
    first, undoing = [await connect(dsn, name="tests") for _ in range(2)]

    async def undo() -> int:
        async with undoing.transaction():
            return await bulk_store.remove_many(undoing, tenant_id, campaign_id, ids)

    calls = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 2)).calls
    async with asyncio.TaskGroup() as group, first.transaction():
        await first.execute("select from contact where contact_id = $1 for update", ids[2])
        undone = group.create_task(undo())
        await until_sessions_blocked(conn, 1)
        for call in calls:
            assert await call_steps.end(conn, call, BUSY, call.opened_at)
    assert undone.result() == 1
    assert await status_of(conn, tenant_id) == dict.fromkeys(ids[:2], 0)
    await must_be_consistent(conn, tenant_id)
    for connection in (first, undoing):
        await connection.close()


class Campaign:
    """Concurrent imports that are undone, deletions and calls of one campaign."""

    def __init__(self, pool: Pool, tenant_id: TenantId, campaign_id: CampaignId) -> None:
        self.pool, self.tenant_id, self.campaign_id = pool, tenant_id, campaign_id
        self.importing, self.claimed, self.removed = True, 0, 0

    async def undo(self, part: int) -> None:
        """Add 80 contacts and remove them, twelve times."""
        rng = random.Random(part)
        rows = [NewContact(phone=number(part * 1000 + n)) for n in range(80)]
        async with self.pool.acquire() as own:
            for _ in range(12):
                added = await add_many(own, self.tenant_id, self.campaign_id, rows)
                mine = [added.contact_ids[phone] for phone in sorted(added.made)]
                rng.shuffle(mine)
                async with own.transaction():
                    self.removed += await bulk_store.remove_many(own, self.tenant_id, self.campaign_id, mine)

    async def delete(self) -> None:
        rng = random.Random(9)
        async with self.pool.acquire() as own:
            while self.importing:
                found = await own.fetch("select contact_id from contact where tenant_id = $1", self.tenant_id)
                for row in rng.sample(found, min(3, len(found))):
                    await contacts.delete(own, self.tenant_id, self.campaign_id, row["contact_id"], KEY)

    async def caller(self, seed: int) -> None:
        rng = random.Random(seed)
        terms = terms_of(self.tenant_id, self.campaign_id, "", ZONE)
        async with self.pool.acquire() as own:
            while self.importing:
                claims = await claim.claim(own, terms, rng.randrange(1, 30))
                self.claimed += len(claims.calls)
                for call in claims.calls:
                    if rng.random() < 0.9:
                        assert await call_steps.end(own, call, BUSY, rng.choice((None, call.opened_at)))


async def test_imports_undone_during_calls_leave_claimed_contacts_and_exact_counters(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    campaign = Campaign(pool, tenant_id, campaign_id)
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        for each in (campaign.caller(1), campaign.caller(2), campaign.delete()):
            group.create_task(each)
        await asyncio.gather(*(campaign.undo(part) for part in range(3)))
        campaign.importing = False
    assert campaign.removed
    assert campaign.claimed
    live = {row["contact_id"] for row in await calls_of(conn, tenant_id) if row["state"] != "ended"}
    statuses = await status_of(conn, tenant_id)
    assert {contact_id for contact_id, status in statuses.items() if status == 1} == live
    await must_be_consistent(conn, tenant_id)
