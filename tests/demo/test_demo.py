"""The demo tenant, in a database of its own on the run's server."""

import os
import unicodedata
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import phonenumbers
import pytest

from tests.demo.conftest import PEPPER
from tests.support.tenant_rows import OF_TENANT
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.model import DEFAULT_TYPE, Campaign, Status
from tongdai.campaigns.settings import rules
from tongdai.campaigns.settings.windows import ALWAYS
from tongdai.contacts import listing
from tongdai.contacts import store as contacts
from tongdai.contacts.fields import Fields
from tongdai.contacts.model import Added, Contact, ContactList, NewContact, Search
from tongdai.contacts.numbers import customer_id
from tongdai.demo import tenant as demo
from tongdai.ids import CampaignId, JobId, ListId, QueueId, TenantId
from tongdai.imports import store as imports
from tongdai.imports.model import JobStatus
from tongdai.queues import store as queues
from tongdai.queues.model import Change, InboundQueue, Strategy
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format, store

ZONE = "Asia/Ho_Chi_Minh"
CAMPAIGN = CampaignId(demo.CAMPAIGN)
OTHER = TenantId(77)
SEQUENCES = {
    ("campaign", "campaign_id"): 1042,
    ("contact_list", "list_id"): 502,
    ("contact", "contact_id"): 88180,
    ("import_job", "job_id"): 5,
    ("inbound_queue", "queue_id"): 1001229,
}


async def tenant_tables(conn: asyncpg.Connection) -> set[str]:
    """Every table with a tenant_id; partitions are written through their parents."""
    rows = await conn.fetch(
        """select c.relname::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid
           where a.attname = 'tenant_id' and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
               and not c.relispartition"""
    )
    return {row["name"] for row in rows}


async def rows_of(conn: asyncpg.Connection, tenant_id: int) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a tenant, with the transaction that wrote it: an update to the same values shows too."""
    return {
        table: [
            tuple(row)
            for row in await conn.fetch(
                f"select xmin::text, ctid::text, t::text from {table} t where tenant_id = $1 order by ctid", tenant_id
            )
        ]
        for table in await tenant_tables(conn)
    }


async def all_contacts(conn: asyncpg.Connection, list_id: int) -> tuple[list[Contact], int]:
    found = await listing.page(conn, demo.TENANT, CAMPAIGN, ListId(list_id), Search(), 1000, 0)
    assert found is not None
    return found


async def test_tenant_campaign_and_lists_are_those_of_the_samples(conn: asyncpg.Connection, own: Settings) -> None:
    await demo.prepare(conn, own)
    tenant = await store.find_tenant(conn, TenantId(20260310))
    assert tenant is not None
    assert (tenant.name, tenant.country, tenant.tenant_limit, tenant.route_limit) == ("AloHub", "VN", None, None)
    campaign = await campaigns.find(conn, demo.TENANT, CampaignId(1042))
    assert campaign is not None
    assert campaign == Campaign(
        CampaignId(1042), "Khao sat khach hang", DEFAULT_TYPE, Status.INPROCESS, None, campaign.created_at
    )
    assert await listing.lists(conn, demo.TENANT, CAMPAIGN) == [
        ContactList(ListId(501), "Danh sach thang 4", 150),
        ContactList(ListId(502), "Default List", 30),
    ]


async def test_first_contact_is_the_one_of_the_samples_and_ids_follow(conn: asyncpg.Connection, own: Settings) -> None:
    await demo.prepare(conn, own)
    first, total = await all_contacts(conn, 501)
    second, rest = await all_contacts(conn, 502)
    assert (total, rest) == (150, 30)
    assert (first[0].contact_id, first[0].phone, first[0].zone) == (88001, "+84901234567", ZONE)
    assert (first[0].fields, first[0].attributes) == (Fields(name="Nguyen Van A"), None)
    assert [contact.contact_id for contact in (*first, *second)] == list(range(88001, 88181))
    assert customer_id.of(demo.TENANT)(84901234567) == 55001
    assert {(contact.process_status, contact.call_status) for contact in (*first, *second)} == {(0, None)}


async def test_numbers_are_mobile_and_unique_and_leave_the_samples_new_ones_free(
    conn: asyncpg.Connection, own: Settings
) -> None:
    await demo.prepare(conn, own)
    numbers = [contact.phone for list_id in (501, 502) for contact in (await all_contacts(conn, list_id))[0]]
    kinds = {phonenumbers.number_type(phonenumbers.parse(number)) for number in numbers}
    assert kinds == {phonenumbers.PhoneNumberType.MOBILE}
    assert all(number.startswith("+84") for number in numbers)
    assert len(set(numbers)) == 180
    assert not {"+84901000001", "+84901000002"} & set(numbers)


async def test_names_are_vietnamese_and_the_same_each_time(conn: asyncpg.Connection, own: Settings) -> None:
    await demo.prepare(conn, own)
    before, _ = await all_contacts(conn, 501)
    await demo.prepare(conn, own, reset=True)
    assert (await all_contacts(conn, 501))[0] == before
    names = [contact.fields.name or "" for contact in before[1:]]
    assert all(len(name.split()) == 3 and unicodedata.is_normalized("NFC", name) for name in names)
    assert sum(not name.isascii() for name in names) > 100


async def test_counter_is_the_count_of_the_rows(conn: asyncpg.Connection, own: Settings) -> None:
    await demo.prepare(conn, own)
    assert await conn.fetch(
        """select list_id, process_status, call_status, sum(contacts)::bigint from contact_counter
           group by 1, 2, 3 order by 1"""
    ) == await conn.fetch(
        """select list_id, process_status, coalesce(call_status, ''), count(*) from contact
           group by 1, 2, 3 order by 1"""
    )


async def test_the_job_that_the_samples_poll_is_done(conn: asyncpg.Connection, own: Settings) -> None:
    await demo.prepare(conn, own)
    job = await imports.find(conn, demo.TENANT, CampaignId(1042), JobId(5))
    assert job is not None
    assert (job.status, job.list_id, job.total_rows, job.processed_rows) == (JobStatus.DONE, 501, 100, 100)


async def test_queues_are_that_of_the_samples_and_three_more(conn: asyncpg.Connection, own: Settings) -> None:
    await demo.prepare(conn, own)
    found, total = await queues.page(conn, demo.TENANT, 10, 0)
    assert total == 4
    assert found[0] == InboundQueue(
        QueueId(1001226), "test", None, Strategy.NORMAL, "waiting.wav", 120, announce_position=None, agent_selector=None
    )


async def test_next_ids_follow_the_demos(conn: asyncpg.Connection, own: Settings) -> None:
    await demo.prepare(conn, own)
    campaign = await campaigns.create(conn, demo.TENANT, "Next", DEFAULT_TYPE, None, None)
    assert campaign.campaign_id == 1045
    added = await contacts.add(conn, demo.TENANT, campaign.campaign_id, None, NewContact(phone="+84901000001"))
    assert isinstance(added, Added)
    assert (added.contact_id, added.list_id) == (88981, 505)
    assert await queues.create(conn, demo.TENANT, "Next", None, Change(), None) == 1001230


async def test_sequences_never_move_backwards(conn: asyncpg.Connection, own: Settings) -> None:
    for table, column in SEQUENCES:
        await conn.execute(f"select setval(pg_get_serial_sequence('{table}', '{column}'), 7000000)")
    await demo.prepare(conn, own)
    for table, column in SEQUENCES:
        assert await conn.fetchval(f"select nextval(pg_get_serial_sequence('{table}', '{column}'))") > 7000000


async def test_second_start_changes_nothing(conn: asyncpg.Connection, own: Settings) -> None:
    key = await demo.prepare(conn, own)
    await contacts.add(conn, demo.TENANT, CAMPAIGN, ListId(501), NewContact(phone="+84901000001"))
    before = await rows_of(conn, demo.TENANT)
    assert await demo.prepare(conn, own) == key
    assert await rows_of(conn, demo.TENANT) == before


async def test_a_tenant_of_that_id_is_the_demo_as_it_is(conn: asyncpg.Connection, own: Settings) -> None:
    await store.create_tenant(conn, demo.TENANT, "Mine", "US")
    value = await demo.prepare(conn, own)
    tenant = await store.find_tenant(conn, demo.TENANT)
    assert tenant is not None
    assert tenant.name == "Mine"
    assert await conn.fetchval("select count(*) from campaign") == 0
    assert await store.find_key(conn, key_format.digest(value, PEPPER.encode())) is not None


async def test_every_table_of_a_tenant_is_reset(conn: asyncpg.Connection) -> None:
    assert set(demo.TABLES) == await tenant_tables(conn)
    assert len(demo.TABLES) == len(set(demo.TABLES))


async def fill(conn: asyncpg.Connection, tenant_id: int, campaign_id: int, list_id: int) -> None:
    """A row in each table that neither the demo nor the stores used here write."""
    job_id = await conn.fetchval(
        """insert into import_job (tenant_id, campaign_id, list_id, list_name, total_rows) values ($1, $2, $3, '', 1)
           returning job_id""",
        tenant_id, campaign_id, list_id,
    )  # fmt: skip
    await conn.execute(
        "insert into import_chunk (tenant_id, job_id, seq, payload, sent) values ($1, $2, 1, '', '')", tenant_id, job_id
    )
    await conn.execute(
        """insert into import_outcome (tenant_id, job_id, seq, first_row, created, duplicate, failed, sent, contacts)
           values ($1, $2, 0, 1, 0, 0, 1, '', '')""",
        tenant_id,
        job_id,
    )
    await conn.execute("insert into import_seen (tenant_id, job_id, number) values ($1, $2, 1)", tenant_id, job_id)
    await conn.execute(
        "insert into call_hour values ($1, $2, '2026-01-01 00:00+00', 'busy', 0, 1, 1, 0, 0, 0)", tenant_id, campaign_id
    )
    await conn.execute(
        """insert into call (tenant_id, call_id, campaign_id, contact_id, phone, dial_until, lease_until)
           values ($1, gen_random_uuid(), $2, 1, '+84901234567', 'infinity', now())""",
        tenant_id,
        campaign_id,
    )
    await conn.execute(
        """insert into segment (tenant_id, call_id, kind, started_at)
           select tenant_id, call_id, 'talk', now() from call where tenant_id = $1""", tenant_id,
    )  # fmt: skip
    await conn.execute(
        """insert into agent (tenant_id, name, endpoint, queue_id)
           select tenant_id, 'A', 'fill', min(queue_id) from inbound_queue where tenant_id = $1 group by tenant_id""",
        tenant_id,
    )
    members = "insert into agent_queue select tenant_id, agent_id, queue_id from agent where endpoint = 'fill'"
    await conn.execute(f"{members} on conflict do nothing")
    await conn.execute("insert into agent_skill select $1, max(agent_id), 'english' from agent", tenant_id)
    await conn.execute(
        """insert into preview (tenant_id, agent_id, campaign_id, contact_id)
           select $1, max(agent_id), $2, (select min(contact_id) from contact where tenant_id = $1)
           from agent where tenant_id = $1""",
        tenant_id,
        campaign_id,
    )
    await conn.execute("insert into contact_run values ($1, $2, 0, 1, 1, 1, 1)", tenant_id, campaign_id)
    for statement in OF_TENANT:
        await conn.execute(statement, tenant_id)


async def test_reset_makes_the_demo_anew_and_leaves_other_tenants_alone(
    conn: asyncpg.Connection, own: Settings
) -> None:
    old_key = await demo.prepare(conn, own)
    fresh = await rows_of(conn, demo.TENANT)
    await store.create_tenant(conn, OTHER, "Other", "VN")
    campaign = await campaigns.create(conn, OTHER, "Other", DEFAULT_TYPE, None, None)
    added = await contacts.add(conn, OTHER, campaign.campaign_id, None, NewContact(phone="+84901234567"))
    assert isinstance(added, Added)
    await queues.create(conn, OTHER, "Other", None, Change(), None)
    for tenant_id in (OTHER, None):
        await store.create_key(
            conn, tenant_id, name="", hint="", digest=os.urandom(32), scopes=(), expires_at=None, by=None
        )
    await fill(conn, OTHER, campaign.campaign_id, added.list_id)
    await fill(conn, demo.TENANT, demo.CAMPAIGN, 501)
    await campaigns.create(conn, demo.TENANT, "Mine", DEFAULT_TYPE, None, None)
    others = await rows_of(conn, OTHER)
    assert all(others.values()), "every table has a row"

    new_key = await demo.prepare(conn, own, reset=True)

    assert await rows_of(conn, OTHER) == others
    assert await conn.fetchval("select count(*) from api_key where tenant_id is null") == 1
    again = await rows_of(conn, demo.TENANT)
    for found in (again, fresh):
        del found["contact_block"]  # ids continue where they were, and fall into other blocks
    assert {table: len(rows) for table, rows in again.items()} == {table: len(rows) for table, rows in fresh.items()}
    assert await listing.lists(conn, demo.TENANT, CAMPAIGN) == [
        ContactList(ListId(501), "Danh sach thang 4", 150),
        ContactList(ListId(502), "Default List", 30),
    ]
    assert new_key != old_key
    assert await store.find_key(conn, key_format.digest(old_key, PEPPER.encode())) is None


async def test_key_has_every_scope_and_its_file_is_private(conn: asyncpg.Connection, own: Settings) -> None:
    value = await demo.prepare(conn, own)
    file = Path(own.data_dir) / demo.KEY_FILE
    assert file.read_text() == value + "\n"
    assert file.stat().st_mode & 0o777 == 0o600
    found = await store.find_key(conn, key_format.digest(value, PEPPER.encode()))
    assert found is not None
    assert (found.tenant_id, found.scopes) == (demo.TENANT, {"campaign", "queue", "agent", "report", "admin"})
    assert found.expires_at is None


async def _lose(conn: asyncpg.Connection, file: Path) -> None:
    file.unlink()


async def _spoil(conn: asyncpg.Connection, file: Path) -> None:
    file.write_bytes(b"\xff no key")


async def _revoke(conn: asyncpg.Connection, file: Path) -> None:
    await conn.execute("update api_key set revoked_at = $1", datetime.now(UTC))


async def _expire(conn: asyncpg.Connection, file: Path) -> None:
    await conn.execute("update api_key set expires_at = $1", datetime.now(UTC) - timedelta(seconds=1))


async def _forget(conn: asyncpg.Connection, file: Path) -> None:
    """Have the key unknown, as in another database or under another pepper."""
    await conn.execute("delete from api_key")


@pytest.mark.parametrize("end", [_lose, _spoil, _revoke, _expire, _forget])
async def test_a_new_key_is_made_where_the_kept_one_is_not_usable(
    conn: asyncpg.Connection, own: Settings, end: Callable[[asyncpg.Connection, Path], Awaitable[None]]
) -> None:
    old = await demo.prepare(conn, own)
    await end(conn, Path(own.data_dir) / demo.KEY_FILE)
    new = await demo.prepare(conn, own)
    assert new != old
    assert await demo.prepare(conn, own) == new


async def test_its_campaigns_call_at_any_hour(conn: asyncpg.Connection, own: Settings) -> None:
    await demo.prepare(conn, own)
    for campaign_id in (1042, 1043, 1044):
        settings = await campaigns.call_settings(conn, demo.TENANT, CampaignId(campaign_id))
        assert settings is not None
        assert rules.week(settings) == ALWAYS
