"""`tongdai calls`, where there is no such call; tests/flows/dialing/test_acts.py has live ones."""

import pytest

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server

UNKNOWN = "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11"


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("hold", []), ("resume", []), ("mute", []), ("unmute", []), ("hang-up", []),
        ("dtmf", ["12#"]), ("transfer", ["--number", "0901234567"]),
        ("consult", ["--agent", "1"]), ("consult", ["--number", "0901234567"]), ("consult", ["--phone", "a"]),
        ("complete-consult", []), ("cancel-consult", []), ("conference", []), ("take-over", ["--phone", "a"]),
    ],
)  # fmt: skip
async def test_call_that_does_not_exist_is_reported(api_server: Server, command: str, more: list[str]) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
    ended = programs.tongdai("calls", command, UNKNOWN, *more, environment=environment)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Call not found" in ended.stderr


@pytest.mark.parametrize(("command", "more"), [("recording", ["call.mp3"]), ("delete-recording", [])])
async def test_recording_that_does_not_exist_is_reported(api_server: Server, command: str, more: list[str]) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
    ended = programs.tongdai("calls", command, UNKNOWN, *more, environment=environment)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Recording not found" in ended.stderr


@pytest.mark.parametrize("whom", [[], ["--agent", "1", "--number", "0901234567"]])
def test_consult_is_of_one(api_server: Server, whom: list[str]) -> None:
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": "x"}
    ended = programs.tongdai("calls", "consult", UNKNOWN, *whom, environment=environment)
    assert ended.returncode == 2
    assert "one of --agent, --number and --phone" in ended.stderr


@pytest.mark.parametrize("where", [[], ["--agent", "1", "--queue", "2"]])
def test_transfer_is_to_one(api_server: Server, where: list[str]) -> None:
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": "x"}
    ended = programs.tongdai("calls", "transfer", UNKNOWN, *where, environment=environment)
    assert ended.returncode == 2
    assert "one of --queue, --agent and --number" in ended.stderr


def test_id_that_is_none_is_wrong_usage(api_server: Server) -> None:
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": "x"}
    ended = programs.tongdai("calls", "hold", "17", environment=environment)
    assert ended.returncode == 2
    assert "17" in ended.stderr


@pytest.mark.parametrize(("command", "more"), [("claim", ["--agent", "1"]), ("release", []), ("close", [])])
async def test_missed_call_that_does_not_exist_is_reported(api_server: Server, command: str, more: list[str]) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
    ended = programs.tongdai("calls", command, UNKNOWN, *more, environment=environment)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Missed call not found" in ended.stderr
    ended = programs.tongdai("calls", "missed", "--state", "open", "--json", environment=environment)
    assert (ended.returncode, ended.stdout.strip()) == (0, "[]")
