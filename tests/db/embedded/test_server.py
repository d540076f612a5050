"""Real servers in temporary folders. As root they run as another user below folders that user cannot enter."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tongdai.db.embedded import cluster, programs
from tongdai.db.embedded import server as embedded
from tongdai.errors import OperatorError

ROOT = Path(__file__).parents[3]
OWNER = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from tongdai.db.embedded import server as embedded

async def main():
    running = await embedded.start(Path(sys.argv[1]), None)
    connection = await asyncpg.connect(running.dsn)
    await connection.execute(f"drop table if exists kept; create table kept as select {os.getpid()} as pid")
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await connection.close()
    await running.stop()

asyncio.run(main())
"""
GUEST = """
import asyncio, sys
from pathlib import Path
import asyncpg
from tongdai.db.embedded import server as embedded

async def main():
    async with embedded.database(Path(sys.argv[1]), None) as dsn:
        connection = await asyncpg.connect(dsn)
        print(await connection.fetchval("select count(*) from pg_database where datname = 'tongdai'"), flush=True)
        await connection.close()

asyncio.run(main())
"""


@pytest.fixture
def new_dir() -> Iterator[Path]:
    """Not made yet, below a 0700 folder. Not pytest's tmp_path: its long names would hide the socket's usual place."""
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        yield Path(folder) / "data"


@pytest.fixture(scope="module")
def spare() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        yield Path(folder) / "data"


@pytest.fixture
async def data_dir(new_dir: Path, spare: Path) -> AsyncIterator[Path]:
    """With a stopped server's cluster, its log empty: handed on by the test before, as making one takes a second."""
    if spare.exists():
        spare.rename(new_dir)
    else:
        async with embedded.database(new_dir, None):
            pass
    (new_dir / "postgres.log").unlink()
    yield new_dir
    if new_dir.exists() and not servers(new_dir):
        new_dir.rename(spare)


def child(script: str, data_dir: Path, **options: Any) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", script, str(data_dir)]
    return subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def until(condition: Callable[[], bool], wait_s: float = 20) -> None:
    async with asyncio.timeout(wait_s):
        while not condition():
            await asyncio.sleep(0.02)


def servers(data_dir: Path) -> list[int]:
    """Processes that work in the cluster: each of PostgreSQL's does."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data_dir / "postgres":
                found.append(int(process.name))
        except OSError:
            continue
    return found


async def ask(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_warm_start_keeps_data_and_password(data_dir: Path) -> None:
    running = await embedded.start(data_dir, None)
    await ask(running.dsn, "create table warm as select 7 as n")
    await running.stop()
    again = await embedded.start(data_dir, None)
    try:
        assert again.dsn == running.dsn
        linux = sys.platform == "linux"
        assert await ask(again.dsn, "show recovery_init_sync_method") == ("syncfs" if linux else "fsync")
        assert await ask(again.dsn, "select n from warm") == 7
    finally:
        await again.stop()
    await again.stop()  # harmless


async def test_layout_is_private(data_dir: Path) -> None:
    async with embedded.database(data_dir, None):
        modes = {p.name: p.stat().st_mode & 0o777 for p in data_dir.iterdir()}
    assert data_dir.stat().st_mode & 0o777 == 0o711
    assert modes.pop("postgres") == 0o700
    assert set(modes.values()) == {0o600}
    assert len((data_dir / "postgres.password").read_text()) * 6 >= 190


async def test_durability_is_on_and_tcp_is_off(data_dir: Path) -> None:
    async with embedded.database(data_dir, None) as dsn:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            assert await ask(dsn, f"show {name}") == "on"
        assert await ask(dsn, "show listen_addresses") == ""
        assert await ask(dsn, "select upper('đặng')") == "ĐẶNG"


async def test_wrong_password_is_refused(data_dir: Path) -> None:
    async with embedded.database(data_dir, None) as dsn:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(dsn, password="guessed")


async def test_second_owner_is_refused_by_name(data_dir: Path) -> None:
    owner = child(OWNER, data_dir)
    with owner:
        assert line(owner) == "ready"
        with pytest.raises(OperatorError, match=f"data directory {data_dir} is in use by process {owner.pid}"):
            await embedded.start(data_dir, None)


async def test_another_process_attaches_and_leaves_the_server_alone(data_dir: Path) -> None:
    assert await embedded.attach(data_dir / "nowhere") is None
    assert await embedded.attach(data_dir) is None
    with child(OWNER, data_dir) as owner:
        assert line(owner) == "ready"
        dsn = await embedded.attach(data_dir)
        assert dsn is not None
        async with embedded.database(data_dir, None) as same:
            assert same == dsn
        assert await ask(dsn, "select pid from kept") == owner.pid
    assert await embedded.attach(data_dir) is None


async def test_database_starts_and_stops_when_nobody_owns_it(data_dir: Path) -> None:
    async with embedded.database(data_dir, None) as dsn:
        assert await ask(dsn, "select 1") == 1
        assert servers(data_dir)
    assert not servers(data_dir)
    assert await embedded.attach(data_dir) is None


async def test_commands_that_start_at_once_share_one_server(new_dir: Path) -> None:
    guests = [child(GUEST, new_dir) for _ in range(4)]
    for guest in guests:
        with guest:
            assert line(guest) == "1"
        assert guest.returncode == 0
    assert not servers(new_dir)


async def test_first_command_out_waits_for_the_others(data_dir: Path) -> None:
    first, second = (embedded.database(data_dir, None) for _ in range(2))
    await first.__aenter__()
    dsn = await second.__aenter__()
    leaving = asyncio.create_task(first.__aexit__(None, None, None))
    await asyncio.wait([leaving], timeout=0.1)
    assert await ask(dsn, "select 1") == 1
    await second.__aexit__(None, None, None)
    await leaving
    assert not servers(data_dir)


async def test_killed_owner_takes_its_server_along_and_loses_nothing(data_dir: Path) -> None:
    with child(OWNER, data_dir) as owner:
        assert line(owner) == "ready"
        owner.kill()
    running = await embedded.start(data_dir, None)  # at once: it waits for the dying server
    try:
        assert await ask(running.dsn, "select pid from kept") == owner.pid
    finally:
        await running.stop()
    assert not servers(data_dir)
    assert "not properly shut down" not in (data_dir / "postgres.log").read_text()


async def test_nothing_survives_a_killed_owner(data_dir: Path) -> None:
    with child(OWNER, data_dir) as owner:
        assert line(owner) == "ready"
        assert servers(data_dir)
        owner.kill()
    await until(lambda: not servers(data_dir))


async def test_owner_killed_while_it_makes_the_cluster_blocks_nothing(new_dir: Path) -> None:
    with child(OWNER, new_dir) as owner:
        await until((new_dir / "postgres.new" / "PG_VERSION").exists)
        owner.kill()
    assert not (new_dir / "postgres").exists()
    async with embedded.database(new_dir, None) as dsn:
        assert await ask(dsn, "select 1") == 1
    assert not (new_dir / "postgres.new").exists()


async def test_database_missing_after_a_crash_is_created(data_dir: Path) -> None:
    async with embedded.database(data_dir, None) as dsn:
        connection = await asyncpg.connect(dsn, database="postgres")
        await connection.execute("drop database tongdai with (force)")
        await connection.close()
    async with embedded.database(data_dir, None) as dsn:
        assert await ask(dsn, "select current_database()") == "tongdai"


async def test_dead_server_is_seen_and_restarted_under_the_same_ownership(data_dir: Path) -> None:
    running = await embedded.start(data_dir, None)
    running.process.send_signal(signal.SIGKILL)
    assert await running.wait() == -signal.SIGKILL
    again = await running.restart()
    try:
        assert again.dsn == running.dsn
        assert await ask(again.dsn, "select 1") == 1
    finally:
        await again.stop()


@pytest.mark.parametrize("left", ["postmaster.pid", ".s.PGSQL.5432.lock"])
async def test_stale_pid_file_that_names_another_program_is_ignored(data_dir: Path, left: str) -> None:
    async with embedded.database(data_dir, None):
        kept = (data_dir / "postgres/postmaster.pid").read_text().splitlines()
    owner = (data_dir / "postgres").stat()
    user: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["/bin/cat"], cwd="/", stdin=subprocess.PIPE, **user) as foreign:
        (data_dir / "postgres" / left).write_text("\n".join([str(foreign.pid), *kept[1:], ""]))
        async with embedded.database(data_dir, None) as dsn:
            assert await ask(dsn, "select 1") == 1


async def test_killed_server_that_nobody_has_waited_for_is_no_obstacle(data_dir: Path) -> None:
    running = await embedded.start(data_dir, None)
    os.kill(running.process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, running.process.pid, os.WEXITED | os.WNOWAIT)  # a zombie from here on
    running.lock.close()
    async with embedded.database(data_dir, None) as dsn:
        assert await ask(dsn, "select 1") == 1
    running.process.wait()


async def test_other_major_version_is_refused_untouched(new_dir: Path) -> None:
    cluster = new_dir / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(OperatorError, match=r"made by PostgreSQL 17, this is 18.*tongdai restore"):
        await embedded.start(new_dir, None)
    assert [p.name for p in cluster.iterdir()] == ["PG_VERSION"]
    assert await embedded.attach(new_dir) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="root's cluster")
async def test_cluster_that_became_roots_is_refused(new_dir: Path) -> None:
    cluster = new_dir / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text(f"{programs.MAJOR}\n")
    with pytest.raises(OperatorError, match=f"give {cluster} and all in it back to its user"):
        await embedded.start(new_dir, None)


async def test_folder_without_programs_is_named(new_dir: Path) -> None:
    with pytest.raises(
        OperatorError, match=r"postgres_bin must hold PostgreSQL 18: /nowhere/postgres cannot be executed"
    ):
        await embedded.start(new_dir, Path("/nowhere"))


async def test_broken_setting_shows_the_end_of_the_log(data_dir: Path) -> None:
    access = data_dir / "postgres/pg_hba.conf"
    whole = access.read_text()
    access.write_text("nonsense\n")
    with pytest.raises(OperatorError, match=r"did not start: .*pg_hba.conf"):
        await embedded.start(data_dir, None)
    access.write_text(whole)


@pytest.mark.parametrize("name", ["a,b", "dữ liệu % @ :"])
async def test_path_that_no_url_can_have(data_dir: Path, name: str) -> None:
    moved = data_dir.rename(data_dir.with_name(name))
    await served(moved)
    moved.rename(data_dir)


async def test_path_that_no_socket_can_have(new_dir: Path) -> None:
    await served(new_dir / ("dữ liệu, % @ :" + "d" * 150))


async def served(data_dir: Path) -> None:
    async with embedded.database(data_dir, None) as dsn:
        assert await ask(dsn, "select 1") == 1
        assert await embedded.attach(data_dir) == dsn
    link = cluster.socket_folder(data_dir / "postgres")
    if link.is_symlink():
        link.unlink()


async def test_long_log_is_put_aside(data_dir: Path) -> None:
    with (data_dir / "postgres.log").open("wb") as log:
        log.truncate(embedded.LOG_BYTES + 1)
    async with embedded.database(data_dir, None):
        assert (data_dir / "postgres.log").stat().st_size < embedded.LOG_BYTES
        assert (data_dir / "postgres.log.1").stat().st_size > embedded.LOG_BYTES


async def test_log_never_has_a_value(data_dir: Path) -> None:
    async with embedded.database(data_dir, None) as dsn:
        connection = await asyncpg.connect(dsn)
        await connection.execute("create table t (n bigint unique, name text unique)")
        await connection.execute("insert into t (name) values ($1)", "sk_secret")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("insert into t (name) values ($1)", "sk_secret")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("insert into t (name) values ('sk_secret')")
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.execute("select 'sk_secret'::bigint")
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.execute("insert into t (n) select $1::text::bigint", "sk_secret")
        await connection.close()
    text = (data_dir / "postgres.log").read_text()
    assert "ready to accept connections" in text
    assert "sk_secret" not in text
    assert (data_dir / "postgres.password").read_text() not in text


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_plain_user_runs_it_as_itself() -> None:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        os.chown(folder, 65534, 65534)
        # Changes user by itself once it has read its modules: the interpreter may lie where that user cannot go.
        become = "os.setgroups([]); os.setgid(65534); os.setuid(65534)"
        script = GUEST.replace("\nasyncio.run", f"\nimport os, concurrent.futures.thread; {become}\nasyncio.run")
        with child(script, Path(folder, "data")) as guest:
            assert line(guest) == "1"
        assert Path(folder, "data/postgres").stat().st_uid == 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_programs_that_the_user_cannot_reach_are_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    user = programs.user_for(Path("/nowhere"))
    assert user is not None
    with tempfile.TemporaryDirectory(prefix="td-") as private, tempfile.TemporaryDirectory(prefix="td-") as public:
        Path(public).chmod(0o755)
        copies = Path(public, "tongdai")
        source = next(iter(programs.bundled())).parents[1]
        for name in (source.name, f"{source.name}.libs"):
            subprocess.run(["cp", "-a", source.with_name(name), private], check=True)
        monkeypatch.setattr("sys.path", [private, *sys.path])
        found = programs.find_programs(None, user, copies)
        assert found.is_relative_to(public)
        assert programs._version(found, user) == programs.MAJOR
        assert programs.find_programs(None, user, copies) == found
        assert [p.name for p in copies.iterdir()] == [found.parents[2].name]
