"""Conferences, and phones that take over, on the simulated switch."""

import asyncio

import pytest

from tests.support.consults import DIRECTIONS, DONE, FIRST, NUMBER, SECOND, WHOM, Consults, consults, wraps_up
from tests.support.dialer_scene import QUEUE, Scene, play
from tongdai.agents.model import AgentState
from tongdai.call_outcome import Outcome
from tongdai.calls.acts.model import Ended, Kind, Result
from tongdai.calls.parties.model import Party, PartyState

SUPERVISOR = "a7"


async def conference(s: Scene, whom: dict[str, object], *, inbound: bool) -> Consults:
    s.simulated.ledger.conferences = True
    c = await consults(s, inbound=inbound)
    await c.consult(**whom)
    assert await c.act(Kind.CONFERENCE) == DONE
    return c


@DIRECTIONS
@WHOM
def test_all_three_hear_each_other(inbound: bool, whom: dict[str, object]) -> None:
    async def scene(s: Scene) -> None:
        c = await conference(s, whom, inbound=inbound)
        assert c.together(c.customer, c.phone(c.first), c.channel(c.party.channel))
        assert c.party.state is PartyState.TALKING
        beside = [("conference", SECOND)] if "agentId" in whom else []
        assert sorted(c.segments()) == sorted([("talk", FIRST), ("consult", FIRST), ("talk", FIRST), *beside])
        c.hangs_up(c.customer)
        await s.until(lambda: c.over and not c.parties.rows, within_s=5)

    play(scene)


@DIRECTIONS
@WHOM
def test_agent_and_customer_go_on_when_the_party_leaves(inbound: bool, whom: dict[str, object]) -> None:
    async def scene(s: Scene) -> None:
        c = await conference(s, whom, inbound=inbound)
        c.hangs_up(c.channel(c.party.channel))
        await s.until(lambda: not c.parties.rows, within_s=5)
        assert c.together(c.customer, c.phone(c.first))
        await asyncio.sleep(20)
        assert not c.over
        assert c.first.state is AgentState.TALKING

    play(scene)


@DIRECTIONS
@WHOM
@pytest.mark.parametrize("hangs_up", [False, True])
def test_party_and_customer_go_on_when_the_agent_leaves(inbound: bool, whom: dict[str, object], hangs_up: bool) -> None:
    async def scene(s: Scene) -> None:
        c = await conference(s, whom, inbound=inbound)
        party = c.channel(c.party.channel)
        if hangs_up:
            c.hangs_up(c.phone(c.first))
        else:
            assert await c.act(Kind.COMPLETE) == DONE
            await wraps_up(c)
        await s.until(lambda: c.together(c.customer, party), within_s=5)
        await asyncio.sleep(20)
        assert not c.over
        assert c.segments()[-1] == ("talk", SECOND if "agentId" in whom else None)
        c.hangs_up(party)
        await s.until(lambda: c.over, within_s=5)

    play(scene)


@WHOM
def test_conference_is_cancelled(whom: dict[str, object]) -> None:
    async def scene(s: Scene) -> None:
        c = await conference(s, whom, inbound=True)
        assert await c.act(Kind.CANCEL) == DONE
        assert c.together(c.customer, c.phone(c.first))
        assert not c.parties.rows

    play(scene)


def test_conference_that_a_crash_left_half_begun_is_cancelled() -> None:
    """The rows say that all three talk, and the customer hears music."""

    async def scene(s: Scene) -> None:
        s.simulated.ledger.conferences = True
        c = await consults(s, inbound=True)
        await c.consult(number=NUMBER)
        assert await c.parties.join(c.party, s.clock.now())
        assert c.on_hold
        assert await c.act(Kind.CANCEL) == DONE
        assert c.together(c.customer, c.phone(c.first))

    play(scene)


def test_agent_who_got_the_customer_consults_somebody_else() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=True, second_rings=True)
        await c.consult()
        assert await c.act(Kind.COMPLETE) == DONE
        second = c.phone(c.second)
        assert await c.act(Kind.CONSULT, number=NUMBER) == DONE
        await s.until(lambda: any(row.target == NUMBER and row.state is PartyState.CONSULTING for row in rows(c)))
        assert await c.act(Kind.COMPLETE) == DONE
        await s.until(lambda: c.second.state is AgentState.WRAP_UP, within_s=5)
        await s.until(lambda: second.channel_id not in s.simulated._channels, within_s=5)
        (row,) = rows(c)
        assert c.together(c.customer, c.channel(row.channel))

    def rows(c: Consults) -> list[Party]:
        return list(c.parties.rows.values())

    play(scene)


@pytest.mark.parametrize("second_rings", [False, True])
def test_agent_who_got_the_customer_transfers_them_to_a_queue(second_rings: bool) -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=True, second_rings=second_rings)
        await c.consult()
        assert await c.act(Kind.COMPLETE) == DONE
        s.store.pause_agent(FIRST, "lunch")
        s.store.pause_agent(SECOND, "lunch")
        second = c.phone(c.second).channel_id
        assert await c.act(Kind.TRANSFER, queueId=QUEUE) == DONE
        await asyncio.sleep(20)
        assert not c.over
        assert c.on_hold
        assert not c.parties.rows
        assert (second in s.simulated._channels) is not second_rings
        s.store.ready(FIRST)
        await s.until(lambda: c.first.state is AgentState.TALKING, within_s=30)
        assert c.together(c.customer, c.phone(c.first))

    play(scene)


@WHOM
@pytest.mark.parametrize("restarted", [False, True])
def test_contact_whom_the_agent_left_to_somebody_is_transferred_to_a_queue(
    whom: dict[str, object], restarted: bool
) -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, with_acd=True)
        await c.consult(**whom)
        assert await c.act(Kind.COMPLETE) == DONE
        await wraps_up(c)
        left_to = c.party.channel
        if restarted:
            await s.stop()
            s.start()
            await s.until(lambda: s.ari.up)
            await asyncio.sleep(3)
        s.store.pause_agent(FIRST, "lunch")
        s.store.pause_agent(SECOND, "lunch")
        assert await c.act(Kind.TRANSFER, queueId=QUEUE) == DONE
        await s.until(lambda: c.on_hold, within_s=5)
        assert not c.over
        assert not c.parties.rows
        await s.until(lambda: "agentId" in whom or left_to not in s.simulated._channels, within_s=5)
        s.store.ready(FIRST)
        await s.until(lambda: c.first.state is AgentState.TALKING, within_s=30)
        assert c.together(c.customer, c.phone(c.first))
        c.hangs_up(c.customer)
        await s.until(lambda: c.over)
        assert s.outcomes() == [Outcome.ANSWERED]

    play(scene)


def test_contact_who_was_taken_over_is_transferred_to_a_queue() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s, with_acd=True)
        assert await c.act(Kind.TAKE_OVER, endpoint=SUPERVISOR) == DONE
        await wraps_up(c)
        await s.until(lambda: c.party.state is PartyState.TALKING)
        assert await c.act(Kind.TRANSFER, queueId=QUEUE) == DONE
        await s.until(lambda: c.second.state is AgentState.TALKING)
        assert c.together(c.customer, c.phone(c.second))

    play(scene)


def test_muted_agent_who_leaves_is_heard_by_the_next_customer() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s)
        await c.act(Kind.MUTE)
        await c.consult(number=NUMBER)
        assert await c.act(Kind.COMPLETE) == DONE
        assert not c.phone(c.first).muted

    play(scene)


# Taking over


@DIRECTIONS
@pytest.mark.parametrize("before", [None, Kind.LISTEN, Kind.WHISPER, Kind.BARGE])
def test_supervisor_takes_the_call_over(inbound: bool, before: Kind | None) -> None:
    async def scene(s: Scene) -> None:
        s.simulated.ledger.conferences = True
        c = await consults(s, inbound=inbound)
        if before is not None:
            assert await c.act(before, endpoint=SUPERVISOR) == DONE
            await asyncio.sleep(5)
        assert await c.act(Kind.TAKE_OVER, endpoint=SUPERVISOR) == DONE
        await wraps_up(c)
        phone = c.channel(c.party.channel)
        assert phone.call.to == SUPERVISOR
        await s.until(lambda: c.together(c.customer, phone), within_s=2)
        await asyncio.sleep(20)
        assert not c.over
        assert c.together(c.customer, phone)
        c.hangs_up(c.customer)
        await s.until(lambda: c.over and phone.channel_id not in s.simulated._channels, within_s=5)

    play(scene)


def test_call_that_was_taken_over_ends_with_the_phone() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s)
        await c.act(Kind.TAKE_OVER, endpoint=SUPERVISOR)
        await wraps_up(c)
        await s.stop()
        s.start()
        await s.until(lambda: s.ari.up)
        await asyncio.sleep(5)
        c.hangs_up(c.channel(c.party.channel))
        await s.until(lambda: c.over, within_s=5)

    play(scene)


def test_listener_hears_the_agent_who_gets_the_call_and_never_the_first_ones_next_customer() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s)
        await c.act(Kind.LISTEN, endpoint=SUPERVISOR)
        await asyncio.sleep(5)
        await c.consult()
        assert await c.act(Kind.COMPLETE) == DONE
        await asyncio.sleep(1)
        heard = [channel.snoops_on for channel in s.simulated._channels.values() if channel.snoops_on]
        assert heard == [str(c.second.channel_id)]

    play(scene)


def test_listener_is_hung_up_when_no_agent_gets_the_call() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s)
        await c.act(Kind.LISTEN, endpoint=SUPERVISOR)
        await asyncio.sleep(5)
        await c.consult(number=NUMBER)
        assert await c.act(Kind.COMPLETE) == DONE
        await asyncio.sleep(1)
        assert [one for one in s.simulated._channels if one.startswith(("supervisor", "listener"))] == []

    play(scene)


def test_leg_without_a_row_is_hung_up() -> None:
    """A transfer of the call to a queue leaves one."""

    async def scene(s: Scene) -> None:
        c = await consults(s, inbound=True)
        await c.consult(number=NUMBER)
        leg = c.party.channel
        c.parties.rows.clear()
        await s.until(lambda: leg not in s.simulated._channels, within_s=5)

    play(scene)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Kind.COMPLETE, "Nobody is consulted"),
        (Kind.CANCEL, "Nobody is consulted"),
        (Kind.CONFERENCE, "Nobody is consulted"),
    ],
)
def test_act_without_a_party_is_refused(kind: Kind, why: str) -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s)
        assert await c.act(kind) == Ended(Result.REFUSED, why)

    play(scene)


def test_one_is_consulted_at_a_time() -> None:
    async def scene(s: Scene) -> None:
        c = await consults(s)
        await c.consult()
        for kind in (Kind.CONSULT, Kind.HOLD, Kind.RESUME, Kind.TRANSFER):
            how = await c.act(kind, number=NUMBER)
            assert how == Ended(Result.REFUSED, f"Cannot {kind} while somebody is consulted, or in the call")
        how = await c.act(Kind.TAKE_OVER, endpoint=SUPERVISOR)
        assert how == Ended(Result.REFUSED, "Cannot take over while somebody is consulted, or in the call")

    play(scene)
