"""Ctrl-C during `tongdai contacts import`: nothing is imported, or the import is left running or undone."""

import asyncio
import re
import signal
from collections.abc import Callable

import pytest

from tests.support.client_faults import engine_stopped
from tests.support.contacts_command import Desk, await_import
from tests.support.processes import Terminal
from tests.support.servers import Server
from tongdai_client import ImportId


def test_ctrl_c_during_the_upload_imports_nothing(desk: Desk, server: Server) -> None:
    file = desk.folder / "customers.csv"
    with file.open("wb") as out:
        out.write(b"phoneNumber,name\n")
        for _ in range(100):
            out.write(b"0901000001,%s\n" % (b"x" * 85) * 20_000)
    command = desk.started("import", file)
    assert command.stderr is not None
    assert "Sending customers.csv: 0 bytes of 194.0 MB" in next(iter(command.stderr))
    command.send_signal(signal.SIGINT)
    _, complained = command.communicate(timeout=60)
    assert command.returncode == 130
    assert "Cancelled: nothing of customers.csv was imported." in complained
    assert list(desk.client.import_jobs(desk.campaign_id)) == []


async def test_ctrl_c_without_a_terminal_leaves_the_import_running(desk: Desk) -> None:
    async with engine_stopped(desk.server):
        command = desk.started("import", desk.file())
        job_id = await_import(command)
        command.send_signal(signal.SIGINT)
        _, complained = await asyncio.to_thread(command.communicate, timeout=60)
    assert command.returncode == 130
    undo = re.search(r"Undo it: tongdai contacts (undo (\d+) --campaign (\d+) --url (\S+))\n", complained)
    assert undo is not None
    assert (int(undo[2]), int(undo[3]), undo[4]) == (job_id, desk.campaign_id, desk.server.url)
    assert desk.client.wait(ImportId(desk.campaign_id, job_id)).created_rows == 2
    undone = desk.run(*undo[1].split(), "--yes")
    assert undone.stdout == f"Import {job_id} is undone: 2 contacts removed.\n"
    assert desk.contacts == 0


@pytest.mark.parametrize(
    ("typed", "said", "left"),
    [("undo\n", r"Import \d+ is undone", 0), ("leave\n", "continues", 2), ("\x04", "continues", 2)],
    ids=["undo", "leave", "no answer"],
)
async def test_ctrl_c_on_a_terminal_asks(
    desk: Desk, terminal: Callable[..., Terminal], typed: str, said: str, left: int
) -> None:
    async with engine_stopped(desk.server):
        screen = terminal("import", desk.file())
        screen.until(r"Import \d+ ")
        screen.type("\x03")
        screen.until(r"Leave import \d+ running, or undo it\? \(leave, undo\) \[leave\]")
    screen.type(typed)
    assert screen.ended() == 130, screen.shown
    assert re.search(said, screen.shown)
    (job,) = desk.client.import_jobs(desk.campaign_id)
    if left:
        desk.client.wait(job)
    assert desk.contacts == left
