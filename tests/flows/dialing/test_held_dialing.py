"""Nobody is called on a restored backup, nor while an operator holds dialing: whole servers, and a switch that keeps a
ledger of what really happened."""

import asyncio
import json
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from tests.support.api import PEPPER
from tests.support.ari_server import AriServer
from tests.support.databases import SERVER, environment_of
from tests.support.dialing_server import PASSWORD, USER, DialingServer, dialing_server
from tests.support.programs import output_of, run
from tests.support.servers import Server, eventually, serving
from tongdai.clock import SystemClock
from tongdai.db.embedded.programs import find_programs
from tongdai.db.pool import connect
from tongdai.dialing import store as dialing
from tongdai.dialing.model import Hold, HoldReason
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callees, uniform
from tongdai.testing import factories

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
Fresh = Callable[..., AbstractAsyncContextManager[str]]
CONTACTS, FIRST = 300, 40_000_000
LATER_S = 3.0
"""How long it is watched that nobody is called: three rounds of the dialer."""


def tongdai(server: Server, *args: str) -> str:
    """A command on the data directory of a server."""
    done = run(*args, TONGDAI_DATA_DIR=str(server.data_dir))
    assert done.returncode == 0, done.stderr
    return done.stdout


async def ready(server: Server) -> tuple[int, Any]:
    async with httpx2.AsyncClient() as client:
        response = await client.get(f"{server.admin_url}/health/ready")
    return response.status_code, response.json()


async def hold_of(server: Server) -> Hold | None:
    async with server.database() as conn:
        return await dialing.current(conn)


def calls(of: DialingServer) -> int:
    return len(of.simulated.ledger.calls)


async def calls_begin(of: DialingServer, more: int) -> None:
    wanted = calls(of) + more
    await eventually(lambda: calls(of) >= wanted, 60, "calls")


async def nobody_is_called(of: DialingServer) -> None:
    """From now on, while the dialer has its rounds."""
    before = calls(of)
    async with of.server.database() as conn:
        beat = await conn.fetchval(ALIVE)
        await eventually(lambda: _alive(conn, beat), 30, "the dialer to have its rounds", poll_s=0.2)
    assert calls(of) == before


ALIVE = "select max(alive_at) from switch"


async def _alive(conn: Any, since: Any) -> bool:
    return (await conn.fetchval(ALIVE) - since).total_seconds() > LATER_S


async def everyone_is_called_once(of: DialingServer, campaign_id: int) -> None:
    await of.processed(campaign_id, CONTACTS, within_s=150)
    assert set(of.dialled(FIRST, CONTACTS).values()) == {1}
    assert of.simulated.ledger.violations == []


async def test_operator_holds_dialing_and_releases_it(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        campaign_id = await here.campaign(CONTACTS, FIRST, callsPerSecond=20)
        await calls_begin(here, 30)
        tongdai(here.server, "dialing", "hold")
        # For as long as a call whose request was not answered has its lease.
        await eventually(lambda: _all_are_placed(here), 60, "the switch to have those dialled before the hold")
        await nobody_is_called(here)
        async with here.server.database() as conn:
            assert await conn.fetchval(DIALLED_LATER) == 0
        live = await here.call("GET", f"/v1/campaigns/{campaign_id}/live")
        assert live["dialingHeld"]
        status, body = await ready(here.server)
        assert (status, body["dialingHeld"]["reason"]) == (200, "operator")
        assert "tongdai dialing release" in body["dialingHeld"]["hint"]
        await eventually(lambda: _ended(here), 30, "the calls in progress to go on to their end")
        tongdai(here.server, "dialing", "release", "--yes")
        await everyone_is_called_once(here, campaign_id)
        assert (await ready(here.server))[1]["dialingHeld"] is None


async def _all_are_placed(of: DialingServer) -> bool:
    """Whether the switch has all calls that were dialled: a batch of them is committed before the first is placed."""
    async with of.server.database() as conn:
        ((dialled, waiting),) = await conn.fetch(DIALLED)
    return dialled <= calls(of) or not waiting


DIALLED = """
select count(*) filter (where dialled_at is not null), count(*) filter (where state = 'dialing') from call
"""
DIALLED_LATER = "select count(*) from call, dialing_hold h where dialled_at > h.held_at + interval '1 second'"


def _ended(of: DialingServer) -> bool:
    return not of.simulated.ledger.active


async def test_server_started_with_dial_held_calls_nobody_until_the_release(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        await here.server.stop()
        async with serving(here.server.data_dir, "--dial=held", **here.settings) as server:
            held = DialingServer(server, here.simulated, here.settings, here.key)
            campaign_id = await held.campaign(CONTACTS, FIRST, callsPerSecond=50)
            await nobody_is_called(held)
            assert "dialing held" in server.log_text()
            await server.kill("telephony", signal.SIGKILL)
            await nobody_is_called(held)
            tongdai(server, "dialing", "release", "--yes")
            await calls_begin(held, 10)
            await server.kill("telephony", signal.SIGKILL)
            await everyone_is_called_once(held, campaign_id)
            assert await hold_of(server) is None, "a process that is started again does not hold it again"


async def test_server_that_is_stopped_killed_and_moved_dials_on(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        campaign_id = await here.campaign(CONTACTS, FIRST, callsPerSecond=20)
        for end in (here.server.stop, lambda: _killed(here.server)):
            await calls_begin(here, 20)
            await end()
            await here.server.start()
        await here.server.stop()
        moved = here.server.data_dir.rename(tmp_path / "moved")
        async with serving(moved, **here.settings) as server:
            await everyone_is_called_once(DialingServer(server, here.simulated, here.settings, here.key), campaign_id)
            assert await hold_of(server) is None


async def _killed(server: Server) -> None:
    server.send(signal.SIGKILL)
    await server.ended()


@pytest.mark.parametrize("in_place", [False, True], ids=["elsewhere", "in place"])
async def test_data_directory_that_is_restored_from_a_copy_calls_nobody_until_the_release(
    tmp_path: Path, in_place: bool
) -> None:
    async with dialing_server(tmp_path) as here:
        campaign_id = await here.campaign(CONTACTS, FIRST, callsPerSecond=20)
        await calls_begin(here, 20)
        await here.server.stop()
        _copy(here.server.data_dir, tmp_path / "copy")
        await here.server.start()
        await calls_begin(here, 60)
        await here.server.stop()
        called = calls(here)
        if in_place:
            shutil.rmtree(here.server.data_dir / "postgres")
            _copy(tmp_path / "copy", here.server.data_dir)
        restored = here.server.data_dir if in_place else tmp_path / "copy"
        async with serving(restored, **here.settings) as server:
            held = DialingServer(server, here.simulated, here.settings, here.key)
            await nobody_is_called(held)
            assert calls(here) == called
            hold = await hold_of(server)
            assert hold is not None
            assert hold.reason in {HoldReason.DIRECTORY_COPIED, HoldReason.WENT_BACK}
            assert "dialing held" in server.log_text()
            said = tongdai(server, "dialing", "release", "--yes")
            assert "pending contacts" in said
            await held.processed(campaign_id, CONTACTS, within_s=150)
            await server.stop()
            await server.start()
            assert await hold_of(server) is None, "from now on it is the data directory"


async def test_backup_that_is_restored_calls_nobody_until_the_release(tmp_path: Path) -> None:
    """Then those whose calls it lacks are called a second time, as the release says, and nobody else."""
    of = {"TONGDAI_DATA_DIR": str(tmp_path / "data"), "TONGDAI_KEY_PEPPER": PEPPER}
    backup, contacts = str(tmp_path / "a.backup"), 120

    def twice(of: DialingServer) -> set[str]:
        return {number for number, times in of.dialled(FIRST, contacts).items() if times > 1}

    async with dialing_server(tmp_path) as here:
        await here.campaign(contacts, FIRST, callsPerSecond=20)
        await calls_begin(here, 20)
        before = _called(here)
        assert "key pepper is not in it" in output_of(await asyncio.to_thread(run, "backup", backup, **of))
        then = _called(here)
        await calls_begin(here, 20)
        await here.server.stop()
        now = _called(here)
        said = output_of(await asyncio.to_thread(run, "restore", backup, "--force", **of))
        assert "contacts may have been called since" in said
        await here.server.start()
        await nobody_is_called(here)
        hold = await hold_of(here.server)
        assert hold is not None
        assert hold.reason is HoldReason.RESTORED
        said = tongdai(here.server, "dialing", "release", "--yes")
        found = re.search(r"([\d,]+) pending contacts of running campaigns", said)
        assert found is not None
        assert len(now - then) <= int(found[1]) <= contacts - len(before)
        await eventually(lambda: now - then <= twice(here), 100, "those to be called whose calls the backup lacks")
        assert twice(here) <= now - before, "and nobody else"


def _called(of: DialingServer) -> set[str]:
    return {call.to for call in of.simulated.ledger.calls}


def _copy(source: Path, target: Path) -> None:
    """Copy a folder as operators do, keeping owners and overwriting files in place."""
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)


@pytest.mark.skipif(SERVER is not None, reason="takes the bundled pg_dump, which must be of the server's version")
async def test_backup_that_takes_the_place_of_the_database_while_it_dials(
    dsn: str, fresh_database: Fresh, tmp_path: Path
) -> None:
    """Under the same name, on the same server: nothing but the beats and the database's oid tells."""
    callees = Callees(answer_rate=0.5, ring_s=uniform(0.1, 1), talk_s=uniform(0.2, 2), dead=0.0)
    simulated = SimulatedAsterisk(random.Random(7), SystemClock(), callees)
    async with fresh_database() as own, AriServer(simulated, USER, PASSWORD).serving() as switch:
        settings = {"asterisk": switch.url, "asterisk_user": USER, "asterisk_password": PASSWORD, "trunk": "carrier"}
        async with serving(tmp_path / "data", database_url=own, **settings) as server:
            here = DialingServer(server, simulated, settings, await server.key(scopes=frozenset(factories.Scope)))
            campaign_id = await here.campaign(CONTACTS, FIRST, callsPerSecond=20)
            await calls_begin(here, 20)
            async with backup_of(own, fresh_database) as backup:
                known = {call.to for call in simulated.ledger.calls}
                await calls_begin(here, 60)
                await swap(dsn, own, backup)
                hold = await eventually(lambda: hold_of(server), 60, "dialing to be held")
                assert hold.reason in {HoldReason.OTHER_DATABASE, HoldReason.WENT_BACK}
                await nobody_is_called(here)
                unknown = {call.to for call in simulated.ledger.calls} - known
                state = json.loads(run("dialing", "status", "--json", **environment_of(own)).stdout)
                assert len(unknown) <= state["hold"]["contacts"] <= CONTACTS
                assert state["hold"]["contacts"] < CONTACTS, "whose calls the backup knows are not counted"
                done = run("dialing", "release", "--yes", **environment_of(own))
                assert done.returncode == 0, done.stderr
                await here.processed(campaign_id, CONTACTS, within_s=150)
                twice = {number for number, times in here.dialled(FIRST, CONTACTS).items() if times > 1}
                assert twice == unknown, "these, and nobody else"


@asynccontextmanager
async def backup_of(own: str, fresh_database: Fresh) -> AsyncGenerator[str]:
    """Another database on the same server, restored from a dump of that one."""
    async with fresh_database(migrated=False) as backup:
        programs = find_programs(None, None)
        dump = subprocess.run([programs / "pg_dump", "--format=custom", own], check=True, capture_output=True)
        subprocess.run([programs / "pg_restore", "--exit-on-error", "--dbname", backup], check=True, input=dump.stdout)
        yield backup


async def swap(dsn: str, own: str, backup: str) -> None:
    """Give the backup the name of the database, and end whatever is connected with it."""
    one, other = (urlsplit(url).path.removeprefix("/") for url in (own, backup))
    root = await connect(dsn, name="tests")
    for name, new in ((one, "former"), (other, one), ("former", other)):
        while True:
            await root.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
            try:
                await root.execute(f"alter database {name} rename to {new}")
                break
            except asyncpg.ObjectInUseError:
                continue
    await root.close()
