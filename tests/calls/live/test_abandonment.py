"""The abandonment rate is the same wherever it is shown, and over the periods that its cap counts."""

from datetime import timedelta

import pytest

from tests.support.call_scene import running_campaign
from tests.support.calls import configure
from tests.support.databases import FreshDatabase
from tests.support.plans import assert_uses
from tongdai.calls.diagnostics.campaign_snapshot import CampaignKey, read_campaign
from tongdai.calls.live import abandonment, pacing_inputs, stats
from tongdai.calls.live.abandonment import DAY, MONTH
from tongdai.calls.model import LiveAnswers
from tongdai.db.pool import Connection, connect
from tongdai.ids import CampaignId, TenantId
from tongdai.testing import factories

HOUR = timedelta(hours=1)
ADD = """
insert into call_hour (tenant_id, campaign_id, hour, outcome, shard, calls, placed, answered, ring_s, talk_s)
select $1, $2, date_trunc('hour', now()) - $3::interval, $4, $6, $5, $5, $5, 0, 0
"""


async def ended(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, hours: int, outcome: str, calls: int, shard: int = 0
) -> None:
    """Calls that ended so many clock hours ago."""
    await conn.execute(ADD, tenant_id, campaign_id, hours * HOUR, outcome, calls, shard)


async def test_hour_counts_if_a_part_of_it_is_within_the_period(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    """The clock hour that began 24 hours before the present one is within 24 hours, unless the present one has just
    begun."""
    for hours, calls in ((0, 1), (23, 10), (25, 100), (719, 1000), (721, 10_000)):
        await ended(conn, tenant_id, campaign_id, hours, "answered", calls)
    found = await abandonment.live_answers(conn, tenant_id, [campaign_id], [DAY, MONTH, 2 * HOUR])
    assert found == {campaign_id: [LiveAnswers(11), LiveAnswers(1111), LiveAnswers(1)]}
    into_hour = await conn.fetchval("select now() > date_trunc('hour', now())")
    await ended(conn, tenant_id, campaign_id, 24, "abandoned", 5)
    found = await abandonment.live_answers(conn, tenant_id, [campaign_id], [DAY])
    assert found == {campaign_id: [LiveAnswers(16, 5) if into_hour else LiveAnswers(11)]}


async def test_live_answers_are_of_the_campaign_and_no_machine_counts(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    other = await running_campaign(conn, tenant_id)
    for outcome in ("machine", "no_answer", "answered", "abandoned"):
        for shard in range(2):
            await ended(conn, tenant_id, campaign_id, 1, outcome, 3, shard)
    await ended(conn, tenant_id, other, 1, "abandoned", 7)
    without = await running_campaign(conn, tenant_id)
    found = await abandonment.live_answers(conn, tenant_id, [without, other, campaign_id], [DAY])
    assert found == {campaign_id: [LiveAnswers(12, 6)], other: [LiveAnswers(7, 7)], without: [LiveAnswers()]}
    assert await abandonment.live_answers(conn, TenantId(tenant_id + 1), [campaign_id], [DAY]) == {
        campaign_id: [LiveAnswers()]
    }


@pytest.mark.parametrize("hours", [0, 23, 24, 25, 719, 720, 721])
async def test_pacing_diagnostics_and_live_figures_agree(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, hours: int
) -> None:
    await configure(conn, tenant_id, campaign_id, mode="predictive")
    await ended(conn, tenant_id, campaign_id, hours, "abandoned", 1)
    await ended(conn, tenant_id, campaign_id, hours, "answered", 2)
    async with conn.transaction():  # one instant for all
        paced = await pacing_inputs.recent(conn, tenant_id, campaign_id, 30)
        diagnosed = await read_campaign(conn, CampaignKey(tenant_id, campaign_id), "hello-world")
        (shown,) = await stats.figures(conn, tenant_id, [campaign_id])
        month = await stats.abandoned_rate_30d(conn, tenant_id, campaign_id)
    counts = [paced.last_24_h, paced.last_30_days]
    assert diagnosed is not None
    assert diagnosed.state.live_answers == counts
    assert [shown.abandoned_rate_24h, month] == [count.abandoned_percent for count in counts]


MANY = """
insert into call_hour (tenant_id, campaign_id, hour, outcome, shard, calls, placed, answered, ring_s, talk_s)
select $1, campaign_id, date_trunc('hour', now()) - n * interval '1 hour', 'answered', 0, 1, 1, 1, 0, 0
from campaign cross join generate_series(1, 2000) n where tenant_id = $1
"""


async def test_counts_are_read_by_their_key(fresh_database: FreshDatabase) -> None:
    async with fresh_database() as own:
        conn = await connect(own, name="test")
        try:
            tenant_id = await factories.tenant(conn)
            campaign_id, *_ = [await running_campaign(conn, tenant_id) for _ in range(5)]
            await conn.execute(MANY, tenant_id)
            await conn.execute("analyze call_hour")
            campaigns, periods = f"{{{campaign_id}}}", "{24 hours,30 days}"
            sql = abandonment.LIVE_ANSWERS
            await assert_uses(conn, "call_hour_pkey", "call_hour", sql, tenant_id, campaigns, periods)
        finally:
            await conn.close()
