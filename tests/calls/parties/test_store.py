"""Parties of live calls in the database."""

from dataclasses import replace

import pytest

from tests.calls.acts.conftest import LiveTalk
from tests.support.calls import NOW
from tongdai.calls.parties import store
from tongdai.calls.parties.model import Party, PartyKind, PartyOfSwitch, PartyState
from tongdai.db.pool import Connection
from tongdai.switches.model import DEFAULT


def number_party(live: LiveTalk, channel: str = "leg-1") -> Party:
    return Party(
        tenant_id=live.tenant_id,
        call_id=live.call_id,
        channel=channel,
        kind=PartyKind.NUMBER,
        agent_id=None,
        target="+84901234567",
        state=PartyState.CALLED,
        called_at=NOW,
    )


async def found(conn: Connection, live: LiveTalk) -> list[PartyOfSwitch]:
    return [one for one in await store.of_switch(conn, DEFAULT) if one.party.tenant_id == live.tenant_id]


async def test_party_is_found_by_whoever_leads_the_switch_of_its_call(conn: Connection, live: LiveTalk) -> None:
    party = number_party(live)
    assert await store.add(conn, party)
    assert await store.of_calls(conn, live.tenant_id, [live.call_id]) == [party]
    assert await found(conn, live) == [PartyOfSwitch(party, str(live.call_id), over=False)]


async def test_party_is_added_once_and_to_a_live_call_alone(conn: Connection, live: LiveTalk) -> None:
    assert await store.add(conn, number_party(live))
    assert not await store.add(conn, number_party(live))
    await conn.execute("delete from live_call where tenant_id = $1", live.tenant_id)
    assert not await store.add(conn, number_party(live, "leg-2"))


async def test_party_moves_forward_alone(conn: Connection, live: LiveTalk) -> None:
    party = number_party(live)
    await store.add(conn, party)
    moves = [PartyState.CONSULTING, PartyState.CONSULTING, PartyState.TALKING, PartyState.CONSULTING]
    moved = [await store.move(conn, live.tenant_id, live.call_id, party.channel, to) for to in moves]
    assert moved == [True, False, True, False]
    assert await store.of_calls(conn, live.tenant_id, [live.call_id]) == [replace(party, state=PartyState.TALKING)]


async def test_party_that_has_left_is_removed(conn: Connection, live: LiveTalk) -> None:
    first, second = number_party(live, "leg-1"), number_party(live, "leg-2")
    await store.add(conn, first)
    await store.add(conn, second)
    await store.remove(conn, live.tenant_id, live.call_id, first.channel)
    assert await store.of_calls(conn, live.tenant_id, [live.call_id]) == [second]


@pytest.mark.parametrize("ended", [False, True])
async def test_party_is_forgotten_once_its_call_has_ended(conn: Connection, live: LiveTalk, ended: bool) -> None:
    party = number_party(live)
    await store.add(conn, party)
    if ended:
        await conn.execute("delete from live_call where tenant_id = $1", live.tenant_id)
    assert [one.over for one in await found(conn, live)] == [ended]
    await store.forget(conn, live.tenant_id, live.call_id, party.channel)
    assert len(await found(conn, live)) == (not ended)
