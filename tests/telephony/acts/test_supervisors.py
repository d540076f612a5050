"""Supervisors of calls of a running dialer, on the simulated switch."""

import asyncio
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from tests.support.dialer_scene import Scene, play
from tests.support.talks import DONE, Talks, talks
from tongdai.agents.model import AgentState
from tongdai.calls.acts.model import Kind, Result
from tongdai.calls.events.model import EventKind
from tongdai.ids import TenantId
from tongdai.switch.simulated.channels import SimulatedChannel
from tongdai.telephony.acts.supervisors import SWEEP_S, Supervision, is_phone, supervision_of

PHONE = "a8"
ANSWER_S = 3
CALL = UUID(int=7)


def channels(t: Talks, *, phones: bool) -> list[SimulatedChannel]:
    """The channels of supervisors: their phones, or what hears the agent for them."""
    found = t.s.simulated._channels.values()
    return [one for one in found if supervision_of(one.channel_id) is not None and is_phone(one.channel_id) is phones]


async def supervised(s: Scene, kind: Kind) -> Talks:
    s.simulated.ledger.conferences = True
    t = await talks(s)
    assert await t.act(kind, endpoint=PHONE) == DONE
    await asyncio.sleep(ANSWER_S)
    return t


def hears_agent(t: Talks) -> bool:
    """One phone and one snoop channel of the agent's are together, apart from the call."""
    (phone,), (listener,) = channels(t, phones=True), channels(t, phones=False)
    together = phone.bridge_id == listener.bridge_id not in {None, t.customer.bridge_id}
    return together and listener.snoops_on == t.agent.channel_id and t.together


def test_ids_of_channels_say_whose_they_are() -> None:
    of = Supervision(TenantId(20260310), CALL, "supervisor-1-a_b")
    for channel_id in (of.phone, of.listener(0x1234ABC)):
        assert supervision_of(channel_id) == of
    assert is_phone(of.phone)
    assert not is_phone(of.listener(1))
    longest = Supervision(TenantId(2**63 - 1), CALL, "a" * 64)
    assert len(longest.listener(2**44)) < 150, "the longest id of a channel"
    for other in (str(CALL), "1795883840.13", "supervisor-1-x-a", of.bridge, f"x{of.phone}"):
        assert supervision_of(other) is None


@pytest.mark.parametrize("kind", [Kind.LISTEN, Kind.WHISPER])
def test_supervisor_hears_the_call_and_is_not_in_it(kind: Kind) -> None:
    async def scene(s: Scene) -> None:
        t = await supervised(s, kind)
        assert hears_agent(t)
        assert len(s.simulated._bridges[t.customer.bridge_id or ""]) == 2
        answered = (t.call_id, EventKind.PHONE_ANSWERED, PHONE)
        assert t.acts.phone_events == [answered]
        assert await t.act(Kind.LEAVE, endpoint=PHONE) == DONE
        await s.until(lambda: t.acts.phone_events == [answered, (t.call_id, EventKind.PHONE_LEFT, PHONE)])

    play(scene)


def test_supervisor_listens_whispers_joins_and_listens_again() -> None:
    async def scene(s: Scene) -> None:
        t = await supervised(s, Kind.LISTEN)
        (phone,) = channels(t, phones=True)
        (listener,) = channels(t, phones=False)
        assert await t.act(Kind.WHISPER, endpoint=PHONE) == DONE
        await asyncio.sleep(1)
        assert hears_agent(t)
        assert channels(t, phones=False) != [listener]
        assert await t.act(Kind.BARGE, endpoint=PHONE) == DONE
        await asyncio.sleep(1)
        assert channels(t, phones=False) == []
        assert phone.bridge_id == t.customer.bridge_id == t.agent.bridge_id
        assert await t.act(Kind.LISTEN, endpoint=PHONE) == DONE
        await asyncio.sleep(1)
        assert hears_agent(t)
        assert channels(t, phones=True) == [phone], "it was called once"

    play(scene)


def test_supervisor_leaves_and_the_call_continues() -> None:
    async def scene(s: Scene) -> None:
        t = await supervised(s, Kind.BARGE)
        assert await t.act(Kind.LEAVE, endpoint=PHONE) == DONE
        await asyncio.sleep(1)
        assert not channels(t, phones=True)
        assert t.together
        assert s.states() == [AgentState.TALKING]
        assert (await t.act(Kind.LEAVE, endpoint=PHONE)).result is Result.REFUSED

    play(scene)


def test_phone_that_hangs_up_leaves_nothing_behind() -> None:
    async def scene(s: Scene) -> None:
        t = await supervised(s, Kind.WHISPER)
        (phone,) = channels(t, phones=True)
        s.simulated._hang_up(phone, 16)
        await asyncio.sleep(1)
        assert not channels(t, phones=False)
        assert t.together
        assert [one for one in s.simulated._bridges if one.startswith("monitor-")] == []

    play(scene)


@pytest.mark.parametrize("kind", [Kind.LISTEN, Kind.WHISPER, Kind.BARGE])
def test_supervisor_ends_with_the_call_and_the_agent_stays(kind: Kind) -> None:
    async def scene(s: Scene) -> None:
        t = await supervised(s, kind)
        agent = t.agent
        assert await t.act(Kind.HANG_UP) == DONE
        await asyncio.sleep(2)
        assert not channels(t, phones=True)
        assert not channels(t, phones=False)
        assert agent.channel_id in s.simulated._channels

    play(scene)


def test_phone_that_answers_after_the_call_is_hung_up() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        await t.act(Kind.LISTEN, endpoint=PHONE)
        await t.act(Kind.HANG_UP)
        await asyncio.sleep(ANSWER_S + SWEEP_S)
        assert not channels(t, phones=True)
        assert not channels(t, phones=False)

    play(scene)


def test_next_leader_finds_supervisors_and_ends_them_with_the_call() -> None:
    async def scene(s: Scene) -> None:
        t = await supervised(s, Kind.WHISPER)
        await s.stop()
        s.start()
        await asyncio.sleep(SWEEP_S)
        assert hears_agent(t)
        assert await t.act(Kind.LISTEN, endpoint=PHONE) == DONE
        await asyncio.sleep(1)
        assert hears_agent(t)
        await t.act(Kind.HANG_UP)
        await asyncio.sleep(2)
        assert not channels(t, phones=True)
        assert not channels(t, phones=False)

    play(scene)


def test_call_that_ended_while_nobody_led_leaves_no_supervisor() -> None:
    async def scene(s: Scene) -> None:
        t = await supervised(s, Kind.WHISPER)
        await s.stop()
        s.simulated._hang_up(t.customer, 16)
        s.start()
        await asyncio.sleep(SWEEP_S + 15)
        assert not channels(t, phones=True)
        assert not channels(t, phones=False)

    play(scene)


def test_phone_of_another_tenant_or_that_cannot_be_called_is_refused() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        t.acts.others_phones.add(PHONE)
        assert (await t.act(Kind.LISTEN, endpoint=PHONE)).result is Result.REFUSED
        t.acts.others_phones.clear()
        s.simulated.unregister(PHONE)
        assert (await t.act(Kind.LISTEN, endpoint=PHONE)).result is Result.REFUSED
        assert not channels(t, phones=True)
        assert t.together

    play(scene)


def test_supervisors_phone_that_answers_while_the_database_is_away_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(*_: object) -> None:
        raise ConnectionError

    async def scene(s: Scene) -> None:
        s.simulated.ledger.conferences = True
        t = await talks(s)
        assert await t.act(Kind.LISTEN, endpoint=PHONE) == DONE
        with monkeypatch.context() as patch, capture_logs() as logs:
            patch.setattr(t.acts, "talk_of", away)
            await asyncio.sleep(ANSWER_S)
        assert "event handler failed" not in [line["event"] for line in logs]
        assert await t.act(Kind.LISTEN, endpoint=PHONE) == DONE
        await t.s.until(lambda: hears_agent(t), within_s=2)

    play(scene)


@pytest.mark.parametrize("gone", ["phone", "call"])
def test_bridge_of_a_supervisor_whom_another_process_left_is_destroyed(gone: str) -> None:
    """Their call, or their phone alone, ended while nobody led; the bridge was not empty yet at the connection."""

    async def scene(s: Scene) -> None:
        t = await supervised(s, Kind.LISTEN)
        (phone,), (listener,) = channels(t, phones=True), channels(t, phones=False)
        assert phone.bridge_id == listener.bridge_id == Supervision(TenantId(1), t.call_id, PHONE).bridge
        await s.stop()
        if gone == "phone":
            s.simulated._hung_up_by_callee(phone)
        else:
            s.simulated._hung_up_by_callee(t.customer)
        s.start()
        await s.until(lambda: s.ari.up)
        await s.until(lambda: not channels(t, phones=False), within_s=2 * SWEEP_S)
        await asyncio.sleep(2 * SWEEP_S)
        assert [one for one in s.simulated._bridges if one.startswith("monitor-")] == []

    play(scene)
