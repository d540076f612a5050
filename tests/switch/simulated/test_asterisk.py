"""The simulated switch sends the events that a real one was seen to send."""

import asyncio
from datetime import datetime

import pytest

from tests.support.simulated_switch import call, play, until
from tests.support.switch import Listener, channels_of
from tests.switch.conftest import APP
from tongdai.switch import commands
from tongdai.switch.commands import Placed, Refused
from tongdai.switch.events import (
    DETECTED,
    ChannelDestroyed,
    ChannelHangupRequest,
    ChannelStateChange,
    Connected,
    Dial,
    Event,
    PlaybackFinished,
    StasisStart,
)
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callees, Response, always, phone


def short(event: Event) -> str:
    match event:
        case Dial(status=status):
            return f"Dial {status}".strip()
        case ChannelStateChange(state=state):
            return state
        case ChannelDestroyed(cause=cause, tech_cause=sip):
            return f"Destroyed {cause} {sip}"
        case _:
            return type(event).__name__


def reported(events: list[Event]) -> list[str]:
    """Texts of the events in order, except that the two events of ringing may be in any order."""
    texts = [short(event) for event in events if not isinstance(event, Connected)]
    pair = {"Ringing", "Dial RINGING"}
    for i in range(len(texts) - 1):
        if {texts[i], texts[i + 1]} == pair:
            texts[i : i + 2] = ["Ringing", "Dial RINGING"]
    return texts


RINGS = ["Dial", "Ringing", "Dial RINGING"]

ANSWERS = [*RINGS, "Up", "Dial ANSWER", "StasisStart"]
HUNG_UP = "ChannelHangupRequest"


@pytest.mark.parametrize(
    ("ending", "sequence"),
    [
        (Response.BUSY, ["Dial", "Dial BUSY", "Destroyed 17 486"]),
        (Response.UNALLOCATED, ["Dial", "Dial NOANSWER", "Destroyed 1 404"]),
        (Response.CONGESTION, ["Dial", "Dial CONGESTION", "Destroyed 34 503"]),
        (Response.REJECTED, [*RINGS, "Dial NOANSWER", "Destroyed 21 603"]),
        (Response.NO_ANSWER, [*RINGS, "Destroyed 19 480"]),
    ],
)
def test_call_that_is_not_answered_ends_as_on_a_real_switch(ending: Response, sequence: list[str]) -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        assert await call(listener) == Placed()
        await listener.wait_for(ChannelDestroyed, within_s=60)
        assert reported(listener.heard) == sequence

    asterisk = play(scene, always(ending))
    assert channels_of(asterisk) == []
    assert not asterisk.ledger.active


def test_dead_carrier_says_nothing_for_32_seconds_and_looks_unanswered_before() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener, timeout_s=40)
        await listener.wait_for(ChannelDestroyed, within_s=60)
        assert reported(listener.heard) == ["Dial", "Dial NOANSWER", "Destroyed 18 408"]
        listener.heard.clear()
        await call(listener, "c2", timeout_s=30)
        await listener.wait_for(ChannelDestroyed, within_s=60)
        assert reported(listener.heard) == ["Dial", "Destroyed 19 480"]

    play(scene, always(Response.DEAD, 32.0))


def test_answered_call_that_we_hang_up() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(StasisStart)
        assert await commands.hang_up(listener.ari, "c")
        await listener.wait_for(ChannelDestroyed)
        assert reported(listener.heard) == [*ANSWERS, HUNG_UP, "Destroyed 16 None"]

    play(scene, always(Response.ANSWERED))


def test_answered_call_that_the_callee_hangs_up_has_cause_0_or_16() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        for n in range(20):
            await call(listener, f"c{n}", n)
        await listener.wait_for(ChannelDestroyed, count=20, within_s=60)
        ends = {
            tuple(reported([e for e in listener.heard if getattr(e, "channel_id", "") == f"c{n}"])) for n in range(20)
        }
        assert ends == {
            (*ANSWERS, HUNG_UP, "Destroyed 0 None"),
            (*ANSWERS, HUNG_UP, "Destroyed 16 None"),
        }

    play(scene, always(Response.ANSWERED, talk_s=3))


def test_call_that_we_cancel_while_it_rings() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(ChannelStateChange)
        await until(lambda: len(listener.heard) == 4)
        await commands.hang_up(listener.ari, "c")
        await listener.wait_for(ChannelDestroyed)
        assert reported(listener.heard) == [*RINGS, "Dial NOANSWER", "Destroyed 16 None"]

    play(scene, always(Response.NO_ANSWER))


def test_sound_ends_after_its_length_and_an_unknown_one_at_once() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(StasisStart)
        began = asyncio.get_running_loop().time()
        assert await commands.play(listener.ari, "c", "p1", "greeting")
        assert (await listener.wait_for(PlaybackFinished, within_s=20)).done
        assert 12 <= asyncio.get_running_loop().time() - began < 12.1
        assert await commands.play(listener.ari, "c", "p2", "nonesuch")
        assert not (await listener.wait_for(PlaybackFinished, count=2)).done
        assert asyncio.get_running_loop().time() - began < 12.2

    play(scene, always(Response.ANSWERED), sounds={"sound:greeting": 12.0})


def test_request_to_hang_up_is_reported_before_the_sound_that_it_interrupts() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(StasisStart)
        assert await commands.play(listener.ari, "c", "p", "greeting")
        await listener.wait_for(ChannelDestroyed, within_s=20)
        kinds = [type(event) for event in listener.heard]
        assert kinds[-3:] == [ChannelHangupRequest, PlaybackFinished, ChannelDestroyed]

    play(scene, always(Response.ANSWERED, talk_s=3), sounds={"sound:greeting": 12.0})


def test_machine_is_detected_and_the_detour_is_no_hang_up() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(StasisStart)
        assert not await commands.run_extension(listener.ari, "c", "elsewhere", "detect")
        assert await commands.run_extension(listener.ari, "c", f"{APP}-amd", "detect")
        assert not await commands.play(listener.ari, "c", "p", "x"), "the dialplan has it"
        assert (await listener.wait_for(StasisStart, count=2)).args[:2] == (DETECTED, "MACHINE")
        assert reported(listener.heard) == [*ANSWERS, "StasisStart"]

    play(scene, always(Response.ANSWERED, machine=True))


def test_agent_stays_when_the_customer_leaves_the_bridge() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await commands.originate(listener.ari, "agent", "PJSIP/agent1", APP)
        await call(listener)
        await listener.wait_for(StasisStart, "agent")
        await listener.wait_for(StasisStart, "c")
        await commands.create_bridge(listener.ari, "b")
        assert await commands.add_to_bridge(listener.ari, "b", "agent", "c")
        await listener.wait_for(ChannelDestroyed, "c", within_s=60)
        assert [c.channel_id for c in await commands.channels(listener.ari)] == ["agent"]
        assert all(call.bridged_at for call in asterisk.ledger.calls)

    play(scene, always(Response.ANSWERED, talk_s=30), seed=3)


def test_agent_who_does_not_answer_rings_until_the_time_out() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await commands.originate(listener.ari, "agent", "PJSIP/agent9", APP, timeout_s=15)
        assert (await listener.wait_for(ChannelDestroyed, within_s=60)).cause == 19
        unknown = await commands.originate(listener.ari, "x", "PJSIP/agent8", APP)
        assert unknown == Refused(500, "Allocation failed")

    play(scene, phones={"agent9": phone(None)})


def test_answer_rate_may_change_with_time() -> None:
    def rate(now: datetime) -> float:
        return 0.6 if now.hour < 1 else 0.1

    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        for n in range(1000):
            await call(listener, f"early{n}", n)
        early = await settled(asterisk)
        await asyncio.sleep(3600)
        for n in range(1000):
            await call(listener, f"late{n}", n)
        late = await settled(asterisk) - early
        assert (550 < early < 650, 70 < late < 130) == (True, True), (early, late)

    async def settled(asterisk: SimulatedAsterisk) -> int:
        await asyncio.sleep(60)
        return asterisk.ledger.counts["answered"]

    assert not play(scene, Callees(answer_rate=rate)).ledger.violations
