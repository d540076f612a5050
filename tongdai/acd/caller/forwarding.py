"""A caller for whom a number is called, until the two talk; and transfers, to a number or a queue. Pure.

    called ──▶ rings ──▶ answered ── bridged ──▶ TALKING
       └─────────┴──────────┴── gone, busy, not answered in time ──▶ hung up, with the outcome of what led here

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
from tongdai.acd.caller.moves import Step, alone, answer, apart, go, hang_up, ordered, release
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
from tongdai.agents.model import OfferOutcome
from tongdai.call_outcome import InboundOutcome
from tongdai.ids import QueueId
from tongdai.queues.model import HANG_UP, DestinationKind
from tongdai.switch.events import Event


def begin(call: CallerProgress, number: str, failing: Send, *, transfer: bool = False) -> Step:
    """Call a number for a caller who goes to `failing` unless it answers. `transfer`: an agent talked until now."""
    return _called(replace(go(call, Stage.FORWARDING), leaving=failing), number, transfer=transfer)


def adopted(call: CallerProgress, number: NumberCall) -> CallerProgress:
    """The progress of a caller for whom another process called a number."""
    hops = number.channel.rpartition("-number-")[2]
    return replace(
        call, stage=Stage.TALKING if number.talks else Stage.FORWARDING, number=number.number,
        agent_channel=number.channel, rings=True, placed=True, agent_up=number.talks,
        hops=int(hops) if hops.isdecimal() else call.hops,
    )  # fmt: skip


def _called(call: CallerProgress, number: str, *, transfer: bool = False) -> Step:
    hops = call.hops + 1
    channel = f"{call.call_id}-number-{hops}"
    music: tuple[Command, ...] = () if call.music else (StartMusic(),)
    forwarded = replace(
        alone(call), number=number, agent_channel=channel, rings=True, hops=hops, answered=True, music=True,
        preferred=None,
    )  # fmt: skip
    return forwarded, (RecordForward(number, channel, transfer), *answer(call), *music, CallNumber(channel, number))


def step(call: CallerProgress, event: Event | Signal) -> Step:
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


def _without(call: CallerProgress, event: Event | Signal) -> Step:
    """The number may not be reached."""
    match event:
        case AgentLeft(channel=channel, outcome=outcome) if channel == call.agent_channel:
            return _once_more(call) if outcome is OfferOutcome.WITHDRAWN else failed(call)
        case RingTimedOut(channel=channel) if channel == call.agent_channel and not call.agent_up:
            return failed(call)
        case AgentMissing() | NotBridged():
            return failed(call)
        case _:
            return call, ()


def transfer(call: CallerProgress, event: Transferred) -> Step:
    """The agent has left; the caller waits in a queue, or a number is called."""
    left, parting = alone(replace(call, transfers=call.transfers + 1)), (DestroyBridge(), *release(call))
    if event.to.kind is DestinationKind.NUMBER and event.to.target is not None:
        failing = Send(HANG_UP, InboundOutcome.ANSWERED)
        left, commands = begin(left, event.to.target, failing, transfer=True)
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


def failed(call: CallerProgress) -> Step:
    """The number is not reached: the call ends."""
    over, requests = hang_up(replace(alone(call), outcome=None if call.leaving is None else call.leaving.outcome))
    return over, (*release(call), *requests)


def _once_more(call: CallerProgress) -> Step:
    """Nobody knows whether the number was called: the switch has no channel of it."""
    assert call.number is not None, "a number is called"
    return failed(call) if call.hops >= MAX_HOPS else _called(call, call.number)
