"""Kept counters of callers, by quarter of an hour: what reports of past days are read from.

    ─────────── since ─────────────────────────────── until ──────── now
      computed    │  kept, but for the open quarters    │  computed

A quarter is kept once it is settled: every call that arrived in it has ended, with all its segments. Live calls and
open segments are rows until the transaction that ends them commits, so a snapshot in which there are none is final. A
quarter that is not settled yet when `until` passes it is an open one, and computed when it is read, until it is.

The engine moves `until` on. Where it does not run, reports are the same, and slower.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import datetime, timedelta

from tongdai.call_outcome import InboundOutcome
from tongdai.db.pool import Connection
from tongdai.ids import QueueId, TenantId
from tongdai.reports.model import QUARTER, quarter_of
from tongdai.reports.queues import store
from tongdai.reports.queues.core import count_calls, is_settled
from tongdai.reports.queues.model import Counts, InboundFact, Part, Place

BEHIND = timedelta(minutes=15)
"""How long after its end a quarter is kept at the earliest: an arrival is committed well within this time."""
AT_ONCE = timedelta(hours=6)
"""The period that is computed in one transaction."""
Counted = dict[tuple[datetime, Place], Counts]

KEPT = "select since, until from report_kept where tenant_id = $1"
OPEN = (
    "select quarter from report_open_quarter where tenant_id = $1 and quarter >= $2 and quarter < $3 order by quarter"
)
_COLUMNS = """quarter, queue_id, once, answered, abandoned, overflowed_to, overflowed, callback, closed, refused,
    failed, talk_ms, hold_ms, wrap_up_ms"""
READ = f"select {_COLUMNS} from queue_quarter where tenant_id = $1 and quarter >= $2 and quarter < $3"  # noqa: S608


async def counted(conn: Connection, tenant_id: TenantId, since: datetime, before: datetime) -> AsyncGenerator[Counted]:
    """The counters of the quarters from an instant up to another, in parts. Within a transaction that reads one
    snapshot."""
    row = await conn.fetchrow(KEPT, tenant_id)
    first, last = (before, before) if row is None else (max(row["since"], since), min(row["until"], before))
    if first >= last:
        yield await asyncio.to_thread(count_calls, await store.calls(conn, tenant_id, since, before))
        return
    yield await _read(conn, tenant_id, first, last)
    open_quarters = [row["quarter"] for row in await conn.fetch(OPEN, tenant_id, first, last)]
    for begins, ends in ((since, first), (last, before), *_joined(open_quarters)):
        if begins < ends:
            yield await asyncio.to_thread(count_calls, await store.calls(conn, tenant_id, begins, ends))


def _joined(quarters: Sequence[datetime]) -> list[tuple[datetime, datetime]]:
    """Quarters that follow each other as one period."""
    periods: list[tuple[datetime, datetime]] = []
    for quarter in quarters:
        if periods and periods[-1][1] == quarter:
            periods[-1] = periods[-1][0], quarter + QUARTER
        else:
            periods.append((quarter, quarter + QUARTER))
    return periods


async def _read(conn: Connection, tenant_id: TenantId, since: datetime, before: datetime) -> Counted:
    found: Counted = {}
    for row in await conn.fetch(READ, tenant_id, since, before):
        counts = Counts(
            row["answered"],
            row["abandoned"],
            callback=row["callback"],
            closed=row["closed"],
            refused=row["refused"],
            failed=row["failed"],
            talk_ms=row["talk_ms"],
            hold_ms=row["hold_ms"],
            wrap_up_ms=row["wrap_up_ms"],
        )
        counts.overflowed.update(dict(zip(row["overflowed_to"], row["overflowed"], strict=True)))
        found[row["quarter"], Place(QueueId(row["queue_id"]), row["once"])] = counts
    return found


# The first caller of each outcome, by the index that begins with it.
FIRST = """
select least(
    (select min(opened_at) from live_call where tenant_id = $1 and direction = 'inbound'),
    (select min(c.opened_at) from unnest($2::text[]) as wanted (outcome) cross join lateral (
        select opened_at from call
        where tenant_id = $1 and direction = 'inbound' and campaign_id is null and outcome = wanted.outcome
            and ended_at is not null
        order by opened_at limit 1
    ) c)
)
"""
BEGIN = "insert into report_kept (tenant_id, since, until) values ($1, $2, $2) on conflict do nothing"
LOCK = "select until from report_kept where tenant_id = $1 for update skip locked"
MOVE = "update report_kept set until = $2 where tenant_id = $1"
ALL_OPEN = "select quarter from report_open_quarter where tenant_id = $1 order by quarter limit 1000"
MARK = "insert into report_open_quarter (tenant_id, quarter) values ($1, $2)"
UNMARK = "delete from report_open_quarter where tenant_id = $1 and quarter = $2"
KEEP = """
insert into queue_quarter (tenant_id, quarter, queue_id, once, answered, abandoned, overflowed_to, overflowed, callback,
    closed, refused, failed, talk_ms, hold_ms, wrap_up_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
_OUTCOMES = [outcome.value for outcome in InboundOutcome]


async def keep(conn: Connection, tenant_id: TenantId, now: datetime) -> int:
    """Keep what is settled of a tenant, in short transactions; returns the number of quarters that `until` moved."""
    until = quarter_of(now - BEHIND)
    if await conn.fetchrow(KEPT, tenant_id) is None:
        first = await conn.fetchval(FIRST, tenant_id, _OUTCOMES)
        await conn.execute(BEGIN, tenant_id, until if first is None else min(until, quarter_of(first)))
    await _settle(conn, tenant_id)
    moved = 0
    while step := await _move(conn, tenant_id, until):
        moved += step
    return moved


async def _move(conn: Connection, tenant_id: TenantId, until: datetime) -> int:
    async with conn.transaction(isolation="repeatable_read"):
        since = await conn.fetchval(LOCK, tenant_id)
        if since is None or since >= until:
            return 0
        before = min(since + AT_ONCE, until)
        await _keep_quarters(conn, tenant_id, await store.calls(conn, tenant_id, since, before), mark=True)
        await conn.execute(MOVE, tenant_id, before)
        return (before - since) // QUARTER


async def _settle(conn: Connection, tenant_id: TenantId) -> None:
    """Keep the open quarters that are settled by now."""
    async with conn.transaction(isolation="repeatable_read"):
        if await conn.fetchval(LOCK, tenant_id) is None:
            return
        for begins, ends in _joined([row["quarter"] for row in await conn.fetch(ALL_OPEN, tenant_id)]):
            still = await _keep_quarters(conn, tenant_id, await store.calls(conn, tenant_id, begins, ends), mark=False)
            for number in range((ends - begins) // QUARTER):
                if (quarter := begins + number * QUARTER) not in still:
                    await conn.execute(UNMARK, tenant_id, quarter)


async def _keep_quarters(
    conn: Connection, tenant_id: TenantId, calls: Iterable[tuple[InboundFact, list[Part]]], *, mark: bool
) -> set[datetime]:
    """Keep the quarters of calls that are settled; returns, and marks, the others."""
    quarters = defaultdict[datetime, list[tuple[InboundFact, list[Part]]]](list)
    for call, parts in calls:
        quarters[quarter_of(call.opened_at)].append((call, parts))
    unsettled: set[datetime] = set()
    for quarter, of_quarter in quarters.items():
        if all(is_settled(call, parts) for call, parts in of_quarter):
            rows = [_row(tenant_id, quarter, place, counts) for (_, place), counts in count_calls(of_quarter).items()]
            await conn.executemany(KEEP, rows)
        else:
            unsettled.add(quarter)
            if mark:
                await conn.execute(MARK, tenant_id, quarter)
    return unsettled


def _row(tenant_id: TenantId, quarter: datetime, place: Place, counts: Counts) -> tuple[object, ...]:
    assert not counts.open, "a settled quarter has no open entry"
    to = sorted(counts.overflowed)
    return (
        tenant_id,
        quarter,
        place.queue_id,
        place.once,
        sorted(counts.answered),
        sorted(counts.abandoned),
        to,
        [counts.overflowed[one] for one in to],
        counts.callback,
        counts.closed,
        counts.refused,
        counts.failed,
        counts.talk_ms,
        counts.hold_ms,
        counts.wrap_up_ms,
    )


DELETED_AT_ONCE = 5_000
OLD = """
with old as materialized (
    select quarter, queue_id, once from queue_quarter where tenant_id = $1 and quarter < now() - $2::interval
    limit $3::bigint
), deleted as (
    delete from queue_quarter q using old
    where q.tenant_id = $1 and q.quarter = old.quarter and q.queue_id = old.queue_id and q.once = old.once
    returning true
)
select count(*) from deleted
"""


async def delete_old(conn: Connection, tenants: Sequence[TenantId], age: timedelta) -> int:
    """Delete counters older than `age`, in batches of one tenant; returns the number of rows."""
    total = 0
    for tenant_id in tenants:
        while deleted := await conn.fetchval(OLD, tenant_id, age, DELETED_AT_ONCE):
            total += deleted
    return total
