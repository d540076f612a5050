"""`/numbers`: a tenant's own numbers, with what uses them."""

from tests.support.api import Tenant
from tongdai.db.pool import Connection
from tongdai.numbers import store


async def test_numbers_have_the_queue_that_they_lead_to_and_the_campaigns_that_show_them(
    tenant: Tenant, other_tenant: Tenant, conn: Connection
) -> None:
    first = 842_800_000_000 + tenant.tenant_id % 100_000_000
    await store.give(conn, tenant.tenant_id, first, "carrier", None)
    await store.give(conn, tenant.tenant_id, first + 1, None, None)
    queue_id = await tenant.queue("Hotline", callinNumber=f"+{first}")
    shown, other = {"campaignName": "A", "callerId": f"0{str(first)[2:]}"}, {"campaignName": "B", "callerId": "1900"}
    campaign_id = (await tenant.done("POST", "/v1/campaigns", json=shown))["campaignId"]
    other_id = (await tenant.done("POST", "/v1/campaigns", json=other))["campaignId"]
    page = await tenant.done("GET", "/v1/numbers")
    assert [one.pop("givenAt") is not None for one in page["data"]] == [True, True]
    assert [one.pop("national") for one in page["data"]] == [f"0{str(first)[2:]}", f"0{str(first + 1)[2:]}"]
    assert page["data"] == [
        {"phoneNumber": f"+{first}", "trunk": "carrier", "queueId": queue_id, "campaignIds": [campaign_id]},
        {"phoneNumber": f"+{first + 1}", "trunk": None, "queueId": None, "campaignIds": []},
    ]
    assert page["totalRecord"] == 2
    begun = await tenant.done("GET", "/v1/numbers?cursor=*&size=1")
    rest = await tenant.done("GET", f"/v1/numbers?size=1&cursor={begun['nextCursor']}")
    assert [one["phoneNumber"] for one in begun["data"] + rest["data"]] == [f"+{first}", f"+{first + 1}"]
    assert (await tenant.done("GET", "/v1/numbers/caller-ids"))["data"] == [
        {"callerId": shown["callerId"], "campaignIds": [campaign_id]},
        {"callerId": "1900", "campaignIds": [other_id]},
    ]
    assert (await other_tenant.done("GET", "/v1/numbers"))["data"] == []
    assert (await other_tenant.done("GET", "/v1/numbers/caller-ids"))["data"] == []
