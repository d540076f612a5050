"""Campaigns and their states. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from tongdai.campaigns.settings.model import CallSettings
from tongdai.ids import CampaignId, TenantId

DEFAULT_TYPE = "CAMPAIGN_CALL_AUTO"


class Status(IntEnum):
    INPROCESS = 1
    """Contacts are being added; nobody is called yet."""
    RUNNING = 2
    PAUSED = 3
    STOPPED = 4
    """Final: accepts no contacts and calls nobody."""


class Action(StrEnum):
    START = "start"
    PAUSE = "pause"
    STOP = "stop"


TRANSITIONS: dict[Action, dict[Status, Status]] = {
    Action.START: {Status.INPROCESS: Status.RUNNING, Status.PAUSED: Status.RUNNING},
    Action.PAUSE: {Status.RUNNING: Status.PAUSED},
    Action.STOP: {Status.RUNNING: Status.STOPPED, Status.PAUSED: Status.STOPPED},
}


class PauseReason(StrEnum):
    """Why a campaign paused itself."""

    SOUND_NOT_PLAYED = "sound_not_played"
    """The switch could not play its sound to several people in a row who had answered."""


@dataclass(frozen=True, slots=True)
class Campaign:
    campaign_id: CampaignId
    name: str
    type: str
    status: Status
    user_name: str | None
    """The person in charge, as the API client names people."""
    created_at: datetime
    pause_reason: PauseReason | None = None
    """Why it paused itself; None: it is not paused, or somebody paused it."""
    archived_at: datetime | None = None
    """Since when it is archived; None: it is not."""


@dataclass(frozen=True, slots=True)
class RunningCampaign:
    """A campaign in status RUNNING, with what the dialer needs of it."""

    tenant_id: TenantId
    campaign_id: CampaignId
    name: str
    tenant_zone: str
    """The zone of contacts whose own zone is unknown."""
    settings: CallSettings


@dataclass(frozen=True, slots=True)
class Totals:
    """Number of contacts of a campaign, by state and by last outcome."""

    by_process_status: dict[int, int]
    by_call_status: dict[str, int]

    @property
    def contacts(self) -> int:
        return sum(self.by_process_status.values())


def totals(counters: list[tuple[int, str, int]]) -> Totals:
    """Sum counters, which are triples `(processStatus, callStatus or '', contacts)`."""
    by_process: dict[int, int] = {0: 0, 1: 0, 2: 0}
    by_call: dict[str, int] = {}
    for process_status, call_status, contacts in counters:
        by_process[process_status] += contacts
        if call_status and contacts:
            by_call[call_status] = by_call.get(call_status, 0) + contacts
    return Totals(by_process, dict(sorted(by_call.items())))
