"""Campaigns called by the whole server, through a websocket to a switch that keeps a ledger of what really happened."""

import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.servers import Server, eventually, serving
from tongdai.clock import SystemClock
from tongdai.testing import factories
from tongdai.testing.ari_server import AriServer
from tongdai.testing.callees import Callees, Ending, always, uniform
from tongdai.testing.switchboard import Switchboard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

USER, PASSWORD = "tongdai", "a password of the tests"
NEVER_AGAIN = {name: {"afterMin": 1, "times": 0} for name in ("no_answer", "busy", "failed", "machine", "abandoned")}
QUICK = {"ringTimeoutSec": 15, "callsPerSecond": 50, "maxConcurrentCalls": 200, "retryRules": NEVER_AGAIN}


@dataclass(frozen=True)
class Office:
    server: Server
    board: Switchboard
    settings: dict[str, str]
    key: factories.Key

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        async with httpx2.AsyncClient(base_url=self.server.url, timeout=30) as client:
            answer = await client.request(method, path, json=body, headers={"X-Api-Key": self.key.value})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def campaign(self, contacts: int, first: int, **settings: object) -> int:
        """Running, with so many contacts; numbers from `first` on."""
        made = await self.call("POST", "/v1/campaigns", {"campaignName": "A", **QUICK, **settings})
        rows = [{"phoneNumber": f"09{first + place:08}"} for place in range(contacts)]
        path = f"/v1/campaigns/{made['campaignId']}"
        job = await self.call("POST", f"{path}/contacts/bulk", {"contacts": rows})
        await eventually(lambda: self._done(f"{path}/contacts/import/{job['job_id']}"), 30, "the import", poll_s=0.1)
        await self.call("POST", f"{path}/start")
        return made["campaignId"]

    async def _done(self, path: str) -> bool:
        return (await self.call("GET", path))["status"] == "done"

    async def totals(self, campaign_id: int) -> dict[str, int]:
        return (await self.call("GET", f"/v1/campaigns/{campaign_id}"))["processStatus"]

    async def processed(self, campaign_id: int, contacts: int, within_s: float) -> None:
        async def all_are() -> bool:
            return (await self.totals(campaign_id))["2"] == contacts

        await eventually(all_are, within_s, "every contact to be processed", poll_s=0.3)

    def dialled(self, first: int, contacts: int) -> Counter[str]:
        """How often each number was called, by the switch's own ledger."""
        ours = {f"849{first + place:08}" for place in range(contacts)}
        return Counter(call.to for call in self.board.ledger.calls if call.to in ours)


@asynccontextmanager
async def office(folder: Path) -> AsyncGenerator[Office]:
    callees = Callees(answer_rate=0.5, ring_s=uniform(0.1, 1), talk_s=uniform(0.2, 2), dead=0.0)
    board = Switchboard(random.Random(7), SystemClock(), callees)
    async with AriServer(board, USER, PASSWORD).serving() as switch:
        settings = {"asterisk": switch.url, "asterisk_user": USER, "asterisk_password": PASSWORD, "trunk": "carrier"}
        async with serving(folder / "data", **settings) as server:
            yield Office(server, board, settings, await server.key(scopes=frozenset(factories.Scope)))


async def test_each_contact_is_called_once_and_told_what_the_switch_did(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        campaign_id = await here.campaign(200, first=10_000_000)
        await here.processed(campaign_id, 200, within_s=60)
        assert set(here.dialled(10_000_000, 200).values()) == {1}
        assert here.board.ledger.violations == []
        told = Counter((await here.call("GET", f"/v1/campaigns/{campaign_id}"))["callStatus"])
        endings = Counter(call.plan.ending for call in here.board.ledger.calls)
        assert told["answered"] == endings[Ending.ANSWERED]
        assert told["busy"] == endings[Ending.BUSY]
        assert told["invalid_number"] == endings[Ending.UNALLOCATED]
        assert told.total() == 200


async def test_nobody_is_called_twice_though_dialers_are_killed_and_two_wait_for_one_database(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        stand_by = {"database_url": here.server.dsn, **here.settings}
        async with serving(tmp_path / "second", "--only", "dialer", **stand_by) as second:
            campaign_id = await here.campaign(400, first=20_000_000, callsPerSecond=25)
            for kill in range(1, 5):
                called = kill * 60
                await eventually(lambda: len(here.board.ledger.calls) >= called, 90, "calls")  # noqa: B023
                victim = here.server if kill % 2 else second
                await victim.kill("dialer", signal.SIGKILL)
            await here.processed(campaign_id, 400, within_s=150)
        times = here.dialled(20_000_000, 400)
        assert set(times.values()) == {1}
        assert here.board.ledger.violations == []
        told = (await here.call("GET", f"/v1/campaigns/{campaign_id}"))["callStatus"]
        assert sum(told.values()) == 400
        # Each of those that were never called says so.
        assert len(times) + told.get("lost", 0) >= 400


async def test_pause_stops_dialling_within_a_second_and_live_calls_finish(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.board.callee = always(Ending.ANSWERED, after_s=0.5, talk_s=4)
        campaign_id = await here.campaign(300, first=30_000_000, callsPerSecond=20, maxConcurrentCalls=300)
        await eventually(lambda: here.board.ledger.counts["answered"] >= 20, 30, "calls that are up")
        await here.call("POST", f"/v1/campaigns/{campaign_id}/pause")
        paused_at = SystemClock().now()
        await eventually(lambda: not here.board.ledger.live, 30, "the live calls to finish")
        last = max(call.originated_at for call in here.board.ledger.calls)
        assert (last - paused_at).total_seconds() < 1
        assert not any(call.hung_up_by_us and call.ended_at is None for call in here.board.ledger.calls)

        async def none_in_call() -> bool:
            return (await here.totals(campaign_id))["1"] == 0

        await eventually(none_in_call, 30, "no contact to be in call", poll_s=0.2)
        totals = await here.totals(campaign_id)
        assert totals["2"] == len(here.board.ledger.calls)
        assert totals["0"] == 300 - totals["2"]


async def test_number_put_on_a_do_not_call_list_is_not_called_any_more(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        campaign_id = await here.campaign(120, first=40_000_000, callsPerSecond=10)
        await eventually(lambda: len(here.board.ledger.calls) >= 10, 30, "calls")
        made = await here.call("POST", "/v1/do-not-call", {"name": "Complaints"})
        numbers = [{"phoneNumber": f"+849{40_000_060 + place}"} for place in range(60)]
        await here.call("POST", f"/v1/do-not-call/{made['dncListId']}/numbers", {"numbers": numbers})
        listed_at = SystemClock().now()
        await here.processed(campaign_id, 120, within_s=60)
        listed = {f"849{40_000_060 + place}" for place in range(60)}
        late = [
            call
            for call in here.board.ledger.calls
            if call.to in listed and (call.originated_at - listed_at).total_seconds() > 1
        ]
        assert late == []
        told = (await here.call("GET", f"/v1/campaigns/{campaign_id}"))["callStatus"]
        assert told["dnc"] >= 50


async def test_switch_that_goes_is_said_and_nothing_is_asked_of_it_meanwhile(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.board.callee = always(Ending.ANSWERED, after_s=0.2, talk_s=1)
        campaign_id = await here.campaign(300, first=50_000_000, callsPerSecond=10)
        await eventually(lambda: len(here.board.ledger.calls) >= 20, 30, "calls")
        here.board.restart(for_s=4)

        async def said() -> bool:
            return "switch_away" in str(await here.call("GET", f"/v1/campaigns/{campaign_id}/diagnostics"))

        await eventually(said, 10, "the switch to be said to be away", poll_s=0.2)
        await here.processed(campaign_id, 300, within_s=120)
        assert here.board.ledger.violations == []
        assert set(here.dialled(50_000_000, 300).values()) == {1}
        told = (await here.call("GET", f"/v1/campaigns/{campaign_id}"))["callStatus"]
        assert set(told) <= {"answered", "lost"}
