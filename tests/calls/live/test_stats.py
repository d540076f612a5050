"""Live figures: of a campaign, as events, and of all that call now."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.api import Api, Serving, Tenant, refused
from tests.support.calls import NOW, a_call, configure, in_call, new_agent
from tests.support.event_streams import open_streams
from tongdai.calls.live import stats as figures
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Heartbeat, Kind

UP = Heartbeat(Kind.SIMULATED, True, "simulated", "tongdai", "here", 0, 0)


def now():
    return datetime.now(UTC)


def phone(n: int):
    return f"+8490{n:07}"


@pytest.fixture
async def campaign_id(tenant: Tenant):
    return await tenant.campaign()


async def live(tenant: Tenant, campaign_id: CampaignId):
    return await tenant.done("GET", f"/v1/campaigns/{campaign_id}/live")


async def test_calls_and_contacts_are_counted_by_state(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    contacts = [(await tenant.contact(campaign_id, phone(n)))["contactId"] for n in range(8)]
    await tenant.move(contacts[0], 2, "answered")
    states = [
        ("claimed", {}), ("dialing", {}), ("ringing", {}), ("answered", {"answered_s": 1}),
        ("answered", {"answered_s": 1, "connected_s": 2}),
    ]  # fmt: skip
    for n, (state, times) in enumerate(states, 1):
        await tenant.move(contacts[n], 1)
        await in_call(conn, tenant.tenant_id, contacts[n], phone(n), campaign_id, state, **times)
    found = await live(tenant, campaign_id)
    assert found["contacts"] == {"pending": 2, "inCall": 5, "processed": 1}
    assert found["calls"] == {"dialing": 2, "ringing": 1, "waiting": 1, "talking": 1}


async def test_agents_of_the_campaigns_queue_are_counted_by_state(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    queue_id, other = await tenant.queue(), await tenant.queue("Other")
    nobody = dict.fromkeys(
        ("offline", "calling", "idle", "reserved", "talking", "wrapUp", "paused", "unreachable", "hangingUp"), 0
    )
    assert (await live(tenant, campaign_id))["agents"] == nobody
    await configure(conn, tenant.tenant_id, campaign_id, queue_id=queue_id, mode="progressive")
    for state in ("offline", "idle", "idle", "talking", "wrap_up", "reserved", "calling"):
        await new_agent(conn, tenant.tenant_id, queue_id, state)
    await new_agent(conn, tenant.tenant_id, other, "idle")
    found = (await live(tenant, campaign_id))["agents"]
    assert found == nobody | {"offline": 1, "calling": 1, "idle": 2, "reserved": 1, "talking": 1, "wrapUp": 1}


async def test_figures_are_of_the_calls_that_ended(tenant: Tenant, conn: Connection, campaign_id: CampaignId) -> None:
    t = tenant.tenant_id
    for n, outcome in enumerate(["no_answer", "no_answer", "busy"]):
        await a_call(conn, t, campaign_id, ContactId(n), phone(n), outcome=outcome, opened_at=now(), ended_s=0.2)
    for n in (3, 4):
        await a_call(
            conn, t, campaign_id, ContactId(n), phone(n), outcome="answered", opened_at=now() - timedelta(seconds=60),
            dialled_s=0, answered_s=n, connected_s=n, ended_s=60,
        )  # fmt: skip
    await a_call(
        conn, t, campaign_id, ContactId(5), phone(5), outcome="abandoned", opened_at=now(), dialled_s=0, answered_s=5,
        ended_s=0,
    )  # fmt: skip
    await a_call(
        conn, t, campaign_id, ContactId(6), phone(6), outcome="cancelled", opened_at=now(), dialled_s=None, ended_s=0
    )  # fmt: skip
    found = await live(tenant, campaign_id)
    assert found["thisHour"] == {
        "calls": 6,
        "answered": 3,
        "answerRate": 50.0,
        "outcomes": {"abandoned": 1, "answered": 2, "busy": 1, "cancelled": 1, "no_answer": 2},
        "ringSec": 4.0,
        "talkSec": round((57 + 56) / 3, 2),
    }
    assert found["abandonedRate24h"] == found["abandonedRate30d"] == 33.33
    assert found["callsPerMinute"] >= 4  # those that were dialled 60 s ago may be a minute old or not


async def test_figures_without_calls_are_no_division_by_zero(tenant: Tenant, campaign_id: CampaignId) -> None:
    found = await live(tenant, campaign_id)
    none = {"calls": 0, "answered": 0, "answerRate": None, "outcomes": {}, "ringSec": None, "talkSec": None}
    assert (found["thisHour"], found["today"], found["abandonedRate24h"]) == (none, none, None)
    assert (found["abandonedRate30d"], found["callsPerMinute"]) == (None, 0)


async def test_yesterday_is_not_today_and_counts_for_the_abandoned_of_a_month(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    for days, outcome in ((2, "abandoned"), (40, "answered")):
        await a_call(
            conn, tenant.tenant_id, campaign_id, ContactId(days), phone(days), outcome=outcome, dialled_s=0,
            answered_s=2, opened_at=now() - timedelta(days=days),
        )  # fmt: skip
    found = await live(tenant, campaign_id)
    assert found["today"]["calls"] == 0
    assert (found["abandonedRate24h"], found["abandonedRate30d"]) == (None, 100.0)


async def test_today_begins_at_midnight_where_the_tenant_is(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    """An hour before midnight there is yesterday, an hour after it today, whatever the hour is here."""
    for zone in ("Asia/Ho_Chi_Minh", "Pacific/Honolulu"):
        campaign = await tenant.campaign(zone)
        await conn.execute("update tenant set zone = $2 where tenant_id = $1", tenant.tenant_id, zone)
        midnight = await conn.fetchval("select date_trunc('day', now() at time zone $1) at time zone $1", zone)
        for minutes in (-30, 30):
            opened = midnight + timedelta(minutes=minutes)
            await a_call(
                conn, tenant.tenant_id, campaign, ContactId(minutes + 60), phone(1), opened_at=opened, ended_s=1
            )
        assert (await live(tenant, campaign))["today"]["calls"] == 1


async def test_switch_and_dialer_are_those_of_the_last_sign_of_life(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    await switches.beat(conn, DEFAULT, UP)
    found = await live(tenant, campaign_id)
    assert (found["switchUp"], found["dialerRunning"]) == (True, True)
    await conn.execute("update switch set alive_at = now() - interval '11 seconds'")
    found = await live(tenant, campaign_id)
    assert (found["switchUp"], found["dialerRunning"]) == (False, False)


async def test_overview_has_the_campaigns_that_run_are_paused_or_have_active_calls(
    tenant: Tenant, other_tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    running, ending = await tenant.campaign("running"), await tenant.campaign("ending")
    paused, stopped = await tenant.campaign("paused"), await tenant.campaign("stopped")
    for started in (running, paused, stopped):
        await tenant.done("POST", f"/v1/campaigns/{started}/start")
    await tenant.done("POST", f"/v1/campaigns/{paused}/pause")
    await tenant.done("POST", f"/v1/campaigns/{stopped}/stop")
    await in_call(conn, tenant.tenant_id, ContactId(1), phone(1), ending)
    theirs = await other_tenant.campaign()
    await other_tenant.done("POST", f"/v1/campaigns/{theirs}/start")
    await a_call(conn, other_tenant.tenant_id, theirs)
    over = [
        await a_call(conn, tenant.tenant_id, campaign_id, ContactId(n), phone(n), outcome="busy") for n in range(12)
    ]
    await switches.beat(conn, DEFAULT, UP)  # it counts for 10 seconds
    found = await tenant.done("GET", "/v1/live")
    assert [campaign["campaignId"] for campaign in found["campaigns"]] == sorted([running, ending, paused])
    assert found["switch"] == {"up": True, "name": "simulated"}
    assert found["dialer"]["running"]
    newest = [call["callId"] for call in found["newest"]]
    assert len(newest) == 10
    assert set(newest) <= set(over)


async def test_newest_outcomes_are_those_that_ended_last(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    """A long call comes before a short one that was placed after it."""
    placed = [
        await a_call(
            conn,
            tenant.tenant_id,
            campaign_id,
            ContactId(n),
            phone(n),
            outcome="answered",
            opened_at=NOW + timedelta(seconds=n),
            ringing_s=0.2,
            answered_s=0.3,
            connected_s=0.3,
            ended_s=100 - 5 * n,
        )
        for n in range(12)
    ]
    newest = (await tenant.done("GET", "/v1/live"))["newest"]
    assert [call["callId"] for call in newest] == placed[:10]


MANY = """
insert into campaign (tenant_id, name, type, status)
select $1, 'A', 'CAMPAIGN_CALL_AUTO', 2 from generate_series(1, 1001) returning campaign_id
"""


async def test_overview_is_of_a_thousand_campaigns_at_most(tenant: Tenant, conn: Connection) -> None:
    transaction = conn.transaction()
    await transaction.start()
    running = sorted(row["campaign_id"] for row in await conn.fetch(MANY, tenant.tenant_id))
    found = await figures.active(conn, tenant.tenant_id)
    await transaction.rollback()
    assert found == running[:1000]


async def test_limits_of_pacing_are_those_of_the_campaign_by_the_same_names(
    tenant: Tenant, campaign_id: CampaignId
) -> None:
    pacing = (await live(tenant, campaign_id))["pacing"]
    campaign = await tenant.done("GET", f"/v1/campaigns/{campaign_id}")
    assert pacing.pop("mode") == campaign["dialingMode"]
    assert set(pacing) == {"maxConcurrentCalls", "callsPerSecond", "ringTimeoutSec", "abandonmentCapPercent"}
    assert pacing == {name: campaign[name] for name in pacing}


async def test_campaign_of_another_tenant_is_not_found(
    tenant: Tenant, other_tenant: Tenant, campaign_id: CampaignId
) -> None:
    refused(await other_tenant.get(f"/v1/campaigns/{campaign_id}/live"), 404, "NOT_FOUND")
    refused(await other_tenant.get(f"/v1/campaigns/{campaign_id}/live/events"), 404, "NOT_FOUND")


def events_of(text: str):
    blocks = [block.split("\n") for block in text.removesuffix("\n\n").split("\n\n") if not block.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


async def test_events_are_the_figures_now_and_then_each_change(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    path = f"/v1/campaigns/{campaign_id}/live"
    await switches.beat(conn, DEFAULT, UP)
    async with asyncio.TaskGroup() as group:
        following = group.create_task(tenant.get(f"{path}/events?events=2"))
        while open_streams() == 0:
            await asyncio.sleep(0)
        await tenant.contact(campaign_id)
    response = following.result()
    assert response.headers["content-type"] == "text/event-stream"
    (first_name, first), (name, last) = events_of(response.text)
    assert (first_name, name) == ("live", "live")
    assert (first["contacts"]["pending"], last["contacts"]["pending"]) == (0, 1)
    assert last.keys() == (await tenant.done("GET", path)).keys()
    assert open_streams() == 0


async def test_stream_ends_when_its_key_is_revoked(tenant: Tenant, api: Api, campaign_id: CampaignId) -> None:
    watcher = await api.key(tenant_id=tenant.tenant_id)
    path = f"/v1/campaigns/{campaign_id}/live/events"
    async with asyncio.TaskGroup() as group:
        following = group.create_task(api.client.get(path, headers=watcher.headers))
        while open_streams() == 0:
            await asyncio.sleep(0)
        await tenant.done("DELETE", f"/v1/api-keys/{watcher.key_id}")
    assert len(events_of(following.result().text)) == 1
    assert open_streams() == 0


async def test_streams_share_the_limit_with_those_of_imports(
    tenant: Tenant, serving: Serving, campaign_id: CampaignId
) -> None:
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}])
    job = f"/v1/campaigns/{campaign_id}/contacts/import/{job_id}"
    async with serving(max_event_streams=1) as client, asyncio.TaskGroup() as group:
        following = group.create_task(client.get(f"{job}/events", headers=tenant.key.headers))
        while open_streams() == 0:
            await asyncio.sleep(0)
        path = f"/v1/campaigns/{campaign_id}/live/events?events=1"
        response = await client.get(path, headers=tenant.key.headers)
        assert "event streams" in refused(response, 503, "FAIL")
        assert int(response.headers["retry-after"]) > 0
        await tenant.done("DELETE", job)
        await following
        assert (await client.get(path, headers=tenant.key.headers)).status_code == 200


async def test_tenant_with_its_quarter_of_the_streams_leaves_the_rest_to_others(
    tenant: Tenant, other_tenant: Tenant, serving: Serving
) -> None:
    job = f"/v1/campaigns/{(campaign_id := await tenant.campaign())}/contacts/import/"
    job += str(await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}]))
    theirs = f"/v1/campaigns/{await other_tenant.campaign()}/live/events?events=1"
    async with serving(max_event_streams=7) as client, asyncio.TaskGroup() as group:
        following = group.create_task(client.get(f"{job}/events", headers=tenant.key.headers))
        while open_streams() == 0:
            await asyncio.sleep(0)
        path = f"/v1/campaigns/{campaign_id}/live/events?events=1"
        refused(await client.get(path, headers=tenant.key.headers), 503, "FAIL")
        assert (await client.get(theirs, headers=other_tenant.key.headers)).status_code == 200
        await tenant.done("DELETE", job)
        await following
        assert (await client.get(path, headers=tenant.key.headers)).status_code == 200


async def test_last_stream_of_all_may_be_another_tenants(
    tenant: Tenant, other_tenant: Tenant, serving: Serving, campaign_id: CampaignId
) -> None:
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}])
    job = f"/v1/campaigns/{campaign_id}/contacts/import/{job_id}"
    theirs = f"/v1/campaigns/{await other_tenant.campaign()}/live/events?events=1"
    async with serving(max_event_streams=1) as client, asyncio.TaskGroup() as group:
        following = group.create_task(client.get(f"{job}/events", headers=tenant.key.headers))
        while open_streams() == 0:
            await asyncio.sleep(0)
        refused(await client.get(theirs, headers=other_tenant.key.headers), 503, "FAIL")
        await tenant.done("DELETE", job)
        await following


@pytest.mark.parametrize("events", ["0", "-1", "x", "1000001"])
async def test_number_of_events_must_be_one(tenant: Tenant, campaign_id: CampaignId, events) -> None:
    response = await tenant.get(f"/v1/campaigns/{campaign_id}/live/events?events={events}")
    assert refused(response, 400, "INVALID_INPUT").startswith("events")
