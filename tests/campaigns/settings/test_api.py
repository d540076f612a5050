"""How a campaign calls, as set, changed, refused and read through the API."""

import asyncio

import pytest

from tests.support.api import Tenant, refused
from tests.support.campaign_settings import NAMES, WRONG, examples, window
from tongdai.campaigns import store
from tongdai.campaigns.settings.columns import COLUMNS
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import RETRIES
from tongdai.campaigns.settings.view import REQUEST_SAMPLE
from tongdai.campaigns.settings.windows import ALWAYS
from tongdai.testing import factories

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
EVERY_DAY = [*WEEKDAYS, "sat", "sun"]


async def tenant_in(api, country):
    async with api.pool.acquire() as conn:
        tenant_id = await factories.tenant(conn, country)
    return Tenant(api, await api.key(tenant_id=tenant_id))


async def made(tenant, **sent):
    return (await tenant.done("POST", "/v1/campaigns", json={"campaignName": "A", **sent}))["campaignId"]


async def held(tenant, campaign_id):
    found = await tenant.done("GET", f"/v1/campaigns/{campaign_id}")
    return {
        name: found[name] for name in (*NAMES, "effectiveWindows", "effectiveRetryRules", "effectiveNumberCeilings")
    }


async def change(tenant, campaign_id, **sent):
    await tenant.done("PATCH", f"/v1/campaigns/{campaign_id}", json=sent)
    return await held(tenant, campaign_id)


async def refusal(tenant, status=400, code="INVALID_INPUT", **sent):
    """The error message, which is the same for a new campaign and for a change."""
    of_new = refused(await tenant.post("/v1/campaigns", {"campaignName": "A", **sent}), status, code)
    path = f"/v1/campaigns/{await tenant.campaign()}"
    assert refused(await tenant.call("PATCH", path, json=sent), status, code) == of_new
    return of_new


async def test_settings_are_read_as_they_were_sent(tenant):
    sent = examples(await tenant.queue())
    found = await held(tenant, await made(tenant, **sent))
    assert {name: found[name] for name in sent} == sent
    assert sent.keys() == set(NAMES)


async def test_every_setting_can_be_changed_and_cleared(tenant):
    campaign_id = await made(tenant)
    usual = await held(tenant, campaign_id)
    sent = examples(await tenant.queue())
    found = await change(tenant, campaign_id, **sent)
    assert {name: found[name] for name in sent} == sent
    assert await change(tenant, campaign_id, **{name: usual[name] for name in NAMES}) == usual


async def test_change_of_one_setting_leaves_the_others(tenant):
    sent = examples(await tenant.queue())
    campaign_id = await made(tenant, **sent)
    before = await held(tenant, campaign_id)
    assert await change(tenant, campaign_id, priority=7) == before | {"priority": 7}


async def test_concurrent_changes_of_different_settings_all_hold(tenant):
    campaign_id = await made(tenant)
    one = {"priority": 5, "trunk": "b", "ringTimeoutSec": 20, "callerId": "1900", "callsPerSecond": 9,
           "purpose": "survey", "contactCeiling": {"calls": 1, "periodHours": 2}, "campaignName": "B"}  # fmt: skip
    other = {"priority": 6, "trunk": None, "ringTimeoutSec": 21, "callerId": "1901", "callsPerSecond": 8,
             "purpose": "service", "contactCeiling": None, "campaignName": "C"}  # fmt: skip
    for changes in (one, other) * 3:
        await asyncio.gather(*(change(tenant, campaign_id, **{name: value}) for name, value in changes.items()))
        found = await tenant.done("GET", f"/v1/campaigns/{campaign_id}")
        assert {name: found[name] for name in changes} == changes


async def test_dialer_reads_the_stored_settings(tenant, conn):
    campaign_id = await made(tenant)
    assert await store.own_settings(conn, tenant.tenant_id, campaign_id) == (CallSettings(), ALWAYS)
    row = await conn.fetchrow("select * from campaign where campaign_id = $1", campaign_id)
    assert set(COLUMNS) <= set(row.keys())


# Effective windows and rules


async def test_own_windows_narrow_those_of_the_preset(tenant):
    sent = [window(EVERY_DAY, "06:00", "09:30"), window(WEEKDAYS, "13:00", "24:00"), window(["sat"], "20:00", "22:00")]
    campaign_id = await made(tenant, preset="vn_advertising", callingWindows=sent)
    found = await held(tenant, campaign_id)
    assert found["callingWindows"] == sent
    assert found["effectiveWindows"] == [window(EVERY_DAY, "08:00", "09:30"), window(WEEKDAYS, "13:00", "17:00")]
    assert (await change(tenant, campaign_id, preset="none"))["effectiveWindows"] == sent
    usual = await change(tenant, campaign_id, preset="vn_advertising", callingWindows=None)
    assert usual["effectiveWindows"] == [window(EVERY_DAY, "08:00", "17:00")]


async def test_windows_that_overlap_or_touch_are_read_as_one(tenant):
    sent = [
        window(["mon"], "10:00", "12:00"),
        window(["mon"], "08:00", "10:00"),
        window(["mon", "mon"], "09:00", "11:00"),
    ]
    found = await held(tenant, await made(tenant, callingWindows=sent))
    assert found["callingWindows"] == [window(["mon"], "08:00", "12:00")]


async def test_own_retry_rules_replace_the_defaults_by_outcome(tenant):
    own = {"busy": {"afterMin": 5, "times": 9}}
    campaign_id = await made(tenant, retryRules=own)
    usual = (await held(tenant, await made(tenant)))["effectiveRetryRules"]
    found = await held(tenant, campaign_id)
    assert (found["retryRules"], found["effectiveRetryRules"]) == (own, usual | own)
    assert usual.keys() == RETRIES.keys()
    assert (await change(tenant, campaign_id, retryRules=None))["effectiveRetryRules"] == usual


async def test_number_cap_of_the_preset_is_shown_beside_the_campaigns_own(tenant):
    own = {"calls": 3, "periodHours": 720}
    found = await held(tenant, await made(tenant, preset="vn_advertising", numberCeiling=own))
    assert found["effectiveNumberCeilings"] == [own, {"calls": 1, "periodHours": 24}]


# Advertising


@pytest.mark.parametrize(("country", "preset"), [("VN", "vn_advertising"), ("US", "us_telemarketing")])
async def test_advertising_gets_the_preset_of_the_tenants_country(api, country, preset):
    tenant = await tenant_in(api, country)
    assert (await held(tenant, await made(tenant, purpose="advertising")))["preset"] == preset
    campaign_id = await made(tenant)
    assert (await change(tenant, campaign_id, purpose="advertising"))["preset"] == preset
    message = await refusal(tenant, purpose="advertising", preset="none")
    assert "preset" in message
    assert country in message
    refused(await tenant.call("PATCH", f"/v1/campaigns/{campaign_id}", json={"preset": "none"}), 400, "INVALID_INPUT")
    assert (await held(tenant, campaign_id))["preset"] == preset


async def test_advertising_keeps_the_preset_that_is_sent_or_held(tenant):
    assert (await held(tenant, await made(tenant, purpose="advertising", preset="us_telemarketing")))["preset"] == (
        "us_telemarketing"
    )
    campaign_id = await made(tenant, preset="us_telemarketing")
    assert (await change(tenant, campaign_id, purpose="advertising"))["preset"] == "us_telemarketing"


async def test_advertising_elsewhere_needs_an_explicit_preset_or_windows(api):
    tenant = await tenant_in(api, "DE")
    message = await refusal(tenant, purpose="advertising")
    assert all(word in message for word in ("DE", "preset", "callingWindows"))
    assert (await held(tenant, await made(tenant, purpose="advertising", preset="none")))["preset"] == "none"
    windows = [window(WEEKDAYS, "09:00", "18:00")]
    campaign_id = await made(tenant, purpose="advertising", callingWindows=windows)
    assert (await held(tenant, campaign_id))["effectiveWindows"] == windows
    path = f"/v1/campaigns/{campaign_id}"
    refused(await tenant.call("PATCH", path, json={"callingWindows": None}), 400, "INVALID_INPUT")


@pytest.mark.parametrize("purpose", ["collection", "service", "survey"])
async def test_other_purposes_have_no_preset_unless_one_is_sent(tenant, purpose):
    assert (await held(tenant, await made(tenant, purpose=purpose)))["preset"] == "tenant_hours"


# Queues


@pytest.mark.parametrize("mode", ["preview", "progressive", "predictive"])
async def test_mode_with_agents_needs_a_queue(tenant, mode):
    assert "queueId" in await refusal(tenant, dialingMode=mode)
    queue_id = await tenant.queue()
    campaign_id = await made(tenant, dialingMode=mode, queueId=queue_id)
    refused(await tenant.call("PATCH", f"/v1/campaigns/{campaign_id}", json={"queueId": None}), 400, "INVALID_INPUT")
    assert (await held(tenant, campaign_id))["queueId"] == queue_id
    assert (await change(tenant, campaign_id, queueId=None, dialingMode="agentless"))["queueId"] is None


async def test_queue_of_another_tenant_gets_the_same_answer_as_an_unknown_one(tenant, other_tenant):
    for queue_id in (await other_tenant.queue(), 10**17):
        message = await refusal(tenant, 404, "NOT_FOUND", queueId=queue_id, dialingMode="preview")
        assert message == "Inbound queue not found"


async def test_campaign_with_an_unknown_queue_is_not_created(tenant):
    refused(await tenant.post("/v1/campaigns", {"campaignName": "A", "queueId": 10**17}), 404, "NOT_FOUND")
    assert (await tenant.done("GET", "/v1/campaigns"))["totalRecord"] == 0


async def test_settings_of_another_tenants_campaign_cannot_be_changed(tenant, other_tenant):
    campaign_id = await made(tenant)
    refused(await other_tenant.call("PATCH", f"/v1/campaigns/{campaign_id}", json={"priority": 9}), 404, "NOT_FOUND")
    assert (await held(tenant, campaign_id))["priority"] == 0


# Invalid settings


@pytest.mark.parametrize(("name", "value"), WRONG)
async def test_invalid_setting_is_refused_by_name_and_changes_nothing(tenant, name, value):
    refused(await tenant.post("/v1/campaigns", {"campaignName": "A", name: value}), 400, "INVALID_INPUT")
    assert (await tenant.done("GET", "/v1/campaigns"))["totalRecord"] == 0
    campaign_id = await made(tenant)
    before = await held(tenant, campaign_id)
    response = await tenant.call("PATCH", f"/v1/campaigns/{campaign_id}", json={"priority": 3} | {name: value})
    assert refused(response, 400, "INVALID_INPUT").startswith((name, "Integer value out of range"))
    assert await held(tenant, campaign_id) == before


async def test_invalid_setting_is_reported_before_an_unknown_campaign(tenant):
    refused(await tenant.call("PATCH", f"/v1/campaigns/{10**17}", json={"priority": 900}), 400, "INVALID_INPUT")
    refused(await tenant.call("PATCH", f"/v1/campaigns/{10**17}", json={"priority": 9}), 404, "NOT_FOUND")


async def test_windows_outside_those_of_the_preset_are_refused(tenant):
    message = await refusal(tenant, preset="vn_advertising", callingWindows=[window(["mon"], "17:00", "20:00")])
    assert "vn_advertising" in message


async def test_idempotency_key_creates_one_campaign(tenant):
    headers = {"Idempotency-Key": "k1"}
    sent = {"campaignName": "A"} | REQUEST_SAMPLE
    first = await tenant.done("POST", "/v1/campaigns", json=sent, headers=headers)
    assert await tenant.done("POST", "/v1/campaigns", json=sent, headers=headers) == first
    assert (await tenant.done("GET", "/v1/campaigns"))["totalRecord"] == 1


async def test_audit_records_the_settings_that_changed_and_their_new_values(tenant, conn):
    campaign_id = await made(tenant)
    await change(tenant, campaign_id, priority=5, trunk=None, contactCeiling={"calls": 2})
    await change(tenant, campaign_id, campaignName="B")
    rows = await conn.fetch(
        "select detail from audit where tenant_id = $1 and action = 'campaign.change' order by audit_id",
        tenant.tenant_id,
    )
    assert [row["detail"] for row in rows] == [{"priority": 5, "contact_calls": 2}, None]
