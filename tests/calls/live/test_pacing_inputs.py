"""The inputs of pacing: active calls, agents, and the outcomes of recent calls."""

from datetime import timedelta
from typing import Any

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
    placed,
    running_campaign,
    terms_of,
)
from tests.support.calls import configure, join_queue, new_agent, new_queue
from tests.support.plans import assert_uses, plans
from tongdai.call_outcome import Outcome
from tongdai.calls import claim, store
from tongdai.calls.live import pacing_inputs
from tongdai.calls.live.pacing_inputs import Load, Recent
from tongdai.calls.model import Ending, LiveAnswers
from tongdai.campaigns.settings.model import CallSettings
from tongdai.db.pool import Connection
from tongdai.dialer.originator import snapshot_of
from tongdai.ids import AgentId, CampaignId, TenantId

RING_TIMEOUT_S = 30
AGENT = AgentId(7)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


async def test_load_of_a_campaign_without_calls_is_empty(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    load = await pacing_inputs.load(conn, tenant_id, campaign_id, None)
    assert load == Load(load.now)
    assert await pacing_inputs.recent(conn, tenant_id, campaign_id, RING_TIMEOUT_S) == Recent()


async def test_load_has_the_calls_that_need_agents_of_the_queue_and_these_agents(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    queue_id, other_queue = await new_queue(conn, tenant_id), await new_queue(conn, tenant_id)
    sharing, elsewhere, plain = [await running_campaign(conn, tenant_id) for _ in range(3)]
    for place, mode, queue in [
        (campaign_id, "predictive", queue_id), (sharing, "progressive", queue_id),
        (elsewhere, "predictive", other_queue), (plain, "agentless", queue_id)]:  # fmt: skip
        await configure(conn, tenant_id, place, mode=mode, queue_id=queue)
    await due_contacts(conn, tenant_id, campaign_id, range(6))
    for n, place in enumerate((sharing, elsewhere, plain), 10):
        await due_contacts(conn, tenant_id, place, [n])
        await placed(conn, terms_of(tenant_id, place))
    terms = terms_of(tenant_id, campaign_id)
    rings, waits, talks, found, over = await placed(conn, terms, 5)
    for call in (waits, talks, found):
        assert await call_steps.answered(conn, call, await now_of(conn), LEASE)
    assert await call_steps.connected(conn, talks, await now_of(conn), AGENT)
    assert await call_steps.end(conn, over, Ending(Outcome.BUSY), None)
    (claimed,) = (await claim.claim(conn, terms, 1)).calls
    now = await now_of(conn)
    agents: list[tuple[str, dict[str, Any]]] = [
        ("idle", {}), ("idle", {}), ("calling", {}), ("offline", {}),
        ("reserved", {"call_id": found.call_id}),
        ("talking", {"call_id": talks.call_id, "state_since": now - seconds(5), "wrap_up_s": 40}),
        ("talking", {"call_id": talks.call_id, "next_state": "offline"}),
        ("wrap_up", {"state_since": now - seconds(3)})]  # fmt: skip
    for state, columns in agents:
        await new_agent(conn, tenant_id, queue_id, state, **columns)
    await new_agent(conn, tenant_id, other_queue, "idle")
    load = await pacing_inputs.load(conn, tenant_id, campaign_id, queue_id)
    live = {call.call_id: call for call in await store.active(conn) if call.tenant_id == tenant_id}
    (shared,) = (call for call in live.values() if call.campaign_id == sharing)
    assert set(load.ringing_since) == {live[rings.call_id].dialled_at, claimed.opened_at, shared.dialled_at}
    assert len(load.ringing_since) == 3
    assert (load.active_calls, load.waiting, load.agents_free) == (5, 1, 2)
    assert (load.talking_since, load.wrap_up_since) == ((now - seconds(5),), (now - seconds(3),))
    assert load.wrap_up_s == pytest.approx((6 * 10 + 40) / 7)
    without_queue = await pacing_inputs.load(conn, tenant_id, campaign_id, None)
    assert without_queue == Load(without_queue.now, active_calls=5)


ARRIVE = """
insert into call (tenant_id, call_id, ended_month, switch_id, direction, queue_id, called, phone, channel, state,
    opened_at, answered_at, dialled_at, connected_at, dial_until, lease_until)
values ($1, gen_random_uuid(), 'infinity', 1, 'inbound', $2, '1900', $3, $3, 'answered',
    clock_timestamp() - $4::interval, clock_timestamp(), clock_timestamp(),
    case when $5 then clock_timestamp() end, 'infinity', 'infinity')
"""


async def test_callers_of_queues_that_share_agents_are_counted(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    own, shared, other = [await new_queue(conn, tenant_id) for _ in range(3)]
    await configure(conn, tenant_id, campaign_id, mode="progressive", queue_id=own)
    agent_id = await new_agent(conn, tenant_id, shared, "idle")
    await join_queue(conn, tenant_id, agent_id, own)
    await new_agent(conn, tenant_id, other, "idle")
    callers = [(own, 10, False), (shared, 70, False), (shared, 5, True), (other, 1, False)]
    for number, (queue_id, age_s, talks) in enumerate(callers):
        await conn.execute(ARRIVE, tenant_id, queue_id, f"+84901{number:06d}", seconds(age_s), talks)
    load = await pacing_inputs.load(conn, tenant_id, campaign_id, own)
    assert (load.callers, load.callers_per_s, load.agents_free) == (2, pytest.approx(2 / 60), 1)
    assert (load.active_calls, load.waiting) == (0, 0)


async def test_reserves_of_queues_that_share_agents_are_kept_together(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    own, shared, other, unset = [await new_queue(conn, tenant_id) for _ in range(4)]
    agent_id = await new_agent(conn, tenant_id, shared, "idle")
    await join_queue(conn, tenant_id, agent_id, own)
    await join_queue(conn, tenant_id, agent_id, unset)
    reserve = "insert into queue_setting (tenant_id, queue_id, inbound_reserve) values ($1, $2, $3)"
    for queue_id, kept in ((own, 2), (shared, 3), (other, 7), (unset, None)):
        await conn.execute(reserve, tenant_id, queue_id, kept)
    load = await pacing_inputs.load(conn, tenant_id, campaign_id, own)
    assert load.reserve == 5
    assert snapshot_of(CallSettings(), load, Recent()).reserve == 5


async def test_calls_of_campaigns_whose_queues_share_agents_are_counted(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    own, shared = await new_queue(conn, tenant_id), await new_queue(conn, tenant_id)
    agent_id = await new_agent(conn, tenant_id, shared, "idle")
    await due_contacts(conn, tenant_id, campaign_id, range(1))
    await placed(conn, terms_of(tenant_id, campaign_id))
    await configure(conn, tenant_id, campaign_id, mode="progressive", queue_id=own)
    assert len((await pacing_inputs.load(conn, tenant_id, campaign_id, shared)).ringing_since) == 0
    await join_queue(conn, tenant_id, agent_id, own)
    load = await pacing_inputs.load(conn, tenant_id, campaign_id, shared)
    assert (len(load.ringing_since), load.agents_free) == (1, 1)


@pytest.mark.parametrize("columns", [{"mode": "ring"}, {"busy_elsewhere": True}])
async def test_agents_who_take_no_calls_of_campaigns_are_not_free(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, columns: dict[str, Any]
) -> None:
    queue_id = await new_queue(conn, tenant_id)
    await new_agent(conn, tenant_id, queue_id, "idle", **columns)
    assert (await pacing_inputs.load(conn, tenant_id, campaign_id, queue_id)).agents_free == 0


async def test_previewed_call_needs_no_other_agent(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    queue_id = await new_queue(conn, tenant_id)
    await configure(conn, tenant_id, campaign_id, mode="preview", queue_id=queue_id)
    ids = await due_contacts(conn, tenant_id, campaign_id, [1])
    await claim.claim_contact(conn, terms_of(tenant_id, campaign_id), ids[0], AGENT)
    load = await pacing_inputs.load(conn, tenant_id, campaign_id, queue_id)
    assert (load.active_calls, load.ringing_since, load.waiting) == (1, (), 0)


async def test_recent_calls_give_ring_times_and_the_share_of_abandoned_calls(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, range(9))
    terms = terms_of(tenant_id, campaign_id)

    async def past_call(outcome: Outcome, rang_s: float, age_s: float, ends: bool = True) -> None:
        (call,) = await placed(conn, terms)
        dialled_at = (await call_row(conn, call))["dialled_at"]
        if outcome in {Outcome.ANSWERED, Outcome.ABANDONED, Outcome.MACHINE}:
            assert await call_steps.answered(conn, call, dialled_at + seconds(rang_s), LEASE)
            if outcome is Outcome.ANSWERED:
                assert await call_steps.connected(conn, call, dialled_at - seconds(60), AGENT)
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


async def test_load_reads_the_active_calls_once_whatever_the_statistics(large: LargeDatabase) -> None:
    conn, tenant_id, campaign_id = large
    await assert_reads_live_calls_only(conn, pacing_inputs.LOAD, tenant_id, campaign_id, 5)
    for mode, found in await plans(conn, pacing_inputs.LOAD, tenant_id, campaign_id, 5):
        assert [node["Relation Name"] for node in found if "Relation Name" in node].count("live_call") == 1, (
            mode,
            found,
        )
        held = [node["Filter"] for node in found if node.get("CTE Name") == "up" and "agent_id" in node["Filter"]]
        assert len(held) == 1, (mode, found)
        assert "hashed SubPlan" in held[0], (mode, found)


@pytest.mark.parametrize("large", ["fresh"], indirect=True)
async def test_ring_times_read_recent_calls_only(large: LargeDatabase) -> None:
    conn, tenant_id, campaign_id = large
    await assert_uses(conn, "call_campaign", "call", pacing_inputs.RINGS, tenant_id, campaign_id, 30)
