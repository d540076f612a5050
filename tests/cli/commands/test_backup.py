"""`tongdai backup` and `tongdai restore`, on data directories and on an external database, also killed."""

import asyncio
import json
import re
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import Run
from tests.support import programs
from tests.support.processes import spawn
from tests.support.programs import PLAIN, PROGRAM, complaint_of, output_of
from tongdai.backup import store
from tongdai.db.embedded import server as embedded
from tongdai.db.pool import connect
from tongdai.dialing import store as dialing
from tongdai.dialing.model import HoldReason

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="servers end with their parents on Linux alone")
HELD = r"Dialing is held since \S+ \S+\. The database was restored from a backup\."


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        yield Path(folder)


@dataclass(frozen=True)
class Running:
    data_dir: Path
    dsn: str


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Running]:
    """A data directory of these tests alone, whose embedded server this process runs."""
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        data_dir = Path(folder) / "data"
        async with embedded.database(data_dir, None) as dsn:
            yield Running(data_dir, dsn)


@pytest.fixture(scope="module")
def run(running: Running) -> Run:
    """`tongdai` on that data directory, unless another one is given."""

    def run(*args: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return programs.run(*args, **({"TONGDAI_DATA_DIR": str(running.data_dir)} | env))

    return run


@pytest.fixture(scope="module")
def backup(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the running server, with its pepper."""
    path = tmp_path_factory.mktemp("backup") / "a.backup"
    output_of(run("tenant", "create", "5", "--name", "Five"))
    output_of(run("key", "create", "--tenant", "5", "--scopes", "campaign"))
    said = output_of(run("backup", str(path), "--with-pepper"))
    pattern = rf"{re.escape(str(path))}: [\d,]+ rows in \d+ tables, as of \S+ \S+Z\. With the key pepper\.\n"
    assert re.fullmatch(pattern, said)
    return path


def test_backup_is_restored_into_a_new_data_directory_and_over_it(backup: Path, folder: Path, run: Run) -> None:
    data_dir = folder / "data"
    done = run("restore", str(backup), TONGDAI_DATA_DIR=str(data_dir))
    assert "Restored and verified: " in output_of(done)
    assert "Dialing is held: calls placed after " in done.stdout
    assert "0 contacts may have been called since" in done.stdout
    assert done.stderr.splitlines()[:3] == ["Checking the file", "Making a database", "Restoring"]
    assert stat.S_IMODE((data_dir / "key.pepper").stat().st_mode) == 0o600
    of = {"TONGDAI_DATA_DIR": str(data_dir)}
    assert re.search(HELD, output_of(run("dialing", "status", **of)))
    assert "5\tFive" in output_of(run("tenant", "list", **of))
    output_of(run("key", "create", "--tenant", "5", "--scopes", "campaign", **of))
    line = complaint_of(run("restore", str(backup), **of), 1)
    assert f"{data_dir} has a database, which stays beside the restored one as postgres.former: repeat with" in line
    output_of(run("tenant", "create", "6", "--name", "Later", **of))
    again = output_of(run("restore", str(backup), "--force", **of))
    assert f"The former database is in {data_dir}/postgres.former: delete it" in again
    assert "Later" not in output_of(run("tenant", "list", **of))
    without = folder / "without.backup"
    said = output_of(run("backup", str(without), **of))  # of the stopped data directory
    assert "The key pepper is not in it: back it up too, apart from the file." in said
    assert stat.S_IMODE(without.stat().st_mode) == 0o600
    line = complaint_of(run("restore", str(without), TONGDAI_DATA_DIR=str(folder / "another")), 1)
    assert "without its key pepper" in line
    assert not (folder / "another").exists()


def test_what_cannot_be_done_is_one_line(backup: Path, folder: Path, run: Run, running: Running) -> None:
    line = complaint_of(run("backup", str(backup)), 1)
    assert f"{backup} exists: choose another name, or replace it with --force" in line
    nowhere = {"TONGDAI_DATA_DIR": str(folder / "nowhere")}
    assert "nowhere has no database: name the data directory" in complaint_of(run("backup", "x", **nowhere), 1)
    line = complaint_of(run("backup", str(folder / "x"), "--with-pepper", **nowhere), 1)
    assert "key.pepper is missing" in line
    line = complaint_of(run("restore", str(backup), "--force"), 1)
    assert re.search(rf"process \d+ runs the database in {running.data_dir}: stop it \(tongdai serve\)", line)
    (folder / "other").write_text("not a backup")
    line = complaint_of(run("restore", str(folder / "other"), **nowhere), 1)
    assert "cannot restore" in line
    assert "it is no backup of Tongdai" in line
    assert "does not exist" in complaint_of(run("restore", str(folder / "missing"), **nowhere), 2)
    assert sorted(path.name for path in folder.iterdir()) == ["other"]


def test_backup_of_another_version_is_refused(backup: Path, folder: Path, run: Run) -> None:
    def rewritten(**changes: object) -> str:
        path = folder / "rewritten"
        with zipfile.ZipFile(backup) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                if name == "manifest.json":
                    content = json.dumps(json.loads(content) | changes).encode()
                new.writestr(name, content)
        return complaint_of(run("restore", str(path), TONGDAI_DATA_DIR=str(folder / "data")), 1)

    assert "it has format 7, and this version reads 1: restore it with Tongdai 9.1" in rewritten(
        format=7, tongdai="9.1"
    )
    later = [{"number": 999, "name": "later", "checksum": "ab"}]
    assert "has migration 999 (later), which this version does not know" in rewritten(migrations=later)
    assert "the backup is of PostgreSQL 99, and the server is 18" in rewritten(postgresql=990000)
    assert not (folder / "data").exists()


@pytest.mark.usefixtures("backup")  # the database has its tables
def test_full_disk_is_one_line_and_leaves_nothing(folder: Path, running: Running) -> None:
    """The file may not grow beyond 4 kB, for which the system has another word than for a full disk."""
    command = f'ulimit -f 4; exec "{PROGRAM}" backup "{folder}/x" --data-dir "{running.data_dir}"'
    done = subprocess.run(["sh", "-c", command], env=PLAIN, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["Backing up", f"tongdai: cannot write {folder}/x: File too large"]
    assert list(folder.iterdir()) == []


def test_restore_onto_a_full_disk_is_one_line_and_leaves_nothing(backup: Path, folder: Path) -> None:
    """On a small file system of its own, in a mount namespace of the command's."""
    disk = folder / "disk"
    disk.mkdir(mode=0o755)
    mounted = f'mount -t tmpfs -o mode=755,size=20m tmpfs "{disk}"'
    if subprocess.run(["unshare", "--mount", "sh", "-c", mounted], capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a file system")
    command = f'{mounted} && "{PROGRAM}" restore "{backup}" --data-dir "{disk}/data"; echo "$?"; ls "{disk}/data"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", command], env=PLAIN, capture_output=True, text=True, check=True
    )
    code, *left = done.stdout.split()
    said = f"tongdai: the disk of {disk}/data is full: what was there before is unchanged"
    assert (code, done.stderr.splitlines()[-1]) == ("1", said)
    assert left == ["postgres.lock", "postgres.log"]


def killed_at(step: str, sig: signal.Signals, *args: str) -> int:
    """Start a restore, and send it a signal when it says that it begins a step; the exit code."""
    with spawn([PROGRAM, "restore", *args, "--force"], PLAIN) as process:
        assert process.stderr is not None
        said = ""
        try:
            for line in process.stderr:
                said += line
                if line.strip() == step:
                    process.send_signal(sig)
                    break
            process.stderr.read()
            process.wait(programs.WITHIN_S)
        finally:
            process.kill()  # one that does not end would be waited for without an end
    assert step in said, said
    return process.returncode


def test_restore_that_is_killed_leaves_nothing_that_starts_as_if_it_were_whole(
    backup: Path, folder: Path, run: Run
) -> None:
    data_dir = folder / "data"
    for step in ("Restoring", "Putting it in place"):
        assert killed_at(step, signal.SIGKILL, str(backup), "--data-dir", str(data_dir)) in {-signal.SIGKILL, 0}
        listed = run("tenant", "list", TONGDAI_DATA_DIR=str(data_dir))
        if listed.returncode != 0:
            assert "was interrupted: repeat it, or delete" in complaint_of(listed, 1)
            assert not (data_dir / "postgres").exists()
        else:
            assert step == "Putting it in place"
    output_of(run("restore", str(backup), "--force", TONGDAI_DATA_DIR=str(data_dir)))
    assert "5\tFive" in output_of(run("tenant", "list", TONGDAI_DATA_DIR=str(data_dir)))


def test_restore_that_is_asked_to_end_leaves_what_was_there(backup: Path, folder: Path) -> None:
    assert killed_at("Restoring", signal.SIGTERM, str(backup), "--data-dir", str(folder / "data")) == 130
    assert not (folder / "data" / "restore").exists()
    assert not (folder / "data" / "postgres").exists()


async def test_restore_into_an_external_database_that_is_killed_is_done_or_not(
    backup: Path, running: Running, folder: Path
) -> None:
    root = await connect(running.dsn, name="tests")
    await root.execute("create database restored")
    url = urlsplit(running.dsn)._replace(path="/restored").geturl()
    output_of(await asyncio.to_thread(programs.run, "tenant", "create", "7", "--name", "Former", "--database-url", url))
    conn = await connect(url, name="tests")
    args = (str(backup), "--database-url", url, "--data-dir", str(folder))
    assert await asyncio.to_thread(killed_at, "Restoring", signal.SIGINT, *args) == 130
    for step in ("Restoring", "Verifying", "Migrating and analysing"):
        await asyncio.to_thread(killed_at, step, signal.SIGKILL, *args)
        while await store.connected(conn):
            pass
        tenants = {row["name"] for row in await conn.fetch("select name from tenant")}
        hold = await dialing.current(conn)
        if tenants == {"Former"}:
            assert hold is None
            continue
        assert "Five" in tenants
        assert step != "Restoring"
        assert hold is not None, "nothing restored is ever there without its hold"
        assert hold.reason is HoldReason.RESTORED
    await conn.close()
    await root.execute("drop database restored with (force)")
    await root.close()
