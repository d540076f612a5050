"""Running campaigns, and a database that is large enough for a wrong plan to show."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.call_scene import LargeDatabase, due_contacts, running_campaign, terms_of
from tests.support.databases import FreshDatabase
from tongdai.calls import claim
from tongdai.calls.model import Call, ClaimConditions
from tongdai.db import plans
from tongdai.db.pool import Connection, connect
from tongdai.ids import CampaignId, ContactId, TenantId
from tongdai.testing import factories


@pytest.fixture
async def campaign_id(conn: Connection, tenant_id: TenantId) -> CampaignId:
    return await running_campaign(conn, tenant_id)


@pytest.fixture
def terms(tenant_id: TenantId, campaign_id: CampaignId) -> ClaimConditions:
    return terms_of(tenant_id, campaign_id)


@pytest.fixture
async def due_contact(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> ContactId:
    """The only contact of the campaign."""
    (contact_id,) = await due_contacts(conn, tenant_id, campaign_id, [1])
    return contact_id


@pytest.fixture
async def claimed(conn: Connection, due_contact: ContactId, terms: ClaimConditions) -> Call:
    """The claimed call to that contact."""
    (call,) = (await claim.claim(conn, terms, 1)).calls
    assert call.contact_id == due_contact
    return call


@pytest.fixture(scope="module")
async def large_database(fresh_database: FreshDatabase) -> AsyncGenerator[tuple[str, TenantId, CampaignId]]:
    """A database with 40,000 contacts of one campaign among others, 30,000 ended calls and 2,000 live ones.

    Its statistics are those of empty tables.
    """
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        tenant_id = await factories.tenant(conn)
        await conn.execute("alter table contact set (autovacuum_enabled = off)")
        await conn.execute("alter table call_other set (autovacuum_enabled = off)")
        await conn.execute("vacuum analyze")
        campaign_ids = [await running_campaign(conn, tenant_id) for _ in range(3)]
        for campaign_id in campaign_ids:
            await conn.execute(FILL_LIST, tenant_id, campaign_id)
        await conn.execute(FILL_ZONES)
        for statement in (FILL_CONTACTS, FILL_DUE, FILL_RUNS):
            await conn.execute(statement, tenant_id)
        await conn.execute(FILL_CALLS, tenant_id, campaign_ids[0])
        await conn.execute(FILL_LIVE, tenant_id, campaign_ids[0])
        await conn.execute(FILL_DNC, tenant_id)
        await conn.close()
        yield dsn, tenant_id, campaign_ids[0]


FILL_LIST = "insert into contact_list (tenant_id, campaign_id, name) values ($1, $2, 'A')"
FILL_ZONES = "insert into time_zone (zone, name) values (1, 'Asia/Ho_Chi_Minh'), (2, 'Asia/Tokyo')"
# Half of them are in runs of a thousand, the others in contact_due.
FILL_CONTACTS = """
insert into contact (tenant_id, campaign_id, list_id, number, zone, in_run)
select l.tenant_id, l.campaign_id, l.list_id, 84900000000 + i, i % 3, i % 2000 < 1000 and i % 20 <> 0
from contact_list l cross join generate_series(1, 40000) i where l.tenant_id = $1 order by l.list_id, i
"""
FILL_DUE = """
insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
select tenant_id, contact_id, campaign_id, now() - number % 40000 * interval '1 second', zone
from contact where tenant_id = $1 and not in_run and number % 20 <> 0
"""
FILL_RUNS = """
insert into contact_run (tenant_id, campaign_id, zone, first_id, next_id, last_id, contacts)
select tenant_id, campaign_id, zone, min(contact_id), min(contact_id), max(contact_id), count(*)
from contact where tenant_id = $1 and in_run group by tenant_id, campaign_id, zone, number / 1000
"""
FILL_CALLS = """
insert into call (tenant_id, call_id, campaign_id, contact_id, phone, state, outcome, opened_at, dialled_at,
    ended_at, ended_month, dial_until, lease_until)
select tenant_id, gen_random_uuid(), campaign_id, contact_id, '+' || number, 'ended', 'busy', now() - interval '1 day',
    now() - interval '1 day', now() - interval '1 day',
    date_trunc('month', (now() - interval '1 day') at time zone 'UTC')::date, 'infinity', now()
from contact where tenant_id = $1 and campaign_id = $2 and contact_id % 4 <> 0
"""
FILL_LIVE = """
insert into call (tenant_id, call_id, campaign_id, contact_id, phone, dial_until, lease_until)
select tenant_id, gen_random_uuid(), campaign_id, contact_id, '+' || number, 'infinity', now()
from contact where tenant_id = $1 and campaign_id = $2 and number % 20 = 0
"""
FILL_DNC = """
with list as (
    insert into do_not_call_list (tenant_id, name) values ($1, 'A') returning tenant_id, dnc_list_id
)
insert into do_not_call (tenant_id, dnc_list_id, phone)
select l.tenant_id, l.dnc_list_id, '+' || c.number from contact c, list l
where c.tenant_id = l.tenant_id and c.number % 2 = 0 group by 1, 2, 3
"""


STATISTICS = ["as when they were empty", "none", "fresh"]


@pytest.fixture(params=STATISTICS)
async def large(
    request: pytest.FixtureRequest, large_database: tuple[str, TenantId, CampaignId]
) -> AsyncGenerator[LargeDatabase]:
    """A connection to the large database, once for each state of its statistics."""
    dsn, tenant_id, campaign_id = large_database
    conn = await connect(dsn, name="tests")
    if request.param == "none":
        tables = ["contact", "call", "live_call", "call_other"]
        await conn.execute("delete from pg_statistic where starelid = any($1::text[]::regclass[])", tables)
    if request.param == "fresh":
        await conn.execute("analyze")
    yield LargeDatabase(conn, tenant_id, campaign_id)
    await conn.close()


@pytest.fixture
async def large_by_index(large: LargeDatabase) -> AsyncGenerator[LargeDatabase]:
    """The same, in a transaction with the planner settings of the claim."""
    async with large.conn.transaction():
        await large.conn.execute(plans.BY_INDEX)
        yield large
