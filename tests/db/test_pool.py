"""Connections that requests borrow."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from tongdai.db.pool import UNREACHABLE, Lender


@pytest.fixture
async def lender(dsn):
    lender = Lender(dsn, 2, name="tests")
    yield lender
    lender.terminate()


async def backend(lender):
    async with lender.borrow() as conn:
        return await conn.fetchval("select pg_backend_pid()")


async def test_a_connection_is_used_again(lender):
    assert await backend(lender) == await backend(lender)
    assert lender.lent == 0


async def test_no_more_are_lent_than_there_are_and_who_waits_gets_the_next(lender):
    first, second = await lender.take(), await lender.take()
    pid = await second.fetchval("select pg_backend_pid()")
    waiting = asyncio.ensure_future(backend(lender))
    await asyncio.sleep(0)
    assert (lender.lent, waiting.done()) == (1, False)
    lender.give_back(second, None)
    assert await waiting == pid
    lender.give_back(first, None)


async def test_who_waits_too_long_is_told_and_leaves_its_place(dsn):
    lender = Lender(dsn, 1, name="tests", wait_s=0.01)
    async with lender.borrow():
        with pytest.raises(TimeoutError):
            await backend(lender)
    assert await backend(lender)
    lender.terminate()


async def test_a_failing_statement_leaves_a_good_connection(lender):
    pid = await backend(lender)
    with pytest.raises(asyncpg.UndefinedTableError):
        async with lender.borrow() as conn:
            await conn.execute("select * from nowhere")
    assert await backend(lender) == pid


async def test_a_connection_in_an_open_transaction_is_not_lent_again(lender):
    async with lender.borrow() as conn:
        pid = await conn.fetchval("select pg_backend_pid()")
        await conn.execute("begin")
    assert await backend(lender) != pid


async def test_a_cancelled_request_takes_its_connection_with_it(lender):
    pid = await backend(lender)
    started = asyncio.Event()

    async def wait_for_ever():
        async with lender.borrow() as conn:
            started.set()
            await conn.execute("select pg_sleep(60)")

    task = asyncio.ensure_future(wait_for_ever())
    await started.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await backend(lender) != pid
    assert lender.lent == 0


async def test_a_connection_that_the_server_ended_is_replaced(lender, conn):
    pid = await backend(lender)
    await conn.fetchval("select pg_terminate_backend($1, 5000)", pid)
    with suppress(*UNREACHABLE):  # unless asyncpg has heard of it already
        await backend(lender)
    assert await backend(lender) != pid


async def test_an_address_where_nobody_listens_leaves_the_place_free(tmp_path):
    lender = Lender(f"postgresql://tongdai@/postgres?host={tmp_path}", 1, name="tests")
    for _ in range(2):
        with pytest.raises(OSError, match="No such file"):
            await backend(lender)
    assert lender.lent == 0
