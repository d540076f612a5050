"""A reader of changes while others write, commit late and roll back: it has what the table has, and nothing twice."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

from tests.support.contacts import add, add_many, new_campaign, number, zone_number
from tongdai.changes import store as changes
from tongdai.contacts import store
from tongdai.contacts.changes import store as contact_changes
from tongdai.contacts.changes.store import ContactPlace, Read
from tongdai.contacts.many import store as many
from tongdai.contacts.many.model import Chosen
from tongdai.contacts.model import Change, NewContact
from tongdai.db.pool import Connection, Pool
from tongdai.ids import CampaignId, ContactId, KeyId, TenantId

BY = KeyId(1)
ZONE = "Asia/Ho_Chi_Minh"
"""The time zone of the numbers: who meets one first numbers it, and others wait for that."""
STATE = "select contact_id, coalesce(name, '') || '/' || list_id as state from contact where tenant_id = $1"


class Mirror:
    """A copy of the contacts of a tenant, made by a reader."""

    def __init__(self, pool: Pool, tenant_id: TenantId, size: int = 3, looked_at: int = 5) -> None:
        self.pool, self.tenant_id, self.size, self.looked_at = pool, tenant_id, size, looked_at
        self.place: ContactPlace | None = None
        self.states: dict[ContactId, str] = {}
        self.read = Counter[tuple[ContactId, str]]()

    async def read_on(self) -> bool:
        """Read one page; whether there is more."""
        async with self.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            horizon = await changes.horizon(conn)
            place = self.place or ContactPlace(horizon.database, horizon.position, 0, 0)
            read = await contact_changes.read(conn, self.tenant_id, place, horizon, self.size, self.looked_at)
            known = {row["contact_id"]: row["state"] for row in await conn.fetch(STATE, self.tenant_id)}
        self.take(read, known)
        return not read.up_to_date

    def take(self, read: Read, known: dict[ContactId, str]) -> None:
        self.place = read.next
        for contact_id in read.changed:
            self.states[contact_id] = known[contact_id]
            self.read[contact_id, known[contact_id]] += 1
        for contact_id in read.deleted:
            self.states.pop(contact_id, None)
            self.read[contact_id, "deleted"] += 1

    async def catch_up(self) -> None:
        while await self.read_on():
            pass


async def table_of(conn: Connection, tenant_id: TenantId) -> dict[ContactId, str]:
    return {row["contact_id"]: row["state"] for row in await conn.fetch(STATE, tenant_id)}


async def test_a_contact_committed_late_is_read_and_no_other_is_read_before_it(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await zone_number(conn, ZONE)
    mirror = Mirror(pool, tenant_id)
    await mirror.catch_up()
    async with pool.acquire() as slow:
        late = slow.transaction()
        await late.start()
        await add(slow, tenant_id, campaign_id, NewContact(phone=number(1)))
        await add(conn, tenant_id, await new_campaign(conn, tenant_id), NewContact(phone=number(2)))
        await mirror.catch_up()
        assert mirror.states == {}, "what is above an open transaction waits for it"
        await late.commit()
    await mirror.catch_up()
    assert mirror.states == await table_of(conn, tenant_id)
    assert len(mirror.states) == 2


async def test_a_reader_that_does_not_wait_for_open_transactions_misses_a_contact(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    """The planted bug that the test before must catch: a horizon of what has begun, not of what has ended."""

    async def naive(place: ContactPlace | None) -> Read:
        horizon = await changes.horizon(conn)
        horizon = horizon._replace(position=horizon.following)
        place = place or ContactPlace(horizon.database, horizon.position, horizon.position, 0)
        return await contact_changes.read(conn, tenant_id, place, horizon, 10)

    await zone_number(conn, ZONE)
    first = await naive(None)
    async with pool.acquire() as slow:
        late = slow.transaction()
        await late.start()
        await add(slow, tenant_id, campaign_id, NewContact(phone=number(1)))
        await add(conn, tenant_id, await new_campaign(conn, tenant_id), NewContact(phone=number(2)))
        second = await naive(first.next)
        await late.commit()
    third = await naive(second.next)
    assert len(second.changed) == 1
    assert not third.changed


async def test_a_transaction_that_is_rolled_back_leaves_nothing_to_read(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    mirror = Mirror(pool, tenant_id)
    await mirror.catch_up()
    undone = conn.transaction()
    await undone.start()
    await add_many(conn, tenant_id, campaign_id, [NewContact(phone=number(n)) for n in range(20)])
    await undone.rollback()
    await mirror.catch_up()
    assert mirror.read == {}


async def test_contacts_deleted_behind_the_reader_are_read_as_deleted(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    rows = [NewContact(phone=number(n)) for n in range(12)]
    ids = sorted((await add_many(conn, tenant_id, campaign_id, rows)).contact_ids.values())
    mirror = Mirror(pool, tenant_id)
    await mirror.read_on()
    await mirror.read_on()
    assert sorted(mirror.states) == ids[:6], "it is within the snapshot"
    gone = (ids[1], ids[2], ids[3], ids[8])
    await many.delete(conn, tenant_id, campaign_id, Chosen(gone), ContactId(0), BY, dry_run=False)
    await mirror.catch_up()
    assert mirror.states == await table_of(conn, tenant_id)
    assert [mirror.read[contact_id, "deleted"] for contact_id in gone] == [1, 1, 1, 1]
    assert max(mirror.read.values()) == 1


async def test_a_reader_has_what_the_table_has_while_many_write(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await zone_number(conn, ZONE)
    mirror = Mirror(pool, tenant_id)
    fresh = iter(range(1, 100_000))

    async def one_change(own: Connection, rng: random.Random, campaign: CampaignId) -> None:
        known = [row["contact_id"] for row in await own.fetch(STATE, tenant_id)]
        some = ContactId(rng.choice(known)) if known else ContactId(1)
        change = Change(values={"name": f"n{next(fresh)}"})
        acts: list[Callable[[], Awaitable[object]]] = [
            lambda: add(own, tenant_id, campaign, NewContact(phone=number(next(fresh)), name=f"n{next(fresh)}")),
            lambda: add_many(
                own,
                tenant_id,
                campaign,
                [NewContact(phone=number(next(fresh)), name=f"n{next(fresh)}") for _ in range(rng.randrange(1, 9))],
            ),
            lambda: store.change(own, tenant_id, campaign, some, change, BY),
            lambda: store.delete(own, tenant_id, campaign, some, BY),
            lambda: many.delete(own, tenant_id, campaign, Chosen(known[-3:]), ContactId(0), BY, dry_run=False),
        ]
        await rng.choice(acts)()

    async def write(seed: int) -> None:
        """Transactions of a campaign of its own, so that writers do not wait for each other."""
        rng = random.Random(seed)
        async with pool.acquire() as own:
            campaign = await new_campaign(own, tenant_id)
            for _ in range(25):
                transaction = own.transaction()
                await transaction.start()
                for _ in range(rng.randrange(1, 4)):
                    await one_change(own, rng, campaign)
                if rng.random() < 0.2:
                    await transaction.rollback()
                else:
                    await transaction.commit()

    writers = asyncio.gather(*(write(seed) for seed in range(6)))
    while not writers.done():
        await mirror.read_on()
    await writers
    await mirror.catch_up()
    assert mirror.states == await table_of(conn, tenant_id)
    assert not [key for key, times in mirror.read.items() if times > 1], "nothing is read twice"
    again = Mirror(pool, tenant_id, size=100)
    await again.catch_up()
    assert again.states == mirror.states, "a reader that begins now has the same"
