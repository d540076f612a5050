"""The claim of 50 due contacts, of many and of a hundred times as many that are pending."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bench import held, jobs, people, world
from bench.report import Row
from bench.world import World
from tongdai.calls import claim
from tongdai.calls.model import ClaimConditions
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.db.pool import Connection, connect
from tongdai.local_time import FOREVER

TAKEN = 50
CLAIMS = 300
"""Claims measured in each campaign, after WARM that are not counted."""
WARM = 20
SMALL = 50_000
"""Contacts of the small campaign."""
RESCHEDULED = 100_000
"""Contacts that were called and wait for another time; a fifth of a small campaign."""
IN_CALL = 2_000
"""Contacts that are in calls meanwhile; a fiftieth of a small campaign."""
_SMALL, _LARGE = 7, 8
"""Parts of all numbers, of which no other benchmark takes these."""


@dataclass(slots=True)
class Side:
    """A campaign of its own tenant."""

    conditions: ClaimConditions
    contacts: int
    times_ms: list[float] = field(default_factory=list)


def run(on: World, logs: Path) -> list[Row]:
    with world.database(on.data_dir) as dsn:
        small, large = asyncio.run(_measure(on, dsn, logs))
    p50s, p99s = ([quantile(side.times_ms, share) for side in (small, large)] for share in (0.5, 0.99))
    what = f"claiming {TAKEN} contacts of {large.contacts:,}, {RESCHEDULED:,} rescheduled, {IN_CALL:,} in calls"
    reported = f"{p99s[1]:.1f} ms (p50 {p50s[1]:.1f} ms), {len(large.times_ms)} claims"
    flat = f"{p99s[1] / p99s[0]:.2f} (p50 {p50s[1] / p50s[0]:.2f}; {p99s[0]:.1f} ms of {small.contacts:,})"
    return [
        Row("claim", f"{what}, p99", "nothing: by itself", "< 10 ms", reported),
        Row("claim", f"{what}, p99", f"{small.contacts:,} that are pending", "≤ 2 ×", flat),
    ]


def quantile(times_ms: list[float], share: float) -> float:
    return sorted(times_ms)[int(share * len(times_ms))]


async def _measure(on: World, dsn: str, folder: Path) -> tuple[Side, Side]:
    """The large campaign is there before the small one is measured: they share tables and indexes."""
    small, large = [
        await prepared(on, dsn, folder, part, count) for part, count in ((_SMALL, SMALL), (_LARGE, on.sizes.held))
    ]
    await jobs.settle(dsn)
    conn = await connect(dsn, name="bench")
    try:
        for number in range(WARM + CLAIMS):
            for side in (small, large) if number % 2 else (large, small):
                time_ms = await claimed_ms(conn, side.conditions)
                if number >= WARM:
                    side.times_ms.append(time_ms)
    finally:
        await conn.close()
    return small, large


_CAPS = [FrequencyCap(1, timedelta(days=1))]
_RUN = "update campaign set status = 2 where tenant_id = $1 and campaign_id = $2"
# The first contacts of the only run, as if each had been called once.
_RESCHEDULE = """
with run as (
    update contact_run set next_id = next_id + $3, contacts = contacts - $3
    where tenant_id = $1 and campaign_id = $2 returning next_id - $3 as first_id, next_id - 1 as last_id
), moved as (
    update contact set in_run = false from run
    where tenant_id = $1 and contact_id between run.first_id and run.last_id
    returning contact_id, campaign_id, zone
)
insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
select $1, contact_id, campaign_id, now() + interval '7 days', zone from moved
"""


async def prepared(
    on: World, dsn: str, folder: Path, part: int, count: int, *, rescheduled: int = RESCHEDULED, in_call: int = IN_CALL
) -> Side:
    """A campaign whose first contacts are rescheduled, and some others in calls."""
    target = await jobs.new_target(on, dsn)
    conditions = ClaimConditions(
        target.tenant_id, target.campaign_id, {"Asia/Ho_Chi_Minh": FOREVER}, timedelta(minutes=1), _CAPS
    )
    await held.hold(dsn, target, people.numbers(part, count), folder)
    conn = await connect(dsn, name="bench")
    try:
        await conn.execute(_RUN, target.tenant_id, target.campaign_id)
        await conn.execute(_RESCHEDULE, target.tenant_id, target.campaign_id, min(rescheduled, count // 5))
        for _ in range(min(in_call, count // 50) // TAKEN):
            await claim.claim(conn, conditions, TAKEN)
    finally:
        await conn.close()
    return Side(conditions, count)


# In one statement for all: the benchmark is of the claim. As the end of a call leaves them, but for the counters.
_END = """
with ended as (
    update call set state = 'ended', outcome = 'no_answer', dialled_at = now(), ended_at = now(),
        ended_month = date_trunc('month', now() at time zone 'UTC')::date
    where tenant_id = $1 and call_id = any($2::uuid[]) returning contact_id
), changed as (
    update contact c set call_status = 'no_answer' from ended
    where c.tenant_id = $1 and c.contact_id = ended.contact_id returning c.contact_id, c.campaign_id, c.zone
)
insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
select $1, contact_id, campaign_id, now() + interval '7 days', zone from changed
"""


async def claimed_ms(conn: Connection, conditions: ClaimConditions) -> float:
    """One claim, committed; the calls end afterwards, and are due again in a week."""
    began = time.perf_counter()
    claims = await claim.claim(conn, conditions, TAKEN)
    time_ms = (time.perf_counter() - began) * 1000
    if len(claims.calls) != TAKEN:
        raise SystemExit(f"bench: {len(claims.calls)} contacts were claimed, not {TAKEN}")
    await conn.execute(_END, conditions.tenant_id, [call.call_id for call in claims.calls])
    return time_ms
