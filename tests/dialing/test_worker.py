"""The leader of a switch on its database, on a restored one, and after a release."""

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.call_scene import running_campaign
from tests.support.databases import session_of
from tongdai.db.pool import Connection, connect
from tongdai.dialing import store
from tongdai.dialing.beat_file import FOLDER
from tongdai.dialing.model import Hold, HoldReason
from tongdai.dialing.worker import Continuity, Memory
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT_NAME, Switch
from tongdai.testing import factories


@pytest.fixture
async def switch(own_conn: Connection) -> Switch:
    """The default switch, in a database that has somebody to call."""
    await running_campaign(own_conn, await factories.tenant(own_conn))
    return await switches.find_or_add(own_conn, DEFAULT_NAME)


def process(data_dir: Path, *, embedded: bool = True) -> Memory:
    """The memory of a process that starts."""
    data_dir.mkdir(exist_ok=True)
    return Memory(data_dir, DEFAULT_NAME, embedded=embedded)


class Leader:
    """A leadership of the switch."""

    def __init__(self, dsn: str, switch: Switch, memory: Memory, conn: Connection) -> None:
        self.continuity = Continuity(session_of(dsn), switch, memory)
        self.conn = conn

    async def beats(self, times: int = 1) -> None:
        for _ in range(times):
            await self.continuity.beat(self.conn)

    @property
    def dials(self) -> bool:
        return self.continuity.may_dial()


@pytest.fixture
async def leads(own_dsn: str, own_conn: Connection, switch: Switch):
    async def lead(memory: Memory, dsn: str = own_dsn, conn: Connection = own_conn) -> Leader:
        leader = Leader(dsn, switch, memory, conn)
        await leader.continuity.judge()
        return leader

    return lead


async def reason_of(conn: Connection) -> HoldReason | None:
    hold = await store.current(conn)
    return None if hold is None else hold.reason


async def release(conn: Connection) -> Hold:
    hold = await store.current(conn)
    assert hold is not None
    released = await store.release(conn, hold.hold_id, None)
    assert released is not None
    return released


async def test_database_that_is_stopped_and_started_again_is_dialled_on(own_conn, leads, tmp_path: Path) -> None:
    for _ in range(3):
        leader = await leads(process(tmp_path / "data"))
        await leader.beats(3)
        assert leader.dials
    assert await reason_of(own_conn) is None


async def test_nothing_is_dialled_before_the_database_was_judged(own_dsn, own_conn, switch, tmp_path: Path) -> None:
    assert not Leader(own_dsn, switch, process(tmp_path / "data"), own_conn).dials


async def test_hold_and_release_are_known_at_the_next_beat(own_conn, leads, tmp_path: Path) -> None:
    leader = await leads(process(tmp_path / "data"))
    await store.hold(own_conn, HoldReason.OPERATOR)
    await leader.beats()
    assert not leader.dials
    await release(own_conn)
    await leader.beats()
    assert leader.dials


async def test_leader_that_begins_while_dialing_is_held_dials_nobody(own_conn, leads, tmp_path: Path) -> None:
    await store.hold(own_conn, HoldReason.STARTED_HELD)
    leader = await leads(process(tmp_path / "data"))
    assert not leader.dials
    await leader.beats()
    assert not leader.dials
    await release(own_conn)
    await leader.beats()
    assert leader.dials


GO_BACK = "update dialing_beat set beat = beat - 5000, beat_at = beat_at - interval '5 seconds'"


async def test_backup_that_is_restored_over_the_database_while_it_dials(own_conn, leads, tmp_path: Path) -> None:
    leader = await leads(process(tmp_path / "data"))
    await leader.beats(2)
    known = leader.continuity.known
    await own_conn.execute(GO_BACK)
    await leader.beats()
    assert (leader.dials, await reason_of(own_conn)) == (False, HoldReason.WENT_BACK)
    assert leader.continuity.known == known, "its statements still refuse an earlier beat"
    row = await store.recorded(own_conn, leader.continuity._switch.switch_id)
    hold = await release(own_conn)
    assert row is not None
    assert hold.calls_known_until == row.beat_at
    await leader.beats(2)
    assert leader.dials
    assert await reason_of(own_conn) is None


async def test_backup_that_was_restored_over_the_database_while_it_was_stopped(own_conn, leads, tmp_path: Path) -> None:
    before = await leads(process(tmp_path / "data", embedded=False))
    await before.beats(2)
    await own_conn.execute(GO_BACK)
    leader = await leads(process(tmp_path / "data", embedded=False))
    assert (leader.dials, await reason_of(own_conn)) == (False, HoldReason.WENT_BACK)
    await leader.beats()
    await release(own_conn)
    await leader.beats()
    assert leader.dials


async def test_held_database_keeps_what_it_knows_until_it_is_released(own_conn, leads, tmp_path: Path) -> None:
    """Another restart while it is held finds the same."""
    await (await leads(process(tmp_path / "data"))).beats(2)
    await own_conn.execute(GO_BACK)
    for _ in range(2):
        leader = await leads(process(tmp_path / "data"))
        await leader.beats(3)
        assert (leader.dials, await reason_of(own_conn)) == (False, HoldReason.WENT_BACK)
    assert len(await store.newest(own_conn, 20)) == 1


async def test_copied_data_directory(own_conn, leads, tmp_path: Path) -> None:
    await (await leads(process(tmp_path / "data"))).beats()
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    leader = await leads(process(tmp_path / "copy"))
    assert (leader.dials, await reason_of(own_conn)) == (False, HoldReason.DIRECTORY_COPIED)
    await release(own_conn)
    await leader.beats()
    assert leader.dials
    again = await leads(process(tmp_path / "copy"))
    assert again.dials, "the copy is the database's directory from now on"


async def test_embedded_database_that_was_restored_without_its_file(own_conn, leads, tmp_path: Path) -> None:
    await (await leads(process(tmp_path / "data"))).beats()
    shutil.rmtree(tmp_path / "data" / FOLDER)
    leader = await leads(process(tmp_path / "data"))
    assert (leader.dials, await reason_of(own_conn)) == (False, HoldReason.BEAT_FILE_MISSING)
    await release(own_conn)
    await leader.beats()
    assert leader.dials


async def test_leader_on_another_machine_needs_no_file(own_conn, leads, tmp_path: Path) -> None:
    await (await leads(process(tmp_path / "one", embedded=False))).beats()
    assert (await leads(process(tmp_path / "other", embedded=False))).dials


async def test_beat_file_that_cannot_be_written_does_not_stop_dialing(own_conn, leads, tmp_path: Path) -> None:
    memory = process(tmp_path / "data")
    (tmp_path / "data" / FOLDER).touch()
    leader = await leads(memory)
    await leader.beats(2)
    assert leader.dials
    assert memory.last is not None


@pytest.fixture
async def restored(own_dsn: str, own_conn: Connection, switch: Switch) -> AsyncGenerator[object]:
    """Makes a copy of the database beside it, as pg_restore into a new database does; its DSN and a connection."""
    made: list[tuple[str, Connection]] = []

    async def copy() -> tuple[str, Connection]:
        session = session_of(own_dsn)
        here = urlsplit(session).path.removeprefix("/")
        name = f"{here}_copy"
        root = await connect(urlsplit(session)._replace(path="/postgres").geturl(), name="tests")
        await own_conn.close()
        # PgBouncer, if the tests run through one, keeps its connections; PostgreSQL waits until they have ended.
        await root.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", here)
        await root.execute(f"create database {name} template {here}")
        dsn = urlsplit(session)._replace(path=f"/{name}").geturl()
        made.append((name, await connect(dsn, name="tests")))
        await root.close()
        return dsn, made[-1][1]

    yield copy
    for name, conn in made:
        await conn.close()
        root = await connect(urlsplit(session_of(own_dsn))._replace(path="/postgres").geturl(), name="tests")
        await root.execute(f"drop database {name} with (force)")
        await root.close()


@pytest.mark.parametrize("machine", ["data", "other"])
async def test_backup_that_is_restored_into_another_database(
    leads, restored, switch: Switch, tmp_path: Path, machine: str
) -> None:
    await (await leads(process(tmp_path / "data", embedded=False))).beats()
    dsn, conn = await restored()
    leader = await leads(process(tmp_path / machine, embedded=False), dsn, conn)
    assert (leader.dials, await reason_of(conn)) == (False, HoldReason.OTHER_DATABASE)
    await release(conn)
    await leader.beats()
    assert leader.dials
    assert (await leads(process(tmp_path / machine, embedded=False), dsn, conn)).dials


async def test_backup_of_a_database_that_was_released_and_not_dialled_since_is_held(
    own_conn, leads, restored, tmp_path: Path
) -> None:
    await (await leads(process(tmp_path / "data", embedded=False))).beats()
    await store.hold(own_conn, HoldReason.RESTORED)
    await release(own_conn)
    dsn, conn = await restored()
    await leads(process(tmp_path / "data", embedded=False), dsn, conn)
    assert await reason_of(conn) is HoldReason.OTHER_DATABASE


async def test_new_empty_database_on_the_same_data_directory_is_not_held(
    own_conn, leads, restored, tmp_path: Path
) -> None:
    await (await leads(process(tmp_path / "data", embedded=False))).beats()
    await own_conn.execute("delete from campaign; delete from dialing_beat")
    dsn, conn = await restored()
    assert (await leads(process(tmp_path / "data", embedded=False), dsn, conn)).dials
