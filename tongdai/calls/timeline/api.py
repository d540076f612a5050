"""`/campaigns/{id}/timeline`: calls of a campaign by the minute or by the hour."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from tongdai import ids
from tongdai.calls.timeline import store
from tongdai.calls.timeline.model import LENGTH, LONGEST, Period, Step, answers_of_day, period_of
from tongdai.calls.timeline.store import Found
from tongdai.errors import InvalidInput, NotFound, shown
from tongdai.http import paging
from tongdai.http.endpoint import (
    Endpoint,
    Query,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import ok
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId


class TimelinePoint(msgspec.Struct, rename="camel"):
    """An interval."""

    at: datetime
    """When it begins."""
    calls: int
    """Number of placed calls."""
    answered: int
    """The number of these that were answered, including machines and abandoned calls."""
    abandoned: int
    """Number of calls that ended in it as abandoned."""
    abandoned_rate_24h: float | None = msgspec.field(name="abandonedRate24h")
    """A percentage of the live answers of the 24 hours before its end; null without any."""
    talking: float
    """Mean number of calls connected with an agent or the sound."""
    idle: float
    """Mean number of idle agents, of those who serve the campaign's queue now."""


class Timeline(msgspec.Struct, kw_only=True, rename="camel"):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    step: Annotated[str, one_of(Step)]
    """Length of the intervals."""
    abandonment_cap_percent: float
    """The most that `abandonedRate24h` may be, as the campaign has it now."""
    data: list[TimelinePoint]
    """The intervals, the first one first, those without calls too."""


_INSTANT = {"type": "string", "format": "date-time"}
_HOURS, _DAYS = LONGEST[Step.MINUTE].seconds // 3600, LONGEST[Step.HOUR].days
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_SAMPLE = {
    "success": "1",
    "step": "minute",
    "abandonmentCapPercent": 3.0,
    "data": [
        {
            "at": "2026-03-10T02:00:00Z",
            "calls": 21,
            "answered": 8,
            "abandoned": 0,
            "abandonedRate24h": 1.32,
            "talking": 7.25,
            "idle": 1.5,
        }
    ],
}


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/timeline",
        scope=Scope.CAMPAIGN,
        tag="Live",
        summary="Get the calls of a campaign by the minute or by the hour, with its abandonment rate",
        description=(
            f"Minutes are of at most {_HOURS} hours, hours of at most {_DAYS} days, up to the present one. By the "
            "minute a call is counted when it was dialled, by the hour when it ended, as in other statistics."
        ),
        query=(
            Query(
                "step", "Length of the intervals", {"type": "string", "enum": [*Step], "default": "minute"}, "minute"
            ),
            Query("from", "The first interval; the hour or, of hours, the day before `to` without it", _INSTANT),
            Query("to", "Where they end; now without it", _INSTANT),
        ),
        response=Timeline,
        sample=_SAMPLE,
        slow=True,
    )
)
async def timeline(request: Request) -> Response:
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Campaign"))
    now = datetime.now(UTC)
    period = _period(query_of(request), now)
    async with connection(request) as conn:
        found = await store.read(conn, principal_of(request).tenant_id, campaign_id, period)
    if found is None:
        raise NotFound("Campaign not found")
    points = [_point(found, period, at, now) for at in period.intervals]
    return ok(Timeline(step=period.step, abandonment_cap_percent=found.cap_percent, data=points))


def _period(query: dict[str, list[str]], now: datetime) -> Period:
    sent = paging.single(query, "step")
    if sent is not None and sent not in {*Step}:
        raise InvalidInput(f"step must be {' or '.join(Step)}, not {shown(sent)!r}")
    step = Step(sent or Step.MINUTE)
    since, before = _instant(query, "from"), _instant(query, "to")
    end = min(before or now, now)
    if since is not None and since > end:
        raise InvalidInput("from must be before to, and not in the future")
    if since is not None and end - since > LONGEST[step]:
        most = f"{_HOURS} hours" if step is Step.MINUTE else f"{_DAYS} days"
        raise InvalidInput(f"from must be at most {most} before to, in steps of a {step}")
    return period_of(step, since, before, now)


def _instant(query: dict[str, list[str]], name: str) -> datetime | None:
    at = paging.optional_instant(query, name)
    if at is not None and at < _EARLIEST:
        raise InvalidInput(f"{name} must be in the year {_EARLIEST.year} or later")
    return at


def _point(found: Found, period: Period, at: datetime, now: datetime) -> TimelinePoint:
    of = found.intervals.get(at, store.Interval())
    answers = answers_of_day(found.answers, min(at + LENGTH[period.step], now))
    means = round(of.talking, 2), round(of.idle, 2)
    return TimelinePoint(at, of.placed, of.answered, of.abandoned, answers.abandoned_percent, *means)


HANDLERS: list[Route] = [timeline]
