"""Reports of campaigns on the wire."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from tongdai.call_outcome import Outcome
from tongdai.reports.campaigns.store import Calls, Key
from tongdai.reports.model import Period
from tongdai.reports.names import Names
from tongdai.reports.rows import rows
from tongdai.reports.view import INTERVAL_SAMPLE, Report, about, bounds, mean_s, percent, sample, seconds


class CampaignFigures(msgspec.Struct, kw_only=True, rename="camel"):
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


class CampaignInterval(CampaignFigures, kw_only=True, rename="camel"):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class CampaignRow(CampaignInterval, kw_only=True, rename="camel"):
    campaign_id: int
    """The campaign."""
    campaign_name: str | None
    """Its name now."""


class CampaignReport(Report, kw_only=True, rename="camel"):
    data: list[CampaignRow]
    """Calls by interval and campaign; rows without one are left out."""
    intervals: list[CampaignInterval]
    """Calls by interval."""
    total: CampaignFigures
    """All of them."""


_LIVE = [outcome.value for outcome in Outcome if outcome.traits.live_answer]
FORMULAS = {
    "calls": "the sum of outcomes + open",
    "answerRate": "100 * answered / placed",
    "abandonRate": f"100 * outcomes.abandoned / ({' + '.join(f'outcomes.{one}' for one in _LIVE)})",
}


def figures(of: Calls) -> dict[str, Any]:
    return {
        "calls": of.outcomes.total() + of.open,
        "outcomes": dict(sorted(of.outcomes.items())),
        "open": of.open,
        "placed": of.placed,
        "answered": of.answered,
        "connected": of.connected,
        "answer_rate": percent(of.answered, of.placed),
        "abandon_rate": percent(of.outcomes[Outcome.ABANDONED], sum(of.outcomes[one] for one in _LIVE)),
        "ring_sec": mean_s(of.ring_ms, of.answered),
        "wait_sec": mean_s(of.wait_ms, of.connected),
        "talk_sec": seconds(of.talk_ms),
    }


def report(period: Period, counted: Iterable[tuple[datetime, Key, Calls]], names: Names) -> CampaignReport:
    found = rows(period, counted, Calls)
    return CampaignReport(
        **about(period),
        formulas=FORMULAS,
        data=[
            CampaignRow(
                **bounds(period, number), campaign_id=campaign_id, campaign_name=names.get(campaign_id), **figures(of)
            )
            for number, (campaign_id,), of in found.by_key
        ],
        intervals=[CampaignInterval(**bounds(period, number), **figures(of)) for number, of in found.by_interval],
        total=CampaignFigures(**figures(found.total)),
    )


_FIGURES: dict[str, Any] = {
    "calls": 120,
    "outcomes": {"abandoned": 1, "answered": 49, "no_answer": 70},
    "open": 0,
    "placed": 120,
    "answered": 50,
    "connected": 49,
    "answerRate": 41.67,
    "abandonRate": 2.0,
    "ringSec": 9.1,
    "waitSec": 0.4,
    "talkSec": 3520.0,
}
ROW_SAMPLE = _FIGURES | INTERVAL_SAMPLE | {"campaignId": 1042, "campaignName": "Khao sat thang 4"}
SAMPLE: dict[str, Any] = sample(FORMULAS, _FIGURES, ROW_SAMPLE)
