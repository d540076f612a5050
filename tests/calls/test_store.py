"""The steps of a call and its one end, and the totals that go with them."""

import asyncio
import random
import uuid
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contacts.test_store import assert_uses
from tests.support import call_steps
from tests.support.call_scene import (
    LEASE,
    ZONE,
    attempts_of,
    backdate,
    called,
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
from tongdai.calls import claim, finish, store
from tongdai.calls.model import NOT_PLACED, TRANSITIONS, AttemptState, Claims, Ending, History, Outcome
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
    return (await claim.claim(conn, terms, 1)).attempts[0]


async def row_of(conn, attempt):
    (row,) = [row for row in await attempts_of(conn, attempt.tenant_id) if row["attempt_id"] == attempt.attempt_id]
    return row


# Dialling


async def test_attempt_is_dialled_once(conn, claimed):
    before = await now_of(conn)
    assert await store.dial(conn, [claimed], 2 * MINUTE) == {claimed.attempt_id: None}
    row = await row_of(conn, claimed)
    assert before < row["dialled_at"] < await now_of(conn)
    assert (row["state"], row["lease_until"] - row["dialled_at"]) == ("dialing", pytest.approx(2 * MINUTE, abs=MINUTE))
    assert await store.dial(conn, [claimed], LEASE) == {}
    assert await row_of(conn, claimed) == row


async def test_listing_that_ends_has_the_contact_wait_and_not_closed(conn, tenant_id, campaign_id, terms, claimed):
    expires_at = await now_of(conn) + HOUR
    await listed(conn, tenant_id, claimed.phone, None, expires_at)
    verdicts = await store.dial(conn, [claimed], LEASE)
    assert verdicts == {claimed.attempt_id: Outcome.CANCELLED}
    assert await call_steps.end(conn, claimed, Ending(Outcome.CANCELLED), await now_of(conn))
    assert await claim.claim(conn, terms, 1) == Claims([], rescheduled=1)
    assert await conn.fetchval("select due_at from contact where contact_id = $1", claimed.contact_id) == expires_at


async def test_number_that_was_listed_after_the_claim_is_not_dialled(conn, tenant_id, campaign_id, claimed):
    await listed(conn, tenant_id, number(1), await campaign_of(conn, tenant_id))
    await listed(conn, tenant_id, number(1), None, await now_of(conn))
    await listed(conn, tenant_id, number(1), None, await now_of(conn) + HOUR)
    await listed(conn, tenant_id, number(1), campaign_id)
    assert await store.dial(conn, [claimed], LEASE) == {claimed.attempt_id: Outcome.DNC}
    assert (await row_of(conn, claimed))["state"] == "claimed"


async def test_lists_of_others_and_entries_that_ended_do_not_hold_back_a_call(conn, tenant_id, claimed):
    await listed(conn, tenant_id, number(1), await campaign_of(conn, tenant_id))
    await listed(conn, tenant_id, number(1), None, await now_of(conn))
    await listed(conn, await factories.tenant(conn), number(1))
    assert await store.dial(conn, [claimed], LEASE) == {claimed.attempt_id: None}


@pytest.mark.parametrize("status", [1, 3, 4])
async def test_campaign_that_was_paused_or_stopped_after_the_claim_dials_nobody(conn, tenant_id, claimed, status):
    await conn.execute("update campaign set status = $2 where tenant_id = $1", tenant_id, status)
    assert await store.dial(conn, [claimed], LEASE) == {claimed.attempt_id: Outcome.CANCELLED}
    assert (await row_of(conn, claimed))["dialled_at"] is None


async def test_window_that_closed_after_the_claim_is_not_dialled_in(conn, tenant_id, claimed):
    await conn.execute("update attempt set dial_until = clock_timestamp() where tenant_id = $1", tenant_id)
    assert await store.dial(conn, [claimed], LEASE) == {claimed.attempt_id: Outcome.OUT_OF_WINDOW}


async def test_attempt_is_left_alone_when_its_lease_is_past_or_it_ended_or_is_not_there(conn, tenant_id, campaign_id):
    await people(conn, tenant_id, campaign_id, range(4))
    late, ended, foreign, good = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 4)).attempts
    await backdate(conn, late, LEASE + MINUTE)
    assert await call_steps.end(conn, ended, CANCELLED, await now_of(conn))
    others = [replace(foreign, tenant_id=await factories.tenant(conn)), replace(good, attempt_id=uuid.uuid4())]
    assert await store.dial(conn, [late, ended, *others, good], LEASE) == {good.attempt_id: None}
    assert [(await row_of(conn, a))["state"] for a in (late, ended, foreign)] == ["claimed", "ended", "claimed"]
    assert await store.dial(conn, [], LEASE) == {}


async def test_two_that_dial_the_same_attempts_at_once_dial_each_once(pool, conn, tenant_id, campaign_id):
    await people(conn, tenant_id, campaign_id, range(100))
    attempts = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 100)).attempts

    async def dial(mine):
        async with pool.acquire() as own:
            return await store.dial(own, mine, LEASE)

    async with asyncio.timeout(30):
        told = await asyncio.gather(*(dial(attempts[:: 1 - 2 * (i % 2)]) for i in range(6)))
    assert sorted(found for one in told for found in one) == sorted(attempt.attempt_id for attempt in attempts)


# Moves


async def reach(conn, attempt, state):
    """Bring a claimed attempt into a state."""
    now = await now_of(conn)
    if state is not AttemptState.CLAIMED and state is not AttemptState.ENDED:
        assert await store.dial(conn, [attempt], LEASE) == {attempt.attempt_id: None}
    if state is AttemptState.RINGING:
        assert await call_steps.rang(conn, attempt, now)
    if state is AttemptState.ANSWERED:
        assert await call_steps.answered(conn, attempt, now, LEASE)
    if state is AttemptState.ENDED:
        assert await call_steps.end(conn, attempt, CANCELLED, now)


async def move(conn, attempt, state):
    """Whether the attempt went over to it."""
    now = await now_of(conn)
    match state:
        case AttemptState.DIALING:
            return (await store.dial(conn, [attempt], LEASE)) == {attempt.attempt_id: None}
        case AttemptState.RINGING:
            return await call_steps.rang(conn, attempt, now)
        case AttemptState.ANSWERED:
            return await call_steps.answered(conn, attempt, now, LEASE)
        case AttemptState.ENDED:
            return await call_steps.end(conn, attempt, BUSY, None)


@pytest.mark.parametrize("before", AttemptState)
@pytest.mark.parametrize("after", [state for state in AttemptState if state is not AttemptState.CLAIMED])
async def test_attempt_goes_through_its_states_as_the_table_says(conn, claimed, before, after):
    await reach(conn, claimed, before)
    row = await row_of(conn, claimed)
    assert await move(conn, claimed, after) == (after in TRANSITIONS[before])
    changed = await row_of(conn, claimed)
    assert changed["state"] == (after if after in TRANSITIONS[before] else before)
    assert changed == row or after in TRANSITIONS[before]


async def test_what_is_told_of_a_call_is_kept(conn, claimed):
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
    told = [row[name] for name in ("ringing_at", "answered_at", "connected_at", "agent_id")]
    assert told == [now + MINUTE, now + 2 * MINUTE, now + 3 * MINUTE, 7]
    assert row["lease_until"] > now + HOUR
    (live,) = [one for one in await store.live(conn) if one.tenant_id == claimed.tenant_id]
    assert live == replace(
        claimed, state=AttemptState.ANSWERED, lease_until=row["lease_until"], agent_id=7, dialled_at=row["dialled_at"],
        ringing_at=now + MINUTE, answered_at=now + 2 * MINUTE, connected_at=now + 3 * MINUTE)  # fmt: skip


async def test_call_that_hears_the_audio_file_has_no_agent_and_a_previewed_one_keeps_its_own(
    conn, tenant_id, campaign_id
):
    ids = await people(conn, tenant_id, campaign_id, [1, 2])
    terms = terms_of(tenant_id, campaign_id)
    (previewed,) = (await claim.claim_contact(conn, terms, ids[1], 7)).attempts
    (plain,) = (await claim.claim(conn, terms, 5)).attempts
    for attempt in (previewed, plain):
        await reach(conn, attempt, AttemptState.ANSWERED)
        assert await call_steps.connected(conn, attempt, await now_of(conn), None)
    assert [(await row_of(conn, attempt))["agent_id"] for attempt in (previewed, plain)] == [7, None]


async def test_sign_of_life_begins_the_lease_anew_of_what_has_not_ended(pool, conn, tenant_id, campaign_id):
    await people(conn, tenant_id, campaign_id, range(4))
    ended, late, held, other = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 4)).attempts
    assert await call_steps.end(conn, ended, CANCELLED, None)
    for attempt in (ended, late, held):
        await backdate(conn, attempt, HOUR)
    mine = {attempt.attempt_id for attempt in (ended, late, held, other)}
    overdue = [one.attempt_id for one in await store.overdue(conn) if one.attempt_id in mine]
    assert sorted(overdue) == sorted([late.attempt_id, held.attempt_id])
    async with pool.acquire() as ending:
        transaction = ending.transaction()
        await transaction.start()
        assert await call_steps.end(ending, held, BUSY, None)
        async with asyncio.timeout(20):  # it does not wait for the end of that
            await store.extend(conn, [ended, late, held, other], LEASE)
        await transaction.commit()
    assert not [one for one in await store.overdue(conn) if one.attempt_id in mine]
    live = {one.attempt_id for one in await store.live(conn)} & mine
    assert live == {late.attempt_id, other.attempt_id}
    assert (await row_of(conn, ended))["lease_until"] < await now_of(conn) - MINUTE


async def test_ids_of_attempts_that_ended_are_known_whatever_the_tenant(conn, tenant_id, campaign_id, claimed):
    assert await store.ended(conn, [claimed.attempt_id, uuid.uuid4()]) == []
    assert await call_steps.end(conn, claimed, BUSY, None)
    assert await store.ended(conn, [uuid.uuid4(), claimed.attempt_id]) == [claimed.attempt_id]


# The end


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("again", [False, True])
async def test_contact_is_pending_again_or_processed(conn, tenant_id, campaign_id, terms, outcome, again):
    (attempt,) = (await claim.claim(conn, terms, 1)).attempts
    if outcome not in NOT_PLACED:
        await reach(conn, attempt, AttemptState.DIALING)
    again_at = await now_of(conn) + HOUR if again else None
    assert await call_steps.end(conn, attempt, Ending(outcome, 17, 486), again_at)
    row = await row_of(conn, attempt)
    assert (row["state"], row["outcome"], row["hangup_cause"], row["tech_cause"]) == ("ended", outcome, 17, 486)
    assert row["due_again_at"] == again_at
    status, call_status, due_at = await contact(conn, tenant_id, attempt.contact_id)
    if again:
        assert (status, call_status, due_at) == (0, None if outcome in NOT_PLACED else outcome, again_at)
    else:
        assert (status, call_status) == (2, outcome)
    await must_be_true(conn, tenant_id)


async def test_attempt_that_was_not_placed_leaves_the_status_of_the_earlier_call(conn, tenant_id, terms):
    now = await now_of(conn)
    await called(conn, terms, Outcome.BUSY, now)
    (attempt,) = (await claim.claim(conn, terms, 1)).attempts
    assert await call_steps.end(conn, attempt, CANCELLED, now)
    assert tuple(await contact(conn, tenant_id, attempt.contact_id)) == (0, "busy", now)
    await must_be_true(conn, tenant_id)
    assert ids_of(await claim.claim(conn, terms, 1)) == [attempt.contact_id]


async def test_attempt_ends_once(conn, tenant_id, campaign_id, claimed):
    await reach(conn, claimed, AttemptState.RINGING)
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
        await waits(conn, second.get_server_pid())
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
    busy, cancelled, *talks = (await claim.claim(conn, terms_of(tenant_id, campaign_id), 5)).attempts
    assert await call_steps.end(conn, cancelled, CANCELLED, None)
    await reach(conn, busy, AttemptState.RINGING)
    assert await call_steps.end(conn, busy, BUSY, None)
    for talk in talks:
        await reach(conn, talk, AttemptState.DIALING)
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
    await reach(conn, claimed, AttemptState.DIALING)
    now = await now_of(conn)
    assert await call_steps.answered(conn, claimed, now - HOUR, LEASE)
    assert await call_steps.connected(conn, claimed, now + HOUR, None)
    assert await call_steps.end(conn, claimed, Ending(Outcome.ANSWERED), None)
    assert tuple(await conn.fetchrow("select ring_s, talk_s from call_hour where tenant_id = $1", tenant_id)) == (0, 0)


# History


async def test_history_tells_the_calls_that_were_placed_and_have_ended(conn, tenant_id, terms):
    dialled = []
    now = await now_of(conn)
    for age, outcome in enumerate((Outcome.NO_ANSWER, Outcome.BUSY, Outcome.NO_ANSWER)):
        attempt = await called(conn, terms, outcome, now, HOUR * (3 - age))
        dialled.append((await row_of(conn, attempt))["dialled_at"])
    (cancelled,) = (await claim.claim(conn, terms, 1)).attempts
    assert await call_steps.end(conn, cancelled, CANCELLED, now)
    (present,) = await placed(conn, terms)
    assert await call_steps.history(conn, present) == History({Outcome.NO_ANSWER: 2, Outcome.BUSY: 1}, dialled)
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

    async def attempts(self):
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
        self.done["claimed"] += len(claims.attempts)
        self.done["closed"] += claims.closed
        self.done["put off"] += claims.rescheduled
        self.old += claims.attempts

    async def dial(self):
        for refusal in (await store.dial(self.conn, await self.attempts(), LEASE)).values():
            self.done[refusal or "dialled"] += 1

    async def rang(self):
        for attempt in await self.attempts():
            self.done["rang", await call_steps.rang(self.conn, attempt, await now_of(self.conn))] += 1

    async def answered(self):
        for attempt in await self.attempts():
            self.done["answered", await call_steps.answered(self.conn, attempt, await now_of(self.conn), LEASE)] += 1

    async def connected(self):
        for attempt in await self.attempts():
            await call_steps.connected(self.conn, attempt, await now_of(self.conn), 7)

    async def end(self):
        for attempt in await self.attempts():
            ending = Ending(self.rng.choice(list(Outcome)))
            again_at = self.rng.choice((None, await now_of(self.conn)))
            self.done["ended", await call_steps.end(self.conn, attempt, ending, again_at)] += 1

    async def listed(self):
        expires_at = self.rng.choice((None, await now_of(self.conn) + HOUR))
        if self.rng.random() < 0.2:
            await listed(self.conn, self.tenant_id, number(self.rng.randrange(30)), None, expires_at)


IN_CALL = """
select (
        select sum(contacts) from contact_counter where tenant_id = $1 and process_status = 1
    ) as in_call, count(*) as live, count(*) filter (where c.process_status = 0) as both
from attempt a left join contact c using (tenant_id, contact_id) where tenant_id = $1 and state <> 'ended'
"""
COUNTED_HOURS = """
select campaign_id, outcome, count(*) as calls, count(dialled_at) as placed, count(answered_at) as answered
from attempt where tenant_id = $1 and state = 'ended' group by 1, 2 order by 1, 2
"""
KEPT_HOURS = """
select campaign_id, outcome, sum(calls)::bigint as calls, sum(placed)::bigint as placed,
    sum(answered)::bigint as answered
from call_hour where tenant_id = $1 group by 1, 2 order by 1, 2
"""


async def test_kept_totals_equal_counted_ones_after_any_sequence_of_steps(conn):
    done = Counter()
    for seed in range(4):  # the ids, and with them the order, are the database's: not each has all that may happen
        done += await stepped(conn, await factories.tenant(conn), random.Random(seed))
    sometimes = ("claimed", "put off", "dialled", *((step, told) for step in ("rang", "answered", "ended")
                                                    for told in (True, False)))  # fmt: skip
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


async def test_steps_find_their_attempts_by_key(statistics):
    conn, tenant_id, _ = statistics
    attempt_id = await conn.fetchval("select attempt_id from attempt where tenant_id = $1 limit 1", tenant_id)
    ids = (f"{{{tenant_id}}}", f"{{{attempt_id}}}")
    step = (*ids, "{2026-01-01}", "{7}")
    end = (*ids, "{busy}", "{17}", "{486}", "{null}", "{cancelled}")
    for sql, args in [
        (store.DIAL, (*ids, "30 seconds")),
        (store.EXTEND, (*ids, "30 seconds")),
        (store.RANG, (*step, "{dialing}")),
        (store.ANSWERED, (*step, "{dialing}", "30 seconds")),
        (store.CONNECTED, step),
        (finish.PAST, ids),
        (finish.END, end),
        (store.ENDED, (f"{{{attempt_id}}}",)),
    ]:
        await assert_uses(conn, "attempt_pkey", "attempt", sql, *args)
    for sql, args in ((finish.END, end), (finish.PAST, ids)):
        await assert_uses(conn, "contact_pkey", "contact", sql, *args)
    await assert_uses(conn, "do_not_call_phone", "do_not_call", store.DIAL, *ids, "30 seconds")
    await assert_uses(conn, "attempt_contact", "attempt", finish.PAST, *ids)


@pytest.mark.parametrize("statistics", ["fresh"], indirect=True)
async def test_live_attempts_are_found_without_passing_by_those_that_ended(statistics):
    conn, _, _ = statistics
    await must_pass_by_the_ended(conn, store.LIVE)
    await must_pass_by_the_ended(conn, store.OVERDUE)
