"""The inputs of pacing: the active calls, and what became of recent ones."""

from datetime import timedelta

import pytest

from tests.support import call_steps
from tests.support.call_scene import (
    LEASE,
    backdate,
    campaign_of,
    must_pass_by_the_ended,
    now_of,
    people,
    placed,
    terms_of,
)
from tests.support.plans import assert_uses, plans
from tongdai.calls import claim, store
from tongdai.calls.live import pacing_inputs
from tongdai.calls.live.pacing_inputs import LiveAnswers, Load, Recent
from tongdai.calls.model import Ending, Outcome

RING_TIMEOUT_S = 30


def seconds(count):
    return timedelta(seconds=count)


async def queue_of(conn, tenant_id):
    return await conn.fetchval(
        "insert into inbound_queue (tenant_id, name) values ($1, 'A') returning queue_id", tenant_id
    )


async def agent(conn, tenant_id, queue_id, state, call_id=None, **columns):
    names = "".join(f", {name}" for name in columns)
    values = "".join(f", ${place}" for place in range(5, 5 + len(columns)))
    return await conn.fetchval(
        f"""insert into agent (tenant_id, name, endpoint, queue_id, state, call_id, channel_id{names})
            values ($1, 'A', gen_random_uuid()::text, $2, $3, $4,
                case when $3 <> 'offline' then gen_random_uuid() end{values}) returning agent_id""",
        tenant_id, queue_id, state, call_id, *columns.values())  # fmt: skip


WANTS = "update campaign set mode = $3, queue_id = $4 where tenant_id = $1 and campaign_id = $2"


async def test_nothing_is_up_where_nobody_calls(conn, tenant_id, campaign_id):
    load = await pacing_inputs.load(conn, tenant_id, campaign_id, None)
    assert load == Load(load.now)
    assert await pacing_inputs.recent(conn, tenant_id, campaign_id, RING_TIMEOUT_S) == Recent()


async def test_load_tells_calls_that_want_agents_of_the_queue_and_these_agents(conn, tenant_id, campaign_id):
    queue_id, other_queue = await queue_of(conn, tenant_id), await queue_of(conn, tenant_id)
    sharing, elsewhere, plain = [await campaign_of(conn, tenant_id) for _ in range(3)]
    for place, mode, queue in [
        (campaign_id, "predictive", queue_id), (sharing, "progressive", queue_id),
        (elsewhere, "predictive", other_queue), (plain, "agentless", queue_id)]:  # fmt: skip
        await conn.execute(WANTS, tenant_id, place, mode, queue)
    await people(conn, tenant_id, campaign_id, range(6))
    for n, place in enumerate((sharing, elsewhere, plain), 10):
        await people(conn, tenant_id, place, [n])
        await placed(conn, terms_of(tenant_id, place))
    terms = terms_of(tenant_id, campaign_id)
    rings, waits, talks, found, over = await placed(conn, terms, 5)
    for call in (waits, talks, found):
        assert await call_steps.answered(conn, call, await now_of(conn), LEASE)
    assert await call_steps.connected(conn, talks, await now_of(conn), 7)
    assert await call_steps.end(conn, over, Ending(Outcome.BUSY), None)
    (claimed,) = (await claim.claim(conn, terms, 1)).calls
    now = await now_of(conn)
    for state, columns in [
        ("idle", {}), ("idle", {}), ("calling", {}), ("offline", {}),
        ("reserved", {"call_id": found.call_id}),
        ("talking", {"call_id": talks.call_id, "state_since": now - seconds(5), "wrap_up_s": 40}),
        ("talking", {"call_id": talks.call_id, "sign_out_pending": True}),
        ("wrap_up", {"state_since": now - seconds(3)})]:  # fmt: skip
        await agent(conn, tenant_id, queue_id, state, **columns)
    await agent(conn, tenant_id, other_queue, "idle")
    load = await pacing_inputs.load(conn, tenant_id, campaign_id, queue_id)
    live = {one.call_id: one for one in await store.live(conn) if one.tenant_id == tenant_id}
    shared = [one for one in live.values() if one.campaign_id == sharing]
    ringing = sorted([live[rings.call_id].dialled_at, claimed.opened_at, shared[0].dialled_at])
    assert sorted(load.ringing_since) == ringing
    assert (load.active_calls, load.waiting, load.agents_free) == (5, 1, 2)
    assert (load.talking_since, load.wrap_up_since) == ((now - seconds(5),), (now - seconds(3),))
    assert load.wrap_up_s == pytest.approx((6 * 10 + 40) / 7)
    nobodys = await pacing_inputs.load(conn, tenant_id, campaign_id, None)
    assert nobodys == Load(nobodys.now, active_calls=5)


async def test_previewed_call_wants_no_other_agent(conn, tenant_id, campaign_id):
    queue_id = await queue_of(conn, tenant_id)
    await conn.execute(WANTS, tenant_id, campaign_id, "preview", queue_id)
    ids = await people(conn, tenant_id, campaign_id, [1])
    await claim.claim_contact(conn, terms_of(tenant_id, campaign_id), ids[0], 7)
    load = await pacing_inputs.load(conn, tenant_id, campaign_id, queue_id)
    assert (load.active_calls, load.ringing_since, load.waiting) == (1, (), 0)


async def test_recent_calls_tell_how_long_they_rang_and_what_share_was_abandoned(conn, tenant_id, campaign_id):
    await people(conn, tenant_id, campaign_id, range(9))
    terms = terms_of(tenant_id, campaign_id)

    async def past_call(outcome, rang_s, age_s, ends=True):
        (call,) = await placed(conn, terms)
        dialled_at = await conn.fetchval(
            "select dialled_at from call where tenant_id = $1 and call_id = $2", tenant_id, call.call_id
        )
        if outcome in {Outcome.ANSWERED, Outcome.ABANDONED, Outcome.MACHINE}:
            assert await call_steps.answered(conn, call, dialled_at + seconds(rang_s), LEASE)
            if outcome is Outcome.ANSWERED:
                assert await call_steps.connected(conn, call, dialled_at - seconds(60), 7)
        if ends:
            assert await call_steps.end(conn, call, Ending(outcome), None)
            await conn.execute(
                "update call set ended_at = dialled_at + $3::interval where tenant_id = $1 and call_id = $2",
                tenant_id, call.call_id, seconds(rang_s))  # fmt: skip
        await backdate(conn, call, seconds(age_s))

    await past_call(Outcome.ANSWERED, 4.9, 100)
    await past_call(Outcome.ANSWERED, 4, 100, ends=False)
    await past_call(Outcome.ABANDONED, 6, 100)
    await past_call(Outcome.MACHINE, 2, 100)
    await past_call(Outcome.NO_ANSWER, 30.2, 100)
    await past_call(Outcome.LOST, 9, 100)
    await past_call(Outcome.ANSWERED, 3, 10)
    await past_call(Outcome.BUSY, 3, 3700)
    recent = await pacing_inputs.recent(conn, tenant_id, campaign_id, RING_TIMEOUT_S)
    assert recent.answered_after == (0, 0, 0, 0, 2, 0, 1)
    assert recent.unanswered_after == (0, 0, 1, *(0,) * 27, 1)
    assert recent.last_24_h == recent.last_30_days == LiveAnswers(answered=3, abandoned=1)
    assert recent.talk_mean_s == pytest.approx(60, abs=15)
    await conn.execute("update call_hour set hour = hour - interval '26 hours' where tenant_id = $1", tenant_id)
    recent = await pacing_inputs.recent(conn, tenant_id, campaign_id, RING_TIMEOUT_S)
    assert (recent.last_24_h, recent.last_30_days) == (LiveAnswers(), LiveAnswers(answered=3, abandoned=1))
    assert recent.talk_mean_s == 0
    await conn.execute("update call_hour set hour = hour - interval '31 days' where tenant_id = $1", tenant_id)
    recent = await pacing_inputs.recent(conn, tenant_id, campaign_id, RING_TIMEOUT_S)
    assert recent.last_30_days == LiveAnswers()


async def test_load_reads_the_calls_that_are_up_once_whatever_the_statistics(statistics):
    conn, tenant_id, campaign_id = statistics
    await must_pass_by_the_ended(conn, pacing_inputs.LOAD, tenant_id, campaign_id, 5)
    for mode, found in await plans(conn, pacing_inputs.LOAD, tenant_id, campaign_id, 5):
        assert [node["Relation Name"] for node in found if "Relation Name" in node].count("live_call") == 1, (
            mode,
            found,
        )
        held = [node["Filter"] for node in found if node.get("CTE Name") == "up" and "agent_id" in node["Filter"]]
        assert len(held) == 1, (mode, found)
        assert "hashed SubPlan" in held[0], (mode, found)


@pytest.mark.parametrize("statistics", ["fresh"], indirect=True)
async def test_figures_read_recent_calls_alone(statistics):
    conn, tenant_id, campaign_id = statistics
    await assert_uses(conn, "call_campaign", "call", pacing_inputs.RINGS, tenant_id, campaign_id, 30)
