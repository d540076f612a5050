"""The whole server, and a switch behind a websocket that keeps a ledger of what really happened."""

import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.support.ari_server import AriServer
from tests.support.servers import Server, eventually, serving
from tongdai.clock import SystemClock
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callees, uniform
from tongdai.testing import factories

USER, PASSWORD = "tongdai", "a password of the tests"
NEVER_AGAIN = {name: {"afterMin": 1, "times": 0} for name in ("no_answer", "busy", "failed", "machine", "abandoned")}
QUICK = {"ringTimeoutSec": 15, "callsPerSecond": 50, "maxConcurrentCalls": 200, "retryRules": NEVER_AGAIN}


@dataclass(frozen=True)
class DialingServer:
    server: Server
    simulated: SimulatedAsterisk
    settings: dict[str, str]
    key: factories.Key

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        async with httpx2.AsyncClient(base_url=self.server.url, timeout=30) as client:
            response = await client.request(method, path, json=body, headers={"X-Api-Key": self.key.value})
        assert response.status_code == 200, response.text
        return response.json()

    async def campaign(self, contacts: int, first: int, **settings: object) -> int:
        """Running, with so many contacts; numbers from `first` on."""
        made = await self.call("POST", "/v1/campaigns", {"campaignName": "A", **QUICK, **settings})
        rows = [{"phoneNumber": f"09{first + place:08}"} for place in range(contacts)]
        path = f"/v1/campaigns/{made['campaignId']}"
        job = await self.call("POST", f"{path}/contacts/bulk", {"contacts": rows})
        await eventually(lambda: self._done(f"{path}/contacts/import/{job['job_id']}"), 30, "the import", poll_s=0.1)
        await self.call("POST", f"{path}/start")
        return made["campaignId"]

    async def _done(self, path: str) -> bool:
        return (await self.call("GET", path))["status"] == "done"

    async def totals(self, campaign_id: int) -> dict[str, int]:
        return (await self.call("GET", f"/v1/campaigns/{campaign_id}"))["processStatus"]

    async def processed(self, campaign_id: int, contacts: int, within_s: float) -> None:
        async def all_are() -> bool:
            return (await self.totals(campaign_id))["2"] == contacts

        await eventually(all_are, within_s, "every contact to be processed", poll_s=0.3)

    def dialled(self, first: int, contacts: int) -> Counter[str]:
        """How often each number was called, by the switch's own ledger."""
        ours = {f"849{first + place:08}" for place in range(contacts)}
        return Counter(call.to for call in self.simulated.ledger.calls if call.to in ours)


@asynccontextmanager
async def dialing_server(folder: Path, **own: str) -> AsyncGenerator[DialingServer]:
    """`own`: further settings of the server."""
    callees = Callees(answer_rate=0.5, ring_s=uniform(0.1, 1), talk_s=uniform(0.2, 2), dead=0.0)
    simulated = SimulatedAsterisk(random.Random(7), SystemClock(), callees)
    async with AriServer(simulated, USER, PASSWORD).serving() as switch:
        settings = {"asterisk": switch.url, "asterisk_user": USER, "asterisk_password": PASSWORD, "trunk": "carrier"}
        async with serving(folder / "data", **settings, **own) as server:
            yield DialingServer(server, simulated, settings, await server.key(scopes=frozenset(factories.Scope)))
