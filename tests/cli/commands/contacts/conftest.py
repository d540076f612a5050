"""Somebody who uses `tongdai contacts`, at a pipe and at terminals."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.support.contacts_command import Desk
from tests.support.processes import Terminal
from tests.support.servers import Server
from tongdai_client import Client


@pytest.fixture
async def desk(server: Server, tmp_path: Path) -> AsyncIterator[Desk]:
    key = await server.key()
    with Client(server.url, key.value) as client:
        yield Desk(server, client, key.value, client.create_campaign("Khảo sát").campaign_id, tmp_path)


@pytest.fixture
def terminal(desk: Desk) -> Iterator[Callable[..., Terminal]]:
    """Terminals that are closed at the end."""
    opened: list[Terminal] = []

    class Closed(Terminal):
        def __init__(self, *args: str | Path) -> None:
            super().__init__(desk.command(*args), desk.environment)
            opened.append(self)

    yield Closed
    for one in opened:
        one.close()
