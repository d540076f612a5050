"""Seconds of agents by state and interval, against a count of each second."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.api import Tenant
from tests.support.calls import new_agent
from tongdai.agents.history import store
from tongdai.agents.history.model import SIGNED_IN
from tongdai.agents.model import AgentState
from tongdai.db.pool import Connection
from tongdai.reports.model import DAY, Period, Step, midnight, period_of

BEGAN = """
insert into agent_state (tenant_id, agent_id, began_at, began_month, state, reason)
select $1, $2, at, date_trunc('month', at at time zone 'UTC')::date, state, reason
from unnest($3::timestamptz[], $4::text[], $5::text[]) as sent (at, state, reason)
"""
BERLIN = ZoneInfo("Europe/Berlin")
CHANGES = st.lists(
    st.tuples(
        # Around the night in which the clock of Berlin is put back, and the end of a month.
        st.integers(-5 * 3_600_000, 80 * 3_600_000),
        st.sampled_from(AgentState),
        st.sampled_from(["lunch", "training"]),
    ),
    max_size=30,
    unique_by=lambda change: change[0],
).map(sorted)
BEGINS = datetime(2025, 10, 25, tzinfo=UTC)
Change = tuple[int, AgentState, str]


def walked(period: Period, changes: Sequence[Change]) -> Counter[tuple[int, AgentState, str | None]]:
    """Seconds by interval, state and reason: each second has the state in which it begins."""
    spent: Counter[tuple[int, AgentState, str | None]] = Counter()
    edges = [int(at.timestamp()) for at in [*period.begins, period.end]]
    starts = [int((BEGINS + timedelta(milliseconds=at)).timestamp()) for at, _, _ in changes]
    for (_, state, reason), (since, until) in zip(changes, pairwise([*starts, edges[-1]]), strict=True):
        for number, (first, end) in enumerate(pairwise(edges)):
            seconds = min(until, end) - max(since, first)
            if seconds > 0 and state in SIGNED_IN:
                spent[number, state, reason if state is AgentState.PAUSED else None] += seconds
    return spent


@pytest.mark.parametrize("step", [Step.QUARTER, Step.HOUR, Step.DAY])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, of_agent=st.booleans())
@example(changes=[(-1, AgentState.IDLE, "lunch")], of_agent=True)
async def test_seconds_add_up_to_those_signed_in(
    tenant: Tenant, conn: Connection, step: Step, changes: list[Change], of_agent: bool
) -> None:
    day = BEGINS.date()
    period = period_of(BERLIN, step, midnight(BERLIN, day), midnight(BERLIN, day + 2 * DAY))
    agent_id = await new_agent(conn, tenant.tenant_id, await tenant.queue(f"Q{datetime.now(UTC).timestamp()}"))
    columns = [[BEGINS + timedelta(milliseconds=at) for at, _, _ in changes], [state for _, state, _ in changes]]
    reasons = [reason if state is AgentState.PAUSED else None for _, state, reason in changes]
    await conn.execute(BEGAN, tenant.tenant_id, agent_id, *columns, reasons)
    found = await store.spent(
        conn, tenant.tenant_id, period.begins, period.end, agent_id=agent_id if of_agent else None
    )
    mine = {(one.interval, one.state, one.reason): one.seconds for one in found if one.agent_id == agent_id}
    expected = walked(period, changes)
    assert mine == dict(expected)
    signed_in = sum(
        max(0, int(min(until, period.end).timestamp()) - int(max(since, period.start).timestamp()))
        for (_, state, _), (since, until) in zip(changes, pairwise([*columns[0], period.end]), strict=True)
        if state in SIGNED_IN
    )
    assert sum(mine.values()) == signed_in
    await conn.execute("delete from agent_state where tenant_id = $1", tenant.tenant_id)


async def test_state_that_has_not_ended_counts_up_to_now(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue("Sales")
    agent_id = await new_agent(conn, tenant.tenant_id, queue_id)
    now = await conn.fetchval("select now()")
    began = now.replace(microsecond=0) - timedelta(minutes=10)
    await conn.execute(BEGAN, tenant.tenant_id, agent_id, [began], ["idle"], [None])
    hours = [began - timedelta(hours=1), began]
    (part,) = await store.spent(conn, tenant.tenant_id, hours, began + timedelta(hours=1), queue_id=queue_id)
    assert (part.interval, part.agent_id, part.state, part.seconds) == (1, agent_id, AgentState.IDLE, 600)
    assert await store.spent(conn, tenant.tenant_id, hours, began + timedelta(hours=1), team_id=3) == []
