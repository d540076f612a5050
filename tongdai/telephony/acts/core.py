"""Decides whether an act is refused, and what is done for one that is not. Pure.

    hold     record the hold · take the customer out of the bridge · music     undone when the customer is gone
    resume   bridge the customer with the agent · record the talk
    mute     record it · mute the agent's phone
    unmute   unmute the agent's phone · record it
    dtmf     press keys for the customer's channel
    hang up  hang up the customer's channel: the call ends by its event
    transfer the agent leaves, and the ACD has the customer (transfers.py)

What has to be undone later is recorded first: a hold is a row before anybody hears music, and ends at its limit whoever
leads then; a muted phone is unmuted after its call. What undoes it is recorded afterwards, and may be repeated.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tongdai.calls.acts.model import CONSULTING, Act, Kind, Talk
from tongdai.calls.model import CallState
from tongdai.calls.parties.model import PartyState

GONE = "The call has ended"

# Records


@dataclass(frozen=True, slots=True)
class RecordHold:
    until: datetime


@dataclass(frozen=True, slots=True)
class RecordTalk:
    pass


@dataclass(frozen=True, slots=True)
class RecordMute:
    channel: str


@dataclass(frozen=True, slots=True)
class RecordUnmute:
    pass


# Requests; each may find that its channel is gone


@dataclass(frozen=True, slots=True)
class PlayMusic:
    """Out of the bridge, and music instead."""

    channel: str


@dataclass(frozen=True, slots=True)
class Bridge:
    """They enter the bridge, without music, and hear who is in it."""

    bridge: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mute:
    channel: str


@dataclass(frozen=True, slots=True)
class Unmute:
    channel: str


@dataclass(frozen=True, slots=True)
class Press:
    channel: str
    keys: str


@dataclass(frozen=True, slots=True)
class HangUp:
    channel: str


Record = RecordHold | RecordTalk | RecordMute | RecordUnmute
Request = PlayMusic | Bridge | Mute | Unmute | Press | HangUp
Step = Record | Request


WORDS = {
    Kind.TAKE_OVER: "take over",
    Kind.CONSULT: "consult in",
    Kind.COMPLETE: "complete a consult of",
    Kind.CANCEL: "cancel a consult of",
    Kind.CONFERENCE: "confer in",
}
"""How messages say that something is done to a call, where that is not the name of the act."""


def refusal(kind: Kind, talk: Talk | None, parties: bool = True) -> str | None:
    """Why the state of a call does not allow an act; None: it does. `parties`: whether there can be any."""
    if talk is None:
        return GONE
    if kind is Kind.HANG_UP:
        if talk.state is not CallState.ANSWERED:
            return f"Cannot hang up a call in state {talk.state}, only {CallState.ANSWERED}"
        return None
    if not talk.with_agent and kind is not Kind.TRANSFER:  # one who waits is transferred, too: the ACD knows
        return f"Cannot {WORDS.get(kind, kind)} a call that is not connected with an agent"
    if not parties and kind in {*CONSULTING, Kind.TAKE_OVER}:
        return "This installation connects nobody else"
    return _with_party(kind, talk) or {
        Kind.HOLD: "The call is on hold already" if talk.held else None,
        Kind.RESUME: None if talk.held else "The call is not on hold",
        Kind.MUTE: "The agent is muted already" if talk.muted else None,
        Kind.UNMUTE: None if talk.muted else "The agent is not muted",
        Kind.DTMF: "Cannot press keys for a customer who is on hold" if talk.held else None,
    }.get(kind)


_ALONE = frozenset({Kind.CONSULT, Kind.TAKE_OVER, Kind.HOLD, Kind.RESUME, Kind.TRANSFER})
"""Acts on a call that has customer and agent, and nobody else."""


def _with_party(kind: Kind, talk: Talk) -> str | None:
    """Why an act is refused that concerns a party of the call; None: it is not."""
    party = talk.party
    instead = kind is Kind.TRANSFER and not talk.with_agent  # whoever talks instead of an agent leaves
    if kind in _ALONE and party is not None and not instead:
        return f"Cannot {kind.replace('_', ' ')} while somebody is consulted, or in the call"
    if kind not in {Kind.COMPLETE, Kind.CANCEL, Kind.CONFERENCE}:
        return None
    if party is None:
        return "Nobody is consulted"
    if kind is not Kind.CANCEL and party.state is PartyState.CALLED:
        return "The consulted party has not answered"
    if kind is Kind.CONFERENCE and party.state is PartyState.TALKING:
        return "They are in a conference already"
    return None


def steps(act: Act, talk: Talk, now: datetime) -> tuple[Step, ...]:
    """The records and requests of an act that is not refused, in order."""
    match act.kind:
        case Kind.HOLD:
            return RecordHold(now + timedelta(seconds=act.max_s)), PlayMusic(talk.channel)
        case Kind.RESUME:
            return together(talk), RecordTalk()
        case Kind.MUTE:
            return RecordMute(agent_of(talk)), Mute(agent_of(talk))
        case Kind.UNMUTE:
            return Unmute(talk.muted_channel or agent_of(talk)), RecordUnmute()
        case Kind.DTMF:
            return (Press(talk.channel, act.keys),)
        case _:  # a supervisor changes nothing of the call
            return (HangUp(talk.channel),) if act.kind is Kind.HANG_UP else ()


def rest(act: Act, talk: Talk | None) -> tuple[Step, ...]:
    """The steps that are left of a repeatable act that was interrupted, by its records; perhaps it was done already."""
    if talk is None or not talk.with_agent:
        return ()
    match act.kind:
        case Kind.HOLD if talk.held and talk.party is None:
            return (PlayMusic(talk.channel),)
        case Kind.RESUME if talk.held and talk.party is None:
            return together(talk), RecordTalk()
        case Kind.MUTE if talk.muted_channel is not None:
            return (Mute(talk.muted_channel),)
        case Kind.UNMUTE if talk.muted_channel is not None:
            return Unmute(talk.muted_channel), RecordUnmute()
        case _:
            return ()


def undo(act: Act) -> tuple[Step, ...]:
    """The records to make when a request found that its channel is gone."""
    match act.kind:
        case Kind.HOLD:
            return (RecordTalk(),)
        case Kind.MUTE:
            return (RecordUnmute(),)
        case _:
            return ()


def together(talk: Talk) -> Bridge:
    """The customer is back with the agent, who has stayed in the bridge."""
    return Bridge(talk.channel, (talk.channel,))


def agent_of(talk: Talk) -> str:
    assert talk.agent_channel is not None, "a call without an agent"
    return talk.agent_channel
