"""`tongdai wrapup`; tests/agents/wrap_up has what codes do."""

import json

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server

UNKNOWN = "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11"


async def test_codes_are_created_offered_listed_and_deleted(api_server: Server) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}

    def done(*arguments: str) -> str:
        ended = programs.tongdai("wrapup", *arguments, environment=environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    code_id = done("create", "--name", "Later", "--callback")
    assert json.loads(done("codes", "--json")) == [
        {
            "codeId": int(code_id),
            "name": "Later",
            "success": False,
            "callback": True,
            "doNotCall": False,
            "numberUnusable": False,
        }
    ]
    made = programs.tongdai("wrapup", "rule", "--mode", "mandatory", environment=environment)
    assert (made.returncode, made.stdout) == (2, "")
    ended = programs.tongdai(
        "wrapup", "rule", "--campaign", "999", "--mode", "timed", "--seconds", "30", environment=environment
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Campaign not found" in ended.stderr
    ended = programs.tongdai("wrapup", "call", UNKNOWN, "--code", code_id, environment=environment)
    assert "Call not found" in ended.stderr
    assert done("delete", code_id) == "Wrap-up code deleted"
    assert json.loads(done("codes", "--json")) == []
