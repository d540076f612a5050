"""`/v1/sip-endpoints`: for platform keys alone; and the phones and trunks that tenants name."""

from typing import Any

import pytest

from tests.numbers.operator import Operator
from tests.support.api import PEPPER, refused
from tongdai.ids import TenantId
from tongdai.numbers.endpoints import store
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Kind
from tongdai.testing import factories

PATH = "/v1/sip-endpoints"


async def give(operator: Operator, tenant_id: TenantId | None, name: str, kind: str = "phone", **fields: object) -> Any:
    body = {"name": name, "kind": kind, "tenantId": tenant_id} | fields
    return (await operator.done("POST", PATH, json=body))["endpoint"]


async def listed(operator: Operator, query: str = "") -> list[str]:
    return [one["name"] for one in (await operator.done("GET", PATH + query))["data"]]


async def test_endpoint_is_given_listed_and_taken(operator: Operator) -> None:
    tenant_id, other = await factories.tenant(operator.conn), await factories.tenant(operator.conn)
    hanoi = await switches.find_or_add(operator.conn, "hanoi")
    given = await give(operator, tenant_id, "agent-7")
    assert given == {
        "id": given["id"], "switch": "default", "name": "agent-7", "kind": "phone", "tenantId": tenant_id,
        "givenAt": given["givenAt"],
    }  # fmt: skip
    assert await give(operator, tenant_id, "agent-7") == given
    await give(operator, other, "agent-7", switch=hanoi.name)
    await give(operator, None, "carrier", "trunk")
    assert await listed(operator) == ["agent-7", "agent-7", "carrier"]
    assert await listed(operator, f"?tenantId={tenant_id}") == ["agent-7"]
    assert await listed(operator, "?switch=default&kind=trunk") == ["carrier"]
    assert await listed(operator, "?cursor=*&size=2&switch=default") == ["agent-7", "carrier"]
    await operator.done("DELETE", f"{PATH}/{given['id']}")
    refused(await operator.call("DELETE", f"{PATH}/{given['id']}"), 404, "NOT_FOUND")
    assert await listed(operator, "?switch=default") == ["carrier"]


async def test_endpoint_of_a_tenant_is_given_to_no_other_nor_as_the_other_kind(operator: Operator) -> None:
    tenant_id, other = await factories.tenant(operator.conn), await factories.tenant(operator.conn)
    await give(operator, tenant_id, "agent-7")
    for body in (
        {"name": "agent-7", "kind": "phone", "tenantId": other},
        {"name": "agent-7", "kind": "trunk", "tenantId": tenant_id},
        {"name": "agent-7", "kind": "trunk", "tenantId": None},
    ):
        said = refused(await operator.call("POST", PATH, json=body), 400, "INVALID_INPUT")
        assert said == f"name agent-7 is a phone of tenant {tenant_id}: take it first"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"name": "a b"}, 400, "name"),
        ({"kind": "fax"}, 400, "kind"),
        ({"tenantId": None}, 400, "tenantId"),
        ({"tenantId": 999999999999999999}, 404, "Tenant"),
        ({"switch": "nowhere"}, 404, "Switch"),
    ],
)
async def test_wrong_request_gives_nothing(operator: Operator, body: dict[str, object], status: int, said: str) -> None:
    right = {"name": "a", "kind": "phone", "tenantId": await factories.tenant(operator.conn)}
    code = "NOT_FOUND" if status == 404 else "INVALID_INPUT"
    assert said in refused(await operator.call("POST", PATH, json=right | body), status, code)
    assert await listed(operator) == []


async def test_key_of_a_tenant_gives_nothing(operator: Operator) -> None:
    tenant_id = await factories.tenant(operator.conn)
    key = await factories.key(operator.conn, PEPPER.encode(), tenant_id)
    body = {"name": "a", "kind": "phone", "tenantId": tenant_id}
    refused(await operator.call("POST", PATH, key=key, json=body), 403, "INSUFFICIENT_SCOPE")
    assert await listed(operator) == []


async def test_audit_of_its_tenant_has_who_gave_and_took_an_endpoint_and_everybodys_a_trunk_of_all(
    operator: Operator,
) -> None:
    tenant_id, other = await factories.tenant(operator.conn), await factories.tenant(operator.conn)
    given = await give(operator, tenant_id, "agent-7")
    await operator.done("DELETE", f"{PATH}/{given['id']}")
    await give(operator, None, "carrier", "trunk")
    rows = await operator.conn.fetch(
        "select tenant_id, key_id, action, subject from audit where action like 'endpoint.%' order by audit_id"
    )
    by = operator.key.key_id
    assert [tuple(row) for row in rows] == [
        (tenant_id, by, "endpoint.give", "endpoint agent-7"),
        (tenant_id, by, "endpoint.take", "endpoint agent-7"),
        *((one, by, "endpoint.give", "endpoint carrier") for one in sorted([tenant_id, other])),
    ]


# Tenants that name them


async def on_an_asterisk(operator: Operator) -> tuple[factories.Key, factories.Key]:
    """Two tenants on an Asterisk: their keys."""
    await switches.set_kind(operator.conn, DEFAULT, Kind.ASTERISK)
    one, other = [await factories.key(operator.conn, PEPPER.encode()) for _ in range(2)]
    return one, other


async def agent(operator: Operator, key: factories.Key, endpoint: str) -> Any:
    made = await operator.done("POST", "/v1/queues/inbound", key=key, json={"callinName": "A"})
    body = {"agentName": "A", "endpoint": endpoint, "queueId": made["callinId"]}
    return await operator.call("POST", "/v1/agents", key=key, json=body)


async def campaign(operator: Operator, key: factories.Key, trunk: str | None) -> Any:
    body = {"campaignName": "A", "trunk": trunk, "audioFile": None}
    return await operator.call("POST", "/v1/campaigns", key=key, json=body)


async def test_agent_gets_no_phone_that_another_has_or_nobody_nor_a_trunk(operator: Operator) -> None:
    mine, theirs = await on_an_asterisk(operator)
    await give(operator, theirs.tenant_id, "theirs")
    await give(operator, mine.tenant_id, "mine")
    await give(operator, mine.tenant_id, "my-trunk", "trunk")
    command = f"tongdai endpoint give {{}} --phone --tenant {mine.tenant_id}"
    said = {name: f"endpoint {name} is no phone of this tenant: an operator gives it with {command.format(name)}"
            for name in ("theirs", "nobodys", "my-trunk")}  # fmt: skip
    for name, message in said.items():
        assert refused(await agent(operator, mine, name), 400, "INVALID_INPUT") == message
    made = await agent(operator, mine, "mine")
    assert made.status_code == 200
    path = f"/v1/agents/{made.json()['agentId']}"
    for name, message in said.items():
        changed = await operator.call("PATCH", path, key=mine, json={"endpoint": name})
        assert refused(changed, 400, "INVALID_INPUT") == message
    await operator.done("PATCH", path, key=mine, json={"endpoint": "mine", "agentName": "B"})


async def test_campaign_gets_no_trunk_that_another_has_or_nobody_nor_a_phone(operator: Operator) -> None:
    mine, theirs = await on_an_asterisk(operator)
    await give(operator, theirs.tenant_id, "theirs", "trunk")
    await give(operator, mine.tenant_id, "mine", "trunk")
    await give(operator, mine.tenant_id, "my-phone")
    await give(operator, None, "shared", "trunk")
    path = f"/v1/campaigns/{(await campaign(operator, mine, 'mine')).json()['campaignId']}"
    for name in ("theirs", "nobodys", "my-phone"):
        command = f"tongdai endpoint give {name} --trunk --tenant {mine.tenant_id}"
        message = f"trunk {name} is no trunk of this tenant: an operator gives it with {command}"
        assert refused(await campaign(operator, mine, name), 400, "INVALID_INPUT") == message
        changed = await operator.call("PATCH", path, key=mine, json={"trunk": name})
        assert refused(changed, 400, "INVALID_INPUT") == message
    for name in ("shared", None, "mine"):
        await operator.done("PATCH", path, key=mine, json={"trunk": name})
        await operator.done("PATCH", path, key=mine, json={"campaignName": "B"})


async def test_change_of_another_field_is_allowed_when_the_trunk_was_taken(operator: Operator) -> None:
    mine, _ = await on_an_asterisk(operator)
    given = await give(operator, mine.tenant_id, "mine", "trunk")
    path = f"/v1/campaigns/{(await campaign(operator, mine, 'mine')).json()['campaignId']}"
    await operator.done("DELETE", f"{PATH}/{given['id']}")
    await operator.done("PATCH", path, key=mine, json={"campaignName": "B"})
    diagnostics = await operator.done("GET", f"{path}/diagnostics", key=mine)
    assert "trunk_not_given" in [blocker["code"] for blocker in diagnostics["blockers"]]
    await give(operator, mine.tenant_id, "mine", "trunk")
    diagnostics = await operator.done("GET", f"{path}/diagnostics", key=mine)
    assert "trunk_not_given" not in [blocker["code"] for blocker in diagnostics["blockers"]]


@pytest.mark.parametrize("kind", [None, Kind.SIMULATED])
async def test_on_a_simulated_switch_only_what_another_has_is_refused(operator: Operator, kind: Kind | None) -> None:
    mine, theirs = await on_an_asterisk(operator)
    await operator.conn.execute("update switch set kind = $1", kind)
    await give(operator, theirs.tenant_id, "theirs")
    refused(await agent(operator, mine, "theirs"), 400, "INVALID_INPUT")
    assert (await agent(operator, mine, "nobodys")).status_code == 200
    assert (await campaign(operator, mine, "nobodys")).status_code == 200


async def test_the_only_tenant_of_an_asterisk_uses_what_nobody_has(operator: Operator) -> None:
    await switches.set_kind(operator.conn, DEFAULT, Kind.ASTERISK)
    key = await factories.key(operator.conn, PEPPER.encode())
    assert (await agent(operator, key, "nobodys")).status_code == 200
    assert (await campaign(operator, key, "nobodys")).status_code == 200
    await factories.tenant(operator.conn)
    refused(await agent(operator, key, "another"), 400, "INVALID_INPUT")


async def test_each_switch_has_endpoints_of_its_own(operator: Operator) -> None:
    mine, theirs = await on_an_asterisk(operator)
    hanoi = await switches.find_or_add(operator.conn, "hanoi")
    await give(operator, mine.tenant_id, "agent-7", switch=hanoi.name)
    await give(operator, theirs.tenant_id, "agent-7")
    usable = [await store.usable(operator.conn, key.tenant_id, EndpointKind.PHONE, "agent-7") for key in (mine, theirs)]
    assert usable == [False, True]
