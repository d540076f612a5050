"""Events of one call in the dialer, and the progress of the call after them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from tongdai.dialer.call import model
from tongdai.dialer.call.core import step
from tongdai.dialer.call.model import CallProgress, Treatment
from tongdai.switch.events import (
    DETECTED,
    ChannelDestroyed,
    ChannelEvent,
    ChannelStateChange,
    Dial,
    StasisStart,
)

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


CHANNEL, AGENT, OTHER_AGENT = (str(UUID(int=n)) for n in (1, 2, 3))

MESSAGE = Treatment("offer", None)

AGENTS = Treatment(None, None)
Happening = ChannelEvent | model.Signal

STARTED = StasisStart(CHANNEL, ("call",), NOW)


def destroyed(cause: int = 16, sip: int | None = None) -> ChannelDestroyed:
    return ChannelDestroyed(CHANNEL, cause, sip, NOW)


def back(status: str, cause: str = "X-1") -> StasisStart:
    """The dialplan returns the channel with that AMDSTATUS and AMDCAUSE."""
    return StasisStart(CHANNEL, (DETECTED, status, cause), NOW)


def reported(
    treatment: Treatment, *happened: Happening, after_s: float = 0.0
) -> tuple[CallProgress, list[model.Command]]:
    """The call after these events, the last of which is `after_s` later, and the commands of the last."""
    call, todo = CallProgress(CHANNEL, treatment), tuple[model.Command, ...]()
    for i, event in enumerate(happened):
        late = after_s if i == len(happened) - 1 else 0.0
        call, todo = step(call, event, NOW + timedelta(seconds=late))
    return call, list(todo)


DIALLED, RINGS, UP = model.Dialled(), Dial(CHANNEL, "RINGING", NOW), ChannelStateChange(CHANNEL, "Up", NOW)

WAITS = (DIALLED, RINGS, UP, STARTED)

CONNECTS = (*WAITS, model.AgentReserved(AGENT))

TALKS = (*CONNECTS, model.BridgedWithAgent())
