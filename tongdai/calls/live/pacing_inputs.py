"""Inputs of pacing: active calls and agents now, and the results of recent calls."""

from dataclasses import dataclass
from datetime import datetime

from tongdai.call_outcome import UNINFORMATIVE_SQL, Outcome
from tongdai.calls.live import abandonment
from tongdai.calls.live.abandonment import CAP_PERIODS
from tongdai.calls.model import NO_LIVE_ANSWERS, LiveAnswers
from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, QueueId, TenantId


@dataclass(frozen=True, slots=True)
class Load:
    """A campaign's calls and the agents of its queue who take calls of campaigns, now."""

    now: datetime
    """The time by the database's clock, like all instants here but those that the switch reported."""
    active_calls: int = 0
    """The active calls of the campaign."""
    ringing_since: tuple[datetime, ...] = ()
    """When each call was dialled that is (about to be) ringing and may need one of these agents, of any campaign."""
    waiting: int = 0
    """Number of answered calls that may need one of these agents and have none reserved."""
    callers: int = 0
    """Number of callers who wait for one of these agents, in any queue."""
    callers_per_s: float = 0.0
    """The rate at which callers arrived at these queues in the last minute, of those who are still in a call."""
    reserve: int = 0
    """Idle agents that these queues keep for callers, as set."""
    agents_free: int = 0
    talking_since: tuple[datetime, ...] = ()
    """When each talking agent began to talk, without those who become paused or offline next."""
    wrap_up_since: tuple[datetime, ...] = ()
    """When each agent in wrap-up began it, without those who become paused or offline next."""
    wrap_up_s: float = 0.0
    """Mean wrap-up time of these agents; 0 without any."""


@dataclass(frozen=True, slots=True)
class Recent:
    """Results of a campaign's recent calls."""

    answered_after: tuple[int, ...] = ()
    """At index k: the number of calls answered live after k whole seconds."""
    unanswered_after: tuple[int, ...] = ()
    """At index k: the number of calls that ended otherwise after k whole seconds."""
    last_24_h: LiveAnswers = NO_LIVE_ANSWERS
    last_30_days: LiveAnswers = NO_LIVE_ANSWERS
    talk_mean_s: float = 0.0
    """Mean talk time of the last 24 hours; 0 without any."""


# Calls without an agent need one: a previewed call has its agent from the start, others once one is reserved. Active
# calls are read once and compared with hashes of campaigns and agents: `is true` keeps the planner from a join that
# reads them again for each campaign. `pool`: the queues that share agents with the campaign's; any of their calls may
# take one of these agents.
LOAD = """
with up as materialized (
    select call_id, campaign_id, queue_id, state, opened_at, dialled_at, connected_at, agent_id from live_call
    where tenant_id = $1
), pool as materialized (
    select $3::bigint as queue_id
    union
    select shared.queue_id
    from agent_queue own join agent_queue shared on shared.tenant_id = $1 and shared.agent_id = own.agent_id
    where own.tenant_id = $1 and own.queue_id = $3
)
select clock_timestamp() as now, own.active_calls, calls.ringing_since, calls.waiting,
    inbound.callers, inbound.arrived / 60.0::double precision as callers_per_s, kept.reserve, agents.agents_free,
    agents.talking_since, agents.wrap_up_since, agents.wrap_up_s
from (
    select count(*) as active_calls from up where campaign_id = $2
) own, (
    select coalesce(array_agg(coalesce(dialled_at, opened_at)) filter (where state <> 'answered'), '{}')
            as ringing_since,
        count(*) filter (where state = 'answered' and connected_at is null and call_id not in (
            select call_id from agent where tenant_id = $1 and call_id is not null
        )) as waiting
    from up where agent_id is null and (campaign_id in (
        select campaign_id from campaign
        where tenant_id = $1 and queue_id in (select queue_id from pool) and mode <> 'agentless'
    )) is true
) calls, (
    select count(*) filter (where connected_at is null) as callers,
        count(*) filter (where opened_at > clock_timestamp() - interval '1 minute') as arrived
    from up where (queue_id in (select queue_id from pool)) is true
) inbound, (
    select coalesce(sum(inbound_reserve), 0) as reserve from queue_setting
    where tenant_id = $1 and queue_id in (select queue_id from pool)
) kept, (
    select count(*) filter (where state = 'idle' and not busy_elsewhere) as agents_free,
        coalesce(array_agg(state_since) filter (where state = 'talking' and next_state is null), '{}')
            as talking_since,
        coalesce(array_agg(state_since) filter (
            where state = 'wrap_up' and next_state is null and (not code_needed or wrap_up_until is not null)
        ), '{}') as wrap_up_since,
        coalesce(avg(wrap_up_s) filter (where state <> 'offline'), 0)::double precision as wrap_up_s
    from agent where tenant_id = $1 and mode = 'nailed_up' and agent_id in (
        select agent_id from agent_queue where tenant_id = $1 and queue_id = $3
    )
) agents
"""


async def load(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, queue_id: QueueId | None) -> Load:
    """Read the active calls of the campaign and the agents of the queue (None: no agents)."""
    row = await conn.fetchrow(LOAD, tenant_id, campaign_id, queue_id)
    assert row is not None
    return Load(
        row["now"],
        row["active_calls"],
        tuple(row["ringing_since"]),
        row["waiting"],
        row["callers"],
        row["callers_per_s"],
        row["reserve"],
        row["agents_free"],
        tuple(row["talking_since"]),
        tuple(row["wrap_up_since"]),
        row["wrap_up_s"],
    )


# Calls dialled less than a ring timeout ago are excluded: of these only the answers are known. So are lost calls, whose
# end is unknown, and calls that the network refused: otherwise a broken trunk would look like people who do not answer.
# No call rings longer than a minute.
RINGS = f"""
select answered, after_s, count(*) as calls from (
    select a.answered_at is not null and a.outcome is distinct from 'machine' as answered,
        least(greatest(floor(extract(epoch from coalesce(a.answered_at, a.ended_at) - a.dialled_at)), 0), 90)::integer
            as after_s
    from (
        select dialled_at, answered_at, ended_at, outcome from live_call
        where tenant_id = $1 and campaign_id = $2 and answered_at is not null
            and opened_at > clock_timestamp() - interval '1 hour'
            and dialled_at <= clock_timestamp() - $3::integer * interval '1 second'
        union all (
            select dialled_at, answered_at, ended_at, outcome from call
            where tenant_id = $1 and campaign_id = $2 and ended_at is not null
                and ended_month >= {month_of("clock_timestamp() - interval '1 hour'")}
                and opened_at > clock_timestamp() - interval '1 hour'
                and dialled_at <= clock_timestamp() - $3::integer * interval '1 second'
                and outcome not in {UNINFORMATIVE_SQL}
            order by opened_at desc limit 2000
        )
    ) a
) rings group by answered, after_s
"""
TALK_MEAN = f"""
select sum(talk_s) / sum(calls) from call_hour
where tenant_id = $1 and campaign_id = $2 and outcome = '{Outcome.ANSWERED}' and {abandonment.within("$3")}
"""


async def recent(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, ring_timeout_s: int) -> Recent:
    """Read the ring times of active answered calls and of the last 2,000 calls that ended within an hour, dialled a
    ring timeout ago or earlier; the live answers of the periods of the abandonment cap; and the mean talk time."""
    rings = await conn.fetch(RINGS, tenant_id, campaign_id, ring_timeout_s)
    answers = await abandonment.live_answers(conn, tenant_id, [campaign_id], CAP_PERIODS)
    talk_mean_s = await conn.fetchval(TALK_MEAN, tenant_id, campaign_id, abandonment.DAY)
    return Recent(
        _histogram([(row["after_s"], row["calls"]) for row in rings if row["answered"]]),
        _histogram([(row["after_s"], row["calls"]) for row in rings if not row["answered"]]),
        *answers[campaign_id],
        talk_mean_s=talk_mean_s or 0.0,
    )


def _histogram(counts: list[tuple[int, int]]) -> tuple[int, ...]:
    found = dict(counts)
    return tuple(found.get(after_s, 0) for after_s in range(max(found, default=-1) + 1))
