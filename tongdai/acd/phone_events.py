"""Events of the phone of an agent in mode ring, as signals of the caller for whom it rings. Pure."""

from tongdai.acd.caller.signals import AgentAnswered, AgentLeft, Signal
from tongdai.call_outcome import OfferOutcome, Outcome
from tongdai.calls.causes import outcome_of
from tongdai.switch.events import ChannelDestroyed, Event, StasisStart

DECLINED_CAUSE, DECLINED_STATUS = 21, 603
"""The hang-up cause, and the SIP status, of a phone on which the call was declined."""
_OUTCOMES = {Outcome.NO_ANSWER: OfferOutcome.NO_ANSWER, Outcome.BUSY: OfferOutcome.REJECTED}


def phone_signal(channel_id: str, event: Event | Signal) -> Signal | None:
    """None: the event changes nothing."""
    match event:
        case StasisStart():
            return AgentAnswered(channel_id)
        case ChannelDestroyed():
            return AgentLeft(channel_id, offer_outcome(event))
        case _:
            return None


def offer_outcome(event: ChannelDestroyed) -> OfferOutcome:
    """The outcome of the offer when the phone is gone before it was connected. A phone that is busy declines: only one
    that rang in vain counts towards the pause."""
    if event.cause == DECLINED_CAUSE or event.tech_cause == DECLINED_STATUS:
        return OfferOutcome.REJECTED
    outcome = outcome_of(rang=True, answered=False, cause=event.cause, sip_status=event.tech_cause)
    return _OUTCOMES.get(outcome, OfferOutcome.UNREACHABLE)
