"""Restarts of a process that is slow to start."""

import asyncio
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.servers import eventually
from tongdai.processes import supervised_process
from tongdai.processes.supervised_process import SupervisedProcess
from tongdai.runtime import heartbeats

TOO_SLOW = 3
"""Starts that are killed before the first heartbeat."""
ROLE = f"""#!{sys.executable}
import os, socket, time
own = socket.socket(fileno=int(os.environ["{heartbeats.DESCRIPTOR}"]))
while True:
    try:
        own.send(b"{{}}")
    except OSError:
        pass  # nobody reads
    time.sleep(0.1)
"""


async def test_process_that_is_slow_to_start_gets_more_time_at_each_try_until_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "role"
    script.write_text(ROLE)
    script.chmod(0o700)
    monkeypatch.setattr(supervised_process.sys, "executable", str(script))
    allowed: list[float] = []
    pair = heartbeats.pair

    def slow_at_first(starting_s: float) -> tuple[heartbeats.Receiver, socket.socket]:
        allowed.append(starting_s)
        if len(allowed) > TOO_SLOW:
            return pair(starting_s)
        # As if all of its time had passed: nothing of what the process sends arrives.
        (receiver, unused), (nobody, inherited) = pair(0.0), pair()
        ends.callback(unused.close)
        ends.callback(nobody.close)
        return receiver, inherited

    monkeypatch.setattr(heartbeats, "pair", slow_at_first)
    process = SupervisedProcess("role", {})
    with ExitStack() as ends:
        supervising = asyncio.create_task(process.supervise())
        try:
            await eventually(lambda: process.works, 30, "the process works")
        finally:
            supervising.cancel()
            await process.stop(10)
            await asyncio.gather(supervising, return_exceptions=True)
    first = heartbeats.STARTING_S
    assert allowed == [first, 2 * first, 4 * first, 8 * first]
