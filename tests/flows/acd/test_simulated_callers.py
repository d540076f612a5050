"""Callers of the simulated switch ring the queues that there are, and are served."""

import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.servers import eventually, serving
from tongdai.numbers import store as numbers
from tongdai.testing import factories

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


async def test_simulated_callers_ring_a_queue_and_are_answered(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", simulated_callers_per_hour=36_000, simulated_talk_s=0.5) as server:
        key = await server.key(scopes=frozenset(factories.Scope))
        async with server.database() as conn:
            await numbers.give(conn, key.tenant_id, 842873001234, None, None)
        async with httpx2.AsyncClient(base_url=server.url, headers={"X-Api-Key": key.value}) as client:

            async def call(method: str, path: str, body: object = None) -> Any:
                response = await client.request(method, path, json=body)
                assert response.status_code == 200, response.text
                return response.json()

            queue = await call("POST", "/v1/queues/inbound", {"callinName": "Sales", "callinNumber": "02873001234"})
            agent = {"agentName": "B", "endpoint": "agent-7", "queueId": queue["callinId"], "wrapUpSec": 0}
            made = await call("POST", "/v1/agents", agent)
            await call("POST", f"/v1/agents/{made['agentId']}/sign-in")

            async def answered() -> bool:
                live = await call("GET", "/v1/live")
                (found,) = live["queues"]
                return found["today"]["answered"] > 1

            await eventually(answered, 60, "callers to be answered", poll_s=0.3)
