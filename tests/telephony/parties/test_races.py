"""Handovers that meet what happens at the same moment: each pair of events, and a kill of the process, to the
millisecond. Whatever wins, the call ends once, nothing is left on the switch, and talk seconds are those of its ledger.
"""

import asyncio
import itertools
from dataclasses import replace
from functools import partial

import pytest

from tests.support.caller_scene import OTHER, RULES
from tests.support.consults import DIRECTIONS, Consults, consults
from tests.support.dialer_scene import Scene, play
from tongdai.agents.model import AgentState
from tongdai.calls.acts.model import Kind
from tongdai.ids import AgentId

APART_S = (0.0, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05)
"""How long after the first event the second one comes: a request takes about a millisecond on the simulated switch."""
SETTLED_S, LEASE_S, DIFFERENCE_S = 20, 60, 0.5
RESTARTED_S = 2.0
"""For so long nobody may see who has left, when the process is replaced."""
FREE = {AgentState.IDLE, AgentState.OFFLINE, AgentState.WRAP_UP}
ELSEWHERE = "+84987654321"
ACTS: dict[str, tuple[Kind, dict[str, object]]] = {
    "complete": (Kind.COMPLETE, {}),
    "cancel": (Kind.CANCEL, {}),
    "conference": (Kind.CONFERENCE, {}),
    "transfer to a queue": (Kind.TRANSFER, {"queueId": OTHER}),
    "transfer to a number": (Kind.TRANSFER, {"number": ELSEWHERE}),
}
PAIRS = [
    *itertools.permutations(ACTS, 2),
    *((act, event) for act in ACTS for event in ("customer leaves", "agent leaves", "party leaves", "kill")),
    *((event, act) for act in ("complete", "cancel") for event in ("customer leaves", "agent leaves", "party leaves")),
]


def leaves(c: Consults, channel_id: str | None) -> None:
    if (channel := c.simulated._channels.get(str(channel_id))) is not None:
        c.hangs_up(channel)


async def happens(c: Consults, name: str, phones: dict[str, str]) -> None:
    if name in ACTS:
        kind, arguments = ACTS[name]
        c.acts.ask(c.call_id, kind, arguments)
        c.s.dialer.wake()
    elif name == "kill":
        await c.s.stop()
        c.s.start()
    else:
        leaves(c, phones[name])


async def over(c: Consults) -> None:
    """End the call, if it has not ended, and wait until nothing moves any more."""
    await asyncio.sleep(SETTLED_S)
    if not c.over:
        leaves(c, c.acts.customer(c.call_id))
    s = c.s
    await s.until(lambda: c.over and not c.parties.rows and not c.acts.changed, within_s=LEASE_S)
    await s.until(lambda: set(s.states()) <= FREE, within_s=LEASE_S)
    connected = {str(agent.channel_id) for agent in s.store.agents.values() if agent.channel_id is not None}
    await s.until(lambda: set(s.simulated._channels) <= connected, within_s=LEASE_S)
    await s.until(lambda: not s.simulated._bridges, within_s=LEASE_S)


def talked_s(s: Scene, phone: str) -> float:
    """For how long the switch connected customers with a phone."""
    customers = [*s.simulated.ledger.callers, *(call for call in s.simulated.ledger.calls if not call.agent)]
    talks = [talk for one in customers for talk in one.talks if talk.with_whom == phone]
    return sum((talk.ended_at - talk.began_at).total_seconds() for talk in talks if talk.ended_at is not None)


@DIRECTIONS
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_whatever_wins_the_call_ends_once_and_leaves_nothing(inbound: bool, first: str, second: str) -> None:
    async def scene(s: Scene, *, apart_s: float) -> None:
        s.simulated.ledger.conferences = True
        c = await consults(s, inbound=inbound, with_acd=True)
        s.acd.queues[OTHER] = replace(RULES, queue_id=OTHER, name="Care")
        await c.consult()
        phones = {
            "customer leaves": c.acts.customer(c.call_id),
            "agent leaves": str(c.first.channel_id),
            "party leaves": str(c.party.channel),
        }
        await happens(c, first, phones)
        await asyncio.sleep(apart_s)
        await happens(c, second, phones)
        await over(c)
        assert sum(one == c.call_id for one in (*s.acd.over, *s.store.over)) == 1
        assert not s.store.segments.open
        for number in range(2):
            rows_s, _ = s.store.segments.talk_s(AgentId(number + 1))
            allowed_s = RESTARTED_S if "kill" in {first, second} else DIFFERENCE_S
            assert rows_s == pytest.approx(talked_s(s, f"a{number}"), abs=allowed_s)

    for apart_s in APART_S:
        play(partial(scene, apart_s=apart_s))
