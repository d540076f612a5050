"""The state machine of one caller."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.caller_steps import (
    ADMITTED,
    AGAIN,
    ANN,
    BOB,
    CALL,
    CARE,
    CONNECTING,
    GONE,
    GREETED,
    MENUS,
    NOW,
    NUMBER_LEG,
    OFFERED,
    PLAYBACK,
    PLAYED,
    REFUSED,
    SALES,
    TALKING,
    TO_CARE,
    TO_MENU,
    TO_MESSAGE,
    TO_NUMBER,
    UNKNOWN,
    WAITING,
    after,
    pressed,
)
from tongdai.acd import admission
from tongdai.acd.admission import MAX_HOPS, Send
from tongdai.acd.caller import adoption, core
from tongdai.acd.caller.model import (
    Admit,
    Answer,
    BridgeWithAgent,
    CallerProgress,
    CheckSound,
    Command,
    DestroyBridge,
    HangUp,
    MakeOffer,
    PlaySound,
    Record,
    RecordAnswer,
    RecordConnection,
    RecordEnd,
    RecordJoin,
    RecordOfferEnd,
    Stage,
    StartMusic,
    StopMusic,
    StopWaiting,
    Wait,
)
from tongdai.acd.caller.signals import (
    Admitted,
    AgentAnswered,
    AgentLeft,
    AgentMissing,
    BridgedWithAgent,
    ChannelAbsent,
    ChannelListed,
    KeyTimedOut,
    Matched,
    MenusRead,
    NotAdmitted,
    NotBridged,
    NotConnected,
    OfferMade,
    OfferRefused,
    PhoneRings,
    RequestFailed,
    RingTimedOut,
    Signal,
    SoundOver,
    Transferred,
    WaitOver,
)
from tongdai.agents.model import Agent, AgentState
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.calls.inbound.model import InboundCall, InboundEnding
from tongdai.calls.model import CallState
from tongdai.queues.model import HANG_UP
from tongdai.switch.events import Event, PlaybackFinished
from tongdai.switches.model import DEFAULT


def test_rules_of_the_queue_are_read_first() -> None:
    progress, commands = after()
    assert (progress.stage, commands) == (Stage.ADMITTING, (Admit(SALES, 0),))


def test_admitted_caller_is_recorded_then_answered_and_waits_with_music() -> None:
    progress, commands = after(*WAITING)
    assert progress.stage is Stage.WAITING
    assert commands == (RecordJoin(SALES, 0), Answer(), StartMusic(), Wait())


def test_caller_is_refused_before_the_answer() -> None:
    progress, commands = after(Admitted(REFUSED, 0))
    assert commands == (HangUp(21),)
    assert after(UNKNOWN, start=progress)[1] == (RecordEnd(InboundEnding(InboundOutcome.REFUSED, 0)),)


def test_caller_is_refused_for_a_while_when_the_rules_cannot_be_read() -> None:
    progress, commands = after(NotAdmitted(0))
    assert commands == (HangUp(34),)
    assert after(GONE, start=progress)[1][0] == RecordEnd(InboundEnding(InboundOutcome.FAILED, 16))


def test_message_is_played_after_an_answer_then_the_call_ends() -> None:
    progress, commands = after(Admitted(TO_MESSAGE, 0))
    assert commands == (RecordAnswer(), Answer(), PlaySound("sorry", PLAYBACK))
    for over in (PLAYED, SoundOver(PLAYBACK)):
        playing, hang_up = after(over, start=progress)
        assert hang_up == (HangUp(16),)
        assert after(GONE, start=playing)[1][0] == RecordEnd(InboundEnding(InboundOutcome.CLOSED, 16))


def test_end_of_another_sound_is_not_that_of_the_message() -> None:
    progress, _ = after(Admitted(TO_MESSAGE, 0))
    assert after(PlaybackFinished("other", "17.1", done=True, at=NOW), start=progress) == (progress, ())


def test_diverted_caller_is_admitted_to_the_other_queue_unanswered() -> None:
    progress, commands = after(Admitted(TO_CARE, 0))
    assert (progress.queue_id, progress.hops, commands) == (CARE, 1, (Admit(CARE, 1),))
    assert after(AGAIN, start=progress)[1][:2] == (RecordJoin(CARE, 1), Answer())


def test_caller_is_offered_before_the_bridge() -> None:
    assert after(*OFFERED)[1] == (MakeOffer(ANN),)
    assert after(*CONNECTING)[1] == (BridgeWithAgent("a"),)
    progress, commands = after(*TALKING)
    assert (progress.stage, commands) == (Stage.TALKING, (RecordConnection(ANN),))


def test_caller_whose_agent_was_taken_waits_on_with_the_music() -> None:
    progress, commands = after(*OFFERED, OfferRefused(ANN))
    assert (progress.stage, commands) == (Stage.WAITING, (Wait(ANN, core.TAKEN_FOR_S),))


@pytest.mark.parametrize("gone", [AgentMissing(), AgentLeft("a")])
def test_caller_whose_agent_is_gone_waits_again_without_them(gone: Signal) -> None:
    progress, commands = after(*CONNECTING, gone)
    assert (progress.stage, progress.agent_channel) == (Stage.WAITING, None)
    assert commands == (RecordOfferEnd(ANN, OfferOutcome.UNREACHABLE), StartMusic(), Wait(ANN, core.FAILED_FOR_S))


def test_caller_whose_agent_was_gone_before_the_connection_was_recorded_waits_again() -> None:
    progress, commands = after(*TALKING, NotConnected())
    assert (progress.stage, progress.agent_channel, progress.talked) == (Stage.WAITING, None, False)
    assert commands == (*(RecordOfferEnd(ANN, OfferOutcome.UNREACHABLE), StartMusic(), Wait(ANN, core.FAILED_FOR_S)),)
    assert after(AgentLeft("a"), start=progress) == (progress, ())


@pytest.mark.parametrize("late", [OfferMade(BOB, "b"), OfferRefused(BOB), AgentLeft("b"), Matched(BOB, 0), ADMITTED])
def test_late_event_of_another_agent_or_stage_changes_nothing(late: Signal) -> None:
    for events in (OFFERED, CONNECTING):
        before, _ = after(*events)
        assert after(late, start=before) == (before, ())


def test_offer_that_is_reported_twice_is_bridged_once() -> None:
    before, _ = after(*CONNECTING)
    assert after(OfferMade(ANN, "a"), start=before) == (before, ())


def test_caller_is_hung_up_when_the_agent_hangs_up() -> None:
    assert after(*TALKING, AgentLeft("b"))[1] == ()
    progress, commands = after(*TALKING, AgentLeft("a"))
    assert (progress.stage, commands) == (Stage.HANGING_UP, (HangUp(16),))
    assert after(GONE, start=progress)[1] == (
        RecordEnd(InboundEnding(InboundOutcome.ANSWERED, 16)),
        DestroyBridge(),
    )


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ((), "abandoned"),
        (WAITING, "abandoned"),
        (OFFERED, "abandoned"),
        (CONNECTING, "abandoned"),
        (TALKING, "answered"),
    ],
)
def test_caller_who_hangs_up_has_abandoned_the_call_until_an_agent_is_heard(
    events: tuple[Signal, ...], outcome: str
) -> None:
    progress, commands = after(*events, GONE)
    assert progress.stage is Stage.ENDED
    assert commands[0] == RecordEnd(InboundEnding(InboundOutcome(outcome), 16))


def test_caller_whose_channel_is_gone_at_the_bridge_has_abandoned_the_call() -> None:
    progress, commands = after(*CONNECTING, NotBridged())
    assert commands == (HangUp(16),)
    assert after(GONE, start=progress)[1][0] == RecordEnd(InboundEnding(InboundOutcome.ABANDONED, 16))


def test_caller_who_has_waited_too_long_is_sent_on() -> None:
    assert after(*WAITING, WaitOver(Send(HANG_UP, InboundOutcome.OVERFLOW), 0))[1] == (StopWaiting(), HangUp(16))
    assert after(*WAITING, WaitOver(TO_MESSAGE, 0))[1] == (
        *(RecordAnswer(), StopWaiting(), StopMusic(), PlaySound("sorry", PLAYBACK)),
    )
    progress, commands = after(*WAITING, WaitOver(TO_CARE, 0))
    assert commands == (StopWaiting(), Admit(CARE, 1))
    waiting, commands = after(AGAIN, start=progress)
    assert commands == (RecordJoin(CARE, 1), StartMusic(), Wait()), "answered before"
    for late in (ADMITTED, NotAdmitted(0), Matched(ANN, 0), WaitOver(TO_MESSAGE, 0)):
        assert after(late, start=waiting) == (waiting, ()), "of the queue before"


def test_wait_that_is_over_during_an_offer_lasts_until_the_offer_fails() -> None:
    progress, commands = after(*CONNECTING, WaitOver(TO_MESSAGE, 0))
    assert (progress.stage, commands) == (Stage.CONNECTING, ())
    assert after(BridgedWithAgent(), start=progress)[0].stage is Stage.TALKING
    playing, commands = after(AgentMissing(), start=progress)
    assert playing.stage is Stage.PLAYING
    assert commands[:2] == (RecordOfferEnd(ANN, OfferOutcome.UNREACHABLE), RecordAnswer())


def test_caller_is_sent_to_as_many_queues_as_allowed() -> None:
    progress, commands = after()
    for hop in range(1, MAX_HOPS + 1):
        progress, commands = after(Admitted(TO_CARE, hop - 1), start=progress)
        assert commands == (Admit(CARE, hop),)
    assert after(Admitted(TO_CARE, MAX_HOPS), start=progress)[1] == (HangUp(17),)


@pytest.mark.parametrize(
    ("events", "commands"),
    [
        ((), (Admit(SALES, 0),)),
        (WAITING, (Wait(),)),
        (OFFERED, (MakeOffer(ANN),)),
        (CONNECTING, (BridgeWithAgent("a"),)),
        (TALKING, ()),
        ((Admitted(TO_MESSAGE, 0),), (CheckSound(PLAYBACK),)),
        ((Admitted(REFUSED, 0),), (HangUp(21),)),
        ((NotAdmitted(0),), (HangUp(34),)),
    ],
)
def test_listed_channel_repeats_the_request_without_a_result(
    events: tuple[Signal, ...], commands: tuple[Command, ...]
) -> None:
    before, _ = after(*events)
    assert after(ChannelListed(up=True), start=before) == (before, commands)


@pytest.mark.parametrize("event", [ChannelListed(up=False), RequestFailed()])
def test_waiting_caller_whose_answer_was_lost_is_answered(event: Signal) -> None:
    assert after(*WAITING, event)[1] == (Answer(again=True), Wait())


def test_bridge_whose_request_failed_is_requested_again() -> None:
    assert after(*CONNECTING, RequestFailed())[1] == (BridgeWithAgent("a"),)


def test_call_whose_channel_is_gone_unreported_is_lost_unless_the_outcome_is_known() -> None:
    for events, outcome in ((WAITING, "lost"), (TALKING, "answered"), ((Admitted(REFUSED, 0),), "refused")):
        assert after(*events, ChannelAbsent())[1][0] == RecordEnd(InboundEnding(InboundOutcome(outcome)))


# Another process takes over


def agent(channel: int, *, talks: bool) -> Agent:
    return Agent(
        tenant_id=CALL.tenant_id, agent_id=ANN, name="Ann", endpoint="a", queue_id=SALES, wrap_up_s=0,
        state=AgentState.TALKING if talks else AgentState.RESERVED, state_since=NOW, channel_id=UUID(int=channel),
        call_id=CALL.call_id,
        offline_reason=None, created_at=NOW,
    )  # fmt: skip


def adopted(
    *, answered: bool = True, connected: bool = False, hops: int | None = None, channel: int | None = None
) -> CallerProgress:
    later = NOW + timedelta(seconds=9)
    call = InboundCall(
        tenant_id=CALL.tenant_id, call_id=CALL.call_id, switch_id=DEFAULT, channel="17.1", queue_id=SALES,
        called=CALL.called, phone=CALL.phone, state=CallState.ANSWERED, opened_at=NOW, lease_until=NOW, agent_id=ANN,
        answered_at=NOW if answered else None, connected_at=later if connected else None,
    )  # fmt: skip
    return adoption.adopted(call, hops, None if channel is None else agent(channel, talks=connected), None)


def test_caller_in_a_queue_waits_on_with_music() -> None:
    progress, commands = after(ChannelListed(up=True), start=adopted(hops=2))
    assert (progress.stage, progress.hops) == (Stage.WAITING, 2)
    assert commands == (StartMusic(), Wait())
    assert after(ChannelListed(up=True), start=progress)[1] == (Wait(),), "the music is not started again"


def test_caller_with_an_offer_is_bridged() -> None:
    start = adopted(hops=0, channel=3)
    assert start.agent_id == ANN
    assert after(ChannelListed(up=True), start=start)[1] == (BridgeWithAgent(str(UUID(int=3))),)


def test_talk_goes_on_until_the_agent_hangs_up() -> None:
    for talking in (adopted(connected=True), adopted(connected=True, channel=3)):
        assert after(ChannelListed(up=True), start=talking) == (talking, ())
        assert after(AgentLeft(str(UUID(int=3))), start=talking)[1] == (HangUp(16),)
    talking = adopted(connected=True)
    assert after(AgentLeft("a"), start=talking)[1] == (HangUp(16),)


def test_caller_who_was_not_admitted_yet_is() -> None:
    assert after(ChannelListed(up=False), start=adopted(answered=False))[1] == (Admit(SALES, 0),)


def test_caller_who_heard_a_message_or_menu_hears_it_again() -> None:
    progress, commands = after(ChannelListed(up=True), start=adopted())
    assert commands == (Admit(SALES, 0),)
    assert after(Admitted(TO_MESSAGE, 0), start=progress)[1] == (RecordAnswer(), PlaySound("sorry", PLAYBACK))


# Any order of events

EVENTS = st.sampled_from(
    [
        OfferMade(ANN, "a", "phone-7"), PhoneRings("a"), AgentAnswered("a"), RingTimedOut("a"),
        Transferred(TO_CARE.to), Transferred(TO_CARE.to, BOB), Transferred(TO_NUMBER.to), PhoneRings(NUMBER_LEG),
        AgentAnswered(NUMBER_LEG), RingTimedOut(NUMBER_LEG), AgentLeft(NUMBER_LEG),
        AgentLeft(NUMBER_LEG, OfferOutcome.WITHDRAWN),
        AgentLeft("a", OfferOutcome.NO_ANSWER), pressed("1"), pressed("5"), pressed("9"), GREETED,
        OfferMade(ANN, "a"), OfferMade(BOB, "b"), OfferRefused(ANN), OfferRefused(BOB), BridgedWithAgent(),
        NotBridged(), NotConnected(), AgentMissing(), AgentLeft("a"), AgentLeft("b"), SoundOver(PLAYBACK), PLAYED,
        RequestFailed(), ChannelListed(up=True), ChannelListed(up=False), GONE, ChannelAbsent(),
        *(
            event
            for hops in (0, 1, 2)
            for event in (
                Admitted(admission.Admit(), hops), Admitted(REFUSED, hops), Admitted(TO_CARE, hops),
                Admitted(TO_MESSAGE, hops), NotAdmitted(hops), Matched(ANN, hops), Matched(BOB, hops),
                WaitOver(TO_CARE, hops), WaitOver(TO_MESSAGE, hops), Admitted(TO_MENU, hops), WaitOver(TO_MENU, hops),
                Admitted(TO_NUMBER, hops), WaitOver(TO_NUMBER, hops),
                MenusRead(MENUS, hops), MenusRead({}, hops), KeyTimedOut(0, hops), KeyTimedOut(1, hops),
            )
        ),
    ]
)  # fmt: skip


@given(st.lists(EVENTS, max_size=30))
def test_any_order_of_events_keeps_the_promises(events: list[Event | Signal]) -> None:
    progress, _ = core.arrived(CALL)
    ends = 0
    for event in events:
        before = progress
        progress, commands = core.step(progress, event)
        kinds = [isinstance(command, Record) for command in commands]
        assert kinds == sorted(kinds, reverse=True), "records precede requests"
        assert before.stage is not Stage.ENDED or not commands, "a command after the end"
        ends += sum(isinstance(command, RecordEnd) for command in commands)
        if before.stage in {Stage.WAITING, Stage.CONNECTING} and progress.stage is Stage.ENDED:
            assert event in (GONE, ChannelAbsent()), "a caller in the queue was dropped"
        if any(isinstance(command, BridgeWithAgent) for command in commands):
            assert progress.agent_channel is not None, "bridged without an offer"
        waits = progress.stage is Stage.WAITING
        assert not waits or before.stage is Stage.WAITING or any(isinstance(command, Wait) for command in commands)
    assert ends == (progress.stage is Stage.ENDED)
