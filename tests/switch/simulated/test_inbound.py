"""Callers of the simulated switch: they ring, wait, talk and leave as their course says, and the ledger tells."""

import asyncio
import random
from collections import Counter
from datetime import timedelta

import pytest

from tests.support.simulated_switch import play, until
from tests.support.switch import Listener
from tests.switch.conftest import APP
from tongdai.switch import commands
from tongdai.switch.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    PlaybackFinished,
    StasisStart,
)
from tongdai.switch.interface import SwitchRefused
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Response, always, phone
from tongdai.switch.simulated.callers import (
    CONFIRM,
    GREETING,
    OFFER,
    Arrivals,
    Callers,
    KeyPress,
    Keys,
    Patience,
)

CALLED, CALLER = "842871001234", "84901234567"


async def taken(listener: Listener, count: int = 1) -> str:
    """Answer the `count`-th caller; the channel's id."""
    channel_id = (await listener.wait_for(StasisStart, count=count, within_s=60)).channel_id
    assert await commands.subscribe_to_channel(listener.ari, APP, channel_id)
    assert await commands.answer(listener.ari, channel_id)
    return channel_id


async def agent(listener: Listener, name: str) -> None:
    await commands.originate(listener.ari, name, commands.agent_endpoint_of(name), APP)
    await listener.wait_for(StasisStart, name)


async def connect(listener: Listener, *channels: str) -> None:
    await commands.create_bridge(listener.ari, "b")
    assert await commands.add_to_bridge(listener.ari, "b", *channels)


def test_caller_who_is_not_answered_cancels_when_their_patience_ends() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        call = asterisk.call_in(CALLED, CALLER, waits_s=20)
        await commands.subscribe_to_channel(listener.ari, APP, call.channel_id)
        ended = await listener.wait_for(ChannelDestroyed, within_s=30)
        assert (ended.cause, ended.tech_cause) == (127, 487)
        assert call.ended_at == call.arrived_at + timedelta(seconds=20)
        assert (call.ended_by, call.answered_at) == ("caller", None)

    play(scene)


def test_no_end_is_reported_of_a_channel_that_was_not_subscribed_to() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        call = asterisk.call_in(CALLED, CALLER, waits_s=20)
        await listener.wait_for(StasisStart)
        await asyncio.sleep(30)
        assert call.ended_at is not None
        assert not listener.of(ChannelDestroyed)

    play(scene)


def test_patience_stops_while_they_talk_and_begins_again_when_they_are_left_alone() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        call = asterisk.call_in(CALLED, CALLER, waits_s=30, talk_s=100)
        channel_id = await taken(listener)
        assert await commands.start_music(listener.ari, channel_id)
        await agent(listener, "agent1")
        assert await commands.stop_music(listener.ari, channel_id)
        await connect(listener, "agent1", channel_id)
        await asyncio.sleep(60)
        assert call.ended_at is None
        assert await commands.remove_from_bridge(listener.ari, "b", "agent1")
        await listener.wait_for(ChannelHangupRequest, channel_id, within_s=40)
        assert call.ended_by == "caller"
        (talk,) = call.talks
        assert talk.ended_at is not None
        assert 60 < (talk.ended_at - talk.began_at).total_seconds() < 60.1
        assert asterisk.ledger.talk_s("agent1") == (talk.ended_at - talk.began_at).total_seconds()
        assert (talk.with_whom, talk.agent, call.served) == ("agent1", True, True)
        assert 1 < call.music_s < 5, "from the answer until the agent's phone was answered"

    assert not play(scene, phones={"agent1": phone()}).ledger.violations


def test_caller_who_has_said_all_hangs_up() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        call = asterisk.call_in(CALLED, CALLER, talk_s=100)
        channel_id = await taken(listener)
        await agent(listener, "agent1")
        await connect(listener, "agent1", channel_id)
        await listener.wait_for(ChannelDestroyed, channel_id, within_s=110)
        assert call.ended_by == "caller"
        assert asterisk.ledger.talk_s("agent1") == 100

    assert not play(scene, phones={"agent1": phone()}).ledger.violations


def test_sound_ends_music_and_music_does_not_end_in_a_bridge() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        call = asterisk.call_in(CALLED, CALLER)
        channel_id = await taken(listener)
        assert await commands.start_music(listener.ari, channel_id)
        await asyncio.sleep(10)
        assert await commands.play(listener.ari, channel_id, "p", "you-are-first")
        await asyncio.sleep(20)
        assert 10 <= call.music_s < 10.1
        assert await commands.start_music(listener.ari, channel_id)
        await agent(listener, "agent1")
        await connect(listener, "agent1", channel_id)

    (violation,) = play(scene).ledger.violations
    assert violation.endswith("bridged while music on hold plays")


@pytest.mark.parametrize(("cause", "status"), [(1, 404), (16, None), (17, 486), (21, 403), (34, 503), (41, None)])
def test_refused_call_tells_the_status_that_a_real_switch_sends(cause: int, status: int | None) -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        call = asterisk.call_in(CALLED, CALLER)
        await commands.subscribe_to_channel(listener.ari, APP, call.channel_id)
        assert await commands.hang_up(listener.ari, call.channel_id, cause)
        ended = await listener.wait_for(ChannelDestroyed)
        assert (ended.cause, ended.tech_cause) == (cause, status)

    play(scene)


def test_keys_are_pressed_after_the_answer_and_none_after_the_end() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        call = asterisk.call_in(CALLED, CALLER, keys=((1, "1"), (2, "2"), (50, "3")))
        channel_id = await taken(listener)
        await listener.wait_for(ChannelDtmfReceived, channel_id, 2)
        asterisk.press(call, "*")
        await until(lambda: len(listener.of(ChannelDtmfReceived)) == 3)
        asterisk.leave(call)
        asterisk.leave(call)
        await asyncio.sleep(60)
        assert "".join(event.digit for event in listener.of(ChannelDtmfReceived)) == call.keys == "12*"

    play(scene)


def test_keys_are_pressed_at_what_is_heard_unless_somebody_talks_by_then() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        replies = (KeyPress(GREETING, "2", 3), KeyPress(CONFIRM, "1", 4))
        call = asterisk.call_in(CALLED, CALLER, replies=replies)
        channel_id = await taken(listener)
        for played, sounds in (
            (1, ["tongdai/welcome"]),
            (2, ["tongdai/vi/callback-number", "tongdai/vi/khong", "tongdai/vi/callback-confirm"]),
            (3, ["tongdai/vi/please-wait"]),
            (4, [commands.SoundUrl("https://tongdai.example/music.wav")]),
        ):
            assert await commands.play(listener.ari, channel_id, f"p{played}", *sounds)
            await listener.wait_for(PlaybackFinished, channel_id, played, within_s=60)
        assert call.keys == "21"
        assert await commands.play(listener.ari, channel_id, "e", "tongdai/welcome")
        assert await commands.stop_playing(listener.ari, "e")
        await agent(listener, "agent1")
        await connect(listener, "agent1", channel_id)
        await asyncio.sleep(10)
        assert call.keys == "21"

    assert not play(scene, phones={"agent1": phone(lambda _: 0.1)}).ledger.violations


def test_call_is_refused_while_no_application_is_there() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        asterisk.cut(for_s=5)
        call = asterisk.call_in(CALLED, CALLER)
        assert (call.ended_by, call.cause, call.ended_at) == ("switch", 34, call.arrived_at)
        await asyncio.sleep(10)
        assert not listener.of(StasisStart)

    play(scene)


def test_crash_ends_calls_without_an_event_and_arrivals_continue() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        call = asterisk.call_in(CALLED, CALLER, waits_s=30, keys=((1, "1"),))
        await taken(listener)
        asterisk.arrive(Arrivals(per_hour=3600, called=[CALLED]))
        asterisk.restart(for_s=10)
        assert (call.ended_by, call.keys) == ("switch", "")
        await asyncio.sleep(9)
        assert len(asterisk.ledger.callers) == 1, "it is down"
        await asyncio.sleep(60)
        assert len(asterisk.ledger.callers) > 20
        assert not listener.of(ChannelDestroyed, call.channel_id)
        asterisk.arrive(Arrivals(per_hour=0, called=[CALLED]))

    play(scene)


def test_listener_ends_with_the_channel_and_is_in_no_ledger() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        asterisk.call_in(CALLED, CALLER)
        channel_id = await taken(listener)
        assert await commands.snoop(listener.ari, channel_id, "s", APP, spy="both", whisper="none")
        assert await commands.subscribe_to_channel(listener.ari, APP, "s")
        with pytest.raises(SwitchRefused, match="could not be created"):
            await commands.snoop(listener.ari, channel_id, "s", APP, spy="both", whisper="none")
        assert await commands.snoop(listener.ari, channel_id, "unheard", APP, spy="both", whisper="none")
        assert await commands.hang_up(listener.ari, channel_id)
        await listener.wait_for(ChannelDestroyed, "s")
        assert not listener.of(ChannelDestroyed, "unheard")
        assert await commands.channels(listener.ari) == []

    counts = play(scene).ledger.counts
    assert (counts["originated"], counts["ended"], counts["arrived"], counts["left"]) == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("who", "answered", "wrong"),
    [
        (("agent1", "agent2"), True, "bridged with 2 agents"),
        (("agent1",), False, "bridged before it was answered"),
        (("c",), True, "bridged with another customer"),
    ],
)
def test_what_must_not_be_is_in_the_ledger(who: tuple[str, ...], answered: bool, wrong: str) -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await commands.originate(listener.ari, "c", commands.endpoint_of(CALLER, "trunk"), APP)
        await listener.wait_for(StasisStart, "c")
        for name in ("agent1", "agent2"):
            await agent(listener, name)
        call = asterisk.call_in(CALLED, CALLER)
        await listener.wait_for(StasisStart, call.channel_id)
        if answered:
            await commands.answer(listener.ari, call.channel_id)
        await connect(listener, call.channel_id, *who)

    found = play(scene, always(Response.ANSWERED, 1)).ledger.violations
    assert found
    assert all(text.endswith(wrong) for text in found)


def test_conference_is_no_violation_where_it_is_meant() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        asterisk.ledger.conferences = True
        for name in ("agent1", "agent2"):
            await agent(listener, name)
        call = asterisk.call_in(CALLED, CALLER)
        await listener.wait_for(StasisStart, call.channel_id)
        await commands.answer(listener.ari, call.channel_id)
        await connect(listener, call.channel_id, "agent1", "agent2")
        assert [talk.with_whom for talk in call.talks] == ["agent1", "agent2"]

    assert not play(scene).ledger.violations


def test_arrivals_are_a_poisson_process_of_the_rate() -> None:
    async def scene(asterisk: SimulatedAsterisk, _: Listener) -> None:
        asterisk.arrive(Arrivals(per_hour=600, called=lambda: [CALLED, "1900"], callers=Callers(numbers=50)))
        await asyncio.sleep(10 * 3600)
        asterisk.arrive(Arrivals(per_hour=600, called=[]))
        before = len(asterisk.ledger.callers)
        await asyncio.sleep(3600)
        assert len(asterisk.ledger.callers) == before, "there is no number to ring"

    ledger = play(scene).ledger
    assert 5700 < len(ledger.callers) < 6300
    gaps = [
        (after.arrived_at - before.arrived_at).total_seconds()
        for before, after in zip(list(ledger.callers)[:-1], list(ledger.callers)[1:], strict=True)
    ]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert 0.9 < variance / mean**2 < 1.1, "exponential gaps"
    assert {call.to for call in ledger.callers} == {CALLED, "1900"}
    assert len({call.caller_id for call in ledger.callers}) == 50, "people who were not served ring again"


def test_patience_and_talk_are_drawn_from_the_population() -> None:
    callers = Callers(waits_s=lambda _: 3.0, talk_s=lambda _: 7.0)
    number, course = callers(random.Random(1))
    assert commands.endpoint_of(number, "carrier")
    assert course == Patience(waits_s=3.0, talk_s=7.0)


def test_share_of_the_callers_presses_keys_and_some_of_them_ask_to_be_called_back() -> None:
    keys = Keys(share=0.5, choices={"1": 3.0, "2": 1.0}, called_back=0.2)
    rng = random.Random(1)
    drawn = [Callers(keys=keys)(rng)[1].replies for _ in range(4000)]
    pressing = [replies for replies in drawn if replies]
    assert 0.45 < len(pressing) / len(drawn) < 0.55
    chosen = Counter(reply.key for replies in pressing for reply in replies if reply.heard is GREETING)
    assert 2.6 < chosen["1"] / chosen["2"] < 3.4
    asking = sum(any(reply.heard is OFFER for reply in replies) for replies in pressing)
    assert 0.16 < asking / len(pressing) < 0.24
    assert drawn == [Callers(keys=keys)(again)[1].replies for again in [random.Random(1)] for _ in range(4000)]
