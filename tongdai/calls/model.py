"""Calls to contacts: states and transitions, claims, retry contexts, live answers, and how calls end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from tongdai.call_outcome import UNWANTED, Outcome
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import next_attempt_at
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.ids import AgentId, CampaignId, ContactId, SwitchId, TenantId
from tongdai.switches.model import DEFAULT


class Direction(StrEnum):
    """The direction of a call: from the other side (`inbound`), or to it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Directions(StrEnum):
    """The directions of the calls of a list."""

    INBOUND = "inbound"
    """Callers of a queue."""
    OUTBOUND = "outbound"
    """Calls to contacts, and callbacks."""
    ALL = "all"


class CallState(StrEnum):
    CLAIMED = "claimed"
    """No originate request was made: no phone can ring."""
    DIALING = "dialing"
    """An originate request may have been made: it is never repeated."""
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


TRANSITIONS: dict[CallState, frozenset[CallState]] = {
    CallState.CLAIMED: frozenset({CallState.DIALING, CallState.ENDED}),
    CallState.DIALING: frozenset({CallState.RINGING, CallState.ANSWERED, CallState.ENDED}),
    CallState.RINGING: frozenset({CallState.ANSWERED, CallState.ENDED}),
    CallState.ANSWERED: frozenset({CallState.ENDED}),
    CallState.ENDED: frozenset(),
}
"""Events may be lost: a call may be answered without having been ringing."""


@dataclass(frozen=True, slots=True)
class Call:
    """An active call: one that has not ended."""

    tenant_id: TenantId
    call_id: UUID
    """The id of the call, and of its channel on the switch."""
    campaign_id: CampaignId
    contact_id: ContactId
    phone: str
    """The called number, in E.164."""
    state: CallState
    opened_at: datetime
    dial_until: datetime
    """When the calling window closes."""
    lease_until: datetime
    agent_id: AgentId | None = None
    switch_id: SwitchId = DEFAULT
    """The switch that carries the call."""
    dialled_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    """When the callee was connected with an agent or the audio file."""


@dataclass(frozen=True, slots=True)
class ClaimConditions:
    """The conditions of a claim: which contacts it may take. The campaign must be running too."""

    tenant_id: TenantId
    campaign_id: CampaignId
    open_until: Mapping[str, datetime]
    """The time zones, as contacts have them, whose calling window is open, and when it closes."""
    lease: timedelta
    number_caps: Sequence[FrequencyCap] = ()
    """The frequency caps of a number, over all campaigns of the tenant."""
    switch_id: SwitchId = DEFAULT
    """The switch that carries the calls. The tenant must be on it."""
    beat: int = 0
    """The last beat that the leader of the switch knows: a database with an earlier one refuses (dialing/rule.py)."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The result of a claim, for the due contacts that it examined."""

    calls: list[Call]
    rescheduled: int = 0
    """Contacts due later: their number is over a frequency cap, in a call, or on a do-not-call list until a known
    time."""
    closed: int = 0
    """Contacts now processed: their number is on a do-not-call list permanently."""

    @property
    def examined(self) -> int:
        return len(self.calls) + self.rescheduled + self.closed


@dataclass(frozen=True, slots=True)
class EarlierCalls:
    """The calls of a contact that were placed and have ended, without the present one."""

    outcomes: Mapping[Outcome, int] = field(default_factory=dict[Outcome, int])
    dialled_at: Sequence[datetime] = ()
    """Oldest first; the last 1,000."""


@dataclass(frozen=True, slots=True)
class RetryContext:
    """The input of the retry rules for one contact."""

    history: EarlierCalls
    zone: str
    """The contact's time zone."""
    tenant_zone: str
    now: datetime
    """The time by the database's clock."""

    def next_attempt_at(self, settings: CallSettings, ending: "Ending") -> datetime | None:
        """When to call the contact again after a call that ended so; None: never."""
        if ending.sip_status in UNWANTED:
            return None
        before = {was.value: count for was, count in self.history.outcomes.items()}
        return next_attempt_at(
            settings, ending.outcome.value, before, self.history.dialled_at, self.zone, self.tenant_zone, self.now
        )


@dataclass(frozen=True, slots=True)
class LiveAnswers:
    """The live answers of a period."""

    answered: int = 0
    """Calls that a person answered, the abandoned ones included."""
    abandoned: int = 0
    """The number of these that were not connected with an agent within ABANDON_THRESHOLD."""

    @property
    def abandoned_percent(self) -> float | None:
        """The abandonment rate in percent; None without a live answer."""
        return percent(self.abandoned, self.answered)

    def reach(self, cap: float) -> bool:
        """Whether the abandonment rate has reached a cap, a share of 1. One abandoned call at least has to."""
        return self.abandoned > 0 and self.abandoned >= cap * self.answered


NO_LIVE_ANSWERS = LiveAnswers()
CAP_PERIODS = (DAY, MONTH) = (timedelta(hours=24), timedelta(days=30))
"""The periods over which the cap of the abandonment rate holds."""


def percent(part: int, of: int) -> float | None:
    """A percentage with two decimals; None if the total is 0."""
    return round(100 * part / of, 2) if of else None


class Verdict(StrEnum):
    """The verdict of answering machine detection."""

    HUMAN = "human"
    MACHINE = "machine"
    UNSURE = "unsure"
    """No verdict in time: the call continued as with a person."""
    UNAVAILABLE = "unavailable"
    """The switch cannot detect machines: the call continued as with a person."""


@dataclass(frozen=True, slots=True)
class Detection:
    """The result of the detection of a machine."""

    verdict: Verdict
    cause: str | None
    """The switch's AMDCAUSE; if unavailable, what is missing."""
    took_ms: int


class Failure(StrEnum):
    """A failure in a call that is not the network's."""

    SOUND_NOT_PLAYED = "sound_not_played"
    """The person answered, and the switch could not play the campaign's sound."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended, as the switch reported or the dialer decided."""

    outcome: Outcome
    hangup_cause: int | None = None
    """The hang-up cause, by Q.850."""
    sip_status: int | None = None
    """The SIP status."""
    detection: Detection | None = None
    """Result of machine detection; None: not requested by the campaign."""
    failure: Failure | None = None
    """A failure that is not the network's; None: there was none."""
