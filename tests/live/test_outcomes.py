"""Events of a real Asterisk for each way in which a call ends. The dialer and the simulated switch rely on them."""

import uuid

import pytest
from structlog.testing import capture_logs

from tests.support.live import scenarios
from tests.support.live.testbed import APP, TRUNK, Testbed, number
from tests.support.servers import eventually
from tests.support.switch import Listener, listening
from tongdai.switch import commands
from tongdai.switch.client import AriClient
from tongdai.switch.commands import Placed, Refused
from tongdai.switch.events import (
    ChannelDestroyed,
    ChannelStateChange,
    Dial,
    StasisStart,
)


async def dial(caller: Listener, ending: str, trunk: str = TRUNK, timeout_s: int = 30) -> str:
    channel_id = str(uuid.uuid4())
    endpoint = commands.endpoint_of(number(ending), trunk)
    placed = await commands.originate(caller.ari, channel_id, endpoint, APP, ["call", "7"], "+842871000000", timeout_s)
    assert placed == Placed()
    return channel_id


def statuses(caller: Listener, channel_id: str) -> list[str]:
    return [event.status for event in caller.of(Dial, channel_id)]


def states(caller: Listener, channel_id: str) -> list[str]:
    return [event.state for event in caller.of(ChannelStateChange, channel_id)]


async def test_answered_then_hung_up_by_us(caller: Listener) -> None:
    channel_id = await dial(caller, scenarios.ANSWER)
    assert (await caller.wait_for(StasisStart, channel_id)).args == ("call", "7")
    here = await commands.channel(caller.ari, channel_id)
    assert here is not None
    assert here.state == "Up"
    assert [channel.channel_id for channel in await commands.channels(caller.ari)] == [channel_id]
    assert await commands.hang_up(caller.ari, channel_id)
    ended = await caller.wait_for(ChannelDestroyed, channel_id)
    assert (ended.cause, ended.tech_cause) == (16, None)
    assert statuses(caller, channel_id) == ["", "RINGING", "ANSWER"]
    assert states(caller, channel_id) == ["Ringing", "Up"]
    assert not await commands.hang_up(caller.ari, channel_id)
    assert await commands.channel(caller.ari, channel_id) is None


@pytest.mark.parametrize(("ending", "cause"), [(scenarios.ANSWER_THEN_BYE, 0), (scenarios.BYE_WITH_REASON, 16)])
async def test_answered_then_hung_up_by_the_callee(caller: Listener, ending: str, cause: int) -> None:
    channel_id = await dial(caller, ending)
    await caller.wait_for(StasisStart, channel_id)
    ended = await caller.wait_for(ChannelDestroyed, channel_id)
    assert (ended.cause, ended.tech_cause) == (cause, None)


@pytest.mark.parametrize(
    ("ending", "status", "cause"),
    [("486", "BUSY", 17), ("404", "NOANSWER", 1), ("603", "NOANSWER", 21), ("503", "CONGESTION", 34)],
    ids=["busy", "unallocated", "rejected", "congestion"],
)
async def test_refused(caller: Listener, ending: str, status: str, cause: int) -> None:
    channel_id = await dial(caller, ending)
    ended = await caller.wait_for(ChannelDestroyed, channel_id)
    assert (ended.cause, ended.tech_cause) == (cause, int(ending))
    assert statuses(caller, channel_id) == ["", status]
    assert not caller.of(StasisStart, channel_id)
    assert not caller.of(ChannelStateChange, channel_id)


async def test_not_answered_until_the_time_out(caller: Listener) -> None:
    channel_id = await dial(caller, scenarios.NO_ANSWER, timeout_s=2)
    ended = await caller.wait_for(ChannelDestroyed, channel_id)
    assert (ended.cause, ended.tech_cause) == (19, 480)
    assert statuses(caller, channel_id) == ["", "RINGING"]


async def test_cancelled_while_it_rings(caller: Listener) -> None:
    channel_id = await dial(caller, scenarios.NO_ANSWER)
    await caller.wait_for(ChannelStateChange, channel_id)
    assert not await commands.play(caller.ari, channel_id, "early", "hello-world"), "not answered"
    assert await commands.hang_up(caller.ari, channel_id)
    ended = await caller.wait_for(ChannelDestroyed, channel_id)
    assert (ended.cause, ended.tech_cause) == (16, None), "16 does not mean that it was answered"
    assert statuses(caller, channel_id)[-1] == "NOANSWER"


async def test_carrier_dead(caller: Listener) -> None:
    """32 seconds without a SIP response."""
    channel_id = await dial(caller, scenarios.ANSWER, trunk="dead", timeout_s=60)
    ended = await caller.wait_for(ChannelDestroyed, channel_id, within_s=45)
    assert (ended.cause, ended.tech_cause) == (18, 408)
    assert statuses(caller, channel_id) == ["", "NOANSWER"]
    assert not caller.of(ChannelStateChange, channel_id)


async def test_carrier_dead_for_longer_than_the_time_out_looks_like_no_answer_but_never_rang(caller: Listener) -> None:
    channel_id = await dial(caller, scenarios.ANSWER, trunk="dead", timeout_s=2)
    ended = await caller.wait_for(ChannelDestroyed, channel_id)
    assert (ended.cause, ended.tech_cause) == (19, 480)
    assert statuses(caller, channel_id) == [""]
    assert not caller.of(ChannelStateChange, channel_id)


async def test_unknown_trunk_is_refused_without_an_event(caller: Listener) -> None:
    endpoint = commands.endpoint_of(number(scenarios.ANSWER), "nonesuch")
    refused = await commands.originate(caller.ari, str(uuid.uuid4()), endpoint, APP)
    assert refused == Refused(500, "Allocation failed")


async def test_phone_that_is_not_signed_on_is_refused_likewise(caller: Listener) -> None:
    refused = await commands.originate(caller.ari, str(uuid.uuid4()), commands.agent_endpoint_of("agent2"), APP)
    assert refused == Refused(500, "Allocation failed")


async def test_wrong_password_is_refused(testbed: Testbed) -> None:
    with capture_logs() as logs:
        async with listening(AriClient(testbed.url, "tongdai", "wrong", APP)) as listener:
            await eventually(lambda: logs, 10, "a line")
            assert not listener.ari.up
    assert [line["reason"] for line in logs] == ["HTTP 401"]
