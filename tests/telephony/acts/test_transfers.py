"""Transfers of live calls, and numbers that are called for callers, on the simulated switch."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from tests.support.acts import MemoryActs
from tests.support.caller_scene import NUMBER, OTHER, RULES, call_in, endings, everybody_is, open_queue, started
from tests.support.dialer_scene import AGENTS, QUEUE, Scene, always, play
from tongdai.acd.caller.model import NumberCall
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome, Outcome
from tongdai.calls.acts.model import Ended, Kind, Result
from tongdai.ids import AgentId
from tongdai.queues.model import HANG_UP, Destination, DestinationKind, Strategy
from tongdai.switch.simulated.callees import Response

DONE = Ended(Result.DONE)
MOBILE = "+84987654321"
CARE = replace(RULES, queue_id=OTHER, name="Care")
TO_MOBILE = Destination(DestinationKind.NUMBER, MOBILE)


async def transfer(s: Scene, call_id: UUID, **arguments: object) -> Ended:
    return await act(s, call_id, Kind.TRANSFER, **arguments)


async def act(s: Scene, call_id: UUID, kind: Kind, **arguments: object) -> Ended:
    acts = s.acts
    assert isinstance(acts, MemoryActs)
    act_id = acts.ask(call_id, kind, arguments)
    await s.until(lambda: act_id in acts.ended, within_s=5)
    return acts.ended[act_id]


async def begun(s: Scene) -> None:
    """Sales and Care are open, and transfers are asked."""
    s.acts = MemoryActs(s.store, s.clock, s.acd)
    open_queue(s, CARE, "02873009999")
    await started(s)


def signed_in(s: Scene, name: str, queue_id: int, wrap_up_s: int = 10) -> AgentId:
    number = len(s.store.agents) + 1
    agent_id = s.store.add_agent(number, name, QUEUE if queue_id == QUEUE else OTHER, wrap_up_s)
    s.store.sign_in(agent_id)
    return agent_id


def state(s: Scene, agent_id: AgentId) -> AgentState:
    return s.store.agents[agent_id].state


def test_caller_is_transferred_to_a_queue_and_its_agent() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        ann = signed_in(s, "a0", QUEUE, wrap_up_s=15)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        (call,) = s.acd.live.values()
        assert await transfer(s, call.call_id, queueId=OTHER) == DONE
        await s.until(lambda: state(s, ann) is AgentState.WRAP_UP, within_s=2)
        heard = caller.music_s
        await asyncio.sleep(5)
        bob = signed_in(s, "a1", OTHER)
        await s.until(lambda: len(caller.talks) == 2)
        assert caller.music_s >= heard + 5, "the caller heard music meanwhile"
        assert [talk.with_whom for talk in caller.talks] == ["a0", "a1"]
        assert state(s, bob) is AgentState.TALKING
        s.simulated._hung_up_by_caller(s.simulated._channels[caller.channel_id])
        await s.until(lambda: s.acd.over)
        assert endings(s) == [InboundOutcome.ANSWERED]
        await everybody_is(s, AgentState.IDLE)
        assert not s.simulated._bridges

    play(scene)


def test_caller_who_hangs_up_after_the_transfer_was_answered_all_the_same() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        signed_in(s, "a0", QUEUE)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        (call,) = s.acd.live.values()
        assert await transfer(s, call.call_id, queueId=OTHER) == DONE
        s.simulated._hung_up_by_caller(s.simulated._channels[caller.channel_id])
        await s.until(lambda: s.acd.over)
        assert endings(s) == [InboundOutcome.ANSWERED]
        assert not s.acd.waiting

    play(scene)


def test_customer_on_hold_hears_music_after_a_refused_transfer() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        signed_in(s, "a0", QUEUE)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        (call,) = s.acd.live.values()
        acts = s.acts
        assert isinstance(acts, MemoryActs)
        hold = acts.ask(call.call_id, Kind.HOLD, {})
        await s.until(lambda: hold in acts.ended, within_s=5)
        refused = await transfer(s, call.call_id, queueId=999)
        assert refused.result is Result.REFUSED
        heard = caller.music_s
        await asyncio.sleep(5)
        resume = acts.ask(call.call_id, Kind.RESUME, {})
        await s.until(lambda: resume in acts.ended, within_s=5)
        assert caller.music_s >= heard + 5, "the customer was still on hold"

    play(scene)


def test_transfer_to_an_agent_waits_for_them_and_not_for_others() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        signed_in(s, "a0", QUEUE)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        (call,) = s.acd.live.values()
        bob = signed_in(s, "a1", OTHER)
        await s.until(lambda: state(s, bob) is AgentState.IDLE)
        other = s.simulated.call_in("02873009999", "84900000777", talk_s=12)
        await s.until(lambda: other.talks)
        carl = signed_in(s, "a2", OTHER)
        await s.until(lambda: state(s, carl) is AgentState.IDLE)
        assert await transfer(s, call.call_id, queueId=OTHER, agentId=bob) == DONE
        await asyncio.sleep(5)
        assert len(caller.talks) == 1, "somebody else took them"
        await s.until(lambda: len(caller.talks) == 2, within_s=30)
        assert caller.talks[1].with_whom == "a1"

    play(scene)


def test_agent_who_does_not_become_free_is_not_waited_for_for_ever() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        signed_in(s, "a0", QUEUE)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        (call,) = s.acd.live.values()
        bob = signed_in(s, "a1", OTHER)
        await s.until(lambda: state(s, bob) is AgentState.IDLE)
        other = s.simulated.call_in("02873009999", "84900000777")
        await s.until(lambda: other.talks)
        carl = signed_in(s, "a2", OTHER)
        await s.until(lambda: state(s, carl) is AgentState.IDLE)
        assert await transfer(s, call.call_id, queueId=OTHER, agentId=bob) == DONE
        await s.until(lambda: len(caller.talks) == 2, within_s=35)
        assert caller.talks[1].with_whom == "a2"

    play(scene)


def test_caller_is_transferred_to_a_number() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        ann = signed_in(s, "a0", QUEUE)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        (call,) = s.acd.live.values()
        assert await transfer(s, call.call_id, number=MOBILE) == DONE
        await s.until(lambda: len(caller.talks) == 2)
        assert [talk.with_whom for talk in caller.talks] == ["a0", MOBILE[1:]]
        await s.until(lambda: state(s, ann) is AgentState.IDLE)
        await s.until(lambda: s.acd.over)  # the number hangs up
        assert endings(s) == [InboundOutcome.ANSWERED]
        assert not s.simulated._bridges

    play(scene)


def test_caller_is_back_in_the_queue_when_the_number_is_not_reached() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        ann = signed_in(s, "a0", QUEUE)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        (call,) = s.acd.live.values()
        for times in (2, 3):
            assert await transfer(s, call.call_id, number=MOBILE) == DONE
            await s.until(lambda: call.call_id in s.acd.waiting)
            assert s.acd.waiting[call.call_id].arrived_at == call.opened_at, "at the same place"
            await s.until(lambda n=times: len(caller.talks) == n)
            await s.until(lambda: state(s, ann) is AgentState.TALKING)
        assert [talk.with_whom for talk in caller.talks] == ["a0"] * 3
        assert await transfer(s, call.call_id, number=MOBILE) == DONE
        await s.stop()
        s.start()
        await s.until(lambda: len(caller.talks) == 4)
        s.simulated._hung_up_by_caller(s.simulated._channels[caller.channel_id])
        await s.until(lambda: s.acd.over)
        assert endings(s) == [InboundOutcome.ANSWERED]
        await everybody_is(s, AgentState.IDLE)
        assert not s.simulated._channels.keys() - {str(s.store.agents[ann].channel_id)}
        assert not s.acd.called

    play(scene, callee=always(Response.BUSY, after_s=1))


@pytest.mark.parametrize("restarted", [False, True])
def test_caller_who_talks_with_a_number_is_led_back_to_a_queue_or_hung_up(restarted: bool) -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        ann = signed_in(s, "a0", QUEUE)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        (call,) = s.acd.live.values()
        for talks in (2, 4):
            assert await transfer(s, call.call_id, number=MOBILE) == DONE
            await s.until(lambda n=talks: len(caller.talks) == n)
            await s.until(lambda: state(s, ann) is AgentState.IDLE)
            if restarted:
                await s.stop()
                s.start()
                await s.until(lambda: s.ari.up, within_s=10)
                await asyncio.sleep(2)
            if talks == 2:
                assert await transfer(s, call.call_id, queueId=QUEUE) == DONE
                await s.until(lambda: len(caller.talks) == 3)
                await s.until(lambda: state(s, ann) is AgentState.TALKING)
        assert [talk.with_whom for talk in caller.talks] == ["a0", MOBILE[1:]] * 2
        assert len({one.channel_id for one in s.simulated.ledger.calls if one.to == MOBILE[1:]}) == 2
        assert await act(s, call.call_id, Kind.HANG_UP) == DONE
        await s.until(lambda: s.acd.over)
        assert endings(s) == [InboundOutcome.ANSWERED]
        await everybody_is(s, AgentState.IDLE)
        assert not s.simulated._channels.keys() - {str(s.store.agents[ann].channel_id)}
        assert not s.acd.called

    play(scene, callee=always(Response.ANSWERED, after_s=1))


def test_contact_of_a_campaign_is_transferred_and_counts_as_answered() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        ann = signed_in(s, "a0", QUEUE)
        s.campaign(1, AGENTS)
        await s.until(lambda: state(s, ann) is AgentState.TALKING)
        (call_id,) = s.store.active
        bob = signed_in(s, "a1", OTHER)
        await s.until(lambda: state(s, bob) is AgentState.IDLE)
        assert await transfer(s, call_id, queueId=OTHER) == DONE
        await s.until(lambda: state(s, bob) is AgentState.TALKING)
        assert state(s, ann) is AgentState.WRAP_UP
        await s.until(lambda: s.store.over)
        assert s.outcomes() == [Outcome.ANSWERED]
        assert not s.store.active
        assert not s.acd.live
        await everybody_is(s, AgentState.IDLE)

    play(scene)


def test_transferred_calls_outlive_the_process() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        ann = signed_in(s, "a0", QUEUE, wrap_up_s=0)
        s.campaign(1, AGENTS)
        await s.until(lambda: state(s, ann) is AgentState.TALKING)
        (contact,) = s.store.active
        assert await transfer(s, contact, queueId=OTHER) == DONE
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        (call_id,) = s.acd.live.keys() - {contact}
        assert await transfer(s, call_id, number=MOBILE) == DONE
        await s.stop()
        s.start()
        await s.until(lambda: len(caller.talks) == 2)
        bob = signed_in(s, "a1", OTHER)
        await s.until(lambda: state(s, bob) is AgentState.TALKING)
        await s.stop()
        s.start()
        await s.until(lambda: s.store.over and s.acd.over)
        assert (s.outcomes(), endings(s)) == ([Outcome.ANSWERED], [InboundOutcome.ANSWERED])
        await everybody_is(s, AgentState.IDLE)

    play(scene)


@pytest.mark.parametrize("number", [None, MOBILE])
def test_crash_after_a_transfer_is_recorded_leaves_no_agent_with_the_caller(number: str | None) -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        ann = signed_in(s, "a0", QUEUE, wrap_up_s=0)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        await s.until(lambda: state(s, ann) is AgentState.TALKING)
        (call,) = s.acd.live.values()
        await s.stop()
        if number is None:
            assert await s.acd.transfer(call, OTHER, 1, s.clock.now()) is not None
        else:
            called = NumberCall(number, f"{call.call_id}-number-0-1", talks=False)
            assert await s.acd.forward(call, called, s.clock.now(), transfer=True)
        assert caller.talks[0].ended_at is None, "the switch was asked for nothing"
        s.start()
        await s.until(lambda: caller.talks[0].ended_at is not None, within_s=2)
        await s.until(lambda: s.simulated._channels[caller.channel_id].music_since is not None, within_s=1)

    play(scene)


def test_queue_that_takes_no_callers_refuses_a_transfer() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        signed_in(s, "a0", QUEUE)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: caller.talks)
        (call,) = s.acd.live.values()
        for closed, because in (
            (replace(CARE, closed=HANG_UP), "it is closed by its hours"),
            (replace(CARE, strategy=Strategy.BLACKLIST), "it refuses all callers (strategy 3)"),
            (replace(CARE, strategy=Strategy.DIVERT), "it diverts all callers (strategy 4)"),
            (replace(CARE, strategy=Strategy.LOCKED), "it is locked (strategy 99)"),
            (replace(CARE, join_empty=False), "no agent is signed in"),
            (replace(CARE, join_empty=True, max_length=0), "0 wait already"),
        ):
            s.acd.queues[OTHER] = closed
            ended = await transfer(s, call.call_id, queueId=OTHER)
            assert (ended.result, ended.message) == (Result.REFUSED, f"Queue 8 takes no callers now: {because}")
        assert (await transfer(s, call.call_id, queueId=999)).message == "Inbound queue not found"
        assert len(caller.talks) == 1, "the talk continues"

    play(scene)


def test_caller_who_waits_is_moved_and_keeps_the_place() -> None:
    async def scene(s: Scene) -> None:
        await begun(s)
        moved = await call_in(s, 1, talk_s=None)
        (call,) = s.acd.live.values()
        await asyncio.sleep(5)
        later = s.simulated.call_in("02873009999", "84900000777", talk_s=None)
        await s.until(lambda: len(s.acd.waiting) == 2)
        await asyncio.sleep(5)
        assert await transfer(s, call.call_id, queueId=OTHER) == DONE
        await asyncio.sleep(1)
        assert {row.queue_id for row in s.acd.waiting.values()} == {OTHER}
        signed_in(s, "a0", OTHER)
        await s.until(lambda: moved.talks)
        assert not later.talks
        number = await transfer(s, next(iter(s.acd.waiting)), number=MOBILE)
        assert number == DONE
        await s.until(lambda: later.talks)
        assert [talk.with_whom for talk in later.talks] == [MOBILE[1:]]

    play(scene)


# Destinations


def test_number_is_called_when_the_wait_is_over() -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(RULES, max_wait_s=5, overflow=TO_MOBILE))
        caller = await call_in(s, 1, talk_s=20)
        await s.until(lambda: caller.talks)
        assert [talk.with_whom for talk in caller.talks] == [MOBILE[1:]]
        await s.until(lambda: s.acd.over)
        assert (endings(s), caller.ended_by) == ([InboundOutcome.ANSWERED], "caller")
        assert not s.simulated._channels

    play(scene)


def test_number_that_does_not_answer_ends_the_call_as_overflowed() -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(RULES, max_wait_s=5, overflow=TO_MOBILE))
        caller = await call_in(s, 1)
        await s.until(lambda: s.acd.over)
        assert (endings(s), caller.talks) == ([InboundOutcome.OVERFLOW], [])

    play(scene, callee=always(Response.BUSY, after_s=1))


def test_number_is_called_for_a_caller_who_arrives_out_of_hours() -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(RULES, closed=TO_MOBILE))
        caller = s.simulated.call_in(NUMBER, "84900000001", talk_s=20)
        await s.until(lambda: caller.talks)
        assert caller.music_s > 0

    play(scene)
