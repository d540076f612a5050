"""`tongdai wallboard`."""

import json

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server


async def test_boards_are_created_listed_changed_and_revoked(api_server: Server) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}

    def done(*arguments: str) -> str:
        ended = programs.tongdai("wallboard", *arguments, environment=environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    assert done("create", "--name", "TV", "--tile", "agents", "--longest", "30", "60").startswith("wb_")
    (board,) = json.loads(done("list", "--json"))
    assert (board["name"], board["tiles"], board["queueIds"]) == ("TV", ["agents"], [])
    board_id = str(board["wallboardId"])
    assert done("change", board_id, "--queue", "7", "--language", "vi", "--waiting", "1", "2") == "Wallboard updated"
    assert json.loads(done("list", "--json"))[0]["queueIds"] == [7]
    done("change", board_id, "--all-queues", "--name", "Hall")
    (board,) = json.loads(done("list", "--json"))
    assert (board["name"], board["queueIds"]) == ("Hall", [])
    both = programs.tongdai("wallboard", "change", board_id, "--queue", "7", "--all-queues", environment=environment)
    assert "not both" in both.stderr
    assert done("revoke", board_id) == "Wallboard revoked"
    assert json.loads(done("list", "--json")) == []
