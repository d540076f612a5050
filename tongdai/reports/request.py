"""The parameters that reports share: the period, its intervals, and the format of the response."""

from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from tongdai import ids
from tongdai.errors import InvalidInput, shown
from tongdai.http import paging
from tongdai.http.endpoint import ID, Query, Request, query_of
from tongdai.http.streams.csv import accepts_csv
from tongdai.reports import xlsx
from tongdai.reports.model import DAY, EARLIEST, LATEST, LONGEST_DAYS, Period, Step, day_of, midnight, period_of

__all__ = ["AGENT", "CAMPAIGN", "PERIOD", "QUEUE", "TEAM", "Format", "format_of", "period"]


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


_INSTANT = {"type": "string"}
_ID = {"type": "integer", "format": "int64", **ID}
PERIOD = (
    Query(
        "from",
        "The first interval is the one of this instant; a date is its midnight in the tenant's zone. Today without it",
        _INSTANT,
        "2026-03-10",
    ),
    Query(
        "to",
        "Where the intervals end, likewise: a date is not part of the report. A day after the day of `from` without it",
        _INSTANT,
        "2026-03-11",
    ),
    Query(
        "interval",
        "Length of the intervals: minutes, or a `day`",
        {"type": "string", "enum": [*Step], "default": Step.DAY},
        "60",
    ),
    Query(
        "format",
        "Format of the response; without it as `Accept` says",
        {"type": "string", "enum": [*Format], "default": Format.JSON},
        "json",
    ),
)
QUEUE = Query("queueId", "One queue", _ID, 1001226)
AGENT = Query("agentId", "One agent", _ID, 7)
TEAM = Query("teamId", "Agents who are in that team now", {"type": "integer", "minimum": 1}, 3)
CAMPAIGN = Query("campaignId", "One campaign", _ID, 1042)


def period(request: Request, zone: ZoneInfo) -> Period:
    """The intervals that a request asks for."""
    query = query_of(request)
    sent = paging.single(query, "interval")
    if sent is not None and sent not in {*Step}:
        raise InvalidInput(f"interval must be one of {', '.join(Step)}, not {shown(sent)!r}")
    step = Step(sent or Step.DAY)
    since = _instant(query, "from", zone)
    since = midnight(zone, day_of(zone, datetime.now(UTC))) if since is None else since
    before = _instant(query, "to", zone)
    before = midnight(zone, day_of(zone, since) + DAY) if before is None else before
    if before <= since:
        raise InvalidInput("from must be before to")
    if before - since > LONGEST_DAYS[step] * DAY + DAY / 24:  # a day may have an hour more
        raise InvalidInput(f"from must be at most {LONGEST_DAYS[step]} days before to, with interval {step}")
    return period_of(zone, step, since, before)


def _instant(query: dict[str, list[str]], name: str, zone: ZoneInfo) -> datetime | None:
    text = paging.single(query, name)
    if text is None:
        return None
    day = _date(text)
    at = paging.optional_instant(query, name) if day is None else None
    on = day or (at or datetime.min.replace(tzinfo=UTC)).date()
    if not EARLIEST < on < LATEST:
        raise InvalidInput(f"{name} must be in the years {EARLIEST.year} to {LATEST.year - 1}")
    return midnight(zone, on) if at is None else at


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-03-10") else None
    except ValueError:
        return None


def format_of(request: Request) -> Format:
    """The format of the response: `format`, else the first that `Accept` names and that is there."""
    sent = paging.single(query_of(request), "format")
    if sent is not None:
        if sent not in {*Format}:
            raise InvalidInput(f"format must be one of {', '.join(Format)}, not {shown(sent)!r}")
        return Format(sent)
    accept = request.headers.get("accept", "")
    if accepts_csv(accept):
        return Format.CSV
    return Format.XLSX if xlsx.MEDIA_TYPE in accept.lower() else Format.JSON


def team_of(request: Request) -> int | None:
    """The team that a request names."""
    text = paging.single(query_of(request), "teamId")
    return None if text is None else ids.from_query("teamId", text)
