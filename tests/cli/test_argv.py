"""No password stays in the arguments of a process."""

import asyncio
import sys
from pathlib import Path

import pytest

from tongdai.cli.argv import Hidden, without_passwords

URL = "postgresql://owner:s%40cret@db.example:5432/tongdai"
BARE = "postgresql://owner@db.example:5432/tongdai"


@pytest.mark.parametrize(
    ("args", "hidden"),
    [
        (["serve", "--database-url", URL, "--port", "1"], ["serve", "--database-url", BARE, "--port", "1"]),
        (["serve", f"--database-url={URL}"], ["serve", f"--database-url={BARE}"]),
        (["migrate", "--database-url", "postgres://o:s%40cret@a,b/d?x=1"], ["migrate", "--database-url", "postgres://o@a,b/d?x=1"]),
    ],
)  # fmt: skip
def test_password_is_taken_out_of_a_database_url(args: list[str], hidden: list[str]) -> None:
    assert without_passwords(args) == Hidden(hidden, "s@cret")


@pytest.mark.parametrize("args", [["serve", "--database-url", BARE], ["top"], ["dnc", "add", "1", "a:b@c"]])
def test_other_arguments_stay_as_they_are(args: list[str]) -> None:
    assert without_passwords(args) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_running_program_has_no_password_in_its_arguments() -> None:
    connected: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    database = await asyncio.start_server(lambda _, writer: connected.put_nowait(writer), "127.0.0.1", 0)
    port = database.sockets[0].getsockname()[1]
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tongdai.cli", "migrate", "--database-url"),
        f"postgresql://owner:s3cret@127.0.0.1:{port}/tongdai",
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        writer = await asyncio.wait_for(connected.get(), 60)
        args = Path(f"/proc/{program.pid}/cmdline").read_bytes()
        assert b"postgresql://owner@127.0.0.1" in args
        assert b"s3cret" not in args
        writer.close()
    finally:
        program.kill()
        await program.wait()
        database.close()
