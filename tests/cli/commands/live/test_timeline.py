"""`tongdai campaign timeline`."""

import json
from datetime import UTC, datetime, timedelta

from tests.support import programs
from tests.support.calls import a_call
from tests.support.contacts import new_campaign
from tests.support.programs import PLAIN
from tests.support.servers import Server
from tongdai.db.pool import Connection


async def test_calls_are_shown_by_the_minute_and_by_the_hour(api_server: Server, conn: Connection) -> None:
    key = await api_server.key()
    campaign_id = await new_campaign(conn, key.tenant_id)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    await a_call(conn, key.tenant_id, campaign_id, opened_at=hour + timedelta(minutes=5))

    def run(*arguments: str) -> str:
        environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
        done = programs.tongdai("campaign", "timeline", str(campaign_id), *arguments, environment=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    until = (hour + timedelta(minutes=6)).isoformat()
    (point,) = json.loads(run("--from", (hour + timedelta(minutes=5)).isoformat(), "--to", until, "--json"))
    assert (point["calls"], point["answered"], point["abandonedRate24h"]) == (1, 0, None)
    lines = run("--step", "hour", "--from", hour.isoformat(), "--to", (hour + timedelta(hours=1)).isoformat())
    head, row = (line.split("\t") for line in lines.splitlines())
    assert dict(zip(head, row, strict=True)) == {
        "at": f"{hour:%Y-%m-%d %H:%M:%SZ}", "calls": "1", "answered": "0", "abandoned": "0", "abandonedRate24h": "-",
        "talking": "0.0",
        "idle": "0.0",
    }  # fmt: skip
