"""Consults on the simulated switch: an agent asks somebody while the customer is on hold."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.support.consults import DIRECTIONS, DONE, FIRST, NUMBER, SECOND, WHOM, consults
from tests.support.dialer_scene import Scene, play
from tongdai.agents.model import AgentState
from tongdai.calls.acts.model import Ended, Kind, Result
from tongdai.calls.parties.model import PartyState
from tongdai.switch.simulated.callees import Response, always
from tongdai.switch.simulated.client import Faults

KINDS = pytest.mark.parametrize(
    ("inbound", "first_rings", "second_rings"),
    [
        (False, False, False), (False, False, True), (True, False, False), (True, False, True), (True, True, False),
        (True, True, True),
    ],
)  # fmt: skip
FREE = {AgentState.IDLE, AgentState.WRAP_UP}


@KINDS
def test_consulted_agent_gets_the_customer(inbound: bool, first_rings: bool, second_rings: bool) -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=inbound, first_rings=first_rings, second_rings=second_rings)
        await c.consult()
        assert c.on_hold
        assert c.together(c.phone(c.first), c.phone(c.second))
        assert c.first.state is AgentState.TALKING
        assert await c.act(Kind.COMPLETE) == DONE
        assert c.together(c.customer, c.phone(c.second))
        assert (c.first.state, c.second.state) == (AgentState.WRAP_UP, AgentState.TALKING)
        assert c.customer.music_since is None
        await asyncio.sleep(7)
        assert not c.over
        c.hangs_up(c.customer)
        await s.until(lambda: c.over and c.second.state is AgentState.WRAP_UP, within_s=5)
        assert c.segments() == [("talk", FIRST), ("consult", FIRST), ("talk", SECOND)]
        await s.until(lambda: not c.parties.rows and not c.acts.changed, within_s=5)

    play(scene)


@DIRECTIONS
@WHOM
def test_agent_is_with_the_customer_again_when_the_consult_is_cancelled(inbound: bool, whom: dict[str, object]) -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=inbound)
        await c.consult(**whom)
        assert await c.act(Kind.CANCEL) == DONE
        assert c.together(c.customer, c.phone(c.first))
        assert c.customer.music_since is None
        assert not c.parties.rows
        assert c.second.state is AgentState.IDLE
        await s.until(lambda: len(c.simulated._channels) == 3, within_s=2)  # of the customer and both agents
        assert c.segments() == [("talk", FIRST), ("consult", FIRST), ("talk", FIRST)]

    play(scene)


@DIRECTIONS
@WHOM
def test_customer_stays_on_hold_when_the_consulted_party_hangs_up(inbound: bool, whom: dict[str, object]) -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=inbound)
        await c.consult(**whom)
        c.hangs_up(c.channel(c.party.channel))
        await s.until(lambda: not c.parties.rows, within_s=5)
        assert c.on_hold
        assert c.first.state is AgentState.TALKING
        assert await c.act(Kind.RESUME) == DONE
        assert c.together(c.customer, c.phone(c.first))

    play(scene)


@pytest.mark.parametrize("response", [Response.NO_ANSWER, Response.REJECTED, Response.BUSY])
def test_number_that_is_not_reached_leaves_the_agent_alone(response: Response) -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s)
        s.simulated.callee = always(response, after_s=2)
        assert await c.act(Kind.CONSULT, number=NUMBER) == DONE
        assert c.party.state is PartyState.CALLED
        await s.until(lambda: not c.parties.rows, within_s=40)
        assert c.on_hold
        assert await c.act(Kind.RESUME) == DONE

    play(scene)


@DIRECTIONS
@WHOM
def test_agent_who_hangs_up_hands_the_customer_over(inbound: bool, whom: dict[str, object]) -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=inbound)
        await c.consult(**whom)
        party = c.channel(c.party.channel)
        c.hangs_up(c.phone(c.first))
        await s.until(lambda: c.together(c.customer, party), within_s=5)
        assert not c.over
        assert c.customer.music_since is None
        assert c.first.state is AgentState.OFFLINE
        c.hangs_up(party)
        await s.until(lambda: c.over, within_s=5)

    play(scene)


@DIRECTIONS
def test_call_ends_when_the_agent_hangs_up_before_the_party_answers(inbound: bool) -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=inbound)
        s.simulated.callee = always(Response.NO_ANSWER)
        await c.act(Kind.CONSULT, number=NUMBER)
        leg = c.party.channel
        c.hangs_up(c.phone(c.first))
        await s.until(lambda: c.over, within_s=5)
        await s.until(lambda: leg not in s.simulated._channels and not c.parties.rows, within_s=5)

    play(scene)


@DIRECTIONS
@WHOM
def test_customer_who_hangs_up_ends_the_consult(inbound: bool, whom: dict[str, object]) -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=inbound)
        await c.consult(**whom)
        leg = c.party.channel
        c.hangs_up(c.customer)
        await s.until(lambda: c.over and not c.parties.rows, within_s=5)
        assert {c.first.state, c.second.state} <= FREE
        assert "agentId" in whom or leg not in s.simulated._channels

    play(scene)


@DIRECTIONS
@WHOM
@pytest.mark.parametrize("then", [Kind.COMPLETE, Kind.CANCEL, Kind.CONFERENCE])
def test_process_that_takes_over_finds_the_consult(inbound: bool, whom: dict[str, object], then: Kind) -> None:
    async def scene(s: Scene) -> None:
        s.simulated.ledger.conferences = True
        c = await consults(s, inbound=inbound)
        await c.consult(**whom)
        party = c.channel(c.party.channel)
        await s.stop()
        s.start()
        await s.until(lambda: s.ari.up, within_s=10)
        await asyncio.sleep(2)
        assert c.on_hold
        assert c.together(c.phone(c.first), party)
        assert await c.act(then) == DONE
        expected = {
            Kind.COMPLETE: (party,), Kind.CANCEL: (c.phone(c.first),), Kind.CONFERENCE: (party, c.phone(c.first)),
        }[then]  # fmt: skip
        assert c.together(c.customer, *expected)
        await asyncio.sleep(20)
        assert not c.over
        assert c.together(c.customer, *expected)

    play(scene)


def test_limit_of_the_hold_cancels_the_consult() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=True)
        await c.consult()
        c.acts.changed[c.call_id].held_until = s.clock.now()
        await s.until(lambda: c.together(c.customer, c.phone(c.first)), within_s=5)
        assert c.second.state is AgentState.IDLE

    play(scene)


def test_agent_who_is_not_idle_is_not_consulted() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s)
        s.store.pause_agent(SECOND, "lunch")
        how = await c.act(Kind.CONSULT, agentId=SECOND)
        assert how == Ended(Result.REFUSED, "The agent is not available: nobody is reserved")
        assert c.together(c.customer, c.phone(c.first))

    play(scene)


def test_phone_that_cannot_be_called_changes_nothing() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s)
        how = await c.act(Kind.CONSULT, endpoint="nobody")
        assert how == Ended(Result.REFUSED, "The switch cannot reach them: nobody is consulted")
        assert c.together(c.customer, c.phone(c.first))
        assert not c.parties.rows

    play(scene)


def test_restart_of_the_switch_ends_all() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=True)
        await c.consult(number=NUMBER)
        s.simulated.restart()
        await s.until(lambda: c.over and not c.parties.rows and not c.acts.changed, within_s=60)
        assert {agent.state for agent in s.store.agents.values()} <= {*FREE, AgentState.OFFLINE, AgentState.CALLING}

    play(scene)


def test_switch_that_fails_as_a_party_answers_is_no_error_and_is_asked_again() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s)
        assert await c.act(Kind.CONSULT, number=NUMBER) == DONE
        with capture_logs() as logs:
            s.ari.faults = Faults(error=1)
            await s.until(lambda: c.party.state is PartyState.CONSULTING)
            await asyncio.sleep(2)
        assert "event handler failed" not in [line["event"] for line in logs]
        assert c.channel(c.party.channel).bridge_id is None
        s.ari.faults = Faults()
        await s.until(lambda: c.together(c.phone(c.first), c.channel(c.party.channel)), within_s=2)
        assert c.on_hold

    play(scene)
