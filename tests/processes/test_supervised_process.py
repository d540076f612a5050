"""Processes that are slow to start, and those that are started before it is known with what they run."""

import asyncio
import os
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.servers import eventually
from tongdai.processes import supervised_process
from tongdai.processes.supervised_process import GATE, SupervisedProcess, start_waiting
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


WAITING = f"""#!{sys.executable}
import json, os, socket, sys, time
with os.fdopen(int(os.environ["{GATE}"]), "rb") as pipe:
    sent = pipe.read()
if not sent:
    sys.exit(0)
with open(json.loads(sent)["RAN"], "a") as ran:
    ran.write("%d " % os.getpid())
own = socket.socket(fileno=int(os.environ["{heartbeats.DESCRIPTOR}"]))
while True:
    own.send(b"{{}}")
    time.sleep(0.1)
"""


@pytest.fixture
def waiting_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "role"
    script.write_text(WAITING)
    script.chmod(0o700)
    monkeypatch.setattr(supervised_process.sys, "executable", str(script))


@pytest.mark.usefixtures("waiting_role")
async def test_process_that_waits_runs_with_what_is_sent_to_it(tmp_path: Path) -> None:
    waiting = await start_waiting("role", os.environ)
    process = SupervisedProcess("role", {"RAN": str(tmp_path / "ran")}, waiting=waiting)
    supervising = asyncio.create_task(process.supervise())
    try:
        await eventually(lambda: process.works, 30, "the process works")
    finally:
        supervising.cancel()
        await process.stop(10)
        await asyncio.gather(supervising, return_exceptions=True)
    assert (tmp_path / "ran").read_text().split() == [str(waiting.process.pid)]
    await waiting.stop()  # runs, and is another's


@pytest.mark.usefixtures("waiting_role")
async def test_process_that_waits_in_vain_ends(tmp_path: Path) -> None:
    waiting = await start_waiting("role", os.environ)
    await waiting.stop()
    assert waiting.process.returncode == 0
    assert not (tmp_path / "ran").exists()


@pytest.mark.usefixtures("waiting_role")
async def test_process_that_ended_while_it_waited_is_restarted(tmp_path: Path) -> None:
    waiting = await start_waiting("role", os.environ)
    waiting.process.kill()
    await waiting.process.wait()
    process = SupervisedProcess("role", {"RAN": str(tmp_path / "ran")}, waiting=waiting)
    supervising = asyncio.create_task(process.supervise())
    first = waiting.process.pid
    try:
        await eventually(lambda: process._process is not None and process._process.pid != first, 30, "another one")
    finally:
        supervising.cancel()
        await process.stop(10)
        await asyncio.gather(supervising, return_exceptions=True)
