"""A number is called for a caller: by a destination, or as somebody transfers the call."""

from dataclasses import replace

import pytest

from tests.support.caller_steps import (
    BOB,
    CALL,
    CONNECTING,
    GONE,
    NOW,
    NUMBER_LEG,
    REFUSED,
    TALKING,
    TO_CARE,
    TO_NUMBER,
    WAITING,
    after,
)
from tongdai.acd import admission
from tongdai.acd.admission import MAX_HOPS
from tongdai.acd.caller import adoption, forwarding
from tongdai.acd.caller.model import (
    Admit,
    Answer,
    BridgeWithAgent,
    CallNumber,
    DestroyBridge,
    HangUp,
    HangUpAgent,
    NumberCall,
    RecordConnection,
    RecordEnd,
    RecordForward,
    RecordJoin,
    Stage,
    StartMusic,
    StartRingTimer,
    StopWaiting,
    Wait,
)
from tongdai.acd.caller.signals import (
    Admitted,
    AgentAnswered,
    AgentLeft,
    BridgedWithAgent,
    ChannelListed,
    NotConnected,
    OfferMade,
    PhoneRings,
    RequestFailed,
    RingTimedOut,
    Signal,
    Transferred,
    WaitOver,
)
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.calls.inbound.model import InboundEnding

NUMBER = "+84987654321"
CALLED = (*WAITING, WaitOver(TO_NUMBER, 0))
RINGS = (*CALLED, PhoneRings(NUMBER_LEG))
WITH_NUMBER = (*RINGS, AgentAnswered(NUMBER_LEG), BridgedWithAgent())


def test_number_is_called_for_a_caller_whose_wait_is_over() -> None:
    progress, commands = after(*CALLED)
    assert progress.stage is Stage.FORWARDING
    assert commands == (RecordForward(NUMBER, NUMBER_LEG), StopWaiting(), CallNumber(NUMBER_LEG, NUMBER))


def test_caller_who_is_not_answered_yet_is_answered_and_hears_music() -> None:
    _, commands = after(Admitted(TO_NUMBER, 0))
    music = (Answer(), StartMusic())
    assert commands == (RecordForward(NUMBER, NUMBER_LEG), *music, CallNumber(NUMBER_LEG, NUMBER))


def test_number_that_answers_is_bridged_and_talks() -> None:
    assert after(*RINGS, AgentAnswered(NUMBER_LEG))[1] == (BridgeWithAgent(NUMBER_LEG),)
    progress, commands = after(*WITH_NUMBER)
    assert (progress.stage, commands) == (Stage.TALKING, (RecordConnection(None),))


def test_either_ends_the_talk() -> None:
    assert after(*WITH_NUMBER, AgentLeft(NUMBER_LEG))[1] == (HangUp(16),)
    ended = (RecordEnd(InboundEnding(InboundOutcome.ANSWERED, 16)), HangUpAgent(NUMBER_LEG), DestroyBridge())
    assert after(*WITH_NUMBER, GONE)[1] == ended


@pytest.mark.parametrize("failed", [AgentLeft(NUMBER_LEG, OfferOutcome.NO_ANSWER), RingTimedOut(NUMBER_LEG)])
def test_number_that_is_not_reached_ends_the_call_with_the_outcome_of_the_destination(failed: object) -> None:
    progress, commands = after(*RINGS, failed)  # type: ignore[arg-type]
    assert (progress.outcome, commands) == (InboundOutcome.OVERFLOW, (HangUpAgent(NUMBER_LEG), HangUp(16)))
    assert after(*RINGS, failed, GONE)[1][0] == RecordEnd(InboundEnding(InboundOutcome.OVERFLOW, 16))  # type: ignore[arg-type]


def test_caller_who_hangs_up_meanwhile_has_abandoned() -> None:
    ended = after(*RINGS, GONE)[1]
    assert ended[0] == RecordEnd(InboundEnding(InboundOutcome.ABANDONED, 16))
    assert HangUpAgent(NUMBER_LEG) in ended


def test_number_that_nobody_knows_whether_it_was_called_is_called_again_by_another_channel() -> None:
    lost = AgentLeft(NUMBER_LEG, OfferOutcome.WITHDRAWN)
    progress, commands = after(*CALLED, lost)
    again = f"{CALL.call_id}-number-0-2"
    assert commands == (RecordForward(NUMBER, again), CallNumber(again, NUMBER))
    for hops in range(2, MAX_HOPS):
        progress, commands = after(AgentLeft(f"{CALL.call_id}-number-0-{hops}", lost.outcome), start=progress)
    assert progress.hops == MAX_HOPS
    last = AgentLeft(f"{CALL.call_id}-number-0-{MAX_HOPS}", lost.outcome)
    assert after(last, start=progress)[0].stage is Stage.HANGING_UP, "not for ever"


def test_number_called_by_another_process_is_followed() -> None:
    call = replace(CALL, answered_at=NOW)
    called = adoption.adopted(call, None, None, NumberCall(NUMBER, NUMBER_LEG, talks=False))
    assert after(ChannelListed(up=True), start=called) == (called, (StartRingTimer(NUMBER_LEG),))
    assert after(AgentAnswered(NUMBER_LEG), start=called)[1] == (BridgeWithAgent(NUMBER_LEG),)
    talks = adoption.adopted(replace(call, connected_at=NOW), None, None, NumberCall(NUMBER, NUMBER_LEG, talks=True))
    assert talks.stage is Stage.TALKING
    assert after(AgentLeft(NUMBER_LEG), start=talks)[1] == (HangUp(16),)


# Transfers


def test_transfer_to_a_queue_leaves_the_agent_and_waits_there() -> None:
    progress, commands = after(*TALKING, Transferred(TO_CARE.to))
    joined = RecordJoin(progress.queue_id, 1, transfer=True)
    assert (progress.stage, progress.agent_id, progress.preferred) == (Stage.WAITING, None, None)
    assert commands == (joined, DestroyBridge(), StartMusic(), Wait())


def test_transfer_to_an_agent_waits_for_them() -> None:
    assert after(*TALKING, Transferred(TO_CARE.to, BOB))[0].preferred == BOB


def test_phone_that_was_called_for_the_talk_is_hung_up() -> None:
    ringing = (*CONNECTING[:-1], OfferMade(CONNECTING[-1].agent_id, "a", "phone-7"), AgentAnswered("a"))  # type: ignore[union-attr]
    commands = after(*ringing, BridgedWithAgent(), Transferred(TO_CARE.to))[1]
    assert HangUpAgent("a") in commands


def test_transfer_to_a_number_calls_it_and_counts_as_answered_whatever_comes_of_it() -> None:
    progress, commands = after(*TALKING, Transferred(TO_NUMBER.to))
    forwarded = RecordForward(NUMBER, NUMBER_LEG, transfer=True)
    assert commands == (forwarded, DestroyBridge(), StartMusic(), CallNumber(NUMBER_LEG, NUMBER))
    assert after(GONE, start=progress)[1][0] == RecordEnd(InboundEnding(InboundOutcome.ANSWERED, 16))


def test_transfer_that_another_process_recorded_parts_the_two() -> None:
    talked = replace(CALL, answered_at=NOW, connected_at=NOW)
    waits = adoption.adopted(talked, 1, None)
    progress, commands = after(ChannelListed(up=True), start=waits)
    assert commands == (DestroyBridge(), StartMusic(), Wait())
    assert after(RequestFailed(), start=progress)[1] == (DestroyBridge(), Answer(again=True), Wait())
    called = adoption.adopted(talked, None, None, NumberCall(NUMBER, NUMBER_LEG, talks=False))
    progress, commands = after(ChannelListed(up=True), start=called)
    assert commands == (DestroyBridge(), StartMusic(), StartRingTimer(NUMBER_LEG))
    bridged, _ = after(AgentAnswered(NUMBER_LEG), start=progress)
    assert after(ChannelListed(up=True), start=bridged)[1] == (BridgeWithAgent(NUMBER_LEG),), "with the number"


@pytest.mark.parametrize("failed", [AgentLeft(NUMBER_LEG, OfferOutcome.NO_ANSWER), RingTimedOut(NUMBER_LEG)])
def test_number_of_a_transfer_that_is_not_reached_leads_back_to_the_queue(failed: Signal) -> None:
    transferred, _ = after(*TALKING, Transferred(TO_NUMBER.to))
    back, commands = after(failed, start=transferred)
    assert commands == (HangUpAgent(NUMBER_LEG), Admit(CALL.queue_id, 2))
    assert back.hops - back.transfers == 0, "not counted towards the limit"
    waiting, commands = after(Admitted(admission.Admit(), 2), start=back)
    assert (waiting.stage, waiting.number, commands[0]) == (Stage.WAITING, None, RecordJoin(CALL.queue_id, 2))
    closed = after(Admitted(REFUSED, 2), GONE, start=back)[1]
    assert closed[0] == RecordEnd(InboundEnding(InboundOutcome.ANSWERED, 16)), "they talked to somebody"


def test_channels_of_two_processes_never_have_one_name() -> None:
    talked = replace(CALL, answered_at=NOW, connected_at=NOW)
    names: set[str] = set()
    for epoch in (0, 1000, 1001):
        talking = replace(adoption.adopted(talked, None, None, epoch=epoch), stage=Stage.TALKING)
        progress, _ = after(Transferred(TO_NUMBER.to), start=talking)
        assert progress.agent_channel is not None
        assert forwarding.hops_of(progress.agent_channel) == progress.hops == 1
        names.add(progress.agent_channel)
    assert len(names) == 3


def test_limit_of_a_caller_who_was_transferred_counts_from_the_takeover_of_a_process() -> None:
    talked = replace(CALL, answered_at=NOW, connected_at=NOW)
    waits = adoption.adopted(talked, MAX_HOPS, None)
    assert after(WaitOver(TO_CARE, MAX_HOPS), start=waits)[0].stage is Stage.ADMITTING, "all were transfers, perhaps"
    number = NumberCall(NUMBER, f"{CALL.call_id}-number-0-{MAX_HOPS}", talks=False)
    called = adoption.adopted(talked, None, None, number)
    assert after(RingTimedOut(number.channel), start=called)[0].stage is Stage.ADMITTING
    never_talked = adoption.adopted(replace(CALL, answered_at=NOW), MAX_HOPS, None)
    assert after(WaitOver(TO_CARE, MAX_HOPS), start=never_talked)[0].stage is Stage.HANGING_UP


def test_number_that_another_process_called_after_a_transfer_leads_back_to_the_queue() -> None:
    talked = replace(CALL, answered_at=NOW, connected_at=NOW)
    called = adoption.adopted(talked, None, None, NumberCall(NUMBER, NUMBER_LEG, talks=False))
    commands = after(AgentLeft(NUMBER_LEG, OfferOutcome.NO_ANSWER), start=called)[1]
    assert commands == (HangUpAgent(NUMBER_LEG), Admit(CALL.queue_id, 2))


def test_agent_who_left_by_a_transfer_does_not_end_the_call() -> None:
    transferred, _ = after(*TALKING, Transferred(TO_CARE.to))
    assert after(AgentLeft("a"), start=transferred) == (transferred, ())


def test_transfers_do_not_use_up_the_hops() -> None:
    progress, _ = after(*TALKING)
    for _ in range(MAX_HOPS + 2):
        progress, _ = after(Transferred(TO_CARE.to), start=progress)
        progress = replace(progress, stage=Stage.TALKING)
    progress, _ = after(Transferred(TO_CARE.to), start=progress)
    assert after(WaitOver(TO_CARE, progress.hops), start=progress)[0].stage is Stage.ADMITTING


def test_caller_who_waits_is_moved() -> None:
    progress, commands = after(*WAITING, Transferred(TO_CARE.to, BOB))
    assert (progress.stage, progress.preferred, progress.hops) == (Stage.ADMITTING, BOB, 1)
    assert commands[0] == StopWaiting()
    assert after(*WAITING, Transferred(TO_NUMBER.to))[0].stage is Stage.FORWARDING


@pytest.mark.parametrize("before", [CALLED, RINGS, CONNECTING])
def test_only_a_talk_or_a_wait_is_transferred(before: tuple[object, ...]) -> None:
    progress, _ = after(*before)  # type: ignore[arg-type]
    assert after(Transferred(TO_CARE.to), start=progress) == (progress, ())


def test_connection_with_a_number_that_could_not_be_recorded_ends_the_call() -> None:
    assert after(*WITH_NUMBER, NotConnected())[1] == (HangUp(16),)
