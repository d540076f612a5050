"""A database that hangs is distinguished from a slow statement."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.database_proxy import DatabaseProxy
from tongdai.db.pool import Lender
from tongdai.db.silence import Silence
from tongdai.db.unavailable import UNAVAILABLE

ANSWER_S = 2.0
"""The one of the product: a loaded machine answers more slowly than a test would like."""


@pytest.fixture
async def proxy(dsn: str) -> AsyncGenerator[DatabaseProxy]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with DatabaseProxy(dsn, Path(folder)) as proxy:
            yield proxy


@pytest.fixture
async def lender(proxy: DatabaseProxy) -> AsyncGenerator[Lender]:
    lender = Lender(proxy.dsn, 3, name="tests")
    yield lender
    lender.terminate()


@pytest.fixture
async def silence(proxy: DatabaseProxy, lender: Lender) -> AsyncGenerator[Silence]:
    silence = Silence(proxy.dsn, lender, suspect_s=-1.0, answer_s=ANSWER_S)
    await silence.look()
    yield silence
    silence.close()


async def statement(lender: Lender, sql: str) -> object:
    async with lender.borrow() as conn:
        return await conn.fetchval(sql)


async def test_slow_statement_of_a_server_that_answers_is_left_alone(lender: Lender, silence: Silence) -> None:
    async with lender.borrow() as conn:
        slow = asyncio.ensure_future(conn.fetchval("select 1 from pg_sleep(0.5)"))
        while not slow.done():
            await silence.look()
        assert await slow == 1


async def test_statements_of_a_server_that_hangs_fail_at_once_and_all_is_well_when_it_is_back(
    proxy: DatabaseProxy, lender: Lender, silence: Silence
) -> None:
    idle = await asyncio.gather(statement(lender, "select pg_backend_pid()"))
    async with lender.borrow(), lender.borrow():
        pass
    proxy.speaks.clear()
    waiting = [asyncio.ensure_future(statement(lender, "select 1")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await silence.look()
    for error in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(error, UNAVAILABLE), error
    assert lender.lent == 0
    proxy.speaks.set()
    await silence.look()
    assert await statement(lender, "select pg_backend_pid()") not in idle, (
        "a connection to a server that hung is closed"
    )


async def test_transaction_that_waits_for_a_server_that_hangs_ends_too(
    proxy: DatabaseProxy, lender: Lender, silence: Silence
) -> None:
    begun = asyncio.Event()

    async def in_transaction() -> None:
        async with lender.borrow() as conn, conn.transaction():
            await conn.execute("select 1")
            begun.set()
            proxy.speaks.clear()
            await conn.execute("select 2")

    waiting = asyncio.ensure_future(in_transaction())
    await begun.wait()
    with pytest.raises(TimeoutError):
        await silence.look()
    with pytest.raises(UNAVAILABLE):
        await waiting
    assert lender.lent == 0


async def test_a_request_that_needs_no_answer_meanwhile_ends_as_usual(
    proxy: DatabaseProxy, lender: Lender, silence: Silence
) -> None:
    async with lender.borrow():
        proxy.speaks.clear()
        with pytest.raises(TimeoutError):
            await silence.look()
    proxy.speaks.set()
    assert await statement(lender, "select 1") == 1


async def test_a_database_that_nobody_waits_for_is_asked_seldom(proxy: DatabaseProxy, lender: Lender) -> None:
    silence = Silence(proxy.dsn, lender, answer_s=ANSWER_S)
    await silence.look()
    async with lender.borrow():
        proxy.speaks.clear()
        await silence.look()
    silence.close()
