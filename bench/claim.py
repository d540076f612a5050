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
from tongdai.calls.model import Terms
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.campaigns.settings.windows import FOREVER
from tongdai.db.pool import Connection, connect

TAKEN = 50
CLAIMS = 300
"""Of each campaign, after WARM that are not counted."""
WARM = 20
SMALL = 50_000
"""Contacts of the small campaign."""
_SMALL, _LARGE = 7, 8
"""Parts of all numbers, of which no other benchmark takes these."""


@dataclass(slots=True)
class Side:
    """A campaign of its own tenant."""

    terms: Terms
    contacts: int
    times_ms: list[float] = field(default_factory=list)


def run(on: World, logs: Path) -> list[Row]:
    with world.database(on.data_dir) as dsn:
        small, large = asyncio.run(_measure(on, dsn, logs))
    p50s, p99s = ([_quantile(side.times_ms, share) for side in (small, large)] for share in (0.5, 0.99))
    what = f"claiming {TAKEN} contacts of {large.contacts:,} that are pending"
    told = f"{p99s[1]:.1f} ms (p50 {p50s[1]:.1f} ms), {len(large.times_ms)} claims"
    flat = f"{p99s[1] / p99s[0]:.2f} (p50 {p50s[1] / p50s[0]:.2f}; {p99s[0]:.1f} ms of {small.contacts:,})"
    return [
        Row("claim", f"{what}, p99", "nothing: told alone", "< 10 ms", told),
        Row("claim", f"{what}, p99", f"{small.contacts:,} that are pending", "≤ 2 ×", flat),
    ]


def _quantile(times_ms: list[float], share: float) -> float:
    return sorted(times_ms)[int(share * len(times_ms))]


async def _measure(on: World, dsn: str, folder: Path) -> tuple[Side, Side]:
    """The large campaign is there before the small one is measured: they share tables and indexes."""
    small, large = [
        await _side(on, dsn, folder, part, count) for part, count in ((_SMALL, SMALL), (_LARGE, on.sizes.held))
    ]
    await jobs.settle(dsn)
    conn = await connect(dsn, name="bench")
    try:
        for number in range(WARM + CLAIMS):
            for side in (small, large) if number % 2 else (large, small):
                time_ms = await _claimed_ms(conn, side.terms)
                if number >= WARM:
                    side.times_ms.append(time_ms)
    finally:
        await conn.close()
    return small, large


_CEILINGS = [FrequencyCap(1, timedelta(days=1))]
_RUN = "update campaign set status = 2 where tenant_id = $1 and campaign_id = $2"
# Due in the order in which they were added, as after an import. COPY takes a column's default for each row.
_DUE = """
alter table contact alter column zone set default 'Asia/Ho_Chi_Minh',
    alter column due_at set default clock_timestamp() - interval '1 day'
"""
_AS_IT_WAS = "alter table contact alter column zone set default '', alter column due_at set default now()"


async def _side(on: World, dsn: str, folder: Path, part: int, count: int) -> Side:
    target = await jobs.new_target(on, dsn)
    conn = await connect(dsn, name="bench")
    try:
        await conn.execute(_RUN, target.tenant_id, target.campaign_id)
        await conn.execute(_DUE)
        await held.hold(dsn, target, people.numbers(part, count), folder)
        await conn.execute(_AS_IT_WAS)
    finally:
        await conn.close()
    zones = {"Asia/Ho_Chi_Minh": FOREVER}
    terms = Terms(target.on.tenant_id, target.campaign_id, zones, timedelta(minutes=1), _CEILINGS)
    return Side(terms, count)


# In one statement for all: the benchmark is of the claim. As `calls.store.end` leaves them, but for the totals.
_END = """
with ended as (
    update call set state = 'ended', outcome = 'no_answer', dialled_at = now(), ended_at = now()
    where tenant_id = $1 and state <> 'ended' returning contact_id
)
update contact c set process_status = 0, call_status = 'no_answer', due_at = now() + interval '7 days'
from ended where c.tenant_id = $1 and c.contact_id = ended.contact_id
"""


async def _claimed_ms(conn: Connection, terms: Terms) -> float:
    """One claim, committed; the calls end afterwards, and are due again in a week."""
    began = time.perf_counter()
    claims = await claim.claim(conn, terms, TAKEN)
    time_ms = (time.perf_counter() - began) * 1000
    if len(claims.calls) != TAKEN:
        raise SystemExit(f"bench: {len(claims.calls)} contacts were claimed, not {TAKEN}")
    await conn.execute(_END, terms.tenant_id)
    return time_ms
