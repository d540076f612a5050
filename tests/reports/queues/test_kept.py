"""Kept counters equal what is computed from segments, over a month in which the clock changes."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import Tenant
from tests.support.callers import waiting
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.reports.model import QUARTER
from tongdai.reports.queues import kept

ZONE = "Europe/Berlin"
BEGINS, ENDS = datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)
"""March of Berlin."""
CALLS = 4_000
CALL = """
insert into call (tenant_id, call_id, ended_month, direction, queue_id, called, phone, state, outcome, opened_at,
    answered_at, connected_at, ended_at, dial_until, lease_until)
values ($1, $2, date_trunc('month', $7::timestamptz at time zone 'UTC')::date, 'inbound', $3, '+4930123', '+4930999',
    'ended', $4, $5, $5, $6, $7, 'infinity', $7)
"""
SEGMENT = """
insert into segment (tenant_id, call_id, kind, started_at, ended_at, ended_month, queue_id, agent_id)
values ($1, $2, $3, $4, $5::timestamptz, date_trunc('month', $5::timestamptz at time zone 'UTC')::date, $6, $7)
"""


class Month:
    """Callers of a month, who wait, are sent on, talk, hang up, or are not let in."""

    def __init__(self, tenant_id: TenantId, queues: list[QueueId], seed: int) -> None:
        self.tenant_id, self.queues = tenant_id, queues
        self.random = random.Random(seed)
        self.calls: list[tuple[object, ...]] = []
        self.segments: list[tuple[object, ...]] = []
        self.results = Counter[str]()
        """Calls by how they ended, as this simulation knows it."""

    def add(self, opened_at: datetime) -> None:
        call_id, at, queue_id = UUID(int=self.random.getrandbits(128)), opened_at, self.random.choice(self.queues)
        outcome, connected_at = "abandoned", None
        if self.random.random() < 0.1:
            outcome = self.random.choice(["closed", "refused", "overflow"])
            self._end(call_id, queue_id, outcome, opened_at, None, at)
            return
        while True:
            length = timedelta(milliseconds=self.random.randint(0, 90_000))
            self._part(call_id, "wait", at, length, queue_id, None)
            at += length
            choice = self.random.random()
            if choice < 0.6:
                outcome, connected_at = "answered", at
                at = self._talk(call_id, queue_id, at)
                break
            if choice < 0.75:
                queue_id = self.random.choice([other for other in self.queues if other != queue_id])
                continue
            outcome = self.random.choice(["abandoned", "overflow", "closed", "callback", "lost"])
            break
        self._end(call_id, queue_id, outcome, opened_at, connected_at, at)

    def _talk(self, call_id: UUID, queue_id: QueueId, at: datetime) -> datetime:
        agent_id = AgentId(self.random.randint(1, 9))
        for kind in ("talk", "hold", "talk"):
            length = timedelta(milliseconds=self.random.randint(1, 300_000))
            self._part(call_id, kind, at, length, queue_id, agent_id)
            at += length
        self._part(call_id, "wrap_up", at, timedelta(seconds=self.random.randint(0, 3600)), queue_id, agent_id)
        return at

    def _part(
        self, call_id: UUID, kind: str, at: datetime, length: timedelta, queue_id: QueueId, agent_id: AgentId | None
    ) -> None:
        self.segments.append((self.tenant_id, call_id, kind, at, at + length, queue_id, agent_id))

    def _end(
        self,
        call_id: UUID,
        queue_id: QueueId,
        outcome: str,
        opened_at: datetime,
        connected_at: datetime | None,
        at: datetime,
    ) -> None:
        self.calls.append((self.tenant_id, call_id, queue_id, outcome, opened_at, connected_at, at))
        self.results[{"overflow": "overflowed", "lost": "failed"}.get(outcome, outcome)] += 1


@pytest.fixture
async def queues(tenant: Tenant, conn: Connection) -> list[QueueId]:
    await conn.execute("update tenant set zone = $2 where tenant_id = $1", tenant.tenant_id, ZONE)
    return [await tenant.queue(name) for name in ("Sales", "Support", "VIP")]


async def stored(conn: Connection, tenant: Tenant, queues: list[QueueId], seed: int = 1) -> Month:
    month = Month(tenant.tenant_id, queues, seed)
    seconds = int((ENDS - BEGINS).total_seconds())
    for _ in range(CALLS):
        month.add(BEGINS + timedelta(seconds=month.random.randrange(seconds)))
    await conn.executemany(CALL, month.calls)
    await conn.executemany(SEGMENT, month.segments)
    return month


async def reports(tenant: Tenant) -> list[Any]:
    """The month by days and by hours, all queues and one."""
    month = "from=2026-03-01&to=2026-04-01"
    (queue, *_) = (await tenant.done("GET", "/v1/queues/inbound"))["data"]
    queries = [f"{month}&interval={step}{only}" for step in ("day", "60", "15")
               for only in ("", f"&queueId={queue['callinId']}&serviceLevelSec=33")]  # fmt: skip
    return [await tenant.done("GET", f"/v1/reports/queues?{query}") for query in queries]


async def test_month_with_a_change_of_the_clock_is_kept_as_it_is_computed(
    tenant: Tenant, conn: Connection, queues: list[QueueId]
) -> None:
    month = await stored(conn, tenant, queues)
    computed = await reports(tenant)
    total = computed[0]["total"]
    assert {name: total[name] for name in month.results} == month.results
    assert (total["offered"], total["open"]) == (CALLS, 0)
    assert len(computed[0]["intervals"]) == 31
    for until in (
        BEGINS + timedelta(days=3, minutes=7),
        BEGINS + timedelta(days=29, hours=5),
        ENDS,
        ENDS + 2 * QUARTER,
    ):
        await kept.keep(conn, tenant.tenant_id, until)
        assert await reports(tenant) == computed
    # Past days are read from the counters alone.
    await conn.execute("delete from segment where tenant_id = $1", tenant.tenant_id)
    assert await kept.keep(conn, tenant.tenant_id, ENDS + 2 * QUARTER) == 0
    assert await reports(tenant) == computed


async def test_counters_of_the_day_of_23_hours_are_in_23_rows(
    tenant: Tenant, conn: Connection, queues: list[QueueId]
) -> None:
    for second in range(0, 86_400, 600):
        month = Month(tenant.tenant_id, queues, second)
        month.add(datetime(2026, 3, 28, 23, tzinfo=UTC) + timedelta(seconds=second))
        await conn.executemany(CALL, month.calls)
        await conn.executemany(SEGMENT, month.segments)
    await kept.keep(conn, tenant.tenant_id, ENDS)
    found = await tenant.done("GET", "/v1/reports/queues?from=2026-03-29&to=2026-03-30&interval=60")
    begins = [row["from"] for row in found["intervals"]]
    assert len(begins) == 23
    assert begins[1:3] == ["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"]


async def test_quarter_with_a_live_call_is_open_until_the_call_has_ended(
    tenant: Tenant, conn: Connection, queues: list[QueueId]
) -> None:
    now = await conn.fetchval("select now()")
    await waiting(conn, tenant.tenant_id, queues[0], 3 * 3600)
    await kept.keep(conn, tenant.tenant_id, now)
    day = f"from={(now - timedelta(days=1)).date()}&to={(now + timedelta(days=2)).date()}"
    found = (await tenant.done("GET", f"/v1/reports/queues?{day}"))["total"]
    assert (found["offered"], found["open"]) == (1, 1)
    call_id = await conn.fetchval("delete from live_call where tenant_id = $1 returning call_id", tenant.tenant_id)
    (part,) = await conn.fetch("delete from open_segment where tenant_id = $1 returning *", tenant.tenant_id)
    since = part["started_at"]
    await conn.execute(CALL, tenant.tenant_id, call_id, queues[0], "abandoned", since, None, now)
    await conn.execute(SEGMENT, tenant.tenant_id, call_id, "wait", since, now, queues[0], None)
    for _ in range(2):
        found = (await tenant.done("GET", f"/v1/reports/queues?{day}"))["total"]
        assert (found["offered"], found["abandoned"], found["open"]) == (1, 1, 0)
        await kept.keep(conn, tenant.tenant_id, now)
    assert await conn.fetchval("select count(*) from report_open_quarter where tenant_id = $1", tenant.tenant_id) == 0


async def test_counters_are_deleted_with_the_hourly_statistics(
    tenant: Tenant, conn: Connection, queues: list[QueueId]
) -> None:
    await stored(conn, tenant, queues)
    await kept.keep(conn, tenant.tenant_id, ENDS + QUARTER)
    age = datetime.now(UTC) - datetime(2026, 3, 15, tzinfo=UTC)
    assert await kept.delete_old(conn, [tenant.tenant_id], age) > 0
    least = await conn.fetchval("select min(quarter) from queue_quarter where tenant_id = $1", tenant.tenant_id)
    assert least >= datetime(2026, 3, 15, tzinfo=UTC) - QUARTER
