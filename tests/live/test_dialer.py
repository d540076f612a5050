"""Campaigns dialled through a real Asterisk by the server as users run it.

Settings come from docs/telephony.md. The ledgers of SIPp say who was called; the API says how each call ended.
"""

from collections import Counter
from datetime import datetime
from functools import partial

import pytest

from tests.live.conftest import Figures
from tests.support.live import audio, scenarios
from tests.support.live.recordings import LOUD, SILENT, hear_each_other, overheard, phone_of
from tests.support.live.tenant import Fields, LiveTenant, international, numbers, placed
from tests.support.live.testbed import AGENT, AGENT_HZ, GREETING_HZ
from tests.support.servers import eventually
from tests.support.switch import Listener
from tongdai.switch import commands

RING_S = 15
RIGHT_AGAIN_S = 10
"""Within so long after the switch is back, its calls are right again."""
"""The shortest that a campaign may have."""


async def test_each_call_ends_as_the_carrier_says(tenant: LiveTenant) -> None:
    endings = {
        scenarios.ANSWER: ("answered", 16, None),
        scenarios.ANSWER_THEN_BYE: ("answered", 0, None),
        scenarios.BYE_WITH_REASON: ("answered", 16, None),
        scenarios.PASSWORD: ("answered", 16, None),
        scenarios.NO_ANSWER: ("no_answer", 19, 480),
        "486": ("busy", 17, 486),
        "404": ("invalid_number", 1, 404),
        "603": ("no_answer", 21, 603),
        "503": ("failed", 34, 503),
    }
    dialled = {ending: numbers(ending)[0] for ending in endings}
    campaign_id = await tenant.campaign(
        [*dialled.values()], audioFile="custom/greeting", ringTimeoutSec=RING_S, maxConcurrentCalls=20
    )
    calls = await tenant.ended(campaign_id, len(endings), RING_S + 30)
    reported = {ending: calls[dialled[ending]] for ending in endings}
    assert {
        ending: (call["outcome"], call["hangupCause"], call["sipStatus"]) for ending, call in reported.items()
    } == endings
    assert set(tenant.rang([*dialled.values()])) == {1}
    ledger = tenant.testbed.ledger(tenant.testbed.carrier)
    assert ledger[dialled[scenarios.ANSWER], scenarios.HUNG_UP] == 1, "at the end of the file"
    assert ledger[dialled[scenarios.ANSWER_THEN_BYE], scenarios.LEFT] == 1, "before the end of the file"
    assert ledger[dialled[scenarios.NO_ANSWER], scenarios.CANCELLED] == 1
    # Contacts that did not answer are called again later; the others are processed.
    assert await tenant.contacts(campaign_id) == {
        (2, "answered"): 4, (2, "invalid_number"): 1, (0, "no_answer"): 2, (0, "busy"): 1, (0, "failed"): 1,
    }  # fmt: skip
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")


async def test_calls_over_a_dead_carrier_fail_rather_than_are_not_answered(tenant: LiveTenant) -> None:
    dialled = numbers(scenarios.ANSWER, 3)
    campaign_id = await tenant.campaign(dialled, trunk="dead", ringTimeoutSec=RING_S)
    calls = await tenant.ended(campaign_id, 3, RING_S + 30)
    assert {call["outcome"] for call in calls.values()} == {"failed"}
    assert tenant.rang(dialled) == [0, 0, 0]
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")


async def test_trunk_that_asterisk_does_not_have_is_a_failure(tenant: LiveTenant) -> None:
    campaign_id = await tenant.campaign(numbers(scenarios.ANSWER, 2), trunk="nonesuch")
    calls = await tenant.ended(campaign_id, 2, 20)
    assert {(call["outcome"], call["sipStatus"]) for call in calls.values()} == {("failed", None)}
    assert '"Allocation failed"' in tenant.server.log_text()
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")


async def test_sound_that_asterisk_does_not_have_cannot_be_named_and_its_campaign_does_not_start(
    tenant: LiveTenant,
) -> None:
    new = {"campaignName": "Silent", "preset": "none", "audioFile": "custom/nonesuch"}
    path = f"/v1/campaigns/{(await tenant.call('POST', '/v1/campaigns', new))['campaignId']}"
    assert "does not have the sound custom/nonesuch (audioFile)" in await tenant.refusal("POST", f"{path}/start")
    for name in ("nonesuch", "custom/nonesuch", "custom/junk", "custom", "custom/greeting.wav", "en/nonesuch"):
        assert name in await tenant.refusal("PATCH", path, {"audioFile": name}), name
    for name in ("custom/greeting", "custom/long", "hello-world", "en/hello-world", "digits/1", "beep"):
        await tenant.call("PATCH", path, {"audioFile": name})
    late = tenant.testbed.sound("late")
    assert "custom/late" in await tenant.refusal("PATCH", path, {"audioFile": "custom/late"})
    audio.write_wav(late, audio.tone(GREETING_HZ, 1))  # added while Asterisk runs
    await tenant.call("PATCH", path, {"audioFile": "custom/late"})


async def test_checks_of_sounds_leave_no_channel_and_no_bridge(tenant: LiveTenant, recorder: Listener) -> None:
    new = {"campaignName": "Checks", "preset": "none"}
    path = f"/v1/campaigns/{(await tenant.call('POST', '/v1/campaigns', new))['campaignId']}"
    for name in ("custom/long", "custom/message", "custom/greeting"):
        await tenant.call("PATCH", path, {"audioFile": name})
    await tenant.refusal("PATCH", path, {"audioFile": "custom/nonesuch"})

    async def nothing_left() -> bool:
        bridges = (await recorder.ari.request("GET", "bridges")).body
        names = [channel.name for channel in await commands.channels(recorder.ari)]
        return not any("-sound-" in bridge["id"] for bridge in bridges) and not any("Announcer" in n for n in names)

    await eventually(nothing_left, 10, "no channel and no bridge of a check", poll_s=0.1)


async def test_sound_that_goes_while_its_campaign_runs_is_missed_by_one_person(tenant: LiveTenant) -> None:
    dialled = numbers(scenarios.ANSWER, 4)
    sound = tenant.testbed.sound("going")
    audio.write_wav(sound, audio.tone(GREETING_HZ, 1))
    campaign_id = await tenant.campaign(dialled, audioFile="custom/going", maxConcurrentCalls=1)
    await tenant.calls_in_state(campaign_id, "ended", 1)
    sound.unlink()

    async def missing() -> bool:
        found = await tenant.call("GET", f"/v1/campaigns/{campaign_id}/diagnostics")
        return "sound_missing" in [blocker["code"] for blocker in found["blockers"]]

    await eventually(missing, 30, "the blocker", poll_s=0.2)
    unheard = [call for call in await tenant.calls(campaign_id) if call["failure"] == "sound_not_played"]
    assert [(call["outcome"], call["connectedAt"]) for call in unheard] == [("failed", None)]
    to = international(unheard[0]["phoneNumber"])
    await eventually(lambda: tenant.testbed.ledger(tenant.testbed.carrier)[to, scenarios.HUNG_UP], 10, "its end")
    assert '"sound not played"' in tenant.server.log_text()
    audio.write_wav(sound, audio.tone(GREETING_HZ, 1))
    await tenant.ended(campaign_id, 4, 40)
    assert tenant.rang(dialled) == [1, 1, 1, 1]


async def test_people_who_hang_up_during_the_sound_have_answered(tenant: LiveTenant) -> None:
    """The request to hang up is reported before the failure of what was playing."""
    dialled = numbers(scenarios.ANSWER_THEN_BYE, 20)
    campaign_id = await tenant.campaign(dialled, audioFile="custom/long", maxConcurrentCalls=20, callsPerSecond=20)
    calls = await tenant.ended(campaign_id, 20, 40)
    assert {(call["outcome"], call["failure"]) for call in calls.values()} == {("answered", None)}


async def test_agent_whose_phone_is_not_signed_on_is_offline_again(tenant: LiveTenant) -> None:
    queue_id = (await tenant.call("POST", "/v1/queues/inbound", {"callinName": "Nobody"}))["callinId"]
    new = {"agentName": "Nobody", "endpoint": "agent2", "queueId": queue_id}
    agent_id = (await tenant.call("POST", "/v1/agents", new))["agentId"]
    before = tenant.server.log_text().count('"agent called"')
    await tenant.call("POST", f"/v1/agents/{agent_id}/sign-in")
    await eventually(lambda: tenant.server.log_text().count('"agent called"') > before, 20, "a try")
    await tenant.agent(agent_id, "offline")
    assert (await tenant.call("GET", f"/v1/agents/{agent_id}"))["offlineReason"] == "unreachable"


async def test_callee_hears_the_audio_file(tenant: LiveTenant, recorder: Listener) -> None:
    """From a recording: the callee echoes what they hear."""
    dialled = numbers(scenarios.ANSWER)
    campaign_id = await tenant.campaign(dialled, audioFile="custom/message")
    [call] = await tenant.calls_in_state(campaign_id, "answered", 1)
    [heard] = await overheard(recorder, tenant.testbed, (call["callId"], "in"))
    assert audio.loudness(heard, GREETING_HZ) > LOUD
    assert audio.loudness(heard, AGENT_HZ) < SILENT
    calls = await tenant.ended(campaign_id, 1, 30)
    assert calls[dialled[0]]["outcome"] == "answered"
    assert tenant.testbed.ledger(tenant.testbed.carrier)[dialled[0], scenarios.HUNG_UP] == 1, "we hung up"


@pytest.mark.parametrize("how", ["pause", "stop"])
async def test_pause_and_stop_let_live_calls_finish_and_place_no_other(tenant: LiveTenant, how: str) -> None:
    dialled = numbers(scenarios.ANSWER, 20)
    campaign_id = await tenant.campaign(dialled, audioFile="custom/message", maxConcurrentCalls=5)
    await tenant.calls_in_state(campaign_id, "answered", 5)
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/{how}")
    began = len(placed(await tenant.calls(campaign_id)))

    async def finished() -> bool:
        return all(call["state"] == "ended" for call in await tenant.calls(campaign_id))

    await eventually(finished, 30, "the live calls to finish", poll_s=0.3)
    calls = placed(await tenant.calls(campaign_id))
    assert len(calls) == began < 20, "none was placed"
    assert {call["outcome"] for call in calls} == {"answered"}
    assert sum(tenant.rang(dialled)) == began
    ledger = tenant.testbed.ledger(tenant.testbed.carrier)
    assert _count(ledger, scenarios.HUNG_UP, dialled) == began, "by us, after the file"
    contacts = await tenant.contacts(campaign_id)
    assert {(status, called) for status, called in contacts if status != 0} == {(2, "answered")}
    assert contacts[2, "answered"] == began
    if how == "pause":
        await tenant.call("POST", f"/v1/campaigns/{campaign_id}/start")
        await eventually(lambda: sum(tenant.rang(dialled)) == 20, 60, "the rest to be called", poll_s=0.3)
        await eventually(finished, 30, "the rest to finish", poll_s=0.3)
        assert await tenant.contacts(campaign_id) == {(2, "answered"): 20}
        assert set(tenant.rang(dialled)) == {1}


async def test_calls_outlive_a_restart_of_the_server(tenant: LiveTenant) -> None:
    dialled = numbers(scenarios.ANSWER, 15)
    campaign_id = await tenant.campaign(dialled, audioFile="custom/message", maxConcurrentCalls=10, callsPerSecond=20)
    await tenant.calls_in_state(campaign_id, "answered", 10)
    assert await tenant.server.stop() == 0
    assert _count(tenant.testbed.ledger(tenant.testbed.carrier), scenarios.HUNG_UP, dialled) == 0, "the calls continue"
    await tenant.server.start()
    calls = await tenant.ended(campaign_id, 15, 60)
    assert {call["outcome"] for call in calls.values()} == {"answered"}
    assert set(tenant.rang(dialled)) == {1}


async def test_agent_and_callee_hear_each_other(tenant: LiveTenant, recorder: Listener) -> None:
    testbed, dialled = tenant.testbed, numbers(scenarios.ANSWER_THEN_BYE)
    phone_before = testbed.ledger(testbed.agent)
    queue_id, agent_id = await tenant.signed_in("Tran Thi B", wrap_up_s=1)
    phone = await phone_of(recorder)
    campaign_id = await tenant.campaign(dialled, dialingMode="progressive", queueId=queue_id, trunk="talkers")
    await tenant.agent(agent_id, "talking")
    [call] = await tenant.calls_in_state(campaign_id, "answered", 1)
    assert call["agentId"] == agent_id
    await hear_each_other(recorder, testbed, phone, call["callId"])
    await tenant.agent(agent_id, "wrap_up")
    await tenant.agent(agent_id, "idle")
    calls = await tenant.ended(campaign_id, 1, 10)
    assert calls[dialled[0]]["outcome"] == "answered"
    assert testbed.ledger(testbed.talkers)[dialled[0], scenarios.LEFT] == 1, "the customer hung up"
    phone_calls = testbed.ledger(testbed.agent) - phone_before
    assert phone_calls == {(AGENT, scenarios.CALLED): 1, (AGENT, scenarios.ANSWERED): 1}, "called once, still connected"
    await tenant.call("POST", f"/v1/agents/{agent_id}/sign-out")
    await tenant.agent(agent_id, "offline")
    await eventually(
        lambda: (testbed.ledger(testbed.agent) - phone_before)[AGENT, scenarios.HUNG_UP], 10, "the phone's end"
    )


async def test_talk_outlives_the_dialer(tenant: LiveTenant, recorder: Listener) -> None:
    """It is killed, and the next dialer takes over the agent and the call in their states."""
    testbed, dialled = tenant.testbed, numbers(scenarios.ANSWER, 2)
    queue_id, agent_id = await tenant.signed_in("Le Van C", wrap_up_s=0)
    before = testbed.ledger(testbed.agent)
    campaign_id = await tenant.campaign(dialled[:1], dialingMode="progressive", queueId=queue_id, trunk="talkers")
    await tenant.agent(agent_id, "talking")
    [call] = await tenant.calls_in_state(campaign_id, "answered", 1)
    await _kill_dialer(tenant)
    assert await commands.channel(recorder.ari, call["callId"]) is not None, "the talk continues"
    await tenant.agent(agent_id, "talking")
    assert await commands.hang_up(recorder.ari, call["callId"])
    await tenant.agent(agent_id, "idle")
    calls = await tenant.ended(campaign_id, 1, 20)
    assert (calls[dialled[0]]["outcome"], calls[dialled[0]]["agentId"]) == ("answered", agent_id)
    # The agent gets another call, on the same nailed-up connection.
    another = await tenant.campaign(dialled[1:], dialingMode="progressive", queueId=queue_id, trunk="talkers")
    await tenant.agent(agent_id, "talking")
    await tenant.call("POST", f"/v1/agents/{agent_id}/sign-out")
    [call] = await tenant.calls_in_state(another, "answered", 1)
    assert await commands.hang_up(recorder.ari, call["callId"])
    await tenant.agent(agent_id, "offline")
    assert tenant.rang(dialled, testbed.talkers) == [1, 1]
    assert testbed.ledger(testbed.agent)[AGENT, scenarios.CALLED] == before[AGENT, scenarios.CALLED], "not called again"


async def test_agent_who_hangs_up_their_phone_ends_the_talk_and_is_offline(
    tenant: LiveTenant, recorder: Listener
) -> None:
    testbed, dialled = tenant.testbed, numbers(scenarios.ANSWER)
    queue_id, agent_id = await tenant.signed_in("Pham D")
    phone = await phone_of(recorder)
    campaign_id = await tenant.campaign(dialled, dialingMode="progressive", queueId=queue_id, trunk="talkers")
    await tenant.agent(agent_id, "talking")
    assert await commands.hang_up(recorder.ari, phone)
    await tenant.agent(agent_id, "offline")
    calls = await tenant.ended(campaign_id, 1, 20)
    assert calls[dialled[0]]["outcome"] == "answered"
    await eventually(lambda: testbed.ledger(testbed.talkers)[dialled[0], scenarios.HUNG_UP], 10, "the customer's end")


async def test_dialer_killed_mid_calls_calls_nobody_twice(tenant: LiveTenant, figures: Figures) -> None:
    """Calls that ring or are answered are taken over; contacts that were claimed and not dialled are called later."""
    answering, ringing = numbers(scenarios.ANSWER, 60), numbers(scenarios.NO_ANSWER, 10)
    dialled, ledger = ringing + answering, partial(tenant.testbed.ledger, tenant.testbed.carrier)
    campaign_id = await tenant.campaign(
        dialled, audioFile="custom/message", ringTimeoutSec=RING_S, maxConcurrentCalls=30, callsPerSecond=20
    )
    heard: set[str] = set()
    for least in (5, 20, 35):  # at different moments of the campaign
        await eventually(lambda least=least: _count(ledger(), scenarios.ANSWERED, answering) >= least, 90, "answers")
        heard |= {call["callId"] for call in await tenant.calls(campaign_id) if call["connectedAt"] is not None}
        await _kill_dialer(tenant)
    calls = await _all_ended(tenant, campaign_id, len(dialled))
    assert set(Counter(call["phoneNumber"] for call in placed(calls)).values()) == {1}
    assert set(tenant.rang(dialled)) <= {0, 1}, "nobody's phone rang twice"
    outcomes = Counter(call["outcome"] for call in calls)
    assert set(outcomes) <= {"answered", "no_answer", "lost", "cancelled"}, outcomes
    assert {call["outcome"] for call in calls if call["callId"] in heard} == {"answered"}, (
        "a reported answer is not lost"
    )
    assert len(heard) >= 5
    for call in calls:
        reported = ledger()[international(call["phoneNumber"]), scenarios.ANSWERED]
        assert reported or call["outcome"] != "answered", call
        assert not reported or call["outcome"] in {"answered", "lost", "cancelled"}, call
    assert not [state for state in await tenant.contacts(campaign_id) if state[0] == 1], "none is left in call"
    figures(f"dialer killed three times mid-calls: {dict(outcomes)}")
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")


async def test_calls_with_unknown_ends_of_a_dialer_killed_while_dialling_are_lost(
    tenant: LiveTenant, figures: Figures
) -> None:
    """Asterisk hangs up calls that are answered while no dialer is connected, and reports them to nobody."""
    dialled = numbers(scenarios.ANSWER, 10)
    campaign_id = await tenant.campaign(dialled, audioFile="custom/greeting", callsPerSecond=20)
    await eventually(lambda: sum(tenant.rang(dialled)), 30, "the first to ring", poll_s=0.005)
    await _kill_dialer(tenant)
    calls = await _all_ended(tenant, campaign_id, len(dialled))
    outcomes = Counter(call["outcome"] for call in calls)
    assert set(outcomes) <= {"answered", "lost", "cancelled"}, outcomes
    assert set(Counter(call["phoneNumber"] for call in placed(calls)).values()) == {1}
    assert set(tenant.rang(dialled)) <= {0, 1}, "nobody's phone rang twice"
    assert all(call["nextCallAt"] is None for call in calls if call["outcome"] == "lost")
    figures(f"dialer killed as it dialled: {dict(outcomes)}")
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")


async def test_asterisk_restarted_mid_calls(tenant: LiveTenant) -> None:
    """Its calls have ended and none is dialled again; contacts that were not called yet are; agents sign in again."""
    _, agent_id = await tenant.signed_in("Vu Thi E")
    answering, ringing, rest = numbers(scenarios.ANSWER, 8), numbers(scenarios.NO_ANSWER, 4), numbers("700", 20)
    campaign_id = await tenant.campaign(
        ringing + answering, audioFile="custom/long", ringTimeoutSec=60, maxConcurrentCalls=12, callsPerSecond=20
    )
    await tenant.calls_in_state(campaign_id, "answered", 8)
    await tenant.calls_in_state(campaign_id, "ringing", 4)
    await tenant.testbed.kill_asterisk()
    other = await tenant.campaign(rest, callsPerSecond=20, maxConcurrentCalls=20)
    await tenant.testbed.start_asterisk()
    await tenant.agent(agent_id, "offline")
    calls = await tenant.ended(campaign_id, 12, RIGHT_AGAIN_S)
    outcomes = {n: calls[n]["outcome"] for n in answering + ringing}
    assert {outcomes[n] for n in answering} <= {"answered", "lost"}
    assert {outcomes[n] for n in ringing} == {"lost"}
    assert all(call["nextCallAt"] is None for call in calls.values())
    assert set(tenant.rang(answering + ringing)) == {1}
    after = await tenant.ended(other, 20, 60)
    assert {call["outcome"] for call in after.values()} == {"answered"}
    assert set(tenant.rang(rest)) == {1}
    assert not [state for state in await tenant.contacts(campaign_id) if state[0] == 1]
    await tenant.call("POST", f"/v1/agents/{agent_id}/sign-in")
    await tenant.agent(agent_id, "idle")
    await tenant.call("POST", f"/v1/agents/{agent_id}/sign-out")
    await tenant.agent(agent_id, "offline")


async def test_100_calls_a_second_for_20_seconds(tenant: LiveTenant, figures: Figures) -> None:
    dialled = numbers(scenarios.ANSWER_THEN_BYE, 2000)
    campaign_id = await tenant.campaign(
        dialled, audioFile="custom/message", maxConcurrentCalls=1000, callsPerSecond=100
    )
    calls = await tenant.ended(campaign_id, 2000, 120)
    assert Counter(call["outcome"] for call in calls.values()) == {"answered": 2000}
    ledger = tenant.testbed.ledger(tenant.testbed.carrier)
    for what in (scenarios.CALLED, scenarios.ANSWERED, scenarios.LEFT):
        assert [ledger[n, what] for n in dialled] == [1] * 2000, what
    assert await tenant.contacts(campaign_id) == {(2, "answered"): 2000}
    instants = sorted(datetime.fromisoformat(call["dialledAt"]) for call in calls.values())
    took_s = (instants[-1] - instants[0]).total_seconds()
    rings = sorted(call["ringSec"] for call in calls.values())
    figures(
        f"2,000 calls in {took_s:.1f} s, {1999 / took_s:.0f} calls/s; "
        f"dialled to answered p50 {rings[1000] * 1000:.0f} ms, p99 {rings[1980] * 1000:.0f} ms (the callee's 100 in it)"
    )


async def _kill_dialer(tenant: LiveTenant) -> None:
    """Kill the dialer, and wait until another one is connected to the switch."""
    connected = partial(_connections, tenant)
    before = connected()
    await tenant.server.kill("telephony")
    await eventually(lambda: connected() > before, 30, "another dialer")


def _connections(tenant: LiveTenant) -> int:
    return tenant.server.log_text().count('"switch connected"')


def _count(ledger: Counter[tuple[str, str]], what: str, of: list[str]) -> int:
    return sum(ledger[n, what] for n in of)


async def _all_ended(tenant: LiveTenant, campaign_id: int, contacts: int) -> list[Fields]:
    """Wait until no call is live and each contact has been called; return the calls."""

    async def over() -> list[Fields]:
        calls = await tenant.calls(campaign_id)
        done = {call["contactId"] for call in placed(calls)}
        return calls if len(done) == contacts and all(call["state"] == "ended" for call in calls) else []

    return await eventually(over, 90, "all to be called and to end", poll_s=0.3)
