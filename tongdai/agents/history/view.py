"""Seconds by state on the wire."""

from typing import Any

import msgspec

from tongdai.agents.history.model import Times
from tongdai.agents.model import AgentState


class StateSeconds(msgspec.Struct, kw_only=True, rename="camel"):
    signed_in_sec: int
    """Seconds for which agents were signed in: the sum of the next eight, exactly."""
    calling_sec: int
    """Signed in, and their phone was being called."""
    idle_sec: int
    """They waited for a call."""
    reserved_sec: int
    """A call was being placed for them, or was about to be connected."""
    alerting_sec: int
    """Their phone rang for a caller."""
    talking_sec: int
    """They talked, had the call on hold, or consulted somebody meanwhile."""
    wrapping_up_sec: int
    """They wrapped up a call."""
    paused_sec: int
    """They were paused."""
    unreachable_sec: int
    """They would have been idle, but their phone could not be reached."""
    pauses: dict[str, int]
    """`pausedSec` by the reason of the pause."""


FORMULA = {
    "signedInSec": (
        "callingSec + idleSec + reservedSec + alertingSec + talkingSec + wrappingUpSec + pausedSec + unreachableSec"
    )
}


def state_seconds(of: Times) -> dict[str, Any]:
    """The fields of `StateSeconds`."""
    seconds = of.states
    return {
        "signed_in_sec": of.signed_in,
        "calling_sec": seconds.get(AgentState.CALLING, 0),
        "idle_sec": seconds.get(AgentState.IDLE, 0),
        "reserved_sec": seconds.get(AgentState.RESERVED, 0),
        "alerting_sec": seconds.get(AgentState.ALERTING, 0),
        "talking_sec": seconds.get(AgentState.TALKING, 0),
        "wrapping_up_sec": seconds.get(AgentState.WRAP_UP, 0),
        "paused_sec": seconds.get(AgentState.PAUSED, 0),
        "unreachable_sec": seconds.get(AgentState.UNREACHABLE, 0),
        "pauses": dict(sorted(of.pauses.items())),
    }


SAMPLE: dict[str, Any] = {
    "signedInSec": 3600,
    "callingSec": 6,
    "idleSec": 1134,
    "reservedSec": 18,
    "alertingSec": 0,
    "talkingSec": 1752,
    "wrappingUpSec": 90,
    "pausedSec": 600,
    "unreachableSec": 0,
    "pauses": {"Lunch": 600},
}
