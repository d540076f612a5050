"""`tongdai wrapup`; tests/agents/wrap_up has what codes do."""

import json

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server
from tongdai_client import Client

UNKNOWN = "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11"


def new_queue(url: str, key: str) -> int:
    with Client(url, key) as client:
        return client.create_queue("Support").queue_id


async def test_codes_are_created_offered_listed_and_deleted(api_server: Server) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}

    def done(*arguments: str) -> str:
        ended = programs.tongdai("wrapup", *arguments, environment=environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    code_id = done("create", "--name", "Soon", "--callback", "--success")
    done("change", code_id, "--name", "Later", "--no-success")
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
    queue_id = new_queue(api_server.url, key.value)
    rule = ("rule", "--queue", str(queue_id))
    assert done(*rule).splitlines() == ["mode: optional", f"codes: {code_id} Later"]
    set_to = done(*rule, "--mode", "timed", "--seconds", "30", "--code", code_id)
    assert set_to.splitlines() == ["mode: timed, 30 s", f"codes: {code_id} Later"]
    ended = programs.tongdai("wrapup", *rule, "--seconds", "30", environment=environment)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Give --mode with --seconds and --code" in ended.stderr
    counted = json.loads(done("counts", "--from", "2026-03-10T00:00+07:00", "--queue", str(queue_id), "--json"))
    assert counted[-1] == {"codeId": None, "name": None, "calls": 0}
    assert {row["calls"] for row in counted} == {0}
    assert done("delete", code_id) == "Wrap-up code deleted"
    assert json.loads(done("codes", "--json")) == []
