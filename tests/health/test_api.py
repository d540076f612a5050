"""The health that a tenant is sent."""

from dataclasses import replace

import pytest

from tests.support.api import refused
from tests.support.people import agent_of, person_of
from tongdai.people.users.model import Role
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Heartbeat, Kind

UP = Heartbeat(Kind.SIMULATED, True, "simulated", "tongdai", "a-host.example", 0, 0)


@pytest.fixture
async def led(conn):
    """The switch is led and connected."""
    await switches.beat(conn, DEFAULT, UP)
    yield
    await conn.execute("update switch set alive_at = null, connected = false where switch_id = $1", DEFAULT)


async def health(of):
    """The state of the whole and those of the parts, the work of other tests on the disk apart."""
    found = await of.done("GET", "/v1/health")
    return found, {part["part"]: (part["state"], part["reason"]) for part in found["parts"]}


@pytest.mark.usefixtures("led")
async def test_all_parts_work(tenant):
    found, parts = await health(tenant)
    assert parts == dict.fromkeys(("disk", "telephony", "switch", "dialing", "imports"), ("ok", None))
    assert (found["state"], found["importsOpen"]) == ("ok", 0)
    assert found["switchSeenAt"] <= found["now"]


@pytest.mark.usefixtures("led")
async def test_a_switch_that_is_away_is_reported_with_what_to_do(tenant, conn):
    await switches.beat(conn, DEFAULT, replace(UP, connected=False))
    found, parts = await health(tenant)
    assert found["state"] == "failed"
    assert (parts["telephony"], parts["switch"]) == (("ok", None), ("failed", "no_switch"))
    assert "Start the Asterisk" in found["parts"][2]["message"]
    await conn.execute("update switch set alive_at = now() - interval '11 seconds' where switch_id = $1", DEFAULT)
    assert (await health(tenant))[1]["telephony"] == ("failed", "no_telephony")


WAITING = """
insert into import_job (tenant_id, campaign_id, dry_run, list_name, total_rows, status, created_at, lease_until)
values ($1, $2, true, 'a', 1, 'pending', now() - interval '2 minutes', null)
"""


@pytest.mark.usefixtures("led")
async def test_an_import_that_waits_long_is_reported_to_its_tenant_alone(tenant, other_tenant, conn):
    await conn.execute(WAITING, tenant.tenant_id, await tenant.campaign())
    found, parts = await health(tenant)
    assert (found["importsOpen"], parts["imports"]) == (1, ("warning", "imports_wait"))
    found, parts = await health(other_tenant)
    assert (found["importsOpen"], parts["imports"]) == (0, ("ok", None))
    await conn.execute("insert into import_turn (tenant_id, served_at) values ($1, now())", tenant.tenant_id)
    assert (await health(tenant))[1]["imports"] == ("ok", None)  # another one is processed


@pytest.mark.usefixtures("led")
async def test_nothing_of_the_machine_is_sent(tenant, settings):
    text = (await tenant.call("GET", "/v1/health")).text
    assert settings.data_dir not in text
    assert UP.host not in text


async def test_viewers_read_it_and_agents_do_not(tenant):
    viewer = await person_of(tenant, Role.VIEWER)
    assert (await viewer.call("GET", "/v1/health")).status_code == 200
    agent = await person_of(tenant, Role.AGENT, await agent_of(tenant, "mine"))
    refused(await agent.call("GET", "/v1/health"), 403, "INSUFFICIENT_SCOPE")
