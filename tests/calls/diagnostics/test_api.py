"""Why a contact is not called, and what keeps a whole campaign from calling."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.api import Serving, Tenant, refused
from tests.support.calls import a_call, configure, in_call, new_agent, new_dnc_list
from tests.support.contacts import number
from tests.support.diagnostics import HOUR, Add, blocked, closed_windows, counts, diagnostics, instant, now, why
from tongdai.contacts.numbers.time_zones import zone_of
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Heartbeat, Kind

UP = Heartbeat(Kind.SIMULATED, True, "simulated", "tongdai", "here", 0, 0)


async def test_due_contact_in_an_open_window_is_callable_now(tenant: Tenant, campaign_id: CampaignId, add: Add) -> None:
    contact_id = await add(1)
    assert await counts(tenant, campaign_id) == {"callableNow": 1}
    reported = await why(tenant, campaign_id, contact_id)
    assert (reported["reason"], reported["processStatus"], reported["callStatus"]) == ("callableNow", 0, None)
    assert reported["message"].startswith("It may be called now. The campaign has not been started.")


async def test_contact_that_is_due_later_waits_for_its_retry(tenant: Tenant, campaign_id: CampaignId, add: Add) -> None:
    soon, later = now() + HOUR, now() + 2 * HOUR
    contact_id = await add(1, later)
    await add(2, soon)
    found = await diagnostics(tenant, campaign_id)
    assert found["waitingForRetry"] == 2
    assert instant(found["nextDueAt"]) == soon
    reported = await why(tenant, campaign_id, contact_id)
    assert reported["reason"] == "waitingForRetry"
    assert instant(reported["nextCallAt"]) == later


async def test_next_due_is_of_a_contact_that_may_be_called_then(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    soon, later = now() + HOUR, now() + 2 * HOUR
    await add(1, soon)
    await add(2, later)
    await new_dnc_list(conn, tenant.tenant_id, [number(1)])
    found = await diagnostics(tenant, campaign_id)
    assert (found["waitingForRetry"], found["doNotCall"]) == (1, 1)
    assert instant(found["nextDueAt"]) == later


async def test_contact_outside_the_calling_hours_waits_for_them(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    await closed_windows(conn, tenant, campaign_id)
    contact_id = await add(1)
    found = await diagnostics(tenant, campaign_id)
    assert found["waitingForWindow"] == 1
    opens = instant(found["nextOpenAt"])
    assert now() < opens < now() + timedelta(days=8)
    reported = await why(tenant, campaign_id, contact_id)
    assert (reported["reason"], instant(reported["nextCallAt"])) == ("waitingForWindow", opens)
    assert "Asia/Ho_Chi_Minh" in reported["message"]


async def test_windows_that_no_hour_opens_in_all_zones_of_a_number_are_explained(
    tenant: Tenant, campaign_id: CampaignId, add: Add
) -> None:
    morning = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "08:00", "to": "11:30"}
    await tenant.done("PATCH", f"/v1/campaigns/{campaign_id}", json={"callingWindows": [morning]})
    nowhere = await add(1, zone=zone_of("+15005550006"))
    reported = await why(tenant, campaign_id, nowhere)
    assert (reported["reason"], reported["nextCallAt"]) == ("waitingForWindow", None)
    zones = len(zone_of("+15005550006").split(","))
    assert reported["message"].startswith(
        f"Its number may be in any of {zones} time zones, and the calling hours are never open in all of them at once."
    )


async def test_unknown_zone_keeps_a_contact_under_a_preset_and_not_without(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    contact_id = await add(1, zone="")
    assert await counts(tenant, campaign_id) == {"callableNow": 1}
    await configure(conn, tenant.tenant_id, campaign_id, preset="vn_advertising")
    assert await counts(tenant, campaign_id) == {"zoneUnknown": 1}
    reported = await why(tenant, campaign_id, contact_id)
    assert (reported["reason"], reported["nextCallAt"]) == ("zoneUnknown", None)


async def test_listed_number_is_counted_as_such_whatever_else_keeps_it(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    other = await tenant.campaign("other")
    await configure(conn, tenant.tenant_id, campaign_id, preset="vn_advertising")
    later = await add(1, now() + HOUR)
    await add(2, zone="")
    await add(3)
    await new_dnc_list(conn, tenant.tenant_id, [number(1), number(2)])
    await new_dnc_list(conn, tenant.tenant_id, [number(1)], campaign_id=campaign_id)
    await new_dnc_list(conn, tenant.tenant_id, [number(3)], campaign_id=other)
    found = await diagnostics(tenant, campaign_id)
    assert (found["doNotCall"], found["pending"]) == (2, 3)
    reported = await why(tenant, campaign_id, later)
    assert (reported["reason"], reported["nextCallAt"]) == ("doNotCall", None)


async def test_listing_that_expires_has_a_next_call_and_an_expired_one_blocks_nobody(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    until = now() + timedelta(days=2)
    kept, free = await add(1), await add(2)
    await new_dnc_list(conn, tenant.tenant_id, [number(1)], expires_at=until)
    await new_dnc_list(conn, tenant.tenant_id, [number(2)], expires_at=now() - HOUR)
    assert await counts(tenant, campaign_id) == {"doNotCall": 1, "callableNow": 1}
    reported = await why(tenant, campaign_id, kept)
    assert (reported["reason"], instant(reported["nextCallAt"])) == ("doNotCall", until)
    assert (await why(tenant, campaign_id, free))["reason"] == "callableNow"


async def test_lists_longer_than_the_campaign_are_looked_up_by_contact(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    await new_dnc_list(conn, tenant.tenant_id, [number(n) for n in range(50, 150)])
    await add(100)
    await add(1)
    assert await counts(tenant, campaign_id) == {"doNotCall": 1, "callableNow": 1}


async def test_number_that_another_campaign_has_on_the_line_waits(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    other = await tenant.campaign("other")
    contact_id = await add(1)
    theirs = await add(1, campaign=other)
    await in_call(conn, tenant.tenant_id, theirs, number(1), other)
    assert await counts(tenant, campaign_id) == {"numberInCall": 1}
    reported = await why(tenant, campaign_id, contact_id)
    assert reported["reason"] == "numberInCall"
    assert now() < instant(reported["nextCallAt"]) < now() + 2 * HOUR


async def test_number_called_as_often_as_it_may_be_waits_until_a_call_is_old_enough(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    other = await tenant.campaign("other")
    await configure(conn, tenant.tenant_id, campaign_id, number_calls=2, number_period_h=24)
    twice, once, long_ago, not_placed = [await add(n) for n in range(1, 5)]
    t, first = tenant.tenant_id, now() - 5 * HOUR
    await a_call(conn, t, other, twice, number(1), opened_at=first, dialled_s=0)
    await a_call(conn, t, campaign_id, twice, number(1), opened_at=now() - 2 * HOUR)
    await a_call(conn, t, other, once, number(2), opened_at=first)
    for hours in (30, 31):
        await a_call(conn, t, other, long_ago, number(3), opened_at=now() - hours * HOUR)
    for hours in (2, 3):
        opened = now() - hours * HOUR
        await a_call(conn, t, other, not_placed, number(4), outcome="cancelled", dialled_s=None, opened_at=opened)
    assert await counts(tenant, campaign_id) == {"overNumberCeiling": 1, "callableNow": 3}
    reported = await why(tenant, campaign_id, twice)
    assert (reported["reason"], instant(reported["nextCallAt"])) == ("overNumberCeiling", first + 24 * HOUR)


async def test_many_calls_to_others_do_not_keep_a_cap_from_being_seen(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    """More calls than ten for each contact: found from the contacts."""
    await configure(conn, tenant.tenant_id, campaign_id, number_calls=1, number_period_h=24)
    contact_id = await add(1)
    for n in range(12):
        await a_call(conn, tenant.tenant_id, campaign_id, ContactId(10**6 + n), number(100 + n), opened_at=now() - HOUR)
    assert await counts(tenant, campaign_id) == {"callableNow": 1}
    await a_call(conn, tenant.tenant_id, campaign_id, contact_id, number(1), opened_at=now() - HOUR)
    assert await counts(tenant, campaign_id) == {"overNumberCeiling": 1}


async def test_contact_that_is_not_pending_has_its_status_as_reason(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    called, over = await add(1), await add(2)
    await tenant.move(called, 1)
    await in_call(conn, tenant.tenant_id, called, number(1), campaign_id)
    await tenant.move(over, 2, "answered")
    assert await counts(tenant, campaign_id) == {}
    reported = await why(tenant, campaign_id, called)
    assert (reported["reason"], reported["message"], reported["blockers"]) == (
        "inCall",
        "It is being called: ringing.",
        [],
    )
    reported = await why(tenant, campaign_id, over)
    assert (reported["reason"], reported["callStatus"], reported["nextCallAt"]) == ("processed", "answered", None)
    assert reported["message"] == "It is called no more; its last call: answered."


async def test_contact_that_a_do_not_call_list_closed_is_not_said_to_have_been_called(
    tenant: Tenant, add: Add, campaign_id: CampaignId
) -> None:
    contact_id = await add(1)
    await tenant.move(contact_id, 2, "dnc")
    reported = await why(tenant, campaign_id, contact_id)
    assert (reported["reason"], reported["message"]) == ("processed", "Its number is on a do-not-call list.")


async def test_campaign_that_does_not_run_says_so(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    await switches.beat(conn, DEFAULT, UP)
    await add(1)
    assert await blocked(tenant, campaign_id) == ["not_started"]
    for action, expected in (("start", []), ("pause", ["paused"]), ("stop", ["stopped"])):
        await tenant.done("POST", f"/v1/campaigns/{campaign_id}/{action}")
        assert await blocked(tenant, campaign_id) == expected


async def test_campaign_without_pending_contacts_says_so(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    await switches.beat(conn, DEFAULT, UP)
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
    assert await blocked(tenant, campaign_id) == ["nothing_pending"]


@pytest.fixture
async def running(tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add) -> CampaignId:
    await switches.beat(conn, DEFAULT, UP)
    await add(1)
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
    return campaign_id


async def test_dialer_that_writes_no_heartbeat_is_reported_apart_from_a_switch_that_is_away(
    tenant: Tenant, conn: Connection, running: CampaignId
) -> None:
    await switches.beat(conn, DEFAULT, replace(UP, connected=False))
    assert await blocked(tenant, running) == ["switch_away"]
    await conn.execute("update switch set alive_at = now() - interval '11 seconds'")
    assert await blocked(tenant, running) == ["dialer_not_running"]
    await conn.execute("update switch set alive_at = null")
    assert await blocked(tenant, running) == ["dialer_not_running"]
    await switches.beat(conn, DEFAULT, UP)
    assert await blocked(tenant, running) == []


async def test_agents_that_are_missing_or_busy_are_reported(
    tenant: Tenant, conn: Connection, running: CampaignId
) -> None:
    queue_id = await tenant.queue()
    await configure(conn, tenant.tenant_id, running, mode="progressive")
    assert await blocked(tenant, running) == ["no_queue"]
    await configure(conn, tenant.tenant_id, running, queue_id=queue_id)
    await new_agent(conn, tenant.tenant_id, queue_id, "offline")
    await new_agent(conn, tenant.tenant_id, queue_id, "calling")
    assert await blocked(tenant, running) == ["no_agents_signed_in"]
    await new_agent(conn, tenant.tenant_id, queue_id, "wrap_up")
    assert await blocked(tenant, running) == ["no_agent_free"]
    await configure(conn, tenant.tenant_id, running, mode="predictive")
    assert await blocked(tenant, running) == []
    await new_agent(conn, tenant.tenant_id, queue_id, "idle")
    await configure(conn, tenant.tenant_id, running, mode="preview")
    assert await blocked(tenant, running) == ["no_preview_accepted"]


async def test_campaign_with_as_many_calls_as_it_may_have_says_so(
    tenant: Tenant, conn: Connection, running: CampaignId, add: Add
) -> None:
    await configure(conn, tenant.tenant_id, running, max_calls=1)
    assert await blocked(tenant, running) == []
    contact_id = await add(2)
    await tenant.move(contact_id, 1)
    await in_call(conn, tenant.tenant_id, contact_id, number(2), running)
    assert await blocked(tenant, running) == ["at_max_calls"]


async def test_switch_with_as_many_calls_as_the_server_may_have_keeps_every_campaign(
    tenant: Tenant, conn: Connection, running: CampaignId, serving: Serving
) -> None:
    at = f"/v1/campaigns/{running}/diagnostics"

    async def kept(live_calls: int) -> list[tuple[str, str]]:
        await switches.beat(conn, DEFAULT, replace(UP, live_calls=live_calls))
        response = await client.get(at, headers=tenant.key.headers)
        return [(blocker["code"], blocker["message"]) for blocker in response.json()["blockers"]]

    async with serving(max_calls=30) as client:
        assert await kept(29) == []
        assert await kept(30) == [("switch_full", "The switch has reached its maximum of active calls.")]


async def test_share_of_the_abandoned_at_the_cap_is_reported_of_predictive(
    tenant: Tenant, conn: Connection, running: CampaignId
) -> None:
    queue_id = await tenant.queue()
    await new_agent(conn, tenant.tenant_id, queue_id)
    await configure(conn, tenant.tenant_id, running, mode="predictive", queue_id=queue_id)
    for n in range(97):
        await a_call(
            conn, tenant.tenant_id, running, ContactId(n), number(n), outcome="answered", answered_s=2, opened_at=now()
        )
    for n in range(2):
        await a_call(
            conn, tenant.tenant_id, running, ContactId(n), number(n), outcome="abandoned", answered_s=2, opened_at=now()
        )
    assert await blocked(tenant, running) == []
    await a_call(
        conn, tenant.tenant_id, running, ContactId(99), number(99), outcome="abandoned", answered_s=2, opened_at=now()
    )
    assert await blocked(tenant, running) == ["abandonment_cap_reached"]
    await configure(conn, tenant.tenant_id, running, mode="progressive")
    assert await blocked(tenant, running) == []


async def test_campaign_and_contact_of_another_tenant_are_not_found(
    tenant: Tenant, other_tenant: Tenant, campaign_id: CampaignId, add: Add
) -> None:
    contact_id = await add(1)
    refused(await other_tenant.get(f"/v1/campaigns/{campaign_id}/diagnostics"), 404, "NOT_FOUND")
    refused(await other_tenant.get(f"/v1/campaigns/{campaign_id}/contacts/{contact_id}/why"), 404, "NOT_FOUND")
