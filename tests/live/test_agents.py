"""Agents on a real Asterisk: abandoned calls, previews, and an agent who signs out during a talk."""

from datetime import timedelta
from typing import Any

from tests.live.conftest import Figures
from tests.support.live import audio, scenarios
from tests.support.live.recordings import LOUD, SILENT, hear_each_other, overheard, phone_of
from tests.support.live.tenant import Fields, LiveTenant, instant, international, numbers
from tests.support.live.testbed import AGENT, AGENT_HZ, GREETING_HZ, Child
from tests.support.servers import eventually
from tests.support.switch import Listener
from tongdai.call_outcome import ABANDON_THRESHOLD
from tongdai.campaigns.settings.values import RETRIES
from tongdai.dialer.originator import RECENT_S
from tongdai.dialer.pacing import ENOUGH_ANSWERS
from tongdai.switch import commands

RING_S = 15
"""The shortest that a campaign may have."""
ROUNDS_S = 3
"""Time for a few rounds of the dialer."""
ANSWERS, BUSY = 16, 304
"""So few answer that predictive mode places several calls for one agent, and one abandoned call of 17 exceeds 3 %."""


async def test_callee_who_answers_after_the_agent_has_left_hears_the_message_and_is_hung_up(
    tenant: LiveTenant, late: Child, recorder: Listener
) -> None:
    dialled = numbers(scenarios.ANSWER)
    campaign_id = await _answered_for_nobody(tenant, late, dialled, abandonFile="custom/message")
    [call] = await tenant.calls_in_state(campaign_id, "answered", 1)
    await _hears_the_message(tenant, recorder, call)
    await _abandoned(tenant, late, campaign_id, dialled[0])
    [call] = await tenant.calls(campaign_id)
    again_at = instant(call["endedAt"]) + RETRIES["abandoned"].after
    assert abs(instant(call["nextCallAt"]) - again_at) < timedelta(minutes=1), "in 72 hours"
    assert await tenant.contacts(campaign_id) == {(0, "abandoned"): 1}
    assert (await _diagnosis(tenant, campaign_id))["waitingForRetry"] == 1
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")


async def test_callee_who_answers_after_the_agent_has_left_is_hung_up_where_there_is_no_message(
    tenant: LiveTenant, late: Child, figures: Figures
) -> None:
    dialled = numbers(scenarios.ANSWER)
    campaign_id = await _answered_for_nobody(
        tenant, late, dialled, abandonFile=None, retryRules={"abandoned": {"afterMin": 60, "times": 0}}
    )
    await _abandoned(tenant, late, campaign_id, dialled[0])
    [call] = await tenant.calls(campaign_id)
    assert call["nextCallAt"] is None
    assert await tenant.contacts(campaign_id) == {(2, "abandoned"): 1}, "never again: the campaign's retry rule"
    figures(f"answered, no agent, no message: hung up after {call['waitSec']} s")
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")


async def test_predictive_campaign_at_the_abandonment_cap_places_no_more_calls_than_agents_are_free(
    tenant: LiveTenant, recorder: Listener, figures: Figures
) -> None:
    """It places two calls for one agent, who talks to the first that answers; then it dials as progressive does."""
    campaign_id = await _few_at_home(tenant)
    queue_id, agent_id = await tenant.signed_in("Bui H")
    settings = {"dialingMode": "predictive", "queueId": queue_id, "abandonFile": "custom/message"}
    await tenant.call("PATCH", f"/v1/campaigns/{campaign_id}", settings)
    newest = max(instant(call["dialledAt"]) for call in await tenant.calls(campaign_id))
    await tenant.dialer_lived(newest, RING_S + RECENT_S + ROUNDS_S)  # then it knows the answer rate
    two, third = numbers(scenarios.ANSWER, 2), numbers(scenarios.ANSWER)
    await tenant.add(campaign_id, two)
    await tenant.agent(agent_id, "talking")
    talk, waits = await _talk_and_other(tenant, campaign_id)
    assert talk["agentId"] == agent_id
    await _hears_the_message(tenant, recorder, waits)
    abandoned = await _outcome(tenant, campaign_id, waits["callId"])
    assert (abandoned["outcome"], abandoned["agentId"], abandoned["connectedAt"]) == ("abandoned", None, None)
    share = round(100 / (ANSWERS + 1), 2)
    live = await tenant.call("GET", f"/v1/campaigns/{campaign_id}/live")
    assert (live["abandonedRate24h"], live["abandonedRate30d"]) == (share, share)
    assert live["agents"]["talking"] == live["calls"]["talking"] == 1
    # The cap is reached; the dialer reads the rate every RECENT_S. The agent is still talking, and nobody is called.
    await tenant.dialer_lived(instant(abandoned["endedAt"]), RECENT_S + ROUNDS_S)
    await tenant.add(campaign_id, third)
    found = await _diagnosis(tenant, campaign_id)
    assert (found["callableNow"], [one["code"] for one in found["blockers"]]) == (1, ["abandonment_cap_reached"])
    await tenant.dialer_lived(instant(found["at"]), ROUNDS_S)
    assert tenant.rang(two + third) == [1, 1, 0]
    # The agent is free again, and so the third is called.
    assert await commands.hang_up(recorder.ari, talk["callId"])
    [call] = await tenant.calls_in_state(campaign_id, "answered", 1)
    assert international(call["phoneNumber"]) == third[0]
    await tenant.agent(agent_id, "talking")
    assert await commands.hang_up(recorder.ari, call["callId"])
    calls = await tenant.ended(campaign_id, ANSWERS + BUSY + 3, 20)
    assert calls[third[0]]["agentId"] == agent_id
    assert tenant.rang(two + third) == [1, 1, 1]
    apart = abs(instant(talk["dialledAt"]) - instant(waits["dialledAt"]))
    figures(f"predictive: two called for one agent, {apart.total_seconds():.1f} s apart; abandoned {share} %")
    await tenant.signed_out(agent_id)
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")


async def test_agent_skips_one_contact_and_talks_to_the_contacts_they_accept(
    tenant: LiveTenant, recorder: Listener
) -> None:
    testbed, dialled = tenant.testbed, numbers(scenarios.ANSWER, 3)
    queue_id, agent_id = await tenant.signed_in("Hoang F", wrap_up_s=3600)
    phone, preview = await phone_of(recorder), f"/v1/agents/{agent_id}/preview"
    campaign_id = await tenant.campaign(dialled, dialingMode="preview", queueId=queue_id, trunk="talkers")
    offered: list[Fields] = [await _offer(tenant, agent_id, campaign_id)]
    assert await _offer(tenant, agent_id, campaign_id) == offered[0], "until the agent skips or accepts it"
    assert (await _diagnosis(tenant, campaign_id))["blockers"][0]["code"] == "no_preview_accepted"
    await tenant.call("DELETE", preview)
    for n in (1, 2):
        offered.append(await _offer(tenant, agent_id, campaign_id))  # the second time in wrap-up
        if n == 2:
            await tenant.call("POST", f"/v1/agents/{agent_id}/ready")
            await tenant.agent(agent_id, "idle")
        await tenant.call("POST", f"{preview}/accept")
        await tenant.agent(agent_id, "talking")
        [call] = await tenant.calls_in_state(campaign_id, "answered", 1)
        assert (call["contactId"], call["agentId"]) == (offered[n]["contactId"], agent_id)
        await hear_each_other(recorder, testbed, phone, call["callId"])
        assert await commands.hang_up(recorder.ari, call["callId"])
        await tenant.agent(agent_id, "wrap_up")
        calls = await tenant.ended(campaign_id, n, 10)
        ended = calls[international(offered[n]["phoneNumber"])]
        assert (ended["outcome"], ended["agentId"]) == ("answered", agent_id)
        rang = tenant.rang([international(offer["phoneNumber"]) for offer in offered], testbed.talkers)
        assert rang == [0, 1, 1][: n + 1], "only the contacts that were accepted"
    assert {international(offer["phoneNumber"]) for offer in offered} == {*dialled}
    assert await _offer(tenant, agent_id, campaign_id) is None, "the skipped contact is due in 10 minutes"
    assert await tenant.contacts(campaign_id) == {(0, None): 1, (2, "answered"): 2}
    await tenant.signed_out(agent_id)
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")


async def test_agent_who_signs_out_during_a_talk_is_offline_after_it(tenant: LiveTenant, recorder: Listener) -> None:
    testbed, dialled = tenant.testbed, numbers(scenarios.ANSWER)
    queue_id, agent_id = await tenant.signed_in("Ngo K")
    phone, before = await phone_of(recorder), testbed.ledger(testbed.agent)
    campaign_id = await tenant.campaign(dialled, dialingMode="progressive", queueId=queue_id, trunk="talkers")
    await tenant.agent(agent_id, "talking")
    [call] = await tenant.calls_in_state(campaign_id, "answered", 1)
    await tenant.call("POST", f"/v1/agents/{agent_id}/sign-out")
    agent = await tenant.call("GET", f"/v1/agents/{agent_id}")
    assert (agent["state"], agent["signOutPending"], agent["callId"]) == ("talking", True, call["callId"])
    await hear_each_other(recorder, testbed, phone, call["callId"])
    assert await commands.hang_up(recorder.ari, call["callId"])
    await tenant.agent(agent_id, "offline")
    await eventually(lambda: (testbed.ledger(testbed.agent) - before)[AGENT, scenarios.HUNG_UP], 10, "the phone's end")
    calls = await tenant.ended(campaign_id, 1, 10)
    assert (calls[dialled[0]]["outcome"], calls[dialled[0]]["agentId"]) == ("answered", agent_id)


async def _answered_for_nobody(tenant: LiveTenant, late: Child, dialled: list[str], **settings: object) -> int:
    """A campaign whose callee answers after the only agent, for whom the call was placed, has signed out."""
    queue_id, agent_id = await tenant.signed_in("Do G")
    campaign_id = await tenant.campaign(
        dialled, dialingMode="progressive", queueId=queue_id, trunk="dead", ringTimeoutSec=60, **settings
    )
    await tenant.calls_in_state(campaign_id, "dialing", 1)
    await tenant.signed_out(agent_id)
    late.start()
    return campaign_id


async def _hears_the_message(tenant: LiveTenant, recorder: Listener, call: Fields) -> None:
    """Assert it from a recording: the callee echoes what they hear."""
    [heard] = await overheard(
        recorder, tenant.testbed, (call["callId"], "in"), after_s=ABANDON_THRESHOLD.total_seconds()
    )
    assert audio.loudness(heard, GREETING_HZ) > LOUD
    assert audio.loudness(heard, AGENT_HZ) < SILENT


async def _abandoned(tenant: LiveTenant, late: Child, campaign_id: int, dialled: str) -> None:
    """Assert that the campaign's only call ended as abandoned, and that live figures count it."""
    call = (await tenant.ended(campaign_id, 1, 30))[dialled]
    assert (call["outcome"], call["agentId"], call["connectedAt"]) == ("abandoned", None, None)
    assert call["waitSec"] > ABANDON_THRESHOLD.total_seconds() - 0.1, "two clocks, of the dialer and of the database"
    ledger = tenant.testbed.ledger(late)
    assert [ledger[dialled, what] for what in (scenarios.CALLED, scenarios.ANSWERED)] == [1, 1]
    await eventually(lambda: tenant.testbed.ledger(late)[dialled, scenarios.HUNG_UP], 10, "we hung up")
    live = await tenant.call("GET", f"/v1/campaigns/{campaign_id}/live")
    assert (live["abandonedRate24h"], live["abandonedRate30d"]) == (100.0, 100.0)


async def _few_at_home(tenant: LiveTenant) -> int:
    """A running campaign whose calls have ended: a file was played to few, the others were busy."""
    assert ANSWERS >= ENOUGH_ANSWERS, "or predictive mode would not know the answer rate"
    dialled = numbers(scenarios.ANSWER_THEN_BYE, ANSWERS) + numbers("486", BUSY)
    campaign_id = await tenant.campaign(
        dialled,
        audioFile="custom/long",
        ringTimeoutSec=RING_S,
        maxConcurrentCalls=len(dialled),
        callsPerSecond=100,
        retryRules={"busy": {"afterMin": 1, "times": 0}},
    )
    await tenant.ended(campaign_id, len(dialled), 60)
    assert await tenant.contacts(campaign_id) == {(2, "answered"): ANSWERS, (2, "busy"): BUSY}
    return campaign_id


async def _talk_and_other(tenant: LiveTenant, campaign_id: int) -> tuple[Fields, Fields]:
    """Two answered calls: the one with the agent, and the one without."""
    calls = await tenant.calls_in_state(campaign_id, "answered", 2, within_s=60)
    talk, other = sorted(calls, key=lambda call: call["connectedAt"] is None)
    return talk, other


async def _outcome(tenant: LiveTenant, campaign_id: int, call_id: str) -> Fields:
    """Wait until the call has ended; return it."""

    async def over() -> Fields | None:
        [call] = [call for call in await tenant.calls(campaign_id) if call["callId"] == call_id]
        return call if call["state"] == "ended" else None

    return await eventually(over, 30, "the call to end", poll_s=0.1)


async def _offer(tenant: LiveTenant, agent_id: int, campaign_id: int) -> Any:
    """Offer the agent a contact to look at; None when nobody is due."""
    response = await tenant.call("POST", f"/v1/agents/{agent_id}/preview", {"campaignId": campaign_id})
    return response["offer"]


async def _diagnosis(tenant: LiveTenant, campaign_id: int) -> Fields:
    return await tenant.call("GET", f"/v1/campaigns/{campaign_id}/diagnostics")
