"""Somebody with a key, who runs `tongdai queue` beside a server."""

import subprocess
from dataclasses import dataclass

import pytest

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server
from tongdai_client import Client


@dataclass(frozen=True)
class Desk:
    server: Server
    key: str

    def client(self) -> Client:
        return Client(self.server.url, self.key)

    def printed(self, *args: object) -> str:
        ended = self._run(*args)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def failed(self, *args: object, code: int = 1) -> str:
        ended = self._run(*args)
        assert (ended.returncode, ended.stdout) == (code, "")
        return ended.stderr.strip()

    def _run(self, *args: object) -> "subprocess.CompletedProcess[str]":
        environment = PLAIN | {"TONGDAI_URL": self.server.url, "TONGDAI_API_KEY": self.key}
        return programs.tongdai("queue", *map(str, args), environment=environment)


@pytest.fixture
async def desk(api_server: Server) -> Desk:
    return Desk(api_server, (await api_server.key()).value)
