"""`/v1/calls/{callId}`: a call with its segments and offers, and what is done to a live one."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.agents import Floor
from tests.support.api import Tenant, refused
from tests.support.callers import ended, talking, waiting
from tests.support.calls import NOW
from tests.support.plans import nodes
from tongdai.acd.caller import store as callers
from tongdai.call_outcome import OfferOutcome
from tongdai.calls.acts import controls
from tongdai.calls.detail.store import AT_MOST, OFFERS, SEGMENTS
from tongdai.calls.parties import store as parties
from tongdai.calls.parties.model import Party, PartyKind, PartyState
from tongdai.calls.segments import KINDS
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId, QueueId, TenantId

SECOND = timedelta(seconds=1)
PLAIN = {"heldUntil": None, "muted": False, "parties": []}
SEGMENT = """
insert into segment (tenant_id, call_id, kind, started_at, ended_at, ended_month, agent_id)
values ($1, $2, 'hold', $3, $4, date_trunc('month', $4::timestamptz at time zone 'UTC')::date, 7)
"""
OFFER = """
insert into offer (tenant_id, call_id, queue_id, agent_id, offered_at, ended_at, outcome)
values ($1, $2, 1, $4, $3, $3, 'no_answer')
"""


@pytest.fixture
async def floor(tenant: Tenant, pool: Pool) -> Floor:
    return Floor(tenant, pool, await tenant.queue("Sales"))


async def of(tenant: Tenant, call_id: UUID) -> Any:
    return await tenant.done("GET", f"/v1/calls/{call_id}")


def at(seconds: float) -> str:
    return (NOW + seconds * SECOND).isoformat().replace("+00:00", "Z")


async def test_ended_caller_has_segments_in_order_without_a_gap(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    call_id = await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=5, agent_id=AgentId(7))
    call = await of(tenant, call_id)
    assert call["segments"] == [
        {"kind": "wait", "queueId": queue_id, "agentId": None, "startedAt": at(0), "endedAt": at(5)},
        {"kind": "talk", "queueId": queue_id, "agentId": 7, "startedAt": at(5), "endedAt": at(125)},
    ]
    assert call["offers"] == []
    assert call.items() >= PLAIN.items()


@pytest.fixture
async def queue_id(tenant: Tenant) -> QueueId:
    return await tenant.queue()


async def test_offers_say_whom_a_caller_rang_and_how_it_ended(floor: Floor, conn: Connection) -> None:
    first, second = await floor.idle(mode="nailed_up"), await floor.idle()
    call_id = await waiting(conn, floor.tenant_id, floor.queue_id, 30)
    since = await conn.fetchval("select now()")
    assert await callers.offer(conn, floor.tenant_id, call_id, first, since)
    assert (await of(floor.tenant, call_id))["offers"][0]["outcome"] is None
    over = since + 20 * SECOND
    assert await callers.offer_ended(conn, floor.tenant_id, call_id, first, OfferOutcome.NO_ANSWER, over)
    assert await callers.offer(conn, floor.tenant_id, call_id, second, over)
    call = await of(floor.tenant, call_id)
    seen = [(one["agentId"], one["queueId"], one["outcome"], one["endedAt"] is None) for one in call["offers"]]
    assert seen == [(first, floor.queue_id, "no_answer", False), (second, floor.queue_id, None, True)]
    assert [(one["kind"], one["endedAt"]) for one in call["segments"]] == [("wait", None)]


async def test_live_call_says_who_is_on_hold_muted_and_consulted(floor: Floor, conn: Connection) -> None:
    agent_id, colleague = await floor.idle(), await floor.idle()
    call_id = await talking(conn, floor.tenant_id, floor.queue_id, agent_id)
    assert (await of(floor.tenant, call_id)).items() >= PLAIN.items()
    now = await conn.fetchval("select now()")
    async with conn.transaction():
        assert await controls.hold(conn, floor.tenant_id, call_id, agent_id, now, now + 300 * SECOND)
        assert await controls.mute(conn, floor.tenant_id, call_id, "agent-channel")
        for kind, agent, target in (
            (PartyKind.AGENT, colleague, "agent-8"),
            (PartyKind.NUMBER, None, "+84907654321"),
        ):
            party = Party(
                tenant_id=floor.tenant_id, call_id=call_id, channel=target.strip("+"), kind=kind, agent_id=agent,
                target=target, state=PartyState.CALLED, called_at=now,
            )  # fmt: skip
            assert await parties.add(conn, party)
    call = await of(floor.tenant, call_id)
    assert call["heldUntil"] is not None
    assert call["muted"] is True
    seen = [(one["kind"], one["agentId"], one["target"], one["state"]) for one in call["parties"]]
    assert sorted(seen) == [("agent", colleague, "agent-8", "called"), ("number", None, "0907654321", "called")]
    assert [one["kind"] for one in call["segments"] if one["endedAt"] is None] == ["hold"]


async def test_nothing_of_another_tenants_call_is_shown(
    tenant: Tenant, other_tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    """Even where both have rows with the same id."""
    call_id = await waiting(conn, tenant.tenant_id, queue_id, 30)
    refused(await other_tenant.get(f"/v1/calls/{call_id}"), 404, "NOT_FOUND")
    theirs = other_tenant.tenant_id
    await conn.execute(SEGMENT, theirs, call_id, NOW + timedelta(days=999), NOW + timedelta(days=1000))
    await conn.execute(OFFER, theirs, call_id, NOW, 8)
    await conn.execute(
        "insert into call_control (tenant_id, call_id, switch_id, muted_channel) values ($1, $2, 1, 'c')",
        theirs, call_id,
    )  # fmt: skip
    await conn.execute(
        """insert into call_party (tenant_id, call_id, channel, switch_id, kind, target, state, called_at)
           values ($1, $2, 'c', 1, 'phone', 'p', 'called', now())""",
        theirs, call_id,
    )  # fmt: skip
    call = await of(tenant, call_id)
    assert ([one["kind"] for one in call["segments"]], call["offers"]) == (["wait"], [])
    assert call.items() >= PLAIN.items()


async def test_last_ones_are_shown_of_many(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    call_id = await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=9000)
    times = [NOW + n * SECOND for n in range(1, AT_MOST + 6)]
    await conn.executemany(SEGMENT, [(tenant.tenant_id, call_id, one, one + SECOND) for one in times])
    await conn.executemany(OFFER, [(tenant.tenant_id, call_id, one, 8) for one in times])
    call = await of(tenant, call_id)
    assert [len(call["segments"]), len(call["offers"])] == [AT_MOST, AT_MOST]
    assert (call["segments"][-1]["startedAt"], call["offers"][-1]["offeredAt"]) == (at(AT_MOST + 5),) * 2
    assert (call["segments"][0]["startedAt"], call["offers"][0]["offeredAt"]) == (at(6),) * 2


async def test_kinds_of_segments_are_those_of_the_database(conn: Connection) -> None:
    check = await conn.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'segment_kind_check' "
        "and conrelid = 'segment'::regclass"
    )
    assert {word for word in check.replace("'", " ").split() if word.isidentifier()} >= set(KINDS)
    assert check.count("'") == 2 * len(KINDS)


@pytest.mark.parametrize(("statement", "args"), [(SEGMENTS, (NOW, AT_MOST)), (OFFERS, (AT_MOST,))])
async def test_parts_of_a_call_are_read_by_the_index_of_the_call(
    conn: Connection, tenant_id: TenantId, statement: str, args: tuple[object, ...]
) -> None:
    async with conn.transaction():
        await conn.execute("set local enable_seqscan = off")
        plan = await conn.fetchval(f"explain (format json) {statement}", tenant_id, UUID(int=1), *args)
    scans = [node for node in nodes(json.loads(plan)[0]["Plan"]) if "Relation Name" in node]
    assert scans
    assert all("call_id" in node.get("Index Cond", "") for node in scans), scans
