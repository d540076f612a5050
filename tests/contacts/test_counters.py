"""Counters of contacts equal the counts of the rows after any sequence of changes."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import pytest

from tests.support.contacts import Place, campaign_of, lists_of, move_contact, must_be_consistent, number, page_of
from tongdai.contacts import bulk_store, store
from tongdai.contacts.lists import store as list_store
from tongdai.contacts.many import store as many
from tongdai.contacts.many.model import Chosen
from tongdai.contacts.model import NewContact
from tongdai.contacts.store import ContactRefusal
from tongdai.db.pool import Connection, Pool
from tongdai.ids import CampaignId, ContactId, KeyId, ListId, TenantId

OUTCOMES = (None, "answered", "busy", "no_answer", "lost")

KINDS = (
    *("add", "add", "add", "add_many", "add_many", "delete", "delete", "remove_many", "move", "move"),
    *("delete_many", "relist", "relist", "drop_list"),
)


class Operations:
    """Random changes to the contacts of one tenant, each on a connection of its own."""

    def __init__(self, pool: Pool, tenant_id: TenantId, campaign_ids: Sequence[CampaignId], rng: random.Random) -> None:
        self.pool, self.tenant_id, self.campaign_ids, self.rng = pool, tenant_id, campaign_ids, rng
        self.done = Counter[str | ContactRefusal]()

    async def step(self) -> None:
        campaign_id = self.rng.choice(self.campaign_ids)
        kind = self.rng.choice(KINDS)
        await getattr(self, kind)(campaign_id)

    async def add(self, campaign_id: CampaignId) -> None:
        async with self.pool.acquire() as conn:
            found = await lists_of(conn, self.tenant_id, campaign_id)
            list_id = self.rng.choice([None, *(one.list_id for one in found)])
            new = NewContact(phone=number(self.rng.randrange(60)))
            added = await store.add(conn, self.tenant_id, campaign_id, list_id, new)
        if isinstance(added, ContactRefusal):
            assert added is ContactRefusal.NO_LIST, "it was deleted meanwhile"
            return
        self.done["duplicate" if added.duplicate else "added"] += 1

    async def add_many(self, campaign_id: CampaignId) -> None:
        rows = [NewContact(phone=number(self.rng.randrange(60))) for _ in range(self.rng.randrange(8))]
        kept = self.rng.random() < 0.7
        async with self.pool.acquire() as conn:
            transaction = conn.transaction()
            await transaction.start()
            list_id = await store.list_named(conn, self.tenant_id, campaign_id, self.rng.choice("AB"))
            added = await bulk_store.add_many(conn, self.tenant_id, campaign_id, list_id, rows)
            assert not isinstance(added, ContactRefusal)
            assert added.contact_ids.keys() == {row.phone for row in rows} >= added.made
            await (transaction.commit() if kept else transaction.rollback())
        self.done["many" if kept else "rolled back"] += 1

    async def remove_many(self, campaign_id: CampaignId) -> None:
        async with self.pool.acquire() as conn, conn.transaction():
            found = await conn.fetch(
                "select contact_id from contact where tenant_id = $1 order by contact_id", self.tenant_id
            )
            some = self.rng.sample(found, min(len(found), self.rng.randrange(6)))
            ids = [row["contact_id"] for row in some]
            self.done["removed"] += await bulk_store.remove_many(conn, self.tenant_id, campaign_id, ids)

    async def chosen(self, conn: Connection, campaign_id: CampaignId) -> tuple[Chosen, list[ListId]]:
        """Some contacts by id or a whole list, and the lists of the campaign."""
        lists = [one.list_id for one in await lists_of(conn, self.tenant_id, campaign_id)]
        found = await conn.fetch(
            "select contact_id from contact where tenant_id = $1 order by contact_id", self.tenant_id
        )
        if lists and self.rng.random() < 0.4:
            return Chosen(list_id=self.rng.choice(lists)), lists
        some = self.rng.sample(found, min(len(found), self.rng.randrange(6)))
        return Chosen(contact_ids=[row["contact_id"] for row in some]), lists

    async def delete_many(self, campaign_id: CampaignId) -> None:
        async with self.pool.acquire() as conn:
            chosen, _ = await self.chosen(conn, campaign_id)
            place = (conn, self.tenant_id, campaign_id, chosen, ContactId(0), KeyId(1))
            self.done["deleted many"] += (await many.delete(*place, dry_run=False, at_once=5)).changed

    async def relist(self, campaign_id: CampaignId) -> None:
        async with self.pool.acquire() as conn:
            chosen, lists = await self.chosen(conn, campaign_id)
            if lists:
                place = (conn, self.tenant_id, campaign_id, chosen, self.rng.choice(lists), ContactId(0), KeyId(1))
                done = await many.move(*place, dry_run=False, at_once=5)
                self.done["relisted"] += 0 if done is None else done.changed

    async def drop_list(self, campaign_id: CampaignId) -> None:
        async with self.pool.acquire() as conn:
            for one in await lists_of(conn, self.tenant_id, campaign_id):
                refusal = await list_store.delete(conn, self.tenant_id, campaign_id, one.list_id, KeyId(1))
                self.done["list dropped" if refusal is None else "list kept"] += 1

    async def any_contact(self) -> tuple[ContactId, CampaignId] | None:
        async with self.pool.acquire() as conn:
            found = await conn.fetch(
                "select contact_id, campaign_id from contact where tenant_id = $1 order by contact_id", self.tenant_id
            )
        return tuple(self.rng.choice(found)) if found else None

    async def delete(self, _: CampaignId) -> None:
        contact = await self.any_contact()
        if contact is not None:
            async with self.pool.acquire() as conn:
                contact_id, campaign_id = contact
                refusal = await store.delete(conn, self.tenant_id, campaign_id, contact_id, KeyId(1))
            self.done["deleted" if refusal is None else refusal] += 1

    async def move(self, _: CampaignId) -> None:
        contact = await self.any_contact()
        if contact is not None:
            status, outcome = self.rng.randrange(3), self.rng.choice(OUTCOMES)
            with suppress(asyncpg.UniqueViolationError):
                await move_contact(self.pool, self.tenant_id, contact[0], status, outcome)
                self.done["moved"] += 1


@pytest.mark.parametrize("seed", range(4))
async def test_counters_equal_counts_after_any_sequence_of_changes(
    pool: Pool, conn: Connection, tenant_id: TenantId, seed: int
) -> None:
    ids = [await campaign_of(pool, tenant_id) for _ in range(2)]
    operations = Operations(pool, tenant_id, ids, random.Random(seed))
    for _ in range(8):
        for _ in range(30):
            await operations.step()
        await must_be_consistent(conn, tenant_id)
        for campaign_id in ids:
            for found in await lists_of(conn, tenant_id, campaign_id):
                rows, total = await page_of(conn, Place(tenant_id, campaign_id, found.list_id), 1000)
                assert len(rows) == total == found.contact_count
    sometimes = (
        "added",
        "duplicate",
        "many",
        "rolled back",
        "deleted",
        ContactRefusal.NOT_PENDING,
        "moved",
        "removed",
        "deleted many",
        "relisted",
        "list dropped",
        "list kept",
    )
    assert all(operations.done[what] for what in sometimes), operations.done


async def test_counters_equal_counts_after_concurrent_changes(
    pool: Pool, conn: Connection, tenant_id: TenantId
) -> None:
    ids = [await campaign_of(pool, tenant_id) for _ in range(2)]
    operations = Operations(pool, tenant_id, ids, random.Random(11))

    async def many() -> None:
        for _ in range(15):
            await operations.step()

    await asyncio.gather(*(many() for _ in range(10)))
    await must_be_consistent(conn, tenant_id)
    assert operations.done["added"]
    assert operations.done["deleted"]
