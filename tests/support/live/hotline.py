"""A queue with a number of its own, and its callers."""

import itertools
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from tests.support.live import callers, voice
from tests.support.live.calls import heard
from tests.support.live.headset import Headset, headset
from tests.support.live.recordings import RECORDER
from tests.support.live.tenant import TENANT, Fields, LiveTenant, cli
from tests.support.live.testbed import Child, Testbed
from tests.support.servers import eventually
from tests.support.switch import Listener
from tongdai.switch import commands

_numbers = itertools.count(1)


@dataclass
class Hotline:
    """A queue with a number of its own, in which callers may wait while nobody is signed in."""

    tenant: LiveTenant
    recorder: Listener
    queue_id: int
    called: str
    headsets: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def testbed(self) -> Testbed:
        return self.tenant.testbed

    def rings(self, caller: str, refused: int | None = None) -> Child:
        """Somebody rings the queue's number."""
        return self.testbed.ring_in(callers.caller(self.called, caller, refused=refused))

    async def listens(self, caller: str) -> Headset:
        """Somebody rings the queue's number, and hears with a headset; they say nothing."""
        address = self.testbed.media_address()
        worn = await self.headsets.enter_async_context(headset(address, voice.TONES))
        self.testbed.ring_in(callers.caller(self.called, caller, media=address))
        return worn

    async def noted(self, somebody: Child, caller: str, what: str, within_s: float = 15) -> None:
        """Wait until it has happened to the caller."""
        await eventually(lambda: self.testbed.ledger(somebody)[caller, what], within_s, f"{caller} {what}")

    async def change(self, **fields: object) -> None:
        await self.tenant.call("PUT", f"/v1/queues/inbound/{self.queue_id}", fields)

    async def settings(self, **fields: object) -> None:
        await self.tenant.call("PATCH", f"/v1/queues/inbound/{self.queue_id}/settings", fields)

    async def waiting(self, *numbers: str) -> list[Fields]:
        """Wait until these callers wait, in this order."""
        found: list[Fields] = []

        async def there() -> bool:
            nonlocal found
            found = (await self.tenant.call("GET", f"/v1/queues/inbound/{self.queue_id}/live"))["callers"]
            return [one["phoneNumber"] for one in found] == [f"0{number[2:]}" for number in numbers]

        await eventually(there, 15, lambda: f"{numbers} to wait: {found}", poll_s=0.1)
        return found

    async def channel(self, caller: str) -> str:
        """The channel of a caller."""
        [found] = [one.channel_id for one in await commands.channels(self.recorder.ari) if one.caller == caller]
        return found

    async def hears(self, *channels: str) -> list[set[int]]:
        return await heard(self.recorder, self.testbed, *channels, app=RECORDER)

    async def comes_to_hear(self, *expected: set[int], of: Sequence[str]) -> None:
        """Wait until these channels hear these tones."""
        heard: list[set[int]] = []

        async def as_expected() -> bool:
            nonlocal heard
            heard = await self.hears(*of)
            return heard == [*expected]

        await eventually(as_expected, 20, lambda: f"{expected}: {heard}")

    async def talking(self, agent_id: int) -> str:
        """Wait until the agent talks; the call."""
        await self.tenant.agent(agent_id, "talking")
        return (await self.tenant.call("GET", f"/v1/agents/{agent_id}"))["callId"]

    async def act(self, call_id: str, act: str) -> None:
        await self.tenant.call("POST", f"/v1/calls/{call_id}/{act}")

    async def hang_up(self, call_id: str, agent_id: int) -> None:
        """End the agent's talk, and wait until they are in none, or in the next."""
        await self.act(call_id, "hang-up")

        async def over() -> bool:
            agent = await self.tenant.call("GET", f"/v1/agents/{agent_id}")
            return agent["callId"] != call_id

        await eventually(over, 15, "the end of the call", poll_s=0.05)


async def hotline_of(tenant: LiveTenant, recorder: Listener, **fields: Any) -> Hotline:
    called = f"84287100{next(_numbers):04d}"
    await cli(tenant.server, "number", "give", f"+{called}", "--tenant", str(TENANT))
    new = {"callinName": called, "callinNumber": f"0{called[2:]}"} | fields
    queue_id = (await tenant.call("POST", "/v1/queues/inbound", new))["callinId"]
    hotline = Hotline(tenant, recorder, queue_id, called)
    await hotline.settings(joinEmpty=True, leaveEmptyAfterSec=None)
    return hotline
