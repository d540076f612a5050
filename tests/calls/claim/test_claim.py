"""The claim: which due contacts it takes, which it reschedules and which it closes."""

import asyncio
from datetime import timedelta

import pytest

from tests.support import call_steps
from tests.support.call_scene import (
    LEASE,
    called,
    calls_of,
    contact,
    due_contacts,
    ids_of,
    now_of,
    placed,
    running_campaign,
    terms_of,
)
from tests.support.calls import new_dnc_list
from tests.support.contacts import must_be_consistent, number, zone_number
from tests.support.databases import needs_session, pid_of, until_blocked
from tongdai.call_outcome import Outcome
from tongdai.calls import claim, store
from tongdai.calls.model import Call, CallState, ClaimConditions, Claims, Ending
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId, CampaignId, ContactId, TenantId
from tongdai.local_time import FOREVER
from tongdai.testing import factories

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
AGENT = AgentId(7)


async def test_claim_takes_the_longest_due_first_and_opens_a_call_for_each(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await due_contacts(conn, tenant_id, campaign_id, [5, 3, 9, 1, 7])
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
    live = [call for call in await store.active(conn) if call.tenant_id == tenant_id]
    assert sorted(live, key=lambda call: ids.index(call.contact_id)) == claims.calls
    await must_be_consistent(conn, tenant_id)
    assert ids_of(await claim.claim(conn, terms, 3)) == ids[3:]
    assert await claim.claim(conn, terms, 3) == Claims([])
    await must_be_consistent(conn, tenant_id)


async def test_claim_of_none_takes_none(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, [1])
    assert await claim.claim(conn, terms, 0) == Claims([])


async def test_contact_that_is_due_later_is_left(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, [1])
    await conn.execute("update contact_due set due_at = now() + interval '1 hour' where tenant_id = $1", tenant_id)
    assert await claim.claim(conn, terms, 3) == Claims([])
    assert await claim.waiting_zones(conn, tenant_id, campaign_id) == []


@pytest.mark.parametrize("status", [1, 3, 4])
async def test_campaign_that_does_not_run_claims_nobody(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions, status: int
) -> None:
    ids = await due_contacts(conn, tenant_id, campaign_id, [1])
    await conn.execute("update campaign set status = $2 where tenant_id = $1", tenant_id, status)
    assert await claim.claim(conn, terms, 3) == Claims([])
    assert await claim.claim_contact(conn, terms, ids[0], AGENT) == Claims([])
    assert await calls_of(conn, tenant_id) == []


async def test_oldest_contacts_of_all_open_zones_are_taken_and_none_of_a_closed_zone(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    ids: dict[int, ContactId] = {}
    for n, zone in enumerate(["Asia/Tokyo", "", "Europe/Berlin,Europe/Rome", "Asia/Tokyo", "America/New_York", ""]):
        (ids[n],) = await due_contacts(conn, tenant_id, campaign_id, [n], zone)
    closes_at = await now_of(conn) + 2 * HOUR
    terms = terms_of(
        tenant_id, campaign_id, "Asia/Tokyo", "", "Europe/Berlin,Europe/Rome", "Asia/Seoul", until=closes_at
    )
    assert ids_of(await claim.claim(conn, terms, 2)) == [ids[0], ids[1]]
    claims = await claim.claim(conn, terms, 10)
    assert ids_of(claims) == [ids[2], ids[3], ids[5]]
    assert {call.dial_until for call in claims.calls} == {closes_at}


async def test_window_that_has_closed_meanwhile_is_closed(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    """The database's clock decides, not the caller's."""
    ids = await due_contacts(conn, tenant_id, campaign_id, [1, 2])
    terms = terms_of(tenant_id, campaign_id, until=await now_of(conn))
    assert await claim.claim(conn, terms, 3) == Claims([])
    assert await claim.claim_contact(conn, terms, ids[0], AGENT) == Claims([])
    assert (await contact(conn, tenant_id, ids[0]))["process_status"] == 0


async def test_waiting_zones_are_those_of_due_contacts_of_the_campaign(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    other = await running_campaign(conn, tenant_id)
    for n, zone in enumerate(["Asia/Tokyo", "Asia/Tokyo", "", "Europe/Rome", "America/Lima", "Africa/Cairo"]):
        await due_contacts(conn, tenant_id, campaign_id if n else other, [n], zone)
    lima, cairo = [await zone_number(conn, name) for name in ("America/Lima", "Africa/Cairo")]
    await conn.execute("update contact set process_status = 2 where tenant_id = $1 and zone = $2", tenant_id, lima)
    await conn.execute("delete from contact_due where tenant_id = $1 and zone = $2", tenant_id, lima)
    await conn.execute(
        "update contact_due set due_at = now() + interval '1 hour' where tenant_id = $1 and zone = $2", tenant_id, cairo
    )
    assert await claim.waiting_zones(conn, tenant_id, campaign_id) == ["", "Asia/Tokyo", "Europe/Rome"]
    assert await claim.waiting_zones(conn, tenant_id, other) == ["Asia/Tokyo"]
    assert await claim.waiting_zones(conn, await factories.tenant(conn), campaign_id) == []


async def test_claim_keeps_to_its_tenant_and_campaign(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    other_tenant = await factories.tenant(conn)
    await due_contacts(conn, tenant_id, campaign_id, [1])
    for terms in (terms_of(other_tenant, campaign_id), terms_of(tenant_id, await running_campaign(conn, tenant_id))):
        assert await claim.claim(conn, terms, 3) == Claims([])


# Do not call


@pytest.mark.parametrize("of_campaign", [False, True])
async def test_contact_on_a_do_not_call_list_is_processed_and_not_called(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions, of_campaign: bool
) -> None:
    ids = await due_contacts(conn, tenant_id, campaign_id, [1, 2])
    await new_dnc_list(conn, tenant_id, [number(1)], campaign_id=campaign_id if of_campaign else None)
    claims = await claim.claim(conn, terms, 5)
    assert (ids_of(claims), claims.rescheduled, claims.closed, claims.examined) == ([ids[1]], 0, 1, 2)
    closed = await contact(conn, tenant_id, ids[0])
    assert (closed["process_status"], closed["call_status"]) == (2, "dnc")
    await must_be_consistent(conn, tenant_id)


async def test_contact_is_due_when_the_last_of_its_listings_expires(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await due_contacts(conn, tenant_id, campaign_id, [1])
    until = await now_of(conn) + DAY
    for expires_at in (until - MINUTE, until, until - DAY):
        await new_dnc_list(conn, tenant_id, [number(1)], expires_at=expires_at)
    assert await claim.claim(conn, terms, 5) == Claims([], rescheduled=1)
    assert tuple(await contact(conn, tenant_id, ids[0])) == (0, None, until)
    await must_be_consistent(conn, tenant_id)


async def test_lists_of_others_and_entries_that_ended_do_not_keep_a_contact_from_its_call(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await due_contacts(conn, tenant_id, campaign_id, [1])
    await new_dnc_list(conn, tenant_id, [number(1)], campaign_id=await running_campaign(conn, tenant_id))
    await new_dnc_list(conn, tenant_id, [number(1)], expires_at=await now_of(conn))
    await new_dnc_list(conn, tenant_id, [number(2)])
    await new_dnc_list(conn, await factories.tenant(conn), [number(1)])
    assert ids_of(await claim.claim(conn, terms, 5)) == ids


async def test_contact_is_processed_when_one_of_its_listings_does_not_expire(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, [1])
    await new_dnc_list(conn, tenant_id, [number(1)], expires_at=await now_of(conn) + DAY)
    await new_dnc_list(conn, tenant_id, [number(1)])
    assert await claim.claim(conn, terms, 5) == Claims([], closed=1)


# One call of a number at a time


async def test_contact_whose_number_is_in_a_call_is_rescheduled_for_a_minute(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, [1])
    await placed(conn, terms)
    other = await running_campaign(conn, tenant_id)
    ids = await due_contacts(conn, tenant_id, other, [1, 2])
    claims = await claim.claim(conn, terms_of(tenant_id, other), 5)
    assert (ids_of(claims), claims.rescheduled) == ([ids[1]], 1)
    wait = (await contact(conn, tenant_id, ids[0]))["due_at"] - await now_of(conn)
    assert timedelta(seconds=50) < wait < MINUTE
    await must_be_consistent(conn, tenant_id)


async def test_another_tenants_calls_of_the_number_do_not_count(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    other_tenant = await factories.tenant(conn)
    other = await running_campaign(conn, other_tenant)
    await due_contacts(conn, other_tenant, other, [1])
    await placed(conn, terms_of(other_tenant, other, caps=[FrequencyCap(1, DAY)]))
    ids = await due_contacts(conn, tenant_id, campaign_id, [1])
    assert ids_of(await claim.claim(conn, terms_of(tenant_id, campaign_id, caps=[FrequencyCap(1, DAY)]), 5)) == ids


@needs_session
async def test_number_that_another_campaign_claims_at_the_same_instant_is_rescheduled(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    """Neither claim sees the other's call; the unique index refuses the second."""
    first_ids = await due_contacts(conn, tenant_id, campaign_id, [1, 2, 3])
    other = await running_campaign(conn, tenant_id)
    ids = await due_contacts(conn, tenant_id, other, [3, 2, 4])
    async with pool.acquire() as first, pool.acquire() as second:
        transaction = first.transaction()
        await transaction.start()
        assert ids_of(await claim.claim(first, terms, 5)) == first_ids
        later = asyncio.ensure_future(claim.claim(second, terms_of(tenant_id, other), 5))
        await until_blocked(conn, pid_of(second))
        await transaction.commit()
        claims = await later
    assert (ids_of(claims), claims.rescheduled) == ([ids[2]], 2)
    assert [(await contact(conn, tenant_id, i))["process_status"] for i in ids] == [0, 0, 1]
    await must_be_consistent(conn, tenant_id)


# The claim, which waits for an advisory lock between choosing candidates and locking them.
WAITING_CLAIM = claim.CLAIM.replace(
    "), held as materialized (",
    "), half_way as materialized (select pg_advisory_xact_lock(77) from (select count(*) from candidates) chosen"
    "), held as materialized (",
).replace("from candidates cross join lateral", "from half_way cross join candidates cross join lateral")


@needs_session
async def test_contact_that_gets_a_call_before_it_is_locked_keeps_it(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    """The second claim sees that its number was listed meanwhile, and does not see the first claim's call."""
    ids = await due_contacts(conn, tenant_id, campaign_id, [1])
    async with pool.acquire() as first, pool.acquire() as second:
        await conn.execute("select pg_advisory_lock(77)")
        transaction = first.transaction()
        await transaction.start()
        assert ids_of(await claim.claim(first, terms, 5)) == ids
        await new_dnc_list(conn, tenant_id, [number(1)])
        later = asyncio.ensure_future(claim._claim(second, WAITING_CLAIM, terms, 5, None))
        await until_blocked(conn, pid_of(second))
        await transaction.commit()
        await conn.execute("select pg_advisory_unlock(77)")
        assert await later == Claims([])
    assert (await contact(conn, tenant_id, ids[0]))["process_status"] == 1
    await must_be_consistent(conn, tenant_id)


async def test_contact_at_a_frequency_cap_is_due_when_a_call_leaves_the_period(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    earlier = await running_campaign(conn, tenant_id)
    await due_contacts(conn, tenant_id, earlier, [1])
    now = await now_of(conn)
    for hours in (30, 20, 5):
        await called(conn, terms_of(tenant_id, earlier), again_at=now, age=hours * HOUR)
    ids = await due_contacts(conn, tenant_id, campaign_id, [1])
    dialled = [row["dialled_at"] for row in await calls_of(conn, tenant_id)]
    for caps, due_at in [
        ([FrequencyCap(1, DAY)], dialled[2] + DAY),
        ([FrequencyCap(2, DAY)], dialled[1] + DAY),
        ([FrequencyCap(2, 2 * DAY), FrequencyCap(1, 6 * HOUR)], dialled[1] + 2 * DAY),
        ([FrequencyCap(3, DAY), FrequencyCap(1, 6 * HOUR)], dialled[2] + 6 * HOUR),
    ]:
        terms = terms_of(tenant_id, campaign_id, caps=caps)
        assert await claim.claim(conn, terms, 5) == Claims([], rescheduled=1), caps
        assert tuple(await contact(conn, tenant_id, ids[0])) == (0, None, due_at), caps
        await conn.execute("update contact_due set due_at = $2 where tenant_id = $1", tenant_id, now)
    caps = [FrequencyCap(3, DAY), FrequencyCap(1, 5 * HOUR), FrequencyCap(4, 9 * DAY)]
    terms = terms_of(tenant_id, campaign_id, caps=caps)
    assert ids_of(await claim.claim(conn, terms, 5)) == ids
    await must_be_consistent(conn, tenant_id)


async def test_call_that_was_not_placed_counts_for_no_cap(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    ids = await due_contacts(conn, tenant_id, campaign_id, [1])
    terms = terms_of(tenant_id, campaign_id, caps=[FrequencyCap(1, DAY)])
    (call,) = (await claim.claim(conn, terms, 1)).calls
    assert await call_steps.end(conn, call, Ending(Outcome.CANCELLED), await now_of(conn))
    assert ids_of(await claim.claim(conn, terms, 1)) == ids


async def test_contact_is_due_when_the_last_reason_to_wait_ends(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    earlier = await running_campaign(conn, tenant_id)
    await due_contacts(conn, tenant_id, earlier, [1])
    call = await called(conn, terms_of(tenant_id, earlier))
    ids = await due_contacts(conn, tenant_id, campaign_id, [1])
    await new_dnc_list(conn, tenant_id, [number(1)], expires_at=call.opened_at + 2 * DAY)
    terms = terms_of(tenant_id, campaign_id, caps=[FrequencyCap(1, DAY)])
    assert (await claim.claim(conn, terms, 1)).rescheduled == 1
    assert (await contact(conn, tenant_id, ids[0]))["due_at"] == call.opened_at + 2 * DAY


# The claim of one contact


async def test_contact_that_an_agent_accepted_is_claimed_for_the_agent(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await due_contacts(conn, tenant_id, campaign_id, [1, 2, 3])
    claims = await claim.claim_contact(conn, terms, ids[1], AGENT)
    assert (ids_of(claims), claims.calls[0].agent_id, claims.rescheduled, claims.closed) == ([ids[1]], AGENT, 0, 0)
    assert [row["agent_id"] for row in await calls_of(conn, tenant_id)] == [AGENT]
    assert await claim.claim_contact(conn, terms, ids[1], AGENT) == Claims([])
    await new_dnc_list(conn, tenant_id, [number(1)])
    assert await claim.claim_contact(conn, terms, ids[0], AGENT) == Claims([], closed=1)
    await conn.execute("update contact_due set due_at = now() + interval '1 hour' where contact_id = $1", ids[2])
    assert await claim.claim_contact(conn, terms, ids[2], AGENT) == Claims([])
    other = await running_campaign(conn, tenant_id)
    foreign = await due_contacts(conn, tenant_id, other, [4])
    assert await claim.claim_contact(conn, terms, foreign[0], AGENT) == Claims([])
    await must_be_consistent(conn, tenant_id)
