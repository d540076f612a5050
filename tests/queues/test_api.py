"""`/queues/inbound`, with the vendor's names for what is written and what is read."""

import asyncio

import pytest

from tests.support.api import refused
from tongdai.testing import factories

FIELDS = [
    "callinId", "callinName", "strategy", "musicinQueue", "timeWait", "agentSelector", "nguongRanhRoi", "callinNumber",
]  # fmt: skip
READ_AS = {
    "moh_file_id": "musicinQueue",
    "max_wait_sec": "timeWait",
    "strategy": "strategy",
    "announce_position": "nguongRanhRoi",
}
UPDATED = {"success": "1", "error_code": "SUCCESS", "error_message": "Inbound queue updated successfully"}


async def put(tenant, queue_id, **fields):
    response = await tenant.call("PUT", f"/v1/queues/inbound/{queue_id}", json=fields)
    assert response.status_code == 200, response.text
    assert response.json() == UPDATED


async def read(tenant, queue_id):
    return await tenant.done("GET", f"/v1/queues/inbound/{queue_id}")


async def test_new_queue_has_the_default_of_every_field(tenant):
    made = await tenant.done("POST", "/v1/queues/inbound", json={"callinName": "Chăm sóc"})
    queue_id = made.pop("callinId")
    assert made == {"success": "1", "error_code": "SUCCESS", "error_message": "Inbound queue created"}
    found = await read(tenant, queue_id)
    assert list(found) == FIELDS
    assert found == dict.fromkeys(FIELDS) | {"callinId": queue_id, "callinName": "Chăm sóc", "strategy": 1}


async def test_new_queue_has_what_is_sent(tenant):
    sent = {"moh_file_id": "a.wav", "max_wait_sec": "60", "strategy": 2, "announce_position": "0"}
    found = await read(tenant, await tenant.queue("A", callinNumber="+842873001234", **sent))
    assert {name: found[READ_AS[name]] for name in sent} == sent
    assert found["callinNumber"] == "+842873001234"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("strategy", value) for value in (1, 2, 3, 4, 99)),
        *(("max_wait_sec", value) for value in ("0", "1", "120", "86400")),
        *(("announce_position", value) for value in ("0", "1")),
        *(("moh_file_id", value) for value in ("waiting.wav", "Nhạc chờ.mp3", "x" * 255, ".wav", "a b.wav", "a..b")),
    ],
)
async def test_documented_value_is_read_as_it_was_written(tenant, field, value):
    queue_id = await tenant.queue()
    await put(tenant, queue_id, **{field: value})
    assert (await read(tenant, queue_id))[READ_AS[field]] == value


async def test_waiting_time_is_read_without_leading_zeros(tenant):
    queue_id = await tenant.queue(max_wait_sec="00120")
    assert (await read(tenant, queue_id))["timeWait"] == "120"


FULL = {"moh_file_id": "a.wav", "max_wait_sec": "60", "strategy": 2, "announce_position": "1"}


@pytest.mark.parametrize(("field", "value"), list(FULL.items()))
async def test_change_leaves_fields_that_are_not_sent(tenant, field, value):
    queue_id = await tenant.queue(**(FULL | {field: {"strategy": 4, "announce_position": "0"}.get(field, "30")}))
    await put(tenant, queue_id, **{field: value})
    found = await read(tenant, queue_id)
    assert {name: found[READ_AS[name]] for name in FULL} == FULL


@pytest.mark.parametrize("field", ["moh_file_id", "max_wait_sec", "announce_position"])
async def test_null_clears_a_field(tenant, field):
    queue_id = await tenant.queue(**FULL)
    await put(tenant, queue_id, **{field: None})
    found = await read(tenant, queue_id)
    assert {name: found[READ_AS[name]] for name in FULL} == FULL | {field: None}


async def test_null_does_not_clear_strategy(tenant):
    queue_id = await tenant.queue(**FULL)
    response = await tenant.call("PUT", f"/v1/queues/inbound/{queue_id}", json={"strategy": None})
    assert refused(response, 400, "INVALID_INPUT").startswith("strategy")
    assert (await read(tenant, queue_id))["strategy"] == 2


async def test_change_without_a_field_is_refused(tenant):
    queue_id = await tenant.queue()
    response = await tenant.call("PUT", f"/v1/queues/inbound/{queue_id}", json={})
    assert "at least one of moh_file_id" in refused(response, 400, "INVALID_INPUT")


async def test_refused_change_changes_nothing_of_what_it_sends(tenant):
    queue_id = await tenant.queue(**FULL)
    before = await tenant.checksum()
    response = await tenant.call("PUT", f"/v1/queues/inbound/{queue_id}", json={"max_wait_sec": "30", "strategy": 5})
    refused(response, 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_changes_of_different_fields_at_once_all_hold(tenant):
    queue_id = await tenant.queue()
    for n in range(5):
        sent = {
            "moh_file_id": f"{n}.wav",
            "max_wait_sec": str(n),
            "strategy": 1 + n % 4,
            "announce_position": "01"[n % 2],
        }
        await asyncio.gather(*(put(tenant, queue_id, **{field: value}) for field, value in sent.items()))
        found = await read(tenant, queue_id)
        assert {name: found[READ_AS[name]] for name in sent} == sent


async def test_page_is_by_id_with_the_true_total(tenant):
    ids = [await tenant.queue(f"No. {n}") for n in range(3)]
    page = await tenant.done("GET", "/v1/queues/inbound?size=2")
    assert list(page) == ["success", "error_code", "totalRecord", "data"]
    assert (page["success"], page["error_code"], page["totalRecord"]) == ("1", "SUCCESS", 3)
    rest = await tenant.done("GET", "/v1/queues/inbound?size=2&page=1")
    assert [row["callinId"] for row in page["data"] + rest["data"]] == ids
    assert page["data"][0] == await read(tenant, ids[0])
    past = await tenant.done("GET", "/v1/queues/inbound?page=7")
    assert (past["totalRecord"], past["data"]) == (3, [])


async def test_deleted_queue_is_gone_and_its_number_is_free(tenant):
    queue_id = await tenant.queue(callinNumber="1900636363")
    response = await tenant.done("DELETE", f"/v1/queues/inbound/{queue_id}")
    assert response == UPDATED | {"error_message": "Inbound queue deleted successfully"}
    for method, sent in (("GET", {}), ("PUT", {"json": {"strategy": 1}}), ("DELETE", {})):
        gone = await tenant.call(method, f"/v1/queues/inbound/{queue_id}", **sent)
        assert refused(gone, 404, "NOT_FOUND") == "Inbound queue not found"
    assert await tenant.queue(callinNumber="1900636363") != queue_id


async def test_number_leads_to_one_queue_of_a_tenant(tenant, other_tenant):
    await tenant.queue(callinNumber="1900636363")
    before = await tenant.checksum()
    response = await tenant.post("/v1/queues/inbound", {"callinName": "B", "callinNumber": "1900636363"})
    assert "1900636363" in refused(response, 400, "INVALID_INPUT")
    assert await tenant.checksum() == before
    await other_tenant.queue(callinNumber="1900636363")
    await tenant.queue("no number")
    await tenant.queue("no number either")


async def test_of_many_queues_made_at_once_for_one_number_one_is(tenant):
    sent = {"callinName": "A", "callinNumber": "1900636363"}
    responses = await asyncio.gather(*(tenant.post("/v1/queues/inbound", sent) for _ in range(6)))
    assert sorted(response.status_code for response in responses) == [200] + [400] * 5


async def test_changes_are_reported_in_the_audit_with_the_key(tenant, api, pool):
    clerk = await api.key(tenant_id=tenant.tenant_id, scopes=["queue"])
    assert isinstance(clerk, factories.Key)
    queue_id = await tenant.queue()
    path = f"/v1/queues/inbound/{queue_id}"
    await tenant.call("PUT", path, json={"strategy": 2}, headers=clerk.headers)
    await tenant.call("DELETE", path)
    async with pool.acquire() as conn:
        reported = await conn.fetch(
            "select action, key_id from audit where tenant_id = $1 and subject = $2 order by audit_id",
            tenant.tenant_id,
            f"queue {queue_id}",
        )
    mine = tenant.key.key_id
    expected = [("queue.create", mine), ("queue.change", clerk.key_id), ("queue.delete", mine)]
    assert [tuple(row) for row in reported] == expected


CALLER = """
insert into caller (tenant_id, call_id, queue_id, arrived_at, joined_at)
values ($1, gen_random_uuid(), $2, now(), now())
"""


async def test_queue_that_is_referred_to_is_not_deleted_and_its_users_are_named(tenant, pool):
    queue_id, other = await tenant.queue("Sales"), await tenant.queue("Support")
    path = f"/v1/queues/inbound/{queue_id}"
    agents = [
        (await tenant.done("POST", "/v1/agents", json={"agentName": "A", "endpoint": f"a{i}", "queueId": queue_id}))[
            "agentId"
        ]
        for i in range(2)
    ]
    campaign_id = await tenant.campaign()
    await pool.execute(
        "update campaign set queue_id = $3 where tenant_id = $1 and campaign_id = $2",
        tenant.tenant_id, campaign_id, queue_id,
    )  # fmt: skip
    said = refused(await tenant.call("DELETE", path), 400, "INVALID_STATE")
    users = f"agents {agents[0]}, {agents[1]} and campaign {campaign_id}"
    assert said == f"Cannot delete an inbound queue that is used by {users}"
    for agent_id in agents:
        await tenant.done("PATCH", f"/v1/agents/{agent_id}", json={"queueId": other})
    said = refused(await tenant.call("DELETE", path), 400, "INVALID_STATE")
    assert said == f"Cannot delete an inbound queue that is used by campaign {campaign_id}"
    await pool.execute(
        "update campaign set queue_id = null where tenant_id = $1 and campaign_id = $2", tenant.tenant_id, campaign_id
    )
    await pool.execute(CALLER, tenant.tenant_id, queue_id)
    said = refused(await tenant.call("DELETE", path), 400, "INVALID_STATE")
    assert said == "Cannot delete an inbound queue that is used by 1 caller in it"
    await pool.execute("delete from caller where tenant_id = $1", tenant.tenant_id)
    await tenant.done("DELETE", path)
    refused(await tenant.get(path), 404, "NOT_FOUND")
