"""The claim of contacts in runs: in order, each contact once, until every run ends."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.support import call_steps, contacts
from tests.support.call_scene import (
    LEASE,
    ZONE,
    contact,
    contacts_in_runs,
    due_contacts,
    ids_of,
    now_of,
    terms_of,
    two_counter_shards,
)
from tests.support.calls import new_dnc_list
from tests.support.contacts import add_many, must_be_consistent, number
from tongdai.call_outcome import Outcome
from tongdai.calls import claim
from tongdai.calls.model import ClaimConditions, Claims, Ending
from tongdai.contacts import bulk_store, store
from tongdai.contacts.model import Change, NewContact
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId, CampaignId, ContactId, KeyId, TenantId
from tongdai.local_time import FOREVER

BUSY = Ending(Outcome.BUSY)
KEY = KeyId(1)
AGENT = AgentId(7)
RUNS = "select next_id, last_id, contacts from contact_run where tenant_id = $1 order by zone, first_id"


async def runs_of(conn: Connection, tenant_id: TenantId) -> list[tuple[ContactId, ContactId, int]]:
    """The next and last contact of each run, and how many it holds."""
    rows = await conn.fetch(RUNS, tenant_id)
    return [(row["next_id"], row["last_id"], row["contacts"]) for row in rows]


async def test_run_is_claimed_in_order_and_ends_with_its_last_contact(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await contacts_in_runs(conn, tenant_id, campaign_id, range(40))
    assert ids_of(await claim.claim(conn, terms, 15)) == ids[:15]
    assert await runs_of(conn, tenant_id) == [(ids[15], ids[-1], 25)]
    assert ids_of(await claim.claim(conn, terms, 30)) == ids[15:]
    assert await runs_of(conn, tenant_id) == []
    assert await claim.claim(conn, terms, 5) == Claims([])
    await must_be_consistent(conn, tenant_id)


async def test_many_small_runs_give_a_full_claim(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await contacts_in_runs(conn, tenant_id, campaign_id, range(320), chunk=16)
    assert len(await runs_of(conn, tenant_id)) == 20
    assert ids_of(await claim.claim(conn, terms, 50)) == ids[:50]
    assert len(await runs_of(conn, tenant_id)) == 17
    await must_be_consistent(conn, tenant_id)


async def test_runs_and_contact_due_are_merged_by_due_time(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    first = await contacts_in_runs(conn, tenant_id, campaign_id, range(20))
    second = await contacts_in_runs(conn, tenant_id, campaign_id, range(100, 120))
    between = await due_contacts(conn, tenant_id, campaign_id, [200])
    at = await conn.fetch("select due_at from contact_run where tenant_id = $1 order by first_id", tenant_id)
    await contacts.put_due(conn, tenant_id, between[0], at[0]["due_at"] + (at[1]["due_at"] - at[0]["due_at"]) / 2)
    assert ids_of(await claim.claim(conn, terms, 30)) == [*first, *between, *second[:9]]
    await must_be_consistent(conn, tenant_id)


async def test_locked_contact_is_skipped_and_claimed_next(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await contacts_in_runs(conn, tenant_id, campaign_id, range(30))
    async with pool.acquire() as other, other.transaction():
        await other.execute(store.HOLD, tenant_id, campaign_id, ids[3])
        assert ids_of(await claim.claim(conn, terms, 10)) == [*ids[:3], *ids[4:10]]
        assert await runs_of(conn, tenant_id) == [(ids[3], ids[-1], 21)]
        assert ids_of(await claim.claim(conn, terms, 3)) == ids[10:12]
    assert ids_of(await claim.claim(conn, terms, 3)) == [ids[3], *ids[12:14]]
    assert (await runs_of(conn, tenant_id))[0][0] == ids[14]
    await must_be_consistent(conn, tenant_id)


async def test_run_that_another_claim_has_locked_is_skipped(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await contacts_in_runs(conn, tenant_id, campaign_id, range(60), chunk=30)
    async with two_counter_shards(pool) as (first, second):
        assert ids_of(await claim.claim(first, terms, 5)) == ids[:5]
        assert ids_of(await claim.claim(second, terms, 5)) == ids[30:35]
    assert ids_of(await claim.claim(conn, terms, 5)) == ids[5:10]
    await must_be_consistent(conn, tenant_id)


async def test_deleted_contacts_leave_their_run(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await contacts_in_runs(conn, tenant_id, campaign_id, range(20))
    for contact_id in (ids[0], ids[7], ids[-1]):
        assert await store.delete(conn, tenant_id, campaign_id, contact_id, KEY) is None
    await must_be_consistent(conn, tenant_id)
    left = [contact_id for contact_id in ids if contact_id not in (ids[0], ids[7], ids[-1])]
    assert ids_of(await claim.claim(conn, terms, 50)) == left
    assert await runs_of(conn, tenant_id) == []


async def test_run_of_a_deleted_range_ends(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await contacts_in_runs(conn, tenant_id, campaign_id, range(60), chunk=20)
    async with conn.transaction():
        assert await bulk_store.remove_many(conn, tenant_id, campaign_id, ids[:45]) == 45
    assert await runs_of(conn, tenant_id) == [(ids[40], ids[-1], 15)]
    assert ids_of(await claim.claim(conn, terms, 50)) == ids[45:]
    await must_be_consistent(conn, tenant_id)


async def test_contact_that_gets_another_zone_leaves_its_run_and_keeps_its_place_in_time(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await contacts_in_runs(conn, tenant_id, campaign_id, range(20))
    change = Change(time_zone="Asia/Tokyo")
    assert await store.change(conn, tenant_id, campaign_id, ids[4], change, KEY) is None
    await must_be_consistent(conn, tenant_id)
    assert await claim.waiting_zones(conn, tenant_id, campaign_id) == [ZONE, "Asia/Tokyo"]
    both = terms_of(tenant_id, campaign_id, ZONE, "Asia/Tokyo")
    assert ids_of(await claim.claim(conn, both, 10)) == ids[:10]
    assert await store.change(conn, tenant_id, campaign_id, ids[10], change, KEY) is None
    assert await store.change(conn, tenant_id, campaign_id, ids[10], Change(time_zone=ZONE), KEY) is None
    assert await store.change(conn, tenant_id, campaign_id, ids[2], change, KEY) is None, "in a call"
    await must_be_consistent(conn, tenant_id)
    assert ids_of(await claim.claim(conn, terms, 20)) == ids[10:]


async def test_zones_of_a_chunk_are_claimed_apart(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    zones = [ZONE, "Asia/Tokyo", "Europe/Rome"]
    rows = [NewContact(phone=number(n), time_zone=zones[n % 3]) for n in range(90)]
    added = await add_many(conn, tenant_id, campaign_id, rows)
    ids = [added.contact_ids[row.phone] for row in rows]
    assert ids_of(await claim.claim(conn, terms_of(tenant_id, campaign_id, zones[1]), 10)) == ids[1:30:3]
    found = ids_of(await claim.claim(conn, terms_of(tenant_id, campaign_id, *zones), 60))
    assert len(found) == 60
    assert found == sorted(found)
    await must_be_consistent(conn, tenant_id)
    assert len(ids_of(await claim.claim(conn, terms_of(tenant_id, campaign_id, *zones), 90))) == 20


async def test_contact_of_a_run_is_rescheduled_or_closed_like_any_other(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await contacts_in_runs(conn, tenant_id, campaign_id, range(20))
    until = await now_of(conn) + timedelta(hours=1)
    await new_dnc_list(conn, tenant_id, [number(1)])
    await new_dnc_list(conn, tenant_id, [number(2)], expires_at=until)
    claims = await claim.claim(conn, terms, 5)
    assert (ids_of(claims), claims.rescheduled, claims.closed) == ([ids[0], *ids[3:5]], 1, 1)
    assert tuple(await contact(conn, tenant_id, ids[1]))[:2] == (2, "dnc")
    assert tuple(await contact(conn, tenant_id, ids[2])) == (0, None, until)
    assert (await runs_of(conn, tenant_id))[0][0] == ids[5]
    await must_be_consistent(conn, tenant_id)


async def test_contact_called_out_of_turn_leaves_its_run(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await contacts_in_runs(conn, tenant_id, campaign_id, range(20))
    assert ids_of(await claim.claim_contact(conn, terms, ids[5], AGENT)) == [ids[5]]
    assert await runs_of(conn, tenant_id) == [(ids[0], ids[-1], 19)]
    assert await claim.claim_contact(conn, terms, ids[5], AGENT) == Claims([])
    assert ids_of(await claim.claim(conn, terms, 8)) == [*ids[:5], *ids[6:9]]
    assert await claim.claim_contact(conn, terms, ids[2], AGENT) == Claims([]), "in a call"
    closed = ClaimConditions(tenant_id, campaign_id, {"Asia/Tokyo": FOREVER}, LEASE)
    assert await claim.claim_contact(conn, closed, ids[12], AGENT) == Claims([]), "its window is closed"
    assert (await runs_of(conn, tenant_id))[0][0] == ids[9]
    await must_be_consistent(conn, tenant_id)


class Mix:
    """A campaign that gets chunks of every size and mix of zones, with changes and claims between them."""

    def __init__(self, pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, seed: int) -> None:
        self.pool, self.conn, self.place, self.rng = pool, conn, (tenant_id, campaign_id), random.Random(seed)
        self.terms = terms_of(tenant_id, campaign_id, ZONE, "Asia/Tokyo")
        self.alive: set[ContactId] = set()
        self.claimed: Counter[ContactId] = Counter()
        self.next_number = 0

    async def insert(self) -> None:
        count = self.rng.choice((1, 3, 17, 40, 120))
        numbers = range(self.next_number, self.next_number + count)
        self.next_number = numbers.stop
        rows = [NewContact(phone=number(n), time_zone=self.rng.choice((ZONE, ZONE, "Asia/Tokyo"))) for n in numbers]
        added = await add_many(self.conn, *self.place, rows)
        self.alive |= set(added.contact_ids.values())
        if self.rng.random() < 0.2:
            async with self.conn.transaction():
                await bulk_store.remove_many(self.conn, *self.place, sorted(added.contact_ids.values()))

    async def change(self, some: Sequence[ContactId]) -> None:
        """Delete the first four and move the others to a zone."""
        for contact_id in some[:4]:
            await store.delete(self.conn, *self.place, contact_id, KEY)
        for contact_id in some[4:]:
            zone = self.rng.choice((ZONE, "Asia/Tokyo"))
            await store.change(self.conn, *self.place, contact_id, Change(time_zone=zone), KEY)

    async def claim(self, held: Sequence[ContactId] = ()) -> int:
        """Claim while another transaction locks some contacts, and end half of the calls; the contacts examined."""
        async with self.pool.acquire() as other, other.transaction():
            for contact_id in held:
                await other.execute(store.HOLD, *self.place, contact_id)
            claims = await claim.claim(self.conn, self.terms, self.rng.choice((1, 7, 50)))
        self.claimed.update(ids_of(claims))
        for call in claims.calls[::2]:
            again = self.rng.choice((None, await now_of(self.conn) + timedelta(days=1)))
            assert await call_steps.end(self.conn, call, BUSY, again)
        return claims.examined


@pytest.mark.parametrize("seed", range(3))
async def test_any_mix_of_runs_is_claimed_to_its_end_each_contact_once(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, seed: int
) -> None:
    mix = Mix(pool, conn, tenant_id, campaign_id, seed)
    for _ in range(25):
        await mix.insert()
        some = mix.rng.sample(sorted(mix.alive), min(len(mix.alive), 12))
        await mix.change(some[:7])
        await mix.claim(some[7:9])
        await must_be_consistent(conn, tenant_id)
    claims = 0
    while await mix.claim():
        claims += 1
        assert claims <= mix.next_number, "each claim examines at least one contact"
    assert await runs_of(conn, tenant_id) == []
    assert max(mix.claimed.values()) == 1
    await must_be_consistent(conn, tenant_id)
