"""One Asterisk for the whole run. A test that harms it leaves it running."""

import os
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from tests.ari.listening import Listener, listening
from tests.live.lab import Lab
from tests.servers import eventually
from tongdai.ari.events import Connected

Figures = Callable[[str], None]


@pytest.fixture
def figures(capsys: pytest.CaptureFixture[str]) -> Figures:
    """Shows what was measured, also of a test that passes."""

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
    """A client that is up; at the end no channel is left."""
    async with listening(lab.client()) as listener:
        await listener.wait_for(Connected, within_s=20)
        await eventually(lambda: listener.ari.up, 5, "up")
        yield listener
        await eventually(lambda: lab.idle(listener.ari), 10, "all channels to be gone")
