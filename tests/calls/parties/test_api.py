"""`/calls/{callId}/consult` and the others, with a leader of the switch that ends each act."""

import pytest

from tests.calls.acts.conftest import LiveTalk
from tests.support.act_leader import leader
from tests.support.agents import Floor
from tests.support.api import Tenant, refused
from tongdai.calls.acts.model import Consulted, Kind
from tongdai.calls.parties.model import PartyKind
from tongdai.db.pool import Pool


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"number": "090 123 4567"}, Consulted(PartyKind.NUMBER, "+84901234567")),
        ({"number": "+4930123456"}, Consulted(PartyKind.NUMBER, "+4930123456")),
        ({"endpoint": "desk-1"}, Consulted(PartyKind.PHONE, "desk-1")),
    ],
)
async def test_one_of_three_is_consulted(
    tenant: Tenant, pool: Pool, live: LiveTalk, sent: dict[str, object], expected: Consulted
) -> None:
    async with leader(pool, live.tenant_id) as begun:
        body = await tenant.done("POST", f"/v1/calls/{live.call_id}/consult", json=sent)
    assert body["error_message"] == "Party is being called"
    assert [(act.kind, act.consulted) for act in begun] == [(Kind.CONSULT, expected)]


async def test_agent_who_is_consulted_is_one_of_the_tenant(
    tenant: Tenant, pool: Pool, live: LiveTalk, floor: Floor
) -> None:
    agent_id = await floor.agent()
    path = f"/v1/calls/{live.call_id}/consult"
    async with leader(pool, live.tenant_id) as begun:
        await tenant.done("POST", path, json={"agentId": agent_id})
        unknown = await tenant.post(path, {"agentId": agent_id + 1000})
    assert refused(unknown, 404, "NOT_FOUND") == "Agent not found"
    assert [(act.kind, act.consulted) for act in begun] == [(Kind.CONSULT, Consulted(PartyKind.AGENT, "", agent_id))]


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({}, "agentId"),
        ({"agentId": 1, "number": "0901234567"}, "agentId"),
        ({"agentId": 0}, "agentId"),
        ({"number": "12"}, "number"),
        ({"number": "abc"}, "number"),
        ({"endpoint": "a/b"}, "endpoint"),
        ({"phone": "a"}, "phone"),
    ],
)
async def test_bad_party_is_refused_by_name(
    tenant: Tenant, live: LiveTalk, sent: dict[str, object], named: str
) -> None:
    response = await tenant.post(f"/v1/calls/{live.call_id}/consult", sent)
    assert named in refused(response, 400, "INVALID_INPUT")


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("consult/complete", Kind.COMPLETE, "Call transferred"),
        ("consult/cancel", Kind.CANCEL, "Consult cancelled"),
        ("conference", Kind.CONFERENCE, "All are connected"),
    ],
)
async def test_act_with_the_party_is_answered_when_it_is_done(
    tenant: Tenant, pool: Pool, live: LiveTalk, path: str, kind: Kind, message: str
) -> None:
    async with leader(pool, live.tenant_id) as begun:
        body = await tenant.done("POST", f"/v1/calls/{live.call_id}/{path}")
    assert body["error_message"] == message
    assert [act.kind for act in begun] == [kind]


async def test_supervisor_takes_over(tenant: Tenant, pool: Pool, live: LiveTalk) -> None:
    async with leader(pool, live.tenant_id) as begun:
        await tenant.done("POST", f"/v1/calls/{live.call_id}/take-over", json={"endpoint": "sup-1"})
    assert [(act.kind, act.endpoint) for act in begun] == [(Kind.TAKE_OVER, "sup-1")]
