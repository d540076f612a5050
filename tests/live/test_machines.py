"""Answering machines on a real Asterisk: its AMD application detects them within the abandon threshold."""

import uuid

import pytest

from tests.live.conftest import Figures
from tests.support.live import scenarios
from tests.support.live.tenant import LiveTenant, instant, international, numbers
from tests.support.live.testbed import APP, TRUNK, Testbed, number
from tests.support.switch import Listener
from tongdai.clock import SystemClock
from tongdai.dialer.call.machine_detector import MachineDetector
from tongdai.switch import commands
from tongdai.switch.commands import Placed
from tongdai.switch.events import DETECTED, ChannelDestroyed, StasisStart

DETECTED_WITHIN_MS = 2000


async def answered(caller: Listener, ending: str, trunk: str) -> str:
    channel_id = str(uuid.uuid4())
    endpoint = commands.endpoint_of(number(ending), trunk)
    assert await commands.originate(caller.ari, channel_id, endpoint, APP) == Placed()
    await caller.wait_for(StasisStart, channel_id)
    return channel_id


@pytest.mark.parametrize(
    ("ending", "trunk", "verdict"),
    [(scenarios.VOICEMAIL, "talkers", "MACHINE"), (scenarios.ALO, "talkers", "HUMAN"), ("100", TRUNK, "NOTSURE")],
    ids=["long greeting", "alo", "silence"],
)
async def test_extension_of_the_guide_detects(
    caller: Listener, figures: Figures, ending: str, trunk: str, verdict: str
) -> None:
    channel_id = await answered(caller, ending, trunk)
    assert await MachineDetector(caller.ari, SystemClock(), APP).start(channel_id) is None
    first, back = (
        await caller.wait_for(StasisStart, channel_id),
        await caller.wait_for(StasisStart, channel_id, count=2),
    )
    assert back.args[:2] == (DETECTED, verdict)
    took_ms = round((back.at - first.at).total_seconds() * 1000)
    figures(f"machine detection: {verdict} ({back.args[2]}) after {took_ms} ms")
    assert took_ms < DETECTED_WITHIN_MS
    assert await commands.hang_up(caller.ari, channel_id)
    await caller.wait_for(ChannelDestroyed, channel_id)


async def test_call_is_kept_where_the_dialplan_has_no_such_extension(caller: Listener) -> None:
    channel_id = await answered(caller, scenarios.ALO, "talkers")
    missing = await MachineDetector(caller.ari, SystemClock(), "elsewhere").start(channel_id)
    assert missing == "no extension s with label detect in context elsewhere-amd"
    assert await commands.play(caller.ari, channel_id, f"p-{channel_id}", "custom/greeting"), (
        "the channel is still ours"
    )
    assert await commands.hang_up(caller.ari, channel_id)
    await caller.wait_for(ChannelDestroyed, channel_id)
    assert not await commands.module_running(caller.ari, "app_nonesuch.so")


async def test_machine_is_hung_up_and_a_person_hears_the_message(
    tenant: LiveTenant, testbed: Testbed, figures: Figures
) -> None:
    machine, person = numbers(scenarios.VOICEMAIL), numbers(scenarios.ALO)
    settings = {"trunk": "talkers", "machineDetection": "hang_up", "audioFile": "custom/greeting"}
    campaign_id = await tenant.campaign(machine + person, **settings)
    calls = await tenant.ended(campaign_id, 2, 30)
    by_machine, by_person = calls[machine[0]], calls[person[0]]
    assert (by_machine["outcome"], by_machine["machineVerdict"], by_machine["connectedAt"]) == (
        "machine",
        "machine",
        None,
    )
    assert by_machine["machineCause"].startswith("LONGGREETING")
    assert instant(by_machine["nextCallAt"]) > instant(by_machine["endedAt"]), "by the retry rule of machines"
    assert (by_person["outcome"], by_person["machineVerdict"]) == ("answered", "human")
    assert by_person["waitSec"] < DETECTED_WITHIN_MS / 1000
    assert max(call["machineDetectionMs"] for call in calls.values()) < DETECTED_WITHIN_MS
    assert await tenant.contacts(campaign_id) == {(0, "machine"): 1, (2, "answered"): 1}
    figures(f"machine: hung up after {by_machine['waitSec']} s; person: message after {by_person['waitSec']} s")
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")


async def test_person_who_says_alo_has_an_agent_within_two_seconds_of_the_answer(
    tenant: LiveTenant, recorder: Listener, figures: Figures
) -> None:
    queue_id, agent_id = await tenant.signed_in("Vo K")
    person = numbers(scenarios.ALO)
    settings = {"dialingMode": "progressive", "queueId": queue_id, "machineDetection": "hang_up", "trunk": "talkers"}
    campaign_id = await tenant.campaign(person, **settings)
    await tenant.agent(agent_id, "talking")
    [call] = await tenant.calls_in_state(campaign_id, "answered", 1)
    assert international(call["phoneNumber"]) == person[0]
    waited_s = (instant(call["connectedAt"]) - instant(call["answeredAt"])).total_seconds()
    assert waited_s < DETECTED_WITHIN_MS / 1000
    figures(f"person: agent connected {waited_s:.3f} s after the answer, detection included")
    assert await commands.hang_up(recorder.ari, call["callId"])
    ended = await tenant.ended(campaign_id, 1, 20)
    assert (ended[person[0]]["outcome"], ended[person[0]]["machineVerdict"]) == ("answered", "human")
    await tenant.signed_out(agent_id)
    await tenant.call("POST", f"/v1/campaigns/{campaign_id}/stop")
