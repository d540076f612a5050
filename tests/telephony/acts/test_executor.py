"""Acts on calls of a running dialer, on the simulated switch."""

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.support.acts import Changed, MemoryActs
from tests.support.dialer_scene import AGENTS, Scene, between, play
from tests.support.talks import DONE, Talks, talks
from tongdai.agents.model import AgentState
from tongdai.call_outcome import Outcome
from tongdai.calls.acts.model import LAPSES_AFTER, REPEATABLE, Act, Control, Ended, Kind, Result, Talk
from tongdai.switch.simulated.client import Faults
from tongdai.telephony.acts.executor import POLL_S, SWEEP_S

TALK_S = 60
"""How long the customers of these scenes talk."""


def test_customer_on_hold_hears_music_and_is_back_with_the_agent_when_it_ends() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        assert await t.act(Kind.HOLD) == DONE
        assert (t.customer.bridge_id, t.customer.music_since is None) == (None, False)
        assert s.states() == [AgentState.TALKING]
        await asyncio.sleep(7)
        assert await t.act(Kind.RESUME) == DONE
        assert t.together
        assert t.customer.music_since is None
        assert not t.acts.changed
        (hold, held_at), (talk, resumed_at) = t.acts.segments
        assert (hold, talk) == ("hold", "talk")
        assert timedelta(seconds=7) <= resumed_at - held_at <= timedelta(seconds=8)

    play(scene)


def test_hold_ends_by_itself_at_its_limit() -> None:
    """A hold without one is how a customer is forgotten: signalwire/freeswitch#1140."""

    async def scene(s: Scene) -> None:
        t = await talks(s)
        await t.act(Kind.HOLD, maxSec=10)
        await asyncio.sleep(9)
        assert not t.together
        await s.until(lambda: t.together, within_s=1 + SWEEP_S + POLL_S)
        assert [kind for kind, _ in t.acts.segments] == ["hold", "talk"]

    play(scene)


def test_hold_that_a_crashed_leader_left_is_ended_by_the_next_one() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        await t.act(Kind.HOLD, maxSec=10)
        await s.stop()
        await asyncio.sleep(20)
        assert not t.together
        s.start()
        await s.until(lambda: t.together, within_s=5)

    play(scene)


@pytest.mark.parametrize("gone", ["customer", "agent"])
def test_call_on_hold_ends_when_either_side_hangs_up(gone: str) -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        await t.act(Kind.HOLD)
        s.simulated._hung_up_by_callee(t.customer if gone == "customer" else t.agent)
        await s.until(lambda: s.store.over, within_s=2)
        assert s.outcomes() == [Outcome.ANSWERED]
        await s.until(lambda: not t.acts.changed, within_s=2 * SWEEP_S)

    play(scene)


def test_muted_agent_is_heard_by_the_next_customer() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s, wrap_up_s=0)
        assert await t.act(Kind.MUTE) == DONE
        assert t.agent.muted == {"in"}
        s.campaign(1, AGENTS)
        assert await t.act(Kind.HANG_UP) == DONE
        await s.until(lambda: s.store.over, within_s=2)
        await s.until(lambda: s.states() == [AgentState.TALKING])
        assert not t.agent.muted
        await s.until(lambda: not t.acts.changed, within_s=2 * SWEEP_S)

    play(scene)


def test_phone_is_unmuted_though_the_leader_was_away_when_the_call_ended() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        await t.act(Kind.MUTE)
        await s.stop()
        s.simulated._hung_up_by_callee(t.customer)
        s.start()
        await s.until(lambda: s.store.over and not t.acts.changed, within_s=60)
        assert not t.agent.muted

    play(scene)


def test_agent_is_unmuted() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        await t.act(Kind.MUTE)
        assert await t.act(Kind.UNMUTE) == DONE
        assert not t.agent.muted
        assert not t.acts.changed

    play(scene)


def test_call_that_is_hung_up_ends_as_answered() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        before = s.clock.now()
        assert await t.act(Kind.HANG_UP) == DONE
        await s.until(lambda: s.store.over, within_s=2)
        (call,) = s.calls()
        assert between(before, call.ended_at) < timedelta(seconds=1)
        assert (s.outcomes(), s.states()) == ([Outcome.ANSWERED], [AgentState.WRAP_UP])

    play(scene)


def test_keys_are_pressed_for_the_customer_who_talks() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        assert await t.act(Kind.DTMF, digits="1w2#") == DONE
        assert (t.customer.call.heard_keys, t.agent.call.heard_keys) == ("1w2#", "")
        await t.act(Kind.HOLD)
        expected = Ended(Result.REFUSED, "Cannot press keys for a customer who is on hold")
        assert await t.act(Kind.DTMF, digits="3") == expected

    play(scene)


def test_act_that_the_state_does_not_allow_is_refused_and_not_begun() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        assert await t.act(Kind.RESUME) == Ended(Result.REFUSED, "The call is not on hold")
        assert not t.acts.begun

    play(scene)


def test_second_of_two_requests_at_once_finds_what_the_first_did() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        first, second = (t.acts.ask(t.call_id, Kind.HOLD) for _ in range(2))
        await s.until(lambda: t.acts.ended.keys() >= {first, second}, within_s=2)
        assert t.acts.ended[first] == DONE
        assert t.acts.ended[second] == Ended(Result.REFUSED, "The call is on hold already")

    play(scene)


def test_act_is_never_done_late() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        s.simulated.cut(for_s=LAPSES_AFTER.total_seconds() + 2)
        t.acts.ask(t.call_id, Kind.HOLD)
        await asyncio.sleep(20)
        assert s.ari.up
        assert t.together
        assert not t.acts.begun

    play(scene)


def test_act_that_was_begun_by_a_leader_that_crashed_is_not_done_again() -> None:
    class Crashes(MemoryActs):
        async def begin(self, act: Act) -> bool:
            await super().begin(act)
            raise ConnectionError("committed, and gone")

    async def scene(s: Scene) -> None:
        t = Talks(s)
        t.acts = s.acts = Crashes(s.store, s.clock)
        await t.begin()
        act_id = t.acts.ask(t.call_id, Kind.HANG_UP)
        await asyncio.sleep(10)
        assert act_id in t.acts.begun
        assert act_id not in t.acts.ended
        assert t.together

    play(scene)


class Crashes(MemoryActs):
    """The process ends right after the record that is made first, or before the one that is made last."""

    at = ""
    """Which."""
    reached: asyncio.Event

    async def _step(self, name: str) -> None:
        if name == self.at:
            self.reached.set()
            await asyncio.Event().wait()

    async def hold(self, of: Act | Control, talk: Talk, at: datetime, until: datetime) -> bool:
        held = await super().hold(of, talk, at, until)
        await self._step("hold")
        return held

    async def mute(self, of: Act | Control, channel: str) -> bool:
        muted = await super().mute(of, channel)
        await self._step("mute")
        return muted

    async def resume(self, of: Act | Control, talk: Talk, at: datetime) -> bool:
        await self._step("resume")
        return await super().resume(of, talk, at)

    async def unmute(self, of: Act | Control) -> None:
        await self._step("unmute")
        await super().unmute(of)

    async def finish(self, act: Act, how: Ended) -> None:
        await self._step("finish")
        await super().finish(act, how)


@pytest.mark.parametrize("at", ["record", "finish"])
@pytest.mark.parametrize("kind", sorted(REPEATABLE))
def test_act_that_a_crash_interrupts_is_completed_by_its_records(kind: Kind, at: str) -> None:
    async def scene(s: Scene) -> None:
        t = Talks(s)
        t.acts = acts = s.acts = Crashes(s.store, s.clock)
        acts.reached = asyncio.Event()
        await t.begin()
        if before := {Kind.RESUME: Kind.HOLD, Kind.UNMUTE: Kind.MUTE}.get(kind):
            assert await t.act(before) == DONE
        acts.at = kind if at == "record" else at
        act_id = acts.ask(t.call_id, kind)
        await acts.reached.wait()
        acts.at = ""
        await s.stop()
        s.start()
        await s.until(lambda: act_id in acts.ended, within_s=5)
        held, muted = kind is Kind.HOLD, kind is Kind.MUTE
        assert (t.together, bool(t.agent.muted)) == (not held, muted)
        changed = acts.changed.get(t.call_id, Changed())
        assert (changed.held_until is not None, changed.muted_channel is not None) == (held, muted)

    play(scene)


def test_act_that_the_switch_did_not_confirm_says_so() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        s.ari.faults = Faults(error=1.0)
        how = await t.act(Kind.MUTE)
        assert how.result is Result.FAILED
        s.ari.faults = Faults()
        await s.until(lambda: s.store.over and not t.acts.changed, within_s=TALK_S + 10)
        assert not t.agent.muted

    play(scene)


def test_customer_who_hangs_up_as_they_are_put_on_hold_leaves_nothing_behind() -> None:
    class HangsUp(MemoryActs):
        scene: Scene

        async def begin(self, act: Act) -> bool:
            self.scene.simulated._hung_up_by_callee(self.scene.simulated._channels[str(act.call_id)])
            return await super().begin(act)

    async def scene(s: Scene) -> None:
        t = Talks(s)
        acts = HangsUp(s.store, s.clock)
        acts.scene = s
        t.acts = s.acts = acts
        await t.begin()
        assert await t.act(Kind.HOLD) == Ended(Result.REFUSED, "The call has ended")
        await s.until(lambda: s.store.over and not t.acts.changed, within_s=5)
        assert s.outcomes() == [Outcome.ANSWERED]

    play(scene)
