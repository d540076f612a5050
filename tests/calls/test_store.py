"""Steps of a call before its end, and the leases of live calls."""

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support import call_steps
from tests.support.call_scene import (
    LEASE,
    LargeDatabase,
    assert_reads_live_calls_only,
    backdate,
    call_row,
    due_contacts,
    now_of,
    reach,
    running_campaign,
    terms_of,
)
from tests.support.calls import new_dnc_list
from tests.support.contacts import number
from tests.support.plans import assert_uses
from tongdai.call_outcome import Outcome
from tongdai.calls import claim, finish, store
from tongdai.calls.model import TRANSITIONS, Call, CallState, ClaimConditions, Claims, Ending
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId, CampaignId, TenantId
from tongdai.testing import factories

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BUSY, CANCELLED = Ending(Outcome.BUSY, 17, 486), Ending(Outcome.CANCELLED)
AGENT, OTHER_AGENT = AgentId(7), AgentId(8)


# Dialling


async def test_call_is_dialled_once(conn: Connection, claimed: Call) -> None:
    before = await now_of(conn)
    assert await store.dial(conn, [claimed], 2 * MINUTE) == {claimed.call_id: None}
    row = await call_row(conn, claimed)
    assert before < row["dialled_at"] < await now_of(conn)
    assert (row["state"], row["lease_until"] - row["dialled_at"]) == ("dialing", pytest.approx(2 * MINUTE, abs=MINUTE))
    assert await store.dial(conn, [claimed], LEASE) == {}
    assert await call_row(conn, claimed) == row


async def test_contact_with_a_listing_that_expires_is_rescheduled_and_not_closed(
    conn: Connection, tenant_id: TenantId, terms: ClaimConditions, claimed: Call
) -> None:
    expires_at = await now_of(conn) + HOUR
    await new_dnc_list(conn, tenant_id, [claimed.phone], expires_at=expires_at)
    verdicts = await store.dial(conn, [claimed], LEASE)
    assert verdicts == {claimed.call_id: Outcome.CANCELLED}
    assert await call_steps.end(conn, claimed, CANCELLED, await now_of(conn))
    assert await claim.claim(conn, terms, 1) == Claims([], rescheduled=1)
    assert await conn.fetchval("select due_at from contact_due where contact_id = $1", claimed.contact_id) == expires_at


async def test_number_that_was_listed_after_the_claim_is_not_dialled(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, claimed: Call
) -> None:
    await new_dnc_list(conn, tenant_id, [number(1)], campaign_id=await running_campaign(conn, tenant_id))
    await new_dnc_list(conn, tenant_id, [number(1)], expires_at=await now_of(conn))
    await new_dnc_list(conn, tenant_id, [number(1)], expires_at=await now_of(conn) + HOUR)
    await new_dnc_list(conn, tenant_id, [number(1)], campaign_id=campaign_id)
    assert await store.dial(conn, [claimed], LEASE) == {claimed.call_id: Outcome.DNC}
    assert (await call_row(conn, claimed))["state"] == "claimed"


async def test_lists_of_others_and_expired_listings_do_not_keep_a_call_from_being_dialled(
    conn: Connection, tenant_id: TenantId, claimed: Call
) -> None:
    await new_dnc_list(conn, tenant_id, [number(1)], campaign_id=await running_campaign(conn, tenant_id))
    await new_dnc_list(conn, tenant_id, [number(1)], expires_at=await now_of(conn))
    await new_dnc_list(conn, await factories.tenant(conn), [number(1)])
    assert await store.dial(conn, [claimed], LEASE) == {claimed.call_id: None}


@pytest.mark.parametrize("status", [1, 3, 4])
async def test_call_of_a_campaign_that_was_paused_or_stopped_after_the_claim_is_not_dialled(
    conn: Connection, tenant_id: TenantId, claimed: Call, status: int
) -> None:
    await conn.execute("update campaign set status = $2 where tenant_id = $1", tenant_id, status)
    assert await store.dial(conn, [claimed], LEASE) == {claimed.call_id: Outcome.CANCELLED}
    assert (await call_row(conn, claimed))["dialled_at"] is None


async def test_call_whose_window_closed_after_the_claim_is_not_dialled(
    conn: Connection, tenant_id: TenantId, claimed: Call
) -> None:
    await conn.execute("update call set dial_until = clock_timestamp() where tenant_id = $1", tenant_id)
    assert await store.dial(conn, [claimed], LEASE) == {claimed.call_id: Outcome.OUT_OF_WINDOW}


async def test_call_is_not_dialled_when_its_lease_has_expired_or_it_has_ended_or_is_unknown(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, range(4))
    late, ended, foreign, good = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 4)).calls
    await backdate(conn, late, LEASE + MINUTE)
    assert await call_steps.end(conn, ended, CANCELLED, await now_of(conn))
    theirs = replace(foreign, tenant_id=await factories.tenant(conn))
    assert await store.dial(conn, [theirs], LEASE) == {}
    unknown = replace(good, call_id=uuid.uuid4())
    assert await store.dial(conn, [late, ended, unknown, good], LEASE) == {good.call_id: None}
    assert [(await call_row(conn, call))["state"] for call in (late, ended, foreign)] == ["claimed", "ended", "claimed"]
    assert await store.dial(conn, [], LEASE) == {}


async def test_callers_that_dial_the_same_calls_at_once_dial_each_once(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, range(100))
    calls = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 100)).calls

    async def dial(mine: list[Call]) -> dict[uuid.UUID, Outcome | None]:
        async with pool.acquire() as own:
            return await store.dial(own, mine, LEASE)

    async with asyncio.timeout(30):
        verdicts = await asyncio.gather(*(dial(calls[:: 1 - 2 * (i % 2)]) for i in range(6)))
    assert sorted(call_id for dialled in verdicts for call_id in dialled) == sorted(call.call_id for call in calls)


# Transitions


async def move(conn: Connection, call: Call, state: CallState) -> bool:
    """Have a call change to a state; whether it did."""
    now = await now_of(conn)
    match state:
        case CallState.CLAIMED:
            raise AssertionError("no call is claimed twice")
        case CallState.DIALING:
            return (await store.dial(conn, [call], LEASE)) == {call.call_id: None}
        case CallState.RINGING:
            return await call_steps.rang(conn, call, now)
        case CallState.ANSWERED:
            return await call_steps.answered(conn, call, now, LEASE)
        case CallState.ENDED:
            return await call_steps.end(conn, call, BUSY, None)


@pytest.mark.parametrize("before", CallState)
@pytest.mark.parametrize("after", [state for state in CallState if state is not CallState.CLAIMED])
async def test_call_makes_the_transitions_of_the_table_and_no_others(
    conn: Connection, claimed: Call, before: CallState, after: CallState
) -> None:
    await reach(conn, claimed, before)
    row = await call_row(conn, claimed)
    assert await move(conn, claimed, after) == (after in TRANSITIONS[before])
    changed = await call_row(conn, claimed)
    assert changed["state"] == (after if after in TRANSITIONS[before] else before)
    assert changed == row or after in TRANSITIONS[before]


async def test_instants_that_the_switch_reports_are_stored_once(conn: Connection, claimed: Call) -> None:
    now = await now_of(conn)
    assert await store.dial(conn, [claimed], LEASE)
    assert not await call_steps.connected(conn, claimed, now, None)
    assert await call_steps.rang(conn, claimed, now + MINUTE)
    assert not await call_steps.rang(conn, claimed, now)
    assert await call_steps.answered(conn, claimed, now + 2 * MINUTE, HOUR)
    assert not await call_steps.answered(conn, claimed, now, LEASE)
    assert await call_steps.connected(conn, claimed, now + 3 * MINUTE, AGENT)
    assert not await call_steps.connected(conn, claimed, now, OTHER_AGENT)
    row = await call_row(conn, claimed)
    reported = [row[name] for name in ("ringing_at", "answered_at", "connected_at", "agent_id")]
    assert reported == [now + MINUTE, now + 2 * MINUTE, now + 3 * MINUTE, AGENT]
    assert row["lease_until"] > now + HOUR
    (live,) = [call for call in await store.active(conn) if call.tenant_id == claimed.tenant_id]
    assert live == replace(
        claimed, state=CallState.ANSWERED, lease_until=row["lease_until"], agent_id=AGENT, dialled_at=row["dialled_at"],
        ringing_at=now + MINUTE, answered_at=now + 2 * MINUTE, connected_at=now + 3 * MINUTE)  # fmt: skip


async def test_call_that_plays_the_audio_file_has_no_agent_and_a_previewed_call_keeps_its_own(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, terms: ClaimConditions
) -> None:
    ids = await due_contacts(conn, tenant_id, campaign_id, [1, 2])
    (previewed,) = (await claim.claim_contact(conn, terms, ids[1], AGENT)).calls
    (plain,) = (await claim.claim(conn, terms, 5)).calls
    for call in (previewed, plain):
        await reach(conn, call, CallState.ANSWERED)
        assert await call_steps.connected(conn, call, await now_of(conn), None)
    assert [(await call_row(conn, call))["agent_id"] for call in (previewed, plain)] == [AGENT, None]


async def test_leases_of_live_calls_are_extended(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, range(4))
    ended, late, held, other = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 4)).calls
    assert await call_steps.end(conn, ended, CANCELLED, None)
    for call in (ended, late, held):
        await backdate(conn, call, HOUR)
    mine = {call.call_id for call in (ended, late, held, other)}
    overdue = [call.call_id for call in await store.overdue(conn) if call.call_id in mine]
    assert sorted(overdue) == sorted([late.call_id, held.call_id])
    async with pool.acquire() as ending:
        transaction = ending.transaction()
        await transaction.start()
        assert await call_steps.end(ending, held, BUSY, None)
        async with asyncio.timeout(20):  # does not wait for that end
            await store.extend(conn, *store.ids_of([ended, late, held, other]), LEASE)
        await transaction.commit()
    assert not [call for call in await store.overdue(conn) if call.call_id in mine]
    live = {call.call_id for call in await store.active(conn)} & mine
    assert live == {late.call_id, other.call_id}
    assert (await call_row(conn, ended))["lease_until"] < await now_of(conn) - MINUTE


async def test_ended_calls_of_all_tenants_are_found_by_their_ids(conn: Connection, claimed: Call) -> None:
    other_tenant = await factories.tenant(conn)
    other_campaign = await running_campaign(conn, other_tenant)
    await due_contacts(conn, other_tenant, other_campaign, [1])
    (theirs,) = (await claim.claim(conn, terms_of(other_tenant, other_campaign), 1)).calls
    call_ids = [claimed.call_id, uuid.uuid4(), theirs.call_id]
    assert await store.ended(conn, call_ids) == []
    for call in (claimed, theirs):
        assert await call_steps.end(conn, call, BUSY, None)
    assert sorted(await store.ended(conn, call_ids)) == sorted([claimed.call_id, theirs.call_id])


# Plans


async def test_steps_find_their_calls_by_key(large: LargeDatabase) -> None:
    conn, tenant_id, _ = large
    call_id = await conn.fetchval("select call_id from live_call where tenant_id = $1 limit 1", tenant_id)
    ids = (tenant_id, f"{{{call_id}}}")
    step = (*ids, "{2026-01-01}", "{7}")
    end = (*ids, "{busy}", "{17}", "{486}", "{null}", "{cancelled}", "{null}", "{null}", "{null}", "{null}")
    for statement, args in [
        (store.DIAL, (*ids, "30 seconds", 1, 0)),
        (store.EXTEND, (*ids, "30 seconds")),
        (store.RANG, (*step, "{dialing}")),
        (store.ANSWERED, (*step, "{dialing}", "30 seconds")),
        (store.CONNECTED, step),
        (finish.RETRY_CONTEXTS, ids),
        (finish.END, end),
    ]:
        await assert_uses(conn, "live_call_pkey", "live_call", statement, *args)
    await assert_uses(conn, "call_pkey", "call", store.ENDED, f"{{{call_id}}}")
    for statement, args in ((finish.END, end), (finish.RETRY_CONTEXTS, ids)):
        await assert_uses(conn, "contact_pkey", "contact", statement, *args)
    await assert_uses(conn, "do_not_call_phone", "do_not_call", store.DIAL, *ids, "30 seconds", 1, 0)
    await assert_uses(conn, "call_contact", "call", finish.RETRY_CONTEXTS, *ids)


@pytest.mark.parametrize("large", ["fresh"], indirect=True)
async def test_live_calls_are_found_without_reading_ended_ones(large: LargeDatabase) -> None:
    await assert_reads_live_calls_only(large.conn, store.ACTIVE, 1)
    await assert_reads_live_calls_only(large.conn, store.OVERDUE, 1)
