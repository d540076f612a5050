"""The end of a call: what happens to its contact, the counters, and the history that retry rules read."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.support import call_steps
from tests.support.call_scene import (
    LEASE,
    call_row,
    called,
    contact,
    due_contacts,
    ids_of,
    now_of,
    placed,
    reach,
    terms_of,
)
from tests.support.contacts import must_be_consistent
from tests.support.databases import needs_session, pid_of, until_blocked
from tongdai.call_outcome import NOT_PLACED, Outcome
from tongdai.calls import claim
from tongdai.calls.model import (
    Call,
    CallState,
    ClaimConditions,
    Claims,
    Detection,
    EarlierCalls,
    Ending,
    Failure,
    Verdict,
)
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId, CampaignId, ContactId, TenantId
from tongdai.local_time import FOREVER
from tongdai.testing import factories

HOUR = timedelta(hours=1)
BUSY, CANCELLED, LOST = Ending(Outcome.BUSY, 17, 486), Ending(Outcome.CANCELLED), Ending(Outcome.LOST)
AGENT = AgentId(7)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("again", [False, True])
async def test_contact_is_pending_again_or_processed(
    conn: Connection, tenant_id: TenantId, claimed: Call, outcome: Outcome, again: bool
) -> None:
    if outcome not in NOT_PLACED:
        await reach(conn, claimed, CallState.DIALING)
    again_at = await now_of(conn) + HOUR if again else None
    assert await call_steps.end(conn, claimed, Ending(outcome, 17, 486), again_at)
    row = await call_row(conn, claimed)
    assert (row["state"], row["outcome"], row["hangup_cause"], row["sip_status"]) == ("ended", outcome, 17, 486)
    assert row["due_again_at"] == again_at
    status, call_status, due_at = await contact(conn, tenant_id, claimed.contact_id)
    if again:
        assert (status, call_status, due_at) == (0, None if outcome in NOT_PLACED else outcome, again_at)
    else:
        assert (status, call_status) == (2, outcome)
    await must_be_consistent(conn, tenant_id)


@pytest.mark.parametrize(
    ("detection", "stored"),
    [
        (Detection(Verdict.MACHINE, "LONGGREETING-1200-1200", 1482), ("machine", "LONGGREETING-1200-1200", 1482)),
        (None, (None, None, None)),
    ],
)
async def test_result_of_machine_detection_is_stored(
    conn: Connection, claimed: Call, detection: Detection | None, stored: tuple[object, ...]
) -> None:
    await reach(conn, claimed, CallState.ANSWERED)
    assert await call_steps.end(conn, claimed, Ending(Outcome.MACHINE, 16, None, detection), None)
    row = await call_row(conn, claimed)
    assert (row["amd_verdict"], row["amd_cause"], row["amd_ms"]) == stored


async def test_sound_that_was_not_played_connected_nobody_and_was_no_talk(
    conn: Connection, tenant_id: TenantId, claimed: Call
) -> None:
    await reach(conn, claimed, CallState.ANSWERED)
    assert await call_steps.connected(conn, claimed, await now_of(conn), None)
    again_at = await now_of(conn) + HOUR
    failed = Ending(Outcome.FAILED, 16, failure=Failure.SOUND_NOT_PLAYED)
    assert await call_steps.end(conn, claimed, failed, again_at)
    row = await call_row(conn, claimed)
    assert (row["outcome"], row["failure"], row["connected_at"]) == ("failed", "sound_not_played", None)
    assert row["answered_at"] is not None
    assert await conn.fetchval("select count(*) from segment where tenant_id = $1", tenant_id) == 0
    assert await conn.fetchval("select sum(talk_s) from call_hour where tenant_id = $1", tenant_id) == 0
    await must_be_consistent(conn, tenant_id)


async def test_call_that_was_not_placed_leaves_the_status_of_the_earlier_call(
    conn: Connection, tenant_id: TenantId, due_contact: ContactId, terms: ClaimConditions
) -> None:
    now = await now_of(conn)
    await called(conn, terms, Outcome.BUSY, now)
    (call,) = (await claim.claim(conn, terms, 1)).calls
    assert await call_steps.end(conn, call, CANCELLED, now)
    assert tuple(await contact(conn, tenant_id, due_contact)) == (0, "busy", now)
    await must_be_consistent(conn, tenant_id)
    assert ids_of(await claim.claim(conn, terms, 1)) == [due_contact]


async def test_call_ends_once(conn: Connection, tenant_id: TenantId, claimed: Call) -> None:
    await reach(conn, claimed, CallState.RINGING)
    assert await call_steps.end(conn, claimed, BUSY, None)
    before = [await call_row(conn, claimed), await contact(conn, tenant_id, claimed.contact_id)]
    hours = await conn.fetch("select * from call_hour where tenant_id = $1", tenant_id)
    assert not await call_steps.end(conn, claimed, LOST, await now_of(conn))
    assert before == [await call_row(conn, claimed), await contact(conn, tenant_id, claimed.contact_id)]
    assert hours == await conn.fetch("select * from call_hour where tenant_id = $1", tenant_id)
    await must_be_consistent(conn, tenant_id)


@needs_session
async def test_one_of_two_concurrent_ends_counts(
    pool: Pool, conn: Connection, tenant_id: TenantId, claimed: Call
) -> None:
    async with pool.acquire() as first, pool.acquire() as second:
        transaction = first.transaction()
        await transaction.start()
        assert await call_steps.end(first, claimed, BUSY, None)
        later = asyncio.ensure_future(call_steps.end(second, claimed, LOST, await now_of(conn)))
        await until_blocked(conn, pid_of(second))
        await transaction.commit()
        assert not await later
    assert tuple(await contact(conn, tenant_id, claimed.contact_id))[:2] == (2, "busy")
    await must_be_consistent(conn, tenant_id)


async def test_end_that_is_rolled_back_changes_nothing(conn: Connection, tenant_id: TenantId, claimed: Call) -> None:
    transaction = conn.transaction()
    await transaction.start()
    assert await call_steps.end(conn, claimed, BUSY, None)
    await transaction.rollback()
    assert (await call_row(conn, claimed))["state"] == "claimed"
    await must_be_consistent(conn, tenant_id)


async def test_contact_that_is_never_due_again_is_not_claimed(
    conn: Connection, tenant_id: TenantId, terms: ClaimConditions, claimed: Call
) -> None:
    assert await call_steps.end(conn, claimed, CANCELLED, FOREVER)
    assert await claim.claim(conn, terms, 1) == Claims([])


async def test_calls_are_counted_by_the_hour_in_which_they_end(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, range(5))
    busy, cancelled, *talks = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 5)).calls
    assert await call_steps.end(conn, cancelled, CANCELLED, None)
    await reach(conn, busy, CallState.RINGING)
    assert await call_steps.end(conn, busy, BUSY, None)
    for talk in talks:
        await reach(conn, talk, CallState.DIALING)
        dialled_at = (await call_row(conn, talk))["dialled_at"]
        assert await call_steps.answered(conn, talk, dialled_at + timedelta(seconds=7), LEASE)
        assert await call_steps.connected(conn, talk, dialled_at - timedelta(seconds=100), AGENT)
        assert await call_steps.end(conn, talk, Ending(Outcome.ANSWERED), None)
    found = await conn.fetch(
        """select outcome, sum(calls)::integer, sum(placed)::integer, sum(answered)::integer, sum(ring_s), sum(talk_s)
           from call_hour where tenant_id = $1 and campaign_id = $2 and hour = date_trunc('hour', hour)
               and hour between now() - interval '2 hours' and now() group by outcome""",
        tenant_id, campaign_id)  # fmt: skip
    assert {row["outcome"]: tuple(row)[1:] for row in found} == {
        "busy": (1, 1, 0, 0, 0),
        "cancelled": (1, 0, 0, 0, 0),
        "answered": (3, 3, 3, pytest.approx(21), pytest.approx(300, abs=30)),
    }


async def test_times_are_not_negative_when_clocks_disagree(
    conn: Connection, tenant_id: TenantId, claimed: Call
) -> None:
    await reach(conn, claimed, CallState.DIALING)
    now = await now_of(conn)
    assert await call_steps.answered(conn, claimed, now - HOUR, LEASE)
    assert await call_steps.connected(conn, claimed, now + HOUR, None)
    assert await call_steps.end(conn, claimed, Ending(Outcome.ANSWERED), None)
    assert await conn.fetch("select ring_s, talk_s from call_hour where tenant_id = $1", tenant_id) == [(0, 0)]


async def test_history_has_the_calls_that_were_placed_and_have_ended(
    conn: Connection, due_contact: ContactId, terms: ClaimConditions
) -> None:
    dialled: list[datetime] = []
    now = await now_of(conn)
    for age, outcome in enumerate((Outcome.NO_ANSWER, Outcome.BUSY, Outcome.NO_ANSWER)):
        call = await called(conn, terms, outcome, now, HOUR * (3 - age))
        dialled.append((await call_row(conn, call))["dialled_at"])
    (cancelled,) = (await claim.claim(conn, terms, 1)).calls
    assert await call_steps.end(conn, cancelled, CANCELLED, now)
    (present,) = await placed(conn, terms)
    assert present.contact_id == due_contact
    assert await call_steps.history(conn, present) == EarlierCalls({Outcome.NO_ANSWER: 2, Outcome.BUSY: 1}, dialled)
    elsewhere = replace(present, tenant_id=await factories.tenant(conn))
    assert await call_steps.history(conn, elsewhere) is None
