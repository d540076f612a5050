"""`/v1/called-numbers`: for platform keys alone; and the numbers of queues, which are a tenant's own."""

from typing import Any

import pytest

from tests.numbers.operator import Operator
from tests.support.api import PEPPER, refused
from tongdai.http.principal import Scope
from tongdai.ids import TenantId
from tongdai.numbers import store
from tongdai.switches.model import DEFAULT
from tongdai.testing import factories

PATH = "/v1/called-numbers"
WRITTEN = "02873001234"
NUMBER = "+842873001234"


async def give(operator: Operator, tenant_id: TenantId, text: str = WRITTEN, **fields: object) -> Any:
    made = await operator.done("POST", PATH, json={"phoneNumber": text, "tenantId": tenant_id} | fields)
    return made["number"]


async def listed(operator: Operator, query: str = "") -> list[str]:
    return [one["phoneNumber"] for one in (await operator.done("GET", PATH + query))["data"]]


async def test_number_is_given_listed_and_taken(operator: Operator) -> None:
    tenant_id, other = await factories.tenant(operator.conn), await factories.tenant(operator.conn)
    given = await give(operator, tenant_id, trunk="carrier")
    assert given.pop("givenAt")
    assert given == {"phoneNumber": NUMBER, "national": WRITTEN, "tenantId": tenant_id, "trunk": "carrier"}
    await give(operator, other, "19006363")
    assert await listed(operator) == ["+8419006363", NUMBER]
    assert await listed(operator, f"?tenantId={tenant_id}") == [NUMBER]
    assert await listed(operator, "?cursor=*&size=1") == ["+8419006363"]
    await operator.done("DELETE", f"{PATH}/{WRITTEN}")
    assert await listed(operator) == ["+8419006363"]
    refused(await operator.call("DELETE", f"{PATH}/{NUMBER}"), 404, "NOT_FOUND")


async def test_number_of_a_tenant_is_given_to_no_other_and_its_owner_is_named_to_the_operator(
    operator: Operator,
) -> None:
    tenant_id, other = await factories.tenant(operator.conn), await factories.tenant(operator.conn)
    await give(operator, tenant_id)
    again = {"phoneNumber": "+84 28 7300 1234", "tenantId": other}
    message = refused(await operator.call("POST", PATH, json=again), 400, "INVALID_INPUT")
    assert message == f"phoneNumber {NUMBER} is tenant {tenant_id}'s: take it first"
    assert (await give(operator, tenant_id, trunk="carrier"))["trunk"] == "carrier"
    assert (await give(operator, tenant_id))["trunk"] is None


async def test_number_without_a_plus_is_read_in_the_tenants_country(operator: Operator) -> None:
    american = await factories.tenant(operator.conn, "US")
    assert (await give(operator, american, "(202) 555-0123"))["phoneNumber"] == "+12025550123"


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ({"phoneNumber": "abc"}, 400, "INVALID_INPUT", "phoneNumber"),
        ({"phoneNumber": ""}, 400, "INVALID_INPUT", "phoneNumber"),
        ({"phoneNumber": WRITTEN, "trunk": "a/b"}, 400, "INVALID_INPUT", "trunk"),
        ({"phoneNumber": WRITTEN, "tenantId": 0}, 400, "INVALID_INPUT", "tenantId"),
        ({"phoneNumber": WRITTEN, "tenantId": 999999999999999999}, 404, "NOT_FOUND", "Tenant"),
        ({"phoneNumber": WRITTEN, "force": True}, 400, "INVALID_INPUT", "force"),
    ],
)
async def test_wrong_request_gives_nothing(
    operator: Operator, body: dict[str, object], status: int, code: str, said: str
) -> None:
    tenant_id = await factories.tenant(operator.conn)
    assert said in refused(await operator.call("POST", PATH, json={"tenantId": tenant_id} | body), status, code)
    assert await listed(operator) == []


async def test_key_of_a_tenant_gives_and_takes_nothing_not_even_of_its_own(operator: Operator) -> None:
    tenant_id = await factories.tenant(operator.conn)
    own = await factories.key(operator.conn, PEPPER.encode(), tenant_id)
    weak = await factories.platform_key(operator.conn, PEPPER.encode(), [s for s in Scope if s is not Scope.ADMIN])
    await give(operator, tenant_id)
    for key in (own, weak):
        body = {"phoneNumber": "19006363", "tenantId": tenant_id}
        refused(await operator.call("POST", PATH, key=key, json=body), 403, "INSUFFICIENT_SCOPE")
        refused(await operator.call("DELETE", f"{PATH}/{NUMBER}", key=key), 403, "INSUFFICIENT_SCOPE")
        refused(await operator.call("GET", PATH, key=key), 403, "INSUFFICIENT_SCOPE")
    assert await listed(operator) == [NUMBER]


# Queues


async def test_number_of_another_tenant_is_claimed_in_no_form_by_post_or_put(operator: Operator) -> None:
    owner, thief = await factories.tenant(operator.conn), await factories.tenant(operator.conn)
    key = await factories.key(operator.conn, PEPPER.encode(), thief)
    await give(operator, owner)
    made = await operator.done("POST", "/v1/queues/inbound", key=key, json={"callinName": "A"})
    queue = f"/v1/queues/inbound/{made['callinId']}"
    for text in (NUMBER, "842873001234", "00842873001234", WRITTEN):
        new = {"callinName": "B", "callinNumber": text}
        said = {
            refused(await operator.call("POST", "/v1/queues/inbound", key=key, json=new), 400, "INVALID_INPUT"),
            refused(await operator.call("PUT", queue, key=key, json={"callinNumber": text}), 400, "INVALID_INPUT"),
        }
        assert said == {
            f"callinNumber {text} is no number of this tenant: an operator gives numbers to tenants"
        }  # and not whose it is
    assert (await operator.done("GET", "/v1/queues/inbound", key=key))["totalRecord"] == 1
    found = await store.resolve(operator.conn, DEFAULT, None, NUMBER)
    assert found is not None
    assert (found.tenant_id, found.queue_id) == (owner, None)


async def test_number_that_was_named_before_it_was_given_leads_to_its_owner(operator: Operator) -> None:
    early, owner = await factories.tenant(operator.conn), await factories.tenant(operator.conn)
    key = await factories.key(operator.conn, PEPPER.encode(), early)
    await operator.done("POST", "/v1/queues/inbound", key=key, json={"callinName": "A", "callinNumber": WRITTEN})
    await give(operator, owner)
    found = await store.resolve(operator.conn, DEFAULT, None, WRITTEN)
    assert found is not None
    assert (found.tenant_id, found.queue_id) == (owner, None)


async def test_own_number_is_one_queues_in_all_its_forms(operator: Operator) -> None:
    tenant_id = await factories.tenant(operator.conn)
    key = await factories.key(operator.conn, PEPPER.encode(), tenant_id)
    await give(operator, tenant_id)

    async def queue(**fields: object) -> Any:
        return await operator.call("POST", "/v1/queues/inbound", key=key, json={"callinName": "A"} | fields)

    first = (await queue(callinNumber=WRITTEN)).json()["callinId"]
    assert "another queue" in refused(await queue(callinNumber=NUMBER), 400, "INVALID_INPUT")
    second = (await queue()).json()["callinId"]
    path = f"/v1/queues/inbound/{second}"
    refused(await operator.call("PUT", path, key=key, json={"callinNumber": "842873001234"}), 400, "INVALID_INPUT")
    unowned = {"callinNumber": "19006363"}
    await operator.done("PUT", path, key=key, json=unowned)
    refused(await queue(**unowned), 400, "INVALID_INPUT")
    await operator.done("PUT", f"/v1/queues/inbound/{first}", key=key, json={"callinNumber": None})
    await operator.done("PUT", path, key=key, json={"callinNumber": NUMBER})
    await operator.done("PUT", path, key=key, json={"callinNumber": WRITTEN})  # its own, in another form
    found = await store.resolve(operator.conn, DEFAULT, None, "842873001234")
    assert found is not None
    assert found.queue_id == second
