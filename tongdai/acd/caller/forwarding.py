"""A caller for whom a number is called, until the two talk; and transfers, to a number or a queue. Pure.

    called ──▶ rings ──▶ answered ── bridged ──▶ TALKING
       └─────────┴──────────┴── gone, busy, not answered in time ──▶ hung up, with the outcome of what led here;
                                                                     after a transfer back to the queue of the talk

A number that a crash may have left uncalled is called once more, by another channel.
"""

from dataclasses import replace

from tongdai.acd.admission import MAX_HOPS, Send
from tongdai.acd.caller.model import (
    BridgeWithAgent,
    CallerProgress,
    CallNumber,
    Command,
    DestroyBridge,
    NumberCall,
    RecordConnection,
    RecordForward,
    RecordJoin,
    Stage,
    StartMusic,
    StartRingTimer,
    Wait,
)
from tongdai.acd.caller.moves import Step, alone, answer, apart, go, ordered, release
from tongdai.acd.caller.signals import (
    AgentAnswered,
    AgentLeft,
    AgentMissing,
    BridgedWithAgent,
    NotBridged,
    PhoneRings,
    RingTimedOut,
    Signal,
    Transferred,
)
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.ids import QueueId
from tongdai.queues.model import HANG_UP, Destination, DestinationKind
from tongdai.switch.events import Event


def begin(call: CallerProgress, number: str, outcome: InboundOutcome, *, transfer: bool = False) -> Step:
    """Call a number for a caller, whose call ends with `outcome` unless it answers. `transfer`: an agent talked until
    now, to whose queue the caller goes back unless it answers."""
    call = replace(go(call, Stage.FORWARDING), leaving=_unless_reached(call, outcome))
    return _called(call, number, transfer=transfer)


def _unless_reached(call: CallerProgress, outcome: InboundOutcome) -> Send:
    """Where the caller goes unless the number answers."""
    to = Destination(DestinationKind.QUEUE, str(call.queue_id)) if call.talked else HANG_UP
    return Send(to, InboundOutcome.ANSWERED if call.talked else outcome)


def adopted(call: CallerProgress, number: NumberCall) -> CallerProgress:
    """The progress of a caller for whom another process called a number."""
    hops = hops_of(number.channel)
    hops = call.hops if hops is None else hops  # None: consulted before it talked
    return replace(
        call, stage=Stage.TALKING if number.talks else Stage.FORWARDING, number=number.number,
        agent_channel=number.channel, rings=True, placed=True, agent_up=number.talks, hops=hops,
        transfers=hops if call.talked else 0, leaving=_unless_reached(call, InboundOutcome.ABANDONED),
    )  # fmt: skip


def hops_of(channel: str) -> int | None:
    """The hops of the caller for whom a number was called, with that, by the channel of the number. None: it is not
    one that was called for a caller."""
    _, named, rest = channel.partition("-number-")
    return int(rest.rpartition("-")[2]) if named else None


def _called(call: CallerProgress, number: str, *, transfer: bool = False) -> Step:
    hops = call.hops + 1
    channel = f"{call.call_id}-number-{call.epoch:x}-{hops}"
    music: tuple[Command, ...] = () if call.music else (StartMusic(),)
    forwarded = replace(
        alone(call), number=number, agent_channel=channel, rings=True, hops=hops, answered=True, music=True,
        preferred=None,
    )  # fmt: skip
    return forwarded, (RecordForward(number, channel, transfer), *answer(call), *music, CallNumber(channel, number))


def step(call: CallerProgress, event: Event | Signal) -> Step | Send:
    """Send: the number is not reached, and the caller goes there."""
    match event:
        case PhoneRings(channel=channel) if channel == call.agent_channel:
            return replace(call, placed=True), ()
        case AgentAnswered(channel=channel) if channel == call.agent_channel and not call.agent_up:
            return replace(call, placed=True, agent_up=True, music=False), (BridgeWithAgent(channel),)
        case BridgedWithAgent() if call.agent_up:
            talking = replace(go(call, Stage.TALKING), talked=True, music=False, leaving=None)
            return talking, (RecordConnection(None),)
        case _:
            return _without(call, event)


def _without(call: CallerProgress, event: Event | Signal) -> Step | Send:
    """The number may not be reached."""
    match event:
        case AgentLeft(channel=channel, outcome=outcome) if channel == call.agent_channel:
            return _once_more(call) if outcome is OfferOutcome.WITHDRAWN else _leaving(call)
        case RingTimedOut(channel=channel) if channel == call.agent_channel and not call.agent_up:
            return _leaving(call)
        case AgentMissing() | NotBridged():
            return _leaving(call)
        case _:
            return call, ()


def transfer(call: CallerProgress, event: Transferred) -> Step:
    """The agent has left; the caller waits in a queue, or a number is called."""
    left, parting = alone(replace(call, transfers=call.transfers + 1)), (DestroyBridge(), *release(call))
    if event.to.kind is DestinationKind.NUMBER and event.to.target is not None:
        left, commands = begin(left, event.to.target, InboundOutcome.ANSWERED, transfer=True)
        return left, ordered((*parting, *commands))
    assert event.to.kind is DestinationKind.QUEUE, f"transferred to a {event.to.kind}"
    queue_id, hops = QueueId(int(event.to.target or 0)), call.hops + 1
    waiting = replace(go(left, Stage.WAITING), queue_id=queue_id, hops=hops, preferred=event.preferred, music=True)
    return waiting, (RecordJoin(queue_id, hops, transfer=True), *parting, StartMusic(), Wait())


def again(call: CallerProgress) -> Step:
    """The requests whose results are missing, or that another process may not have made."""
    if call.agent_channel is None:
        return call, ()
    if call.agent_up:
        return call, (BridgeWithAgent(call.agent_channel),)
    if not call.talked:
        return call, (StartRingTimer(call.agent_channel),)
    music = () if call.music else (StartMusic(),)
    return replace(call, music=True), (*apart(call), *music, StartRingTimer(call.agent_channel))


def _leaving(call: CallerProgress) -> Send:
    assert call.leaving is not None, "a number is called, and nobody knows what if it does not answer"
    return call.leaving


def _once_more(call: CallerProgress) -> Step | Send:
    """Nobody knows whether the number was called: the switch has no channel of it."""
    assert call.number is not None, "a number is called"
    return _leaving(call) if call.hops - call.transfers >= MAX_HOPS else _called(call, call.number)
