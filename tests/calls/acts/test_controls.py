"""Holds and mutes in the database, and the segments that follow from them."""

from datetime import timedelta

import pytest

from tests.calls.acts.conftest import LiveTalk
from tests.support.calls import NOW
from tongdai.calls import segments
from tongdai.calls.acts import controls
from tongdai.calls.acts.model import Control
from tongdai.db.pool import Connection
from tongdai.switches.model import DEFAULT

S = timedelta(seconds=1)
PHONE = "the-phone"


async def held(conn: Connection, live: LiveTalk, at_s: int = 10, until_s: int = 100) -> bool:
    return await controls.hold(conn, live.tenant_id, live.call_id, live.agent_id, NOW + at_s * S, NOW + until_s * S)


async def segments_of(conn: Connection, live: LiveTalk) -> list[tuple[str, float, float | None]]:
    """Kind, beginning and end in seconds after NOW, in order."""
    rows = await conn.fetch(
        "select kind, started_at, ended_at, queue_id, agent_id from segment where tenant_id = $1 order by started_at",
        live.tenant_id,
    )
    assert {(row["queue_id"], row["agent_id"]) for row in rows} == {(live.queue_id, live.agent_id)}
    return [
        (
            row["kind"],
            (row["started_at"] - NOW).total_seconds(),
            None if row["ended_at"] is None else (row["ended_at"] - NOW).total_seconds(),
        )
        for row in rows
    ]


async def listed(conn: Connection, live: LiveTalk, at_s: int = 0) -> list[Control]:
    found = await controls.controlled(conn, DEFAULT, NOW + at_s * S)
    return [one for one in found if one.tenant_id == live.tenant_id]


async def test_talk_and_hold_follow_each_other_without_a_gap(conn: Connection, live: LiveTalk) -> None:
    assert await held(conn, live, at_s=10)
    assert await controls.resume(conn, live.tenant_id, live.call_id, live.agent_id, NOW + 25 * S)
    assert await segments_of(conn, live) == [("talk", 0, 10), ("hold", 10, 25), ("talk", 25, None)]


async def test_change_at_the_instant_of_the_one_before_makes_no_empty_segment(conn: Connection, live: LiveTalk) -> None:
    await held(conn, live, at_s=0)
    await controls.resume(conn, live.tenant_id, live.call_id, live.agent_id, NOW - S)
    assert await segments_of(conn, live) == [("talk", 0, None)]


async def test_talk_tells_what_was_changed(conn: Connection, live: LiveTalk) -> None:
    found = await controls.talk(conn, live.tenant_id, live.call_id)
    assert found is not None
    assert (found.channel, found.agent_id) == (str(live.call_id), live.agent_id)
    assert (found.with_agent, found.held, found.muted) == (True, False, False)
    await held(conn, live)
    await controls.mute(conn, live.tenant_id, live.call_id, PHONE)
    found = await controls.talk(conn, live.tenant_id, live.call_id)
    assert found is not None
    assert (found.held_until, found.muted_channel) == (NOW + 100 * S, PHONE)


async def test_call_is_listed_while_something_is_changed(conn: Connection, live: LiveTalk) -> None:
    assert await listed(conn, live) == []
    await held(conn, live, until_s=100)
    await controls.mute(conn, live.tenant_id, live.call_id, PHONE)
    known = Control(live.tenant_id, live.call_id, str(live.call_id), over=False, overdue=False, muted_channel=PHONE)
    assert await listed(conn, live, at_s=99) == [known]
    assert [one.overdue for one in await listed(conn, live, at_s=100)] == [True]
    await controls.resume(conn, live.tenant_id, live.call_id, live.agent_id, NOW + 25 * S)
    assert await listed(conn, live) == [known]
    await controls.unmute(conn, live.tenant_id, live.call_id)
    assert await listed(conn, live) == []


@pytest.mark.parametrize("ended", [False, True])
async def test_row_is_forgotten_once_its_call_has_ended(conn: Connection, live: LiveTalk, ended: bool) -> None:
    await controls.mute(conn, live.tenant_id, live.call_id, PHONE)
    if ended:
        await conn.execute("delete from live_call where tenant_id = $1", live.tenant_id)
    assert [one.over for one in await listed(conn, live)] == [ended]
    await controls.forget(conn, live.tenant_id, live.call_id)
    assert len(await listed(conn, live)) == (not ended)


async def test_call_that_has_ended_is_not_changed(conn: Connection, live: LiveTalk) -> None:
    await conn.execute("delete from live_call where tenant_id = $1", live.tenant_id)
    assert not await held(conn, live)
    assert not await controls.resume(conn, live.tenant_id, live.call_id, live.agent_id, NOW)
    assert not await controls.mute(conn, live.tenant_id, live.call_id, PHONE)
    assert await listed(conn, live) == []
    assert await controls.talk(conn, live.tenant_id, live.call_id) is None


async def test_hold_ends_with_its_call(conn: Connection, live: LiveTalk) -> None:
    await held(conn, live, at_s=10)
    ended = "select call_id, $2::timestamptz as ended_at, null::text as failure from live_call where tenant_id = $1"
    await conn.execute(
        f"with ended as ({ended}){segments.ENDED} select count(*) from parted", live.tenant_id, NOW + 30 * S
    )
    assert await segments_of(conn, live) == [("talk", 0, 10), ("hold", 10, 30)]
