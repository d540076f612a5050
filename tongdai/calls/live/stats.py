"""Live figures of campaigns: contacts, calls and agents by state, and outcomes of calls.

Everything is read from counters or from active calls, so a query each second costs about the same however many calls
the campaigns have made. Therefore outcomes are by clock hours, as in `call_hour`: since the hour began, since midnight
in the tenant's time zone. The abandonment rate is that of abandonment.py. Only calls per minute are counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import asyncpg
import msgspec

from tongdai.calls import history
from tongdai.calls.history import CallRecord, Filter
from tongdai.calls.live import abandonment
from tongdai.calls.model import CallState, percent
from tongdai.calls.sql import month_of
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.model import PauseReason, Status, Totals
from tongdai.campaigns.settings.values import Mode
from tongdai.db.pool import Connection
from tongdai.http.openapi.fields import one_of
from tongdai.ids import CampaignId, TenantId

RECENT = 100
"""Number of calls opened last among which those that ended last are found."""


class Contacts(msgspec.Struct, rename="camel"):
    pending: int
    """Contacts that wait to be called."""
    in_call: int
    """Contacts in a call now."""
    processed: int
    """Contacts that are not called any more."""


class ActiveCalls(msgspec.Struct, rename="camel"):
    """Active calls by phase."""

    dialing: int = 0
    """Calls claimed, or dialled and not ringing yet."""
    ringing: int = 0
    """Ringing."""
    waiting: int = 0
    """Answered calls not yet connected with an agent."""
    talking: int = 0
    """Calls connected with an agent or the audio file."""

    @property
    def all(self) -> int:
        return self.dialing + self.ringing + self.waiting + self.talking


class Agents(msgspec.Struct, rename="camel"):
    """Agents of the campaign's queue by state, without those whose phones ring for each call, who get no calls of
    campaigns. Other campaigns and queues may share them."""

    offline: int = 0
    """Not signed in."""
    calling: int = 0
    """Agents who are signing in: their phones ring."""
    idle: int = 0
    """Free for a call."""
    reserved: int = 0
    """Assigned to a call that is being placed."""
    talking: int = 0
    """In a call."""
    wrap_up: int = 0
    """In the time after a call."""
    paused: int = 0
    """Agents who take no calls for now."""
    unreachable: int = 0
    """Agents whose phones the switch cannot reach."""
    hanging_up: int = 0
    """Agents who signed out, and whose phones are being hung up."""


class Figures(msgspec.Struct, rename="camel"):
    """Figures of the calls that ended in a period."""

    calls: int
    """Number of placed calls."""
    answered: int
    """The number of these that were answered, including machines and abandoned calls."""
    answer_rate: float | None
    """A percentage of the calls; null without calls."""
    outcomes: dict[str, int]
    """All ended calls by outcome, including those that were not placed."""
    ring_sec: float | None
    """Mean seconds from dialling to the answer; null without an answer."""
    talk_sec: float | None
    """Mean seconds of the answered calls, from the agent or the audio file to the end."""


class Pacing(msgspec.Struct, rename="camel"):
    mode: Annotated[str, one_of(Mode)]
    """How the campaign dials."""
    max_concurrent_calls: int
    """Active calls that it has at most."""
    calls_per_second: int
    """New calls that it begins at most in a second."""
    ring_timeout_sec: int
    """Seconds that a call may ring."""
    abandonment_cap_percent: float
    """A percentage of the live answers."""


class CampaignLive(msgspec.Struct, kw_only=True, rename="camel"):
    campaign_id: int
    """The campaign."""
    campaign_name: str
    """Its name."""
    status: Annotated[int, one_of(Status)]
    """State of the campaign: 1 inprocess, 2 running, 3 paused, 4 stopped."""
    pause_reason: Annotated[str, one_of(PauseReason)] | None
    """Why it paused itself, in status 3; null: it did not."""
    contacts: Contacts
    """Its contacts by state."""
    calls: ActiveCalls
    """Its active calls by state."""
    agents: Agents
    """The agents of its queue by state; other campaigns and queues may share them."""
    calls_per_minute: int
    """Calls dialled in the last 60 seconds."""
    this_hour: Figures
    """Calls that ended since the hour began."""
    today: Figures
    """Calls that ended since midnight in the tenant's time zone."""
    abandoned_rate_24h: float | None = msgspec.field(name="abandonedRate24h")
    """A percentage of the live answers."""
    pacing: Pacing
    """The settings that limit its calls."""


NAMED = f"""
select campaign_id, name, status, {campaigns.PAUSED_BY_ITSELF} as pause_reason, mode, max_calls, calls_per_second,
    ring_timeout_s, abandon_cap
from campaign where tenant_id = $1 and campaign_id = any($2::bigint[]) order by campaign_id
"""
ACTIVE = f"""
select campaign_id from campaign
where tenant_id = $1 and status in ({Status.RUNNING}, {Status.PAUSED})
union select campaign_id from live_call where tenant_id = $1 and campaign_id is not null
order by campaign_id limit 1000
"""
UP = """
select campaign_id, state, connected_at is not null as connected, count(*) as calls
from live_call where tenant_id = $1 and campaign_id is not null group by campaign_id, state, connected_at is not null
"""
AGENTS = """
select c.campaign_id, a.state, count(*) as agents from campaign c
join agent_queue m on m.tenant_id = $1 and m.queue_id = c.queue_id
join agent a on a.tenant_id = $1 and a.agent_id = m.agent_id and a.mode = 'nailed_up'
where c.tenant_id = $1 and c.campaign_id = any($2::bigint[]) group by c.campaign_id, a.state
"""
# A call is dialled soon after it is opened; the index is by the opening.
MINUTE = f"""
with up as materialized (
    select campaign_id, count(*) as calls from live_call
    where tenant_id = $1 and dialled_at > now() - interval '1 minute' group by campaign_id
)
select c.campaign_id, coalesce(up.calls, 0) + d.calls as calls
from unnest($2::bigint[]) as c (campaign_id) left join up on up.campaign_id = c.campaign_id
cross join lateral (
    select count(*) as calls from call
    where tenant_id = $1 and campaign_id = c.campaign_id and ended_at is not null
        and ended_month >= {month_of("now() - interval '2 minutes'")}
        and opened_at > now() - interval '2 minutes' and dialled_at > now() - interval '1 minute'
) d
"""
HOURS = """
select c.campaign_id, h.outcome, h.hour = date_trunc('hour', now()) as this_hour, h.hour >= day.starts_at as today,
    sum(h.calls)::bigint as calls, sum(h.placed)::bigint as placed, sum(h.answered)::bigint as answered,
    sum(h.ring_s) as ring_s, sum(h.talk_s) as talk_s
from (
    select date_trunc('hour', date_trunc('day', now() at time zone zone) at time zone zone) as starts_at
    from tenant where tenant_id = $1
) day
cross join unnest($2::bigint[]) as c (campaign_id)
cross join lateral (
    select outcome, hour, calls, placed, answered, ring_s, talk_s from call_hour
    where tenant_id = $1 and campaign_id = c.campaign_id
        and hour >= least(day.starts_at, date_trunc('hour', now()))
) h group by c.campaign_id, h.outcome, this_hour, today
"""


async def active(conn: Connection, tenant_id: TenantId) -> list[CampaignId]:
    """The campaigns that are running or paused, or have active calls, by id; of more than 1000 the first."""
    return [row["campaign_id"] for row in await conn.fetch(ACTIVE, tenant_id)]


async def figures(conn: Connection, tenant_id: TenantId, campaign_ids: list[CampaignId]) -> list[CampaignLive]:
    """The live figures of the campaigns, those that exist, by id."""
    named = await conn.fetch(NAMED, tenant_id, campaign_ids)
    totals = await campaigns.totals_of(conn, tenant_id, campaign_ids)
    up = _by_campaign(await conn.fetch(UP, tenant_id))
    agents = _by_campaign(await conn.fetch(AGENTS, tenant_id, campaign_ids))
    hours = _by_campaign(await conn.fetch(HOURS, tenant_id, campaign_ids))
    live_answers = await abandonment.live_answers(conn, tenant_id, campaign_ids, [abandonment.DAY])
    minute = {row["campaign_id"]: row["calls"] for row in await conn.fetch(MINUTE, tenant_id, campaign_ids)}
    return [
        CampaignLive(
            campaign_id=(campaign_id := row["campaign_id"]),
            campaign_name=row["name"],
            status=row["status"],
            pause_reason=row["pause_reason"],
            contacts=_contacts(totals[campaign_id]),
            calls=_up(up.get(campaign_id, [])),
            agents=Agents(**{found["state"]: found["agents"] for found in agents.get(campaign_id, [])}),
            calls_per_minute=minute[campaign_id],
            this_hour=_figures([found for found in hours.get(campaign_id, []) if found["this_hour"]]),
            today=_figures([found for found in hours.get(campaign_id, []) if found["today"]]),
            abandoned_rate_24h=live_answers[campaign_id][0].abandoned_percent,
            pacing=Pacing(
                row["mode"],
                row["max_calls"],
                row["calls_per_second"],
                row["ring_timeout_s"],
                round(row["abandon_cap"], 2),
            ),
        )
        for row in named
    ]


def _by_campaign(rows: list[asyncpg.Record]) -> Mapping[CampaignId, list[asyncpg.Record]]:
    found: dict[CampaignId, list[asyncpg.Record]] = {}
    for row in rows:
        found.setdefault(row["campaign_id"], []).append(row)
    return found


def _contacts(totals: Totals) -> Contacts:
    return Contacts(*(totals.by_process_status[status] for status in (0, 1, 2)))


def _up(rows: Sequence[asyncpg.Record]) -> ActiveCalls:
    counts = Counter[str]()
    for row in rows:
        state = row["state"]
        if state == CallState.ANSWERED:
            counts["talking" if row["connected"] else "waiting"] += row["calls"]
        else:
            counts["ringing" if state == CallState.RINGING else "dialing"] += row["calls"]
    return ActiveCalls(**counts)


def _figures(rows: Sequence[asyncpg.Record]) -> Figures:
    placed, answered = (sum(row[name] for row in rows) for name in ("placed", "answered"))
    outcomes = Counter[str]()
    for row in rows:
        outcomes[row["outcome"]] += row["calls"]

    def mean(name: str) -> float | None:
        return round(sum(row[name] for row in rows) / answered, 2) if answered else None

    rate = percent(answered, placed)
    return Figures(placed, answered, rate, dict(sorted(outcomes.items())), mean("ring_s"), mean("talk_s"))


async def abandoned_rate_30d(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> float | None:
    """A percentage of the live answers."""
    answers = await abandonment.live_answers(conn, tenant_id, [campaign_id], [abandonment.MONTH])
    return answers[campaign_id][0].abandoned_percent


async def newest(conn: Connection, tenant_id: TenantId, limit: int) -> list[CallRecord]:
    """The calls of a tenant that ended last, the last first. Those opened before the last RECENT are not considered."""
    recent = await history.calls_of(conn, history.page_of(tenant_id, Filter(state=CallState.ENDED), RECENT))
    return sorted(recent, key=_ended_at, reverse=True)[:limit]


def _ended_at(call: CallRecord) -> datetime:
    assert call.ended_at is not None, "an ended call has an end"
    return call.ended_at
