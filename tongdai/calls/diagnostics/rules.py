"""Why nobody is being called: one reason for each pending contact, and all blockers of a campaign. Pure.

Several reasons may apply to a contact; it is counted with the first of them, in the order from the longest-lasting to
the shortest: on a do-not-call list, time zone unknown although the law requires it, due later, calling window closed,
number in another call, number over a frequency cap. All others may be called now, if the campaign has no blocker.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tongdai.calls.model import LiveAnswers
from tongdai.campaigns.model import PauseReason, Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import next_open, open_until
from tongdai.campaigns.settings.values import Mode
from tongdai.switches.model import Switch

IN_CALL_PAUSE = timedelta(minutes=1)
"""How long a claim skips a contact whose number is in another call."""


class PendingReason(StrEnum):
    """The reasons, in the order in which they are checked."""

    DO_NOT_CALL = "doNotCall"
    ZONE_UNKNOWN = "zoneUnknown"
    """The preset has calling hours in the contact's local time, and the time zone is unknown."""
    WAITING_FOR_RETRY = "waitingForRetry"
    """Due later: after an earlier call, or rescheduled."""
    WAITING_FOR_WINDOW = "waitingForWindow"
    NUMBER_IN_CALL = "numberInCall"
    """The number is in a call of another campaign."""
    OVER_NUMBER_CAP = "overNumberCeiling"
    """The number is over a frequency cap, by the calls of all campaigns."""
    CALLABLE_NOW = "callableNow"


class Blocker(StrEnum):
    """A reason why a campaign calls nobody, or calls slowly."""

    NOT_STARTED = "not_started"
    PAUSED = "paused"
    SOUND_NOT_PLAYED = "sound_not_played"
    """The campaign paused itself."""
    STOPPED = "stopped"
    DIALING_HELD = "dialing_held"
    DIALER_NOT_RUNNING = "dialer_not_running"
    SWITCH_AWAY = "switch_away"
    SWITCH_FULL = "switch_full"
    TRUNK_NOT_GIVEN = "trunk_not_given"
    SOUND_MISSING = "sound_missing"
    NO_QUEUE = "no_queue"
    NO_AGENTS_SIGNED_IN = "no_agents_signed_in"
    NO_AGENT_FREE = "no_agent_free"
    NO_PREVIEW_ACCEPTED = "no_preview_accepted"
    AT_MAX_CALLS = "at_max_calls"
    ABANDONMENT_CAP_REACHED = "abandonment_cap_reached"
    NOTHING_PENDING = "nothing_pending"


MESSAGES: Mapping[Blocker, str] = {
    Blocker.NOT_STARTED: "The campaign has not been started.",
    Blocker.PAUSED: "The campaign is paused.",
    Blocker.SOUND_NOT_PLAYED: (
        "It paused itself: the switch could not play its sound to several people in a row who had answered. Fix the "
        "sound and start the campaign."
    ),
    Blocker.STOPPED: "The campaign is stopped and cannot be started again.",
    Blocker.DIALING_HELD: "Dialing is held on the whole installation until an operator releases it.",
    Blocker.DIALER_NOT_RUNNING: "No dialer is running.",
    Blocker.SWITCH_AWAY: "The dialer is not connected to the switch.",
    Blocker.SWITCH_FULL: "The switch has reached its maximum of active calls.",
    Blocker.TRUNK_NOT_GIVEN: (
        "The trunk that the campaign names is not this tenant's: an operator gives it with tongdai endpoint give."
    ),
    Blocker.SOUND_MISSING: "The switch does not have the sound that the campaign plays: nobody is called until it has.",
    Blocker.NO_QUEUE: "The campaign has no queue, so no agents.",
    Blocker.NO_AGENTS_SIGNED_IN: "No agent is signed in to the campaign's queue.",
    Blocker.NO_AGENT_FREE: "Every agent signed in to the campaign's queue is busy.",
    Blocker.NO_PREVIEW_ACCEPTED: "No agent has accepted a preview.",
    Blocker.AT_MAX_CALLS: "The campaign has reached its maximum of concurrent calls.",
    Blocker.ABANDONMENT_CAP_REACHED: (
        "The cap on abandoned calls is reached: the campaign places no more calls than agents are free."
    ),
    Blocker.NOTHING_PENDING: "No contact is pending.",
}


@dataclass(frozen=True, slots=True)
class ZoneCount:
    """Pending contacts of a time zone, as contacts have it."""

    zone: str
    pending: int
    later: int
    """The number of these that are due later."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that apply to the contacts of a campaign."""

    settings: CallSettings
    tenant_zone: str
    now: datetime

    def unknown(self, zone: str) -> bool:
        return zone == "" and self.opens(zone, self.now) is None

    def is_open(self, zone: str) -> bool:
        return open_until(self.settings, zone, self.tenant_zone, self.now) is not None

    def opens(self, zone: str, at: datetime) -> datetime | None:
        return next_open(self.settings, zone, self.tenant_zone, at)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The pending contacts that are on no do-not-call list, by time zone and due time."""

    zone_unknown: int = 0
    later: int = 0
    window: int = 0
    next_open_at: datetime | None = None
    """When the first contact outside its calling window may be called; None: there is none, or it never opens."""
    due: int = 0
    """Contacts that may be called now, unless their number is blocked."""
    open_zones: Sequence[str] = ()
    known_zones: Sequence[str] = ()


def waiting(rules: Rules, pending: Iterable[ZoneCount], on_dnc: Iterable[ZoneCount]) -> Waiting:
    """Count the pending contacts by reason, from all of them and those on a do-not-call list, by time zone."""
    taken = {count.zone: count for count in on_dnc}
    unknown = later = window = due = 0
    opening: list[datetime] = []
    open_zones: list[str] = []
    known: list[str] = []
    for count in pending:
        dnc = taken.get(count.zone, ZoneCount(count.zone, 0, 0))
        left, left_later = count.pending - dnc.pending, count.later - dnc.later
        if rules.unknown(count.zone):
            unknown += left
            continue
        known.append(count.zone)
        later += left_later
        if rules.is_open(count.zone):
            due += left - left_later
            open_zones.append(count.zone)
        elif left > left_later:
            window += left - left_later
            opens = rules.opens(count.zone, rules.now)
            opening += [] if opens is None else [opens]
    return Waiting(unknown, later, window, min(opening, default=None), due, open_zones, known)


@dataclass(frozen=True, slots=True)
class ContactState:
    """The facts about a pending contact that decide whether it is called."""

    zone: str
    due_at: datetime
    call_status: str | None = None
    on_dnc: bool = False
    dnc_until: datetime | None = None
    """When the last list entry of the number expires; None: permanently listed, or not listed at all."""
    dnc_list: str | None = None
    number_in_call: bool = False
    capped_until: datetime | None = None
    """When the frequency caps allow a call to the number again; None: now."""


def reason_of(rules: Rules, contact: ContactState) -> PendingReason:
    """The first reason that applies."""
    keeps = {
        PendingReason.DO_NOT_CALL: contact.on_dnc,
        PendingReason.ZONE_UNKNOWN: rules.unknown(contact.zone),
        PendingReason.WAITING_FOR_RETRY: contact.due_at > rules.now,
        PendingReason.WAITING_FOR_WINDOW: not rules.is_open(contact.zone),
        PendingReason.NUMBER_IN_CALL: contact.number_in_call,
        PendingReason.OVER_NUMBER_CAP: contact.capped_until is not None,
        PendingReason.CALLABLE_NOW: True,
    }
    return next(reason for reason, holds in keeps.items() if holds)


def next_call_at(rules: Rules, contact: ContactState) -> datetime | None:
    """The earliest instant at which the contact may be called, as known now; None: never."""
    reason, at = reason_of(rules, contact), max(rules.now, contact.due_at)
    if reason is PendingReason.DO_NOT_CALL:
        if contact.dnc_until is None:
            return None
        at = max(at, contact.dnc_until)
    elif reason is PendingReason.NUMBER_IN_CALL:
        at = rules.now + IN_CALL_PAUSE
    if contact.capped_until is not None:
        at = max(at, contact.capped_until)
    return rules.opens(contact.zone, at)


class SoundState(StrEnum):
    """Whether the switch has the sound of a campaign."""

    PRESENT = "present"
    MISSING = "missing"
    UNCHECKED = "unchecked"
    """That could not be checked, or was not lately."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound that a campaign plays."""

    wire: str
    """The setting that names it, as in requests."""
    name: str
    state: SoundState


@dataclass(frozen=True, slots=True)
class CampaignState:
    """The state of a campaign, its calls and agents."""

    status: Status
    pending: int
    active_calls: int = 0
    agents: Mapping[str, int] = field(default_factory=dict[str, int])
    """The number of agents of the queue, by state."""
    accepted: int = 0
    """Preview: contacts that an agent accepted and that are not yet called."""
    live_answers: Sequence[LiveAnswers] = ()
    """The live answers of each period of the abandonment cap."""
    held: bool = False
    """Whether dialing is held, of all campaigns."""
    pause_reason: PauseReason | None = None
    """Why a paused campaign paused itself; None: somebody paused it."""
    sound: Sound | None = None
    """The sound that it plays; None: it plays none."""
    own_trunk: bool = True
    """Whether the tenant may call by the trunk that it names, or it names none."""


_PAUSE_BLOCKERS = {PauseReason.SOUND_NOT_PLAYED: Blocker.SOUND_NOT_PLAYED}
_STATUS_BLOCKERS = {
    Status.INPROCESS: Blocker.NOT_STARTED,
    Status.PAUSED: Blocker.PAUSED,
    Status.STOPPED: Blocker.STOPPED,
}


def blockers(settings: CallSettings, campaign: CampaignState, switch: Switch, max_calls: int) -> list[Blocker]:
    """All blockers of the campaign, the most important first. `max_calls` is the limit of active calls on the switch,
    over all tenants."""
    found: list[Blocker] = []
    if campaign.status in _STATUS_BLOCKERS:
        found.append(_STATUS_BLOCKERS[campaign.status])
    if campaign.status is Status.PAUSED and campaign.pause_reason is not None:
        found.append(_PAUSE_BLOCKERS[campaign.pause_reason])
    if campaign.held:
        found.append(Blocker.DIALING_HELD)
    found += _switch_blockers(switch, max_calls)
    found += _needs_blockers(campaign)
    if settings.mode is not Mode.AGENTLESS:
        found += _agent_blockers(settings, campaign)
    if campaign.active_calls >= settings.max_calls:
        found.append(Blocker.AT_MAX_CALLS)
    cap = settings.abandon_cap / 100
    if settings.mode is Mode.PREDICTIVE and any(answers.reach(cap) for answers in campaign.live_answers):
        found.append(Blocker.ABANDONMENT_CAP_REACHED)
    if not campaign.pending:
        found.append(Blocker.NOTHING_PENDING)
    return found


def _switch_blockers(switch: Switch, max_calls: int) -> list[Blocker]:
    if not switch.running:
        return [Blocker.DIALER_NOT_RUNNING]
    if not switch.up:
        return [Blocker.SWITCH_AWAY]
    return [Blocker.SWITCH_FULL] if switch.live_calls >= max_calls else []


def _needs_blockers(campaign: CampaignState) -> list[Blocker]:
    """Blockers by what the campaign names: a trunk that is not its tenant's, a sound that is missing."""
    found = [] if campaign.own_trunk else [Blocker.TRUNK_NOT_GIVEN]
    missing = campaign.sound is not None and campaign.sound.state is SoundState.MISSING
    return [*found, Blocker.SOUND_MISSING] if missing else found


def _agent_blockers(settings: CallSettings, campaign: CampaignState) -> list[Blocker]:
    if settings.queue_id is None:
        return [Blocker.NO_QUEUE]
    if not any(count for state, count in campaign.agents.items() if state not in {"offline", "calling", "hanging_up"}):
        return [Blocker.NO_AGENTS_SIGNED_IN]
    found: list[Blocker] = []
    # Predictive calls for agents who will be free.
    at_work = any(campaign.agents.get(state) for state in ("idle", "reserved", "talking", "wrap_up"))
    if not at_work or (settings.mode is not Mode.PREDICTIVE and not campaign.agents.get("idle")):
        found.append(Blocker.NO_AGENT_FREE)
    if settings.mode is Mode.PREVIEW and not campaign.accepted:
        found.append(Blocker.NO_PREVIEW_ACCEPTED)
    return found
