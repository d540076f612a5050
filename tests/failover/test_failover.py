"""A database that fails over to its synchronous standby: no acknowledged row is lost, nobody is called twice."""

import random
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from tests.support.ari_server import AriServer
from tests.support.dialing_server import PASSWORD, QUICK, USER, DialingServer
from tests.support.imports.check import all_jobs_ended, problems
from tests.support.imports.client import SETTINGS, Client, Ledger, a_number_of
from tests.support.replication import Node, Pair, replicated
from tests.support.servers import Server, eventually, serving
from tongdai.clock import SystemClock
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callees, uniform
from tongdai.testing import factories

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
    # A server that stands still is given up after the 30 seconds that a statement may take.
    pytest.mark.timeout(300),
]

FAILURES: dict[str, Callable[[Node], None]] = {"killed": Node.kill, "standing still": Node.stop_still}
failing = pytest.mark.parametrize("failure", FAILURES)


@pytest.fixture
async def pair() -> AsyncGenerator[Pair]:
    async with replicated() as pair:
        yield pair


async def fail_over(pair: Pair, failure: str) -> None:
    FAILURES[failure](pair.primary)
    await pair.promote()


@failing
async def test_import_continues_at_the_standby_and_is_exact(pair: Pair, tmp_path: Path, failure: str) -> None:
    settings = {"import_chunk_rows": 200, **SETTINGS, "database_url": pair.url}
    async with serving(tmp_path / "data", **settings) as server:
        ledger = Ledger(tmp_path / "ledger")
        client = Client(server, ledger)
        imports = await a_number_of(server, 3, 15_000, 6)
        for one in imports[:4]:
            await client.post(one)
        await eventually(lambda: some_rows_are_in(server), 60, "some rows to be in", poll_s=0)
        await fail_over(pair, failure)
        for one in imports[4:]:
            await client.post(one)
        await eventually(lambda: all_jobs_ended(server), 120, "all jobs to end", poll_s=0.2)
        assert await problems(server, imports, ledger) == []
        await client.close()
        ledger.close()


async def some_rows_are_in(server: Server) -> bool:
    async with server.database() as conn:
        return await conn.fetchval(
            "select coalesce(sum(created_rows), 0) > 0 and bool_or(finished_at is null) from import_job"
        )


@failing
async def test_calls_go_on_at_the_standby_and_nobody_is_called_twice(pair: Pair, tmp_path: Path, failure: str) -> None:
    contacts, first = 200, 60_000_000
    callees = Callees(answer_rate=0.6, ring_s=uniform(0.2, 2), talk_s=uniform(0.5, 3), dead=0.0)
    simulated = SimulatedAsterisk(random.Random(11), SystemClock(), callees)
    async with AriServer(simulated, USER, PASSWORD).serving() as switch:
        asterisk = {"asterisk": switch.url, "asterisk_user": USER, "asterisk_password": PASSWORD, "trunk": "carrier"}
        async with serving(tmp_path / "data", database_url=pair.url, **asterisk) as server:
            dialing_server = DialingServer(
                server, simulated, asterisk, await server.key(scopes=frozenset(factories.Scope))
            )
            campaign_id = await dialing_server.campaign(contacts, first, **QUICK | {"callsPerSecond": 20})
            await eventually(lambda: len(simulated.ledger.calls) >= contacts // 4, 60, "calls")
            await fail_over(pair, failure)
            placed = len(simulated.ledger.calls)
            assert placed < contacts
            await eventually(lambda: all_processed(server, contacts), 120, "every contact to be processed", poll_s=0.5)
            assert simulated.ledger.violations == []
            assert set(dialing_server.dialled(first, contacts).values()) == {1}
            async with server.database() as conn:
                ended = await conn.fetchval(
                    "select count(distinct contact_id) from call where campaign_id = $1", campaign_id
                )
            assert ended == contacts
            assert len(simulated.ledger.calls) <= contacts


async def all_processed(server: Server, contacts: int) -> bool:
    async with server.database() as conn:
        return await conn.fetchval("select count(*) = $1 from contact where process_status = 2", contacts)
