"""Acts in the database: asked, begun in time or never, ended once."""

from uuid import uuid4

import pytest

from tests.calls.acts.conftest import LiveTalk
from tongdai.calls.acts import store
from tongdai.calls.acts.model import Act, Ended, Kind, Result
from tongdai.db.pool import Connection
from tongdai.ids import KeyId
from tongdai.switches.model import DEFAULT

KEY = KeyId(3)


@pytest.fixture
async def act(conn: Connection, live: LiveTalk) -> Act:
    act_id = await store.ask(conn, live.tenant_id, live.call_id, Kind.HOLD, {"maxSec": 120}, KEY)
    assert act_id is not None
    return Act(live.tenant_id, act_id, live.call_id, str(live.call_id), Kind.HOLD, {"maxSec": 120}, KEY)


async def age(conn: Connection, act: Act, seconds: float) -> None:
    await conn.execute("update call_act set asked_at = asked_at - make_interval(secs => $2) where tenant_id = $1",
                       act.tenant_id, seconds)  # fmt: skip


async def pending(conn: Connection, act: Act) -> list[Act]:
    return [one for one in await store.asked(conn, DEFAULT) if one.tenant_id == act.tenant_id]


async def test_act_is_asked_of_the_switch_that_carries_the_call(conn: Connection, act: Act) -> None:
    assert await pending(conn, act) == [act]


async def test_act_that_was_begun_and_has_no_end_is_found_by_the_next_leader(conn: Connection, act: Act) -> None:
    async def interrupted() -> list[Act]:
        return [one for one in await store.interrupted(conn, DEFAULT) if one.tenant_id == act.tenant_id]

    assert await interrupted() == []
    assert await store.begin(conn, act)
    assert await interrupted() == [act]
    await store.finish(conn, act, Ended(Result.FAILED))
    assert await interrupted() == []


async def test_act_that_may_not_be_repeated_is_left_as_it_is(conn: Connection, live: LiveTalk) -> None:
    act_id = await store.ask(conn, live.tenant_id, live.call_id, Kind.HANG_UP, {}, KEY)
    assert act_id is not None
    assert await store.begin(conn, Act(live.tenant_id, act_id, live.call_id, str(live.call_id), Kind.HANG_UP, {}, KEY))
    assert [one for one in await store.interrupted(conn, DEFAULT) if one.tenant_id == live.tenant_id] == []


async def test_call_that_is_not_live_takes_no_acts(conn: Connection, live: LiveTalk) -> None:
    assert await store.ask(conn, live.tenant_id, uuid4(), Kind.HOLD, {}, KEY) is None


async def test_act_is_begun_once_and_audited_then(conn: Connection, act: Act) -> None:
    assert [await store.begin(conn, act) for _ in range(2)] == [True, False]
    assert await pending(conn, act) == []
    (entry,) = await conn.fetch(
        "select key_id, action, subject, detail from audit where tenant_id = $1 and action like 'call.%'", act.tenant_id
    )
    assert tuple(entry) == (KEY, "call.hold", f"call {act.call_id}", {"maxSec": 120})


async def test_act_that_waited_too_long_is_not_begun(conn: Connection, act: Act) -> None:
    await age(conn, act, 4.5)
    assert await pending(conn, act) == []
    assert not await store.begin(conn, act)


async def test_act_that_was_given_up_is_not_begun(conn: Connection, act: Act) -> None:
    assert await store.lapse(conn, act.tenant_id, act.act_id)
    assert not await store.begin(conn, act)
    assert await store.ended(conn, act.tenant_id, act.act_id) == Ended(Result.LAPSED)


async def test_act_that_was_begun_cannot_be_given_up(conn: Connection, act: Act) -> None:
    await store.begin(conn, act)
    assert not await store.lapse(conn, act.tenant_id, act.act_id)
    assert await store.ended(conn, act.tenant_id, act.act_id) is None


async def test_act_ends_once(conn: Connection, act: Act) -> None:
    await store.begin(conn, act)
    await store.finish(conn, act, Ended(Result.DONE))
    await store.finish(conn, act, Ended(Result.FAILED, "late"))
    assert await store.ended(conn, act.tenant_id, act.act_id) == Ended(Result.DONE)


async def test_acts_are_deleted_after_a_day(conn: Connection, act: Act) -> None:
    await store.purge(conn)
    assert await pending(conn, act) == [act]
    await age(conn, act, 90_000)
    await store.purge(conn)
    assert await conn.fetchval("select count(*) from call_act where tenant_id = $1", act.tenant_id) == 0
