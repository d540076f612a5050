"""Workers of the API share a port, are restarted, and stop with their parent."""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
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


async def test_connections_are_spread_over_the_workers(data_dir: Path) -> None:
    async with serving(data_dir, workers=2) as server, AsyncExitStack() as stack:
        workers = server.pids("worker")
        before = [_sockets(pid) for pid in workers]

        async def one() -> None:
            client = await stack.enter_async_context(httpx2.AsyncClient(timeout=30))
            assert (await client.get(f"{server.url}/v1/nothing")).status_code == 404

        # At once: the worker that wakes first must not accept them all.
        await asyncio.gather(*(one() for _ in range(64)))
        accepted = [_sockets(pid) - count for pid, count in zip(workers, before, strict=True)]
        assert min(accepted) > 8, accepted


def _sockets(pid: int) -> int:
    return sum(str(descriptor.readlink()).startswith("socket:") for descriptor in Path(f"/proc/{pid}/fd").iterdir())


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
