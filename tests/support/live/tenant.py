"""A tenant of a running server: requests to its API, and the ledgers of the callees."""

import asyncio
import itertools
import json
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2

from tests.support.live import scenarios
from tests.support.live.testbed import AGENT, Child, Testbed, number
from tests.support.servers import Server, eventually

TENANT = 101
Fields = dict[str, Any]
_places = itertools.count(3000)


def numbers(ending: str, count: int = 1) -> list[str]:
    """New numbers, which no other test dials."""
    return [number(ending, next(_places)) for _ in range(count)]


async def cli(server: Server, *words: str) -> str:
    """Run `tongdai …` with the data folder of the server; return its output."""
    command = [sys.executable, "-m", "tongdai.cli", *words, "--data-dir", str(server.data_dir)]
    process = await asyncio.create_subprocess_exec(
        *command, env=server.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode().strip()


@dataclass
class LiveTenant:
    server: Server
    testbed: Testbed
    key: str

    async def call(self, method: str, path: str, json: object = None, **options: Any) -> Any:
        """The body of a response; assert that it is 200."""
        async with httpx2.AsyncClient(base_url=self.server.url, timeout=30) as client:
            sent = {} if json is None else {"json": json}
            headers = {"X-Api-Key": self.key} | options.pop("headers", {})
            response = await client.request(method, path, headers=headers, **sent, **options)
            assert response.status_code == 200, response.text
            return response.json()

    async def refusal(self, method: str, path: str, json: object = None) -> str:
        """The message of a response; assert that it is 400."""
        async with httpx2.AsyncClient(base_url=self.server.url, timeout=30) as client:
            sent: dict[str, Any] = {} if json is None else {"json": json}
            response = await client.request(method, path, headers={"X-Api-Key": self.key}, **sent)
            assert response.status_code == 400, response.text
            return response.json()["error_message"]

    async def campaign(self, numbers: list[str], **settings: object) -> int:
        """A running campaign with these numbers."""
        made = await self.call("POST", "/v1/campaigns", {"campaignName": "Live", "preset": "none"} | settings)
        campaign_id: int = made["campaignId"]
        await self.add(campaign_id, numbers)
        await self.call("POST", f"/v1/campaigns/{campaign_id}/start")
        return campaign_id

    async def add(self, campaign_id: int, numbers: list[str]) -> None:
        """Import contacts, and wait until they are imported."""
        contacts = [{"phoneNumber": f"+{number}"} for number in numbers]
        started = await self.call("POST", f"/v1/campaigns/{campaign_id}/contacts/bulk", {"contacts": contacts})

        async def imported() -> bool:
            job = await self.call("GET", f"/v1/campaigns/{campaign_id}/contacts/import/{started['job_id']}")
            assert job["status"] != "failed", job
            return job["status"] == "done" and job["createdRows"] == len(numbers)

        await eventually(imported, 60, "the import", poll_s=0.1)

    async def calls(self, campaign_id: int) -> list[Fields]:
        """All calls of a campaign, newest first, each once: by cursor, as calls come while they are read."""
        found: list[Fields] = []
        cursor: str | None = "*"
        while cursor is not None:
            query = {"campaignId": campaign_id, "size": 1000, "cursor": cursor}
            page = await self.call("GET", "/v1/calls", params=query)
            found += page["data"]
            cursor = page["nextCursor"]
        return found

    async def ended(self, campaign_id: int, count: int, within_s: float) -> dict[str, Fields]:
        """Wait until `count` calls were placed and all calls have ended; return the call of each dialled number.

        Asserts that each number was dialled once.
        """
        calls: list[Fields] = []

        async def over() -> bool:
            nonlocal calls
            found = await self.calls(campaign_id)
            calls = placed(found)
            return len(calls) >= count and all(call["state"] == "ended" for call in found)

        await eventually(over, within_s, lambda: f"{count} calls ended: {_summary(calls)}", poll_s=0.3)
        by_number = {international(call["phoneNumber"]): call for call in calls}
        assert len(by_number) == len(calls) == count, _summary(calls)
        return by_number

    async def calls_in_state(self, campaign_id: int, state: str, count: int, within_s: float = 30) -> list[Fields]:
        """Wait for `count` calls of a campaign in that state; return them."""

        async def there() -> list[Fields]:
            calls = [call for call in await self.calls(campaign_id) if call["state"] == state]
            return calls if len(calls) >= count else []

        return await eventually(there, within_s, f"{count} calls to be {state}", poll_s=0.1)

    async def contacts(self, campaign_id: int) -> Counter[tuple[int, str | None]]:
        """The number of contacts by (processStatus, callStatus)."""
        lists = await self.call("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
        found: Counter[tuple[int, str | None]] = Counter()
        for one in lists["data"]:
            path = f"/v1/campaigns/{campaign_id}/contact-lists/{one['listId']}/contacts"
            for page in range(-(-one["contactCount"] // 1000)):
                contacts = (await self.call("GET", path, params={"page": page, "size": 1000}))["data"]
                found.update((contact["processStatus"], contact["callStatus"]) for contact in contacts)
        return found

    def rang(self, numbers: list[str], carrier: Child | None = None) -> list[int]:
        """How often each of these phones was called, from the callees' ledger."""
        ledger = self.testbed.ledger(carrier or self.testbed.carrier)
        return [ledger[number, scenarios.CALLED] for number in numbers]

    async def signed_in(self, name: str, wrap_up_s: int = 0) -> tuple[int, int]:
        """A new queue and its only agent, who is idle on the testbed's phone. The phone's former agent is deleted."""
        queue_id = (await self.call("POST", "/v1/queues/inbound", {"callinName": name}))["callinId"]
        agent_id = await self.signing_in(queue_id, name, wrap_up_s)
        await self.agent(agent_id, "idle")
        return queue_id, agent_id

    async def signing_in(self, queue_id: int, name: str, wrap_up_s: int = 0, mode: str = "nailed_up") -> int:
        """A queue's only agent, whose phone is being called. The phone's former agent is deleted."""
        for former in (await self.call("GET", "/v1/agents"))["data"]:
            await self.agent(former["agentId"], "offline")
            await self.call("DELETE", f"/v1/agents/{former['agentId']}")
        new = {"agentName": name, "endpoint": AGENT, "queueId": queue_id, "wrapUpSec": wrap_up_s, "mode": mode}
        agent_id: int = (await self.call("POST", "/v1/agents", new))["agentId"]
        await self.call("POST", f"/v1/agents/{agent_id}/sign-in")
        return agent_id

    async def signed_out(self, agent_id: int) -> None:
        await self.call("POST", f"/v1/agents/{agent_id}/sign-out")
        await self.agent(agent_id, "offline")

    async def agent(self, agent_id: int, state: str, within_s: float = 20) -> None:
        """Wait until the agent is in that state."""
        last: Fields = {}

        async def there() -> bool:
            nonlocal last
            last = await self.call("GET", f"/v1/agents/{agent_id}")
            return last["state"] == state

        await eventually(there, within_s, lambda: f"agent {state}: {json.dumps(last)}", poll_s=0.05)

    async def dialer_lived(self, since: datetime, seconds: float) -> None:
        """Wait until the dialer's heartbeat is so many seconds after an instant."""

        async def lived() -> bool:
            alive_at = (await self.call("GET", "/v1/live"))["dialer"]["aliveAt"]
            return instant(alive_at) - since >= timedelta(seconds=seconds)

        await eventually(lived, seconds + 30, "the dialer to be at work", poll_s=0.3)


def instant(shown: str) -> datetime:
    return datetime.fromisoformat(shown)


def placed(calls: list[Fields]) -> list[Fields]:
    """Calls that the switch was asked to place: those that were not cancelled."""
    return [call for call in calls if call["outcome"] != "cancelled"]


def _summary(calls: list[Fields]) -> Counter[tuple[str, str | None]]:
    return Counter((call["state"], call["outcome"]) for call in calls)


def international(shown: str) -> str:
    """A number as dialled, from the form that a Vietnamese tenant sees (`0901234567`)."""
    return f"84{shown.removeprefix('0')}" if shown.startswith("0") else shown.removeprefix("+")
