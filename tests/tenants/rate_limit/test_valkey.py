"""The Valkey that a server starts for itself."""

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.rate_limit import PATIENT_S, SetClock
from tongdai.tenants.rate_limit import valkey
from tongdai.tenants.rate_limit.shared import ValkeyLimiter


@pytest.mark.parametrize("temporary", ["t", "t" * 100])
async def test_deep_data_directory_gets_a_socket_elsewhere(
    tmp_path: Path, temporary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep, folder = tmp_path / ("d" * 100), tmp_path / temporary
    deep.mkdir()
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    running = await valkey.start(deep)
    socket = Path(running.url.removeprefix("unix://"))
    assert socket.is_socket()
    assert deep not in socket.parents
    await running.stop()
    assert not socket.parent.exists()
    assert (deep / "valkey.log").stat().st_size > 0


async def test_store_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, pathlib, signal, sys\n"
        "from tongdai.tenants.rate_limit import valkey\n"
        "running = asyncio.run(valkey.start(pathlib.Path(sys.argv[1])))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(tmp_path))
    assert await starter.wait() == -signal.SIGKILL
    with pytest.raises(ConnectionError):  # noqa: PT012
        async with asyncio.timeout(PATIENT_S):
            while True:
                _, writer = await asyncio.open_unix_connection(tmp_path / "valkey" / valkey.SOCKET)
                writer.close()


@pytest.mark.parametrize("depth", [0, 100])
async def test_store_that_hangs_is_killed_and_its_successor_has_the_same_socket(tmp_path: Path, depth: int) -> None:
    folder = tmp_path / ("d" * depth)
    folder.mkdir(exist_ok=True)
    first = await valkey.start(folder)
    os.kill(first.pid, signal.SIGSTOP)
    async with asyncio.timeout(PATIENT_S):
        assert await first.watch() == -signal.SIGKILL
    second = await first.restart()
    assert second.url == first.url
    assert second.pid != first.pid
    limiter = ValkeyLimiter(first.url, 2, SetClock(), PATIENT_S)
    assert (await limiter.take(1, "GET /a", 6, 6)).tenant_remaining == 5
    await limiter.aclose()
    await second.stop()
    assert (folder / "valkey").exists() == (depth == 0)
