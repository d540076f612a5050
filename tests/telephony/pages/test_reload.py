"""The page of an agent's phone is loaded again, or closed, on the simulated switch."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.support.consults import DIRECTIONS, DONE, FIRST, Consults
from tests.support.dialer_scene import Scene, play
from tests.support.page_store import MemoryPages
from tongdai.agents.model import AgentState
from tongdai.calls.acts.model import Kind
from tongdai.switch.simulated.client import Faults

RETURN_S = 20
WITHIN_S = 5


class Reloads(Consults):
    """A customer who talks with an agent whose phone is in a browser."""

    def __init__(self, s: Scene) -> None:
        super().__init__(s)
        self.pages = MemoryPages(self.acts)
        s.pages = self.pages

    async def close(self) -> None:
        """The page is gone, and with it what the phone would send."""
        self.pages.there[FIRST] = None
        self.simulated.unregister("a0")
        await self.s.until(lambda: FIRST in self.pages.since, WITHIN_S)

    def load(self) -> None:
        """A page is there again, and signs on."""
        self.pages.load(FIRST)
        self.simulated.register("a0")

    async def back(self) -> None:
        await self.s.until(lambda: FIRST not in self.pages.since, 10)


def played(of: Callable[[Reloads], Coroutine[Any, Any, None]], *, inbound: bool = False) -> None:
    async def scene(s: Scene) -> None:
        r = Reloads(s)
        await r.begin(inbound=inbound)
        r.pages.begin(FIRST)
        await of(r)

    play(scene)


@DIRECTIONS
def test_customer_hears_music_and_then_the_agent_again(inbound: bool) -> None:
    async def scene(r: Reloads) -> None:
        former = str(r.first.channel_id)
        await r.close()
        await r.s.until(lambda: r.on_hold, 2)
        r.load()
        await r.back()
        assert r.first.state is AgentState.TALKING
        assert r.together(r.customer, r.phone(r.first))
        assert r.customer.music_since is None
        await r.s.until(lambda: not r.simulated.has_channel(former), 2)
        await asyncio.sleep(20)
        assert not r.over
        assert r.segments() == [("talk", FIRST), ("hold", FIRST), ("talk", FIRST)]
        r.hangs_up(r.customer)
        await r.s.until(lambda: r.over, WITHIN_S)
        await r.s.until(lambda: r.first.state is AgentState.IDLE, 30)

    played(scene, inbound=inbound)


@DIRECTIONS
@pytest.mark.parametrize("ends", [False, True])
def test_call_of_a_page_that_does_not_return_ends_as_of_any_phone_that_is_gone(inbound: bool, ends: bool) -> None:
    async def scene(r: Reloads) -> None:
        await r.close()
        if ends:  # nothing was heard of it for a while
            r.hangs_up(r.phone(r.first))
        await asyncio.sleep(RETURN_S - 2)
        assert r.on_hold
        assert r.first.state is AgentState.TALKING
        await r.s.until(lambda: r.over, WITHIN_S)
        assert r.first.state is AgentState.OFFLINE

    played(scene, inbound=inbound)


@DIRECTIONS
def test_next_process_brings_both_together(inbound: bool) -> None:
    async def scene(r: Reloads) -> None:
        await r.close()
        r.hangs_up(r.phone(r.first))
        await r.s.stop()
        r.load()
        r.s.start()
        await r.back()
        assert r.together(r.customer, r.phone(r.first))
        assert r.segments() == [("talk", FIRST), ("hold", FIRST), ("talk", FIRST)]

    played(scene, inbound=inbound)


@DIRECTIONS
def test_next_process_calls_a_phone_that_was_not_called(inbound: bool) -> None:
    async def scene(r: Reloads) -> None:
        await r.close()
        await r.s.until(lambda: r.on_hold, 2)
        await r.s.stop()
        r.load()
        [lost] = await r.pages.lost()
        assert await r.pages.call_anew(lost) is not None  # and it ended then
        r.s.start()
        await r.back()
        assert r.together(r.customer, r.phone(r.first))
        assert not r.over

    played(scene, inbound=inbound)


def test_call_that_was_on_hold_stays_there() -> None:
    async def scene(r: Reloads) -> None:
        assert await r.act(Kind.HOLD) == DONE
        await r.close()
        r.load()
        await r.back()
        assert r.on_hold
        assert r.together(r.phone(r.first))
        assert await r.act(Kind.RESUME) == DONE
        assert r.together(r.customer, r.phone(r.first))

    played(scene)


def test_agent_who_was_muted_is_muted_again() -> None:
    async def scene(r: Reloads) -> None:
        assert await r.act(Kind.MUTE) == DONE
        await r.close()
        r.load()
        await r.back()
        assert r.acts.changed[r.call_id].muted_channel == str(r.first.channel_id)
        assert "in" in r.phone(r.first).muted

    played(scene)


@DIRECTIONS
def test_consult_continues_when_the_page_is_back(inbound: bool) -> None:
    async def scene(r: Reloads) -> None:
        await r.consult()
        await r.close()
        r.load()
        await r.back()
        assert r.on_hold
        assert r.together(r.phone(r.first), r.phone(r.second))
        assert await r.act(Kind.CANCEL) == DONE
        assert r.together(r.customer, r.phone(r.first))

    played(scene, inbound=inbound)


def test_page_that_is_loaded_twice_is_called_at_last() -> None:
    async def scene(r: Reloads) -> None:
        await r.close()
        r.load()
        await r.s.until(lambda: len(r.pages.called) == 2, WITHIN_S)
        r.load()
        await r.back()
        assert len(r.pages.called) == 3
        assert r.together(r.customer, r.phone(r.first))
        await asyncio.sleep(30)
        assert not r.over

    played(scene)


def test_idle_agent_gets_no_caller_meanwhile_and_the_next_one_afterwards() -> None:
    async def scene(r: Reloads) -> None:
        r.hangs_up(r.customer)
        await r.s.until(lambda: r.first.state is AgentState.IDLE, 30)
        await r.close()
        assert r.first.state is AgentState.UNREACHABLE
        r.load()
        await r.back()
        assert r.first.state is AgentState.IDLE

    played(scene)


def test_agent_who_hangs_up_the_phone_ends_the_call_as_before() -> None:
    async def scene(r: Reloads) -> None:
        r.hangs_up(r.phone(r.first))
        await r.s.until(lambda: r.over, WITHIN_S)
        assert r.first.state is AgentState.OFFLINE

    played(scene)


@pytest.mark.parametrize("seed", range(5))
def test_both_come_together_on_a_switch_that_fails(seed: int) -> None:
    async def scene(s: Scene) -> None:
        r = Reloads(s)
        await r.begin()
        r.pages.begin(FIRST)
        await s.stop()
        s.rng.seed(seed)
        s.start(faults=Faults(error=0.1, event_lost=0.3))
        await s.until(lambda: s.ari.up)
        await r.close()
        r.load()
        await r.back()
        assert not r.over
        assert r.together(r.customer, r.phone(r.first))

    play(scene)
