"""Connections that requests borrow."""

import asyncio
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import pytest

from tests.support.databases import needs_session, session_of
from tongdai.db.migrate import migrate
from tongdai.db.pool import Lender, connect, host_of, open_pool, reach, servers_of
from tongdai.db.unavailable import UNAVAILABLE


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


async def test_who_waits_too_long_is_reported_and_leaves_its_place(dsn):
    lender = Lender(dsn, 1, name="tests", wait_s=0.01)
    async with lender.borrow():
        with pytest.raises(TimeoutError):
            await backend(lender)
    assert await backend(lender)
    lender.terminate()


async def test_a_check_that_fails_once_a_connection_is_free_borrows_none(dsn):
    class LeftError(Exception):
        pass

    def check():
        raise LeftError

    lender = Lender(dsn, 1, name="tests")

    async def borrow_checked():
        async with lender.borrow(check):
            pytest.fail("it was lent")

    async with lender.borrow():
        waiting = asyncio.create_task(borrow_checked())
        await asyncio.sleep(0)
        assert not waiting.done(), "it waits like any other"
    with pytest.raises(LeftError):
        await waiting
    assert lender.lent == 0
    assert await backend(lender)
    lender.terminate()


@pytest.mark.parametrize(("crowded_s", "crowded"), [(-1.0, True), (3600.0, False)])
async def test_crowded_while_more_than_a_few_wait_for_too_long(dsn, crowded_s, crowded):
    lender = Lender(dsn, 1, name="tests", wait_s=600, crowded_s=crowded_s, burst=0)
    async with lender.borrow():
        waiting = [asyncio.create_task(backend(lender))]
        await asyncio.sleep(0)
        assert not lender.crowded(), "few wait"
        waiting.append(asyncio.create_task(backend(lender)))
        await asyncio.sleep(0)
        assert lender.crowded() == crowded
    await asyncio.gather(*waiting)
    assert not lender.crowded()
    lender.terminate()


async def test_crowded_when_so_many_wait_that_the_last_would_wait_for_too_long(dsn):
    lender = Lender(dsn, 1, name="tests", wait_s=600, crowded_s=0.2, burst=0)

    async def held():
        async with lender.borrow() as conn:
            await conn.execute("select pg_sleep(0.02)")

    waiting = [asyncio.create_task(held()) for _ in range(100)]
    await asyncio.sleep(0)
    assert not lender.crowded(), "nothing is known, and nobody has waited for long"
    seen = set[bool]()
    while not all(task.done() for task in waiting):
        seen.add(lender.crowded())
        await asyncio.sleep(0.01)
    assert seen == {False, True}
    assert not lender.crowded()
    lender.terminate()


async def test_request_that_gives_up_no_longer_waits(dsn):
    lender = Lender(dsn, 1, name="tests", wait_s=600, crowded_s=-1, burst=0)
    async with lender.borrow():
        waiting = [asyncio.create_task(backend(lender)) for _ in range(2)]
        await asyncio.sleep(0)
        assert lender.crowded()
        waiting.pop().cancel()
        await asyncio.sleep(0)
        assert not lender.crowded()
    await asyncio.gather(*waiting)
    lender.terminate()


async def test_a_failing_statement_leaves_a_good_connection(lender):
    pid = await backend(lender)
    with pytest.raises(asyncpg.UndefinedTableError):
        async with lender.borrow() as conn:
            await conn.execute("select * from nowhere")
    assert await backend(lender) == pid


@needs_session
async def test_a_connection_in_an_open_transaction_is_not_lent_again(lender):
    async with lender.borrow() as conn:
        pid = await conn.fetchval("select pg_backend_pid()")
        await conn.execute("begin")
    assert await backend(lender) != pid


@needs_session
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


@needs_session
async def test_a_connection_that_the_server_ended_is_replaced(lender, conn):
    pid = await backend(lender)
    await conn.fetchval("select pg_terminate_backend($1, 5000)", pid)
    with suppress(*UNAVAILABLE):  # unless asyncpg has heard of it already
        await backend(lender)
    assert await backend(lender) != pid


async def test_an_address_where_nobody_listens_leaves_the_place_free(tmp_path):
    lender = Lender(f"postgresql://tongdai@/postgres?host={tmp_path}", 1, name="tests")
    for _ in range(2):
        with pytest.raises(OSError, match="No such file"):
            await backend(lender)
    assert lender.lent == 0


# Several servers


def at(socket: Path, port: str = "5432") -> str:
    """A server as part of a URL: the folder of its socket."""
    return f"{quote(str(socket), safe='')}:{port}"


@pytest.fixture
def server(dsn: str) -> tuple[str, str]:
    """The parts before and after the hosts in a URL of the tests' database."""
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    if not query.get("host", [""])[0].startswith("/"):
        pytest.skip("the tests' server has no socket in a folder")
    login = parts.netloc.rpartition("@")[0]
    here = at(Path(query["host"][0]), query.get("port", ["5432"])[0])
    return f"postgresql://{login}@", f"{here}{parts.path}?target_session_attrs=read-write"


async def connected(dsn: str) -> int:
    conn = await connect(dsn, name="tests", timeout=10)
    try:
        return await conn.fetchval("select 1")
    finally:
        await conn.close()


async def test_a_server_that_is_away_is_passed_over(server, tmp_path):
    before, after = server
    assert await connected(f"{before}{at(tmp_path)},{after}") == 1


async def test_a_server_that_never_answers_gets_its_share_of_the_time(server, tmp_path):
    asked = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    before, after = server
    silent = await asyncio.start_unix_server(never_answer, tmp_path / ".s.PGSQL.5432")
    async with silent:
        dsn = f"{before}{at(tmp_path)},{after}"
        assert await connected(dsn) == 1
        assert asked.is_set()
        asked.clear()
        assert await connected(dsn) == 1
        assert not asked.is_set(), "the server that accepted the last connection is tried first"


async def test_when_no_server_answers_the_last_error_is_raised(server, tmp_path):
    before, _ = server
    with pytest.raises(OSError, match="No such file"):
        await connected(f"{before}{at(tmp_path)},{at(tmp_path / 'other')}/postgres")


def test_hosts_are_named_and_passwords_are_not():
    assert host_of("postgresql://me:secret@a.example:1,b.example:2/db?x=1") == "a.example, b.example"
    assert servers_of("postgresql://me:p%40@a:1,[::1]/db?x=1") == [
        "postgresql://me:p%40@a:1/db?x=1",
        "postgresql://me:p%40@[::1]/db?x=1",
    ]
    assert servers_of("postgresql://me@/db?host=/tmp") == ["postgresql://me@/db?host=/tmp"]


# Transactions that stand still

SETTINGS = "select current_setting('idle_in_transaction_session_timeout'), current_setting('application_name')"


async def test_a_transaction_that_stands_still_is_limited_and_the_session_is_not(dsn):
    pool = await open_pool(dsn, 1, name="held", hold_s=7)
    async with pool.acquire() as conn:
        async with conn.transaction():
            assert tuple(await conn.fetchrow(SETTINGS) or ()) == ("7s", "held")
            if conn.get_server_version() >= (17,):
                assert await conn.fetchval("show transaction_timeout") == "21s"
            async with conn.transaction():
                assert tuple(await conn.fetchrow(SETTINGS) or ()) == ("7s", "held")
        assert tuple(await conn.fetchrow(SETTINGS) or ()) == ("0", "held")
    await pool.close()


async def test_sessions_of_a_migrated_database_have_the_settings_of_requests(fresh_database):
    names = ("jit", "lock_timeout", "statement_timeout")
    async with fresh_database(migrated=False) as url:
        command = await reach(session_of(url), name="tests")
        await migrate(command)
        lender = Lender(url, 1, name="tests")
        async with lender.borrow() as conn:
            assert [await conn.fetchval(f"show {name}") for name in names] == ["off", "3s", "30s"]
        lender.terminate()
        await command.close()
        command = await reach(session_of(url), name="tests")
        assert [await command.fetchval(f"show {name}") for name in names] == ["off", "0", "0"]
        await command.close()
