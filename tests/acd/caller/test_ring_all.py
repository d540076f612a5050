"""A caller for whom several phones ring at once."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.caller_steps import ANN, BOB, CALL, GONE, TO_MESSAGE, WAITING, after
from tongdai.acd.caller import core
from tongdai.acd.caller.model import (
    BridgeWithAgent,
    CallerProgress,
    Command,
    DestroyBridge,
    Exclude,
    HangUpAgent,
    MakeOffer,
    RecordConnection,
    RecordEnd,
    RecordOfferEnd,
    RingAgent,
    Stage,
    StartRingTimer,
    StopWaiting,
    Wait,
)
from tongdai.acd.caller.signals import (
    AgentAnswered,
    AgentLeft,
    BridgedWithAgent,
    ChannelListed,
    Matched,
    OfferRefused,
    OffersMade,
    Phone,
    PhoneRings,
    RequestFailed,
    RingTimedOut,
    Signal,
    WaitOver,
)
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.calls.inbound.model import InboundEnding
from tongdai.ids import AgentId

EVE = AgentId(3)
PHONES = {ANN: "a", BOB: "b", EVE: "e"}
MATCHED = (*WAITING, Matched(ANN, 0, (BOB, EVE)))
CALLED = (*MATCHED, OffersMade(ANN, tuple(Phone(agent, channel, f"p{channel}") for agent, channel in PHONES.items())))
RINGING = (*CALLED, *(PhoneRings(channel) for channel in PHONES.values()))
ELSEWHERE = OfferOutcome.ANSWERED_ELSEWHERE


def test_all_phones_are_called_once_the_offers_are_committed() -> None:
    assert after(*MATCHED)[1] == (MakeOffer(ANN, (BOB, EVE)),)
    progress, commands = after(*CALLED)
    assert (progress.stage, progress.agent_id) == (Stage.CONNECTING, None)
    assert commands == tuple(RingAgent(channel, f"p{channel}") for channel in PHONES.values())


def test_offers_are_made_again_while_their_result_is_missing() -> None:
    before, _ = after(*MATCHED)
    for missing in (RequestFailed(), ChannelListed(up=True)):
        assert after(missing, start=before) == (before, (MakeOffer(ANN, (BOB, EVE)),))
    assert after(OfferRefused(ANN), start=before)[1] == (Wait(ANN, core.TAKEN_FOR_S),)


def test_first_to_answer_gets_the_caller_and_the_others_are_hung_up() -> None:
    progress, commands = after(*RINGING, AgentAnswered("b"))
    assert (progress.agent_id, progress.agent_channel, progress.rung) == (BOB, "b", ())
    ends = (RecordOfferEnd(ANN, ELSEWHERE), RecordOfferEnd(EVE, ELSEWHERE))
    assert commands == (*ends, HangUpAgent("a"), HangUpAgent("e"), BridgeWithAgent("b"))
    for late in (AgentAnswered("a"), AgentAnswered("b"), AgentLeft("e"), RingTimedOut("a")):
        assert after(late, start=progress) == (progress, ())
    talking, commands = after(BridgedWithAgent(), start=progress)
    assert (talking.stage, commands) == (Stage.TALKING, (RecordConnection(BOB),))


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (AgentLeft("a", OfferOutcome.REJECTED), OfferOutcome.REJECTED),
        (AgentLeft("a"), OfferOutcome.UNREACHABLE),
        (RingTimedOut("a"), OfferOutcome.NO_ANSWER),
    ],
)
def test_offer_of_a_phone_that_is_not_answered_ends_and_the_others_ring_on(
    event: Signal, outcome: OfferOutcome
) -> None:
    progress, commands = after(*RINGING, event)
    assert [one.agent_id for one in progress.rung] == [BOB, EVE]
    assert commands == (RecordOfferEnd(ANN, outcome), HangUpAgent("a"), Exclude(ANN, core.FAILED_FOR_S))
    assert after(event, start=progress) == (progress, ())


def test_caller_waits_again_when_nobody_has_answered() -> None:
    progress, commands = after(*RINGING, *(RingTimedOut(channel) for channel in PHONES.values()))
    assert (progress.stage, progress.ringing, progress.rung) == (Stage.WAITING, (), ())
    failed = RecordOfferEnd(EVE, OfferOutcome.NO_ANSWER)
    assert commands == (failed, HangUpAgent("e"), Exclude(EVE, core.FAILED_FOR_S), Wait(None, 0))


def test_phone_that_may_not_have_been_called_is_not_counted_as_unanswered() -> None:
    assert after(*CALLED, RingTimedOut("b"))[1][0] == RecordOfferEnd(BOB, OfferOutcome.UNREACHABLE)


def test_all_phones_are_hung_up_when_the_caller_hangs_up() -> None:
    ended = RecordEnd(InboundEnding(InboundOutcome.ABANDONED, 16))
    hang_ups = tuple(HangUpAgent(channel) for channel in PHONES.values())
    assert after(*RINGING, GONE)[1] == (ended, StopWaiting(), *hang_ups, DestroyBridge())


def test_wait_that_is_over_lasts_until_the_last_phone_is_not_answered() -> None:
    progress, commands = after(*RINGING, WaitOver(TO_MESSAGE, 0), AgentLeft("a"), AgentLeft("b"))
    assert progress.stage is Stage.CONNECTING
    assert commands
    assert after(AgentLeft("e"), start=progress)[0].stage is Stage.PLAYING


def test_listed_caller_starts_the_timers_of_all_phones_again() -> None:
    before, _ = after(*RINGING)
    timers = tuple(StartRingTimer(channel) for channel in PHONES.values())
    assert after(ChannelListed(up=True), start=before) == (before, timers)


def bridged(commands: Sequence[Command]) -> list[str]:
    return [command.channel for command in commands if isinstance(command, BridgeWithAgent)]


def run(events: Sequence[Signal]) -> tuple[CallerProgress, list[Command]]:
    progress, _ = after(*RINGING)
    done: list[Command] = []
    for event in events:
        progress, commands = core.step(progress, event)
        done += commands
    return progress, done


def test_of_two_answers_in_one_tick_one_wins_a_thousand_times() -> None:
    rng = random.Random(1)
    winners: set[str] = set()
    for _ in range(1000):
        answers = [AgentAnswered(channel) for channel in rng.sample(sorted(PHONES.values()), 2)]
        noise: list[Signal] = [PhoneRings(channel) for channel in PHONES.values()] * rng.randrange(2)
        noise += [AgentAnswered(rng.choice(answers).channel) for _ in range(rng.randrange(3))]
        rng.shuffle(noise)
        progress, commands = run([*answers, *noise])
        (winner,) = bridged(commands)
        assert winner == answers[0].channel
        losers = set(PHONES.values()) - {winner}
        assert {command.channel for command in commands if isinstance(command, HangUpAgent)} == losers
        ends = {command.agent_id: command.outcome for command in commands if isinstance(command, RecordOfferEnd)}
        assert ends == {agent: ELSEWHERE for agent, channel in PHONES.items() if channel in losers}
        assert (progress.agent_channel, progress.rung) == (winner, ())
        winners.add(winner)
    assert winners == set(PHONES.values())


EVENTS = st.one_of(
    st.builds(AgentAnswered, st.sampled_from("abe")),
    st.builds(RingTimedOut, st.sampled_from("abe")),
    st.builds(AgentLeft, st.sampled_from("abe"), st.sampled_from(OfferOutcome)),
    st.builds(PhoneRings, st.sampled_from("abe")),
    st.just(RequestFailed()),
)


@given(st.lists(EVENTS, max_size=12))
def test_each_offer_ends_once_and_nobody_is_bridged_whose_offer_has_ended(events: list[Signal]) -> None:
    progress, _ = after(*RINGING)
    open_offers, ringing = set(PHONES), set(PHONES.values())
    for event in events:
        progress, commands = core.step(progress, event)
        for command in commands:
            if isinstance(command, RecordOfferEnd):
                assert command.agent_id is not None
                assert command.agent_id in open_offers, "an offer ends twice"
                open_offers.remove(command.agent_id)
            elif isinstance(command, HangUpAgent):
                ringing.discard(command.channel)
            elif isinstance(command, BridgeWithAgent):
                assert command.channel in ringing, "a phone that was hung up is bridged"
                assert open_offers == {progress.agent_id}, "others are offered the caller still"
        assert {PHONES[agent] for agent in open_offers} == ringing == set(progress.ringing)
        if progress.stage is Stage.WAITING:
            assert not open_offers
            return
    assert CALL.call_id == progress.call_id
