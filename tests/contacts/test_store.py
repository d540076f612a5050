"""Single statements of contacts and their guarantees: races with one winner, refusals in a fixed order."""

import asyncio
from collections import Counter

from tests.support import contacts
from tests.support.contacts import Place, add, add_many, counters, lists_of, number, page_of
from tongdai.contacts import listing, store
from tongdai.contacts.model import Added, NewContact
from tongdai.contacts.store import ContactRefusal
from tongdai.db.pool import Connection, Pool
from tongdai.ids import CampaignId, ContactId, KeyId, ListId, TenantId

BY = KeyId(1)


async def test_concurrent_additions_of_one_number_create_one_contact(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    async def add_it() -> Added:
        async with pool.acquire() as own:
            return await add(own, tenant_id, campaign_id, NewContact(phone=number(1)))

    added = await asyncio.gather(*(add_it() for _ in range(18)))
    assert sorted(one.duplicate for one in added) == [False] + [True] * 17
    assert len({(one.contact_id, one.list_id) for one in added}) == 1
    for table in ("contact", "contact_due", "contact_list"):
        assert await conn.fetchval(f"select count(*) from {table} where tenant_id = $1", tenant_id) == 1


async def test_concurrent_first_additions_create_one_default_list(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    async def add_one(n: int) -> Added:
        async with pool.acquire() as own:
            return await add(own, tenant_id, campaign_id, NewContact(phone=number(n)))

    added = await asyncio.gather(*(add_one(n) for n in range(18)))
    assert not any(one.duplicate for one in added)
    found = await lists_of(conn, tenant_id, campaign_id)
    assert [(one.name, one.contact_count) for one in found] == [("Default List", 18)]


async def test_concurrent_deletions_of_one_contact_have_one_winner(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    for n in range(10):
        added = await add(conn, tenant_id, campaign_id, NewContact(phone=number(n)))

        async def delete(contact_id: ContactId = added.contact_id) -> ContactRefusal | None:
            async with pool.acquire() as own:
                return await store.delete(own, tenant_id, campaign_id, contact_id, BY)

        refusals = await asyncio.gather(*(delete() for _ in range(6)))
        assert sorted(map(str, refusals)) == sorted(["None"] + [str(ContactRefusal.NO_CONTACT)] * 5)
    kept, counted = await counters(conn, tenant_id)
    assert kept == counted == [{}, {}]


async def test_deletion_and_call_of_one_contact_have_one_winner(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    won = Counter[bool]()
    for n in range(30):
        added = await add(conn, tenant_id, campaign_id, NewContact(phone=number(n)))

        async def delete(contact_id: ContactId = added.contact_id) -> ContactRefusal | None:
            async with pool.acquire() as own:
                return await store.delete(own, tenant_id, campaign_id, contact_id, BY)

        async def call(contact_id: ContactId = added.contact_id) -> bool:
            async with pool.acquire() as own, own.transaction():
                held = await own.fetchrow(
                    "select from contact where tenant_id = $1 and contact_id = $2 for update", tenant_id, contact_id
                )
                if held is not None:
                    await contacts.put_in_call(own, tenant_id, contact_id)
                return held is not None

        turns = (delete, call) if n % 2 else (call, delete)
        done = dict(zip(turns, await asyncio.gather(*(turn() for turn in turns)), strict=True))
        assert (done[delete] is None) != done[call]
        won[done[delete] is None] += 1
    assert sum(won.values()) == 30


async def test_missing_campaign_or_list_is_reported_before_the_state(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    new = NewContact(phone=number(1))
    assert await store.add(conn, tenant_id, CampaignId(1), None, new) is ContactRefusal.NO_CAMPAIGN
    assert await store.add(conn, tenant_id, campaign_id, ListId(1), new) is ContactRefusal.NO_LIST
    assert await listing.lists(conn, tenant_id, CampaignId(1)) is None
    await conn.execute("update campaign set status = 4 where tenant_id = $1", tenant_id)
    assert await store.add(conn, tenant_id, campaign_id, None, new) is ContactRefusal.STOPPED
    assert await store.add(conn, tenant_id, campaign_id, ListId(1), new) is ContactRefusal.NO_LIST
    assert await listing.lists(conn, tenant_id, campaign_id) == []


async def test_many_rows_skip_known_numbers_and_repeats(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await add(conn, tenant_id, campaign_id, NewContact(phone=number(1)))
    rows = [NewContact(phone=number(n), name=f"No. {i}") for i, n in enumerate((3, 1, 2, 3, 2))]
    added = await add_many(conn, tenant_id, campaign_id, rows, "B")
    assert added.made == {number(2), number(3)}
    list_id = await store.list_named(conn, tenant_id, campaign_id, "B")
    found, total = await page_of(conn, Place(tenant_id, campaign_id, list_id), 10)
    assert [(one.phone, one.fields.name) for one in found] == [(number(3), "No. 0"), (number(2), "No. 2")]
    assert total == 2


async def test_list_of_a_name_is_created_once(pool: Pool, tenant_id: TenantId, campaign_id: CampaignId) -> None:
    async def named() -> ListId:
        async with pool.acquire() as own:
            return await store.list_named(own, tenant_id, campaign_id, "A")

    assert len(set(await asyncio.gather(*(named() for _ in range(12))))) == 1


async def test_second_addition_of_a_number_returns_its_contact_as_a_duplicate(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    added = await add(conn, tenant_id, campaign_id, NewContact(phone=number(1)))
    again = await store.add(conn, tenant_id, campaign_id, added.list_id, NewContact(phone=number(1)))
    assert again == Added(added.contact_id, added.list_id, duplicate=True)
