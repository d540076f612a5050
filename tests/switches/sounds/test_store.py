"""Sounds of a switch as they are asked for and recorded."""

from datetime import timedelta

import pytest

from tongdai.db.pool import Connection
from tongdai.ids import SwitchId
from tongdai.switches import store as switches
from tongdai.switches.sounds import store

A, B = "custom/a", "custom/b"
NOW = "select clock_timestamp()"


@pytest.fixture
async def switch_id(conn: Connection) -> SwitchId:
    """A switch of the test's own."""
    switch_id = (await switches.find_or_add(conn, "with-sounds")).switch_id
    await conn.execute("delete from switch_sound where switch_id = $1", switch_id)
    return switch_id


async def test_sound_is_asked_for_until_it_was_checked_since(conn: Connection, switch_id: SwitchId) -> None:
    assert await store.asked(conn, switch_id) == []
    since = await store.ask(conn, switch_id, [A, B, A])
    assert sorted(await store.asked(conn, switch_id)) == [A, B]
    await store.record(conn, switch_id, {A: False}, since - timedelta(seconds=1))
    assert sorted(await store.asked(conn, switch_id)) == [A, B], "that check began before it was asked for"
    await store.record(conn, switch_id, {A: False}, await conn.fetchval(NOW))
    assert await store.asked(conn, switch_id) == [B]
    assert await store.known(conn, switch_id, [A, B], since) == {A: False}
    again = await store.ask(conn, switch_id, [A])
    assert sorted(await store.asked(conn, switch_id)) == [A, B]
    assert await store.known(conn, switch_id, [A], again) == {}
    assert await store.known(conn, switch_id, [A]) == {A: False}


async def test_result_counts_for_two_minutes_and_a_sound_that_nobody_asks_for_is_forgotten(
    conn: Connection, switch_id: SwitchId
) -> None:
    at = await conn.fetchval(NOW)
    await store.record(conn, switch_id, {A: True, B: None}, at)
    assert await store.known(conn, switch_id, [A, B]) == {A: True, B: None}
    await conn.execute(
        "update switch_sound set checked_at = checked_at - interval '3 minutes' where switch_id = $1", switch_id
    )
    assert await store.known(conn, switch_id, [A, B]) == {}
    old = "update switch_sound set asked_at = now() - interval '2 days', checked_at = null where name = $1"
    await conn.execute(old, B)
    await store.record(conn, switch_id, {A: True}, at)
    names = await conn.fetch("select name from switch_sound where switch_id = $1", switch_id)
    assert [row["name"] for row in names] == [A]


async def test_sound_that_was_asked_for_a_minute_ago_is_not_checked_any_more(
    conn: Connection, switch_id: SwitchId
) -> None:
    await store.ask(conn, switch_id, [A])
    await conn.execute(
        "update switch_sound set asked_at = now() - interval '61 seconds' where switch_id = $1", switch_id
    )
    assert await store.asked(conn, switch_id) == []


async def test_sounds_of_another_switch_are_not_known(conn: Connection, switch_id: SwitchId) -> None:
    other = (await switches.find_or_add(conn, "without-sounds")).switch_id
    await store.record(conn, switch_id, {A: True}, await conn.fetchval(NOW))
    await store.ask(conn, switch_id, [B])
    assert await store.known(conn, other, [A]) == {}
    assert await store.asked(conn, other) == []
