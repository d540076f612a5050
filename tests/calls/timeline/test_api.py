"""`GET /campaigns/{id}/timeline`: what happened by the minute and by the hour, and to whom it is shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.api import Api, Tenant, refused
from tests.support.call_scene import LargeDatabase
from tests.support.calls import a_call, new_agent
from tests.support.plans import plans
from tongdai.calls.timeline import store
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId

NOW = datetime.now(UTC)
PAST = NOW.replace(minute=20, second=0, microsecond=0) - timedelta(hours=2)
"""Twenty past a clock hour that is over."""


def phone(n: int) -> str:
    return f"+8490{n:07}"


async def read(tenant: Tenant, campaign_id: CampaignId, **query: object) -> dict[str, Any]:
    sent = {name: one.isoformat() if isinstance(one, datetime) else one for name, one in query.items()}
    return await tenant.done("GET", f"/v1/campaigns/{campaign_id}/timeline", params=sent)


def busy(found: dict[str, Any]) -> dict[datetime, dict[str, Any]]:
    """The intervals in which something happened."""
    points = {datetime.fromisoformat(point.pop("at")): point for point in found["data"]}
    return {at: point for at, point in points.items() if point["calls"] or point["abandoned"] or point["talking"]}


async def calls_of_two_minutes(conn: Connection, tenant: Tenant, campaign_id: CampaignId) -> None:
    """One call that talks from 20:10 to 21:40, one that nobody answers, and one that is abandoned."""
    t = tenant.tenant_id
    await a_call(conn, t, campaign_id, ContactId(1), phone(1), outcome="answered", opened_at=PAST, dialled_s=0,
                 answered_s=10, connected_s=10, ended_s=100)  # fmt: skip
    await a_call(conn, t, campaign_id, ContactId(2), phone(2), outcome="no_answer", opened_at=PAST, ended_s=30)
    await a_call(conn, t, campaign_id, ContactId(3), phone(3), outcome="abandoned", opened_at=PAST, dialled_s=61,
                 answered_s=65, ended_s=70)  # fmt: skip


async def test_minutes_have_calls_by_their_dialling_and_mean_talkers(tenant: Tenant, conn: Connection) -> None:
    campaign_id = await tenant.campaign()
    await calls_of_two_minutes(conn, tenant, campaign_id)
    found = await read(tenant, campaign_id, **{"from": PAST - timedelta(minutes=1), "to": PAST + timedelta(minutes=4)})
    assert (found["step"], found["abandonmentCapPercent"], len(found["data"])) == ("minute", 3.0, 5)
    assert busy(found) == {
        PAST: {"calls": 2, "answered": 1, "abandoned": 0, "abandonedRate24h": None, "talking": 0.83, "idle": 0.0},
        PAST + timedelta(minutes=1): {
            "calls": 1, "answered": 1, "abandoned": 1, "abandonedRate24h": 50.0, "talking": 0.67, "idle": 0.0
        },
    }  # fmt: skip


async def test_hours_have_the_calls_that_ended_in_them(tenant: Tenant, conn: Connection) -> None:
    campaign_id = await tenant.campaign()
    await calls_of_two_minutes(conn, tenant, campaign_id)
    hour = PAST.replace(minute=0)
    period = {"from": PAST - timedelta(days=30), "to": hour + timedelta(hours=2)}
    found = await read(tenant, campaign_id, step="hour", **period)
    assert busy(found) == {
        hour: {
            "calls": 3,
            "answered": 2,
            "abandoned": 1,
            "abandonedRate24h": 50.0,
            "talking": round(90 / 3600, 2),
            "idle": 0.0,
        }
    }
    assert len(found["data"]) == 30 * 24 + 2


async def test_active_calls_are_placed_and_talk(tenant: Tenant, conn: Connection) -> None:
    campaign_id = await tenant.campaign()
    minute = NOW.replace(second=0, microsecond=0) - timedelta(minutes=10)
    await a_call(conn, tenant.tenant_id, campaign_id, state="answered", opened_at=minute, answered_s=1, connected_s=30)
    found = busy(await read(tenant, campaign_id))
    assert found[minute] == {
        "calls": 1,
        "answered": 1,
        "abandoned": 0,
        "abandonedRate24h": None,
        "talking": 0.5,
        "idle": 0.0,
    }
    assert found[minute + timedelta(minutes=1)]["talking"] == 1.0


@pytest.mark.parametrize("step", ["minute", "hour"])
async def test_the_rate_now_is_that_of_the_live_figures(tenant: Tenant, conn: Connection, step: str) -> None:
    campaign_id = await tenant.campaign()
    for n, (hours, outcome) in enumerate([(0, "answered"), (1, "answered"), (5, "abandoned"), (30, "abandoned")]):
        opened_at = datetime.now(UTC) - timedelta(hours=hours, seconds=2)
        await a_call(conn, tenant.tenant_id, campaign_id, ContactId(n), phone(n), outcome=outcome, opened_at=opened_at,
                     answered_s=0.5, ended_s=1)  # fmt: skip
    live = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/live")
    found = await read(tenant, campaign_id, step=step)
    assert found["data"][-1]["abandonedRate24h"] == live["abandonedRate24h"] == 33.33


async def test_calls_of_other_campaigns_are_not_counted(api: Api, tenant: Tenant, conn: Connection) -> None:
    mine, other = await tenant.campaign(), await tenant.campaign("Another")
    await calls_of_two_minutes(conn, tenant, other)
    for step in ("minute", "hour"):
        assert busy(await read(tenant, mine, step=step, **{"from": PAST - timedelta(minutes=5)})) == {}


async def test_a_campaign_that_there_is_not_is_404(tenant: Tenant) -> None:
    refused(await tenant.get("/v1/campaigns/987654/timeline"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("step=day", "step must be minute or hour"),
        ("from=2026-03-10T00:00:00Z&to=2026-03-10T03:00:01Z", "from must be at most 3 hours before to"),
        ("step=hour&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:01Z", "from must be at most 31 days before to"),
        ("from=2026-03-10T00:00:00Z&to=2026-03-09T00:00:00Z", "from must be before to"),
        ("from=2999-03-10T00:00:00Z", "from must be before to"),
        ("to=0001-01-01T00:00:00Z", "to must be in the year 2000 or later"),
        ("from=now", "from must be an instant"),
    ],
)
async def test_what_cannot_be_shown_is_refused_with_the_reason(tenant: Tenant, query: str, said: str) -> None:
    campaign_id = await tenant.campaign()
    answer = await tenant.get(f"/v1/campaigns/{campaign_id}/timeline?{query}")
    assert said in refused(answer, 400, "INVALID_INPUT")


@pytest.mark.parametrize("large", ["fresh"], indirect=True)
async def test_calls_are_read_by_time(large: LargeDatabase) -> None:
    """By the campaign or the tenant alone, all their calls would be read."""
    conn, *of = large
    ends = (NOW - timedelta(hours=1), NOW)
    for sql, column, more in (
        (store.PLACED, "opened_at", [store.DIALLED_WITHIN]),
        (store.ENDED, "ended_at", []),
        (store.TALKING, "ended_at", [store.TALKS_ON]),
    ):
        for mode, found in await plans(conn, sql, *of, *ends, *more):
            reading = [node for node in found if node.get("Relation Name") == "call"]
            conditions = [f"{node.get('Index Cond')} {node.get('Recheck Cond')}" for node in reading]
            assert conditions, (mode, found)
            assert all(column in condition for condition in conditions), (mode, conditions)


STATES = """
insert into agent_state (tenant_id, agent_id, began_at, began_month, state)
select $1, $2, at, date_trunc('month', at at time zone 'UTC')::date, state
from unnest($3::timestamptz[], $4::text[]) as sent (at, state)
"""


async def test_idle_agents_of_the_queue_are_there_on_average(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue("Sales")
    body = {"campaignName": "A", "queueId": queue_id}
    campaign_id = (await tenant.done("POST", "/v1/campaigns", json=body))["campaignId"]
    one, two = [await new_agent(conn, tenant.tenant_id, queue_id) for _ in range(2)]
    stranger = await new_agent(conn, tenant.tenant_id, await tenant.queue("Other"))
    second = timedelta(seconds=1)
    for agent_id, changes in (
        (one, [(-300, "idle"), (90, "talking"), (105, "idle"), (120, "offline")]),
        (two, [(30, "idle"), (60, "wrap_up")]),
        (stranger, [(-300, "idle")]),
    ):
        ats, states = zip(*((PAST + at * second, state) for at, state in changes), strict=True)
        await conn.execute(STATES, tenant.tenant_id, agent_id, ats, states)
    found = await read(tenant, campaign_id, **{"from": PAST, "to": PAST + timedelta(minutes=3)})
    assert [point["idle"] for point in found["data"]] == [1.5, 0.75, 0.0]
    hour = PAST.replace(minute=0)
    found = await read(tenant, campaign_id, step="hour", **{"from": hour, "to": hour + timedelta(hours=1)})
    assert [point["idle"] for point in found["data"]] == [round((300 + 105 + 30) / 3600, 2)]
