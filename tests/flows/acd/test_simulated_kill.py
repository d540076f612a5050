"""The simulated switch dies with its process: its agents are signed in again, through the whole server."""

import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.servers import eventually, serving
from tongdai.testing import factories

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


async def test_agents_work_again_after_a_kill_but_those_who_were_paused_or_signed_out(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", simulated_callers_per_hour=0) as server:
        key = await server.key(scopes=frozenset(factories.Scope))
        async with httpx2.AsyncClient(
            base_url=f"{server.url}/v1", headers={"X-Api-Key": key.value}, timeout=30
        ) as client:

            async def call(method: str, path: str, body: object = None) -> Any:
                response = await client.request(method, path, json=body)
                assert response.status_code == 200, response.text
                return response.json()

            queue_id = (await call("POST", "/queues/inbound", {"callinName": "Sales"}))["callinId"]
            agents: list[str] = []
            for name in ("works", "paused", "gone"):
                body = {"agentName": name, "endpoint": f"phone-{name}", "queueId": queue_id}
                agents.append(f"/agents/{(await call('POST', '/agents', body))['agentId']}")
                await call("POST", f"{agents[-1]}/sign-in")

            async def states() -> list[str]:
                return [(await call("GET", agent))["state"] for agent in agents]

            async def are(*wanted: str) -> None:
                async def reached() -> bool:
                    return await states() == list(wanted)

                await eventually(reached, 60, f"agents {wanted}")

            await are("idle", "idle", "idle")
            await call("POST", f"{agents[1]}/pause", {"reason": "lunch"})
            await call("POST", f"{agents[2]}/sign-out")
            await are("idle", "paused", "offline")
            since = (await call("GET", agents[0]))["stateSince"]
            await server.kill("telephony")

            async def works_again() -> bool:
                agent = await call("GET", agents[0])
                return agent["state"] == "idle" and agent["stateSince"] > since

            await eventually(works_again, 60, "the agent to be called again")
            await are("idle", "offline", "offline")
            assert [(await call("GET", agent))["offlineReason"] for agent in agents] == [None, "lost", "signed_out"]
