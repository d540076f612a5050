"""`/wrap-up-codes`, and the rules of campaigns and queues."""

from typing import Any

import pytest

from tests.support.api import Tenant, refused
from tests.support.wrap_ups import WrapUps

CODES = "/v1/wrap-up-codes"
FLAGS = {"success": False, "callback": False, "doNotCall": False, "numberUnusable": False}


async def listed(tenant: Tenant) -> list[dict[str, Any]]:
    return (await tenant.done("GET", CODES))["data"]


async def test_codes_are_created_listed_changed_and_deleted(tenant: Tenant, other_tenant: Tenant) -> None:
    made = await tenant.done("POST", CODES, json={"name": "Sold", "success": True})
    sold = {"codeId": made["codeId"], "name": "Sold"} | FLAGS | {"success": True}
    assert await listed(tenant) == [sold]
    assert await listed(other_tenant) == []
    later = (await tenant.done("POST", CODES, json={"name": "Later", "callback": True}))["codeId"]
    await tenant.done("PATCH", f"{CODES}/{made['codeId']}", json={"name": "Bought", "numberUnusable": True})
    bought = sold | {"name": "Bought", "numberUnusable": True}
    assert await listed(tenant) == [bought, {"codeId": later, "name": "Later"} | FLAGS | {"callback": True}]
    await tenant.done("DELETE", f"{CODES}/{later}")
    assert await listed(tenant) == [bought]
    refused(await tenant.call("PATCH", f"{CODES}/{later}", json={"success": True}), 404, "NOT_FOUND")
    refused(await tenant.call("DELETE", f"{CODES}/{later}"), 404, "NOT_FOUND")


async def test_name_is_one_codes_and_free_when_that_is_deleted(tenant: Tenant) -> None:
    first = (await tenant.done("POST", CODES, json={"name": "Sold"}))["codeId"]
    refused(await tenant.post(CODES, {"name": "Sold"}), 400, "INVALID_STATE")
    second = (await tenant.done("POST", CODES, json={"name": "Lost"}))["codeId"]
    refused(await tenant.call("PATCH", f"{CODES}/{second}", json={"name": "Sold"}), 400, "INVALID_STATE")
    await tenant.done("DELETE", f"{CODES}/{first}")
    await tenant.done("PATCH", f"{CODES}/{second}", json={"name": "Sold"})
    assert [code["name"] for code in await listed(tenant)] == ["Sold"]


async def test_callback_contradicts_a_number_that_is_not_to_be_called(tenant: Tenant) -> None:
    for other in ("doNotCall", "numberUnusable"):
        refused(await tenant.post(CODES, {"name": "A", "callback": True, other: True}), 400, "INVALID_INPUT")
        code_id = (await tenant.done("POST", CODES, json={"name": other, other: True}))["codeId"]
        refused(await tenant.call("PATCH", f"{CODES}/{code_id}", json={"callback": True}), 400, "INVALID_INPUT")


@pytest.mark.parametrize("sent", [{}, {"name": ""}, {"name": "x" * 65}, {"name": "A", "sucess": True}, {"name": "A\n"}])
async def test_bad_codes_are_refused(tenant: Tenant, sent: dict[str, Any]) -> None:
    refused(await tenant.post(CODES, sent), 400, "INVALID_INPUT")


async def test_codes_and_rules_are_audited(wrap_ups: WrapUps) -> None:
    tenant = wrap_ups.floor.tenant
    code_id = await wrap_ups.code("Sold")
    await tenant.done("PATCH", f"{CODES}/{code_id}", json={"success": True})
    await wrap_ups.rule(mode="mandatory")
    await tenant.done("DELETE", f"{CODES}/{code_id}")
    actions = await wrap_ups.floor.pool.fetch(
        "select action, subject from audit where tenant_id = $1 and action like 'wrap_up%' order by audit_id",
        tenant.tenant_id,
    )
    assert [tuple(row) for row in actions] == [
        ("wrap_up_code.create", f"wrap-up code {code_id}"),
        ("wrap_up_code.change", f"wrap-up code {code_id}"),
        ("wrap_up.rule", f"campaign {wrap_ups.campaign_id}"),
        ("wrap_up_code.retire", f"wrap-up code {code_id}"),
    ]


@pytest.mark.parametrize("of", ["campaigns", "queues/inbound"])
async def test_rule_is_optional_with_every_code_until_it_is_set(tenant: Tenant, of: str) -> None:
    owner = await tenant.campaign() if of == "campaigns" else await tenant.queue()
    path = f"/v1/{of}/{owner}/wrap-up"
    codes = [(await tenant.done("POST", CODES, json={"name": name}))["codeId"] for name in "ABC"]
    rule = await tenant.done("GET", path)
    assert [code["codeId"] for code in rule.pop("codes")] == codes
    assert rule == {"mode": "optional", "timedSec": None, "codeIds": None}
    await tenant.done("PUT", path, json={"mode": "timed", "timedSec": 30, "codeIds": [codes[2], codes[0]]})
    rule = await tenant.done("GET", path)
    assert [code["name"] for code in rule.pop("codes")] == ["C", "A"]
    assert rule == {"mode": "timed", "timedSec": 30, "codeIds": [codes[2], codes[0]]}
    await tenant.done("DELETE", f"{CODES}/{codes[2]}")
    assert (await tenant.done("GET", path))["codeIds"] == codes[:1]
    await tenant.done("PUT", path, json={"mode": "optional"})
    assert (await tenant.done("GET", path))["codeIds"] is None


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"mode": "always"},
        {"mode": "timed"},
        {"mode": "timed", "timedSec": 0},
        {"mode": "mandatory", "timedSec": 5},
        {"mode": "mandatory", "codeIds": []},
        {"mode": "optional", "codeIds": [0]},
    ],
)
async def test_bad_rules_are_refused(tenant: Tenant, sent: dict[str, Any]) -> None:
    path = f"/v1/campaigns/{await tenant.campaign()}/wrap-up"
    refused(await tenant.call("PUT", path, json=sent), 400, "INVALID_INPUT")


async def test_rule_names_codes_of_its_own_tenant_alone(tenant: Tenant, other_tenant: Tenant) -> None:
    code_id = (await other_tenant.done("POST", CODES, json={"name": "Sold"}))["codeId"]
    path = f"/v1/campaigns/{await tenant.campaign()}/wrap-up"
    refused(await tenant.call("PUT", path, json={"mode": "optional", "codeIds": [code_id]}), 404, "NOT_FOUND")
