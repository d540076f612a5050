"""Leader election: one of several processes leads, and another takes over when its session has ended."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
import pytest
from structlog.testing import capture_logs

from tests.support.databases import FreshDatabase, session_of
from tests.support.servers import eventually
from tongdai.clock import since_boot
from tongdai.switch.interface import Ari, Reply, SwitchUnreachable
from tongdai.switches.model import DEFAULT, DEFAULT_NAME
from tongdai.telephony.leader import HUNG_AFTER_S, LEASE_S, POLL_S, Fence, FencedAri, lead

END_SESSIONS = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where application_name = 'tongdai leader' and datname = current_database()
"""


class Process:
    """A candidate for the lead; `dialling` while it has it."""

    def __init__(self) -> None:
        self.dialling = False
        self.begun = self.ended = 0

    async def work(self) -> None:
        self.dialling = True
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.dialling = False
            self.ended += 1


@asynccontextmanager
async def leading(dsn: str, process: Process) -> AsyncGenerator["asyncio.Task[None]"]:
    task = asyncio.create_task(lead(dsn, DEFAULT, DEFAULT_NAME, process.work, Fence()))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_second_process_dials_only_after_the_first_has_ended(fresh_database: FreshDatabase) -> None:
    first, second = Process(), Process()
    async with fresh_database() as url, leading(dsn := session_of(url), first) as task:
        await eventually(lambda: first.dialling, 10, "the first to dial")
        async with leading(dsn, second):
            await eventually(lambda: _waits(dsn), 10, "the second to ask for the lock")
            assert not second.dialling
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert not first.dialling
            await eventually(lambda: second.dialling, 10, "the second to dial")
    assert (first.begun, second.begun, second.ended) == (1, 1, 1)


async def _waits(dsn: str) -> bool:
    conn = await asyncpg.connect(dsn)
    try:
        reported = await conn.fetchval(
            "select count(*) from pg_stat_activity where application_name = 'tongdai leader' "
            "and datname = current_database()"
        )
        return bool(reported == 2)
    finally:
        await conn.close()


async def test_process_whose_session_ended_stops_before_it_dials_again(fresh_database: FreshDatabase) -> None:
    process = Process()
    async with fresh_database() as url, leading(dsn := session_of(url), process):
        await eventually(lambda: process.dialling, 10, "it to dial")
        conn = await asyncpg.connect(dsn)
        assert await conn.fetchval(END_SESSIONS) == 1
        await eventually(lambda: process.ended == 1, 10, "it to stop")
        await eventually(lambda: process.begun == 2, 10, "it to dial again")
        await conn.close()


async def test_two_processes_never_dial_at_once_while_sessions_keep_ending(fresh_database: FreshDatabase) -> None:
    processes = [Process() for _ in range(3)]
    async with fresh_database() as url:
        dsn = session_of(url)
        conn = await asyncpg.connect(dsn)
        tasks = [asyncio.create_task(lead(dsn, DEFAULT, DEFAULT_NAME, process.work, Fence())) for process in processes]
        for _ in range(3):
            await eventually(lambda: any(process.dialling for process in processes), 10, "one to dial")
            assert sum(process.dialling for process in processes) == 1
            await conn.fetchval(END_SESSIONS)
            begun = sum(process.begun for process in processes)
            await eventually(lambda: sum(process.ended for process in processes) == begun, 10, "it to stop")  # noqa: B023
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await conn.close()


async def test_end_of_the_work_ends_the_lead(fresh_database: FreshDatabase) -> None:
    async def fails() -> None:
        raise LookupError

    async def ends() -> None:
        return

    async with fresh_database() as url:
        dsn = session_of(url)
        await lead(dsn, DEFAULT, DEFAULT_NAME, ends, Fence())
        with pytest.raises(LookupError):
            await lead(dsn, DEFAULT, DEFAULT_NAME, fails, Fence())


async def test_leader_without_heartbeats_loses_its_session_to_one_that_waits(fresh_database: FreshDatabase) -> None:
    """Neither process writes heartbeats here, as one that hangs does not."""
    first, second = Process(), Process()
    async with fresh_database() as url, leading(dsn := session_of(url), first):
        await eventually(lambda: first.dialling, 10, "the first to dial")
        async with leading(dsn, second):
            await eventually(lambda: second.dialling, HUNG_AFTER_S + 10, "the second to dial")
            assert first.ended == 1


async def test_leader_is_left_alone_while_nobody_can_write(fresh_database: FreshDatabase) -> None:
    first, second = Process(), Process()
    async with fresh_database() as url, leading(dsn := session_of(url), first):
        await eventually(lambda: first.dialling, 10, "the first to dial")
        conn = await asyncpg.connect(dsn)
        name = await conn.fetchval("select current_database()")
        await conn.execute(f"alter database {name} set default_transaction_read_only = on")
        await conn.close()
        with capture_logs() as lines:
            async with leading(dsn, second):

                def looked() -> bool:
                    return "leader is silent, and so is the database" in [line["event"] for line in lines]

                await eventually(looked, HUNG_AFTER_S + 10, "the second to try to write")
                assert (first.ended, second.begun) == (0, 0)


def test_fence_holds_for_a_while_after_a_probe_and_never_when_the_session_is_gone() -> None:
    fence = Fence()
    assert not fence.holds()
    fence.confirmed(since_boot())
    assert fence.holds()
    fence.confirmed(since_boot() - LEASE_S)
    assert not fence.holds()
    fence.confirmed(since_boot())
    fence.closed()
    assert not fence.holds()
    assert LEASE_S + 2 * POLL_S < HUNG_AFTER_S, "who was away must find it closed before another may lead"


async def test_switch_is_asked_for_nothing_once_the_fence_is_closed() -> None:
    requests: list[str] = []

    class Switch:
        up = True

        async def request(self, method: str, uri: str, query: object = None, body: object = None) -> Reply:
            requests.append(f"{method} {uri}")
            return Reply(200, None)

    fence = Fence()
    ari = FencedAri(cast("Ari", Switch()), fence)
    fence.confirmed(since_boot())
    assert ari.up
    await ari.request("POST", "channels/create")
    fence.closed()
    assert not ari.up
    with pytest.raises(SwitchUnreachable):
        await ari.request("DELETE", "channels/17")
    assert requests == ["POST channels/create"]
