"""`tongdai dialing` as its users have it, on a data directory whose server need not run."""

import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.support import data_directories, programs
from tests.support.call_scene import due_contacts, running_campaign
from tests.support.processes import Terminal
from tests.support.programs import PLAIN, PROGRAM, complaint_of, output_of
from tongdai.db.embedded import server as embedded
from tongdai.db.pool import Connection, connect
from tongdai.dialing import store
from tongdai.dialing.model import MESSAGES, HoldReason
from tongdai.testing import factories

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture(scope="module")
async def data_dir() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        data_dir = Path(folder) / "data"
        await data_directories.copy_to(data_dir)
        async with embedded.database(data_dir, None):
            yield data_dir


@pytest.fixture
async def held_conn(data_dir: Path) -> AsyncIterator[Connection]:
    """Its database; nothing is held after the test."""
    async with embedded.database(data_dir, None) as dsn:
        conn = await connect(dsn, name="tests")
        yield conn
        if (hold := await store.current(conn)) is not None:
            await store.release(conn, hold.hold_id, None)
        await conn.close()


@pytest.fixture
def run(data_dir: Path) -> Run:
    return lambda *args: programs.run("dialing", *args, TONGDAI_DATA_DIR=str(data_dir))


def test_hold_status_and_release(run: Run, held_conn: Connection) -> None:
    assert output_of(run("status")) == "Dialing is not held.\n"
    assert MESSAGES[HoldReason.OPERATOR] in output_of(run("hold"))
    shown = output_of(run("status"))
    assert "Dialing is held since" in shown
    assert "tongdai dialing release" in shown
    assert output_of(run("release", "--yes")) == "Dialing is released.\n"
    assert "not held" in complaint_of(run("release", "--yes"), 1)


async def test_release_says_how_many_may_have_been_called(run: Run, held_conn: Connection) -> None:
    tenant_id = await factories.tenant(held_conn)
    await due_contacts(held_conn, tenant_id, await running_campaign(held_conn, tenant_id), range(1234))
    known_until = await held_conn.fetchval("select clock_timestamp()")
    await store.hold(held_conn, HoldReason.RESTORED, calls_known_until=known_until)
    state = json.loads(output_of(run("status", "--json")))
    assert (state["held"], state["hold"]["reason"], state["hold"]["contacts"]) == (True, "restored", 1234)
    for shown in (output_of(run("status")), output_of(run("release", "--yes"))):
        assert f"Calls placed after {known_until:%Y-%m-%d %H:%M:%SZ} may be missing: 1,234 pending contacts" in shown


async def test_without_a_terminal_nobody_is_asked_and_nothing_released(run: Run, held_conn: Connection) -> None:
    output_of(run("hold"))
    assert "--yes" in complaint_of(run("release"), 1)
    assert await store.is_held(held_conn)


@pytest.fixture
def terminal(data_dir: Path) -> Iterator[Terminal]:
    environment = PLAIN | {"TONGDAI_DATA_DIR": str(data_dir), "TERM": "xterm"}
    shown = Terminal([str(PROGRAM), "dialing", "release"], environment)
    yield shown
    shown.close()


@pytest.mark.parametrize(("answer", "code", "held"), [("n", 130, True), ("y", 0, False)])
async def test_on_a_terminal_the_operator_is_asked(
    held_conn: Connection, terminal: Terminal, answer: str, code: int, held: bool
) -> None:
    await store.hold(held_conn, HoldReason.WENT_BACK)
    terminal.until(r"Release it\? \[y/N\]")
    assert MESSAGES[HoldReason.WENT_BACK] in terminal.shown
    terminal.type(f"{answer}\n")
    assert terminal.ended() == code
    assert await store.is_held(held_conn) == held
