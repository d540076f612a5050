"""Two switches, each with its leader, on one database."""

import json
import random
import signal
import sys
from pathlib import Path

import httpx2
import pytest

from tests.support.api import PEPPER
from tests.support.ari_server import AriServer
from tests.support.dialing_server import PASSWORD, USER, DialingServer, dialing_server
from tests.support.servers import Server, eventually, serving
from tongdai.clock import SystemClock
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callees, uniform
from tongdai.switches import store as switches
from tongdai.tenants import store as tenants
from tongdai.testing import factories

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
CONTACTS = 250


def tenants_in(server: Server, event: str) -> set[int]:
    """The tenants that its log names with that event."""
    lines = [json.loads(line) for line in server.log_text().splitlines() if line.startswith("{")]
    return {line["tenant"] for line in lines if line["event"] == event}


async def test_leaders_of_two_switches_dial_side_by_side_and_leave_each_others_calls_alone(tmp_path: Path) -> None:
    callees = Callees(answer_rate=0.5, ring_s=uniform(0.1, 1), talk_s=uniform(0.2, 4), dead=0.0)
    simulated = SimulatedAsterisk(random.Random(8), SystemClock(), callees)
    async with dialing_server(tmp_path) as here, AriServer(simulated, USER, PASSWORD).serving() as switch:
        settings = {**here.settings, "asterisk": switch.url, "database_url": here.server.dsn}
        async with serving(tmp_path / "second", "--only", "telephony", "--switch", "hanoi", **settings) as second:
            async with here.server.database() as conn:
                hanoi = await switches.find(conn, "hanoi")
                assert hanoi is not None
                key = await factories.key(conn, PEPPER.encode())
                assert await tenants.set_switch(conn, key.tenant_id, hanoi)
            there = DialingServer(here.server, simulated, settings, key)
            campaign_here = await here.campaign(CONTACTS, first=20_000_000, callsPerSecond=20)
            campaign_there = await there.campaign(CONTACTS, first=30_000_000, callsPerSecond=20)
            for kill in range(4):
                victim, own = (here.server, here) if kill % 2 else (second, there)
                dialled = len(own.simulated.ledger.calls) + 25
                await eventually(lambda: len(own.simulated.ledger.calls) >= dialled, 60, "calls")  # noqa: B023
                await victim.kill("telephony", signal.SIGKILL)
            await here.processed(campaign_here, CONTACTS, within_s=150)
            await there.processed(campaign_there, CONTACTS, within_s=150)
            for own, first in ((here, 20_000_000), (there, 30_000_000)):
                assert set(own.dialled(first, CONTACTS).values()) == {1}
                assert own.simulated.ledger.violations == []
            assert not here.dialled(30_000_000, CONTACTS)
            assert not there.dialled(20_000_000, CONTACTS)
            for event in ("call ended", "call adopted"):
                assert tenants_in(here.server, event) == {here.key.tenant_id}, event
                assert tenants_in(second, event) == {there.key.tenant_id}, event
            await both_are_listed(here, there, second)


async def both_are_listed(here: DialingServer, there: DialingServer, second: Server) -> None:
    for own, name in ((here, "default"), (there, "hanoi")):
        found = (await own.call("GET", "/v1/live"))["switches"]
        assert [(each["name"], each["kind"], each["up"]) for each in found] == [(name, "asterisk", True)]
    for server in (here.server, second):
        async with httpx2.AsyncClient() as client:
            ready = await client.get(f"{server.admin_url}/health/ready")
        ages = ready.json()["heartbeatAgeSec"]
        assert ready.status_code == 200
        assert set(ages) == {"default", "hanoi"}
        assert all(age < 10 for age in ages.values())


async def test_switch_whose_leader_is_gone_makes_its_own_processes_unready_and_no_others(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        settings = {**here.settings, "database_url": here.server.dsn}
        del settings["asterisk"]
        async with serving(tmp_path / "second", "--only", "telephony", "--switch", "hanoi", **settings) as second:
            assert await second.readiness() == 200
            await second.kill("telephony", signal.SIGSTOP)

            async def unready() -> bool:
                return await second.readiness() == 503

            await eventually(unready, 30, "the switch without a leader to be reported", poll_s=0.2)
            assert await here.server.readiness() == 200
