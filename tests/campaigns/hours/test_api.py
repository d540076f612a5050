"""Default calling hours of a tenant, by the API."""

from typing import Any

import pytest

from tests.support.api import Tenant, refused
from tongdai.db.pool import Connection

HOURS = "/v1/tenants/me/calling-hours"
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
STANDARD = [{"days": DAYS, "from": "08:00", "to": "21:00"}]
OFFICE = [{"days": DAYS[:5], "from": "09:00", "to": "17:30"}]
ALWAYS = [{"days": DAYS, "from": "00:00", "to": "24:00"}]


@pytest.fixture
async def fresh(tenant: Tenant) -> Tenant:
    """A tenant that has set no hours."""
    await tenant.done("PUT", HOURS, json={"callingWindows": None})
    return tenant


async def in_force(tenant: Tenant, **settings: Any) -> Any:
    """The windows that the answers of POST, PATCH, start and GET say are in force, all the same."""
    made = await tenant.done("POST", "/v1/campaigns", json={"campaignName": "A"} | settings)
    path = f"/v1/campaigns/{made['campaignId']}"
    changed = await tenant.done("PATCH", path, json={"campaignName": "B"})
    started = await tenant.done("POST", f"{path}/start")
    found = await tenant.done("GET", path)
    windows = [response["effectiveWindows"] for response in (made, changed, started, found)]
    assert windows == [windows[0]] * 4
    return windows[0]


async def test_tenant_that_has_set_none_has_the_standard_hours(fresh: Tenant) -> None:
    assert await fresh.done("GET", HOURS) == {"callingWindows": None, "effectiveWindows": STANDARD}


async def test_campaign_with_nothing_set_calls_within_the_tenants_hours(fresh: Tenant) -> None:
    assert await in_force(fresh) == STANDARD
    changed = await fresh.done("PUT", HOURS, json={"callingWindows": OFFICE})
    assert (changed["error_message"], changed["effectiveWindows"]) == ("Calling hours updated successfully", OFFICE)
    assert await fresh.done("GET", HOURS) == {"callingWindows": OFFICE, "effectiveWindows": OFFICE}
    assert await in_force(fresh) == OFFICE
    await fresh.done("PUT", HOURS, json={"callingWindows": None})
    assert await in_force(fresh) == STANDARD


async def test_any_hour_must_be_said(fresh: Tenant) -> None:
    assert await in_force(fresh, preset="none") == ALWAYS
    assert await in_force(fresh, preset="tenant_hours") == STANDARD
    assert await in_force(fresh, preset="none", callingWindows=OFFICE) == OFFICE


async def test_windows_of_a_campaign_stand_in_place_of_the_tenants_hours(fresh: Tenant) -> None:
    late = [{"days": ["sun"], "from": "20:00", "to": "23:00"}]
    assert await in_force(fresh, callingWindows=late) == late


async def test_law_stands_in_place_of_the_tenants_hours(fresh: Tenant) -> None:
    assert await in_force(fresh, preset="vn_advertising") == [{"days": DAYS, "from": "08:00", "to": "17:00"}]
    assert await in_force(fresh, purpose="advertising") == [{"days": DAYS, "from": "08:00", "to": "17:00"}]
    message = refused(
        await fresh.post("/v1/campaigns", {"campaignName": "A", "purpose": "advertising", "preset": "tenant_hours"}),
        400,
        "INVALID_INPUT",
    )
    assert message.endswith("not tenant_hours")


async def test_hours_of_one_tenant_are_no_others(fresh: Tenant, other_tenant: Tenant) -> None:
    await other_tenant.done("PUT", HOURS, json={"callingWindows": OFFICE})
    assert await in_force(fresh) == STANDARD


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "callingWindows"),
        ({"callingWindows": []}, "callingWindows must be 1 to 100 windows"),
        ({"callingWindows": [{"days": ["mon"], "from": "22:00", "to": "02:00"}]}, "callingWindows[0] must be from an"),
        ({"callingWindows": None, "zone": "UTC"}, "zone"),
        ({"callingWindows": "none"}, "callingWindows"),
    ],
)
async def test_hours_that_cannot_be_change_nothing(tenant: Tenant, sent: object, message: str) -> None:
    before = await tenant.checksum()
    assert message in refused(await tenant.call("PUT", HOURS, json=sent), 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_change_of_hours_is_audited(tenant: Tenant, conn: Connection) -> None:
    await tenant.done("PUT", HOURS, json={"callingWindows": OFFICE})
    audited = "select action, key_id from audit where tenant_id = $1 and action = 'tenant.hours'"
    assert [tuple(row) for row in await conn.fetch(audited, tenant.tenant_id)] == [("tenant.hours", tenant.key.key_id)]
