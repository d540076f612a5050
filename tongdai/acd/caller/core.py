"""The state machine of one caller, from the arrival to the end. Pure.

    ADMITTING ─┬→ WAITING ⇄ CONNECTING → TALKING ─┬→ HANGING_UP → ENDED
         ▲     ├→ FORWARDING → TALKING ───────────┤
         │     ├→ CALLBACK → PLAYING ─────────────┤
         │     ├→ PLAYING ────────────────────────┤
         │     ├→ MENU → PLAYING ─────────────────┤
         │     └──────────────────────────────────┘
         └──── WAITING, MENU, when the caller is sent on to a queue
    A caller who waits, or is in a menu, may be sent to MENU, CALLBACK, PLAYING and FORWARDING, too, and comes back from
    CALLBACK. TALKING goes to WAITING or FORWARDING when the call is transferred, and to WAITING when the agent was gone
    before the connection was recorded. FORWARDING goes back to ADMITTING when the number of a transfer is not reached.
    Any stage goes to ENDED when the channel is gone.

`step` is called once for each event, in the order in which the controller receives them. It returns the progress after
the event, and commands: first records, to be committed, then requests to the switch, the store or the matcher. The
result of a request is a signal, the input of another step.

It does not rely on the order of events: they may be late, doubled, out of order or missing. An event that does not fit
the stage changes nothing. A listing of the channel, and RequestFailed, repeat the request whose result is missing.

An agent in mode ring is called by the offer; one in mode nailed-up is connected already. A phone that rings ends the
offer when it is not answered in time, or declines.

A caller who waits leaves the queue by an agent, by WaitOver or by hanging up, and by nothing else: an offer that fails
puts them back, at their place. What ends the wait during an offer takes effect when the offer has failed.

When another process takes over, `adoption.adopted` builds the progress from the rows.

Asserted: every change of stage is in TRANSITIONS; a call ends once (no command after ENDED); records precede requests.
"""

from collections.abc import Sequence
from dataclasses import replace

from tongdai.acd.admission import MAX_HOPS, Send, sent
from tongdai.acd.caller import callback, forwarding, menu, ring_all
from tongdai.acd.caller.model import (
    Admit,
    Answer,
    BridgeWithAgent,
    CallerProgress,
    CheckKey,
    CheckSound,
    Command,
    DestroyBridge,
    HangUp,
    MakeOffer,
    PlaySound,
    ReadMenus,
    RecordAnswer,
    RecordConnection,
    RecordEnd,
    RecordJoin,
    RecordOfferEnd,
    RingAgent,
    Stage,
    StartMusic,
    StopWaiting,
    Wait,
)
from tongdai.acd.caller.moves import Step, alone, answer, apart, cause_of, go, hang_up, ordered, quiet, release
from tongdai.acd.caller.signals import (
    Admitted,
    AgentAnswered,
    AgentLeft,
    AgentMissing,
    BridgedWithAgent,
    CallbackWanted,
    ChannelAbsent,
    ChannelListed,
    Matched,
    MenusRead,
    NotAdmitted,
    NotBridged,
    NotConnected,
    OfferMade,
    OfferRefused,
    OffersMade,
    OfVisit,
    PhoneRings,
    RequestFailed,
    RingTimedOut,
    Signal,
    SoundOver,
    TalksWith,
    Transferred,
    WaitOver,
)
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.calls.inbound.model import InboundCall, InboundEnding
from tongdai.ids import MenuId, QueueId
from tongdai.queues.model import DestinationKind
from tongdai.switch.events import ChannelDestroyed, ChannelDtmfReceived, Event, PlaybackFinished

FAILED_FOR_S, TAKEN_FOR_S = 20, 1
"""How long a caller is not offered again to an agent who was unreachable or did not answer, or who was taken."""


def arrived(call: InboundCall) -> Step:
    """The progress of a call that has just come in, and what to do first."""
    progress = CallerProgress(call.call_id, call.queue_id)
    return progress, (Admit(call.queue_id, 0),)


def step(call: CallerProgress, event: Event | Signal) -> Step:
    """The caller's progress after an event, and the commands: records first."""
    if call.stage is Stage.ENDED or _of_another_visit(call, event):
        return call, ()
    match event:
        case ChannelDestroyed(cause=cause):
            return _ended(call, InboundEnding(_outcome(call, InboundOutcome.ABANDONED), cause))
        case ChannelAbsent():
            return _ended(call, InboundEnding(_outcome(call, InboundOutcome.LOST)))
        case ChannelListed(up=up):
            return _again(call, up=up)
        case RequestFailed():
            return _again(call, up=False)
        case _:
            return _continued(call, event)


def _of_another_visit(call: CallerProgress, event: Event | Signal) -> bool:
    """Whether an event concerns a queue that the caller has left."""
    return isinstance(event, OfVisit) and event.hops != call.hops


def _continued(call: CallerProgress, event: Event | Signal) -> Step:
    following = _FOLLOWING.get(call.stage)
    if following is not None:
        return following(call, event)
    return hang_up(call) if _is_over(call, event) else (call, ())


def _is_over(call: CallerProgress, event: Event | Signal) -> bool:
    """Whether the message that the caller hears was played."""
    match call.stage, event:
        case Stage.PLAYING, PlaybackFinished(playback_id=playback_id) | SoundOver(playback_id=playback_id):
            return playback_id == call.playback_id
        case _:
            return False


# Into and out of queues


def _admitted(call: CallerProgress, event: Event | Signal) -> Step:
    match event:
        case NotAdmitted():
            return hang_up(replace(call, outcome=InboundOutcome.FAILED))
        case Admitted(admission=Send() as to):
            return _send(call, to)
        case Admitted():
            joined = replace(go(call, Stage.WAITING), answered=True, music=True)
            return joined, (RecordJoin(call.queue_id, call.hops), *answer(call), StartMusic(), Wait())
        case _:
            return call, ()


def _waiting(call: CallerProgress, event: Event | Signal) -> Step:
    match event:
        case Matched(agent_id=agent_id, also=also):
            return replace(go(call, Stage.CONNECTING), agent_id=agent_id, also=also), (MakeOffer(agent_id, also),)
        case WaitOver(to=to):
            return _send(call, to)
        case ChannelDtmfReceived(digit=digit):
            return call, (CheckKey(digit),)
        case CallbackWanted():
            return callback.wanted(call)
        case Transferred(to=to, preferred=preferred):
            call, commands = _send(call, Send(to, InboundOutcome.OVERFLOW))
            return replace(call, preferred=preferred), commands
        case _:
            return call, ()


def _in_menu(call: CallerProgress, event: Event | Signal) -> Step:
    records: Sequence[Command] = ()
    if isinstance(event, MenusRead) and call.menu is None and call.menu_id is not None:
        call, requests, to = menu.begin(call, event.menus, call.menu_id)
    else:
        before = call
        call, requests, to = menu.step(call, event)
        records = menu.pressed(before, event, to)
    if to is None:
        return call, (*records, *requests)
    # Nobody is to wait or talk who is hung up from here: such a call counts as abandoned.
    call, commands = _send(replace(call, menu=None), Send(to, InboundOutcome.ABANDONED))
    return call, ordered((*records, *requests, *commands))


def _send(call: CallerProgress, to: Send) -> Step:
    """Send a caller on, who is in a queue or not yet."""
    to = sent(to.to, to.outcome, call.hops - call.transfers)
    leave = (StopWaiting(),) if call.stage is Stage.WAITING else ()
    call = replace(call, leaving=None, preferred=None)
    match to.to.kind, to.to.target:
        case DestinationKind.QUEUE, str(target):
            assert call.hops - call.transfers < MAX_HOPS, f"sent on {call.hops} times"
            hops, queue_id = call.hops + 1, QueueId(int(target))
            call = call if call.stage is Stage.ADMITTING else go(call, Stage.ADMITTING)
            return replace(call, queue_id=queue_id, hops=hops), (*leave, Admit(queue_id, hops))
        case DestinationKind.MENU, str(target):
            menu_id, hops = MenuId(int(target)), call.hops + 1
            entered = replace(go(call, Stage.MENU), menu_id=menu_id, menu=None, hops=hops, answered=True, music=False)
            return entered, (RecordAnswer(menu_id), *leave, *answer(call), *quiet(call), ReadMenus(hops))
        case DestinationKind.MESSAGE, str(sound):
            playing = replace(go(call, Stage.PLAYING), answered=True, music=False, outcome=to.outcome)
            play = PlaySound(sound, call.playback_id)
            return playing, (RecordAnswer(), *leave, *answer(call), *quiet(call), play)
        case DestinationKind.NUMBER, str(number):
            call, commands = forwarding.begin(call, number, to.outcome)
            return call, ordered((*leave, *commands))
        case DestinationKind.CALLBACK, _:
            return callback.sent_here(call, to.outcome)
        case _:
            call, commands = hang_up(replace(call, outcome=to.outcome))
            return call, (*leave, *commands)


def _forwarding(call: CallerProgress, event: Event | Signal) -> Step:
    followed = forwarding.step(call, event)
    if not isinstance(followed, Send):
        return followed
    # The way back to the queue belongs to the transfer, and is not counted towards the limit either.
    released, back = release(call), followed.to.kind is DestinationKind.QUEUE
    call, commands = _send(replace(alone(call), transfers=call.transfers + back), followed)
    return call, ordered((*released, *commands))


# With an agent


def _connecting(call: CallerProgress, event: Event | Signal) -> Step:
    match event:
        case OfferMade() | OffersMade() | OfferRefused() if call.agent_channel is None:
            return _offered(call, event) if event.agent_id == call.agent_id else (call, ())
        case BridgedWithAgent() if call.agent_up:
            talking = replace(go(call, Stage.TALKING), talked=True, music=False, leaving=None)
            return talking, (RecordConnection(call.agent_id),)
        case NotBridged():
            return hang_up(call)
        case AgentMissing():
            return _failed(call, OfferOutcome.UNREACHABLE)
        case WaitOver(to=to):
            return replace(call, leaving=to), ()
        case _:
            return _phones(call, event) if call.rung else _phone(call, event)


def _phones(call: CallerProgress, event: Event | Signal) -> Step:
    """Follow the phones that ring at once."""
    call, commands = ring_all.step(call, event, FAILED_FOR_S)
    if call.agent_up:
        call, bridge = _bridge(call)
        return call, (*commands, *bridge)
    return (call, commands) if call.rung else _wait_again(call, commands, 0)


def _phone(call: CallerProgress, event: Event | Signal) -> Step:
    """Follow the phone of the agent, until the two are bridged."""
    match event:
        case PhoneRings(channel=channel) if channel == call.agent_channel:
            return replace(call, placed=True), ()
        case AgentAnswered(channel=channel) if channel == call.agent_channel and not call.agent_up:
            return _bridge(replace(call, placed=True))
        case RingTimedOut(channel=channel) if channel == call.agent_channel and not call.agent_up:
            return _failed(call, OfferOutcome.NO_ANSWER if call.placed else OfferOutcome.UNREACHABLE)
        case AgentLeft(channel=channel, outcome=outcome) if channel == call.agent_channel:
            return _failed(call, outcome)
        case _:
            return call, ()


def _talking(call: CallerProgress, event: Event | Signal) -> Step:
    match event:
        case AgentLeft(channel=channel) if call.agent_channel in {None, channel}:
            return hang_up(call)  # None: the agent of an adopted call is not known
        case NotConnected() if call.number is None:
            return _failed(replace(call, talked=False), OfferOutcome.UNREACHABLE)
        case NotConnected():
            return hang_up(call)
        case TalksWith(agent_id=agent_id, channel=channel) if channel != call.agent_channel:
            # Whoever has the channel now hangs it up (telephony/parties).
            talks = replace(call, agent_id=agent_id, number=None, agent_channel=channel, rings=False)
            return talks, tuple(release(call))
        case Transferred():
            return forwarding.transfer(call, event)
        case _:
            return call, ()


def _offered(call: CallerProgress, event: OfferMade | OffersMade | OfferRefused) -> Step:
    match event:
        case OffersMade():
            return ring_all.begun(call, event)
        case OfferMade(channel=channel, endpoint=str(endpoint)):
            return replace(call, agent_channel=channel, rings=True), (RingAgent(channel, endpoint),)
        case OfferMade(channel=channel):
            return _bridge(replace(call, agent_channel=channel, placed=True))
        case OfferRefused():
            return _wait_again(call, (), TAKEN_FOR_S)


def _bridge(call: CallerProgress) -> Step:
    assert call.agent_channel is not None, "bridged without an offer"
    return replace(call, agent_up=True, music=False), (BridgeWithAgent(call.agent_channel),)


def _failed(call: CallerProgress, outcome: OfferOutcome) -> Step:
    """The offer has failed: the caller waits again, without the agent for a while."""
    return _wait_again(call, (RecordOfferEnd(call.agent_id, outcome),), FAILED_FOR_S)


def _wait_again(call: CallerProgress, records: tuple[Command, ...], without_s: int) -> Step:
    """Back to the queue, at the same place, without the agent for a while; or on, if the wait is over."""
    agent_id, records = call.agent_id, (*records, *release(call))
    call = alone(go(call, Stage.WAITING))
    if call.leaving is not None:
        call, commands = _send(call, call.leaving)
        return call, ordered((*records, *commands))
    music = () if call.music else (StartMusic(),)  # stopped before the bridge
    return replace(call, music=True), (*records, *music, Wait(agent_id, without_s))


# Repeated requests


def _again(call: CallerProgress, *, up: bool) -> Step:
    """The requests whose results are missing, or that another process may not have made. The channel exists."""
    commands: Sequence[Command] = ()
    match call.stage:
        case Stage.ADMITTING:
            commands = (Admit(call.queue_id, call.hops),)
        case Stage.WAITING:
            answered, music = () if up else (Answer(again=True),), () if call.music else (StartMusic(),)
            commands = (*apart(call), *answered, *music, Wait())
            call = replace(call, music=True)
        case Stage.FORWARDING:
            return forwarding.again(call)
        case Stage.CONNECTING:
            commands = ring_all.again(call)
        case Stage.MENU:
            commands = menu.again(call)
        case Stage.CALLBACK:
            commands = callback.again(call)
        case Stage.PLAYING:
            commands = (CheckSound(call.playback_id),) if up else (Answer(again=True),)
        case Stage.HANGING_UP:
            commands = (HangUp(cause_of(call)),)
        case _:
            pass
    return call, tuple(commands)


# Ends


def _ended(call: CallerProgress, ending: InboundEnding) -> Step:
    was = call.stage
    waited = (StopWaiting(),) if was in {Stage.WAITING, Stage.CONNECTING} else ()
    # Also if no bridge is known: another process, or a request whose reply was lost, may have made it.
    bridged = (DestroyBridge(),) if call.answered and was not in {Stage.PLAYING, Stage.MENU} else ()
    return go(call, Stage.ENDED), (RecordEnd(ending), *waited, *release(call), *bridged)


def _outcome(call: CallerProgress, unknown: InboundOutcome) -> InboundOutcome:
    """The outcome of a call whose channel is gone; `unknown` if nothing has decided it before."""
    return InboundOutcome.ANSWERED if call.talked else call.outcome or unknown


_FOLLOWING = {
    Stage.ADMITTING: _admitted, Stage.WAITING: _waiting, Stage.CONNECTING: _connecting, Stage.MENU: _in_menu,
    Stage.FORWARDING: _forwarding, Stage.TALKING: _talking, Stage.CALLBACK: callback.following,
}  # fmt: skip
