"""A caller who is offered to an agent in mode ring."""

import pytest

from tests.support.caller_steps import ANN, CALL, GONE, TALKING, TO_MESSAGE, WAITING, after
from tongdai.acd.caller import core
from tongdai.acd.caller.model import (
    BridgeWithAgent,
    DestroyBridge,
    HangUp,
    HangUpAgent,
    RecordConnection,
    RecordEnd,
    RecordOfferEnd,
    RingAgent,
    Stage,
    StartMusic,
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
    NotConnected,
    OfferMade,
    PhoneRings,
    RingTimedOut,
    Signal,
    WaitOver,
)
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.calls.inbound.model import InboundEnding

CALLED = (*WAITING, Matched(ANN, 0), OfferMade(ANN, "a", "phone-7"))
RINGING = (*CALLED, PhoneRings("a"))
BRIDGING = (*RINGING, AgentAnswered("a"))
WITHOUT_ANN = Wait(ANN, core.FAILED_FOR_S)


def test_phone_is_called_for_the_offer_and_bridged_once_it_is_answered() -> None:
    assert after(*CALLED)[1] == (RingAgent("a", "phone-7"),)
    assert after(*RINGING)[1] == ()
    assert after(*BRIDGING)[1] == (BridgeWithAgent("a"),)
    assert after(*BRIDGING, AgentAnswered("a"))[1] == (), "reported twice"
    progress, commands = after(*BRIDGING, BridgedWithAgent())
    assert (progress.stage, commands) == (Stage.TALKING, (RecordConnection(ANN),))


@pytest.mark.parametrize("early", [BridgedWithAgent(), AgentAnswered("b"), RingTimedOut("b"), AgentLeft("b")])
def test_event_of_another_phone_changes_nothing(early: Signal) -> None:
    before, _ = after(*RINGING)
    assert after(early, start=before) == (before, ())


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (AgentLeft("a", OfferOutcome.NO_ANSWER), OfferOutcome.NO_ANSWER),
        (AgentLeft("a", OfferOutcome.REJECTED), OfferOutcome.REJECTED),
        (AgentLeft("a"), OfferOutcome.UNREACHABLE),
        (RingTimedOut("a"), OfferOutcome.NO_ANSWER),
    ],
)
def test_caller_whose_agent_does_not_answer_waits_on_with_the_music(event: Signal, outcome: OfferOutcome) -> None:
    progress, commands = after(*RINGING, event)
    assert (progress.stage, progress.agent_channel, progress.rings) == (Stage.WAITING, None, False)
    assert commands == (RecordOfferEnd(ANN, outcome), HangUpAgent("a"), WITHOUT_ANN)


def test_phone_that_may_not_have_been_called_is_not_counted_as_unanswered() -> None:
    assert after(*CALLED, RingTimedOut("a"))[1][0] == RecordOfferEnd(ANN, OfferOutcome.UNREACHABLE)


def test_music_begins_again_when_the_agent_is_gone_at_the_bridge() -> None:
    assert after(*BRIDGING, AgentLeft("a"))[1] == (
        *(RecordOfferEnd(ANN, OfferOutcome.UNREACHABLE), HangUpAgent("a"), StartMusic(), WITHOUT_ANN),
    )
    assert after(*BRIDGING, BridgedWithAgent(), NotConnected())[1][1] == HangUpAgent("a")


def test_wait_that_is_over_while_the_phone_rings_lasts_until_it_is_not_answered() -> None:
    progress, commands = after(*RINGING, WaitOver(TO_MESSAGE, 0))
    assert (progress.stage, commands) == (Stage.CONNECTING, ())
    playing, commands = after(RingTimedOut("a"), start=progress)
    assert playing.stage is Stage.PLAYING
    assert HangUpAgent("a") in commands


def test_phone_is_hung_up_when_the_caller_hangs_up() -> None:
    ended = RecordEnd(InboundEnding(InboundOutcome.ABANDONED, 16))
    assert after(*RINGING, GONE)[1] == (ended, StopWaiting(), HangUpAgent("a"), DestroyBridge())
    ended = RecordEnd(InboundEnding(InboundOutcome.ANSWERED, 16))
    assert after(*BRIDGING, BridgedWithAgent(), GONE)[1] == (ended, HangUpAgent("a"), DestroyBridge())
    assert HangUpAgent("a") not in after(*TALKING, GONE)[1], "a phone that stays connected"


def test_caller_is_hung_up_when_the_agent_hangs_up() -> None:
    assert after(*BRIDGING, BridgedWithAgent(), AgentLeft("a"))[1] == (HangUp(16),)


def test_listed_channel_of_a_caller_for_whom_a_phone_rings_starts_the_timer_again() -> None:
    before, _ = after(*RINGING)
    assert after(ChannelListed(up=True), start=before) == (before, (StartRingTimer("a"),))
    before, _ = after(*BRIDGING)
    assert after(ChannelListed(up=True), start=before) == (before, (BridgeWithAgent("a"),))
    assert CALL.call_id == before.call_id
