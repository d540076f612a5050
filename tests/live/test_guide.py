"""The configuration in docs/telephony.md does what the guide says."""

import re
import uuid
from datetime import timedelta

from tests.support.live import guide, scenarios
from tests.support.live.testbed import AGENT, APP, TRUNK, Testbed, number
from tests.support.switch import Listener
from tongdai.call_outcome import UNWANTED
from tongdai.calls.causes import outcome_of
from tongdai.campaigns.settings.values import NEVER, RETRIES
from tongdai.switch import commands
from tongdai.switch.commands import Placed
from tongdai.switch.events import ChannelDestroyed, StasisStart


async def test_carrier_that_asks_for_a_password_gets_it(caller: Listener, testbed: Testbed) -> None:
    channel_id, dialled = str(uuid.uuid4()), number(scenarios.PASSWORD)
    assert await commands.originate(caller.ari, channel_id, commands.endpoint_of(dialled, TRUNK), APP) == Placed()
    await caller.wait_for(StasisStart, channel_id)
    assert await commands.hang_up(caller.ari, channel_id)
    await caller.wait_for(ChannelDestroyed, channel_id)
    assert testbed.ledger(testbed.carrier)[dialled, scenarios.ANSWERED] == 1


async def test_phone_that_signed_on_is_asked_to_pick_up_by_itself(caller: Listener, testbed: Testbed) -> None:
    channel_id = str(uuid.uuid4())
    assert await commands.originate(caller.ari, channel_id, commands.agent_endpoint_of(AGENT), APP) == Placed()
    await caller.wait_for(StasisStart, channel_id)
    assert await commands.hang_up(caller.ari, channel_id)
    await caller.wait_for(ChannelDestroyed, channel_id)
    [messages] = testbed.agent.folder.glob("*_messages.log")
    assert "Call-Info: <sip:tongdai>;answer-after=0" in messages.read_text()


async def test_switch_has_the_modules_without_which_no_call_can_be_placed(caller: Listener) -> None:
    await commands.require_modules(caller.ari)


async def test_nobody_calls_out_through_the_switch(caller: Listener, testbed: Testbed) -> None:
    await testbed.phone(
        "dialling", scenarios.calling(AGENT, testbed.agents, number(scenarios.ANSWER, 999), 403), port=5070
    )
    assert not testbed.ledger(testbed.carrier)[number(scenarios.ANSWER, 999), scenarios.CALLED]


def test_table_of_endings_matches_the_dialer() -> None:
    rows = guide.table("the carrier says")
    assert len(rows) > 8
    for says, causes, outcome, again in rows:
        statuses = [int(status) for status in re.findall(r"\b[3-6][0-9]{2}\b", says)] or [None]
        for cause, status in ((int(c), s) for c in re.findall(r"[0-9]+", causes) for s in statuses):
            rang, answered = says.startswith("180"), says.startswith("200")
            found = outcome_of(rang=rang, answered=answered, cause=cause, sip_status=status)
            assert f"`{found}`" == outcome, (says, cause, status)
        rule = NEVER if UNWANTED.issuperset(statuses) else RETRIES.get(outcome.strip("`"), NEVER)
        minutes = rule.after // timedelta(minutes=1)
        assert again == (f"after {minutes} min, {rule.times} times" if rule.times else "never"), says
