"""Reports of campaigns."""

from datetime import datetime

import msgspec

from tongdai_client.models.base import Result


class CampaignFigures(Result, frozen=True, kw_only=True):
    calls: int
    """Calls to contacts: the sum of `outcomes` and open."""
    outcomes: dict[str, int]
    """Ended calls by how they ended, those that were not placed too."""
    open: int
    """Calls that last."""
    placed: int
    """Calls that the switch was asked to dial."""
    answered: int
    """The number of these that were answered, machines and abandoned calls included."""
    connected: int
    """Calls that were connected with an agent or the audio file."""
    answer_rate: float | None
    """Percent; null without one. See `formulas`."""
    abandon_rate: float | None
    """Percent of the live answers; null without one."""
    ring_sec: float | None
    """Mean seconds from dialling to the answer; null without one."""
    wait_sec: float | None
    """Mean seconds from the answer to the connection; null without one."""
    talk_sec: float
    """Seconds from connections to ends."""


class CampaignInterval(CampaignFigures, frozen=True, kw_only=True):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class CampaignRow(CampaignInterval, frozen=True, kw_only=True):
    campaign_id: int
    """The campaign."""
    campaign_name: str | None
    """Its name now."""


class CampaignReport(Result, frozen=True, kw_only=True):
    time_zone: str
    interval: str
    since: datetime = msgspec.field(name="from")
    before: datetime = msgspec.field(name="to")
    formulas: dict[str, str]
    data: list[CampaignRow]
    """Calls by interval and campaign; rows without one are left out."""
    intervals: list[CampaignInterval]
    """Calls by interval."""
    total: CampaignFigures
    """All of them."""
