"""Phones with accounts that the API made, each of an agent in mode ring."""

import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.support.live import scenarios
from tests.support.live.hotline import Hotline
from tests.support.live.tenant import Fields, LiveTenant
from tests.support.live.testbed import AGENT_HZ, Child, Testbed
from tests.support.servers import eventually
from tongdai.switch import commands

_ports = itertools.count(5100, 2)
ANSWERING = scenarios.callee("tone.ulaw", answer_ms=200)


async def on_switch(tenant: LiveTenant, agent_id: int) -> None:
    """Wait until the switch has the agent's account."""

    async def there() -> bool:
        shown = await tenant.call("GET", f"/v1/agents/{agent_id}/phone-account")
        assert shown["problem"] is None
        return shown["onSwitch"]

    await eventually(there, 10, "the switch to have the account", poll_s=0.1)


@dataclass
class DeskPhone:
    hotline: Hotline
    agent_id: int
    username: str
    process: Child

    @property
    def testbed(self) -> Testbed:
        return self.hotline.testbed

    def times(self, what: str) -> int:
        """How often it has happened: CALLED, ANSWERED, CANCELLED."""
        return self.testbed.ledger(self.process)[self.username, what]

    async def noted(self, what: str, times: int = 1) -> None:
        await eventually(lambda: self.times(what) >= times, 15, f"the phone to be {what} {times} times")

    async def channel(self) -> str:
        """Its channel, which is up."""

        async def up() -> str | None:
            found = await commands.channels(self.hotline.recorder.ari)
            return next((one.channel_id for one in found if one.endpoint == self.username and one.state == "Up"), None)

        return await eventually(up, 15, "the phone to be connected", poll_s=0.1)

    async def sign_in(self) -> None:
        await self.hotline.tenant.call("POST", f"/v1/agents/{self.agent_id}/sign-in")

    async def shown(self) -> Fields:
        return await self.hotline.tenant.call("GET", f"/v1/agents/{self.agent_id}")


@asynccontextmanager
async def desk_phone(
    hotline: Hotline, name: str, scenario: str = ANSWERING, hz: int = AGENT_HZ
) -> AsyncGenerator[DeskPhone]:
    """A registered phone of a new agent of the queue, who is offline; signed out and stopped at the end."""
    tenant, testbed, port = hotline.tenant, hotline.testbed, next(_ports)
    new = {"agentName": name, "queueId": hotline.queue_id, "mode": "ring", "wrapUpSec": 0}
    made = await tenant.call("POST", "/v1/agents", new)
    agent_id, account = made["agentId"], made["phone"]
    await on_switch(tenant, agent_id)
    registering = scenarios.registration(account["username"], account["password"])
    await testbed.phone(f"registers-{port}", registering, port=port)
    process = testbed.callee(f"phone-{port}", scenario, port, hz=hz)
    process.start()
    phone = DeskPhone(hotline, agent_id, account["username"], process)
    try:
        yield phone
        if (await phone.shown())["state"] != "offline":
            await tenant.signed_out(agent_id)
    finally:
        process.stop()
