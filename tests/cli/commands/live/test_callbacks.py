"""`tongdai callbacks`: customers who are to be called by an agent of a queue."""

import json

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server
from tongdai.db.pool import Connection

QUEUE = "insert into inbound_queue (tenant_id, name) values ($1, 'A queue') returning queue_id"


async def test_callback_is_created_listed_changed_and_cancelled(api_server: Server, conn: Connection) -> None:
    key = await api_server.key()
    queue_id = await conn.fetchval(QUEUE, key.tenant_id)
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}

    def run(*arguments: str) -> str:
        ended = programs.tongdai("callbacks", *arguments, environment=environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    at = ("--at", "2099-03-10T09:00:00+07:00")
    callback_id = run("create", "0901234567", "--queue", str(queue_id), *at, "--note", "Hợp đồng")
    (row,) = json.loads(run("list", "--state", "pending", "--json"))
    assert (row["callbackId"], row["dueAt"], row["source"]) == (callback_id, "2099-03-10T02:00:00Z", "api")
    assert run("change", callback_id, "--at", "2099-03-11T09:00:00+07:00") == "Callback updated"
    assert run("cancel", callback_id) == "Callback cancelled"
    (row,) = json.loads(run("list", "--queue", str(queue_id), "--json"))
    assert (row["dueAt"], row["state"]) == ("2099-03-11T02:00:00Z", "cancelled")


async def test_callback_that_does_not_exist_is_reported(api_server: Server) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
    unknown = "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11"
    ended = programs.tongdai("callbacks", "cancel", unknown, environment=environment)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Callback not found" in ended.stderr
