"""PostgreSQL's client programs: which are taken, their arguments, and what their failures say."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tongdai.backup import programs
from tongdai.db.embedded.programs import MAJOR
from tongdai.errors import OperatorError


def fake(folder: Path, version: str) -> Path:
    folder.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_programs_are_those_of_the_servers_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, named = fake(tmp_path / "old", "15.4"), fake(tmp_path / "named", f"{MAJOR}.0")
    assert programs.find_clients(MAJOR, named) == named
    monkeypatch.setenv("PATH", f"{old}{os.pathsep}{os.environ['PATH']}")
    assert programs.find_clients(15, named) in {old, Path("/usr/lib/postgresql/15/bin")}
    with pytest.raises(OperatorError, match=r"the server is PostgreSQL 99, and no .* install them \(postgresql-cl"):
        programs.find_clients(99, named)


async def test_failure_is_reported_in_the_words_of_the_program() -> None:
    clients = programs.find_clients(MAJOR, None)
    program = await programs.start(clients, "pg_restore", "--file=-")
    await program.send(b"not an archive at all" * 100)
    with pytest.raises(OperatorError, match=r"pg_restore failed: .*does not appear to be a valid"):
        await program.succeeded()
    with pytest.raises(programs.Ended):
        await send_on(program)


async def test_program_whose_output_nobody_reads_any_more_is_ended() -> None:
    """It has filled the buffers of asyncio and of the pipe, and waits."""
    program = await programs.start(Path("/usr/bin"), "yes")
    counters = Path(f"/proc/{program.process.pid}/io")
    before = ""
    while (after := counters.read_text()) != before or "wchar: 0" in after:
        before = after
        for _ in range(100):
            await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await program.kill()
    assert program.process.returncode == -signal.SIGKILL


async def send_on(program: programs.Program) -> None:
    while True:
        await program.send(bytes(1 << 16))
