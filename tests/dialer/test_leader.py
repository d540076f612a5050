"""Leader election: one of several processes leads, and another takes over when its session has ended."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.support.databases import FreshDatabase, session_of
from tests.support.servers import eventually
from tongdai.dialer.leader import lead
from tongdai.switches.model import DEFAULT, DEFAULT_NAME

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
    task = asyncio.create_task(lead(dsn, DEFAULT, DEFAULT_NAME, process.work))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_second_process_dials_only_after_the_first_has_ended(fresh_database: FreshDatabase) -> None:
    first, second = Process(), Process()
    async with fresh_database(migrated=False) as url, leading(dsn := session_of(url), first) as task:
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
    async with fresh_database(migrated=False) as url, leading(dsn := session_of(url), process):
        await eventually(lambda: process.dialling, 10, "it to dial")
        conn = await asyncpg.connect(dsn)
        assert await conn.fetchval(END_SESSIONS) == 1
        await eventually(lambda: process.ended == 1, 10, "it to stop")
        await eventually(lambda: process.begun == 2, 10, "it to dial again")
        await conn.close()


async def test_two_processes_never_dial_at_once_while_sessions_keep_ending(fresh_database: FreshDatabase) -> None:
    processes = [Process() for _ in range(3)]
    async with fresh_database(migrated=False) as url:
        dsn = session_of(url)
        conn = await asyncpg.connect(dsn)
        tasks = [asyncio.create_task(lead(dsn, DEFAULT, DEFAULT_NAME, process.work)) for process in processes]
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

    async with fresh_database(migrated=False) as url:
        dsn = session_of(url)
        await lead(dsn, DEFAULT, DEFAULT_NAME, ends)
        with pytest.raises(LookupError):
            await lead(dsn, DEFAULT, DEFAULT_NAME, fails)
