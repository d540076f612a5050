"""Events of a call in `/v1/calls/{callId}`: its menus with their keys, and the acts of supervisors."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import Tenant
from tests.support.callers import talking
from tests.support.people import person_of
from tongdai.calls.acts import store as acts
from tongdai.calls.acts.model import Act, Ended, Kind, Result
from tongdai.calls.detail.store import AT_MOST
from tongdai.calls.events import store as events
from tongdai.calls.events.model import EventKind
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, ByUser, MenuId, QueueId
from tongdai.people.users.model import Role
from tongdai.queues.model import Destination, DestinationKind
from tongdai.switches.model import DEFAULT

SECOND = timedelta(seconds=1)
AGENT = AgentId(7)
KINDS = "select pg_get_constraintdef(oid) from pg_constraint where conname = 'call_event_kind_check'"
MENU = "insert into menu values ($1, 3, 'Front', null, 5, 2, '{}', null)"


@pytest.fixture
async def queue_id(tenant: Tenant) -> QueueId:
    return await tenant.queue()


@pytest.fixture
async def call_id(tenant: Tenant, conn: Connection, queue_id: QueueId) -> UUID:
    return await talking(conn, tenant.tenant_id, queue_id, AGENT)


@pytest.fixture
async def at(conn: Connection) -> datetime:
    return await conn.fetchval("select now()")


async def events_of(tenant: Tenant, call_id: UUID) -> list[Any]:
    return (await tenant.done("GET", f"/v1/calls/{call_id}"))["events"]


async def begun(
    conn: Connection, tenant: Tenant, call_id: UUID, kind: Kind, arguments: dict[str, Any], by: ByUser | None = None
) -> Act:
    """An act that the leader has begun."""
    act_id = await acts.ask(conn, tenant.tenant_id, call_id, kind, arguments, by)
    (act,) = [one for one in await acts.asked(conn, DEFAULT) if one.act_id == act_id]
    assert await acts.begin(conn, act)
    return act


async def test_keys_of_a_menu_say_where_they_led(
    tenant: Tenant, conn: Connection, call_id: UUID, queue_id: QueueId, at: datetime
) -> None:
    ids = (tenant.tenant_id, call_id)
    await conn.execute(MENU, tenant.tenant_id)
    to_queue = Destination(DestinationKind.QUEUE, str(queue_id))
    await events.in_menu(conn, *ids, at, EventKind.MENU, MenuId(3))
    await events.in_menu(conn, *ids, at + SECOND, EventKind.KEY, MenuId(3), "7")
    await events.in_menu(conn, *ids, at + 2 * SECOND, EventKind.KEY, MenuId(3), "1", to_queue)
    to_number = Destination(DestinationKind.NUMBER, "+84987654321")
    await events.in_menu(conn, *ids, at + 3 * SECOND, EventKind.OTHERWISE, MenuId(4), None, to_number)
    found = await events_of(tenant, call_id)
    given = [tuple(one[name] for name in ("kind", "menuId", "menuName", "key", "toKind", "to")) for one in found]
    assert given == [
        ("menu", 3, "Front", None, None, None),
        ("key", 3, "Front", "7", None, None),
        ("key", 3, "Front", "1", "queue", str(queue_id)),
        ("otherwise", 4, None, None, "number", "0987654321"),
    ]


async def test_acts_say_who_did_what_and_those_refused_did_not_happen(
    tenant: Tenant, conn: Connection, call_id: UUID, queue_id: QueueId
) -> None:
    owner = await person_of(tenant, Role.OWNER)
    by = ByUser(owner.user.user_id)
    await begun(conn, tenant, call_id, Kind.LISTEN, {"endpoint": "sup-1"}, by)
    refused = await begun(conn, tenant, call_id, Kind.BARGE, {"endpoint": "sup-1"}, by)
    await acts.finish(conn, refused, Ended(Result.REFUSED, "no"))
    await begun(conn, tenant, call_id, Kind.HOLD, {})
    done = await begun(conn, tenant, call_id, Kind.TRANSFER, {"agentId": 8, "queueId": queue_id}, by)
    await acts.finish(conn, done, Ended(Result.DONE))
    await begun(conn, tenant, call_id, Kind.HANG_UP, {})
    found = await events_of(tenant, call_id)
    given = [(one["kind"], one["endpoint"], one["toKind"], one["to"], one["userName"]) for one in found]
    name = owner.user.name
    assert given == [
        ("listen", "sup-1", None, None, name),
        ("transfer", None, "agent", "8", name),
        ("hang_up", None, None, None, None),
    ]
    assert [one["userId"] for one in found] == [owner.user.user_id, owner.user.user_id, None]


async def test_agent_does_not_learn_who_listens_to_them(tenant: Tenant, conn: Connection, call_id: UUID) -> None:
    agent = await person_of(tenant, Role.AGENT, AGENT)
    for kind in (Kind.LISTEN, Kind.WHISPER, Kind.BARGE, Kind.LEAVE, Kind.TAKE_OVER):
        await begun(conn, tenant, call_id, kind, {"endpoint": "sup-1"})
    at = await conn.fetchval("select clock_timestamp()")
    await events.of_phone(conn, tenant.tenant_id, call_id, at, EventKind.PHONE_ANSWERED, "sup-1")
    await begun(conn, tenant, call_id, Kind.HANG_UP, {})
    assert len(await events_of(tenant, call_id)) == 7
    shown = await agent.done("GET", f"/v1/calls/{call_id}")
    assert [one["kind"] for one in shown["events"]] == ["hang_up"]


async def test_last_events_are_shown_of_many_and_none_of_another_tenants_call(
    tenant: Tenant, other_tenant: Tenant, conn: Connection, call_id: UUID, at: datetime
) -> None:
    await events.in_menu(conn, other_tenant.tenant_id, call_id, at, EventKind.MENU, MenuId(3))
    assert await events_of(tenant, call_id) == []
    for n in range(AT_MOST + 2):
        await events.in_menu(conn, tenant.tenant_id, call_id, at + n * SECOND, EventKind.KEY, MenuId(3), "1")
    found = await events_of(tenant, call_id)
    assert (len(found), found[0]["at"]) == (AT_MOST, (at + 2 * SECOND).isoformat().replace("+00:00", "Z"))


async def test_events_are_deleted_with_the_days_of_calls(
    tenant: Tenant, conn: Connection, call_id: UUID, at: datetime
) -> None:
    for days in (1, 40, 50):
        await events.in_menu(conn, tenant.tenant_id, call_id, at - timedelta(days=days), EventKind.MENU, MenuId(3))
    assert await events.delete_old(conn, [tenant.tenant_id], timedelta(days=30)) == 2
    assert len(await events_of(tenant, call_id)) == 1


async def test_kinds_of_events_are_those_of_the_database(conn: Connection) -> None:
    check = await conn.fetchval(KINDS)
    assert {word for word in check.replace("'", " ").split() if word.isidentifier()} >= {*EventKind}
    assert check.count("'") == 2 * len(EventKind)
