"""The simulated switch tells what a real one was seen to tell, and does harm when asked."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import pytest

from tests.support.switch import Listener, listening
from tests.switch.conftest import APP
from tongdai.switch import commands
from tongdai.switch.commands import Duplicate, Placed, Refused
from tongdai.switch.events import (
    DETECTED,
    ChannelDestroyed,
    ChannelStateChange,
    Connected,
    Dial,
    Disconnected,
    Event,
    PlaybackFinished,
    Replaced,
    StasisStart,
)
from tongdai.switch.interface import SwitchAway, SwitchError
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callee, Callees, Ending, always, phone
from tongdai.switch.simulated.client import Faults, SimulatedAri
from tongdai.testing import virtual_time

Scene = Callable[[SimulatedAsterisk, Listener], Coroutine[Any, Any, Any]]


def play(
    scene: Scene, callee: Callee | None = None, faults: Faults | None = None, seed: int = 1, **options: Any
) -> SimulatedAsterisk:
    """Run the scene, with a client that is up; the simulated Asterisk afterwards."""
    rng = random.Random(seed)

    async def main() -> SimulatedAsterisk:
        asterisk = SimulatedAsterisk(rng, virtual_time.LoopClock(), callee, **options)
        ari = SimulatedAri(asterisk, rng)
        async with listening(ari) as listener:
            await listener.wait_for(Connected)
            await until(lambda: ari.up)
            ari.faults = faults or Faults()
            await scene(asterisk, listener)
        return asterisk

    return virtual_time.run(main(), rng)


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def call(listener: Listener, channel_id: str = "c", n: int = 1, **options: Any) -> commands.Originated:
    endpoint = commands.endpoint_of(f"8490{n:07d}", "trunk")
    return await commands.originate(listener.ari, channel_id, endpoint, APP, ["a"], **options)


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
    """In order; the two that tell of ringing come in either."""
    texts = [short(event) for event in events if not isinstance(event, Connected)]
    pair = {"Ringing", "Dial RINGING"}
    for i in range(len(texts) - 1):
        if {texts[i], texts[i + 1]} == pair:
            texts[i : i + 2] = ["Ringing", "Dial RINGING"]
    return texts


RINGS = ["Dial", "Ringing", "Dial RINGING"]
ANSWERS = [*RINGS, "Up", "Dial ANSWER", "StasisStart"]


@pytest.mark.parametrize(
    ("ending", "sequence"),
    [
        (Ending.BUSY, ["Dial", "Dial BUSY", "Destroyed 17 486"]),
        (Ending.UNALLOCATED, ["Dial", "Dial NOANSWER", "Destroyed 1 404"]),
        (Ending.CONGESTION, ["Dial", "Dial CONGESTION", "Destroyed 34 503"]),
        (Ending.REJECTED, [*RINGS, "Dial NOANSWER", "Destroyed 21 603"]),
        (Ending.NO_ANSWER, [*RINGS, "Destroyed 19 480"]),
    ],
)
def test_call_that_is_not_answered_ends_as_on_a_real_switch(ending: Ending, sequence: list[str]) -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        assert await call(listener) == Placed()
        await listener.wait_for(ChannelDestroyed, within_s=60)
        assert reported(listener.heard) == sequence

    asterisk = play(scene, always(ending))
    assert asterisk.busy_channels == 0
    assert not asterisk.ledger.live


def test_dead_carrier_says_nothing_for_32_seconds_and_looks_unanswered_before() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener, timeout_s=40)
        await listener.wait_for(ChannelDestroyed, within_s=60)
        assert reported(listener.heard) == ["Dial", "Dial NOANSWER", "Destroyed 18 408"]
        listener.heard.clear()
        await call(listener, "c2", timeout_s=30)
        await listener.wait_for(ChannelDestroyed, within_s=60)
        assert reported(listener.heard) == ["Dial", "Destroyed 19 480"]

    play(scene, always(Ending.DEAD, 32.0))


def test_answered_call_that_we_hang_up() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(StasisStart)
        assert await commands.hang_up(listener.ari, "c")
        await listener.wait_for(ChannelDestroyed)
        assert reported(listener.heard) == [*ANSWERS, "Destroyed 16 None"]

    play(scene, always(Ending.ANSWERED))


def test_answered_call_that_the_callee_hangs_up_has_cause_0_or_16() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        for n in range(20):
            await call(listener, f"c{n}", n)
        await listener.wait_for(ChannelDestroyed, count=20, within_s=60)
        ends = {
            tuple(reported([e for e in listener.heard if getattr(e, "channel_id", "") == f"c{n}"])) for n in range(20)
        }
        assert ends == {
            (*ANSWERS, "Destroyed 0 None"),
            (*ANSWERS, "Destroyed 16 None"),
        }

    play(scene, always(Ending.ANSWERED, talk_s=3))


def test_call_that_we_give_up_while_it_rings() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(ChannelStateChange)
        await until(lambda: len(listener.heard) == 4)
        await commands.hang_up(listener.ari, "c")
        await listener.wait_for(ChannelDestroyed)
        assert reported(listener.heard) == [*RINGS, "Dial NOANSWER", "Destroyed 16 None"]

    play(scene, always(Ending.NO_ANSWER))


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

    play(scene, always(Ending.ANSWERED), sounds={"sound:greeting": 12.0})


def test_machine_is_detected_and_leaving_for_it_is_no_hang_up() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(StasisStart)
        assert not await commands.run_extension(listener.ari, "c", "elsewhere", "detect")
        assert await commands.run_extension(listener.ari, "c", f"{APP}-amd", "detect")
        assert not await commands.play(listener.ari, "c", "p", "x"), "the dialplan has it"
        assert (await listener.wait_for(StasisStart, count=2)).args[:2] == (DETECTED, "MACHINE")
        assert reported(listener.heard) == [*ANSWERS, "StasisStart"]

    play(scene, always(Ending.ANSWERED, machine=True))


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

    play(scene, always(Ending.ANSWERED, talk_s=30), seed=3)


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


def test_cut_fails_requests_and_calls_go_on_unheard() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        waiting = asyncio.ensure_future(commands.channels(listener.ari))
        await asyncio.sleep(0)
        asterisk.cut(for_s=20)
        assert not listener.ari.up
        with pytest.raises(SwitchAway):
            await waiting
        await listener.wait_for(Connected, count=2, within_s=30)
        assert len(listener.of(Disconnected)) == 1
        assert not listener.of(ChannelDestroyed)
        assert await commands.channels(listener.ari) == []

    ledger = play(scene, always(Ending.ANSWERED, 10)).ledger
    assert ledger.counts["unheard"] == 1
    assert ledger.calls[0].ended_at == ledger.calls[0].answered_at, "hung up: nobody was there to talk to it"


def test_call_in_the_application_survives_a_cut() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(StasisStart)
        asterisk.cut(for_s=2)
        await listener.wait_for(Connected, count=2)
        assert [(c.channel_id, c.state) for c in await commands.channels(listener.ari)] == [("c", "Up")]

    play(scene, always(Ending.ANSWERED))


def test_restart_takes_all_calls_without_a_word() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(StasisStart)
        await commands.play(listener.ari, "c", "p", "x")
        asterisk.restart(for_s=1)
        await listener.wait_for(Connected, count=2)
        assert await commands.channels(listener.ari) == []
        await asyncio.sleep(100)
        assert not listener.of(ChannelDestroyed)
        assert not listener.of(PlaybackFinished)

    assert not play(scene, always(Ending.ANSWERED, talk_s=50)).ledger.live


def test_second_client_of_the_application_replaces_the_first() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        second = SimulatedAri(asterisk, random.Random(2))
        async with listening(second) as other:
            await listener.wait_for(Replaced)
            await until(lambda: second.up)
            assert not listener.ari.up
            await call(other)
            await other.wait_for(ChannelDestroyed)
            assert not listener.of(ChannelDestroyed)
        await asyncio.sleep(60)
        assert not listener.ari.up, "for good"

    play(scene, always(Ending.BUSY, 0.1))


def test_fault_of_each_kind_occurs() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        outcomes: set[str] = set()
        for n in range(300):
            try:
                outcomes.add(type(await call(listener, f"c{n}", n)).__name__)
            except SwitchError as error:
                outcomes.add(str(error))
        await asyncio.sleep(120)
        assert outcomes == {"Placed", "Refused", "Duplicate", "no reply in time"}
        counts = asterisk.ledger.counts
        assert all(counts[name] for name in Faults.__slots__ if not name.endswith("_s")), counts
        assert counts["originated"] == counts["ended"] < 300
        ends = [event.channel_id for event in listener.of(ChannelDestroyed)]
        assert len(ends) > len(set(ends)), "some were doubled"
        assert len(set(ends)) < counts["ended"], "some were lost"

    shares: dict[str, Any] = {name: 0.1 for name in Faults.__slots__ if not name.endswith("_s")}
    assert not play(scene, always(Ending.BUSY, 1), Faults(**shares)).ledger.violations


def test_late_originate_begins_after_its_sender_gave_up() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        with pytest.raises(SwitchAway, match="in time"):
            await call(listener)
        assert await commands.channel(listener.ari, "c") is None
        await asyncio.sleep(15)
        assert await commands.channel(listener.ari, "c") is not None

    play(scene, always(Ending.ANSWERED), Faults(originate_late=1.0, late_s=(15, 20)))


def test_lost_reply_is_of_a_call_that_was_placed() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        with pytest.raises(SwitchAway, match="in time"):
            await call(listener)
        assert asterisk.ledger.counts["originated"] == 1

    play(scene, always(Ending.ANSWERED), Faults(reply_lost=1.0))


def test_two_calls_of_one_number_at_once_are_in_the_ledger() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        assert await call(listener, "c1") == Placed()
        assert await call(listener, "c1") == Duplicate()
        assert await call(listener, "c2") == Placed()

    violations = play(scene, always(Ending.ANSWERED)).ledger.violations
    assert len(violations) == 1
    assert "already" in violations[0]


def test_channel_id_used_again_is_in_the_ledger() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        for n in range(2):
            assert await call(listener, "c1") == Placed()
            await listener.wait_for(ChannelDestroyed, count=n + 1)

    assert "used before" in play(scene, always(Ending.BUSY)).ledger.violations[0]


def test_originate_while_away_is_in_the_ledger() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        asterisk.cut(for_s=5)
        with pytest.raises(SwitchAway):
            await call(listener)

    assert "while away" in play(scene).ledger.violations[0]


def test_rule_of_the_test_is_asked_of_each_originate() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        asterisk.ledger.rules.append(lambda call: "listed" if call.to.endswith("7") else None)
        for n in (6, 7):
            await call(listener, f"c{n}", n)

    violations = play(scene).ledger.violations
    assert [text.rpartition(": ")[2] for text in violations] == ["listed"]


@pytest.mark.parametrize("seed", range(5))
def test_same_seed_same_history(seed: int) -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        for n in range(100):
            try:
                await call(listener, f"c{n}", n)
            except SwitchAway:
                continue
            if n == 50:
                asterisk.cut(for_s=1)
                await listener.wait_for(Connected, count=2)
        await asyncio.sleep(3600)
        histories.append([repr(event) for event in listener.heard])

    histories: list[list[str]] = []
    for _ in range(2):
        play(scene, faults=Faults(event_late=0.2, reply_lost=0.05), seed=seed)
    assert histories[0] == histories[1]
    assert len(histories[0]) > 100


def test_days_pass_in_seconds_and_waiting_for_nothing_is_an_error() -> None:
    async def sleeping() -> float:
        await asyncio.sleep(30 * 86_400)
        return asyncio.get_running_loop().time()

    async def stuck() -> None:
        await asyncio.Event().wait()

    assert virtual_time.run(sleeping(), random.Random(1)) >= 30 * 86_400
    with pytest.raises(RuntimeError, match="wait for one another"):
        virtual_time.run(stuck(), random.Random(1))
