"""Campaigns and the states they go through."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from tongdai.campaigns.settings.model import CallSettings
from tongdai.ids import CampaignId, TenantId

DEFAULT_TYPE = "CAMPAIGN_CALL_AUTO"


class Status(IntEnum):
    INPROCESS = 1
    """Being filled; not called yet."""
    RUNNING = 2
    PAUSED = 3
    STOPPED = 4
    """For good: takes no contacts and calls nobody."""


class Action(StrEnum):
    START = "start"
    PAUSE = "pause"
    STOP = "stop"


TRANSITIONS: dict[Action, dict[Status, Status]] = {
    Action.START: {Status.INPROCESS: Status.RUNNING, Status.PAUSED: Status.RUNNING},
    Action.PAUSE: {Status.RUNNING: Status.PAUSED},
    Action.STOP: {Status.RUNNING: Status.STOPPED, Status.PAUSED: Status.STOPPED},
}


@dataclass(frozen=True, slots=True)
class Campaign:
    campaign_id: CampaignId
    name: str
    type: str
    status: Status
    user_name: str | None
    """Whose campaign it is, as the caller names people."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Running:
    """A campaign that calls."""

    tenant_id: TenantId
    campaign_id: CampaignId
    name: str
    tenant_zone: str
    """Of contacts whose own is not known."""
    settings: CallSettings


@dataclass(frozen=True, slots=True)
class Totals:
    """How many contacts a campaign has, by state and by last outcome."""

    by_process_status: dict[int, int]
    by_call_status: dict[str, int]

    @property
    def contacts(self) -> int:
        return sum(self.by_process_status.values())


def totals(tallies: list[tuple[int, str, int]]) -> Totals:
    """Of `(processStatus, callStatus or '', contacts)` triples."""
    by_process: dict[int, int] = {0: 0, 1: 0, 2: 0}
    by_call: dict[str, int] = {}
    for process_status, call_status, contacts in tallies:
        by_process[process_status] += contacts
        if call_status and contacts:
            by_call[call_status] = by_call.get(call_status, 0) + contacts
    return Totals(by_process, dict(sorted(by_call.items())))
