"""Parties in PostgreSQL: whose talk it is, who is free, and the segments that follow."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from tests.calls.acts.conftest import LiveTalk
from tests.support.agents import Floor
from tests.support.calls import NOW
from tongdai.agents import store as agents
from tongdai.agents.model import AgentState
from tongdai.calls.acts import controls
from tongdai.calls.acts.model import Consulted, Talk
from tongdai.calls.parties.model import Party, PartyKind, PartyState
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId
from tongdai.switches.model import DEFAULT
from tongdai.telephony.parties.store import GONE, NOT_AVAILABLE, PostgresParties

S = timedelta(seconds=1)
NUMBER = Consulted(PartyKind.NUMBER, "+84901234567")


@dataclass(frozen=True)
class Stage:
    """A call with its first agent, and a second one who is idle."""

    store: PostgresParties
    conn: Connection
    live: LiveTalk
    second: AgentId

    @property
    def ids(self) -> tuple[int, UUID]:
        return self.live.tenant_id, self.live.call_id

    async def consult(self, who: Consulted | None = None, at_s: int = 10) -> Party:
        whom = Consulted(PartyKind.AGENT, "", self.second) if who is None else who
        party = await self.store.consult(self.live.tenant_id, self.live.call_id, whom, NOW + at_s * S, NOW + 1000 * S)
        assert isinstance(party, Party)
        return party

    async def state(self, agent_id: AgentId) -> AgentState:
        agent = await agents.find(self.conn, self.live.tenant_id, agent_id)
        assert agent is not None
        return agent.state

    async def talk(self) -> Talk:
        found = await controls.talk(self.conn, self.live.tenant_id, self.live.call_id)
        assert found is not None
        return found

    async def segments(self) -> list[tuple[str, AgentId | None, float, float | None]]:
        """Kind, agent, beginning and end in seconds after NOW; without the wrap-ups."""
        rows = await self.conn.fetch(
            """select kind, agent_id, started_at, ended_at from segment where tenant_id = $1 and kind <> 'wrap_up'
            order by started_at, kind""",
            self.live.tenant_id,
        )
        return [
            (
                row["kind"],
                row["agent_id"],
                (row["started_at"] - NOW).total_seconds(),
                None if row["ended_at"] is None else (row["ended_at"] - NOW).total_seconds(),
            )
            for row in rows
        ]


@pytest.fixture
async def stage(floor: Floor, live: LiveTalk, conn: Connection, pool: Pool) -> Stage:
    return Stage(PostgresParties(pool, DEFAULT), conn, live, await floor.idle())


async def test_consulted_agent_is_reserved_and_has_no_talk(stage: Stage) -> None:
    party = await stage.consult()
    assert (party.state, party.agent_id) == (PartyState.CONSULTING, stage.second)
    assert await stage.state(stage.second) is AgentState.RESERVED
    talk = await stage.talk()
    assert (talk.agent_id, talk.party, talk.held) == (stage.live.agent_id, party, True)
    (found,) = [one for one in await stage.store.all() if one.party.tenant_id == stage.live.tenant_id]
    assert (found.party, found.leg, found.over) == (party, False, False)
    assert (await stage.segments())[-1] == ("consult", stage.live.agent_id, 10, None)


async def test_agent_who_is_not_idle_is_not_consulted(stage: Stage) -> None:
    whom = Consulted(PartyKind.AGENT, "", stage.live.agent_id)
    found = await stage.store.consult(stage.live.tenant_id, stage.live.call_id, whom, NOW, NOW + S)
    assert found == NOT_AVAILABLE
    assert not (await stage.talk()).held


async def test_call_that_has_ended_gets_no_party(stage: Stage) -> None:
    await stage.conn.execute("delete from live_call where tenant_id = $1", stage.live.tenant_id)
    found = await stage.store.consult(stage.live.tenant_id, stage.live.call_id, NUMBER, NOW, NOW + S)
    assert found == GONE


async def test_transfer_frees_the_first_agent_for_their_wrap_up(stage: Stage) -> None:
    party = await stage.consult()
    for _ in range(2):  # repeated, it changes nothing
        assert await stage.store.promote(party, NOW + 30 * S)
    assert await stage.state(stage.live.agent_id) is AgentState.WRAP_UP
    assert await stage.state(stage.second) is AgentState.TALKING
    talk = await stage.talk()
    assert (talk.agent_id, talk.party, talk.held) == (stage.second, None, False)
    first = stage.live.agent_id
    assert await stage.segments() == [
        ("talk", first, 0, 10), ("consult", first, 10, 30), ("talk", stage.second, 30, None),
    ]  # fmt: skip


async def test_transfer_to_a_number_leaves_the_call_without_an_agent(stage: Stage) -> None:
    party = await stage.consult(NUMBER)
    assert party.state is PartyState.CALLED
    assert await stage.store.answered(party)
    assert not await stage.store.answered(party)
    assert await stage.store.promote(party, NOW + 30 * S)
    talk = await stage.talk()
    assert (talk.agent_id, talk.with_agent) == (None, False)
    assert talk.party is not None
    assert talk.party.state is PartyState.TALKING
    assert (await stage.segments())[-1] == ("talk", None, 30, None)


async def test_party_who_leaves_a_consult_leaves_the_customer_on_hold(stage: Stage) -> None:
    party = await stage.consult()
    for _ in range(2):
        await stage.store.left(party, NOW + 20 * S)
    assert await stage.state(stage.second) is AgentState.IDLE
    talk = await stage.talk()
    assert (talk.party, talk.held) == (None, True)
    first = stage.live.agent_id
    assert (await stage.segments())[1:] == [("consult", first, 10, 20), ("hold", first, 20, None)]


async def test_cancelled_consult_ends_the_hold(stage: Stage) -> None:
    party = await stage.consult()
    await stage.store.cancelled(party, NOW + 20 * S)
    assert await stage.state(stage.second) is AgentState.IDLE
    talk = await stage.talk()
    assert (talk.party, talk.held) == (None, False)
    assert (await stage.segments())[-1] == ("talk", stage.live.agent_id, 20, None)


async def test_agents_of_a_conference_both_talk_and_the_one_who_leaves_wraps_up(stage: Stage) -> None:
    party = await stage.consult()
    assert await stage.store.join(party, NOW + 20 * S)
    assert not await stage.store.join(party, NOW + 20 * S)
    assert await stage.state(stage.second) is AgentState.TALKING
    assert (await stage.talk()).agent_id == stage.live.agent_id
    await stage.store.left(party, NOW + 50 * S)
    assert await stage.state(stage.second) is AgentState.WRAP_UP
    first = stage.live.agent_id
    assert await stage.segments() == [
        ("talk", first, 0, 10), ("consult", first, 10, 20),
        ("conference", stage.second, 20, 50), ("talk", first, 20, None),
    ]  # fmt: skip


async def test_agent_of_a_conference_who_stays_has_the_talk(stage: Stage) -> None:
    party = await stage.consult()
    await stage.store.join(party, NOW + 20 * S)
    assert await stage.store.promote(party, NOW + 50 * S)
    assert (await stage.talk()).agent_id == stage.second
    assert (await stage.segments())[2:] == [
        ("conference", stage.second, 20, 50), ("talk", stage.live.agent_id, 20, 50), ("talk", stage.second, 50, None),
    ]  # fmt: skip


async def test_phone_takes_over(stage: Stage) -> None:
    phone = Party(
        tenant_id=stage.live.tenant_id,
        call_id=stage.live.call_id,
        channel="supervisor-1",
        kind=PartyKind.PHONE,
        agent_id=None,
        target="sup",
        state=PartyState.TALKING,
        called_at=NOW,
    )
    await controls.mute(stage.conn, stage.live.tenant_id, stage.live.call_id, "phone")
    assert await stage.store.promote(phone, NOW + 30 * S)
    talk = await stage.talk()
    assert (talk.agent_id, talk.party, talk.muted) == (None, phone, False)
    assert await stage.state(stage.live.agent_id) is AgentState.WRAP_UP


async def test_line_of_a_number(stage: Stage) -> None:
    assert (await stage.store.line(stage.live.tenant_id, stage.live.call_id)).trunk is None
    await stage.conn.execute(
        "update campaign set trunk = 'carrier', caller_id = '0241234567' where tenant_id = $1", stage.live.tenant_id
    )
    assert await stage.store.line(stage.live.tenant_id, stage.live.call_id) == ("carrier", "0241234567")
