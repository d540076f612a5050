"""A client on a asterisk, over a websocket."""

import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.support.ari_server import AriServer
from tests.support.servers import eventually
from tests.support.switch import Listener, listening
from tongdai.clock import SystemClock
from tongdai.switch.client import AriClient
from tongdai.switch.events import Connected
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callee

USER, PASSWORD, APP = "tongdai", "correct horse battery", "tongdai"


@pytest.fixture
async def server() -> AsyncGenerator[AriServer]:
    asterisk = SimulatedAsterisk(random.Random(1), SystemClock(), trunks=["trunk"])
    async with AriServer(asterisk, USER, PASSWORD).serving() as server:
        yield server


def client(server: AriServer, **options: float) -> AriClient:
    return AriClient(server.url, USER, PASSWORD, APP, rng=random.Random(1), **options)


@asynccontextmanager
async def connected(server: AriServer, callee: Callee | None = None, **options: float) -> AsyncGenerator[Listener]:
    """A client that is up."""
    if callee is not None:
        server.asterisk.callee = callee
    async with listening(client(server, **options)) as listener:
        await listener.wait_for(Connected)
        await eventually(lambda: listener.ari.up, 5, "up")
        yield listener
