"""The commands in docs/backup.md, as they stand there, beside a server that runs."""

import asyncio
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.support.databases import SERVER, session_of
from tests.support.programs import PLAIN, PROGRAM
from tests.support.servers import Server, serving
from tongdai.db.migrate import migrate
from tongdai.db.pool import connect
from tongdai.dialing import store as dialing
from tongdai.tenants import key_format, store

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
GUIDE = Path(__file__).parents[2] / "docs/backup.md"
EXTERNAL = "postgresql://tongdai:secret@db.internal"


def lines() -> Iterator[str]:
    """The commands of the guide's shell blocks, in their order."""
    for block in re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        yield from block.splitlines()


def placed(line: str, places: Mapping[str, str]) -> str:
    for written, here in places.items():
        line = line.replace(written, here)
    return line


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        pepper = "the pepper of the data directory"
        data_dir = Path(folder) / "var/lib/tongdai"
        data_dir.mkdir(parents=True)
        (data_dir / key_format.PEPPER_FILE).write_text(pepper)
        async with serving(data_dir, key_pepper=pepper) as server:
            yield server


@pytest.mark.skipif(SERVER is not None, reason="takes the bundled programs, which must be of the server's version")
async def test_commands_of_the_guide_do_what_it_says(
    server: Server, fresh_database: Callable[..., AbstractAsyncContextManager[str]]
) -> None:
    folder = server.data_dir.parents[2]
    async with fresh_database(migrated=False) as external, fresh_database(migrated=False) as restored:
        conn = await connect(session_of(external), name="tests")
        await migrate(conn)
        await store.check_pepper(conn, key_format.fingerprint(b"of the other"))
        await conn.close()
        (folder / "var/lib/tongdai-external").mkdir()
        (folder / "var/lib/tongdai-external/key.pepper").write_text("of the other")
        places = {
            "/var/": f"{folder}/var/",
            f"{EXTERNAL}/tongdai": f"{shlex.quote(session_of(external))} --data-dir {folder}/var/lib/tongdai-external",
            f"{EXTERNAL}/restored": shlex.quote(session_of(restored)),
        }
        done = list(lines())
        for line in done:
            if line == "systemctl stop tongdai":
                await server.stop()
            elif line == "systemctl start tongdai":
                await server.start()
                async with server.database() as conn:
                    assert await dialing.is_held(conn)
            else:
                await asyncio.to_thread(_run, placed(line, places), folder)
        assert len(done) >= 12
        assert {line.split()[1] for line in done if line.startswith("tongdai ")} == {
            "backup", "restore", "dialing", "tenant",
        }  # fmt: skip
    async with server.database() as conn:
        assert not await dialing.is_held(conn)
    assert not (server.data_dir.parent / "tongdai-trial").exists()


def _run(line: str, folder: Path) -> None:
    path = f"{PROGRAM.parent}:{PLAIN.get('PATH', '/bin:/usr/bin')}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=PLAIN | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"
