"""`/agents/{id}/phone-account`: made, shown once, rotated and removed."""

import json

import pytest

from tests.support.api import PEPPER, refused
from tongdai.agents.accounts import store
from tongdai.agents.accounts.model import Wanted, password_of
from tongdai.switches.model import DEFAULT


async def accounts(pool, tenant):
    """The accounts that the switch should have, and the names of those that it should remove."""
    async with pool.acquire() as conn:
        wanted = [one for one in await store.wanted(conn, DEFAULT) if one.tenant_id == tenant.tenant_id]
        unwanted = [one.name for one in await store.unwanted(conn, DEFAULT) if one.tenant_id == tenant.tenant_id]
    return wanted, unwanted


async def wanted(pool, tenant) -> Wanted:
    ((found,), _) = await accounts(pool, tenant)
    return found


async def made(floor, **fields):
    """An agent without an endpoint: their id, and the account."""
    body = {"agentName": "B", "queueId": floor.queue_id} | fields
    answer = await floor.tenant.done("POST", "/v1/agents", json=body)
    return answer["agentId"], answer["phone"]


async def stored(pool, text):
    """The tables that have a text anywhere."""
    async with pool.acquire() as conn:
        tables = await conn.fetch("select table_name from information_schema.tables where table_schema = 'public'")
        return [
            row["table_name"]
            for row in tables
            if await conn.fetchval(
                f"select exists (select from {row['table_name']} t where t::text like $1)", f"%{text}%"
            )
        ]


async def test_agent_without_an_endpoint_gets_an_account(floor, pool):
    agent_id, phone = await made(floor)
    agent = await floor.tenant.done("GET", f"/v1/agents/{agent_id}")
    assert agent["endpoint"] == phone["username"]
    account = await wanted(pool, floor.tenant)
    assert (account.name, account.mode, account.pushed) == (phone["username"], "nailed_up", False)
    assert phone["password"] == password_of(PEPPER.encode(), account.name, account.salt)
    shown = await floor.tenant.done("GET", f"/v1/agents/{agent_id}/phone-account")
    assert shown.pop("madeAt") == shown.pop("passwordAt")
    assert shown == {"username": phone["username"], "onSwitch": False, "problem": None, "inBrowser": False}


async def test_password_is_shown_once_and_stored_nowhere(floor, pool, caplog, capfd):
    headers = {"Idempotency-Key": "make"}
    body = {"agentName": "B", "queueId": floor.queue_id}
    first = await floor.tenant.done("POST", "/v1/agents", json=body, headers=headers)
    again = await floor.tenant.done("POST", "/v1/agents", json=body, headers=headers)
    assert again["agentId"] == first["agentId"]
    assert again["phone"] == {"username": first["phone"]["username"], "password": None}
    path = f"/v1/agents/{first['agentId']}/phone-account/rotate"
    rotated = await floor.tenant.done("POST", path, headers={"Idempotency-Key": "rotate"})
    repeated = await floor.tenant.done("POST", path, headers={"Idempotency-Key": "rotate"})
    assert (rotated["phone"]["password"] is None, repeated["phone"]["password"]) == (False, None)
    written = capfd.readouterr()
    for password in (first["phone"]["password"], rotated["phone"]["password"]):
        assert await stored(pool, password) == []
        assert password not in caplog.text + written.out + written.err
    assert "phone_account" in await stored(pool, first["phone"]["username"])


async def test_agent_with_an_endpoint_gets_an_account_and_another_password(floor, pool):
    agent_id = await floor.agent()
    path = f"/v1/agents/{agent_id}/phone-account"
    assert refused(await floor.tenant.get(path), 404, "NOT_FOUND") == "The agent has no phone account"
    refused(await floor.tenant.post(f"{path}/rotate"), 404, "NOT_FOUND")
    refused(await floor.tenant.call("DELETE", path), 404, "NOT_FOUND")
    phone = (await floor.tenant.done("POST", path))["phone"]
    assert (await floor.find(agent_id)).endpoint == phone["username"]
    before = await wanted(pool, floor.tenant)
    async with pool.acquire() as conn:
        await store.pushed(conn, before)
    assert (await floor.tenant.done("GET", path))["onSwitch"] is True
    rotated = (await floor.tenant.done("POST", f"{path}/rotate"))["phone"]
    assert rotated["username"] == phone["username"]
    assert rotated["password"] != phone["password"]
    assert (await floor.tenant.done("GET", path))["onSwitch"] is False
    async with pool.acquire() as conn:
        await store.pushed(conn, before)  # a leader that is late: the switch has the former password
    assert (await floor.tenant.done("GET", path))["onSwitch"] is False
    assert "rotate" in refused(await floor.tenant.post(path), 400, "INVALID_STATE")


async def test_account_is_made_and_removed_only_while_its_agent_is_offline(floor):
    agent_id = await floor.idle()
    path = f"/v1/agents/{agent_id}/phone-account"
    assert "offline" in refused(await floor.tenant.post(path), 400, "INVALID_STATE")
    other, _ = await made(floor)
    await floor.sign_in(other)
    path = f"/v1/agents/{other}/phone-account"
    assert "offline" in refused(await floor.tenant.call("DELETE", path), 400, "INVALID_STATE")
    assert (await floor.tenant.done("POST", f"{path}/rotate"))["phone"]["password"]


@pytest.mark.parametrize("path", ["/v1/agents/{}/phone-account", "/v1/agents/{}"])
async def test_removed_account_waits_for_its_switch_and_then_nobody_has_its_name(floor, pool, path):
    agent_id, phone = await made(floor)
    await floor.tenant.done("DELETE", path.format(agent_id))
    refused(await floor.tenant.get(f"/v1/agents/{agent_id}/phone-account"), 404, "NOT_FOUND")
    assert await accounts(pool, floor.tenant) == ([], [phone["username"]])
    assert "sip_endpoint" in await stored(pool, phone["username"])
    async with pool.acquire() as conn:
        (gone,) = [one for one in await store.unwanted(conn, DEFAULT) if one.name == phone["username"]]
        await store.gone(conn, gone)
    assert await accounts(pool, floor.tenant) == ([], [])
    assert not {"sip_endpoint", "phone_account"} & set(await stored(pool, phone["username"]))


async def test_agent_who_has_removed_their_account_gets_another_one(floor, pool):
    agent_id, phone = await made(floor)
    path = f"/v1/agents/{agent_id}/phone-account"
    await floor.tenant.done("DELETE", path)
    again = (await floor.tenant.done("POST", path))["phone"]
    assert again["username"] != phone["username"]
    (kept,), removed = await accounts(pool, floor.tenant)
    assert (kept.name, removed) == (again["username"], [phone["username"]])


async def test_what_is_done_is_audited_without_the_password(floor, pool):
    agent_id, phone = await made(floor)
    rotated = (await floor.tenant.done("POST", f"/v1/agents/{agent_id}/phone-account/rotate"))["phone"]
    await floor.tenant.done("DELETE", f"/v1/agents/{agent_id}")
    async with pool.acquire() as conn:
        rows = await conn.fetch(
            "select action, subject, detail from audit where tenant_id = $1 and action ~ '^phone_account' order by at",
            floor.tenant_id,
        )
    assert [row["action"] for row in rows] == [f"phone_account.{what}" for what in ("make", "rotate", "remove")]
    assert {row["subject"] for row in rows} == {f"agent {agent_id}"}
    written = json.dumps([dict(row) for row in rows])
    assert phone["username"] in written
    assert phone["password"] not in written
    assert rotated["password"] not in written


async def test_agent_of_no_queue_leaves_nothing_behind(tenant, pool):
    refused(await tenant.post("/v1/agents", {"agentName": "B", "queueId": 99999}), 404, "NOT_FOUND")
    assert await accounts(pool, tenant) == ([], [])
    assert "sip_endpoint" not in await stored(pool, f"t{tenant.tenant_id}-")


async def test_unknown_agent_is_not_one_without_an_account(tenant):
    for method, path in (("GET", ""), ("POST", ""), ("POST", "/rotate"), ("DELETE", "")):
        answer = await tenant.call(method, f"/v1/agents/999999/phone-account{path}")
        assert refused(answer, 404, "NOT_FOUND") == "Agent not found"


async def test_only_accounts_that_changed_are_read_each_second(floor, pool):
    agent_id, _ = await made(floor)
    account = await wanted(pool, floor.tenant)

    async def changed():
        return [one for one in await store.changed(conn, DEFAULT) if one.tenant_id == floor.tenant.tenant_id]

    async with pool.acquire() as conn:
        assert await changed() == [account]
        await store.pushed(conn, account)
        assert await changed() == []
        await floor.tenant.done("PATCH", f"/v1/agents/{agent_id}", json={"mode": "ring"})
        (found,) = await changed()
        assert (found.name, found.mode) == (account.name, "ring")
