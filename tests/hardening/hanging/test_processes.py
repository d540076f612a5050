"""Processes that hang (SIGSTOP) are detected within 10 s and replaced."""

import signal
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tests.support.servers import Role, Server, eventually, serving

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.slow]

NOTICED_S = 10.0
REPLACED_S = 20.0
ROLES: tuple[Role, ...] = ("worker", "engine", "telephony")


def stop(server: Server, *roles: Role) -> set[int]:
    """Stop every process of these roles; their pids."""
    return {pid for role in roles for pid in server.pids(role) if server.send_to(pid, signal.SIGSTOP)}


async def replaced(server: Server, stopped: set[int], *roles: Role) -> None:
    began = time.monotonic()

    async def unready() -> bool:
        return await server.readiness() == 503

    def gone() -> bool:
        return not stopped & server.processes().keys()

    await eventually(unready, NOTICED_S, "readiness to tell")
    await eventually(gone, NOTICED_S + 2 - (time.monotonic() - began), "the stopped processes to be killed")

    async def ready() -> bool:
        return await server.readiness() == 200 and all(server.pids(role) for role in roles)

    await eventually(ready, REPLACED_S, "their successors")


async def answers(server: Server) -> None:
    """Each worker answers: so many connections reach all of them."""
    for _ in range(16):
        async with httpx2.AsyncClient(timeout=5) as client:
            assert (await client.get(f"{server.url}/v1/nothing")).status_code == 404


async def test_all_that_hang_at_once_are_replaced(data_dir: Path) -> None:
    async with serving(data_dir, workers=2) as server:
        stopped = stop(server, *ROLES)
        assert len(stopped) == 4
        await replaced(server, stopped, *ROLES)
        await answers(server)
        assert server.log_text().count("role hangs: killed") == 4
        assert await server.stop() == 0


async def test_main_process_of_the_api_is_replaced_with_its_workers(data_dir: Path) -> None:
    async with serving(data_dir, workers=2) as server:
        stopped = stop(server, "api", "worker")
        assert len(stopped) == 3
        await replaced(server, stopped, "api", "worker")
        await answers(server)


async def test_processes_that_were_suspended_together_with_their_parent_are_not_killed(data_dir: Path) -> None:
    """That is a machine that was suspended, or paused by its hypervisor."""
    async with serving(data_dir) as server:
        roles: tuple[Role, ...] = ("serve", "api", *ROLES)
        pids = {role: server.pids(role) for role in roles}
        stopped = stop(server, *roles)
        began = time.monotonic()
        await eventually(lambda: time.monotonic() - began > NOTICED_S + 1, NOTICED_S + 5, "time to pass")
        for pid in stopped:
            server.send_to(pid, signal.SIGCONT)

        async def ready() -> bool:
            return await server.readiness() == 200

        await eventually(ready, 15, "readiness")
        assert {role: server.pids(role) for role in roles} == pids
        assert "role hangs" not in server.log_text()
