"""Calls of a campaign over time, from the database.

Hours are read from `call_hour`, which costs the same however many calls there were: calls are counted in the hour in
which they ended. Minutes are counted from the calls: those placed by the minute of dialling, active ones too, and live
answers by the minute in which the call ended.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tongdai.call_outcome import LIVE_ANSWER_SQL, Outcome
from tongdai.calls.model import DAY, LiveAnswers
from tongdai.calls.sql import month_of
from tongdai.calls.timeline.model import HOUR, LENGTH, Period, Step, begin_of
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, TenantId

DIALLED_WITHIN = timedelta(minutes=5)
"""From the opening of a call to its dialling, at most: the index is by the opening."""
TALKS_ON = timedelta(hours=3)
"""A call that ends longer than this after the period is not counted as talking in it."""


@dataclass(slots=True)
class Interval:
    placed: int = 0
    answered: int = 0
    abandoned: int = 0
    talking: float = 0.0
    """Mean number of calls connected with an agent or the sound."""
    idle: float = 0.0
    """Mean number of idle agents of the campaign's queue."""


@dataclass(slots=True)
class Found:
    cap_percent: float
    intervals: dict[datetime, Interval] = field(default_factory=dict[datetime, Interval])
    """By their beginning, those that have something."""
    answers: dict[datetime, LiveAnswers] = field(default_factory=dict[datetime, LiveAnswers])
    """Live answers by the beginning of hours, from a day before the period, and of the minutes of the others."""

    def at(self, at: datetime) -> Interval:
        return self.intervals.setdefault(at, Interval())


CAP = "select abandon_cap from campaign where tenant_id = $1 and campaign_id = $2"
HOURS = f"""
select hour as at, sum(placed)::bigint as placed, sum(answered)::bigint as answered,
    sum(talk_s) / 3600 as talking,
    coalesce(sum(calls) filter (where outcome = '{Outcome.ABANDONED}'), 0)::bigint as abandoned,
    coalesce(sum(calls) filter (where outcome in {LIVE_ANSWER_SQL}), 0)::bigint as live_answers
from call_hour where tenant_id = $1 and campaign_id = $2 and hour >= $3 and hour < $4 group by hour
"""
PLACED = f"""
select date_trunc('minute', dialled_at) as at, count(*) as placed, count(answered_at) as answered
from (
    select dialled_at, answered_at from live_call where tenant_id = $1 and campaign_id = $2
    union all
    select dialled_at, answered_at from call
    where tenant_id = $1 and campaign_id = $2 and ended_at is not null and ended_month >= {month_of("$3")}
        and opened_at > $3::timestamptz - $5::interval and opened_at < $4
) c where dialled_at >= $3 and dialled_at < $4 group by at
"""
# The campaign is fenced (db/plans.py): the calls of the period are read by the index of their ends.
ENDED = f"""
select date_trunc('minute', ended_at) as at, count(*) as live_answers,
    count(*) filter (where outcome = '{Outcome.ABANDONED}') as abandoned
from call where tenant_id = $1 and campaign_id + 0 = $2 and ended_at >= $3 and ended_at < $4
    and ended_month >= {month_of("$3")} and outcome in {LIVE_ANSWER_SQL}
group by at
"""
TALKING = f"""
select m.at, sum(extract(epoch from least(c.ended_at, m.at + interval '1 minute') - greatest(c.connected_at, m.at))
    )::double precision / 60 as talking
from (
    select connected_at, now() as ended_at from live_call
    where tenant_id = $1 and campaign_id = $2 and connected_at < $4
    union all
    select connected_at, ended_at from call
    where tenant_id = $1 and campaign_id + 0 = $2 and ended_at >= $3 and ended_at < $4::timestamptz + $5::interval
        and ended_month >= {month_of("$3")} and connected_at < $4
) c
cross join lateral generate_series(
    greatest(date_trunc('minute', c.connected_at), $3), least(c.ended_at, $4::timestamptz - interval '1 minute'),
    interval '1 minute'
) m (at)
group by m.at
"""

_STATES = "select state, began_at from agent_state where tenant_id = $1 and agent_id = m.agent_id"
# Of the agents who serve the queue now: the state at the beginning, and those that began since.
IDLE = f"""
with began as (
    select s.state, greatest(s.began_at, $3) as began_at,
        lead(s.began_at, 1, least(now(), $4)) over (partition by m.agent_id order by s.began_at) as ended_at
    from campaign c join agent_queue m on m.tenant_id = $1 and m.queue_id = c.queue_id
    cross join lateral (
        ({_STATES} and began_month <= {month_of("$3")} and began_at < $3 order by began_at desc limit 1)
        union all
        {_STATES} and began_month between {month_of("$3")} and {month_of("$4")} and began_at >= $3 and began_at < $4
    ) s
    where c.tenant_id = $1 and c.campaign_id = $2
)
select i.at, sum(extract(epoch from least(ended_at, i.at + $5::interval) - greatest(began_at, i.at)))::double precision
    / extract(epoch from $5::interval)::double precision as idle
from began cross join lateral generate_series(
    date_bin($5::interval, began_at, $3), ended_at - interval '1 microsecond', $5::interval
) i (at)
where state = 'idle' and ended_at > began_at
group by i.at
"""


async def read(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, period: Period) -> Found | None:
    """Read what happened in each interval; None: the tenant has no such campaign."""
    cap = await conn.fetchval(CAP, tenant_id, campaign_id)
    if cap is None:
        return None
    found = Found(round(cap, 2))
    hour = begin_of(Step.HOUR, period.start)
    of_hours = period.end if period.step is Step.HOUR else hour
    for row in await conn.fetch(HOURS, tenant_id, campaign_id, hour - DAY - HOUR, of_hours):
        found.answers[row["at"]] = LiveAnswers(row["live_answers"], row["abandoned"])
        if row["at"] >= period.start:
            found.intervals[row["at"]] = Interval(row["placed"], row["answered"], row["abandoned"], row["talking"])
    if period.step is Step.MINUTE:
        await _read_minutes(conn, tenant_id, campaign_id, period, found)
    for row in await conn.fetch(IDLE, tenant_id, campaign_id, period.start, period.end, LENGTH[period.step]):
        found.at(row["at"]).idle = row["idle"]
    return found


async def _read_minutes(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, period: Period, found: Found
) -> None:
    of, ends = (tenant_id, campaign_id), (period.start, period.end)
    for row in await conn.fetch(PLACED, *of, *ends, DIALLED_WITHIN):
        found.at(row["at"]).placed, found.at(row["at"]).answered = row["placed"], row["answered"]
    for row in await conn.fetch(ENDED, *of, begin_of(Step.HOUR, period.start), period.end):
        found.answers[row["at"]] = LiveAnswers(row["live_answers"], row["abandoned"])
        if row["at"] >= period.start:
            found.at(row["at"]).abandoned = row["abandoned"]
    for row in await conn.fetch(TALKING, *of, *ends, TALKS_ON):
        found.at(row["at"]).talking = row["talking"]
