"""Why a callback that is pending is not dialled now: the facts and the reasons. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tongdai.campaigns.settings.windows import Week
from tongdai.queues.hours.model import Closed, Open
from tongdai.switches.model import Switch


class PendingReason(StrEnum):
    """Why a callback waits, in the order in which the reasons are looked for."""

    TERM_OVER = "term_over"
    """It expires as soon as telephony runs."""
    DO_NOT_CALL = "do_not_call"
    NEXT_TRY = "next_try"
    """The last try has reached nobody."""
    NOT_DUE = "not_due"
    """It was asked for at a later time."""
    DIALING_HELD = "dialing_held"
    OUTSIDE_CALLING_HOURS = "outside_calling_hours"
    QUEUE_CLOSED = "queue_closed"
    NUMBER_IN_CALL = "number_in_call"
    TELEPHONY_NOT_RUNNING = "telephony_not_running"
    SWITCH_AWAY = "switch_away"
    NO_AGENTS_SIGNED_IN = "no_agents_signed_in"
    KEPT_FOR_AGENT = "kept_for_agent"
    NO_AGENT_FREE = "no_agent_free"
    CALLERS_FIRST = "callers_first"
    """Callers and callbacks who came earlier get the agents who are free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known about one callback, but its row."""

    held: bool
    """Dialing is held."""
    listed: bool
    """The number is on a do-not-call list of the tenant."""
    busy: bool
    """The number is in a call."""
    signed_in: int
    """The number of agents of the queue who are signed in."""
    idle: int
    """The number of them who can be offered a caller now."""
    agent_idle: bool
    """Whether the agent is one of these for whom it is kept."""
    earlier: bool
    """Somebody else waits who comes before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The facts that all callbacks of a tenant and queue share."""

    now: datetime
    zone: str
    """The tenant's."""
    hours: Week | None
    """Its calling hours; None: the standard ones."""
    opening: Open | Closed
    """The state of the queue."""
    switch: Switch


@dataclass(frozen=True, slots=True)
class PendingWhy:
    reason: PendingReason | None
    """None: it is about to be dialled."""
    message: str
    until: datetime | None = None
    """When the reason ends by itself; None: it does not, or that is not known."""
