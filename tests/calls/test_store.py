"""The steps of a call and its one end, and the totals that go with them."""

import asyncio
import random
import uuid
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support import call_steps
from tests.support.call_scene import (
    LEASE,
    ZONE,
    backdate,
    called,
    calls_of,
    campaign_of,
    contact,
    ids_of,
    listed,
    must_be_true,
    must_pass_by_the_ended,
    now_of,
    number,
    people,
    placed,
    terms_of,
    waits,
)
from tests.support.databases import pid_of
from tests.support.plans import assert_uses
from tongdai.calls import claim, finish, store
from tongdai.calls.model import (
    NOT_PLACED,
    TRANSITIONS,
    CallState,
    Claims,
    Detection,
    EarlierCalls,
    Ending,
    Outcome,
    Verdict,
)
from tongdai.campaigns.settings.windows import FOREVER
from tongdai.testing import factories

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BUSY, CANCELLED, LOST = Ending(Outcome.BUSY, 17, 486), Ending(Outcome.CANCELLED), Ending(Outcome.LOST)


@pytest.fixture
async def terms(conn, tenant_id, campaign_id):
    """Of a campaign of one, who is due."""
    await people(conn, tenant_id, campaign_id, [1])
    return terms_of(tenant_id, campaign_id)


@pytest.fixture
async def claimed(conn, terms):
    return (await claim.claim(conn, terms, 1)).calls[0]


async def row_of(conn, call):
    (row,) = [row for row in await calls_of(conn, call.tenant_id) if row["call_id"] == call.call_id]
    return row


# Dialling


async def test_call_is_dialled_once(conn, claimed):
    before = await now_of(conn)
    assert await store.dial(conn, [claimed], 2 * MINUTE) == {claimed.call_id: None}
    row = await row_of(conn, claimed)
    assert before < row["dialled_at"] < await now_of(conn)
    assert (row["state"], row["lease_until"] - row["dialled_at"]) == ("dialing", pytest.approx(2 * MINUTE, abs=MINUTE))
    assert await store.dial(conn, [claimed], LEASE) == {}
    assert await row_of(conn, claimed) == row


async def test_listing_that_ends_has_the_contact_wait_and_not_closed(conn, tenant_id, campaign_id, terms, claimed):
    expires_at = await now_of(conn) + HOUR
    await listed(conn, tenant_id, claimed.phone, None, expires_at)
    verdicts = await store.dial(conn, [claimed], LEASE)
    assert verdicts == {claimed.call_id: Outcome.CANCELLED}
    assert await call_steps.end(conn, claimed, Ending(Outcome.CANCELLED), await now_of(conn))
    assert await claim.claim(conn, terms, 1) == Claims([], rescheduled=1)
    assert await conn.fetchval("select due_at from contact_due where contact_id = $1", claimed.contact_id) == expires_at


async def test_number_that_was_listed_after_the_claim_is_not_dialled(conn, tenant_id, campaign_id, claimed):
    await listed(conn, tenant_id, number(1), await campaign_of(conn, tenant_id))
    await listed(conn, tenant_id, number(1), None, await now_of(conn))
    await listed(conn, tenant_id, number(1), None, await now_of(conn) + HOUR)
    await listed(conn, tenant_id, number(1), campaign_id)
    assert await store.dial(conn, [claimed], LEASE) == {claimed.call_id: Outcome.DNC}
    assert (await row_of(conn, claimed))["state"] == "claimed"


async def test_lists_of_others_and_entries_that_ended_do_not_hold_back_a_call(conn, tenant_id, claimed):
    await listed(conn, tenant_id, number(1), await campaign_of(conn, tenant_id))
    await listed(conn, tenant_id, number(1), None, await now_of(conn))
    await listed(conn, await factories.tenant(conn), number(1))
    assert await store.dial(conn, [claimed], LEASE) == {claimed.call_id: None}


@pytest.mark.parametrize("status", [1, 3, 4])
async def test_campaign_that_was_paused_or_stopped_after_the_claim_dials_nobody(conn, tenant_id, claimed, status):
    await conn.execute("update campaign set status = $2 where tenant_id = $1", tenant_id, status)
    assert await store.dial(conn, [claimed], LEASE) == {claimed.call_id: Outcome.CANCELLED}
    assert (await row_of(conn, claimed))["dialled_at"] is None


async def test_window_that_closed_after_the_claim_is_not_dialled_in(conn, tenant_id, claimed):
    await conn.execute("update call set dial_until = clock_timestamp() where tenant_id = $1", tenant_id)
    assert await store.dial(conn, [claimed], LEASE) == {claimed.call_id: Outcome.OUT_OF_WINDOW}


async def test_call_is_left_alone_when_its_lease_is_past_or_it_ended_or_is_not_there(conn, tenant_id, campaign_id):
    await people(conn, tenant_id, campaign_id, range(4))
    late, ended, foreign, good = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 4)).calls
    await backdate(conn, late, LEASE + MINUTE)
    assert await call_steps.end(conn, ended, CANCELLED, await now_of(conn))
    theirs = replace(foreign, tenant_id=await factories.tenant(conn))
    assert await store.dial(conn, [theirs], LEASE) == {}
    unknown = replace(good, call_id=uuid.uuid4())
    assert await store.dial(conn, [late, ended, unknown, good], LEASE) == {good.call_id: None}
    assert [(await row_of(conn, a))["state"] for a in (late, ended, foreign)] == ["claimed", "ended", "claimed"]
    assert await store.dial(conn, [], LEASE) == {}


async def test_two_that_dial_the_same_calls_at_once_dial_each_once(pool, conn, tenant_id, campaign_id):
    await people(conn, tenant_id, campaign_id, range(100))
    calls = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 100)).calls

    async def dial(mine):
        async with pool.acquire() as own:
            return await store.dial(own, mine, LEASE)

    async with asyncio.timeout(30):
        reported = await asyncio.gather(*(dial(calls[:: 1 - 2 * (i % 2)]) for i in range(6)))
    assert sorted(found for one in reported for found in one) == sorted(call.call_id for call in calls)


# Moves


async def reach(conn, call, state):
    """Bring a claimed call into a state."""
    now = await now_of(conn)
    if state is not CallState.CLAIMED and state is not CallState.ENDED:
        assert await store.dial(conn, [call], LEASE) == {call.call_id: None}
    if state is CallState.RINGING:
        assert await call_steps.rang(conn, call, now)
    if state is CallState.ANSWERED:
        assert await call_steps.answered(conn, call, now, LEASE)
    if state is CallState.ENDED:
        assert await call_steps.end(conn, call, CANCELLED, now)


async def move(conn, call, state):
    """Whether the call went over to it."""
    now = await now_of(conn)
    match state:
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
async def test_call_goes_through_its_states_as_the_table_says(conn, claimed, before, after):
    await reach(conn, claimed, before)
    row = await row_of(conn, claimed)
    assert await move(conn, claimed, after) == (after in TRANSITIONS[before])
    changed = await row_of(conn, claimed)
    assert changed["state"] == (after if after in TRANSITIONS[before] else before)
    assert changed == row or after in TRANSITIONS[before]


async def test_what_is_reported_of_a_call_is_kept(conn, claimed):
    now = await now_of(conn)
    assert await store.dial(conn, [claimed], LEASE)
    assert not await call_steps.connected(conn, claimed, now, None)
    assert await call_steps.rang(conn, claimed, now + MINUTE)
    assert not await call_steps.rang(conn, claimed, now)
    assert await call_steps.answered(conn, claimed, now + 2 * MINUTE, HOUR)
    assert not await call_steps.answered(conn, claimed, now, LEASE)
    assert await call_steps.connected(conn, claimed, now + 3 * MINUTE, 7)
    assert not await call_steps.connected(conn, claimed, now, 8)
    row = await row_of(conn, claimed)
    reported = [row[name] for name in ("ringing_at", "answered_at", "connected_at", "agent_id")]
    assert reported == [now + MINUTE, now + 2 * MINUTE, now + 3 * MINUTE, 7]
    assert row["lease_until"] > now + HOUR
    (live,) = [one for one in await store.live(conn) if one.tenant_id == claimed.tenant_id]
    assert live == replace(
        claimed, state=CallState.ANSWERED, lease_until=row["lease_until"], agent_id=7, dialled_at=row["dialled_at"],
        ringing_at=now + MINUTE, answered_at=now + 2 * MINUTE, connected_at=now + 3 * MINUTE)  # fmt: skip


async def test_call_that_hears_the_audio_file_has_no_agent_and_a_previewed_one_keeps_its_own(
    conn, tenant_id, campaign_id
):
    ids = await people(conn, tenant_id, campaign_id, [1, 2])
    terms = terms_of(tenant_id, campaign_id)
    (previewed,) = (await claim.claim_contact(conn, terms, ids[1], 7)).calls
    (plain,) = (await claim.claim(conn, terms, 5)).calls
    for call in (previewed, plain):
        await reach(conn, call, CallState.ANSWERED)
        assert await call_steps.connected(conn, call, await now_of(conn), None)
    assert [(await row_of(conn, call))["agent_id"] for call in (previewed, plain)] == [7, None]


async def test_sign_of_life_begins_the_lease_anew_of_what_has_not_ended(pool, conn, tenant_id, campaign_id):
    await people(conn, tenant_id, campaign_id, range(4))
    ended, late, held, other = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 4)).calls
    assert await call_steps.end(conn, ended, CANCELLED, None)
    for call in (ended, late, held):
        await backdate(conn, call, HOUR)
    mine = {call.call_id for call in (ended, late, held, other)}
    overdue = [one.call_id for one in await store.overdue(conn) if one.call_id in mine]
    assert sorted(overdue) == sorted([late.call_id, held.call_id])
    async with pool.acquire() as ending:
        transaction = ending.transaction()
        await transaction.start()
        assert await call_steps.end(ending, held, BUSY, None)
        async with asyncio.timeout(20):  # it does not wait for the end of that
            await store.extend(conn, [ended, late, held, other], LEASE)
        await transaction.commit()
    assert not [one for one in await store.overdue(conn) if one.call_id in mine]
    live = {one.call_id for one in await store.live(conn)} & mine
    assert live == {late.call_id, other.call_id}
    assert (await row_of(conn, ended))["lease_until"] < await now_of(conn) - MINUTE


async def test_ids_of_calls_that_ended_are_known_whatever_the_tenant(conn, tenant_id, campaign_id, claimed):
    assert await store.ended(conn, [claimed.call_id, uuid.uuid4()]) == []
    assert await call_steps.end(conn, claimed, BUSY, None)
    assert await store.ended(conn, [uuid.uuid4(), claimed.call_id]) == [claimed.call_id]


# The end


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("again", [False, True])
async def test_contact_is_pending_again_or_processed(conn, tenant_id, campaign_id, terms, outcome, again):
    (call,) = (await claim.claim(conn, terms, 1)).calls
    if outcome not in NOT_PLACED:
        await reach(conn, call, CallState.DIALING)
    again_at = await now_of(conn) + HOUR if again else None
    assert await call_steps.end(conn, call, Ending(outcome, 17, 486), again_at)
    row = await row_of(conn, call)
    assert (row["state"], row["outcome"], row["hangup_cause"], row["sip_status"]) == ("ended", outcome, 17, 486)
    assert row["due_again_at"] == again_at
    status, call_status, due_at = await contact(conn, tenant_id, call.contact_id)
    if again:
        assert (status, call_status, due_at) == (0, None if outcome in NOT_PLACED else outcome, again_at)
    else:
        assert (status, call_status) == (2, outcome)
    await must_be_true(conn, tenant_id)


@pytest.mark.parametrize(
    ("detection", "kept"),
    [
        (Detection(Verdict.MACHINE, "LONGGREETING-1200-1200", 1482), ("machine", "LONGGREETING-1200-1200", 1482)),
        (None, (None, None, None)),
    ],
)
async def test_call_keeps_what_the_detection_of_machines_decided(conn, terms, detection, kept):
    (call,) = (await claim.claim(conn, terms, 1)).calls
    await reach(conn, call, CallState.ANSWERED)
    assert await call_steps.end(conn, call, Ending(Outcome.MACHINE, 16, None, detection), None)
    row = await row_of(conn, call)
    assert (row["amd_verdict"], row["amd_cause"], row["amd_ms"]) == kept


async def test_call_that_was_not_placed_leaves_the_status_of_the_earlier_call(conn, tenant_id, terms):
    now = await now_of(conn)
    await called(conn, terms, Outcome.BUSY, now)
    (call,) = (await claim.claim(conn, terms, 1)).calls
    assert await call_steps.end(conn, call, CANCELLED, now)
    assert tuple(await contact(conn, tenant_id, call.contact_id)) == (0, "busy", now)
    await must_be_true(conn, tenant_id)
    assert ids_of(await claim.claim(conn, terms, 1)) == [call.contact_id]


async def test_call_ends_once(conn, tenant_id, campaign_id, claimed):
    await reach(conn, claimed, CallState.RINGING)
    assert await call_steps.end(conn, claimed, BUSY, None)
    before = [await row_of(conn, claimed), await contact(conn, tenant_id, claimed.contact_id)]
    hours = await conn.fetch("select * from call_hour where tenant_id = $1", tenant_id)
    assert not await call_steps.end(conn, claimed, LOST, await now_of(conn))
    assert before == [await row_of(conn, claimed), await contact(conn, tenant_id, claimed.contact_id)]
    assert hours == await conn.fetch("select * from call_hour where tenant_id = $1", tenant_id)
    await must_be_true(conn, tenant_id)


async def test_of_two_ends_at_once_one_counts(pool, conn, tenant_id, claimed):
    async with pool.acquire() as first, pool.acquire() as second:
        transaction = first.transaction()
        await transaction.start()
        assert await call_steps.end(first, claimed, BUSY, None)
        later = asyncio.ensure_future(call_steps.end(second, claimed, LOST, await now_of(conn)))
        await waits(conn, pid_of(second))
        await transaction.commit()
        assert not await later
    assert tuple(await contact(conn, tenant_id, claimed.contact_id))[:2] == (2, "busy")
    await must_be_true(conn, tenant_id)


async def test_end_that_is_rolled_back_has_not_been(conn, tenant_id, claimed):
    transaction = conn.transaction()
    await transaction.start()
    assert await call_steps.end(conn, claimed, BUSY, None)
    await transaction.rollback()
    assert (await row_of(conn, claimed))["state"] == "claimed"
    await must_be_true(conn, tenant_id)


async def test_call_that_is_never_due_again_stays_pending_unclaimed(conn, tenant_id, terms, claimed):
    assert await call_steps.end(conn, claimed, CANCELLED, FOREVER)
    assert await claim.claim(conn, terms, 1) == Claims([])


async def test_calls_are_counted_by_the_hour_in_which_they_end(conn, tenant_id, campaign_id):
    await people(conn, tenant_id, campaign_id, range(5))
    busy, cancelled, *talks = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 5)).calls
    assert await call_steps.end(conn, cancelled, CANCELLED, None)
    await reach(conn, busy, CallState.RINGING)
    assert await call_steps.end(conn, busy, BUSY, None)
    for talk in talks:
        await reach(conn, talk, CallState.DIALING)
        dialled_at = (await row_of(conn, talk))["dialled_at"]
        assert await call_steps.answered(conn, talk, dialled_at + timedelta(seconds=7), LEASE)
        assert await call_steps.connected(conn, talk, dialled_at - timedelta(seconds=100), 7)
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


async def test_clocks_that_disagree_make_no_negative_times(conn, tenant_id, claimed):
    await reach(conn, claimed, CallState.DIALING)
    now = await now_of(conn)
    assert await call_steps.answered(conn, claimed, now - HOUR, LEASE)
    assert await call_steps.connected(conn, claimed, now + HOUR, None)
    assert await call_steps.end(conn, claimed, Ending(Outcome.ANSWERED), None)
    assert tuple(await conn.fetchrow("select ring_s, talk_s from call_hour where tenant_id = $1", tenant_id)) == (0, 0)


# EarlierCalls


async def test_history_tells_the_calls_that_were_placed_and_have_ended(conn, tenant_id, terms):
    dialled = []
    now = await now_of(conn)
    for age, outcome in enumerate((Outcome.NO_ANSWER, Outcome.BUSY, Outcome.NO_ANSWER)):
        call = await called(conn, terms, outcome, now, HOUR * (3 - age))
        dialled.append((await row_of(conn, call))["dialled_at"])
    (cancelled,) = (await claim.claim(conn, terms, 1)).calls
    assert await call_steps.end(conn, cancelled, CANCELLED, now)
    (present,) = await placed(conn, terms)
    assert await call_steps.history(conn, present) == EarlierCalls({Outcome.NO_ANSWER: 2, Outcome.BUSY: 1}, dialled)
    elsewhere = replace(present, tenant_id=await factories.tenant(conn))
    assert await call_steps.history(conn, elsewhere) is None


# Totals after anything


class Calls:
    """Random steps of the calls of two campaigns that share numbers."""

    def __init__(self, conn, tenant_id, campaign_ids, rng):
        self.conn, self.tenant_id, self.campaign_ids, self.rng = conn, tenant_id, campaign_ids, rng
        self.done, self.old = Counter(), []

    async def step(self):
        kind = self.rng.choice(("claim", "dial", "dial", "rang", "answered", "connected", "end", "end", "listed"))
        await getattr(self, kind)()

    async def calls(self):
        """Live and ended ones: whatever comes late."""
        live = [one for one in await store.live(self.conn) if one.tenant_id == self.tenant_id]
        return self.rng.sample(live, min(len(live), self.rng.randrange(5))) + self.rng.sample(
            self.old, min(2, len(self.old))
        )

    old = ()

    async def claim(self):
        terms = terms_of(self.tenant_id, self.rng.choice(self.campaign_ids), "", ZONE)
        limit = self.rng.randrange(12)
        claims = await claim.claim(self.conn, terms, limit)
        assert claims.examined <= limit
        self.done["claimed"] += len(claims.calls)
        self.done["closed"] += claims.closed
        self.done["rescheduled"] += claims.rescheduled
        self.old += claims.calls

    async def dial(self):
        for refusal in (await store.dial(self.conn, await self.calls(), LEASE)).values():
            self.done[refusal or "dialled"] += 1

    async def rang(self):
        for call in await self.calls():
            self.done["rang", await call_steps.rang(self.conn, call, await now_of(self.conn))] += 1

    async def answered(self):
        for call in await self.calls():
            self.done["answered", await call_steps.answered(self.conn, call, await now_of(self.conn), LEASE)] += 1

    async def connected(self):
        for call in await self.calls():
            await call_steps.connected(self.conn, call, await now_of(self.conn), 7)

    async def end(self):
        for call in await self.calls():
            ending = Ending(self.rng.choice(list(Outcome)))
            again_at = self.rng.choice((None, await now_of(self.conn)))
            self.done["ended", await call_steps.end(self.conn, call, ending, again_at)] += 1

    async def listed(self):
        expires_at = self.rng.choice((None, await now_of(self.conn) + HOUR))
        if self.rng.random() < 0.2:
            await listed(self.conn, self.tenant_id, number(self.rng.randrange(30)), None, expires_at)


IN_CALL = """
select (
        select sum(contacts) from contact_counter where tenant_id = $1 and process_status = 1
    ) as in_call, count(*) as live, count(*) filter (where c.process_status = 0) as both
from call a left join contact c using (tenant_id, contact_id) where tenant_id = $1 and state <> 'ended'
"""
COUNTED_HOURS = """
select campaign_id, outcome, count(*) as calls, count(dialled_at) as placed, count(answered_at) as answered
from call where tenant_id = $1 and state = 'ended' group by 1, 2 order by 1, 2
"""
KEPT_HOURS = """
select campaign_id, outcome, sum(calls)::bigint as calls, sum(placed)::bigint as placed,
    sum(answered)::bigint as answered
from call_hour where tenant_id = $1 group by 1, 2 order by 1, 2
"""


@pytest.mark.slow
async def test_kept_totals_equal_counted_ones_after_any_sequence_of_steps(conn):
    done = Counter()
    for seed in range(4):  # the ids, and with them the order, are the database's: not each has all that may happen
        done += await stepped(conn, await factories.tenant(conn), random.Random(seed))
    sometimes = ("claimed", "rescheduled", "dialled", *((step, reported) for step in ("rang", "answered", "ended")
                                                    for reported in (True, False)))  # fmt: skip
    assert all(done[what] for what in sometimes), done


async def stepped(conn, tenant_id, rng):
    """What happened in a tenant's calls, whose totals are held against what is counted on the way."""
    campaign_ids = [await campaign_of(conn, tenant_id) for _ in range(2)]
    for i, campaign_id in enumerate(campaign_ids):
        await people(conn, tenant_id, campaign_id, range(30), ("", ZONE)[i])
    calls = Calls(conn, tenant_id, campaign_ids, rng)
    for _ in range(6):
        for _ in range(25):
            await calls.step()
        await must_be_true(conn, tenant_id)
        in_call, live, both = await conn.fetchrow(IN_CALL, tenant_id)
        assert in_call == live == both
        assert await conn.fetch(KEPT_HOURS, tenant_id) == await conn.fetch(COUNTED_HOURS, tenant_id)
    return calls.done


# Plans


async def test_steps_find_their_calls_by_key(statistics):
    conn, tenant_id, _ = statistics
    call_id = await conn.fetchval("select call_id from live_call where tenant_id = $1 limit 1", tenant_id)
    ids = (tenant_id, f"{{{call_id}}}")
    step = (*ids, "{2026-01-01}", "{7}")
    end = (*ids, "{busy}", "{17}", "{486}", "{null}", "{cancelled}", "{null}", "{null}", "{null}")
    for statement, args in [
        (store.DIAL, (*ids, "30 seconds")),
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
    await assert_uses(conn, "do_not_call_phone", "do_not_call", store.DIAL, *ids, "30 seconds")
    await assert_uses(conn, "call_contact", "call", finish.RETRY_CONTEXTS, *ids)


@pytest.mark.parametrize("statistics", ["fresh"], indirect=True)
async def test_live_calls_are_found_without_passing_by_those_that_ended(statistics):
    conn, _, _ = statistics
    await must_pass_by_the_ended(conn, store.LIVE, 1)
    await must_pass_by_the_ended(conn, store.OVERDUE, 1)
