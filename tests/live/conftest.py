"""One Asterisk for the whole run. A test that stops it starts it again."""

import os
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path

import pytest

from tests.support.live.ears import EAR
from tests.support.live.lab import Child, Lab
from tests.support.live.office import TENANT, Office, cli
from tests.support.servers import eventually, serving
from tests.support.switch import Listener, listening
from tongdai.switch.events import Connected

Figures = Callable[[str], None]


@pytest.fixture
def figures(capsys: pytest.CaptureFixture[str]) -> Figures:
    """Print a measurement, also when the test passes."""

    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}")  # noqa: T201

    return show


@pytest.fixture(scope="session")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Lab]:
    programs = os.environ.get("TONGDAI_LIVE_PROGRAMS")
    assert programs, "start these by `make test-live`"
    lab = Lab(Path(programs), tmp_path_factory.mktemp("lab"))
    try:
        await lab.start()
        yield lab
    finally:
        lab.stop()


@pytest.fixture
async def caller(lab: Lab) -> AsyncGenerator[Listener]:
    """A connected client; no channel may remain at the end."""
    async with listening(lab.client()) as listener:
        await listener.wait_for(Connected, within_s=20)
        await eventually(lambda: listener.ari.up, 5, "up")
        yield listener
        await eventually(lambda: lab.idle(listener.ari), 10, "all channels to be gone")


@pytest.fixture
def late(lab: Lab) -> Generator[Child]:
    """The carrier that does not answer until the test starts it."""
    yield lab.late
    lab.late.stop()


@pytest.fixture
async def ear(lab: Lab) -> AsyncGenerator[Listener]:
    """Another application on the same switch, which records what is heard."""
    async with listening(lab.client(EAR)) as listener:
        await listener.wait_for(Connected, within_s=20)
        await eventually(lambda: listener.ari.up, 5, "up")
        yield listener


@pytest.fixture(scope="module")
async def office(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Office]:
    """The server, set up as docs/telephony.md says, for one module: two servers with the same Stasis application would
    disconnect each other."""
    folder = tmp_path_factory.mktemp("office") / "data"
    async with serving(folder, "--config", str(lab.settings)) as server:
        await cli(server, "tenant", "create", str(TENANT), "--name", "Cong ty ABC")
        scopes = "campaign,queue,agent,report"
        key = await cli(server, "key", "create", "--tenant", str(TENANT), "--scopes", scopes)
        office = Office(server, lab, key)

        async def connected() -> bool:
            return (await office.call("GET", "/v1/live"))["switch"]["up"]

        await eventually(connected, 30, "the switch to be up", poll_s=0.1)
        yield office
