"""Plans of the claim: it is exact under every plan, uses the indexes, and reads few of many contacts."""

from datetime import timedelta
from itertools import combinations

import pytest

from tests.support import call_steps
from tests.support.call_scene import (
    LEASE,
    ZONE,
    LargeDatabase,
    called,
    due_contacts,
    ids_of,
    now_of,
    placed,
    running_campaign,
    terms_of,
)
from tests.support.calls import new_dnc_list
from tests.support.contacts import must_be_consistent, number
from tests.support.databases import FreshDatabase
from tests.support.plans import Node, nodes, plans
from tongdai.call_outcome import Outcome
from tongdai.calls import claim, store
from tongdai.calls.model import ClaimConditions, Ending
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.db.pool import Connection, connect
from tongdai.ids import CampaignId, TenantId
from tongdai.testing import factories

DAY = timedelta(days=1)

JOINS = ("enable_nestloop", "enable_hashjoin", "enable_mergejoin")
SCANS = ("enable_seqscan", "enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan", "enable_material",
         "enable_memoize", "enable_sort", "enable_incremental_sort")  # fmt: skip
FORCED = [(), *((one,) for one in (*JOINS, *SCANS)), *combinations(JOINS, 2), ("enable_seqscan", "enable_nestloop"),
          ("enable_indexscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin")]  # fmt: skip


@pytest.mark.parametrize("off", FORCED, ids="+".join)
async def test_limit_holds_and_claim_is_exact_under_any_plan(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, off: tuple[str, ...]
) -> None:
    numbers = range(60)
    ids = [*await due_contacts(conn, tenant_id, campaign_id, numbers[:30], ZONE),
           *await due_contacts(conn, tenant_id, campaign_id, numbers[30:], "")]  # fmt: skip
    earlier = await running_campaign(conn, tenant_id)
    await due_contacts(conn, tenant_id, earlier, [3, 5])
    await called(conn, terms_of(tenant_id, earlier))
    await placed(conn, terms_of(tenant_id, earlier))
    await new_dnc_list(conn, tenant_id, [number(1)])
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
    await must_be_consistent(conn, tenant_id)


async def claim_plans(large: LargeDatabase, sql: str, taken: int) -> list[tuple[str, list[Node]]]:
    conn, tenant_id, campaign_id = large
    return await plans(
        conn, sql, tenant_id, campaign_id, array_text(ZONE, "Asia/Tokyo"), array_text("infinity", "infinity"), taken,
        array_text("3", "1"), array_text("1 day", "1 hour"), None, "30 seconds", 1, 0)  # fmt: skip


def array_text(*values: str) -> str:
    """An array as PostgreSQL writes it."""
    return "{" + ",".join(f'"{value}"' for value in values) + "}"


HOT = {"contact", "contact_due", "contact_run", "call", "do_not_call"}


async def test_claim_reads_due_contacts_in_order_by_their_index_whatever_the_statistics(
    large_by_index: LargeDatabase,
) -> None:
    for mode, found in await claim_plans(large_by_index, claim.CLAIM, 50):
        by_index = {node["Index Name"]: node for node in found if node.get("Index Name")}
        used = {"contact_due_order", "contact_run_pkey", "contact_pkey", "contact_due_pkey"}
        used |= {"do_not_call_phone", "call_number", "live_call_number"}
        assert used <= by_index.keys(), (mode, by_index.keys())
        assert all(column in by_index["contact_due_order"]["Index Cond"] for column in ("zone = ", "due_at <= "))
        assert_limit_reads_index(found, "contact_due_order")
        assert not {n.get("Index Name") for n in found} & {"contact_list_status"}
        assert {n.get("Index Name") for n in found if n.get("Relation Name") == "call"} == {"call_number"}, (
            mode,
            found,
        )
        assert not {n.get("Relation Name") for n in found if n["Node Type"] == "Seq Scan"} & HOT, (mode, found)


def assert_limit_reads_index(found: list[Node], index: str) -> None:
    """Assert that a limit is right above the index scan, so that not all due contacts are read and sorted."""
    below = [below for node in found if node["Node Type"] == "Limit" for below in node["Plans"]]
    assert index in {node.get("Index Name") for node in below}, found


async def test_claim_of_one_contact_reads_it_by_its_key(large_by_index: LargeDatabase) -> None:
    for mode, found in await claim_plans(large_by_index, claim.CLAIM_CONTACT, 5):
        used = {node["Index Name"] for node in found if node.get("Relation Name") == "contact" and "Index Name" in node}
        assert used == {"contact_pkey"}, (mode, found)
        assert not {n.get("Relation Name") for n in found if n["Node Type"] == "Seq Scan"} & HOT, (mode, found)


async def test_waiting_zones_are_found_by_their_index_whatever_the_statistics(large_by_index: LargeDatabase) -> None:
    conn, tenant_id, campaign_id = large_by_index
    for _, found in await plans(conn, claim.WAITING_ZONES, tenant_id, campaign_id):
        scans = [node for node in found if node.get("Relation Name") == "contact_due"]
        assert [node["Index Name"] for node in scans] == ["contact_due_order"] * 3
        assert [node["Index Name"] for node in found if node.get("Relation Name") == "contact"] == ["contact_pkey"]
        limits = [node for node in found if node["Node Type"] == "Limit"]
        assert all(below["Node Type"] != "Sort" for limit in limits for below in nodes(limit))


READ = """
with read as (
    select c.oid from pg_class c where c.relname in ('contact', 'contact_due', 'contact_run') and c.relkind = 'r'
    union all select inhrelid from pg_inherits where inhparent = 'call'::regclass
)
select coalesce(sum(pg_stat_get_xact_tuples_returned(relid)), 0) from (
    select oid as relid from read union all select indexrelid from pg_index where indrelid in (select oid from read)
) of_each
"""


async def must_read_few(conn: Connection, terms: ClaimConditions) -> None:
    """Claim 50 contacts, assert that few rows and index entries are read of contacts and calls, and roll back."""
    transaction = conn.transaction()
    await transaction.start()
    before = await conn.fetchval(READ)
    assert await claim.waiting_zones(conn, terms.tenant_id, terms.campaign_id) == sorted(terms.open_until)
    assert (await claim.claim(conn, terms, 50)).examined == 50
    read = await conn.fetchval(READ) - before
    await transaction.rollback()
    assert 150 <= read <= 1200, (
        read
    )  # 50 of each zone in contact_due and runs, those of other zones between, the claimed


async def test_claim_reads_few_of_many_contacts(large: LargeDatabase) -> None:
    conn, tenant_id, campaign_id = large
    terms = terms_of(tenant_id, campaign_id, ZONE, "Asia/Tokyo", "", caps=[FrequencyCap(3, DAY)])
    for _ in range(7):
        await must_read_few(conn, terms)


@pytest.mark.parametrize("others", [1, 6_000])
async def test_claim_reads_few_contacts_with_a_plan_that_is_older_than_they_are(
    fresh_database: FreshDatabase, others: int
) -> None:
    """The connection keeps its plans, made for a campaign with one contact."""
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        tenant_id = await factories.tenant(conn)
        first, campaign_id = [await running_campaign(conn, tenant_id) for _ in range(2)]
        await conn.execute("vacuum analyze")
        await due_contacts(conn, tenant_id, first, [0])
        for _ in range(7):
            claims = await claim.claim(conn, terms_of(tenant_id, first), 50)
            assert await call_steps.end(conn, claims.calls[0], Ending(Outcome.CANCELLED), await now_of(conn))
        await due_contacts(conn, tenant_id, campaign_id, range(others + 500))
        await due_contacts(conn, tenant_id, campaign_id, range(others + 500, others + 600), "")
        await must_read_few(conn, terms_of(tenant_id, campaign_id, ZONE, ""))
        await conn.close()


ENDED_CALLS = """
insert into call (tenant_id, call_id, campaign_id, contact_id, phone, state, outcome, opened_at, dialled_at, ended_at,
    ended_month, dial_until, lease_until)
select $1, gen_random_uuid(), $2, n, '+8491' || n, 'ended', 'busy', now(), now(), now(),
    date_trunc('month', now() at time zone 'UTC')::date, 'infinity', now()
from generate_series(1000000, 1005000) n
"""


async def test_claim_reads_no_call_of_other_numbers_with_a_plan_that_is_older_than_they_are(
    fresh_database: FreshDatabase,
) -> None:
    """The plan is made while no call has ended, and kept."""
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        tenant_id = await factories.tenant(conn)
        campaign_id = await running_campaign(conn, tenant_id)
        await due_contacts(conn, tenant_id, campaign_id, range(500))
        await due_contacts(conn, tenant_id, campaign_id, range(500, 600), "")
        await conn.execute("vacuum analyze")
        terms = terms_of(tenant_id, campaign_id, ZONE, "", caps=[FrequencyCap(3, DAY)])
        await conn.execute("set plan_cache_mode = force_generic_plan")
        assert not (
            await claim.claim(conn, terms_of(tenant_id, campaign_id, "Asia/Tokyo", caps=terms.number_caps), 50)
        ).examined
        await conn.execute(ENDED_CALLS, tenant_id, campaign_id)
        await must_read_few(conn, terms)
        await conn.close()
