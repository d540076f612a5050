"""`tongdai top` as its users have it: a process, on a pipe or a terminal, and a server that runs."""

import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.callers import waiting
from tests.support.calls import a_call, configure, in_call, new_agent
from tests.support.processes import Terminal
from tests.support.programs import PLAIN, PROGRAM
from tests.support.servers import Server
from tests.support.sounds import forget
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.model import PauseReason
from tongdai.dialing import store
from tongdai.dialing.model import HoldReason
from tongdai.ids import ContactId
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Heartbeat, Kind
from tongdai_client import Client

UP = Heartbeat(Kind.SIMULATED, True, "Asterisk 22.9.0", "tongdai", "here", 0, 0)
"""A simulated one: on an Asterisk the tenants of other tests may call nothing that they were not given."""


@dataclass(frozen=True)
class Watcher:
    """Somebody with a key and a campaign that calls."""

    url: str
    key: str
    campaign_id: int

    def environment(self, columns: int = 130) -> dict[str, str]:
        shown = {"TERM": "xterm", "COLUMNS": str(columns), "LINES": "40"}
        return PLAIN | {"TONGDAI_URL": self.url, "TONGDAI_API_KEY": self.key} | shown

    def run(self, *args: str, columns: int = 130, **env: str) -> "subprocess.CompletedProcess[str]":
        command, options = [str(PROGRAM), "top", *args], {"capture_output": True, "text": True, "timeout": 60}
        return subprocess.run(command, check=False, env=self.environment(columns) | env, **options)


@pytest.fixture
async def watcher(api_server: Server, tenant, conn) -> AsyncIterator[Watcher]:
    await switches.beat(conn, DEFAULT, UP)
    # There is no leader to beat again, and a slow machine takes longer to start a server than a heartbeat holds.
    await conn.execute("update switch set alive_at = now() + interval '1 hour' where switch_id = $1", DEFAULT)
    campaign_id, queue_id = await tenant.campaign("Khảo sát [red]x[/red]"), await tenant.queue()
    await configure(conn, tenant.tenant_id, campaign_id, mode="progressive", queue_id=queue_id)
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
    for n in range(3):
        await tenant.contact(campaign_id, f"090000000{n}")
    await new_agent(conn, tenant.tenant_id, queue_id, "idle")
    await in_call(conn, tenant.tenant_id, ContactId(5), "+84900000005", campaign_id)
    await a_call(conn, tenant.tenant_id, campaign_id, ContactId(6), "+84900000006", outcome="busy")
    for waits in (10, 70):
        await waiting(conn, tenant.tenant_id, queue_id, waits)
    yield Watcher(api_server.url, tenant.key.value, campaign_id)
    await forget(conn)


@pytest.fixture
def terminal(watcher: Watcher) -> Iterator[Terminal]:
    shown = Terminal([str(PROGRAM), "top"], watcher.environment())
    yield shown
    shown.close()


async def test_once_prints_campaigns_calls_and_the_switch(watcher: Watcher) -> None:
    done = watcher.run("--once", columns=170)
    assert (done.returncode, done.stderr) == (0, "")
    header, *rest = done.stdout.splitlines()
    assert "switch default up (Asterisk 22.9.0)" in header
    assert "dialer alive" in header
    assert "   1 active call   " in header
    (campaign,) = [line for line in rest if "[red]x[/red]" in line]
    assert campaign.split()[:1] == [str(watcher.campaign_id)]
    assert "progressive" in campaign
    assert "running" in campaign
    (call,) = [line for line in rest if "0900000006" in line]
    assert "busy" in call
    (queue,) = [line for line in rest if "A queue" in line]
    assert queue.split()[3] == "2"  # callers who wait


async def test_dialing_that_is_held_is_shown_with_what_to_do(watcher: Watcher, conn) -> None:
    assert "held" not in watcher.run("--once").stdout
    hold = await store.hold(conn, HoldReason.WENT_BACK)
    try:
        shown = watcher.run("--once", columns=200).stdout
    finally:
        await store.release(conn, hold.hold_id, None)
    assert f"Dialing is held since {hold.held_at.astimezone():%Y-%m-%d %H:%M}" in shown
    assert hold.message in shown
    assert "tongdai dialing status" in shown


async def test_campaign_that_paused_itself_is_shown_with_what_to_do(watcher: Watcher, tenant, conn) -> None:
    campaign_id = await tenant.campaign("Silent")
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
    assert "paused itself" not in watcher.run("--once", columns=200).stdout
    assert await campaigns.pause_itself(conn, tenant.tenant_id, campaign_id, PauseReason.SOUND_NOT_PLAYED, 3)
    shown = watcher.run("--once", columns=200).stdout
    assert f"Campaign {campaign_id} paused itself: several people in a row answered, and the switch" in shown
    assert "Silent" in shown
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
    assert "paused itself" not in watcher.run("--once", columns=200).stdout


async def test_json_is_what_the_server_answers(watcher: Watcher, tenant) -> None:
    done = watcher.run("--once", "--json")
    reported = json.loads(done.stdout)
    asked = await tenant.done("GET", "/v1/live")
    for figures in (reported, asked):  # without what the time changes that passes between them
        figures["dialer"].pop("aliveAt")
        assert [queue.pop("longestWaitSec") >= 70 for queue in figures["queues"]] == [True]
    assert reported == asked


async def test_narrow_terminal_gets_fewer_columns_and_no_broken_lines(watcher: Watcher) -> None:
    shown = []
    for columns in (40, 60, 80, 100, 130):
        done = watcher.run("--once", columns=columns)
        assert done.returncode == 0
        lines = done.stdout.splitlines()
        assert max(map(len, lines)) <= columns
        assert sum("0900000006" in line for line in lines) == 1
        (titles,) = [line for line in lines if "ring" in line and "talk" in line and "id" in line]
        assert "…" not in titles
        shown.append(titles.split())
    assert all(set(few) < set(more) for few, more in pairwise(shown))


async def test_terminal_shows_it_until_ctrl_c_and_is_left_as_it_was(watcher: Watcher, terminal: Terminal) -> None:
    terminal.until(r"switch default up[\s\S]*0900000006")
    terminal.shown = ""
    terminal.until("switch default up")  # it is shown anew
    terminal.type("\x03")
    assert terminal.ended() == 0
    assert "Traceback" not in terminal.shown


async def test_server_that_goes_is_reported_and_waited_for(watcher: Watcher, dsn: str, tmp_path: Path) -> None:
    first = Server(tmp_path / "data", "--only", "api", database_url=dsn)
    shown = None
    try:
        await first.start()
        port = str(urlsplit(first.url).port)
        shown = Terminal([str(PROGRAM), "top", "--url", first.url], watcher.environment())
        shown.until(r"switch default up")
        await first.stop()
        shown.until(r"No answer from the server")
        assert "0900000006" in shown.shown  # what is known last stays
        second = Server(tmp_path / "data", "--only", "api", "--port", port, database_url=dsn)
        try:
            await second.start()
            with Client(second.url, watcher.key) as client:
                client.stop_campaign(watcher.campaign_id)
            shown.shown = ""
            shown.until("stopped")
        finally:
            second.end()
        shown.type("\x03")
        assert shown.ended() == 0
    finally:
        if shown is not None:
            shown.close()
        first.end()


async def test_what_is_wrong_is_reported_in_a_line(watcher: Watcher, api, tenant) -> None:
    away = watcher.run("--once", TONGDAI_URL="http://127.0.0.1:9")
    assert (away.returncode, away.stdout) == (1, "")
    assert away.stderr.startswith("tongdai: no answer from the server at http://127.0.0.1:9")
    wrong = watcher.run("--once", TONGDAI_API_KEY="sk_live_wrong")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "does not accept the key" in wrong.stderr
    other = await api.key(tenant_id=tenant.tenant_id, scopes=["campaign"])
    lacking = watcher.run("--once", TONGDAI_API_KEY=other.value)
    assert "Key does not have scope report" in lacking.stderr


async def test_tenant_without_calls_is_reported_so(api_server: Server, api) -> None:
    key = await api.key()
    done = Watcher(api_server.url, key.value, 0).run("--once")
    assert "No campaign is running." in done.stdout
    assert "No call has ended yet." in done.stdout
