"""A store of rate limits that hangs (SIGSTOP) is replaced, and requests are answered and limited meanwhile."""

import signal
import sys
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from tests.support.servers import Server, eventually, serving

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.slow]

REPLACED_S = 12.0
QUEUES = "/v1/queues/inbound"
LIMIT = 20


async def store_is_down(server: Server) -> bool:
    """Whether some worker limits by its own share."""
    async with httpx2.AsyncClient(timeout=5) as client:
        text = (await client.get(f"{server.admin_url}/metrics")).text
    return "tongdai_rate_limit_store_down 1.0" in text


@pytest.mark.parametrize("deep", [False, True], ids=["", "its socket has a folder of its own"])
async def test_hung_store_is_replaced_and_limits_hold(data_dir: Path, deep: bool) -> None:
    folder = data_dir / ("d" * 100) if deep else data_dir
    async with serving(folder, workers=2, tenant_limit=LIMIT, route_limit=LIMIT) as server:
        hung = await server.pid_of("valkey")
        spent, later = await server.key(), await server.key()
        seen = Counter[int]()
        async with httpx2.AsyncClient(timeout=10, base_url=server.url) as client:
            assert (await client.get(QUEUES, headers=spent.headers)).status_code == 200
            server.send_to(hung, signal.SIGSTOP)

            async def replaced() -> bool:
                seen[(await client.get(QUEUES, headers=spent.headers)).status_code] += 1
                return server.pids("valkey") not in ([], [hung])

            await eventually(replaced, REPLACED_S, "another store")
            assert set(seen) <= {200, 429}, seen

            async def shared() -> bool:
                await client.get("/v1/campaigns", headers=spent.headers)  # a request finds out that it is back
                return not await store_is_down(server)

            await eventually(shared, 10, "limits to be shared again")
            statuses = Counter(
                [(await client.get(QUEUES, headers=later.headers)).status_code for _ in range(LIMIT + 5)]
            )
            assert statuses[200] <= LIMIT, statuses
            assert set(statuses) == {200, 429}, statuses
        assert "valkey hangs: killed" in server.log_text()
        assert await server.stop() == 0
