"""A client on a switchboard, over a websocket."""

import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.ari.listening import Listener, listening
from tests.servers import eventually
from tongdai.ari.client import AriClient
from tongdai.ari.events import Connected
from tongdai.clock import SystemClock
from tongdai.testing.ari_server import AriServer
from tongdai.testing.callees import Callee
from tongdai.testing.switchboard import Switchboard

USER, PASSWORD, APP = "tongdai", "correct horse battery", "tongdai"


@pytest.fixture
async def server() -> AsyncGenerator[AriServer]:
    switchboard = Switchboard(random.Random(1), SystemClock(), trunks=["trunk"])
    async with AriServer(switchboard, USER, PASSWORD).serving() as server:
        yield server


def client(server: AriServer, **options: object) -> AriClient:
    return AriClient(server.url, USER, PASSWORD, APP, rng=random.Random(1), **options)


@asynccontextmanager
async def connected(server: AriServer, callee: Callee | None = None, **options: object) -> AsyncGenerator[Listener]:
    """A client that is up."""
    if callee is not None:
        server.switchboard.callee = callee
    async with listening(client(server, **options)) as listener:
        await listener.wait_for(Connected)
        await eventually(lambda: listener.ari.up, 5, "up")
        yield listener
