"""Accounts of phones that are made by the API: they register, are called, and are there again after a restart."""

import asyncio

import pytest

from tests.support.live import scenarios
from tests.support.live.tenant import Fields, LiveTenant
from tests.support.live.testbed import Testbed
from tests.support.servers import eventually

PORT = 5090
"""The port of the phone."""
STORED_S = 1.5
"""Asterisk writes registrations to its disk within a second."""


async def made(tenant: LiveTenant) -> tuple[int, Fields]:
    """An agent without an endpoint: their id, and the account, which the switch has."""
    queue_id = (await tenant.call("POST", "/v1/queues/inbound", {"callinName": "Accounts"}))["callinId"]
    created = await tenant.call("POST", "/v1/agents", {"agentName": "Le Van C", "queueId": queue_id})
    await on_switch(tenant, created["agentId"])
    return created["agentId"], created["phone"]


async def on_switch(tenant: LiveTenant, agent_id: int) -> None:
    async def there() -> bool:
        shown = await tenant.call("GET", f"/v1/agents/{agent_id}/phone-account")
        assert shown["problem"] is None
        return shown["onSwitch"]

    await eventually(there, 10, "the switch to have the account", poll_s=0.1)


async def registered(testbed: Testbed, name: str, phone: Fields) -> None:
    """Assert that the phone registers with that name and password."""
    await testbed.phone(name, scenarios.registration(phone["username"], phone["password"]), port=PORT)


async def refused(testbed: Testbed, name: str, phone: Fields) -> None:
    with pytest.raises(AssertionError):
        await registered(testbed, name, phone)


async def test_phone_registers_with_a_made_account_is_called_and_is_signed_off_by_another_password(
    tenant: LiveTenant, testbed: Testbed
) -> None:
    agent_id, account = await made(tenant)
    await refused(testbed, "wrong", account | {"password": "a" * 24})
    await registered(testbed, "right", account)
    phone = testbed.callee("made-phone", scenarios.callee("tone.ulaw", answer_ms=200), PORT)
    phone.start()
    try:
        await tenant.call("POST", f"/v1/agents/{agent_id}/sign-in")
        await tenant.agent(agent_id, "idle")
        assert "answer-after=0" in testbed.messages(phone), "it is asked to pick up by itself"
        await tenant.signed_out(agent_id)
        # A restart loses the accounts, and not the registrations.
        await asyncio.sleep(STORED_S)
        await testbed.kill_asterisk()
        await testbed.start_asterisk()
        await signed_in_again(tenant, agent_id)
        # Another password, during a connected call.
        rotated = (await tenant.call("POST", f"/v1/agents/{agent_id}/phone-account/rotate"))["phone"]
        await on_switch(tenant, agent_id)
        await tenant.agent(agent_id, "idle")
        await tenant.signed_out(agent_id)
        await tenant.call("POST", f"/v1/agents/{agent_id}/sign-in")
        await tenant.agent(agent_id, "offline")
        assert (await tenant.call("GET", f"/v1/agents/{agent_id}"))["offlineReason"] == "unreachable"
    finally:
        phone.stop()
    await refused(testbed, "former", account)
    await registered(testbed, "rotated", rotated)
    await tenant.call("DELETE", f"/v1/agents/{agent_id}")

    async def gone() -> bool:
        return account["username"] not in await testbed.endpoints()

    await eventually(gone, 10, "the account to be gone from the switch", poll_s=0.2)
    await refused(testbed, "removed", rotated)


async def signed_in_again(tenant: LiveTenant, agent_id: int) -> None:
    """Sign in, as soon as the switch is connected and has the account again."""

    async def idle() -> bool:
        agent = await tenant.call("GET", f"/v1/agents/{agent_id}")
        if agent["state"] == "offline":
            await tenant.call("POST", f"/v1/agents/{agent_id}/sign-in")
        return agent["state"] == "idle"

    await eventually(idle, 30, "the phone to be called after the restart", poll_s=0.5)
