"""One Asterisk for the whole run. A test that stops it starts it again."""

import os
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path

import pytest

from tests.support.live.hotline import Hotline, hotline_of
from tests.support.live.recordings import RECORDER
from tests.support.live.tenant import TENANT, LiveTenant, cli
from tests.support.live.testbed import TRUNK, Child, Testbed, free_port
from tests.support.servers import eventually, serving
from tests.support.switch import Listener, listening
from tongdai.switch import commands
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
async def testbed(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Testbed]:
    programs = os.environ.get("TONGDAI_LIVE_PROGRAMS")
    assert programs, "start these by `make test-live`"
    testbed = Testbed(Path(programs), tmp_path_factory.mktemp("testbed"))
    try:
        await testbed.start()
        yield testbed
    finally:
        testbed.stop()


@pytest.fixture
async def caller(testbed: Testbed) -> AsyncGenerator[Listener]:
    """A connected client; no channel may remain at the end."""
    async with listening(testbed.client()) as listener:
        await listener.wait_for(Connected, within_s=20)
        await eventually(lambda: listener.ari.up, 5, "up")
        yield listener
        await eventually(lambda: testbed.idle(listener.ari), 10, "all channels to be gone")


@pytest.fixture
def late(testbed: Testbed) -> Generator[Child]:
    """The carrier that does not answer until the test starts it."""
    yield testbed.late
    testbed.late.stop()


@pytest.fixture
async def recorder(testbed: Testbed) -> AsyncGenerator[Listener]:
    """Another application on the same switch, which records what is heard."""
    async with listening(testbed.client(RECORDER)) as listener:
        await listener.wait_for(Connected, within_s=20)
        await eventually(lambda: listener.ari.up, 5, "up")
        yield listener


@pytest.fixture(scope="module")
async def tenant(testbed: Testbed, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[LiveTenant]:
    """The server, set up as docs/telephony.md says, for one module: two servers with the same Stasis application would
    disconnect each other."""
    folder = tmp_path_factory.mktemp("server") / "data"
    # Its port is known beforehand, and so where the switch fetches sounds.
    port = str(free_port(socket.SOCK_STREAM))
    async with serving(folder, "--config", str(testbed.settings), "--port", port) as server:
        await cli(server, "tenant", "create", str(TENANT), "--name", "Cong ty ABC")
        scopes = "campaign,queue,agent,report"
        key = await cli(server, "key", "create", "--tenant", str(TENANT), "--scopes", scopes)
        tenant = LiveTenant(server, testbed, key)

        async def connected() -> bool:
            return (await tenant.call("GET", "/v1/live"))["switch"]["up"]

        await eventually(connected, 30, "the switch to be up", poll_s=0.1)
        yield tenant


@pytest.fixture
async def hotline(tenant: LiveTenant, recorder: Listener) -> AsyncGenerator[Hotline]:
    """A queue with a number of its own. Callers who are left at the end are hung up: `caller` would find them."""
    hotline = await hotline_of(tenant, recorder)
    async with hotline.headsets:
        yield hotline
    for channel in await commands.channels(recorder.ari):
        if channel.endpoint == TRUNK:
            await commands.hang_up(recorder.ari, channel.channel_id)
