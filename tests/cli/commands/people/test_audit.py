"""`tongdai audit`."""

import json

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server
from tongdai.db import audit
from tongdai.db.pool import Connection


async def test_changes_are_listed_newest_first(api_server: Server, conn: Connection) -> None:
    key = await api_server.key()
    for n in range(3):
        await audit.record(conn, key.tenant_id, key.key_id, "test.change", f"thing {n}", {"to": n})

    def run(*arguments: str) -> str:
        environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
        done = programs.tongdai("audit", "--action", "test", *arguments, environment=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    entries = json.loads(run("--json", "--limit", "2", "--by-key", str(key.key_id)))
    assert [(one["subject"], one["detail"]) for one in entries] == [("thing 2", {"to": 2}), ("thing 1", {"to": 1})]
    assert run("--subject", "thing 0").splitlines()[1].split("\t")[4:] == ["test.change", "thing 0", '{"to":0}']
    assert run("--by-user", "987654").splitlines()[1:] == []
