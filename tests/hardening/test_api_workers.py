"""Workers of the API share one listening socket, are restarted, and stop with their parent."""

import signal
import sys
from pathlib import Path

import httpx2
import pytest

from tests.support.servers import eventually, serving

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.slow]


async def test_a_worker_that_dies_is_replaced_and_its_port_never_refuses(data_dir: Path) -> None:
    async with serving(data_dir) as server:
        dead = await server.kill("worker")

        async with httpx2.AsyncClient(timeout=30) as client:
            # Accepted by the kernel at once, answered by the next worker.
            assert (await client.get(f"{server.url}/v1/nothing")).status_code == 404
        assert dead not in server.pids("worker")
        assert await server.stop() == 0


async def test_workers_end_with_their_parent(data_dir: Path) -> None:
    async with serving(data_dir, workers=2) as server:
        before = set(server.pids("worker"))
        assert len(before) == 2
        await server.kill("api", signal.SIGKILL)

        def replaced() -> bool:
            return len(server.pids("worker")) == 2 and not before & server.processes().keys()

        await eventually(replaced, 30, "other workers, and none of the former ones")
        async with httpx2.AsyncClient(timeout=30) as client:
            assert (await client.get(f"{server.url}/v1/nothing")).status_code == 404
