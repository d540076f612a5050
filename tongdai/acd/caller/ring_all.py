"""A caller for whom several phones ring at once, until one is answered. Pure.

    OffersMade ──▶ all ring ── the first answer ──▶ that agent alone; the other offers end as answered elsewhere
                      └── not answered, declined, gone: that offer ends ── the last one ──▶ nobody rings

Meanwhile the stage is CONNECTING, `rung` is not empty, and the caller has no agent. With the first answer they have
that one, as if nobody else had been rung; a later answer is of a phone that does not ring for them any more.
"""

from collections.abc import Iterable
from dataclasses import replace

from tongdai.acd.caller.model import (
    BridgeWithAgent,
    CallerProgress,
    Command,
    Exclude,
    HangUpAgent,
    MakeOffer,
    RecordOfferEnd,
    RingAgent,
    Rung,
    StartRingTimer,
)
from tongdai.acd.caller.moves import Step
from tongdai.acd.caller.signals import AgentAnswered, AgentLeft, OffersMade, PhoneRings, RingTimedOut, Signal
from tongdai.agents.model import Agent
from tongdai.call_outcome import OfferOutcome
from tongdai.switch.events import Event


def begun(call: CallerProgress, made: OffersMade) -> Step:
    """The offers are committed: the phones are called."""
    assert made.phones, "rung without an offer"
    rung = tuple(Rung(phone.agent_id, phone.channel) for phone in made.phones)
    rings = tuple(RingAgent(phone.channel, phone.endpoint) for phone in made.phones)
    return replace(call, agent_id=None, also=(), rung=rung), rings


def adopted(first: Agent | None, others: Iterable[Agent]) -> tuple[Rung, ...]:
    """The agents whose phones another process has called."""
    agents = [agent for agent in (first, *others) if agent is not None]
    return tuple(Rung(agent.agent_id, str(agent.channel_id), placed=True) for agent in agents)


def step(call: CallerProgress, event: Event | Signal, without_s: int) -> Step:
    """Follow the phones. With an answer `agent_channel` is set, and `rung` empty; without one and with `rung` empty,
    nobody rings any more. An agent whose phone is not answered is not offered the caller for `without_s`."""
    match event:
        case PhoneRings(channel=channel) if _of(call, channel) is not None:
            return replace(call, rung=tuple(_placed(one, channel) for one in call.rung)), ()
        case AgentAnswered(channel=channel) if (one := _of(call, channel)) is not None:
            return _answered(call, one)
        case RingTimedOut(channel=channel) if (one := _of(call, channel)) is not None:
            outcome = OfferOutcome.NO_ANSWER if one.placed else OfferOutcome.UNREACHABLE
            return _dropped(call, one, outcome, without_s)
        case AgentLeft(channel=channel, outcome=outcome) if (one := _of(call, channel)) is not None:
            return _dropped(call, one, outcome, without_s)
        case _:
            return call, ()


def again(call: CallerProgress) -> tuple[Command, ...]:
    """The requests of an offer, to one agent or several, whose results are missing."""
    if call.agent_up and call.agent_channel is not None:
        return (BridgeWithAgent(call.agent_channel),)
    if call.ringing or call.agent_id is None:
        return tuple(StartRingTimer(channel) for channel in call.ringing)
    return (MakeOffer(call.agent_id, call.also),)


def _of(call: CallerProgress, channel: str) -> Rung | None:
    return next((one for one in call.rung if one.channel == channel), None)


def _placed(one: Rung, channel: str) -> Rung:
    return replace(one, placed=True) if one.channel == channel else one


def _answered(call: CallerProgress, first: Rung) -> Step:
    others = [one for one in call.rung if one is not first]
    records = tuple(RecordOfferEnd(one.agent_id, OfferOutcome.ANSWERED_ELSEWHERE) for one in others)
    hang_ups = tuple(HangUpAgent(one.channel) for one in others)
    call = replace(
        call, agent_id=first.agent_id, agent_channel=first.channel, rings=True, placed=True, agent_up=True, rung=()
    )
    return call, (*records, *hang_ups)


def _dropped(call: CallerProgress, one: Rung, outcome: OfferOutcome, without_s: int) -> Step:
    rung = tuple(other for other in call.rung if other is not one)
    ended = RecordOfferEnd(one.agent_id, outcome)
    return replace(call, rung=rung), (ended, HangUpAgent(one.channel), Exclude(one.agent_id, without_s))
